"""The shape of what stands around the words of a mail."""

from __future__ import annotations

from pydantic import Field

from .fields import Language, Name, Text, Word
from .shape_base import Shape


class Letter(Shape):
    """Whose letter it is. In braces: {agent}, {team}, {site}, {number}."""

    name: Word | None = Field(default=None, description='The sender\'s name; without it, "{agent} ({site})"')
    signature: dict[Language, Text] = Field(
        default={}, description="Beneath the words; without it, the agent and the site"
    )
    footer: dict[Language, Text] = Field(
        default={}, description="At the end: what a company has to say there"
    )


class Letters(Letter):
    """Mails; what a team says of its own comes in place of the site's."""

    plus: bool = Field(
        default=True,
        description="Whether the provider delivers support+anything@ to support@; false: plain addresses only",
    )
    teams: dict[Name, Letter] = Field(default={}, description="{nightowl: {signature: {en: …}}}")
