"""What *Away …* and *Overtime …* ask, and the words of the command that a filled one says. Pure."""

from __future__ import annotations

from ..channels.forms import MOST_CHOICES, Field, Filled, Form, Mistakes

SPANS = {
    "15 minutes": "15m", "30 minutes": "30m", "45 minutes": "45m", "1 hour": "1h", "2 hours": "2h", "4 hours": "4h",
}  # fmt: skip
OPEN = "Until I say that I'm back"
DATED = "Until the day and time below"
NOBODY = "Nobody"
OVERTIME = Form(
    "Overtime",
    (
        Field("length", "How long?", "choice", "1 hour", (*SPANS, DATED.replace("day and ", "")), must=True),
        Field("at", "Until what time?", "time", hint="In the site's time zone"),
    ),
    "Work on",
)


def away(others: tuple[str, ...], substitute: str) -> Form:
    """Away; `others` may stand in, and `substitute` does by the plan."""
    stands = Field(
        "substitute", "Who stands in for you?", "choice", substitute, (NOBODY, *others)[:MOST_CHOICES],
        hint="Your customers who come back are theirs first",
    )  # fmt: skip
    return Form(
        "Away",
        (
            Field("length", "How long?", "choice", "30 minutes", (*SPANS, OPEN, DATED), must=True),
            Field("day", "Until which day?", "date"),
            Field("at", "At what time?", "time", hint="In the site's time zone; without one, 09:00"),
            Field("why", "Why?", hint="Lunch, a training: your colleagues see it", longest=200),
            *((stands,) if others else ()),
        ),
        "Go away",
    )


def said(filled: Filled) -> tuple[str, str] | Mistakes:
    """(the command's verb, what follows it), or which entry is missing."""
    asked = filled.answers
    length, day, at = (asked.get(name, "") for name in ("length", "day", "at"))
    why = " ".join(asked.get("why", "").split())
    if name := asked.get("substitute", ""):
        why = f"{why} substitute {name}".strip()
    if length in SPANS:
        return filled.name, f"{SPANS[length]} {why}".strip()
    if filled.name == "away" and length == OPEN:
        return "away", f"until further notice {why}".strip()
    if filled.name == "away":
        if not day:
            return Mistakes({"day": "Say until which day."})
        return "away", f"until {day} {at or '09:00'} {why}".strip()
    return ("overtime", f"until {at}") if at else Mistakes({"at": "Say until what time."})
