"""The model doing a record again while somebody wants to know why each offer of one contact went where. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ...queue.contact import Pick
from ...queue.model_match import Bounds
from ...queue.model_records import Agent, Contact
from ..texts import spoken
from .simulation import Virtual


@dataclass(frozen=True, slots=True)
class Rival:
    """Somebody who could take it then: by what they were compared, the smaller the earlier (`behind`: the greater)."""

    agent: str
    team: str
    tier: int
    place: int  # of the tier among those that the step asks
    behind: int
    permille: int
    since: int
    last_offered: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Why an offer went to `agent`: the contact looked for somebody, somebody for a contact, or it was meant for them.

    `able` are all who could take it, in the order of choice; `of` is how many contacts the agent could take.
    """

    side: Literal["contact", "agent", "meant"]
    agent: str
    at: int
    pick: Pick = "longest"
    shares: bool = False
    able: tuple[Rival, ...] = ()
    of: int = 0


@dataclass(slots=True)
class Watch:
    """Which contact, and what was chosen, by offer number."""

    contact: str = ""
    choices: dict[int, Choice] = field(default_factory=dict)
    able: tuple[Rival, ...] = ()
    of: int = 0


class Watching(Virtual):
    """The model, with an eye on one contact."""

    __slots__ = ("watch",)

    def __init__(self, bounds: Bounds | None = None) -> None:
        super().__init__(bounds)
        self.watch = Watch()

    def agent_for(self, contact: Contact) -> Agent | None:
        """See `Matching`; who else could have taken it is kept."""
        if contact.id == self.watch.contact:
            able = [it for it in self.ready.values() if self.may_take(it, contact)]
            self.watch.able = tuple(
                self._rival(it, contact) for it in sorted(able, key=lambda it: self.choice(it, contact))
            )
        return super().agent_for(contact)

    def contact_for(self, agent: Agent) -> Contact | None:
        """See `Matching`; how many contacts the agent could take is kept."""
        found = super().contact_for(agent)
        if found is not None and found.id == self.watch.contact:
            among = [it for it in self.contacts.values() if it.placeable and self.may_take(agent, it)]
            self.watch.of = len(among)
        return found

    def offer(self, contact: Contact, agent: Agent) -> None:
        """See `Matching`; why it is they is kept."""
        watch = self.watch
        if contact.id == watch.contact:
            step, number = contact.now_step, contact.offered + 1
            choice = Choice("agent", agent.name, self.now, of=watch.of)
            if contact.personal:
                choice = Choice("meant", agent.name, self.now)
            elif any(it.agent == agent.name for it in watch.able):
                choice = Choice("contact", agent.name, self.now, step.pick, bool(step.shares), watch.able)
            watch.able, watch.of, watch.choices[number] = (), 0, choice
        super().offer(contact, agent)

    def _rival(self, agent: Agent, contact: Contact) -> Rival:
        need, profile = contact.now_step.need, agent.profile
        tier = profile.tier_in(need.service)
        behind = self.deficit(contact, profile.team) if contact.now_step.shares else 0
        return Rival(
            agent.name, profile.team, tier, need.tiers.index(tier), behind,
            agent.permille, agent.since, agent.last_offered,
        )  # fmt: skip


def say(choice: Choice, name: Callable[[str], str], zone: str) -> str:
    """Why it was they, in a sentence's words: lowest tier, then the team below its share, then the step's pick."""
    if choice.side == "meant":
        return "asked before everybody else, as was decided"
    if choice.side == "agent":
        rest = f" of the {choice.of} they could take" if choice.of > 1 else ""
        return f"had room for it, and it was the earliest{rest}"
    able = list(choice.able)
    at = next(i for i, it in enumerate(able) if it.agent == choice.agent)
    chosen, before, left = able[at], able[:at], able[at:]
    words = [f"of the {len(able)} who could take it"] if len(able) > 1 else ["nobody else could take it then"]
    if before:
        words.append(f"{', '.join(name(it.agent) for it in before)} kept free for somebody earlier")
    if any(it.place > chosen.place for it in left):
        words.append(f"L{chosen.tier} comes first")
    left = [it for it in left if it.place == chosen.place]
    if choice.shares and any(it.behind < chosen.behind for it in left):
        words.append(f"team {chosen.team} is furthest below its share")
    left = [it for it in left if it.behind == chosen.behind]
    if len(left) > 1:
        words.append(_picked(choice, chosen, zone))
    return ", ".join(words)


def _picked(choice: Choice, it: Rival, zone: str) -> str:
    match choice.pick:
        case "least_loaded":
            return f"least loaded ({it.permille / 10:.0f} %)"
        case "round_robin":
            return "whose turn it was"
        case "best_skill":
            return "best skilled"
        case _:
            return (
                f"longest available, since {spoken(it.since, choice.at, zone, 'en')}"
                if it.since
                else "longest available"
            )
