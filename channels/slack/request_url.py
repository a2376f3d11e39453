"""HTTP mode: Slack makes signed requests to our Request URL, and Bolt reads them.

Each is checked before anything of it is looked at: the library's verifier raises on hostile input (a timestamp that
is no number, bytes that are no UTF-8), and Bolt answers `ssl_check` unsigned. Five minutes either way, then it's old;
what is sent again within them is found out by what it means (`Listen`, `TypedWords`), never by its retry number: a
retry may be the first that arrives.

Source: docs.slack.dev/authentication/verifying-requests-from-slack and /apis/events-api/using-http-request-urls.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from .events import Posted, again
from .payloads import Body, blamed
from .send import Sender

log = structlog.get_logger()

CONNECTED_WITHIN = 1.5
"""Seconds that a request waits for Slack to have told us who we are, just after a start."""
SIGNATURE, TIMESTAMP, RETRY = "X-Slack-Signature", "X-Slack-Request-Timestamp", "X-Slack-Retry-Num"


class RequestUrl:
    """Ears that hold the signing secret. `refused` counts what wasn't Slack's.

    `elsewhere` is for a process without a web face: whether another one takes the requests.
    """

    deaf = "no process takes Slack's requests: `tierline web` isn't running"

    def __init__(self, signing_secret: str, elsewhere: Callable[[], Awaitable[bool]] | None = None) -> None:
        self.signing_secret = signing_secret
        self.refused = 0
        self._elsewhere = elsewhere
        self._verifier = SignatureVerifier(signing_secret)
        self._app: AsyncApp | None = None
        self._wanted: Callable[[Body], bool] = lambda event: True
        self._connected = asyncio.Event()

    def __repr__(self) -> str:
        return "RequestUrl(…)"

    # ---- ears ---------------------------------------------------------------------------------------------------

    async def greet(self, sender: Callable[[str], Sender]) -> None:
        """Nothing to try: whether Slack finds our address only Slack can tell."""

    async def connect(self, app: AsyncApp, wanted: Callable[[Body], bool]) -> None:
        """From now on `app` has what comes."""
        self._app, self._wanted = app, wanted
        self._connected.set()

    async def hears(self) -> bool:
        """Whether a request would be taken: by us, or by a process that says it listens."""
        return self._elsewhere is None or await self._elsewhere()

    async def hang_up(self) -> None:
        """The web face closes by itself, after what is in hand."""

    # ---- requests -----------------------------------------------------------------------------------------------

    async def take(self, posted: Posted) -> web.Response:
        """Check one request and have it worked on; the acknowledgement."""
        if not self.signed(posted.body, posted.headers):
            self.refused += 1
            log.warning("slack.unsigned", count=self.refused)
            return web.json_response({"error": "not signed by our Slack app"}, status=401)
        try:
            async with asyncio.timeout(CONNECTED_WITHIN):
                await self._connected.wait()
        except TimeoutError:
            return again()
        assert self._app is not None
        text = posted.body.decode()
        event = event_of(text, posted.headers.get("Content-Type", ""))
        if event is not None and not self._wanted(event):
            return web.Response()
        if tries := posted.headers.get(RETRY):
            log.info("slack.again", tries=tries[:10])
        try:
            asked = AsyncBoltRequest(body=text, query=posted.query, headers=dict(posted.headers))
        except Exception:
            return web.json_response({"error": "this is no request of Slack's"}, status=400)
        try:
            answer = await self._app.async_dispatch(asked)
        except Exception as error:
            log.error("slack.unfinished", kind="request", error=blamed(error))
            return web.Response(status=500)
        return await to_aiohttp_response(answer)

    def signed(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether Slack signed it, within five minutes. Never raises: whatever breaks the verifier isn't Slack's."""
        try:
            return self._verifier.is_valid(body, headers.get(TIMESTAMP), headers.get(SIGNATURE))
        except Exception:
            return False


def event_of(text: str, content_type: str) -> dict[str, Any] | None:
    """The event that a request tells of; None for all other requests."""
    if not content_type.startswith("application/json"):
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    event = body.get("event") if isinstance(body, dict) else None
    return event if isinstance(event, dict) else None
