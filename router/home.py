"""What an agent's Home says: their state, what they have, what waits for them, today, the next shift. Pure.

A part of the house brings sections (`Part.home`); these are the agent's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..channels.channel import Button
from ..channels.home import Clock, Entry, Section
from ..channels.house import Actor
from ..queue.state import BITS, QUEUED, AgentView, ContactView
from .due import solve_due
from .facts import Facts
from .lines import escape, lasted
from .plan.model import AgentSpec, Plan
from .rulebook import Rulebook

if TYPE_CHECKING:
    from ..queue.history.numbers import Numbers

MOST_MINE, MOST_WAITING = 20, 10
"""Entries of a section that are shown; of the rest only how many they are."""
CALLED = {"voice": "calls", "chat": "chats", "sms": "texts", "email": "mails"}
ONE = {"voice": "call", "chat": "chat", "sms": "text", "email": "mail"}
AVAILABLE = Button("agent.available", "Available", style="primary")
BACK = Button("agent.available", "I'm back", style="primary")
AWAY = Button("form.away", "Away …")
LONGER = Button("form.away", "Away longer …")
OFFLINE = Button("agent.offline", "Offline")
OVERTIME = Button("form.overtime", "Overtime …")


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that an agent's Home is made of, as of `now` (ms).

    `mine` are the contacts that they own or are offered, `places` their threads; `waiting` are the first of the `waits`
    contacts that they could be offered; `back` is when they said they would be; `edges` are the next instants at which
    their shift changes; `today` None: the history doesn't answer; `stands_for` names those who are away.
    """

    book: Rulebook
    spec: AgentSpec
    me: AgentView
    now: int
    mine: Sequence[ContactView] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    waiting: Sequence[ContactView] = ()
    waits: int = 0
    back: int | None = None
    edges: tuple[tuple[int, bool], ...] = ()
    today: Numbers | None = None
    stands_for: Sequence[str] = ()


def sections(it: Scene) -> tuple[Section, ...]:
    """All of them, in the order in which they are read."""
    return own_state(it), own_contacts(it), waiting(it), today(it), next_shift(it)


# ---- who they are just now ---------------------------------------------------------------------------------------


def own_state(it: Scene) -> Section:
    """Their presence and until when, what they carry, and what they can do about it."""
    me = it.me
    title = f"You are {me.presence}" if me.on_shift or me.presence != "available" else "You are off shift"
    lines = [escape(me.why[:1].upper() + me.why[1:])] if me.why and me.presence != "available" else []
    lines += [_carried(me), *_room(it)]
    if it.stands_for:
        lines.append(f"You stand in for {escape(_listed(it.stands_for))}.")
    if me.misses and me.presence == "available":
        lines.append("You missed the last offer: miss the next one, too, and you are set away.")
    return Section(title, "\n".join(lines), _until(it), buttons=_choices(it))


def _until(it: Scene) -> tuple[Clock, ...]:
    found = [Clock("back", it.back, late=it.back < it.now)] if it.back and it.me.presence == "away" else []
    if it.me.overtime:
        found.append(Clock("overtime until", it.me.overtime))
    elif it.me.on_shift and (ends := next((at for at, on in it.edges if not on), None)):
        found.append(Clock("on shift until", ends))
    return tuple(found)


def _carried(me: AgentView) -> str:
    used, budget = me.live + me.deferred, me.capacity.budget
    return f"Load {used} of {budget}" + (": you have nothing in hand." if not used else ".")


def _room(it: Scene) -> list[str]:
    me = it.me
    if me.presence == "away":
        return ["Nothing is offered to you while you are away. What you own stays yours."]
    if me.presence == "offline":
        return ["Nothing is offered to you."]
    if not me.on_shift:
        return ["Nothing is offered to you outside your shift, unless you work overtime."]
    if me.draining:
        return [f"You are kept free for {me.draining}: nothing of later rank is offered until it fits."]
    free = [CALLED[channel] for channel, bit in BITS.items() if me.mask & bit]
    if free:
        return [f"You may be offered {_listed(free)}."]
    return ["An offer is open for you." if me.offers else "You are full: nothing more is offered for now."]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _choices(it: Scene) -> tuple[Button, ...]:
    me = it.me
    begin = (AVAILABLE,) if me.on_shift else (OVERTIME,)
    match me.presence:
        case "available" if me.on_shift:
            return AWAY, OFFLINE, OVERTIME
        case "available":
            return OVERTIME, OFFLINE
        case "away":
            return *((BACK,) if me.on_shift else (OVERTIME,)), LONGER, OFFLINE
        case _:
            return begin


# ---- what they have ----------------------------------------------------------------------------------------------


def own_contacts(it: Scene) -> Section:
    """What they own or are offered, the most urgent first, each with its clocks and its thread."""
    if not it.mine:
        return Section("Yours", "You have nothing open.")
    ordered = sorted(it.mine, key=lambda c: _urgency(c, it.me.name))
    entries = tuple(_mine(it, contact) for contact in ordered[:MOST_MINE])
    return Section(f"Yours: {len(it.mine)}", entries=entries, more=max(0, len(it.mine) - MOST_MINE))


def _urgency(contact: ContactView, me: str) -> tuple[int, int, str]:
    """An offer first, then whoever waits for an answer by when it is due, then what is to be finished, then the rest."""
    if contact.owner != me:
        return 0, 0, contact.id
    due = Facts.parse(contact.facts).due
    if contact.state == "active" and contact.owed:
        return 1, due if due is not None else contact.arrived, contact.id
    return {"wrapping": 2, "active": 3}.get(contact.state, 4), contact.wake or 0, contact.id


def _mine(it: Scene, contact: ContactView) -> Entry:
    words, clocks = _standing(it, contact)
    facts = Facts.parse(contact.facts)
    title = f"*{contact.id}* {escape(contact.service)} · {ONE[contact.channel]} · {words}"
    if (due := solve_due(it.book, contact)) is not None:
        clocks = (*clocks, Clock("to be done", due, late=due < it.now))
    return Entry(title, _customer(facts), clocks, it.places.get(contact.id, ""))


def _standing(it: Scene, contact: ContactView) -> tuple[str, tuple[Clock, ...]]:
    """What it waits for, and its clocks."""
    if contact.owner != it.me.name:
        live = next((o for o in contact.offers if o.agent == it.me.name), None)
        return "offered to you", (Clock("until", live.due),) if live and live.delivered else ()
    handing = "; being handed over" if contact.handing else ""
    match contact.state:
        case "wrapping":
            return "wrap-up", (Clock("until", contact.wrap_until),) if contact.wrap_until else ()
        case "snoozed":
            asleep = "asleep" if contact.wake else "asleep until they write"
            return asleep + handing, (Clock("until", contact.wake),) if contact.wake else ()
        case _ if contact.channel == "voice":
            return f"in hand{handing}", ()
        case _ if not contact.owed:
            return f"waits for the customer{handing}", ()
        case _:
            return f"the customer waits for you{handing}", _due(contact, it.now)


def _due(contact: ContactView, now: int) -> tuple[Clock, ...]:
    due = Facts.parse(contact.facts).due
    return (Clock("answer due", due, late=due < now),) if due is not None else ()


def _customer(facts: Facts) -> str:
    return ", ".join(filter(None, (facts.name, facts.address)))


# ---- what waits for somebody like them ---------------------------------------------------------------------------


def waiting(it: Scene) -> Section:
    """Who waits and could be offered to them, and since when."""
    if not it.waits:
        return Section("Waiting", "Nobody waits for somebody like you.")
    entries = tuple(_waits(contact, it.now) for contact in it.waiting[:MOST_WAITING])
    return Section(f"Waiting: {it.waits}", entries=entries, more=max(0, it.waits - len(entries)))


def _waits(contact: ContactView, now: int) -> Entry:
    title = f"*{contact.id}* {escape(contact.service)} · {ONE[contact.channel]}"
    clocks = (Clock("since", contact.arrived), *_due(contact, now))
    return Entry(title, _customer(Facts.parse(contact.facts)), clocks)


def can_be_offered(contact: ContactView, me: str) -> bool:
    """Whether a contact that their profile is admitted to isn't closed to them for another reason."""
    return contact.state in QUEUED and me not in contact.excluded and contact.personal in ("", me)


# ---- today, and the next shift -----------------------------------------------------------------------------------


def today(it: Scene) -> Section:
    """Their numbers since the site's midnight."""
    day = it.today
    if day is None:
        return Section("Today", "Today's numbers can't be read just now.")
    said = [f"taken {day.taken}", f"closed {day.closed}"]
    if day.promised:
        said.append(f"answered within the promise {day.kept} of {day.promised}")
    said.append(f"missed {day.missed}")
    handled = [
        f"calls {lasted(day.aht_calls)} (talk, hold and wrap-up)" if day.aht_calls is not None else "",
        f"all else {lasted(day.aht_written)} (in hand, not asleep)" if day.aht_written is not None else "",
    ]
    aht = ", ".join(filter(None, handled))
    return Section(
        "Today", "\n".join(filter(None, (" · ".join(said), f"Average handle time: {aht}" if aht else "")))
    )


def next_shift(it: Scene) -> Section:
    """When they are on again; whoever is always on has no next one."""
    begins = next((at for at, on in it.edges if on), None)
    if begins is not None:
        ends = next((at for at, on in it.edges if not on and at > begins), None)
        clocks = (Clock("begins", begins), *((Clock("ends", ends),) if ends else ()))
        return Section("Next shift", clocks=clocks)
    always = it.me.shift and not it.edges
    return Section(
        "Next shift", "You are on shift round the clock." if always else "There is none in the plan."
    )


# ---- whoever isn't an agent --------------------------------------------------------------------------------------


def welcome(plan: Plan, actor: Actor) -> Section:
    """For somebody to whom no part of the house has anything to show: what this is, and whom to ask."""
    about = "Tierline brings customers' calls and texts to the people of this workspace who answer them."
    ask = " or ".join(plan.supervisors) or "a supervisor"
    if actor.is_guest:
        return Section("Tierline", f"{about} Guests work here only if the plan names them: ask {ask}.")
    wish = Button("agent.available", "I want to answer, too")
    return Section("Tierline", f"{about} You are not in its plan yet: ask {ask} to add you.", buttons=(wish,))
