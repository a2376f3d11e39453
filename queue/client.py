"""One multiplexed connection to the store for everything short that this process asks of it.

All tasks share one connection: what they ask during one turn of the event loop goes out in one write, and
replies come back in the order of the questions. Compared with a pooled client this saves most of the Python
per call (docs/performance.md). The price is a strict rule: **nothing is ever sent twice**. A call ends as a
reply, as an error reply, as `NotSent`, or as `OutcomeUnknown`; whoever calls decides, with an operation id,
whether to ask again. The errors are drawn as a tree in `failures`.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from typing import Self

from .address import Address
from .failures import (
    NotReplicated,
    NotSent,
    StoreBusy,
    StoreIdentityChanged,
    StoreRefused,
    StoreUnavailable,
)
from .whereabouts import Locator, dial, locator
from .wire import Reply, Wire, Word, in_touch
from .witness import Witness

__all__ = ["Client", "Reply", "Word"]

DEADLINE = 1.5  # s; Slack waits 3 s for an answer, and two calls must fit
SILENCE = 3.0  # s without a byte while calls are out: the connection is taken for dead
IN_FLIGHT = 20_000
CONNECT_WITHIN = 1.0
BACKOFF = (0.05, 1.0)
LOOK_EVERY = 1.0
"""Seconds between two looks whether another server has become the primary."""
UNSURE = 3.0
"""Seconds that a connection is used while Sentinels can't say whether its server still is the primary. Shorter than
what they wait before they elect another (`down-after-milliseconds`), so that never two take contacts."""
_TLS_HERE = "is it up, and is rediss:// right for this port?"


class Client:
    """Calls to one server over one connection, which is re-made in the background when it breaks.

    Behind Sentinels or in a Cluster that server is the primary of the moment, or the one that has the site's slot.

    While it is down every call fails at once with `NotSent` (or with the reason: `Forbidden`, `Loading`,
    `StoreIdentityChanged`). Strings are sent as UTF-8; replies are RESP2: bytes, int, None or lists of these.
    """

    def __init__(
        self,
        url: str,
        *,
        deadline: float = DEADLINE,
        silence: float = SILENCE,
        in_flight: int = IN_FLIGHT,
        blocking: bool = False,
        expect: tuple[str, bytes] | None = None,
        key: str = "",
        insecure: bool = False,
        where: Locator | None = None,
        witness: Witness | None = None,
    ) -> None:
        """`expect` is a key and the value it must have: on any other value the connection is refused.

        `key` is any key of the site, and finds its shard. `insecure` lets Sentinels or a Cluster send us to a server
        with which others could listen. `where` is shared between connections of one process. `witness` finds out what
        a server lacks.
        """
        self.address = Address.parse(url)
        self.node = self.address
        self.expect = expect
        self._url = url
        self._deadline = deadline
        self._silence = silence
        self._in_flight = in_flight
        self._blocking = blocking
        self._wire: Wire | None = None
        self._up = asyncio.Event()
        self._why_down: StoreUnavailable = NotSent("the store's client isn't started")
        self._keeper: asyncio.Task[None] | None = None
        self._readers: list[Client] = []
        self._tls = self.address.tls_context()
        self._insecure = insecure
        self.witness = witness
        self._shares = where is not None
        self._where = where or locator(self.address, self._tls, key)

    async def start(self, within: float = 5.0) -> Self:
        """Connect. Raises the reason, a `StoreUnavailable`, when it takes more than `within` seconds."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep_connected(), name="store connection")
        try:
            await self.wait_up(within)
        except StoreUnavailable:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """Drop the connection; calls that are out end as `OutcomeUnknown`."""
        for reader in self._readers:
            await reader.close()
        self._readers.clear()
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.wait([keeper])
        self._fall(NotSent("the store's client is closed"))
        if self._where is not None and not self._shares:
            await self._where.close()

    async def wait_up(self, within: float) -> None:
        """Return once connected; raise why not after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._up.wait()
        except TimeoutError:
            raise self._why_down from None

    @property
    def up(self) -> bool:
        """Whether a call would be sent."""
        return self._wire is not None

    @property
    def replicas(self) -> int:
        """How many replicas are waited for now: at least as many as asked for, and all that are in touch."""
        return self._wire.online if self._wire is not None else 0

    @property
    def why_down(self) -> StoreUnavailable:
        """The latest reason for being down."""
        return self._why_down

    async def call(self, *words: Word, deadline: float | None = None, sure: bool = False) -> Reply:
        """One command and its reply.

        `deadline` is in seconds (default 1.5). `sure`: a write, which counts when the replicas that `REDIS_URL` asks
        for have it. Raises `StoreError`; a lost reply is `OutcomeUnknown`, and a cancelled caller's reply is thrown
        away without touching anybody else's. ValueError: text that isn't valid Unicode.
        """
        wire = self._wire
        if wire is None:
            raise _again(self._why_down)
        if wire.outstanding >= self._in_flight:
            raise StoreBusy(f"busy: {self._in_flight} calls are in flight")
        try:
            return await wire.ask(words, self._deadline if deadline is None else deadline, sure)
        except StoreRefused as refusal:
            if refusal.reason == "READONLY":
                wire.drop("the server has become a replica")
            elif refusal.reason == "MOVED" and self._where is not None:
                self._where.hint(str(refusal))
                wire.drop("the site has moved to another server")
            raise
        except NotReplicated:
            raise
        except (asyncio.CancelledError, StoreUnavailable):
            # A blocked read can't be taken back: whatever came after it would wait for its end.
            if self._blocking:
                wire.drop("a blocking read was given up")
            raise

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        """Call a function of the library; `key` is any key of the site and names its shard.

        What begins with an operation id is a write, and sure. In a Cluster `key` must never exist: then a slot on its
        way is an ASK for every script, which isn't followed, and no script ever sees half of a site.
        """
        sure = bool(args and args[0])
        return await self.call("FCALL", name, 1, key, *args, deadline=deadline, sure=sure)

    async def all_replicated(self, key: str) -> bool:
        """Whether replicas have whatever this connection could have read until now; `key` is overwritten.

        Reading doesn't tell what a failover would undo, and `WAIT` counts a connection's own writes: hence a write.
        """
        if not self.address.replicas:
            return True
        try:
            await self.call("SET", key, 1, sure=True)
        except NotReplicated:
            return False
        return True

    async def reader(self) -> Client:
        """A connection of its own for blocking reads; give each call a deadline beyond its `BLOCK`."""
        reader = Client(
            self._url, deadline=60.0, silence=float("inf"), in_flight=1, blocking=True, expect=self.expect,
            insecure=self._insecure, where=self._where,
        )  # fmt: skip
        await reader.start()
        self._readers.append(reader)
        return reader

    def drop(self, why: str) -> None:
        """Break the connection and make a new one, which is checked like the first."""
        if self._wire is not None:
            self._wire.drop(why)

    async def _keep_connected(self) -> None:
        wait, longest = BACKOFF
        while True:
            try:
                wire = await self._connect()
            except (StoreRefused, NotSent) as error:
                self._fall(error)
            except Exception as error:  # whatever it is, this task must not end: it is the way back
                self._fall(
                    NotSent(f"can't reach the store at {self.address}: {_words(error, self.address.tls)}")
                )
            else:
                wait = BACKOFF[0]
                self._wire = wire
                self._up.set()
                watch = asyncio.create_task(self._watch(wire))
                try:
                    await asyncio.wait([wire.lost])  # `await wire.lost` would cancel it with this task
                finally:
                    watch.cancel()
                    wire.drop("closed")
                    self._fall(NotSent(f"lost the connection to the store: {wire.lost.result()}"))
            await asyncio.sleep(wait * random.uniform(0.8, 1.0))
            wait = min(wait * 2, longest)

    async def _watch(self, wire: Wire) -> None:
        """Leave a server that isn't the primary any more, or of which that can't be known any more."""
        clock = asyncio.get_running_loop().time
        sure_at = clock()
        while self._where is not None:
            await asyncio.sleep(LOOK_EVERY)
            try:
                found = await self._where.find()
            except StoreUnavailable as error:
                if self._where.sure and clock() - sure_at > UNSURE:
                    wire.drop(str(error))
                    return
            else:
                sure_at = clock()
                if found != self.node:
                    wire.drop(f"{found} is the primary now")
                    return

    async def _connect(self) -> Wire:
        at = self.address
        if self._where is not None:
            at = await self._where.find()
            if (why := at.exposed()) and not self._insecure:
                raise NotSent(f"{why}, and {self.address} sends us there")
        self.node = at
        wire = await dial(at, self._tls, CONNECT_WITHIN, self._silence, at.replicas, self.witness)
        try:
            await self._greet(wire)
        except BaseException:
            wire.drop("the greeting failed")
            raise
        return wire

    async def _greet(self, wire: Wire) -> None:
        at = self.node
        await wire.ask(("PING",), CONNECT_WITHIN)
        if self._where is not None:
            told = await wire.ask(("INFO", "replication"), CONNECT_WITHIN)
            if not isinstance(told, bytes) or b"role:master" not in told:
                raise NotSent(f"the store at {at} is a replica: the primary is not known yet")
            wire.online = in_touch(told)
        if self.expect is not None:
            key, value = self.expect
            if await wire.ask(("GET", key), CONNECT_WITHIN) != value:
                raise StoreIdentityChanged(
                    f"the store at {at} is not the one used before: it is new, was emptied or is another."
                    " Bring back its data, or point REDIS_URL to the right server."
                )
        if self.witness is not None and (question := self.witness.question):
            self.witness.heard(await wire.ask(question, CONNECT_WITHIN))

    def _fall(self, why: StoreUnavailable) -> None:
        self._wire = None
        self._up.clear()
        self._why_down = why


def _again(error: StoreUnavailable) -> StoreUnavailable:
    """A fresh copy: one exception object raised by many tasks would collect all their tracebacks."""
    if isinstance(error, StoreRefused):
        return type(error)(error.reason, str(error).removeprefix(error.reason).strip())
    return type(error)(*error.args)


def _words(error: BaseException, tls: bool = False) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate isn't accepted: {error.verify_message.rstrip('.')}"
    if isinstance(error, ssl.SSLError):
        return f"TLS doesn't come about ({error.reason or 'it ended at once'}): {_TLS_HERE}"
    if tls and isinstance(error, TimeoutError | ConnectionError):
        return f"{'no answer' if isinstance(error, TimeoutError) else error}: {_TLS_HERE}"
    return "no answer" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
