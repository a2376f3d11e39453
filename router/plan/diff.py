"""Two plans compared, in sentences that a supervisor understands. Pure; never silent about a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any, Protocol, TypeVar

from ...skills.skill import CHANNELS, Levels
from . import model
from .diff_chat import web_chat
from .diff_closing import checklists, closing
from .diff_desk import desk
from .diff_first import asks, first
from .diff_letters import letters
from .diff_mail import mail
from .diff_promises import promises
from .diff_rules import rules
from .model_texts import CALL
from .say import hours_changed, lasting, plain, quoted, tiers
from .schedules import ScheduleSpec


class Named(Protocol):
    """Anything with a name."""

    @property
    def name(self) -> str:
        """What people call it."""


N = TypeVar("N", bound=Named)


def diff(old: model.Plan, new: model.Plan) -> tuple[str, ...]:
    """What `new` says otherwise than `old`, a sentence each; empty exactly when they say the same."""
    found = [line for part in _PARTS for line in part(old, new)]
    if not found and old != new:
        names = [
            f.name for f in fields(model.Plan) if f.compare and getattr(old, f.name) != getattr(new, f.name)
        ]
        found = [f"The order changed in: {', '.join(names).replace('_', ' ')}"]
    return tuple(dict.fromkeys(found))


def _root(old: model.Plan, new: model.Plan) -> Iterator[str]:
    for key, words in (("site", "Site"), ("timezone", "Time zone")):
        yield from _one(words, getattr(old, key), getattr(new, key))
    yield from _several("Languages", old.languages, new.languages, ordered=True)
    yield from _several("Supervisors", old.supervisors, new.supervisors)
    for key, words in (("slack", "Alerts in Slack"), ("email", "Alerts by mail"), ("sms", "Alerts by text")):
        yield from _one(words, getattr(old.alerts, key), getattr(new.alerts, key))
    yield from _one("A reply is held for Undo", old.settings.hold_reply, new.settings.hold_reply)
    yield from _one("Who has left keeps what they own for", old.settings.grace, new.settings.grace)
    yield from _one("Warned of a promise when so many percent are left", old.settings.warn, new.settings.warn)
    yield from _one("Customers are called and texted of their own accord by", old.reach, new.reach)
    was, now = old.settings.still_there, new.settings.still_there
    yield from _one("Who does nothing is asked whether they are there after", was or "never", now or "never")
    was, now = old.settings.settle, new.settings.settle
    yield from _one("Who comes and goes all the time settles for", was or "never", now or "never")
    yield from _one("Live offers of an agent at one time", old.settings.offers, new.settings.offers)
    yield from _several("Countries that are called and texted", old.safety.countries, new.safety.countries)
    often = {
        "number_hour": "in an hour to one number", "number_day": "in a day to one number",
        "per_hour": "in an hour", "per_day": "in a day",
    }  # fmt: skip
    yield from _rest("Calls and texts", old.safety, new.safety, often, ("countries", "people"))


def _closing(old: model.Plan, new: model.Plan) -> Iterator[str]:
    yield from closing("When a contact ends", old.closing, new.closing)
    yield from _several("By text is asked how it was after", old.rated, new.rated)


def _one(what: str, was: object, now: object) -> Iterator[str]:
    if was != now:
        yield f"{what}: {plain(now)} (was {plain(was)})"


def _several(what: str, was: Sequence[str], now: Sequence[str], ordered: bool = False) -> Iterator[str]:
    gone, come = [it for it in was if it not in now], [it for it in now if it not in was]
    if come:
        yield f"{what}: {', '.join(map(plain, come))} added"
    if gone:
        yield f"{what}: {', '.join(map(plain, gone))} removed"
    if ordered and not gone and not come and tuple(was) != tuple(now):
        yield f"{what}: in the order {plain(tuple(now))} (was {plain(tuple(was))})"


def _levels(who: str, was: Levels, now: Levels) -> Iterator[str]:
    before, after = dict(was), dict(now)
    for name in sorted({*before, *after}):
        if name not in after:
            yield f"{who}: no {name} any more (was {before[name]})"
        elif before.get(name) != after[name]:
            yield (
                f"{who}: {name} {before[name]} → {after[name]}"
                if name in before
                else f"{who}: {name} {after[name]} is new"
            )


def _listed(
    kind: str, old: Iterable[N], new: Iterable[N], changed: Callable[[N, N], Iterator[str]]
) -> Iterator[str]:
    before, after = _numbered(old), _numbered(new)
    for key in (key for key in before if key not in after):
        yield f"{kind} {quoted(key)} is removed"
    for key in after:
        if key not in before:
            yield f"{kind} {quoted(key)} is new"
        elif before[key] != after[key]:
            yield from changed(before[key], after[key])


def _numbered(of: Iterable[N]) -> dict[str, N]:
    """By name; a name's second bearer is “name (2)”."""
    found: dict[str, N] = {}
    for it in of:
        key, n = it.name, 1
        while key in found:
            n += 1
            key = f"{it.name} ({n})"
        found[key] = it
    return found


def _rest(who: str, was: Any, now: Any, words: Mapping[str, str], but: Iterable[str] = ()) -> Iterator[str]:
    """Every other field, by its name or the `words` for it."""
    for each in fields(was):
        if each.compare and each.name not in ("name", *but):
            label = words.get(each.name, each.name.replace("_", " "))
            yield from _one(f"{who}: {label}", getattr(was, each.name), getattr(now, each.name))


# ---- when -----------------------------------------------------------------------------------------------


def _schedules(old: model.Plan, new: model.Plan) -> Iterator[str]:
    yield from _listed("Hours", old.schedules, new.schedules, _schedule)


def _schedule(was: ScheduleSpec, now: ScheduleSpec) -> Iterator[str]:
    who = f"Hours {quoted(now.name)}"
    if was.hours != now.hours:
        yield from (f"{who}: {line}" for line in hours_changed(was.hours, now.hours))
    yield from _one(f"{who}: time zone", was.timezone, now.timezone)
    yield from _one(f"{who}: holidays of", was.holidays, now.holidays)
    if was.overrides != now.overrides and set(was.overrides) == set(now.overrides):
        yield f"{who}: its exceptions stand in another order"
    before, after = {o.on: o for o in was.overrides}, {o.on: o for o in now.overrides}
    for day in sorted({*before, *after}):
        one, other = before.get(day), after.get(day)
        if one == other:
            continue
        if other is None:
            yield f"{who}: {day} as usual (the exception is removed)"
        else:
            until = f" to {other.until}" if other.until else ""
            why = f" ({other.why})" if other.why else ""
            yield f"{who}: {day}{until} {other.hours}{why}" + (f", was {one.hours}" if one else "")


def _channels(old: model.Plan, new: model.Plan) -> Iterator[str]:
    words = {
        "offer": "an offer stands", "wrap_up": "wrap-up", "lag": "lag behind live work", "quiet": "quiet time",
        "preferred": "the former owner alone is asked", "cost": "cost of one contact", "cap": "at most at once",
        "nudge": "a silent owner is reminded", "sender": "unasked messages come from",
        "auto_accept": "offers are taken for the agent",
    }  # fmt: skip
    for channel in CHANNELS:
        yield from _rest(f"Channel {channel}", old.channels.of(channel), new.channels.of(channel), words)
    calls = {
        "callback": "who is rung first at a callback", "callback_again": "a callback that reached nobody is tried after",
        "recording": "recording", "redial": "who hung up while waiting keeps the place for",
        "callback_answer": "a mailbox is told from a customer by",
    }  # fmt: skip
    yield from _rest("Channel voice", old.voice, new.voice, calls)


def _per_channel(who: str, was: Any, now: Any) -> Iterator[str]:
    changed = [(c, was.of(c), now.of(c)) for c in CHANNELS if was.of(c) != now.of(c)]
    if len({(a, b) for _, a, b in changed}) == 1 and len(changed) == len(CHANNELS):
        yield f"{who} {plain(changed[0][2])} (was {plain(changed[0][1])})"
    else:
        for channel, a, b in changed:
            yield f"{who} for {channel} {plain(b)} (was {plain(a)})"


def _visits(old: model.Plan, new: model.Plan) -> Iterator[str]:
    was, now = old.visits, new.visits
    if was is None or now is None:
        if was is not now:
            yield "Visits are planned here" if now else "Visits aren't planned any more"
        return
    words = {
        "skill": "who is sent has the skill", "level": "at a level of at least", "window": "a customer keeps free",
        "remind": "both are reminded before it by",
    }  # fmt: skip
    yield from _rest("Visits", was, now, words)


def _sessions(old: model.Plan, new: model.Plan) -> Iterator[str]:
    words = {"kind": "what it is", "url": "held at", "webhook": "asks for its place"}
    yield from _listed(
        "Session", old.sessions, new.sessions, lambda a, b: _rest(f"Session {quoted(b.name)}", a, b, words)
    )


# ---- who ------------------------------------------------------------------------------------------------


def _teams(old: model.Plan, new: model.Plan) -> Iterator[str]:
    words = {
        "channels": "Slack channels",
        "cost_per_contact": "cost of a contact",
        "share": "share in percent",
        "auto_accept": "offers are taken for the agent",
    }
    yield from _listed(
        "Team", old.teams, new.teams, lambda a, b: _rest(f"Team {quoted(b.name)}", a, b, words)
    )


def _on_call(old: model.Plan, new: model.Plan) -> Iterator[str]:
    yield from _listed(
        "On-call", old.on_call, new.on_call, lambda a, b: _rest(f"On-call {quoted(b.name)}", a, b, {})
    )


def _agents(old: model.Plan, new: model.Plan) -> Iterator[str]:
    def changed(was: model.AgentSpec, now: model.AgentSpec) -> Iterator[str]:
        who = now.name
        if was.tier != now.tier:
            yield f"{who}: L{was.tier} → L{now.tier}"
        before, after = dict(was.tiers), dict(now.tiers)
        for service in sorted({*before, *after}):
            a, b = before.get(service, was.tier), after.get(service, now.tier)
            if a != b or (service in before) != (service in after):
                yield f"{who}: L{b} in {service} (was L{a})"
        yield from _levels(who, was.skills, now.skills)
        yield from _levels(who, was.languages, now.languages)
        yield from _several(f"{who}, channels", was.channels, now.channels)
        words = {"slack": "in Slack", "shift": "shift"}
        yield from _rest(
            who, was, now, words, ("tier", "tiers", "skills", "languages", "channels", "capacity")
        )
        yield from _capacity(who, _own(old, was), _own(new, now))

    yield from _listed("Agent", old.agents, new.agents, changed)


def _own(plan: model.Plan, it: model.AgentSpec) -> dict[str, object]:
    """What is the agent's own in their capacity: costs, caps and offers of the whole plan are told elsewhere."""
    usual: dict[str, int | None] = {channel: plan.channels.of(channel).cap for channel in CHANNELS}
    caps = {f"{channel} at once": cap for channel, cap in it.capacity.caps if usual.get(channel) != cap}
    offers = it.capacity.offers if it.capacity.offers != plan.settings.offers else None
    return {"budget": it.capacity.budget, "live offers at one time": offers, **caps}


def _capacity(who: str, was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    for key in dict.fromkeys([*was, *now]):
        a, b = was.get(key), now.get(key)
        if a != b:
            yield f"{who}: {key} {'as usual' if b is None else b} (was {'as usual' if a is None else a})"


# ---- what -----------------------------------------------------------------------------------------------


def _services(old: model.Plan, new: model.Plan) -> Iterator[str]:
    def changed(was: model.Service, now: model.Service) -> Iterator[str]:
        who = f"Service {quoted(now.name)}"
        yield from _one(f"{who}: schedule", was.schedule, now.schedule)
        yield from _steps(who, was.steps, now.steps)
        yield from _per_channel(f"{who}: answered within", was.answer_within, now.answer_within)
        yield from promises(who, was.promises, now.promises)
        yield from _per_channel(f"{who}: lag behind live work", _lags(old, was), _lags(new, now))
        yield from _per_channel(f"{who}: after hours", was.after_hours, now.after_hours)
        yield from _levels(f"{who} needs", was.skills, now.skills)
        yield from _levels(f"{who} needs", was.languages, now.languages)
        yield from _one(f"{who}: title", was.title, now.title)
        yield from _one(f"{who}: greeting", was.greeting, now.greeting)
        yield from closing(f"{who}, at the end", was.closing, now.closing)
        yield from checklists(f"{who}, before the next tier", was.checklists, now.checklists)
        yield from asks(who, was.ask, now.ask)
        yield from _one(f"{who}: priority", was.priority, now.priority)
        words = {"drain": "at closing time served for", "reopen": "a message re-opens within"}
        for key, label in words.items():
            yield from _one(f"{who}: {label}", getattr(was, key), getattr(now, key))

    yield from _listed("Service", old.services, new.services, changed)


def _lags(plan: model.Plan, it: model.Service) -> model.PerChannel[timedelta | None]:
    """The service's own: None where it is that of the channel."""
    own = [None if it.lag.of(c) == plan.channels.of(c).lag else it.lag.of(c) for c in CHANNELS]
    return model.PerChannel(*own)


def _steps(who: str, was: tuple[model.Step, ...], now: tuple[model.Step, ...]) -> Iterator[str]:
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        same = min(a2 - a1, b2 - b1)
        for k in range(same):
            yield from _step(f"{who}, step {b1 + k + 1}", was[a1 + k], now[b1 + k])
        for k in range(b1 + same, b2):
            yield f"{who}: step {k + 1} is new ({step(now[k])})"
        for k in range(a1 + same, a2):
            yield f"{who}: step {k + 1} is removed ({step(was[k])})"


def step(it: model.Step) -> str:
    """A step in words."""
    teams = {"any": ", any team"}.get(str(it.teams), f", teams {plain(it.teams)}" if it.teams else "")
    until = f", until {lasting(it.until)}" if it.until is not None else ", to the end"
    return f"{tiers(it.tiers)}{teams}{until}"


def _step(who: str, was: model.Step, now: model.Step) -> Iterator[str]:
    if was.tiers != now.tiers:
        yield f"{who}: asks {tiers(now.tiers)} (was {tiers(was.tiers)})"
    if was.teams != now.teams:
        usual = "all that aren't outsourced"
        yield f"{who}: teams {plain(now.teams) if now.teams else usual} (was {plain(was.teams) if was.teams else usual})"
    if was.then != now.then:
        if was.then is not None and now.then is not None:
            yield from _per_channel(f"{who}: then", was.then, now.then)
        else:
            yield f"{who}: {'is the last now' if now.then else 'is no longer the last'}"
    words = {"offer_to": "asked at the same time", "pick": "who of them", "alert": "alerts", "page": "pages"}
    yield from _rest(who, was, now, words, ("tiers", "teams", "then"))


# ---- which ----------------------------------------------------------------------------------------------


def _entries(old: model.Plan, new: model.Plan) -> Iterator[str]:
    before, after = ({(e.channel, e.to): e for e in plan.entry} for plan in (old, new))
    for key in [*before, *(k for k in after if k not in before)]:
        was, now = before.get(key), after.get(key)
        who = f"Door {key[0]}{' ' + key[1] if key[1] else ''}"
        if now is None:
            yield f"{who} is removed"
        elif was is None:
            yield f"{who} is new: it leads to {now.service or 'a menu'}"
        elif was != now:
            if was.service != now.service:
                yield f"{who} leads to {now.service or 'its menu'} (was {was.service or 'its menu'})"
            yield from _one(f"{who}: language", was.language, now.language)
            yield from _one(f"{who}: greeting", was.greeting, now.greeting)
            yield from _one(f"{who}: before a person", was.first, now.first)
            yield from _one(f"{who}: its reaction", *(it.shared and it.shared.reaction for it in (was, now)))
            yield from _one(f"{who}: its customer", *(it.shared and it.shared.customer for it in (was, now)))
            if (was.shared is None) != (now.shared is None):
                yield f"{who} is {'shared with a customer' if now.shared else 'no longer shared with a customer'}"
            yield from _one(f"{who}: who chooses nothing goes to", was.otherwise, now.otherwise)
            yield from _menu(who, was, now)


def _menu(who: str, was: model.Entry, now: model.Entry) -> Iterator[str]:
    before, after = {m.press: m for m in was.menu}, {m.press: m for m in now.menu}
    for key in sorted({*before, *after}):
        a, b = before.get(key), after.get(key)
        if b is None:
            yield f"{who}: key {key} is removed"
        elif a != b:
            yield (
                f"{who}: key {key} leads to {_leads(b)}"
                + (f" (was {_leads(a)})" if a else "")
                + f", says {plain(b.say)}"
            )
    if before == after and was.menu != now.menu:
        yield f"{who}: the keys are read in another order"


def _leads(key: model.MenuKey) -> str:
    return key.service or f"the menu in {key.language}"


def _texts(old: model.Plan, new: model.Plan) -> Iterator[str]:
    before, after = ({(name, lang): text for name, lang, text in plan.texts.entries} for plan in (old, new))
    for name, language in sorted({*before, *after}):
        a, b = before.get((name, language)), after.get((name, language))
        who = f"Text {quoted(name)} ({language})"
        if a != b:
            yield (
                (f"{who}: our usual words" if name.startswith(CALL) else f"{who} isn't sent any more")
                if b is None
                else f"{who}: {quoted(b)}" + (f" (was {quoted(a)})" if a else " is new")
            )


_PARTS: tuple[Callable[[model.Plan, model.Plan], Iterator[str]], ...] = (
    lambda old, new: rules(old.rules, new.rules), _entries, _services, _schedules, _agents, _teams, _on_call,
    _channels, _visits, _sessions, _texts, _closing, desk, first, mail, letters, web_chat, _root,
)  # fmt: skip
