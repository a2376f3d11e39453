"""What doctor says of the telephone: numbers, webhooks, fallbacks, phones, countries, and how many calls fit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import phonenumbers

from ..router.plan.model import AgentSpec, Plan
from . import webhooks
from .finding import Finding
from .twilio_side import OurNumber

LEGS = 2
"""A call that is talked takes two of the account's: the caller's and the agent's."""
NAMED = 8
SETUP = "run `tierline setup`"


@dataclass(frozen=True, slots=True)
class CallsSeen:
    """The account as far as calls go. `verified`, `countries` (ISO → may be called) None: it can't be asked.

    `per_second` and `most_calls` are our own settings; 0: no bound of ours.
    """

    numbers: tuple[OurNumber, ...]
    trial: bool
    verified: frozenset[str] | None
    countries: Mapping[str, bool] | None
    public_url: str
    per_second: float = 1.0
    most_calls: int = 0


def calls(it: CallsSeen, plan: Plan) -> Iterator[Finding]:
    """Every finding; none for a plan that has no door for calls."""
    doors = list(dict.fromkeys(e.to for e in plan.entry if e.channel == "voice" and e.to))
    if not doors:
        return
    for number in doors:
        yield from _door(number, it)
    sender = plan.channels.voice.sender
    if sender and sender not in {n.number for n in it.numbers} | (it.verified or frozenset()):
        yield Finding(
            "bad",
            sender,
            "we call from it, and it isn't in the account (21210)",
            "mend `channels: voice: from:`",
        )
    ringable = [a for a in plan.agents if a.phone and "voice" in a.channels]
    yield from _phones(plan, ringable)
    if it.trial:
        yield from _trial(it, ringable)
    yield from _countries(it, plan)
    yield from _room(it, plan, ringable)


def _door(number: str, it: CallsSeen) -> Iterator[Finding]:
    entry = next((n for n in it.numbers if n.number == number), None)
    if entry is None:
        yield Finding("bad", number, "isn't in the account: nobody can call it", "mend `entry:` in the plan")
        return
    if not entry.voice:
        yield Finding("bad", number, "cannot be called", "buy one that can")
        return
    if not it.public_url:
        return
    wrong = webhooks.trouble_calls(entry, it.public_url)
    for fatal, text in wrong:
        yield Finding("bad" if fatal else "note", number, text, SETUP)
    if no := webhooks.fallback_trouble(entry, it.public_url):
        yield Finding(
            "bad" if "lives here" in no else "note", number, no, f"{SETUP}: it says what to put where"
        )
    elif not wrong:
        yield Finding("ok", number, "its calls come to us, with tries and a fallback that isn't here")


def _phones(plan: Plan, ringable: list[AgentSpec]) -> Iterator[Finding]:
    without = [a.name for a in plan.agents if not a.phone and "voice" in a.channels]
    if not ringable:
        yield Finding(
            "bad",
            "phones",
            "no agent has one: callers wait for nobody",
            "write `phone:` beside agents in the plan",
        )
    elif without:
        yield Finding(
            "note",
            "phones",
            f"{_some(without)} has none and is offered no calls",
            "write `phone:`, or leave it so",
        )
    if ringable:
        yield Finding("ok", "phones", f"{len(ringable)} can be rung; `tierline doctor --call` tries them")


def _trial(it: CallsSeen, ringable: list[AgentSpec]) -> Iterator[Finding]:
    yield Finding(
        "note", "Twilio", "a trial calls only verified numbers, and before each call it says that it is a trial: a"
        " callback reaches hardly any customer", "upgrade the account",
    )  # fmt: skip
    if it.verified is None:
        yield Finding("note", "phones", "which numbers are verified can't be asked", "see Twilio's console")
        return
    for agent in ringable:
        if agent.phone not in it.verified:
            yield Finding(
                "bad", "phones", f"{agent.name}'s {agent.phone} isn't verified: a trial doesn't call it (21219)",
                "verify it at Twilio",
            )  # fmt: skip


def _countries(it: CallsSeen, plan: Plan) -> Iterator[Finding]:
    needed = countries_of(plan)
    if it.countries is None:
        if needed:
            yield Finding(
                "note", "countries", f"whether the account may call {', '.join(sorted(needed))} can't be asked",
                "see Voice → Settings → Geo permissions in Twilio's console",
            )  # fmt: skip
        return
    for country, whose in sorted(needed.items()):
        if not it.countries.get(country, False):
            yield Finding(
                "bad", "countries", f"the account may not call {country} (21215), where {whose}",
                "allow it: Voice → Settings → Geo permissions in Twilio's console",
            )  # fmt: skip
    if needed and all(it.countries.get(country, False) for country in needed):
        yield Finding("ok", "countries", f"the account may call {', '.join(sorted(needed))}")


def countries_of(plan: Plan) -> dict[str, str]:
    """ISO country → who is there: agents' phones first, then customers who may be called back. None without a door."""
    if not any(e.channel == "voice" for e in plan.entry):
        return {}
    people: dict[str, list[str]] = {}
    for agent in plan.agents:
        if agent.phone and "voice" in agent.channels and (country := country_of(agent.phone)):
            people.setdefault(country, []).append(agent.name)
    found = {country: f"{_some(names)} is rung" for country, names in people.items()}
    for country in plan.safety.countries:
        found.setdefault(country, "customers are called back (`safety: countries:`)")
    return found


def country_of(number: str) -> str:
    """The ISO country of a number in E.164, "" for what is none; one that nobody has yet is its prefix's main country."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    found = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return "" if found in (None, "001", "ZZ") else str(found)


def _room(it: CallsSeen, plan: Plan, ringable: list[AgentSpec]) -> Iterator[Finding]:
    """How many calls may be on, and how fast they begin: Twilio's own limits can't be asked, ours can be compared."""
    agents = len(ringable)
    if not agents:
        return
    legs = f"{agents} agents who all talk are {agents * LEGS} calls at once, and who waits is one more each"
    asks = (
        "Twilio's API doesn't tell the account's limit: see Voice → Settings → General in its console, and ask for more"
        " before it is reached (10004)"
    )
    if it.most_calls and it.most_calls < agents:
        yield Finding(
            "note", "calls at once", f"only {it.most_calls} phones are rung or talked on at a time"
            f" (TIERLINE_MOST_CALLS), for {agents} agents", "raise it, if the account allows more",
        )  # fmt: skip
    else:
        yield Finding("ok", "calls at once", f"{legs}; {asks}")
    widest = max((step.offer_to for service in plan.services for step in service.steps), default=1)
    seconds = min(widest, agents) / it.per_second
    offer = plan.channels.voice.offer.total_seconds()
    said = f"{it.per_second:g} a second (TIERLINE_CALLS_PER_SECOND): what Twilio allows, 1 unless more was granted"
    if seconds > offer / 2:
        yield Finding(
            "note", "calls a second", f"{said}; to ring {min(widest, agents)} phones takes {seconds:.0f} s of an offer's"
            f" {offer:.0f} s", "ask Twilio for more calls a second, or let steps ask fewer at once",
        )  # fmt: skip
    else:
        yield Finding("ok", "calls a second", said)


def _some(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
