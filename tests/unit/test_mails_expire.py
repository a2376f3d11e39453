"""Mails as they came go after as many days as the operator says; nothing else does."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tierline.channels.email.expiry import Expiry, over
from tierline.channels.email.letter import Envelope
from tierline.channels.email.raw import RawStore

NOW = int(datetime(2026, 11, 30, 23, 59, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000


async def now() -> int:
    return NOW


def test_the_days_that_are_over_are_those_before_the_limit() -> None:
    names = ["20261130", "20261031", "20261030", "20251130", "x", "2026-10-30", "202610300"]
    assert over(names, date(2026, 11, 30), 30) == ["20251130", "20261030"]
    assert over(names, date(2026, 11, 30), 36_500) == []


@pytest.mark.promise("mail-days")
async def test_old_mails_go_and_young_ones_and_foreign_files_stay(tmp_path: Path) -> None:
    store, outside = RawStore(tmp_path / "mail"), tmp_path / "outside"
    old = await store.keep(b"old", Envelope("eva@customer.example", (), NOW - 31 * DAY))
    young = await store.keep(b"young", Envelope("eva@customer.example", (), NOW - 30 * DAY))
    outside.mkdir()
    (outside / "kept").write_text("kept")
    (tmp_path / "mail" / "20200101").symlink_to(outside)
    (tmp_path / "mail" / "20200102").write_text("a file")
    (tmp_path / "mail" / "notes").mkdir()
    assert await Expiry(store.folder, 30, now).look() == 1
    assert not store.path(old).exists() and await store.read(young) == b"young"
    assert (outside / "kept").exists() and (tmp_path / "mail" / "20200102").exists()
    assert (tmp_path / "mail" / "notes").exists()
    assert await Expiry(store.folder, 30, now).look() == 0
    assert await Expiry(tmp_path / "none", 30, now).look() == 0


@pytest.mark.promise("mail-days")
async def test_it_looks_once_a_day_and_goes_on_after_trouble(tmp_path: Path) -> None:
    asked, waited = 0, asyncio.Event()

    async def sometimes() -> int:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise OSError("the store is away")
        return NOW

    async def pause(seconds: float) -> None:
        assert seconds == 86_400
        if asked == 2:
            waited.set()
            await asyncio.Event().wait()

    (tmp_path / "20200101").mkdir()
    it = Expiry(tmp_path, 30, sometimes, pause)
    it.start()
    await asyncio.wait_for(waited.wait(), 5)
    assert not (tmp_path / "20200101").exists()
    await it.stop()


async def test_without_a_limit_nothing_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "20200101").mkdir()
    it = Expiry(tmp_path, 0, now)
    it.start()
    await it.stop()
    assert (tmp_path / "20200101").exists()


def test_a_backup_holds_what_it_has_begun_to_copy(tmp_path: Path) -> None:
    from tierline.queue.backup import _mails

    mail = tmp_path / "mail" / "20200101" / "a.eml"
    mail.parent.mkdir(parents=True)
    mail.write_text("words")
    held = _mails(tmp_path / "mail", tmp_path / "shop")
    mail.unlink()
    assert [it.read_text() for it in held.values()] == ["words"] and list(held) == ["mail/20200101/a.eml"]
