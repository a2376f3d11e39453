"""Every version of the plan, and the log of who changed what."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create both."""
    op.create_table(
        "plans",
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("author", "reason", "waiting", "diff", "yaml")),
        *(Column(name, BigInteger) for name in ("seen", "moved")),
    )
    op.create_table(
        "audit",
        Column("n", BigInteger, primary_key=True, autoincrement=False),
        *(Column(name, BigInteger, nullable=False) for name in ("ms", "seq")),
        Column("i", Integer, nullable=False),
        Column("at", BigInteger, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("who", "act", "origin", "what", "hash")),
    )
