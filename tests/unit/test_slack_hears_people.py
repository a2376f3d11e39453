"""Which of Slack's events go through Bolt: what people did in threads, not the echoes of our own posts."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from tierline.channels.slack.ears import heard
from tierline.channels.slack.socket_mode import Handler

OURS = "UBOT000"
TYPED = {"type": "message", "user": "UADA", "channel": "C1", "ts": "2.0", "thread_ts": "1.0", "text": "hello"}
ECHO = TYPED | {"user": OURS, "bot_id": "B1"}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (TYPED, True),
        (TYPED | {"subtype": "file_share"}, True),
        (TYPED | {"subtype": "thread_broadcast"}, True),
        (TYPED | {"thread_ts": "2.0"}, False),
        (TYPED | {"channel": "D1"}, False),
        (ECHO, False),
        (TYPED | {"subtype": "channel_join"}, False),
        ({"type": "reaction_added", "user": "UADA"}, False),
        ({"type": "message", "subtype": "message_changed", "message": TYPED | {"text": "new"}, "previous_message": TYPED}, True),
        ({"type": "message", "subtype": "message_changed", "message": TYPED, "previous_message": TYPED}, False),
        ({"type": "message", "subtype": "message_changed", "message": ECHO | {"text": "new"}, "previous_message": ECHO}, False),
        ({"type": "message", "subtype": "message_deleted", "deleted_ts": "2.0", "previous_message": TYPED}, True),
        ({"type": "message", "subtype": "message_deleted", "deleted_ts": "2.0"}, True),
        ({"type": "message", "subtype": "message_deleted", "deleted_ts": "2.0", "previous_message": ECHO}, False),
    ],
)  # fmt: skip
def test_what_people_type_edit_and_delete_is_heard(event: dict[str, Any], expected: bool) -> None:
    assert heard(event, OURS) is expected


async def test_an_echo_is_acknowledged_and_goes_no_further() -> None:
    reached: list[str] = []

    class Socket:
        acknowledged: list[str] = []
        logger = logging.getLogger("tierline.slack.library")

        async def send_socket_mode_response(self, response: Any) -> None:
            self.acknowledged.append(response.envelope_id)

    async def authorize(**_: object) -> Any:
        raise AssertionError("nobody asks who we are for what isn't dispatched")

    app = AsyncApp(name="t", client=AsyncWebClient("xoxb-1"), authorize=authorize)

    @app.middleware
    async def note(body: dict[str, Any], next: Any) -> None:
        reached.append(body["event"]["user"])
        await next()

    ears = Handler(app, "xapp-1", lambda it: heard(it, OURS), ping_interval=5.0, logger=Socket.logger)
    socket: Any = Socket()
    try:
        await ears.handle(socket, SocketModeRequest("events_api", "e1", {"event": ECHO}))
        assert (socket.acknowledged, reached) == (["e1"], [])
    finally:
        await ears.client.close()  # type: ignore[no-untyped-call]
