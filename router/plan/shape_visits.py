"""The shape of what leaves the desk: visits at the customer's."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from .fields import Level, Name, Positive, Sometime
from .shape_base import Shape


class Visits(Shape):
    """Visits at the customer's, planned in a contact's thread."""

    skill: Name = Field(description="Who has this skill may be sent")
    level: Level = Field(default=1, description="At least so well")
    window: Positive = Field(default=timedelta(hours=2), description="How long the customer keeps free")
    remind: Sometime = Field(
        default=timedelta(days=1),
        description="So long before it the customer and whoever comes are reminded; never",
    )
