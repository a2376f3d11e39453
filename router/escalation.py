"""What was tried before a contact goes to the next tier: the plan's checklist, ticked, and in words what wasn't. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..channels.forms import Field, Form
from ..queue.state import ContactView
from .rulebook import Rulebook

DONE, WHY, TEXT = "done", "why", "text"
"""The form's fields."""
LONGEST = 500
"""Characters of each text: the next tier reads all of it in one message."""


def checklist(book: Rulebook, view: ContactView) -> tuple[str, ...]:
    """What whoever has it must have tried; () where the plan says nothing."""
    service, owner = book.services.get(view.service), book.by_id.get(view.owner)
    tier = owner.profile.tier_in(view.service) if owner else max(view.now_step.need.tiers)
    return service.checklist(tier) if service is not None else ()


def escalate_form(contact: str, items: Sequence[str], guides: Sequence[str] = ()) -> Form:
    """The list to tick, why the rest wasn't done, and anything else; what was ticked in `guides` goes along by itself."""
    told = (Field("guides", "", "words", "\n".join(guides)),) if guides else ()
    if not items:
        asks = Field(TEXT, "What was tried?", "lines", must=not guides)
        return Form(f"Escalate {contact}", (*told, asks), "Do it")
    return Form(
        f"Escalate {contact}",
        (
            *told,
            Field("told", "", "words", "To be tried first:\n" + "\n".join(f"• {it}" for it in items)),
            Field(DONE, "What was done?", "choices", choices=tuple(items)),
            Field(WHY, "Why not the others?", "lines", longest=LONGEST),
            Field(TEXT, "What else was tried, what is next?", "lines", longest=LONGEST),
        ),
        "Do it",
    )


def undone(items: Sequence[str], done: str) -> tuple[str, ...]:
    """What isn't ticked; `done` are the ticked ones, one to a line."""
    ticked = set(done.split("\n"))
    return tuple(it for it in items if it not in ticked)


def mistake(items: Sequence[str], done: str, why: str) -> dict[str, str]:
    """What the form lacks, by field: a word why something wasn't done."""
    left = undone(items, done)
    return {WHY: f"Not done: {', '.join(left)}. Say why not."} if left and not why else {}


def tried(items: Sequence[str], done: str, why: str, text: str) -> str:
    """In a line for the next tier: what was done, what wasn't and why, and the rest."""
    left = undone(items, done)
    parts = [f"✓ {it}" for it in items if it not in left] + [f"✗ {it}" for it in left]
    said = [*parts, f"why not: {why}" if left and why else "", text]
    return "; ".join(it for it in said if it)
