"""Who is it that acts? From a Slack actor to the plan's agent or supervisor; deny by default. Pure."""

from __future__ import annotations

from ..channels.channel import Actor
from .plan.model import AgentSpec, Plan


def agent_of(plan: Plan, actor: Actor) -> AgentSpec | None:
    """The plan's agent that `actor` is, or None. A bot is nobody, whatever address it carries."""
    return None if actor.is_bot else next((a for a in plan.agents if _same(a.slack, actor)), None)


def is_supervisor(plan: Plan, actor: Actor) -> bool:
    """Whether the plan names `actor` among its supervisors."""
    return not actor.is_bot and any(_same(who, actor) for who in plan.supervisors)


def _same(named: str, actor: Actor) -> bool:
    return named == actor.user or ("@" in named and named.casefold() == actor.email.casefold())
