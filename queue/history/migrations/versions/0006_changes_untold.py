"""Changes that the audit log is still to be told of."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "untold",
        Column("id", Text, primary_key=True),
        Column("at", BigInteger, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("who", "act", "origin", "what")),
    )
