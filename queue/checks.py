"""What must be true of any `State`, by brute force and independent of model and scripts.

`violations` says in words what isn't. It may be asked at any instant; the rules that hold only when
nothing is due (work conservation, dead steps) are then left out while something is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ..skills.skill import CHANNELS, LIVE, Channel, refusal
from .state import BITS, ENDED, QUEUED, AgentView, ContactView, Event, State

OWNED = ("active", "wrapping", "snoozed")


def violations(state: State, now: int) -> list[str]:
    """Every broken rule, one line each; empty is good."""
    found = [*_promise(state), *_answering(state), *_timers(state), *_loads(state), *_marks(state)]
    if not any(at <= now for at in state.due.values()):
        found += [*_conservation(state), *_waits_in_vain(state), *_dead_steps(state, now)]
    return found


def claims(state: State, events: Iterable[Event]) -> set[tuple[str, str]]:
    """(agent, contact) of the offers that these events began and that still stand."""
    found = {(it.a, it.c) for it in events if it.e == "offered" and it.c in state.contacts}
    return {(a, c) for a, c in found if any(offer.agent == a for offer in state.contacts[c].offers)}


def over_capacity(state: State, claimed: Iterable[tuple[str, str]]) -> list[str]:
    """For (agent, contact) just offered: live + uninterrupted deferred cost within budget, and the channel's cap.

    Another channel's cap may have been lowered below what they have: that takes nothing away.
    """
    found = []
    for name, contact in sorted(set(claimed)):
        agent = state.agents[name]
        deferred = 0 if _in_call(state, agent) else agent.deferred
        if agent.contacts and agent.live + deferred > agent.capacity.budget:
            found.append(f"{name} holds {agent.live} + {deferred} of {agent.capacity.budget}")
        for channel, cap in agent.capacity.caps:
            if state.contacts[contact].channel == channel and _count(state, agent, channel) > cap:
                found.append(f"{name} holds more than {cap} {channel}")
    return found


def may_take(state: State, agent: AgentView, contact: ContactView) -> bool:
    """*May take it now*, read off the views alone."""
    holder = state.contacts.get(agent.draining)
    return (
        state.desk
        and _could(agent, contact)
        and contact.personal in ("", agent.name)
        and not (contact.personal and contact.offers)
        and not contact.claimed
        and all(offer.agent != agent.name for offer in contact.offers)
        and bool(_mask(state, agent) & BITS[contact.channel])
        and not (holder and (holder.rank, holder.id) < (contact.rank, contact.id))
    )


def _could(agent: AgentView, contact: ContactView) -> bool:
    return (
        agent.presence == "available"
        and agent.on_shift
        and bool(agent.channels & BITS[contact.channel])
        and agent.name not in (*contact.excluded, contact.owner)
        and refusal(contact.now_step.need, agent.profile) is None
    )


def _promise(state: State) -> Iterator[str]:
    for it in state.contacts.values():
        if (it.state in OWNED) != bool(it.owner):
            yield f"{it.id} is {it.state} with owner {it.owner!r}"
        if it.owner and it.id not in _kept_by(state.agents[it.owner], it):
            yield f"{it.id} isn't held by its owner {it.owner}"
        if it.handing and it.state != "active":
            yield f"{it.id} is handed over while it is {it.state}"
        if not it.handing and (it.state == "offered") != bool(it.offers):
            yield f"{it.id} is {it.state} with {len(it.offers)} live offers"
        if it.owner and any(offer.agent == it.owner for offer in it.offers):
            yield f"{it.id} is offered to its owner {it.owner}"
        if (it.state in ENDED) != (it.closed_at is not None):
            yield f"{it.id} is {it.state} and ended at {it.closed_at}"
        if it.state == "parked" and (it.wake is None or f"p:{it.id}" not in state.due):
            yield f"{it.id} is parked without a dated wake-up"
        if len({offer.agent for offer in it.offers}) != len(it.offers):
            yield f"{it.id} is offered twice to one agent"
        if it.claimed and [offer.number for offer in it.offers] != [it.claimed]:
            yield f"{it.id} is being taken with offer {it.claimed}, and has {len(it.offers)} live offers"


def _answering(state: State) -> Iterator[str]:
    """Who is reminded, what falls quiet, whose work goes to others: each timer has its reason and the reverse."""
    held = {member.split(":")[1] for member in state.due if member[0] == "r"}
    for it in state.contacts.values():
        idle = it.state == "active" and not it.handing
        call = it.channel == "voice"
        asked = idle and it.owed and it.route.nudge is not None and not call
        if asked and it.id not in held and f"n:{it.id}" not in state.due:
            yield f"{it.owner} is never reminded of {it.id}"
        if f"n:{it.id}" in state.due and not asked:
            yield f"timer n:{it.id} for {it.state}, owed: {it.owed}"
        if f"q:{it.id}" in state.due and (not idle or it.owed or it.route.quiet is None or call):
            yield f"timer q:{it.id} for {it.state}, owed: {it.owed}"
        if it.nudged and f"n:{it.id}" not in state.due:
            yield f"{it.owner} was reminded of {it.id}, and nothing follows"
    for agent in state.agents.values():
        if agent.leaving != state.due.get(f"l:{agent.name}"):
            yield f"{agent.name} leaves at {agent.leaving}, and the timer says otherwise"
        active = [id for id in agent.contacts if _owns(state.contacts[id], agent, "active")]
        gone = agent.presence == "offline" or not agent.on_shift
        if gone and active and agent.leaving is None:
            yield f"{agent.name} is gone for good with {sorted(active)}"
        mine = {it.id for it in state.contacts.values() if _owns(it, agent, "snoozed")}
        if agent.snoozed != mine:
            yield f"{agent.name} has snoozed {sorted(mine)}, not {sorted(agent.snoozed)}"


def _owns(contact: ContactView, agent: AgentView, state: str) -> bool:
    return contact.owner == agent.name and contact.state == state


def _kept_by(agent: AgentView, contact: ContactView) -> frozenset[str]:
    return agent.snoozed if contact.state == "snoozed" else agent.contacts


def _queued(contact: ContactView) -> bool:
    return contact.state in QUEUED or contact.handing


def _timers(state: State) -> Iterator[str]:
    must: set[str] = set()
    for it in state.contacts.values():
        must |= {f"o:{it.id}:{offer.number}" for offer in it.offers}
        dated = it.state == "parked" or (it.state == "snoozed" and it.wake is not None)
        must |= {f"p:{it.id}"} if dated else set()
        if dated and it.wake != state.due.get(f"p:{it.id}"):
            yield f"{it.id} doesn't wake at {it.wake}"
        must |= {f"w:{it.id}"} if it.state == "wrapping" else set()
        if _queued(it) and it.step < len(it.route.steps) - 1:
            must.add(f"s:{it.id}")
        for offer in it.offers:
            if state.due.get(f"o:{it.id}:{offer.number}") != offer.due:
                yield f"{it.id}'s offer {offer.number} isn't due when it says"
        if it.excluded and not (_queued(it) or it.state == "parked"):
            yield f"{it.id} is {it.state} and still excludes {sorted(it.excluded)}"
    for missing in sorted(must - state.due.keys()):
        yield f"no timer {missing}"
    for member in state.due:
        kind, _, rest = member.partition(":")
        contact, _, more = rest.partition(":")
        known = state.contacts.get(contact)
        if kind in "opw" and member not in must:
            yield f"timer {member} for nothing"
        if kind in "sE" and (known is None or not _queued(known)):
            yield f"timer {member} for what isn't in the queue"
        if kind == "e" and (known is None or more not in known.excluded):
            yield f"timer {member} without its pair"


def _loads(state: State) -> Iterator[str]:
    held: dict[str, set[str]] = {name: set() for name in state.agents}
    offers = Counter(offer.agent for it in state.contacts.values() for offer in it.offers)
    for it in state.contacts.values():
        owner = "" if it.state == "snoozed" else it.owner
        for name in filter(None, (owner, *(offer.agent for offer in it.offers))):
            held[name].add(it.id)
    for agent in state.agents.values():
        if held[agent.name] != agent.contacts:
            yield f"{agent.name} holds {sorted(held[agent.name])}, not {sorted(agent.contacts)}"
        if offers[agent.name] != agent.offers:
            yield f"{agent.name} has {offers[agent.name]} live offers, not {agent.offers}"
        costs = dict(agent.capacity.costs)
        for live, load in ((True, agent.live), (False, agent.deferred)):
            real = sum(costs.get(ch, 0) * _count(state, agent, ch) for ch in CHANNELS if (ch in LIVE) == live)
            if real != load:
                yield f"{agent.name}'s {'live' if live else 'deferred'} load is {real}, not {load}"
        if _mask(state, agent) != agent.mask:
            yield f"{agent.name}'s mask is {_mask(state, agent)}, not {agent.mask}"
        if agent.offers and not (agent.presence == "available" and agent.on_shift):
            yield f"{agent.name} isn't available on shift and has live offers"


def _marks(state: State) -> Iterator[str]:
    for it in state.contacts.values():
        if it.drainer and state.agents[it.drainer].draining != it.id:
            yield f"{it.id} thinks that {it.drainer} is kept free for it"
        if it.drainer and (not _queued(it) or it.offers or not _could(state.agents[it.drainer], it)):
            yield f"{it.drainer} is kept free for {it.id} in vain"
    for agent in state.agents.values():
        if agent.draining and state.contacts[agent.draining].drainer != agent.name:
            yield f"{agent.name} is kept free for {agent.draining}, which doesn't know"


def _conservation(state: State) -> Iterator[str]:
    free = [it for it in state.agents.values() if _mask(state, it)]
    for contact in state.contacts.values():
        if not _queued(contact):
            continue
        if not contact.personal and len(contact.offers) >= contact.now_step.offer_to:
            continue
        for agent in free:
            if may_take(state, agent, contact):
                yield f"{contact.id} waits beside {agent.name}, who may take it"


def _waits_in_vain(state: State) -> Iterator[str]:
    for it in state.contacts.values():
        agent = state.agents.get(it.personal)
        if _queued(it) and it.personal and not it.offers and (agent is None or not _could(agent, it)):
            yield f"{it.id} waits for {it.personal} alone, who can't be asked"


def _dead_steps(state: State, now: int) -> Iterator[str]:
    for it in state.contacts.values():
        last = len(it.route.steps) - 1
        if not _queued(it) or it.offers or it.step == last:
            continue
        ends = it.deadlines[it.step] if it.deadlines else it.base + (it.now_step.until or 0)
        if ends <= now:
            yield f"{it.id} is in step {it.step}, which has ended"
        counted = [
            agent.name
            for agent in state.agents.values()
            if agent.on_shift and agent.presence != "offline" and not refusal(it.now_step.need, agent.profile)
        ]
        out = it.excluded - it.paused | ({it.owner} if it.handing else set())
        if not out.issuperset(counted) or not counted:
            if not counted:
                yield f"{it.id} waits in step {it.step}, which nobody on shift could serve"
        else:
            yield f"{it.id} waits in step {it.step}, where all have been asked"


def _mask(state: State, agent: AgentView) -> int:
    if agent.presence != "available" or not agent.on_shift:
        return 0
    return sum(BITS[ch] for ch in CHANNELS if agent.channels & BITS[ch] and _room(state, agent, ch))


def _room(state: State, agent: AgentView, channel: Channel) -> bool:
    capacity = agent.capacity
    cost = dict(capacity.costs).get(channel, capacity.budget + 1)
    if _count(state, agent, channel) >= dict(capacity.caps).get(channel, 1 << 30):
        return False
    held = (state.contacts[id] for id in agent.contacts if id in state.contacts)
    offered = [it.channel for it in held if it.owner != agent.name]
    if len(offered) >= capacity.offers and not (channel == "voice" and not LIVE.intersection(offered)):
        return False
    if channel == "voice":
        return agent.live == 0 and cost <= capacity.budget
    if channel not in LIVE and _in_call(state, agent):
        return False
    return cost <= capacity.budget - agent.live - agent.deferred


def _in_call(state: State, agent: AgentView) -> bool:
    return _count(state, agent, "voice") > 0


def _count(state: State, agent: AgentView, channel: str) -> int:
    return sum(state.contacts[id].channel == channel for id in agent.contacts if id in state.contacts)
