"""What a visit causes: its contact sleeps until then, both sides are told and get a calendar file, both are reminded.

planned, changed, cancelled (told as `call`, what: visit) ─┬▶ contact asleep, alarms set
                                                           ├▶ customer: text with a link to the calendar file
                                                           └▶ whoever comes: told in person, calendar file
alarm remind ─▶ both          alarm over ─▶ whoever came: how did it go?

Everything may be done twice: a text is known by its source, what is told in Slack by its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import Button, Desk
from ..queue.engine import Queue
from ..queue.state import ENDED, QUEUED, ContactView, Event
from .after_calls import sms_sender
from .alarms import alarm, set_alarm
from .body import Body
from .cards import customer_line
from .facts import Facts
from .lanes import Job, Try
from .lines import escape
from .links import Signed
from .look import ended_so, more, spec_of
from .plan.model_texts import TextName
from .rulebook import Rulebook, span
from .texts import spoken_window, telling
from .visit import Visit
from .visit_file import calendar_file
from .visit_words import WHAT, News, buttons, outcome_button

KEPT_OPEN = 86_400
"""Seconds after a visit for which its link opens."""
FILE_KEPT = 7 * 86_400_000
"""ms for which it is remembered that somebody has a file already."""
TEXTS: dict[News, TextName] = {
    "planned": "visit_planned", "changed": "visit_changed", "cancelled": "visit_cancelled",
    "reminded": "visit_reminder",
}  # fmt: skip
TOLD: dict[str, str] = {
    "planned": "You visit {who} on {when}.",
    "changed": "Your visit to {who} has changed: {when}.",
    "moved": "Your visit to {who} on {when} belongs to {c} now.",
    "cancelled": "Your visit to {who} on {when} is cancelled.",
    "reminded": "Reminder: you visit {who} on {when}.",
    "over": "How did the visit to {who} go ({when})?",
}


@dataclass(frozen=True, slots=True)
class VisitFiles:
    """Calendar files of visits, and the links that open them."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    links: Signed

    def link(self, contact: str, visit: Visit) -> str:
        """Opens the visit's calendar file, as it is then, until a day after it."""
        return self.links.make(f"/visit/{contact}/{visit.number}.ics", visit.until / 1000 + KEPT_OPEN)

    async def of(self, contact: str, visit: Visit, inside: bool) -> bytes:
        """The file, as whoever comes gets it (`inside`), or their customer, who reads nothing of ours."""
        view, book = await self.queue().contact(contact), self.book()
        facts = Facts.parse(view.facts if view else "")
        name = book.called(visit.agent)
        who = f"{contact}: {customer_line(facts)}" if inside else f"{name}, {book.plan.site}"
        told = f"{facts.address}\n{visit.task}" if inside else ""
        mailbox = next((it.to for it in book.plan.entry if it.channel == "email" and it.to), "")
        organizer = mailbox or f"no-reply@{book.plan.site}.invalid"
        now = await self.queue().now()
        return await asyncio.to_thread(
            calendar_file, visit, contact, book.plan.site, organizer, who, told, now
        )

    async def current(self, contact: str, number: int) -> bytes | None:
        """What a customer's link opens; None when that visit isn't known any more, or another one is."""
        visit = Visit.of(await self.queue().jots(contact))
        return await self.of(contact, visit, False) if visit is not None and visit.number == number else None


@dataclass(slots=True)
class VisitJobs:
    """Turns events into jobs; of contacts without visits it asks nothing."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    files: VisitFiles

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        lane, said = (
            f"visit:{event.c}",
            more(event) if event.e in ("call", "snoozed", "message.receipt") else {},
        )
        if event.e == "call" and said.get("what") == WHAT:
            return self._news(event)
        if name := alarm(event):
            kind, _, contact = name.partition(":")
            rang = {"visit-remind": self._remind, "visit-over": self._over}.get(kind)
            return [Job(f"visit:{contact}", kind, lambda t: rang(contact, event, t))] if rang else []
        if self.book().plan.visits is None:
            return []
        if event.e == "snoozed" and not said.get("wake"):
            return [Job(lane, "asleep again", lambda t: self._sleep(event.c))]
        if event.e == "message.receipt" and said.get("status") == "failed":
            return [Job(lane, "text failed", lambda t: self._failed(event, str(said.get("error"))))]
        if event.e in ("closed", "abandoned"):
            return [Job(lane, "visit of the closed", lambda t: self._closed(event))]
        return []

    def _news(self, event: Event) -> list[Job]:
        said = more(event)
        visit, news, was = Visit.of(said), str(said.get("is")), str(said.get("was") or "")
        if visit is None or news not in ("planned", "changed", "cancelled", "moved", "ended"):
            return []
        found = [Job(f"visit:{event.c}", "dates", lambda t: self._dates(event.c))]
        if news == "ended":
            return found
        if news in ("planned", "changed", "cancelled"):
            kind: News = "planned" if news == "planned" else "changed" if news == "changed" else "cancelled"
            text = Job(f"visit:{event.c}", "text", lambda t: self._text(event.c, visit, kind, event.t))
            found += [text] if not said.get("silent") else []
        found.append(
            Job(f"agent:{visit.agent}", "visit", lambda t: self._tell(event, visit, visit.agent, news, t))
        )
        if was and was != visit.agent:
            off = visit.ended("cancelled", "")
            found.append(Job(f"agent:{was}", "visit", lambda t: self._tell(event, off, was, "cancelled", t)))
        return found

    # ---- its dates ----------------------------------------------------------------------------------------------

    async def _dates(self, contact: str) -> None:
        """Alarms and sleep as the visit is now."""
        visit, book = Visit.of(await self.queue.jots(contact)), self.book()
        if visit is None:
            return
        ahead = book.plan.visits.remind if book.plan.visits else None
        now = await self.queue.now()
        remind = visit.at - span(ahead) if visit.stands and ahead else None
        await set_alarm(
            self.queue, f"visit-remind:{contact}", remind if remind is not None and remind > now else None
        )
        await set_alarm(self.queue, f"visit-over:{contact}", max(visit.until, now) if visit.stands else None)
        if visit.stands:
            await self._sleep(contact)
            return
        view = await self.queue.contact(contact)
        if view is not None and view.state in ("snoozed", "parked") and view.wake == visit.until:
            await self.queue.wake(contact)

    async def _sleep(self, contact: str) -> None:
        """Nobody has to do anything before the visit is over: with its owner, or, where it has none, parked."""
        view, visit = await self.queue.contact(contact), Visit.of(await self.queue.jots(contact))
        now = await self.queue.now()
        if (
            view is None
            or visit is None
            or not visit.stands
            or visit.until <= now
            or view.wake == visit.until
        ):
            return
        why = f"visit on {self._when(visit)}"
        if view.owner and view.state in ("active", "snoozed"):
            await self.queue.snooze(contact, view.owner, visit.until, why)
        elif not view.owner and (view.state in QUEUED or view.state == "parked"):
            await self.queue.park(contact, visit.until, why)

    async def _closed(self, event: Event) -> None:
        """What ends takes its visit along, or leaves it to what it is part of now: nobody waits at home for nothing."""
        visit = Visit.of(await self.queue.jots(event.c))
        if visit is None or not visit.stands:
            return
        ended = ended_so(event)
        into = await self.queue.contact(ended.get("merged", ""))
        theirs = Visit.of(await self.queue.jots(into.id)) if into is not None else None
        off = visit.ended("cancelled", "its contact has ended")
        by, silent = ended.get("by") or "Tierline", ended.get("disposition") == "spam"
        if into is not None and into.state not in ENDED and (theirs is None or not theirs.stands):
            number = theirs.number + 1 if theirs is not None else visit.number
            moved = Visit(number, visit.change, visit.at, visit.until, visit.agent, visit.address, visit.task)
            await tell(self.queue, self.book(), into.id, moved, "moved", by, source=event.c)
            off, silent = visit.ended("cancelled", f"it belongs to {into.id}"), True
        await tell(self.queue, self.book(), event.c, off, "cancelled", by, silent=silent)

    # ---- what is told -------------------------------------------------------------------------------------------

    async def _remind(self, contact: str, event: Event, t: Try) -> None:
        jots = await self.queue.jots(contact)
        visit = Visit.of(jots)
        if (
            visit is None
            or not visit.stands
            or event.t >= visit.at
            or jots.get("visit.reminded") == visit.key
        ):
            return
        if spec_of(self.book(), visit.agent) is None:
            await self._nobody(contact, event, visit, t)
            return
        await self._text(contact, visit, "reminded", event.t)
        await self._tell(event, visit, visit.agent, "reminded", t, contact)
        await self._note(contact, visit, "reminded")

    async def _nobody(self, contact: str, event: Event, visit: Visit, t: Try) -> None:
        """Whoever should come has left: its owner hears so while there is time, and the customer nothing untrue."""
        await self._note(contact, visit, "nobody")
        view = await self.queue.contact(contact)
        spec = spec_of(self.book(), view.owner) if view is not None else None
        if spec is not None:
            text = (
                f"{contact}: nobody comes on {self._when(visit)}; {visit.agent} isn't in the plan any more."
            )
            key = f"{event.id}.visit.nobody"
            await self.desk.tell(spec.slack, text, buttons(contact, visit), key=key, again=t.again)

    async def _over(self, contact: str, event: Event, t: Try) -> None:
        jots = await self.queue.jots(contact)
        visit = Visit.of(jots)
        if visit is None or not visit.stands or event.t < visit.until or jots.get("visit.over") == visit.key:
            return
        await self._tell(event, visit, visit.agent, "over", t, contact)
        await self._note(contact, visit, "over")

    async def _note(self, contact: str, visit: Visit, news: News, **more: str) -> None:
        about = {**visit.facts(), "is": news, "when": self._when(visit), **more}
        await self.queue.happen(contact, WHAT, {f"visit.{news}": visit.key}, visit.agent, about=about)

    async def _tell(
        self, event: Event, visit: Visit, agent: str, news: str, t: Try, contact: str = ""
    ) -> None:
        """Whoever comes, in person; with the calendar file where that is another one now."""
        spec, c = spec_of(self.book(), agent), contact or event.c
        view = await self.queue.contact(c)
        if spec is None or view is None:
            return
        who = escape(customer_line(Facts.parse(view.facts)))
        head = f"{c}: " + TOLD[news].format(who=who, when=self._when(visit), c=c)
        text = f"{head}\n{escape(visit.address)}" + (f"\n{escape(visit.task)}" if visit.task else "")
        key = f"{event.id}.visit.{agent}"
        await self.desk.tell(spec.slack, text, self._buttons(c, visit, news), key=key, again=t.again)
        if news in ("reminded", "over") or await self.queue.seen(f"file:{key}"):
            return
        file = await self.files.of(c, visit, True)
        await self.desk.share(spec.slack, f"{c}: calendar file", f"visit-{c}.ics", file)
        await self.queue.once(f"file:{key}", FILE_KEPT)

    def _buttons(self, contact: str, visit: Visit, news: str) -> tuple[Button, ...]:
        if not visit.stands:
            return ()
        return (outcome_button(contact),) if news == "over" else buttons(contact, visit)

    async def _text(self, contact: str, visit: Visit, news: News, now: int) -> None:
        """The customer, once, unless something newer is true by now."""
        view, latest = await self.queue.contact(contact), Visit.of(await self.queue.jots(contact))
        source = f"visit.{visit.key}.{news}"
        if view is None or latest is None or latest.key != visit.key:
            return
        if any(Body.parse(m.body).source == source for m in await self.queue.messages(contact)):
            return
        if why := await cannot_be_told(self.queue, self.book(), view, TEXTS[news]):
            await self._note(contact, visit, "untold", why=why)
            return
        facts, book = Facts.parse(view.facts), self.book()
        told = telling(
            book, TEXTS[news], contact, view.service, facts, now, agent=book.called(visit.agent),
            address=visit.address, link=self.files.link(contact, visit),
            when=spoken_window(visit.at, visit.until, book.plan.timezone, facts.language),
        )  # fmt: skip
        if told is not None:
            body = Body(told.text, by="Tierline", source=source).to_json()
            await self.queue.text(contact, told.kind, body, unasked=False)

    async def _failed(self, event: Event, why: str) -> None:
        """A text about the visit couldn't be sent: whoever planned it must know."""
        visit = Visit.of(await self.queue.jots(event.c))
        message = next((m for m in await self.queue.messages(event.c) if m.n == event.n), None)
        if visit is not None and message is not None and message.kind in TEXTS.values():
            await self._note(event.c, visit, "untold", why=why or "the text wasn't sent")

    def _when(self, visit: Visit) -> str:
        return spoken_window(visit.at, visit.until, self.book().plan.timezone, "en")


async def tell(
    queue: Queue, book: Rulebook, contact: str, visit: Visit, news: News, by: str,
    was: str = "", silent: bool = False, source: str = "",
) -> bool:  # fmt: skip
    """Keep the visit as it is now and tell the ledger; False when the contact is gone. `was`: who came before."""
    when = spoken_window(visit.at, visit.until, book.plan.timezone, "en")
    about = {**visit.facts(), "is": news, "by": by[:200], "when": when, "was": was, "from": source}
    if silent:
        about["silent"] = "1"
    answer = await queue.happen(contact, WHAT, visit.facts(), visit.agent, about=about)
    return answer.outcome in ("ok", "late")


async def cannot_be_told(queue: Queue, book: Rulebook, view: ContactView, kind: TextName) -> str:
    """Why a text of the plan can't reach the contact's customer, "" when it can."""
    if book.plan.texts.get(kind, Facts.parse(view.facts).language) is None:
        return f"the plan has no text {kind}"
    return await unreachable(queue, book, view)


async def unreachable(queue: Queue, book: Rulebook, view: ContactView) -> str:
    """Why no text reaches the contact's customer, "" when one does."""
    facts = Facts.parse(view.facts)
    if view.channel == "voice" and not facts.address.startswith("+"):
        return "they withhold their number"
    if view.channel == "voice" and not sms_sender(book, facts.recipient):
        return "we have no number that texts"
    if await queue.opted_out(facts.address):
        return "they want no texts from us (STOP)"
    return ""


async def standing_visit(queue: Queue, book: Rulebook, contact: str) -> str:
    """Why a contact can't end now: somebody is to come; "" when nobody is."""
    if book.plan.visits is None:
        return ""
    visit = Visit.of(await queue.jots(contact))
    if visit is None or not visit.stands:
        return ""
    when = spoken_window(visit.at, visit.until, book.plan.timezone, "en")
    who = book.called(visit.agent)
    return f"{who} visits them on {when}: cancel that or say how it went (`/tierline visit {contact}`)."
