"""Why is a contact where it is? Who was asked, the first reason of whoever wasn't, and when that can change. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ..queue.state import BITS, ENDED, QUEUED, AgentView, ContactView
from ..skills.skill import LIVE, refusal
from .facts import Facts
from .plan.model import AgentSpec
from .rulebook import Rulebook, both_open, instant


@dataclass(frozen=True, slots=True)
class Row:
    """One agent: the first "no", since when and until when it holds (ms, None: unknown or open-ended)."""

    agent: str
    reason: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Next:
    """The next instant at which anything of this can change, and what does."""

    at: int
    what: str


@dataclass(frozen=True, slots=True)
class Why:
    """The whole explanation; `text` says it in a paragraph."""

    contact: str
    state: str
    service: str
    rule: str
    rule_line: int
    version: int
    step: int
    steps: int
    opened: int | None
    until: int | None
    tiers: tuple[str, ...]
    rows: tuple[Row, ...]
    next: Next | None
    not_yet: tuple[str, ...]
    text: str
    at: int | None = None  # the instant that is explained, None: now


WHAT = {
    "o": "an offer's time is up",
    "s": "the next step opens",
    "e": "{agent} may be asked again",
    "E": "everybody may be asked again",
    "w": "the wrap-up ends",
    "p": "it goes back into the queue",
    "q": "it is snoozed, as nobody writes",
    "n": "its owner is reminded, or somebody else is asked",
    "l": "what {agent} has goes to others",
    "h": "{agent}'s shift changes",
    "v": "{agent}'s overtime ends",
    "r": "a held reply leaves",
}
"""What a timer of the queue means for a contact, by its kind."""


def timers(contact: ContactView, agents: Mapping[str, AgentView]) -> tuple[str, ...]:
    """The members of the due set that can change anything for `contact`."""
    own = [f"{kind}:{contact.id}" for kind in ("s", "E", "w", "p", "q", "n")]
    own += [f"l:{contact.owner}"] if contact.owner else []
    own += [f"o:{contact.id}:{offer.number}" for offer in contact.offers]
    own += [f"e:{contact.id}:{name}" for name in contact.excluded]
    own += [f"r:{contact.id}:{n}" for n in range(max(1, contact.messages - 5), contact.messages + 1)]
    if contact.state in QUEUED or contact.handing:
        own += [f"{kind}:{name}" for name in agents for kind in ("h", "v", "b")]
    return tuple(own)


def explain(
    book: Rulebook,
    contact: ContactView,
    agents: Mapping[str, AgentView],
    due: Mapping[str, int],
    desk_up: bool,
    now: int,
    since: Mapping[tuple[str, str], int] = MappingProxyType({}),
    at: int | None = None,
) -> Why:
    """The explanation of `contact` as of `now` (ms); `due` are the instants of `timers(…)`.

    `since` maps (agent, kind of event) to the last instant of that kind; what is missing stays unknown.
    `at` is noted in the answer when `now` isn't the present.
    """
    facts = Facts.parse(contact.facts)
    specs = book.by_id
    open_case = contact.state not in ENDED
    rows = tuple(
        _dated(name, _row(book, contact, agent, specs.get(name), due, desk_up, now), since)
        for name, agent in sorted(agents.items())
        if open_case
    )
    step = contact.now_step
    until = due.get(f"s:{contact.id}")
    opened = _opened(contact)
    able = {a.name for a in agents.values() if refusal(contact.now_step.need, a.profile) is None}
    coming = _next(due, book, able) if open_case else None
    why = Why(
        contact=contact.id, state=contact.state, service=contact.service, rule=facts.rule,
        rule_line=facts.rule_line, version=facts.version, step=contact.step, steps=len(contact.route.steps),
        opened=opened, until=until, tiers=tuple(f"L{t}" for t in step.need.tiers), rows=rows, next=coming,
        not_yet=tuple(dict.fromkeys(n.what for n in book.plan.not_yet())), text="", at=at,
    )  # fmt: skip
    return _with_text(why, facts, contact, book)


_BEGAN = {
    "owns it": "accepted",
    "is being asked now": "offered",
    "declined it": "declined",
    "missed it": "missed",
    "off shift": "shift",
    "away": "presence",
    "offline": "presence",
}
"""Which event began a reason, by how the reason begins."""


def _dated(agent: str, row: Row, since: Mapping[tuple[str, str], int]) -> Row:
    kind = next((kind for reason, kind in _BEGAN.items() if row.reason.startswith(reason)), None)
    return replace(row, since=since.get((agent, kind))) if kind else row


def _row(
    book: Rulebook,
    contact: ContactView,
    agent: AgentView,
    spec: AgentSpec | None,
    due: Mapping[str, int],
    desk_up: bool,
    now: int,
) -> Row:
    name = book.called(agent.name)
    if contact.owner and (agent.name == contact.owner or not contact.handing):
        return _owned(name, book, contact, agent, due)
    offer = next((o for o in contact.offers if o.agent == agent.name), None)
    if offer is not None:
        return Row(name, "is being asked now", until=offer.due)
    edge = due.get(f"h:{agent.name}")
    hours = book.hours(contact.service)
    at = instant(now)
    if contact.state == "parked":
        closed = hours.why_closed(at)
        facts = Facts.parse(contact.facts)
        if facts.first and contact.wake == facts.until:
            return Row(name, "the customer is asked some questions before", until=contact.wake)
        return Row(
            name,
            f"the service is closed ({closed})" if closed else "it waits for its date",
            until=contact.wake,
        )
    no = refusal(contact.now_step.need, agent.profile)
    if not agent.on_shift:
        reason = "off shift"
        if spec is not None and not both_open(book.on_duty(spec), at):
            team = book.plan.team(spec.team)
            if team is not None and not book.on_duty(spec)[0].is_open(at):
                reason = f"team {team.name} is off"
        return Row(name, reason, until=edge)
    if agent.presence != "available":
        return Row(
            name, f"{agent.presence}{': ' + agent.why if agent.why else ''}", until=due.get(f"b:{agent.name}")
        )
    if no is not None:
        lacks = {
            "shift": "serves only who waited at closing time: shift is",
            "channel": "doesn't take",
            "team": "not asked in this step: team",
            "tier": "not asked in this step: tier",
        }
        return Row(name, f"{lacks.get(no.reason, 'lacks ' + no.reason)} {no.what}")
    if agent.name in contact.excluded:
        back = due.get(f"e:{contact.id}:{agent.name}")
        if agent.name in contact.paused:
            return Row(name, "couldn't be shown it: Slack holds it up", until=back)
        return Row(name, "missed it" if back else "declined it", until=back)
    if contact.personal and contact.personal != agent.name:
        return Row(name, "somebody else is asked first", until=due.get(f"s:{contact.id}"))
    if contact.claimed:
        return Row(name, "somebody else has said that they take it", until=contact.offers[0].due)
    if not desk_up:
        return Row(name, "Slack is down: nobody is offered anything")
    return _room(name, contact, agent)


def _owned(name: str, book: Rulebook, contact: ContactView, agent: AgentView, due: Mapping[str, int]) -> Row:
    """Somebody has it: they are answerable, and nobody else is asked."""
    if agent.name != contact.owner:
        return Row(name, f"{book.called(contact.owner)} owns it")
    if contact.handing:
        return Row(name, "owns it until somebody takes it over")
    if contact.state == "snoozed":
        return Row(name, "owns it, snoozed", until=contact.wake)
    if contact.state == "wrapping":
        return Row(name, "owns it, in wrap-up", until=contact.wrap_until)
    return Row(name, "owns it", until=due.get(f"l:{agent.name}"))


def _room(name: str, contact: ContactView, agent: AgentView) -> Row:
    if agent.offers >= agent.capacity.offers:
        return Row(name, "has another offer open")
    cost = dict(agent.capacity.costs).get(contact.channel, 0)
    free = agent.capacity.budget - agent.live - agent.deferred
    if contact.channel not in LIVE and agent.live >= agent.capacity.budget:
        return Row(name, "is on a call")
    if cost > free:
        return Row(
            name, f"full: {agent.capacity.budget - free} of {agent.capacity.budget} used, {cost} needed"
        )
    if not agent.mask & BITS[contact.channel]:
        return Row(name, f"has as many contacts by {contact.channel} as they may have")
    if agent.draining and agent.draining != contact.id:
        return Row(name, f"kept free for {agent.draining}")
    return Row(name, "free: it is about to be offered")


def _opened(contact: ContactView) -> int | None:
    if contact.step == 0:
        return contact.base
    if contact.deadlines:
        return contact.deadlines[contact.step - 1]
    until = contact.route.steps[contact.step - 1].until
    return None if until is None else contact.base + until


def _next(due: Mapping[str, int], book: Rulebook, able: set[str]) -> Next | None:
    matters = {m: at for m, at in due.items() if m[0] not in "hv" or m.partition(":")[2] in able}
    known = [(at, member) for member, at in matters.items() if member[0] in WHAT]
    if not known:
        return None
    at, member = min(known)
    kind, *rest = member.split(":")
    agent = rest[-1] if kind in "ehvl" else ""
    return Next(at, WHAT[kind].format(agent=book.called(agent)))


def _with_text(why: Why, facts: Facts, contact: ContactView, book: Rulebook) -> Why:
    by = (
        f"rule “{facts.rule}” (line {facts.rule_line}, plan {facts.version})"
        if facts.rule
        else f"its entry (plan {facts.version})"
    )
    parts = [
        f"{why.contact} {'is' if why.at is None else 'was'} {why.state} in {why.service}, chosen by {by}."
    ]
    if contact.owner:
        parts.append(f"Owner: {book.called(contact.owner)}.")
    if contact.handing and facts.moves:
        parts.append(f"{facts.moves[-1].line}.")
    if facts.bounces:
        parts.append(f"It came back {facts.bounces} time{'s' if facts.bounces > 1 else ''}.")
    if why.state == "snoozed":
        parts.append("It sleeps until its date." if contact.wake else "It sleeps until the customer writes.")
    if why.state in QUEUED or contact.handing:
        parts.append(f"Step {why.step + 1} of {why.steps} asks {', '.join(why.tiers)}.")
    if facts.closed and why.state == "parked":
        parts.append(f"It arrived while closed ({facts.closed}).")
    return replace(why, text=" ".join(parts))
