"""How a command asks its operator: at a terminal, or not at all when every answer was given beforehand."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import typer


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose; `value` is what a script gives, `label` what a person reads."""

    value: str
    label: str


class Unanswered(Exception):
    """A question that nobody can be asked; `key` names the flag and the variable that answer it."""

    def __init__(self, key: str, question: str) -> None:
        super().__init__(
            f"{question} Give it with --answer {key}=… or the environment variable {variable(key)}."
        )
        self.key = key


def variable(key: str) -> str:
    """The environment variable that answers `key`: settings have their own names, the rest a prefix."""
    return key if key.isupper() else f"TIERLINE_SETUP_{key.upper()}"


class NoSuchChoice(LookupError):
    """What was given fits none of the options, or too many; `str()` says which."""


class Ask(Protocol):
    """Questions and remarks. Every method may raise `Unanswered`."""

    def say(self, line: str = "") -> None:
        """Tell the operator something."""

    async def text(self, key: str, question: str, default: str = "") -> str:
        """A line; empty only when `default` is."""

    async def secret(self, key: str, question: str) -> str:
        """A line that is neither echoed nor ever shown."""

    async def yes(self, key: str, question: str, default: bool = True) -> bool:
        """Yes or no."""

    async def choose(
        self, key: str, question: str, options: tuple[Option, ...], many: bool = False
    ) -> tuple[str, ...]:
        """One of `options` (or none), or several; values."""


class Terminal:
    """Asks at the terminal what `given` (by key or variable) doesn't answer; `quiet`: asks nothing at all."""

    def __init__(self, given: Mapping[str, str], quiet: bool) -> None:
        self.given, self.quiet = given, quiet

    def say(self, line: str = "") -> None:
        """To stdout."""
        typer.echo(line)

    async def text(self, key: str, question: str, default: str = "") -> str:
        """A line."""
        if (found := self._given(key)) is not None:
            return found
        if self.quiet:
            if default:
                return default
            raise Unanswered(key, question)
        answer = await asyncio.to_thread(typer.prompt, question, default=default, show_default=bool(default))
        return str(answer).strip()

    async def secret(self, key: str, question: str) -> str:
        """A line without echo."""
        if (found := self._given(key)) is not None:
            return found
        if self.quiet:
            raise Unanswered(key, question)
        answer = await asyncio.to_thread(
            typer.prompt, question, default="", show_default=False, hide_input=True
        )
        return str(answer).strip()

    async def yes(self, key: str, question: str, default: bool = True) -> bool:
        """Yes or no; where nobody is asked, the usual answer."""
        if (found := self._given(key)) is not None:
            return found.casefold() in ("y", "yes", "true", "1", "on")
        if self.quiet:
            return default
        return bool(await asyncio.to_thread(typer.confirm, question, default=default))

    async def choose(
        self, key: str, question: str, options: tuple[Option, ...], many: bool = False
    ) -> tuple[str, ...]:
        """By number, by value, or by a part of the label."""
        if (found := self._given(key)) is not None:
            return chosen(found, options, many)
        if self.quiet:
            if len(options) == 1:
                return (options[0].value,)
            raise Unanswered(key, question)
        for number, option in enumerate(options, 1):
            self.say(f"  {number:3}  {option.label}")
        how = "numbers or names, separated by commas" if many else "a number or a part of a name"
        while True:
            raw = str(
                await asyncio.to_thread(
                    typer.prompt, f"{question} ({how}; empty: none)", default="", show_default=False
                )
            )
            try:
                return chosen(raw, options, many)
            except NoSuchChoice as error:
                self.say(f"  {error}")

    def _given(self, key: str) -> str | None:
        found = self.given.get(key, self.given.get(variable(key)))
        return found.strip() if found else None


def chosen(raw: str, options: tuple[Option, ...], many: bool) -> tuple[str, ...]:
    """What `raw` chooses. Raises NoSuchChoice when it fits nothing or too much."""
    parts = [part.strip() for part in re.split(r"[,;]", raw) if part.strip()] if many else [raw.strip()]
    found = [_one(part, options) for part in parts if part]
    return tuple(dict.fromkeys(found))


def _one(part: str, options: tuple[Option, ...]) -> str:
    for option in options:
        if part.casefold() in (option.value.casefold(), option.label.casefold()):
            return option.value
    if part.isascii() and part.isdigit() and 1 <= int(part[:6]) <= len(options):
        return options[int(part) - 1].value
    near = [o for o in options if part.casefold() in o.label.casefold()]
    if len(near) == 1:
        return near[0].value
    if near:
        raise NoSuchChoice(f"“{part}” fits {', '.join(o.label for o in near[:5])}: write more of it")
    raise NoSuchChoice(f"nothing here is called “{part}”")
