"""Whose App Home is kept fresh, and how: only for those who opened theirs lately, newest version only, until it stands.

Slack takes about a hundred homes a minute from a whole workspace and tells nobody when a Home is closed again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..channel import NotDelivered
from .blocks import Json
from .latest import Draw
from .memory import Recent
from .pace import Urgency
from .send import Sender

log = structlog.get_logger()

WATCHED = 15 * 60.0
"""Seconds after its opening for which a Home is kept fresh."""
FIRST, LONGEST = 2.0, 60.0
"""Seconds between tries while Slack doesn't take it."""


@dataclass(slots=True)
class Homes:
    """`spawn` runs what a stop needn't wait for."""

    sender: Sender
    spawn: Callable[[Awaitable[None]], None]
    clock: Callable[[], float] = time.time  # other processes read it as well
    seen: Recent[str, float] = field(default_factory=Recent)
    tries: dict[str, int] = field(
        default_factory=dict
    )  # the number of each person's newest wish that isn't over

    def clear(self) -> None:
        """Forget who looks; what waits is drawn all the same."""
        self.seen.clear()

    def opened(self, user: str, draw: Draw[Json]) -> None:
        """Somebody looks at their Home now: theirs comes before everybody else's."""
        self.seen[user] = self.clock()
        self._wish(user, draw, Urgency.OFFER)

    def looks_since(self, user: str, at: float) -> None:
        """Another process heard that somebody looks."""
        self.seen[user] = at

    def watched(self) -> tuple[str, ...]:
        """The user ids of those who opened theirs in the last quarter of an hour."""
        return tuple(user for user in self.seen if self._watches(user))

    def changed(self, user: str, draw: Draw[Json]) -> None:
        """Something on this Home is different now; of no interest to whoever hasn't opened it lately."""
        if self._watches(user):
            self._wish(user, draw, Urgency.HOME)

    def _watches(self, user: str) -> bool:
        at = self.seen.get(user)
        return at is not None and self.clock() - at < WATCHED

    def _wish(self, user: str, draw: Draw[Json], urgency: Urgency) -> None:
        mine = self.tries[user] = self.tries.get(user, 0) + 1
        self.spawn(self._keep_trying(user, draw, urgency, mine))

    async def _keep_trying(self, user: str, draw: Draw[Json], urgency: Urgency, mine: int) -> None:
        wait = FIRST
        try:
            while self.tries.get(user) == mine:  # else a newer wish has taken it over
                try:
                    await self.sender.publish(user, draw, urgency)
                    return
                except NotDelivered as error:
                    wait = error.retry_after or wait
                    if error.permanent or not self._watches(user):
                        log.info("slack.home_not_shown", reason=error.reason)
                        break
                except (
                    Exception
                ) as error:  # the store is away, say: whoever looks at it then sees what it was
                    log.warning("slack.home_later", error=type(error).__name__)
                    if not self._watches(user):
                        break
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST)
        finally:
            if self.tries.get(user) == mine:
                del self.tries[user]
                self.sender.homes.forget(user)
