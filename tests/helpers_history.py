"""A history of one's own for a test (SQLite, and PostgreSQL where there is a server), and recorded ledgers."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from tierline.queue.history.database import Database
from tierline.queue.history.history import History
from tierline.queue.history.tables import metadata
from tierline.queue.state import Event


@pytest.fixture(params=["sqlite", "postgres"])
async def history(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[History]:
    """An empty history."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    it = await History.open(url, tmp_path / "data")
    await empty(it.database)
    yield it
    await empty(it.database)
    await it.close()


async def empty(database: Database) -> None:
    """Every row gone."""
    async with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            await connection.execute(table.delete())


async def rows(history: History, *but: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, sorted."""
    found: dict[str, list[tuple[object, ...]]] = {}
    async with history.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name not in but:
                found[table.name] = sorted(
                    (tuple(it) for it in await connection.execute(select(table))), key=repr
                )
    return found


def said(event: str, text: str = "help", sender: str = "+4915112345678") -> str:
    """An arrival's JSON as a door writes it."""
    return json.dumps(
        {"channel": "sms", "event": event, "sender": sender, "recipient": "+4915790000000", "text": text,
         "media": [], "at": None, "verified": True, "name": ""}
    )  # fmt: skip


def arrived(
    contact: str, event: str, t: int, sender: str = "+4915112345678", id: str = "", customer: str = ""
) -> Event:
    """A contact's first event."""
    facts = {
        "customer": customer or sender,
        "address": sender,
        "verified": True,
        "language": "de",
        "rule": "outage",
    }
    x = {"service": "howto", "thread": f"sms:{sender}:+4915790000000", "facts": json.dumps(facts), "parked": False,
         "body": said(event, sender=sender), "previous": ""}  # fmt: skip
    return Event(t, "arrived", contact, "", 1, json.dumps(x), id=id)


def told(t: int, e: str, c: str = "", a: str = "", n: int = 0, id: str = "", **x: object) -> Event:
    """Any event."""
    return Event(t, e, c, a, n, json.dumps(x), id=id)


def story(contact: str = "C1001", event: str = "SM1", t: int = 1_000, first: int = 1) -> list[Event]:
    """From a text to its closing: offered, missed, accepted, answered, an undone reply, wrap-up."""
    steps: Sequence[Sequence[Event]] = [
        [arrived(contact, event, t), told(t, "queued", contact, rank=1), told(t, "offered", contact, "ada", 1, step=0)],
        [told(t + 10, "delivered", contact, "ada", 1, place="D1:1.0", due=t + 100)],
        [told(t + 100, "missed", contact, "ada", 1, place="D1:1.0"), told(t + 100, "offered", contact, "lin", 2, step=1)],
        [told(t + 200, "accepted", contact, "lin", 2, offer=2, place="D2:1.0", agent="lin")],
        [told(t + 250, "message", contact, n=2, kind="in", body=said(f"{event}b", "still there?"))],
        [told(t + 260, "message", contact, n=3, kind="note", body=json.dumps({"text": "a note", "by": "Lin"}))],
        [told(t + 300, "reply.held", contact, "lin", 4, source="1.1", body=json.dumps({"text": "oops", "by": "Lin"}))],
        [told(t + 310, "reply.undone", contact, "lin", 4)],
        [told(t + 320, "reply.held", contact, "lin", 5, source="1.2")],
        [told(t + 400, "message.out", contact, "lin", 5, kind="reply", body=json.dumps({"text": "Hello", "by": "Lin"}))],
        [told(t + 410, "message.receipt", contact, n=5, status="sent", provider_id="SMout")],
        [told(t + 420, "message.receipt", contact, n=5, status="delivered"), told(t + 420, "presence", a="ada", presence="away")],
        [told(t + 500, "wrapping", contact, "lin", until=t + 600, outcome='{"disposition":"solved"}')],
        [told(t + 600, "closed", contact, "lin", outcome='{"disposition":"solved"}')],
    ]  # fmt: skip
    return [
        Event(it.t, it.e, it.c, it.a, it.n, it.x, id=f"{first + i}-0")
        for i, entry in enumerate(steps)
        for it in entry
    ]
