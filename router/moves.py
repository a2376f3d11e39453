"""What people do with a contact beside answering it: hand over, escalate, snooze, give back, merge, split, re-open.

Rights: the owner, or a supervisor; whoever else tries is told who has it. The API acts as a supervisor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ..channels.house import Actor
from ..queue.contact import Preference
from ..queue.engine import Queue
from ..queue.replies import Answer
from ..queue.state import ENDED, ContactView
from . import spam
from .again import asks_again
from .apart import split_off
from .classify import POINT
from .explain import Moments
from .handover import Aim, NoSuch, above, hand_over, handing
from .people import agent_of, is_supervisor
from .rulebook import Rulebook, agent_id
from .stand_in import aimed
from .texts import spoken
from .visit_jobs import standing_visit
from .wrapup import end, outcome

LONGEST, TRIED = 1_000, 2_500
"""Characters of a reason that a contact carries with it, and of what was tried: a whole checklist."""
Kind = Literal["ok", "gone", "not_owner", "stale", "wrong"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, in words for whoever did it; `contact` is a new one, where there is one."""

    kind: Kind
    text: str
    contact: str = ""

    @property
    def ok(self) -> bool:
        """Whether it was done."""
        return self.kind == "ok"


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts: `agent` is the queue's id, "" for a supervisor who is no agent, and for the API."""

    name: str
    agent: str
    supervisor: bool
    origin: str = ""  # from where, for the audit log

    @classmethod
    def of(cls, book: Rulebook, actor: Actor) -> Who | None:
        """Somebody in Slack; None when the plan names them nowhere."""
        spec, boss = agent_of(book.plan, actor), is_supervisor(book.plan, actor)
        if spec is None and not boss:
            return None
        name, agent = (spec.name, agent_id(spec.name)) if spec else (actor.name, "")
        return cls(name, agent, boss, f"slack {actor.user}")


class Stop(Exception):
    """It isn't done; `outcome` says why."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.outcome = Outcome(kind, text)


@dataclass(slots=True)
class Moves:
    """Every verb returns an outcome; a lost race is one."""

    queue: Queue
    book: Callable[[], Rulebook]
    moments: Moments

    # ---- from one to another ------------------------------------------------------------------------------------

    async def transfer(
        self, who: Who, contact: str, words: str, reason: str = "", first: bool = False
    ) -> Outcome:
        """To whom the beginning of `words` names; the rest is the reason where `reason` gives none.

        `first`: of a call, its owner speaks with them before they take it.
        """
        return await self._guarded(
            who, "transfer", contact, self._transfer(who, contact, words, reason, first)
        )

    async def _transfer(self, who: Who, contact: str, words: str, reason: str, first: bool) -> Outcome:
        view, by = await self._mine(who, contact)
        to, rest = await self._aimed(view, words)
        if first and (view.channel != "voice" or to.kind != "agent"):
            raise Stop("wrong", "Speak first with one person, about a call.")
        if view.channel == "voice":
            await self.queue.jot(contact, "warm", agent_id(to.name) if first else "")
            await self.queue.jot(contact, "hold", "")
        return await self._hand(who, view, by, to, (reason or rest)[:LONGEST], "")

    async def escalate(self, who: Who, contact: str, tried: str, reason: str = "") -> Outcome:
        """To the next tier that the service knows; what was tried must be said."""
        return await self._guarded(who, "escalate", contact, self._escalate(who, contact, tried, reason))

    async def _escalate(self, who: Who, contact: str, tried: str, reason: str) -> Outcome:
        view, by = await self._mine(who, contact)
        if not tried.strip():
            raise Stop("wrong", "Say what was tried: the next tier begins where you stopped.")
        try:
            to = above(self.book(), view)
        except NoSuch as error:
            raise Stop("wrong", str(error)) from None
        return await self._hand(who, view, by, to, reason[:LONGEST], tried.strip()[:TRIED])

    async def assign(self, who: Who, contact: str, words: str, reason: str = "") -> Outcome:
        """A supervisor gives it to one agent, who alone is asked as long as they are on duty."""
        return await self._guarded(who, "assign", contact, self._assign(who, contact, words, reason))

    async def _assign(self, who: Who, contact: str, words: str, reason: str) -> Outcome:
        view, by = await self._mine(who, contact)
        if not who.supervisor:
            raise Stop("not_owner", "Only a supervisor assigns. Hand it over: `/tierline transfer`.")
        to, rest = await self._aimed(view, words)
        if to.kind != "agent":
            raise Stop("wrong", f"{to.words} is no agent: assign names one person.")
        return await self._hand(who, view, by, to, (reason or rest)[:LONGEST], "", direct=True)

    async def _aimed(self, view: ContactView, words: str) -> tuple[Aim, str]:
        try:
            return await aimed(self.queue, self.book(), view.owner, words)
        except NoSuch as error:
            raise Stop("wrong", str(error)) from None

    async def _hand(
        self, who: Who, view: ContactView, by: str, to: Aim, why: str, tried: str, direct: bool = False
    ) -> Outcome:
        try:
            it = hand_over(self.book(), view, to, who.name, why, tried, await self.queue.now())
        except NoSuch as error:
            raise Stop("wrong", str(error)) from None
        if direct:
            it = replace(it, decision=replace(it.decision, prefer=Preference(agent_id(to.name), "direct")))
        if not view.owner:
            answer = await self.queue.reroute(view.id, it.decision, view.route)
            for offer in view.offers if direct and answer.done else ():
                if offer.agent != agent_id(to.name):  # it is for one person alone from now on
                    await self.queue.rescind(view.id, offer.number, "rerouted")
            missing = await self._not_asked(view.id, to) if answer.done and it.only else ""
            return self._said(answer, missing or f"{view.id} goes to {it.to}. {it.note}".strip())
        answer = await self.queue.transfer(view.id, by, it.decision, it.to, tried or why, it.only)
        after = await self.queue.contact(view.id) if it.only and answer.done else None
        if after is not None and after.owner == view.owner and not after.handing:
            name = self._name(view.owner)
            raise Stop("stale", f"{it.to} can't be asked now, away or off duty: {view.id} stays with {name}.")
        if answer.done and answer.state != "active":  # it slept, and its owner can't have it now
            return self._said(answer, f"{view.id} goes to {it.to}, from the queue.")
        return self._said(answer, handing(self.book(), view, it))

    async def _not_asked(self, contact: str, to: Aim) -> str:
        """What is to be said where the one for whom it was meant can't be asked."""
        view, agent = await self.queue.contact(contact), agent_id(to.name)
        if view is None or agent in (view.personal, view.owner, *(it.agent for it in view.offers)):
            return ""
        return f"{to.words} can't be asked now, away or off duty: others are asked for {contact}."

    async def keep(self, who: Who, contact: str) -> Outcome:
        """Not handed over any more."""

        async def work() -> Outcome:
            view, by = await self._mine(who, contact)
            if not view.handing:
                raise Stop("stale", f"{contact} isn't being handed over.")
            return self._said(
                await self.queue.keep(contact, by), f"{contact} stays with {self._name(view.owner)}."
            )

        return await self._guarded(who, "keep", contact, work())

    async def release(self, who: Who, contact: str, reason: str = "") -> Outcome:
        """Given back: others are asked, with its rank."""

        async def work() -> Outcome:
            view, by = await self._mine(who, contact)
            if not view.owner:
                raise Stop("stale", f"Nobody has {contact}: it is {view.state}.")
            answer = await self.queue.release(contact, by, reason[:LONGEST])
            return self._said(answer, f"{contact} is back in the queue, with its rank.")

        return await self._guarded(who, "release", contact, work())

    async def consult(self, who: Who, contact: str, words: str) -> Outcome:
        """Ask a colleague or a team in the thread; nothing else changes."""

        async def work() -> Outcome:
            view, _ = await self._mine(who, contact)
            to, question = await self._aimed(view, words)
            if to.kind not in ("agent", "team"):
                raise Stop("wrong", "Ask somebody, or a team.")
            if not question:
                raise Stop("wrong", "Say what you want to know.")
            if not view.owner:
                raise Stop("stale", f"Nobody has {contact} yet.")
            answer = await self.queue.consult(contact, view.owner, f"{to.kind}:{to.name}", question[:LONGEST])
            return self._said(answer, f"{to.words} is asked. {contact} stays with {self._name(view.owner)}.")

        return await self._guarded(who, "consult", contact, work())

    # ---- later, sooner ------------------------------------------------------------------------------------------

    async def snooze(self, who: Who, contact: str, wake: int | None, why: str = "") -> Outcome:
        """Until a date, or (None) until they write; what has no owner can only be given a date."""

        async def work() -> Outcome:
            view, by = await self._mine(who, contact)
            now = await self.queue.now()
            until = spoken(wake, now, self.book().plan.timezone, "en") if wake else "they write"
            if wake is not None and wake <= now:
                raise Stop("wrong", "That is past already.")
            if view.owner:
                answer = await self.queue.snooze(contact, by, wake, why[:LONGEST])
                return self._said(
                    answer, f"{contact} sleeps until {until}; it stays with {self._name(view.owner)}."
                )
            if wake is None:
                raise Stop("wrong", f"Nobody has {contact}: it needs a date.")
            answer = await self.queue.park(contact, wake, why[:LONGEST] or "date")
            return self._said(answer, f"{contact} is held until {until}.")

        return await self._guarded(who, "snooze", contact, work())

    async def wake(self, who: Who, contact: str) -> Outcome:
        """Snoozed or held no longer."""

        async def work() -> Outcome:
            await self._mine(who, contact)
            return self._said(await self.queue.wake(contact), f"{contact} is awake.")

        return await self._guarded(who, "wake", contact, work())

    async def priority(self, who: Who, contact: str, points: int | None, why: str = "") -> Outcome:
        """So many points more (each as if a minute earlier) or fewer; None: due now. Supervisors only."""

        async def work() -> Outcome:
            view, _ = await self._mine(who, contact)
            if not who.supervisor:
                raise Stop("not_owner", "Only a supervisor changes who comes first.")
            rank = await self.queue.now() if points is None else view.rank // 1000 - POINT * points
            answer = await self.queue.rerank(contact, rank, who.name, why[:LONGEST])
            if points is None:
                return self._said(answer, f"{contact} is due now.")
            more = f"{abs(points)} min {'earlier' if points > 0 else 'later'}"
            return self._said(answer, f"{contact} counts {more}.")

        return await self._guarded(who, "priority", contact, work())

    # ---- one or two ---------------------------------------------------------------------------------------------

    async def merge(self, who: Who, contact: str, into: str) -> Outcome:
        """Its conversation leads to `into` from now on."""

        async def work() -> Outcome:
            view, _ = await self._mine(who, contact)
            other = await self.queue.contact(into)
            if other is None or other.state in ENDED:
                raise Stop("gone", f"There is no open contact {into}.")
            if view.channel == "voice" and any(it.of_customer for it in await self.queue.legs(contact)):
                raise Stop("stale", f"{contact}'s customer is on the line: merge it when that is over.")
            answer = await self.queue.merge(contact, into)
            return self._said(answer, f"{contact} is part of {into} now.")

        return await self._guarded(who, "merge", contact, work())

    async def split(self, who: Who, contact: str, numbers: Sequence[int]) -> Outcome:
        """These of the customer's messages become a contact of their own."""

        async def work() -> Outcome:
            view, _ = await self._mine(who, contact)
            said, now = await self.queue.messages(contact), await self.queue.now()
            try:
                decision = split_off(self.book(), view, said, numbers, now)
            except NoSuch as error:
                raise Stop("wrong", str(error)) from None
            done = await self.queue.split(contact, numbers, decision)
            if isinstance(done, Answer):
                return self._said(done, "")
            return Outcome("ok", f"{done.contact} was split off {contact}.", done.contact)

        return await self._guarded(who, "split", contact, work())

    # ---- the end, and after it ----------------------------------------------------------------------------------

    async def close(
        self, who: Who, contact: str, said: Mapping[str, str], fields: Mapping[str, str] | None = None
    ) -> Outcome:
        """Ended, with disposition, root cause and resolution, and the plan's own `fields`.

        Its wrap-up begins, or, if it was in it, is over.
        """

        async def work() -> Outcome:
            view, by = await self._mine(who, contact)
            if not view.owner:
                nobody = f"Nobody has {contact}: it is {view.state}. Assign it, or mark it as spam."
                raise Stop("stale", nobody)
            if why := await standing_visit(self.queue, self.book(), contact):
                raise Stop("stale", why)
            faults = self.book().plan.closing_of(view.service).faults(said, fields or {})
            if faults:
                raise Stop("wrong", " ".join(f"{name}: {text}" for name, text in faults.items()))
            told = outcome(said, fields or {}, who.name)
            return self._said(await end(self.queue, contact, view, by, told), f"{contact} is closed.")

        return await self._guarded(who, "close", contact, work())

    async def spam(self, who: Who, contact: str) -> Outcome:
        """Ended without an answer; what the address writes for 30 days comes behind everything else."""

        async def work() -> Outcome:
            view, by = await self._mine(who, contact)
            answer = await self.queue.discard(contact, by, outcome({"disposition": "spam"}, {}, who.name))
            if answer.done:
                await spam.mark(self.queue, view)
            return self._said(answer, f"{contact} was spam: it has ended, and nothing is sent.")

        return await self._guarded(who, "spam", contact, work())

    async def reopen(self, who: Who, contact: str, queued: bool = False) -> Outcome:
        """What has ended goes on: with whoever re-opens it, or (`queued`, or who is no agent) in the queue."""

        async def work() -> Outcome:
            view = await self.queue.contact(contact)
            if view is None:
                raise Stop("gone", f"{contact} has ended too long ago to be re-opened: it is in the history.")
            if view.state not in ENDED:
                raise Stop("stale", f"{contact} hasn't ended: it is {view.state}.")
            if not who.supervisor and who.agent != view.last_owner:
                raise Stop("not_owner", f"Only who had {contact}, or a supervisor, re-opens it.")
            decision = asks_again(self.book(), view, await self.queue.now())
            theirs = "" if queued else who.agent
            answer = await self.queue.reopen(contact, theirs, replace(decision, prefer=None))
            if answer.done:
                await spam.lift(self.queue, view)
            where = f"yours{'' if answer.state == 'active' else ', snoozed'}" if theirs else "in the queue"
            return self._said(answer, f"{contact} is open again: it is {where}.")

        return await self._guarded(who, "reopen", contact, work())

    # ---- who may, and what is said ------------------------------------------------------------------------------

    async def _mine(self, who: Who, contact: str) -> tuple[ContactView, str]:
        """The open contact, and as whom the queue is told: its owner, or "" for a supervisor. Raises Stop."""
        view = await self.queue.contact(contact)
        if view is None:
            raise Stop("gone", f"There is no open contact {contact[:20]}.")
        if view.state in ENDED:
            raise Stop("stale", f"{contact} has ended already.")
        if who.agent and who.agent == view.owner:
            return view, who.agent
        if who.supervisor:
            return view, ""
        raise Stop(
            "not_owner", f"{contact} is with {self._name(view.owner)}: only they or a supervisor do that."
        )

    async def _guarded(self, who: Who, act: str, contact: str, work: Awaitable[Outcome]) -> Outcome:
        """What a supervisor did with somebody's contact is on record; what an owner does, the ledger tells."""
        try:
            done = await work
        except Stop as stop:
            return stop.outcome
        if done.ok and who.supervisor:
            await self.queue.audit(who.name, f"contact.{act}", {"contact": contact}, who.origin)
        return done

    def _said(self, answer: Answer, done: str) -> Outcome:
        match answer.outcome:
            case "ok" | "accepted":
                return Outcome("ok", done)
            case "gone":
                return Outcome("gone", "It is not there any more.")
            case "elsewhere":
                text = (
                    f"Its customer goes on in {answer.by}: answer there, or re-open this when that has ended."
                )
                return Outcome("stale", text)
            case "not_owner":
                return Outcome("not_owner", f"It is with {self._name(answer.by)} by now: nothing was done.")
            case _:
                state = f" It is {answer.state} by now." if answer.state else ""
                return Outcome("stale", f"Nothing was done: somebody was faster.{state}")

    def _name(self, agent: str) -> str:
        return self.book().called(agent) or "nobody yet"
