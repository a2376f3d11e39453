"""Who gets a contact that is handed over, and how: route, deadlines and facts of a transfer or an escalation. Pure.

"L2 cannot log in"  ─ aim ─▶ Aim(tier, L2), "cannot log in"  ─ hand_over ─▶ Decision: its rank is kept,
                                                                            the facts tell who had it and why
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from ..queue.contact import Decision, Preference, Route
from ..queue.state import ContactView
from ..skills.skill import Need, refusal
from .classify import deadlines
from .facts import MOST_MOVES, Facts, Moved
from .rulebook import Rulebook, agent_id, instant
from .texts import spoken
from .watch import past_closing, reopening

ALONE = 5 * 60_000
"""ms that one agent is asked for what is handed to them in person, at least."""
FIRST = 15 * 60_000
"""ms that a team or tier alone is asked where the service's steps don't say how long."""
BOUNCED = 3
"""Bounce-backs from which on a supervisor is told."""
Kind = Literal["agent", "team", "tier", "service"]


@dataclass(frozen=True, slots=True)
class Aim:
    """Where it is to go. `name` is that of the plan; a tier's is "1" to "3". `instead`: for whom they stand in."""

    kind: Kind
    name: str
    instead: str = ""

    @property
    def words(self) -> str:
        """As people say it."""
        match self.kind:
            case "agent":
                return f"{self.name} (standing in for {self.instead})" if self.instead else self.name
            case "tier":
                return f"L{self.name}"
            case _:
                return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Handover:
    """What the queue is told. `only`: it is for one agent alone, and stays where it is when they don't take it."""

    decision: Decision
    to: str
    only: bool
    bounces: int
    note: str = ""  # what whoever hands over should know


class NoSuch(Exception):
    """There is no such agent, team, tier or service, or it can't take this; the text says what there is."""


# ---- whom somebody means -----------------------------------------------------------------------------------------


def aim(book: Rulebook, words: str) -> tuple[Aim, str]:
    """Whom the beginning of `words` names, and the rest (the reason). Raises NoSuch."""
    text = words.strip()
    kind, _, rest = text.partition(" ")
    if kind.casefold() in ("team", "service", "tier", "agent") and rest.strip():
        return _named(book, rest.strip(), (kind.casefold(),), text)
    return _named(book, text, ("agent", "team", "tier", "service"), text)


def _named(book: Rulebook, text: str, kinds: tuple[str, ...], whole: str) -> tuple[Aim, str]:
    found: list[tuple[int, Aim]] = []
    for name, it in _names(book):
        if it.kind in kinds and _begins(text, name):
            found.append((len(name), it))
    if not found:
        known = ", ".join(sorted({it.words for _, it in _names(book) if it.kind in kinds}))
        raise NoSuch(f"“{whole[:60] or 'nobody'}” names nobody in the plan. There are: {known[:600]}.")
    length, chosen = max(found, key=lambda each: each[0])
    return chosen, text[length:].strip(" :,–-\n")


def _names(book: Rulebook) -> list[tuple[str, Aim]]:
    plan = book.plan
    found = [(name, Aim("agent", a.name)) for a in plan.agents for name in (f"@{a.name}", a.name, a.slack)]
    found += [(f"@{a.slack}", Aim("agent", a.name)) for a in plan.agents]
    found += [(t.name, Aim("team", t.name)) for t in plan.teams]
    found += [(f"L{n}", Aim("tier", str(n))) for n in (1, 2, 3)]
    return found + [(name, Aim("service", name)) for name in book.services]


def _begins(text: str, name: str) -> bool:
    return re.match(re.escape(name) + r"(?![\w.@])", text, re.IGNORECASE) is not None


# ---- where it goes -----------------------------------------------------------------------------------------------


def above(book: Rulebook, view: ContactView) -> Aim:
    """The next tier that the contact's service knows above the one that has it. Raises NoSuch."""
    held, known = _tier(book, view), _tiers(book, view)
    higher = sorted(t for t in known if t > held)
    if not higher:
        raise NoSuch(
            f"{view.service} knows no tier above L{held}: hand it over to a team, a service or a colleague."
        )
    return Aim("tier", str(higher[0]))


def hand_over(
    book: Rulebook, view: ContactView, to: Aim, by: str, why: str, tried: str, now: int
) -> Handover:
    """The decision for handing `view` over. Raises NoSuch when `to` can't have it."""
    facts = Facts.parse(view.facts)
    prefer: Preference | None = None
    note = ""
    match to.kind:
        case "agent":
            route, prefer = _to_agent(book, view, to.name, now)
        case "team":
            route = _to_team(book, view, to.name)
        case "tier":
            route = _to_tier(book, view, int(to.name))
        case _:
            route = _to_service(book, view, to.name, facts)
            note = _shut(book, to.name, now) if view.owner else ""
    told, bounced = _told(book, view, facts, to, by, why, tried, now)
    hours = book.hours(route.service)
    ends = deadlines(hours, route, now) or _plainly(route, now)
    wake: int | None = None
    if not view.owner and prefer is None and past_closing(book, route.service, now):
        # Nobody has it, so nobody keeps it meanwhile; one person who is named may be asked at any hour.
        wake = reopening(book, route.service, now)
        until = spoken(wake, now, book.plan.timezone, "en")
        note = f"{route.service} is closed now: it is held until {until}."
    decision = Decision(route, view.rank // 1000, wake, ends, prefer, told.to_json())
    return Handover(decision, to.words, to.kind == "agent", told.bounces if bounced else 0, note)


def _plainly(route: Route, now: int) -> tuple[int, ...]:
    # Given as instants: its age in the service counts from its arrival, and the new steps begin now.
    return tuple(now + step.until for step in route.steps if step.until is not None)


def base_route(book: Rulebook, view: ContactView) -> Route:
    """The plan's route for it, with what was asked for it beyond the service."""
    service = book.services.get(view.service)
    if service is None:
        return view.route
    need = view.route.steps[-1].need
    return book.route(service, view.channel, need.skills, Facts.parse(view.facts).language)


def _to_agent(book: Rulebook, view: ContactView, name: str, now: int) -> tuple[Route, Preference]:
    spec = book.plan.agent(name)
    if spec is None:
        raise NoSuch(f"{name} is not in the plan.")
    if agent_id(name) == view.owner:
        raise NoSuch(f"{name} has it already.")
    base = base_route(book, view)
    if view.channel not in spec.reached:
        why = "has no phone" if view.channel in spec.channels else f"doesn't take {view.channel}"
        raise NoSuch(f"{name} {why}.")
    window = max(ALONE, 3 * base.offer)
    # A person was chosen: the levels that the service asks for are not asked of them.
    need = Need(view.service, view.channel, (), (), (spec.profile.tier_in(view.service),), (spec.team,))
    first = replace(base.steps[0], need=need, until=window, offer_to=1, shares=(), alert=False)
    later = tuple(
        replace(step, until=None if step.until is None else step.until + window) for step in base.steps
    )
    prefer = Preference(agent_id(name), "preferred", now + window)
    return replace(base, steps=(first, *later)), prefer


def _to_team(book: Rulebook, view: ContactView, name: str) -> Route:
    team = book.plan.team(name)
    if team is None:
        raise NoSuch(f"There is no team {name}.")
    base = base_route(book, view)
    last = base.steps[-1]
    tiers = tuple(sorted({a.profile.tier_in(view.service) for a in book.plan.agents if a.team == name})) or (
        1,
        2,
        3,
    )
    alone = replace(last.need, teams=(name,), tiers=tiers)
    if all(refusal(alone, a.profile) for a in book.plan.agents):
        raise NoSuch(f"Nobody in team {name} may take {view.service} by {view.channel}{_lack(last.need)}.")
    first = replace(last, need=alone, until=_while(base), alert=False)
    return replace(base, steps=(first, replace(last, need=_with_team(last.need, name, tiers), alert=True)))


def _with_team(need: Need, team: str, tiers: tuple[int, ...]) -> Need:
    """Everybody whom the service's last step admits, and that team."""
    teams = tuple(sorted({*need.teams, team})) if need.teams else ()
    return replace(need, teams=teams, tiers=tuple(dict.fromkeys((*need.tiers, *tiers))))


def _to_tier(book: Rulebook, view: ContactView, tier: int) -> Route:
    base = base_route(book, view)
    step = next((s for s in base.steps if tier in s.need.tiers), None)
    if step is None:
        known = ", ".join(f"L{t}" for t in sorted(_tiers(book, view)))
        raise NoSuch(f"{view.service} has no L{tier}: it knows {known}.")
    last = base.steps[-1]
    from_there = tuple(t for t in sorted(_tiers(book, view)) if t >= tier)
    first = replace(step, need=replace(step.need, tiers=(tier,)), until=_while(base), alert=False)
    rest = replace(last, need=replace(last.need, tiers=from_there), alert=True)
    return replace(base, steps=(first, rest))


def _to_service(book: Rulebook, view: ContactView, name: str, facts: Facts) -> Route:
    service = book.services.get(name)
    if service is None:
        raise NoSuch(f"There is no service {name}.")
    if name == view.service:
        raise NoSuch(f"It is in {name} already.")
    return book.route(service, view.channel, (), facts.language)


def _shut(book: Rulebook, service: str, now: int) -> str:
    hours, at = book.hours(service), instant(now)
    return (
        f"{service} is closed now: it stays yours until somebody there takes it."
        if not hours.is_open(at)
        else ""
    )


def _while(route: Route) -> int:
    ages = [step.until for step in route.steps if step.until is not None]
    return max([*ages, FIRST])


def _lack(need: Need) -> str:
    asked = [f"{name} ≥ {level}" for name, level in (*need.skills, *need.languages)]
    return f" (asked for: {', '.join(asked)})" if asked else ""


def _tiers(book: Rulebook, view: ContactView) -> set[int]:
    return {tier for step in base_route(book, view).steps for tier in step.need.tiers}


def _tier(book: Rulebook, view: ContactView) -> int:
    """The tier that has it: the owner's, or the highest that is asked already."""
    spec = book.by_id.get(view.owner)
    return spec.profile.tier_in(view.service) if spec else max(view.now_step.need.tiers)


def handing(book: Rulebook, view: ContactView, it: Handover) -> str:
    """What whoever hands it over is told."""
    spec = book.by_id.get(view.owner)
    owner = spec.name if spec else "its owner"
    bounce = f" It comes back for the {it.bounces}. time." if it.bounces else ""
    stays = f"it stays with {owner} until somebody takes it."
    return f"{view.id} is handed over to {it.to}; {stays}{bounce} {it.note}".strip()


# ---- what is written down ----------------------------------------------------------------------------------------


def _told(
    book: Rulebook, view: ContactView, facts: Facts, to: Aim, by: str, why: str, tried: str, now: int
) -> tuple[Facts, bool]:
    spec = book.by_id.get(view.owner)
    moved = Moved(
        now, by, to.words, why, tried, spec.name if spec else "", spec.team if spec else "",
        spec.profile.tier_in(view.service) if spec else 0, view.service,
    )  # fmt: skip
    back = _is_back(facts.moves, to, moved)
    kept = (*facts.moves, moved)[-MOST_MOVES:]
    return replace(facts, moved=by, moves=kept, bounces=facts.bounces + back), back


def _is_back(moves: tuple[Moved, ...], to: Aim, now: Moved) -> bool:
    """Whether it returns to somebody, a team, a tier or a service that has given it away before."""
    match to.kind:
        case "agent":
            return any(it.owner == to.name for it in moves)
        case "team":
            return to.name != now.team and any(it.team == to.name for it in moves)
        case "tier":
            return int(to.name) != now.tier and any(it.tier == int(to.name) for it in moves)
        case _:
            return any(it.service == to.name for it in moves)
