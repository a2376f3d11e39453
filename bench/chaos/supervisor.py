"""A supervisor at work during a chaos run: incidents, a service closed at once, ended contacts re-opened. Seeded.

One thing at a time, each asked for again until it is known to be so, as somebody does who sees an error.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .archive import in_state, lately_closed
from .seen import Announced, Moved
from .stage import ABOUT, SMALL, Stage

Json = dict[str, Any]
BY = "Mira"
PAUSE = (0.5, 2.5)
"""Seconds between two things that they do."""
STANDS = (4.0, 9.0)
"""Seconds for which an incident stands."""
SHUT = (1.0, 4.0)
"""Seconds for which the service is closed."""
AGAIN = 0.5


def ms() -> int:
    return round(time.time() * 1000)


@dataclass
class Supervisor:
    """Does what one of the crowd's supervisors does beside answering; `asked` and `moved` are the crowd's."""

    stage: Stage
    rng: random.Random
    asked: Counter[tuple[str, str]]
    moved: list[Moved]
    announced: list[Announced] = field(default_factory=list)
    going_home: bool = False
    _count: int = 0

    async def work(self) -> None:
        """Until they go home."""
        while not self.going_home:
            await asyncio.sleep(self.rng.uniform(*PAUSE))
            match self.rng.choice(("incident", "closing", "reopen", "reopen", "assign", "assign")):
                case "incident":
                    await self._incident()
                case "closing":
                    await self._closing()
                case "assign":
                    await self._assign()
                case _:
                    await self._reopen()

    async def _incident(self) -> None:
        self._count += 1
        told, over = f"Known: printers, I{self._count}.", f"Over: printers, I{self._count}."
        asked = ms()
        body = {"words": [ABOUT], "text": told, "by": BY}
        while (
            id := await self._standing(told)
        ) is None:  # asked first: who isn't answered mustn't begin a second
            if await self.stage.product_post("/incidents", body) != 200:
                await asyncio.sleep(2 * AGAIN)  # what the store has been asked for may still happen
        known = ms()
        await asyncio.sleep(self.rng.uniform(*STANDS))
        ended = ms()
        while await self._standing(told):
            await self.stage.product_post(f"/incidents/{id}/close", {"text": over, "by": BY})
            await asyncio.sleep(AGAIN)
        self.announced.append(Announced("incident", told, asked, known, ended, ms(), over))

    async def _standing(self, told: str) -> str | None:
        """The id of the incident that says so, "" when there is none; asked until there is an answer."""
        while (found := await self.stage.product_get("/incidents")) is None:  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(AGAIN)
        return next((str(it["id"]) for it in found if it["text"] == told), None)

    async def _closing(self) -> None:
        self._count += 1
        told, asked = f"Closed for a moment, K{self._count}.", ms()
        await self._until(f"/services/{SMALL}/close", {"text": told, "by": BY}, (200,))
        known = ms()
        await asyncio.sleep(self.rng.uniform(*SHUT))
        ended = ms()
        await self._until(f"/services/{SMALL}/open", {"by": BY}, (200, 409))
        self.announced.append(Announced("closing", told, asked, known, ended, ms()))

    async def _until(self, path: str, body: Json, good: tuple[int, ...]) -> None:
        while await self.stage.product_post(path, body) not in good:  # noqa: ASYNC110 - a server is asked
            await asyncio.sleep(AGAIN)

    async def _assign(self) -> None:
        """One that waits, by name, to somebody who alone is asked for it."""
        found = await asyncio.to_thread(in_state, self.stage.history, "waiting", 20)
        if found:
            contact, to = self.rng.choice(found), self.rng.choice(sorted(self.stage.people))
            for what in ("assign", "transfer"):  # by then somebody may have it, who hands it over
                self.asked[what, contact] += 1
            await self.stage.product_post(f"/contacts/{contact}/assign", {"agent": to, "by": BY})

    async def _reopen(self) -> None:
        """One that has just ended; refused where its customer has another one open by now."""
        found = await asyncio.to_thread(lately_closed, self.stage.history)
        if not found:
            return
        contact = self.rng.choice(found)
        self.asked["reopen", contact] += 1
        if await self.stage.product_post(f"/contacts/{contact}/reopen", {"by": BY}) == 200:
            self.moved.append(Moved("reopen", contact))
