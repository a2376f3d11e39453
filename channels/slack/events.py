"""`POST /slack/events`: the way in for requests that Slack makes, there as soon as anything of us listens.

It only reads and waits; `request_url.py`, which loads Slack's libraries, checks and works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from ..reading import read_all

PATH = "/slack/events"
LARGEST = 1024 * 1024
"""Bytes of a request: a view is at most 250,000 characters, and a form escapes each of them threefold."""
READ_WITHIN, READY_WITHIN = 2.0, 1.5
"""Seconds for a body to arrive, and for us to be ready just after a start; Slack waits 3 in all."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One request, unread."""

    body: bytes
    headers: Mapping[str, str]
    query: str


Take = Callable[[Posted], Awaitable[web.Response]]


class SlackEvents:
    """The route. What comes before `serve` waits a moment; then Slack is asked to come again."""

    def __init__(self) -> None:
        self._take: Take | None = None
        self._served = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        """Events, interactions, commands and shortcuts all come here."""
        return [web.post(PATH, self.handle)]

    def serve(self, take: Take) -> None:
        """From now on `take` answers."""
        self._take = take
        self._served.set()

    async def handle(self, request: web.Request) -> web.Response:
        """One request."""
        if (request.content_length or 0) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, request.content_length or 0)
        try:
            async with asyncio.timeout(READ_WITHIN):
                body = await read_all(request.content, LARGEST + 1)
        except TimeoutError:
            return web.json_response({"error": "the body took too long"}, status=408)
        if len(body) > LARGEST:
            raise web.HTTPRequestEntityTooLarge(LARGEST, len(body))
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._served.wait()
        except TimeoutError:
            return again()
        assert self._take is not None
        return await self._take(Posted(body, request.headers, request.query_string))


def again() -> web.Response:
    """We can't take it now: Slack tries an event again, at once, after a minute and after five."""
    return web.json_response({"error": "still starting"}, status=503, headers={"Retry-After": "1"})
