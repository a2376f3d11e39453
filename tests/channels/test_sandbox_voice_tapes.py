"""Recordings on the stage: a message after the beep, a call, a conference; what is told, and the sound."""

from __future__ import annotations

import io
import wave

import aiohttp
import pytest
from test_sandbox_voice import meet, script
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import ACCOUNT, TOKEN
from voice_stage import VoiceStage, open_voice

RECORD = (
    '<Record maxLength="120" action="/kept" recordingStatusCallback="/tape" {more}/><Say>Nothing said.</Say>'
)
SAID = "My router is dead, call me back"


async def mailbox(voice: VoiceStage) -> str:
    caller = await voice.ring()
    await voice.at(caller, "voicemail")
    return caller


async def test_a_message_after_the_beep_is_told_and_can_be_fetched() -> None:
    async with open_voice(voice=RECORD.format(more='transcribe="true" transcribeCallback="/words"')) as voice:
        caller = await mailbox(voice)
        assert [h["kind"] for h in (await voice.look(caller))["heard"]][-1] == "beep"
        await voice.act(caller, "record", text=SAID, seconds=7)
        kept = (await voice.heard("/kept"))[0].params
        assert (kept["RecordingDuration"], kept["Digits"], kept["CallStatus"]) == ("7", "", "in-progress")
        tape = (await voice.heard("/tape"))[0].params
        assert (tape["RecordingStatus"], tape["RecordingSource"], tape["CallSid"]) == (
            "completed",
            "RecordVerb",
            caller,
        )
        assert tape["RecordingUrl"] == kept["RecordingUrl"]
        words = (await voice.heard("/words"))[0].params
        assert (words["TranscriptionStatus"], words["TranscriptionText"]) == ("completed", SAID)
        local = kept["RecordingUrl"].replace("https://", f"{voice.stage.base}/twilio/")
        async with voice.stage.http.get(f"{local}.wav") as answer:
            assert answer.status == 401
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        for ending in ("", ".wav"):
            async with voice.stage.http.get(local + ending, headers=auth) as answer:
                content = await answer.read()
                assert (answer.status, answer.content_type) == (200, "audio/x-wav")
        with wave.open(io.BytesIO(content)) as sound:
            assert sound.getnframes() / sound.getframerate() == 7
        assert SAID.encode() in content
        await voice.client.recordings(kept["RecordingSid"]).delete_async()
        async with voice.stage.http.get(local, headers=auth) as answer:
            assert answer.status == 404


async def test_a_message_ends_with_a_key_and_says_which() -> None:
    async with open_voice(voice=RECORD.format(more='finishOnKey="#"')) as voice:
        caller = await mailbox(voice)
        await voice.act(caller, "press", digits="5")
        await voice.act(caller, "speak", text=SAID)
        await voice.act(caller, "press", digits="#")
        assert (await voice.heard("/kept"))[0].params["Digits"] == "#"


async def test_whoever_hangs_up_after_speaking_has_left_a_message() -> None:
    async with open_voice(voice=RECORD.format(more="")) as voice:
        caller = await mailbox(voice)
        await voice.act(caller, "speak", text=SAID)
        await voice.act(caller, "hangup")
        kept = (await voice.heard("/kept"))[0].params
        assert (kept["Digits"], kept["CallStatus"]) == ("hangup", "completed")
        assert (await voice.heard("/tape"))[0].params["RecordingStatus"] == "completed"


async def test_silence_is_no_message_and_the_document_goes_on() -> None:
    events = 'timeout="1" recordingStatusCallbackEvent="in-progress completed absent"'
    async with open_voice(voice=RECORD.format(more=events)) as voice:
        caller = await mailbox(voice)
        await voice.said(caller, "Nothing said.")
        await voice.heard("/tape", 2)
        assert (
            voice.told("/tape", "RecordingStatus") == ["in-progress", "absent"] and voice.asked("/kept") == []
        )


async def test_a_conference_is_recorded_from_the_moment_that_two_are_in_it() -> None:
    pages = script()
    record = ' record="record-from-start" recordingStatusCallback="/tape" '
    pages["key"] = pages["key"].replace("<Conference", f"<Conference{record}")
    async with open_voice(**pages) as voice:
        caller, agent = await meet(voice)
        sid = (await voice.client.conferences.list_async())[0].sid
        tapes = await voice.client.conferences(sid).recordings.list_async()
        assert [(t.status, t.source, t.conference_sid) for t in tapes] == [("in-progress", "Conference", sid)]
        await voice.act(caller, "speak", text="My card is 4111")
        running = voice.client.conferences(sid).recordings("Twilio.CURRENT")
        assert (await running.update_async(status="paused", pause_behavior="skip")).status == "paused"
        await voice.act(caller, "speak", text="1111 1111")
        assert (await running.update_async(status="in-progress")).status == "in-progress"
        await voice.act(agent, "speak", text="Thank you")
        await voice.act(caller, "hangup")
        tape = (await voice.heard("/tape"))[0].params
        assert tape["ConferenceSid"] == sid and "CallSid" not in tape
        local = tape["RecordingUrl"].replace("https://", f"{voice.stage.base}/twilio/")
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        async with voice.stage.http.get(local, headers=auth) as answer:
            assert b"My card is 4111 Thank you\0" in await answer.read()
        with pytest.raises(TwilioRestException) as raised:
            await running.update_async(status="stopped")
        assert raised.value.code == 20404


async def test_a_call_is_recorded_from_its_answer_or_from_when_it_is_asked_for() -> None:
    async with open_voice(agent="<Pause length='20'/>") as voice:
        sid = await voice.make(
            record=True,
            recording_status_callback=f"{voice.base}/tape",
            status_callback=f"{voice.base}/status",
        )
        with pytest.raises(TwilioRestException) as raised:
            await voice.client.calls(sid).recordings.create_async()
        assert (raised.value.status, raised.value.code) == (400, 21220)
        await voice.at(sid, "ringing")
        await voice.act(sid, "answer")
        await voice.at(sid, "listening")
        second = await voice.client.calls(sid).recordings.create_async()
        assert second.source == "StartCallRecordingAPI"
        stopped = await voice.client.calls(sid).recordings(second.sid).update_async(status="stopped")
        assert stopped.status == "processing"
        await voice.act(sid, "hangup")
        assert (await voice.heard("/tape"))[0].params["RecordingSource"] == "OutboundAPI"
        done = (await voice.heard("/status"))[0].params
        assert done["RecordingSid"] == voice.asked("/tape")[0].params["RecordingSid"]
        assert len(await voice.client.calls(sid).recordings.list_async()) == 2
        assert len(await voice.client.recordings.list_async(call_sid=sid)) == 2


async def test_only_who_is_asked_for_a_message_can_leave_one() -> None:
    async with open_voice(**script()) as voice:
        caller = await voice.ring()
        await voice.at(caller, "menu")
        await voice.act(caller, "record", 409, text="hello", seconds=3)
        await voice.act(caller, "record", 400, text="hello", seconds=-1)
