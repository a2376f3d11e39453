"""What a visit's timeline says, and what can be pressed beneath it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from ..channels.channel import Button
from .plan.model import Plan
from .visit import Visit

WHAT = "visit"
"""What happens in a contact, as the ledger calls it."""
News = Literal["planned", "changed", "cancelled", "ended", "reminded", "over", "untold", "moved", "nobody"]
Named = Callable[[object], str]


def said(x: Mapping[str, object], named: Named) -> str:
    """A line of the timeline, "" when nobody has to know."""
    visit, when = Visit.of(x), str(x.get("when") or "")
    if visit is None:
        return ""
    who, by = named(visit.agent), str(x.get("by") or "somebody")
    task = f" To do: {visit.task}" if visit.task else ""
    match str(x.get("is")):
        case "planned":
            return f"{by} has planned a visit: {who} on {when}, {visit.address}.{task}"
        case "changed":
            return f"{by} has changed the visit: {who} on {when}, {visit.address}.{task}"
        case "moved":
            return (
                f"The visit of {x.get('from')} belongs to this now: {who} on {when}, {visit.address}.{task}"
            )
        case "cancelled":
            return f"{by} has cancelled the visit on {when}{f': {visit.said}' if visit.said else ''}."
        case "ended":
            return f"The visit on {when}: {visit.state}{f', {visit.said}' if visit.said else ''} ({by})."
        case "reminded":
            return f"{who} is reminded of the visit on {when}, and so is the customer."
        case "over":
            return f"The visit on {when} should be over: {who} is asked how it went."
        case "nobody":
            return (
                f"{who} isn't in the plan any more: nobody comes on {when}. Send somebody else, or cancel it."
            )
        case "untold":
            return f"The customer wasn't told of the visit on {when}: {x.get('why')}. Tell them yourself."
        case _:
            return ""


def line_buttons(contact: str, x: Mapping[str, object]) -> tuple[Button, ...]:
    """What stands beneath that line in the thread."""
    visit, news = Visit.of(x), str(x.get("is"))
    if visit is None or news == "untold":
        return ()
    if visit.stands:
        return (outcome_button(contact),) if news == "over" else buttons(contact, visit)
    again = Button("form.visit", "Plan another …", contact)
    close = Button("contact.close", "Close …", contact)
    return (close, again) if visit.state == "done" else (again, close)


def buttons(contact: str, visit: Visit | None) -> tuple[Button, ...]:
    """What can be done now about a contact's visit."""
    if visit is None or not visit.stands:
        return (Button("form.visit", "Plan a visit …", contact, "primary"),)
    return (
        outcome_button(contact),
        Button("form.visit", "Change …", contact),
        Button("form.visit_cancel", "Cancel the visit …", contact, "danger"),
    )


def thread_buttons(plan: Plan, contact: str) -> tuple[Button, ...]:
    """What a thread's first message offers where the plan has visits or sessions."""
    visit = (Button("form.visit", "Visit …", contact),) if plan.visits is not None else ()
    return (*visit, Button("form.session", "Session …", contact)) if plan.sessions else visit


def outcome_button(contact: str) -> Button:
    """Asks how it went."""
    return Button("form.visit_outcome", "How it went …", contact, "primary")
