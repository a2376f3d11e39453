"""The sandbox's one web server: its API, the stand-ins' faces, the page, and the relay to the product."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from .api import Field, Handler, Refused, guard, read_count, read_fields
from .bulletin import Bulletin
from .relay import Relay
from .stage import Cast, Clock, Faults, Person, Wire
from .travel import apply_faults, parse_faults, parse_target
from .website import website

Changed = Callable[[str, dict[str, str]], None]
PAGE = Path(__file__).parent / "page"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LARGEST = 16 * 1024 * 1024  # bytes; a text with ten pictures as data: URLs


class StandIn(Protocol):
    """One outside service: its own faces, its part of the sandbox's API, and how it is emptied."""

    def routes(self) -> list[web.RouteDef]:
        """The service's own faces."""

    def api_routes(self) -> list[web.RouteDef]:
        """Its calls under `/sandbox/api`."""

    def reset(self) -> None:
        """Forget everything that happened."""

    async def stop(self) -> None:
        """Let go of tasks and connections."""


@runtime_checkable
class Settles(Protocol):
    """A stand-in that has work of its own under way, which time travel waits for."""

    async def settle(self) -> None:
        """Return when nothing that is due now is still under way (at most a few seconds)."""


@runtime_checkable
class Listens(Protocol):
    """A stand-in with a port of its own."""

    async def listen(self) -> None:
        """Open it on loopback. Raises OSError."""


StandInMaker = Callable[[Cast, Clock, Wire, Faults, Changed], StandIn]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the sandbox asks of whoever started it; the sandbox itself knows no product.

    `advance(to)` moves the product to the instant `to` (seconds since the epoch) from due instant to due
    instant and says how many fired; `reset()` empties what the sandbox owns; both raise `Refused` or
    PermissionError to say no. `product_state()` gives `{"product", "api": {"url", "token"}, "plan_version"}`.
    """

    advance: Callable[[float], Awaitable[int]]
    reset: Callable[[], Awaitable[None]]
    product_state: Callable[[], Awaitable[dict[str, Any]]]
    ready: Callable[[], Awaitable[bool]]
    product_base: str


class Sandbox:
    """The stage on loopback. `standins` are made here, so that all share one clock, wire and faults."""

    def __init__(
        self, cast: Cast, clock: Clock, hooks: Hooks, standins: Sequence[StandInMaker], page: Path = PAGE
    ) -> None:
        self.cast = cast
        self.clock = clock
        self.wire = Wire(clock)
        self.faults = Faults()
        self.bulletin = Bulletin()
        self.changed: Changed = self.bulletin.post
        self.wire.heard = lambda n: self.changed("wire", {"n": str(n)})
        self.standins: list[StandIn] = [
            make(cast, clock, self.wire, self.faults, self.changed) for make in standins
        ]
        self._hooks = hooks
        self._page = page
        self._relay = Relay(hooks.product_base)
        self._travel = asyncio.Lock()
        self._begun = False
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1:`port` (0 picks a free one) and return the port; raises OSError if taken."""
        app = web.Application(middlewares=[guard, self._in_time], client_max_size=_LARGEST)
        app.add_routes(self._routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        for standin in self.standins:
            if isinstance(standin, Listens):
                await standin.listen()
        return int(runner.addresses[0][1])

    async def stop(self) -> None:
        """End the streams, stop the stand-ins, close the port."""
        self.bulletin.close()
        for standin in self.standins:
            await standin.stop()
        await self._relay.stop()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def reset_standins(self) -> None:
        """Empty every stand-in and the wire, end the faults, return to real time."""
        apply_faults(self.faults, Faults())
        for standin in self.standins:
            standin.reset()
        self.wire.exchanges.clear()
        self.clock.offset = 0.0
        self.changed("reset", {})

    def _routes(self) -> list[web.RouteDef]:
        routes = [
            web.get("/sandbox/api/state", self._state),
            web.post("/sandbox/api/reset", self._reset),
            web.post("/sandbox/api/clock", self._clock),
            web.post("/sandbox/api/faults", self._set_faults),
            web.get("/sandbox/api/faults", self._get_faults),
            web.get("/sandbox/api/wire", self._get_wire),
            web.get("/sandbox/api/events", self.bulletin.stream),
        ]
        for standin in self.standins:
            routes += [*standin.api_routes(), *standin.routes()]
        routes.append(web.route("*", "/sandbox/api/mail", self._no_door))
        routes.append(web.route("*", "/sandbox/api/{rest:.*}", self._unknown))
        routes.append(web.route("*", "/product/{rest:.*}", self._product))
        routes.append(web.get("/website", self._website))
        routes.append(web.get("/", self._file))
        routes.append(web.get("/{name:[A-Za-z0-9_][A-Za-z0-9._/-]{0,120}}", self._file))
        return routes

    async def _state(self, request: web.Request) -> web.StreamResponse:
        """Answers when the product is ready, not before; `?wait=0` says 503 at once instead."""
        if request.query.get("wait") == "0" and not await self._hooks.ready():
            raise Refused("the product is still starting", "ask again, or without wait=0", 503)
        await self._ready(request)
        product = await self._hooks.product_state()
        cast = self.cast
        return web.json_response(
            {
                "product": product["product"],
                "api": product["api"],
                "time": self.clock.iso(),
                "plan_version": product["plan_version"],
                "timezone": product.get("timezone", "Etc/UTC"),
                "numbers": [n.number for n in cast.numbers],
                "mailboxes": list(cast.mailboxes),
                "customers": [{"name": c.name, "phone": c.phone, "mail": c.mail} for c in cast.customers],
                "agents": [_person(p) for p in cast.people if p.tier],
                "supervisors": [_person(p) for p in cast.people if not p.tier],
                "channels": [{"id": p.id, "name": p.name} for p in cast.places],
                "website": str(request.url.origin() / "website"),
            }
        )

    async def _ready(self, request: web.Request) -> None:
        while not await self._hooks.ready():
            if request.transport is None or request.transport.is_closing():
                raise Refused("nobody is waiting any more", "ask again", 499)
            await asyncio.sleep(0.01)

    @web.middleware
    async def _in_time(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What is played while the product is still starting happens as soon as it has: no first text is lost."""
        if not self._begun and request.method == "POST" and request.path.startswith("/sandbox/api/"):
            await self._ready(request)
            self._begun = True  # from here on a product that is away is away, as in reality
        return await handler(request)

    async def _reset(self, request: web.Request) -> web.StreamResponse:
        await read_fields(request, {})
        async with self._travel:
            try:
                await self._hooks.reset()
            except PermissionError as error:
                raise Refused(
                    str(error), "POST /reset works on what `tierline sandbox` started", 409
                ) from error
            self.reset_standins()
        return web.json_response({"time": self.clock.iso()})

    async def _clock(self, request: web.Request) -> web.StreamResponse:
        body = await read_fields(request, {"advance": Field(str, False), "at": Field(str, False)})
        async with self._travel:
            to = parse_target(body, self.clock.now())
            twilio, slack = self.faults.twilio, self.faults.slack
            limits = twilio.enforce_limits, slack.enforce_limits
            # An hour of messages would otherwise queue at the outside's pace, in real seconds.
            twilio.enforce_limits = slack.enforce_limits = False
            try:
                fired = await self._advance(to)
                self.clock.move_to(to)
                for standin in self.standins:
                    if isinstance(standin, Settles):
                        await standin.settle()
            finally:
                twilio.enforce_limits, slack.enforce_limits = limits
        self.changed("clock", {"time": self.clock.iso()})
        return web.json_response({"time": self.clock.iso(), "fired": fired})

    async def _advance(self, to: float) -> int:
        try:
            return await self._hooks.advance(to)
        except PermissionError as error:
            raise Refused(str(error), "time moves only for what `tierline sandbox` started", 409) from error

    async def _set_faults(self, request: web.Request) -> web.StreamResponse:
        any_of = {"twilio": Field(dict, False), "slack": Field(dict, False), "smtp": Field(dict, False)}
        body = await read_fields(request, {**any_of, "receipts": Field(str, False)})
        apply_faults(self.faults, parse_faults(body))
        self.changed("faults", {})
        return await self._get_faults(request)

    async def _get_faults(self, request: web.Request) -> web.StreamResponse:
        faults = self.faults
        return web.json_response(
            {
                "twilio": asdict(faults.twilio),
                "slack": asdict(faults.slack),
                "smtp": asdict(faults.smtp),
                "receipts": faults.receipts,
            }
        )

    async def _get_wire(self, request: web.Request) -> web.StreamResponse:
        """With `path`, only what goes to a path that ends so; the headers say from where to where the wire was read."""
        since, path = read_count(request, "since", 0), tuple(request.query.getall("path", ()))
        rows = self.wire.after(since)
        ends = {"X-Wire-First": str(rows[0].n), "X-Wire-Last": str(rows[-1].n)} if rows else {}
        shown = [it.shown() for it in rows if not path or it.path.endswith(path)]
        return web.json_response(shown, headers=ends)

    async def _no_door(self, request: web.Request) -> web.StreamResponse:
        raise Refused("this stage has no mail", "`tierline sandbox` starts one that has", 404)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        raise Refused(f"no call {request.method} {request.path}", "see docs/sandbox.md for the calls", 404)

    async def _product(self, request: web.Request) -> web.StreamResponse:
        if not await self._hooks.ready():
            raise Refused("the product is still starting", "ask again when /state answers", 503)
        product = await self._hooks.product_state()
        return await self._relay.carry(request, str(product["api"]["token"]))

    async def _website(self, request: web.Request) -> web.StreamResponse:
        return await website(self._page, self._hooks.product_base)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name") or "index.html"
        path = self._page / name
        known = path.suffix in _TYPES and not re.search(r"(^|/)\.", name)
        if not known or not await asyncio.to_thread(path.is_file):
            raise Refused(f"no page {request.path}", "the stage is at /", 404)
        return web.Response(
            body=await asyncio.to_thread(path.read_bytes),
            headers={"Content-Type": _TYPES[path.suffix], "Content-Security-Policy": _POLICY},
        )


def _person(p: Person) -> dict[str, str]:
    return {"name": p.name, "slack": p.slack, "phone": p.phone, "tier": p.tier, "team": p.team, "dm": p.dm}
