"""Who is it that acts? From a Slack actor to the plan's agent or supervisor; deny by default. Pure."""

from __future__ import annotations

from ..channels.house import Actor
from .plan.model import AgentSpec, Plan


def agent_of(plan: Plan, actor: Actor) -> AgentSpec | None:
    """The plan's agent that `actor` is, or None. A bot is nobody, whatever address it carries."""
    return None if actor.is_bot else next((a for a in plan.agents if _same(a.slack, actor)), None)


def is_supervisor(plan: Plan, actor: Actor) -> bool:
    """Whether the plan names `actor` among its supervisors; a guest, or who is of another workspace, is an agent, too."""
    if actor.is_bot or not any(_same(who, actor) for who in plan.supervisors):
        return False
    return not actor.is_guest or agent_of(plan, actor) is not None


def _same(named: str, actor: Actor) -> bool:
    return named == actor.user or ("@" in named and named.casefold() == actor.email.casefold())


def lacking(plan: Plan, agent: AgentSpec) -> str:
    """What to tell about somebody without any levels in a plan whose services all ask for some; else ""."""
    if agent.skills or agent.languages:
        return ""
    asked = []
    for it in plan.services:
        if not it.skills and not set(plan.languages) <= {language for language, _ in it.languages}:
            return ""
        levels = ", ".join(f"{word} ≥ {level}" for word, level in (*it.skills, *it.languages))
        asked.append(f"{it.name}: {levels}")
    if not asked:
        return ""
    return f"Nothing is offered to {agent.name} before the plan gives them levels for a service ({'; '.join(asked)})."
