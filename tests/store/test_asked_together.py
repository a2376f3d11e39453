"""What many ask in one turn of the loop is asked together: each gets their own answer, and nobody an older one."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from helpers_queue import Bare, make_queue, on_duty, plain_route, text_in
from sqlalchemy import bindparam, column, select, text

from tierline.queue.client import Client, Reply, Word
from tierline.queue.engine import Queue
from tierline.queue.failures import OutcomeUnknown
from tierline.queue.history.quick import Quick


class Counts(Bare):
    """Counts the questions; the first `lost` of them get no answer."""

    asked = lost = 0

    async def fcall(self, name: str, key: str, *args: Word, deadline: float | None = None) -> Reply:
        self.asked += 1
        if self.asked <= self.lost:
            await asyncio.sleep(0)
            raise OutcomeUnknown("the reply was lost")
        return await super().fcall(name, key, *args, deadline=deadline)


async def test_the_instant_is_asked_once_a_turn_and_anew_in_the_next(client: Client, site: str) -> None:
    await make_queue(client, site)
    store = Counts(client)
    queue = Queue(store, site)
    first = await asyncio.gather(*(queue.now() for _ in range(9)))
    assert len(set(first)) == 1 and store.asked == 1
    moved = await queue.travel(first[0] + 9_000_000)
    known = store.asked
    assert await queue.now() >= moved and store.asked == known + 1


async def test_what_an_arrival_asks_is_asked_at_once_and_is_what_each_question_says(
    client: Client, site: str
) -> None:
    await make_queue(client, site)
    store = Counts(client)
    queue = Queue(store, site)
    await on_duty(queue, "ada")
    await text_in(queue, 1, plain_route())
    await queue.once("spam:+4915112345678", 60_000)
    thread = (await queue.contacts())[0].thread
    for leads, mark in ((thread, "spam:+4915112345678"), ("sms:nobody", "spam:nobody"), ("", "")):
        before, known = await queue.now(), store.asked
        it = await queue.arriving(leads, mark)
        assert store.asked == known + 1 and before <= it.now <= await queue.now()
        contact = await queue.open_in(leads)
        assert (it.known, it.marked) == (contact, await queue.seen(mark))
        assert it.view == (await queue.contact(contact) if contact else None)
    (view,) = await queue.contacts()
    await queue.abandon(view.id, "gone")
    assert (await queue.arriving(thread, "")).known == f"-{view.id}"
    assert (await queue.arriving(thread, "")).view == await queue.contact(view.id)


async def test_who_gives_up_takes_the_instant_from_nobody(client: Client, site: str) -> None:
    await make_queue(client, site)
    queue = Queue(Counts(client), site)
    asking = [asyncio.create_task(queue.now()) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(told[0], asyncio.CancelledError)
    assert all(isinstance(it, int) for it in told[1:])


async def test_a_lost_reply_is_asked_again_for_all(client: Client, site: str) -> None:
    await make_queue(client, site)
    store = Counts(client)
    store.lost = 1
    queue = Queue(store, site)
    assert len(set(await asyncio.gather(queue.now(), queue.now()))) == 1 and store.asked == 2


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite3"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE people (name TEXT)")
        made.executemany("INSERT INTO people VALUES (?)", [("ada",), ("lin",)])
    made.close()
    return path


ONE = select(column("name")).select_from(text("people")).where(column("name") == bindparam("name"))
BROKEN = select(column("name")).select_from(text("nowhere"))


async def test_questions_of_one_turn_get_their_own_answers_and_only_the_broken_one_fails(file: Path) -> None:
    quick = Quick(file, 1.0)
    names = ["ada", "lin", "eva"]
    asking = [asyncio.create_task(quick.ask([(ONE, {"name": name})])) for name in names]
    broken = asyncio.create_task(quick.ask([(BROKEN, {})]))
    given_up = asyncio.create_task(quick.ask([(ONE, {"name": "ada"})]))
    await asyncio.sleep(0)
    given_up.cancel()
    assert [[row["name"] for row in rows] for (rows,) in await asyncio.gather(*asking)] == [
        ["ada"],
        ["lin"],
        [],
    ]
    with pytest.raises(sqlite3.OperationalError):
        await broken
    await quick.close()


async def test_what_was_asked_right_before_the_end_is_answered(file: Path) -> None:
    quick = Quick(file, 1.0)
    asking = asyncio.create_task(quick.ask([(ONE, {"name": "ada"})]))
    await asyncio.sleep(0)
    await quick.close()
    assert len((await asking)[0]) == 1
