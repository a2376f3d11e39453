"""Somebody whom the plan doesn't name wants to answer: a supervisor hears of it, and adds them with a form."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import structlog

from ..channels.channel import Button, DeliveryError, Desk
from ..channels.house import Actor, Adding, Told
from ..queue.engine import Queue
from .active import ActivePlan, Stale
from .people import is_supervisor, lacking
from .plan.load import PlanErrors
from .plan.model import AgentSpec
from .plan.write import add_agent

log = structlog.get_logger()

ONE_DAY = 24 * 3600 * 1000
ONLY_SUPERVISORS = Told(False, "Only a supervisor of the plan can add somebody.")


@dataclass(frozen=True, slots=True)
class Who:
    """A newcomer as a button's value carries them."""

    user: str
    email: str
    name: str

    def dump(self) -> str:
        """For a button."""
        return json.dumps({"user": self.user, "email": self.email, "name": self.name})

    @classmethod
    def read(cls, value: str) -> Who:
        """The inverse."""
        raw = json.loads(value)
        return cls(str(raw["user"]), str(raw["email"]), str(raw["name"]))

    @property
    def slack(self) -> str:
        """What the plan calls them by."""
        return self.email or self.user


@dataclass(slots=True)
class Newcomers:
    """`desk` only tells supervisors and the newcomer."""

    queue: Queue
    plan: ActivePlan
    desk: Desk

    async def asks(self, actor: Actor) -> Told:
        """They always hear whom to ask; who can add them hears of it once a day, however often they ask."""
        plan = self.plan().plan
        if actor.is_bot or actor.is_guest:
            return Told(False, "Only people of this workspace whom the plan names can work here.")
        if await self.queue.once(f"newcomer:{actor.user}", ONE_DAY):
            add = Button(
                "agent.add", f"Add {actor.name}"[:75], Who(actor.user, actor.email, actor.name).dump()
            )
            text = f"{actor.name} wants to answer contacts but isn't in the routing plan."
            for supervisor in plan.supervisors:
                await self._tell(supervisor, text, (add,))
        return stranger(plan.supervisors)

    async def _tell(self, to: str, text: str, buttons: tuple[Button, ...] = ()) -> bool:
        try:
            await self.desk.tell(to, text, buttons)
        except DeliveryError as error:
            log.warning("newcomer.not_told", error=type(error).__name__)
            return False
        return True

    def adding(self, actor: Actor, value: str) -> Adding | Told:
        """What the form offers: teams, and whose levels and shift the newcomer may be given."""
        plan = self.plan().plan
        if not is_supervisor(plan, actor):
            return ONLY_SUPERVISORS
        who = Who.read(value)
        if any(it.slack == who.slack for it in plan.agents):
            return Told(True, f"{who.name} is in the plan already.")
        return Adding(who.name, tuple(t.name for t in plan.teams), tuple(a.name for a in plan.agents))

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        """Add them to the active plan; "" for `team` is its first, for `like` nobody's levels."""
        book, may = self.plan(), self.adding(actor, value)
        if isinstance(may, Told):
            return may
        who = Who.read(value)
        spec = newcomer(book.plan.agents, who, team or next(iter(may.teams), "team"), tier, like)
        if spec is None:
            return Told(False, f"Not added: {like} isn't in the plan any more.")
        try:
            # In a thread: it reads the whole plan, twice.
            source = await asyncio.to_thread(add_agent, book.plan.source, spec)
            version = await self.plan.publish(
                source, actor.name, f"added {spec.name}", on=book.version, origin=f"slack {actor.user}"
            )
        except (PlanErrors, Stale) as error:
            return Told(False, f"Not added: {error}")
        begin = "You are in the routing plan now: type `/tierline available` to begin."
        heard = await self._tell(who.user, begin)
        done = f"{spec.name} was added to team {spec.team} as L{spec.tier} (plan version {version})."
        if like:
            done += f" Levels and shift are those of {like}."
        unheard = (
            "" if heard else f"Tell {spec.name} to type `/tierline available`: Slack didn't take our message."
        )
        return Told(True, " ".join(filter(None, (done, lacking(self.plan().plan, spec), unheard))))


def newcomer(agents: tuple[AgentSpec, ...], who: Who, team: str, tier: int, like: str) -> AgentSpec | None:
    """Somebody new with the levels, languages, channels and shift of `like`, or with none; None for an unknown one."""
    model = next((it for it in agents if it.name == like), None)
    if model is None:
        return None if like else AgentSpec(name=who.name, slack=who.slack, team=team, tier=tier)
    return AgentSpec(
        name=who.name, slack=who.slack, team=team, tier=tier, tiers=model.tiers, languages=model.languages,
        skills=model.skills, shift=model.shift, channels=model.channels,
    )  # fmt: skip


def stranger(supervisors: tuple[str, ...]) -> Told:
    """What somebody hears whom the plan doesn't name."""
    ask = " or ".join(supervisors) or "a supervisor"
    return Told(False, f"You are not in the routing plan yet. Ask {ask} to add you.")
