"""The reference model's telephone: what the queue knows of legs, and what a phone does to an offer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .contact import RANKS, LegState
from .legs import (
    JOTS,
    LEGS,
    check_happening,
    check_jot,
    check_leg,
    check_spend,
    offer_of,
    too_many_jots,
    too_many_legs,
)
from .model_records import Contact, Offer
from .model_timers import Timers
from .replies import Answer, Counts
from .state import Leg

HOUR, DAY = 3_600_000, 86_400_000
LONGEST = 120_000  # from now to an offer's deadline, however often it is put off
NOTHING: Mapping[str, str] = MappingProxyType({})


class Phone(Timers):
    """Every method is one transition at the instant `now`."""

    __slots__ = ()

    # -- what is known ---------------------------------------------------------------------------------------

    def leg(self, contact: str, sid: str, state: LegState, about: Mapping[str, str] = NOTHING) -> Answer:
        """News of a leg; those that are no news any more are `late` and only show that somebody knows it."""
        check_leg(sid, state, about)
        it = self.contacts.get(contact)
        if it is None:
            return Answer("gone")
        was = it.legs.get(sid)
        if was and RANKS[state] <= RANKS[was.state]:
            if was.live:
                it.heard[sid] = self.now
            return Answer("late", state=it.state)
        if was is None and len(it.legs) >= LEGS:
            raise too_many_legs(contact)
        known = {**(was.about if was else {}), **about}
        it.legs[sid] = Leg(sid, state, self.now, known)
        it.heard[sid] = self.now
        before = was.state if was else ""
        self.tell(
            "leg", it.id, known.get("a", ""), offer_of(known), sid=sid, state=state, was=before, **known
        )
        return Answer("ok", state=it.state)

    def legs(self, contact: str) -> tuple[Leg, ...]:
        """In the order of their first news."""
        it = self.contacts.get(contact)
        return tuple(it.legs.values()) if it else ()

    def legs_unheard(self, before: int, limit: int = 100) -> list[tuple[str, str]]:
        """Legs that haven't ended and of which nobody has heard since `before`, longest ago first: (contact, sid)."""
        live = [(it, leg) for it in self.contacts.values() for leg in it.legs.values() if leg.live]
        found = sorted((it.heard[leg.sid], f"{it.id} {leg.sid}") for it, leg in live)
        pairs = [said.partition(" ") for at, said in found if at < before]
        return [(id, sid) for id, _, sid in pairs[:limit]]

    def jot(self, contact: str, name: str, value: str) -> str:
        """Keep a small fact of the call; the one before it, "" if there was none. An empty one takes it away."""
        check_jot(name, value)
        it = self.contacts.get(contact)
        if it is None:
            return ""
        if value and name not in it.jots and len(it.jots) >= JOTS:
            raise too_many_jots(contact)
        before = it.jots.pop(name, "")
        if value:
            it.jots[name] = value
        return before

    def happen(
        self, contact: str, what: str, facts: Mapping[str, str], agent: str = "",
        about: Mapping[str, str] = NOTHING,
    ) -> Answer:  # fmt: skip
        """Facts that belong together, told; `late` when all of them were known."""
        check_happening(what, facts, about)
        it = self.contacts.get(contact)
        if it is None:
            return Answer("gone")
        kept = {**it.jots, **facts}
        if new := [name for name in facts if facts[name] and name not in it.jots]:
            if len(it.jots) + len(new) > JOTS:
                raise too_many_jots(contact)
        kept = {name: value for name, value in kept.items() if value}
        if kept == it.jots:
            return Answer("late", state=it.state)
        it.jots = kept
        self.tell("call", it.id, agent, 0, what=what, **about)
        return Answer("ok", state=it.state)

    def jots(self, contact: str) -> Mapping[str, str]:
        """What was jotted down."""
        it = self.contacts.get(contact)
        return dict(it.jots) if it else {}

    # -- a phone rings ---------------------------------------------------------------------------------------

    def miss(self, contact: str, offer: int, agent: str, why: str = "") -> Answer:
        """A phone that nobody answers: as if the deadline had passed."""
        it, live = self.live(contact, offer, agent)
        if it is None or live is None:
            return self.too_late(it, "stale")
        self.missed(it, live, why)
        self.work()
        return Answer("ok", state=it.state)

    def prolong(self, contact: str, offer: int, agent: str, until: int) -> Answer:
        """The phone was answered: time until `until`, if that is later."""
        it, live = self.live(contact, offer, agent)
        if it is None or live is None:
            return self.too_late(it, "stale")
        if self._put_off(it, live, until):
            self.tell("prolonged", it.id, agent, offer, due=live.due)
        return Answer("ok", state=it.state, due=live.due)

    def claim(self, contact: str, offer: int, agent: str, more: int) -> Answer:
        """Somebody says that they take it: the others' phones stop, and theirs has `more` ms."""
        it, live = self.live(contact, offer, agent)
        claimer = next((o.agent for o in it.offers.values() if o.number == it.claimed), "") if it else ""
        if it and claimer and claimer != agent:
            return Answer("taken", claimer, it.state)
        if it is None or live is None:
            return self.too_late(it)
        if it.claimed != offer:
            self.list_out(it)
            it.claimed = offer
            self._put_off(it, live, self.now + more)
            self.tell("claimed", it.id, agent, offer, due=live.due)
            for other in sorted(it.offers.values(), key=lambda one: one.number):
                if other is not live:
                    self.end_offer(it, other, "rescinded", "claimed")
                    self.roomy.append(self.agents[other.agent])
            self.list_in(it)
            self.work()
        return Answer("ok", state=it.state, due=live.due)

    def _put_off(self, it: Contact, live: Offer, until: int) -> bool:
        """A later deadline, within bounds, of an offer that counts as delivered from now on; whether that is news."""
        before = (live.delivered, live.due)
        live.delivered, live.due = True, max(live.due, min(until, self.now + LONGEST))
        self.due[f"o:{it.id}:{live.number}"] = live.due
        return before != (live.delivered, live.due)

    # -- what costs money ------------------------------------------------------------------------------------

    def spend(self, key: str, number: str, most: Counts) -> Counts | None:
        """Count a call or text that is about to begin, once a day by its key; what was begun when it may not."""
        check_spend(key, number)
        begun = {it: (at, to) for it, (at, to) in self.begun.items() if at > self.now - DAY}
        self.begun = begun
        if key in begun:
            return None
        lately = [to for at, to in begun.values() if at > self.now - HOUR]
        daily = [to for _, to in begun.values()]
        so_far = Counts(lately.count(number), daily.count(number), len(lately), len(daily))
        if so_far.number_hour >= most.number_hour or so_far.number_day >= most.number_day:
            return so_far
        if so_far.hour >= most.hour or so_far.day >= most.day:
            return so_far
        begun[key] = (self.now, number)
        return None
