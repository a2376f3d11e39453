"""What is allowed in a plan and probably not meant."""

from __future__ import annotations

from collections.abc import Iterator

from ...skills.skill import Need, Profile, refusal
from ..spoken_words import ENGLISH, WORDS
from .model import AgentSpec, Plan, PlanWarning
from .model_texts import CALL
from .read import Node

NAMED = 5
"""People named in one warning."""


def unlikely(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    """A warning for each such thing."""
    yield from _senders(plan, root)
    yield from _levels(plan, root)
    yield from _unrung(plan, root)
    yield from _tongues(plan, root)
    yield from _labels(plan, root)
    yield from _visits(plan, root)
    yield from _unasked(plan, root)
    if plan.services and not plan.supervisors:
        yield PlanWarning(
            "supervisors", 1, "nobody is a supervisor: nobody can change this plan or is told of trouble"
        )


def _senders(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    for channel, what in (("voice", "who calls back"), ("sms", "answers to")):
        node = root.get("channels", channel, "from")
        sender = (plan.channels.voice if channel == "voice" else plan.channels.sms).sender
        if node is None or sender is None:
            continue
        if plan.entry_for("voice" if channel == "voice" else "sms", sender) is None:
            verb = "leads" if channel == "voice" else "lead"
            who = f"{what} to {sender}" if channel == "voice" else f"{what} {sender}"
            message = f"{who} {verb} nowhere: entry has no {channel} for it"
            yield PlanWarning(f"channels.{channel}.from", node.span.line + 1, message)


def _visits(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    node = root.get("visits")
    if plan.visits is None or node is None:
        return
    if not any(
        level >= plan.visits.level
        for a in plan.agents
        for name, level in a.skills
        if name == plan.visits.skill
    ):
        message = f"nobody has {plan.visits.skill} {plan.visits.level}: no visit can be planned"
        yield PlanWarning("visits", node.span.line + 1, message)
    if plan.texts.get("visit_planned") is None:
        message = "customers aren't told of their visits: texts has no visit_planned"
        yield PlanWarning("visits", node.span.line + 1, message)


def _unasked(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    """Scripts that wait for a door."""
    named = {entry.first for entry in plan.entry}
    for name, span, _ in root.pairs("scripts"):
        if name not in named:
            message = f"no door begins with it: add first: {name} to an entry of chat or sms"
            yield PlanWarning(f"scripts.{name}", span.line + 1, message)


def _levels(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    best: dict[str, int] = {}
    for agent in plan.agents:
        for skill, level in agent.skills:
            best[skill] = max(level, best.get(skill, 0))
    for name, _, node in root.pairs("services"):
        for skill, span, level_node in node.pairs("skills"):
            wanted = level_node.scalar
            if plan.agents and isinstance(wanted, int) and wanted > best.get(skill, 0):
                message = f"{name} needs {skill} {wanted}, and no agent has more than {best.get(skill, 0)}"
                yield PlanWarning(f"services.{name}.skills.{skill}", span.line + 1, message)


def _unrung(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    """Agents whom calls would reach if they had a phone, in one warning."""
    called = {name for entry in plan.entry if entry.channel == "voice" for name in entry.services}
    called |= {
        rule.set.service
        for rule in plan.rules
        if called and rule.set.service and (not rule.when.channel or "voice" in rule.when.channel)
    }
    needs = [
        (service.name, Need(service.name, "voice", service.skills, (), step.tiers, plan.need_teams(step)))
        for service in plan.services
        if service.name in called
        for step in service.steps
    ]
    seen: dict[Profile, str | None] = {}
    found: list[tuple[int, AgentSpec, str]] = []
    for index, agent in enumerate(plan.agents):
        if agent.phone or "voice" not in agent.channels:
            continue
        able = agent.able
        if able not in seen:
            seen[able] = next((name for name, need in needs if refusal(need, able) is None), None)
        if (service := seen[able]) is not None:
            found.append((index, agent, service))
    if not found:
        return
    index, first, service = found[0]
    names = ", ".join(agent.name for _, agent, _ in found[:NAMED])
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    yield PlanWarning(
        f"agents[{index}].phone", root.each("agents")[index].span.line + 1,
        f"nobody can ring {names}{more}: a step of {service} asks them for calls, and they have no phone",
    )  # fmt: skip


def _tongues(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    """Languages of the plan in which callers would hear another one."""
    if not any(entry.channel == "voice" for entry in plan.entry):
        return
    instead = next((each for each in plan.languages if each in WORDS), "en")
    for index, language in enumerate(plan.languages):
        lacking = [f"{CALL}{it}" for it in ENGLISH if not plan.texts.own(f"{CALL}{it}", language)]
        if language in WORDS or not lacking:
            continue
        message = (
            f"callers hear {instead} instead of {language}: texts lacks {', '.join(lacking[:NAMED])}"
            + (f" and {len(lacking) - NAMED} more" if len(lacking) > NAMED else "")
        )
        node = root.each("languages")[index]
        yield PlanWarning(f"languages[{index}]", node.span.line + 1, message)


def _labels(plan: Plan, root: Node) -> Iterator[PlanWarning]:
    """Keys that are called the same: who says it means neither."""
    for number, entry in enumerate(plan.entry):
        first: dict[tuple[str, str], str] = {}
        for index, key in enumerate(entry.menu):
            for language, label in key.say:
                other = first.setdefault((language, label.casefold()), key.press)
                if other != key.press:
                    node = root.each("entry")[number].each("menu")[index]
                    message = (
                        f"keys {other} and {key.press} are both called {label}: saying it chooses neither"
                    )
                    yield PlanWarning(f"entry[{number}].menu[{index}].say", node.span.line + 1, message)
                    break
