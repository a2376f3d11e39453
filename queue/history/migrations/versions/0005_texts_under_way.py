"""Since when a text has been with its door without a last receipt, and an index of those."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add both; what is under way at this moment counts from when it was written."""
    op.add_column("messages", Column("under_way", BigInteger))
    op.execute("UPDATE messages SET under_way = at WHERE status IN ('sending', 'sent')")
    those = text("under_way IS NOT NULL")
    op.create_index(
        "messages_under_way",
        "messages",
        ["under_way", "contact", "n"],
        sqlite_where=those,
        postgresql_where=those,
    )
