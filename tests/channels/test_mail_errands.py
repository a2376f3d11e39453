"""A mail is made durable by the process that reads it, before anybody is answered; who waits together goes together."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tierline.channels.channel import NotTaken
from tierline.channels.email import reader as reading
from tierline.channels.email.disk import path_of, ref_of
from tierline.channels.email.letter import Envelope
from tierline.channels.email.raw import RawStore
from tierline.channels.email.reader import Reader
from tierline.channels.email.taking import Taking

AT = 1_796_040_000_000  # 2026-11-30
ENVELOPE = Envelope("ann@a.example", ("support@us.example",), AT, "smtp")
HEAD = b"From: Ann <ann@a.example>\r\nSubject: Printer\r\n"
SLOW = HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p>x</p>" * 30_000
"""Takes a second of CPU or more, and is small enough to go together with others."""


def mail(n: int) -> bytes:
    return HEAD + b"Message-ID: <%d@a.example>\r\n\r\nPlease help %d.\r\n" % (n, n)


@pytest.fixture
async def one() -> AsyncIterator[Reader]:
    """With one process, which has begun: whatever is asked at once waits for it together."""
    it = Reader(processes=1)
    await it.read(mail(0), ENVELOPE)
    yield it
    await it.stop()


def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many mails each errand had."""
    counts: list[int] = []
    real = reading._Process.ask

    async def ask(self: reading._Process, jobs: list[tuple[reading.Asked, bytes]]) -> list[tuple[int, bytes]]:
        counts.append(len(jobs))
        return await real(self, jobs)

    monkeypatch.setattr(reading._Process, "ask", ask)
    return counts


@pytest.mark.promise("mail-raw")
async def test_those_that_wait_go_together_and_each_is_kept_and_read_as_itself(
    one: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = handed_over(monkeypatch)
    take = Taking(RawStore(tmp_path / "mail"), one)
    taken = await asyncio.gather(*(take(mail(n), ENVELOPE) for n in range(20)))
    assert [letter.text for _, letter in taken] == [f"Please help {n}." for n in range(20)]
    for n, (ref, _) in enumerate(taken):
        assert path_of(tmp_path / "mail", ref).read_bytes() == mail(n)
    assert sum(counts) == 20 and max(counts) == reading.TOGETHER
    lines = (tmp_path / "mail" / "20261130" / "envelopes.jsonl").read_text().splitlines()
    assert len(lines) == 20
    assert all(it.stat().st_mode & 0o077 == 0 for it in (tmp_path / "mail").rglob("*"))


@pytest.mark.promise("mail-limits")
async def test_who_shares_an_errand_with_a_mail_that_takes_too_long_is_read_all_the_same(
    one: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.cpu = 0.1
    counts = handed_over(monkeypatch)
    take = Taking(RawStore(tmp_path / "mail"), one)
    mails = [mail(1), mail(2), SLOW, mail(3)]
    taken = await asyncio.gather(*(take(it, ENVELOPE) for it in mails))
    assert counts[0] == 4
    assert [letter.trouble for _, letter in taken] == ["", "", "too complex", ""]
    assert taken[2][1].subject == "Printer"
    for content, (ref, _) in zip(mails, taken, strict=True):
        assert path_of(tmp_path / "mail", ref).read_bytes() == content


@pytest.mark.promise("mail-451")
async def test_a_disk_that_refuses_lets_the_sender_keep_the_mail(one: Reader, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    take = Taking(RawStore(tmp_path / "mail"), one)
    for found in await asyncio.gather(*(take(mail(n), ENVELOPE) for n in range(3)), return_exceptions=True):
        assert isinstance(found, NotTaken) and "the disk refuses" in str(found)
    (tmp_path / "mail").unlink()
    ref, letter = await take(mail(1), ENVELOPE)
    assert letter.text == "Please help 1." and path_of(tmp_path / "mail", ref).read_bytes() == mail(1)


@pytest.mark.promise("mail-451")
async def test_one_days_full_folder_is_nobody_elses_trouble(one: Reader, tmp_path: Path) -> None:
    """Only those in whose folder nothing can be written are refused; what is kept elsewhere is read."""
    (tmp_path / "bad").write_text("no folder")
    good, bad = Taking(RawStore(tmp_path / "good"), one), Taking(RawStore(tmp_path / "bad"), one)
    first, second, third = await asyncio.gather(
        good(mail(1), ENVELOPE), bad(mail(2), ENVELOPE), good(mail(3), ENVELOPE), return_exceptions=True
    )
    assert isinstance(second, NotTaken)
    for found, n in ((first, 1), (third, 3)):
        assert not isinstance(found, BaseException) and found[1].text == f"Please help {n}."


async def test_whoever_gives_up_is_not_handed_over_and_the_others_are(
    one: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = handed_over(monkeypatch)
    tasks = [asyncio.create_task(one.read(mail(n), ENVELOPE)) for n in range(4)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    letters = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(letters[1], asyncio.CancelledError)
    assert [it.text for it in letters if not isinstance(it, BaseException)] == [
        f"Please help {n}." for n in (0, 2, 3)
    ]
    assert sum(counts) == 3


@pytest.mark.promise("mail-limits")
async def test_who_waits_behind_a_mail_that_takes_long_is_read_by_another_process_meanwhile() -> None:
    two = Reader(processes=2)
    try:
        await two.read(mail(0), ENVELOPE)
        process = two._free[0].it
        process.send_signal(signal.SIGSTOP)  # as if it were at work for ever
        slow = asyncio.create_task(two.read(mail(1), ENVELOPE))
        await asyncio.sleep(0)
        letters = await asyncio.gather(*(two.read(mail(n), ENVELOPE) for n in range(2, 30)))
        assert [it.text for it in letters] == [f"Please help {n}." for n in range(2, 30)]
        assert not slow.done()
        process.send_signal(signal.SIGCONT)
        assert (await slow).text == "Please help 1."
    finally:
        await two.stop()


async def test_a_second_process_is_asked_only_where_one_cannot_keep_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PATIENCE", 60.0)
    two = Reader(processes=2)
    try:
        first = asyncio.create_task(two.read(mail(1), ENVELOPE))
        while not two._busy:  # noqa: ASYNC110 - a process has no event for it
            await asyncio.sleep(0.001)
        few = [two.read(mail(n), ENVELOPE) for n in range(2, 1 + reading.TOGETHER)]
        await asyncio.gather(first, *few)
        assert len(two._free) == 1
        many = [two.read(mail(n), ENVELOPE) for n in range(2 * reading.TOGETHER)]
        await asyncio.gather(*many)
        assert len(two._free) == 2
    finally:
        await two.stop()


async def test_what_waits_when_we_stop_stays_its_senders(one: Reader) -> None:
    asked = [asyncio.create_task(one.read(SLOW, ENVELOPE)) for _ in range(2 * reading.TOGETHER)]
    while not one._busy:  # noqa: ASYNC110 - a process has no event for it
        await asyncio.sleep(0.001)
    await one.stop()
    for found in await asyncio.gather(*asked, return_exceptions=True):
        assert isinstance(found, NotTaken)


async def test_a_large_mail_is_kept_and_read_by_itself(one: Reader, tmp_path: Path) -> None:
    large = mail(1) + b"words and more words\r\n" * 50_000
    ref, letter = await Taking(RawStore(tmp_path / "mail"), one)(large, ENVELOPE)
    assert ref == ref_of(large, AT) and path_of(tmp_path / "mail", ref).read_bytes() == large
    assert letter.text.startswith("Please help 1.")


async def test_each_goes_to_the_day_on_which_it_came(one: Reader, tmp_path: Path) -> None:
    take = Taking(RawStore(tmp_path / "mail"), one)
    late = replace(ENVELOPE, at=AT + 86_400_000)
    await asyncio.gather(take(mail(1), ENVELOPE), take(mail(2), late))
    assert sorted(os.listdir(tmp_path / "mail")) == ["20261130", "20261201"]
