"""The forms by which a contact is handed over, escalated, put off, merged, given back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ..channels.channel import Button
from ..channels.forms import Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.history.records import Past
from ..queue.state import ENDED, ContactView
from . import forms, orders
from .active import ActivePlan
from .answerable import may
from .escalation import DONE, TEXT, WHY, checklist, escalate_form, mistake, tried
from .explain import Moments
from .facts import Facts
from .guides import records
from .moves import Moves, Who
from .newcomers import stranger
from .parts import Silent
from .when import NoTime, when

LOOKED_AT = 30
"""Of the customer's contacts, the latest, among which those that are open are offered."""


class Records(Moments, Protocol):
    """What is asked of the history."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """The contacts with one of these keys or addresses, the latest first."""


@dataclass(slots=True)
class Moving(Silent):
    """The forms `transfer`, `escalate`, `snooze`, `callback`, `more`."""

    queue: Queue
    plan: ActivePlan
    records: Records
    moves: Moves = field(init=False)

    def __post_init__(self) -> None:
        self.moves = Moves(self.queue, self.plan, self.records)

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """What it asks about the contact `value`."""
        if name not in forms.NAMES:
            return None
        allowed = await may(self.queue, self.plan(), self.records, actor, value)
        if not allowed.ok:
            return allowed
        view = await self.queue.contact(value)
        if view is None:
            return Told(False, f"{value} has ended already.")
        if name == "escalate":
            return escalate_form(
                value, checklist(self.plan(), view), records(await self.queue.messages(value))
            )
        others = await self._others(view) if name == "more" else ()
        return forms.offered(self.plan(), name, value, view.channel == "voice", others)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """Carry it out."""
        if filled.name not in forms.NAMES:
            return None
        if (who := Who.of(self.plan(), actor)) is None:
            return stranger(self.plan().plan.supervisors)
        if filled.name == "escalate":
            return await self._escalate(who, filled)
        if wrong := forms.missing(filled) or await self._no_time(filled):
            return Mistakes(wrong)
        done = await orders.carry_out(self.moves, who, forms.filled_in(filled))
        return Told(done.ok, done.text)

    async def _escalate(self, who: Who, filled: Filled) -> Told | Mistakes:
        view, it = await self.queue.contact(filled.value), filled.answers
        items = checklist(self.plan(), view) if view is not None else ()
        done, why, text = it.get(DONE, ""), it.get(WHY, ""), it.get(TEXT, "")
        if wrong := mistake(items, done, why):
            return Mistakes(wrong)
        by_guide = "; ".join(records(await self.queue.messages(filled.value)))
        said = "; ".join(filter(None, [tried(items, done, why, text), by_guide]))
        outcome = await self.moves.escalate(who, filled.value, said)
        return Told(outcome.ok, outcome.text)

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`escalate C1001 …` where the plan has a checklist: it is ticked in the form."""
        order = orders.named(text, "escalate")
        view = await self.queue.contact(order.contact) if order and order.contact else None
        if view is None or not (items := checklist(self.plan(), view)):
            return None
        allowed = await may(self.queue, self.plan(), self.records, actor, view.id)
        if not allowed.ok:
            return allowed
        told = "To be tried before the next tier: " + ", ".join(items) + ". Tick what was done."
        return Told(False, told, buttons=(Button("contact.escalate", "Escalate …", view.id, "primary"),))

    async def _no_time(self, filled: Filled) -> dict[str, str]:
        if not (text := filled.answers.get("when", "")):
            return {}
        try:
            when(text, await self.queue.now(), self.plan().plan.timezone)
        except NoTime as error:
            return {"when": str(error)}
        return {}

    async def _others(self, view: ContactView) -> tuple[str, ...]:
        """The customer's other open contacts, as a menu shows them: "C1002 outage, sms, waiting"."""
        facts = Facts.parse(view.facts)
        names = [name for name in (facts.customer, facts.address) if name]
        known = await self.records.past_of(names, LOOKED_AT) if names else ()
        found = await self.queue.several([it.contact for it in known if it.contact != view.id])
        return tuple(
            f"{it.id} {it.service}, {it.channel}, {it.state}" for it in found if it.state not in ENDED
        )
