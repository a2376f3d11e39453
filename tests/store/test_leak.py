"""What reaches a customer, over random steps of everybody at the desk, a few of them: `make leak` does 100,000."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest

from tierline.bench.leak.bugs import BUGS, broken
from tierline.bench.leak.run import Verdict, many, one
from tierline.bench.races.run import arena
from tierline.queue.client import Client
from tierline.router import house
from tierline.router.replies import Ruling, Standing, ruling


@pytest.fixture
async def store() -> AsyncIterator[Client]:
    async with arena() as client:
        yield client


async def played(client: Client, first: int, steps: int) -> list[Verdict]:
    found: list[Verdict] = []
    await many(first, steps, client, found.append)
    return found


@pytest.mark.promise("reply-only-released")
async def test_only_what_the_rule_releases_reaches_a_customer_whatever_anybody_types(store: Client) -> None:
    verdicts = await played(store, 1, 3_000)
    assert [(it.seed, it.wrong) for it in verdicts if it.wrong] == []
    seen = sum((it.seen for it in verdicts), Counter[str]())
    assert seen["replies that arrived"] > 100, "much was to be sent, and was"
    assert seen["words that stayed inside"] > 100
    assert seen["undone in time"] > 5
    assert seen["taken back by editing or deleting"] > 5


async def test_the_same_seed_is_the_same_play(store: Client) -> None:
    first = await one(7, store, 60)
    await store.call("FLUSHALL")
    again = await one(7, store, 60)
    assert [_plain(it) for it in first.log] == [_plain(it) for it in again.log]


def _plain(line: str) -> str:
    """Without the ids of operations, which are drawn by chance."""
    return " ".join(word for word in line.split(" ") if "-" not in word)


@pytest.mark.promise("reply-only-released")
async def test_a_note_that_is_sent_is_noticed(store: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(it: Standing, text: str, mentions: bool, files: bool = False) -> Ruling:
        found = ruling(it, text, mentions, files)
        return Ruling("send", found.text) if found.kind == "note" and it.writer == it.owner else found

    monkeypatch.setattr(house, "ruling", blind)
    wrong = {what for it in await played(store, 1, 1_000) for what, _ in it.wrong}
    assert {"note sent", "mention sent"} <= wrong


def test_every_seeded_bug_breaks_something_that_stands_in_the_sources() -> None:
    for name, bug in BUGS.items():
        changed: Sequence[str] = broken(bug)
        assert changed and all(changed), name
