"""The reference model's choice among agents who may take a contact now: tier, share, and what the step picks by."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from ..skills.skill import score
from .model_memory import Memory
from .model_records import Agent, Contact

LONGEST = attrgetter("since", "name")


class Choice(Memory):
    """Orders agents; nothing here changes anything."""

    __slots__ = ()

    def order(self, contact: Contact) -> Callable[[Agent], Any]:
        """`choice` among those of one tier; the usual one, the longest available without shares, is written out."""
        step = contact.now_step
        if step.pick == "longest" and not step.shares:
            return LONGEST
        return lambda it: self.choice(it, contact)

    def choice(self, agent: Agent, contact: Contact) -> tuple[int | str, ...]:
        """Lowest sufficient tier, then the team furthest below its share, then pick and name."""
        step, profile = contact.now_step, agent.profile
        tier = agent.can[contact.klass]
        behind = self.deficit(contact, profile.team) if step.shares else 0
        pick: tuple[int, ...]
        if step.pick == "least_loaded":
            pick = (agent.permille, agent.since)
        elif step.pick == "round_robin":
            pick = (agent.last_offered,)
        elif step.pick == "best_skill":
            pick = (-score(step.need, profile), agent.since)
        else:
            pick = (agent.since,)
        return (tier, -behind, *pick, agent.name)

    def deficit(self, contact: Contact, team: str) -> int:
        """How far the team is below its share today; teams without one share what is left of 100 %."""
        service, shares, day = contact.route.service, dict(contact.now_step.shares), self.today()
        today = {t: n for (d, s, t), n in self.accepted.items() if (d, s) == (day, service)}
        total = sum(today.values())
        if team in shares:
            return shares[team] * total - 100 * today.get(team, 0)
        rest = sum(n for name, n in today.items() if name not in shares)
        return (100 - sum(shares.values())) * total - 100 * rest
