"""What somebody sees who opens the desk itself: their day in sections. Decided by the house, shown by a desk.

Section ─ title, words, buttons
        └ entries: what it is, whose, its clocks, where it is answered
"""

from __future__ import annotations

from dataclasses import dataclass

from .channel import Button

STANDS_THERE = frozenset({"board.refresh"})
"""Actions that bring up what a Home shows anyway: what is told there has no button for them."""


@dataclass(frozen=True, slots=True)
class Clock:
    """An instant (ms since the epoch) and what it means: "answer due", "waits since". `late`: it should not be past."""

    label: str
    at: int
    late: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a section. `title` is ours, in mrkdwn; `about` may come from outside and is shown as plain text.

    `place` ("channel:ts") is where it is answered, "" for nowhere.
    """

    title: str
    about: str = ""
    clocks: tuple[Clock, ...] = ()
    place: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a Home. `text` is ours, in mrkdwn; `more` is how many further entries there are that aren't shown."""

    title: str
    text: str = ""
    clocks: tuple[Clock, ...] = ()
    entries: tuple[Entry, ...] = ()
    buttons: tuple[Button, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Home:
    """All of it as of `at` (ms), the most important first: what doesn't fit is cut at the end."""

    sections: tuple[Section, ...]
    at: int
