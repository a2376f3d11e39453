"""Only what Twilio signed for us gets in, and no cut of it at other places says something else (SEC1–SEC4)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from multidict import MultiDict
from recut import joined, recut
from sms_door_stage import OLD, SID, door_stage, form_of
from twilio.request_validator import RequestValidator
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN

from tierline.channels.sms.webhook import arrival
from tierline.channels.twilio.front import BadRequest, Signer, read_form

PUBLIC = "https://help.example.com"


@pytest.mark.promise("sms-signed")
async def test_every_webhook_refuses_what_is_unsigned_or_signed_by_another(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        paths = [route.path for route in stage.door.routes()]
        assert len(paths) >= 3
        for path in paths:
            for signature in ("", "nonsense", "ü" * 28, "A" * 27 + "="):
                assert await stage.post(form_of(), path, signature=signature) == 403
            assert await stage.post(form_of(), path, token="d4" * 16) == 403
            assert await stage.post(form_of(), path, url="https://other.example") == 403
        assert not stage.house.arrived and not stage.reports.receipts
        assert await stage.post(form_of()) == 200
        assert list(stage.house.arrived) == [SID]


async def test_the_old_token_is_believed_while_it_is_rotated(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        assert await stage.post(form_of(), token=OLD) == 200


async def test_an_empty_token_signs_nothing() -> None:
    form = MultiDict(form_of())
    signature = RequestValidator("").compute_signature(PUBLIC + "/twilio/sms", form)
    signer = Signer(("", ""))
    assert not signer.signed([PUBLIC + "/twilio/sms"], form, {"X-Twilio-Signature": signature})
    assert TOKEN not in repr(Signer((TOKEN,)))


@pytest.mark.parametrize(
    "called", [PUBLIC, PUBLIC + ":443", "http://help.example.com", "http://help.example.com:80"]
)
@pytest.mark.parametrize("path", ["/twilio/sms", "/twilio/sms?b=2&a=1", "/twilio/sms?x=%2B49&y=a%20b"])
async def test_the_address_that_counts_is_the_configured_one(tmp_path: Path, called: str, path: str) -> None:
    async with door_stage(tmp_path, public=PUBLIC) as stage:
        fits = called.startswith(PUBLIC)
        assert await stage.post(form_of(), path, url=called) == (200 if fits else 403)


async def test_the_order_of_the_query_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    async with door_stage(tmp_path, public=PUBLIC) as stage:
        wrong = RequestValidator(TOKEN).compute_signature(PUBLIC + "/twilio/sms?a=1&b=2", form_of())
        assert await stage.post(form_of(), "/twilio/sms?b=2&a=1", signature=wrong) == 403


@pytest.mark.parametrize("trusted", [True, False])
async def test_a_proxys_word_counts_only_from_a_listed_address(tmp_path: Path, trusted: bool) -> None:
    proxies = ("127.0.0.1",) if trusted else ("192.0.2.7",)
    async with door_stage(tmp_path, public=PUBLIC, proxies=proxies) as stage:
        said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "www.example.com"}
        answer = await stage.post(form_of(), url="https://www.example.com", headers=said)
        assert answer == (200 if trusted else 403)
        assert await stage.post(form_of(), url=PUBLIC, headers=said) == 200


async def test_header_names_in_small_letters_count_as_well(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        form = form_of()
        signature = RequestValidator(TOKEN).compute_signature(stage.base + "/twilio/sms", form)
        assert await stage.post(form, signature="", headers={"x-twilio-signature": signature}) == 200


async def test_a_body_that_arrives_in_small_pieces_is_read_whole(tmp_path: Path) -> None:
    from urllib.parse import urlencode

    async with door_stage(tmp_path) as stage:
        form = form_of(body="long " * 2000)
        raw = urlencode(form).encode()

        async def pieces():  # type: ignore[no-untyped-def]
            for i in range(0, len(raw), 997):
                yield raw[i : i + 997]

        url = stage.base + "/twilio/sms"
        headers = {
            "X-Twilio-Signature": RequestValidator(TOKEN).compute_signature(url, form),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        async with stage.http.post(url, data=pieces(), headers=headers) as answer:
            assert answer.status == 200
        assert stage.house.arrived[SID].text == form["Body"]


@pytest.mark.promise("arrives-once")
async def test_a_day_of_texts_replayed_and_shuffled_changes_nothing(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        day = [form_of(f"SM{n:032x}", f"text {n}") for n in range(60)]
        for form in day:
            assert await stage.post(form) == 200
        before = dict(stage.house.arrived)
        random.Random(7).shuffle(day)
        for form in [*day, *day]:
            assert await stage.post(form) == 200
        assert stage.house.arrived == before and len(before) == 60


# ---- one signature, many readings --------------------------------------------------------------------------------

BODIES = (
    "hello", "HELLO Country there", "xFrom+4917000000FromCity", "hi From+4917000000", "Country", "To+49301234",
    f"zFrom+4917000000FromCityMessageSidSM{'9' * 32}", f"ErrorCode11200ErrorUrl{PUBLIC}/twilio/smsFrom+491700",
    "MessageSidSM", "AccountSid", "a B c D e F g", "Body Body Body", "ButtonText pay now", "ß✓🙂 Name", "ErrorCode11200",
    "DateSentX", "CallSidCA", "From", "FromCityFROM", "NumMedia1MediaUrl0https://api.twilio.com/x",
)  # fmt: skip


NAMES = sorted(
    {
        *form_of(),
        "Country",
        "CallSid",
        "ButtonText",
        "ErrorCode",
        "ErrorUrl",
        "DateSent",
        "FromCity",
        "MediaUrl0",
    }
)


@pytest.mark.promise("sms-signed")
def test_ten_thousand_other_cuts_of_a_signed_text_change_no_sender_no_text_and_no_id() -> None:
    rng = random.Random(20261122)
    signer, url = Signer((TOKEN,)), PUBLIC + "/twilio/sms"
    tried = refused = 0
    while tried < 10_000:
        body = rng.choice(BODIES)
        true = form_of(f"SM{rng.getrandbits(128):032x}", body)
        other = recut(true, rng, NAMES)
        if other is None or other == true:
            continue
        assert joined(other) == joined(true)
        tried += 1
        if tried % 100 == 0:  # that they do verify is Twilio's own rule; a sample shows it
            signature = RequestValidator(TOKEN).compute_signature(url, true)
            assert signer.signed([url], MultiDict(other), {"X-Twilio-Signature": signature})
        try:
            it = arrival(MultiDict(other), ACCOUNT)
        except BadRequest:
            refused += 1
            continue
        assert (it.event, it.sender, it.recipient, it.text) == (true["MessageSid"], EVA, OURS, body), other
    assert refused > 5000


@pytest.mark.parametrize("body", BODIES)
def test_no_text_that_a_customer_may_write_is_refused(body: str) -> None:
    assert arrival(MultiDict(form_of(body=body)), ACCOUNT).text == body


def test_the_known_cuts_are_refused() -> None:
    """Each keeps the joined text of a true request."""
    hidden = form_of(body="xFrom+4917000000FromCity")
    forged = {**hidden, "Body": "x", "From": "+4917000000", "FromCity": f"From{EVA}FromCountryDE"}
    del forged["FromCountry"]
    assert joined(forged) == joined(hidden)
    shorter = {**form_of(body="pay 10 Country"), "Body": "pay 10 ", "Country": ""}
    assert joined(shorter) == joined(form_of(body="pay 10 Country"))
    for form in (forged, shorter):
        with pytest.raises(BadRequest):
            arrival(MultiDict(form), ACCOUNT)


# ---- malformed and hostile ---------------------------------------------------------------------------------------

WRONG: list[dict[str, str]] = [
    {"AccountSid": "AC" + "9" * 32},
    {"MessageSid": "SM1", "SmsSid": "SM1", "SmsMessageSid": "SM1"},
    {"MessageSid": "../../etc", "SmsSid": "../../etc", "SmsMessageSid": "../../etc"},
    {"SmsSid": "SM" + "5" * 32},
    {"From": "not a number!"},
    {"From": ""},
    {"From": "+49<script>"},
    {"To": "everyone"},
    {"To": ""},
    {"NumMedia": "11"},
    {"NumMedia": "-1"},
    {"NumMedia": "1e9"},
    {"NumMedia": "1"},
    {"NumMedia": "1", "MediaUrl0": "file:///etc/passwd"},
    {"NumMedia": "1", "MediaUrl0": "https://x/" + "a" * 2000},
    {"Body": "x" * 20_001},
    {"lower": "case"},
    {"x" * 60: "y"},
]


@pytest.mark.promise("sms-strict")
@pytest.mark.parametrize("change", WRONG, ids=[str(sorted(w.items()))[:60] for w in WRONG])
async def test_what_twilio_never_sends_is_refused_though_signed(
    tmp_path: Path, change: dict[str, str]
) -> None:
    async with door_stage(tmp_path) as stage:
        assert await stage.post(form_of(**change)) == 400
        assert not stage.house.arrived
        assert await stage.post(form_of()) == 200  # and the next one is fine


@pytest.mark.promise("sms-strict")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"%",
        b"a=%ff",
        b"\xff\xfe",
        b"a=1&a=2",
        b"&".join(b"a%d=1" % i for i in range(300)),
        b"{}",
        b"Body",
    ],
)
async def test_odd_bytes_get_a_clear_no(tmp_path: Path, raw: bytes) -> None:
    async with door_stage(tmp_path) as stage:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"}
        async with stage.http.post(stage.base + "/twilio/sms", data=raw, headers=headers) as answer:
            assert answer.status == 403
        assert await stage.post(form_of()) == 200


async def test_a_field_that_stands_twice_is_refused() -> None:
    form = MultiDict([*form_of().items(), ("Body", "other")])
    with pytest.raises(BadRequest):
        arrival(form, ACCOUNT)
    with pytest.raises(BadRequest):
        read_form(b"\xff")


@pytest.mark.promise("sms-strict")
async def test_a_huge_body_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        async with stage.http.post(stage.base + "/twilio/sms", data=b"a=" + b"x" * 200_000) as answer:
            assert answer.status == 413


async def test_the_fallback_address_takes_a_text_that_failed_at_ours_and_nothing_else(tmp_path: Path) -> None:
    async with door_stage(tmp_path) as stage:
        path, failed = "/twilio/sms/fallback", f"{stage.base}/twilio/sms"
        extra = {"ErrorCode": "11200", "ErrorUrl": failed}
        assert await stage.post(form_of() | extra, path) == 200
        assert await stage.post(form_of() | extra) == 400
        assert await stage.post(form_of(), path) == 400
        assert await stage.post(form_of() | extra | {"ErrorUrl": "https://evil.example/"}, path) == 400
        assert len(stage.house.arrived) == 1
