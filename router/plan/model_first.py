"""What comes before a person, as frozen values: scripts of doors, questions of services."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

Said = tuple[tuple[str, str], ...]
"""`(language, text)`."""


def in_language(said: Said, language: str) -> str:
    """The text in `language`, else the first one; "" when there is none."""
    return dict(said).get(language) or (said[0][1] if said else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose: `value` is kept, `say` is read."""

    value: str
    say: Said


@dataclass(frozen=True, slots=True)
class Question:
    """A question, kept as `name`; without `choices` any words answer it. `when`: asked only after these answers."""

    name: str
    say: Said
    choices: tuple[Choice, ...] = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def label(self, value: str, language: str) -> str:
        """How a choice reads; any other answer as it is."""
        return next((in_language(it.say, language) for it in self.choices if it.value == value), value)


@dataclass(frozen=True, slots=True)
class Suggest:
    """`count` articles at most are shown, behind the words of `say`, and it is asked whether they helped."""

    count: int
    say: Said = ()
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()


FirstStep = Question | Suggest


@dataclass(frozen=True, slots=True)
class Script:
    """What a door asks before a person. `bot` in place of `steps`: asked what to say.

    `wait`: so long without an answer, then a person is asked; `person`: more words that ask for one.
    """

    name: str
    steps: tuple[FirstStep, ...]
    wait: timedelta
    bot: str | None = None
    person: tuple[str, ...] = ()
