"""What goes wrong, when and for how long: a seeded schedule, and the hands that do it to processes of ours."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from .crowd import ms
from .stage import Process, Stage

Json = dict[str, Any]
OUTSIDE: dict[str, tuple[str, Json]] = {
    "slack answers lost": ("slack", {"drop_reply": True}),
    "slack 5xx": ("slack", {"fail": 503, "times": 40}),
    "slack 429": ("slack", {"rate_limit": {"retry_after": 1}, "times": 40}),
    "slack down": ("slack", {"down": True}),
    "slack twice": ("slack", {"redeliver": True}),
    "slack slow": ("slack", {"delay": 0.3}),
    "twilio answers lost": ("twilio", {"drop_reply": True, "times": 3}),
    "twilio 5xx": ("twilio", {"fail": 503, "times": 6}),
    "twilio 429": ("twilio", {"fail": 429, "times": 6}),
    "twilio twice": ("twilio", {"redeliver": True}),
    "receipts in disorder": ("twilio", {"out_of_order": True}),
    "twilio slow": ("twilio", {"delay": 0.4}),
}
"""What the outside does, as `POST /faults` takes it."""
INSIDE = (
    "worker killed", "worker frozen", "worker told to stop", "all workers killed", "all workers frozen",
    "web killed", "web frozen", "web told to stop", "everything killed", "store killed", "store frozen",
    "store restarted", "replies lost", "replies dropped", "requests lost", "link cut", "link slow",
    "replies held", "requests held",
)  # fmt: skip
LENGTH = {
    "worker frozen": (0.5, 4.0), "all workers frozen": (2.5, 6.0), "web frozen": (0.3, 2.5), "store frozen": (0.3, 3.0),
    "replies lost": (0.1, 0.8), "replies dropped": (0.5, 2.5), "requests lost": (0.1, 0.8),
    "slack down": (0.3, 1.5), "link slow": (0.5, 2.0),
}  # fmt: skip
CALM_FROM = 1.5
STORM, STORMY = 20.0, 0.3
"""Seconds from one storm to the next, and the share of them that it lasts."""
DROPPED = 8
"""Of so many pieces of what the store says one is lost."""
RARE = {"everything killed": 0.3, "all workers killed": 0.6, "all workers frozen": 0.5}


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` at `at` seconds from the beginning, for `lasts` seconds."""

    at: float
    kind: str
    lasts: float


def schedule(rng: random.Random, count: int, seconds: float, kinds: tuple[str, ...] = ()) -> list[Fault]:
    """`count` faults spread over `seconds`: each kind once before any comes often, rare ones less.

    Where there would be more than one in `CALM_FROM` seconds they come in storms, one on top of another, with calm
    between: a process takes two seconds to start, and in an even rain of faults hardly anybody would ever be served.
    """
    named = kinds or (*INSIDE, *OUTSIDE)
    chosen = list(rng.sample(named, len(named))) if count >= len(named) else []
    weights = [RARE.get(kind, 1.0) for kind in named]
    chosen += rng.choices(named, weights, k=count - len(chosen))
    rng.shuffle(chosen)
    room = seconds / max(1, count)
    found = []
    for i, kind in enumerate(chosen):
        low, high = LENGTH.get(kind, (0.2, 1.5))
        at = (i + rng.random() * 0.9) * room
        if room < CALM_FROM:
            at -= at % STORM * (1 - STORMY)
        found.append(Fault(at, kind, rng.uniform(low, high)))
    return found


@dataclass
class Hands:
    """Carries a schedule out. Overlapping faults of one thing count once: it is well when the last has ended."""

    stage: Stage
    rng: random.Random
    gaps: list[tuple[int, int]] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    _outside: list[str] = field(default_factory=list)
    _held: dict[str, int] = field(default_factory=dict)
    _stopping: set[str] = field(default_factory=set)
    _store: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(self, faults: list[Fault]) -> None:
        """All of them; returns when the last has ended and everything stands again."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(0.0, begun + fault.at - loop.time()))
                self.done[fault.kind] = self.done.get(fault.kind, 0) + 1
                group.create_task(self._one(fault))
        await self.mend()

    async def mend(self) -> None:
        """Everything up and well."""
        self._outside.clear()
        await self._tell()
        self.stage.proxy.well()
        for it in (self.stage.web, *self.stage.workers):
            it.signal(signal.SIGCONT)
            await it.start()
        await self.stage.ready()
        await self.stage.hands_up()

    async def _one(self, fault: Fault) -> None:
        try:
            if fault.kind in OUTSIDE:
                await self._out(fault)
            else:
                await self._inside(fault)
        except (OSError, RuntimeError, TimeoutError) as error:
            self.trouble.append(f"{fault.kind}: {type(error).__name__}: {error}")

    # ---- outside ------------------------------------------------------------------------------------------------

    async def _out(self, fault: Fault) -> None:
        self._outside.append(fault.kind)
        await self._tell()
        await asyncio.sleep(fault.lasts)
        with suppress(ValueError):
            self._outside.remove(fault.kind)
        await self._tell()

    async def _tell(self) -> None:
        body: dict[str, Json] = {"twilio": {"enforce_limits": False}, "slack": {"enforce_limits": False}}
        for kind in self._outside:
            whom, what = OUTSIDE[kind]
            body[whom] |= what
        await self.stage.post("/faults", body)

    # ---- inside -------------------------------------------------------------------------------------------------

    async def _inside(self, fault: Fault) -> None:
        stage, some = self.stage, [self.rng.choice(self.stage.workers)]
        verbs: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "worker killed": lambda: self._kill(some),
            "all workers killed": lambda: self._gap(self._kill(stage.workers)),
            "web killed": lambda: self._kill([stage.web]),
            "everything killed": lambda: self._gap(self._kill([stage.web, *stage.workers])),
            "worker told to stop": lambda: self._stop(some),
            "web told to stop": lambda: self._stop([stage.web]),
            "worker frozen": lambda: self._freeze(some, fault.lasts),
            "all workers frozen": lambda: self._gap(self._freeze(stage.workers, fault.lasts)),
            "web frozen": lambda: self._freeze([stage.web], fault.lasts),
            "store killed": lambda: self._store_ends(signal.SIGKILL),
            "store restarted": lambda: self._store_ends(signal.SIGTERM),
            "store frozen": lambda: self._gap(self._store_frozen(fault.lasts)),
        }
        if fault.kind in verbs:
            await verbs[fault.kind]()
        else:
            await self._link(fault)

    async def _gap(self, work: Coroutine[Any, Any, None]) -> None:
        before = ms()
        await work
        self.gaps.append((before, ms()))

    async def _kill(self, those: list[Process]) -> None:
        await asyncio.gather(*(it.kill() for it in those))
        await asyncio.gather(*(it.start() for it in those))

    async def _stop(self, those: list[Process]) -> None:
        for it in those:
            if (
                not it.alive or it.name in self._stopping
            ):  # told twice, one that ends already is ended by the signal
                continue
            was_up = it.up
            self._stopping.add(it.name)
            code = await it.stop(30)
            self._stopping.discard(it.name)
            # Told while it starts, it has nothing to finish; killed meanwhile by another fault, it had no chance to.
            if code not in (0, -9) and was_up:
                self.trouble.append(f"{it.name} ended with {code}: {it.log[-500:]}")
            await it.start()

    async def _freeze(self, those: list[Process], lasts: float) -> None:
        for it in those:
            self._held[it.name] = self._held.get(it.name, 0) + 1
            it.signal(signal.SIGSTOP)
        await asyncio.sleep(lasts)
        for it in those:
            self._held[it.name] -= 1
            if not self._held[it.name]:
                it.signal(signal.SIGCONT)

    async def _store_ends(self, how: int) -> None:
        async with self._store:
            if (pid := self.stage.server.pid) is not None:
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, how)
            await self.stage.server.wait_dead()
            await self.stage.server.restart()

    async def _store_frozen(self, lasts: float) -> None:
        async with self._store:
            pid = self.stage.server.pid
            if pid is None:
                return
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(lasts)
            os.kill(pid, signal.SIGCONT)

    async def _link(self, fault: Fault) -> None:
        proxy = self.stage.proxy
        switch = {
            "replies dropped": "every", "replies lost": "mute", "requests lost": "deaf", "replies held": "held_back",
            "requests held": "held_there", "link slow": "delay",
        }.get(fault.kind)  # fmt: skip
        if switch is None:
            proxy.cut()
            return
        setattr(proxy, switch, {"delay": 0.03, "every": DROPPED}.get(switch, True))
        await asyncio.sleep(fault.lasts)
        proxy.well()
