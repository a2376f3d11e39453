"""Who looks at what is known to all processes and gone by itself."""

from __future__ import annotations

import pytest
from helpers_queue import make_queue

from tierline.queue.client import Client
from tierline.queue.looking import drop_looks, keep_look, looks_at


@pytest.mark.promise("homes-by-all")
async def test_the_newest_look_of_each_is_kept_for_all_and_dropped(client: Client, site: str) -> None:
    queue = await make_queue(client, site)
    assert await looks_at(queue, "home") == {}
    await keep_look(queue, "home", "U1", "first", 60)
    await keep_look(queue, "home", "U1", "née <!here>", 60)
    await keep_look(queue, "home", "U2", "other", 60)
    assert await looks_at(queue, "home") == {"U1": "née <!here>", "U2": "other"}
    assert 0 < int(str(await queue.plain("TTL", queue.key("looking:home")))) <= 60
    await drop_looks(queue, "home", ["U1"])
    await drop_looks(queue, "home", [])
    assert await looks_at(queue, "home") == {"U2": "other"}
