"""The people of a chaos run: customers who text, agents who take, answer, undo and close, everything seeded.

Agents see what Slack shows and press again where nothing happened, as people do.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp

from .seen import Receipt, Said, Sent, Texted, Typed
from .stage import Stage

Json = dict[str, Any]
TRIES = 6
MARK = re.compile(r"rx\d+x")
"""Every reply has a word of its own."""
LOOK = 0.15


def ms() -> int:
    return round(time.time() * 1000)


@dataclass
class Crowd:
    """Plays everybody; keeps what the outside saw while it happened."""

    stage: Stage
    rng: random.Random
    lives: float = 1.0
    """The share of offers that are answered at all; the others run out or are declined."""
    texted: list[Texted] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    typed: list[Typed] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    published: list[int] = field(default_factory=list)
    heads: dict[str, tuple[str, str]] = field(default_factory=dict)
    undoable: dict[str, tuple[str, str]] = field(default_factory=dict)
    off: dict[str, float] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    kind: bool = False
    """In the end nobody ignores, declines or leaves any more."""
    gone: bool = False
    """Everybody stays off duty: the last look at a quiet house."""
    acted: float = 0.0
    wire: int = 0
    words: int = 0
    _seen: dict[str, str] = field(default_factory=dict)
    _dirty: set[str] = field(default_factory=set)
    _busy: set[str] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _modal: dict[str, asyncio.Lock] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    # ---- the whole ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin looking; nobody is on duty yet."""
        self._names = {dm: name for name, (_, dm) in self.stage.people.items()}
        self._modal = {name: asyncio.Lock() for name in self.agents}
        for work in (self._tail(), self._watch(), self._muster()):
            self._spawn(work)

    @property
    def agents(self) -> list[str]:
        """The names of those who answer."""
        return [name for name in self.stage.people if name.startswith("A")]

    async def stop(self) -> None:
        """Everybody goes home."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.trouble.append(f"{type(error).__name__}: {error}")

    # ---- customers ----------------------------------------------------------------------------------------------

    async def customers(self, count: int, seconds: float) -> None:
        """`count` conversations within `seconds`, some with more than one text."""
        begun, room = time.monotonic(), asyncio.Semaphore(48)
        texts: set[asyncio.Task[None]] = set()
        for i in range(count):
            await asyncio.sleep(max(0.0, begun + i * seconds / count - time.monotonic()))
            sender = f"+4917{10_000_000 + i}"
            words = "both of us" if self.rng.random() < 0.1 else "please help"
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

    async def _texts(self, each: list[tuple[str, str]], room: asyncio.Semaphore) -> None:
        try:
            for sender, text in each:
                await self._text(sender, text)
        finally:
            room.release()

    async def _text(self, sender: str, text: str) -> None:
        """Text, and text again (as a new message) where Twilio was refused: a customer who sees no answer."""
        for again in range(2 * TRIES):
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

    # ---- looking ------------------------------------------------------------------------------------------------

    async def _tail(self) -> None:
        """Follow the wire: what Twilio took, and where Slack shows something new."""
        while True:
            rows = await self.stage.get(f"/wire?since={self.wire}")
            for row in rows:
                n = int(str(row["n"]))
                if n != self.wire + 1:
                    self.trouble.append(f"the wire jumped from {self.wire} to {n}")
                self.wire = n
                self._heard(row)
            await asyncio.sleep(LOOK)

    def _heard(self, row: Json) -> None:
        path, status = str(row["path"]), int(row["status"])
        if path == "/twilio/sms/status" and 200 <= status < 300:
            self.receipts.append(Receipt(row["params"]["MessageSid"], row["params"]["MessageStatus"]))
        if row["direction"] != "out":
            return
        if row["service"] == "twilio" and path.endswith("Messages.json") and row["method"] == "POST":
            if status in (0, 201):
                at = round(datetime.fromisoformat(row["at"]).timestamp() * 1000)
                self.sent.append(Sent(at, row["params"]["To"], row["params"]["Body"]))
        elif path.endswith("chat.postMessage") and status == 200:
            self._dirty.add(str(row["params"].get("channel")))

    async def _watch(self) -> None:
        while True:
            channels, self._dirty = self._dirty, set()
            for channel in sorted(channels):
                with suppress(AssertionError):
                    await self._look(channel)
            await asyncio.sleep(LOOK)

    async def _look(self, channel: str) -> None:
        since = self._seen.get(channel, "")
        for message in await self.stage.get(f"/slack/messages?channel={channel}&since={since}"):
            self._seen[channel] = str(message["ts"])
            said = payload(message)
            if "offer" in said and channel in self._names:
                self._spawn(self._offered(self._names[channel], channel, str(message["ts"]), said))
            elif said.get("undo"):
                for mark in MARK.findall(json.dumps([message["text"], message["blocks"]])):
                    self.undoable.setdefault(mark, (channel, str(message["ts"])))
            elif "contact" in said and not message.get("thread_ts"):
                self.heads.setdefault(str(said["contact"]), (channel, str(message["ts"])))

    # ---- agents -------------------------------------------------------------------------------------------------

    async def _act(self, name: str, path: str, body: Json) -> bool:
        """Something a person does in Slack, again while Slack says that the app can't be reached."""
        for again in range(TRIES):
            with suppress(aiohttp.ClientError, TimeoutError):
                status, found = await self.stage.post(path, {"user": self.stage.people[name][0]} | body)
                if status == 200:
                    self.acted = time.monotonic()
                    return bool(found.get("ok", True))
                if status == 404:
                    return False
            await asyncio.sleep(0.3 * 2**again)
        return False

    async def _offered(self, name: str, channel: str, ts: str, said: Json) -> None:
        contact = str(said["contact"])
        await asyncio.sleep(self.rng.uniform(0.0, 0.4))
        what = self.rng.random()
        if not self.kind and what < 0.08:
            return
        where = {"channel": channel, "ts": ts}
        if not self.kind and what < 0.15:
            await self._act(name, "/slack/act", where | {"action_id": "offer.decline"})
            return
        if not self.kind and self.rng.random() > self.lives:
            return
        if not await self._act(name, "/slack/act", where | {"action_id": "offer.accept"}):
            return
        await self._live(name, contact)

    async def _live(self, name: str, contact: str) -> None:
        """Answer and close, as far as it goes."""
        if contact in self._busy:
            return
        self._busy.add(contact)
        try:
            head = await self._head(contact)
            if head is None:
                return
            for _ in range(self.rng.choice((0, 1, 1, 2))):
                await self._write(name, contact, head)
            await asyncio.sleep(self.rng.uniform(0.0, 1.0))
            await self._close(name, contact, head)
        finally:
            self._busy.discard(contact)

    async def _head(self, contact: str) -> tuple[str, str] | None:
        for _ in range(100):
            if contact in self.heads:
                return self.heads[contact]
            await asyncio.sleep(0.2)
        return None

    async def _write(self, name: str, contact: str, head: tuple[str, str]) -> None:
        channel, ts = head
        self.words += 1
        mark = f"rx{self.words}x"
        what = self.rng.random()
        text = f"// {mark} kept inside" if what < 0.1 else f"{mark} this is for {contact}"
        status, found = await self.stage.post(
            "/slack/reply",
            {"user": self.stage.people[name][0], "channel": channel, "thread_ts": ts, "text": text},
        )
        if status != 200:
            return
        self.acted = time.monotonic()
        place = f"{channel}:{found['ts']}"
        self.typed.append(Typed(name, contact, place, text, "note" if what < 0.1 else "reply"))
        if 0.1 <= what < 0.2:
            where = {"channel": channel, "ts": str(found["ts"])}
            await self._act(name, "/slack/delete", where)
        elif 0.2 <= what < 0.3:
            for _ in range(20):
                if mark in self.undoable:
                    channel, ts = self.undoable[mark]
                    await self._act(
                        name, "/slack/act", {"channel": channel, "ts": ts, "action_id": "reply.undo"}
                    )
                    return
                await asyncio.sleep(0.1)

    async def _close(self, name: str, contact: str, head: tuple[str, str]) -> None:
        async with self._modal[name]:
            body = {"channel": head[0], "ts": head[1], "action_id": "contact.close"}
            if not await self._act(name, "/slack/act", body):
                return
            user = self.stage.people[name][0]
            for _ in range(30):
                views = await self.stage.get(f"/slack/views?user={user}")
                if views and "submit" in views[-1] and contact in str(views[-1].get("private_metadata")):
                    values = {"disposition": {"disposition": "0:solved"}}
                    await self._act(
                        name, "/slack/submit", {"view_id": str(views[-1]["id"]), "values": values}
                    )
                    break
                await asyncio.sleep(0.1)
            for view in await self.stage.get(f"/slack/views?user={user}"):
                await self._act(name, "/slack/close", {"view_id": str(view["id"]), "all": True})
                break

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
            await asyncio.sleep(1.5)
            if not self.kind and self.rng.random() < 0.5:
                name = self.rng.choice(self.agents)
                self.off[name] = time.monotonic() + self.rng.uniform(1.0, 6.0)
                await self.duty(name, self.rng.choice(("away", "offline")))
            forgotten = await self._look_after(await self.stage.product_get("/agents") or (), forgotten)

    async def _look_after(self, people: Iterable[Json], before: set[str]) -> set[str]:
        """Who has something open that nobody works on, seen twice, does it again (the app died after a press)."""
        idle: set[str] = set()
        for it in people:
            name = str(it["name"])
            if it["presence"] != "available" and self.off.get(name, 0.0) < time.monotonic() and not self.gone:
                await self.duty(name, "available")
            for contact in it["contacts"]:
                if contact not in self._busy and contact in self.heads:
                    idle.add(contact)
                    if contact in before:
                        self._spawn(self._live(name, contact))
        return idle

    async def publish(self, source: str) -> None:
        """A supervisor publishes the same rules with another remark."""
        headers = {"Authorization": f"Bearer {self.stage.token}"}
        body = {"yaml": source, "author": "mira", "reason": "chaos"}
        with suppress(aiohttp.ClientError, TimeoutError, json.JSONDecodeError):
            async with self.stage.http.put(
                f"{self.stage.product}/api/v1/plan", json=body, headers=headers
            ) as answer:
                found = await answer.json()
                if answer.status == 200 and "version" in found:
                    self.published.append(int(found["version"]))


def payload(message: Json) -> Json:
    """What the product wrote behind a message."""
    found: Json = message.get("metadata") or {}
    return dict(found.get("event_payload", found))
