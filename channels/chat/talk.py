"""What the chat door asks of whoever keeps conversations, written for the door. A visitor is named by the conversation
that their token opens; a line is what one message is in it, numbered from 1 without gaps, whichever process says it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from ...queue.contact import Media

NOT_MAILED: Mapping[str, str] = {
    "mails_off": "transcripts aren't mailed here",
    "no_address": "this is no mail address",
    "unanswered": "nobody has answered yet",
    "mailed_enough": "that was mailed often enough today",
    "mail_failed": "the mail could not be sent just now",
}
"""Why a transcript wasn't mailed: for programs, and in words. Widgets say it in the visitor's language."""
WEB = "web:"
"""Before a visitor's address: "web:<conversation>"."""
Phase = Literal["", "asked", "waiting", "active", "ended"]
"""Of a visitor's contact: none yet; a script asks; nobody has it; somebody has; it is over, what is said begins anew."""


@dataclass(frozen=True, slots=True)
class Line:
    """A message as its visitor sees it; `at` in ms since the epoch, `asks`: it asks how it was; `choices`:
    answers that can be chosen, any other words will do as well."""

    author: Literal["visitor", "agent", "system"]
    name: str
    text: str = field(repr=False)
    at: int
    files: tuple[Media, ...] = ()
    id: str = ""
    asks: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a visitor stands. Instants and durations in ms; `position` from 1, None where they don't wait.

    `next_open` is None while the service is open, or never opens.
    """

    contact: str = ""
    phase: Phase = ""
    open: bool = True
    next_open: int | None = None
    position: int | None = None
    wait: int | None = None
    agent: str = ""  # the first name
    staffed: bool = True  # False: they wait, and nobody is there who may take it (F87)


@dataclass(frozen=True, slots=True)
class Face:
    """What the plan says of the widget; its words by language."""

    on: bool = False
    origins: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    hello: Mapping[str, str] = field(default_factory=dict)
    colour: str = ""
    languages: tuple[str, ...] = ("en",)
    mails: bool = False  # whether a transcript can be mailed


class Talk(Protocol):
    """All of these may raise StoreError."""

    def face(self) -> Face:
        """The plan's, now."""

    async def standing(self, visitor: str) -> Standing:
        """How they stand."""

    async def standings(self, contacts: Mapping[str, str]) -> Mapping[str, Standing]:
        """The same of many at once who wait: visitor → contact, and back by visitor."""

    async def line(self, visitor: str, key: str) -> int:
        """The number of the message `key` ("C1001.3") in the conversation: the next one, the first time."""

    async def lines(self, visitor: str, since: int, limit: int) -> tuple[Sequence[tuple[int, str]], int]:
        """(the lines after `since`: number and key, in order, at most `limit`; the number of the last one of all)."""

    async def said(self, keys: Collection[str]) -> Mapping[str, Line]:
        """What these say, as far as it is known anywhere."""

    async def arrived(self, visitor: str, contact: str) -> None:
        """What the customer said in the contact is in the conversation, whoever took it in."""

    async def delivered(self, keys: Collection[str]) -> None:
        """The visitor has these."""

    async def rate(self, visitor: str, value: int) -> bool:
        """How it was; False when nobody asked."""

    async def reach(self, contact: str, name: str, reach: str, key: str) -> None:
        """Where the visitor says that they can be answered, for the agents; once a `key`."""

    async def end(self, visitor: str) -> None:
        """The visitor has ended it."""

    async def mail(self, visitor: str, to: str) -> str:
        """Send the transcript to an address; "" when it is on its way, else one of `NOT_MAILED`."""
