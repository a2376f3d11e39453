"""Texts in and out through Twilio's stand-in: once each, whole, with receipts, and never a picture from elsewhere."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
from helpers_store import until
from hypothesis import given, settings
from hypothesis import strategies as st
from sms_door_stage import DoorStage, door_stage, form_of, picture
from twilio_rehearsal import ACCOUNT, EVA, GERMAN, OURS, TOKEN

from tierline.channels.channel import NotDelivered, OutcomeUnknown
from tierline.channels.sms.errors import in_words
from tierline.channels.sms.media import MediaRefused, MediaStore
from tierline.channels.sms.split import parts
from tierline.channels.twilio.http import TwilioHttp
from tierline.queue.contact import Arrived, Media
from tierline.sandbox.twilio_store import Account


async def sent(stage: DoorStage) -> list[str]:
    """What the customer's phone got from us, oldest first."""
    return [m["text"] for m in await stage.twilio.call("/sms?number=%2B4915112345678") if m["from"] != EVA]


# ---- in ----------------------------------------------------------------------------------------------------------


async def test_a_text_arrives_once_with_its_words_and_numbers(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        stage.twilio.sandbox.faults.twilio.redeliver = True
        answer = await stage.twilio.text("My server is down ✓ 🙂")
        it = stage.house.arrived[answer["sid"]]
        assert (it.channel, it.sender, it.recipient, it.text, it.verified) == (
            "sms",
            EVA,
            OURS,
            "My server is down ✓ 🙂",
            True,
        )
        await until(lambda: stage.house.deliveries >= 2)
        assert len(stage.house.arrived) == 1


async def test_what_cannot_be_kept_is_refused_and_comes_again_by_the_fallback(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        stage.house.down = True
        assert await stage.post(form_of()) == 503
        stage.house.down = False
        assert await stage.post(form_of()) == 200


@pytest.mark.promise("sms-optout")
async def test_stop_and_start_are_kept_and_nothing_is_sent_to_who_said_stop(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        for word, out in (
            ("stop", True),
            (" START ", False),
            ("STOP please", False),
            ("QUIT", True),
            ("unstop", False),
            ("yes", False),
        ):
            await stage.twilio.text(word)
            assert (EVA in stage.reports.out) is out, word
        await stage.twilio.text("Stop")
        with pytest.raises(NotDelivered, match="opted out") as no:
            await stage.door.say(stage.words())
        assert no.value.permanent and no.value.code == "21610"


async def test_an_opt_out_that_only_twilio_knows_is_said_in_words(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.twilio.text("STOP")
        stage.reports.out.clear()
        with pytest.raises(NotDelivered, match="opted out"):
            await stage.door.say(stage.words())


@pytest.mark.promise("sms-unicode")
@settings(max_examples=200, deadline=None)
@given(st.text(max_size=400))
def test_every_unicode_text_is_taken_and_can_be_stored(text: str) -> None:
    from multidict import MultiDict

    from tierline.channels.sms.webhook import arrival

    kept = arrival(MultiDict(form_of(body=text)), ACCOUNT).text
    kept.encode()
    assert kept == text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


# ---- receipts ----------------------------------------------------------------------------------------------------


async def test_receipts_name_the_text_whatever_their_order(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        stage.twilio.sandbox.faults.twilio.out_of_order = True
        done = await stage.door.say(stage.words(key="C1001.3"))
        await until(lambda: any(r[2] == "delivered" for r in stage.reports.receipts))
        await stage.twilio.sandbox.standins[0].settle()  # type: ignore[attr-defined]
        assert {r[:2] for r in stage.reports.receipts} == {("C1001.3", done.provider_id)}


@pytest.mark.promise("sms-failed")
async def test_a_failed_text_says_why_hours_later_too(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        for status, code, words in (
            ("undelivered", "30003", "out of reach"),
            ("failed", "30006", "landline"),
            ("failed", "", "no reason"),
        ):
            form = {
                "AccountSid": ACCOUNT,
                "MessageSid": "SM" + "7" * 32,
                "MessageStatus": status,
                "ErrorCode": code,
            }
            form = {k: v for k, v in form.items() if v}
            assert await stage.post(form, "/twilio/sms/status?k=C1.1") == 200
            assert stage.reports.receipts[-1][2] == "failed" and words in stage.reports.receipts[-1][3]


async def test_receipts_of_strangers_and_odd_ones_do_no_harm(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        stage.reports.known = False
        form = {"AccountSid": ACCOUNT, "MessageSid": "SM" + "7" * 32, "MessageStatus": "delivered"}
        assert await stage.post(form, "/twilio/sms/status") == 200
        for change in ({"MessageStatus": "exploded"}, {"MessageSid": "x"}, {"ErrorCode": "drop table"}):
            assert await stage.post(form | change, "/twilio/sms/status") == 400


# ---- out ---------------------------------------------------------------------------------------------------------


@pytest.mark.promise("sms-long")
async def test_a_long_text_leaves_in_numbered_parts_and_each_once(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        text = "Zeile mit Wörtern. " * 250
        await stage.door.say(stage.words(text))
        got = await sent(stage)
        assert len(got) == len(parts(text)) == 4
        assert got[0].startswith("(1/4) ") and all(len(part) <= 1600 for part in got)
        again = await stage.door.say(stage.words(text))
        assert len(await sent(stage)) == 4 and again.provider_id


@pytest.mark.promise("sms-unicode")
@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=0, max_size=6000))
def test_parts_keep_every_visible_character_in_order(text: str) -> None:
    found = parts(text)
    assert all(len(p.encode("utf-16-le")) // 2 <= 1600 for p in found)
    bare = [p.partition(") ")[2] for p in found] if len(found) > 1 else found
    assert "".join("".join(bare).split()) == "".join(text.split())


async def test_the_same_words_said_twice_are_two_texts(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        first = await stage.door.say(stage.words("ok", "C1.1"))
        second = stage.words("ok", "C1.2")
        assert await stage.door.find(second) is None
        assert (await stage.door.find(stage.words("ok", "C1.1"))) is not None
        assert (await stage.door.say(second)).provider_id != first.provider_id
        assert await sent(stage) == ["ok", "ok"]


@pytest.mark.promise("sms-once")
async def test_a_lost_answer_is_looked_up_while_the_text_still_waits_at_twilio(tmp_path: Path) -> None:
    async with door_stage(tmp_path, limits=True) as stage:
        await stage.door.say(stage.words("x" * 1400, "C1.0"))  # keeps the number busy for seconds
        faults = stage.twilio.sandbox.faults.twilio
        faults.drop_reply, faults.times = True, 1
        words = stage.words("did you get this?", since=int(stage.twilio.sandbox.clock.now() * 1000))
        with pytest.raises(OutcomeUnknown):
            await stage.door.say(words)
        faults.drop_reply = False
        found = await stage.door.find(words)
        assert found is not None and found.status == "queued"
        message = await stage.twilio.client.messages(found.provider_id).fetch_async()
        assert message.date_sent is None
        assert (await sent(stage)).count("did you get this?") == 1


async def test_a_text_that_never_left_is_not_found_and_an_old_one_is_no_proof(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.twilio.send("hello", status_callback=None)
        later = int(stage.twilio.sandbox.clock.now() * 1000) + 120_000
        assert await stage.door.find(stage.words("hello", since=later)) is None
        assert await stage.door.find(stage.words("other", since=0)) is None


async def test_a_trial_accounts_prefix_does_not_hide_a_text(tmp_path: Path) -> None:
    async with door_stage(tmp_path, account=Account("Trial", frozenset({EVA}))) as stage:
        faults = stage.twilio.sandbox.faults.twilio
        faults.drop_reply, faults.times = True, 1
        with pytest.raises(OutcomeUnknown):
            await stage.door.say(stage.words())
        faults.drop_reply = False
        assert await stage.door.find(stage.words()) is not None
        with pytest.raises(NotDelivered, match="trial"):
            await stage.door.say(stage.words(to="+4915199999999"))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_an_error_of_twilios_own_is_an_unknown_outcome(tmp_path: Path, status: int) -> None:
    async with door_stage(tmp_path) as stage:
        faults = stage.twilio.sandbox.faults.twilio
        faults.fail, faults.times = status, 1
        with pytest.raises(OutcomeUnknown):
            await stage.door.say(stage.words())
        assert await stage.door.find(stage.words()) is None


async def test_too_many_requests_come_back_with_the_wait_that_twilio_names(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        faults = stage.twilio.sandbox.faults.twilio
        faults.fail, faults.times = 429, 1
        with pytest.raises(NotDelivered, match="slow down") as no:
            await stage.door.say(stage.words())
        assert not no.value.permanent


async def test_a_picture_goes_with_the_first_part_only(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.door.say(stage.words("word " * 700, media=(picture(f"{stage.base}/x.png"),)))
        listed = await stage.twilio.client.messages.list_async(to=EVA)
        assert sorted(m.num_media for m in listed) == ["0", "0", "1"]


async def test_a_number_that_sends_no_pictures_says_so_in_words(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        with pytest.raises(NotDelivered, match="cannot send pictures") as no:
            await stage.door.say(
                stage.words("look", sender=GERMAN, media=(picture("https://x.example/a.png"),))
            )
        assert (no.value.code, no.value.permanent) == ("21621", True)


@pytest.mark.promise("sms-failed")
@pytest.mark.parametrize(
    "to, sender, code",
    [
        (EVA, "", "21603"),
        (EVA, "+15550109999", "21659"),
        (OURS, OURS, "21266"),
        ("+15005550001", OURS, "21211"),
        ("+15005550003", OURS, "21408"),
        ("+15005550009", OURS, "21614"),
    ],
)
async def test_refusals_are_told_in_words_with_twilios_number(
    tmp_path: Path, to: str, sender: str, code: str
) -> None:
    async with door_stage(tmp_path) as stage:
        with pytest.raises(NotDelivered) as no:
            await stage.door.say(stage.words(to=to, sender=sender))
        assert no.value.permanent and no.value.code == code
        assert no.value.reason == in_words(code) and not no.value.reason.startswith("Twilio error")


@pytest.mark.parametrize("code", ["21659", "21602", "21603", "21619", "21621", "21266", "30034"])
def test_the_codes_that_agents_meet_have_words(code: str) -> None:
    assert in_words(code).endswith(f"(Twilio {code})")


async def test_nothing_to_send_is_not_sent(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        with pytest.raises(NotDelivered):
            await stage.door.say(stage.words("  \n "))
        assert await sent(stage) == []


# ---- media -------------------------------------------------------------------------------------------------------


async def test_a_customers_picture_is_fetched_by_the_redirect_without_our_credentials(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.twilio.text("look", media=["data:image/png;base64,iVBORw0KGgo="])
        (it,) = stage.house.arrived.values()
        kept = stage.door.media.path(it.media[0].url)
        await until(kept.exists)
        assert kept.read_bytes() == b"\x89PNG\r\n\x1a\n"


HOSTS = (
    "127.0.0.1", "localhost", "[::1]", "0.0.0.0", "0", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::]",
    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[2002:7f00:1::]", "[64:ff9b::7f00:1]", "[fe80::1]", "[fd00::1]",
    "169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal", "100.100.100.200", "192.168.0.1", "10.0.0.1",
    "172.16.0.1", "api.twilio.com.evil.example", "evil.example", "api-twilio.com", "xapi.twilio.com",
    "api.twilio.com.", "api.twilio.com@evil.example", "evil.example@api.twilio.com", "user:pw@api.twilio.com",
    "api.twilio.com%2eevil.example", "api。twilio。com", "аpi.twilio.com", "api.twilio.com\\@evil.example",
    "api.twilio.com\\.evil.example", "api.twilio.com\t.evil.example", "api.twilio.com:444", "api.twilio.com:99999",
    "api.twilio.com:x", "[api.twilio.com", "", "localtest.me", "127.0.0.1.nip.io", "①②⑦.⓪.⓪.①", "spoofed.example",
)  # fmt: skip
URLS = [
    *(f"https://{host}/x" for host in HOSTS),
    *(f"http://{host}/x" for host in HOSTS),
    *(f"{scheme}://api.twilio.com/x" for scheme in ("http", "ftp", "file", "gopher", "dict", "ldap", "jar", "data", "javascript", "ws")),
    "//evil.example/x", "/etc/passwd", "https:api.twilio.com", "https:///x", "https://api.twilio.com\n.evil.example/",
    " https://api.twilio.com/x", "https://api.twilio.com /x", "https:\\\\api.twilio.com\\x", "\x00https://api.twilio.com",
]  # fmt: skip


@pytest.mark.promise("sms-media")
async def test_hostile_media_addresses_are_never_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(URLS) >= 100
    asked: list[str] = []
    http = TwilioHttp("")

    class Canary:
        def get(self, url: str, **_: object) -> None:
            asked.append(url)
            raise AssertionError(url)

    store = MediaStore(tmp_path, http, ACCOUNT, TOKEN)
    monkeypatch.setattr(store, "session", Canary())
    try:
        for url in URLS:
            with pytest.raises(MediaRefused):
                await store._read(url)
        store.fetch_later(Arrived("sms", "SM1", EVA, OURS, "", tuple(Media(u, "image/png") for u in URLS)))
        await asyncio.gather(*store.tasks)
    finally:
        await store.stop()
        await http.close()
    assert asked == []


async def test_a_redirect_elsewhere_is_not_followed(tmp_path: Path) -> None:
    from aiohttp import web

    hits: list[str] = []

    async def away(request: web.Request) -> web.Response:
        hits.append(request.path)
        return web.Response(status=302, headers={"Location": request.query.get("to", "")})

    app = web.Application()
    app.router.add_get("/{rest:.*}", away)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    http = TwilioHttp(f"http://127.0.0.1:{port}/base")
    store = MediaStore(tmp_path, http, ACCOUNT, TOKEN)
    try:
        for to in (
            "http://127.0.0.1/x",
            f"http://127.0.0.1:{port}/other",
            "https://evil.example/",
            "file:///etc/passwd",
            "http://[",
            "",
        ):
            with pytest.raises(MediaRefused):
                from yarl import URL

                await store._read(str(URL("https://api.twilio.com/x").with_query(to=to)))
        with pytest.raises((MediaRefused, aiohttp.ClientError)):
            await store._read("https://api.twilio.com/loop?to=https://media.twiliocdn.com/x")
    finally:
        await http.close()
        await runner.cleanup()
    assert all(path.startswith("/base/") for path in hits)
