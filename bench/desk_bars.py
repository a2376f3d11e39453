"""The desk with Slack's limits enforced, and with the store frozen: how late people see what they must see at once.

200 agents, 1,000 open contacts, bursts of ten offers (five contacts, each offered to two), five customers' lines a
second over eight channels, owners who answer and are told that it failed, as many closed as come.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

from .bars import Absent, Bar, Finding, quantile
from .desk_people import People
from .desk_seen import Seen
from .desk_stage import DeskStage

AGENTS, OPEN = 200, 1_000
A_SECOND, BURST, EVERY = 5.0, 5, 20.0
"""Lines a second; contacts in a burst, each offered to two; seconds between bursts: thirty offers a minute."""
ANSWERS, CLOSES = 6.0, 4.0
"""Seconds between two answers, and between two closings."""
AT_ONCE, LINES, LOSER = 2.0, 5.0, 1.0
"""Seconds."""
ACK, PRESSES, NEVER = 1_000.0, 50, 3_000.0
"""ms; presses a second; ms after which Slack gives up."""
LAST = 90.0
"""Seconds that cards are given after the load to become what they should be."""


async def desk(quick: bool) -> list[Finding]:
    """Both."""
    return [*await _load(quick), *await _frozen(quick)]


# ---- under load -------------------------------------------------------------------------------------------------


async def _load(quick: bool) -> list[Finding]:
    seconds, many = (20.0, 300) if quick else (120.0, OPEN)
    async with DeskStage.open(AGENTS) as stage:
        people = People(stage, Seen(stage), random.Random(5))
        looking = asyncio.create_task(people.seen.look())
        stale = list[float]()
        try:
            async with stage.run(paced=False):
                await people.come()
                await people.fill(many)
            await stage.limits(True)
            async with stage.run(paced=True):
                watching = asyncio.create_task(_watch(stage, stale))
                await _run(people, seconds, many)
                late = await _until_newest(stage)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
    return _findings(people, many, max(stale, default=0.0), late)


async def _run(people: People, seconds: float, many: int) -> None:
    """The load, and until all of it is seen."""
    people.begin()
    await asyncio.gather(
        people.write(seconds, A_SECOND),
        people.arrive(seconds, EVERY, BURST, many),
        people.answer(seconds - 5, ANSWERS),
        people.close(seconds, CLOSES),
    )
    if people.tasks:
        await asyncio.wait(people.tasks, timeout=30)
    with suppress(TimeoutError):
        await people.stage.until(lambda: _all_seen(people), 30)


async def _all_seen(people: People) -> bool:
    seen = people.seen
    return people.wrote.keys() <= seen.lines.keys() and people.replied.keys() <= seen.crossed.keys()


async def _watch(stage: DeskStage, stale: list[float]) -> None:
    while True:
        stale.append((await stage.figures()).get("cards_oldest_s", 0.0))
        await asyncio.sleep(1.0)


async def _until_newest(stage: DeskStage) -> float:
    """Seconds until no card is out of date any more; infinite where one still is."""
    begun = time.monotonic()

    async def newest() -> bool:
        return not (await stage.figures())["cards_stale"]

    with suppress(TimeoutError):
        await stage.until(newest, LAST)
        return time.monotonic() - begun
    return float("inf")


def _findings(people: People, many: int, stale: float, late: float) -> list[Finding]:
    seen = people.seen
    offers = [
        at - people.texted[sender]
        for sender, cards in seen.offers.items()
        if sender in people.texted
        for at in cards.values()
    ]
    ended = {
        contact: seen.ended.get(card) for contact, card in people.losers.items() if contact in people.taken
    }
    gone = [at - people.taken[contact] for contact, at in ended.items() if at is not None]
    crossed = [
        at - seen.failed[people.replied[name]]
        for name, at in seen.crossed.items()
        if people.replied.get(name) in seen.failed
    ]
    lines = [at - people.wrote[name] for name, at in seen.lines.items() if name in people.wrote]
    threads = [seen.heads[contact] - at for contact, at in people.taken.items() if contact in seen.heads]
    missing = [
        f"{len(people.wrote) - len(lines)} of {len(people.wrote)} lines",
        f"{len(people.replied) - len(crossed)} of {len(people.replied)} failures",
        f"{len(ended) - len(gone)} of {len(ended)} withdrawals",
    ]
    note = f"not seen: {', '.join(missing)}" if any(it[0] != "0" for it in missing) else ""
    name = f"desk, {many:,} open, limits enforced"
    told = f"{seen.together} posts of several lines; {seen.refused} calls refused; {people.closed} closed"
    trouble = [Absent("part of the desk's load", "; ".join(sorted(set(people.trouble))[:3]))]
    return [
        _late(f"{name}: text to offer, p99", offers, AT_ONCE),
        _late(f"{name}: offer withdrawn, p99", gone, AT_ONCE, lost=len(ended) - len(gone)),
        _late(f"{name}: loser told by whom, the slowest", gone, LOSER, 1.0, lost=len(ended) - len(gone)),
        _late(f"{name}: failure told, p99", crossed, AT_ONCE, lost=len(people.replied) - len(crossed)),
        _late(f"{name}: customer's line, p99", lines, LINES, note=note, lost=len(people.wrote) - len(lines)),
        _late(f"{name}: customer's line, median", lines, None, 0.5, told),
        _late(
            f"{name}: accepted to thread, p99",
            threads,
            None,
            note="its first message",
        ),
        Bar(
            f"{name}: oldest card out of date",
            stale,
            None,
            "s",
            (0.0, stale),
            1,
            note="by /metrics, each second",
        ),
        Bar(f"{name}: all cards newest, after the load", late, LAST, "s", (late, late), 1),
        *(trouble if people.trouble else []),
    ]


def _late(
    name: str, values: Sequence[float], limit: float | None, q: float = 0.99, note: str = "", lost: int = 0
) -> Bar:
    """What was never seen counts as never."""
    if len(values) < 2 or lost:
        low = min(values, default=0.0)
        return Bar(name, float("inf"), limit, "s", (low, float("inf")), len(values), note=note)
    value = max(values) if q == 1.0 else quantile(values, q)
    return Bar(name, value, limit, "s", (min(values), max(values)), len(values), note=note)


# ---- with the store frozen --------------------------------------------------------------------------------------


async def _frozen(quick: bool) -> list[Finding]:
    """Buttons pressed while the store stands still: until Slack has its acknowledgement, and until a form shows."""
    many = 200 if quick else 1_000
    async with DeskStage.open(8) as stage, stage.run(paced=False):
        people = People(stage, Seen(stage), random.Random(7))
        looking = asyncio.create_task(people.seen.look())
        try:
            await people.come()
            await people.fill(4)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        children = psutil.Process(stage.pid).children(recursive=True)
        server = next((it for it in children if "valkey" in it.name()), None)
        if server is None:
            return [Absent("desk without the store", "the embedded server wasn't found among the processes")]
        os.kill(server.pid, signal.SIGSTOP)
        try:
            forms = await _forms(people)
            acks = await _press(people, many)
        finally:
            os.kill(server.pid, signal.SIGCONT)
    return [
        Bar("desk, store frozen: button to acknowledged, p99.9", quantile(acks, 0.999), ACK, "ms",
            (min(acks), max(acks)), len(acks), note=f"{PRESSES} presses a second"),
        Bar("desk, store frozen: button to a form's loading view, the slowest", max(forms), ACK, "ms",
            (min(forms), max(forms)), len(forms)),
    ]  # fmt: skip


async def _press(people: People, many: int) -> list[float]:
    """ms until each was acknowledged: buttons of a thread's first message, forms and none."""
    acks, begun = list[float](), time.monotonic()
    buttons = ("contact.more", "contact.note", "contact.reply", "contact.escalate")

    async def one(i: int) -> None:
        it = people.open[i % len(people.open)]
        body = {
            "user": it.owner,
            "channel": it.channel,
            "ts": it.ts,
            "action_id": buttons[i % 4],
            "value": "C1.1",
        }
        answer = await people.stage.post("/slack/act", body)
        acks.append(float(answer.get("ack_ms", NEVER)))

    async with asyncio.TaskGroup() as group:
        for i in range(many):
            await asyncio.sleep(max(0.0, begun + i / PRESSES - time.monotonic()))
            group.create_task(one(i))
    return acks


async def _forms(people: People) -> list[float]:
    """ms until a form's loading view stands there; nobody has one open yet."""
    found = list[float]()
    for it in {it.owner: it for it in people.open}.values():
        begun = time.monotonic()
        body = {"user": it.owner, "channel": it.channel, "ts": it.ts, "action_id": "contact.close"}
        await people.stage.post("/slack/act", body)

        async def view(owner: str = it.owner) -> bool:
            return bool(await people.stage.get(f"/slack/views?user={owner}"))

        await people.stage.until(view, 10)
        found.append((time.monotonic() - begun) * 1000)
    return found
