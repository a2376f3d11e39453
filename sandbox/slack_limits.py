"""Slack's rate limits, in real time: tiers by method, and about one message a second and channel.

Tier N allows 1, 20, 50, 100 calls a minute, method and workspace; Slack lets a little more through at times,
the stand-in never. A method without a tier ("special") is held to what its page says.
"""

from __future__ import annotations

import math
import time
from collections import deque

PER_MINUTE = {1: 1, 2: 20, 3: 50, 4: 100, 5: 600}
BURST = 5
TIERS = {
    "apps.connections.open": 3,
    "auth.test": 5,
    "bots.info": 3,
    "chat.delete": 3,
    "chat.getPermalink": 5,
    "chat.postEphemeral": 4,
    "chat.postMessage": 5,
    "chat.update": 3,
    "conversations.create": 2,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "reactions.add": 3,
    "reactions.remove": 2,
    "team.info": 3,
    "users.conversations": 3,
    "users.getPresence": 3,
    "users.info": 4,
    "users.list": 2,
    "users.lookupByEmail": 3,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}


class Limits:
    """What was called lately; `take` answers the seconds to wait, 0 when the call may go on."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[float]] = {}
        self._channels: dict[str, tuple[float, float]] = {}

    def empty(self) -> None:
        """Forget every call."""
        self._calls.clear()
        self._channels.clear()

    def take(self, method: str, channel: str = "") -> int:
        """Count one call of a method, and for chat.postMessage one message into a channel."""
        now = time.monotonic()
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= PER_MINUTE[TIERS.get(method, 3)]:
            return max(1, math.ceil(calls[0] + 60 - now))
        if method == "chat.postMessage" and (wait := self._post(channel, now)):
            return wait
        calls.append(now)
        return 0

    def _post(self, channel: str, now: float) -> int:
        left, at = self._channels.get(channel, (float(BURST), now))
        left = min(float(BURST), left + now - at)
        if left < 1:
            self._channels[channel] = (left, now)
            return 1
        self._channels[channel] = (left - 1, now)
        return 0
