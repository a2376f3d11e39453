"""What is said to a person or a channel outside any contact's thread: alerts, and what agents are told of themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..channel import OutcomeUnknown
from .blocks import Message
from .memory import Finder, Recent
from .messages import for_one
from .pace import Urgency
from .people import People, is_person
from .send import Sender


@dataclass(slots=True)
class Tellings:
    """`doubt` are the keys whose post may stand there although Slack's answer was lost."""

    sender: Sender
    people: People
    finder: Finder
    doubt: Recent[str, bool] = field(default_factory=lambda: Recent(500))

    def clear(self) -> None:
        """Forget every doubt."""
        self.doubt.clear()

    async def tell(self, to: str, message: Message, key: str, again: bool) -> str:
        """The place of what was said; with a `key` it stands there once, however often it is told."""
        channel, guest = await self.people.lane(to) if is_person(to) else (await self.people.room(to), "")
        if key and (again or key in self.doubt):
            found = await self.finder.in_channel(channel, told=key)
            if found is not None:
                return f"{channel}:{found['ts']}"
        try:
            shown = for_one(message, guest) if guest else message
            ts = await self.sender.post(channel, shown, Urgency.FAILURE)
        except OutcomeUnknown:
            self.doubt[key] = bool(key)
            raise
        return f"{channel}:{ts}"
