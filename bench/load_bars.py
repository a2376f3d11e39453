"""Bars under odd loads: contacts that one agent declined, 100,000 timers at one instant, what a call costs its caller."""

from __future__ import annotations

import asyncio
import time

from ..queue.engine import Queue
from .bars import Bar, Finding, quantile, ratio
from .crowd import Crowd
from .queue_bars import NOOP, compare, store

TEAM = 20
IN_FLIGHT = 64
LONGEST = 10.0  # ms
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
    """So many steps end at one instant: how long the longest script takes, and do others get their offers meanwhile."""
    many = 10_000 if quick else 100_000
    async with store() as opened:
        crowd = Crowd(Queue(opened, "d1", deadline=30.0), opened, 100)
        await crowd.fill(200 if quick else 2_000, 0, 4_000)
        await crowd.waiting_with_step(many, 3_600_000)
        await opened.client.call(
            "CONFIG", "SET", "slowlog-log-slower-than", "2000", "slowlog-max-len", "4096"
        )
        await opened.client.call("SLOWLOG", "RESET")
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
        slow = await opened.client.call("SLOWLOG", "GET", "-1")
    longest = max(_milliseconds(slow), default=2.0)
    low = min(_milliseconds(slow), default=2.0)
    name = f"due: {many:,} at one instant"
    told = f"{fired:,} fired in {seconds:.1f} s; scripts of 2 ms and more are counted"
    spread = (min(waits), max(waits))
    return [
        Bar(f"{name}, longest script", longest, LONGEST, "ms", (low, longest), len(_milliseconds(slow)), note=told),
        Bar(f"{name}, lifecycles meanwhile, p99", quantile(waits, 0.99), None, "ms", spread, len(waits),
            note="accepted, completed, offered again and one more taken in, seen by a client beside the ticking"),
    ]  # fmt: skip


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
        ticked = await crowd.queue.tick()
        fired += ticked.fired
        if not ticked.more:
            break
    return fired


def _milliseconds(slow: object) -> list[float]:
    """Of function calls in a SLOWLOG: [number, instant, microseconds, words, …]."""
    rows = slow if isinstance(slow, list) else []
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
