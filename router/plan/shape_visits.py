"""The shape of what leaves the desk: visits at the customer's, remote-support and video sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .fields import Level, Name, Positive, Sometime, shown, wrong
from .shape_base import Shape

_ADDRESS = re.compile(r"https://[^/?#@\s\x00-\x1f<>\"{}]+\.[^/?#@\s<>\"{}]+(?:[/?#][^\s\x00-\x1f<>\"]*)?")
LONGEST = 600


def _address(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if text.startswith("http://"):
        raise wrong("what is said there must be safe on its way", instead=f"https://{text[7:]}")
    if len(text) > LONGEST or not _ADDRESS.fullmatch(text):
        raise wrong(f'"{shown(value)}" is no address', allowed="like https://help.example/join")
    return text


def _template(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if text.replace("{id}", "", 1) == text or re.search(r"[{}]", text.replace("{id}", "", 1)):
        hint = 'with {id} once, in quotes: "https://help.example/{id}"'
        raise wrong("which part of it is the session's own?", allowed=hint)
    _address(text.replace("{id}", "id"))
    return text


Webhook = Annotated[str, BeforeValidator(_address)]
Template = Annotated[str, BeforeValidator(_template)]


class Session(Shape):
    """A remote-support or video session: where it is held."""

    kind: Literal["remote", "video"] = Field(
        default="video", description="remote: the customer's screen is seen; video: both see each other"
    )
    url: Template | None = Field(
        default=None, description='"https://help.example/{id}"; {id} is new each time'
    )
    webhook: Webhook | None = Field(
        default=None, description="Asked, signed, for each session; it answers with its url"
    )


class Visits(Shape):
    """Visits at the customer's, planned in a contact's thread."""

    skill: Name = Field(description="Who has this skill may be sent")
    level: Level = Field(default=1, description="At least so well")
    window: Positive = Field(default=timedelta(hours=2), description="How long the customer keeps free")
    remind: Sometime = Field(
        default=timedelta(days=1),
        description="So long before it the customer and whoever comes are reminded; never",
    )
