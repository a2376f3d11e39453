"""kill -9 in the middle of a re-evaluation: another worker, or the next start, goes on, and nobody is moved twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from pathlib import Path

import pytest
from helpers_queue import Bare
from many_stage import Crew, open_crew
from story_stage import DESK, PLAN, Json, Process

from tierline.queue.contact import Arrived
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.router.classify import classify
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.walk import ROLE

SLOW, OTHERS = 400, 30
WIDER = PLAN.replace("any: [both]", "any: [both, slow]")


async def wait_in_line(crew: Crew) -> None:
    """Customers who wait, decided by the plan's first version as any router decides."""
    assert crew.store is not None
    queue, book = Queue(Bare(crew.store), "main"), Rulebook(parse(PLAN), 1)
    for n in range(SLOW + OTHERS):
        it = Arrived(
            "sms",
            f"SM{n:032}",
            f"+49154{n:08}",
            DESK,
            "it is slow" if n < SLOW else "a question",
            verified=True,
        )
        decided = classify(book, it, Customer(it.sender), await queue.now()).decision
        await queue.arrive(it.to_json(), it.event, it.thread, decided)


async def publish(crew: Crew) -> Json:
    body = {"yaml": WIDER, "author": "Mira", "reason": "slow is an outage", "waiting": "reevaluate", "on": 1}
    headers = {"Authorization": f"Bearer {crew.process.env['TIERLINE_API_TOKEN']}"}
    async with crew.http.put(f"{crew.product}/api/v1/plan", json=body, headers=headers) as answer:
        found: Json = await answer.json()
        assert answer.status == 200, found
        return found


async def caught_in_the_middle(crew: Crew) -> Process:
    """The worker that walks, stopped with some moved and some not, then killed."""
    store = crew.store
    assert store is not None

    async def moved() -> int:
        found = await store.call("HGET", "{main}:walk", "moved")
        return int(found) if isinstance(found, bytes) else 0

    await crew.until(moved)
    who = await store.call("HGET", f"{{main}}:lease:{ROLE}", "holder")
    assert isinstance(who, bytes)
    pid = int(who.decode().split(":")[-2])
    worker = next(it for it in crew.workers if it.pid == pid)
    os.kill(pid, signal.SIGSTOP)
    halfway = await moved()
    assert 0 < halfway < SLOW, "the walk was over before it could be caught"
    await worker.kill()
    return worker


async def ledger(crew: Crew) -> list[Json]:
    """Everything that happened, as the history (and what it hasn't got yet) says; nothing is sent to anybody here."""
    found: list[Json] = []
    while page := await crew.api(f"/ledger?since={found[-1]['id'] if found else '0-0'}"):
        found += page
    return found


@pytest.mark.timeout(300)
@pytest.mark.promise("plan-walk-crash")
@pytest.mark.parametrize("workers", [2, 1], ids=["another-worker", "the-next-start"])
async def test_a_worker_killed_amid_a_walk_leaves_nobody_behind_and_nobody_is_moved_twice(
    tmp_path: Path, workers: int
) -> None:
    async with open_crew(tmp_path, webs=1, workers=workers, plan=PLAN) as crew:
        await wait_in_line(crew)
        assert (await publish(crew))["version"] == 2
        dead = await caught_in_the_middle(crew)
        if workers == 1:
            await crew.started(dead)

        async def walked() -> list[Json]:
            return [it for it in await ledger(crew) if it["event"] == "plan.walked"]

        await crew.until(walked)
        happened = await ledger(crew)
        moved = Counter(it["contact"] for it in happened if it["event"] == "rerouted")
        slow = [it["contact"] for it in happened if it["event"] == "arrived"][:SLOW]
        assert moved == dict.fromkeys(slow, 1)
        assert len([it for it in happened if it["event"] == "plan.walked"]) == 1

        async def noted() -> Json | None:
            version: Json = await crew.api("/plan/versions/2")
            return version if version.get("moved") is not None else None

        version = await crew.until(noted)
        assert (version["seen"], version["moved"]) == (SLOW + OTHERS, SLOW)
        waiting = Counter(it["service"] for it in await crew.api("/contacts?limit=1000"))
        assert waiting == {"both": SLOW, "help": OTHERS}
        one: Json = await crew.api(f"/contacts/{slow[SLOW // 2]}")
        assert [it["event"] for it in one["timeline"]].count("rerouted") == 1
