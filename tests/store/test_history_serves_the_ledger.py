"""The ledger can be read from its first entry on, page by page, long after the store has trimmed it."""

from __future__ import annotations

import pytest
from helpers_history import history, story

from tierline.queue.history.history import History

__all__ = ["history"]


@pytest.mark.promise("history-1")
@pytest.mark.parametrize("limit", [1, 3, 4, 7, 1000])
async def test_pages_of_any_size_hold_every_event_once_and_in_order(history: History, limit: int) -> None:
    told = [*story("C1001", "SM1", 1_000, 1), *story("C1002", "SM2", 9_000, 500)]
    await history.project(told)
    whole, more = await history.ledger("0-0", 1000)
    assert not more and [e.e for e in whole] == [e.e for e in told]
    read, after = [], "0-0"
    while True:
        page, more = await history.ledger(after, limit)
        read += page
        if not more:
            break
        after = page[-1].id
    assert read == list(whole)


async def test_an_entry_that_no_ledger_has_is_only_past_the_end(history: History) -> None:
    await history.project(story())
    assert await history.ledger("9999999999999999999-9999999999999999999", 10) == ((), False)
