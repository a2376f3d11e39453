"""What people see and do in their App Home: opened, looked at again while they look, answered where they pressed.

opened, pressed ──▶ drawn at once by whoever heard it ──▶ noted in `Looks` ──▶ whoever delivers looks every `LOOK` s
                                                                               at each: another digest? ──▶ changed
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import structlog

from ..home import Home, Section
from ..house import House, Told
from ..turn import its_turn
from .blocks import Json
from .home_views import digest, home_view
from .homes import WATCHED, Homes
from .latest import Draw
from .looks import Look, Looks, OwnLooks
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
    """`shown` are the digests of what people see as far as we know, `known` everybody's newest look.

    `unsaid` are looks that `looks` couldn't be told of yet.
    """

    homes: Homes
    people: People
    house: Callable[[], House]
    spawn: Callable[[Awaitable[None]], None]
    looks: Looks = field(default_factory=OwnLooks)
    team_url: str = ""
    shown: Recent[str, str] = field(default_factory=lambda: Recent(5_000))
    known: Recent[str, Look] = field(default_factory=lambda: Recent(5_000))
    unsaid: dict[str, Look] = field(default_factory=dict)
    delivering: bool = False

    async def event(self, event: Body) -> None:
        """`app_home_opened`; the messages tab is no Home."""
        if event.get("tab") == "home" and event.get("user"):
            self.opened(str(event["user"]))

    def opened(self, user: str, told: Told | None = None) -> None:
        """Show it, whatever we believe they see: a Home that was re-installed or reset shows nothing."""
        self.shown.pop(user)
        before, at = self.known.get(user), self.homes.clock()
        look = Look(at, "", told, at)
        if told is None and before is not None:
            look = Look(at, "", before.told, before.told_at)
        self.known[user] = look
        self.homes.opened(user, self._draw(user, look))

    async def answered(self, user: str, told: Told) -> bool:
        """What came of something done in a Home stands at its top."""
        self.opened(user, told)
        return True

    def clear(self) -> None:
        """Nobody sees anything: as after a reset."""
        self.shown.clear()
        self.known.clear()
        self.unsaid.clear()

    async def follow(self) -> None:
        """For the desk's life: what changes is drawn for all who look, by whoever delivers."""
        while True:
            with its_turn():  # a stop doesn't wait for it
                await asyncio.sleep(LOOK)
            try:
                await self._round()
            except Exception as error:  # the store is away, say: what they see stays, and is looked at again
                log.info("slack.homes_not_looked_at", error=blamed(error))

    async def _round(self) -> None:
        for user, look in list(self.unsaid.items()):
            await self._say(user, look)
        before, self.delivering = self.delivering, self.looks.delivers()
        if not self.delivering:
            return
        await self._take_in()
        for user in filter(self.known.__contains__, self.homes.watched()):
            if before:
                await self._look(user)
            else:  # a look's digest is of its opening: what was drawn since by whoever delivered isn't known
                self.shown.pop(user)
                self.homes.changed(user, self._draw(user))

    async def _take_in(self) -> None:
        """The looks that other processes heard of."""
        gone = []
        for user, raw in (await self.looks.all()).items():
            look, known = Look.read(raw), self.known.get(user)
            if look is None or self.homes.clock() - look.at >= WATCHED:
                gone.append(user)
            elif known is None or known.at < look.at:
                self.known[user], self.shown[user] = look, look.digest
                self.homes.looks_since(user, look.at)
        await self.looks.drop(gone)

    async def _say(self, user: str, look: Look) -> None:
        """Tell everybody; what can't be told now is told with the next round."""
        self.unsaid[user] = look
        await self.looks.note(user, look.dump())
        if self.unsaid.get(user) is look:
            del self.unsaid[user]

    async def _look(self, user: str) -> None:
        try:
            view = await self._view(user)
        except Exception as error:
            log.info("slack.home_not_looked_at", error=blamed(error))
            return
        if view is not None and self.shown.get(user) not in (None, digest(view)):
            self.homes.changed(user, self._draw(user))

    def _draw(self, user: str, opening: Look | None = None) -> Draw[Json]:
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
            if opening is not None:
                self.spawn(self._noted(user, replace(opening, digest=digest(view))))
            return view

        return draw

    async def _noted(self, user: str, look: Look) -> None:
        try:
            await self._say(user, look)
        except Exception as error:
            log.info("slack.look_not_noted", error=blamed(error))

    async def _view(self, user: str) -> Json | None:
        look = self.known.get(user)
        fresh = look is not None and self.homes.clock() - look.told_at <= NOTICED
        home = await self.house().home(await self.people.actor(user))
        told = look.told if look is not None and fresh else None
        return home_view(home, self.team_url, told) if home is not None else None
