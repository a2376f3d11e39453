"""Web chat: a visitor's browser holds a socket; the conversation is in the store, so that any process can go on with it.

say ─▶ Arrived ─▶ inbound (durable) ─▶ line (its number) ─▶ ack
reply ─▶ outbox ─▶ say ─▶ line ─▶ ledger ─▶ hub ─▶ message

Who may come: pages whose origin stands in the plan, exactly; whoever has a conversation's token. Sources: RFC 6455 §10.2.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from aiohttp import WSCloseCode, web

from ...queue.contact import Arrived
from ..channel import Inbound, NotDelivered, Sent, Words
from . import frames
from .frames import BadFrame, Frame
from .hub import Hub, Visitor
from .limits import Caps, Limits
from .socket import AT_ONCE, Socket
from .talk import NOT_MAILED, WEB, Line, Talk
from .tokens import Tokens

log = structlog.get_logger()

TAKEN_WITHIN = 5.0
"""Seconds in which a message is durable, or stays its sender's."""
PING_EVERY = 25.0
"""Seconds between our pings; who doesn't answer within half of that is gone."""
NAMED = 80
MOST_TAKEN = 100
"""Messages taken in here of which the ledger hasn't told us yet: of more it tells us twice."""
MORE_SHOWN = 20
"""Lines before the one that a visitor comes back with, of which it is noted that they have them."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where we are reached: our own pages' origin is always let in; `more` origins beside those of the plan."""

    public_url: str
    more: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()

    def lets_in(self, origin: str | None, listed: tuple[str, ...]) -> bool:
        """Whether a page of that origin may: compared as a whole, never in part."""
        return origin is not None and (origin in listed or origin in self.more or origin == self.own)

    def origin(self, request: web.Request) -> str | None:
        """The asking page's; browsers name none when a page of ours asks for something, and say so instead."""
        named = request.headers.get("Origin")
        ours = named is None and request.headers.get("Sec-Fetch-Site") == "same-origin"
        return self.own if ours else named

    @property
    def own(self) -> str:
        """Our origin."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def address(self, request: web.Request) -> str:
        """Who asks: behind a listed proxy, the last one that isn't listed itself."""
        chain = [request.remote or ""]
        if chain[0] in self.trusted_proxies:
            said = ",".join(request.headers.getall("X-Forwarded-For", []))
            chain += [it.strip() for it in reversed(said.split(",")) if it.strip()]
        return next((it for it in chain if it not in self.trusted_proxies), chain[-1])[:64]


class ChatDoor:
    """A `Channel`."""

    def __init__(
        self,
        talk: Talk,
        tokens: Tokens,
        inbound: Inbound,
        where: Where,
        caps: Caps | None = None,
        room: Callable[[], bool] = lambda: True,
    ) -> None:
        """`room`: whether this process can hold one more socket."""
        self.talk, self.tokens, self.inbound, self.where, self.room = talk, tokens, inbound, where, room
        self.caps = caps or Caps()
        self.limits = Limits(self.caps)
        self.hub = Hub(talk)
        self.open = 0
        self.closing = False
        self._sockets: set[Socket] = set()

    async def start(self) -> None:
        """Sockets come by the route."""
        self.closing = False

    async def stop(self) -> None:
        """Every connection is told that we go: its browser comes again, to whoever is there."""
        self.closing = True
        going = [one.close("going away", WSCloseCode.GOING_AWAY) for one in list(self._sockets)]
        await asyncio.gather(*(asyncio.wait_for(it, 2.0) for it in going), return_exceptions=True)

    def routes(self) -> list[web.RouteDef]:
        """The socket."""
        return [web.get("/chat/ws", self._ws)]

    # ---- in -----------------------------------------------------------------------------------------------------

    def refusal(self, request: web.Request) -> web.Response | None:
        """Why a request gets nothing: no chat here, or another page's."""
        face = self.talk.face()
        if not self.where.lets_in(self.where.origin(request), face.origins):
            log.warning("chat.origin", origin=(request.headers.get("Origin") or "")[:NAMED])
            return web.json_response(
                {"error": "this page may not chat here", "hint": "add its origin to channels.chat.origins"},
                status=403,
            )
        if not face.on:
            return web.json_response(
                {"error": "there is no web chat here", "hint": "add {channel: chat, service: …} to entry"},
                status=404,
            )
        return None

    async def _ws(self, request: web.Request) -> web.StreamResponse:
        if (refused := self.refusal(request)) is not None:
            return refused
        address = self.where.address(request)
        if self.closing or not self.room():
            return web.json_response({"error": "no room just now"}, status=503, headers={"Retry-After": "5"})
        if not self.limits.enter(address):
            return web.json_response(
                {"error": "too many connections"}, status=429, headers={"Retry-After": "10"}
            )
        # No compression: 64 KB on the wire are 64 KB here (SEC19).
        ws = web.WebSocketResponse(
            heartbeat=PING_EVERY, max_msg_size=frames.LARGEST, compress=False, autoping=False, timeout=2.0
        )
        one = Socket(ws, request, address, self, self.caps)
        self._sockets.add(one)
        self.open += 1
        try:
            await ws.prepare(request)
            await one.run()
        finally:
            self.open -= 1
            self._sockets.discard(one)
            self.limits.leave(address)
            self.hub.leave(one)
        return ws

    async def welcome(self, one: Socket, hello: frames.Hello) -> None:
        """Whose it is, and how they stand; then what they lack."""
        now = time.time()
        known = self.tokens.conversation(hello.token, now)
        one.visitor, one.own = known or self.tokens.begin(), hello.own
        one.language = hello.language
        standing = await self.talk.standing(one.visitor) if known else await self.talk.standing("")
        if standing.contact:
            await self.talk.arrived(one.visitor, standing.contact)
        _, last = await self.talk.lines(one.visitor, 0, 1) if known else ((), 0)
        one.sent = one.seen = min(hello.since, last) if known else 0
        if one.sent:
            await self._has(one.visitor, max(0, one.sent - MORE_SHOWN), one.sent)
        visitor = self.hub.enter(one, standing)
        one.told = (standing, False)
        await one.send(frames.welcome(self.tokens.make(one.visitor, now), last, standing))
        if visitor.typing:
            await one.stand(standing, True)
        await one.flush()

    async def _has(self, visitor: str, since: int, until: int) -> None:
        found, _ = await self.talk.lines(visitor, since, until - since)
        await self.talk.delivered([key for n, key in found if n <= until])

    async def take(self, one: Socket, frame: Frame) -> None:
        """Do what a frame asks."""
        match frame:
            case frames.Say(id, text, name):
                await self._take(one, id, text, name)
            case frames.Leave(id, text, name, reach):
                contact = await self._take(one, id, text, name)
                if reach:
                    await self.talk.reach(contact, name, reach, f"{one.visitor}:{id}")
            case frames.Seen(seq):
                one.seen = max(one.seen, min(seq, one.sent))
                keys = [one.keys.pop(n) for n in sorted(one.keys) if n <= one.seen]
                await self.talk.delivered(keys)
            case frames.Rate(value):
                if not await self.talk.rate(one.visitor, value):
                    raise BadFrame("not_asked", "nobody asked how it was")
                await one.send({"t": "rated", "value": value})
            case frames.Mail(to):
                if why := await self.talk.mail(one.visitor, to):
                    raise BadFrame(why, NOT_MAILED[why])
                await one.send({"t": "mailed", "to": to})
            case frames.End():
                await self.talk.end(one.visitor)
            case frames.Hello():
                raise BadFrame("hello_once", "this connection has said hello already")

    async def _take(self, one: Socket, id: str, text: str, name: str) -> str:
        """Make what a visitor said durable, once for its id, and tell all their tabs; the contact."""
        visitor = self.hub.here[one.visitor]
        if not visitor.standing.contact and not self.limits.begins(one.address):
            raise BadFrame("slow_down", "too many conversations are begun from there: try again", id)
        language = one.language if one.language in self.talk.face().languages else ""
        event = f"chat:{one.visitor}:{id}"
        arrived = Arrived("chat", event, f"{WEB}{one.visitor}", "", text, name=name, language=language)

        async def placed(n: int) -> None:
            await one.took(id, n)
            await one.flush()

        return (await self.taken(visitor, arrived, placed))[0]

    async def taken(
        self, visitor: Visitor, arrived: Arrived, placed: Callable[[int], Awaitable[None]]
    ) -> tuple[str, int]:
        """Hand `arrived` in: (its contact, its number in the conversation). `placed` hears the number first."""
        async with asyncio.timeout(TAKEN_WITHIN):
            taken = await self.inbound(arrived)
            n = await self.talk.line(visitor.name, f"{taken.contact}.{taken.n}") if taken.n else 0
        if taken.outcome != "duplicate":
            if len(visitor.taken) >= MOST_TAKEN:
                visitor.taken.clear()
            visitor.taken.add((taken.contact, taken.n))
        await placed(n)
        anew = visitor.standing.contact != taken.contact or visitor.standing.phase == "ended"
        if visitor.sockets and anew:
            self.hub.by_contact[taken.contact] = visitor
        if visitor.sockets:
            self.hub.look(visitor, whole=anew)  # their other tabs hear of it as well
        return taken.contact, n

    async def lines(self, visitor: str, since: int) -> list[tuple[int, str]]:
        """The next numbers and keys."""
        return list((await self.talk.lines(visitor, since, AT_ONCE))[0])

    async def said(self, keys: list[str]) -> Mapping[str, Line]:
        """What they say."""
        return await self.talk.said(keys)

    # ---- out ----------------------------------------------------------------------------------------------------

    async def say(self, words: Words) -> Sent:
        """Put a message into the conversation: whoever holds the visitor's socket hears of it by the ledger.

        "sent" is durable; "delivered" comes when the visitor's browser says that it has it. Raises NotDelivered.
        """
        visitor = words.recipient.removeprefix(WEB)
        if visitor == words.recipient or not visitor:
            raise NotDelivered("this is no visitor of the web chat", "address", permanent=True)
        n = await self.talk.line(visitor, words.key)
        return Sent(f"chat:{visitor}:{n}", "sent")

    async def find(self, words: Words) -> Sent | None:
        """The same again is the same line."""
        return await self.say(words)

    async def status(self, provider_id: str) -> Sent:
        """A message waits in the conversation until its visitor comes back."""
        return Sent(provider_id, "sent")
