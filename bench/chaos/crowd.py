"""The people of a chaos run: customers who text, agents who take, answer, hand over, close. Seeded.

Agents see what Slack shows and press again where nothing happened, as people do.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .archive import in_state
from .eyes import Eyes
from .fingers import Fingers
from .seen import Said, Texted
from .stage import ABOUT, Stage
from .supervisor import Supervisor

Json = dict[str, Any]
TRIES = 12
"""How often a customer texts again who sees that nothing happens."""

GLANCE = 0.25
"""How often somebody reads at once what their press on *accept* did."""
HURRY = 0.02
"""How often a supervisor gives priority to somebody, for each offer."""
PRINTERS = 0.04
"""The share of conversations that a supervisor's closings and incidents are about."""
AT_ONCE = 256
"""Customers who text at one time; where nobody answers for a while, later ones wait."""


def ms() -> int:
    return round(time.time() * 1000)


@dataclass
class Crowd:
    """Plays everybody; keeps what the outside saw while it happened."""

    stage: Stage
    rng: random.Random
    lives: float = 1.0
    """The share of offers that are answered at all; the others run out or are declined."""
    declines: float = 0.07
    """The share of offers that are declined."""
    ignores: float = 0.08
    """The share of offers that nobody reacts to."""
    absent: int = 0
    """How many of the agents never come."""
    spam: float = 0.02
    """The share of conversations that a supervisor ends as spam."""
    texted: list[Texted] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    off: dict[str, float] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    gone: bool = False
    """Everybody stays off duty and begins nothing more: the last look at a quiet house."""
    _busy: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _managing: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.eyes = Eyes(self.stage, self._hear, self.trouble)
        self.hands = Fingers(self.stage, self.rng, self.eyes, self._answers)
        self.supervisor = Supervisor(
            self.stage, random.Random(self.rng.random()), self.hands.asked, self.hands.moved
        )

    # ---- the whole ----------------------------------------------------------------------------------------------

    def start(self, supervised: bool = True) -> None:
        """Begin looking; nobody is on duty yet. `supervised`: somebody closes, re-opens and announces."""
        for work in (self.eyes.look(), self._muster()):
            self._spawn(work)
        if supervised:
            self._managing = self._spawn(self.supervisor.work())

    @property
    def kind(self) -> bool:
        """In the end nobody ignores, declines, hands over, puts off or leaves any more."""
        return self.hands.kind

    def be_kind(self) -> None:
        """From now on; what was put off until somebody writes is woken, too."""
        self.hands.kind = self.supervisor.going_home = True

    @property
    def agents(self) -> list[str]:
        """The names of those who answer."""
        every = [name for name in self.stage.people if name.startswith("A")]
        return every[: len(every) - self.absent]

    async def announced(self) -> None:
        """Once they are kind: wait until the supervisor has ended what they began."""
        if self._managing is not None:
            await asyncio.wait([self._managing], timeout=60)

    async def leave(self, within: float = 45.0) -> None:
        """Everybody ends what they are doing and goes off duty."""
        self.gone = True
        await self.everybody("offline")
        end = time.monotonic() + within
        while self._busy and time.monotonic() < end:  # noqa: ASYNC110 - each ends in its own task
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Everybody goes home."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble.append(f"{type(error).__name__}: {error}")

    # ---- customers ----------------------------------------------------------------------------------------------

    async def customers(self, count: int, seconds: float) -> None:
        """`count` conversations within `seconds`, some with more than one text."""
        begun, room = time.monotonic(), asyncio.Semaphore(AT_ONCE)
        texts: set[asyncio.Task[None]] = set()
        for i in range(count):
            await asyncio.sleep(max(0.0, begun + i * seconds / count - time.monotonic()))
            sender = f"+4917{10_000_000 + i}"
            words = self._words()
            each = [(sender, f"{words} {i}")]
            if self.rng.random() < 0.15:
                earlier = f"+4917{10_000_000 + self.rng.randrange(i + 1)}"
                each.append((earlier, f"and also {i}"))
            await room.acquire()
            task = asyncio.create_task(self._texts(each, room))
            texts.add(task)
            task.add_done_callback(texts.discard)
        while texts:
            await asyncio.wait(texts)

    def _words(self) -> str:
        what, printers = self.rng.random(), 0.4 if ABOUT in self.hands.favoured else PRINTERS
        if what < printers:
            return f"the {ABOUT} is stuck"
        return "both of us" if what < printers + 0.1 else "please help"

    async def _texts(self, each: list[tuple[str, str]], room: asyncio.Semaphore) -> None:
        try:
            for sender, text in each:
                await self._text(sender, text)
        finally:
            room.release()

    async def _text(self, sender: str, text: str) -> None:
        """Text, and text again (as a new message) where Twilio was refused: a customer who sees no answer."""
        for again in range(TRIES):
            body = {
                "from": sender,
                "to": self.stage.number,
                "text": text if not again else f"{text} ({again})",
            }
            status, found = await self.stage.post("/sms", body)
            assert status == 200, found
            told = found["product_status"]
            answered = int(str(told)) if told else None
            self.texted.append(Texted(str(found["sid"]), sender, body["text"], answered))
            if answered is not None and answered < 300:
                return
            await asyncio.sleep(min(3.0, 0.4 * 2**again))

    def _answers(self, contact: str, words: str) -> None:
        self._spawn(self._again(contact, words))

    async def _again(self, contact: str, words: str) -> None:
        """A moment later the contact's customer writes again, if we know who that is."""
        await asyncio.sleep(self.rng.uniform(0.0, 0.5 if "thing" in words else 2.0))
        if contact in self.eyes.phones:
            await self._text(self.eyes.phones[contact], words)

    # ---- agents -------------------------------------------------------------------------------------------------

    def _hear(self, name: str, channel: str, ts: str, said: Json) -> None:
        self._spawn(self._offered(name, channel, ts, said))

    async def _offered(self, name: str, channel: str, ts: str, said: Json) -> None:
        contact = str(said["contact"])
        await asyncio.sleep(self.rng.uniform(0.0, 0.4))
        if not self.kind and self.rng.random() < (0.5 if "hurry" in self.hands.favoured else HURRY):
            await self.hands.hurry(contact)
        what = self.rng.random()
        if not self.kind and what < self.ignores:
            return
        where = {"channel": channel, "ts": ts}
        if not self.kind and what < self.ignores + self.declines:
            await self.hands.act(name, "/slack/act", where | {"action_id": "offer.decline"})
            return
        if not self.kind and what < self.ignores + self.declines + self.spam:
            await self.hands.spam(contact)
            return
        if not self.kind and self.rng.random() > self.lives:
            return
        if await self.hands.act(name, "/slack/act", where | {"action_id": "offer.accept"}):
            if self.rng.random() < GLANCE:
                await self.eyes.glance(name, channel, ts)
            await self._live(name, contact)

    async def _live(self, name: str, contact: str) -> None:
        if contact in self._busy or self.gone:
            return
        self._busy.add(contact)
        try:
            await self.hands.live(name, contact)
        finally:
            self._busy.discard(contact)

    # ---- duty ---------------------------------------------------------------------------------------------------

    async def duty(self, name: str, word: str) -> bool:
        """`/tierline WORD`; whether the answer said that it is so."""
        user, dm = self.stage.people[name]
        body = {"user": user, "channel": dm, "command": "/tierline", "text": word}
        asked = ms()
        with suppress(aiohttp.ClientError, TimeoutError):
            status, found = await self.stage.post("/slack/command", body)
            if status == 200 and f"*{word}*" in str(found.get("text")):
                self.said.append(Said(name, word, asked, ms()))
                return True
        return False

    async def everybody(self, word: str) -> None:
        """All agents at once, again until each heard it."""
        left = list(self.agents)
        for _ in range(10):
            done = await asyncio.gather(*(self.duty(name, word) for name in left))
            left = [name for name, ok in zip(left, done, strict=True) if not ok]
            if not left:
                return
            await asyncio.sleep(0.5)
        self.trouble.append(f"{len(left)} agents could not become {word}")

    async def _muster(self) -> None:
        """Now and then somebody leaves; whoever is away without meaning it comes back."""
        forgotten: set[str] = set()
        while True:
            leaves = "leave" in self.hands.favoured
            await asyncio.sleep(0.4 if leaves else 1.5)
            if not self.kind and (leaves or self.rng.random() < 0.5):
                name = self.rng.choice(self.agents)
                self.off[name] = time.monotonic() + self.rng.uniform(1.0, 6.0)
                await self.duty(name, self.rng.choice(("away", "offline")))
            if self.kind and not self.gone:
                for contact in await asyncio.to_thread(in_state, self.stage.history, "snoozed"):
                    await self.stage.product_post(f"/contacts/{contact}/wake", {"by": "Mira"})
            forgotten = await self._look_after(await self.stage.product_get("/agents") or (), forgotten)

    async def _look_after(self, people: Iterable[Json], before: set[str]) -> set[str]:
        """Who has something open that nobody works on, seen twice, does it again (the app died after a press)."""
        idle: set[str] = set()
        for it in people:
            name = str(it["name"])
            if name not in self.agents:
                continue
            if it["presence"] != "available" and self.off.get(name, 0.0) < time.monotonic() and not self.gone:
                await self.duty(name, "available")
            for contact in it["contacts"]:
                if contact not in self._busy and contact in self.eyes.heads and not self._alone(contact):
                    idle.add(contact)
                    if contact in before:
                        self._spawn(self._live(name, contact))
        return idle

    def _alone(self, contact: str) -> bool:
        return not self.kind and self.hands.alone.get(contact, 0.0) > time.monotonic()

    async def publish(self, source: str, waiting: str = "new") -> None:
        """A supervisor publishes a plan; `waiting`: for whom it counts."""
        headers = {"Authorization": f"Bearer {self.stage.token}"}
        body = {"yaml": source, "author": "mira", "reason": "chaos", "waiting": waiting}
        with suppress(aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
            async with self.stage.http.put(
                f"{self.stage.product}/api/v1/plan", json=body, headers=headers
            ) as answer:
                found = await answer.json()
                if answer.status == 200 and "version" in found:
                    self.published.append(int(found["version"]))
