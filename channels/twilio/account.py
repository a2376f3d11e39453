"""The account that all of Twilio's doors share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Credentials; `token_old` is still accepted in signatures while a token is rotated."""

    sid: str
    token: str = field(repr=False)
    token_old: str = field(default="", repr=False)
    api_url: str = ""


def span(since: int, until: int) -> tuple[datetime, datetime]:
    """From `since` to `until` (ms) in the whole seconds that Twilio's lists are filtered by, both ends within."""
    return datetime.fromtimestamp(since // 1000, UTC), datetime.fromtimestamp(-(-until // 1000), UTC)
