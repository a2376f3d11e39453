"""What Slack brings to the app, by the one way that the app has: sockets, or requests to its Request URL.

An event that isn't acknowledged in 3 s is brought again at once, after a minute and after five; an interaction is not:
its person sees an error. All of it in real time. Source: docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from typing import Any

from .slack_ack import Ack, Way
from .slack_requests import Requests
from .slack_schema import Json
from .slack_socket import Sockets
from .slack_state import APP, BOT_USER, TEAM
from .stage import Clock, Faults
from .tasks import Tasks

RETRY_AFTER = (0.0, 60.0, 300.0)
EVENTS = (
    "app_home_opened",
    "app_mention",
    "channel_shared",
    "member_joined_channel",
    "member_left_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "reaction_added",
    "reaction_removed",
)


class Delivery:
    """Events the app subscribes to, interactions and commands; `base` is the address by which the app reaches us."""

    def __init__(
        self, clock: Clock, faults: Faults, sockets: Sockets, requests: Requests, tasks: Tasks
    ) -> None:
        self.clock, self.faults, self.sockets, self.requests, self.tasks = (
            clock, faults, sockets, requests, tasks,
        )  # fmt: skip
        self.retry_after: tuple[float, ...] = RETRY_AFTER
        self.subscribed = frozenset(EVENTS)
        self.base = ""

    @property
    def way(self) -> Way:
        """Requests once a Request URL is set, as in an app without Socket Mode."""
        return self.requests if self.requests.url else self.sockets

    def spawn(self, work: Awaitable[Any]) -> asyncio.Task[Any]:
        """Keep a task until it is done or the stand-in stops."""
        return self.tasks.spawn(work)

    async def deliver(self, kind: str, payload: Json, attempt: int = 0, reason: str = "") -> Ack:
        """Bring `kind` (`events_api`, `interactive`, `slash_commands`) once, and wait for its acknowledgement."""
        way = self.way
        if kind == "events_api" and attempt < self.faults.slack.lose:
            ack = Ack("timeout", 0.0)
            way.note(kind, payload, attempt, ack)
            return ack
        return await way.deliver(kind, payload, attempt, reason)

    def event(self, event: Json, shared: bool = False, team: str = TEAM) -> None:
        """Tell the app of an event that it subscribes to, in order, again and again as Slack does.

        `team` is the workspace in which it happened, `shared` whether that was in a channel with another one.
        """
        kind = {"im": "im", "group": "groups", "channel": "channels"}.get(event.get("channel_type", ""), "")
        name = f"message.{kind}" if event["type"] == "message" else event["type"]
        if name not in self.subscribed:
            return
        payload: Json = {
            "token": "sandbox-verification",
            "team_id": team,
            "context_team_id": TEAM,
            "context_enterprise_id": None,
            "api_app_id": APP,
            "event": event,
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(self.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": TEAM,
                    "user_id": BOT_USER,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": shared,
            "event_context": f"4-{secrets.token_urlsafe(32)}",
        }
        self.spawn(self._persist(payload))

    async def _persist(self, payload: Json) -> None:
        ack = await self.deliver("events_api", payload)
        for attempt, wait in enumerate(self.retry_after, 1):
            if ack.ok or ack.no_retry:
                return
            await asyncio.sleep(wait)
            ack = await self.deliver("events_api", payload, attempt, ack.reason)

    def abandon(self) -> None:
        """Give up everything under way; sockets and Request URL stay."""
        self.tasks.abandon()

    async def settle(self) -> None:
        """Return when nothing that was brought is still unanswered (it is after 3 s)."""
        await asyncio.sleep(0)
        await self.sockets.settle()
        await self.requests.settle()

    async def stop(self) -> None:
        """Give up everything and close the ways."""
        await self.tasks.stop()
        await self.sockets.stop()
        await self.requests.stop()
