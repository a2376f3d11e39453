"""Several tasks of one process ask for the same new rows of the table at the same time."""

from __future__ import annotations

import asyncio

from helpers_queue import make_queue, need, plain_route, route

from tierline.queue.client import Client
from tierline.queue.contact import Step


async def test_routes_keep_their_numbers_when_many_ask_at_once(client: Client, site: str) -> None:
    writer, reader = await make_queue(client, site), await make_queue(client, site)
    ways = [plain_route(), route(Step(need(service="outage"))), route(Step(need(service="orders")))]
    for way in ways:
        number = await writer.table.intern_route(way)
        assert await asyncio.gather(*(reader.table.route(number) for _ in range(5))) == [way] * 5
