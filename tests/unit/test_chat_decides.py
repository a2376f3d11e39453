"""What the web chat decides without any socket: tokens, frames, places, files, transcripts, and what the plan says."""

from __future__ import annotations

import json

import pytest
from helpers_plan import at
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.chat import frames
from tierline.channels.chat.door import Where
from tierline.channels.chat.files import named, sniffed
from tierline.channels.chat.frames import BadFrame, decode
from tierline.channels.chat.page import Widget
from tierline.channels.chat.talk import Line
from tierline.channels.chat.tokens import LIVES, Tokens
from tierline.router.chat_mail import transcript
from tierline.router.chats import face_of, first_name, thread_of, visitor_of
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse

TOKENS = Tokens("a secret that nobody knows, 32 characters")
PLAN = """
site: a
timezone: Europe/Berlin
languages: [en, de]
schedules: {always: {hours: "24/7"}}
channels: {chat: CHAT}
teams: {desk: {channel: "#desk"}}
services: {help: {schedule: always, answer_within: 5m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}}
entry: [{channel: chat, service: help}]
agents: [{name: Ada, slack: a@b.example, team: desk, tier: L1}]
"""


@pytest.mark.promise("chat-own")
@given(st.text(max_size=80), st.integers(0, 2**40))
def test_only_our_own_tokens_open_anything_and_not_for_ever(text: str, now: int) -> None:
    mine = TOKENS.begin()
    token = TOKENS.make(mine, now)
    assert TOKENS.conversation(token, now) == mine
    assert TOKENS.conversation(token, now + LIVES + 1) == ""
    assert TOKENS.conversation(text, now) == ""
    assert Tokens("another secret of 32 characters").conversation(token, now) == ""
    assert TOKENS.conversation(token + text, now) == ("" if text else mine)
    assert thread_of(mine) == f"chat:web:{mine}:" and visitor_of(thread_of(mine)) == mine


def test_conversations_are_never_the_same() -> None:
    assert len({TOKENS.begin() for _ in range(10_000)}) == 10_000


@pytest.mark.promise("chat-limits")
@given(
    st.one_of(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda it: (
                st.lists(it) | st.dictionaries(st.sampled_from(["t", "id", "text", "seq", "value", "x"]), it)
            ),
        ).map(json.dumps),
        st.dictionaries(
            st.sampled_from(["id", "text", "token", "since", "own", "name", "reach", "value", "seq", "to"]),
            st.none() | st.integers() | st.text() | st.booleans(),
        ).flatmap(
            lambda it: st.sampled_from(["hello", "say", "leave", "seen", "rate", "mail", "end"]).map(
                lambda t: json.dumps(it | {"t": t})
            )
        ),
    )
)
def test_any_text_is_a_frame_or_refused_in_words(raw: str) -> None:
    try:
        frame = decode(raw)
    except BadFrame as wrong:
        assert wrong.code and wrong.text and json.loads(frames.dump(frames.error(wrong)))["t"] == "error"
    else:
        for value in (getattr(frame, name) for name in frame.__slots__):
            assert not isinstance(value, str) or "\x00" not in value and len(value) <= frames.LONGEST


@pytest.mark.promise("chat-origins")
def test_an_origin_is_compared_as_a_whole() -> None:
    where, listed = Where("https://help.example:8443/x", ("http://127.0.0.1:1",)), ("https://shop.example",)
    assert where.lets_in("https://shop.example", listed) and where.lets_in("https://help.example:8443", ())
    for origin in (
        None,
        "",
        "null",
        "https://shop.example.",
        "https://shop.example/",
        "https://help.example",
        "http://127.0.0.1",
    ):
        assert not where.lets_in(origin, listed)


@pytest.mark.promise("chat-origins")
@pytest.mark.parametrize(("origin", "better"), [
    ("https://www.a.example/", "https://www.a.example"), ("www.a.example", "https://www.a.example"),
    ("HTTPS://Www.A.example", "https://www.a.example"), ("https://a.example:443", "https://a.example"),
    ("https://*.a.example", "* would let strangers in"), ("*", "* would let strangers in"), ("ftp://a.example", "no origin"),
    ("https://münchen.example", "https://xn--mnchen-3ya.example"), ("null", "https://null"),
])  # fmt: skip
def test_an_origin_that_no_browser_writes_is_put_right(origin: str, better: str) -> None:
    with pytest.raises(PlanErrors) as wrong:
        parse(PLAN.replace("CHAT", f'{{origins: ["{origin}"]}}'))
    assert better in str(wrong.value)


def test_the_plan_says_how_the_widget_looks_and_a_change_is_told() -> None:
    plain = parse(PLAN.replace("CHAT", "{offer: 45s}"))
    rich = parse(
        PLAN.replace(
            "CHAT",
            '{origins: ["https://a.example", "http://localhost:3000"], colour: "#0B57D0", title: {en: A, de: B}}',
        )
    )
    face = face_of(rich)
    assert face.on and face.colour == "#0b57d0" and face.title == {"en": "A", "de": "B"}
    assert face.origins == ("https://a.example", "http://localhost:3000")
    told = "\n".join(diff(plain, rich))
    assert "Pages of https://a.example may chat" in told and "#0b57d0" in told and "“B”" in told
    assert "may not chat any more" in "\n".join(diff(rich, plain)) and diff(rich, rich) == ()
    for chat in ('{colour: "red"}', "{title: {en: A}}", "{hello: {en: A, de: B, fr: C}}"):
        with pytest.raises(PlanErrors):
            parse(PLAN.replace("CHAT", chat))


@pytest.mark.promise("chat-files")
def test_a_file_is_what_its_bytes_are() -> None:
    assert sniffed(b"\x89PNG\r\n\x1a\n..") == "image/png" and sniffed(b"%PDF-1.7") == "application/pdf"
    assert sniffed("Grüße\r\n".encode()) == "text/plain" and sniffed(b"RIFF....WEBPVP8 ") == "image/webp"
    for other in (b"", b"MZ\x90\x00", b"\x7fELF", b"PK\x03\x04", b"<svg\x00", b"\xff\xfe\x00", b"\x1b[2J"):
        assert sniffed(other) == ""
    assert (
        named("../../etc/pass\nwd") == "passwd"
        and named("C:\\x\\a.png") == "a.png"
        and len(named("x" * 500)) == 80
    )


@pytest.mark.promise("chat-mail")
def test_a_transcript_says_who_said_what_and_when() -> None:
    lines = [
        Line("visitor", "", "Hello", at("2026-11-23 08:00")),
        Line("agent", "Ada", "Good morning", at("2026-11-23 08:01")),
        Line("system", "", "How was it?", at("2026-11-24 09:00")),
        Line("agent", "Ada", "Which device?", at("2026-11-24 09:01"), choices=("The router", "A phone")),
    ]
    assert transcript(lines, "Europe/Berlin").split("\n\n") == [
        "2026-11-23", "08:00 You: Hello", "08:01 Ada: Good morning", "2026-11-24", "09:00 How was it?",
        "09:01 Ada: Which device?\n  - The router\n  - A phone",
    ]  # fmt: skip
    assert first_name("Ada Lovelace") == "Ada" and first_name("") == ""


@pytest.mark.promise("chat-widget")
def test_the_widget_is_one_module_without_eval_markup_or_anything_from_elsewhere() -> None:
    it = Widget()
    text = it.script.decode()
    for never in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "import(",
                  "DOMParser", "createContextualFragment", ".srcdoc"):  # fmt: skip
        assert never not in text, never
    assert "\nimport " not in text and "\nexport " not in text
    assert it.integrity.startswith("sha384-") and it.integrity in it.tags("https://help.example")
    assert f"?v={it.version}" in it.tags("https://help.example")
