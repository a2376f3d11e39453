"""What the mail door knows of a contact, and what is kept in one beside its customer's words. Values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ...queue.contact import Media

SCHEME = "mail:"
"""Before what names a mail (`raw.REF`) or, behind a slash, one of its parts, where a file's address is expected."""
WHOLE = "message/rfc822"
"""The type of the mail itself among what was attached; its name is FOLDED where words of it were folded away."""
FOLDED = "folded"
Kind = Literal["bounce", "delay", "auto-reply", "list", "ours"]


@dataclass(frozen=True, slots=True)
class Party:
    """With whom a contact is, and in which conversation (`Arrived.thread`)."""

    contact: str
    address: str = field(repr=False)
    thread: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Beside:
    """A mail that nobody waits for an answer to. `event` makes it one, however often it comes.

    `key` ("C1001.3") is the reply that came back, with `failed` for good, and `said` why, in words.
    """

    kind: Kind
    event: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    media: tuple[Media, ...] = ()
    key: str = ""
    failed: bool = False
    said: str = ""
