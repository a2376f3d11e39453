"""The shape of what has to be tried before a contact goes to the next tier."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from .shape_base import Many, OrDefault, Shape, for_all

Item = Annotated[str, Field(min_length=1, max_length=75)]
"""As much as a menu of Slack shows of one."""
Items = Annotated[Many[Item], Field(min_length=1, max_length=15)]


class Checklist(Shape):
    """For each tier that escalates, or `default`."""

    default: Items | None = None
    L1: Items | None = None
    L2: Items | None = None


class Escalation(Shape):
    """What is asked before a contact goes to the next tier."""

    checklist: Annotated[Checklist, BeforeValidator(for_all), OrDefault()] = Field(
        description="[restarted it, asked for the error message]; or {L1: […], L2: […]}"
    )
