"""What arrives late, twice, last first or broken; and what a question does with keys and words."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest
from aiohttp import web
from test_sandbox_voice import meet, script
from twilio_rehearsal import OURS
from voice_stage import VoiceStage, open_voice

from tierline.sandbox.voice_sound import wav

LONG = "<Pause length='60'/>"
EVENTS = ["initiated", "ringing", "answered", "completed"]
SORRY = "We are sorry. An application error has occurred. Goodbye."


async def a_short_call(voice: VoiceStage) -> str:
    sid = await voice.answered(status_callback=f"{voice.base}/status", status_callback_event=EVENTS)
    await voice.at(sid, "listening")
    await voice.act(sid, "hangup")
    return sid


async def test_a_calls_events_can_come_last_first() -> None:
    async with open_voice(agent=LONG) as voice:
        await voice.api("/faults", {"twilio": {"out_of_order": True, "enforce_limits": False}})
        await a_short_call(voice)
        await voice.heard("/status", 4)
        assert voice.told("/status", "CallStatus") == ["completed", "in-progress", "ringing", "initiated"]
        assert voice.told("/status", "SequenceNumber") == ["3", "2", "1", "0"]


async def test_every_webhook_can_come_twice_with_one_token() -> None:
    async with open_voice(agent=f"<Say>Hello.</Say>{LONG}") as voice:
        await voice.api("/faults", {"twilio": {"redeliver": True, "enforce_limits": False}})
        sid = await voice.answered(status_callback=f"{voice.base}/status", status_callback_event=EVENTS)
        await voice.said(sid, "Hello.")
        await voice.act(sid, "hangup")
        await voice.heard("/status", 8)
        assert voice.told("/status", "SequenceNumber") == [n for n in "0123" for _ in range(2)]
        assert len(voice.asked("/agent")) == 2
        assert [h["text"] for h in (await voice.look(sid))["heard"] if h["kind"] == "say"] == ["Hello."]
        tokens = [h.headers["I-Twilio-Idempotency-Token"] for h in voice.asked("/status")]
        assert len(set(tokens)) == 4


async def test_both_of_a_doubled_webhook_can_come_at_the_same_time() -> None:
    async with open_voice(voice=f"<Say>Hello.</Say>{LONG}") as voice:
        both, usual = asyncio.Barrier(2), voice.stage.app.answer
        assert usual is not None

        async def together(request: web.Request) -> web.Response:
            await both.wait()
            return await usual(request)

        voice.stage.app.answer = together
        await voice.api("/faults", {"twilio": {"redeliver": True, "at_once": True, "enforce_limits": False}})
        sid = await voice.ring()
        await voice.said(sid, "Hello.")
        first, second = voice.asked("/voice")
        assert first.params == second.params and first.signed and second.signed


async def test_events_can_be_late() -> None:
    async with open_voice(agent=LONG) as voice:
        await voice.api("/faults", {"twilio": {"webhook_delay": "0.2s", "enforce_limits": False}})
        sid = await voice.answered(status_callback=f"{voice.base}/status", status_callback_event=EVENTS)
        await voice.heard("/agent")
        assert voice.asked("/status") == []
        await voice.heard("/status", 3)
        assert (await voice.look(sid))["status"] == "in-progress"


async def test_events_can_be_lost_while_documents_are_still_asked_for() -> None:
    async with open_voice(**script()) as voice:
        await voice.api("/faults", {"twilio": {"lose_events": True, "enforce_limits": False}})
        caller, agent = await meet(voice)
        await voice.act(caller, "hangup")
        await voice.until(agent, lambda it: it["status"] == "completed")
        await voice.api("/faults", {})
        sid = await voice.make(status_callback=f"{voice.base}/status")
        await voice.at(sid, "ringing")
        await voice.act(sid, "busy")
        await voice.heard("/status")
        assert voice.asked("/room") == [] and voice.asked("/left") == []


async def test_a_conferences_events_can_come_last_first() -> None:
    async with open_voice(**script()) as voice:
        await voice.api("/faults", {"twilio": {"out_of_order": True, "enforce_limits": False}})
        caller, _ = await meet(voice)
        await voice.act(caller, "hangup")
        await voice.heard("/room", 6)
        assert voice.told("/room", "SequenceNumber") == ["6", "5", "4", "3", "2", "1"]


@pytest.mark.promise("sandbox-strict")
@pytest.mark.parametrize(
    ("page", "code"),
    [
        ("<Say>Hi", 12100),
        ('<Enqueue waitUrl="ftp://x">q</Enqueue>', 14202),
        ("<Leave/>", 12200),
    ],
)
async def test_a_document_that_twilio_refuses_ends_the_call_with_an_apology(page: str, code: int) -> None:
    async with open_voice(voice=page) as voice:
        sid = await voice.ring()
        shown = await voice.until(sid, lambda it: it["status"] == "completed")
        assert [h["text"] for h in shown["heard"] if h["kind"] == "say"] == [SORRY]
        assert code in await voice.warned()


async def test_the_fallback_is_asked_what_to_do_and_told_why() -> None:
    async with open_voice(voice="<Say>Hi", fallback=f"<Say>Please hold the line.</Say>{LONG}") as voice:
        number = (await voice.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        url = f"{voice.base}/fallback"
        await voice.client.incoming_phone_numbers(number.sid).update_async(voice_fallback_url=url)
        sid = await voice.ring()
        await voice.said(sid, "Please hold the line.")
        told = voice.asked("/fallback")[0]
        assert told.signed and told.params["ErrorCode"] == "12100"
        assert told.params["ErrorUrl"] == f"{voice.base}/voice"


async def test_an_action_that_fails_later_in_the_call_goes_to_its_own_fallback() -> None:
    pages = {"agent": '<Gather numDigits="1" action="/key"/>', "key": "<Broken", "fallback": "<Say>Oh.</Say>"}
    async with open_voice(**pages) as voice:
        sid = await voice.answered(fallback_url=f"{voice.base}/fallback")
        await voice.at(sid, "menu")
        await voice.act(sid, "press", digits="1")
        await voice.said(sid, "Oh.")
        assert voice.told("/fallback", "ErrorUrl") == [f"{voice.base}/key"]


QUESTIONS = [
    ('numDigits="1"', "5", {"Digits": "5", "FinishedOnKey": ""}),
    ('numDigits="3"', "12#", {"Digits": "12", "FinishedOnKey": "#"}),
    ('finishOnKey="*"', "1#2*", {"Digits": "1#2", "FinishedOnKey": "*"}),
    ('numDigits="2"', "123", {"Digits": "12", "FinishedOnKey": ""}),
    ('finishOnKey="" timeout="1"', "7#", {"Digits": "7#", "FinishedOnKey": ""}),
    ('timeout="1" actionOnEmptyResult="true"', "", {"Digits": "", "FinishedOnKey": ""}),
    ('timeout="1" actionOnEmptyResult="true"', "#", {"Digits": "", "FinishedOnKey": ""}),
]


@pytest.mark.parametrize(("attributes", "keys", "params"), QUESTIONS)
async def test_a_question_takes_the_keys_that_it_asks_for(
    attributes: str, keys: str, params: dict[str, str]
) -> None:
    async with open_voice(
        voice=f'<Gather {attributes} action="/key"><Say>Well?</Say></Gather>', key=LONG
    ) as voice:
        sid = await voice.ring()
        await voice.at(sid, "menu")
        if keys:
            assert (await voice.act(sid, "press", digits=keys))["taken"]
        told = (await voice.heard("/key"))[0].params
        assert {k: told[k] for k in params} == params and told["msg"] == "Gather End"


async def test_words_answer_a_question_that_listens_for_them_and_keys_do_too() -> None:
    ask = '<Gather input="dtmf speech" hints="outage, billing" language="de-DE" action="/key"><Say>Worum geht es?</Say></Gather>'
    async with open_voice(voice=ask, key=LONG) as voice:
        first, second = await voice.ring(), await voice.ring("+4915123456789")
        for sid in (first, second):
            await voice.at(sid, "menu")
        assert (await voice.act(first, "speak", text="Mein Server ist tot"))["taken"]
        told = (await voice.heard("/key"))[0].params
        assert (told["SpeechResult"], told["Language"]) == ("Mein Server ist tot", "de-DE")
        assert 0 < float(told["Confidence"]) < 1 and "Digits" not in told
        await voice.act(second, "press", digits="1#")
        assert (await voice.heard("/key", 2))[1].params["Digits"] == "1"


async def test_a_question_that_only_takes_keys_does_not_hear_words() -> None:
    async with open_voice(voice='<Gather action="/key"/>', key=LONG) as voice:
        sid = await voice.ring()
        await voice.at(sid, "menu")
        assert not (await voice.act(sid, "speak", text="one"))["taken"]


async def test_a_key_cuts_the_prompt_short_unless_the_question_says_no() -> None:
    ask = '<Gather numDigits="1" action="/key"{}><Say>One.</Say><Pause length="2"/><Say>Two.</Say></Gather>'
    async with open_voice(voice=ask.format(""), key=LONG) as voice:
        sid = await voice.ring()
        await voice.said(sid, "One.")
        await voice.act(sid, "press", digits="1")
        await voice.heard("/key")
        assert "Two." not in [h.get("text") for h in (await voice.look(sid))["heard"]]
    async with open_voice(voice=ask.format(' bargeIn="false"'), key=LONG) as voice:
        sid = await voice.ring()
        await voice.said(sid, "One.")
        await voice.act(sid, "press", digits="1")
        await voice.heard("/key")
        assert "Two." in [h.get("text") for h in (await voice.look(sid))["heard"]]


async def test_no_answer_goes_on_with_the_next_verb_and_keys_before_the_question_are_lost() -> None:
    page = '<Say>Welcome.</Say><Pause length="1"/><Gather timeout="1" action="/key"/><Say>Nobody there?</Say>'
    async with open_voice(voice=page, key=LONG) as voice:
        sid = await voice.ring()
        await voice.said(sid, "Welcome.")
        assert not (await voice.act(sid, "press", digits="1"))["taken"]
        await voice.said(sid, "Nobody there?")
        assert voice.asked("/key") == []


async def test_a_sound_is_fetched_and_lasts_its_time_and_a_missing_one_does_not_end_the_call() -> None:
    page = "<Play>/tune.wav</Play><Play>/gone.wav</Play><Play>/page</Play><Say>Still here.</Say>"
    async with open_voice(voice=page, page="<Say/>") as voice:
        voice.pages["/tune.wav"] = wav(0.5, "")
        sid = await voice.ring()
        shown = await voice.said(sid, "Still here.")
        heard = {h["text"]: datetime.fromisoformat(h["at"]) for h in shown["heard"] if h.get("text")}
        assert list(heard) == [f"{voice.base}/tune.wav", "Still here."]
        assert (heard["Still here."] - heard[f"{voice.base}/tune.wav"]).total_seconds() >= 0.5
        assert await voice.warned() == [11200, 12300]
        assert all(h.signed for h in voice.asked("/tune.wav"))
