"""Whether what a delivery is about to do outside is still ours to do.

One process at a time delivers, under a lease. One that slept meanwhile (SIGSTOP, a paused machine, a loop that stood
still) wakes in the middle of a call whose contact another process has served by now. Neither Slack nor Twilio knows
fences, so the last look is ours: right before the request, again when its connection stands, and as its bytes are
handed over. Whoever is stopped within the few steps that are left sends it all the same when they wake.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

import aiohttp

from .channel import NotDelivered

FENCED = "fenced"
"""The code of what was not sent because another process delivers now."""
still_ours: ContextVar[Callable[[], bool]] = ContextVar("still_ours", default=lambda: True)
"""Set around each job of the outbox; what a person's own click causes needs no lease."""


def check_ours() -> None:
    """Raise NotDelivered, code `FENCED`, when the lease under which this task works has run out."""
    if not still_ours.get()():
        raise NotDelivered("another process delivers now", FENCED)


def last_look() -> aiohttp.TraceConfig:
    """For a session's `trace_configs`: the same look once the connection stands, and as a body is written.

    aiohttp hands the head over together with the body's first piece, so nothing has left by then. What is raised there
    comes to the caller inside an aiohttp.ClientError: see `kept_back`.
    """

    async def look(*_: object) -> None:
        check_ours()

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(look)
    config.on_connection_reuseconn.append(look)
    config.on_request_chunk_sent.append(look)
    return config


def kept_back(error: BaseException) -> NotDelivered | None:
    """The look that kept the request back, when that is what an aiohttp error is about."""
    cause = error.__cause__ or error.__context__
    return cause if isinstance(cause, NotDelivered) and cause.code == FENCED else None
