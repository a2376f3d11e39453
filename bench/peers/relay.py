"""The least that one would write oneself: Twilio's webhook, signature checked, made durable, posted to Slack.

`python -m tierline.bench.peers.relay PORT REDIS SLACK CHANNEL`, secrets by the environment. It knows no customer, no
skills, no hours, no offer and no second person: whoever reads the channel may answer or not.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import aiohttp
import uvloop
from aiohttp import web
from redis.asyncio import Redis
from twilio.request_validator import RequestValidator

STREAM, GROUP = "texts", "posters"


class Relay:
    """In: one fsynced XADD, then 200. Out: a consumer that posts what it reads, several at a time."""

    def __init__(self, port: int, redis: str, slack: str, channel: str) -> None:
        self.port, self.slack, self.channel = port, slack, channel
        self.validator = RequestValidator(os.environ["RELAY_TWILIO_TOKEN"])
        self.redis = Redis.from_url(redis)
        self.posts: set[asyncio.Task[None]] = set()

    async def text(self, request: web.Request) -> web.Response:
        """POST /twilio/sms."""
        form = dict((await request.post()).items())
        url = f"http://127.0.0.1:{self.port}{request.path}"
        if not self.validator.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        await self.redis.xadd(
            STREAM, {k: str(v) for k, v in form.items() if k in ("MessageSid", "From", "Body")}
        )
        return web.Response(text="<Response/>", content_type="text/xml")

    async def consume(self) -> None:
        """For ever."""
        headers = {"Authorization": f"Bearer {os.environ['RELAY_SLACK_TOKEN']}"}
        async with aiohttp.ClientSession(
            headers=headers, connector=aiohttp.TCPConnector(limit=32)
        ) as session:
            while True:
                # Below redis-py's own 5 s for an answer: at 5 s a relay that nobody wrote to ended with an error.
                found: Any = await self.redis.xreadgroup(GROUP, "one", {STREAM: ">"}, count=16, block=2_000)
                for _, entries in found or []:
                    for id, fields in entries:
                        task = asyncio.create_task(self.post(session, id, fields))
                        self.posts.add(task)
                        task.add_done_callback(self.posts.discard)

    async def post(self, session: aiohttp.ClientSession, id: bytes, fields: dict[bytes, bytes]) -> None:
        """One text; acknowledged once Slack has it."""
        text = f"{fields[b'From'].decode()}: {fields[b'Body'].decode()}"
        body = {"channel": self.channel, "text": text, "blocks": blocks(text)}
        async with session.post(f"{self.slack}chat.postMessage", json=body) as answer:
            if (await answer.json()).get("ok"):
                await self.redis.xack(STREAM, GROUP, id)


def blocks(text: str) -> list[dict[str, Any]]:
    """As large a message as an offer, so that Slack has as much to look at."""
    lines = ("*A customer wrote*", text, "Answer within a minute", "Nobody has it yet")
    shown = [{"type": "section", "text": {"type": "mrkdwn", "text": line}} for line in lines]
    said = {"type": "plain_text", "text": "Mine"}, {"type": "plain_text", "text": "Not mine"}
    buttons = [
        {"type": "button", "action_id": f"b{i}", "value": "1", "text": it} for i, it in enumerate(said)
    ]
    return [*shown, {"type": "actions", "elements": buttons}]


async def main(port: int, redis: str, slack: str, channel: str) -> None:
    relay = Relay(port, redis, slack, channel)
    await relay.redis.xgroup_create(STREAM, GROUP, mkstream=True)
    app = web.Application()
    app.router.add_post("/twilio/sms", relay.text)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print("ready", flush=True)
    await relay.consume()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:5]))
