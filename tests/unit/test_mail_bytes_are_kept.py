"""The bytes of mails: on the disk before anybody is told, bit for bit, found again by name."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from tierline.channels.channel import NotDelivered, NotTaken
from tierline.channels.email import disk
from tierline.channels.email.disk import ref_of
from tierline.channels.email.letter import Envelope
from tierline.channels.email.raw import RawStore

NOON = 1_796_040_000_000  # 2026-11-30
FROM = Envelope("eva@customer.example", ("support@inside.example",), NOON, "smtp")


@pytest.mark.promise("mail-raw")
async def test_many_at_once_are_each_kept_bit_for_bit(tmp_path: Path) -> None:
    store = RawStore(tmp_path / "mail")
    mails = [bytes([i]) * 1000 + b"\r\n\0\xff" for i in range(50)]
    refs = await asyncio.gather(*(store.keep(one, FROM) for one in mails))
    assert [await store.read(ref) for ref in refs] == mails
    lines = (tmp_path / "mail" / "20261130" / "envelopes.jsonl").read_text().splitlines()
    assert len(lines) == 50 and json.loads(lines[0])["to"] == ["support@inside.example"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "mail").rglob("*"))


async def test_the_same_bytes_are_kept_once_with_both_envelopes(tmp_path: Path) -> None:
    store = RawStore(tmp_path / "mail")
    assert await store.keep(b"x", FROM) == await store.keep(b"x", FROM) == ref_of(b"x", NOON)
    assert len(list((tmp_path / "mail").rglob("*.eml"))) == 1
    assert len((tmp_path / "mail" / "20261130" / "envelopes.jsonl").read_text().splitlines()) == 2


async def test_nobody_is_told_before_the_bytes_and_their_folder_are_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(file: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{file}") if Path("/proc/self/fd").exists() else str(file))
        real(file)

    monkeypatch.setattr(disk.os, "fsync", fsync)
    await RawStore(tmp_path / "mail").keep(b"Subject: x\r\n", FROM)
    assert len(synced) >= 3  # the mail, the list of envelopes, their folder
    if synced[0].startswith("/"):
        assert str(tmp_path / "mail" / "20261130") in synced


@pytest.mark.promise("mail-451")
async def test_a_disk_that_refuses_takes_nothing_and_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RawStore(tmp_path / "mail")

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk.os, "fsync", full)
        with pytest.raises(NotTaken, match="No space left"):
            await store.keep(b"x", FROM)
    assert list((tmp_path / "mail").rglob("*.eml")) == []
    assert [it for it in (tmp_path / "mail").rglob(".*")] == []
    assert await store.read(await store.keep(b"x", FROM)) == b"x"


@pytest.mark.parametrize("ref", ["", "../../etc/passwd", "20261130-" + "g" * 40, "20261130-" + "0" * 40])
async def test_what_names_no_mail_is_refused_in_words(tmp_path: Path, ref: str) -> None:
    with pytest.raises(NotDelivered) as no:
        await RawStore(tmp_path / "mail").read(ref)
    assert no.value.permanent


async def test_a_hint_that_the_system_does_not_know_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(disk.os, "posix_fadvise", unknown, raising=False)
    monkeypatch.setattr(disk, "_EARLY", 4)
    store = RawStore(tmp_path / "mail")
    assert await store.read(await store.keep(b"x", FROM)) == b"x"
