"""Part of the composition root: which process speaks with Slack, and how it hears what people do there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .channels.channel import Inbound
from .channels.slack.events import SlackEvents
from .queue.engine import Queue
from .queue.failures import StoreError
from .queue.looking import drop_looks, keep_look, looks_at
from .queue.replies import Refused
from .router.alerts import Alerts
from .router.rulebook import Rulebook
from .router.shared import SharedTalk, shared_places
from .settings import Role, Settings

if TYPE_CHECKING:
    from .channels.slack.desk import SlackDesk
    from .channels.slack.ears import Ears
    from .channels.slack.shared_door import SharedDoor

REQUESTS, TERM = "slack requests", 15_000
"""The role of a web process that takes Slack's requests; ms after which one that fell silent is none any more."""

HOME, LOOKED = "home", 3600
"""The App Homes; s after which the looks at them go if nobody came since."""


def has_desk(settings: Settings, role: Role) -> bool:
    """Whether a process of this role speaks with Slack: whoever works, and whoever takes Slack's requests."""
    return settings.slack_on and (role != "web" or settings.slack_by_http)


def slack_events(settings: Settings, role: Role) -> SlackEvents | None:
    """The way in for Slack's requests, where this process has a web face and Slack is to call us."""
    return SlackEvents() if settings.slack_by_http and role != "worker" else None


def slack_desk(
    settings: Settings, role: Role, queue: Callable[[], Queue], holder: str, events: SlackEvents | None,
    delivers: Callable[[], bool], shared: SharedDoor | None = None,
) -> SlackDesk | None:  # fmt: skip
    """The desk of this process; None without credentials, or where it has none to do. `shared`: customers' channels."""
    if not has_desk(settings, role) or settings.slack_bot_token is None:
        return None
    from .channels.slack.desk import SlackDesk

    return SlackDesk(
        bot_token=settings.slack_bot_token.get_secret_value(),
        ears=_ears(settings, queue, holder, events),
        api_url=settings.slack_api_url,
        once=lambda key, ms: queue().once(key, ms),
        paced=settings.slack_paced,
        now=lambda: queue().now(),
        shared=shared,
        looks=StoredLooks(queue, delivers),
    )


@dataclass(frozen=True, slots=True)
class StoredLooks:
    """Who looks at their App Home, in the store: one process hears it, another draws."""

    queue: Callable[[], Queue]
    delivers: Callable[[], bool]

    async def note(self, user: str, look: str) -> None:
        """The newest of this user."""
        await keep_look(self.queue(), HOME, user, look, LOOKED)

    async def all(self) -> Mapping[str, str]:
        """Everybody's, by user."""
        return await looks_at(self.queue(), HOME)

    async def drop(self, users: Sequence[str]) -> None:
        """These look no more."""
        await drop_looks(self.queue(), HOME, users)


def shared_door(
    inbound: Inbound, queue: Callable[[], Queue], book: Callable[[], Rulebook], alerts: Alerts, settings: Settings,
    role: Role,
) -> SharedDoor | None:  # fmt: skip
    """The door in Slack; None where this process has no desk."""
    if not has_desk(settings, role) or settings.slack_bot_token is None:
        return None
    from .channels.slack.shared_door import SharedDoor

    return SharedDoor(lambda: shared_places(book().plan), inbound, SharedTalk(queue, book), alerts.once)


def _ears(settings: Settings, queue: Callable[[], Queue], holder: str, events: SlackEvents | None) -> Ears:
    from .channels.slack.request_url import RequestUrl
    from .channels.slack.socket_mode import SocketMode

    if settings.slack_app_token is not None:
        return SocketMode(settings.slack_app_token.get_secret_value())
    assert settings.slack_signing_secret is not None
    secret = settings.slack_signing_secret.get_secret_value()
    if events is None:
        return RequestUrl(secret, lambda: requests_are_taken(queue(), holder))
    ears = RequestUrl(secret)
    events.serve(ears.take)
    return ears


async def take_requests(queue: Callable[[], Queue], holder: str) -> None:
    """Let the workers know that somebody takes Slack's requests: of many web processes one says so."""
    while True:
        await queue().lease(REQUESTS, holder, TERM)
        await asyncio.sleep(TERM / 3000)


async def requests_are_taken(queue: Queue, holder: str) -> bool:
    """Whether a web process takes Slack's requests. While the store can't say, nobody is blamed for it."""
    try:
        return await queue.lease(REQUESTS, holder, 0) is None
    except (StoreError, Refused):
        return True
