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
