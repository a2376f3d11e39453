"""Calling the function library: operation ids, the site's clock, retries.

A mutation may be sent again only with the operation id it was first sent with. `Calls` makes the id, sends it
again with the same one while the outcome is unknown, and gives up at the deadline.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from typing import Protocol

from . import library
from .client import Client, Reply, Word
from .failures import DiskFull, OutcomeUnknown, ScriptError, StoreIdentityChanged, StoreUnavailable
from .replies import Refused

DEADLINE = 3.0  # s, all attempts together
SITE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
PAUSES = (0.02, 0.4)  # s between attempts, doubling


class Caller(Protocol):
    """What a queue needs of a store."""

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        """Call a function of the library."""
        ...


class Plain(Protocol):
    """Plain commands, for reads that need no script."""

    async def call(self, *words: Word, deadline: float | None = None) -> Reply:
        """One command and its reply."""
        ...

    async def all_replicated(self, key: str) -> bool:
        """Whether replicas have whatever could have been read until now."""
        ...


class StoreLike(Caller, Protocol):
    """`Store`: function calls, plain reads, and connections of their own for blocking reads."""

    @property
    def client(self) -> Plain:
        """The connection for plain reads."""
        ...

    async def reader(self) -> Client:
        """A connection for blocking reads."""
        ...


class Calls:
    """One site's way to the scripts."""

    def __init__(
        self, store: StoreLike, site: str, *, deadline: float = DEADLINE, name: str = library.NAME
    ) -> None:
        """`deadline`, in seconds, covers all attempts; `name` stands before each function's.

        Raises ValueError for a `site` that isn't plain letters and digits: it is the hash tag of all its keys.
        """
        if not SITE_NAME.fullmatch(site):
            raise ValueError(f"a site is named by up to 64 letters, digits, '-', '_' or '.': {site[:40]!r}")
        self.site = site
        self._store = store
        self._key = f"{{{site}}}:"
        self._deadline = deadline
        self._name = name
        self._ahead: int | None = None  # the site's clock minus this process's, ms
        self._instant: asyncio.Future[int | None] | None = None  # asked for in this turn of the loop

    async def do(self, function: str, *args: Word, op: str | None = None, now: int | None = None) -> str:
        """Carry out a mutation, once. Returns its text.

        Raises `Refused("expired")` for an operation id that is too old or ahead of the site's clock,
        `OutcomeUnknown` when the deadline came first, and other `StoreError`s.
        """
        if op is not None:
            return text(await self._insist(function, op, now, args))
        try:
            return text(await self._insist(function, await self._new_op(now), now, args))
        except Refused:  # the site's clock was moved; nothing happened, so a new id is safe
            self._ahead = None
            return text(await self._insist(function, await self._new_op(now), now, args))

    async def ask(self, function: str, *args: Word, now: int | None = None) -> Reply:
        """Carry out a read; asked again while the store is unavailable, until the deadline."""
        return await self._insist(function, "", now, args)

    async def ask_once(self, function: str, *args: Word) -> Reply:
        """Carry out a read, or raise StoreError at once: for whoever has somebody outside who will come again."""
        return await self._store.fcall(f"{self._name}_{function}", self._key, "", "", *args)

    async def now(self) -> int:
        """The site's instant: the store's clock plus what it was moved. Who asks in one turn of the loop asks together.

        Whatever they know by then had happened before the one question leaves, so none hears an older instant.
        """
        if self._instant is not None and (known := await asyncio.shield(self._instant)) is not None:
            return known
        loop = asyncio.get_running_loop()
        mine: asyncio.Future[int | None] = loop.create_future()
        if self._instant is None:
            self._instant = mine
            loop.call_soon(self._unshare)
        instant = None
        try:
            instant = await self._now()
        finally:
            mine.set_result(instant)  # None: whoever waited asks for themselves
        return instant

    def _unshare(self) -> None:
        self._instant = None

    async def _now(self) -> int:
        asked = clock()
        instant = int(text(await self.ask("now")))
        self._heard(instant, asked)
        return instant

    def _heard(self, instant: int, asked: int) -> None:
        """The site's clock said `instant` to a question of `asked`, by ours."""
        self._ahead = instant - (asked + clock()) // 2

    def key(self, name: str) -> str:
        """A key of the site."""
        return self._key + name

    async def plain(self, *words: Word, deadline: float | None = None) -> Reply:
        """A plain read."""
        return await self._store.client.call(*words, deadline=deadline)

    async def _new_op(self, now: int | None) -> str:
        if now is None:
            if self._ahead is None:
                await self.now()
            now = clock() + (self._ahead or 0)
        return f"{now:013d}-{secrets.token_hex(6)}"

    async def _insist(self, function: str, op: str, now: int | None, args: tuple[Word, ...]) -> Reply:
        ends = time.monotonic() + self._deadline
        pause, longest = PAUSES
        unknown: OutcomeUnknown | None = None
        words = (op, _instant(now), *args)
        while True:
            within = max(0.05, min(ends - time.monotonic(), self._deadline / 2))
            try:
                return await self._store.fcall(f"{self._name}_{function}", self._key, *words, deadline=within)
            except ScriptError as error:
                if error.code != "EXPIRED":
                    raise
                if unknown is not None:  # an earlier attempt may have happened: a new id could do it twice
                    raise unknown from None
                raise Refused("expired") from None
            except StoreIdentityChanged:
                raise
            except DiskFull as error:  # room doesn't come back within seconds
                raise (unknown or error) from None
            except StoreUnavailable as error:
                unknown = error if isinstance(error, OutcomeUnknown) else unknown
                if time.monotonic() + pause >= ends:
                    raise (unknown or error) from None
            await asyncio.sleep(pause)
            pause = min(2 * pause, longest)


def text(reply: Reply) -> str:
    """A reply that is one text."""
    if isinstance(reply, bytes):
        return reply.decode()
    raise ScriptError("REPLY", f"expected text, got {type(reply).__name__}")


def texts(reply: Reply) -> list[str]:
    """A reply that is a list of texts; what is absent becomes empty."""
    if reply is None:
        return []
    if isinstance(reply, list):
        return [it.decode() if it.__class__ is bytes else _odd(it) for it in reply]
    raise ScriptError("REPLY", f"expected a list, got {type(reply).__name__}")


def _odd(it: Reply) -> str:
    return "" if it is None else str(it) if isinstance(it, int) else text(it)


def _instant(now: int | None) -> str:
    return "" if now is None else str(now)


def clock() -> int:
    """This process's own, ms."""
    return time.monotonic_ns() // 1_000_000
