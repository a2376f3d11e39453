"""A visitor's token: it names one conversation that nobody can guess, until an instant, and we alone can make it.

v1.<conversation>.<end in s, hexadecimal>.<HMAC-SHA256 of the three, 128 bits>
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field

LIVES = 30 * 86_400
"""Seconds for which a visitor may come back to the conversation; each welcome begins them anew."""
LONGEST = 200
_SHAPE = re.compile(r"v1\.([A-Za-z0-9_-]{22})\.([0-9a-f]{1,12})\.([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes tokens, and tells good ones."""

    secret: str = field(repr=False)

    def begin(self) -> str:
        """A new conversation: 128 random bits."""
        return secrets.token_urlsafe(16)

    def make(self, conversation: str, now: float) -> str:
        """The token of a conversation; `now` in seconds since the epoch."""
        end = int(now + LIVES)
        return f"v1.{conversation}.{end:x}.{self._sign(conversation, end)}"

    def conversation(self, token: str, now: float) -> str:
        """The conversation that a token opens at `now`; "" for one that isn't ours, or has run out."""
        found = _SHAPE.fullmatch(token) if len(token) <= LONGEST else None
        if found is None:
            return ""
        name, end = found[1], int(found[2], 16)
        good = hmac.compare_digest(self._sign(name, end), found[3])
        return name if good and now < end else ""

    def _sign(self, conversation: str, end: int) -> str:
        said = f"chat:v1:{conversation}:{end:x}".encode()
        return hmac.new(self.secret.encode(), said, hashlib.sha256).hexdigest()[:32]
