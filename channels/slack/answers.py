"""How whoever did something in Slack hears what came of it: for them alone, where they did it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from ..channel import DeliveryError
from ..house import Told
from .memory import split
from .messages import telling
from .pace import Urgency
from .payloads import Body, place_of
from .people import People
from .send import Sender

log = structlog.get_logger()


@dataclass(slots=True)
class Answers:
    """Answers by a response_url where there is one (it has no rate limit), else by an ephemeral message.

    `at_home` shows whoever acted in no channel at all what came of it; False when it can't.
    """

    sender: Sender
    people: People
    at_home: Callable[[str, Told], Awaitable[bool]]

    async def tell(self, body: Body, told: Told, replace: bool = False) -> None:
        """Answer whoever did something: by the response_url, or else in the place where it was done."""
        if not told.text:
            return
        user = body.get("user") or {}
        channel, ts = split(place_of(body))
        url, message = str(body.get("response_url") or ""), telling(told.text, told.buttons)
        if url and await self.sender.answer(url, message, replace=replace):
            return
        container = body.get("container") or {}
        await self.whisper(
            channel or str(body.get("channel_id") or ""), str(user.get("id") or body.get("user_id") or ""), told,
            str(container.get("thread_ts") or (ts if channel.startswith(("C", "G")) else "")),
        )  # fmt: skip

    async def whisper(self, channel: str, user: str, told: Told, thread: str) -> None:
        """Tell one person in a channel's thread; a person who can't be told there isn't told."""
        if not told.text:
            return
        message = telling(told.text, told.buttons)
        try:
            if channel and user:
                await self.sender.whisper(channel, user, message, thread)
            elif user and not await self.at_home(user, told):
                await self.sender.post(await self.people.dm(user), message, Urgency.OFFER)
        except DeliveryError as error:
            log.warning("slack.unheard", reason=str(error))
