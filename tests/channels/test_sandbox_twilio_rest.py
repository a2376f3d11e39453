"""The stand-in's REST API meets the real twilio library, and refuses what Twilio refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio_rehearsal import ACCOUNT, EVA, GERMAN, OURS, OtherBase, open_stage

from tierline.sandbox.twilio_store import Account


async def test_a_text_is_queued_then_delivered_by_itself() -> None:
    async with open_stage() as stage:
        sent = await stage.send("Grüße", status_callback=f"{stage.app.base}/status")
        assert (sent.status, sent.direction, sent.num_segments) == ("queued", "outbound-api", "1")
        assert sent.sid.startswith("SM") and len(sent.sid) == 34 and sent.date_sent is None
        done = await stage.settled(sent.sid, "delivered")
        assert done.date_sent and done.error_code is None
        await stage.app.until(lambda heard: "delivered" in stage.app.statuses())
        assert stage.app.statuses() == ["queued", "sending", "sent", "delivered"]
        assert all(h.signed for h in stage.app.heard)
        assert {h.params["MessageSid"] for h in stage.app.heard} == {sent.sid}
        phone = await stage.call("/sms?number=%2B4915112345678")
        assert [(m["from"], m["to"], m["text"], m["status"]) for m in phone] == [
            (OURS, EVA, "Grüße", "delivered")
        ]


REFUSED = [
    ({"to": "12"}, 21211),
    ({"to": "0151 123"}, 21211),
    ({"to": "73273"}, 21265),
    ({"to": OURS}, 21266),
    ({"to": "+15005550001"}, 21211),
    ({"to": "+15005550002"}, 21612),
    ({"to": "+15005550003"}, 21408),
    ({"to": "+15005550004"}, 21610),
    ({"to": "+15005550009"}, 21614),
    ({"to": "whatsapp:+4915112345678"}, 63007),
    ({"sender": "+15550199999"}, 21659),
    ({"sender": "12#"}, 21212),
    ({"sender": "Tierline"}, 21612),
    ({"sender": None}, 21603),
    ({"body": None}, 21619),
    ({"body": ""}, 21602),
    ({"body": "x" * 1601}, 21617),
    ({"media_url": ["not a url"]}, 21620),
    ({"media_url": ["http://127.0.0.1/a.png"] * 11}, 21623),
    ({"media_url": ["http://127.0.0.1/a.png"], "sender": GERMAN}, 21621),
    ({"status_callback": "ftp://x/y"}, 21609),
    ({"status_callback": "http://under_score/"}, 21609),
    ({"messaging_service_sid": "MG" + "0" * 32}, 21701),
    ({"validity_period": 40_000}, 21624),
    ({"schedule_type": "fixed", "send_at": datetime(2030, 1, 1, tzinfo=UTC)}, 35118),
]


@pytest.mark.promise("sandbox-strict")
@pytest.mark.parametrize(("change", "code"), REFUSED)
async def test_what_twilio_refuses_is_refused_with_its_code(change: dict[str, object], code: int) -> None:
    async with open_stage() as stage:
        arguments = {"to": EVA, "sender": OURS, "body": "hello", **change}
        if arguments["sender"] is None:
            arguments["sender"] = ""
        with pytest.raises(TwilioRestException) as raised:
            await stage.send(**arguments)  # type: ignore[arg-type]
        assert (raised.value.status, raised.value.code) == (400, code)
        assert await stage.client.messages.list_async() == []
        listed = await stage.call("/twilio/warnings")
        assert [w["code"] for w in listed] == [code]


async def test_1600_characters_pass_and_segments_are_counted_as_carriers_do() -> None:
    async with open_stage() as stage:
        cases = [
            ("x" * 160, 1),
            ("x" * 161, 2),
            ("€" * 80, 1),
            ("€" * 81, 2),
            ("ж" * 70, 1),
            ("ж" * 71, 2),
            ("😀" * 35, 1),
            ("😀" * 36, 2),
            ("x" * 1600, 11),
        ]
        for text, segments in cases:
            assert (await stage.send(text)).num_segments == str(segments), text[:3]


async def test_wrong_credentials_and_foreign_accounts_are_not_let_in() -> None:
    async with open_stage() as stage:
        for sid, token in ((ACCOUNT, "wrong"), ("AC" + "0" * 32, "b2" * 16), ("nobody", "")):
            async with OtherBase(f"{stage.base}/twilio") as http:
                client = Client(sid, token or "x", http_client=http)
                with pytest.raises(TwilioRestException) as raised:
                    await client.messages.create_async(to=EVA, from_=OURS, body="hi")
                assert (raised.value.status, raised.value.code) == (401, 20003)
        url = f"{stage.base}/twilio/api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        for header in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !!"}):
            async with stage.http.get(url, headers=header) as answer:
                assert answer.status == 401 and (await answer.json())["code"] == 20003


async def test_unknown_things_are_20404_and_wrong_methods_20004() -> None:
    async with open_stage() as stage:
        with pytest.raises(TwilioRestException) as raised:
            await stage.client.messages("SM" + "0" * 32).fetch_async()
        assert (raised.value.status, raised.value.code) == (404, 20404)
        with pytest.raises(TwilioRestException) as raised:
            await stage.client.addresses("AD" + "0" * 32).fetch_async()
        assert (raised.value.status, raised.value.code) == (404, 20404)
        auth = aiohttp.encode_basic_auth(ACCOUNT, "b2" * 16)
        url = f"{stage.base}/twilio/api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        async with stage.http.put(url, headers={"Authorization": auth}) as answer:
            assert answer.status == 405 and (await answer.json())["code"] == 20004


async def test_messages_are_found_by_number_and_day_page_by_page() -> None:
    async with open_stage() as stage:
        sids = [(await stage.send(f"n {n}")).sid for n in range(5)]
        other = (await stage.send("else", to="+4915100000002")).sid
        for sid in [*sids, other]:
            await stage.settled(sid, "delivered")
        found = await stage.client.messages.list_async(to=EVA, page_size=2)
        assert [m.sid for m in found] == sids[::-1]
        assert [m.sid for m in await stage.client.messages.list_async(from_=OURS, limit=1)] == [other]
        now = datetime.now(UTC)
        after = await stage.client.messages.list_async(date_sent_after=now - timedelta(minutes=5))
        assert len(after) == 6
        assert await stage.client.messages.list_async(date_sent_before=now - timedelta(days=2)) == []
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, "b2" * 16)}
        root = f"{stage.base}/twilio/api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        for query in ("DateSent=yesterday", "PageSize=0", "PageSize=x", "Page=1", "Page=1&PageToken=PAx"):
            async with stage.http.get(f"{root}?{query}", headers=auth) as answer:
                assert answer.status == 400, query


async def test_numbers_and_their_webhooks_are_listed_and_changed() -> None:
    async with open_stage() as stage:
        numbers = await stage.client.incoming_phone_numbers.list_async()
        assert [n.phone_number for n in numbers] == [OURS, GERMAN]
        assert numbers[0].capabilities["mms"] and not numbers[1].capabilities["mms"]
        found = await stage.client.incoming_phone_numbers.list_async(phone_number=GERMAN)
        assert [n.sid for n in found] == [numbers[1].sid]
        url = f"{stage.app.base}/other#rc=3&rp=all"
        changed = await stage.client.incoming_phone_numbers(numbers[0].sid).update_async(sms_url=url)
        assert changed.sms_url == url
        await stage.text("hi")
        assert stage.app.heard[-1].path == "/other"
        with pytest.raises(TwilioRestException) as raised:
            await stage.client.incoming_phone_numbers(numbers[0].sid).update_async(sms_url="nonsense")
        assert raised.value.code == 21502


async def test_a_trial_account_says_so_and_texts_only_verified_numbers() -> None:
    async with open_stage(Account(kind="Trial", verified=frozenset({EVA}))) as stage:
        assert (await stage.client.api.v2010.accounts(ACCOUNT).fetch_async()).type == "Trial"
        assert (await stage.send("hello")).body == "Sent from your Twilio trial account - hello"
        with pytest.raises(TwilioRestException) as raised:
            await stage.send(to="+4915100000002")
        assert raised.value.code == 21608


async def test_a_number_sends_one_segment_a_second_and_takes_ten_hours_of_them() -> None:
    async with open_stage(limits=True) as stage:
        sids = [(await stage.send(f"n {n}")).sid for n in range(30)]
        await stage.settled(sids[0], "delivered")
        assert (await stage.client.messages(sids[-1]).fetch_async()).status == "queued"
        standin = stage.sandbox.standins[0]
        standin._carrier.queued[OURS] += 36_000  # type: ignore[attr-defined]
        with pytest.raises(TwilioRestException) as raised:
            await stage.send()
        assert raised.value.code == 21611
        await stage.call("/faults", {"twilio": {"enforce_limits": False}})
        for sid in sids:
            await stage.settled(sid, "delivered")


async def test_more_than_a_hundred_requests_at_once_are_too_many() -> None:
    async with open_stage(limits=True) as stage:
        rest = stage.sandbox.standins[0]._rest  # type: ignore[attr-defined]
        rest.under_way += 100
        with pytest.raises(TwilioRestException) as raised:
            await stage.send()
        assert (raised.value.status, raised.value.code) == (429, 20429)
        rest.under_way -= 100
        assert (await stage.send()).status == "queued"


async def test_faults_fail_so_many_times_then_all_is_well() -> None:
    async with open_stage() as stage:
        await stage.call("/faults", {"twilio": {"fail": 503, "times": 2, "enforce_limits": False}})
        for _ in range(2):
            with pytest.raises(TwilioRestException) as raised:
                await stage.send()
            assert raised.value.status == 503
        assert (await stage.send()).status == "queued"
        assert [e["status"] for e in await stage.call("/wire") if e["method"] == "POST"] == [503, 503, 201]


async def test_a_dropped_reply_leaves_a_text_that_was_sent_all_the_same() -> None:
    async with open_stage() as stage:
        await stage.call("/faults", {"twilio": {"drop_reply": True, "times": 1, "enforce_limits": False}})
        with pytest.raises(aiohttp.ClientError):
            await stage.send("once")
        found = await stage.client.messages.list_async(to=EVA)
        assert [m.body for m in found] == ["once"]
        await stage.settled(found[0].sid, "delivered")
        assert (await stage.send("twice")).sid


async def test_manual_receipts_wait_for_the_script_and_may_fail() -> None:
    async with open_stage() as stage:
        await stage.call("/faults", {"receipts": "manual", "twilio": {"enforce_limits": False}})
        sent = await stage.send(status_callback=f"{stage.app.base}/status")
        await stage.app.until(lambda heard: "sent" in stage.app.statuses())
        body = {"status": "undelivered", "error_code": 30003}
        told = await stage.call(f"/sms/{sent.sid}/status", body)
        assert told == {"sid": sent.sid, "status": "undelivered", "product_status": 200}
        assert stage.app.heard[-1].params["ErrorCode"] == "30003"
        found = await stage.client.messages(sent.sid).fetch_async()
        assert (found.error_code, found.error_message) == (30003, "Unreachable destination handset")
        # A late, contradicting receipt is told, as carriers do, but does not change the end.
        await stage.call(f"/sms/{sent.sid}/status", {"status": "sent"})
        assert stage.app.statuses()[-1] == "sent"
        assert (await stage.client.messages(sent.sid).fetch_async()).status == "undelivered"


async def test_receipts_can_come_last_first_and_twice() -> None:
    async with open_stage() as stage:
        faults = {"out_of_order": True, "redeliver": True, "undelivered": 30005, "enforce_limits": False}
        await stage.call("/faults", {"twilio": faults})
        await stage.send(status_callback=f"{stage.app.base}/status")
        await stage.app.until(lambda heard: len(stage.app.statuses()) == 8)
        expected = [s for s in ("undelivered", "sent", "sending", "queued") for _ in range(2)]
        assert stage.app.statuses() == expected
        tokens = [h.headers["I-Twilio-Idempotency-Token"] for h in stage.app.heard]
        assert tokens[0] == tokens[1] and len(set(tokens)) == 4


async def test_a_finished_text_can_be_removed_and_a_running_one_not() -> None:
    async with open_stage(limits=True) as stage:
        first, second = (await stage.send()).sid, (await stage.send("x" * 1000)).sid
        third = (await stage.send()).sid
        with pytest.raises(TwilioRestException) as raised:
            await stage.client.messages(third).delete_async()
        assert (raised.value.status, raised.value.code) == (409, 20009)
        await stage.settled(first, "delivered")
        assert (await stage.client.messages(first).update_async(body="")).body == ""
        assert await stage.client.messages(first).delete_async()
        assert [m.sid for m in await stage.client.messages.list_async()] == [third, second]
