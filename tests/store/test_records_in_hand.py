"""What the scripts remember of the records that they wrote last is never taken for what stands in the store."""

from __future__ import annotations

import pytest
from helpers_queue import START, make_queue, on_duty, plain_route, text_in

from tierline.queue.client import Client
from tierline.queue.failures import ScriptError


@pytest.mark.promise("queue-right")
async def test_an_act_that_failed_half_way_leaves_nothing_behind(client: Client, site: str) -> None:
    """Its contact and agent were changed in memory already; both are read anew."""
    queue = await make_queue(client, site)
    await on_duty(queue, "ada")
    contact = await text_in(queue, 1, plain_route(), START)
    due, aside = queue.key("due"), queue.key("aside")
    await client.call("RENAME", due, aside)
    await client.call("SET", due, "in the way")
    with pytest.raises(ScriptError):
        await queue.accept(contact, 1, "ada", now=START + 1)
    await client.call("RENAME", aside, due)
    assert (await queue.accept(contact, 1, "ada", now=START + 2)).done
    assert (await queue.agents())["ada"].offers == 0


@pytest.mark.promise("queue-right")
async def test_two_versions_on_one_server_see_what_the_other_wrote(client: Client, site: str) -> None:
    """Each remembers its own writes; for each act the other version was the last one to write."""
    one, other = await make_queue(client, site, "one_1"), await make_queue(client, site, "other_1")
    await on_duty(one, "ada")
    contact = await text_in(other, 1, plain_route(), START)
    assert (await one.accept(contact, 1, "ada", now=START + 1)).done
    later = await text_in(other, 2, plain_route(), START + 2)
    assert (await other.complete(contact, "ada", now=START + 3)).done
    assert (await one.accept(later, 1, "ada", now=START + 4)).done
    assert (await other.complete(later, "ada", now=START + 5)).done
    assert (await one.accept(contact, 1, "ada", now=START + 6)).outcome == "stale"
    assert await one.counts() == {"closed": 2}
    last = await text_in(one, 3, plain_route(), START + 7)
    assert (await other.decline(last, 1, "ada", now=START + 8)).done
    view = await one.contact(last)
    assert view is not None and not view.offers and view.state == "waiting"
