"""Turns by a seed: whoever wants to speak to the store or to the provider waits for theirs, and one goes at a time.

Between two turns everything runs until it waits for another one. So a seed is an order of every question to the store,
and the same seed is the same order again, however busy the machine is. The store's clock is ours, too.
"""

from __future__ import annotations

import asyncio
from random import Random

from ...queue.client import Client, Reply, Word

START = 1_780_000_000_000
"""ms: where every scene's clock begins."""
IDLE = 8
"""Rounds of the loop in which nothing moved, after which everybody is surely waiting for a turn."""
PATIENT = 60.0
"""Seconds for the store: a busy machine must not look like a broken store."""


class Loom:
    """`now` is the scene's clock (ms), `log` what happened, one line each."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.now = START
        self.log: list[str] = []
        self.waiting: list[tuple[str, asyncio.Future[None]]] = []
        self.moved = 0  # counts whatever happens, so that nothing more is seen to happen
        self.busy = 0  # questions that are with the store
        self.operations: dict[str, str] = {}

    def note(self, line: str) -> None:
        """A line of the log."""
        self.log.append(f"{self.now - START:7} {line}")

    async def turn(self, name: str) -> None:
        """Wait for one's turn."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((name, mine))
        self.moved += 1
        try:
            await mine
        finally:
            self.waiting = [it for it in self.waiting if it[1] is not mine]
            self.moved += 1

    def give(self, which: int) -> str:
        """Somebody's turn; their name."""
        name, future = self.waiting.pop(which)
        future.set_result(None)
        return name

    async def calm(self) -> None:
        """Until nobody does anything any more but wait for a turn."""
        idle, seen = 0, -1
        while idle < IDLE:
            await asyncio.sleep(0)
            idle = idle + 1 if self.moved == seen and not self.busy else 0
            seen = self.moved


class Gated:
    """A store for one router: each question waits for its turn (unless `free`), and hears the scene's time."""

    def __init__(self, loom: Loom, store: Client, name: str, free: bool = False) -> None:
        self.loom, self.store, self.name, self.free = loom, store, name, free
        self.written = 0
        """How many mutations there were: whether there may be something to read."""

    @property
    def client(self) -> Gated:
        """For plain reads."""
        return self

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        if not self.free:
            await self.loom.turn(f"{self.name} {name.partition('_')[2]} {_words(args)}")
        op, now, *rest = args
        self.written += bool(op)
        instant = now or str(self.loom.now)
        return await self._asked(
            self.store.fcall(name, key, self._op(str(op)), instant, *rest, deadline=PATIENT)
        )

    async def call(self, *words: Word, deadline: float | None = None, sure: bool = False) -> Reply:
        if not self.free:
            await self.loom.turn(f"{self.name} {_words(words)}")
        return await self._asked(self.store.call(*words, deadline=PATIENT))

    async def all_replicated(self, key: str) -> bool:
        return True

    async def reader(self) -> Client:
        return self.store

    def _op(self, op: str) -> str:
        """The operation's id by the scene's clock; of one that is asked again the same."""
        if not op:
            return ""
        made = f"{self.loom.now:013d}-{len(self.loom.operations):012x}"
        return self.loom.operations.setdefault(op, made)

    async def _asked(self, question: asyncio.Future[Reply] | object) -> Reply:
        self.loom.busy += 1
        try:
            return await question  # type: ignore[misc, no-any-return]
        finally:
            self.loom.busy -= 1
            self.loom.moved += 1


def _words(words: tuple[Word, ...]) -> str:
    """The short ones of a call, for the log."""
    return " ".join(text for it in words if (text := str(it)) and len(text) < 40)[:90]
