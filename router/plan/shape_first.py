"""The shape of what comes before a person: scripts, and what a service's agents ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from .fields import Facts, Language, Name, Positive, Text, Word
from .shape_base import Many, Shape
from .shape_visits import Webhook

Key = Annotated[Name, Field(max_length=30)]
"""As long as the store keeps the name of an answer."""
Label = Annotated[str, Field(min_length=1, max_length=75)]
"""As much as a button of Slack or of the chat shows."""


class Choice(Shape):
    """One answer to choose: customers send its number or its words, or press it."""

    value: Name = Field(description="What rules and agents see: `when: {answers: {device: router}}`")
    say: dict[Language, Label] = Field(description="{en: My router, de: Mein Router}")


class Question(Shape):
    """A question; without `choices` any words answer it."""

    ask: Key = Field(description="The name under which the answer is kept")
    say: dict[Language, Text] = Field(description="{en: Which device?, de: Welches Gerät?}")
    choices: Annotated[list[Choice], Field(max_length=9)] = []


class FirstStep(Shape):
    """A question (`ask`), or `articles` that may help, found by what was said."""

    ask: Key | None = Field(default=None, description="A question: the name under which the answer is kept")
    articles: Literal[1, 2, 3] | None = Field(
        default=None, description="Instead: so many articles are shown, with “did this help?”"
    )
    say: dict[Language, Text] = Field(default={}, description="{en: Which device?, de: Welches Gerät?}")
    choices: Annotated[list[Choice], Field(max_length=9)] = []
    when: dict[Key, Facts] = Field(default={}, description="Only after these answers: {device: [router]}")


class Script(Shape):
    """What a door asks before a person is asked; the word `person` ends it at once, in the plan's languages."""

    steps: Annotated[list[FirstStep], Field(max_length=20)] = []
    bot: Webhook | None = Field(
        default=None,
        description="Instead of steps: asked, signed, what to say; after 1 s a person is asked. It answers "
        "{say, choices?, answers?, solved?, person?}",
    )
    wait: Positive = Field(
        default=timedelta(minutes=10), description="So long without an answer, then a person is asked"
    )
    person: Many[Word] = Field(default=[], description="More words that ask for a person: [operator]")
