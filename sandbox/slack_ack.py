"""How the app acknowledges what Slack brings it, whichever way it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from .slack_schema import Json

ACK_WITHIN = 3.0
REASONS = {
    "redirected": "too_many_redirects",
    "timeout": "http_timeout",
    "status": "http_error",
    "unreached": "connection_failed",
    "no_socket": "timeout",
}


@dataclass(frozen=True, slots=True)
class Ack:
    """`outcome` is `acked`, `timeout`, `no_socket`, `unreached` (no connection), `redirected` (too often) or
    `status` (not 2xx)."""

    outcome: str
    ms: float
    payload: Any = None
    status: int = 0
    no_retry: bool = False

    @property
    def ok(self) -> bool:
        """Answered in time, and well."""
        return self.outcome == "acked"

    @property
    def reason(self) -> str:
        """What Slack calls it when it tries again."""
        return REASONS.get(self.outcome, "unknown_error")


class Way(Protocol):
    """How Slack reaches the app."""

    async def deliver(self, kind: str, payload: Json, attempt: int, reason: str) -> Ack:
        """Bring one thing and wait for its acknowledgement."""

    def note(self, kind: str, payload: Json, attempt: int, ack: Ack) -> None:
        """Put it on the wire log."""


def shown(payload: Json) -> Json:
    """A payload as the wire log shows it."""
    return {name: value for name, value in payload.items() if name not in ("token", "authorizations")}
