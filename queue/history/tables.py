"""The tables of the history, as today's code sees them; `migrations/` is how a database gets there.

From the ledger: `events` (the archive, whole), and what is worked out from it: `contacts`, `messages`,
`offers`, `arrivals` (the outside's ids), `plans`; and `audit`, chained once and never worked out again. From
people: `customers`, `addresses`, `facts`. `endings` is work left to do in the store, `untold` what the audit log is
still to hear. All instants are milliseconds since the epoch.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    event,
    text,
)
from sqlalchemy.dialects import sqlite

metadata = MetaData()


customers = Table(
    "customers",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    Column("address", Text, primary_key=True),
    Column("customer", Text, ForeignKey("customers.key", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Index("addresses_customer", "customer"),
)

facts = Table(
    "facts",
    metadata,
    Column("customer", Text, ForeignKey("customers.key", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("ms", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("i", Integer, primary_key=True, autoincrement=False),
    Column("t", BigInteger, nullable=False),
    Column("e", Text, nullable=False),
    Column("c", Text, nullable=False),
    Column("a", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("x", Text, nullable=False),
    Index("events_contact", "c", "ms", "seq", "i"),
    Index("events_agent", "a", "e", "t"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("language", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("arrived", BigInteger, nullable=False),
    Column("accepted", BigInteger),
    Column("wake", BigInteger),
    Column("ended", BigInteger),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("last_i", Integer, nullable=False),
    Index("contacts_customer", "customer", "arrived"),
    Index("contacts_address", "address", "arrived"),
    Index("contacts_state", "state", "arrived"),
    Index("contacts_arrived", "arrived"),
    Index("contacts_ended", "ended", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("under_way", BigInteger),
    Index("messages_under_way", "under_way", "contact", "n", sqlite_where=text("under_way IS NOT NULL")),
)

offers = Table(
    "offers",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("offered", BigInteger, nullable=False),
    Column("delivered", BigInteger),
    Column("ended", BigInteger),
    Index("offers_agent", "agent", "offered"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("event", Text, primary_key=True),
    Column("contact", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("ms", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("i", Integer, nullable=False),
)

endings = Table(
    "endings",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
    Index("endings_until", "until"),
)

plans = Table(
    "plans",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("waiting", Text, nullable=False),
    Column("diff", Text, nullable=False),
    Column("yaml", Text, nullable=False),
    Column("seen", BigInteger),
    Column("moved", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("ms", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("i", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("hash", Text, nullable=False),
)

untold = Table(
    "untold",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("what", Text, nullable=False),
)

articles = Table(
    "articles",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("services", Text, nullable=False),
    Column("steps", Text, nullable=False),
)

article_votes = Table(
    "article_votes",
    metadata,
    Column("slug", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("yes", BigInteger, nullable=False),
    Column("no", BigInteger, nullable=False),
)

PROJECTED = (contacts, messages, offers, arrivals, plans)
"""What `rebuild` empties and works out again from `events`."""


@event.listens_for(messages, "before_create")
def _in_postgres(table: Table, connection: Connection, **_: object) -> None:
    """The index of some rows alone is one there, too; said at the table, it costs SQLite's start 20 ms for a dialect."""
    if connection.dialect.name == "postgresql":
        for index in table.indexes:
            index.dialect_kwargs["postgresql_where"] = index.dialect_kwargs.get("sqlite_where")


def insert_into(table: Table, database: str) -> Any:
    """An INSERT that knows ON CONFLICT, for `database`: the name of a dialect, sqlite or postgresql."""
    if database == "sqlite":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql  # loaded by then; importing it costs SQLite's start 15 ms

    return postgresql.insert(table)
