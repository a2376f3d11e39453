"""One scene: the house behind two pairs of ears, its outbox, a desk and a door, everything in an order of the seed's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...channels.channel import Mark
from ...channels.house import Amended, Told, Typed
from ...channels.slack.typed import TypedWords
from ...queue.calls import texts
from ...queue.client import Client
from ...queue.engine import Queue
from ...queue.history.records import ContactRecord
from ...queue.state import Event
from ...router.active import ActivePlan
from ...router.alerts import Alerts, Way
from ...router.deliver import Deliveries
from ...router.duty import Duty
from ...router.ending import Ending
from ...router.house import House
from ...router.intake import Intake
from ...router.moving import Moving
from ...router.newcomers import Newcomers
from ...router.pages import Pages
from ...router.paging import Pager
from ...router.parts import Parts
from ...router.ringing import Ringing
from ...router.roster import muster
from ...router.rulebook import agent_id
from ...router.spending import Guard
from ...router.towards import Towards
from ..races.loom import Gated, Loom
from ..races.outlet import Outlet
from ..races.scene import Item, Nothing
from .cast import BOOK, TEAMS, actor
from .outside import Asleep, Board, Door, Held, Parents, Roster, Whispers
from .rule import Rule

AT_ONCE = 3
"""People who do something at the same time, at most."""
LEAPS = (200, 900, 3_000, 7_900, 8_100, 15_000, 70_000)
"""ms that pass at once when nobody does anything."""


class NoRecord(Nothing):
    """A history that knows nothing."""

    async def latest(self, contact: str, agents: Sequence[str]) -> Mapping[tuple[str, str], int]:
        return {}

    async def contact(self, contact: str) -> ContactRecord | None:  # type: ignore[override]
        return None


@dataclass(slots=True)
class Noted(House):
    """The house, and what it told whom of what was typed where."""

    told: dict[str, Told | None] = field(default_factory=dict)
    taken_in: set[str] = field(default_factory=set)  # edits and deletions that the record has, by place

    async def amended(self, it: Amended) -> Told | None:
        told = await House.amended(self, it)
        self.taken_in.add(it.place)
        return told

    async def typed(self, typed: Typed) -> Told | None:
        # Dataclasses with slots don't know their bare `super()`.
        self.told[typed.place] = told = await House.typed(self, typed)
        return told


@dataclass
class Ears:
    """One process at the desk."""

    house: Noted
    typed: TypedWords


class Scene:
    """`broken` are errors of ours; whispers go to whoever waits for them by user."""

    def __init__(self, seed: int, store: Client, steps: int) -> None:
        self.loom = Loom(seed)
        self.rng = self.loom.rng
        self.left, self.steps, self.turns, self.read = steps, 0, 0, 0
        self.items: list[Item] = []
        self.timers: list[tuple[int, Item]] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.broken: list[str] = []
        self.whispered: list[tuple[str, Told]] = []
        self.rule = Rule()
        self.board, self.door = Board(self.loom, self._marked), Door(self.loom)
        site = f"leak{seed}"
        self.free = Queue(Gated(self.loom, store, "", free=True), site)
        self.stores = [Gated(self.loom, store, name) for name in ("slack1", "slack2", "worker")]
        self.queues = [Queue(it, site) for it in self.stores]
        self.plan = ActivePlan(self.free, BOOK)
        self.pause = Asleep(self.at, self.loom)
        self.ears = [self._ears(queue) for queue in self.queues[:2]]
        self.intakes = [self._intake(queue) for queue in self.queues[:2]]
        self.outlet = Outlet(self.loom, self.free, self._deliveries(self.queues[2]), self.broken, self.at)

    def _ears(self, queue: Queue) -> Ears:
        newcomers = Newcomers(queue, self.plan, self.board)
        records = NoRecord()
        moving, ending = Moving(queue, self.plan, records), Ending(queue, self.plan, records)
        parts = Parts((Duty(queue, self.plan, newcomers), ending, moving))
        house = Noted(queue, self.plan, newcomers, records, None, parts, pause=self.pause)
        return Ears(house, self._typed(queue, house))

    def _typed(self, queue: Queue, house: Noted) -> TypedWords:
        async def once(key: str, ms: int) -> bool:
            return await queue.once(key, ms)

        return TypedWords(
            Roster(), Held(), Whispers(lambda user, told: self.whispered.append((user, told))), Parents(self.board),
            once, lambda work: self.begin("typed", work), house, "UBOT", self.pause,
        )  # fmt: skip

    def restart(self, which: int) -> None:
        """One process begins anew and remembers nothing."""
        ears = self.ears[which]
        ears.typed = self._typed(self.queues[which], ears.house)

    def _intake(self, queue: Queue) -> Intake:
        nothing = Nothing()
        return Intake(lambda: queue, lambda: nothing, lambda: BOOK, _nothing)

    def _deliveries(self, queue: Queue) -> Deliveries:
        ways: dict[str, Way] = {}
        alerts, nothing = Alerts(lambda: ways), Nothing()
        guard, pages = Guard(queue, lambda: BOOK, alerts), Pages(lambda: queue, lambda: BOOK)
        towards = Towards(queue, {"sms": self.door}, lambda: BOOK, alerts, guard, pause=self.pause)
        ringing = Ringing(queue, None, lambda: BOOK, alerts, _unheard, guard)
        pager = Pager(queue, pages, lambda: BOOK.plan, self.board, {}, None, alerts, lambda: True)
        return Deliveries(queue, self.board, towards, lambda: BOOK, alerts, nothing, _nothing, ringing, pager)

    def _marked(self, mark: Mark) -> None:
        """What the first process's desk knows of a reply, which it delivers."""
        typed = self.ears[0].typed
        key = (mark.contact, mark.n)
        if mark.state != "held":
            typed.marks.held.pop(mark.source)
        elif mark.source:
            typed.marks.held[mark.source] = key
            if mark.source in typed.taken_back:
                user = next(it for it in TEAMS if actor(it).email == mark.owner)
                self.begin("taken back", typed.undo_of(mark.source, actor(user).user, key))

    # ---- what may happen --------------------------------------------------------------------------------------------

    def at(self, when: int, name: str, do: Callable[[], object]) -> None:
        """Something that happens at an instant."""
        self.timers.append((when, Item(name, do, 0)))

    def begin(self, name: str, work: Awaitable[Any]) -> None:
        """Somebody does something, beside everybody else."""
        task = asyncio.create_task(self._run(name, work), name=name)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _run(self, name: str, work: Awaitable[Any]) -> None:
        try:
            await work
        except Exception as error:
            self.broken.append(f"{name}: {type(error).__name__}: {error}")
        finally:
            self.loom.moved += 1

    async def play(self, act: Callable[[], tuple[str, Coroutine[Any, Any, None]]]) -> None:
        """To the end; `act` chooses what somebody does next."""
        await muster(self.free, BOOK, self.loom.now)
        for name in TEAMS:
            await self.free.presence(agent_id(name), "available")
        while self.left:
            await self._step(act)
        self.door.calm = True
        while await self._pending():
            await self._step(None)
        await self.outlet.stop()
        self.rule.ledger(await self.events())
        self.rule.judge(self.door.said)

    async def _step(self, act: Callable[[], tuple[str, Coroutine[Any, Any, None]]] | None) -> None:
        """One thing: a turn for somebody, somebody begins something, the outbox reads, or time passes."""
        await self.loom.calm()
        self.turns += 1
        self.loom.now += self.rng.randrange(3)
        self._due_timers()
        gates = len(self.loom.waiting)
        busy = len(self.tasks) - self.pause.sleeping
        room = 2 if act is not None and self.left and busy < AT_ONCE else 0
        news = 2 if sum(it.written for it in self.stores) > self.read else 0
        rest = 0.02 * gates if gates else 1.0
        pick = self.rng.random() * (3 * gates + room + news + rest)
        if pick < 3 * gates:
            self.loom.note(self.loom.give(int(pick / 3)))
        elif pick < 3 * gates + room:
            assert act is not None
            name, work = act()
            self.left, self.steps = self.left - 1, self.steps + 1
            self.loom.note(f"→ {name}")
            self.begin(name, work)
        elif pick < 3 * gates + room + news:
            self.read = sum(it.written for it in self.stores)
            await self.outlet.read()
        else:
            await self._leap(self.rng.choice(LEAPS[:3] if gates else LEAPS))

    def _due_timers(self) -> None:
        for due in [it for it in self.timers if it[0] <= self.loom.now]:
            self.timers.remove(due)
            due[1].do()

    async def _leap(self, ms: int) -> None:
        """Time passes from one due instant to the next: nobody slept meanwhile."""
        until = self.loom.now + ms
        while self.loom.now < until:
            due = await self.free.next_due()
            to = min(it for it in (until, due, *(at for at, _ in self.timers)) if it is not None)
            if (to := max(to, self.loom.now)) - 1 > self.loom.now:
                self.loom.now = to - 1
                await self.free.tick()
            self.loom.now = to
            if due is not None and due <= to:
                while (await self.free.tick()).more:
                    continue
                self.read = -1
            elif to < until and not any(at <= to for at, _ in self.timers):
                break
            self._due_timers()

    async def _pending(self) -> bool:
        """Whether somebody still does something, or a reply is still held or on its way."""
        await self.loom.calm()
        if self.tasks or self.loom.waiting or self.outlet.pausing or self.outlet.tasks:
            return True
        if self.outlet.until != await self.free.last_event():
            self.read = -1
            return True
        due = texts(await self.free.plain("ZRANGE", self.free.key("due"), 0, -1))
        return any(member.startswith("r:") for member in due)

    async def events(self) -> list[Event]:
        """The whole ledger."""
        found: list[Event] = []
        while more := await self.free.events(found[-1].id if found else "0-0", 1_000):
            found += more
        return found


async def _nothing() -> None:
    return None


async def _unheard(news: object) -> None:
    return None
