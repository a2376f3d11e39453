"""Bolt's socket handler, spared what nobody listens to: most events are echoes of our own posts."""

from __future__ import annotations

from collections.abc import Callable
from logging import Logger
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from .payloads import Body, typed_by_person, was_edited


class Ears(AsyncSocketModeHandler):
    """`wanted` says of an event whether Bolt is to have it; what isn't wanted is acknowledged at once."""

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


def heard(event: Body, bot_user: str) -> bool:
    """Whether an event is something that a person said, changed or deleted in a thread, or that they look at us."""
    if event.get("type") == "app_home_opened":
        return event.get("tab") == "home"
    if event.get("type") != "message":
        return False
    match event.get("subtype"):
        case None | "file_share" | "thread_broadcast":
            return typed_by_person(event, bot_user)
        case "message_changed":
            return was_edited(event)
        case "message_deleted":
            return (event.get("previous_message") or {}).get("user") != bot_user
        case _:
            return False
