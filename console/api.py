"""`/api/v1`, `/healthz`, `/readyz`, `/metrics`: thin handlers over the queue's and the router's own verbs."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Protocol

import structlog
from aiohttp import web

from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Claimed, ContactRecord, Customer
from ..queue.state import ENDED, Event
from ..router.facts import Facts
from ..router.helping import helping
from ..router.kept import Case, promises
from ..router.rulebook import Rulebook, agent_id, edges, instant
from ..router.screening import pressed
from . import views
from .api_moves import MovesApi
from .api_plan import PlanApi, origin
from .api_why import answer_why
from .bodies import BadBody, read_customer, read_object
from .front import up
from .openapi import describe
from .past import Past
from .problem import problem

log = structlog.get_logger()

MOST = 1000
"""Rows of a list unless `limit=` asks for fewer."""
ENTRY = re.compile("[0-9]{1,19}(-[0-9]{1,19})?")
OPEN_STATES = ("waiting", "offered", "active", "snoozed", "parked", "wrapping")


class Histories(Protocol):
    """What the API asks of the history."""

    async def latest(self, contact: str, agents: Sequence[str]) -> Mapping[tuple[str, str], int]:
        """(agent, kind of event) → the last instant (ms)."""

    async def ledger(self, after: str, limit: int) -> tuple[Sequence[Event], bool]:
        """The archived events behind an entry, and whether there are more."""

    async def contact(self, contact: str) -> ContactRecord | None:
        """An ended (or any projected) contact."""

    async def contacts(
        self, state: str | None, customer: str | None, limit: int
    ) -> tuple[ContactRecord, ...]:
        """Contacts by state and customer (key or any address), oldest first."""

    async def customer(self, address: str) -> Customer | None:
        """The customer with that key or address."""

    async def put_customer(
        self, key: str, name: str, language: str, addresses: tuple[str, ...], facts: Mapping[str, str]
    ) -> None:
        """Create or replace a customer."""


@dataclass(slots=True)
class Api:
    """What the handlers need; `ready` is the process's own account of itself, `slack_ids` maps plan to user ids."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    history: Callable[[], Histories]
    plans: PlanApi
    ready: Callable[[], Awaitable[Mapping[str, object]]]
    metrics: Callable[[], bytes]
    slack_ids: Callable[[], Mapping[str, str]]
    moves: MovesApi
    token: str
    past: Past | None = None  # what answers *why* for the past
    more: list[web.RouteDef] = field(default_factory=list)  # what stands beside these, for the description

    def routes(self) -> list[web.RouteDef]:
        """All routes, each behind the token but up-or-down."""
        return [
            web.get("/healthz", up),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.only(self.metrics_page)),
            web.get("/api/v1/contacts", self.only(self.contacts)),
            web.get("/api/v1/contacts/{id}", self.only(self.contact)),
            web.get("/api/v1/contacts/{id}/why", self.only(self.why)),
            *self.moves.routes(self.only),
            web.get("/api/v1/agents", self.only(self.agents)),
            web.get("/api/v1/services", self.only(self.services)),
            web.get("/api/v1/ledger", self.only(self.ledger)),
            web.get("/api/v1/test-calls/{sid}", self.only(self.test_call)),
            *self.plans.routes(self.only),
            web.put("/api/v1/customers/{key}", self.only(self.put_customer)),
            web.get("/api/v1/openapi.json", self.only(self.openapi)),
        ]

    def only(
        self, handler: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """`handler` for whoever has the token; store trouble becomes an honest 503."""

        @wraps(handler)
        async def guarded(request: web.Request) -> web.Response:
            if not self.allowed(request):
                return problem(401, "unauthorized", "Send `Authorization: Bearer` with TIERLINE_API_TOKEN.")
            try:
                return await handler(request)
            except BadBody as error:
                return problem(400, "bad body", str(error))
            except StoreError as error:
                return problem(503, "store unavailable", f"{type(error).__name__}: try again in a moment.")

        return guarded

    def allowed(self, request: web.Request) -> bool:
        """Whether the request carries the token (constant time)."""
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        said = given.strip().encode("utf-8", "surrogateescape")  # bytes that are no UTF-8 are just wrong
        return (
            bool(self.token)
            and kind.casefold() == "bearer"
            and hmac.compare_digest(said, self.token.encode())
        )

    # ---- health -------------------------------------------------------------------------------------------------

    async def readyz(self, request: web.Request) -> web.Response:
        """Up when contacts can be taken and given; details with the token or from this machine."""
        found = dict(await self.ready())
        up = bool(found.get("ready"))
        shown = found if self.allowed(request) or _local(request) else {}
        return web.json_response({"status": "up" if up else "down", **shown}, status=200 if up else 503)

    async def metrics_page(self, request: web.Request) -> web.Response:
        """Prometheus text format."""
        return web.Response(body=self.metrics(), content_type="text/plain", charset="utf-8")

    # ---- contacts -----------------------------------------------------------------------------------------------

    async def contacts(self, request: web.Request) -> web.Response:
        """Open contacts from the queue, ended ones from the history; `state=`, `customer=`, `limit=`."""
        queue, state = self.queue(), request.query.get("state") or None
        customer, limit = request.query.get("customer") or None, _limit(request)
        if state is not None and state not in (*OPEN_STATES, *ENDED):
            return problem(
                400, "no such state", f"`state` is one of {', '.join((*OPEN_STATES, *sorted(ENDED)))}."
            )
        now = await queue.now()
        wanted: tuple[str, ...] = (state,) if state in OPEN_STATES else OPEN_STATES if state is None else ()
        keys = await self._keys(customer)
        if state is None and customer:
            wanted = (*OPEN_STATES, *ENDED)  # what has just ended may not be in the history yet
        rows: dict[str, dict[str, object]] = {}
        live = set()
        for it in await queue.contacts(wanted, limit=MOST) if wanted else []:
            facts = Facts.parse(it.facts)
            if keys is None or facts.customer in keys or facts.address.casefold() in keys:
                if it.state not in ENDED:
                    live.add(it.id)
                last = views.last_in(await queue.messages(it.id))
                rows[it.id] = views.contact(self.book(), it, last, now, self.slack_ids())
        if state is None and customer or state is not None and state not in OPEN_STATES:
            past = await self.history().contacts(state, customer, limit)
            rows |= {r.id: r.to_json() for r in past if r.id not in live and (r.ended is not None or state)}
        found = sorted(rows.values(), key=lambda row: (str(row["arrived"]), str(row["id"])))
        return web.json_response(found[:limit] if not customer else found[-limit:])

    async def _keys(self, customer: str | None) -> set[str] | None:
        if customer is None:
            return None
        found = await self.history().customer(customer)
        return {customer, customer.casefold(), *([found.key] if found else [])}

    async def contact(self, request: web.Request) -> web.Response:
        """One contact whole: state, need, transcript, timeline."""
        name, queue = request.match_info["id"], self.queue()
        view = await queue.contact(name)
        record = await self.history().contact(name)
        if view is None:
            if record is None:
                return problem(
                    404, "no such contact", f"{name[:40]} is neither in the queue nor in the history."
                )
            case = Case.recorded(record)
            told = (
                promises(self.book(), case, record.messages, record.events, await queue.now())
                if case
                else None
            )
            more = {"promises": views.promised(told)} if told else {}
            return web.json_response(record.to_json(whole=True) | more)
        messages, jots = await asyncio.gather(queue.messages(name), queue.jots(name))
        if (
            record is not None and len(messages) < view.messages
        ):  # called back: what was said before is in the history
            here = {m.n for m in messages}
            messages = (*(m for m in record.messages if m.n not in here), *messages)
        book, now, events = self.book(), await queue.now(), record.events if record else ()
        row = views.contact(book, view, views.last_in(messages), now, self.slack_ids())
        row |= {
            "need": views.need(view),
            "promises": views.promised(promises(book, Case.of(view), messages, events, now)),
            "transcript": [views.message(m) for m in messages],
            "timeline": [views.moment(book, e) for e in events],
            "ended": record.to_json()["ended"] if record else None,
            "outcome": record.to_json()["outcome"] if record else {},
            "helping": list(helping(book, jots)),
        }
        if view.last_owner:  # nobody's any more: who had it last
            row["owner"] = views.person(self.book(), view.last_owner, self.slack_ids())
        return web.json_response(row)

    async def why(self, request: web.Request) -> web.Response:
        """Why the contact is where it is and how it came there; `at=`: as it was then; `choices=1`: why they."""
        return await answer_why(request, self.queue(), self.book(), self.history(), self.past)

    # ---- people, services, ledger -------------------------------------------------------------------------------

    async def agents(self, request: web.Request) -> web.Response:
        """Every agent of the plan with presence, load and profile."""
        queue, book = self.queue(), self.book()
        views_by_name, now = await queue.agents(), await queue.now()
        rows = []
        for spec in book.plan.agents:
            it = views_by_name.get(agent_id(spec.name))
            if it is not None:
                coming = edges(book.on_duty(spec), instant(now), 1)
                until = coming[0][0] if it.on_shift and coming else None
                rows.append(views.agent(book, spec, it, until, self.slack_ids()))
        return web.json_response(rows)

    async def services(self, request: web.Request) -> web.Response:
        """Every service: open, next opening, how many wait."""
        queue, book, now = self.queue(), self.book(), await self.queue().now()
        rows = []
        for name in book.services:
            waiting = await queue.contacts(("waiting", "offered"), service=name, limit=MOST)
            rows.append(views.service(book, name, len(waiting), now))
        return web.json_response(rows)

    async def test_call(self, request: web.Request) -> web.Response:
        """Whether 1 was pressed in a test call of `tierline doctor --call`, in the last hour."""
        heard = await self.queue().seen(pressed(request.match_info["sid"]))
        return web.json_response({"pressed": heard})

    async def ledger(self, request: web.Request) -> web.Response:
        """Events after the entry `since=`, oldest first: from the archive, then what it hasn't got yet."""
        since = request.query.get("since") or "0-0"
        if not ENTRY.fullmatch(since):
            return problem(400, "bad since", "`since` is the id of an entry, such as 1700000000000-0.")
        limit = _limit(request)
        archived, more = await self.history().ledger(since, limit)
        found = list(archived)
        if not more:
            found += await self.queue().events(found[-1].id if found else since, limit)
        return web.json_response([views.event(e) for e in found])

    # ---- the rest -----------------------------------------------------------------------------------------------

    async def put_customer(self, request: web.Request) -> web.Response:
        """Create or replace a customer: `{"name", "language"?, "addresses": [], "facts"?: {}}`."""
        key = request.match_info["key"]
        it = read_customer(key, await read_object(request))
        try:
            await self.history().put_customer(key, it.name, it.language, it.addresses, it.facts)
            await self.queue().audit("api token", "customers.put", {"key": key}, origin(request))
        except Claimed as claimed:
            return problem(409, "address taken", f"{claimed}: remove it there, or use that key.")
        return web.json_response({"key": key})

    async def openapi(self, request: web.Request) -> web.Response:
        """This API's own description."""
        return web.json_response(describe([*self.routes(), *self.more]))


def _limit(request: web.Request) -> int:
    raw = request.query.get("limit", "")
    return min(MOST, max(1, int(raw))) if re.fullmatch("[0-9]{1,5}", raw) else MOST


def _local(request: web.Request) -> bool:
    """From this machine, straight: a loopback peer and Host and no sign of a proxy."""
    forwarded = any(h in request.headers for h in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"))
    host = request.host.rsplit(":", 1)[0].strip("[]")
    try:
        peer = ipaddress.ip_address(request.remote or "")
    except ValueError:
        return False
    return peer.is_loopback and not forwarded and host in ("localhost", "127.0.0.1", "::1")
