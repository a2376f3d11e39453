"""The process in which a recorded day is replayed: `python -m tierline.console.replay_worker`, a job on its stdin.

It is a process of its own because it computes for seconds to minutes, which no loop that serves customers may share.
A job is one line of JSON; every line that comes back is `{"progress": …}`, and the last `{"result": …}` or
`{"failed": …}`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from ..queue.failures import StoreError
from ..queue.history.history import History
from ..queue.history.records import Customer
from ..router.plan.errors import PlanErrors
from ..router.plan.load import parse
from ..router.rulebook import Rulebook
from ..router.simulate.compare import Replaying
from ..router.simulate.record import Entry, entries
from .replay_job import Job
from .replay_views import shown

PAGE = 5_000  # events
CARDS = 400  # customers asked for at once
SELDOM = 100_000, 50, 50
"""How often the collector looks around: the model leaves nothing to it, and looking for it costs some percent of the time."""


async def replay(job: Job) -> Mapping[str, object]:
    """Carry it out; progress is printed."""
    active = Rulebook(parse(job.active), job.version)
    draft = Rulebook(parse(job.draft), job.version + 1) if job.draft else None
    books = {job.version: active}
    work = Replaying(books, active, job.start, job.end)
    history = await History.open(job.database_url or None, Path(job.data))
    try:
        after, more, on = "0-0", True, True
        while more and on:
            events, more = await history.ledger(after, PAGE)
            if not events:
                break
            after = events[-1].id
            page = list(entries(events))
            for entry in page:
                _note_plan(books, entry)
            on = work.read(page) and events[-1].t < job.end
            say({"progress": {"events": work.again.events, "at": events[-1].t, "doing": "reproducing"}})
        if draft is not None and work.again.difference is None:
            say({"progress": {"events": work.again.events, "at": job.end, "doing": "comparing"}})
        return shown(work.outcome(draft, await customers(history, work)))
    finally:
        await history.close()


def _note_plan(books: dict[int, Rulebook], entry: Entry) -> None:
    """The record's own versions of the plan; one that can't be read any more is as good as absent."""
    it = entry.find("plan")
    text, version = (it.x.get("yaml"), it.x.get("version")) if it else (None, None)
    if isinstance(text, str) and isinstance(version, int) and version not in books:
        try:
            books[version] = Rulebook(parse(text), version)
        except PlanErrors:
            say({"progress": {"doing": f"version {version} of the plan can't be read by this Tierline"}})


async def customers(history: History, work: Replaying) -> dict[str, Customer]:
    """Those of the day, as the records know them today."""
    keys = sorted({told.facts.customer for told in work.day.contacts.values()} - {""})
    found: dict[str, Customer] = {}
    for i in range(0, len(keys), CARDS):
        for card in await history.cards(keys[i : i + CARDS], ()):
            found[card.key] = Customer(card.key, card.name, card.language, card.facts, known=True)
    return found


def say(what: Mapping[str, object]) -> None:
    """One line for whoever started us."""
    print(json.dumps(what), flush=True)


def main() -> int:
    """Read the job, do it, say what came of it."""
    gc.freeze()
    gc.set_threshold(*SELDOM)
    try:
        say({"result": asyncio.run(replay(Job.parse(sys.stdin.readline())))})
    except (StoreError, PlanErrors, ValueError) as error:
        say({"failed": f"{type(error).__name__}: {error}"})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
