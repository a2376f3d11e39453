"""The line of a visitor is cut at random bytes, again and again: nothing is lost, nothing doubled, all in order (F82)."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from chat_stage import PLAN, SHOP

from tests.helpers_app import Inside, inside
from tierline.bench.chat_people import Cutter, Person
from tierline.router.body import Body

PEOPLE, EACH = 6, 25


async def _told(it: Inside, person: Person) -> list[str]:
    """Say something to a visitor as often as they do, each text another one."""
    await person.began.wait()
    thread = f"chat:web:{person.token.split('.')[1]}:"
    contact = await it.app.queue.open_in(thread)
    assert contact is not None
    texts = [f"to {person.name}: {i}" for i in range(EACH)]
    for text in texts:
        await it.app.queue.text(contact, "moved", Body(text, by="Tierline").to_json(), unasked=False)
        await asyncio.sleep(0.01)
    return texts


@pytest.mark.promise("chat-cut")
async def test_cut_at_random_bytes_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    dice = random.Random(82)
    async with inside(tmp_path, PLAN) as it:
        cutter = Cutter([("127.0.0.1", int(it.product.rpartition(":")[2]))], dice)
        await cutter.start()
        try:
            people = [
                Person(f"p{i}", f"http://127.0.0.1:{cutter.port}/chat/ws", [f"p{i} says {n}" for n in range(EACH)],
                       EACH, origin=SHOP)
                for i in range(PEOPLE)
            ]  # fmt: skip
            async with asyncio.timeout(180), asyncio.TaskGroup() as group:
                runs = [group.create_task(one.run(it.http, dice)) for one in people]
                tells = [group.create_task(_told(it, one)) for one in people]
            assert all(run.done() for run in runs)
            assert cutter.cuts > PEOPLE, "the line was hardly cut at all"
            for one, told in zip(people, tells, strict=True):
                assert one.wrong(told.result()) == []
            for row in await it.api("/contacts"):
                said = Counter(
                    m["text"]
                    for m in (await it.api(f"/contacts/{row['id']}"))["transcript"]
                    if m["kind"] == "in"
                )
                assert sum(said.values()) == EACH and set(said.values()) == {1}, said
        finally:
            await cutter.stop()
