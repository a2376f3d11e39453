"""What an agent does with a contact in hand: write, undo, hand over, escalate, snooze, close. Seeded by the crowd."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from .eyes import Eyes
from .seen import Moved, Typed
from .stage import Stage

Json = dict[str, Any]
SPLIT_OFF = re.compile(r"(C\d+) was split off")
TRIES = 6
MOVES = (
    ("transfer", 0.05), ("team", 0.015), ("escalate", 0.05), ("service", 0.02), ("snooze", 0.05), ("date", 0.03),
    ("back", 0.02), ("split", 0.02), ("pause", 0.02),
)  # fmt: skip
"""What is done instead of closing, and how often."""
THANKS = 0.03
"""How often a customer writes just after the end."""
MEDDLES = 0.05
"""How often a colleague types in the thread, as if the contact were theirs."""
PAUSE = (9.0, 30.0)
"""Seconds for which somebody lets a contact lie: long enough for quiet, for a reminder, for losing it."""
LATER = 8.0
"""Seconds for which whoever handed something over leaves it alone."""


@dataclass
class Fingers:
    """Presses, types and fills in forms, again while Slack says that the app can't be reached."""

    stage: Stage
    rng: random.Random
    eyes: Eyes
    texts: Callable[[str, str], None]
    """A customer's text, by and by: contact, words. No agent waits for it."""
    typed: list[Typed] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    """What Slack said was done."""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each was asked for, answered or not: what and contact."""
    spammed: set[str] = field(default_factory=set)
    """Contacts that a supervisor tried to end as spam."""
    favoured: tuple[str, ...] = ()
    """Moves of which one is made every second time."""
    kind: bool = False
    """In the end nobody hands over or puts off any more."""
    split_off: dict[str, list[str]] = field(default_factory=dict)
    """What came out of a contact by a split, and wasn't merged yet."""
    alone: dict[str, float] = field(default_factory=dict)
    """Contacts that nobody touches until an instant of the monotonic clock."""
    words: int = 0
    _modal: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def act(self, name: str, path: str, body: Json) -> bool:
        """Something a person does in Slack; whether it was taken."""
        for again in range(TRIES):
            with suppress(aiohttp.ClientError, TimeoutError):
                status, found = await self.stage.post(path, {"user": self.stage.people[name][0]} | body)
                if status == 200:
                    return bool(found.get("ok", True))
                if status == 404:
                    return False
            await asyncio.sleep(0.3 * 2**again)
        return False

    async def live(self, name: str, contact: str) -> None:
        """Answer, then close, or do something else with it, as far as it goes."""
        head = await self.eyes.head(contact)
        if head is None:
            return
        for _ in range(self.rng.choice((0, 1, 1, 2))):
            await self._write(name, contact, head)
        if self.rng.random() < MEDDLES:
            await self._meddle(name, contact, head)
        await asyncio.sleep(self.rng.uniform(0.0, 1.0))
        move = self._chosen()
        if move:
            await self._move(move, name, contact, head)
        else:
            await self._close(name, contact, head)

    def _chosen(self) -> str:
        """What is done with it instead of closing; mostly nothing."""
        if self.kind:
            return ""
        if self.favoured and self.rng.random() < 0.5:
            return self.rng.choice([it for it in self.favoured if it in dict(MOVES)] or [""])
        what = self.rng.random()
        for move, share in MOVES:
            what -= share
            if what < 0:
                return move
        return ""

    # ---- writing ------------------------------------------------------------------------------------------------

    async def _write(self, name: str, contact: str, head: tuple[str, str]) -> None:
        channel, ts = head
        self.words += 1
        mark, what = f"rx{self.words}x", self.rng.random()
        text = f"// {mark} kept inside" if what < 0.1 else f"{mark} this is for {contact}"
        body = {"user": self.stage.people[name][0], "channel": channel, "thread_ts": ts, "text": text}
        status, found = await self.stage.post("/slack/reply", body)
        if status != 200:
            return
        place = f"{channel}:{found['ts']}"
        self.typed.append(Typed(name, contact, place, text, "note" if what < 0.1 else "reply"))
        if 0.1 <= what < 0.2:
            await self.act(name, "/slack/delete", {"channel": channel, "ts": str(found["ts"])})
        elif 0.2 <= what < 0.3:
            await self._undo(name, mark)

    async def _meddle(self, name: str, contact: str, head: tuple[str, str]) -> None:
        """Somebody else's words: the customer mustn't get them."""
        other = self.rng.choice([it for it in self.stage.people if it.startswith("A") and it != name])
        self.words += 1
        body = {
            "channel": head[0],
            "thread_ts": head[1],
            "text": f"rx{self.words}x what {other} thinks of {contact}",
        }
        status, found = await self.stage.post("/slack/reply", {"user": self.stage.people[other][0]} | body)
        if status == 200:
            place = f"{head[0]}:{found['ts']}"
            self.typed.append(Typed(other, contact, place, body["text"], "aside"))

    async def _undo(self, name: str, mark: str) -> None:
        for _ in range(20):
            if mark in self.eyes.undoable:
                channel, ts = self.eyes.undoable[mark]
                body = {"channel": channel, "ts": ts, "action_id": "reply.undo"}
                await self.act(name, "/slack/act", body)
                return
            await asyncio.sleep(0.1)

    # ---- handing over, putting off ------------------------------------------------------------------------------

    async def _move(self, what: str, name: str, contact: str, head: tuple[str, str]) -> None:
        self.alone[contact] = time.monotonic() + LATER
        match what:
            case "transfer":
                to = self.rng.choice([it for it in self.stage.people if it.startswith("A") and it != name])
                await self._order(name, contact, f"transfer {contact} {to} they know it", "transfer")
            case "team":
                await self._order(name, contact, f"transfer {contact} team desk whoever is there", "transfer")
            case "service":
                await self._order(name, contact, f"transfer {contact} service both for two", "transfer")
            case "pause":
                self.alone[contact] += self.rng.uniform(*PAUSE) - LATER
                if self.rng.random() < 0.7:
                    self._customer(contact, "are you there?")
            case "split":
                await self._order(name, contact, f"split {contact} 1", "split")
                await self._rejoin(contact)
            case "escalate":
                self.asked["transfer", contact] += TRIES  # a form is sent again where Slack shows an error
                await self._form(
                    name, contact, head, "contact.escalate", {"text": {"text": "tried it twice"}}
                )
            case "back":
                await self._order(name, contact, f"give back {contact} not now", "release")
            case "snooze":
                await self._order(name, contact, f"snooze {contact} until they write", "snooze")
                self._customer(contact, "still there?")
            case _:
                await self.stage.put_off(contact, self.rng.uniform(0.5, 3.0))

    async def _rejoin(self, contact: str) -> None:
        """What was split off is put together again by a supervisor, one way or the other."""
        for new in self.split_off.pop(contact, ()):
            if self.rng.random() < 0.3:
                continue
            await asyncio.sleep(self.rng.uniform(0.0, 2.0))
            ends, into = self.rng.sample((contact, new), 2)
            self.asked["merge", ends] += 1
            if await self.stage.product_post(f"/contacts/{ends}/merge", {"into": into, "by": "Mira"}) == 200:
                self.moved.append(Moved("merge", ends))
            if self.rng.random() < 0.5:
                self._customer(contact, "and another thing:")

    def _customer(self, contact: str, words: str) -> None:
        self.words += 1
        self.texts(contact, f"{words} {contact} {self.words}")

    async def _order(self, name: str, contact: str, words: str, what: str) -> None:
        """`/tierline WORDS` in their own direct messages; whether Slack said that it is done."""
        user, dm = self.stage.people[name]
        self.asked[what, contact] += 1
        body = {"user": user, "channel": dm, "command": "/tierline", "text": words}
        with suppress(aiohttp.ClientError, TimeoutError):
            status, found = await self.stage.post("/slack/command", body)
            text = str(found.get("text"))
            # What was said to them meanwhile may be about another order of theirs.
            if status == 200 and contact in text and any(it in text for it in DONE[what]):
                self.moved.append(Moved(what, contact))
                if what == "split" and (new := SPLIT_OFF.search(text)):
                    self.split_off.setdefault(contact, []).append(new[1])

    async def hurry(self, contact: str) -> None:
        """A supervisor gives priority to one of those who wait behind it."""
        later = f"C{int(contact[1:]) + self.rng.randrange(1, 12)}"
        await self._order("Mira", later, f"priority {later} +5", "priority")

    async def spam(self, contact: str) -> None:
        """A supervisor ends it without an answer."""
        self.spammed.add(contact)
        await self._order("Mira", contact, f"spam {contact}", "spam")

    # ---- forms --------------------------------------------------------------------------------------------------

    async def _close(self, name: str, contact: str, head: tuple[str, str]) -> None:
        await self._form(name, contact, head, "contact.close", {"disposition": {"disposition": "0:solved"}})
        if not self.kind and self.rng.random() < (0.5 if "thanks" in self.favoured else THANKS):
            self._customer(contact, "one more thing:")

    async def _form(
        self, name: str, contact: str, head: tuple[str, str], button: str, values: dict[str, Json]
    ) -> None:
        """One at a time: the button opens a modal, which first shows that it is loading."""
        user = self.stage.people[name][0]
        async with self._modal.setdefault(name, asyncio.Lock()):
            body = {"channel": head[0], "ts": head[1], "action_id": button}
            if not await self.act(name, "/slack/act", body):
                return
            for _ in range(30):
                views = await self.stage.get(f"/slack/views?user={user}")
                if views and "submit" in views[-1] and contact in str(views[-1].get("private_metadata")):
                    answer = {"view_id": str(views[-1]["id"]), "values": values}
                    if await self.act(name, "/slack/submit", answer):
                        return
                    break
                await asyncio.sleep(0.1)
            for view in (await self.stage.get(f"/slack/views?user={user}"))[:1]:
                await self.act(name, "/slack/close", {"view_id": str(view["id"]), "all": True})


DONE = {
    "transfer": ("is handed over to",),
    "release": ("is back in the queue",),
    "snooze": ("sleeps until",),
    "split": ("was split off",),
    "priority": ("min earlier",),
    "spam": ("was spam: it has ended",),
}  # fmt: skip
"""By what each kind of order is confirmed."""
