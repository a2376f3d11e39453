"""Which server to talk to: the one that `REDIS_URL` names, the one that Sentinels watch, the one that has our slot.

Nothing here guesses. Sentinels count only when a majority of those that were named answers: a minority may go on
praising a primary whose successor is already taking contacts elsewhere. Cluster nodes are believed by the age of
what they say (the configuration epoch), never by who answered first.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from binascii import crc_hqx
from typing import Protocol

from .address import Address
from .failures import NotSent, StoreError, StoreUnavailable
from .wire import Reply, Wire, Word
from .witness import Witness

ASK_WITHIN = 0.7  # s for one Sentinel or node
SHARED = 0.3  # s that an answer is good for everybody who asks
SLOTS = 16384
_MOST_NODES = 12

_Claim = tuple[int, str, int]  # configuration epoch, host, port: the highest is the newest


class Locator(Protocol):
    """Says where the primary is."""

    sure: bool
    """Whether a connection must end when this can't be found out any more."""

    async def find(self) -> Address:
        """The server to talk to. Raises `StoreUnavailable` when that can't be said."""
        ...

    def hint(self, moved: str) -> None:
        """What a server said when it sent us elsewhere: `slot host:port`."""
        ...

    async def close(self) -> None:
        """Drop its connections."""
        ...


def locator(address: Address, tls: ssl.SSLContext | None, key: str) -> Locator | None:
    """Who is to be asked; None for a server that is named itself. `key` is any key of the site."""
    if address.kind == "sentinel":
        return Sentinels(address, tls)
    return Shards(address, tls, key) if address.kind == "cluster" else None


async def primary(address: Address, key: str) -> Address:
    """The server behind `address` at this moment. Raises `StoreUnavailable` when that can't be said."""
    where = locator(address, address.tls_context(), key)
    if where is None:
        return address
    try:
        return await where.find()
    finally:
        await where.close()


async def dial(
    at: Address, tls: ssl.SSLContext | None, within: float, silence: float, replicas: int = 0,
    witness: Witness | None = None,
) -> Wire:  # fmt: skip
    """A connection to one server, logged in. Raises OSError, TimeoutError or `StoreError`."""
    loop = asyncio.get_running_loop()
    wire = Wire(loop, silence, replicas, witness)
    async with asyncio.timeout(within):
        if at.path:
            await loop.create_unix_connection(lambda: wire, at.path)
        else:
            await loop.create_connection(lambda: wire, at.host, at.port, ssl=tls)
    try:
        if at.password:
            login: tuple[Word, ...] = (at.username, at.password) if at.username else (at.password,)
            await wire.ask(("AUTH", *login), within)
        if at.db:
            await wire.ask(("SELECT", at.db), within)
    except BaseException:
        wire.drop("the greeting failed")
        raise
    return wire


class _Asking:
    """Questions to several servers at once over connections that are kept; one answer for all who ask together."""

    sure = False

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        self.address = address
        self._tls = tls
        self._wires: dict[tuple[str, int], Wire] = {}
        self._turn = asyncio.Lock()
        self._found: tuple[float, Address | str] = (float("-inf"), "")

    async def find(self) -> Address:
        """See `Locator`."""
        async with self._turn:
            if time.monotonic() - self._found[0] > SHARED:
                try:
                    found: Address | str = await self._look()
                except StoreUnavailable as error:
                    found = str(error)
                self._found = (time.monotonic(), found)
        if isinstance(self._found[1], str):
            raise NotSent(self._found[1])
        return self._found[1]

    def hint(self, moved: str) -> None:
        """See `Locator`."""
        self._found = (float("-inf"), "")

    async def close(self) -> None:
        """See `Locator`."""
        for wire in self._wires.values():
            wire.drop("closed")
        self._wires.clear()

    async def _look(self) -> Address:
        raise NotImplementedError

    async def _ask(self, at: Address, *questions: tuple[Word, ...]) -> list[Reply] | None:
        """The replies of one server; None when it has none."""
        where = (at.host, at.port)
        try:
            async with asyncio.timeout(ASK_WITHIN):
                wire = self._wires.get(where)
                if wire is None or wire.lost.done():
                    wire = self._wires[where] = await dial(at, self._tls, ASK_WITHIN, ASK_WITHIN)
                return await asyncio.gather(*(wire.ask(words, ASK_WITHIN) for words in questions))
        except (OSError, TimeoutError, StoreError):
            if broken := self._wires.pop(where, None):
                broken.drop("it didn't answer")
            return None


class Sentinels(_Asking):
    """Redis or Valkey Sentinel: those who watch a primary and elect another."""

    sure = True

    async def _look(self) -> Address:
        at, name = self.address, self.address.service
        asked = [at.sentinel(host, port) for host, port in at.hosts]
        questions = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name), ("SENTINEL", "MASTER", name)
        replies = await asyncio.gather(*(self._ask(it, *questions) for it in asked))
        claims = [claim for reply in replies if reply and (claim := _claimed(reply))]
        most = len(asked) // 2 + 1
        if len(claims) < most:
            raise NotSent(
                f"{len(claims)} of {len(asked)} Sentinels say where the store's primary {name} is;"
                f" without {most} of them nobody can know"
            )
        _, host, port = max(claims)
        return at.node(host, port)


def _claimed(reply: list[Reply]) -> _Claim | None:
    where, told = reply
    if not isinstance(where, list) or len(where) != 2 or not isinstance(told, list):
        return None
    words = [it.decode(errors="replace") if isinstance(it, bytes) else "" for it in [*where, *told]]
    facts = dict(zip(words[2::2], words[3::2], strict=False))
    with contextlib.suppress(ValueError):
        return int(facts.get("config-epoch", "0")), words[0], int(words[1])
    return None


class Shards(_Asking):
    """Redis or Valkey Cluster: the node that has the slot of our site."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None, key: str) -> None:
        super().__init__(address, tls)
        self.slot = slot_of(key)
        self._nodes = list(address.hosts)

    def hint(self, moved: str) -> None:
        """A node that knows better is asked as well."""
        super().hint(moved)
        _, _, where = moved.rpartition(" ")
        host, _, port = where.rpartition(":")
        if host and port.isdecimal() and (host, int(port)) not in self._nodes:
            self._nodes.insert(0, (host, int(port)))

    async def _look(self) -> Address:
        asked = [self.address.node(host, port) for host, port in self._nodes[:_MOST_NODES]]
        replies = await asyncio.gather(*(self._ask(it, ("CLUSTER", "NODES")) for it in asked))
        told = [
            (it, reply[0].decode(errors="replace"))
            for it, reply in zip(asked, replies, strict=True)
            if reply and isinstance(reply[0], bytes)
        ]
        if not told:
            raise NotSent(f"none of the {len(asked)} nodes of the Cluster answers")
        nodes: dict[tuple[str, int], None] = {}
        claims: list[_Claim] = []
        for it, text in told:
            for claim, slots in _nodes(text, it):
                nodes[claim[1:]] = None
                if any(first <= self.slot <= last for first, last in slots):
                    claims.append(claim)
        self._nodes = list({**nodes, **dict.fromkeys(self.address.hosts)})
        if not claims:
            raise NotSent(f"no node of the Cluster has slot {self.slot}, where this site is")
        _, host, port = max(claims)
        return self.address.node(host, port)


def _nodes(text: str, asked: Address) -> list[tuple[_Claim, list[tuple[int, int]]]]:
    """The reply of CLUSTER NODES: who claims which slots since when. Slots on their way are in brackets: not counted.

    Source: valkey.io/commands/cluster-nodes, redis.io/commands/cluster-nodes.
    """
    found = []
    for line in text.splitlines():
        words = line.split(" ")
        if len(words) < 8 or "noaddr" in words[2] or "handshake" in words[2]:
            continue
        where, _, named = words[1].partition(",")
        host, _, port = where.partition("@")[0].rpartition(":")
        named = named.partition(",")[0]
        if asked.tls and named and "=" not in named:
            host = named  # what its certificate says
        if not port.isdecimal() or not words[6].isdecimal():
            continue
        slots = []
        for part in words[8:]:
            first, _, last = part.partition("-")
            if first.isdecimal():
                slots.append((int(first), int(last or first)))
        found.append(((int(words[6]), host or asked.host, int(port)), slots))
    return found


def slot_of(key: str) -> int:
    """The slot of a key: CRC16 (XMODEM) of what is between its first braces, modulo 16384 (Cluster specification)."""
    tag = key.partition("{")[2].partition("}")
    hashed = tag[0] if tag[0] and tag[1] else key
    return crc_hqx(hashed.encode(), 0) % SLOTS
