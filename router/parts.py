"""Parts of the house: each knows some commands, buttons and forms, and answers None to whatever isn't its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..channels.forms import Filled, Form, Mistakes, Onward
from ..channels.home import Section
from ..channels.house import Actor, Told


class Part(Protocol):
    """What the house asks one part after the other; `help` are its lines of `/tierline help`, "" for none."""

    help: str

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`/tierline text`."""

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """A button with `action` and `value`."""

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """The form behind a button `form.NAME`."""

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """That form, sent off; whatever `form` checked is to be checked again."""

    async def home(self, actor: Actor) -> tuple[Section, ...]:
        """Its sections of the actor's Home, in order; () for what isn't theirs to see."""

    async def acted(self, actor: Actor) -> None:
        """The actor did something, whatever it was."""


class Silent:
    """A part that knows nothing yet: what a part hasn't, it inherits."""

    help = ""

    async def command(self, actor: Actor, text: str) -> Told | None:
        """None of ours."""
        return None

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """None of ours."""
        return None

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """None of ours."""
        return None

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """None of ours."""
        return None

    async def home(self, actor: Actor) -> tuple[Section, ...]:
        """Nothing."""
        return ()

    async def acted(self, actor: Actor) -> None:
        """Nothing follows."""


@dataclass(frozen=True, slots=True)
class Parts:
    """All of them, asked in this order."""

    each: Sequence[Part] = ()

    @property
    def help(self) -> str:
        """What they add to `/tierline help`."""
        return "\n".join(part.help for part in self.each if part.help)

    async def command(self, actor: Actor, text: str) -> Told | None:
        """The first answer, or None."""
        for part in self.each:
            if (told := await part.command(actor, text)) is not None:
                return told
        return None

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """The first answer, or None."""
        for part in self.each:
            if (told := await part.pressed(actor, action, value)) is not None:
                return told
        return None

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """The first answer, or None."""
        for part in self.each:
            if (form := await part.form(actor, name, value)) is not None:
                return form
        return None

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """The first answer, or None."""
        for part in self.each:
            if (answer := await part.filled(actor, filled)) is not None:
                return answer
        return None

    async def home(self, actor: Actor) -> tuple[Section, ...]:
        """All sections, each part's behind those of the parts before it."""
        return tuple([section for part in self.each for section in await part.home(actor)])

    async def acted(self, actor: Actor) -> None:
        """All of them hear of it."""
        for part in self.each:
            await part.acted(actor)
