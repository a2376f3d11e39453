"""Socket Mode: two sockets side by side that we open, so that no address must be public.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from logging import Logger
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from ..channel import NotDelivered
from .ears import library_log
from .pace import Urgency
from .payloads import Body
from .send import Sender

SOCKETS, PING = 2, 5.0
"""Sockets side by side, so that one may be recycled; seconds between pings (silent for four of them = reconnect)."""
OPENED = 15.0
"""Seconds in which the sockets must open."""


class SocketMode:
    """Ears that hold an app-level token."""

    signing_secret = ""
    deaf = "Slack's socket is closed: no button would reach us"

    def __init__(self, app_token: str) -> None:
        self._app_token = app_token
        self._handlers: list[Handler] = []

    def __repr__(self) -> str:
        return "SocketMode(…)"

    async def greet(self, sender: Callable[[str], Sender]) -> None:
        """Try the token by ourselves: with a bad one the library would try for ever and say nothing."""
        await sender(self._app_token).call("apps.connections.open", Urgency.OFFER)

    async def connect(self, app: AsyncApp, wanted: Callable[[Body], bool]) -> None:
        """Open the sockets anew. Raises NotDelivered when they don't open in time."""
        await self.hang_up()
        for _ in range(SOCKETS):
            handler = Handler(app, self._app_token, wanted, ping_interval=PING, logger=library_log())
            handler.client.proxy = app.client.proxy
            self._handlers.append(handler)
        try:
            async with asyncio.timeout(OPENED):
                await asyncio.gather(*(one.client.connect() for one in self._handlers))  # type: ignore[no-untyped-call]
        except TimeoutError:
            await self.hang_up()
            raise NotDelivered("Slack's socket doesn't open", "socket") from None

    async def hears(self) -> bool:
        """Whether a socket is open."""
        for handler in self._handlers:
            if await handler.client.is_connected():
                return True
        return False

    async def hang_up(self) -> None:
        """Close the sockets."""
        for handler in self._handlers:
            await handler.client.close()  # type: ignore[no-untyped-call]
        self._handlers.clear()


class Handler(AsyncSocketModeHandler):
    """Bolt's, spared what nobody listens to."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        wanted: Callable[[Body], bool],
        *,
        ping_interval: float,
        logger: Logger,
    ) -> None:
        super().__init__(app, app_token, ping_interval=ping_interval, logger=logger)
        self.wanted = wanted

    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """One envelope."""
        event: Any = req.payload.get("event") if req.type == "events_api" else None
        if isinstance(event, dict) and not self.wanted(event):
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
        else:
            await super().handle(client, req)
