"""Reads: what the queue holds, as values. None of them changes anything."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..skills.skill import CHANNELS, Capacity, Levels, Profile, refusal
from .calls import Calls, StoreLike, clock, text, texts
from .client import Client
from .state import AgentView, ContactView, Event, MessageView, OfferView, State
from .table import Table

PART = 200  # contacts read by one script: some milliseconds
BLOCK_SLACK = 5.0  # s that a blocking read may answer late
BREATH = 500  # agents decoded in a row: ten milliseconds


@dataclass(frozen=True, slots=True)
class Plan:
    """The active plan as it was published."""

    version: int
    yaml: str
    author: str
    reason: str
    at: int
    waiting: str = "new"
    diff: tuple[str, ...] = ()
    before: int = 0  # the version before it, and
    before_yaml: str = ""  # what that said


@dataclass(frozen=True, slots=True)
class Arriving:
    """What the store knows of who comes in at `now` (ms). `known`: see `open_in`; `view`: that contact, if it is here."""

    now: int
    known: str | None
    view: ContactView | None
    marked: bool


class Reads(Calls):
    """Views of one site."""

    table: Table
    _store: StoreLike

    async def contact(self, id: str) -> ContactView | None:
        """One contact, or None."""
        found = await self._views([id])
        return found[0] if found else None

    async def messages(
        self, contact: str, first: int = 1, last: int | None = None
    ) -> tuple[MessageView, ...]:
        """The contact's transcript, or of it what is numbered from `first` to `last`."""
        part = () if (first, last) == (1, None) else (first,) if last is None else (first, last)
        raw = texts(await self.ask("messages", contact, *part))
        found = (_message(*raw[i : i + 3]) for i in range(0, len(raw), 3))
        return tuple(it for it in found if first <= it.n and (last is None or it.n <= last))

    async def contacts(
        self, states: Collection[str] = (), service: str | None = None, limit: int = 1000
    ) -> list[ContactView]:
        """Contacts in these states (all, when none is given), by number, at most `limit`."""
        found: list[ContactView] = []
        ids = await self._ids()
        for i in range(0, len(ids), PART):
            for view in await self._views(ids[i : i + PART]):
                if (not states or view.state in states) and service in (None, view.service):
                    found.append(view)
                    if len(found) == limit:
                        return found
        return found

    async def several(self, ids: Sequence[str]) -> list[ContactView]:
        """These contacts, as far as they are here."""
        parts = [await self._views(ids[i : i + PART]) for i in range(0, len(ids), PART)]
        return [view for part in parts for view in part]

    async def page(self, after: int, limit: int = PART) -> tuple[list[ContactView], int | None]:
        """Some contacts numbered above `after`, by number; and the number to go on behind, None at the end."""
        site = texts(await self.plain("HMGET", self.key("site"), "first", "contacts"))
        last = (1000 + int(site[1] or 0)) // 500
        for bucket in range(max(int(site[0] or 2), (after + 1) // 500), last + 1):
            members = texts(await self.plain("SMEMBERS", self.key(f"ids:{bucket}")))
            numbers = sorted(n for n in map(int, members) if n > after)[:limit]
            if numbers:
                return await self._views([f"C{n}" for n in numbers]), numbers[-1]
        return [], None

    async def counts(self) -> dict[str, int]:
        """How many contacts are in which state."""
        counts: dict[str, int] = {}
        ids = await self._ids()
        for i in range(0, len(ids), PART):
            for state in texts(await self.ask("states", *ids[i : i + PART])):
                counts[state] = counts.get(state, 0) + 1
        return counts

    async def waiting(self, need_class: int, after: int = 0, limit: int = 100) -> list[tuple[str, int]]:
        """Who waits in a class's set: (contact, rank) from the `after`th on, in order."""
        key, last = self.key(f"w:{need_class}"), after + limit - 1
        raw = texts(await self.plain("ZRANGE", key, after, last, "WITHSCORES"))
        return [(raw[i], int(float(raw[i + 1]))) for i in range(0, len(raw), 2)]

    async def in_line(self, profile: Profile, limit: int) -> tuple[list[str], int]:
        """Whom an agent of this profile could be offered: the first so many by rank, and how many wait in all.

        What is offered to others just now isn't among them, nor what waits for one agent alone.
        """
        heads = [self.plain("ZRANGE", self.key(f"h:{n}"), 0, -1) for n in range(1, len(CHANNELS) + 1)]
        classes = [int(it) for found in await asyncio.gather(*heads) for it in texts(found)]
        mine = [it for it in classes if refusal(await self.table.need(it), profile) is None]
        first, counts = await asyncio.gather(
            asyncio.gather(*(self.waiting(it, 0, limit) for it in mine)),
            asyncio.gather(*(self.plain("ZCARD", self.key(f"w:{it}")) for it in mine)),
        )
        ranked = sorted((rank, id) for part in first for id, rank in part)
        return [id for _, id in ranked[:limit]], sum(int(str(it)) for it in counts)

    async def agents(self, *names: str) -> dict[str, AgentView]:
        """All agents by name, or these, as far as they are known."""
        views = []
        for n, raw in enumerate(texts(await self.ask("agent_views", *names))):
            if n % BREATH == BREATH - 1:
                await asyncio.sleep(0)  # of 10,000 agents the loop would stand still for 200 ms
            if raw != "null":
                views.append(await self._agent(json.loads(raw)))
        return {it.name: it for it in sorted(views, key=lambda it: it.name)}

    async def agent_view(self, name: str) -> AgentView | None:
        """One of them, None for nobody."""
        return (await self.agents(name)).get(name)

    async def due(self, members: Sequence[str]) -> dict[str, int]:
        """When these timers are due; those that aren't set are left out."""
        if not members:
            return {}
        raw = texts(await self.plain("ZMSCORE", self.key("due"), *members))
        return {member: int(float(at)) for member, at in zip(members, raw, strict=True) if at}

    async def next_due(self) -> int | None:
        """The earliest instant in the due set."""
        raw = texts(await self.plain("ZRANGE", self.key("due"), 0, 0, "WITHSCORES"))
        return int(float(raw[1])) if raw else None

    async def snapshot(self) -> State:
        """Everything; for tests and *why*, not for a busy site's main path."""
        raw = texts(await self.plain("ZRANGE", self.key("due"), 0, -1, "WITHSCORES"))
        contacts = await self.contacts(limit=1_000_000)
        return State(
            {it.id: it for it in contacts},
            await self.agents(),
            {raw[i]: int(float(raw[i + 1])) for i in range(0, len(raw), 2)},
            await self.plain("HGET", self.key("site"), "desk") != b"0",
            await self.alerts(),
            frozenset(texts(await self.plain("SMEMBERS", self.key("optout")))),
        )

    async def alerts(self) -> dict[str, str]:
        """Troubles that have begun and not ended: name → text."""
        return _pairs(texts(await self.plain("HGETALL", self.key("alerts"))))

    async def situation(self) -> tuple[int, dict[str, str]]:
        """(the number of the present situation, the troubles that make it up): the number is never the newer one."""
        number = await self.plain("HGET", self.key("site"), "situation")
        return int(text(number)) if number is not None else 0, await self.alerts()

    async def desk_up(self) -> bool:
        """Whether the desk is known to be up; while it isn't nobody is offered anything."""
        return await self.plain("HGET", self.key("site"), "desk") != b"0"

    async def reader(self) -> Client:
        """A connection of the caller's own for blocking reads; the caller closes it."""
        return await self._store.reader()

    async def seen(self, key: str) -> bool:
        """Whether `once` has seen `key` within its time; asking leaves no trace."""
        return bool(await self.plain("EXISTS", self.key(f"once:{key}")))

    async def opted_out(self, address: str) -> bool:
        """Whether the address wants nothing from us."""
        return bool(await self.plain("SISMEMBER", self.key("optout"), address))

    async def open_in(self, thread: str) -> str | None:
        """The contact that is open in a conversation, or "-" and the last one of it when none is."""
        found = await self.plain("GET", self.key(f"t:{thread}"))
        return text(found) if found is not None else None

    async def arriving(self, thread: str, mark: str) -> Arriving:
        """`now`, `open_in(thread)` with its contact and `seen(mark)` in one look, for whoever asks at every arrival.

        While the store is away it raises StoreError at once: who sends knows what to do.
        """
        asked = clock()
        instant, known, view, marked = texts(await self.ask_once("arriving", thread, mark))
        self._heard(int(instant), asked)
        found = await self._contact(json.loads(view)) if view else None
        return Arriving(int(instant), known or None, found, marked == "1")

    async def arrived_as(self, event: str) -> tuple[str, int] | None:
        """The contact and message that an outside event became, in the last 48 h."""
        found = await self.plain("GET", self.key(f"ev:{event}"))
        if found is None:
            return None
        contact, n = text(found).split(" ")
        return contact, int(n)

    async def contact_at(self, place: str) -> str | None:
        """The contact that is shown at a place."""
        found = await self.plain("GET", self.key(f"at:{place}"))
        return text(found) if found is not None else None

    async def places(self, contact: str) -> tuple[str, ...]:
        """Where the contact is shown, oldest first."""
        found = await self.plain("HGET", self.key(f"m:{contact}"), "places")
        return tuple(text(found).split("\n")) if found is not None else ()

    async def find_receipt(self, provider_id: str) -> tuple[str, int] | None:
        """Which message a provider's id means: (contact, n)."""
        found = await self.plain("GET", self.key(f"pid:{provider_id}"))
        if found is None:
            return None
        contact, n = text(found).split(" ")
        return contact, int(n)

    async def plan(self) -> Plan | None:
        """The active plan."""
        found = _pairs(texts(await self.plain("HGETALL", self.key("plan"))))
        if not found:
            return None
        it, at = found, int(float(found["at"]))
        lines = tuple(str(line) for line in json.loads(it.get("diff") or "[]"))
        kept = (it.get("waiting") or "new", lines, int(it.get("before") or 0), it.get("before_yaml") or "")
        return Plan(int(it["version"]), it["yaml"], it["author"], it["reason"], at, *kept)

    async def cursor(self, consumer: str) -> str:
        """The ledger id up to which `consumer` has done everything; "0-0" at first.

        Asking makes the consumer known: from then on `trim` keeps what it hasn't done.
        """
        return await self.do("register", consumer)

    async def known(self, key: str) -> bool:
        """Whether `once` has seen `key`, and remembers it."""
        return await self.plain("EXISTS", self.key(f"once:{key}")) == 1

    async def last_event(self) -> str:
        """The newest ledger id; "0-0" when there is none."""
        found = await self.plain("XREVRANGE", self.key("ledger"), "+", "-", "COUNT", 1)
        return (
            text(found[0][0]) if isinstance(found, list) and found and isinstance(found[0], list) else "0-0"
        )

    async def events(
        self, after: str = "0-0", count: int = 100, block: int | None = None, *, reader: Client | None = None
    ) -> list[Event]:
        """Events of up to `count` ledger entries behind `after`, in order.

        Several events share an entry, hence an id: everything that one transition did. With `block`, waits
        so many ms for the first one, on `reader` (a connection of the caller's own, from `Store.reader`) or
        on a new one. Nothing is returned that the replicas don't have: what is told must not be undone by a failover.
        """
        words: tuple[str | int, ...] = ("COUNT", count, "STREAMS", self.key("ledger"), after)
        if block is None:
            raw = await self.plain("XREAD", *words)
            sure = not raw or await self._store.client.all_replicated(self.key("told"))
        else:
            mine = reader or await self._store.reader()
            try:
                raw = await mine.call("XREAD", "BLOCK", block, *words, deadline=block / 1000 + BLOCK_SLACK)
                sure = not raw or await mine.all_replicated(self.key("told"))
            finally:
                if reader is None:
                    await mine.close()
        if not sure or not isinstance(raw, list) or not raw or not isinstance(raw[0], list):
            return []
        entries: Any = raw[0][1]
        return [event for id, fields in entries for event in _readable(text(id), texts(fields))]

    async def _ids(self) -> list[str]:
        site = texts(await self.plain("HMGET", self.key("site"), "first", "contacts"))
        first, last = int(site[0] or 2), (1000 + int(site[1] or 0)) // 500
        sets = [self.plain("SMEMBERS", self.key(f"ids:{n}")) for n in range(first, last + 1)]
        numbers = [int(it) for found in await asyncio.gather(*sets) for it in texts(found)]
        return [f"C{n}" for n in sorted(numbers)]

    async def _views(self, ids: Sequence[str]) -> list[ContactView]:
        raw = texts(await self.ask("contact_views", *ids))
        return [await self._contact(json.loads(it)) for it in raw if it != "null"]

    async def _contact(self, it: dict[str, Any]) -> ContactView:
        offers = it["offers"] or ()
        return ContactView(
            id=it["id"],
            state=it["state"],
            route=await self.table.route(it["route"]),
            step=it["step"],
            rank=int(it["rank"]),
            arrived=int(it["arrived"]),
            base=int(it["base"]),
            thread=it["thread"],
            messages=it["messages"],
            owner=it["owner"],
            offers=tuple(OfferView(n, agent, bool(d), int(due), place) for n, agent, d, due, place in offers),
            excluded=frozenset(it["excluded"] or ()),
            paused=frozenset(it["paused"] or ()),
            personal=it["personal"],
            wake=_int(it["wake"]),
            wrap_until=_int(it["wrap"]),
            drainer=it["drainer"],
            facts=it["facts"],
            previous=it["previous"],
            deadlines=tuple(int(at) for at in it["deadlines"] or ()),
            handing=it["handing"],
            owed=it["owed"],
            nudged=it["nudged"],
            closed_at=_int(it["closed_at"]),
            last_owner=it["last_owner"],
            claimed=it["claimed"],
        )

    async def _agent(self, it: dict[str, Any]) -> AgentView:
        budget, costs, caps, offers = json.loads(it["capacity"])
        return AgentView(
            name=it["name"],
            profile=await self.table.profile(it["profile"]),
            capacity=Capacity(budget, _levels(costs), _levels(caps), offers),
            channels=it["channels"],
            presence=it["presence"],
            shift=it["shift"],
            on_shift=it["on_shift"],
            overtime=_int(it["overtime"]),
            live=it["live"],
            deferred=it["deferred"],
            offers=it["offers"],
            mask=it["mask"],
            since=int(it["since"]),
            last_offered=int(it["last"]),
            misses=it["misses"],
            draining=it["draining"],
            contacts=frozenset(it["contacts"] or ()),
            why=it["why"],
            snoozed=frozenset(it["snoozed"] or ()),
            leaving=_int(it["leaving"]),
        )


def _int(raw: str) -> int | None:
    return int(raw) if raw else None


def _levels(raw: list[list[Any]]) -> Levels:
    return tuple((str(name), int(n)) for name, n in raw)


def _pairs(raw: list[str]) -> dict[str, str]:
    return dict(zip(raw[::2], raw[1::2], strict=True))


def _message(n: str, body: str, meta: str) -> MessageView:
    kind, at, status, agent, provider_id, error, _ = json.loads(meta)
    return MessageView(int(n), kind, body, int(at), status, agent, provider_id, error)


def _readable(id: str, fields: list[str]) -> list[Event]:
    """An entry's events. One that nobody can read (not ours) is one event of its own: readers must get past it."""
    try:
        return list(_events(id, fields))
    except (ValueError, IndexError, KeyError):
        return [Event(int(id.partition("-")[0]), "unreadable", x=json.dumps({"fields": fields}), id=id)]


def _events(id: str, fields: list[str]) -> Iterator[Event]:
    """An entry's fields: `t`, then each event's, of which `e` is the first."""
    t = int(fields[1])
    now: dict[str, str] = {}
    for i in range(2, len(fields), 2):
        if fields[i] == "e" and now:
            yield _event(id, t, now)
            now = {}
        now[fields[i]] = fields[i + 1]
    if now:
        yield _event(id, t, now)


def _event(id: str, t: int, it: dict[str, str]) -> Event:
    return Event(t, it["e"], it.get("c", ""), it.get("a", ""), int(it.get("n", 0)), it.get("x", "{}"), id)
