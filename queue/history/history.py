"""The history: everything that ever happened, in SQL, and who the customers are."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ...settings import Settings
from ..state import Event, MessageView
from . import postgres, projections
from .audit import Line, Verified, read_lines, verify
from .belongs import belongs, customer_row
from .cards import address_of, get_cards, put_cards
from .database import READ_WAIT, WRITE_WAIT, Database
from .fold import clean
from .numbers import Numbers, numbers_of
from .plans import read_version, read_versions
from .questions import LAST_OWNER, NAMES, PAST_OF, SEEN, WHO
from .records import Card, Claimed, Clash, ContactRecord, Customer, Past, PlanVersion, Told
from .tables import arrivals, contacts, endings, events, facts, messages, metadata
from .told import Place, read_ended, read_told, read_under_way
from .untold import Untold

REBUILD_WAIT = 3_600.0  # seconds
MOST_EVENTS = 5_000
"""Of one contact's timeline: the latest so many are handed out."""

P = ParamSpec("P")
T = TypeVar("T")
Method = Callable[Concatenate["History", P], Coroutine[Any, Any, T]]


def _whole(within: float) -> Callable[[Method[P, T]], Method[P, T]]:
    """The method under a deadline, never cut in the middle (see `Database.whole`)."""

    def decorate(method: Method[P, T]) -> Method[P, T]:
        @wraps(method)
        async def shielded(self: History, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await self.database.whole(method(self, *args, **kwargs), within)

        return shielded

    return decorate


LONGEST_ENTRY = 500
"""Events that one entry of the ledger may hold, amply: a tick fires sixteen timers."""


@dataclass(frozen=True, slots=True)
class History:
    """The one history of a site. Every method has a deadline and raises HistoryUnavailable, a StoreError."""

    database: Database
    warnings: tuple[str, ...] = ()

    @classmethod
    async def of(cls, settings: Settings) -> History:
        """Open the one that the settings name; HistoryUnusable, too, where others could read it. Raises like `open`."""
        url, warnings = postgres.allowed(settings)
        return replace(await cls.open(url, settings.data), warnings=warnings)

    @classmethod
    async def open(cls, database_url: str | None, data: Path) -> History:
        """Open PostgreSQL by its URL, or the SQLite file in `data`, and bring its tables up to date.

        Raises HistoryUnusable when an operator must change something, HistoryUnavailable without an answer.
        """
        return cls(await Database.open(database_url, data))

    async def close(self) -> None:
        """Close every connection."""
        await self.database.close()

    @property
    def untold(self) -> Untold:
        """What was changed in here without the ledger."""
        return Untold(self.database)

    @_whole(WRITE_WAIT)
    async def wipe(self) -> None:
        """Forget everything: the sandbox's reset. Raises PermissionError on anything but SQLite."""
        if not self.database.sqlite:
            raise PermissionError("only the sandbox's own history is emptied")
        async with self.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(delete(table))

    # ---- customers ---------------------------------------------------------------------------------------

    @_whole(READ_WAIT)
    async def customer(self, address: str) -> Customer | None:
        """The customer with that key, or else with that address (a phone in E.164, a mail in any case)."""
        async with self.database.read() as connection:
            found = await customer_row(connection, address)
            if found is None:
                return None
            told = await connection.execute(select(facts).where(facts.c.customer == found["key"]))
            more = {row["name"]: row["value"] for row in told.mappings()}
        return Customer(found["key"], found["name"], found["language"], more, known=True)

    @_whole(WRITE_WAIT)
    async def put_customer(
        self, key: str, name: str, language: str, addresses: tuple[str, ...], facts: Mapping[str, str]
    ) -> None:
        """Create or replace a customer. Raises Claimed when an address is another customer's."""
        async with self.database.write() as connection:
            clashes = await put_cards(connection, [Card(key, name, language, addresses, facts)])
            if clashes:
                raise Claimed(clashes[0].address, clashes[0].by)

    @_whole(READ_WAIT)
    async def latest(self, contact: str, agents: Sequence[str]) -> dict[tuple[str, str], int]:
        """(agent, kind of event) → the last instant (ms): presence and shift anywhere, the rest at `contact`."""
        duty = (events.c.a.in_(agents), events.c.e.in_(("presence", "shift")))
        asked = (events.c.c == clean(contact), events.c.e.in_(("offered", "declined", "missed", "accepted")))
        found: dict[tuple[str, str], int] = {}
        async with self.database.read() as connection:
            for conditions in (duty, asked):
                last = select(events.c.a, events.c.e, func.max(events.c.t)).where(*conditions)
                for row in await connection.execute(last.group_by(events.c.a, events.c.e)):
                    found[str(row[0]), str(row[1])] = int(row[2])
        return found

    @_whole(READ_WAIT)
    async def cards(self, keys: Sequence[str], addresses: Sequence[str]) -> tuple[Card, ...]:
        """The customers with these keys or addresses, as they were written."""
        async with self.database.read() as connection:
            return tuple(await get_cards(connection, keys, addresses))

    @_whole(WRITE_WAIT)
    async def put_cards(self, cards: Sequence[Card]) -> tuple[Clash, ...]:
        """Create or replace them; those with an address of somebody else are left out and named."""
        async with self.database.write() as connection:
            return tuple(await put_cards(connection, cards))

    # ---- contacts ----------------------------------------------------------------------------------------

    @_whole(READ_WAIT)
    async def seen(self, event: str) -> tuple[str, int] | None:
        """The contact and message that the outside's event became, however long ago."""
        async with self.database.read() as connection:
            where = select(arrivals.c.contact, arrivals.c.n).where(arrivals.c.event == clean(event))
            row = (await connection.execute(where)).first()
        return None if row is None else (str(row[0]), int(row[1]))

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        """`customer(address)` and `seen(event)` in one look, for whoever asks at every arrival."""
        names = {"key": clean(address), "address": address_of(address)}
        rows, seen = await self.database.ask((WHO, names), (SEEN, {"event": clean(event)}))
        rows = [row for row in rows if row["key"] == clean(address)] or list(rows)
        found = None
        if rows:
            told = {str(row["fact"]): str(row["value"]) for row in rows if row["fact"] is not None}
            found = Customer(rows[0]["key"], rows[0]["name"], rows[0]["language"], told, known=True)
        return found, (str(seen[0]["contact"]), int(seen[0]["n"])) if seen else None

    async def last_owner(self, address: str, channel: str, since: int) -> str:
        """Which agent had the latest closed contact of that address that arrived since then (ms); "" for none."""
        names = {"address": clean(address), "channel": channel, "since": since}
        (rows,) = await self.database.ask((LAST_OWNER, names))
        return str(rows[0]["owner"]) if rows else ""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """The contacts with one of these keys or addresses, the latest first: one look, for every offer."""
        given = list(dict.fromkeys([clean(name) for name in names] + [address_of(name) for name in names]))
        given = (given + [""] * len(NAMES))[: len(NAMES)]
        params = {**{f"name{i}": name for i, name in enumerate(given)}, "most": limit}
        (rows,) = await self.database.ask((PAST_OF, params))
        return tuple(_past(row) for row in rows)

    @_whole(READ_WAIT)
    async def past(self, customer: str, limit: int) -> tuple[Past, ...]:
        """The customer's contacts (by key or any address), the latest first."""
        async with self.database.read() as connection:
            rows = await self._latest(connection, [await belongs(connection, customer)], limit)
        return tuple(_past(row) for row in rows)

    @_whole(READ_WAIT)
    async def contact(self, contact: str) -> ContactRecord | None:
        """One contact whole, with its messages and its events."""
        async with self.database.read() as connection:
            where = select(contacts).where(contacts.c.id == clean(contact))
            row = (await connection.execute(where)).mappings().first()
            if row is None:
                return None
            said = select(messages).where(messages.c.contact == row["id"]).order_by(messages.c.n)
            order = (events.c.ms.desc(), events.c.seq.desc(), events.c.i.desc())
            happened = select(events).where(events.c.c == row["id"]).order_by(*order).limit(MOST_EVENTS)
            lines = tuple(_message(it) for it in (await connection.execute(said)).mappings())
            moments = [projections.archived(it) for it in (await connection.execute(happened)).mappings()]
        return _record(row, lines, tuple(reversed(moments)))

    @_whole(READ_WAIT)
    async def contacts(
        self, state: str | None, customer: str | None, limit: int
    ) -> tuple[ContactRecord, ...]:
        """The latest `limit` contacts in that state, of that customer (key or any address), oldest first."""
        async with self.database.read() as connection:
            conditions: list[ColumnElement[bool]] = []
            if state is not None:
                conditions.append(contacts.c.state == clean(state))
            if customer is not None:
                conditions.append(await belongs(connection, customer))
            rows = await self._latest(connection, conditions, limit)
        return tuple(_record(row) for row in reversed(rows))

    async def _latest(
        self, connection: AsyncConnection, conditions: Sequence[ColumnElement[bool]], limit: int
    ) -> Sequence[Mapping[Any, Any]]:
        order = (contacts.c.arrived.desc(), contacts.c.id.desc())
        query = select(contacts).where(*conditions).order_by(*order).limit(max(0, limit))
        return (await connection.execute(query)).mappings().all()

    @_whole(READ_WAIT)
    async def under_way(
        self, after: tuple[int, str, int], until: int, limit: int
    ) -> tuple[tuple[int, str, int], ...]:
        """Texts with their door and without a last receipt, behind `after` and since `until` (ms) at the latest.

        Since when, contact, number; in order.
        """
        async with self.database.read() as connection:
            return await read_under_way(connection, after, until, limit)

    @_whole(READ_WAIT)
    async def told(
        self, kind: str, over: str, after: Place, limit: int
    ) -> tuple[tuple[Told, ...], Place | None]:
        """Of the next `limit` ended contacts behind `after` those with a text of `kind` and none of kind `over`.

        With them the place to go on from, None at the end; the first one is (an instant in ms, "").
        """
        async with self.database.read() as connection:
            return await read_told(connection, kind, over, after, limit)

    @_whole(READ_WAIT)
    async def numbers(self, agent: str, since: int, now: int) -> Numbers:
        """What an agent (the queue's id) has done from `since` to `now` (ms)."""
        return await numbers_of(self.database, agent, since, now)

    @_whole(READ_WAIT)
    async def ended(self, contact: str) -> Told | None:
        """A contact that has ended, with what it takes to call it back into the store; None for any other."""
        async with self.database.read() as connection:
            return await read_ended(connection, contact)

    @_whole(READ_WAIT)
    async def ledger(self, after: str, limit: int) -> tuple[tuple[Event, ...], bool]:
        """Archived events behind the entry `after`, whole entries, about `limit`; and whether there are more."""
        ms, _, seq = after.partition("-")
        key = tuple_(events.c.ms, events.c.seq)
        most = (1 << 63) - 1
        where = select(events).where(key > (min(int(ms), most), min(int(seq or 0), most)))
        ordered = where.order_by(events.c.ms, events.c.seq, events.c.i).limit(limit + LONGEST_ENTRY)
        async with self.database.read() as connection:
            found = [projections.archived(row) for row in (await connection.execute(ordered)).mappings()]
        if len(found) <= limit:
            return tuple(found), False
        whole = [event for event in found[:limit] if event.id != found[limit].id]
        return tuple(whole or [event for event in found if event.id == found[0].id]), True

    # ---- versions of the plan, and who changed what --------------------------------------------------------

    @_whole(READ_WAIT)
    async def plans(self, limit: int = 1_000) -> tuple[PlanVersion, ...]:
        """The latest versions, oldest first, without their yaml; the newest may still be in the ledger alone."""
        async with self.database.read() as connection:
            return await read_versions(connection, limit)

    @_whole(READ_WAIT)
    async def plan(self, version: int) -> PlanVersion | None:
        """One version whole."""
        async with self.database.read() as connection:
            return await read_version(connection, version)

    @_whole(READ_WAIT)
    async def last_plan(self) -> int:
        """The number of the latest version, 0 when there is none."""
        async with self.database.read() as connection:
            found = await read_versions(connection, 1)
        return found[0].version if found else 0

    @_whole(READ_WAIT)
    async def audit(self, after: int = 0, limit: int = 1_000) -> tuple[Line, ...]:
        """Lines of the audit log behind number `after`, oldest first."""
        async with self.database.read() as connection:
            return await read_lines(connection, after, limit)

    @_whole(REBUILD_WAIT)
    async def verify(self, noted: tuple[int, str] | None = None) -> Verified:
        """Whether the audit log is as it was written; `noted`: a line's number and hash, kept elsewhere."""
        async with self.database.read() as connection:
            return await verify(connection, noted)

    @_whole(READ_WAIT)
    async def arrived(self, limit: int) -> tuple[Event, ...]:
        """The latest `limit` arrivals of new contacts, oldest first, as the ledger told them."""
        latest = select(events).where(events.c.e == "arrived")
        order = (events.c.ms.desc(), events.c.seq.desc(), events.c.i.desc())
        async with self.database.read() as connection:
            rows = (await connection.execute(latest.order_by(*order).limit(limit))).mappings().all()
        return tuple(projections.archived(row) for row in reversed(rows))

    # ---- the ledger --------------------------------------------------------------------------------------

    @_whole(WRITE_WAIT)
    async def project(self, entries: Sequence[Event]) -> None:
        """Take over whole ledger entries, all or none; what is there already changes nothing."""
        await self.database.carry(lambda connection: projections.project(connection, entries))

    @_whole(WRITE_WAIT)
    async def keep(self, entries: Sequence[Event]) -> None:
        """Archive whole entries and work nothing out from them: a later version may (see `rebuild`)."""
        async with self.database.write() as connection:
            await projections.archive(connection, entries)

    @_whole(REBUILD_WAIT)
    async def rebuild(self) -> int:
        """Work out everything that comes from the ledger again, from the archive; how many events it has."""
        async with self.database.write() as connection:
            return await projections.rebuild(connection)

    @_whole(REBUILD_WAIT)
    async def cut(self, last: str, present: Sequence[str]) -> int:
        """Forget what came after the ledger's entry `last`; how many events. For a copy, never for the history."""
        async with self.database.write() as connection:
            return await projections.cut(connection, last, present)

    @_whole(READ_WAIT)
    async def forgettable(self, now: int, limit: int) -> tuple[tuple[str, str], ...]:
        """Contacts that the store needn't keep at `now` (ms), each with its latest ledger entry's id."""
        query = (
            select(endings.c.contact, contacts.c.last_ms, contacts.c.last_seq)
            .join(contacts, contacts.c.id == endings.c.contact)
            .where(endings.c.until <= now)
            .order_by(endings.c.until, endings.c.contact)
            .limit(limit)
        )
        async with self.database.read() as connection:
            return tuple((str(c), f"{ms}-{seq}") for c, ms, seq in await connection.execute(query))

    @_whole(WRITE_WAIT)
    async def forgotten(self, gone: Sequence[str]) -> None:
        """The store has dropped them."""
        async with self.database.write() as connection:
            await connection.execute(delete(endings).where(endings.c.contact.in_(gone)))


def _past(row: Mapping[Any, Any]) -> Past:
    record = _record(row)
    return Past(record.id, record.service, record.channel, record.state, record.arrived, record.disposition)


def _record(
    row: Mapping[Any, Any], lines: tuple[MessageView, ...] = (), moments: tuple[Event, ...] = ()
) -> ContactRecord:
    return ContactRecord(
        id=row["id"], state=row["state"], service=row["service"], channel=row["channel"],
        customer=row["customer"], name=row["name"], address=row["address"], owner=row["owner"],
        arrived=row["arrived"], ended=row["ended"], outcome=row["outcome"], language=row["language"],
        rule=row["rule"], messages=lines, events=moments, verified=row["verified"], reason=row["reason"],
        previous=row["previous"],
    )  # fmt: skip


def _message(row: Mapping[Any, Any]) -> MessageView:
    return MessageView(
        n=row["n"], kind=row["kind"], body=row["body"], at=row["at"], status=row["status"],
        agent=row["agent"], provider_id=row["provider_id"], error=row["error"],
    )  # fmt: skip
