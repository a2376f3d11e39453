"""More steps of random histories: legs of calls, phones that ring, agents who say that they take it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

from core_moves import HANDED

from tierline.queue.contact import RANKS, Need, Route, Step
from tierline.queue.legs import OURS
from tierline.queue.replies import Counts
from tierline.skills.skill import levels

PHONED = {
    **HANDED,
    "ring": 12, "leg": 22, "talk": 16, "hang_up": 7, "miss": 7, "prolong": 8, "claim": 26, "claim_too": 7, "jot": 7, "happen": 7,
    "spend": 14,
    "arrive": 30, "accept": 26, "go": 12, "wait": 12, "write": 10, "reply": 8, "tick": 12, "retire": 4, "leave_call": 10,
}  # fmt: skip
STATES = tuple(RANKS)


def calling(rng: random.Random, world: Any) -> Any:
    """A world of owners (`world`) with mostly calls, each of which several phones ring for."""
    for i in range(rng.randint(2, 4)):
        tiers = (1, 2, 3) if i else tuple(sorted(rng.sample((1, 2, 3), 2)))
        first = Step(
            Need("hotline", "voice", tiers=tiers), rng.choice((5_000, 30_000)), offer_to=rng.randint(1, 3)
        )
        last = Step(Need("hotline", "voice", tiers=(1, 2, 3)), offer_to=rng.choice((1, 2, 3, 3)))
        times = (rng.choice((None, 4_000)), rng.choice((None, 3_000)))  # which calls ignore
        steps = (first, last)[rng.randint(0, 1) :]
        world.routes.append(Route("hotline", "voice", steps, 20_000, rng.choice((0, 15_000)), *times))
    able = {"skills": levels({"network": 5, "dns": 5}), "languages": levels({"en": 5, "de": 3})}
    world.profiles = [
        dataclasses.replace(it, channels=()) if rng.random() < 0.5 else it for it in world.profiles
    ]
    world.profiles[0] = dataclasses.replace(world.profiles[0], **able)
    world.agents = [f"a{i}" for i in range(rng.randint(3, 6))]
    world.weights = dict(PHONED)
    return world


class Phones:
    """What each of these steps means here and now; mixed into `History`, which knows the model and the clock."""

    world: Any
    model: Any
    now: int
    call: Any
    _of: Any
    _on_offer: Any

    def _calls(self, *states: str) -> list[Any]:
        return [it for it in self.model.contacts.values() if it.is_call and it.state in states]

    def _ring(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """A phone rings before its card is shown; mostly that follows."""
        for call in self._on_offer("delivered", a, "", agent=False):
            yield call
            if b % 3:
                yield self.call("delivered", *call.args[:2], ("", f"D{c}:1")[b % 2])

    def _leg(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        ids = (
            [it.id for it in self._calls("waiting", "offered", "active")]
            if a % 3
            else list(self.model.contacts)
        )
        contact = ids[b % len(ids)] if ids and a % 11 else f"C{1001 + a % (len(self.model.contacts) + 1)}"
        told = (
            {},
            {"r": "customer"},
            {"r": "agent", "a": self.world.agents[c % len(self.world.agents)], "o": str(d % 5)},
            {"o": "no number", "x": "1"},
            {next(iter(OURS)): "2"},
        )[(c % 5) if c % 23 == 0 else c % 4]
        state = STATES[(d % 4) if d % 3 else d % len(STATES)]
        yield self.call("leg", contact, f"CA{b % 3}", state, told)

    def _talk(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """The customer's own leg."""
        if calls := self._calls("active", "active", "offered", "waiting", "closed"):
            yield self.call("leg", calls[a % len(calls)].id, "CUSTOMER", STATES[2 + b % 2], {"r": "customer"})

    def _hang_up(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        live = [
            (it.id, sid) for it in self.model.contacts.values() for sid, leg in it.legs.items() if leg.live
        ]
        if live:
            yield self.call("leg", *live[a % len(live)], STATES[4 + b % 5], {})

    def _leave_call(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Somebody leaves amid a call, for longer than their grace; perhaps its customer hangs up meanwhile."""
        talking = [it for it in self._calls("active") if it.talking]
        if not talking:
            return
        contact = talking[a % len(talking)]
        it = self.model.agents[contact.owner]
        if b % 4 == 0:
            yield self.call("remove_agent", it.name, (0, 2_000)[c % 2])
        elif b % 4 == 1:
            profile = self.world.profiles[c % len(self.world.profiles)]
            yield self.call("agent", it.name, profile, it.capacity, it.channels, (), True, 2_000)
        else:
            yield self.call("agent", it.name, it.profile, it.capacity, it.channels, (), False, 2_000)
        for i in range(1 + d % 3):
            for sid, leg in tuple(contact.legs.items()) if i == a % 3 else ():
                if leg.of_customer:
                    yield self.call("leg", contact.id, sid, "completed", {})
            self.now += (2_000, 30_000)[d % 2]
            yield self.call("tick")

    def _miss(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        yield from self._on_offer("miss", a, ("busy", "no-answer", "")[b % 3])

    def _prolong(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        yield from self._on_offer("prolong", a, self.now + (0, 8_000, 40_000, 500_000)[b % 4])

    def _claim(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Preferably where several phones ring; now and then twice."""
        many = [it for it in self.model.contacts.values() if len(it.offers) > 1]
        if many and a % 4:
            it = many[b % len(many)]
            offer = list(it.offers.values())[c % len(it.offers)]
            yield self.call("claim", it.id, offer.number, offer.agent, (0, 30_000, 30_000, 500_000)[d % 4])
        else:
            yield from self._on_offer("claim", a, (0, 30_000)[d % 2])

    def _claim_too(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Somebody says so of what another is taking, has taken, or was never asked to take."""
        claimed = [it for it in self.model.contacts.values() if it.claimed]
        taken = claimed or self._calls("active", "offered", "closed")
        if taken:
            it, name = taken[a % len(taken)], self.world.agents[b % len(self.world.agents)]
            act = ("claim", "claim", "miss", "prolong")[c % 4]
            more = {"claim": 30_000, "miss": "busy", "prolong": self.now + 30_000}[act]
            yield self.call(act, it.id, max(1, it.offered - d % 3), name, more)

    def _spend(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """A few calls and texts that cost money; some the same again, some after more than an hour."""
        most = Counts(1 + a % 2, 2 + a % 2, 3 + b % 3, 3 + b % 5)
        for n in (c, c + 1 + d % 2, c):
            yield self.call("spend", f"T{n % 12}", f"+49{n % 2}", most)
        if d % 4 == 0:
            self.now += 4_000_000
            yield self.call("tick")
            yield self.call("spend", f"T{c + 5}", f"+49{c % 2}", most)

    def _jot(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        noted = [it.id for it in self.model.contacts.values() if it.jots]
        contact = (
            noted[a % len(noted)]
            if noted and d % 2
            else self._of(a, "waiting", "offered", "active", "closed")
        )
        contact = contact or "C9999"
        yield self.call("jot", contact, f"n{b % 4}", ("", "CF1", "CF2", "QU1")[c % 4])

    def _happen(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Facts that belong together; half of them known already, or taken away."""
        contact = self._of(a, "active", "active", "offered", "closed") or "C9999"
        values = ("", "CF1", "CA2")
        facts = {f"n{b % 4}": values[c % 3], f"n{(b + 1 + d % 3) % 4}": values[d % 3]}
        about = ({}, {"sid": "CA2", "label": "x"})[a % 2]
        yield self.call("happen", contact, ("hold", "join")[b % 2], facts, ("", "a1")[c % 2], about)
