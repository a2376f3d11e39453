"""More steps of random histories: work that changes hands, sleeps, comes back; people who leave; new plans."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from typing import Any

from tierline.queue.contact import Arrived, Preference, Step

HALF_HOUR = 1_800_000

HANDED = {
    "transfer": 18, "keep": 3, "snooze": 7, "release": 4, "rerank": 4, "discard": 2, "merge": 3, "split": 2,
    "reopen": 3, "reach": 5, "consult": 1, "write": 24, "reply": 14, "retire": 2, "go": 4, "publish": 2, "stray_move": 3, "meet": 9, "forget": 4,
    "recall": 4, "retime": 5, "alert": 3, "wrap_on": 4, "remark": 2, "finish": 3,
    "arrive": 16, "accept": 40, "delivered": 12, "decline": 7, "complete": 8, "remove_agent": 0, "presence": 9,
    "agent": 2, "overtime": 1, "desk": 1, "jump": 1, "tick": 10, "wait": 7,
}  # fmt: skip


class Moves:
    """What each of these steps means here and now; mixed into `History`, which knows the model and the clock."""

    world: Any
    model: Any
    now: int
    call: Any
    _of: Any
    _known: Any
    _decision: Any
    gone: Any

    def _route_of(self, contact: str, b: int, c: int, d: int) -> Any:
        decision = self._decision(b, c, d, self.model.contacts[contact].route.channel)
        if d % 4 == 1:
            name = self.world.agents[c % len(self.world.agents)]
            until = (None, self.now + 9_000, self.now + 60_000)[b % 3]
            kind = "direct" if until is None else "preferred"
            decision = dataclasses.replace(decision, prefer=Preference(name, kind, until))
        return decision

    def _by(self, contact: str, a: int) -> str:
        """Mostly the owner, sometimes a supervisor, now and then somebody who has no business with it."""
        return (self.model.contacts[contact].owner, "", self.world.agents[0])[(0, 0, 0, 1, 2)[a % 5]]

    def _handing(self, a: int) -> str | None:
        found = [it.id for it in self.model.contacts.values() if it.handing]
        return found[a % len(found)] if found else None

    def _transfer(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        contact = self._handing(a) if a % 7 == 0 else None
        if contact := contact or self._of(a, *(("active", "snoozed") if b % 3 else ("snoozed",))):
            decision, only = self._route_of(contact, b, c, d), c % 3 == 0
            if only and b % 5:
                others = [it for it in self.model.ready if it != self.model.contacts[contact].owner]
                name = (others or self.world.agents)[c % len(others or self.world.agents)]
                decision = dataclasses.replace(decision, prefer=Preference(name, "direct"))
            yield self.call("transfer", contact, self._by(contact, c), decision, "team", f"why {a}", only)

    def _meet(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Whoever is asked to take something over answers."""
        offers = [
            (it.id, o.number, o.agent)
            for it in self.model.contacts.values()
            if it.handing
            for o in it.offers.values()
        ]
        if offers:
            contact, number, agent = offers[a % len(offers)]
            if b % 4 < 2:
                yield self.call("accept", contact, number, agent)
            elif b % 4 == 2:
                yield self.call("decline", contact, number, agent, "no time")
            else:
                yield self.call("rescind", contact, number, "undeliverable")

    def _keep(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if contact := self._handing(a) or self._of(a, "active"):
            yield self.call("keep", contact, self._by(contact, c))

    def _snooze(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        contact = self._handing(a) if a % 5 == 0 else None
        if contact := contact or self._of(a, *(("active", "snoozed") if d % 4 else ("snoozed",))):
            wake = (None, self.now + 1_000 + b, self.now + 20_000)[c % 3]
            yield self.call("snooze", contact, self._by(contact, b), wake, ("", "later")[c % 2])

    def _release(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if contact := self._of(a, "active", "snoozed"):
            yield self.call("release", contact, self._by(contact, b), ("", "busy")[c % 2], bool(d % 3))

    def _rerank(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        states = ("waiting", "offered") if a % 3 else ("active", "snoozed", "parked", "wrapping", "closed")
        if contact := self._of(b, *states):
            rank = self.now + (0, -3_600_000, 28_800_000, 60_000)[c % 4] + b % 3
            yield self.call("rerank", contact, rank, "mira", "urgent")

    def _discard(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if contact := self._of(a, "waiting", "offered", "active", "snoozed", "parked", "wrapping"):
            yield self.call("discard", contact, self._by(contact, b), '{"disposition":"spam"}')

    def _merge(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        ids = list(self.model.contacts)
        if not ids:
            return
        snoozed = self._of(b, "snoozed") if c % 3 == 0 else None
        yield self.call("merge", ids[a % len(ids)], snoozed or ids[b % len(ids)])

    def _split(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        said = [it for it in self.model.contacts.values() if len(it.messages) > 1 or a % 4 == 0]
        if said:
            it = said[b % len(said)]
            # What was merged may have come by another door: the router doesn't split that off.
            door = f'"channel":"{it.route.channel}"'
            ours = [m for m in it.messages if door in m.body or '"channel"' not in m.body]
            numbers = [m.n for m in ours if m.kind == "in" or c % 9 == 0][d % 2 :: (1, 2)[c % 2]]
            yield self.call("split", it.id, tuple(reversed(numbers)), self._route_of(it.id, b, c, d))

    def _reopen(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if contact := self._of(a, "closed", "abandoned", "dead"):
            agent = "" if c % 3 == 0 else (self._known(b) or "")
            yield self.call("reopen", contact, agent, self._route_of(contact, b, c, d))

    def _reach(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Somebody writes first, to whom we know or don't, sometimes where a conversation is open."""
        known = [it for it in self.model.contacts.values() if it.conversations]
        it = known[b % len(known)] if known and a % 3 else None
        name = self._known(a) or "nobody"
        if d % 5 == 0:
            name = "nobody"
        decision = self._decision(b, c, d, it.route.channel if it else None)
        thread = (
            it.conversations[c % len(it.conversations)]
            if it
            else f"{decision.route.channel}:new{self.now}.{a}"
        )
        yield self.call("reach", name, thread, decision, it.id if it and c % 2 else "")

    def _recall(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """What has left the store is called back, or is still here, or never was."""
        if self.gone and a % 7:
            contact, _ = self.gone[a % len(self.gone)]
            was = dict(self.gone)[contact]  # as it was when it left for the last time: what the history says
            decision = dataclasses.replace(
                self._decision(b, c, d, was.route.channel), route=was.route, facts=was.facts
            )
            told = (was.thread, len(was.messages), decision, was.state, was.arrived, was.owner)
            yield self.call("recall", contact, *told)
            if b % 2:
                yield self.call("text", contact, "incident.end:I1", '{"text":"over"}', False)
        else:
            yield self.call(
                "recall", f"C{1_000_000 + b}", "t", 1, self._decision(b, c, d), "closed", self.now, ""
            )

    def _retime(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        states = ("waiting", "offered", "parked") if a % 4 else ("active", "snoozed", "closed")
        if contact := self._of(b, *states):
            it = self.model.contacts[contact]
            ends = tuple(it.base + 9_000 * (i + 1) + c for i in range(len(it.route.steps) - 1))
            if ends:
                yield self.call("retime", contact, it.base - (d % 5 == 0), ends)

    def _consult(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if contact := self._of(a, "active", "snoozed"):
            yield self.call("consult", contact, self._by(contact, b), "eve", "what is this?")

    def _wrap_on(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Mostly often enough that it isn't granted any more."""
        if contact := self._of(a, "wrapping", "wrapping", "closed"):
            owner = (self.model.contacts[contact].owner, "", "nobody")[b % 3]
            for _ in range(1 + c % 4):
                yield self.call("wrap_on", contact, owner, (30_000, 0, 5_000, 900_000)[d % 4])

    def _remark(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Of what is open, has ended, has left the store, or never was."""
        contact = f"C{1000 + a % (self.model.counter - 1000 + 2)}"
        yield self.call("remark", contact, ("", "a0")[b % 2], '{"rating":"4"}')
        # Somebody makes sure whose it is, by what was known of it or by what is so no more. Not a step of its own:
        # seeds are kept that once found something.
        it = self.model.contacts.get(contact)
        known = it.facts if it is not None and c % 5 else '{"customer":"nobody"}'
        about = ({"by": "Mira", "how": "a code"}, {})[d % 2]
        yield self.call("identify", contact, ("", "a0")[b % 2], known, f'{{"customer":"K{c % 3}"}}', about)

    def _write(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """A customer writes again, preferably to what sleeps, is answered, or has just ended."""
        if a % 5 == 0 and (quiet := [it[2:] for it in self.model.due if it.startswith("q:")]):
            contact = quiet[b % len(quiet)]
        elif roused := [it.id for it in self.model.contacts.values() if it.handover and it.handover.asleep]:
            contact = roused[b % len(roused)]
        else:
            contact = self._liked(a, b)
        if contact:
            yield from self._again_from(contact, a, b, c, d)

    def _liked(self, a: int, b: int) -> str | None:
        liked = ("snoozed", "snoozed", "active", "wrapping", "closed", "parked", "waiting")[a % 7]
        return self._of(b, liked)

    def _again_from(self, contact: str, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        it = self.model.contacts[contact]
        threads = it.conversations
        if not threads:
            return
        again = None
        if c % 4:
            channel = it.route.channel if c % 7 else None
            again = self._decision(b, c, d, channel)
            if d % 3 == 0 and it.owner:
                again = dataclasses.replace(
                    again, prefer=Preference(it.owner, "preferred", self.now + 30_000)
                )
        decision = self._decision(b, c + 1, d, it.route.channel)
        event = f"W{self.now}.{a}"
        said = Arrived(it.route.channel, event, "customer", "us", f"again {b}").to_json()
        reopen = (HALF_HOUR, 0, HALF_HOUR, 5_000)[d % 4]
        yield self.call("arrive", said, event, threads[c % len(threads)], decision, again, reopen)

    def _reply(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """The owner answers; mostly it goes out at once."""
        if contact := self._of(a, "active", "active", "snoozed"):
            it = self.model.contacts[contact]
            yield self.call("hold_reply", contact, it.owner, '{"text":"hello"}', f"R{self.now}.{b}", 8_000)
            if b % 4:
                yield self.call("release_reply", contact, len(it.messages))

    def _retire(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        if name := self._known(a):
            yield self.call("remove_agent", name, (0, 1_000, 15_000, 40_000)[b % 4])

    def _go(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """Somebody leaves with their hands full, for a moment or for good; or is made into somebody else."""
        busy = [it.name for it in self.model.agents.values() if it.holds]
        name = busy[a % len(busy)] if busy else self._known(a)
        if name is None:
            return
        it = self.model.agents[name]
        if b % 3 == 0:
            yield self.call("presence", name, "offline", None, "home")
        else:
            on, profile = b % 3 == 1, self.world.profiles[c % len(self.world.profiles)]
            yield self.call(
                "agent", name, profile, it.capacity, it.channels, (), on, (2_000, 20_000, 300_000)[c % 3]
            )
        if d % 2:
            self.now += (3_000, 25_000)[a % 2]
            yield self.call("tick")
            yield self.call("presence", name, "available", None, "")

    def _publish(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """A new plan: another need, the waiting ones decided anew, one agent of another profile."""
        if len(self.world.routes) < 12:
            rng = random.Random(a)
            route = self.world.routes[b % len(self.world.routes)]
            need = dataclasses.replace(
                route.steps[0].need, tiers=tuple(rng.sample((1, 2, 3), rng.randint(1, 3))), teams=()
            )
            step = Step(need, rng.choice((4_000, 25_000)), rng.choice(("longest", "least_loaded")))
            self.world.routes.append(dataclasses.replace(route, steps=(step, *route.steps[-1:]), wrap_up=0))
        for it in [it for it in self.model.contacts.values() if it.state in ("waiting", "offered")][:5]:
            yield self.call("reroute", it.id, self._decision(b, c, d, it.route.channel))
        if name := self._known(c):
            it = self.model.agents[name]
            profile = dataclasses.replace(
                self.world.profiles[a % len(self.world.profiles)], tier=1 + (a + b) % 3
            )
            yield self.call("agent", name, profile, it.capacity, it.channels, it.edges, it.shift, 15_000)

    def _stray_move(self, a: int, b: int, c: int, d: int) -> Iterator[Any]:
        """An act that comes too late, or from somebody who has no business with it."""
        contact, agent = f"C{1001 + a % (len(self.model.contacts) + 1)}", self.world.agents[0]
        name = ("keep", "snooze", "release", "discard", "consult")[c % 5]
        yield self.call(name, contact, agent, *(("eve", "?") if name == "consult" else ()))
