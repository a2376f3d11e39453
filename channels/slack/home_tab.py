"""What people see and do in their App Home: opened, looked at again while they look, answered where they pressed.

opened ──▶ Homes ◀── look, every `LOOK` s of those who look: House.home ──▶ another digest? ──▶ changed
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from ..home import Home, Section
from ..house import House, Told
from ..turn import its_turn
from .blocks import Json
from .home_views import digest, home_view
from .homes import Homes
from .latest import Draw
from .memory import Recent
from .payloads import Body, blamed
from .people import People

log = structlog.get_logger()

LOOK = 2.0
"""Seconds between two looks at what the Homes of those who look should show."""
NOTICED = 60.0
"""Seconds for which what came of a button stands at the top."""
TROUBLE = Section(
    "One moment",
    "Tierline can't show your day just now. It is tried again every few seconds; "
    "`/tierline status` may answer meanwhile.",
)


@dataclass(slots=True)
class HomeTab:
    """`shown` are the digests of what people see, `notices` what came of something they did there, and when."""

    homes: Homes
    people: People
    house: Callable[[], House]
    spawn: Callable[[Awaitable[None]], None]
    team_url: str = ""
    shown: Recent[str, str] = field(default_factory=lambda: Recent(5_000))
    notices: Recent[str, tuple[Told, float]] = field(default_factory=lambda: Recent(500))
    watching: bool = False
    clock: Callable[[], float] = time.monotonic

    async def event(self, event: Body) -> None:
        """`app_home_opened`; the messages tab is no Home."""
        if event.get("tab") == "home" and event.get("user"):
            self.opened(str(event["user"]))

    def opened(self, user: str) -> None:
        """Show it, whatever we believe they see: a Home that was re-installed or reset shows nothing."""
        self.shown.pop(user)
        self.homes.opened(user, self._draw(user))
        if not self.watching:
            self.watching = True
            self.spawn(self._watch())

    async def answered(self, user: str, told: Told) -> bool:
        """What came of something done in a Home stands at its top."""
        self.notices[user] = told, self.clock()
        self.opened(user)
        return True

    def clear(self) -> None:
        """Nobody sees anything: as after a reset."""
        self.shown.clear()
        self.notices.clear()

    async def _watch(self) -> None:
        """Until nobody looks any more."""
        try:
            while self.homes.watched():
                with its_turn():  # a stop doesn't wait for it
                    await asyncio.sleep(LOOK)
                for user in self.homes.watched():
                    await self._look(user)
        finally:
            self.watching = False

    async def _look(self, user: str) -> None:
        try:
            view = await self._view(user)
        except Exception as error:  # the store is away, say: what they see stays, and is looked at again
            log.info("slack.home_not_looked_at", error=blamed(error))
            return
        if view is not None and self.shown.get(user) not in (None, digest(view)):
            self.homes.changed(user, self._draw(user))

    def _draw(self, user: str) -> Draw[Json]:
        """Draws what is newest when its turn has come; drawn once more it wasn't taken before."""
        again = False

        async def draw() -> Json | None:
            nonlocal again
            try:
                view = await self._view(user)
            except Exception as error:
                if self.shown.get(user) is not None:
                    raise
                log.warning("slack.home", error=blamed(error))
                view = home_view(Home((TROUBLE,), int(time.time() * 1000)))
            if view is None or (not again and digest(view) == self.shown.get(user)):
                return None
            again = True
            self.shown[user] = digest(view)
            return view

        return draw

    async def _view(self, user: str) -> Json | None:
        notice = self.notices.get(user)
        if notice is not None and self.clock() - notice[1] > NOTICED:
            self.notices.pop(user)
            notice = None
        home = await self.house().home(await self.people.actor(user))
        return home_view(home, self.team_url, notice[0] if notice else None) if home is not None else None
