"""The account that all of Twilio's doors share."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Credentials; `token_old` is still accepted in signatures while a token is rotated."""

    sid: str
    token: str = field(repr=False)
    token_old: str = field(default="", repr=False)
    api_url: str = ""
