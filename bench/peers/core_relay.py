"""The relay with this queue's core beneath it and Slack's own library before it, and nothing else of the product.

`python -m tierline.bench.peers.core_relay PORT REDIS SLACK CHANNEL AGENTS DIR`, secrets by the environment. One script
takes the text in and offers it to a free agent; the offer's view is read, posted, and its place told to the core. No
rules, no customer, no history, no card, no desk: what is left between this and the product is Python of ours, what is
left between this and the bare relay isn't.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import aiohttp
import uvloop
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from twilio.request_validator import RequestValidator

from ...queue.contact import Decision
from ...queue.engine import Queue
from ...queue.state import Event
from ...queue.store import Store
from ..crowd import Crowd
from .relay import blocks

BLOCK = 2_000  # ms


class CoreRelay:
    """In: one script, then 200. Out: whoever was offered something is asked, several at a time."""

    def __init__(self, port: int, slack: str, channel: str, crowd: Crowd) -> None:
        self.port, self.slack, self.channel = port, slack, channel
        self.crowd, self.queue = crowd, crowd.queue
        self.validator = RequestValidator(os.environ["RELAY_TWILIO_TOKEN"])
        self.posts: set[asyncio.Task[None]] = set()

    async def text(self, request: web.Request) -> web.Response:
        """POST /twilio/sms."""
        form = dict((await request.post()).items())
        url = f"http://127.0.0.1:{self.port}{request.path}"
        if not self.validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        told = json.dumps({k: str(v) for k, v in form.items() if k in ("MessageSid", "From", "Body")})
        self.crowd.rank += 1
        route = self.crowd.route(self.crowd.rank % self.crowd.classes)
        decision = Decision(route, self.crowd.rank, facts=told)
        await self.queue.arrive(told, str(form["MessageSid"]), "sms:" + str(form["From"]), decision)
        return web.Response(text="<Response/>", content_type="text/xml")

    async def consume(self) -> None:
        """For ever."""
        reader, after = await self.crowd.store.reader(), await self.queue.last_event()
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32)) as session:
            token = os.environ["RELAY_SLACK_TOKEN"]
            client = AsyncWebClient(token=token, base_url=self.slack, session=session)
            while True:
                for event in await self.queue.events(after, 100, BLOCK, reader=reader):
                    after = event.id
                    if event.e == "offered":
                        task = asyncio.create_task(self.post(client, event))
                        self.posts.add(task)
                        task.add_done_callback(self.posts.discard)

    async def post(self, client: AsyncWebClient, event: Event) -> None:
        """One offer; its deadline begins once Slack has it."""
        it = await self.queue.contact(event.c)
        if it is not None:
            said = json.loads(it.facts)
            text = f"{said['From']}: {said['Body']}"
            answer = await client.chat_postMessage(channel=self.channel, text=text, blocks=blocks(text))
            await self.queue.delivered(event.c, event.n, str(answer["ts"]))


async def main(port: int, redis: str, slack: str, channel: str, agents: int, place: Path) -> None:
    store = await Store.open(redis, place, "bench")
    try:
        crowd = Crowd(Queue(store, "r1", deadline=30.0), store, 10)
        for i in range(agents):
            await crowd.agent(i, agents)
        await crowd.settle()
        relay = CoreRelay(port, slack, channel, crowd)
        app = web.Application()
        app.router.add_post("/twilio/sms", relay.text)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print("ready", flush=True)
        await relay.consume()
    finally:
        await store.close()


if __name__ == "__main__":
    _, port, redis, slack, channel, agents, place = sys.argv
    uvloop.run(main(int(port), redis, slack, channel, int(agents), Path(place)))
