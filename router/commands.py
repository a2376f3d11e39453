"""What `/tierline …` says: words to a frozen command. Pure; what it isn't is explained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

HELP = (
    "`/tierline available` – take work · `overtime 2h` – outside your shift, until when\n"
    "`/tierline away 45m lunch` · `away until Friday 9:00 dentist` – a break; what you own stays yours\n"
    "`/tierline away 2w vacation Ben` – Ben stands in for you: your customers who come back are asked of Ben first\n"
    "`/tierline offline` – the day is over\n"
    "`/tierline status` – you and what you have · `queue` – who waits · `why C1001` – who was asked, and why not"
)
_SPAN = re.compile(r"(?:(\d{1,2})h)?(?:(\d{1,3})m(?:in)?)?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Command:
    """`rest` is what follows *available*, *overtime* and *away*: until when, and why; `word` is the contact of *why*,
    and `rest` what follows that."""

    verb: Literal["available", "overtime", "away", "offline", "status", "queue", "why", "help"]
    word: str = ""
    rest: str = ""


def parse(text: str) -> Command:
    """The command in `text`; anything unknown is `help`."""
    verb, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    match verb.casefold():
        case "available" | "overtime" | "away" as known:
            return Command(known, rest=rest[:300])
        case "offline" | "status" | "queue" as known:
            return Command(known)
        case "why" if rest:
            number = re.search(r"\d+", rest)
            after = rest[number.end() :].strip() if number else ""
            return Command("why", word=contact_number(number[0] if number else ""), rest=after[:300])
        case _:
            return Command("help")


def of_the_past(it: Command) -> bool:
    """Whether *why* asks about an instant, as it may on the command line; Slack makes a dash of two hyphens."""
    return re.match(r"(?:-+|[–—])?\s*at\b", it.rest, re.IGNORECASE) is not None


def span(text: str) -> timedelta | None:
    """ "45m", "2h", "1h30m" as a duration up to 24 h; None for anything else."""
    found = _SPAN.match(text)
    if not text or found is None or not any(found.groups()):
        return None
    length = timedelta(hours=int(found[1] or 0), minutes=int(found[2] or 0))
    return length if timedelta(0) < length <= timedelta(hours=24) else None


def contact_number(text: str) -> str:
    """ "1001", "#1001", "c1001" as the queue's id "C1001"."""
    digits = re.sub(r"[^0-9]", "", text)[:12]
    return f"C{digits}"
