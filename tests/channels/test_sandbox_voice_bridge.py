"""A call that is put through to another phone without a conference."""

from __future__ import annotations

import pytest
from twilio_rehearsal import EVA
from voice_stage import ADA, VoiceStage, open_voice

DIAL = f'<Dial action="/done" timeout="10"><Number {{}}>{ADA}</Number></Dial><Say>Next.</Say>'


async def other(voice: VoiceStage) -> str:
    """The call that rings at Ada's."""
    sid = str((await voice.phone(ADA, lambda calls: calls))[0]["sid"])
    await voice.at(sid, "ringing")
    return sid


async def test_two_phones_talk_and_the_caller_goes_on_when_the_other_hangs_up() -> None:
    pages = {
        "voice": DIAL.format('url="/whisper"'),
        "whisper": "<Say>A call for you.</Say>",
        "done": "<Say>Bye.</Say>",
    }
    async with open_voice(**pages) as voice:
        caller = await voice.ring()
        child = await other(voice)
        assert (await voice.look(child))["from"] == EVA
        await voice.act(child, "answer")
        await voice.said(child, "A call for you.")
        await voice.at(caller, "talking")
        assert (await voice.look(caller))["with"] == ["Ada"] and (await voice.look(child))["with"] == ["Eva"]
        await voice.act(caller, "speak", text="Hello?")
        await voice.said(child, "Hello?")
        await voice.act(child, "hangup")
        await voice.said(caller, "Bye.")
        done = voice.asked("/done")[0].params
        assert (done["DialCallStatus"], done["DialBridged"], done["DialCallSid"]) == (
            "completed",
            "true",
            child,
        )
        assert (await voice.client.calls(child).fetch_async()).parent_call_sid == caller


async def test_the_other_phone_stops_when_the_caller_hangs_up() -> None:
    async with open_voice(voice=DIAL.format("")) as voice:
        caller = await voice.ring()
        child = await other(voice)
        await voice.act(caller, "hangup")
        await voice.until(child, lambda it: it["status"] == "canceled")
        assert (await voice.look(child))["duration"] == 0


@pytest.mark.parametrize(("act", "status"), [("busy", "busy"), ("hangup", "busy")])
async def test_a_phone_that_is_not_taken_is_told_to_the_action(act: str, status: str) -> None:
    async with open_voice(voice=DIAL.format(""), done="<Say>Nobody there.</Say>") as voice:
        caller = await voice.ring()
        await voice.act(await other(voice), act)
        await voice.said(caller, "Nobody there.")
        assert voice.told("/done", "DialCallStatus") == [status] and voice.told("/done", "DialBridged") == [
            "false"
        ]


async def test_a_number_that_cannot_be_called_fails_the_dial() -> None:
    async with open_voice(voice="<Dial>+19005550100</Dial><Say>Next.</Say>") as voice:
        caller = await voice.ring()
        await voice.said(caller, "Next.")
        assert await voice.warned() == [13224]


WAITING = '<Enqueue waitUrl="/wait" action="/left">q-help</Enqueue>'
TAKE = '<Dial action="/took" timeout="{}"><Queue>q-help</Queue></Dial>'
HOLD = "<Say>Please hold.</Say><Pause length='1'/>"


async def taken(voice: VoiceStage) -> tuple[str, str]:
    """A caller and the agent who took them out of the queue."""
    caller = await voice.ring()
    await voice.at(caller, "waiting")
    agent = await voice.answered()
    await voice.at(caller, "talking")
    assert (await voice.look(agent))["with"] == ["Eva"]
    return caller, agent


async def test_the_first_in_the_queue_is_taken_out_and_both_are_told_when_they_part() -> None:
    pages = {
        "voice": WAITING,
        "wait": HOLD,
        "agent": TAKE.format(9),
        "left": "<Say>Bye.</Say>",
        "took": "<Say>Next.</Say>",
    }
    async with open_voice(**pages) as voice:
        caller, agent = await taken(voice)
        assert voice.asked("/left") == []
        await voice.act(agent, "hangup")
        await voice.said(caller, "Bye.")
        assert voice.told("/left", "QueueResult") == ["bridged"]
        assert voice.told("/took", "DialCallStatus") == ["completed"]


async def test_a_caller_who_hangs_up_while_talking_was_bridged() -> None:
    pages = {"voice": WAITING, "wait": HOLD, "agent": TAKE.format(9), "took": "<Say>Next.</Say>"}
    async with open_voice(**pages) as voice:
        caller, agent = await taken(voice)
        await voice.act(caller, "hangup")
        await voice.said(agent, "Next.")
        assert (await voice.heard("/left"))[0].params["QueueResult"] == "bridged"
        assert voice.told("/took", "DialCallSid") == [caller]


async def test_a_caller_who_is_moved_while_talking_was_redirected_from_there() -> None:
    pages = {
        "voice": WAITING,
        "wait": HOLD,
        "agent": TAKE.format(9),
        "took": "<Say>Next.</Say>",
        "join": "<Pause length='9'/>",
    }
    async with open_voice(**pages) as voice:
        caller, agent = await taken(voice)
        await voice.client.calls(caller).update_async(url=f"{voice.base}/join")
        await voice.said(agent, "Next.")
        assert (await voice.heard("/left"))[0].params["QueueResult"] == "redirected-from-bridged"
        assert (await voice.look(caller))["where"] == "listening"


async def test_whoever_asks_an_empty_queue_waits_for_somebody_and_then_gives_up() -> None:
    pages = {"voice": WAITING, "wait": HOLD, "agent": TAKE.format(9), "took": "<Say>Nobody.</Say>"}
    async with open_voice(**pages) as voice:
        await voice.client.queues.create_async(friendly_name="q-help")
        first, second = await voice.answered(), await voice.answered()
        caller = await voice.ring()
        await voice.at(caller, "talking")
        await voice.api("/clock", {"advance": "10s"})
        await voice.heard("/took")
        assert voice.told("/took", "DialCallStatus") == ["no-answer"]
        assert {(await voice.look(sid))["where"] for sid in (first, second)} <= {
            "talking",
            "listening",
            "ended",
        }
