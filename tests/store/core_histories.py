"""Random histories of the queue's core: worlds, abstract steps, and the calls that steps become.

A step is a name and four numbers; what it means is looked up in the model when it is carried out, so that
any part of a history is a history too, and a failing one can be shortened by leaving steps out.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core_calls import Phones, calling
from core_moves import HANDED, Moves

from tierline.queue.contact import PICKS, Arrived, Decision, Preference, Route, Step
from tierline.queue.model import Model
from tierline.queue.model_match import Bounds
from tierline.queue.replies import Refused
from tierline.skills.skill import CHANNELS, Capacity, Channel, Need, Profile, levels

START = 1_750_000_000_000
Move = tuple[str, int, int, int, int]
TINY = Bounds(tick=2, fill=2, sweep=2)


@dataclass(frozen=True)
class Call:
    """One operation at an instant, as both sides are asked to carry it out."""

    now: int
    op: str
    name: str
    args: tuple[Any, ...] = ()


@dataclass
class World:
    """What stays the same during a history."""

    profiles: list[Profile]
    capacities: list[Capacity]
    routes: list[Route]
    agents: list[str]
    threads: int
    crowd: int = 0
    snoozed: int = 0
    weights: dict[str, int] = field(default_factory=dict)
    bounds: Bounds = field(default_factory=Bounds)


def ordinary(rng: random.Random, bounds: Bounds | None = None) -> World:
    """A few services, up to eight agents of up to five profiles, every channel."""
    services = ["outage", "howto", "orders"][: rng.randint(1, 3)]
    return World(
        profiles=[_profile(rng, services) for _ in range(rng.randint(1, 5))],
        capacities=[_capacity(rng) for _ in range(3)],
        routes=[_route(rng, rng.choice(services), rng.choice(CHANNELS)) for _ in range(rng.randint(2, 7))],
        agents=[f"a{i}" for i in range(rng.randint(1, 8))],
        threads=rng.choice((3, 30, 300)),
        bounds=bounds or Bounds(),
    )


def crowded(rng: random.Random, bounds: Bounds | None = None) -> World:
    """Sixty waiting before four agents come; many classes on two channels, few of them for anybody."""
    channels = rng.sample(CHANNELS, 2)
    skills = [f"s{i}" for i in range(8)]
    routes = []
    for i in range(24):
        need = Need("crowd", channels[i % 2], ((skills[i % 8], rng.randint(1, 3)),), (), (1, 2), ())
        last = Step(Need("crowd", channels[i % 2], ((skills[i % 8], 1),), (), (1, 2, 3), ()))
        first = Step(need, rng.choice((30_000, 600_000)), rng.choice(PICKS))
        routes.append(Route("crowd", channels[i % 2], (first, last)[rng.randint(0, 1) :], 20_000, 0))
    return World(
        profiles=[
            Profile(
                "inhouse",
                rng.randint(1, 3),
                (),
                levels({it: rng.randint(1, 3) for it in rng.sample(skills, 3)}),
            )
            for _ in range(4)
        ],
        capacities=[_capacity(rng) for _ in range(2)],
        routes=routes,
        agents=[f"a{i}" for i in range(4)],
        threads=300,
        crowd=60,
        bounds=bounds or Bounds(),
    )


def busy(rng: random.Random, bounds: Bounds | None = None) -> World:
    """Two to four agents with their hands full of calls, chats and texts: who is kept free, and for what."""
    world = ordinary(rng, bounds)
    world.agents = world.agents[:1] + ["b1", "b2", "b3"][: rng.randint(1, 3)]
    world.profiles = [
        Profile(it.team, it.tier, it.tiers, it.skills, it.languages) for it in world.profiles[:2]
    ]
    world.capacities = [Capacity(offers=rng.choice((2, 3, 9))), Capacity(150, offers=2)]
    world.routes = [_route(rng, "outage", ch) for ch in ("voice", "chat", "sms", "email", "chat")]
    world.threads = 300
    world.weights = {
        "accept": 40,
        "arrive": 36,
        "complete": 14,
        "presence": 6,
        "decline": 6,
        "jump": 1,
        "wait": 5,
    }
    return world


def refusing(rng: random.Random, bounds: Bounds | None = None) -> World:
    """Two dozen waiting in two classes, and three agents who mostly decline: long runs of what isn't for them."""
    world = ordinary(rng, bounds)
    channel = rng.choice(CHANNELS)
    need = Need("outage", channel, tiers=(1, 2, 3))
    world.profiles = [Profile("inhouse"), Profile("experts", 3)]
    world.capacities = [Capacity(caps=((channel, 2),)), Capacity()]
    world.routes = [
        Route("outage", channel, (Step(need, pick=rng.choice(PICKS)),), 20_000, 0),
        Route("outage", channel, (Step(Need("outage", channel, tiers=(1, 3))),), 20_000, 0),
    ]
    world.agents, world.crowd, world.threads = ["a0", "a1", "a2"], 24, 300
    world.weights = {"decline": 70, "accept": 4, "arrive": 8, "wait": 3, "jump": 0, "presence": 4}
    return world


def _profile(rng: random.Random, services: list[str]) -> Profile:
    return Profile(
        rng.choice(("inhouse", "nightowl", "experts")),
        rng.randint(1, 3),
        levels({rng.choice(services): rng.randint(1, 3)}) if rng.random() < 0.3 else (),
        levels({it: rng.randint(1, 5) for it in rng.sample(["network", "dns", "mail"], rng.randint(0, 3))}),
        levels({"en": 5, "de": 3} if rng.random() < 0.7 else {"de": 5}),
        CHANNELS if rng.random() < 0.7 else tuple(it for it in CHANNELS if rng.random() < 0.6),
    )


def _capacity(rng: random.Random) -> Capacity:
    costs = levels(
        {"voice": rng.choice((100, 100, 50)), "chat": rng.choice((33, 50)), "sms": 25, "email": 10}
    )
    caps = levels({rng.choice(CHANNELS): rng.randint(1, 3)}) if rng.random() < 0.3 else ()
    return Capacity(rng.choice((100, 100, 100, 60)), costs, caps, rng.choice((1, 1, 2, 3, 12)))


def _route(rng: random.Random, service: str, channel: Channel) -> Route:
    steps, until = [], 0
    count = rng.randint(1, 3)
    tiers = rng.sample((1, 2, 3), rng.randint(1, 2))
    for i in range(count):
        until += rng.choice((5_000, 20_000, 61_000))
        need = Need(
            service,
            channel,
            levels({rng.choice(("network", "dns")): rng.randint(1, 3)}) if rng.random() < 0.4 else (),
            levels({"en": 2}) if rng.random() < 0.2 else (),
            tuple(tiers),
            () if rng.random() < 0.6 else tuple(sorted(rng.sample(("inhouse", "nightowl", "experts"), 2))),
        )
        tiers = [*tiers, *(it for it in (1, 2, 3) if it not in tiers and rng.random() < 0.6)]
        shares = levels({"inhouse": rng.choice((30, 70))}) if rng.random() < 0.3 else ()
        last = i == count - 1
        steps.append(
            Step(need, None if last else until, rng.choice(PICKS), rng.choice((1, 1, 1, 2, 3)), shares, last)
        )
    return Route(service, channel, tuple(steps), rng.choice((20_000, 60_000)), rng.choice((0, 0, 15_000)))


def handing(rng: random.Random, bounds: Bounds | None = None) -> World:
    """Few conversations that go on for long: transfers, snoozes, customers who write again, people who leave."""
    world = ordinary(rng, bounds)
    world.routes = [_timed(rng, it) for it in world.routes]
    able = {"skills": levels({"network": 5, "dns": 5}), "languages": levels({"en": 5, "de": 3})}
    world.profiles = [Profile("inhouse", 1, **able), Profile("experts", 2, **able), *world.profiles]
    world.agents = [f"a{i}" for i in range(rng.randint(2, 5))]
    world.threads, world.weights, world.crowd = rng.choice((6, 30)), dict(HANDED), 10
    world.capacities = [Capacity(offers=rng.choice((1, 3, 9))), *world.capacities[:1]]
    return world


def leaving(rng: random.Random, bounds: Bounds | None = None) -> World:
    """Two agents with a crowd of their own, active and snoozed, who keep leaving."""
    world = handing(rng, bounds)
    world.capacities = [Capacity(400, offers=3), Capacity(200)]
    world.profiles = [Profile("inhouse", languages=levels({"en": 5, "de": 3})), *world.profiles[-1:]]
    world.agents, world.crowd, world.snoozed, world.threads = ["a0", "a1"], 12, 9, 300
    world.weights |= {"retire": 5, "go": 14, "snooze": 16, "remove_agent": 2, "presence": 16}
    return world


def _timed(rng: random.Random, route: Route) -> Route:
    quiet, nudge = rng.choice((None, 0, 4_000, 20_000)), rng.choice((None, 3_000, 15_000))
    return dataclasses.replace(route, quiet=quiet, nudge=nudge) if route.channel != "voice" else route


KINDS: dict[str, Callable[[random.Random], World]] = {
    "ordinary": ordinary,
    "crowded": crowded,
    "busy": busy,
    "refusing": lambda rng: refusing(rng, TINY),
    "tiny": lambda rng: rng.choice((ordinary, crowded, busy))(rng, TINY),
    "handing": handing,
    "leaving": lambda rng: leaving(rng, TINY),
    "calling": lambda rng: calling(rng, handing(rng)),
    "ringing": lambda rng: calling(rng, leaving(rng, TINY)),
}

BOUND = {
    "tiny": TINY.fill,
    "refusing": TINY.fill,
    "leaving": TINY.fill,
    "ringing": TINY.fill,
}  # what the scripts' bounds are lowered to

# -- steps ---------------------------------------------------------------------------------------------------

WEIGHTS = {
    "arrive": 22, "accept": 14, "decline": 9, "delivered": 12, "rescind": 2, "complete": 10, "finish": 3,
    "park": 2, "wake": 2, "abandon": 3, "dead_letter": 1, "revive": 1, "reroute": 4, "agent": 5, "presence": 12,
    "overtime": 2, "remove_agent": 1, "desk": 2, "tick": 16, "wait": 10, "jump": 3, "append": 1, "hold_reply": 2,
    "undo_reply": 1, "release_reply": 1, "text": 1, "receipt": 1, "retry_reply": 1, "again": 4, "stray": 3,
    "alert": 1, "calendar": 1, "forget": 1, "late": 1,
}  # fmt: skip


def moves(rng: random.Random, count: int, world: World) -> list[Move]:
    """So many abstract steps, as likely as in this world."""
    weights = {**WEIGHTS, **world.weights}
    names = rng.choices(list(weights), list(weights.values()), k=count)
    return [(name, *(rng.randrange(1 << 16) for _ in range(4))) for name in names]  # type: ignore[misc]


class History(Moves, Phones):
    """Turns steps into calls against the model's present state; the clock is its own."""

    def __init__(self, world: World, model: Model) -> None:
        self.world, self.model = world, model
        self.now, self.count = START, 0
        self.done: list[Call] = []
        self.gone: list[tuple[str, Any]] = []  # what was to be forgotten, and what it was

    def opening(self) -> Iterator[Call]:
        """Agents come on duty; in a crowded world the contacts are there before them."""
        yield self.call("calendar", (START - 40_000_000, START + 46_400_000))
        for i in range(self.world.crowd):
            yield from self.resolve(("arrive", i, i * 7, i * 13, 3))
        for i, _ in enumerate(self.world.agents):
            yield from self.resolve(("agent", i, i, i, 1))
            yield from self.resolve(("presence", i, 0, 0, 0))
        for i in range(self.world.snoozed):
            yield from self.resolve(("accept", 0, 0, 0, 0))
            if i % 2:
                yield from self.resolve(("snooze", 1, 0, i, 0))

    def call(self, name: str, *args: Any, op: str = "") -> Call:
        self.count += 1
        call = Call(self.now, op or f"{self.now:013d}-{self.count:012x}", name, args)
        self.done.append(call)
        return call

    def resolve(self, move: Move) -> Iterator[Call]:
        """The calls that a step means here and now; none where it means nothing."""
        name, a, b, c, d = move
        self.now += (0, 0, 1, 7, 350, 900)[d % 6]
        act: Callable[[int, int, int, int], Iterator[Call]] = getattr(self, f"_{name}")
        yield from act(a, b, c, d // 6)

    def _arrive(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        thread = f"t{a % self.world.threads}"
        decision = self._decision(b, c, d)
        event = f"E{c}" if d % 5 else f"E{c % 20}"
        arrived = Arrived(decision.route.channel, event, thread, "us", f"text {b}")
        under = (self.model.situation - 1 + b % 2,) if a % 9 == 0 and "write" in self.world.weights else ()
        yield self.call(
            "arrive",
            arrived.to_json(),
            event,
            arrived.thread,
            decision,
            *((None, 0, *under) if under else ()),
        )

    def _decision(self, a: int, b: int, d: int, channel: Channel | None = None) -> Decision:
        routes = [it for it in self.world.routes if channel in (None, it.channel)]
        route = routes[a % len(routes)]
        rank = self.now + (0, 60_000, -60_000, 900_000, 28_800_000)[b % 5] + b % 3
        wake = self.now + 30_000 + b if d % 11 == 1 else None
        prefer = None
        if d % 4 == 2:
            kind = b % 3
            name = self.world.agents[b % len(self.world.agents)]
            prefer = (
                Preference(name, "direct") if kind == 0 else Preference(name, "preferred", self.now + 20_000)
            )
        deadlines = ()
        if d % 5 == 3:
            deadlines = tuple(self.now + 7_000 * (i + 1) for i in range(len(route.steps) - 1))
        return Decision(route, rank, wake, deadlines, prefer, f'{{"n":{a}}}')

    def _offers(self) -> list[tuple[str, int, str]]:
        return [
            (it.id, offer.number, offer.agent)
            for it in self.model.contacts.values()
            for offer in it.offers.values()
        ]

    def _on_offer(self, name: str, a: int, *rest: Any, agent: bool = True) -> Iterator[Call]:
        if offers := self._offers():
            contact, number, who = offers[a % len(offers)]
            yield self.call(name, contact, number, *((who,) if agent else ()), *rest)

    def _accept(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield from self._on_offer("accept", a)

    def _decline(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield from self._on_offer("decline", a, "busy")

    def _delivered(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield from self._on_offer("delivered", a, f"D{b}:1", agent=False)

    def _rescind(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield from self._on_offer("rescind", a, "undeliverable", (0, 0, 30_000)[b % 3], agent=False)

    def _stray(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        """An act on an offer that may be anybody's, or nobody's."""
        contact = f"C{1001 + a % max(1, len(self.model.contacts) + 1)}"
        agent = self.world.agents[b % len(self.world.agents)]
        name = ("accept", "decline", "complete", "finish", "delivered")[c % 5]
        if name in ("complete", "finish"):
            yield self.call(name, contact, agent, *(("{}",) if name == "complete" else ()))
        elif name == "delivered":
            yield self.call(name, contact, d % 4, "D9:9")
        else:
            yield self.call(name, contact, d % 4, agent, *(("no",) if name == "decline" else ()))

    def _of(self, a: int, *states: str) -> str | None:
        found = [it.id for it in self.model.contacts.values() if it.state in states]
        return found[a % len(found)] if found else None

    def _complete(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "active"):
            owner = self.model.contacts[contact].owner if b % 4 else ""
            yield self.call("complete", contact, owner, '{"disposition":"solved"}')

    def _finish(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "wrapping"):
            told = ("", '{"disposition":"answered"}')[b % 2]
            yield self.call("finish", contact, self.model.contacts[contact].owner, told)

    def _park(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "offered", "parked"):
            under = (self.model.situation - 1 + b % 2,) if c % 3 == 0 else ()
            yield self.call("park", contact, self.now + 1_000 + b, "later", *under)

    def _wake(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "parked", "snoozed"):
            yield self.call("wake", contact)

    def _abandon(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "offered", "parked"):
            yield self.call("abandon", contact, "hung up")

    def _dead_letter(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "offered", "parked"):
            yield self.call("dead_letter", contact, "poison")

    def _revive(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "dead", "abandoned"):
            yield self.call("revive", contact)

    def _reroute(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "offered", "parked"):
            channel = self.model.contacts[contact].route.channel
            expected = (
                self.world.routes[a % len(self.world.routes)]
                if a % 5 == 0 and "write" in self.world.weights
                else None
            )
            yield self.call(
                "reroute", contact, self._decision(b, c, d, channel), *((expected,) if expected else ())
            )

    def _forget(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "closed", "abandoned"):
            self.gone.append((contact, self.model.contacts[contact]))
            yield self.call("forget", contact, *((5_000,) if b % 2 and "write" in self.world.weights else ()))

    def _agent(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        world, name = self.world, self.world.agents[a % len(self.world.agents)]
        channels = (15, 15, 15, 15 ^ (1 << c % 4), 1 << c % 4)[d % 5]
        on = bool(c % 5 or not d)
        edges = ((self.now + 20_000 + b, not on), (self.now + 90_000 + b, on))[: (0, 1, 2)[d % 3]]
        profile = world.profiles[b % len(world.profiles)]
        capacity = world.capacities[c % len(world.capacities)]
        yield self.call("agent", name, profile, capacity, channels, edges, on)

    def _known(self, a: int) -> str | None:
        names = list(self.model.agents)
        return names[a % len(names)] if names else None

    def _presence(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if name := self._known(a):
            presence = ("available", "available", "available", "away", "offline")[b % 5]
            until = self.now + 40_000 if presence == "away" and c % 2 else None
            yield self.call("presence", name, presence, until, ("", "lunch")[c % 2])

    def _overtime(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if name := self._known(a):
            yield self.call("overtime", name, self.now + 1_000 + b)

    def _remove_agent(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if name := self._known(a):
            yield self.call("remove_agent", name)

    def _desk(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield self.call("desk", not self.model.desk_up if a % 8 else True)
        if not self.model.desk_up and b % 2:
            self.now += 1_500
            yield self.call("desk", True)

    def _tick(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield self.call("tick")

    def _wait(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        """The router lives: it ticks at least every two seconds, and at once while more is due."""
        end = self.now + (3_000, 12_000, 31_000, 62_000, 130_000)[a % 5]
        while self.now < end:
            first = self.model.due.first()
            upcoming = end if first is None else max(first[0], self.now + 1)
            self.now = min(end, upcoming, self.now + 2_000)
            yield self.call("tick")
            while (first := self.model.due.first()) and first[0] <= self.now:
                yield self.call("tick")

    def _jump(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        """No router lived for a while."""
        self.now += (2_500, 30_000, 61_000, 301_000, 4_000_000)[a % 5]
        if b % 4:
            yield self.call("tick")

    def _again(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        """The reply was lost; the same operation is sent again, perhaps after others."""
        if self.done:
            call = self.done[-1 - a % min(4, len(self.done))]
            yield self.call(call.name, *call.args, op=call.op)

    def _late(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        """An operation that was made too long ago, or by a clock that is wrong."""
        for contact, number, who in self._offers()[:1]:
            made = self.now + (-600_001, 5_001)[a % 2]
            yield self.call("accept", contact, number, who, op=f"{made:013d}-{b:012x}")

    def _append(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "active", "closed"):
            yield self.call("append", contact, f'{{"text":"note {b}"}}')

    def _hold_reply(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "active", "active", "wrapping", "closed", "waiting"):
            owner = self.model.contacts[contact].owner if b % 5 else self.world.agents[0]
            yield self.call("hold_reply", contact, owner, '{"text":"hello"}', f"C1:{c % 9}", 8_000)

    def _message(self, a: int, *statuses: str) -> tuple[str, int, str] | None:
        found = [
            (it.id, message.n, message.agent)
            for it in self.model.contacts.values()
            for message in it.messages
            if message.status in statuses
        ]
        return found[a % len(found)] if found else None

    def _undo_reply(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if it := self._message(a, "held", "queued"):
            yield self.call("undo_reply", *it[:2], it[2] if b % 4 else "somebody")

    def _release_reply(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if it := self._message(a, "held", "queued", "undone"):
            yield self.call("release_reply", *it[:2])

    def _text(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if contact := self._of(a, "waiting", "offered", "active", "closed"):
            said = len(self.model.contacts[contact].messages)
            more = ((self.model.situation - d % 2,), (None, said - d % 2), ())[c % 3]
            yield self.call("text", contact, "received", '{"text":"we have it"}', bool(b % 2), *more)

    def _receipt(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if it := self._message(a, "queued", "sending", "sent", "delivered", "failed"):
            status = ("sending", "sent", "delivered", "failed")[b % 4]
            yield self.call(
                "receipt", *it[:2], status, ("", f"SM{c}")[c % 2], ("", "30005")[status == "failed"]
            )

    def _retry_reply(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        if it := self._message(a, "failed", "sent"):
            yield self.call("retry_reply", *it[:2])

    def _alert(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield self.call("alert", f"trouble{a % 2}", bool(b % 2), "it")

    def _calendar(self, a: int, b: int, c: int, d: int) -> Iterator[Call]:
        yield self.call("calendar", (START - 40_000_000, START + a, START + 46_400_000))


def on_model(model: Model, call: Call) -> Any:
    """Carry out the call in the model; a refusal is returned."""
    model.at(call.now)
    try:
        return model.operate(call.op, lambda: getattr(model, call.name)(*call.args))
    except Refused as refused:
        return refused.reason
    except ValueError as error:
        return str(error)
