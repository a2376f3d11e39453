"""Who has ended since an instant is asked when an incident is over: an index for it."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the index."""
    op.create_index("contacts_ended", "contacts", ["ended", "id"])
