"""Answering by form: the Reply form with words in it already, and canned answers, seen before they are sent.

!name, or *Canned …* ──▶ its words with everything filled in ──▶ *Send it*, or changed in the Reply form ──▶ held
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..channels.channel import Button
from ..channels.forms import Field, Filled, Form, Mistakes, Onward
from ..channels.house import LATE, Actor, Told
from ..queue.engine import Queue
from ..queue.state import ContactView
from .active import ActivePlan
from .body import Body
from .commands import contact_number
from .facts import Facts
from .holding import HELD, hold, may_reply
from .lines import escape
from .newcomers import stranger
from .parts import Silent
from .people import agent_of
from .plan.model import AgentSpec
from .plan.model_desk import Canned
from .rights import member
from .rulebook import Rulebook
from .texts import spoken

NONE = Told(False, "The plan has no canned answers: a supervisor adds `canned: {name: {en: …}}` to it.")
SHOWN = 120
"""Characters of a canned answer in the list."""
_TYPED = re.compile(r"\s*!([^\s!][^\n!]{0,60}?)\s*")


@dataclass(slots=True)
class Answering(Silent):
    """The forms `reply` (value "C1001", or "C1001.5" with the words of that note) and `canned` (value "C1001")."""

    queue: Queue
    plan: ActivePlan
    help = "`canned` – the answers that are ready; type `!name` in a thread, or press *Canned …* there"

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`canned`, `canned C1001`."""
        found = re.fullmatch(r"canned(?:\s+#?(c?\d{1,12}))?", text.strip(), re.IGNORECASE)
        if found is None:
            return None
        book = self.plan()
        if isinstance(who := member(book, actor), Told):
            return who
        if not book.plan.canned:
            return NONE
        contact = contact_number(found[1]) if found[1] else ""
        choose = (Button("form.canned", f"Choose one for {contact}", contact, "primary"),) if contact else ()
        return Told(True, listed(book), buttons=choose)

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """One of the two, for the owner alone."""
        if name not in ("reply", "canned"):
            return None
        contact, _, n = value.partition(".")
        view = await self._mine(actor, contact)
        if isinstance(view, Told):
            return view
        if name == "reply":
            return reply_form(contact, await self._note(actor, contact, n) if n else "")
        names = tuple(it.name for it in self.plan().plan.canned)
        if not names:
            return NONE
        which = Field("name", "Which one?", "choice", choices=names, must=True)
        return Form(f"Canned for {contact}", (which,), "Look at it")

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """*Look at it* goes on with the Reply form; that one sends."""
        if filled.name not in ("reply", "canned"):
            return None
        contact = filled.value.partition(".")[0]
        view = await self._mine(actor, contact)
        if isinstance(view, Told):
            return view
        if filled.name == "canned":
            it = chosen(self.plan(), filled.answers["name"])
            spec = agent_of(self.plan().plan, actor)
            if it is None or spec is None:
                return Mistakes({"name": "The plan hasn't got this one any more: choose another."})
            words = await said(self.queue, self.plan(), it, view, spec)
            return Onward("reply", contact, reply_form(contact, words))
        text = filled.answers["text"].strip()
        if not text:
            return Mistakes({"text": "Write something to the customer."})
        return await hold(self.queue, self.plan(), actor, view, text, "") or Told(True, HELD)

    async def _mine(self, actor: Actor, contact: str) -> ContactView | Told:
        view = await self.queue.contact(contact)
        if view is None:
            return LATE if agent_of(self.plan().plan, actor) else stranger(self.plan().plan.supervisors)
        return may_reply(self.plan(), actor, view) or view

    async def _note(self, actor: Actor, contact: str, n: str) -> str:
        """The words of the actor's own note, "" for anybody else's."""
        notes = [m for m in await self.queue.messages(contact) if m.kind == "note" and str(m.n) == n]
        body = Body.parse(notes[0].body) if notes else Body("")
        return body.text if body.who == actor.user else ""


def reply_form(contact: str, text: str) -> Form:
    """The Reply form with `text` in it."""
    return Form(f"Reply to {contact}", (Field("text", "To the customer", "lines", text, must=True),), "Send")


def canned_button(book: Rulebook, view: ContactView) -> tuple[Button, ...]:
    """What a thread's first message offers where there are any."""
    offered = book.plan.canned and view.channel != "voice"
    return (Button("form.canned", "Canned …", view.id),) if offered else ()


def typed(book: Rulebook, text: str) -> Canned | str | None:
    """The canned answer that somebody means who types `text`, its name where there is none, None for other words."""
    found = _TYPED.fullmatch(text)
    if found is None or not book.plan.canned:
        return None
    return chosen(book, found[1]) or (found[1] if re.fullmatch(r"[\w-]+", found[1]) else None)


def chosen(book: Rulebook, name: str) -> Canned | None:
    """By its name; capitals don't matter."""
    return next((it for it in book.plan.canned if it.name.casefold() == name.strip().casefold()), None)


async def said(queue: Queue, book: Rulebook, it: Canned, view: ContactView, spec: AgentSpec) -> str:
    """What `it` says to the contact's customer, from `spec`."""
    facts = Facts.parse(view.facts)
    first = book.plan.languages[0]
    language = facts.language or first
    return it.filled(language, first, values(book, view, facts, spec, language, await queue.now()))


def values(
    book: Rulebook, view: ContactView, facts: Facts, spec: AgentSpec, language: str, now: int
) -> Mapping[str, str]:
    """What a canned answer's variables mean; "" for what isn't known."""
    service = book.services.get(view.service)
    return {
        "customer": facts.name, "agent": spec.name, "team": spec.team, "contact": view.id, "site": book.plan.site,
        "service": service.called(language) if service else view.service,
        "due": spoken(facts.due, now, book.plan.timezone, language) if facts.due else "",
    }  # fmt: skip


def listed(book: Rulebook) -> str:
    """All of them, a line each."""
    first = book.plan.languages[0]
    rows = []
    for it in book.plan.canned:
        text = " ".join(it.text(first, first).split())
        rows.append(f"*{escape(it.name)}* – {escape(text[:SHOWN])}{'…' if len(text) > SHOWN else ''}")
    return "\n".join([*rows, "Type `!name` in a contact's thread: you see it before it is sent."])
