"""Visits at the desk: `/tierline visit C1001`, and the forms that plan, change, cancel a visit and say how it went."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Customer
from ..queue.state import ENDED, ContactView
from . import visit_slots
from .active import ActivePlan
from .cards import customer_line
from .commands import contact_number
from .facts import Facts
from .lines import escape
from .moves import Who
from .newcomers import stranger
from .parts import Silent
from .plan.model import AgentSpec
from .plan.model_texts import TextName
from .plan.model_visits import Visits
from .rulebook import Rulebook, agent_id, instant
from .texts import spoken_window
from .visit import (
    LONGEST_ADDRESS,
    LONGEST_SAID,
    LONGEST_TASK,
    OUTCOMES,
    NoSuchTime,
    State,
    Visit,
    address_of,
    at_wall,
)
from .visit_jobs import cannot_be_told, tell
from .visit_words import News, buttons

NO_VISITS = Told(False, "The plan has no visits yet: a supervisor adds `visits: {skill: …}` to it.")
USAGE = "Which contact? `/tierline visit C1001`"
LONGEST, FURTHEST = 24 * 3_600_000, 366 * 86_400_000
"""ms: how long one visit may last, and how far ahead it is planned."""
AGREED = "They have agreed to come although they are off shift"
LATE = Told(False, "Somebody was faster: look at the visit again before you change it.")
RESERVED = 60_000
"""ms within which one change of a visit is made by one person."""


RECORDS_WAIT = 1.0
"""Seconds that the records are given for the address; then it is asked."""

log = structlog.get_logger()


class Records(Protocol):
    """What is asked of the history."""

    async def customer(self, address: str) -> Customer | None:
        """The customer with that key or address."""


@dataclass(frozen=True, slots=True)
class Case:
    """A contact and its visit, for somebody who may do something about it."""

    who: Who
    view: ContactView
    visit: Visit | None
    visits: Visits

    @property
    def standing(self) -> Visit | None:
        """The visit, if somebody is to come."""
        return self.visit if self.visit is not None and self.visit.stands else None


@dataclass(slots=True)
class VisitPart(Silent):
    """The owner, a supervisor, and whoever comes do everything here."""

    queue: Queue
    plan: ActivePlan
    records: Records
    help = "`visit C1001` – a visit at the customer's: plan it, change it, say how it went"

    # ---- what is asked ------------------------------------------------------------------------------------------

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`visit C1001`."""
        found = re.fullmatch(r"visit(?:\s+(.*))?", text.strip(), re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        if not re.fullmatch(r"#?c?\d{1,12}", (found[1] or "").strip(), re.IGNORECASE):
            return Told(False, USAGE)
        case = await self._case(actor, contact_number(found[1]))
        if isinstance(case, Told):
            return case
        contact, visit, book = case.view.id, case.standing, self.plan()
        if visit is None:
            return Told(True, f"No visit is planned for {contact}.", buttons=buttons(contact, None))
        who, when = escape(book.called(visit.agent)), self._when(visit)
        told = f"{contact}: {who} visits {escape(customer_line(Facts.parse(case.view.facts)))} on {when}."
        return Told(True, f"{told}\n{escape(visit.address)}", buttons=buttons(contact, visit))

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """`visit`, `visit_cancel`, `visit_outcome`."""
        if name not in ("visit", "visit_cancel", "visit_outcome"):
            return None
        case = await self._case(actor, value)
        if isinstance(case, Told):
            return case
        if name == "visit":
            return await self._planning(case)
        if case.standing is None:
            return Told(False, f"No visit is planned for {value} any more.")
        return self._cancelling(case.standing) if name == "visit_cancel" else self._outcome(case.standing)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """One of them was sent off."""
        if filled.name not in ("visit", "visit_cancel", "visit_outcome"):
            return None
        case = await self._case(actor, filled.value)
        if isinstance(case, Told):
            return case
        if filled.name == "visit":
            return await self._plan(case, filled)
        if case.standing is None:
            return Told(False, f"No visit is planned for {filled.value} any more.")
        if filled.name == "visit_cancel":
            return await self._cancel(case, case.standing, filled.answers.get("why", ""))
        return await self._went(case, case.standing, filled)

    async def _case(self, actor: Actor, contact: str) -> Case | Told:
        book = self.plan()
        who, visits = Who.of(book, actor), book.plan.visits
        if who is None:
            return stranger(book.plan.supervisors)
        if visits is None:
            return NO_VISITS
        view = await self.queue.contact(contact)
        if view is None or view.state in ENDED:
            return Told(
                False, f"{escape(contact[:20])} has ended: re-open it first, or there is no such contact."
            )
        visit = Visit.of(await self.queue.jots(contact))
        comes = visit is not None and visit.stands and who.agent == visit.agent
        if not (who.supervisor or comes or (who.agent and who.agent == view.owner)):
            owner = escape(book.called(view.owner)) if view.owner else "nobody yet"
            return Told(False, f"{contact} is with {owner}: they, or a supervisor, plan its visits.")
        return Case(who, view, visit, visits)

    # ---- the forms ----------------------------------------------------------------------------------------------

    async def _planning(self, case: Case) -> Form | Told:
        book, old, now = self.plan(), case.standing, await self.queue.now()
        people = visit_slots.able(book, case.visits)
        if not people:
            return Told(False, f"Nobody in the plan has the skill {escape(case.visits.skill)}.")
        at, until = (old.at, old.until) if old else visit_slots.suggested(book, case.visits, now)
        zone = ZoneInfo(book.plan.timezone)
        since, end = instant(at).astimezone(zone), instant(until).astimezone(zone)
        choices = tuple(
            visit_slots.choice(book, it, case.visits.skill, level, at, until) for it, level in people
        )
        picked = next((it for it in choices if old and agent_id(visit_slots.chosen(it)) == old.agent), "")
        best = next((it for it in choices if it.endswith("on shift then")), "")
        address = old.address if old else await self._address(case)
        about = f"*{case.view.id}* {escape(customer_line(Facts.parse(case.view.facts)))}"
        then = f"“then” is {spoken_window(at, until, book.plan.timezone, 'en')}; another time is checked when you save."
        fields = (
            Field("about", "", "words", value=f"{about}\nTimes are those of {book.plan.timezone}."),
            Field("address", "Address", "lines", address, must=True, longest=LONGEST_ADDRESS),
            Field("day", "Day", "date", f"{since:%Y-%m-%d}", must=True),
            Field("from", "From", "time", f"{since:%H:%M}", must=True),
            Field("until", "Until", "time", f"{end:%H:%M}", must=True),
            Field("agent", "Who comes", "choice", picked or best, choices, must=True, hint="Choose"),
            Field("then", "", "words", value=then),
            Field("agreed", "If they are off shift", "choice", choices=(AGREED,), hint="Only if it is so"),
            Field(
                "task", "What is to be done", "lines", old.task if old else "", longest=LONGEST_TASK,
                hint="For whoever comes; the customer doesn't see it",
            ),
        )  # fmt: skip
        return Form("Change the visit" if old else "Plan a visit", fields, "Change it" if old else "Plan it")

    async def _address(self, case: Case) -> str:
        """Where an earlier visit went, or where the records say that the customer is; "" where it must be asked."""
        if case.visit is not None:
            return case.visit.address
        key = Facts.parse(case.view.facts).customer
        try:
            async with asyncio.timeout(RECORDS_WAIT):
                customer = await self.records.customer(key) if key else None
        except (StoreError, TimeoutError) as error:
            log.info("visit.records", error=type(error).__name__)
            return ""
        return address_of(customer.facts)[:LONGEST_ADDRESS] if customer is not None else ""

    def _cancelling(self, visit: Visit) -> Form:
        told = f"The visit on {self._when(visit)}: the customer and whoever comes are told."
        why = Field("why", "Why", longest=LONGEST_SAID, hint="For us; the customer doesn't see it")
        return Form("Cancel the visit", (Field("about", "", "words", value=told), why), "Cancel it")

    def _outcome(self, visit: Visit) -> Form:
        told = f"The visit on {self._when(visit)}, {escape(visit.address)}"
        return Form(
            "How the visit went",
            (
                Field("about", "", "words", value=told),
                Field("how", "How it went", "choice", choices=OUTCOMES, must=True),
                Field("said", "What was done, or what is missing", "lines", longest=LONGEST_SAID),
            ),
            "Keep it",
        )

    # ---- what is done -------------------------------------------------------------------------------------------

    async def _plan(self, case: Case, filled: Filled) -> Told | Mistakes:
        book, now, old = self.plan(), await self.queue.now(), case.standing
        read = _read(book, case.visits, filled, now)
        if isinstance(read, Mistakes):
            return read
        spec, at, until = read
        number = case.visit.number + (old is None) if case.visit else 1
        change = old.change + 1 if old else 0
        answers = filled.answers
        visit = Visit(
            number, change, at, until, agent_id(spec.name), answers["address"].strip()[:LONGEST_ADDRESS],
            answers.get("task", "").strip()[:LONGEST_TASK],
        )  # fmt: skip
        if (other := await self._busy(visit, case.view.id)) is not None:
            return Mistakes({"agent": f"{spec.name} is at {other} then: another time, or somebody else."})
        if not await self._first(case.view.id, visit):
            return LATE
        was = old.agent if old else ""
        news: News = "changed" if old else "planned"
        if not await tell(self.queue, book, case.view.id, visit, news, case.who.name, was):
            return Told(False, f"{case.view.id} is not there any more.")
        kind: TextName = "visit_changed" if old else "visit_planned"
        heard = await self._heard(case.view, kind)
        text = f"{case.view.id}: {escape(spec.name)} comes on {self._when(visit)}. {heard}"
        return Told(True, text)

    async def _cancel(self, case: Case, visit: Visit, why: str) -> Told:
        off = visit.ended("cancelled", why.strip())
        if not await self._first(case.view.id, off):
            return LATE
        await tell(self.queue, self.plan(), case.view.id, off, "cancelled", case.who.name)
        heard = await self._heard(case.view, "visit_cancelled")
        return Told(True, f"The visit of {case.view.id} is cancelled. {heard}")

    async def _went(self, case: Case, visit: Visit, filled: Filled) -> Told | Mistakes:
        how = next((it for it in OUTCOMES if it == filled.answers.get("how")), None)
        if how is None:
            return Mistakes({"how": "Choose how it went."})
        state: State = how
        after = visit.ended(state, filled.answers.get("said", "").strip())
        contact = case.view.id
        if not await self._first(contact, after):
            return LATE
        await tell(self.queue, self.plan(), contact, after, "ended", case.who.name)
        outcome = json.dumps({"visit": after.state, "visit_said": after.said}, ensure_ascii=False)
        await self.queue.remark(contact, case.who.agent, outcome)
        again = Button("form.visit", "Plan another …", contact)
        close = Button("contact.close", "Close …", contact)
        then = (close, again) if after.state == "done" else (again, close)
        return Told(True, f"Kept with {contact}: {after.state}.", buttons=then)

    async def _first(self, contact: str, visit: Visit) -> bool:
        """Whether nobody else has just said something else of it."""
        return await self.queue.once(f"visit:{contact}:{visit.key}", RESERVED)

    async def _busy(self, visit: Visit, contact: str) -> str | None:
        """Another contact whose visit they are at then."""
        for view in await self.queue.contacts(("active", "snoozed", "parked", "waiting", "offered")):
            other = Visit.of(await self.queue.jots(view.id)) if view.id != contact else None
            if other is not None and other.stands and other.agent == visit.agent and other.overlaps(visit):
                return view.id
        return None

    async def _heard(self, view: ContactView, kind: TextName) -> str:
        why = await cannot_be_told(self.queue, self.plan(), view, kind)
        return (
            f"The customer isn't told, as {why}: tell them yourself." if why else "The customer gets a text."
        )

    def _when(self, visit: Visit) -> str:
        return spoken_window(visit.at, visit.until, self.plan().plan.timezone, "en")


def _read(book: Rulebook, visits: Visits, filled: Filled, now: int) -> tuple[AgentSpec, int, int] | Mistakes:
    """Who comes, from when to when (ms); or what can't stay."""
    said, wrong = filled.answers, dict[str, str]()
    if not said.get("address", "").strip():
        wrong["address"] = "Where to?"
    at = until = 0
    for name in ("from", "until"):
        try:
            moment = at_wall(said.get("day", ""), said.get(name, ""), book.plan.timezone)
            at, until = (moment, until) if name == "from" else (at, moment)
        except NoSuchTime as error:
            wrong[name] = str(error)
    if "from" not in wrong and at <= now:
        wrong["from"] = "That is past already."
    elif "from" not in wrong and at - now > FURTHEST:
        wrong["day"] = "That is more than a year away."
    if not wrong.keys() & {"from", "until"} and not at < until <= at + LONGEST:
        wrong["until"] = "It ends after it begins, within a day."
    name = visit_slots.chosen(said.get("agent", ""))
    people = [it for it, _ in visit_slots.able(book, visits)]
    spec = next((it for it in people if it.name == name), None)
    if spec is None:
        wrong["agent"] = f"Choose somebody who has the skill {visits.skill}."
    elif not wrong and not visit_slots.on_shift(book, spec, at, until) and not said.get("agreed"):
        there = ", ".join(it.name for it in people if visit_slots.on_shift(book, it, at, until)) or "nobody"
        wrong["agent"] = f"{name} is off shift then; on shift: {there}. Or say below that they have agreed."
    return Mistakes(wrong) if wrong or spec is None else (spec, at, until)
