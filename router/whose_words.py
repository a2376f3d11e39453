"""What is shown of somebody's having made sure whose a contact is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ..channels.channel import Button
from .facts import Facts

FORM = "them"
"""The form's name."""


def them_button(contact: str, facts: Facts) -> tuple[Button, ...]:
    """What a thread's first message offers of who only claims to be a customer."""
    return (Button(f"form.{FORM}", "It is them …", contact),) if facts.claims else ()


def said(x: Mapping[str, object]) -> str:
    """A line of the timeline."""
    who, by = str(x.get("name") or x.get("customer") or "a customer"), str(x.get("by") or "Somebody")
    if x.get("undone"):
        off = f", and {x['removed']} was taken off their record" if x.get("removed") else ""
        return f"{by} took back that it is {who}: it belongs to no record{off}."
    on = f" {x['added']} was added to their record." if x.get("added") else ""
    return f"{by} has made sure that it is {who}: {x.get('how')}. It belongs to their record now.{on}"


def line_buttons(contact: str, x: Mapping[str, object]) -> tuple[Button, ...]:
    """What stands beneath it in the thread."""
    return () if x.get("undone") else (undo_button(contact),)


def undo_button(contact: str) -> Button:
    """Takes it back."""
    return Button("them.undo", "Undo: it isn't them", contact)
