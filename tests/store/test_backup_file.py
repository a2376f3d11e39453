"""What `backup` keeps and `restore` believes: one instant, checked whole, and nothing of what was there is deleted."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from helpers_queue import CHATTY, message, on_duty, plain_route
from typer.testing import CliRunner

from tierline.console import cli_backup
from tierline.queue import backup as whole
from tierline.queue.archive import BackupRefused, pack, unpack
from tierline.queue.contact import Decision
from tierline.queue.directory import DataDirectory
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreIdentityChanged, StoreLocked
from tierline.queue.history.history import History
from tierline.queue.history.projector import Projector
from tierline.queue.identity import FILE as IDENTITY
from tierline.queue.store import Store

SITE = "acme"


@dataclass
class House:
    """A store, its history, and what carries one into the other."""

    store: Store
    history: History
    queue: Queue

    async def text(self, n: int) -> str:
        it = message(n)
        return (
            await self.queue.arrive(it.to_json(), it.event, it.thread, Decision(plain_route(), n))
        ).contact

    async def project(self) -> None:
        events = await self.queue.events(count=10_000)
        await self.history.project(events)
        await self.queue.cursor("outbox")
        fence = await self.queue.lease("history", "test", 10_000)
        assert fence is not None
        await self.queue.cursor("history")
        await self.queue.advance("history", events[-1].id, fence)

    async def close(self) -> None:
        await self.history.close()
        await self.store.close()


def names(folder: Path) -> set[str]:
    return {it.name for it in folder.iterdir()}


def read(file: Path) -> bytes:
    return file.read_bytes()


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


async def moved_in(data: Path) -> House:
    store = await Store.open(None, data, SITE)
    return House(store, await History.open(None, data), Queue(store, SITE))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    it = await moved_in(tmp_path / "data")
    await on_duty(it.queue, "ada", profile=CHATTY, now=await it.queue.now())
    yield it
    await it.close()


async def test_store_and_history_come_back_as_of_one_instant_whatever_happens_meanwhile(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await house.text(n) for n in range(5)]
    offer = next(it for it in (await house.queue.snapshot()).contacts.values() if it.offers)
    await house.queue.accept(offer.id, offer.offers[0].number, "ada")
    await house.queue.complete(offer.id, "ada", "{}")
    await house.project()
    (tmp_path / "data" / "media").mkdir()
    (tmp_path / "data" / "media" / ("a" * 64)).write_bytes(b"picture")
    day = tmp_path / "data" / "mail" / "20261130"
    day.mkdir(parents=True)
    (day / f"{'b' * 40}.eml").write_bytes(b"Subject: x\r\n\r\n")
    (day / "envelopes.jsonl").write_text("{}\n")
    copy, before = whole._copy_history, await house.queue.snapshot()
    loop, late = asyncio.get_running_loop(), []

    async def afterwards() -> None:
        late.append(await house.text(99))
        await house.project()

    def copied_late(source: Path, to: Path) -> None:
        asyncio.run_coroutine_threadsafe(afterwards(), loop).result(30)
        copy(source, to)

    monkeypatch.setattr(whole, "_copy_history", copied_late)
    file = tmp_path / "b"
    made = await whole.backup(tmp_path / "data", SITE, file)
    assert late and (made.contacts, made.history, made.media, made.mails) == (5, True, 1, 1)

    again = await whole.restore(tmp_path / "new", SITE, file)
    assert again == made
    there = await moved_in(tmp_path / "new")
    after = await there.queue.snapshot()
    assert (after.contacts, after.due, after.alerts) == (before.contacts, before.due, before.alerts)
    assert await there.history.contact(late[0]) is None, "it happened after the store's instant"
    told = await there.history.contact(offer.id)
    assert told is not None and told.state == "closed"
    kept = await there.history.forgettable(1 << 60, 10)
    assert [it[0] for it in kept] == [offer.id], "what ended is forgotten in time"
    assert (tmp_path / "new" / "media" / ("a" * 64)).read_bytes() == b"picture"
    kept = tmp_path / "new" / "mail" / "20261130"
    assert (kept / f"{'b' * 40}.eml").read_bytes() == b"Subject: x\r\n\r\n"
    assert (kept / "envelopes.jsonl").read_text() == "{}\n"
    assert (tmp_path / "new" / IDENTITY).exists() and there.store.client.expect is not None
    fresh = await there.text(7_777)
    assert int(fresh[1:]) >= int(late[0][1:]) + 900 and fresh not in ids
    projector = Projector(there.queue, there.history, "test")
    running = asyncio.create_task(projector.run())
    await projector.settled()
    running.cancel()
    await asyncio.wait([running])
    assert (await there.history.contact(fresh)) is not None
    await there.close()


async def test_while_tierline_runs_nothing_is_restored_over_it(house: House, tmp_path: Path) -> None:
    await house.text(1)
    await whole.backup(tmp_path / "data", SITE, tmp_path / "b")
    with pytest.raises(BackupRefused, match="exists"):
        await whole.backup(tmp_path / "data", SITE, tmp_path / "b")
    with pytest.raises(StoreLocked, match="Stop it first"):
        await whole.restore(tmp_path / "data", SITE, tmp_path / "b", replace=True)
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    assert not [it for it in [*names(tmp_path), *names(tmp_path / "data")] if it.startswith(".tierline-")]


@pytest.mark.promise("backup")
async def test_what_is_there_is_put_aside_only_when_told_and_never_deleted(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "b"
    house = await moved_in(data)
    first = await house.text(1)
    await house.project()
    await house.close()
    await whole.backup(data, SITE, file)
    with pytest.raises(BackupRefused, match="isn't empty.*--replace"):
        await whole.restore(data, SITE, file)
    await whole.restore(data, SITE, file, replace=True)
    (aside,) = (it for it in names(data) if it.startswith("before-restore-"))
    assert names(data / aside) >= {"store", "history.sqlite3", IDENTITY}
    house = await moved_in(data)
    assert list((await house.queue.snapshot()).contacts) == [first]
    await house.close()


@pytest.mark.promise("backup")
async def test_a_snapshot_that_another_backup_took_is_asked_for_again(tmp_path: Path) -> None:
    """Two that run side by side have one server, which writes to one place."""
    house = await moved_in(tmp_path / "data")
    await house.text(1)
    written = tmp_path / "data" / "store" / "dump.rdb"

    async def takes() -> None:
        while not written.exists():  # noqa: ASYNC110 - it is the server's file
            await asyncio.sleep(0)
        written.unlink()

    taken = asyncio.create_task(takes())
    async with asyncio.timeout(60):
        manifest = await whole.backup(tmp_path / "data", SITE, tmp_path / "b")
    await taken
    assert manifest.contacts == 1
    await house.close()


@pytest.mark.promise("backup")
async def test_while_it_is_restored_nobody_starts_on_what_is_moved_away(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that starts again by itself meanwhile would take contacts into the store that is put aside."""
    refused, place = [], whole._put_in_place

    def amid(data: Path, *more: Any) -> None:
        for _ in range(2):  # before and after
            with pytest.raises(StoreLocked) as why:
                DataDirectory.own(data / "store")
            refused.append(str(why.value))
            if len(refused) == 1:
                place(data, *more)

    monkeypatch.setattr(whole, "_put_in_place", amid)
    await whole.restore(tmp_path / "data", SITE, file, replace=True)
    assert len(refused) == 2
    house = await moved_in(tmp_path / "data")
    assert len((await house.queue.snapshot()).contacts) == 1
    await house.close()


@pytest.mark.promise("backup")
@pytest.mark.parametrize("where", ["data", "empty"])
async def test_cut_off_amid_the_exchange_the_next_start_refuses_what_is_there(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Half of it in place must not look like a first start on an empty store."""
    data, rename = tmp_path / where, Path.rename
    house = await moved_in(tmp_path / "data")  # what is there isn't what is in the file any more
    await house.text(2)
    await house.close()

    def killed(path: Path, target: Path) -> Path:
        if ".tierline-" in str(path) and path.name == "appendonlydir":
            raise OSError("killed")
        return rename(path, target)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="killed"):
        patch.setattr(Path, "rename", killed)
        await whole.restore(data, SITE, file, replace=True)
    with pytest.raises(StoreIdentityChanged):
        await Store.open(None, data, SITE)
    await whole.restore(data, SITE, file, replace=True)
    house = await moved_in(data)
    assert len((await house.queue.snapshot()).contacts) == 1
    await house.close()


async def test_a_restored_store_is_still_told_from_another(tmp_path: Path) -> None:
    house = await moved_in(tmp_path / "data")
    await house.text(1)
    await house.close()
    await whole.backup(tmp_path / "data", SITE, tmp_path / "b")
    await whole.restore(tmp_path / "new", SITE, tmp_path / "b")
    (tmp_path / "new" / "store").rename(tmp_path / "gone")
    with pytest.raises(StoreIdentityChanged):
        await Store.open(None, tmp_path / "new", SITE)


async def test_nothing_to_keep_is_said(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no store"):
        await whole.backup(tmp_path, SITE, tmp_path / "b")
    assert not (tmp_path / "b").exists()


@pytest.mark.promise("backup")
@pytest.mark.parametrize(
    ("url", "how"), [("sqlite:////HERE/own.sqlite3", ".backup"), ("postgresql://h/db", "pg_dump")]
)
def test_where_the_history_is_elsewhere_the_commands_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, how: str
) -> None:
    """Whoever reads "restored" must not believe that the record came back where it isn't read."""
    cli = typer.Typer()
    cli_backup.register(cli, SITE)
    data = tmp_path / "data"

    def said(*words: str, at: Path = data, history: str = "") -> str:
        monkeypatch.setenv("TIERLINE_DATA", str(at))
        monkeypatch.setenv("DATABASE_URL", history)
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())

    async def begin() -> None:
        house = await moved_in(data)
        await house.text(1)
        await house.close()

    monkeypatch.chdir(tmp_path)
    asyncio.run(begin())
    url = url.replace("/HERE", str(tmp_path))
    assert "history is not in it" not in said("backup", "whole")
    assert how in said("backup", "half", history=url)
    assert "isn't read" not in said("restore", "whole", at=tmp_path / "a")
    assert "isn't read as long as DATABASE_URL" in said("restore", "whole", at=tmp_path / "b", history=url)
    assert "not in this backup" in said("restore", "half", at=tmp_path / "c", history=url)


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    house = await moved_in(tmp_path / "data")
    await house.text(1)
    await house.project()
    await house.close()
    await whole.backup(tmp_path / "data", SITE, tmp_path / "b")
    return tmp_path / "b"


async def _refused(file: Path, to: Path, why: str, site: str = SITE) -> None:
    with pytest.raises(BackupRefused, match=why):
        await whole.restore(to, site, file)
    assert names(to) <= {"store"} and not (to / "store" / "appendonlydir").exists()


async def test_a_damaged_or_cut_backup_is_refused_and_touches_nothing(file: Path, tmp_path: Path) -> None:
    good = read(file)
    place = good.index(b"REDIS") if b"REDIS" in good else good.index(b"VALKEY")
    for n, bad in enumerate(
        (
            good[: place + 20] + bytes([good[place + 20] ^ 1]) + good[place + 21 :],
            good[: len(good) // 2],
            good[:100],
            b"",
            b"something else" * 1_000,
        )
    ):
        write(file, bad)
        await _refused(file, tmp_path / f"n{n}", "damaged|isn't whole|no backup")
    write(file, good)
    await whole.restore(tmp_path / "new", SITE, file)


def _rewritten(file: Path, to: Path, **changed: object) -> Path:
    """The same backup with another manifest, sums and all."""
    parts = to.with_suffix(".parts")
    parts.mkdir()
    manifest = json.loads(unpack(file, parts)) | changed
    names = {str(it.relative_to(parts)): it for it in parts.rglob("*") if it.is_file()}
    pack(to, json.dumps(manifest), names)
    return to


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"format": 2}, "format 2"),
        ({"library": "tierline_0"}, "tierline_0"),
        ({"site": "other"}, "site other"),
        ({"contacts": 7}, "isn't whole"),
        ({"last": "1-1"}, "isn't whole"),
        ({"identity": "somebody's"}, "isn't whole"),
        ({"news": 1}, "newer"),
    ],
)
async def test_a_backup_of_another_kind_is_refused_in_words(
    file: Path, tmp_path: Path, changed: dict[str, object], why: str
) -> None:
    await _refused(_rewritten(file, tmp_path / "other", **changed), tmp_path / "new", why)


@pytest.mark.parametrize("sums", ["", "{", "[1, 2]", "7", "null"])
async def test_somebody_elses_file_is_refused_in_words(tmp_path: Path, sums: str) -> None:
    with tarfile.open(tmp_path / "b", "w") as tar:
        info = tarfile.TarInfo("sums.json")
        info.size = len(sums)
        tar.addfile(info, io.BytesIO(sums.encode()))
    await _refused(tmp_path / "b", tmp_path / "new", "no backup")


@pytest.mark.parametrize("name", ["../out", "/etc/x", "media/../../out", "media/x", "store.rdb/..", "secret"])
async def test_a_name_that_leads_elsewhere_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    with tarfile.open(file, "a") as tar:
        info = tarfile.TarInfo(name)
        info.size = 3
        tar.addfile(info, io.BytesIO(b"bad"))
    await _refused(file, tmp_path / "new", "no backup")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
async def test_links_and_devices_are_refused(file: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(file, "a") as tar:
        info = tarfile.TarInfo("media/" + "b" * 64)
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    await _refused(file, tmp_path / "new", "no backup")
