"""What the desk remembers between two calls, all of it found again in Slack by metadata after a restart."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from .blocks import Json
from .pace import Urgency
from .send import Sender

K = TypeVar("K")
V = TypeVar("V")
PAGES, PAGE = 5, 200
"""How far back a look-up goes."""


class Recent(Generic[K, V]):
    """A dictionary of the newest `most` entries."""

    def __init__(self, most: int = 5000) -> None:
        self.most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def __setitem__(self, key: K, value: V) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def __iter__(self) -> Iterator[K]:
        return iter(self._kept)

    def get(self, key: K) -> V | None:
        """The value, if it is still known."""
        return self._kept.get(key)

    def pop(self, key: K) -> V | None:
        """The value, and forget it."""
        return self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


def payload(message: Json) -> Json:
    """Our metadata in a message, {} when there is none."""
    found = (message.get("metadata") or {}).get("event_payload")
    return found if isinstance(found, dict) else {}


def split(place: str) -> tuple[str, str]:
    """A place "channel:ts" in its two parts; what may follow is left out."""
    channel, ts, *_ = [*place.split(":"), "", ""]
    return channel, ts


def covers(message: Json, wanted: dict[str, str | int | bool]) -> bool:
    """Whether a message's metadata says all of `wanted`; several lines in one message say `n` to `upto`."""
    said = payload(message)
    if wanted.items() <= said.items():
        return True
    first, last, n = said.get("n"), said.get("upto"), wanted.get("n")
    within = isinstance(first, int) and isinstance(last, int) and isinstance(n, int) and first <= n <= last
    return within and wanted.items() <= {**said, "n": n}.items()


class Finder:
    """Looks for messages of ours by their metadata. What is looked for has the urgency of what it is for."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    async def in_channel(self, channel: str, **wanted: str | int | bool) -> Json | None:
        """The newest message of a channel whose metadata says all of `wanted`."""
        return await self._look("conversations.history", {"channel": channel}, wanted)

    async def in_thread(
        self, place: str, urgency: Urgency = Urgency.CUSTOMER, **wanted: str | int | bool
    ) -> Json | None:
        """A message in the thread at `place`."""
        channel, ts = split(place)
        return await self._look("conversations.replies", {"channel": channel, "ts": ts}, wanted, urgency)

    async def parent(self, place: str, urgency: Urgency = Urgency.CUSTOMER) -> Json | None:
        """The first message of a thread."""
        channel, ts = split(place)
        answer = await self.sender.call(
            "conversations.replies",
            urgency,
            channel=channel,
            ts=ts,
            limit=1,
            include_all_metadata=True,
        )
        messages = answer.get("messages") or [None]
        return messages[0] if isinstance(messages[0], dict) else None

    async def _look(
        self,
        method: str,
        args: dict[str, Any],
        wanted: dict[str, str | int | bool],
        urgency: Urgency = Urgency.CUSTOMER,
    ) -> Json | None:
        cursor = ""
        for _ in range(PAGES):
            answer = await self.sender.call(
                method, urgency, **args, limit=PAGE, include_all_metadata=True, cursor=cursor or None
            )
            for message in answer.get("messages", ()):
                if covers(message, wanted):
                    return message if isinstance(message, dict) else None
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return None
