"""What the parts of the mail door hand each other: an envelope, a mail as it was read, and the way in.

Everything here is a value; every text in it comes from outside and is data. Nothing here reads or sends.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from ..channel import Taken

Robot = Literal["", "bounce", "auto-reply", "list", "ours"]
"""What kind of machine wrote it, "" for a person (RFC 3834, RFC 3464). "ours": it came from an address of ours."""
Trouble = Literal["", "unreadable", "too complex"]
"""Why a mail's words aren't shown: it is a contact all the same, with its bytes to be fetched."""
Trust = Literal["claimed", "verified"]
"""Whether *our* mail server vouches, by an aligned pass, for the address in From (RFC 8601, RFC 7489)."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a mail was handed over. `sender` "" is the null reverse-path; `at` is when we had it, ms since the epoch."""

    sender: str = field(repr=False)
    recipients: tuple[str, ...]
    at: int
    by: str = (
        ""  # which way it came: "smtp", "relay" (by SMTP from our own mail server), or the mailbox's name
    )


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file of a mail; `part` is its place among the mail's parts (walk order), by which its bytes are found again."""

    part: int
    name: str
    content_type: str  # sniffed from its bytes, not claimed
    size: int  # bytes
    inline: bool = False  # shown within the text


@dataclass(frozen=True, slots=True)
class Report:
    """What a bounce says of one recipient of one mail of ours (RFC 3464, or words of servers that obey none)."""

    message_id: str  # the mail that it is about, with its angle brackets; "" when it doesn't say
    recipient: str
    status: str  # "5.1.1", "" unknown
    said: str  # in words for an agent
    permanent: bool
    key: str = ""  # the reply's key ("C1001.3") where the address that it came to tells it


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was read. Addresses are lower-case and without display name; message ids have angle brackets."""

    sender: str = field(repr=False)  # From, "" when there is none that one could answer
    name: str = field(repr=False)
    to: tuple[str, ...] = ()  # To and Cc
    subject: str = field(default="", repr=False)
    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    date: int | None = None  # ms since the epoch, as the sender says
    text: str = field(default="", repr=False)  # the new words
    folded: str = field(default="", repr=False)  # quoted history and signature: kept, not shown at once
    attachments: tuple[Attachment, ...] = ()
    invitation: str = ""  # a calendar invitation in a line
    robot: Robot = ""
    robot_why: str = ""  # by what it was recognised
    reports: tuple[Report, ...] = ()
    trust: Trust = "claimed"
    trouble: Trouble = ""
    reply_to: str = field(
        default="", repr=False
    )  # where an answer is wanted instead; as claimed as everything else
    digest: str = ""  # `glance.digested`, "" where it wasn't worked out

    @property
    def dated(self) -> bool:
        """Whether it has an id or a date of its own, so that it isn't said twice."""
        return bool(self.message_id or self.date)


Take = Callable[[bytes, Envelope], Awaitable[tuple[str, Letter]]]
"""Keeps a mail durably, under the name that is given back, and reads it off the loop, within limits; never raises for
what is in it (`trouble` says so). Raises NotTaken."""
Post = Callable[[bytes, Envelope], Awaitable[tuple[Taken, ...]]]
"""The one way in for raw mails, from SMTP and IMAP alike: durable when it returns. Raises NotTaken: the sender still
owns it. One `Taken` per contact: one for each of our addresses that it was sent to."""
