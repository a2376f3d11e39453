"""Since when somebody is away or off shift is asked of the events by agent: an index for it."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the index."""
    op.create_index("events_agent", "events", ["a", "e", "t"])
