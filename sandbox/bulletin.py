"""The event stream that keeps the page alive: what changed, by kind and ids, never the content."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress

from aiohttp import web

from .api import SHIELD

ROOM = 1000  # notes that one slow reader may leave lying before it is told to read everything again
HEARTBEAT = 15.0  # seconds; shows a proxy and the reader that the line is alive


class Bulletin:
    """Tells every open reader what changed: `{"kind": "sms", "number": "+49…"}` as server-sent events."""

    def __init__(self) -> None:
        self._readers: set[asyncio.Queue[dict[str, str] | None]] = set()
        self._closed = False

    def post(self, kind: str, ids: dict[str, str]) -> None:
        """Tell every reader; one whose room is full gets `{"kind": "all"}` in place of what it missed."""
        note = {"kind": kind, **ids}
        for queue in self._readers:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                note = {"kind": "all"}
            queue.put_nowait(note)

    def close(self) -> None:
        """End every open stream; later ones end at once."""
        self._closed = True
        for queue in self._readers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`GET /sandbox/api/events`: starts with `{"kind": "all"}`, then one event for each change."""
        response = web.StreamResponse(headers={**SHIELD, "Content-Type": "text/event-stream; charset=utf-8"})
        queue: asyncio.Queue[dict[str, str] | None] = asyncio.Queue(ROOM)
        queue.put_nowait({"kind": "all"})
        self._readers.add(queue)
        try:
            await response.prepare(request)
            while not self._closed:
                note: dict[str, str] | None = {}
                with suppress(TimeoutError):
                    note = await asyncio.wait_for(queue.get(), HEARTBEAT)
                if note is None:
                    break
                line = f"data: {json.dumps(note)}\n\n" if note else ": still here\n\n"
                await response.write(line.encode())
        except ConnectionError:
            return response  # the reader went away; there is nobody left to tell
        finally:
            self._readers.discard(queue)
        return response
