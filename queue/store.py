"""The one store: embedded or by `REDIS_URL`, checked before it is trusted with a contact.

Opening it answers four questions: is the server new enough, will it keep what it is given, is it the same
store as last time, and does it have our functions. Short administrative questions go through `redis` (one
connection per question, never re-sent); everything on the main path goes through `Client`.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ..settings import SITE, Settings
from . import library
from .address import Address, site_of
from .client import Client, Reply, Word
from .embedded import EmbeddedStore
from .failures import (
    DiskFull,
    Forbidden,
    FunctionMissing,
    MemoryFull,
    NotReplicated,
    ScriptError,
    StoreError,
    StoreIdentityChanged,
    StoreUnavailable,
    StoreUnsafe,
)
from .identity import identity_key, recall, remember
from .safety import CONFIG_READ, Durability, Facts, durability, read_facts, unsafe, warnings
from .witness import Witness

ADMIN_WITHIN = 3.0
ROOM = 8 << 20
"""Bytes that the embedded store's disk must have free to be written to. The server itself goes on writing a little
(what expires), and ends where it can't: this is what it lives on while people make room."""
REMEDY = (
    "Whoever is between could read and change every conversation. Use rediss://user:password@host:port/0,"
    " or say that you know with TIERLINE_STORE_INSECURE=yes."
)
ALLOWED = "TIERLINE_STORE_INSECURE allows it: whoever is between can read and change every conversation."
LACKS = "A server has become the store's primary that lacks {count} changes which had been acknowledged to this process."


@dataclass(frozen=True, slots=True)
class Health:
    """How the store is, for people and for `/readyz`."""

    up: bool
    reason: str  # why not up, or why up but not fit; empty when well
    durability: Durability
    server: str  # "Valkey 9.1.2"; empty when unknown
    answer_ms: float  # one round trip; 0 when not up
    memory_used: int  # bytes
    memory_limit: int  # bytes; 0 = none
    log_writable: bool  # False after a failed write of the append-only log
    warnings: tuple[str, ...]
    disk_full: bool = False  # of the embedded store: it is asked for reads alone until there is room
    replicated: bool = True  # False when too few replicas confirm what is written now
    refuses: str = ""  # why it takes no changes although it answers, in the server's words

    @property
    def trouble(self) -> str:
        """What whoever can mend it should be told; "" when all is well."""
        if self.disk_full:
            return "The disk of the store is full: new contacts are refused until there is room on it."
        if not self.up:
            return f"The store is in trouble ({self.reason}): new contacts are refused until it answers."
        if not self.replicated:
            return (
                "The store's replicas don't confirm what is written: new contacts are refused until they do."
            )
        if self.reason:
            return f"The store is not safe: {self.reason} Contacts are still taken and may be lost."
        if not self.log_writable:
            return "The store can't write its log: new contacts are refused until it can. Is the disk full?"
        if self.memory_limit and self.memory_used >= self.memory_limit:
            return "The store is full: new contacts are refused until maxmemory is raised or work is closed."
        if self.refuses:
            return f"The store takes no changes ({self.refuses}): new contacts are refused until it does."
        return ""


class Store:
    """One site's store. Make it with `open`."""

    def __init__(
        self, url: str, site: str, library_source: str, embedded: EmbeddedStore | None, insecure: bool = False
    ) -> None:
        """Use `open`."""
        self.site = site
        self.embedded = embedded
        # The embedded server syncs every write and has no successor.
        count = "" if embedded else f"{{{site}}}:mark:{secrets.token_hex(6)}"
        self.witness = Witness(f"{{{site}}}:site", count)
        self.client = Client(url, key=f"{{{site}}}:", insecure=insecure, witness=self.witness)
        self.durability: Durability = "unknown"
        self.warnings: tuple[str, ...] = ()
        self.exposed: str | None = None
        self._source = library_source
        self._full = False
        self._loading = asyncio.Lock()
        self._loads = 0

    @classmethod
    async def open(
        cls,
        redis_url: str | None,
        data_dir: Path,
        site: str,
        *,
        library_source: str | None = None,
        insecure: bool = False,
    ) -> Store:
        """Open the store at `redis_url`, or the embedded one in `data_dir/store`.

        `insecure` lets one be used that others on the way could read. Raises `StoreUnsafe` (too old, evicts keys,
        or another machine without TLS and a password), `StoreIdentityChanged` (not the store that `data_dir`
        remembers), `StoreUnavailable`, `EmbeddedError`, or `StoreMisnamed` for a malformed URL.
        """
        source = library.source() if library_source is None else library_source
        exposed = Address.parse(redis_url).exposed() if redis_url else None
        if exposed and not insecure:
            raise StoreUnsafe(f"{exposed}. {REMEDY}")
        embedded = None if redis_url else await EmbeddedStore.start(data_dir / "store")
        url = redis_url or (embedded.url if embedded else "")
        try:
            store = cls(url, site, source, embedded, insecure)
            store.exposed = exposed
        except BaseException:
            if embedded is not None:
                await embedded.stop()
            raise
        try:
            await store._enter(data_dir)
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def of(cls, settings: Settings) -> Store:
        """Open the one that the settings name. Raises like `open`."""
        url = settings.redis_url.get_secret_value() if settings.redis_url else None
        return await cls.open(url, settings.data, site_of(url) or SITE, insecure=settings.store_insecure)

    async def close(self) -> None:
        """Close the connection; an embedded server is stopped cleanly."""
        await self.client.close()
        if self.embedded is not None:
            await self.embedded.stop()

    async def keep_running(self, told: Callable[[str], None]) -> None:
        """Run beside the store: restarts an embedded server that died; returns at once for another server."""
        if self.embedded is not None:
            await self.embedded.keep_running(told)

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        """`Client.fcall`, which brings the library back when the server has lost it.

        A missing function has run nothing, so this one call may be made again without its operation id. While
        the embedded store's disk is full, what would write (it has an operation id) isn't sent: the server would
        end rather than confirm it, and nobody could read any more.
        """
        loads = self._loads
        if self._full and args and (args[0] or not self.client.up):
            raise DiskFull("MISCONF", "the disk of the store is full")
        try:
            return await self.client.fcall(name, key, *args, deadline=deadline)
        except StoreUnavailable:
            self._look_at_disk()
            raise
        except FunctionMissing:
            await self._load_again(loads)
            return await self.client.fcall(name, key, *args, deadline=deadline)

    async def reader(self) -> Client:
        """A connection of its own for blocking reads."""
        return await self.client.reader()

    async def function_load(self) -> None:
        """Make the server have our library, whatever it had under its name; any number may do so at once.

        One library name is one contract, so another text under it is the same contract, mended.
        """
        listed = await _unless_refused(
            self.client.call(
                "FUNCTION", "LIST", "LIBRARYNAME", library.NAME, "WITHCODE", deadline=ADMIN_WITHIN
            )
        )
        if self._source.encode() not in _strings(listed):
            await self.client.call("FUNCTION", "LOAD", "REPLACE", self._source, deadline=ADMIN_WITHIN)
        self._loads += 1

    async def health(self) -> Health:
        """Look again: up, unchanged, still safe, does it take changes? Raises no `StoreError`."""
        full, refuses = self._look_at_disk(), ""
        started = time.perf_counter()  # uvloop's own clock stands still within a turn
        try:
            identity = await self.client.call("GET", identity_key(self.site))
            answer_ms = (time.perf_counter() - started) * 1000
            if self.client.expect is not None and identity != self.client.expect[1]:
                self.client.drop("the store was emptied or replaced")  # the next greeting refuses it
                raise StoreIdentityChanged("The store was emptied or replaced while we were running.")
            try:
                replicated = full or await self._takes_a_change()
            except (MemoryFull, DiskFull) as refusal:
                replicated, refuses = True, str(refusal)
            facts = await self._facts()
        except StoreError as error:
            return Health(False, str(error), self.durability, "", 0.0, 0, 0, False, self.warnings, full)
        self._judge(facts)
        return Health(
            up=True,
            reason=unsafe(facts) or "",
            durability=self.durability,
            server=facts.server,
            answer_ms=answer_ms,
            memory_used=facts.memory_used,
            memory_limit=facts.memory_limit,
            log_writable=facts.log_writable,
            warnings=self.warnings,
            disk_full=full,
            replicated=replicated,
            refuses=refuses,
        )

    async def empty(self) -> None:
        """Forget all but the store's identity, for the sandbox. Raises `StoreUnsafe` unless embedded."""
        if self.embedded is None or self.client.expect is None:
            raise StoreUnsafe("Only an embedded store may be emptied; this one is somebody's server.")
        key, name = self.client.expect
        await self.client.call("FLUSHALL")
        await self.client.call("SET", key, name)

    async def _takes_a_change(self) -> bool:
        """Whether enough replicas confirm one. Reading is answered by servers that refuse every change, too: a replica,
        a primary without its own, one that can't write. Raises `StoreRefused` then.
        """
        told = f"{{{self.site}}}:told"
        if self.client.address.replicas:
            return await self.client.all_replicated(told)
        await self.client.call("SET", told, 1)
        return True

    def _look_at_disk(self) -> bool:
        self._full = self.embedded is not None and self.embedded.room() < ROOM
        return self._full

    async def _enter(self, data_dir: Path) -> None:
        await self.client.start()
        facts = await self._facts()
        if reason := unsafe(facts):
            raise StoreUnsafe(reason)
        self._judge(facts)
        await self._recognise(data_dir)
        if "register_function" in self._source:
            await self.function_load()

    def _judge(self, facts: Facts) -> None:
        self.durability = durability(facts)
        said: tuple[str, ...] = (f"{self.exposed}; {ALLOWED}",) if self.exposed else ()
        if self.witness.missing:
            said += (LACKS.format(count=self.witness.missing),)
        self.warnings = said + warnings(facts, self.client.address)

    async def _recognise(self, data_dir: Path) -> None:
        key = identity_key(self.site)
        known = await asyncio.to_thread(recall, data_dir, self.site)
        found = await self.client.call("GET", key)
        if known is None:
            found = found or await self._baptise(key)
            await asyncio.to_thread(remember, data_dir, self.site, _bytes(found))
        elif found != known:
            raise StoreIdentityChanged(
                f"The store at {self.client.address} {'is empty' if found is None else 'is another one'}:"
                f" not the one that site {self.site} used before. Bring back its data, or point REDIS_URL to"
                f" the right server. To begin anew with this one, remove {data_dir / 'store-identity.json'}."
            )
        self.client.expect = (key, _bytes(found))

    async def _baptise(self, key: str) -> Reply:
        try:
            await self.client.call("SET", key, secrets.token_hex(16), "NX", sure=True)
        except NotReplicated:
            wanted = self.client.address.replicas
            raise StoreUnsafe(
                f"The store has fewer than {wanted} replicas that confirm what is written, and REDIS_URL asks for so many"
                f" (replicas={wanted}, which is what Sentinels and a Cluster are for). Start them, or write replicas=0"
                " and know that a failover loses contacts."
            ) from None
        return await self.client.call("GET", key)

    async def _facts(self) -> Facts:
        told = b"".join(_strings(await self.client.call("INFO", deadline=ADMIN_WITHIN))).decode()
        config = await _unless_refused(self.client.call("CONFIG", "GET", *CONFIG_READ, deadline=ADMIN_WITHIN))
        return read_facts(_lines(told), None if config is None else _pairs(config))

    async def _load_again(self, loads: int) -> None:
        async with self._loading:
            if self._loads == loads:  # of many calls that met the loss together, the first one mends it
                await self.function_load()


async def _unless_refused(answer: Awaitable[Reply]) -> Reply:
    """The answer, or None where this server refuses the question: hosted ones often do."""
    try:
        return await answer
    except (Forbidden, ScriptError):
        return None


def _strings(reply: Reply) -> list[bytes]:
    """Every string in a reply, however deep."""
    if isinstance(reply, bytes):
        return [reply]
    return [it for part in reply for it in _strings(part)] if isinstance(reply, list) else []


def _lines(info: str) -> dict[str, str]:
    """The fields of INFO; the lines of its sections have no colon."""
    return {name: value for name, colon, value in (it.partition(":") for it in info.splitlines()) if colon}


def _pairs(reply: Reply) -> dict[str, str]:
    """What a reply of names and values in turn says."""
    raw = [it.decode() for it in _strings(reply)]
    return dict(zip(raw[::2], raw[1::2], strict=True))


def _bytes(reply: Reply) -> bytes:
    if not isinstance(reply, bytes):
        raise StoreIdentityChanged("The store's identity can't be read: its key isn't ours.")
    return reply
