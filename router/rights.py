"""Who may do what at the desk, decided in one place: deny by default, and whoever may not is told whom to ask. Pure."""

from __future__ import annotations

from ..channels.house import Actor, Told
from .moves import Who
from .newcomers import stranger
from .rulebook import Rulebook


def boss(book: Rulebook, actor: Actor) -> Who | Told:
    """A supervisor of the plan; or what anybody else is told."""
    who = Who.of(book, actor)
    if who is None:
        return stranger(book.plan.supervisors)
    return who if who.supervisor else Told(False, f"Only a supervisor does that. Ask {asked(book)}.")


def member(book: Rulebook, actor: Actor) -> Who | Told:
    """Somebody whom the plan names, as agent or supervisor; or what anybody else is told."""
    return Who.of(book, actor) or stranger(book.plan.supervisors)


def asked(book: Rulebook) -> str:
    """Whom to ask, as the plan names them."""
    return " or ".join(book.plan.supervisors) or "whoever looks after the plan's file: it names no supervisor"
