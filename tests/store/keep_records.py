"""Write what a site of today's scripts holds to `records_of_N.json`, once per release.

    .venv/bin/python tests/store/keep_records.py

Later versions must read every one of these files (F89). Never rewrite the file of a released version.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from helpers_queue import START, make_queue, message, on_duty, plain_route  # noqa: E402
from helpers_store import all_keys, own_server  # noqa: E402

from tierline.queue import library  # noqa: E402
from tierline.queue.client import Client  # noqa: E402
from tierline.queue.contact import Decision  # noqa: E402
from tierline.queue.engine import Queue  # noqa: E402
from tierline.skills.skill import Capacity  # noqa: E402

STATES = ["active", "snoozed", "wrapping", "active", "offered", "parked", "closed", "abandoned"]
"""Of C1001 to C1008; the fourth is being handed over, of the fifth its agent says that they take it."""
READ = {"string": ("GET",), "hash": ("HGETALL",), "set": ("SMEMBERS",), "list": ("LRANGE", 0, -1), "zset": ("ZRANGE", 0, -1, "WITHSCORES")}  # fmt: skip


def version() -> str:
    """The number that the library's name carries."""
    return library.NAME.rpartition("_")[2]


async def fill(queue: Queue) -> None:
    """One contact in every state that a release must understand."""
    way, now = plain_route(wrap_up=30_000), START
    await on_duty(queue, "ada", capacity=Capacity(offers=9))
    ids = []
    for n in range(8):
        it = message(n)
        decision = Decision(way, now + n, wake=START + 3_600_000 if n == 5 else None)
        ids.append((await queue.arrive(it.to_json(), it.event, it.thread, decision, now=now + n)).contact)
        view = await queue.contact(ids[-1])
        if n in (0, 1, 2, 3, 6) and view is not None and view.offers:
            await queue.accept(ids[-1], view.offers[0].number, "ada", now=now + 100 + n)
        if n == 1:
            await queue.snooze(ids[1], "ada", START + 7_200_000, "call back", now=now + 200)
        if n == 2:
            await queue.complete(ids[2], "ada", '{"disposition":"solved"}', now=now + 201)
    await queue.presence("ada", "away", now=now + 300)
    await on_duty(queue, "ben", now=now + 300)
    await queue.transfer(ids[3], "ada", Decision(way, now), reason="not mine", now=now + 301)
    await queue.hold_reply(ids[0], "ada", '{"text":"hi"}', "D1:1", 8_000, now=now + 302)
    await queue.discard(ids[6], "", '{"disposition":"spam"}', now=now + 303)
    await queue.abandon(ids[7], "gone", now=now + 304)
    await queue.leg(ids[0], "CA1", "answered", {"r": "customer"}, now=now + 305)
    await queue.leg(ids[7], "CA2", "completed", {"r": "agent", "a": "ada", "o": "1"}, now=now + 306)
    await queue.jot(ids[0], "conference", "CF1", now=now + 307)
    asked = await queue.contact(ids[4])
    assert asked is not None
    await queue.claim(ids[4], asked.offers[0].number, "ben", 30_000, now=now + 308)


async def records(client: Client, site: str) -> dict[str, list[object]]:
    """Every key without its tag: type and content, bytes as Latin-1; the ledger and operation ids aside."""
    found: dict[str, list[object]] = {}
    for key in sorted(await all_keys(client, f"{{{site}}}:*")):
        kind = await client.call("TYPE", key)
        name = kind.decode() if isinstance(kind, bytes) else str(kind)
        short = key.partition("}:")[2]
        if name in READ and not short.startswith("op:"):
            command, *rest = READ[name]
            content = await client.call(command, key, *rest)
            found[short] = [name, [it.decode("latin-1") for it in content] if isinstance(content, list) else content.decode("latin-1")]  # type: ignore[union-attr]  # fmt: skip
    return found


async def main() -> None:
    """Write the file of this version."""
    with tempfile.TemporaryDirectory() as folder:
        async with own_server(Path(folder) / "s") as url:
            client = await Client(url).start()
            queue = await make_queue(client, "kept")
            await fill(queue)
            found = await records(client, "kept")
            await client.close()
    (HERE / f"records_of_{version()}.json").write_text(json.dumps(found, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
