"""App Homes: published when somebody opens theirs, and again for 15 minutes whenever what they show changes.

opened ──▶ viewers ◀── look, every `LOOK` s: House.home ──▶ another digest? ──▶ views.publish

Slack's views.publish takes about a hundred a minute: only those who look are served, of each the newest alone, and
nothing that they see already.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..channel import DeliveryError, NotDelivered
from ..home import Home, Section
from ..house import House, Told
from ..turn import its_turn
from .home_views import digest, home_view
from .pace import Urgency
from .payloads import Body, blamed
from .people import People
from .send import Sender

log = structlog.get_logger()

KEPT_FRESH = 15 * 60.0
"""Seconds for which the Home of somebody who has opened it follows what happens."""
LOOK = 2.0
"""Seconds between two looks at what the Homes of those who look should show."""
NOTICED = 60.0
"""Seconds for which what came of a button stands at the top."""
MOST_VIEWERS = 2_000
TROUBLE = Section(
    "One moment",
    "Tierline can't show your day just now. It is tried again every few seconds; "
    "`/tierline status` may answer meanwhile.",
)


@dataclass(slots=True)
class Viewer:
    """Somebody who looks at their Home; `shown` is the digest of what they see, "" for nothing of ours yet."""

    until: float
    shown: str = ""
    notice: Told | None = None
    noticed: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(slots=True)
class Homes:
    """Who looks at their Home, and what they see."""

    sender: Sender
    people: People
    house: Callable[[], House]
    spawn: Callable[[Awaitable[None]], None]
    team_url: str = ""
    viewers: dict[str, Viewer] = field(default_factory=dict)
    watching: bool = False
    clock: Callable[[], float] = time.monotonic

    async def event(self, event: Body) -> None:
        """`app_home_opened`; the messages tab is no Home."""
        if event.get("tab") == "home" and event.get("user"):
            self.spawn(self.opened(str(event["user"])))

    async def opened(self, user: str) -> None:
        """Show it, and keep it fresh for a while."""
        viewer = self._looks(user)
        # Whatever we believe they see: a Home that was re-installed or reset shows nothing.
        viewer.shown = ""
        await self._show(user, viewer)

    def _looks(self, user: str) -> Viewer:
        viewer = self.viewers.get(user)
        if viewer is None:
            while len(self.viewers) >= MOST_VIEWERS:
                del self.viewers[next(iter(self.viewers))]
            viewer = self.viewers[user] = Viewer(0.0)
        viewer.until = self.clock() + KEPT_FRESH
        if not self.watching:
            self.watching = True
            self.spawn(self._watch())
        return viewer

    async def answered(self, user: str, told: Told) -> bool:
        """What came of something done in a Home stands at its top; False when it couldn't be shown there."""
        viewer = self._looks(user)
        viewer.notice, viewer.noticed = told, self.clock()
        return await self._show(user, viewer)

    def clear(self) -> None:
        """Nobody is looking: as after a reset."""
        self.viewers.clear()

    # ---- keeping them fresh -------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        """Until nobody looks any more."""
        try:
            while self.viewers:
                with its_turn():  # a stop doesn't wait for it
                    await asyncio.sleep(LOOK)
                for user, viewer in list(self.viewers.items()):
                    if viewer.until < self.clock():
                        self.viewers.pop(user, None)
                    elif not viewer.lock.locked():
                        self.spawn(self._refreshed(user, viewer))
                    await asyncio.sleep(0)
        finally:
            self.watching = False

    async def _refreshed(self, user: str, viewer: Viewer) -> None:
        await self._show(user, viewer)

    async def _show(self, user: str, viewer: Viewer) -> bool:
        """Publish what should be seen now, unless it is; whether it stands there."""
        async with viewer.lock:  # one at a time, each with the newest: no older one comes last
            if viewer.notice is not None and self.clock() - viewer.noticed > NOTICED:
                viewer.notice = None
            home = await self._asked(user, empty=not viewer.shown)
            if home is None:
                return False
            view = home_view(home, self.team_url, viewer.notice)
            seen = digest(view)
            if seen == viewer.shown:
                return True
            try:
                await self.sender.call("views.publish", Urgency.CARD, user_id=user, view=view)
            except DeliveryError as error:
                if isinstance(error, NotDelivered) and error.permanent:
                    self.viewers.pop(user, None)  # somebody who has no Home of ours
                log.info("slack.home", error=type(error).__name__)
                return False
            viewer.shown = seen
            return True

    async def _asked(self, user: str, empty: bool) -> Home | None:
        """What the house says; None leaves what is there, or says so where (`empty`) nothing is."""
        try:
            return await self.house().home(await self.people.actor(user))
        except Exception as error:
            log.warning("slack.home", error=blamed(error))
            return Home((TROUBLE,), int(time.time() * 1000)) if empty else None
