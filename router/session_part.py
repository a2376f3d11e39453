"""Sessions at the desk: `/tierline session C1001`, the form that asks for one, its end; and what its steps cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import Button, Desk
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView, Event
from .active import ActivePlan
from .cards import customer_line
from .commands import contact_number
from .facts import Facts
from .lanes import Job, Try
from .lines import escape
from .look import more, spec_of
from .moves import Who
from .newcomers import stranger
from .parts import Silent
from .rulebook import Rulebook
from .session import WHAT, Session
from .session_words import CALLED, buttons
from .sessions import NoSession, Sessions
from .visit_jobs import unreachable

NONE = Told(False, "The plan has no sessions yet: a supervisor adds `sessions: {video: {url: …}}` to it.")
ENDS = ("closed", "abandoned", "wrapping")


@dataclass(slots=True)
class SessionPart(Silent):
    """The owner asks for one; the owner or a supervisor ends it."""

    queue: Queue
    plan: ActivePlan
    sessions: Sessions
    help = "`session C1001` – invite its customer to a remote or video session, or end it"

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`session C1001`."""
        found = re.fullmatch(r"session(?:\s+(.*))?", text.strip(), re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        if not re.fullmatch(r"#?c?\d{1,12}", (found[1] or "").strip(), re.IGNORECASE):
            return Told(False, "Which contact? `/tierline session C1001`")
        contact = contact_number(found[1])
        view = await self._theirs(actor, contact)
        if isinstance(view, Told):
            return view
        it = await self.sessions.of(contact)
        if it is None or not it.stands:
            begin = Button("form.session", "Invite the customer …", contact, "primary")
            return Told(True, f"{contact} has no session now.", buttons=(begin,))
        state = "has begun" if it.state == "agreed" else "waits for the customer's answer"
        return Told(True, f"The {CALLED[it.kind]} of {contact} {state}.", buttons=buttons(contact, it))

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*End the session*, *Withdraw it*."""
        if action != "session.end":
            return None
        contact, _, number = value.partition(".")
        view = await self._theirs(actor, contact)
        if isinstance(view, Told):
            return view
        ended = await self.sessions.end(contact, int(number)) if number.isdecimal() else None
        if ended is None:
            return Told(False, "It is over already.")
        return Told(True, f"The {CALLED[ended.kind]} of {contact} is {ended.state}.")

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """`session`."""
        if name != "session":
            return None
        view = await self._mine(actor, value)
        if isinstance(view, Told):
            return view
        specs = self.plan().plan.sessions
        choices = tuple(f"{it.name} · {CALLED[it.kind]}" for it in specs)
        who = escape(customer_line(Facts.parse(view.facts)))
        about = (
            f"*{view.id}* {who}\nThey get a link as your reply, and agree on a page before anything begins."
        )
        fields = (
            Field("about", "", "words", value=about),
            Field("which", "Which session", "choice", choices[0], choices, must=True),
        )
        return Form("Invite to a session", fields, "Invite")

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """Invite."""
        if filled.name != "session":
            return None
        view = await self._mine(actor, filled.value)
        if isinstance(view, Told):
            return view
        name = filled.answers.get("which", "").partition(" · ")[0]
        spec = next((it for it in self.plan().plan.sessions if it.name == name), None)
        if spec is None:
            return Mistakes({"which": "Choose one of them."})
        try:
            it = await self.sessions.ask(view, spec)
        except NoSession as no:
            return Told(False, escape(str(no)))
        return Told(True, f"The invitation is held for Undo, then sent ({CALLED[it.kind]}).")

    async def _theirs(self, actor: Actor, contact: str) -> ContactView | Told:
        """The open contact, for its owner or a supervisor."""
        book = self.plan()
        who = Who.of(book, actor)
        if who is None:
            return stranger(book.plan.supervisors)
        view = await self.queue.contact(contact)
        if view is None or view.state in ENDED:
            return Told(False, f"There is no open contact {escape(contact[:20])}.")
        if not who.supervisor and (not who.agent or who.agent != view.owner):
            owner = escape(book.called(view.owner)) if view.owner else "nobody yet"
            return Told(False, f"{contact} is with {owner}: only they or a supervisor do that.")
        return view

    async def _mine(self, actor: Actor, contact: str) -> ContactView | Told:
        """The open contact, for its owner alone: an invitation is their reply."""
        book = self.plan()
        if not book.plan.sessions:
            return NONE
        view, who = await self._theirs(actor, contact), Who.of(book, actor)
        if isinstance(view, Told):
            return view
        if who is None or not view.owner or who.agent != view.owner:
            return Told(False, f"Only whoever has {contact} invites its customer: replies are theirs.")
        it = await self.sessions.of(contact)
        if it is not None and it.stands:
            return Told(False, "A session stands already: end it first.", buttons=buttons(contact, it))
        if why := await unreachable(self.queue, book, view):
            return Told(False, f"No link reaches the customer: {why}.")
        return view


@dataclass(slots=True)
class SessionJobs:
    """The agent hears in person what the customer answered; what ends takes its session along."""

    desk: Desk
    book: Callable[[], Rulebook]
    sessions: Sessions

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if event.e == "call" and (said := more(event)).get("what") == WHAT:
            answered = said.get("is") in ("agreed", "refused")
            return [Job(f"agent:{event.a}", "session", lambda t: self._tell(event, t))] if answered else []
        if event.e in ENDS and self.book().plan.sessions:
            return [Job(f"visit:{event.c}", "session of the closed", lambda t: self._closed(event))]
        return []

    async def _tell(self, event: Event, t: Try) -> None:
        it, spec = Session.of(more(event)), spec_of(self.book(), event.a)
        if it is None or spec is None:
            return
        yes = it.state == "agreed"
        text = (
            f"{event.c}: the customer has agreed to the {CALLED[it.kind]}. Join it."
            if yes
            else f"{event.c}: the customer has declined the {CALLED[it.kind]}."
        )
        await self.desk.tell(
            spec.slack, text, buttons(event.c, it) if yes else (), key=f"{event.id}.session", again=t.again
        )

    async def _closed(self, event: Event) -> None:
        it = await self.sessions.of(event.c)
        if it is not None:
            await self.sessions.end(event.c, it.number)
