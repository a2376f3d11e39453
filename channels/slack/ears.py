"""How what people do in Slack reaches us: over sockets that we open, or as requests that Slack makes."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Protocol

from slack_bolt.async_app import AsyncApp

from .payloads import Body, typed_by_person, was_edited
from .send import Sender


class Ears(Protocol):
    """One way in. Whatever comes by it goes to the Bolt app given to `connect`; a later app takes its place.

    `wanted` says of an event whether Bolt is to have it; what isn't wanted is acknowledged at once: most events are
    echoes of our own posts, and Bolt does much for each.
    """

    signing_secret: str
    """What Bolt checks requests with; "" where none come."""
    deaf: str
    """What to say when nothing would be heard."""

    async def greet(self, sender: Callable[[str], Sender]) -> None:
        """Try what we listen with, asking Slack by a `sender` for a token. Raises DeliveryError when it's refused."""

    async def connect(self, app: AsyncApp, wanted: Callable[[Body], bool]) -> None:
        """Begin to listen. Raises NotDelivered when nothing would be heard."""

    async def hears(self) -> bool:
        """Whether something that is pressed now would reach us, or a process beside us that works on it."""

    async def hang_up(self) -> None:
        """Take nothing more."""


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


class NoSecrets(logging.Filter):
    """The library's own log lines, without tokens and tickets."""

    _SECRET = re.compile(r"(ticket=|\bapp_id=)[^&\s'\")]+|xox[a-z]-[\w-]+|xapp-[\w-]+")

    def filter(self, record: logging.LogRecord) -> bool:
        """Let it pass, cleaned."""
        record.msg, record.args = self._SECRET.sub(r"\1…", record.getMessage()), ()
        record.exc_info = record.exc_text = None
        return True


def library_log() -> logging.Logger:
    """What the library may log: errors alone, because below that it may log bodies."""
    logger = logging.getLogger("tierline.slack.library")
    logger.setLevel(logging.ERROR)
    if not logger.filters:
        logger.addFilter(NoSecrets())
    return logger
