"""Mails are read off the loop within limits: a hostile one costs its own reading, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from tierline.channels.channel import NotTaken
from tierline.channels.email import reader as reading
from tierline.channels.email.frames import letter_bytes, letter_of
from tierline.channels.email.letter import Attachment, Envelope, Letter, Report
from tierline.channels.email.reader import Reader, TooComplex

ENVELOPE = Envelope("bounce@a.example", ("support@us.example",), 0, "smtp")
HEAD = b"From: Ann <ann@a.example>\r\nSubject: Printer\r\nMessage-ID: <1@a.example>\r\n"
PLAIN = HEAD + b"\r\nPlease help.\r\n"
STALL = 0.05
"""Seconds that the loop may stand still, by the issue."""


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    it = Reader()
    yield it
    await it.stop()


def pids(it: Reader) -> list[int]:
    return [one.it.pid for one in (*it._free, *it._busy)]


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def longest_stall(until: asyncio.Task[object]) -> float:
    """CPU seconds of ours between two turns of the loop: what a busy machine takes from us isn't ours."""
    longest = 0.0
    while not until.done():
        before = time.thread_time()
        await asyncio.sleep(0.001)
        longest = max(longest, time.thread_time() - before)
    return longest


def nested(depth: int) -> bytes:
    lines = [b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(depth)]
    return HEAD + b"".join(lines)


def wide(count: int) -> bytes:
    return HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * count


BOMBS = {
    "nested 100,000 deep": nested(100_000),
    "100,000 parts": wide(100_000),
    "a header of 10 MB": HEAD + b"X-Long: " + b"a: b " * 2_000_000 + b"\r\n\r\nwords",
    "a subject of encoded words without end": b"From: ann@a.example\r\nSubject: " + b"=?utf-8?q?" * 1_000_000 + b"\r\n\r\nx",
    "a million addresses": b"From: ann@a.example\r\nTo: " + b"x@a.example, " * 1_000_000 + b"\r\n\r\nx",
    "20 MB of opened tags": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<table><tr><td>" * 1_300_000,
    "20 MB of entities": HEAD + b"Content-Type: text/html\r\n\r\n" + b"&lt;&amp;" * 2_000_000,
    "24 MB of one line": HEAD + b"\r\n" + b"x" * 24_000_000,
    "24 MB of quotes": HEAD + b"\r\n" + b"> > >\r\n" * 3_400_000,
    "24 MB of base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"words " * 2_900_000),
    "boundaries that nearly match": HEAD + b'Content-Type: multipart/mixed; boundary="' + b"b" * 60 + b'"\r\n\r\n' + (b"--" + b"b" * 59 + b"\r\n") * 300_000,
    "nul bytes": HEAD + b"\r\n" + bytes(20_000_000),
    "forwarded within forwarded": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 100_000,
}  # fmt: skip


@pytest.mark.promise("mail-limits")
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
async def test_a_bomb_is_read_or_marked_and_never_stalls_the_loop(reader: Reader, bomb: bytes) -> None:
    task = asyncio.create_task(reader.read(bomb, ENVELOPE))
    stalled = await longest_stall(task)
    letter = await task
    assert letter.sender == "ann@a.example"
    assert letter.trouble in ("", "too complex", "unreadable")
    assert stalled < STALL
    assert (await reader.read(PLAIN, ENVELOPE)).text == "Please help."


@pytest.mark.promise("mail-limits")
async def test_what_takes_longer_than_its_cpu_is_too_complex_and_the_next_mail_is_read() -> None:
    slow = HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p>x</p>" * 120_000
    it = Reader(cpu=0.2, processes=1)
    try:
        letter = await it.read(slow, ENVELOPE)
        assert (letter.trouble, letter.sender, letter.subject) == ("too complex", "ann@a.example", "Printer")
        assert letter.message_id == "<1@a.example>"
        letter = await it.read(PLAIN, ENVELOPE)
        assert (letter.trouble, letter.text) == ("", "Please help.")
    finally:
        await it.stop()


@pytest.mark.promise("mail-limits")
async def test_a_mail_over_25_mb_is_too_complex_with_its_subject(reader: Reader) -> None:
    letter = await reader.read(PLAIN + b"x" * 26 * 1024 * 1024, ENVELOPE)
    assert (letter.trouble, letter.subject) == ("too complex", "Printer")
    assert not pids(reader)


async def test_a_process_that_somebody_killed_is_replaced_and_no_mail_suffers(reader: Reader) -> None:
    await reader.read(PLAIN, ENVELOPE)
    for pid in pids(reader):
        os.kill(pid, signal.SIGKILL)
    letter = await reader.read(PLAIN, ENVELOPE)
    assert (letter.trouble, letter.text) == ("", "Please help.")


async def test_a_process_that_does_not_answer_is_ended_at_the_deadline() -> None:
    it = Reader(deadline=8.0, processes=1)  # time enough for a fresh one to begin on a busy machine
    try:
        await it.read(PLAIN, ENVELOPE)
        (pid,) = pids(it)
        os.kill(pid, signal.SIGSTOP)
        asked = asyncio.create_task(it.read(PLAIN, ENVELOPE))
        letter = await asked
        assert (letter.trouble, letter.text) == ("", "Please help.")  # a fresh process had its turn with it
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    finally:
        await it.stop()


async def test_a_slow_mail_keeps_no_other_waiting(reader: Reader) -> None:
    slow = asyncio.create_task(reader.read(BOMBS["20 MB of opened tags"], ENVELOPE))
    await asyncio.sleep(0)
    letters = await asyncio.gather(*(reader.read(PLAIN, ENVELOPE) for _ in range(20)))
    assert {it.text for it in letters} == {"Please help."}
    await slow


async def test_a_mail_that_is_being_read_when_we_stop_stays_its_senders() -> None:
    it = Reader()
    asked = asyncio.create_task(it.read(BOMBS["24 MB of quotes"], ENVELOPE))
    while not pids(it):  # noqa: ASYNC110 - a process has no event for it
        await asyncio.sleep(0.01)
    await it.stop()
    with pytest.raises(NotTaken):
        await asked


async def test_where_no_process_can_be_had_the_sender_keeps_the_mail(
    monkeypatch: pytest.MonkeyPatch, reader: Reader
) -> None:
    async def none(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as it:
        it.setattr(asyncio, "create_subprocess_exec", none)
        with pytest.raises(NotTaken, match="Too many open files"):
            await reader.read(PLAIN, ENVELOPE)
    assert (await reader.read(PLAIN, ENVELOPE)).text == "Please help."


async def test_beside_a_large_process_one_reads_mail_after_mail() -> None:
    """Linux tells a process that it has used as much memory as whoever started it."""
    large = bytearray(os.urandom(1024)) * (450 * 1024)
    it = Reader(processes=1)
    await it.read(PLAIN, ENVELOPE)
    before = pids(it)
    for _ in range(3):
        await it.read(PLAIN, ENVELOPE)
    assert pids(it) == before and len(large)
    await it.stop()


async def test_idle_processes_end_and_stopping_leaves_none() -> None:
    it, seen = Reader(idle=0.2), set[int]()
    reads = asyncio.gather(it.read(PLAIN, ENVELOPE), it.read(PLAIN, ENVELOPE))
    async with asyncio.timeout(60):
        while not reads.done() or pids(it) or any(lives(pid) for pid in seen):
            seen |= set(pids(it))
            await asyncio.sleep(0.01)
    assert seen
    it.idle = 60.0
    await it.read(PLAIN, ENVELOPE)
    (process,) = [one.it for one in it._free]
    await it.stop()
    assert process.returncode is not None


async def test_whoever_gives_up_waiting_leaves_no_answer_for_the_next(reader: Reader) -> None:
    first = asyncio.create_task(reader.read(BOMBS["24 MB of quotes"], ENVELOPE))
    while not pids(reader):  # noqa: ASYNC110 - a process has no event for it
        await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert (await reader.read(PLAIN, ENVELOPE)).text == "Please help."


async def test_pages_and_files_come_from_the_same_processes(reader: Reader) -> None:
    body = b"--b\r\nContent-Type: text/html\r\n\r\n<p onclick=x>Hi<script>alert(1)</script>\r\n"
    body += b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4 x\r\n--b--\r\n"
    raw = HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + body
    letter = await reader.read(raw, ENVELOPE)
    (file,) = letter.attachments
    assert await reader.part(raw, file.part) == b"%PDF-1.4 x"
    assert await reader.part(raw, 99) is None
    page = await reader.page(raw)
    assert "Hi" in page and "a.pdf" in page and "script" not in page and "onclick" not in page


async def test_a_page_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch, reader: Reader) -> None:
    monkeypatch.setattr(reading, "PAGE_CPU", 0.05)
    with pytest.raises(TooComplex):
        await reader.page(HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p>x</p>" * 120_000)


def test_a_letter_travels_whole() -> None:
    report = Report("<1@a.example>", "x@y.example", "5.1.1", "no such mailbox", True, "C1.2")
    letter = Letter(
        "ann@a.example", "Änn", ("a@b.example",), "s", "<1@a>", ("<2@a>",), ("<3@a>",), 5, "tä\n\ud800", "f\U0001f600",
        (Attachment(3, "x.pdf", "application/pdf", 7, True),), "Invitation: x", "bounce", "why", (report,), "verified",
        "too complex", "r@a.example",
    )  # fmt: skip
    assert letter_of(letter_bytes(letter)) == letter
