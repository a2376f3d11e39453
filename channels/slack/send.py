"""Everything that goes out to Slack: paced, by urgency, each call with a deadline, each refusal in words.

No retries here: a lost reply is `OutcomeUnknown`, and whoever asked looks it up first. Bodies are never logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ..channel import NotDelivered, OutcomeUnknown
from ..fence import check_ours, kept_back
from ..turn import its_turn
from ..turnstile import Turnstile
from .blocks import Json, Message
from .latest import Draw, Latest
from .pace import PATIENCE, PER_MINUTE, Boundless, Drip, Gate, Minute, Room, Urgency
from .refusals import limited, refusal, unavailable

UPDATE, PUBLISH = "chat.update", "views.publish"
DEADLINE = 8.0
"""Seconds that a call may take."""
FORMS = {
    "files.getUploadURLExternal", "bots.info", "chat.getPermalink", "conversations.info", "conversations.list",
    "conversations.replies", "files.info",
    "users.info", "users.lookupByEmail", "conversations.history", "auth.test",
}  # fmt: skip
"""Methods that take no JSON."""
DONE = {"already_reacted", "no_reaction"}


class Sender:
    """The one way out. `client` is built without retry handlers; `http` is the session that it shares.

    `paced`: keep to Slack's published limits by ourselves, not only to its Retry-After.
    """

    def __init__(self, client: AsyncWebClient, http: aiohttp.ClientSession, paced: bool = True) -> None:
        self.client, self.http, self.paced = client, http, paced
        self.origin = urlsplit(client.base_url)
        self._gates: dict[str, Gate] = {}
        self._turnstile = Turnstile()
        self.cards: Latest[tuple[str, str], Message] = Latest(
            lambda: self._gate(UPDATE, UPDATE), self._change
        )
        self.homes: Latest[str, Json] = Latest(lambda: self._gate(PUBLISH, PUBLISH), self._publish)
        self._newest: dict[tuple[str, str, str], int] = {}
        self._locks: dict[tuple[str, str, str], asyncio.Lock] = {}
        self._count = 0

    def _gate(self, name: str, method: str) -> Gate:
        gate = self._gates.get(name)
        if gate is None:
            room: Room = Drip() if name != method else Minute(PER_MINUTE.get(method, 50))
            if not self.paced:
                room = Boundless()
            gate = self._gates[name] = Gate(room)
        return gate

    async def call(
        self,
        method: str,
        urgency: Urgency,
        *,
        deadline: float = DEADLINE,
        patience: float | None = PATIENCE,
        **args: Any,
    ) -> Json:
        """Call a Web API method. Raises NotDelivered or OutcomeUnknown."""
        gates = [self._gate(method, method)]
        if method == "chat.postMessage":
            gates.insert(0, self._gate(f"post {args.get('channel')}", method))
        # A person's direct messages are few, and an offer that waits for its turn is one that comes too late.
        rush = urgency is Urgency.OFFER and str(args.get("channel", "")).startswith("D")
        for gate in gates:
            await (gate.rush if rush else gate.enter)(urgency, patience)
        return await self._ungated(method, gates[0], deadline, args)

    def _refused(self, method: str, error: SlackApiError, gate: Gate) -> Exception:
        response = error.response
        # When the body is no JSON the library hands over aiohttp's own answer.
        status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0) or 0)
        if status == 429:
            wait = _seconds(response.headers.get("Retry-After"))
            gate.pause(wait)
            return limited(wait)
        data = getattr(response, "data", None)
        code = str(data.get("error") or "") if isinstance(data, dict) else ""
        if status >= 500 or not code:
            return unavailable(method, status)
        return refusal(method, code)

    async def post(
        self,
        channel: str,
        message: Message,
        urgency: Urgency,
        thread: str = "",
        patience: float | None = PATIENCE,
    ) -> str:
        """A new message; its ts. Without `patience` it keeps its place in the row for as long as that takes."""
        where: dict[str, Any] = {"channel": channel, **({"thread_ts": thread} if thread else {})}
        quiet: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
        answer = await self.call(
            "chat.postMessage", urgency, patience=patience, **where, **quiet, **message.args()
        )
        return str(answer["ts"])

    async def whisper(self, channel: str, user: str, message: Message, thread: str = "") -> None:
        """A message that one person sees."""
        where: dict[str, Any] = {
            "channel": channel,
            "user": user,
            **({"thread_ts": thread} if thread else {}),
        }
        await self.call("chat.postEphemeral", Urgency.OFFER, patience=5.0, **where, **message.args())

    async def update(self, channel: str, ts: str, message: Message, urgency: Urgency) -> None:
        """Change a message. Of several changes that wait only the newest is made, for all who wait.

        A card waits for as long as Slack takes; whoever asks for more than that gets it back after `PATIENCE`.
        """

        async def newest() -> Message:
            return message

        patience = PATIENCE if urgency < Urgency.CARD else None
        await self.cards.show((channel, ts), newest, urgency, patience)

    async def redraw(self, channel: str, ts: str, draw: Draw[Message], urgency: Urgency) -> None:
        """The same, drawn when its turn comes; None: what stands there is right already."""
        await self.cards.show((channel, ts), draw, urgency)

    def left(self, method: str, urgency: Urgency) -> int:
        """How many calls of a method Slack would take at once."""
        return self._gate(method, method).left(urgency)

    async def _change(self, key: tuple[str, str], message: Message) -> None:
        args = {"channel": key[0], "ts": key[1], **message.args()}
        await self._ungated(UPDATE, self._gate(UPDATE, UPDATE), DEADLINE, args)

    async def publish(self, user: str, draw: Draw[Json], urgency: Urgency = Urgency.HOME) -> None:
        """A person's App Home, drawn when its turn comes; a newer wish takes the place of one that waits.

        `draw` gives the view, or None when what stands there is right already. Raises NotDelivered or OutcomeUnknown.
        """
        await self.homes.show(user, draw, urgency)

    async def _publish(self, user: str, view: Json) -> None:
        await self._ungated(
            PUBLISH, self._gate(PUBLISH, PUBLISH), DEADLINE, {"user_id": user, "view": dict(view)}
        )

    async def _ungated(self, method: str, gate: Gate, deadline: float, args: Mapping[str, Any]) -> Json:
        await self._turnstile.enter()  # aiohttp writes a turn later: the first of many isn't kept by the last
        check_ours()
        try:
            async with asyncio.timeout(deadline):
                answer = await self.client.api_call(method, **_body(method, args))
        except SlackApiError as error:
            raise self._refused(method, error, gate) from None
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotDelivered(f"Slack can't be reached ({type(error).__name__})", "unreachable") from None
        except (TimeoutError, aiohttp.ClientError, OSError, SlackClientError, AttributeError) as error:
            if fenced := kept_back(error):
                raise fenced from None
            # AttributeError: the library's way of taking a body that is plain text with status 200.
            raise OutcomeUnknown(f"Slack gave no answer ({type(error).__name__})") from None
        return answer.data if isinstance(answer.data, dict) else {}

    async def react(self, channel: str, ts: str, name: str, on: bool, urgency: Urgency) -> None:
        """Put an emoji on a message or take it off; a wish that a newer one overtook while it waited is dropped."""
        key, method = (channel, ts, name), "reactions.add" if on else "reactions.remove"
        self._count += 1
        mine = self._newest[key] = self._count
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            gate = self._gate(method, method)
            async with _in_turn(lock):  # an "off" never arrives before its "on"
                if self._newest.get(key) != mine:
                    return
                await gate.enter(urgency, PATIENCE)
                if self._newest.get(key) == mine:
                    await self._ungated(
                        method, gate, DEADLINE, {"channel": channel, "timestamp": ts, "name": name}
                    )
        except NotDelivered as error:
            if error.code not in DONE and error.code != "message_not_found":
                raise
        finally:
            if self._newest.get(key) == mine:
                del self._newest[key]
                self._locks.pop(key, None)

    async def answer(self, url: str, message: Message | None, *, replace: bool) -> bool:
        """Answer by a response_url: in place of what was pressed, or to its person alone. False: it is of no use."""
        if not self._trusted(url):
            return False
        body: dict[str, Any] = {"replace_original": replace, "response_type": "ephemeral"}
        body |= (
            {"delete_original": True}
            if message is None
            else {"text": message.text, "blocks": list(message.blocks)}
        )
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self.http.post(url, json=body, proxy=self.client.proxy) as found,
            ):
                return found.status == 200
        except (TimeoutError, aiohttp.ClientError, OSError):
            return False

    def _trusted(self, url: str) -> bool:
        """Slack's own address, or the one that we were told to use in its place."""
        at = urlsplit(url)
        ours = (at.scheme, at.netloc) == (self.origin.scheme, self.origin.netloc)
        return ours or (at.scheme == "https" and at.hostname == "hooks.slack.com")

    def figures(self) -> dict[str, float]:
        """Calls that wait; cards and homes that are out of date, and the seconds for which the oldest has been."""
        return {
            "calls_waiting": sum(gate.waiting for gate in self._gates.values()),
            "cards_stale": len(self.cards),
            "cards_oldest_s": round(self.cards.oldest, 1),
            "homes_stale": len(self.homes),
            "homes_oldest_s": round(self.homes.oldest, 1),
        }

    def forget(self) -> None:
        """Slack counts from nothing again, as a reset stand-in does; who waits already keeps the turn."""
        self._gates.clear()

    def close(self) -> None:
        """Nothing goes out any more."""
        for gate in self._gates.values():
            gate.close()
        self.cards.close()
        self.homes.close()


@asynccontextmanager
async def _in_turn(lock: asyncio.Lock) -> AsyncIterator[None]:
    with its_turn():
        await lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _body(method: str, args: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in args.items() if value is not None}
    if method not in FORMS:
        return {"json": given}
    return {
        "data": {name: str(it).lower() if isinstance(it, bool) else str(it) for name, it in given.items()}
    }


def _seconds(header: str | None) -> float:
    try:
        return min(600.0, max(1.0, float(header or "")))
    except ValueError:
        return 30.0
