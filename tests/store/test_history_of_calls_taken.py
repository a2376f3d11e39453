"""The history tells every process which calls were taken lately."""

from __future__ import annotations

from helpers_history import history as history
from sqlalchemy import insert, select

from tierline.queue.history.history import History
from tierline.queue.history.records import Taken
from tierline.queue.history.tables import contacts
from tierline.queue.history.taken import LONGEST_WAIT, taken_calls

AT = 1_780_000_000_000


async def test_calls_that_were_taken_since_then_are_told_and_nothing_else(history: History) -> None:
    def row(id: str, channel: str, arrived: int, accepted: int | None) -> dict[str, object]:
        text = dict.fromkeys(it.name for it in contacts.c if not it.nullable)
        plain = {name: "" if contacts.c[name].type.python_type is str else 0 for name in text}
        return {
            **plain, "verified": False, "id": id, "service": "help", "channel": channel, "arrived": arrived,
            "accepted": accepted, "owner": "Ada", "state": "active",
        }  # fmt: skip

    async with history.database.write() as connection:
        for values in (
            row("C1", "voice", AT - 60_000, AT + 1),
            row("C2", "voice", AT - 60_000, AT - 1),
            row("C3", "sms", AT - 60_000, AT + 1),
            row("C4", "voice", AT - 60_000, None),
            row("C5", "voice", AT - LONGEST_WAIT - 1, AT + 1),
        ):
            await connection.execute(insert(contacts).values(values))
        assert len((await connection.execute(select(contacts.c.id))).all()) == 5
    assert await taken_calls(history.database, AT) == (Taken("help", AT - 60_000, AT + 1, "Ada"),)
