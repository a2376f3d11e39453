"""The listening socket: accepts only as many connections as there are file descriptors for, and drains at a stop.

Beyond that nobody is refused: who comes waits in the kernel's queue until somebody leaves, and whoever has sent
nothing for longest leaves first. So the store, the history, Slack and Twilio always find a descriptor.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import sys
from collections.abc import Callable
from time import monotonic

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from aiohttp.web_protocol import RequestHandler

from .problem import problem

log = structlog.get_logger()

MOST, RESERVE, MOST_ASIDE = 1000, 64, 20_000
"""Connections at one time, where descriptors allow; descriptors kept for all else; long-lived ones beside them."""
BACKLOG = 512
FIRST, KEPT, JUST_NOW = 10.0, 75.0, 0.25
"""Seconds that a connection may stand without a request: a new one, one that made some, one that must make way."""
LARGEST, SMALL, IN_HAND = 1024 * 1024, 64 * 1024, 32 * 1024 * 1024
"""Bytes: of one body; up to which one is always taken (webhooks are); of all larger ones together."""
PATIENCE = 5.0
"""Seconds that a request waits while we start, and that `/healthz` says we are up meanwhile: then others are better."""
LAST = 1.0
"""Seconds in which a connection that came just before the end may still make its request."""

Protocol = RequestHandler


def room_for(limit: int, used: int) -> int:
    """How many connections fit into `limit` descriptors of which `used` are taken; the rest stays in reserve."""
    left = max(0, limit - used)
    return max(4, min(MOST, left - min(RESERVE, left // 2)))


def descriptors() -> tuple[int, int]:
    """The limit (raised as far as we may) and how many are in use."""
    if sys.platform == "win32":
        return MOST + RESERVE, 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (65_536 if soft == resource.RLIM_INFINITY else soft), len(os.listdir("/dev/fd"))


class CantListen(OSError):
    """Somebody listens there already, or we may not; `str()` says what to do."""


class Listener:
    """`middleware` goes into the application, `start` listens, `let_in` ends the waiting of those who came early.

    `full` counts how often there was no room.
    """

    def __init__(self) -> None:
        self.most = MOST
        self.most_aside = MOST // 2
        self.aside: Callable[[], int] = lambda: 0  # connections that stand for long: chats
        self.full = 0
        self.busy = 0
        self.closing = False
        self._ready = asyncio.Event()
        self._since = monotonic()
        self._idle: dict[Protocol, tuple[float, bool]] = {}  # since when, and whether it made no request yet
        self._bodies = 0
        self._doors: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._welcomes: set[asyncio.Task[None]] = set()
        self._server: web.Server | None = None
        self._said = -3600.0

    @property
    def open(self) -> int:
        """Connections that stand now."""
        return len(self._server.connections) if self._server is not None else 0

    def has_room(self) -> bool:
        """Whether one more of the connections that stand for long fits beside those of requests."""
        return self.aside() < self.most_aside

    @property
    def addresses(self) -> list[str]:
        """The hosts on which it listens."""
        return [str(door.getsockname()[0]) for door in self._doors]

    async def start(self, runner: web.AppRunner, host: str, port: int) -> int:
        """Listen on every address of `host`; the port. Raises OSError."""
        self._server, self._doors, self.closing = runner.server, [], False
        self._ready.clear()
        self._since = monotonic()
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            self._doors.append(_door(family, address))
        limit, used = descriptors()
        self.most = room_for(limit, used)
        self.most_aside = max(self.most // 2, min(MOST_ASIDE, limit - used - RESERVE - self.most))
        self._tasks = [asyncio.create_task(self._accept(door), name="accept") for door in self._doors]
        self._tasks.append(asyncio.create_task(self._sweep(), name="idle connections"))
        return int(self._doors[0].getsockname()[1])

    def let_in(self) -> None:
        """From now on requests are answered; until then they wait, unless they ask how we are."""
        self._ready.set()

    async def close(self) -> None:
        """Accept nothing more; who stood in the kernel's queue already is still served."""
        self.closing = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._welcomes, return_exceptions=True)
        came = [one for door in self._doors for one in _waiting(door)]
        for door in self._doors:
            door.close()
        for one in came:
            await self._welcome(one)
        end = monotonic() + LAST
        while monotonic() < end and any(fresh and p.transport for p, (_, fresh) in self._idle.items()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def finish(self, grace: float) -> None:
        """Wait at most `grace` seconds for the requests in hand; aiohttp drops what is missing of them."""
        end = monotonic() + grace
        while self.busy and monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    # ---- connections --------------------------------------------------------------------------------------------

    async def _accept(self, door: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._room()
            await _knock(loop, door)
            try:
                one, _ = door.accept()
            except BlockingIOError:  # it left again
                continue
            except OSError as error:
                self._tell_full(type(error).__name__)
                await asyncio.sleep(0.1)
                continue
            # `sock_accept` would lose a connection, and cut a welcome short, where we are told to stop meanwhile.
            one.setblocking(False)
            welcome = asyncio.create_task(self._welcome(one), name="welcome")
            self._welcomes.add(welcome)
            welcome.add_done_callback(self._welcomes.discard)
            await asyncio.shield(welcome)

    async def _welcome(self, one: socket.socket) -> None:
        assert self._server is not None
        try:
            loop = asyncio.get_running_loop()
            _, protocol = await loop.connect_accepted_socket(self._server, one)
            self._idle[protocol] = (monotonic(), True)
        except OSError:  # it left before it was let in
            one.close()

    async def _room(self) -> None:
        while self.open - min(self.aside(), self.most_aside) >= self.most:
            self._tell_full("")
            self._make_way()
            await asyncio.sleep(0.02)

    def _make_way(self) -> None:
        now = monotonic()
        for protocol, (since, _) in list(self._idle.items()):  # the longest idle first
            if protocol.transport is None:
                del self._idle[protocol]
            elif now - since > JUST_NOW:
                self._hang_up(protocol)
                return

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(5.0)
            now = monotonic()
            for protocol, (since, fresh) in list(self._idle.items()):
                if protocol.transport is None:
                    del self._idle[protocol]
                elif now - since > (FIRST if fresh else KEPT):
                    self._hang_up(protocol)

    def _hang_up(self, protocol: Protocol) -> None:
        self._idle.pop(protocol, None)
        protocol.force_close()

    def _tell_full(self, error: str) -> None:
        self.full += 1
        if monotonic() - self._said > 60:
            self._said = monotonic()
            log.warning("listener.full", connections=self.open, most=self.most, error=error)

    # ---- requests -----------------------------------------------------------------------------------------------

    @property
    def middleware(self) -> Middleware:
        """Knows who is busy, keeps the bodies in hand bounded, and ends connections at a stop."""

        @web.middleware
        async def busy(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._idle.pop(request.protocol, None)
            self.busy += 1
            try:
                response = await self._within(request, handler)
            finally:
                self.busy -= 1
                self._idle[request.protocol] = (monotonic(), False)
            if self.closing and not response.prepared:
                response.force_close()
            return response

        return busy

    async def opens_to(self, request: web.Request) -> bool:
        """Whether `request` is served: while we start it waits for that, and hears how we are at once."""
        if self._ready.is_set() or request.path == "/readyz":
            return True
        if monotonic() - self._since > PATIENCE:
            return False
        if request.path == "/healthz":
            return True
        self._idle.pop(request.protocol, None)
        self.busy += 1
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ready.wait()
        except TimeoutError:
            return False
        finally:
            self.busy -= 1

    async def _within(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        stated = request.content_length
        size = min(LARGEST, stated if stated is not None else LARGEST if request.can_read_body else 0)
        if size <= SMALL:
            return await handler(request)
        if self._bodies + size > IN_HAND:
            return again("too much is being sent at once", "Send it again.")
        self._bodies += size
        try:
            return await handler(request)
        finally:
            self._bodies -= size


def again(what: str, hint: str) -> web.Response:
    """Not now, but in a moment."""
    refusal = problem(503, what, hint)
    refusal.headers["Retry-After"] = "1"
    return refusal


def _door(family: int, address: object) -> socket.socket:
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind(address)  # type: ignore[arg-type]
        door.listen(BACKLOG)
        door.setblocking(False)
    except OSError as error:
        door.close()
        raise CantListen(_why_not(address, error)) from None
    return door


def _why_not(address: object, error: OSError) -> str:
    """Why there is no listening there, and what to do about it."""
    host, port = address[:2] if isinstance(address, tuple) else (address, 0)
    at = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{at} is in use by another program. End that one, or choose another port: PORT={int(port) + 1}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{at} may not be listened on without more rights. Choose a port above 1023: PORT=8080"
    return f"can't listen on {at}: {error.strerror}"


def _waiting(door: socket.socket) -> list[socket.socket]:
    """Everybody in the kernel's queue."""
    found = []
    with contextlib.suppress(OSError):
        while True:
            found.append(door.accept()[0])
            found[-1].setblocking(False)
    return found


async def _knock(loop: asyncio.AbstractEventLoop, door: socket.socket) -> None:
    """Return when somebody stands at the door."""
    there = asyncio.Event()
    loop.add_reader(door, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(door)
