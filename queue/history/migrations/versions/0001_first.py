"""The first tables.

Written out, not taken from `tables.py`: what a released migration does must never change.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    _people()
    _ledger()
    _projections()


def _people() -> None:
    op.create_table(
        "customers",
        Column("key", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("language", Text, nullable=False),
    )
    op.create_table(
        "addresses",
        Column("address", Text, primary_key=True),
        Column("customer", Text, ForeignKey("customers.key", ondelete="CASCADE"), nullable=False),
        Column("kind", Text, nullable=False),
        Column("verified", Boolean, nullable=False),
        Column("position", Integer, nullable=False),
    )
    op.create_index("addresses_customer", "addresses", ["customer"])
    op.create_table(
        "facts",
        Column("customer", Text, ForeignKey("customers.key", ondelete="CASCADE"), primary_key=True),
        Column("name", Text, primary_key=True),
        Column("value", Text, nullable=False),
    )


def _ledger() -> None:
    op.create_table(
        "events",
        Column("ms", BigInteger, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        Column("i", Integer, primary_key=True, autoincrement=False),
        Column("t", BigInteger, nullable=False),
        Column("e", Text, nullable=False),
        Column("c", Text, nullable=False),
        Column("a", Text, nullable=False),
        Column("n", BigInteger, nullable=False),
        Column("x", Text, nullable=False),
    )
    op.create_index("events_contact", "events", ["c", "ms", "seq", "i"])
    op.create_table(
        "endings",
        Column("contact", Text, primary_key=True),
        Column("until", BigInteger, nullable=False),
    )
    op.create_index("endings_until", "endings", ["until"])


def _projections() -> None:
    op.create_table(
        "contacts",
        Column("id", Text, primary_key=True),
        *(Column(name, Text, nullable=False) for name in ("state", "service", "channel", "thread")),
        *(Column(name, Text, nullable=False) for name in ("customer", "name", "address")),
        Column("verified", Boolean, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("language", "rule", "owner", "previous")),
        Column("arrived", BigInteger, nullable=False),
        *(Column(name, BigInteger) for name in ("accepted", "wake", "ended")),
        *(Column(name, Text, nullable=False) for name in ("outcome", "reason", "facts")),
        *(Column(name, BigInteger, nullable=False) for name in ("last_ms", "last_seq")),
        Column("last_i", Integer, nullable=False),
    )
    op.create_index("contacts_customer", "contacts", ["customer", "arrived"])
    op.create_index("contacts_address", "contacts", ["address", "arrived"])
    op.create_index("contacts_state", "contacts", ["state", "arrived"])
    op.create_index("contacts_arrived", "contacts", ["arrived"])
    op.create_table(
        "messages",
        Column("contact", Text, primary_key=True),
        Column("n", BigInteger, primary_key=True, autoincrement=False),
        *(Column(name, Text, nullable=False) for name in ("kind", "body")),
        Column("at", BigInteger, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("status", "agent", "provider_id", "error")),
    )
    op.create_table(
        "offers",
        Column("contact", Text, primary_key=True),
        Column("n", BigInteger, primary_key=True, autoincrement=False),
        Column("agent", Text, nullable=False),
        Column("step", Integer, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("state", "reason", "place")),
        Column("offered", BigInteger, nullable=False),
        *(Column(name, BigInteger) for name in ("delivered", "ended")),
    )
    op.create_index("offers_agent", "offers", ["agent", "offered"])
    op.create_table(
        "arrivals",
        Column("event", Text, primary_key=True),
        Column("contact", Text, nullable=False),
        *(Column(name, BigInteger, nullable=False) for name in ("n", "ms", "seq")),
        Column("i", Integer, nullable=False),
    )
