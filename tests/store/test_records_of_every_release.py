"""Every store that a release left behind loads, and goes on; today's version has its file, too (F89)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_queue import START, make_queue, on_duty, run_due
from keep_records import STATES, fill, version

from tierline.queue.checks import violations
from tierline.queue.client import Client
from tierline.queue.state import ENDED

FILES = sorted(Path(__file__).parent.glob("records_of_*.json"))
TEXTS = {it.name: it.read_text(encoding="utf-8") for it in FILES}
WRITE = {"string": "SET", "hash": "HSET", "set": "SADD", "list": "RPUSH", "zset": "ZADD"}


def test_this_version_has_its_file() -> None:
    assert f"records_of_{version()}.json" in [it.name for it in FILES], "run tests/store/keep_records.py"


@pytest.mark.promise("old-stores-load")
@pytest.mark.parametrize("file", FILES, ids=[it.stem for it in FILES])
async def test_a_store_of_that_release_loads_and_goes_on(client: Client, site: str, file: Path) -> None:
    for name, (kind, content) in json.loads(TEXTS[file.name]).items():
        if kind == "zset":
            content = [it for pair in zip(content[1::2], content[::2], strict=True) for it in pair]
        words = [content] if kind == "string" else content
        await client.call(WRITE[kind], f"{{{site}}}:{name}", *(it.encode("latin-1") for it in words))
    queue = await make_queue(client, site)
    state = await queue.snapshot()
    assert len(state.contacts) == len(STATES) and state.agents
    wrong = [it for it in violations(state, START + 2_000) if "ended at None" not in it]
    assert not wrong, wrong
    await on_duty(queue, *state.agents, "new", now=START + 2_000)
    await run_due(queue, START + 6 * 3_600_000)
    after = await queue.snapshot()
    left = [it for it in after.contacts.values() if it.state not in ENDED]
    assert left and all(it.owner or it.offers or it.wake or it.state == "waiting" for it in left)
    assert not [it for it in violations(after, START + 6 * 3_600_000) if "ended at None" not in it]


async def test_the_file_of_this_version_is_what_the_script_writes(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await fill(queue)
    assert [it.state for it in (await queue.snapshot()).contacts.values()] == STATES
