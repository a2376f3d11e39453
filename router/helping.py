"""Colleagues who help with a contact: mentioned in its thread or asked, told in person, listed. It stays its owner's.

@Ben in the thread ─▶ invite ─▶ `call` "helps" ─▶ Together: Ben is told in person, the first message lists him
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.house import Actor, Typed
from ..queue.engine import Queue
from ..queue.state import ContactView
from .moves import Who
from .people import agent_of, is_supervisor
from .plan.model import AgentSpec
from .rulebook import Rulebook, agent_id
from .stand_in import stand_in

HELPS = "helps"
"""What the ledger calls it (`Queue.happen`)."""
FACT = f"{HELPS}."
MOST = 20
"""Helpers of one contact: its facts are few."""


def fact(agent: str) -> str:
    """The name of the contact's fact that `agent` (the queue's id) helps; a long id is known by its end."""
    return f"{FACT}{agent[-34:]}"


def helpers(book: Rulebook, jots: Mapping[str, str]) -> tuple[AgentSpec, ...]:
    """Who helps, by the contact's facts, in the order of the plan."""
    return tuple(it for it in book.plan.agents if fact(agent_id(it.name)) in jots)


def team_fact(team: str) -> str:
    """The name of the contact's fact that `team` was asked."""
    return f"{FACT}#{team[-33:]}"


def helping(book: Rulebook, jots: Mapping[str, str], owner: str = "") -> tuple[str, ...]:
    """How those who help are listed: people but the owner (the queue's id), then teams that were asked."""
    people = (it.name for it in helpers(book, jots) if agent_id(it.name) != owner)
    return (*people, *(f"team {it.name}" for it in book.plan.teams if team_fact(it.name) in jots))


@dataclass(slots=True)
class Helping:
    """Invites whom a note mentions."""

    queue: Queue
    book: Callable[[], Rulebook]

    async def invite(self, view: ContactView, typed: Typed) -> str:
        """What the writer hears of whom they mentioned; only somebody of the plan invites, and only such are invited.

        `typed.place` makes each mention one: done again, it tells nobody twice.
        """
        book = self.book()
        who = Who.of(book, typed.actor)
        if who is None:
            return ""
        known = helpers(book, await self.queue.jots(view.id))
        named, others = sort_out(book, typed.called, view.owner, who.agent)
        asked, called = await self._there(book, named, (view.owner, who.agent))
        room = MOST - len(known)
        new = [it for it in asked if it not in known]
        for it in asked:
            if it not in new[max(room, 0) :]:
                name, about = fact(agent_id(it.name)), {"by": who.name, "place": typed.place}
                await self.queue.happen(view.id, HELPS, {name: typed.place}, agent_id(it.name), about)
        heard = [called[it.name] for it in asked if it not in new[max(room, 0) :]]
        return _heard(heard, others, new[max(room, 0) :])

    async def _there(
        self, book: Rulebook, named: list[AgentSpec], not_these: tuple[str, ...]
    ) -> tuple[list[AgentSpec], dict[str, str]]:
        """Them, with whoever stands in instead of those who are absent; and by name how each is called."""
        found: dict[str, tuple[AgentSpec, str]] = {}
        for it in named:
            who = await stand_in(self.queue, book, agent_id(it.name))
            other = it if who in not_these else book.by_id.get(who, it)
            words = it.name if other == it else f"{other.name} (standing in for {it.name})"
            found.setdefault(other.name, (other, words))
        return [spec for spec, _ in found.values()], {name: words for name, (_, words) in found.items()}


def sort_out(
    book: Rulebook, called: tuple[Actor, ...], owner: str, writer: str
) -> tuple[list[AgentSpec], list[str]]:
    """Who is invited, and the names of those who can't be: strangers to the plan. Supervisors hear by Slack itself."""
    asked, others = list[AgentSpec](), list[str]()
    for it in called:
        spec = agent_of(book.plan, it)
        if spec is None:
            others += [] if it.is_bot or is_supervisor(book.plan, it) else [it.name]
        elif agent_id(spec.name) not in (owner, writer) and spec not in asked:
            asked.append(spec)
    return asked, others


def _heard(asked: list[str], others: list[str], too_many: list[AgentSpec]) -> str:
    said = []
    if asked:
        said.append(f"{_and(asked)} {'is' if len(asked) == 1 else 'are'} asked to help.")
    if others:
        said.append(f"{_and(others)}: not in the plan, so Tierline tells them nothing.")
    if too_many:
        said.append(f"{MOST} help already: {_and([it.name for it in too_many])} only heard of it by Slack.")
    return " ".join(said)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
