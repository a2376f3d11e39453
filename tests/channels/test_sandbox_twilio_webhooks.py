"""The customer's side of the stand-in: signed webhooks, opt-out words, media, fallbacks, TwiML."""

from __future__ import annotations

import asyncio
import base64
import socket

import aiohttp
import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import ACCOUNT, EVA, GERMAN, OURS, TOKEN, Stage, open_stage

from tierline.sandbox.twilio_store import Account
from tierline.sandbox.twilio_webhook import Answer, is_retried, parse_overrides

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.mark.promise("sandbox-sms")
async def test_a_customers_text_arrives_as_a_signed_form() -> None:
    async with open_stage() as stage:
        sent = await stage.text("My server is down 😀 & more=less", to=GERMAN)
        assert sent["product_status"] == 200
        heard = stage.app.heard[0]
        assert heard.signed and heard.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
        assert heard.headers["I-Twilio-Idempotency-Token"]
        assert heard.params == {
            "ToCountry": "DE",
            "SmsMessageSid": sent["sid"],
            "NumMedia": "0",
            "SmsSid": sent["sid"],
            "SmsStatus": "received",
            "Body": "My server is down 😀 & more=less",
            "FromCountry": "DE",
            "To": GERMAN,
            "NumSegments": "1",
            "MessageSid": sent["sid"],
            "AccountSid": ACCOUNT,
            "From": EVA,
            "ApiVersion": "2010-04-01",
        }
        found = await stage.client.messages(sent["sid"]).fetch_async()
        assert (found.direction, found.status) == ("inbound", "received")


async def test_a_webhook_set_to_get_is_signed_over_its_whole_url() -> None:
    async with open_stage() as stage:
        number = (await stage.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await stage.client.incoming_phone_numbers(number.sid).update_async(
            sms_url=f"{stage.app.base}/got?x=1", sms_method="GET"
        )
        await stage.text("a b+c")
        assert stage.app.heard[0].signed and stage.app.heard[0].path == "/got"


@pytest.mark.parametrize("length", [0, 1600, 1601, 20_000])
async def test_a_text_of_any_length_arrives_once_cut_at_1600_characters(length: int) -> None:
    async with open_stage() as stage:
        sent = await stage.text("ж" * length)
        assert [len(h.params["Body"]) for h in stage.app.heard] == [min(length, 1600)]
        found = await stage.client.messages(sent["sid"]).fetch_async()
        assert found.error_code == (21617 if length > 1600 else None)


@pytest.mark.promise("sandbox-optout")
async def test_stop_blocks_the_pair_until_start_and_twilio_itself_says_so() -> None:
    async with open_stage() as stage:
        await stage.text("stop please")
        assert (await stage.send()).status == "queued"
        await stage.text(" Stop ")
        with pytest.raises(TwilioRestException) as raised:
            await stage.send()
        assert raised.value.code == 21610
        assert (await stage.send(to="+4915100000002")).status == "queued"
        await stage.text("STOP")
        await stage.text("unstop")
        assert (await stage.send()).status == "queued"
        phone = [m["text"] for m in await stage.call("/sms?number=%2B4915112345678") if m["from"] == OURS]
        assert [t.partition(".")[0] for t in phone] == [
            "hello",
            "You have successfully been unsubscribed",
            "You have successfully been re-subscribed to messages from this number",
            "hello",
        ]
        # The app hears every word all the same; which kind it was is only told with Advanced Opt-Out.
        assert [h.params["Body"] for h in stage.app.heard] == ["stop please", " Stop ", "STOP", "unstop"]
        assert not any("OptOutType" in h.params for h in stage.app.heard)


async def test_advanced_opt_out_names_the_kind_of_word_and_help_is_answered() -> None:
    async with open_stage(Account(advanced_opt_out=True)) as stage:
        for word in ("INFO", "quit", "Help", "YES"):
            await stage.text(word)
        assert [h.params["OptOutType"] for h in stage.app.heard] == ["HELP", "STOP", "HELP", "START"]
        phone = [m["text"] for m in await stage.call("/sms?number=%2B4915112345678") if m["from"] == OURS]
        assert len(phone) == 3 and phone[0].startswith("Reply STOP")


async def test_a_picture_is_fetched_with_credentials_through_a_redirect_that_takes_none() -> None:
    async with open_stage() as stage:
        url = "data:image/png;base64," + base64.b64encode(PIXEL).decode()
        sent = await stage.text("look", media=[url])
        params = stage.app.heard[0].params
        assert sent["sid"].startswith("MM") and params["NumMedia"] == "1"
        assert params["MediaContentType0"] == "image/png"
        real = params["MediaUrl0"]
        assert real.startswith(
            f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{sent['sid']}/Media/ME"
        )
        auth = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
        local = real.replace("https://", f"{stage.base}/twilio/")
        async with stage.http.get(local, allow_redirects=False) as answer:
            assert answer.status == 401
        async with stage.http.get(local, headers=auth, allow_redirects=False) as answer:
            assert answer.status == 307
            there = answer.headers["Location"]
        assert there.startswith("https://mms.twiliocdn.com/")
        cdn = there.replace("https://", f"{stage.base}/twilio/")
        async with stage.http.get(cdn, headers=auth) as answer:
            assert answer.status == 400
        async with stage.http.get(cdn) as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PIXEL)
        async with stage.http.get(cdn.replace(ACCOUNT + "/", ACCOUNT + "/0")) as answer:
            assert answer.status == 403
        listed = await stage.client.messages(sent["sid"]).media.list_async()
        assert [m.content_type for m in listed] == ["image/png"]
        assert (
            await stage.client.messages(sent["sid"]).media(listed[0].sid).fetch_async()
        ).parent_sid == sent["sid"]
        shown = (await stage.call("/sms?number=%2B4915112345678"))[0]["media"]
        async with stage.http.get(stage.base + shown[0]) as answer:
            assert await answer.read() == PIXEL


async def test_outgoing_pictures_are_fetched_and_a_dead_link_fails_the_text() -> None:
    async with open_stage() as stage:

        async def answer(request: web.Request) -> web.Response:
            if request.path == "/pixel.png":
                return web.Response(body=PIXEL, content_type="image/png")
            return web.Response(status=404 if request.path == "/gone.png" else 200)

        stage.app.answer = answer
        good = await stage.send(None, media_url=[f"{stage.app.base}/pixel.png"])
        assert good.sid.startswith("MM") and good.num_media == "1"
        await stage.settled(good.sid, "delivered")
        bad = await stage.send("see", media_url=[f"{stage.app.base}/gone.png"])
        assert (await stage.settled(bad.sid, "failed")).error_code == 11200


async def listed_codes(stage: Stage) -> list[int]:
    return [w["code"] for w in await stage.call("/twilio/warnings")]


@pytest.mark.parametrize(
    ("text", "kind", "codes", "replies"),
    [
        ("<Response/>", "text/xml", [], []),
        ("", "text/plain", [], []),
        ("<Response><Message>Thanks</Message></Response>", "application/xml", [], ["Thanks"]),
        (
            "<Response><Message><Body>A</Body></Message><Message>B</Message></Response>",
            "text/xml",
            [],
            ["A", "B"],
        ),
        ("plain words", "text/plain", [], ["plain words"]),
        ("{}", "application/json", [12300], []),
        ("<Response>", "text/xml", [12100], []),
        ("", "text/xml", [12100], []),
        ("<!DOCTYPE x><Response/>", "text/xml", [12100], []),
        ("<Reply/>", "text/xml", [12200], []),
        ("<Response><Say>hi</Say></Response>", "text/xml", [12200], []),
        ("<Response><Message/></Response>", "text/xml", [14103], []),
        ("<Response><Message to='12'>x</Message></Response>", "text/xml", [21211], []),
        ("<Response>" + " " * 70_000 + "</Response>", "text/xml", [11750], []),
    ],
)
async def test_the_answers_markup_is_obeyed_and_its_mistakes_listed(
    text: str, kind: str, codes: list[int], replies: list[str]
) -> None:
    async with open_stage() as stage:

        async def answer(request: web.Request) -> web.Response:
            return web.Response(text=text, content_type=kind)

        stage.app.answer = answer
        await stage.text("hi")
        assert await listed_codes(stage) == codes
        phone = await stage.call("/sms?number=%2B4915112345678")
        assert [m["text"] for m in phone if m["from"] == OURS] == replies


async def test_an_error_answer_is_not_tried_again_but_goes_to_the_fallback() -> None:
    async with open_stage() as stage:

        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=503 if request.path == "/sms" else 204)

        stage.app.answer = answer
        told = await stage.text("first")
        assert (told["product_status"], told["error_code"]) == (503, 11200)
        assert [h.path for h in stage.app.heard] == ["/sms"] and await listed_codes(stage) == [11200]
        number = (await stage.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await stage.client.incoming_phone_numbers(number.sid).update_async(
            sms_fallback_url=f"{stage.app.base}/fallback"
        )
        assert (await stage.text("second"))["product_status"] == 204
        last = stage.app.heard[-1]
        assert (last.path, last.signed, last.params["ErrorCode"]) == ("/fallback", True, "11200")
        assert last.params["ErrorUrl"] == f"{stage.app.base}/sms"


async def test_retries_happen_as_the_urls_settings_say_with_one_token() -> None:
    async with open_stage() as stage:

        async def answer(request: web.Request) -> web.Response:
            return web.Response(status=500 if len(stage.app.heard) < 3 else 204)

        stage.app.answer = answer
        number = (await stage.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await stage.client.incoming_phone_numbers(number.sid).update_async(
            sms_url=f"{stage.app.base}/sms#rc=3&rp=5xx"
        )
        assert (await stage.text("again"))["product_status"] == 204
        assert len(stage.app.heard) == 3 and all(h.signed for h in stage.app.heard)
        assert len({h.headers["I-Twilio-Idempotency-Token"] for h in stage.app.heard}) == 1


async def test_a_refused_connection_is_tried_twice_and_told() -> None:
    async with open_stage() as stage:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            closed = free.getsockname()[1]
        number = (await stage.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        url = f"http://127.0.0.1:{closed}/sms"
        await stage.client.incoming_phone_numbers(number.sid).update_async(sms_url=url)
        told = await stage.text("nobody home")
        assert (told["product_status"], told["error_code"]) == (0, 11200)
        tries = [e for e in await stage.call("/wire") if e["direction"] == "in"]
        assert [e["status"] for e in tries] == [0, 0]
        await stage.client.incoming_phone_numbers(number.sid).update_async(sms_url="")
        assert (await stage.text("no webhook"))["product_status"] is None


async def test_an_app_that_hangs_is_given_up_after_the_read_timeout_and_not_asked_again() -> None:
    async with open_stage() as stage:
        never = asyncio.Event()

        async def answer(request: web.Request) -> web.Response:
            await never.wait()
            return web.Response()

        stage.app.answer = answer
        number = (await stage.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await stage.client.incoming_phone_numbers(number.sid).update_async(
            sms_url=f"{stage.app.base}/sms#rt=100"
        )
        told = await stage.text("hello?")
        assert (told["product_status"], told["error_code"], len(stage.app.heard)) == (0, 11200, 1)
        never.set()


async def test_a_reset_ends_receipts_that_are_under_way() -> None:
    async with open_stage(limits=True) as stage:
        for _ in range(3):
            await stage.send("x" * 1000, status_callback=f"{stage.app.base}/status")
        await stage.call("/reset", {})
        standin = stage.sandbox.standins[0]
        await standin.settle()  # type: ignore[attr-defined]
        heard = len(stage.app.heard)
        after = await stage.send("after", status_callback=f"{stage.app.base}/status")
        await stage.settled(after.sid, "delivered")
        await standin.settle()  # type: ignore[attr-defined]
        late = [h.params for h in stage.app.heard[heard:] if h.params["MessageStatus"] == "delivered"]
        assert [p["MessageSid"] for p in late] == [after.sid]


def test_overrides_out_of_range_count_as_not_given() -> None:
    assert parse_overrides("") == parse_overrides("ct=99&rt=15001&rc=6&rp=no")
    given = parse_overrides("ct=100&rt=2000&tt=3000&rc=5&rp=4xx,5xx")
    assert (given.connect, given.read, given.total, given.retries) == (0.1, 2.0, 3.0, 5)
    assert is_retried(Answer(404), given.policy) and not is_retried(Answer(0, failure="ct"), given.policy)
    assert is_retried(Answer(0, failure="rt"), frozenset({"all"})) and not is_retried(
        Answer(200), frozenset({"all"})
    )


async def test_a_webhook_delivered_twice_carries_the_same_sid_and_token() -> None:
    async with open_stage() as stage:
        await stage.call("/faults", {"twilio": {"redeliver": True}})
        await stage.text("twice")
        first, second = stage.app.heard
        assert first.params == second.params
        assert first.headers["I-Twilio-Idempotency-Token"] == second.headers["I-Twilio-Idempotency-Token"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"from": EVA, "to": OURS}, 400),
        ({"from": EVA, "to": OURS, "text": 5}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "colour": "red"}, 400),
        ({"from": "Eva", "to": OURS, "text": "x"}, 400),
        ({"from": OURS, "to": GERMAN, "text": "x"}, 400),
        ({"from": EVA, "to": "+15550100009", "text": "x"}, 404),
        ({"from": EVA, "to": OURS, "text": "\ud800"}, 400),
        ({"from": EVA, "to": OURS, "text": "x" * 20_001}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": "http://x"}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": [5]}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": ["data:nonsense"]}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": ["data:image/png;base64,%%%"]}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": ["file:///etc/passwd"]}, 400),
        ({"from": EVA, "to": OURS, "text": "x", "media": ["data:image/png;base64,AA=="] * 11}, 400),
        ([], 400),
    ],
)
async def test_a_malformed_text_is_refused_and_nothing_is_sent(body: object, status: int) -> None:
    async with open_stage() as stage:
        refused = await stage.call("/sms", body, status)
        assert set(refused) == {"error", "hint"}
        assert stage.app.heard == [] and await stage.client.messages.list_async() == []


async def test_receipts_for_unknown_or_incoming_texts_are_refused() -> None:
    async with open_stage() as stage:
        sent = await stage.text("hi")
        await stage.call(f"/sms/{sent['sid']}/status", {"status": "delivered"}, 409)
        await stage.call("/sms/SMnothing/status", {"status": "delivered"}, 404)
        out = await stage.send()
        for body in ({"status": "lost"}, {"status": "delivered", "error_code": 30003}, {"status": 1}, {}):
            await stage.call(f"/sms/{out.sid}/status", body, 400)
        await stage.call(f"/sms/{out.sid}/status", {"status": "failed", "error_code": 7}, 400)
        for query in ("", "?number=+4915112345678", "?number=Eva"):
            await stage.call(f"/sms{query}", None, 400)
