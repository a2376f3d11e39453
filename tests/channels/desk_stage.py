"""The desk on the Slack stand-in, over real sockets, with a house that writes down what it was asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from slack_stage import ADA, ADA_DM, CAST, ROOM, Stage, slack_stage, until

from tierline.channels.channel import Card, Head, Line, Mark
from tierline.channels.forms import Filled, Form, Mistakes
from tierline.channels.home import Home
from tierline.channels.house import Actor, Adding, Amended, Told, Typed, Wrote
from tierline.channels.slack.desk import SlackDesk
from tierline.channels.slack.ears import Ears
from tierline.channels.slack.events import PATH, SlackEvents
from tierline.channels.slack.request_url import RequestUrl
from tierline.channels.slack.socket_mode import SocketMode

NASTY = "My server is down <!channel> <@U0LIN00001> <http://evil.example|bank.example> & *bold* :smile:"
NOW = 1_800_000_000_000


def _set(event: asyncio.Event) -> asyncio.Event:
    event.set()
    return event


@dataclass
class FakeHouse:
    """Answers as it is told to; `calls` are the verbs in order."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    there: list[str] = field(default_factory=list)  # who acted
    slow: asyncio.Event = field(default_factory=lambda: _set(asyncio.Event()))  # forms wait for it

    def _said(self, verb: str, *args: Any, default: Any = None) -> Any:
        self.calls.append((verb, *args))
        answer = self.answers.get(verb, default if default is not None else Told(True, f"{verb} done"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def verbs(self, verb: str) -> list[tuple[Any, ...]]:
        return [call for call in self.calls if call[0] == verb]

    async def accept(self, actor: Actor, contact: str, offer: int) -> Told:
        return self._said(
            "accept", actor, contact, offer, default=Told(True, f"{contact} is yours. Answer in its thread.")
        )

    async def decline(self, actor: Actor, contact: str, offer: int, reason: str) -> Told:
        return self._said("decline", actor, contact, offer)

    async def typed(self, typed: Typed) -> Told | None:
        answer = self._said("typed", typed, default=Told(True, ""))
        return answer if answer.text else None

    async def wrote(self, thread: str, place: str, contact: str = "") -> Wrote | None:
        self.calls.append(("wrote", thread, place, contact))
        return self.answers.get(f"wrote {contact}".strip())

    async def amended(self, it: Amended) -> Told | None:
        self.calls.append(("amended", it))
        return self.answers.get("amended")

    async def send_note(self, actor: Actor, contact: str, n: int) -> Told:
        return self._said("send_note", actor, contact, n)

    async def reply(self, actor: Actor, contact: str, text: str) -> Told:
        return self._said("reply", actor, contact, text)

    async def undo(self, actor: Actor, contact: str, n: int) -> Told:
        return self._said("undo", actor, contact, n)

    async def retry(self, actor: Actor, contact: str, n: int) -> Told:
        return self._said("retry", actor, contact, n)

    async def note(self, actor: Actor, contact: str, text: str) -> Told:
        return self._said("note", actor, contact, text)

    async def command(self, actor: Actor, text: str) -> Told:
        return self._said("command", actor, text)

    async def pressed(self, actor: Actor, action: str, value: str) -> Told:
        return self._said("pressed", actor, action, value)

    async def acted(self, actor: Actor) -> None:
        self.there.append(actor.user)

    async def home(self, actor: Actor) -> Home | None:
        answer = self._said("home", actor, default=Home((), NOW))
        return None if answer == "nothing" else answer

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told:
        await self.slow.wait()
        return self._said("form", actor, name, value, default=Told(False, "There is no such form."))

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes:
        await self.slow.wait()
        return self._said("filled", actor, filled)

    async def adding(self, actor: Actor, value: str) -> Adding | Told:
        return self._said("adding", actor, value, default=Adding("Lin", ("inhouse",), ("Ada", "Ben")))

    async def add(self, actor: Actor, value: str, team: str, tier: int, like: str) -> Told:
        return self._said("add", actor, value, team, tier, like)


@dataclass
class Once:
    """What the store's `once` promises."""

    seen: set[str] = field(default_factory=set)
    fail: Exception | None = None

    async def __call__(self, key: str, ms: int) -> bool:
        if self.fail is not None:
            raise self.fail
        first = key not in self.seen
        self.seen.add(key)
        return first


@dataclass
class DeskStage:
    """A started desk and the stand-in under it."""

    stage: Stage
    desk: SlackDesk
    house: FakeHouse
    once: Once
    url: str = ""

    async def messages(self, channel: str = ROOM) -> list[Any]:
        found = await self.stage.get("messages", channel=channel)
        return [one for one in found if not one.get("deleted")]

    async def thread(self, place: str) -> list[Any]:
        channel, ts = place.split(":")
        return [one for one in await self.messages(channel) if one.get("thread_ts") == ts]

    async def find(self, channel: str, text: str) -> Any:
        """The message that shows `text`, once there is one."""

        async def look() -> Any:
            return next((one for one in await self.messages(channel) if text in shown(one)), None)

        return await eventually(look)

    async def press(self, place: str, action: str, user: str = ADA, **more: Any) -> Any:
        channel, ts = place.split(":")
        return await self.stage.post("act", user=user, channel=channel, ts=ts, action_id=action, **more)

    async def type(self, place: str, text: str, user: str = ADA) -> str:
        channel, ts = place.split(":")
        found = await self.stage.post("reply", user=user, channel=channel, thread_ts=ts, text=text)
        return f"{channel}:{found['ts']}"


async def eventually(look: Any, seconds: float = 15.0) -> Any:
    """What an async condition gives once it holds."""
    end = time.monotonic() + seconds
    while not (found := await look()):
        assert time.monotonic() < end, "the condition never held"
    return found


def shown(message: Any) -> str:
    """All words of a message's blocks, or its text."""
    return " ".join(words(message.get("blocks") or [])) or str(message.get("text"))


def words(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [word for one in value.values() for word in words(one)]
    return [word for one in value for word in words(one)] if isinstance(value, list) else []


def buttons(message: Any) -> dict[str, str]:
    """action_id → value of everything that can be pressed."""
    rows = [block for block in message.get("blocks") or [] if block["type"] == "actions"]
    return {one["action_id"]: one.get("value", "") for row in rows for one in row["elements"]}


def card(contact: str = "C1001", offer: int = 1, agent: str = "ada@northwind.example", **more: Any) -> Card:
    given: dict[str, Any] = {
        "service": "outage", "channel": "sms", "customer": "Eva <!here>, +4915112345678", "verified": True,
        "tier": "L1", "why": "rule “outage”; outage at L1", "waited": 3000, "due": NOW + 60_000, "until": NOW + 60_000,
        "lines": (NASTY,), "history": "",
    }  # fmt: skip
    return Card(contact, offer, agent, **(given | more))


def line(
    n: int = 1, text: str = NASTY, kind: Any = "customer", contact: str = "C1001", author: str = "Eva <!here>"
) -> Line:
    return Line(contact, n, kind, author, text, NOW)


def head(contact: str = "C1001", **more: Any) -> Head:
    given: dict[str, Any] = {
        "place": "#support", "owner": "ada@northwind.example", "owner_name": "Ada", "service": "outage", "channel": "sms",
        "customer": "Eva <!here>, +4915112345678", "verified": True, "due": None, "replies": "direct", "hold": 8000,
        "lines": (line(),),
    }  # fmt: skip
    return Head(contact, **(given | more))


def mark(state: Any, source: str = "", n: int = 2, **more: Any) -> Mark:
    given: dict[str, Any] = {"text": "We are on it", "owner": "ada@northwind.example", "until": NOW + 8000}
    return Mark("C1001", n, source, state, **(given | more))


@asynccontextmanager
async def desk_stage(limits: bool = False, http: bool = False) -> AsyncIterator[DeskStage]:
    """With `http` Slack calls the desk instead of being called."""
    async with slack_stage() as stage:
        stage.faults.slack.enforce_limits = limits
        house, once = FakeHouse(), Once()

        async def now() -> int:
            return NOW

        ears = RequestUrl(CAST.credentials.signing_secret) if http else SocketMode(CAST.credentials.app_token)
        desk = SlackDesk(
            bot_token=CAST.credentials.bot_token, ears=ears,
            api_url=f"{stage.base}/slack/api/", once=once, now=now,
        )  # fmt: skip
        desk.serve(house)
        await desk.start()
        try:
            async with web_face(ears) as url:
                assert await stage.slack.call(url)
                yield DeskStage(stage, desk, house, once, url)
        finally:
            await desk.stop()


@asynccontextmanager
async def web_face(ears: Ears) -> AsyncIterator[str]:
    """Where Slack's requests go; "" where none come."""
    if not isinstance(ears, RequestUrl):
        yield ""
        return
    events, server = SlackEvents(), web.Application()
    events.serve(ears.take)
    server.add_routes(events.routes())
    runner = web.AppRunner(server, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}{PATH}"
    finally:
        await runner.cleanup()


__all__ = ["ADA_DM", "until"]
