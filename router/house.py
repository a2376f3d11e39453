"""The agents' verbs, carried out: every answer is something to tell, and losing a race is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ..channels.channel import Button
from ..channels.forms import Filled, Form, Mistakes, Onward
from ..channels.home import Home
from ..channels.house import LATE, Actor, Adding, Amended, Told, Typed, Wrote
from ..queue.contact import Media
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView
from . import answering, commands, offers, orders, telephone, wrapup
from .active import ActivePlan
from .amending import amend, standing_words, told_at
from .body import Body
from .enclosures import Enclosures
from .explain import Moments, account
from .helping import Helping
from .holding import HELD, explicit, hold
from .home import welcome
from .lines import queue_lines, why_lines
from .moves import Moves, Outcome, Who
from .newcomers import Newcomers, stranger
from .pages import Pages
from .parts import Parts
from .people import agent_of, is_supervisor
from .plan.model import AgentSpec
from .recordings import Recorded
from .replies import Ruling, Standing, ruling, sent_after_all, typed_at
from .rulebook import agent_id
from .situations import Situations
from .telephone import BUTTONS, Telephone

JUST_OPENED = (0.3, 1.0, 3.0, 8.0)
"""Seconds between looks for the contact of a thread that we don't know (yet)."""
EMPTY = "Not sent: there are no words in it."


@dataclass(slots=True)
class House:
    """What the desk calls."""

    queue: Queue
    plan: ActivePlan
    newcomers: Newcomers
    moments: Moments
    recordings: Recorded | None = None
    parts: Parts = Parts()
    enclosures: Enclosures | None = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    moves: Moves = field(init=False)
    helping: Helping = field(init=False)

    def __post_init__(self) -> None:
        self.moves = Moves(self.queue, self.plan, self.moments)
        self.helping = Helping(self.queue, self.plan)

    # ---- offers -------------------------------------------------------------------------------------------------

    async def accept(self, actor: Actor, contact: str, offer: int) -> Told:
        """Take an offer, or hear who has it."""
        spec = self._agent(actor)
        if spec is None:
            return stranger(self.plan().plan.supervisors)
        return await offers.accept(self.queue, self.plan(), spec, contact, offer)

    async def decline(self, actor: Actor, contact: str, offer: int, reason: str) -> Told:
        """Don't take an offer."""
        spec = self._agent(actor)
        if spec is None:
            return stranger(self.plan().plan.supervisors)
        answer = await self.queue.decline(contact, offer, agent_id(spec.name), reason)
        return Told(True, f"You declined {contact}.") if answer.done else LATE

    # ---- answering ----------------------------------------------------------------------------------------------

    async def typed(self, typed: Typed) -> Told | None:
        """Something was written in a thread: hold it as a reply, keep it as a note, or say that it wasn't sent."""
        contact = await self._contact_at(typed.thread)
        view = await self.queue.contact(contact) if contact else None
        if contact is None:
            return None
        if view is None:
            return Told(False, f"{contact} has ended: this was not sent.")
        decided = ruling(
            await self._standing(view, typed.actor, typed.thread),
            typed.text,
            typed.mentions,
            bool(typed.files),
        )
        if (canned := await self._canned(typed, view, decided)) is not None:
            return canned
        if typed.files and decided.kind == "send" and (why := self._unsendable(view, typed)):
            decided = replace(decided, kind="note", told=f"Not sent: {why}. Kept as a note.", may_reply=False)
        if decided.kind == "send":
            return await self._hold(typed.actor, view, decided.text, typed.place, typed.files, typed.rich)
        told = await self._note(typed.actor, view, decided, typed.place, typed.files, typed.rich)
        if typed.called and view.state not in ENDED and (asked := await self.helping.invite(view, typed)):
            return replace(told, text=f"{told.text} {asked}") if told is not None else Told(True, asked)
        return told

    def _unsendable(self, view: ContactView, typed: Typed) -> str:
        if self.enclosures is None:
            return "files can't be sent from here"
        return self.enclosures.refused(view.channel, typed.files, typed.size)

    async def _canned(self, typed: Typed, view: ContactView, decided: Ruling) -> Told | None:
        """`!name`: its words are kept as a note, and shown to whoever typed it before anything is sent."""
        spec = self._agent(typed.actor)
        it = answering.typed(self.plan(), typed.text) if decided.may_reply and spec else None
        if it is None or spec is None:
            return None
        if isinstance(it, str):
            names = ", ".join(each.name for each in self.plan().plan.canned)
            told = f"There is no canned answer “{it}”. There are: {names}. Kept as a note."
            return await self._note(typed.actor, view, replace(decided, kind="note", told=told), typed.place)
        words = await answering.said(self.queue, self.plan(), it, view, spec)
        shown = f"Not sent yet. {it.name}:\n{words}"
        asked = Ruling("note", words, shown, decided.may_send or decided.kind == "send", may_reply=True)
        return await self._note(typed.actor, view, asked, typed.place)

    async def _contact_at(self, thread: str) -> str | None:
        """The contact of a thread. Slack shows a new thread before we hear that it stands, so look again."""
        for pause in JUST_OPENED:
            if (contact := await self.queue.contact_at(thread)) is not None:
                return contact
            await self.pause(pause)
        return await self.queue.contact_at(thread)

    async def wrote(self, thread: str, place: str, contact: str = "") -> Wrote | None:
        """The reply that was typed at `place`, from the store, or of an ended contact from the history."""
        contact = contact or await self.queue.contact_at(thread) or ""
        messages = await self.queue.messages(contact) if contact else ()
        if contact and not messages:
            record = await self.moments.contact(contact)
            messages = record.messages if record is not None else ()
        return typed_at(contact, messages, place)

    async def amended(self, it: Amended) -> Told | None:
        """Edited or deleted in Slack: the record has it, and what may be sent is offered as it reads now."""
        contact = await self.queue.contact_at(it.thread)
        view = await self.queue.contact(contact) if contact else None
        was = told_at(await self.queue.messages(view.id), it.place) if view is not None else None
        if view is None or was is None:
            return None
        decided = ruling(await self._standing(view, it.actor, it.thread), it.text or "", it.mentions)
        n = await amend(self.queue, view.id, was, it, decided)
        plain = replace(decided, may_send=decided.may_send or decided.kind == "send")
        ways = _ways(plain, view.id, n) if n else ()
        return (
            Told(True, "It reads otherwise now, and nothing of it was sent.", buttons=ways) if ways else None
        )

    async def reply(self, actor: Actor, contact: str, text: str) -> Told:
        """The Reply button: held like a typed reply."""
        view = await self.queue.contact(contact)
        if view is None or view.state in ENDED:
            return Told(False, f"{contact} has ended: nothing was sent.")
        return await self._hold(actor, view, text, "") or Told(True, HELD)

    async def note(self, actor: Actor, contact: str, text: str) -> Told:
        """Keep a note inside."""
        if Who.of(self.plan(), actor) is None:
            return stranger(self.plan().plan.supervisors)
        view = await self.queue.contact(contact)
        if view is None:
            return Told(False, f"{contact} is not here any more.")
        await self.queue.append(contact, Body(text, by=actor.name).to_json())
        return Told(True, f"Note kept at {contact}.")

    async def send_note(self, actor: Actor, contact: str, n: int) -> Told:
        """*Send it* under a note: only the owner, and only what was kept inside."""
        view = await self.queue.contact(contact)
        found = next((m for m in await self.queue.messages(contact) if m.n == n and m.kind == "note"), None)
        if view is None or found is None:
            return LATE
        messages = await self.queue.messages(contact)
        body = standing_words(Body.parse(found.body), messages)
        if body is None:
            return Told(False, "Not sent: you have deleted it in Slack.")
        if body.who != actor.user or not (body.text.strip() or body.media):
            return Told(False, "Not sent: only whoever wrote it sends it." if body.text.strip() else EMPTY)
        if explicit(self.plan(), self._agent(actor)):
            with_it = Button("form.reply", "Reply with it …", f"{contact}.{n}", "primary")
            return Told(False, "Not sent: here only the Reply form sends.", buttons=(with_it,))
        source = sent_after_all(body.source, messages)
        if source is None:
            return Told(False, "It has been sent already, or waits for its Undo.")
        return await self._hold(actor, view, body.text, source, body.media, body.rich) or Told(True, HELD)

    async def _reopen_and_send(self, actor: Actor, contact: str, n: int) -> Told:
        """*Re-open and send* in the thread of an ended contact: theirs again, and the words are held for Undo."""
        who = Who.of(self.plan(), actor)
        if who is None or not who.agent:
            return stranger(self.plan().plan.supervisors)
        opened = await self.moves.reopen(who, contact)
        if not opened.ok:
            return _heard(opened)
        return await self.send_note(actor, contact, n)

    async def undo(self, actor: Actor, contact: str, n: int) -> Told:
        """Undo a held reply."""
        spec = self._agent(actor)
        answer = await self.queue.undo_reply(contact, n, agent_id(spec.name) if spec else "")
        return (
            Told(True, "Undone: nothing was sent.")
            if answer.done
            else Told(False, "Too late: it was sent already.")
        )

    async def retry(self, actor: Actor, contact: str, n: int) -> Told:
        """Send a failed reply again."""
        view, spec = await self.queue.contact(contact), self._agent(actor)
        if view is None or spec is None or view.owner != agent_id(spec.name):
            return Told(False, f"Only the owner of {contact} can send it again.")
        answer = await self.queue.retry_reply(contact, n)
        return Told(True, "Sending it again.") if answer.done else LATE

    async def _hold(
        self,
        actor: Actor,
        view: ContactView,
        text: str,
        place: str,
        media: tuple[Media, ...] = (),
        rich: str = "",
    ) -> Told | None:
        return await hold(self.queue, self.plan(), actor, view, text, place, media, rich)

    async def _note(
        self,
        actor: Actor,
        view: ContactView,
        decided: Ruling,
        place: str,
        files: tuple[Media, ...] = (),
        rich: str = "",
    ) -> Told | None:
        body = Body(decided.text, files, actor.name, place, actor.user, rich=rich)
        answer = await self.queue.append(view.id, body.to_json())
        if not decided.told:
            return None
        if view.state in ENDED and decided.kind == "ended" and answer:
            again = Button("contact.reopen", "Re-open and send", f"{view.id}.{answer}", "primary")
            return Told(False, f"{decided.told} Kept as a note.", buttons=(again,))
        return Told(decided.kind == "note", decided.told, buttons=_ways(decided, view.id, answer))

    async def _standing(self, view: ContactView, actor: Actor, thread: str) -> Standing:
        plan = self.plan().plan
        owner = self.plan().by_id.get(view.owner)
        writer = self._agent(actor)
        team = plan.team(owner.team) if owner else None
        places = await self.queue.places(view.id)
        return Standing(
            contact=view.id, state=view.state, channel=view.channel, owner=owner.name if owner else "",
            owner_name=owner.name if owner else "", writer=writer.name if writer else "",
            here=bool(places) and places[-1] == thread, replies=team.replies if team else "explicit",
        )  # fmt: skip

    # ---- commands -----------------------------------------------------------------------------------------------

    async def command(self, actor: Actor, text: str) -> Told:
        """`/tierline …`."""
        if (told := await self.parts.command(actor, text)) is not None:
            return told
        if (call := telephone.parse(text)) is not None:
            return await self._with_call(actor, *call)
        if orders.known(text):
            return await self._ordered(actor, text)
        it = commands.parse(text)
        named = self._agent(actor) is not None or is_supervisor(self.plan().plan, actor)
        if it.verb in ("queue", "why") and not named:
            return stranger(self.plan().plan.supervisors)
        match it.verb:
            case "queue":
                waiting = await self.queue.contacts(("waiting", "offered", "parked"), limit=200)
                return Told(True, queue_lines(self.plan(), waiting, await self.queue.now()))
            case "why":
                told = await self._why(it.word)
                if not (told.ok and commands.of_the_past(it)):
                    return told
                past = f"_This is as it is now: `tierline why {it.word} --at …` tells what was._"
                return replace(told, text=f"{past}\n{told.text}")
            case _:
                more = (commands.HELP, orders.HELP, telephone.HELP, self.parts.help)
                return Told(True, "\n".join(filter(None, more)))

    async def _with_call(self, actor: Actor, verb: str, contact: str, rest: str = "") -> Told:
        if (who := Who.of(self.plan(), actor)) is None:
            return stranger(self.plan().plan.supervisors)
        return _heard(await Telephone(self.queue, self.plan).do(who, verb, contact, rest))

    async def _ordered(self, actor: Actor, text: str) -> Told:
        who = Who.of(self.plan(), actor)
        if who is None:
            return stranger(self.plan().plan.supervisors)
        done = await orders.of_site(Situations(self.queue, self.plan, self.plan.heed), who, text)
        if done is None and (order := orders.parse(text)) is not None:
            done = await orders.carry_out(self.moves, who, order)
        return _heard(done) if done is not None else Told(True, orders.HELP)

    async def _why(self, contact: str) -> Told:
        found = await account(self.queue, self.plan(), self.moments, contact)
        if found is None:
            return Told(False, f"There is no contact {contact}. `/tierline queue` shows who waits.")
        return Told(True, why_lines(self.plan(), found, await self.queue.now()))

    # ---- other buttons ------------------------------------------------------------------------------------------

    async def pressed(self, actor: Actor, action: str, value: str) -> Told:
        """A button under something told."""
        if (told := await self.parts.pressed(actor, action, value)) is not None:
            return told
        match action:
            case "contact.reopen":
                contact, _, n = value.partition(".")
                send = self._reopen_and_send
                return await send(actor, contact, int(n)) if n.isdigit() else LATE
            case "page.acknowledge" if (who := Who.of(self.plan(), actor)) is not None:
                return await Pages(lambda: self.queue, self.plan).acknowledge(value, who.agent or who.name)
            case "contact.longer" | "contact.done":
                spec = self._agent(actor)
                act = wrapup.longer if action == "contact.longer" else wrapup.done
                return await act(self.queue, value, agent_id(spec.name) if spec else "nobody")
            case "note.send":
                contact, _, n = value.partition(".")
                return await self.send_note(actor, contact, int(n)) if n.isdigit() else LATE
            case "link.open":
                return Told(True, "")  # the link is opened by Slack itself
            case "call.recording" if self.recordings is not None and (who := Who.of(self.plan(), actor)):
                return await self.recordings.open(who, value)
            case _ if action in BUTTONS:
                return await self._with_call(actor, BUTTONS[action], value)
            case _:
                return LATE

    async def acted(self, actor: Actor) -> None:
        """They are there."""
        await self.parts.acted(actor)

    async def home(self, actor: Actor) -> Home | None:
        """Their day; whoever the plan doesn't name reads whom to ask."""
        if actor.is_bot:
            return None
        sections = await self.parts.home(actor) or (welcome(self.plan().plan, actor),)
        return Home(sections, await self.queue.now())

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told:
        """The form of that name."""
        return await self.parts.form(actor, name, value) or LATE

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward:
        """A form of ours was sent off."""
        return await self.parts.filled(actor, filled) or LATE

    async def adding(self, actor: Actor, value: str) -> Adding | Told:
        """What a form for adding a newcomer offers."""
        return self.newcomers.adding(actor, value)

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        """Add a newcomer to the plan."""
        return await self.newcomers.add(actor, value, team, tier, like)

    # ---- looking up ---------------------------------------------------------------------------------------------

    def _agent(self, actor: Actor) -> AgentSpec | None:
        return agent_of(self.plan().plan, actor)

    def _name(self, agent: str) -> str:
        return self.plan().called(agent) or "nobody"


def _heard(it: Outcome) -> Told:
    return Told(it.ok, it.text)


def _ways(decided: Ruling, contact: str, n: int) -> tuple[Button, ...]:
    """How a note can be sent after all."""
    value = f"{contact}.{n}"
    return (
        *((Button("note.send", "Send it", value, "primary"),) if decided.may_send else ()),
        *((Button("form.reply", "Reply with it …", value),) if decided.may_reply else ()),
    )
