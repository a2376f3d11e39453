"""A lively hour through the real scripts into the history: *why* of any instant in it is what *why* said live."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from core_differential import Direct, load, memory_server
from lively_hour import Hour, plan, rulebook

from tierline.console.past import Question
from tierline.console.past_worker import Record
from tierline.console.views import account
from tierline.queue.engine import Queue
from tierline.queue.history.history import History
from tierline.router.account import accounted, latest
from tierline.router.past import DUTY
from tierline.router.story import tell
from tierline.router.why import explain, timers

START = round(datetime(2026, 11, 20, 10, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1000)
LEFT_OUT = {"at", "text", "offers"}  # an offer's `why` is known to the past alone


class Asking(Hour):
    """The hour, in which somebody keeps asking why."""

    said: dict[tuple[int, str], dict[str, Any]]

    async def follow(self) -> None:
        await super().follow()
        if self.rng.random() < 0.02:
            open_ones = await self.queue.contacts(("waiting", "offered", "active", "wrapping"))
            for it in self.rng.sample(open_ones, min(3, len(open_ones))):
                self.said[self.now, it.id] = await self.live(it.id)
        for at, contact in [key for key in self.said if key[0] == self.now]:
            self.said[at, contact] = await self.live(contact)  # the same instant may not have been over

    async def live(self, contact: str) -> dict[str, Any]:
        queue, book = self.queue, self.book
        view, agents = await queue.contact(contact), await queue.agents()
        assert view is not None
        due, events = await queue.due(timers(view, agents)), [e for e in self.told if e.c == contact]
        since = {(e.a, e.e): e.t for e in self.told if e.e in DUTY} | latest(events)
        why = explain(book, view, agents, due, await queue.desk_up(), self.now, since)
        return account(accounted(book, why, tell(book, contact, events)))


def plain(it: Any) -> dict[str, Any]:
    offers = [{k: v for k, v in row.items() if k != "why"} for row in it["offers"]]
    moments = [
        m | {"text": m["text"].partition(":")[0]} if m["event"] == "offered" else m for m in it["timeline"]
    ]
    return {k: v for k, v in it.items() if k not in LEFT_OUT} | {"offers": offers, "timeline": moments}


async def test_any_instant_is_told_as_it_was(tmp_path: Path) -> None:
    async with memory_server(tmp_path) as client:
        queue = Queue(Direct(client), "asking", deadline=60.0, name=await load(client, "asking"))
        hour = Asking(queue, rulebook(plan()), START, 11, an_hour=240)
        hour.said = {}
        events = await hour.run()
    history = await History.open(None, tmp_path)
    whole = [list(each) for _, each in groupby(events, key=lambda event: event.id)]
    for i in range(0, len(whole), 200):
        await history.project([event for entry in whole[i : i + 200] for event in entry])
    record, whys = Record(history, page=700, apart=900), set[str]()
    asked = list(hour.said.items())
    Random(3).shuffle(asked)
    assert len(asked) > 30
    for (at, contact), was in asked[:30]:
        found: Any = await record.answer(Question(contact, at, 1, plan()))
        assert plain(found["why"]) == plain(was), f"{contact} at {at}"
        whys |= {row["why"].split(",")[0] for row in found["why"]["offers"]}
    assert "" not in whys and len(whys) > 4, whys
    # Places on the way were remembered: the second question about an instant doesn't begin at the beginning.
    assert len(record.places) >= 2
    await history.close()
