"""Socket Mode as Slack runs it: tickets, up to ten sockets, envelopes with acknowledgements.

An envelope goes to one of the open sockets, and waits 3 s of real time for its acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

from .slack_ack import ACK_WITHIN, Ack, shown
from .slack_schema import Json
from .slack_state import APP
from .stage import Faults, Wire
from .tasks import Tasks

MOST_SOCKETS = 10
TICKET_LIFE = 30.0


@dataclass(slots=True, eq=False)
class _Socket:
    ws: web.WebSocketResponse
    transport: asyncio.BaseTransport | None
    host: str
    leaving: bool = False


class Sockets:
    """The app's sockets and what is under way on them."""

    def __init__(
        self, wire: Wire, faults: Faults, tasks: Tasks, changed: Callable[[str, dict[str, str]], None]
    ):
        self.wire, self.faults, self.tasks, self.changed = wire, faults, tasks, changed
        self._tickets: dict[str, float] = {}
        self._open: list[_Socket] = []
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    @property
    def count(self) -> int:
        """Sockets that are open now."""
        return len(self._open)

    def ticket(self, host: str) -> str:
        """A new socket address, good once and for 30 s."""
        key = str(uuid.uuid4())
        self._tickets[key] = time.monotonic() + TICKET_LIFE
        return f"ws://{host}/slack/socket/link/?ticket={key}&app_id={secrets.token_hex(32)}"

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The socket itself; a spent or unknown ticket is answered 408, as Slack's front does."""
        until = self._tickets.pop(request.query.get("ticket", ""), 0.0)
        if self.faults.slack.down:
            return web.Response(status=503, text="upstream connect error")
        if time.monotonic() > until:
            return web.Response(status=408)
        ws = web.WebSocketResponse(heartbeat=20.0)
        await ws.prepare(request)
        self.wire.record("out", "slack", "GET", "/slack/socket/link/", {}, 101, 0.0)
        socket = _Socket(ws, request.transport, f"applink-{secrets.token_hex(3)}")
        if len(self._open) >= MOST_SOCKETS:
            await self._tell_to_leave(socket, "too_many_websockets")
            await ws.close()
            return ws
        self._open.append(socket)
        watch = asyncio.create_task(self._drop_when_down(socket))
        try:
            await self._greet(socket)
            await self._listen(socket)
        finally:
            watch.cancel()
            if socket in self._open:
                self._open.remove(socket)
            self.changed("slack.socket", {"open": str(self.count)})
        return ws

    async def _greet(self, socket: _Socket) -> None:
        debug = {"host": socket.host, "build_number": 1, "approximate_connection_time": 18060}
        hello = {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": debug,
            "connection_info": {"app_id": APP},
        }
        await socket.ws.send_str(json.dumps(hello))
        self.changed("slack.socket", {"open": str(self.count)})

    async def _listen(self, socket: _Socket) -> None:
        async for message in socket.ws:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                answer = json.loads(message.data)
            except ValueError:
                continue
            waiting = self._waiting.get(str(answer.get("envelope_id"))) if isinstance(answer, dict) else None
            if waiting is not None and not waiting.done():
                waiting.set_result(answer.get("payload"))

    async def _drop_when_down(self, socket: _Socket) -> None:
        while not self.faults.slack.down:  # noqa: ASYNC110 - a plain flag that others set
            await asyncio.sleep(0.05)
        if socket.transport is not None:
            socket.transport.close()

    async def _tell_to_leave(self, socket: _Socket, reason: str) -> None:
        socket.leaving = True
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": socket.host}}
        self.wire.record("in", "slack", "WS", "/slack/socket/disconnect", {"reason": reason}, 200, 0.0)
        await socket.ws.send_str(json.dumps(message))

    async def disconnect(self, reason: str, grace: float = 2.0) -> int:
        """Tell every socket to leave (`warning`, `refresh_requested`, `link_disabled`), then close it."""
        leaving = [socket for socket in self._open if not socket.leaving]
        for socket in leaving:
            await self._tell_to_leave(socket, reason)
        for socket in leaving:
            self.tasks.spawn(self._close_later(socket, 0.0 if reason == "link_disabled" else grace))
        return len(leaving)

    async def _close_later(self, socket: _Socket, grace: float) -> None:
        await asyncio.sleep(grace)
        await socket.ws.close()

    async def deliver(self, kind: str, payload: Json, attempt: int, reason: str) -> Ack:
        """Send one envelope to one socket and wait for its acknowledgement."""
        ready = [one for one in self._open if not one.leaving and not one.ws.closed] or [
            one for one in self._open if not one.ws.closed
        ]
        if not ready or self.faults.slack.down:
            self.note(kind, payload, attempt, Ack("no_socket", 0.0))
            return Ack("no_socket", 0.0)
        self._turn += 1
        socket = ready[self._turn % len(ready)]
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": kind != "events_api",
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        elif self.faults.slack.lose:
            envelope |= {"retry_attempt": self.faults.slack.lose, "retry_reason": "timeout"}
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope["envelope_id"]] = answer
        began = time.monotonic()
        try:
            await socket.ws.send_str(json.dumps(envelope))
            if self.faults.slack.redeliver:
                again = envelope | {"retry_attempt": attempt + 1, "retry_reason": "timeout"}
                await socket.ws.send_str(json.dumps(again))
            said = await asyncio.wait_for(answer, ACK_WITHIN)
            ack = Ack("acked", (time.monotonic() - began) * 1000, said)
        except (TimeoutError, ConnectionError):
            ack = Ack("timeout", (time.monotonic() - began) * 1000)
        finally:
            del self._waiting[envelope["envelope_id"]]
        self.note(kind, payload, attempt, ack)
        return ack

    def note(self, kind: str, payload: Json, attempt: int, ack: Ack) -> None:
        """Put it on the wire log."""
        params = {"type": kind, "retry_attempt": attempt, "payload": shown(payload), "ack": ack.payload}
        status = 200 if ack.ok else 408 if ack.outcome == "timeout" else 503
        self.wire.record("in", "slack", "WS", f"/slack/socket/{kind}", params, status, round(ack.ms, 3))

    async def settle(self) -> None:
        """Return when nothing that was sent is still unanswered (it is after 3 s)."""
        while waiting := [one for one in self._waiting.values() if not one.done()]:
            await asyncio.wait(waiting, timeout=ACK_WITHIN)

    async def stop(self) -> None:
        """Close the sockets."""
        for socket in list(self._open):
            await socket.ws.close(code=1001)
