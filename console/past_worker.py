"""The process in which *why* is worked out for the past: `python -m tierline.console.past_worker`, jobs on its stdin.

It is a process of its own because it does the record again, seconds of computing that no loop that serves customers
may share. Places on the way are remembered, so that the second question costs less than the first. A job is one
line of JSON and so is its answer: `{"why": …}`, `{"unknown": …}` or `{"failed": …}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ..queue.failures import StoreError
from ..queue.history.history import History
from ..router.past import Then
from ..router.plan.errors import PlanErrors
from ..router.plan.load import parse
from ..router.rulebook import Rulebook
from ..router.simulate.record import Entry, entries
from .past import Question
from .views import account, iso

PAGE = 2_000  # events
APART = 50_000
"""Events between two remembered places: half a second of work or so."""
MOST_PLACES = 24


@dataclass(slots=True)
class Place:
    """The record done again up to and with the ledger's entry `after`, of the instant `t` (ms)."""

    after: str
    t: int
    events: int
    then: Then


@dataclass(slots=True)
class Record:
    """Answers questions about one history."""

    history: History
    page: int = PAGE
    apart: int = APART
    books: dict[int, Rulebook] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    begun: int = 0  # entries done again, for whoever counts

    async def answer(self, asked: Question) -> Mapping[str, object]:
        """What *why* said, with the story up to then."""
        if asked.version not in self.books:
            self.books[asked.version] = await asyncio.to_thread(_book, asked.active, asked.version)
        known = await self.history.contact(asked.contact)
        events = [it for it in known.events if it.t <= asked.at] if known else []
        if known is None or not events:
            came = f"; it arrived at {iso(known.arrived)}" if known and known.arrived > asked.at else ""
            return {"unknown": f"The history knows no {asked.contact[:40]} at {iso(asked.at)}{came}."}
        then = await self._then(asked, events[0].t)
        return {"why": account(then.account(asked.contact, events, asked.at))}

    async def _then(self, asked: Question, arrived: int) -> Then:
        """The record done again up to the instant, watched from before the contact's arrival on."""
        first = Place("0-0", 0, 0, Then(self.books))
        known = [place for place in self.places if place.t < arrived and place.t <= asked.at]
        at = max(known, key=lambda place: place.events, default=first)
        then, after, reached = at.then.copied(), at.after, at.t
        count = kept = at.events
        then.watch(asked.contact)
        more = True
        while more:
            events, more = await self.history.ledger(after, self.page)
            for entry in entries(events):
                if (entry.t > asked.at and not entry.aside) or then.difference is not None:
                    return then
                self._note_plan(entry)
                then.take(entry)
                self.begun, count, after = self.begun + 1, count + len(entry.lines), entry.id
                reached = reached if entry.aside else entry.t
            if events and then.difference is None and count - kept >= self.apart:
                kept = count
                self._remember(Place(after, reached, count, then))
        return then

    def _remember(self, place: Place) -> None:
        if any(abs(place.events - it.events) < self.apart for it in self.places):
            return
        place.then = place.then.copied()
        self.places.append(place)
        self.places.sort(key=lambda it: it.events)
        if len(self.places) > MOST_PLACES:
            del self.places[::2]
            self.apart *= 2

    def _note_plan(self, entry: Entry) -> None:
        """The record's own versions of the plan; one that can't be read any more is as good as absent."""
        it = entry.find("plan")
        text, version = (it.x.get("yaml"), it.x.get("version")) if it else (None, None)
        if isinstance(text, str) and isinstance(version, int) and version not in self.books:
            try:
                self.books[version] = _book(text, version)
            except PlanErrors:
                print(f"version {version} of the plan can't be read by this Tierline", file=sys.stderr)


def _book(text: str, version: int) -> Rulebook:
    return Rulebook(parse(text), version)


async def serve(database_url: str, data: str, out: TextIO) -> None:
    """Answer line by line until nobody asks any more."""
    history = await History.open(database_url or None, Path(data))
    record = Record(history)
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            try:
                found = await record.answer(Question(**json.loads(line)))
            except (StoreError, PlanErrors, ValueError) as error:
                found = {"failed": f"{type(error).__name__}: {error}"}
            print(json.dumps(found), file=out, flush=True)
    finally:
        await history.close()


def main() -> int:
    """The first line names the history, every other is a question."""
    where = json.loads(sys.stdin.readline())
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed here is no answer
    asyncio.run(serve(where["database_url"], where["data"], out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
