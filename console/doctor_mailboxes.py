"""What `doctor` says of mail: the mailboxes it can and can't open, and what the plan makes of them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from ..router.lapsing import BEFORE
from .finding import Finding

PLUS: Mapping[str, str] = {
    "gmail.com": "Google delivers support+anything@ to support@: answers are told by their address",
    "googlemail.com": "Google delivers support+anything@ to support@: answers are told by their address",
    "office365.com": "Microsoft 365 delivers support+anything@ to support@ unless somebody switched it off:"
    " Get-OrganizationConfig | fl DisablePlusAddressInRecipients says False",
    "outlook.com": "Microsoft delivers support+anything@ to support@: answers are told by their address",
    "fastmail.com": "Fastmail delivers support+anything@ to support@: answers are told by their address",
}
"""Providers of which it is known, by the end of their server's name."""


@dataclass(frozen=True, slots=True)
class MailboxSeen:
    """A mailbox as it was opened; `no` is why it wasn't. `user` is how one logs in there."""

    setting: str
    user: str
    host: str
    no: str = ""
    idle: bool = True


@dataclass(frozen=True, slots=True)
class MailboxesSeen:
    """`no`: settings that can't be read; `last_days` of secrets, by variable."""

    no: str = ""
    boxes: Sequence[MailboxSeen] = ()
    last_days: Mapping[str, date] = field(default_factory=dict)
    today: date = date.min


def mailboxes(seen: MailboxesSeen, ours: Sequence[str]) -> Iterator[Finding]:
    """Every finding, in the order in which one would mend them. `ours`: the plan's mail entries, lower case."""
    if seen.no:
        yield Finding("bad", "mail", seen.no, "mend it in .env or the environment")
    for it in seen.boxes:
        yield from _box(it)
    for name, last in seen.last_days.items():
        left = (last - seen.today).days
        if left < 0:
            yield Finding("bad", "mail", f"{name} has lapsed on {last}", "make a new secret at the provider")
        elif left <= BEFORE[0]:
            yield Finding(
                "note", "mail", f"{name} lapses in {left} days", "make a new secret at the provider"
            )
    yield from _entries(seen, ours)


def _box(it: MailboxSeen) -> Iterator[Finding]:
    if it.no:
        yield Finding("bad", it.user, it.no, f"mend {it.setting}; mails wait there meanwhile")
        return
    how = "tells by itself what comes" if it.idle else "is looked at every 30 s: its server has no IDLE"
    yield Finding("ok", it.user, f"the mailbox can be read and {how}")
    known = next((words for end, words in PLUS.items() if it.host.endswith(end)), "")
    yield Finding("ok" if known else "note", it.user, known or _unknown(it), "" if known else _TRY)


_TRY = "mail to it with +test before the @ from elsewhere: if it doesn't arrive, answers are told by their headers alone"


def _unknown(it: MailboxSeen) -> str:
    return f"whether {it.host} delivers {it.user.partition('@')[0]}+anything@ there isn't known"


def _entries(seen: MailboxesSeen, ours: Sequence[str]) -> Iterator[Finding]:
    """`ours`: the addresses of the plan's mail entries, lower case."""
    if not ours and seen.boxes:
        yield Finding(
            "bad", "plan", "it has no entry for mail: mails wait", "add `{channel: email, to: …}` to `entry:`"
        )
    for box in seen.boxes:
        if len(ours) > 1 and box.user.casefold() not in ours:
            text = f"what names none of the plan's addresses there goes to the entry {min(ours)}"
            yield Finding("note", box.user, text, "give the mailbox an entry of its own")
