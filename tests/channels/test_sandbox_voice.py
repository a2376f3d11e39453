"""Calls on the stage: a menu, a queue, an agent's phone, a conference, and what the app is told of it all."""

from __future__ import annotations

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import EVA, OURS
from voice_stage import VoiceStage, open_voice

MENU = '<Gather numDigits="1" action="/menu"><Say>Press one.</Say></Gather>'
QUEUE = '<Enqueue waitUrl="/wait" action="/left">q-help</Enqueue>'
WAIT = "<Say>Please hold.</Say><Pause/>"
SCREEN = '<Gather numDigits="1" action="/key"><Say>A call. Press one.</Say></Gather><Hangup/>'
EVENTS = 'statusCallback="/room" statusCallbackEvent="start end join leave mute hold"'


def room(label: str, **flags: bool) -> str:
    words = " ".join(f'{k}="{str(v).lower()}"' for k, v in flags.items())
    return f'<Dial action="/done"><Conference participantLabel="{label}" waitUrl="" {words} {EVENTS}>c-1</Conference></Dial>'


def script() -> dict[str, str]:
    return {
        "voice": MENU, "menu": QUEUE, "wait": WAIT, "agent": SCREEN,
        "key": room("agent"), "join": room("customer", endConferenceOnExit=True),
    }  # fmt: skip


async def meet(voice: VoiceStage) -> tuple[str, str]:
    """A customer and an agent in one conference: (their calls)."""
    caller = await voice.ring()
    await voice.at(caller, "menu")
    await voice.act(caller, "press", digits="1")
    await voice.at(caller, "waiting")
    agent = await voice.answered()
    await voice.at(agent, "menu")
    await voice.act(agent, "press", digits="1")
    await voice.at(agent, "conference:c-1")
    queue = (await voice.client.queues.list_async())[0]
    await voice.client.queues(queue.sid).members(caller).update_async(url=f"{voice.base}/join")
    await voice.at(caller, "conference:c-1")
    return caller, agent


@pytest.mark.promise("sandbox-phone")
async def test_a_caller_waits_an_agent_is_screened_and_both_meet() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        assert (await voice.look(caller))["with"] == ["agent"]
        assert (await voice.look(agent))["with"] == ["customer"]
        first = voice.asked("/voice")[0]
        assert (
            first.signed
            and first.params["CallStatus"] == "ringing"
            and first.params["Direction"] == "inbound"
        )
        assert (first.params["From"], first.params["To"], first.params["CallSid"]) == (EVA, OURS, caller)
        assert voice.told("/menu", "Digits") == ["1"] and voice.told("/menu", "CallStatus") == ["in-progress"]
        waiting = voice.asked("/wait")[0].params
        assert (waiting["QueuePosition"], waiting["CurrentQueueSize"], waiting["MaxQueueSize"]) == (
            "1",
            "1",
            "100",
        )
        assert voice.told("/left", "QueueResult") == ["redirected"]
        assert voice.told("/agent", "Direction") == ["outbound-api"]
        await voice.act(caller, "speak", text="My server is down")
        assert [h["text"] for h in (await voice.look(agent))["heard"] if h.get("of")] == ["My server is down"]


async def test_the_customer_hanging_up_ends_the_conference_and_the_agents_call() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        await voice.act(caller, "hangup")
        await voice.until(agent, lambda it: it["status"] == "completed")
        await voice.heard("/done", 2)
        await voice.heard("/room", 6)
        events = [
            (h.params["StatusCallbackEvent"], h.params.get("ParticipantLabel")) for h in voice.asked("/room")
        ]
        assert events == [
            ("participant-join", "agent"),
            ("conference-start", None),
            ("participant-join", "customer"),
            ("participant-leave", "customer"),
            ("participant-leave", "agent"),
            ("conference-end", None),
        ]
        assert voice.told("/room", "SequenceNumber") == ["1", "2", "3", "4", "5", "6"]
        assert voice.told("/room", "ReasonParticipantLeft")[3:5] == [
            "participant_hung_up",
            "moderator_ended_conference",
        ]
        end = voice.asked("/room")[-1].params
        assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
        assert end["ParticipantLabelEndingConference"] == "customer"
        assert {h.params["CallStatus"] for h in voice.asked("/done")} == {"completed", "in-progress"}


async def test_the_agent_hanging_up_leaves_the_customer_in_the_conference() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        await voice.act(agent, "hangup")
        shown = await voice.until(caller, lambda it: not it["with"])
        assert shown["where"] == "conference:c-1" and shown["status"] == "in-progress"


async def test_a_caller_who_gives_up_while_waiting_is_told_to_the_queues_action() -> None:
    async with open_voice(**script()) as voice:
        caller = await voice.ring()
        await voice.at(caller, "menu")
        await voice.act(caller, "press", digits="1")
        await voice.at(caller, "waiting")
        queue = (await voice.client.queues.list_async())[0]
        await voice.act(caller, "hangup")
        left = (await voice.heard("/left"))[0].params
        assert (left["QueueResult"], left["CallStatus"]) == ("hangup", "completed")
        with pytest.raises(TwilioRestException) as raised:
            await voice.client.queues(queue.sid).members(caller).update_async(url=f"{voice.base}/join")
        assert (raised.value.status, raised.value.code) == (404, 20404)


async def test_each_step_of_a_call_that_is_made_is_told_in_order() -> None:
    async with open_voice(agent=SCREEN) as voice:
        events = ["initiated", "ringing", "answered", "completed"]
        sid = await voice.answered(status_callback=f"{voice.base}/status", status_callback_event=events)
        await voice.at(sid, "menu")
        await voice.act(sid, "hangup")
        told = [h.params for h in await voice.heard("/status", 4)]
        assert [p["CallStatus"] for p in told] == ["initiated", "ringing", "in-progress", "completed"]
        assert [p["SequenceNumber"] for p in told] == ["0", "1", "2", "3"]
        assert {p["CallbackSource"] for p in told} == {"call-progress-events"}
        assert "CallDuration" in told[3] and "CallDuration" not in told[2]
        assert all(h.signed for h in voice.asked("/status"))
        assert (await voice.client.calls(sid).fetch_async()).status == "completed"


@pytest.mark.parametrize(("act", "status"), [("busy", "busy"), ("hangup", "busy")])
async def test_a_phone_that_does_not_take_the_call(act: str, status: str) -> None:
    async with open_voice(agent=SCREEN) as voice:
        sid = await voice.make(status_callback=f"{voice.base}/status")
        await voice.at(sid, "ringing")
        await voice.act(sid, act)
        assert (await voice.heard("/status"))[0].params["CallStatus"] == status
        assert voice.asked("/agent") == []


async def test_a_mailbox_records_what_is_said_and_never_presses_a_key() -> None:
    async with open_voice(agent=SCREEN.replace("numDigits", 'timeout="1" numDigits')) as voice:
        sid = await voice.make(machine_detection="Enable")
        await voice.at(sid, "ringing")
        await voice.act(sid, "machine")
        await voice.said(sid, "A call. Press one.")
        await voice.act(sid, "press", 409, digits="1")
        await voice.until(sid, lambda it: it["status"] == "completed")
        assert voice.told("/agent", "AnsweredBy") == ["machine_start"] and voice.asked("/key") == []


async def test_keys_without_a_question_go_nowhere() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        assert not (await voice.act(agent, "press", digits="5"))["taken"]
        assert (await voice.look(agent))["where"] == "conference:c-1"
        assert voice.told("/key", "Digits") == ["1"]
