"""The people of the desk's bars: customers who write, agents who take, answer and close, as fast as people would."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from .desk_seen import Seen
from .desk_stage import DeskStage, Json, number

RACES, CLOSE = 0.4, 0.001
"""How often the other one presses, too, and how many seconds later; some 5 ms later their card is gone."""
AT_ONCE = 12
"""Agents who press at one time while the stage is set."""


@dataclass
class Open:
    """A contact that somebody has: its customer, its owner and where its thread begins."""

    contact: str
    sender: str
    owner: str
    channel: str
    ts: str


@dataclass
class People:
    """Plays everybody. Instants are seconds since the epoch."""

    stage: DeskStage
    seen: Seen
    rng: random.Random
    users: dict[str, str] = field(default_factory=dict)  # direct messages → user
    owned: dict[str, str] = field(default_factory=dict)  # contact → user
    open: list[Open] = field(default_factory=list)
    texted: dict[str, float] = field(default_factory=dict)  # number → when it first wrote
    wrote: dict[str, float] = field(default_factory=dict)  # a line → when
    taken: dict[str, float] = field(default_factory=dict)  # contact → when it was accepted
    raced: dict[str, float] = field(default_factory=dict)  # number → when the other one pressed, too late
    losers: dict[str, tuple[str, str]] = field(default_factory=dict)  # contact → the other card
    replied: dict[str, str] = field(default_factory=dict)  # a reply → its customer
    kept: set[str] = field(default_factory=set)  # contacts whose owner waits for what became of an answer
    closed: int = 0
    trouble: list[str] = field(default_factory=list)
    count: itertools.count[int] = field(default_factory=itertools.count)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Beside everything else; what goes wrong is told at the end."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble.append(f"{type(error).__name__}: {error}")

    # ---- the stage is set ---------------------------------------------------------------------------------------

    async def come(self) -> None:
        """Everybody is on duty."""
        people = (await self.stage.get("/state"))["agents"]
        self.users = {it["dm"]: it["slack"] for it in people}
        for start in range(0, len(people), AT_ONCE):
            await asyncio.gather(*(self._available(it) for it in people[start : start + AT_ONCE]))

    async def _available(self, it: Json) -> None:
        body = {"user": it["slack"], "channel": it["dm"], "command": "/tierline", "text": "available"}
        await self.stage.post("/slack/command", body)

    async def fill(self, many: int) -> None:
        """So many contacts are open, each with its thread."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(i: int) -> None:
            async with gate:
                await self.contact(number(i), hesitate=0.0)

        await asyncio.gather(*(one(i) for i in range(many)))
        await self.stage.until(self._every_thread)
        await self.look_around()

    async def _every_thread(self) -> bool:
        return self.taken.keys() <= self.seen.heads.keys()

    async def look_around(self) -> None:
        """Where the threads are."""
        known = {it.contact for it in self.open}
        by_contact = {contact: sender for sender, contact in self.seen.contacts.items()}
        for place in (await self.stage.get("/state"))["channels"]:
            for message in await self.stage.get(f"/slack/messages?channel={place['id']}"):
                contact = _payload(message).get("contact")
                if (
                    message.get("thread_ts") in (None, message["ts"])
                    and contact in self.owned
                    and contact not in known
                ):
                    owner = self.owned[contact]
                    self.open.append(Open(contact, by_contact[contact], owner, place["id"], message["ts"]))

    async def look(self, many: int) -> None:
        """So many agents open their App Home and leave it open."""
        for user in list(self.users.values())[:many]:
            await self.stage.post("/slack/home", {"user": user})

    def begin(self) -> None:
        """From here on it counts."""
        self.texted.clear()
        self.taken.clear()
        self.seen.failed.clear()

    # ---- one contact's beginning --------------------------------------------------------------------------------

    async def contact(self, sender: str, hesitate: float) -> None:
        """Somebody new writes; of the two who are asked one takes it."""
        self.texted[sender] = await self.stage.text(sender, "My server is down")

        async def asked() -> bool:
            return len(self.seen.offers.get(sender, {})) >= 2

        await self.stage.until(asked)
        await asyncio.sleep(hesitate)
        contact, both = self.seen.contacts[sender], list(self.seen.offers[sender])[:2]
        mine, other = self.rng.sample(both, 2)
        cards = [await self._card(dm, contact) for dm in (mine, other)]
        self.losers[contact] = (other, cards[1])
        self.taken[contact] = time.time()
        press = asyncio.create_task(self._accept(mine, cards[0]))
        if hesitate and self.rng.random() < RACES:
            await asyncio.sleep(CLOSE)
            pressed = time.time()
            if await self._accept(other, cards[1]):  # else their card was gone: nobody could press it
                self.raced[sender] = pressed
        await press
        self.owned[contact] = self.users[mine]

    async def _accept(self, dm: str, ts: str) -> bool:
        """Press; whether the button was still there."""
        body = {"user": self.users[dm], "channel": dm, "ts": ts, "action_id": "offer.accept"}
        return "error" not in await self.stage.post("/slack/act", body)

    async def _card(self, dm: str, contact: str) -> str:
        for message in reversed(await self.stage.get(f"/slack/messages?channel={dm}")):
            said = _payload(message)
            if said.get("contact") == contact and "offer" in said:
                return str(message["ts"])
        raise RuntimeError(f"no card of {contact} in {dm}")

    # ---- the load -----------------------------------------------------------------------------------------------

    async def write(self, seconds: float, a_second: float) -> None:
        """Customers of open contacts write, one after the other, at random."""
        begun = time.time()
        for i in range(round(seconds * a_second)):
            await asyncio.sleep(max(0.0, begun + i / a_second - time.time()))
            self.spawn(self._line(self.rng.choice(self.open)))

    async def _line(self, it: Open) -> None:
        name = f"m-{next(self.count):06}"
        self.wrote[name] = time.time()
        await self.stage.text(it.sender, f"{name} is there anything new?")

    async def arrive(self, seconds: float, every: float, at_once: int, first: int) -> None:
        """New contacts in bursts."""
        begun = time.time()
        for burst in range(int(seconds / every)):
            await asyncio.sleep(max(0.0, begun + burst * every - time.time()))
            for i in range(at_once):
                sender = number(first + burst * at_once + i)
                self.spawn(self.contact(sender, self.rng.uniform(1.0, 4.0)))

    async def answer(self, seconds: float, every: float) -> None:
        """Owners answer in their threads; the carrier will say that none of it arrived."""
        begun, chosen = time.time(), self.rng.sample(self.open, int(seconds / every))
        self.kept |= {it.contact for it in chosen}  # nobody closes these
        for i, it in enumerate(chosen):
            await asyncio.sleep(max(0.0, begun + i * every - time.time()))
            name = f"r-{next(self.count):06}"
            self.replied[name] = it.sender
            body = {
                "user": it.owner,
                "channel": it.channel,
                "thread_ts": it.ts,
                "text": f"{name} we are on it",
            }
            await self.stage.post("/slack/reply", body)

    async def close(self, seconds: float, every: float) -> None:
        """As many are closed as come; the form is the plan's."""
        begun = time.time()
        for i in range(int(seconds / every)):
            await asyncio.sleep(max(0.0, begun + i * every - time.time()))
            it = self.rng.choice([it for it in self.open if it.contact not in self.kept])
            self.open.remove(it)
            self.spawn(self._close(it))

    async def _close(self, it: Open) -> None:
        press = {"user": it.owner, "channel": it.channel, "ts": it.ts, "action_id": "contact.close"}
        await self.stage.post("/slack/act", press)

        async def view() -> str:
            views = await self.stage.get(f"/slack/views?user={it.owner}")
            mine = [
                one for one in views if one.get("submit") and it.contact in str(one.get("private_metadata"))
            ]
            return str(mine[-1]["id"]) if mine else ""

        found = await self.stage.until(view, 30)
        values = {"disposition": {"disposition": "0:solved"}}
        answer = await self.stage.post(
            "/slack/submit", {"user": it.owner, "view_id": found, "values": values}
        )
        self.closed += bool(answer.get("ok"))


def _payload(message: Json) -> Json:
    said = message.get("metadata") or {}
    found: Json = said.get("event_payload") or {}
    return found
