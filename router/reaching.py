"""Agents who write to or call a customer first: a new contact, theirs from the first moment. A program may begin one.

/tierline text Eva: … ─▶ whom? ─▶ may we? (plan, countries, STOP) ─▶ open already? ─▶ `Queue.reach` ─▶ the text, held
/tierline call Eva    ─▶                                                             └──▶ their phone, then the customer's
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.history.records import Customer, Past
from ..queue.replies import Arrival
from ..queue.state import ENDED, ContactView
from .active import ActivePlan
from .body import Body
from .explain import Moments
from .facts import Facts
from .fraud import barred
from .moves import Outcome, Stop, Who
from .parts import Silent
from .reach_words import (
    CHANNELS,
    Verb,
    Whom,
    Wish,
    decision,
    number,
    of_facts,
    ours,
    parse,
    service_of,
    suits,
    thread_of,
)
from .rights import asked, member
from .rulebook import agent_id, span

LOOKED_AT = 20
LONGEST_TITLE = 200
FORMS = {"text": ("Text", "Send"), "call": ("Call", "Call"), "mail": ("Mail", "Send")}
"""The title of the form, and its button."""
WHY = {
    "owner away": "You are not available on shift: `/tierline available` first.",
    "owner full": "You have no room for it now: close or snooze something first.",
    "owner draining": "You are kept free for somebody who waits longer.",
}
"""Why a contact can't begin in somebody's hands, by the queue's word."""
WHY_OF = {
    "owner away": "{name} is not available on shift.",
    "owner full": "{name} has no room for it now.",
    "owner draining": "{name} is kept free for somebody who waits longer.",
}
"""As `WHY`, for whoever begins it in the hands of another."""


class Records(Moments, Protocol):
    """What is asked of the history."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """The contacts with one of these keys or addresses, the latest first."""

    async def customer(self, address: str) -> Customer | None:
        """The customer with that key or address."""


@dataclass(slots=True)
class Reach(Silent):
    """`text`, `call` and the form `reach`; `called` finds customers by name."""

    queue: Queue
    plan: ActivePlan
    records: Records
    called: Callable[[str], Awaitable[tuple[tuple[Customer, str], ...]]]
    help = (
        "`text C1001: words` · `text +49151… words` · `text Eva Meier: words` – you write first, with Undo\n"
        "`call Eva Meier` – your phone rings, then theirs · `mail Eva Meier` – a mail, with its title"
    )

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`text WHOM words`, `call WHOM`; a call that somebody has is called by its own verb."""
        wish = parse(text)
        if wish is None or await self._goes_on(wish):
            return None
        try:
            who, whom = self._who(actor), await self._whom(wish)
            others = await self._open(whom)
            if others or wish.verb == "mail" or wish.verb == "text" and not wish.words:
                return self._ask(wish, whom, others)
            return _told(await self._begin(who, wish, whom))
        except Stop as stop:
            return Told(False, stop.outcome.text)

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """What is written, and for which service."""
        wish = Wish.read(value) if name == "reach" else None
        if wish is None:
            return None
        try:
            self._who(actor)
            whom = await self._whom(wish)
        except Stop as stop:
            return Told(False, stop.outcome.text)
        book, channel = self.plan(), CHANNELS[wish.verb]
        mine = service_of(book, channel, whom, ours(book, channel, whom.recipient))
        told = "\n".join([f"To {whom.called}", *await self._open(whom)])
        service = Field("service", "What is it about?", "choice", mine, tuple(book.services), True)
        words = Field("text", "To the customer", "lines", wish.words, must=True)
        subject = Field("subject", "Title", longest=LONGEST_TITLE, must=True)
        title, submit = FORMS[wish.verb]
        more = {"text": (words,), "call": (), "mail": (subject, words)}[wish.verb]
        fields = (Field("told", "", "words", told), service, *more)
        return Form(f"{title} {whom.name or whom.address}", fields, submit)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """Begin it, though others are open: that was said in the form."""
        wish = Wish.read(filled.value) if filled.name == "reach" else None
        if wish is None:
            return None
        try:
            who, whom = self._who(actor), await self._whom(wish)
            words = filled.answers.get("text", "")
            wanted = Wish(wish.verb, wish.whom, words, wish.kind)
            subject = " ".join(filled.answers.get("subject", "").split())
            return _told(await self._begin(who, wanted, whom, filled.answers.get("service", ""), subject))
        except Stop as stop:
            return Told(False, stop.outcome.text)

    async def begin(
        self, who: Who, agent: str, verb: Verb, to: str, words: str = "", subject: str = "",
        service: str = "", also: bool = False,
    ) -> Outcome:  # fmt: skip
        """For a program: in the hands of `agent`, a name of the plan, and told of to the audit log as done by `who`.

        What `to` says is a contact's number, an address or a customer's name. Where they have something open already
        nothing is begun, unless `also`.
        """
        try:
            book = self.plan()
            spec = book.plan.agent(agent)
            if spec is None:
                raise Stop("wrong", f"The plan has no agent {agent[:60]}.")
            if book.plan.reach == "nobody":
                raise Stop("not_owner", "Nobody calls or texts customers of their own accord here.")
            if service and service not in book.services:
                raise Stop("wrong", f"The plan has no service {service[:60]}.")
            wish = parse(f"{verb} {to}")
            if wish is None or wish.words:
                raise Stop(
                    "wrong", f"“{to[:60]}” names nobody: a contact, an address or a name, and nothing else."
                )
            if verb != "call" and not words or verb == "mail" and not subject:
                raise Stop("wrong", "A text needs its words, and a mail its title as well.")
            whom = await self._whom(wish)
            if (others := await self._open(whom)) and not also:
                on = "Go on there, or begin another one all the same with `also`."
                raise Stop("stale", "\n".join([f"Nothing was begun. {whom.called}:", *others, on]))
            owner = Who(spec.name, agent_id(spec.name), False, who.origin)
            it = await self._begin(owner, replace(wish, words=words), whom, service, subject, mine=False)
        except Stop as stop:
            return stop.outcome
        about = {"contact": it.contact, "agent": spec.name, "channel": CHANNELS[verb]}
        await self.queue.audit(who.name, "contact.reach", about, who.origin)
        return it

    # ---- who, and whom ---------------------------------------------------------------------------------------------

    def _who(self, actor: Actor) -> Who:
        """Raises Stop."""
        book = self.plan()
        who = member(book, actor)
        if isinstance(who, Told):
            raise Stop("not_owner", who.text)
        if not who.agent:
            raise Stop("wrong", "You are no agent of the plan: nobody could answer you.")
        if book.plan.reach == "nobody" or book.plan.reach == "supervisors" and not who.supervisor:
            may = "Nobody calls or texts" if book.plan.reach == "nobody" else "Only supervisors call and text"
            raise Stop("not_owner", f"{may} customers of their own accord here. Ask {asked(book)}.")
        return who

    async def _goes_on(self, wish: Wish) -> bool:
        """Whether it is about a call that somebody has in hand: then its customer is called in it."""
        view = await self.queue.contact(wish.whom) if wish.kind == "contact" and wish.verb == "call" else None
        return view is not None and view.channel == "voice" and view.state == "active"

    async def _whom(self, wish: Wish) -> Whom:
        """Raises Stop where nobody is meant, or several are, or they can't be reached so."""
        match wish.kind:
            case "contact":
                it = await self._of_contact(wish.whom)
            case "number":
                it = await self._of_number(wish.whom)
            case "address":
                known = await self.records.customer(wish.whom)
                it = (
                    Whom(known.key, known.name, wish.whom, known.language)
                    if known
                    else Whom(wish.whom, "", wish.whom)
                )
            case _:
                it = await self._of_name(wish)
        if not suits(wish.verb, it.address):
            it = await self._elsewhere(wish, it)
        if wish.verb == "mail":
            return it
        if why := barred(it.address, self.plan().plan.safety, vouched=it.verified):
            raise Stop("wrong", f"{it.address} is not called or texted: {why}.")
        if wish.verb == "text" and await self.queue.opted_out(it.address):
            raise Stop(
                "wrong", f"{it.called} wants no texts from us (STOP). Call, or wait until they write START."
            )
        return it

    async def _elsewhere(self, wish: Wish, it: Whom) -> Whom:
        """The same customer at the other address that the records have. Raises Stop where there is none, or several."""
        found = await self.called(it.name) if it.key and it.name else ()
        there = [at for known, at in found if known.key == it.key and suits(wish.verb, at)]
        if len(there) == 1:
            return replace(it, address=there[0], verified=False)
        what = "mail address" if wish.verb == "mail" else "number"
        if there:
            rows = "\n".join(f"• `{wish.verb} {at}`" for at in there)
            raise Stop("wrong", f"Where to?\n{rows}")
        raise Stop("wrong", f"There is no {what} of {it.name or it.address or 'theirs'} to {wish.verb}.")

    async def _of_contact(self, contact: str) -> Whom:
        view = await self.queue.contact(contact)
        if view is not None:
            return of_facts(Facts.parse(view.facts), view.service, contact)
        record = await self.records.contact(contact)
        if record is None:
            raise Stop("gone", f"There is no contact {contact}.")
        said = next((Arrived.parse(m.body) for m in record.messages if m.kind == "in"), None)
        return Whom(
            record.customer, record.name, record.address, record.language, record.verified,
            said.recipient if said else "", record.service, contact,
        )  # fmt: skip

    async def _of_number(self, said: str) -> Whom:
        countries = self.plan().plan.safety.countries
        address = number(said, countries[0] if countries else "")
        if not address:
            raise Stop("wrong", f"“{said[:40]}” is no telephone number.")
        known = await self.records.customer(address)
        return Whom(known.key, known.name, address, known.language) if known else Whom(address, "", address)

    async def _of_name(self, wish: Wish) -> Whom:
        found = [(it, at) for it, at in await self.called(wish.whom) if suits(wish.verb, at)]
        if not found:
            what = "mail address" if wish.verb == "mail" else "number"
            hint = f"say the {what}, or a contact's number: `{wish.verb} C1001: …`. Behind a name stands a colon."
            raise Stop("gone", f"No customer with a {what} is called “{wish.whom[:60]}”: {hint}")
        if len(found) > 1:
            rows = "\n".join(f"• {it.name} ({it.key}): `{wish.verb} {address}`" for it, address in found)
            raise Stop("wrong", f"Whom do you mean?\n{rows}")
        it, address = found[0]
        return Whom(it.key, it.name, address, it.language)

    async def _open(self, whom: Whom) -> list[str]:
        """What the customer has open already, a line each."""
        names = [name for name in (whom.key, whom.address) if name]
        past = await self.records.past_of(names, LOOKED_AT)
        views = await self.queue.several([it.contact for it in past])
        return [self._line(it) for it in views if it.state not in ENDED]

    def _line(self, it: ContactView) -> str:
        owner = f"with {self.plan().called(it.owner)}" if it.owner else "with nobody yet"
        return f"{it.id} is open: {it.service}, {it.channel}, {it.state}, {owner}."

    def _ask(self, wish: Wish, whom: Whom, others: list[str]) -> Told:
        """What is missing is asked in a form; what is open already is pointed out there and here."""
        verb = "Call" if wish.verb == "call" else "Write"
        label = f"{verb} all the same …" if others else f"{verb} …"
        told = "\n".join([f"*{verb}* to {whom.called}." if not others else f"{whom.called}:", *others])
        return Told(not others, told, buttons=(Button("form.reach", label, wish.dump(), "primary"),))

    # ---- begun -----------------------------------------------------------------------------------------------------

    async def _begin(
        self, who: Who, wish: Wish, whom: Whom, service: str = "", subject: str = "", mine: bool = True
    ) -> Outcome:
        """Raises Stop. `mine`: whoever has it hears of it in these words."""
        book, channel = self.plan(), CHANNELS[wish.verb]
        sender, spec = ours(book, channel, whom.recipient), book.by_id.get(who.agent)
        whose = "Your" if mine else f"{who.name}'s"
        if not sender:
            what = "mailbox" if wish.verb == "mail" else "number"
            raise Stop("wrong", f"The plan has no {what} to {wish.verb} from.")
        if wish.verb == "call" and (spec is None or not spec.phone):
            raise Stop("wrong", f"{whose} phone is not in the plan: without it nobody can be put through.")
        about = service if service in book.services else service_of(book, channel, whom, sender)
        if not about:
            raise Stop("wrong", "The plan has no service yet.")
        now = await self.queue.now()
        it = await self.queue.reach(
            who.agent, thread_of(channel, whom.address, sender), decision(book, channel, whom, sender, about, now),
            whom.contact,
        )  # fmt: skip
        if not isinstance(it, Arrival):
            raise Stop("stale", await self._why_not(it.outcome, it.by, whom, "" if mine else who.name))
        begun = f"{it.contact} is {'yours' if mine else f'with {who.name}'}"
        if wish.verb == "call":
            await self.queue.happen(it.contact, "call agent", {"wants": str(now)}, who.agent)
            told = f"{begun}: {whose.lower() if mine else 'their'} phone rings. Press 1, and we call {whom.called}."
            return Outcome("ok", told, it.contact)
        body = Body(wish.words, by=who.name, subject=subject).to_json()
        held = await self.queue.hold_reply(
            it.contact, who.agent, body, source="", ms=span(book.plan.settings.hold_reply)
        )
        if not held.done:
            told = f"{it.contact} is begun, but nothing was sent: write in its thread."
            return Outcome("stale", told, it.contact)
        what = f"{'Your' if mine else 'The'} {wish.verb} to {whom.called}"
        return Outcome("ok", f"{begun}. {what} leaves in a moment; Undo stands in its thread.", it.contact)

    async def _why_not(self, outcome: str, by: str, whom: Whom, name: str) -> str:
        match outcome:
            case "elsewhere":
                view = await self.queue.contact(by)
                line = self._line(view) if view is not None else f"{by} is open."
                return f"The conversation with {whom.called} goes on: {line} Write there, or have it handed over."
            case "taken":
                if name:
                    return WHY_OF.get(by, "{name} can't have it now.").format(name=name)
                return WHY.get(by, "You can't have it now.")
            case _:
                return (
                    f"{name or 'You'} {'is' if name else 'are'} not in the queue yet: try again in a second."
                )


def _told(it: Outcome) -> Told:
    return Told(it.ok, it.text)
