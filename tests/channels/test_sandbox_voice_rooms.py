"""Conferences on the stage: hold, mute, coaching, announcements, calling somebody in, and what ends one."""

from __future__ import annotations

import pytest
from test_sandbox_voice import meet, room, script
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import EVA, OURS
from voice_stage import ADA, VoiceStage, open_voice

LIN = "+491700000002"


async def conference(voice: VoiceStage) -> str:
    """The sid of the one that goes on."""
    found = await voice.client.conferences.list_async(friendly_name="c-1", status="in-progress")
    return str(found[0].sid)


def events(voice: VoiceStage) -> list[str | None]:
    return voice.told("/room", "StatusCallbackEvent")


async def test_hold_lets_one_hear_music_and_nobody_else_and_back() -> None:
    async with open_voice(**script(), music="<Say>One moment.</Say>") as voice:
        caller, agent = await meet(voice)
        seat = voice.client.conferences(await conference(voice)).participants("customer")
        held = await seat.update_async(hold=True, hold_url=f"{voice.base}/music", hold_method="POST")
        assert held.hold is True and held.call_sid == caller
        shown = await voice.said(caller, "One moment.")
        assert shown["on_hold"] and shown["with"] == [] and (await voice.look(agent))["with"] == []
        assert not (await voice.act(agent, "speak", text="Can you hear me?"))["taken"]
        assert (await seat.update_async(hold=False)).hold is False
        assert (await voice.look(caller))["with"] == ["agent"]
        await voice.act(agent, "speak", text="And now?")
        await voice.said(caller, "And now?")
        assert "Can you hear me?" not in [h.get("text") for h in (await voice.look(caller))["heard"]]
        await voice.heard("/room", 5)
        assert events(voice)[3:] == ["participant-hold", "participant-unhold"]
        assert voice.told("/room", "Hold")[3:] == ["true", "false"]


async def test_hold_music_asks_by_get_unless_told_otherwise() -> None:
    async with open_voice(**script(), music="<Say>One moment.</Say>") as voice:
        caller, _ = await meet(voice)
        seat = voice.client.conferences(await conference(voice)).participants(caller)
        await seat.update_async(hold=True, hold_url=f"{voice.base}/music")
        await voice.said(caller, "One moment.")
        assert voice.asked("/music")[0].params == {}


async def test_who_is_muted_hears_and_is_not_heard() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        seat = voice.client.conferences(await conference(voice)).participants("agent")
        assert (await seat.update_async(muted=True)).muted is True
        assert not (await voice.act(agent, "speak", text="Hello?"))["taken"]
        assert (await voice.act(caller, "speak", text="Are you there?"))["taken"]
        assert (await seat.update_async(muted=False)).muted is False
        assert (await voice.act(agent, "speak", text="Yes."))["taken"]
        await voice.heard("/room", 5)
        assert events(voice)[3:] == ["participant-mute", "participant-unmute"]


async def test_a_coach_is_heard_by_the_coached_alone() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        sid = await conference(voice)
        made = await voice.client.conferences(sid).participants.create_async(
            from_=OURS, to=LIN, label="coach", coaching=True, call_sid_to_coach=agent
        )
        assert (made.status, made.coaching, made.call_sid_to_coach) == ("queued", True, agent)
        await voice.at(made.call_sid, "ringing")
        await voice.act(made.call_sid, "answer")
        await voice.at(made.call_sid, "conference:c-1")
        await voice.act(made.call_sid, "speak", text="Offer a refund.")
        await voice.said(agent, "Offer a refund.")
        await voice.act(caller, "speak", text="Well?")
        assert [h["text"] for h in (await voice.look(caller))["heard"] if h.get("of") == "coach"] == []
        assert (await voice.look(caller))["with"] == ["agent"]
        assert set((await voice.look(made.call_sid))["with"]) == {"agent", "customer"}
        seat = voice.client.conferences(sid).participants("coach")
        assert (await seat.update_async(coaching=False)).coaching is False
        assert set((await voice.look(caller))["with"]) == {"agent", "coach"}


async def test_a_colleague_is_called_in_and_the_first_agent_taken_out() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        sid = await conference(voice)
        people = voice.client.conferences(sid).participants
        made = await people.create_async(
            from_=OURS, to=LIN, label="second", status_callback=f"{voice.base}/status",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
        )  # fmt: skip
        await voice.at(made.call_sid, "ringing")
        assert (await voice.client.conferences(sid).participants("second").fetch_async()).status == "ringing"
        await voice.act(made.call_sid, "answer")
        await voice.until(caller, lambda it: set(it["with"]) == {"agent", "second"})
        assert await voice.client.conferences(sid).participants("agent").delete_async()
        await voice.until(agent, lambda it: it["status"] == "completed")
        assert voice.told("/done", "DialCallStatus") == ["answered"]
        assert {p.label for p in await people.list_async()} == {"customer", "second"}
        await voice.heard("/room", 5)
        left = voice.asked("/room")[-1].params
        assert (left["ReasonParticipantLeft"], left["ParticipantLabel"]) == (
            "participant_updated_via_api",
            "agent",
        )


async def test_somebody_called_in_who_is_busy_is_told_as_not_added() -> None:
    async with open_voice(**script()) as voice:
        caller, _ = await meet(voice)
        people = voice.client.conferences(await conference(voice)).participants
        made = await people.create_async(from_=OURS, to=LIN, label="second")
        await voice.at(made.call_sid, "ringing")
        await voice.act(made.call_sid, "busy")
        left = (await voice.heard("/room", 4))[-1].params
        assert left["ReasonParticipantLeft"] == "participant_add_failed"
        assert (left["ParticipantCallStatus"], left["ParticipantLabel"]) == ("busy", "second")
        assert (await voice.look(caller))["where"] == "conference:c-1"


async def test_a_conference_begins_by_name_with_whoever_is_called_into_it() -> None:
    async with open_voice(voice="<Dial><Conference>c-9</Conference></Dial>") as voice:
        made = await voice.client.conferences("c-9").participants.create_async(
            from_=OURS, to=LIN, label="agent", machine_detection="Enable", amd_status_callback=f"{voice.base}/amd",
            conference_status_callback=f"{voice.base}/room", conference_status_callback_event=["start join leave end"],
        )  # fmt: skip
        assert made.conference_sid.startswith("CF")
        await voice.at(made.call_sid, "ringing")
        await voice.act(made.call_sid, "answer")
        await voice.at(made.call_sid, "conference:c-9")
        caller = await voice.ring()
        await voice.until(caller, lambda it: it["with"] == ["agent"])
        assert (await voice.heard("/amd"))[0].params["AnsweredBy"] == "human"
        seat = voice.client.conferences(made.conference_sid).participants("agent")
        assert (await seat.update_async(end_conference_on_exit=True)).end_conference_on_exit is True
        await voice.act(made.call_sid, "hangup")
        await voice.until(caller, lambda it: it["status"] == "completed")
        end = (await voice.heard("/room", 6))[-1].params
        assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
        assert {h.params["ConferenceSid"] for h in voice.asked("/room")} == {made.conference_sid}
        gone = voice.client.conferences("CF" + "0" * 32).participants
        with pytest.raises(TwilioRestException) as raised:
            await gone.create_async(from_=OURS, to=LIN)
        assert raised.value.code == 20404


async def test_ending_a_conference_lets_all_go_on_with_their_own_documents() -> None:
    pages = script() | {"done": "<Say>How was it?</Say><Pause length='5'/>"}
    async with open_voice(**pages) as voice:
        caller, agent = await meet(voice)
        sid = await conference(voice)
        ended = await voice.client.conferences(sid).update_async(status="completed")
        assert (ended.status, ended.reason_conference_ended) == ("completed", "conference-ended-via-api")
        for leg in (caller, agent):
            await voice.said(leg, "How was it?")
        await voice.heard("/room", 6)
        assert voice.told("/room", "ReasonParticipantLeft")[3:5] == ["conference_ended_via_api"] * 2
        with pytest.raises(TwilioRestException) as raised:
            await voice.client.conferences(sid).participants(caller).update_async(hold=True)
        assert (raised.value.status, raised.value.code) == (404, 20404)


async def test_an_announcement_reaches_everybody_and_its_end_is_told() -> None:
    pages = script() | {
        "notice": "<Say>This call is recorded.</Say>",
        "key": room("agent").replace("hold", "hold announcement"),
    }
    async with open_voice(**pages) as voice:
        caller, agent = await meet(voice)
        await voice.client.conferences(await conference(voice)).update_async(
            announce_url=f"{voice.base}/notice"
        )
        for leg in (caller, agent):
            await voice.said(leg, "This call is recorded.")
        end = (await voice.heard("/room", 4))[-1].params
        assert (end["StatusCallbackEvent"], end["AnnounceUrl"]) == (
            "announcement-end",
            f"{voice.base}/notice",
        )


async def test_alone_one_hears_the_wait_music_until_somebody_comes() -> None:
    pages = {
        "voice": '<Dial><Conference waitUrl="/music">c-1</Conference></Dial>',
        "agent": "<Dial><Conference>c-1</Conference></Dial>",
        "music": "<Say>Nobody yet.</Say>",
    }
    async with open_voice(**pages) as voice:
        caller = await voice.ring()
        shown = await voice.said(caller, "Nobody yet.")
        assert shown["with"] == [] and shown["where"] == "conference:c-1"
        assert (await voice.client.conferences.list_async())[0].status == "init"
        await voice.answered()
        await voice.until(caller, lambda it: it["with"] == ["Ada"])
        assert [h["kind"] for h in (await voice.look(caller))["heard"]][-1] == "beep"
        assert (await voice.client.conferences.list_async())[0].status == "in-progress"


@pytest.mark.parametrize(
    ("page", "code"),
    [
        ('<Gather numDigits="1"><Say>Press</Say></Gather>', 13238),
        ("<Hangup/>", 13238),
    ],
)
@pytest.mark.promise("sandbox-strict")
async def test_wait_music_with_a_question_in_it_keeps_the_caller_out(page: str, code: int) -> None:
    pages = {
        "voice": '<Dial><Conference waitUrl="/music">c-1</Conference></Dial><Say>Not in.</Say>',
        "music": page,
    }
    async with open_voice(**pages) as voice:
        caller = await voice.ring()
        await voice.said(caller, "Not in.")
        assert code in await voice.warned()


@pytest.mark.parametrize(
    ("noun", "code"),
    [
        ('<Conference participantLabel="customer">c-1</Conference>', 16025),
        ('<Conference maxParticipants="2">c-1</Conference>', 16020),
        (f'<Conference coach="CA{"0" * 32}">c-1</Conference>', 13240),
    ],
)
@pytest.mark.promise("sandbox-strict")
async def test_who_may_not_come_in_goes_on_with_the_next_verb(noun: str, code: int) -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        voice.pages["/voice"] = f"<Dial>{noun}</Dial><Say>Not in.</Say>"
        third = await voice.ring("+4915123456789")
        await voice.said(third, "Not in.")
        assert code in await voice.warned()
        assert (await voice.look(caller))["with"] == ["agent"]


REFUSED = [
    ({"to": "12"}, 400, 21211),
    ({"from_": "+15550199999"}, 400, 21210),
    ({"label": "customer"}, 400, 16025),
    ({"label": "a/b"}, 400, 16023),
    ({"coaching": True}, 400, 20001),
    ({"call_sid_to_coach": "CA" + "0" * 32}, 400, 13240),
    ({"status_callback": "nonsense"}, 400, 21609),
    ({"timeout": 900}, 400, 21208),
    ({"max_participants": 1}, 400, 20001),
]


@pytest.mark.parametrize(("change", "status", "code"), REFUSED)
@pytest.mark.promise("sandbox-strict")
async def test_nobody_is_called_in_where_twilio_refuses(
    change: dict[str, object], status: int, code: int
) -> None:
    async with open_voice(**script()) as voice:
        await meet(voice)
        people = voice.client.conferences(await conference(voice)).participants
        with pytest.raises(TwilioRestException) as raised:
            await people.create_async(**{"from_": OURS, "to": LIN, **change})
        assert (raised.value.status, raised.value.code) == (status, code)
        assert len(await people.list_async()) == 2


async def test_participants_are_found_by_call_or_label_and_filtered() -> None:
    async with open_voice(**script()) as voice:
        caller, agent = await meet(voice)
        people = voice.client.conferences(await conference(voice)).participants
        assert (await people(caller).fetch_async()).label == "customer"
        assert (await people("customer").fetch_async()).call_sid == caller
        await people("agent").update_async(muted=True)
        assert [p.call_sid for p in await people.list_async(muted=True)] == [agent]
        assert [p.call_sid for p in await people.list_async(muted=False)] == [caller]
        with pytest.raises(TwilioRestException) as raised:
            await people("nobody").fetch_async()
        assert raised.value.code == 20404


async def test_moving_a_participant_elsewhere_takes_it_out_of_the_conference() -> None:
    pages = script() | {"elsewhere": "<Say>You are elsewhere.</Say><Pause length='5'/>"}
    async with open_voice(**pages) as voice:
        caller, agent = await meet(voice)
        await voice.client.calls(agent).update_async(url=f"{voice.base}/elsewhere")
        await voice.said(agent, "You are elsewhere.")
        shown = await voice.look(caller)
        assert (shown["where"], shown["with"]) == ("conference:c-1", [])
        assert voice.asked("/done") == []
        left = (await voice.heard("/room", 4))[-1].params
        assert left["ReasonParticipantLeft"] == "participant_updated_via_api"
        assert (EVA, ADA) == ((await voice.look(caller))["from"], (await voice.look(agent))["to"])
