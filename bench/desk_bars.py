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

AGENTS, OPEN, LOOKING = 200, 1_000, 40
"""Of the agents so many look at their App Home."""
A_SECOND, BURST, EVERY = 5.0, 5, 20.0
"""Lines a second; contacts in a burst, each offered to two; seconds between bursts: thirty offers a minute."""
ANSWERS, CLOSES = 6.0, 4.0
"""Seconds between two answers, and between two closings."""
AT_ONCE, LINES, LOSER = 2.0, 5.0, 1.0
"""Seconds."""
ACK, PRESSES, NEVER = 1_000.0, 50, 3_000.0
"""ms; presses a second; ms after which Slack gives up."""
NOT_SEEN = float("inf")
LAST = 90.0
"""Seconds that cards are given after the load to become what they should be."""


async def desk(quick: bool) -> list[Finding]:
    """Both."""
    return [*await _load(quick), *await _frozen(quick)]


# ---- under load -------------------------------------------------------------------------------------------------


async def _load(quick: bool) -> list[Finding]:
    seconds, many = (20.0, 200) if quick else (120.0, OPEN)
    async with DeskStage.open(AGENTS) as stage:
        people = People(stage, Seen(stage), random.Random(5))
        looking = asyncio.create_task(people.seen.look())
        stale: dict[str, float] = {}
        try:
            async with stage.run(paced=False):
                await people.come()
                await people.fill(many)
            await stage.limits(True)
            async with stage.run(paced=True):
                await people.look(LOOKING)
                watching = asyncio.create_task(_watch(stage, stale))
                await _run(people, seconds, many)
                late = await _until_newest(stage)
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
    return _findings(people, many, stale, late)


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


async def _watch(stage: DeskStage, stale: dict[str, float]) -> None:
    """The greatest of each figure."""
    while True:
        for name, value in (await stage.figures()).items():
            stale[name] = max(value, stale.get(name, 0.0))
        await asyncio.sleep(1.0)


async def _until_newest(stage: DeskStage) -> float:
    """Seconds until no card and no Home is out of date any more; infinite where one still is."""
    begun = time.monotonic()

    async def newest() -> bool:
        found = await stage.figures()
        return not found["cards_stale"] and not found["homes_stale"]

    with suppress(TimeoutError):
        await stage.until(newest, LAST)
        return time.monotonic() - begun
    return float("inf")


def _findings(people: People, many: int, stale: dict[str, float], late: float) -> list[Finding]:
    seen, name = people.seen, f"desk, {many:,} open, limits enforced"
    lines = [seen.lines.get(it, NOT_SEEN) - at for it, at in people.wrote.items()]
    threads = [seen.heads.get(contact, NOT_SEEN) - at for contact, at in people.taken.items()]
    told = f"{seen.together} posts of several lines; {seen.refused} calls refused; {people.closed} closed"
    trouble = [Absent("part of the desk's load", "; ".join(sorted(set(people.trouble))[:3]))]
    return [
        _late(f"{name}: text to offer, p99", _offers(people), AT_ONCE),
        _late(f"{name}: offer withdrawn, p99", _withdrawn(people), AT_ONCE),
        _late(f"{name}: loser of a race told by whom, the slowest", _raced(people), LOSER, 1.0),
        _late(f"{name}: failure told, p99", _failures(people), AT_ONCE),
        _late(f"{name}: customer's line, p99", lines, LINES),
        _late(f"{name}: customer's line, median", lines, None, 0.5, told),
        _late(f"{name}: accepted to thread, p99", threads, None, note="its first message"),
        _stale(f"{name}: oldest card out of date", stale["cards_oldest_s"]),
        _stale(f"{name}: oldest Home out of date, {LOOKING} look", stale["homes_oldest_s"]),
        Bar(f"{name}: all cards and Homes newest, after the load", late, LAST, "s", (late, late), 1),
        *(trouble if people.trouble else []),
    ]


def _offers(people: People) -> list[float]:
    """From a text to each of its two offers."""
    return [
        at - people.texted[sender]
        for sender, cards in people.seen.offers.items()
        if sender in people.texted
        for at in cards.values()
    ]


def _withdrawn(people: People) -> list[float]:
    """From one's press to the end of the other's card, where the other one didn't press."""
    pressed = {people.seen.contacts[sender] for sender in people.raced}
    return [
        people.seen.ended.get(people.losers[contact], NOT_SEEN) - at
        for contact, at in people.taken.items()
        if contact not in pressed
    ]


def _raced(people: People) -> list[float]:
    """From a press that came too late to the words that say who has it."""
    return [people.seen.lost.get(sender, NOT_SEEN) - at for sender, at in people.raced.items()]


def _failures(people: People) -> list[float]:
    """From the carrier's word to ours."""
    seen = people.seen
    return [
        seen.crossed.get(name, NOT_SEEN) - seen.failed[sender]
        for name, sender in people.replied.items()
        if sender in seen.failed
    ]


def _stale(name: str, value: float) -> Bar:
    return Bar(name, value, None, "s", (0.0, value), 1, note="by /metrics, each second; the newest follows")


def _late(name: str, values: Sequence[float], limit: float | None, q: float = 0.99, note: str = "") -> Bar:
    """What was never seen counts as never."""
    if len(values) < 2 or max(values) == NOT_SEEN:
        missing = sum(value == NOT_SEEN for value in values)
        low = min(values, default=0.0)
        return Bar(name, NOT_SEEN, limit, "s", (low, NOT_SEEN), len(values), note=f"{missing} never seen")
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
