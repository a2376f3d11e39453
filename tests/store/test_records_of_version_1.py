"""Records that the first version's scripts wrote are read and carried on by today's, and both may share a server."""

from __future__ import annotations

import json
from pathlib import Path

from helpers_queue import START, Bare, make_queue, mended, message, plain_route, run_due
from helpers_queue import load as load_library

from tierline.queue import library
from tierline.queue.checks import violations
from tierline.queue.client import Client
from tierline.queue.contact import Decision
from tierline.queue.engine import Queue

RECORDS = Path(__file__).with_name("records_of_1.json")
"""What a site of `tierline_1` held at START + 1.8 s: key → type and content, bytes as Latin-1. An owner with a held
reply, a wrap-up, a declined one, two offers, one that waits, one parked, one abandoned; three agents, one of them away."""
UNKNOWN = ["C1008 is abandoned and ended at None"]  # it wasn't written down when
WRITE = {"string": "SET", "hash": "HSET", "set": "SADD", "list": "RPUSH"}


async def old_site(client: Client, site: str) -> Queue:
    for name, (kind, content) in json.loads(RECORDS.read_text()).items():
        key = f"{{{site}}}:{name}"
        if kind == "zset":
            content = [it for pair in zip(content[1::2], content[::2], strict=True) for it in pair]
        words = [content] if kind == "string" else content
        await client.call(WRITE.get(kind, "ZADD"), key, *(it.encode("latin-1") for it in words))
    return await make_queue(client, site)


async def test_every_record_of_version_1_is_understood(client: Client, site: str) -> None:
    queue = await old_site(client, site)
    state = await queue.snapshot()
    assert [it.state for it in state.contacts.values()] == [
        "active", "wrapping", "waiting", "offered", "offered", "waiting", "parked", "abandoned",
    ]  # fmt: skip
    assert state.contacts["C1001"].owner == "ada" and state.contacts["C1003"].excluded == {"tom"}
    assert all(it.owed and not it.handing and it.closed_at is None for it in state.contacts.values())
    assert all(it.snoozed == frozenset() and it.leaving is None for it in state.agents.values())
    route = state.contacts["C1001"].route
    assert (route.quiet, route.nudge, route.wrap_up, len(route.steps)) == (None, None, 30_000, 2)
    assert await queue.intern_route(route) == 1, "the same route has the same number"
    assert violations(state, START + 1_800) == UNKNOWN


async def test_what_version_1_began_goes_on(client: Client, site: str) -> None:
    """Timers, an owner's work, a reply held, a removal: each by today's scripts on yesterday's records."""
    queue = await old_site(client, site)
    now = START + 2_000
    assert (await queue.accept("C1004", 1, "ada", now=now)).done
    route = plain_route()
    it = message(1)  # whose contact wraps up: a new one, as ever
    more = await queue.arrive(it.to_json(), "E1", it.thread, Decision(route, now), now=now)
    assert more.outcome == "new"
    first = message(0)
    added = await queue.arrive(first.to_json(), "E2", first.thread, Decision(route, now), now=now)
    assert (added.outcome, added.contact) == ("added", "C1001")
    for at in (START + 9_500, START + 31_500, START + 60_002, START + 90_000):
        await queue.tick(now=at - 1)
        await run_due(queue, at)
    said = await queue.messages("C1001")
    assert [m.status for m in said if m.kind == "reply"] == ["queued"]
    view = await queue.contact("C1001")
    assert view is not None and view.owed  # what was said while it was held isn't answered by it
    wrapped = await queue.contact("C1002")
    assert wrapped is not None and (wrapped.state, wrapped.closed_at) == ("closed", START + 31_500)
    parked = await queue.contact("C1007")
    assert parked is not None and parked.state in ("waiting", "offered")
    now = START + 90_001
    assert (await queue.transfer("C1001", "ada", Decision(route, 0), now=now)).done
    assert (await queue.snooze("C1004", "ada", now=now)).state == "snoozed"
    assert (await queue.remove_agent("ada", now=now)).done
    await run_due(queue, now)
    assert violations(await queue.snapshot(), now) == UNKNOWN
    assert (await queue.revive("C1008", now=now)).done
    assert violations(await queue.snapshot(), now) == []


async def test_two_versions_of_the_library_share_a_server(client: Client, site: str) -> None:
    other = "tierline_1"
    assert library.NAME != other
    await load_library(client, mended(other))
    one, two = await make_queue(client, site), Queue(Bare(client), site, name=other)
    await one.alert("slack", True)
    assert not await two.alert("slack", True)
    await client.call("FUNCTION", "DELETE", other)


async def test_a_newer_versions_timer_is_left_to_it(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await client.call("ZADD", f"{{{site}}}:due", START, "Z:C1")
    ticked = await queue.tick(now=START)
    assert not ticked.more and await queue.due(["Z:C1"]) == {"Z:C1": START + 1_000}
