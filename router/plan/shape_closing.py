"""The shape of what is asked when a contact ends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .fields import Name
from .shape_base import Many, Shape

Choice = Annotated[str, Field(min_length=1, max_length=75)]
"""As much as a menu of Slack shows of one."""


class ClosingField(Shape):
    """Something more that is asked when a contact ends."""

    name: Name = Field(description="Under which the answer is kept")
    label: Annotated[str, Field(min_length=1, max_length=150)] | None = Field(
        default=None, description="The question; without it, the name"
    )
    kind: Literal["line", "lines", "choice", "choices", "date", "number"] = "line"
    choices: Annotated[Many[Choice], Field(max_length=100)] = []
    required: bool = False


class Closing(Shape):
    """What is asked when a contact ends; what a service says of its own comes in place of the site's."""

    dispositions: Annotated[Many[Choice], Field(max_length=100)] = Field(
        default=[], description="[solved, not solved]; without it: solved, answered, workaround, …"
    )
    root_causes: Annotated[Many[Choice], Field(max_length=100)] = Field(
        default=[], description="[cable, router, theirs]; without it, any words"
    )
    required: Many[Literal["disposition", "root_cause", "resolution"]] = []
    fields: Annotated[list[ClosingField], Field(max_length=20)] = Field(
        default=[], description="[{name: order, label: Order number, required: true}]"
    )


class SiteClosing(Closing):
    """The same for the whole site."""

    rate: Many[Literal["voice", "chat", "sms"]] = Field(
        default=["voice"], description="Whose customers are asked by `texts.rating` how it was"
    )
