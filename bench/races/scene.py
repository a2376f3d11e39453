"""One scene: a few agents, one or two callers, two routers on one store, and everything in an order of the seed's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ...channels.house import Told
from ...channels.phone import Call, Heard, LegNews, Recorded, RoomNews, Turn
from ...queue.client import Client
from ...queue.engine import Queue
from ...queue.history.records import Customer, Past
from ...queue.state import Event
from ...router import offers
from ...router.alerts import Alerts, Way
from ...router.deliver import Deliveries
from ...router.intake import Intake
from ...router.lineup import Lineup
from ...router.paging import Pager
from ...router.plan.load import parse
from ...router.ringing import Ringing
from ...router.roster import muster
from ...router.rulebook import Rulebook, agent_id
from ...router.spending import Guard
from ...router.switchboard import Switchboard
from ...router.towards import Towards
from ...router.unheard import Unheard
from .exchange import Exchange
from .legs import Leg, Work
from .loom import START, Gated, Loom
from .outlet import Outlet
from .wall import Wall

OURS = "+4930100"
CALLERS = ("+4915110000001", "+4915110000002")
PHONES = {"Ada": "+491700000001", "Ben": "+491700000002", "Cleo": "+491700000003"}
LIVELY, QUIET = 75_000, 190_000
"""ms from the beginning until everybody puts the phone down, and until the curtain."""
TOO_MANY = 6_000
"""Steps that no scene takes unless it turns in circles."""
PEOPLE = "\n".join(
    f'  - {{name: {name}, slack: {name.lower()}@races.example, phone: "{phone}", team: desk, tier: L1}}'
    for name, phone in PHONES.items()
)
PLAN = f"""
site: races
timezone: Etc/UTC
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
channels: {{voice: {{offer: 20s, wrap_up: 30s}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help: {{schedule: always, answer_within: 1m, steps: [{{tiers: [L1], until: 30m, offer_to: 2}}, {{then: hold}}]}}
entry: [{{channel: voice, to: "{OURS}", service: help}}]
agents:
{PEOPLE}
"""
BOOK = Rulebook(parse(PLAN), 1)
NAMES = {phone: name for name, phone in PHONES.items()}
FATES = ("1",) * 10 + ("2", "9", "none", "machine", "ignores", "busy", "failed", "puts down", "1", "1")
"""What an agent does with a ringing phone."""
CHOOSES = 0.06
"""The share of rounds of music in which who waits chooses a callback or a message."""
WISHES = "12"
"""What they choose: a callback, a message."""
ERRS = 0.15
"""The share of calls of which detection tells the contrary."""


class Nothing:
    """Records and histories that know nobody."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return None, None

    async def contact(self, contact: str) -> None:
        return None

    async def ended(self, contact: str) -> None:
        return None

    async def last_owner(self, address: str, channel: str, since: int) -> str:
        return ""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        return ()

    async def told(self, kind: str, over: str, after: tuple[int, str], limit: int) -> tuple[tuple[()], None]:
        return (), None


@dataclass(eq=False)
class Item:
    """Something that may happen: not before step `after`."""

    name: str
    do: Callable[[], object]
    after: int


@dataclass(frozen=True)
class Press:
    """A button in Slack, and what was told."""

    agent: str
    contact: str
    offer: int
    told: Told


class Scene:
    """Plays one seed. `broken` are errors of the router's own; the rest is read by `judge`."""

    def __init__(self, seed: int, store: Client) -> None:
        self.loom = Loom(seed)
        self.rng = self.loom.rng
        self.site = f"races{seed}"
        self.free = Queue(Gated(self.loom, store, "", free=True), self.site)
        self.items: list[Item] = []
        self.timers: list[tuple[int, Item]] = []
        self.tasks: dict[asyncio.Task[None], tuple[str, Work]] = {}
        self.steps = self.looked = self.ticked = 0
        self.broken: list[str] = []
        self.presses: list[Press] = []
        self.exchange = Exchange(self.loom, self)
        self.wall = Wall(self.loom, self.shown)
        self.stores = [Gated(self.loom, store, name) for name in ("web1", "web2", "worker")]
        queues = [Queue(it, self.site) for it in self.stores]
        self.routers = [self._router(queue) for queue in queues[:2]]
        deliveries = self._deliveries(queues[2])
        self.outlet = Outlet(self.loom, self.free, deliveries, self.broken, self.at)
        look_round = deliveries.ringing.talking.look_round
        self.unheard = Unheard(queues[2], self.exchange, self.routers[1].heard, lambda: True, look_round)
        self.ending = False
        self.read = 0

    def _router(self, queue: Queue) -> Switchboard:
        async def heed() -> None:
            return None

        nothing = Nothing()
        intake = Intake(lambda: queue, lambda: nothing, lambda: BOOK, heed)
        return Switchboard(lambda: queue, intake, lambda: nothing, lambda: BOOK, Lineup(lambda: queue))

    def _deliveries(self, queue: Queue) -> Deliveries:
        async def heed() -> None:
            return None

        ways: dict[str, Way] = {}
        alerts, nothing = Alerts(lambda: ways), Nothing()
        guard = Guard(queue, lambda: BOOK, alerts)
        towards = Towards(queue, {}, lambda: BOOK, alerts, guard)
        ringing = Ringing(queue, self.exchange, lambda: BOOK, alerts, self.routers[0].heard, guard)
        pages = self.routers[0].intake.pages
        pager = Pager(queue, pages, lambda: BOOK.plan, self.wall, {}, None, alerts, lambda: True)
        return Deliveries(queue, self.wall, towards, lambda: BOOK, alerts, nothing, heed, ringing, pager)

    # ---- what may happen --------------------------------------------------------------------------------------

    def request(self, name: str, work: Work, twice: float, lost: float, late: float) -> None:
        """A request of the provider: maybe twice, never, late."""
        if self.rng.random() < lost and not self.ending:
            self.loom.note(f"  never told: {name}")
            return
        for _ in range(2 if self.rng.random() < twice else 1):
            after = self.rng.randrange(60) if self.rng.random() < late else self.rng.randrange(3)
            self._add(name, lambda: self._begin(name, work), after)

    def act(self, name: str, do: Callable[[], None], within: int) -> None:
        """Something that a person does some time within so many steps."""
        self._add(name, do, self.rng.randrange(within))

    def at(self, when: int, name: str, do: Callable[[], object]) -> None:
        """Something that happens at an instant."""
        self.timers.append((when, Item(name, do, 0)))

    def _add(self, name: str, do: Callable[[], object], after: int) -> None:
        self.items.append(Item(name, do, self.steps + after))

    def _begin(self, name: str, work: Work) -> None:
        task = asyncio.create_task(self._run(name, work), name=name)
        self.tasks[task] = (name, work)
        task.add_done_callback(lambda it: self.tasks.pop(it, None))

    async def _run(self, name: str, work: Work) -> None:
        try:
            await work()
        except Exception as error:
            self.broken.append(f"{name}: {type(error).__name__}: {error}")
        finally:
            self.loom.moved += 1

    def answer(self, turn: Turn, call: Call) -> Coroutine[Any, Any, Heard]:
        """What some router says."""
        router = self.rng.choice(self.routers)
        return router.called(call) if turn == "call" else router.asked(turn, call)

    def tell(self, news: LegNews | RoomNews | Recorded) -> Coroutine[Any, Any, None]:
        """Some router is told."""
        router = self.rng.choice(self.routers)
        match news:
            case LegNews():
                return router.heard(news)
            case RoomNews():
                return router.room(news)
            case _:
                return router.recorded(news)

    # ---- people -----------------------------------------------------------------------------------------------

    def rings(self, leg: Leg) -> None:
        """What becomes of a ringing phone."""
        fate = "ignores" if self.ending else self.rng.choice(FATES)
        do = {
            "ignores": lambda: None,
            "busy": lambda: self.exchange.end(leg, "busy"),
            "failed": lambda: self.exchange.end(leg, "failed"),
        }.get(fate, lambda: self.exchange.answered(leg))
        leg.machine = fate == "machine"
        # By chance of its own, so that whoever isn't mistaken plays on as ever.
        leg.detected = leg.machine != (Random(f"{self.site} {leg.sid}").random() < ERRS)
        leg.label = fate
        self.act(f"{leg.sid} {fate}", do, 30)

    def asked(self, leg: Leg) -> None:
        """Somebody hears that they may press a key."""
        if leg.customer:
            if leg.where == "document" and leg.about.get("b") and not leg.machine and leg.label != "none":
                self.act(f"{leg.sid} presses 1", lambda: self.exchange.press(leg, "1"), 25)
            if leg.where == "queue" and self.rng.random() < CHOOSES and not self.ending:
                self.act(f"{leg.sid} presses", lambda: self.exchange.press(leg, self.rng.choice(WISHES)), 20)
            return
        match leg.label:
            case "1" | "2" | "9" as key:
                leg.label = "1"  # whoever pressed a wrong key presses 1 then
                self.act(f"{leg.sid} presses {key}", lambda: self.exchange.press(leg, key), 25)
            case "puts down":
                self.act(f"{leg.sid} puts down", lambda: self.exchange.hang_up_by_person(leg), 25)
            case _:
                pass

    def entered(self, leg: Leg) -> None:
        """Somebody is in the conference: who hangs up, and when?"""
        if self.rng.random() < 0.35:
            self.act(f"{leg.sid} hangs up", lambda: self.exchange.hang_up_by_person(leg), 60)

    def shown(self, agent: str, contact: str, offer: int) -> None:
        """A card: who presses its button?"""
        if self.rng.random() > 0.3 or self.ending:
            return
        spec = next(it for it in BOOK.plan.agents if it.slack == agent)

        async def press() -> None:
            queue = self.routers[0].queue()
            told = await offers.accept(queue, BOOK, spec, contact, offer)
            self.presses.append(Press(agent_id(spec.name), contact, offer, told))

        for _ in range(1 + (self.rng.random() < 0.3)):
            self._add(f"button of {spec.name}", lambda: self._begin("button", press), self.rng.randrange(60))

    def _call(self, sender: str) -> None:
        leg = self.exchange.dial(sender, OURS)
        if self.rng.random() < 0.55:
            within = self.rng.choice((40, 120, 300))
            self.act(f"{leg.sid} hangs up", lambda: self._hang_up(leg, sender), within)

    def _hang_up(self, leg: Leg, sender: str) -> None:
        self.exchange.hang_up_by_person(leg)
        if self.rng.random() < 0.15:
            self.act(f"{sender} calls again", lambda: self._call(sender), 40)

    # ---- the play ---------------------------------------------------------------------------------------------

    async def play(self, rested: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
        """To the end; `rested` looks each time when nothing but time can change anything."""
        await muster(self.free, BOOK, self.loom.now)
        for name in PHONES:
            await self.free.presence(agent_id(name), "available")
        for sender in CALLERS[: 1 + (self.rng.random() < 0.35)]:
            self.act(f"{sender} calls", lambda sender=sender: self._call(sender), 30)  # type: ignore[misc]
        while True:
            await self.loom.calm()
            if self.steps > TOO_MANY:
                self.broken.append("the scene turns in circles")
                break
            if await self._step():
                continue
            await rested(self)
            if not await self._pass():
                break
        await self._curtain()

    async def _step(self) -> bool:
        """One thing happens; False when nothing can but time passing."""
        self.steps += 1
        self.loom.now += self.rng.randrange(1, 25)
        self._due_timers()
        ready = [it for it in self.items if it.after <= self.steps]
        written = sum(it.written for it in self.stores)
        reads = 3 if written > self.read else 0
        gates, tasks = 3 * len(self.loom.waiting), list(self.tasks)
        kill = 1 if self.rng.random() < 0.004 else 0
        total = gates + 2 * len(ready) + reads + kill
        if not total:
            if self.items:
                self.steps = min(it.after for it in self.items)
                return True
            return False
        pick = self.rng.randrange(total)
        if pick < gates:
            self.loom.note(self.loom.give(pick // 3))
        elif (pick := pick - gates) < 2 * len(ready):
            item = ready[pick // 2]
            self.items.remove(item)
            self.loom.note(f"→ {item.name}")
            item.do()
        elif pick - 2 * len(ready) < reads:
            self.read = written
            await self.outlet.read()
        else:
            await self._kill(tasks)
        return True

    async def _kill(self, tasks: list[asyncio.Task[None]]) -> None:
        """A process dies: the deliveries begin anew, or a request in hand is never answered and comes again."""
        if not tasks or self.rng.random() < 0.4:
            self.loom.note("✗ who delivers is killed")
            await self.outlet.kill()
            return
        task = self.rng.choice(tasks)
        name, work = self.tasks[task]
        self.loom.note(f"✗ killed within {name}")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._add(name, lambda: self._begin(name, work), self.rng.randrange(30))

    def _due_timers(self) -> None:
        for when, item in [it for it in self.timers if it[0] <= self.loom.now]:
            self.timers.remove((when, item))
            self._add(item.name, item.do, 0)

    async def _pass(self) -> bool:
        """Time passes until something is due; False at the curtain."""
        due = await self.free.next_due()
        instants = [it[0] for it in self.timers] + ([due] if due is not None else [])
        instants.append(self.looked + 30_000 if self.looked else START + 30_000)
        to = max(self.loom.now, min(instants))
        if to - START > LIVELY and not self.ending:
            self._end()
            return True
        if to - START > QUIET:
            return False
        if to - 1 > self.loom.now:
            self.loom.now = to - 1
            await self.free.tick()  # nobody slept: what falls due is no gap's
        self.loom.now = to
        if due is not None and due <= to:
            await self.free.tick()
            self.read = -1
        if to >= (self.looked or START) + 30_000:
            self.looked = to
            self._begin("unheard", self._look)
        return True

    async def _look(self) -> None:
        await self.unheard.look(self.loom.now)
        await self.unheard.calls()

    def _end(self) -> None:
        """Everybody who is still on the phone puts it down."""
        self.ending = True
        self.loom.note("everybody puts the phone down")
        for leg in self.exchange.legs.values():
            if leg.live and leg.state == "answered":
                self.act(f"{leg.sid} ends", lambda leg=leg: self.exchange.hang_up_by_person(leg), 40)  # type: ignore[misc]

    async def _curtain(self) -> None:
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.outlet.stop()

    async def events(self) -> list[Event]:
        """The whole ledger."""
        return await self.free.events("0-0", 10_000)
