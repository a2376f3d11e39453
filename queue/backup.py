"""Everything that one machine holds, as of one instant, in one file; and back (`tierline backup`, `tierline restore`).

The store comes first: the server's own snapshot, written by a fork, is of one instant and stops nobody. The history is
copied after it, so that it lacks nothing which the store has handed over already; what it knows of later instants is
cut off again. So both are of the snapshot's instant, and the outbox's cursor in it says what was told before.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from . import library
from .address import unix_url
from .archive import BackupRefused, pack, unpack
from .client import Client
from .directory import DataDirectory
from .embedded import STOP_WITHIN, EmbeddedStore
from .failures import StoreError, StoreLocked
from .history.database import FILE as HISTORY
from .history.history import History
from .identity import FILE as IDENTITY
from .identity import identity_key, recall, remember

FORMAT = 1
SNAPSHOT, MEDIA, MAIL = "store.rdb", "media", "mail"
LOG = "store/appendonlydir"
WITHIN = 3_600.0
"""Seconds that the server may take to write its snapshot."""
LATER_NUMBERS = (1_000, 2, 200_000)
"""Contacts' numbers are left out for those that may have been given since: so many, and for each second so many, at
most. Old buttons in Slack and late receipts must not mean somebody else's contact."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says about itself."""

    format: int
    library: str
    site: str
    made: int  # ms since the epoch, this machine's clock
    last: str  # the ledger's newest entry
    contacts: int  # in the store
    identity: str
    history: bool  # whether the history is in it: PostgreSQL has its own means
    media: int  # files
    mails: int = 0  # as they came


@dataclass(frozen=True, slots=True)
class Content:
    """What a snapshot was found to hold."""

    last: str
    contacts: tuple[str, ...]
    identity: str


async def backup(data: Path, site: str, file: Path, *, with_history: bool = True) -> Manifest:
    """Write `file`, readable by us alone, while Tierline runs on `data` or not.

    Raises `BackupRefused` when `file` exists or there is nothing to keep, other `StoreError`s, OSError.
    """
    has_history, pictures = await asyncio.to_thread(_look, data, file)
    has_history = has_history and with_history
    with _workshop(file.parent) as shop:
        async with _server(data / "store") as client:
            made = int(time.time() * 1000)
            await _save(client, data / "store" / "dump.rdb", shop / SNAPSHOT)
        found = await _tried(shop, site)
        if known := recall(data, site):
            if found.identity != known.decode():
                raise BackupRefused(f"The store in {data} isn't the one that {data / IDENTITY} remembers.")
        if has_history:
            await asyncio.to_thread(_copy_history, data / HISTORY, shop / HISTORY)
            await _cut(shop, found)
        mails = await asyncio.to_thread(
            _mails, data / MAIL, shop / MAIL
        )  # those of the snapshot's contacts are there
        manifest = Manifest(
            FORMAT,
            library.NAME,
            site,
            made,
            found.last,
            len(found.contacts),
            found.identity,
            has_history,
            len(pictures),
            sum(name.endswith(".eml") for name in mails),
        )
        parts = {SNAPSHOT: shop / SNAPSHOT, **({HISTORY: shop / HISTORY} if has_history else {})}
        parts |= {f"{MEDIA}/{it.name}": it for it in pictures} | mails
        await asyncio.to_thread(pack, file, json.dumps(asdict(manifest), indent=1), parts)
    return manifest


async def restore(data: Path, site: str, file: Path, *, replace: bool = False) -> Manifest:
    """Bring `file` back into `data`; Tierline mustn't run on it.

    What is there is refused, or with `replace` put aside into `data/before-restore-…`. The file is checked whole
    before anything is touched, and until the end nobody can start on `data`: a Tierline whose store is moved away
    would go on with it. Raises `BackupRefused`, `StoreLocked`, other `StoreError`s, OSError.
    """
    directory = await asyncio.to_thread(_may_go, data, replace)
    try:
        await directory.stop_orphan(STOP_WITHIN)
        return await _restored(data, site, file)
    finally:
        directory.release()


async def _restored(data: Path, site: str, file: Path) -> Manifest:
    with _workshop(data) as shop:
        manifest = _understood(await asyncio.to_thread(unpack, file, shop), site)
        found = await _tried(shop, site, _leave_numbers_out(manifest))
        if (found.identity, found.last, len(found.contacts)) != (
            manifest.identity,
            manifest.last,
            manifest.contacts,
        ):
            raise BackupRefused(f"{file} isn't whole: its store doesn't hold what its manifest says.")
        await asyncio.to_thread(_put_in_place, data, site, shop, manifest)
    return manifest


def _mails(folder: Path, copies: Path) -> dict[str, Path]:
    """Every mail, by its name in the backup. The lists of envelopes are still written to: they are copied."""
    found = {}
    for it in sorted(folder.glob("*/*.eml")):
        name = f"{it.parent.name}/{it.name}"
        if (kept := _held(it, copies / name)) is not None:
            found[f"{MAIL}/{name}"] = kept
    for it in sorted(folder.glob("*/envelopes.jsonl")):
        copy = copies / it.parent.name / it.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(it, copy)
        found[f"{MAIL}/{it.parent.name}/{it.name}"] = copy
    return found


def _held(mail: Path, link: Path) -> Path | None:
    """A second name for a mail, which stays when the mail's days are over meanwhile; None when they were before."""
    link.parent.mkdir(parents=True, exist_ok=True)
    try:
        link.hardlink_to(mail)
    except FileNotFoundError:
        return None
    except OSError:
        return mail  # on another file system, where nothing can be held
    return link


def _look(data: Path, file: Path) -> tuple[bool, list[Path]]:
    """Whether there is a history, and the files that customers sent."""
    if file.exists():
        raise BackupRefused(f"{file} exists: give the backup another name.")
    if not (data / LOG).is_dir():
        raise BackupRefused(f"There is no store in {data}: is TIERLINE_DATA right?")
    return (data / HISTORY).exists(), sorted((data / MEDIA).glob("*"))


def _may_go(data: Path, replace: bool) -> DataDirectory:
    """The store's directory, ours until it is released: nobody runs on it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory = DataDirectory.own(data / "store")
    there = [name for name in (LOG, HISTORY, MEDIA, MAIL) if (data / name).exists()]
    if there and not replace:
        directory.release()
        raise BackupRefused(
            f"{data} isn't empty ({', '.join(there)}). Give another TIERLINE_DATA; or say --replace, and what is"
            " there is put aside, not deleted."
        )
    return directory


def _understood(text: str, site: str) -> Manifest:
    try:
        manifest = Manifest(**json.loads(text))
    except (ValueError, TypeError):
        raise BackupRefused(
            "The backup's manifest can't be read: a newer Tierline may have written it."
        ) from None
    if manifest.format != FORMAT or manifest.library != library.NAME:
        raise BackupRefused(
            f"The backup is of format {manifest.format} with {manifest.library}; this Tierline reads format"
            f" {FORMAT} with {library.NAME}. Restore it with the version that wrote it."
        )
    if manifest.site != site:
        raise BackupRefused(f"The backup is of site {manifest.site}, this is {site}.")
    return manifest


def _put_in_place(data: Path, site: str, shop: Path, manifest: Manifest) -> None:
    """The store's directory stays where it is, with its lock; what it holds is exchanged.

    Its name is remembered first and its log comes last: cut off in between, the next start finds another store than
    that and refuses it.
    """
    there = [
        it
        for it in (LOG, HISTORY, f"{HISTORY}-wal", f"{HISTORY}-shm", MEDIA, MAIL, IDENTITY)
        if (data / it).exists()
    ]
    prefix = f"before-restore-{time.strftime('%Y%m%dT%H%M%S')}-"
    aside = Path(tempfile.mkdtemp(prefix=prefix, dir=data)) if there else data
    if LOG in there:
        (aside / LOG).parent.mkdir(mode=0o700)
    if IDENTITY in there:
        shutil.copyfile(data / IDENTITY, aside / IDENTITY)
        there.remove(IDENTITY)
    if not remember(data, site, manifest.identity.encode()):
        raise BackupRefused(f"{data / IDENTITY} can't be written.")
    for name in there:
        (data / name).rename(aside / name)
    if manifest.history:
        (shop / HISTORY).rename(data / HISTORY)
    if manifest.media:
        (shop / MEDIA).rename(data / MEDIA)
    if manifest.mails:
        (shop / MAIL).rename(data / MAIL)
    (shop / LOG).rename(data / LOG)


@contextlib.contextmanager
def _workshop(place: Path) -> Iterator[Path]:
    """A private folder beside what is made, so that moving it costs nothing; gone afterwards."""
    shop = Path(tempfile.mkdtemp(prefix=".tierline-", dir=place)).absolute()
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


@contextlib.asynccontextmanager
async def _server(store: Path) -> AsyncIterator[Client]:
    """A connection to the server of the Tierline that runs here, or to one started for the purpose."""
    own: EmbeddedStore | None = None
    try:
        own = await EmbeddedStore.start(store)
        url = own.url
    except StoreLocked:
        left = _recorded(store)
        if left is None:
            raise
        url = unix_url(left)
    client = Client(url)
    try:
        await client.start(30.0)
        yield client
    finally:
        await client.close()
        if own is not None:
            await own.stop()


def _recorded(store: Path) -> str | None:
    try:
        return str(json.loads((store / "server.json").read_text())["socket"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def _save(client: Client, written: Path, to: Path) -> None:
    """The server's snapshot, moved to `to`. Where another backup has taken it, one more is asked for."""
    await asyncio.to_thread(written.unlink, missing_ok=True)
    end, going = time.monotonic() + WITHIN, False
    while not await asyncio.to_thread(_moved, written, to):
        if not going:
            await client.call("BGSAVE", "SCHEDULE", deadline=30.0)
        state = await client.call("INFO", "persistence", deadline=30.0)
        text = state.decode() if isinstance(state, bytes) else ""
        going = "rdb_bgsave_in_progress:0" not in text
        if "rdb_last_bgsave_status:err" in text and not going:
            raise BackupRefused("The store couldn't write its snapshot: is its disk full?")
        if time.monotonic() > end:
            raise BackupRefused(f"The store didn't write its snapshot within {WITHIN:g} s.")
        await asyncio.sleep(0.05)


def _moved(written: Path, to: Path) -> bool:
    try:
        shutil.move(written, to)
    except FileNotFoundError:
        return False
    return True


Act = Callable[[Client], Awaitable[None]]


async def _tried(shop: Path, site: str, act: Act | None = None) -> Content:
    """What the snapshot holds, as a server of its own says that has read it: one that can't be read is none.

    The server's folder stays in `shop` as `store`, `act` carried out on it.
    """
    log = shop / LOG
    await asyncio.to_thread(_as_log, shop / SNAPSHOT, log)
    try:
        server = await EmbeddedStore.start(shop / "store")
    except StoreError as error:
        raise BackupRefused(f"The store's snapshot can't be read back: {error}") from None
    client = Client(server.url)
    try:
        await client.start(30.0)
        identity = await client.call("GET", identity_key(site))
        newest = await client.call("XREVRANGE", f"{{{site}}}:ledger", "+", "-", "COUNT", 1)
        names = await client.call("KEYS", f"{{{site}}}:c:*", deadline=60.0)
        if act is not None:
            await act(client)
    finally:
        await client.close()
        await server.stop()
    first = newest[0] if isinstance(newest, list) and newest else None
    last = first[0] if isinstance(first, list) else b"0-0"
    if not isinstance(identity, bytes) or not isinstance(last, bytes) or not isinstance(names, list):
        raise BackupRefused("The snapshot isn't of this site's store.")
    start = len(f"{{{site}}}:c:")
    return Content(
        last.decode(), tuple(it.decode()[start:] for it in names if isinstance(it, bytes)), identity.decode()
    )


def _as_log(snapshot: Path, log: Path) -> None:
    """A snapshot as the base of an append-only log: with `appendonly yes` a server reads nothing else."""
    log.mkdir(mode=0o700, parents=True)
    os.link(snapshot, log / "appendonly.aof.1.base.rdb")  # a server only reads its base
    (log / "appendonly.aof.1.incr.aof").touch()
    (log / "appendonly.aof.manifest").write_text(
        "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n"
    )
    for path in log.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _leave_numbers_out(manifest: Manifest) -> Act:
    fewest, each, most = LATER_NUMBERS
    seconds = max(0, int(time.time()) - manifest.made // 1000)

    async def act(client: Client) -> None:
        jump = min(most, fewest + each * seconds)
        await client.call("HINCRBY", f"{{{manifest.site}}}:site", "contacts", jump)

    return act


def _copy_history(source: Path, to: Path) -> None:
    """SQLite's own online copy: of one instant, whoever writes meanwhile."""
    with (
        contextlib.closing(
            sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True, timeout=30)
        ) as there,
        contextlib.closing(sqlite3.connect(to)) as here,
    ):
        there.backup(here)


async def _cut(shop: Path, found: Content) -> None:
    history = await History.open(None, shop)
    try:
        await history.cut(found.last, found.contacts)
    finally:
        await history.close()
    await asyncio.to_thread(_one_file, shop / HISTORY)


def _one_file(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode=DELETE")
