"""What only shows when the sections are read together: names that nobody has, steps that never open.

Works on the tree, not on the checked shapes, so that one mistake in a section never hides another elsewhere.
Whatever has the wrong type here has been noted already and is passed by.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from ...skills.skill import CHANNELS
from . import schedules
from .braces import variables
from .check_chat import check_chat
from .check_closing import check_closing
from .check_desk import check_desk
from .check_doors import check_doors
from .check_first import check_first
from .check_letters import check_letters
from .check_mail import check_mail
from .check_schedules import check_schedules
from .check_visits import check_visits
from .errors import Source, path_of
from .fields import duration, quietly, shown
from .model_texts import VARIABLES
from .names import Known, every_language, named, refer, text_of
from .read import Node


def check(root: Node, found: Source) -> None:
    """Note every mistake between sections."""
    known = Known.of(root)
    for part in (
        _nothing,
        _root,
        check_schedules,
        _teams,
        _services,
        check_doors,
        check_first,
        check_closing,
        _rules,
        _agents,
        _texts,
        _on_call,
        check_visits,
        check_chat,
        check_desk,
        check_mail,
        check_letters,
        _doubles,
    ):
        part(root, known, found)


def _nothing(root: Node, known: Known, found: Source) -> None:
    """A section with every line commented out is empty; a key without a value elsewhere was forgotten."""

    def visit(node: Node, loc: tuple[str | int, ...]) -> None:
        if node.kind == "scalar" and node.scalar is None and len(loc) > 1:
            found.wrong(node.span, path_of(loc), "nothing stands here", allowed="a value, or remove the key")
        for index, item in enumerate(node.items):
            visit(item, (*loc, index))
        for key, _, value in node.pairs():
            visit(value, (*loc, key))

    visit(root, ())


def _root(root: Node, known: Known, found: Source) -> None:
    refer(found, root.get("timezone"), "timezone", schedules.zones(), "time zone")


def _teams(root: Node, known: Known, found: Source) -> None:
    total = 0
    for name, _, node in root.pairs("teams"):
        refer(found, node.get("schedule"), f"teams.{name}.schedule", known.schedules, "schedule")
        share = node.get("share")
        match = re.fullmatch(r"(\d{1,3})%", share.text or "") if share else None
        if share and match:
            total += int(match[1])
            if total > 100:
                rest = 100 - (total - int(match[1]))
                hint = (
                    f"at most {max(rest, 0)}% is left"
                    if rest > 0
                    else "nothing is left: lower another team's share"
                )
                found.wrong(share.span, f"teams.{name}.share", f"the shares sum to {total}%", allowed=hint)
                total -= int(match[1])


def _services(root: Node, known: Known, found: Source) -> None:
    outside = [node.get("outsourced") for _, _, node in root.pairs("teams")]
    all_outsourced = bool(outside) and all(node is not None and node.scalar is True for node in outside)
    for name, _, node in root.pairs("services"):
        path = f"services.{name}"
        refer(found, node.get("schedule"), f"{path}.schedule", known.schedules, "schedule")
        if known.agents:
            for skill, span, _ in node.pairs("skills"):
                named(found, skill, span, f"{path}.skills.{skill}", known.skills, "skill of any agent")
        for part in ("languages", "title"):
            for language, span, _ in node.pairs(part):
                named(
                    found,
                    language,
                    span,
                    f"{path}.{part}.{language}",
                    known.languages,
                    "language of this plan",
                )
        every_language(found, node, "greeting", path, known)
        steps = node.get("steps")
        if steps is not None and steps.kind == "list":
            _steps(steps.items, path, known, found, all_outsourced)


def _steps(steps: list[Node], path: str, known: Known, found: Source, all_outsourced: bool) -> None:
    before = duration("0s")
    for index, step in enumerate(steps):
        here, last = f"{path}.steps[{index}]", index == len(steps) - 1
        if step.kind != "map":
            continue
        if index == 0 and step.get("tiers") is None:
            found.wrong(
                step.span, f"{here}.tiers", "the first step says who is asked", allowed="add tiers: [L1]"
            )
        until, then = step.get("until"), step.get("then")
        age = quietly(duration, until.text if until else None)
        if last:
            _last_step(step, until, then, here, found)
        elif then is not None:
            found.wrong(
                step.keys["then"][0], f"{here}.then", "only the last step has then", allowed="until: 5m"
            )
        elif until is None:
            found.wrong(
                step.span, f"{here}.until", "until which age of the contact?", allowed="add until: 5m"
            )
        elif age is not None and age <= before and before:
            hint = (
                f"more than the {_short(before.total_seconds())} of the step before; ages count from arrival"
            )
            found.wrong(until.span, f"{here}.until", "this step would never be open", allowed=hint)
        before = age if age is not None and age > before else before
        teams = [team for team in step.each("teams") if team.text != "any"]
        for number, team in enumerate(teams):
            refer(found, team, f"{here}.teams[{number}]", (*known.teams, "any"), "team")
        if all_outsourced and index == 0 and step.get("teams") is None:
            hint = "add teams: any"
            found.wrong(
                step.span, f"{here}.teams", "every team is outsourced, so nobody is asked", allowed=hint
            )
        refer(found, step.get("page"), f"{here}.page", known.on_call, "on_call")


def _last_step(step: Node, until: Node | None, then: Node | None, here: str, found: Source) -> None:
    if then is None:
        what = "this service has no last step: nothing is said about a contact that is older"
        found.wrong(step.span, f"{here}.then", what, allowed="add behind it: {then: hold}")
    elif until is not None:
        found.wrong(
            step.keys["until"][0], f"{here}.until", "the last step has no end", allowed="remove until"
        )


def _short(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"


def _rules(root: Node, known: Known, found: Source) -> None:
    for index, rule in enumerate(root.each("rules")):
        path = f"rules[{index}]"
        for key, names, what in (
            ("service", known.services, "service"),
            ("during", known.schedules, "schedule"),
            ("language", known.languages, "language of this plan"),
            ("to", known.doors, "number or address in entry"),
        ):
            for node in rule.each("when", key):
                refer(found, node, f"{path}.when.{key}", names, what)
        refer(found, rule.get("set", "service"), f"{path}.set.service", known.services, "service")
        refer(
            found,
            rule.get("set", "language"),
            f"{path}.set.language",
            known.languages,
            "language of this plan",
        )
        if known.agents:
            for skill, span, _ in rule.pairs("set", "skills"):
                named(found, skill, span, f"{path}.set.skills.{skill}", known.skills, "skill of any agent")
        decides, text = rule.get("set"), rule.get("when", "text")
        if decides is not None and decides.kind == "map" and not decides.keys:
            found.wrong(decides.span, f"{path}.set", "this rule decides nothing", allowed="{service: …}")
        if text is not None and text.kind == "map" and not text.each("any") and not text.each("all"):
            found.wrong(text.span, f"{path}.when.text", "which words?", allowed="{any: [down, outage]}")


def _agents(root: Node, known: Known, found: Source) -> None:
    for index, agent in enumerate(root.each("agents")):
        path = f"agents[{index}]"
        refer(found, agent.get("team"), f"{path}.team", known.teams, "team")
        refer(found, agent.get("shift"), f"{path}.shift", known.schedules, "schedule")
        others = tuple(name for name in known.agents if name != text_of(agent, "name"))
        refer(found, agent.get("substitute"), f"{path}.substitute", others, "other agent")
        for service, span, _ in agent.pairs("tiers"):
            named(found, service, span, f"{path}.tiers.{service}", known.services, "service")


def _texts(root: Node, known: Known, found: Source) -> None:
    for name, _, said in root.pairs("texts"):
        section = root.get("texts")
        if section is not None and name in VARIABLES:
            every_language(found, section, name, "texts", known)
            for language, _, text in said.pairs():
                variables(found, text, f"texts.{name}.{language}", VARIABLES[name])


def _on_call(root: Node, known: Known, found: Source) -> None:
    phones = {text_of(a, "name"): a.get("phone") for a in reversed(root.each("agents"))}
    for name, _, node in root.pairs("on_call"):
        calls = {way.text for way in node.each("page")} & {"call", "sms"} or node.get("page") is None
        for index, agent in enumerate(node.each("agents")):
            path = f"on_call.{name}.agents[{index}]"
            refer(found, agent, path, known.agents, "agent")
            if calls and agent.text in phones and phones[agent.text] is None:
                hint = "give the agent a phone, or page: slack"
                found.wrong(
                    agent.span, path, f"{shown(agent.text)} has no phone to be paged on", allowed=hint
                )


def _doubles(root: Node, known: Known, found: Source) -> None:
    def once(
        places: Iterable[tuple[Node | None, str]], what: str, fold: Callable[[str], str] = str.casefold
    ) -> None:
        seen: dict[str, int] = {}
        for node, path in places:
            if node is None or not node.text:
                continue
            key = fold(node.text)
            if key in seen:
                hint = f"{what} on line {seen[key]} already: another one, or remove one of the two"
                found.wrong(node.span, path, f'"{shown(node.text)}" is here twice', allowed=hint)
            seen.setdefault(key, node.span.line + 1)

    for section in ("languages", "supervisors"):
        once(((n, f"{section}[{i}]") for i, n in enumerate(root.each(section))), "it stands")
    for key in ("name", "slack", "phone"):
        once(
            ((a.get(key), f"agents[{i}].{key}") for i, a in enumerate(root.each("agents"))),
            "another agent has it",
        )
    once(
        ((r.get("name"), f"rules[{i}].name") for i, r in enumerate(root.each("rules"))), "another rule has it"
    )
    entries = list(enumerate(root.each("entry")))
    for channel in CHANNELS:
        doors = [(e.get("to"), f"entry[{i}].to") for i, e in entries if text_of(e, "channel") == channel]
        once(doors, f"{channel} has an entry for it", lambda door: re.sub(r"[ ()/-]", "", door.casefold()))
    slack = [(e.get("in"), f"entry[{i}].in") for i, e in entries if text_of(e, "channel") == "slack"]
    once(slack, "slack has an entry for it")
    chats = [e for _, e in entries if text_of(e, "channel") == "chat"]
    for again in chats[1:]:
        found.wrong(again.span, "entry", "chat has an entry already", allowed="remove one of the two")
