"""Articles, every version of each, and whether they helped."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add both tables, empty."""
    op.create_table(
        "articles",
        Column("slug", Text, primary_key=True),
        Column("language", Text, primary_key=True),
        Column("version", BigInteger, primary_key=True, autoincrement=False),
        Column("at", BigInteger, nullable=False),
        *(
            Column(name, Text, nullable=False)
            for name in ("author", "state", "title", "body", "tags", "services", "steps")
        ),
    )
    op.create_table(
        "article_votes",
        Column("slug", Text, primary_key=True),
        Column("language", Text, primary_key=True),
        Column("yes", BigInteger, nullable=False),
        Column("no", BigInteger, nullable=False),
    )
