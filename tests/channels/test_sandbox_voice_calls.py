"""Calls that the account makes, and what Twilio refuses; who calls in; how fast and how many."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import ACCOUNT, EVA, OURS
from voice_stage import ADA, open_voice

from tierline.sandbox.twilio_store import Account

LONG = "<Pause length='60'/>"


async def refused(work: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as raised:
        await work
    return raised.value.status, raised.value.code


REFUSED = [
    ({"to": "12"}, 21211),
    ({"to": "Ada"}, 21211),
    ({"to": ""}, 21201),
    ({"to": "+15005550001"}, 21211),
    ({"to": "+15005550002"}, 21214),
    ({"to": "+15005550003"}, 21215),
    ({"to": "+15005550004"}, 21216),
    ({"to": "+19005550100"}, 21202),
    ({"from_": ""}, 21213),
    ({"from_": "12"}, 21212),
    ({"from_": "+15550199999"}, 21210),
    ({"url": None}, 21205),
    ({"url": "nonsense"}, 21205),
    ({"url": "http://under_score/x"}, 21205),
    ({"url": None, "twiml": "x" * 4001}, 32018),
    ({"url": None, "application_sid": "AP" + "0" * 32}, 21218),
    ({"method": "PUT"}, 21209),
    ({"status_callback": "nonsense"}, 21609),
    ({"status_callback_event": ["rings"]}, 21626),
    ({"timeout": 601}, 21208),
    ({"time_limit": 100_000}, 20001),
    ({"machine_detection": "Maybe"}, 20001),
    ({"send_digits": "now"}, 21206),
]


@pytest.mark.promise("sandbox-strict")
@pytest.mark.parametrize(("change", "code"), REFUSED)
async def test_no_call_is_made_where_twilio_refuses(change: dict[str, object], code: int) -> None:
    async with open_voice() as voice:
        asked = {"to": ADA, "from_": OURS, "url": f"{voice.base}/agent", **change}
        given = {k: v for k, v in asked.items() if v is not None}
        assert await refused(voice.client.calls.create_async(**given)) == (400, code)
        assert await voice.client.calls.list_async() == [] and await voice.warned() == [code]


@pytest.mark.promise("sandbox-strict")
async def test_countries_that_are_switched_off_and_trial_accounts_call_nobody_else() -> None:
    async with open_voice(Account(countries=("+49",)), agent=LONG) as voice:
        assert await refused(voice.make("+447700900123")) == (400, 21215)
        await voice.make(EVA)
    async with open_voice(Account(kind="Trial", verified=frozenset({EVA})), agent=LONG) as voice:
        assert await refused(voice.make(ADA)) == (400, 21219)
        await voice.make(EVA)


async def test_a_trial_call_says_so_and_asks_for_a_key_first() -> None:
    async with open_voice(
        Account(kind="Trial", verified=frozenset({ADA})), agent="<Say>Hello.</Say>"
    ) as voice:
        sid = await voice.answered()
        shown = await voice.at(sid, "menu")
        assert "trial account" in [h for h in shown["heard"] if h["kind"] == "say"][0]["text"]
        assert voice.asked("/agent") == []
        await voice.act(sid, "press", digits="4")
        await voice.said(sid, "Hello.")
        assert "Digits" not in voice.asked("/agent")[0].params


async def test_calls_leave_one_a_second_and_the_rest_wait_as_queued() -> None:
    async with open_voice(limits=True, agent=LONG) as voice:
        sids = [await voice.make(f"+4917000000{n:02}") for n in range(5)]
        await voice.at(sids[1], "ringing")
        last = await voice.client.calls(sids[4]).fetch_async()
        assert last.status == "queued" and last.start_time is None and int(last.queue_time) > 2000
        await voice.client.calls(sids[4]).update_async(status="canceled")
        assert (await voice.client.calls(sids[4]).fetch_async()).status == "canceled"
        await voice.api("/faults", {"twilio": {"enforce_limits": False}})
        await voice.at(sids[3], "ringing")
        assert (await voice.look(sids[4]))["status"] == "canceled"


@pytest.mark.promise("sandbox-strict")
async def test_no_more_calls_at_once_than_the_account_may_have() -> None:
    async with open_voice(Account(calls_at_once=2), limits=True, agent=LONG, voice=LONG) as voice:
        first = await voice.ring()
        await voice.make()
        assert await refused(voice.make(EVA)) == (429, 10004)
        await voice.api("/calls", {"from": EVA, "to": OURS}, 409)
        await voice.act(first, "hangup")
        await voice.make(EVA)


@pytest.mark.promise("sandbox-strict")
async def test_no_call_is_taken_that_could_not_leave_within_a_day() -> None:
    async with open_voice(limits=True, agent=LONG) as voice:
        await voice.make()
        lines = voice.stage.sandbox.standins[0].voice.lines  # type: ignore[attr-defined]
        lines._free += 86_400
        assert await refused(voice.make(EVA)) == (429, 22005)


async def test_calls_are_found_by_number_state_and_time() -> None:
    async with open_voice(agent=LONG, voice=f"<Say>Hi.</Say>{LONG}") as voice:
        inbound = await voice.ring()
        await voice.at(inbound, "listening")
        made = await voice.answered()
        await voice.at(made, "listening")
        await voice.act(inbound, "hangup")
        calls = voice.client.calls
        assert [c.sid for c in await calls.list_async()] == [made, inbound]
        assert [c.sid for c in await calls.list_async(to=ADA, from_=OURS)] == [made]
        assert [c.sid for c in await calls.list_async(status="completed")] == [inbound]
        now = datetime.now(UTC)
        assert len(await calls.list_async(start_time_after=now - timedelta(minutes=5))) == 2
        assert await calls.list_async(start_time_before=now - timedelta(days=2)) == []
        found = await calls(inbound).fetch_async()
        assert (found.direction, found._from, found.to) == ("inbound", EVA, OURS)
        assert found.duration == "1" and found.end_time and found.account_sid == ACCOUNT
        assert await refused(calls(made).delete_async()) == (409, 20009)
        assert await calls(inbound).delete_async()
        assert await refused(calls(inbound).fetch_async()) == (404, 20404)


async def test_a_call_that_is_over_or_not_there_cannot_be_moved() -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.make()
        url = f"{voice.base}/elsewhere"
        assert await refused(voice.client.calls(sid).update_async(url=url)) == (400, 21220)
        await voice.at(sid, "ringing")
        assert await refused(voice.client.calls(sid).update_async(url=url)) == (400, 21220)
        ended = await voice.client.calls(sid).update_async(status="completed")
        assert ended.status == "canceled"
        for change in ({"url": url}, {"status": "completed"}, {"twiml": "<Response/>"}):
            assert await refused(voice.client.calls(sid).update_async(**change)) == (400, 21220)
        assert await refused(voice.client.calls("CA" + "0" * 32).update_async(url=url)) == (404, 20404)
        await voice.act(sid, "answer", 409)
        await voice.act(sid, "hangup", 409)


async def test_canceling_spares_a_call_that_was_answered_and_completing_ends_it() -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.answered()
        await voice.at(sid, "listening")
        spared = await voice.client.calls(sid).update_async(status="canceled")
        assert spared.status == "in-progress"
        assert (await voice.client.calls(sid).update_async(status="completed")).status == "completed"


async def test_a_call_in_progress_goes_on_with_other_markup_or_another_address() -> None:
    async with open_voice(agent=LONG, elsewhere=f"<Say>Elsewhere.</Say>{LONG}") as voice:
        sid = await voice.answered()
        await voice.at(sid, "listening")
        await voice.client.calls(sid).update_async(url=f"{voice.base}/elsewhere", method="GET")
        await voice.said(sid, "Elsewhere.")
        await voice.client.calls(sid).update_async(twiml="<Response><Say>By hand.</Say><Hangup/></Response>")
        await voice.said(sid, "By hand.")
        await voice.until(sid, lambda it: it["status"] == "completed")


async def test_nobody_answers_until_the_time_is_up_and_five_seconds_more() -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.make(timeout=20, status_callback=f"{voice.base}/status")
        await voice.at(sid, "ringing")
        await voice.api("/clock", {"advance": "22s"})
        assert (await voice.look(sid))["status"] == "ringing"
        await voice.api("/clock", {"advance": "10s"})
        assert (await voice.heard("/status"))[0].params["CallStatus"] == "no-answer"
        assert (await voice.client.calls(sid).fetch_async()).duration == "0"


async def test_no_call_is_longer_than_it_may_be() -> None:
    async with open_voice(agent="<Pause length='100000'/>", voice="<Pause length='100000'/><Say/>") as voice:
        sid = await voice.answered(time_limit=60)
        await voice.at(sid, "listening")
        await voice.api("/clock", {"advance": "61s"})
        shown = await voice.until(sid, lambda it: it["status"] == "completed")
        assert 60 <= shown["duration"] <= 63


@pytest.mark.parametrize(("how", "found"), [("answer", "human"), ("machine", "machine_start")])
async def test_a_machine_is_told_from_a_person_beside_the_call(how: str, found: str) -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.make(
            machine_detection="Enable", async_amd="true", async_amd_status_callback=f"{voice.base}/amd"
        )
        await voice.at(sid, "ringing")
        await voice.act(sid, how)
        told = (await voice.heard("/amd"))[0].params
        assert (told["AnsweredBy"], told["CallSid"]) == (found, sid)
        assert "AnsweredBy" not in voice.asked("/agent")[0].params
        assert (await voice.client.calls(sid).fetch_async()).answered_by == found


@pytest.mark.parametrize(
    ("how", "says"), [("answer", "machine_start"), ("machine", "human"), ("answer", "unknown")]
)
async def test_detection_errs_where_the_script_says_so(how: str, says: str) -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.make(machine_detection="Enable")
        await voice.at(sid, "ringing")
        await voice.act(sid, how, 400, detected="a parrot")
        await voice.act(sid, how, detected=says)
        assert (await voice.heard("/agent"))[0].params["AnsweredBy"] == says


async def test_a_number_that_asks_by_get_is_signed_over_its_whole_address() -> None:
    async with open_voice(voice=f"<Say>Hi.</Say>{LONG}") as voice:
        number = (await voice.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        url = f"{voice.base}/voice?a=b"
        await voice.client.incoming_phone_numbers(number.sid).update_async(voice_url=url, voice_method="GET")
        await voice.said(await voice.ring(), "Hi.")
        assert voice.asked("/voice")[0].signed


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("anonymous", "+266696687"),
        ("restricted", "+7378742833"),
        ("+266696687", "+266696687"),
        ("sip:eva@example.com", "sip:eva@example.com"),
        ("+447700900123", "+447700900123"),
    ],
)
async def test_callers_who_hide_call_by_sip_or_from_abroad_are_written_as_twilio_writes_them(
    sender: str, shown: str
) -> None:
    async with open_voice(voice=LONG) as voice:
        sid = await voice.ring(sender)
        first = (await voice.heard("/voice"))[0].params
        assert (first["From"], first["Caller"], first["CallSid"]) == (shown, shown, sid)
        assert first["StirVerstat"] == "No-TN-Validation" and "CallerName" not in first
        assert [c["sid"] for c in await voice.api(f"/calls?number={shown.replace('+', '%2B')}")] == [sid]


async def test_keys_are_pressed_for_us_as_soon_as_the_other_side_answers() -> None:
    async with open_voice(agent=LONG) as voice:
        sid = await voice.answered(send_digits="ww1")
        await voice.until(sid, lambda it: [h["text"] for h in it["heard"] if h["kind"] == "beep"] == ["ww1"])


async def test_a_call_whose_reply_is_lost_rings_all_the_same_and_can_be_found() -> None:
    async with open_voice(agent=LONG) as voice:
        await voice.api("/faults", {"twilio": {"drop_reply": True, "times": 1, "enforce_limits": False}})
        with pytest.raises(aiohttp.ClientError):
            await voice.make()
        found = await voice.client.calls.list_async(to=ADA, from_=OURS)
        assert len(found) == 1
        await voice.at(found[0].sid, "ringing")


async def test_the_page_is_told_of_every_change_of_a_call_and_of_no_words() -> None:
    async with open_voice(
        voice='<Gather numDigits="1" action="/key"><Say>Secret words.</Say></Gather>'
    ) as voice:
        async with voice.stage.http.get(f"{voice.stage.base}/sandbox/api/events") as events:
            sid = await voice.ring()
            await voice.said(sid, "Secret words.")
            await voice.act(sid, "hangup")
            await voice.stage.sandbox.stop()
            text = (await events.content.read()).decode()
        notes = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
        mine = [n for n in notes if n["kind"] == "call"]
        assert len(mine) >= 5 and all(n == {"kind": "call", "sid": sid, "number": EVA} for n in mine)
        assert "Secret" not in text


async def test_a_number_whose_caller_was_attested_says_so_and_a_bought_name_comes_along() -> None:
    async with open_voice(voice=LONG) as voice:
        await voice.ring("+12125550123")
        first = (await voice.heard("/voice"))[0].params
        assert first["StirVerstat"] == "TN-Validation-Passed-A" and "CallerName" not in first


@pytest.mark.parametrize(("reason", "status"), [("", "no-answer"), (' reason="busy"', "busy")])
async def test_a_rejected_call_is_never_answered(reason: str, status: str) -> None:
    async with open_voice(voice=f"<Reject{reason}/>") as voice:
        sid = await voice.ring()
        shown = await voice.until(sid, lambda it: it["status"] == status)
        assert shown["duration"] == 0


async def test_the_numbers_own_callback_hears_of_the_end_alone() -> None:
    async with open_voice(voice="<Say>Bye.</Say>") as voice:
        number = (await voice.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await voice.client.incoming_phone_numbers(number.sid).update_async(
            status_callback=f"{voice.base}/status"
        )
        sid = await voice.ring()
        done = (await voice.heard("/status"))[0].params
        assert (done["CallSid"], done["CallStatus"], done["SequenceNumber"]) == (sid, "completed", "0")
        assert len(voice.asked("/status")) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"from": EVA}, 400),
        ({"from": "Eva", "to": OURS}, 400),
        ({"from": OURS, "to": OURS}, 400),
        ({"from": EVA, "to": "+15550199999"}, 404),
        ({"from": EVA, "to": OURS, "colour": "red"}, 400),
    ],
)
async def test_a_call_that_cannot_be_is_refused_with_a_hint(body: object, status: int) -> None:
    async with open_voice() as voice:
        assert set(await voice.api("/calls", body, status)) == {"error", "hint"}


async def test_phones_do_only_what_phones_can() -> None:
    async with open_voice(agent=LONG, voice=LONG) as voice:
        caller, made = await voice.ring(), await voice.make()
        await voice.at(made, "ringing")
        await voice.act(caller, "answer", 409)
        await voice.act(made, "press", 409, digits="1")
        await voice.act(made, "speak", 409, text="hello")
        await voice.act(caller, "press", 400, digits="x")
        await voice.act(caller, "press", 400)
        await voice.act(caller, "speak", 400, text="")
        await voice.act("CA" + "0" * 32, "answer", 404)
        for query in ("?number=", "?number=+4915112345678", "?number=Eva"):
            await voice.api(f"/calls{query}", None, 400)
        await voice.act(made, "answer")
        await voice.act(made, "busy", 409)


async def test_a_reset_ends_every_call_without_a_word() -> None:
    async with open_voice(
        agent=LONG, voice='<Enqueue action="/left" waitUrl="/wait">q</Enqueue>', wait=LONG
    ) as voice:
        caller = await voice.ring()
        await voice.at(caller, "waiting")
        await voice.make(status_callback=f"{voice.base}/status")
        await voice.api("/reset", {})
        await voice.api(f"/calls/{caller}", None, 404)
        assert await voice.client.calls.list_async() == [] and await voice.client.queues.list_async() == []
        again = await voice.ring()
        await voice.at(again, "waiting")
        assert voice.asked("/left") == [] and voice.asked("/status") == []
