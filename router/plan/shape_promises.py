"""The shape of what a service promises beyond its first answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from .fields import Positive
from .shape_base import OrDefault, Shape, for_all


class Within(Shape):
    """Per channel, or `default`."""

    default: Positive | None = None
    voice: Positive | None = None
    chat: Positive | None = None
    sms: Positive | None = None
    email: Positive | None = None


PerWithin = Annotated[Within, BeforeValidator(for_all), OrDefault()]


class Promising(Shape):
    """Promises after the first answer, in open hours of the service."""

    next_answer_within: PerWithin | None = Field(
        default=None, description="To each later message of the customer; without it, as `answer_within`"
    )
    resolve_within: PerWithin | None = Field(
        default=None, description="From arrival to the contact's end; without it, nothing is promised"
    )
