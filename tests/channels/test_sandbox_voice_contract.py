"""The voice side's answers, and what the real library sends, held to Twilio's own OpenAPI description."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from test_sandbox_twilio_contract import DESCRIPTION, ROOT, check, operation, required_keys
from test_sandbox_voice import QUEUE, WAIT, meet, script
from twilio_rehearsal import ACCOUNT, OURS, TOKEN
from voice_stage import VoiceStage, open_voice

from tierline.sandbox.voice_rules import KNOWN

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="../shared/data/twilio is not here")
OF = "{AccountSid}/"


async def get(voice: VoiceStage, path: str) -> Any:
    auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    url = f"{voice.stage.base}/twilio/api.twilio.com{ROOT}/{path}"
    async with voice.stage.http.get(url, headers=auth) as answer:
        assert answer.status == 200, path
        return await answer.json()


def shown(answer: Any) -> Any:
    """Without the one null that the description forgets: a conference that goes on has no reason for its end."""
    rows = answer.get("conferences", [answer])
    for row in rows:
        if row.get("reason_conference_ended", "") is None:
            assert row["status"] != "completed"
            row["reason_conference_ended"] = "last-participant-left"
    return answer


async def test_every_answer_about_calls_has_the_described_shape_and_every_described_key() -> None:
    pages = script()
    pages["key"] = pages["key"].replace("<Conference", '<Conference record="record-from-start"')
    async with open_voice(**pages) as voice:
        caller, agent = await meet(voice)
        room = (await voice.client.conferences.list_async())[0].sid
        made = await voice.client.conferences(room).participants.create_async(from_=OURS, to="+491700000002")
        await voice.client.calls(caller).recordings.create_async()
        waiting = await voice.ring("+4915123456789")
        await voice.at(waiting, "menu")
        await voice.act(waiting, "press", digits="1")
        await voice.at(waiting, "waiting")
        queue = (await voice.client.queues.list_async())[0].sid
        tape = (await voice.client.recordings.list_async())[0].sid
        lists = {
            "Calls.json": "Calls.json",
            "Queues.json": "Queues.json",
            "Conferences.json": "Conferences.json",
            "Recordings.json": "Recordings.json",
            f"Queues/{queue}/Members.json": "Queues/{QueueSid}/Members.json",
            f"Conferences/{room}/Participants.json": "Conferences/{ConferenceSid}/Participants.json",
            f"Conferences/{room}/Recordings.json": "Conferences/{ConferenceSid}/Recordings.json",
            f"Calls/{caller}/Recordings.json": "Calls/{CallSid}/Recordings.json",
        }
        for path, described in lists.items():
            answer = await get(voice, path)
            assert next(v for v in answer.values() if isinstance(v, list)), path
            check(shown(answer), OF + described, "get", 200)
        ones = {
            f"Calls/{caller}.json": ("Calls/{Sid}.json", "call"),
            f"Calls/{agent}.json": ("Calls/{Sid}.json", "call"),
            f"Queues/{queue}.json": ("Queues/{Sid}.json", "queue"),
            f"Queues/{queue}/Members/Front.json": (
                "Queues/{QueueSid}/Members/{CallSid}.json",
                "queue.member",
            ),
            f"Conferences/{room}.json": ("Conferences/{Sid}.json", "conference"),
            f"Recordings/{tape}.json": ("Recordings/{Sid}.json", "recording"),
        }
        seat = "Conferences/{ConferenceSid}/Participants/{CallSid}.json"
        for sid in (caller, made.call_sid):
            ones[f"Conferences/{room}/Participants/{sid}.json"] = (seat, "conference.participant")
        for path, (described, name) in ones.items():
            answer = await get(voice, path)
            check(shown(answer), OF + described, "get", 200)
            required_keys(answer, f"api.v2010.account.{name}")


async def test_what_the_library_can_ask_of_a_call_is_known_by_name() -> None:
    content = operation(OF + "Calls.json", "post")["requestBody"]["content"]
    described = set(content["application/x-www-form-urlencoded"]["schema"]["properties"])
    assert described == KNOWN
    async with open_voice(agent=QUEUE, wait=WAIT) as voice:
        await voice.make(
            status_callback=f"{voice.base}/status", status_callback_event=["ringing"], time_limit=60
        )
        assert await voice.warned() == []
