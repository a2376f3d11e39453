"""Bars under odd loads: contacts that one agent declined, 100,000 timers at one instant, what a call costs its caller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Iterable
from itertools import islice
from typing import Any

from ..queue.engine import Queue
from ..queue.store import Store
from ..router.watch import ABREAST
from .bars import Bar, Finding, quantile, ratio
from .crowd import Crowd
from .queue_bars import NOOP, compare, store

TEAM = 20
IN_FLIGHT = 64
LONGEST = 10.0  # ms
COUNTED = 2.0
"""ms: scripts that take less aren't noted."""
ALL_ASKED = 30.0  # s
PACE = 0.005  # s between two lifecycles beside the ticking


async def declined(quick: bool) -> list[Finding]:
    """Everything that waits was declined by one agent, who stays on duty and gets whatever comes new."""
    many = 1_000 if quick else 10_000
    async with store() as opened:
        plain = Crowd(Queue(opened, "x1", deadline=30.0), opened, 10)
        await plain.fill(TEAM, 0, many)
        sour = Crowd(Queue(opened, "x2", deadline=30.0), opened, 10)
        await sour.fill(TEAM, 0, many)
        asked = await _decline_all(sour, many)
        above, below = await compare(plain, sour, 8 if quick else 20, 100)
    note = f"{asked:,} were asked and declined"
    return [ratio(f"declined: lifecycle, {many:,} declined by one agent / none", above, below, 2.0, note)]


async def _decline_all(crowd: Crowd, most: int) -> int:
    """The agent with the next offer declines it and whatever comes after; how often. The others keep what they have."""
    who = crowd.offers[0][2]
    others = [it for it in crowd.offers if it[2] != who]
    mine = [it for it in crowd.offers if it[2] == who]
    count = 0
    while mine and count < most:
        contact, offer, agent = mine.pop()
        await crowd.queue.decline(contact, offer, agent)
        count += 1
        crowd.offers.clear()
        await crowd.listen()
        mine = [it for it in crowd.offers if it[2] == who]
        others += [it for it in crowd.offers if it[2] != who]
    crowd.offers.clear()
    crowd.offers.extend(others + mine)
    return count


async def due(quick: bool) -> list[Finding]:
    """So many steps end at one instant: how long the longest script takes, and do others get their offers meanwhile.

    Of several rounds the one whose longest is the shortest: a script that waited for its machine does so in one round,
    one that is too long in all.
    """
    many, rounds = (10_000, 1) if quick else (100_000, 3)
    made = [await _due(many, 200 if quick else 2_000) for _ in range(rounds)]
    slow, waits, told = min(made, key=lambda it: max(it[0]))
    all = ", ".join(f"{max(it[0]):.3g}" for it in made)
    name = f"due: {many:,} at one instant"
    note = f"{told}; scripts of 2 ms and more are counted; the longest of each round: {all} ms"
    meanwhile = (
        "accepted, completed, offered again and one more taken in, seen by a client beside the ticking"
    )
    spread = (min(waits), max(waits))
    return [
        Bar(f"{name}, longest script", max(slow), LONGEST, "ms", (min(slow), max(slow)), len(slow), note=note),
        Bar(f"{name}, lifecycles meanwhile, p99", quantile(waits, 0.99), None, "ms", spread, len(waits), note=meanwhile),
    ]  # fmt: skip


async def _due(many: int, agents: int) -> tuple[list[float], list[float], str]:
    """A round: the slow scripts and the lifecycles beside them (ms), and how it went."""
    async with store() as opened:
        crowd = Crowd(Queue(opened, "d1", deadline=30.0), opened, 100)
        await crowd.fill(agents, 0, 4_000)
        await crowd.waiting_with_step(many, 3_600_000)
        await _watch_scripts(opened)
        await crowd.queue.travel(await crowd.queue.now() + 3_700_000)
        held = await _offered_after(crowd)
        begun, waits = time.perf_counter(), list[float]()
        ticking = asyncio.create_task(_tick(crowd, many))
        for contact, offer, agent in held:
            before = time.perf_counter()
            await crowd.queue.accept(contact, offer, agent)
            await crowd.queue.complete(contact, agent, "{}")
            await crowd.arrive(len(waits) % crowd.classes, crowd.rank + len(waits))
            waits.append((time.perf_counter() - before) * 1000)
            await asyncio.sleep(PACE)
            if ticking.done():
                break
        fired, seconds = await ticking, time.perf_counter() - begun
        slow = await _slow_scripts(opened)
    return slow or [COUNTED], waits, f"{fired:,} fired in {seconds:.1f} s"


async def _offered_after(crowd: Crowd) -> list[tuple[str, int, str]]:
    """A journey ends the live offers before anything else; those that stand then."""
    held = len(crowd.offers)
    await crowd.listen()
    crowd.offers.clear()
    while len(crowd.offers) < held:
        await crowd.queue.tick()
        await crowd.listen()
    return list(crowd.offers)


async def _tick(crowd: Crowd, most: int) -> int:
    fired = 0
    while fired < most:
        ticks = await asyncio.gather(*(crowd.queue.tick() for _ in range(ABREAST)))  # as the router does
        fired += sum(it.fired for it in ticks)
        if not ticks[-1].more:
            break
    return fired


async def herd(quick: bool) -> list[Finding]:
    """Everybody comes on duty at once, and then Slack is back: how long the longest script takes, when all are asked."""
    many = 500 if quick else 5_000
    async with store() as opened:
        crowd = Crowd(Queue(opened, "hd", deadline=30.0), opened, 100)
        await crowd.fill(many, 0, many)
        names = sorted({agent for _, _, agent in crowd.offers})
        await _abreast(crowd.queue.presence(name, "offline") for name in names)
        coming = await _stampede(
            crowd, many, _abreast(crowd.queue.presence(name, "available") for name in names)
        )
        await crowd.queue.desk(False)
        for presence in (
            "offline",
            "available",
        ):  # whoever comes while Slack is down is asked when it is back
            await _abreast(crowd.queue.presence(name, presence) for name in names)
        back = await _stampede(crowd, many, crowd.queue.desk(True))
    return [
        *_herded(f"herd: {many:,} agents come on duty at once", *coming),
        *_herded(f"herd: Slack is back for {many:,} agents", *back),
    ]


async def _stampede(crowd: Crowd, many: int, begin: Awaitable[object]) -> tuple[list[float], float]:
    """The scripts' ms that count, and the seconds until `many` have an offer."""
    await crowd.listen()
    crowd.offers.clear()
    await _watch_scripts(crowd.store)
    begun = time.perf_counter()
    await begin
    await crowd.listen()
    while len(crowd.offers) < many:
        await crowd.queue.tick()
        await crowd.listen()
    return await _slow_scripts(crowd.store), time.perf_counter() - begun


async def _abreast(calls: Iterable[Awaitable[object]]) -> None:
    """`IN_FLIGHT` at once."""
    each = iter(calls)
    while part := list(islice(each, IN_FLIGHT)):
        await asyncio.gather(*part)


def _herded(name: str, slow: list[float], seconds: float) -> list[Finding]:
    longest, low = max(slow, default=COUNTED), min(slow, default=COUNTED)
    told = f"scripts of {COUNTED:g} ms and more are counted"
    return [
        Bar(f"{name}, longest script", longest, LONGEST, "ms", (low, longest), len(slow), note=told),
        Bar(f"{name}, all are asked", seconds, ALL_ASKED, "s", (seconds, seconds), 1,
            note="seen by one client, 64 calls in flight"),
    ]  # fmt: skip


async def _watch_scripts(opened: Store) -> None:
    """From now on the server notes the calls that take long."""
    slower = round(COUNTED * 1000)
    await opened.client.call("CONFIG", "SET", "slowlog-log-slower-than", slower, "slowlog-max-len", "4096")
    await opened.client.call("SLOWLOG", "RESET")


async def _slow_scripts(opened: Store) -> list[float]:
    """ms of the function calls that it noted: rows of [number, instant, microseconds, words, …]."""
    slow = await opened.client.call("SLOWLOG", "GET", "-1")
    rows: list[Any] = slow if isinstance(slow, list) else []
    return [row[2] / 1000 for row in rows if row[3][0].upper() == b"FCALL"]


async def client(quick: bool) -> list[Finding]:
    """CPU of this process for a lifecycle's three calls against three calls that do nothing, 64 in flight."""
    async with store() as opened:
        await opened.client.call("FUNCTION", "LOAD", "REPLACE", NOOP)
        crowd = Crowd(Queue(opened, "cc", deadline=30.0), opened, 100)
        await crowd.fill(4 * IN_FLIGHT, 500, 4_000)
        cycles, noops = [], []
        for _ in range(8 if quick else 25):
            cycles.append(await _client_cycles(crowd))
            begun = time.process_time()
            for _ in range(3):
                await asyncio.gather(
                    *(opened.client.fcall("tierline_bench_noop", "{cc}:") for _ in range(IN_FLIGHT))
                )
            noops.append((time.process_time() - begun) / IN_FLIGHT * 1e6)
    note = f"{min(cycles):.0f} µs a lifecycle"
    return [ratio("client CPU: a lifecycle / three no-op calls", cycles, noops, 4.0, note)]


async def _client_cycles(crowd: Crowd) -> float:
    """Microseconds of CPU for each of `IN_FLIGHT` lifecycles; reading the ledger isn't counted."""
    queue, held = crowd.queue, [crowd.offers.popleft() for _ in range(IN_FLIGHT)]
    first = crowd.turn
    begun = time.process_time()
    await asyncio.gather(*(queue.accept(*it) for it in held))
    await asyncio.gather(*(queue.complete(contact, agent, "{}") for contact, _, agent in held))
    await asyncio.gather(
        *(crowd.arrive((first + i) % crowd.classes, crowd.rank + i) for i in range(IN_FLIGHT))
    )
    spent = (time.process_time() - begun) / IN_FLIGHT * 1e6
    crowd.turn, crowd.rank = first + IN_FLIGHT, crowd.rank + IN_FLIGHT
    await crowd.listen()
    return spent
