"""“It is them”: an agent who has made sure whose a contact is joins it to that customer's record, and can take it back.

*It is them …* ▶ whose, how it was made sure, whether the address goes on record ▶ the contact is theirs ▶ *Undo*
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import LATE, Actor, Told
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Customer, Past
from ..queue.state import ContactView
from .active import ActivePlan
from .answerable import may
from .cards import customer_line, history_line
from .claimed import is_vouched, unvouch, vouch
from .commands import contact_number
from .explain import Moments
from .facts import Facts
from .lines import escape
from .moves import Who
from .newcomers import stranger
from .parts import Silent
from .whose_words import FORM, undo_button

HOW = (
    "I called them back on a number of their record",
    "They answered with a code that I sent to an address of their record",
    "They knew what only they can know",
    "I know them",
    "Otherwise, see the note",
)
SILENT_RECORDS = "The customers' records don't answer now: nothing was changed. Try again in a moment."
USAGE = "Which contact? `/tierline whose C1001`"
EARLIER, LONGEST = 5, 300
_ADDRESS = re.compile(r"\+\d{6,15}|[^@\s]+@[^@\s]+")


class Records(Moments, Protocol):
    """What is asked of the history."""

    async def customer(self, address: str) -> Customer | None:
        """By key, else by address."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """Their contacts, the latest first."""


class Cards(Protocol):
    """Customers' cards by name."""

    async def named(self, name: str) -> Sequence[Customer]:
        """Everybody of that name."""


@dataclass(slots=True)
class Identifying(Silent):
    """The form `them` and the button `them.undo`, for the contact's owner and supervisors."""

    queue: Queue
    plan: ActivePlan
    records: Records
    cards: Callable[[], Cards]
    help = "`whose C1001` – join a contact to a customer's record, once you made sure that it is them"

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`whose C1001`."""
        found = re.fullmatch(r"whose(?:\s+(.*))?", text.strip(), re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        if not re.fullmatch(r"#?c?\d{1,12}", (found[1] or "").strip(), re.IGNORECASE):
            return Told(False, USAGE)
        view = await self._mine(actor, contact_number(found[1]))
        if isinstance(view, Told):
            return view
        facts = Facts.parse(view.facts)
        if theirs := _theirs(view.id, facts):
            return theirs
        button = Button(f"form.{FORM}", "It is them …" if facts.claims else "Whose is it? …", view.id)
        claim = f" It claims to be {escape(facts.claims)}." if facts.claims else ""
        return Told(True, f"{view.id} belongs to no customer's record.{claim}", buttons=(button,))

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """Whose it is, how that was made sure, and whether the address goes on record."""
        if name != FORM:
            return None
        view = await self._mine(actor, value)
        if isinstance(view, Told):
            return view
        facts = Facts.parse(view.facts)
        if theirs := _theirs(value, facts):
            return theirs
        try:
            claimed = await self.records.customer(facts.address) if facts.address else None
        except StoreError:
            return Told(False, SILENT_RECORDS)
        return _form(value, facts, claimed)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """It is theirs from now on."""
        if filled.name != FORM:
            return None
        view = await self._mine(actor, filled.value)
        if isinstance(view, Told):
            return view
        who, facts = Who.of(self.plan(), actor), Facts.parse(view.facts)
        if who is None:
            return stranger(self.plan().plan.supervisors)
        if theirs := _theirs(view.id, facts):
            return theirs
        how, note = filled.answers.get("how", ""), filled.answers.get("note", "").strip()
        if how not in HOW or (how == HOW[-1] and not note):
            return Mistakes({"note" if how in HOW else "how": "Say how you made sure: it stays on record."})
        try:
            customer = await self._whose(filled.answers.get("whose", ""))
            if isinstance(customer, Mistakes):
                return customer
            sure = note if how == HOW[-1] else f"{how} ({note})" if note else how
            return await self._join(who, view, customer, sure, bool(filled.answers.get("add")))
        except StoreError:
            return Told(False, SILENT_RECORDS)

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Undo*."""
        if action != "them.undo":
            return None
        view = await self._mine(actor, value)
        if isinstance(view, Told):
            return view
        who, facts = Who.of(self.plan(), actor), Facts.parse(view.facts)
        if who is None or not facts.vouched:
            return LATE
        added = facts.was[3] if len(facts.was) > 3 else ""
        about = {"by": who.name, "undone": "yes", "customer": facts.customer, "name": facts.name}
        told = about | ({"removed": added} if added else {})
        done = await self.queue.identify(value, who.agent, view.facts, unvouch(facts).to_json(), told)
        if not done.done:
            return _late(value)
        await self.queue.audit(who.name, "contact.identify.undo", {"contact": value, **told}, who.origin)
        return Told(True, f"{value} belongs to no record any more.")

    # ---- what is looked up, and done ----------------------------------------------------------------------------

    async def _mine(self, actor: Actor, contact: str) -> ContactView | Told:
        if Who.of(self.plan(), actor) is None:
            return stranger(self.plan().plan.supervisors)
        allowed = await may(self.queue, self.plan(), self.records, actor, contact, "say whose it is")
        if not allowed.ok:
            return allowed
        view = await self.queue.contact(contact)
        return view or Told(False, f"{escape(contact[:20])} ended too long ago: re-open it first.")

    async def _whose(self, text: str) -> Customer | Mistakes:
        """The one customer with that key, address or name."""
        text = text.strip()
        if text and (found := await self.records.customer(text)) is not None:
            return found
        named = await self.cards().named(text) if text else ()
        if len(named) == 1:
            return named[0]
        if named:
            return Mistakes(
                {
                    "whose": f"Several customers are called so: give the key ({', '.join(it.key for it in named)})."
                }
            )
        return Mistakes({"whose": "No customer's record has that key, address or name."})

    async def _join(
        self, who: Who, view: ContactView, customer: Customer, how: str, add: bool
    ) -> Told | Mistakes:
        facts, added = Facts.parse(view.facts), ""
        if add and _ADDRESS.fullmatch(facts.address):
            holder = await self.records.customer(facts.address)
            if holder is not None and holder.key != customer.key:
                text = (
                    f"{facts.address} is on the record of customer {holder.key}: it can't be added here, too."
                )
                return Mistakes({"add": text})
            added = facts.address if holder is None else ""
        told = {"by": who.name, "customer": customer.key, "name": customer.name, "how": how, "added": added}
        told = {name: value for name, value in told.items() if value}
        theirs = vouch(facts, customer, who.name, added)
        done = await self.queue.identify(view.id, who.agent, view.facts, theirs.to_json(), told)
        if not done.done:
            return _late(view.id)
        await self.queue.audit(who.name, "contact.identify", {"contact": view.id, **told}, who.origin)
        past = await self.records.past_of((customer.key,), EARLIER)
        earlier = escape(history_line(tuple(it for it in past if it.contact != view.id)))
        text = f"{view.id} belongs to {escape(customer.name or customer.key)} now. {earlier}".strip()
        return Told(True, text, buttons=(undo_button(view.id),))


def _theirs(contact: str, facts: Facts) -> Told | None:
    """What is told of a contact of which nobody has to be asked."""
    if facts.vouched:
        text = f"{contact} belongs to {escape(facts.name or facts.customer)}: {facts.vouched} has made sure."
        return Told(False, text, buttons=(undo_button(contact),))
    if is_vouched(facts) and facts.name and facts.customer != facts.address:
        return Told(False, f"{contact} belongs to {escape(facts.name)} already.")
    return None


def _late(contact: str) -> Told:
    text = f"{contact} is being handed over, or somebody was faster: nothing was changed. Try again."
    return Told(False, text)


def _form(contact: str, facts: Facts, claimed: Customer | None) -> Form:
    who = escape(customer_line(facts))
    intro = f"{contact} is from {who}. Joined, it stands in that customer's history for everybody to see."
    rows = [
        Field("intro", "", "words", intro),
        Field("whose", "Customer: key, address or name", "line", claimed.key if claimed else "", must=True, longest=200),
        Field("how", "How have you made sure?", "choice", "", HOW, must=True),
        Field("note", "Note, kept on the timeline", longest=LONGEST),
    ]  # fmt: skip
    if claimed is None and _ADDRESS.fullmatch(facts.address):
        rows.append(Field("add", "Their record", "choices", "", (f"Add {facts.address} to it",)))
    return Form(f"Whose is {contact}?", tuple(rows), "It is them")
