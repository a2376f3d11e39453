"""Filling a store as fast as it takes it: the product's own calls, packed once and sent a thousand at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import hiredis

from ..queue.client import Client, Reply, Word
from ..queue.contact import Decision, Route
from ..queue.engine import Queue
from ..queue.store import Store

TOGETHER = 1_000
OP, RANK = "0000000000000-bulk", 4_444_444_444_444


class _Captured(Exception):
    """A call as it would have gone out."""

    def __init__(self, words: list[Word]) -> None:
        super().__init__()
        self.words = words


class _Capture:
    """In place of a store: every function call comes back as an exception that holds its words."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        raise _Captured(["FCALL", name, 1, key, *args])

    async def reader(self) -> Client:
        return await self.client.reader()


async def _arrival(queue: Queue, store: Store, route: Route, facts: str) -> list[Word]:
    """The words of `Queue.arrive` for a contact on `route`, with `OP` and `RANK` in their places."""
    await queue.intern_route(route)  # the numbering is not captured: it must happen
    twin = Queue(_Capture(store.client), queue.site)
    twin.table = queue.table
    try:
        await twin.arrive("", "", "", Decision(route, RANK, facts=facts), op=OP)
    except _Captured as it:
        return it.words
    raise RuntimeError("an arrival made no call")


async def arrive(queue: Queue, store: Store, each: Iterable[tuple[Route, int]], facts: str) -> int:
    """Contacts, each by route and rank, in order; how many. Raises RuntimeError with what the store refused."""
    at = store.client.address
    reader, writer = await (
        asyncio.open_unix_connection(at.path) if at.path else asyncio.open_connection(at.host, at.port)
    )
    known: dict[int, tuple[list[Word], int, int]] = {}
    replies, part, count = hiredis.Reader(), list[bytes](), 0
    try:
        now = await queue.now()
        for route, rank in each:
            if id(route) not in known:
                words = await _arrival(queue, store, route, facts)
                known[id(route)] = (words, words.index(OP), words.index(RANK))
            words, op, where = known[id(route)]
            words[op], words[where] = f"{now:013d}-{count:012x}", rank
            part.append(hiredis.pack_command(tuple(words)))  # type: ignore[arg-type]  # its stub means a tuple of one
            count += 1
            if len(part) == TOGETHER:
                await _exchange(reader, writer, replies, part)
                now = await queue.now()
        await _exchange(reader, writer, replies, part)
    finally:
        writer.close()
    return count


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, replies: hiredis.Reader, part: Sequence[bytes]
) -> None:
    writer.write(b"".join(part))
    left = len(part)
    while left:
        replies.feed(await reader.read(1 << 18))
        while (reply := replies.gets()) is not False:
            if isinstance(reply, hiredis.ReplyError):
                raise RuntimeError(f"the store refused an arrival: {reply}")
            left -= 1
    if isinstance(part, list):
        part.clear()
