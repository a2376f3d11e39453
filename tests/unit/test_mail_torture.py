"""Every mail is read or marked, whatever it is made of: 0 raise (F78), and no value holds a line end (SEC11)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.channels.email import reading
from tierline.channels.email.glance import glanced
from tierline.channels.email.letter import Envelope, Letter
from tierline.channels.email.showing import page

sys.path.append(str(Path(__file__).parent.parent / "mail"))
import torture
import torture_packs
from torture_kind import Kind

KINDS = torture.kinds()
ENVELOPE = Envelope("bounce@a.example", ("support@us.example",), 0)
ENDS = set("\r\n\0\x0b\x0c\x1b\x85\u2028\u2029")


def one_liners(it: Letter) -> Iterator[str]:
    """Every value of a letter that is one line."""
    yield from (it.sender, it.name, it.subject, it.message_id, it.invitation, it.reply_to, it.robot_why)
    yield from (*it.to, *it.in_reply_to, *it.references)
    for file in it.attachments:
        yield from (file.name, file.content_type)
    for report in it.reports:
        yield from (report.message_id, report.recipient, report.status, report.said)


def sound(it: Letter) -> None:
    """What holds of every letter."""
    for value in one_liners(it):
        assert not ENDS & set(value), value
    for text in (it.text, it.folded):
        assert not set(text) & (ENDS - {"\n"}), text
        text.encode()
    for file in it.attachments:
        assert file.name and not set(file.name) & set("/\\") and file.name not in (".", ".."), file.name
    assert it.message_id == "" or (it.message_id[0], it.message_id[-1]) == ("<", ">")


def shown(it: Letter, what: str) -> object:
    """A field as the torture set has it."""
    match what:
        case "files":
            return tuple((file.name, file.content_type) for file in it.attachments)
        case "count":
            return len(it.to)
        case "text" | "folded":
            return str(getattr(it, what)).strip()
        case _:
            return getattr(it, what)


@pytest.mark.promise("mail-any")
@pytest.mark.parametrize("it", KINDS.values(), ids=KINDS.keys())
def test_each_kind_of_torture_is_read_or_marked(it: Kind) -> None:
    letter = reading.read_strictly(it.raw, ENVELOPE)
    sound(letter)
    page(it.raw)
    for file in letter.attachments:
        assert len(reading.part_bytes(it.raw, file.part) or b"") == file.size
    expected = dict(it.expected)
    for words in expected.pop("holds", ()):
        assert words in letter.text + letter.folded
    assert {what: shown(letter, what) for what in expected} == expected


PACKED = {it.name: it for it in torture_packs.KINDS}


@pytest.mark.promise("mail-within")
@pytest.mark.parametrize("it", PACKED.values(), ids=PACKED.keys())
def test_what_lies_within_a_part_is_shown_and_can_be_fetched(it: Kind) -> None:
    test_each_kind_of_torture_is_read_or_marked(it)


UNCLAIMED = {name: it for name, it in PACKED.items() if name.startswith(("charset-", "base64-", "text-"))}


@pytest.mark.promise("mail-unclaimed")
@pytest.mark.parametrize("it", UNCLAIMED.values(), ids=UNCLAIMED.keys())
def test_words_are_told_by_what_they_are_where_no_claim_holds(it: Kind) -> None:
    test_each_kind_of_torture_is_read_or_marked(it)


def test_the_torture_set_has_a_hundred_and_twenty_kinds_and_is_what_is_on_disk() -> None:
    assert len(KINDS) >= 120
    assert {it.name: it.read_bytes() for it in torture.HERE.glob("*.eml")} == torture.files()


MAILS = [it.raw for it in KINDS.values() if 0 < len(it.raw) < 6_000]
PIECES = [b"\r\n", b"\n", b"\r", b"\0", b"--=_b\r\n", b"--=_b--", b"=?utf-8?b?", b"?=", b'"', b"<", b">", b"(", b"; ", b":",
          b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n", b"\xff\xfe", b"\x1b$B", b"base64", b"\xed\xa0\x80"]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A mail of the set that was cut, flipped or spliced with another one."""
    raw = draw(st.sampled_from(MAILS))
    for _ in range(draw(st.integers(1, 4))):
        at, to = sorted((draw(st.integers(0, len(raw))), draw(st.integers(0, len(raw)))))
        match draw(st.sampled_from(("cut", "drop", "flip", "put", "splice", "twice"))):
            case "cut":
                raw = raw[:at]
            case "drop":
                raw = raw[:at] + raw[to:]
            case "flip":
                raw = (
                    raw[:at]
                    + bytes(it ^ draw(st.integers(1, 255)) for it in raw[at : at + 3])
                    + raw[at + 3 :]
                )
            case "put":
                raw = raw[:at] + draw(st.sampled_from(PIECES)) + raw[at:]
            case "splice":
                other = draw(st.sampled_from(MAILS))
                raw = raw[:at] + other[draw(st.integers(0, len(other))) :]
            case _:
                raw = raw[:to] + raw[at:]
    return raw


@pytest.mark.promise("mail-any")
@given(spoilt())
@settings(max_examples=600, deadline=None)
def test_no_spoilt_mail_raises(raw: bytes) -> None:
    sound(reading.read_strictly(raw, ENVELOPE))
    page(raw)


@given(st.binary(max_size=3_000))
@settings(max_examples=200, deadline=None)
def test_no_bytes_raise(raw: bytes) -> None:
    sound(reading.read_strictly(raw, ENVELOPE))


PIECES_OF_FIELDS = (b'"', b"(", b"<", b";", b"a:", b'"\\', b"=?a?q?", b"=?utf-8?b?w7w=?= ", b"<a@b> ", b"x@a.example, ", b"(a)",
                    b"   a", "ü@bücher.example, ".encode(), b"=?utf-8?q?=3C?= <a@b.c>, ")  # fmt: skip


@pytest.mark.promise("mail-limits")
@pytest.mark.parametrize("name", [b"From", b"To", b"Subject", b"References", b"Message-ID", b"Date"])
@pytest.mark.parametrize("piece", PIECES_OF_FIELDS)
def test_a_glance_at_a_header_never_stalls_the_loop(name: bytes, piece: bytes) -> None:
    long = name + b": " + piece * (60_000 // len(piece)) + b"\r\n\r\nx"
    many = (name + b": " + piece * (300 // len(piece)) + b"\r\n") * 190 + b"\r\nx"
    for raw in (long, many, long + bytes(70_000)):
        before = time.thread_time()
        sound(glanced(raw, ENVELOPE, "too complex"))
        assert time.thread_time() - before < 0.05
