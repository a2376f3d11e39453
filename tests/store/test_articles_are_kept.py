"""Every version of an article is kept, on SQLite and PostgreSQL; nobody overwrites another unseen."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from helpers_postgres import database as a_database

from tierline.queue.history.article import Article, Overtaken
from tierline.queue.history.articles import Articles
from tierline.queue.history.database import Database
from tierline.router.articles import Library

RESET = Article(
    "reset", "en", "Reset", "Off and on.", ("lamp",), ("help",), ("Pull",), "published", at=1, author="Mira"
)


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Articles]:
    async with contextlib.AsyncExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = await stack.enter_async_context(a_database(request.getfixturevalue("postgres_url")))
        database = await Database.open(url, tmp_path)
        yield Articles(database)
        await database.close()


@pytest.mark.promise("articles-versions")
async def test_versions_are_kept_and_a_draft_hides_nothing(store: Articles) -> None:
    assert await store.save(RESET) == 1
    assert await store.save(replace(RESET, at=9)) == 1  # it says the same
    assert await store.save(replace(RESET, body="On.", state="draft", at=2), expected=1) == 2
    (seen,), (last,) = await store.published(), await store.newest()
    assert (seen.version, seen.body, last.version, last.body) == (1, "Off and on.", 2, "On.")
    assert seen == replace(RESET, version=1)
    await store.save(replace(RESET, body="On.", at=3), expected=2)
    assert [it.version for it in await store.versions("reset", "en")] == [1, 2, 3]
    assert [it.version for it in await store.published()] == [3]
    await store.save(replace(RESET, state="retired", at=4))
    assert await store.published() == () and len(await store.newest()) == 1


@pytest.mark.promise("articles-versions")
async def test_nobody_overwrites_another_unseen(store: Articles) -> None:
    await store.save(RESET, expected=0)
    for expected in (0, 2):
        with pytest.raises(Overtaken):
            await store.save(replace(RESET, body="mine"), expected=expected)
    assert [it.body for it in await store.newest()] == ["Off and on."]


async def test_what_a_database_can_not_keep_is_left_out(store: Articles) -> None:
    await store.save(replace(RESET, title="a\x00b\ud800", steps=("c\x00",)))
    (it,) = await store.newest()
    assert "\x00" not in it.title + it.steps[0]


async def test_votes_are_counted_one_by_one(store: Articles) -> None:
    for helped in (True, True, False):
        await store.vote("reset", "en", helped)
    assert await store.votes() == {("reset", "en"): (2, 1)}


async def test_the_index_follows_what_is_saved(store: Articles) -> None:
    now = [0.0]
    library = Library(lambda: store, lambda: now[0])
    assert (await library.now()).listed("en") == []
    await store.save(RESET)
    assert (await library.now()).listed("en") == []
    now[0] = 2.5
    assert [it.slug for it in (await library.now()).search("lamp", "en", 3)] == ["reset"]
    first = await library.now()
    now[0] = 9.0
    assert await library.now() is first  # nothing was saved: nothing is made anew
