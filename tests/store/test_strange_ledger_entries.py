"""An entry in the ledger that isn't ours stops no reader (F6)."""

from __future__ import annotations

import pytest
from helpers_queue import START, make_queue, on_duty, plain_route, text_in

from tierline.queue.client import Client


@pytest.mark.promise("poison")
async def test_an_entry_that_nobody_can_read_is_passed(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    await on_duty(queue, "ada")
    before = await queue.last_event()
    for fields in (
        ("x", "y"),
        ("t", "soon", "e", "offered"),
        ("t", "1", "c", "C1001"),
        ("t", "1", "e", "offered", "n", "\xff"),
    ):
        await client.call("XADD", queue.key("ledger"), "*", *fields)
    contact = await text_in(queue, 1, plain_route(), START)
    events = await queue.events(before, 100)
    assert [e.e for e in events[:4]] == ["unreadable"] * 4
    assert "arrived" in [e.e for e in events[4:]] and {e.c for e in events[4:]} >= {contact}
    assert len({e.id for e in events[:4]}) == 4
