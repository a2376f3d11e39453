"""The desk in Slack: implements `Desk`, never raises for a Slack that is merely down.

House ◀── Listen ◀── Bolt ◀── Ears               Desk calls ──▶ Offers, Threads, Marks ──▶ Sender ──▶ Web API
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from ..channel import Button, Card, DeliveryError, Head, Line, Mark, NotDelivered, WrapUp
from ..fence import last_look
from ..house import House
from .answers import Answers
from .background import Background
from .ears import Ears, heard, library_log
from .files import Files
from .home_tab import HomeTab
from .homes import Homes
from .listen import Listen
from .looks import Looks, OwnLooks
from .marks import Marks
from .memory import Finder
from .messages import telling
from .offers import Offers
from .pace import Urgency
from .people import People
from .send import Sender
from .shared_door import SharedDoor
from .tellings import Tellings
from .threads import Threads
from .typed import TypedWords

log = structlog.get_logger()

REAL = "https://slack.com/api/"
GRACE = 20.0
"""Seconds in which nothing would reach us after which nothing is offered: nobody could press a button."""
SILENT = 10.0
"""The same, after which we begin anew: a line that swallows what it carries is waited for no longer."""
FIRST, RETRY, LONGEST = 5.0, 1.0, 30.0
"""Seconds that a start waits for Slack, and between tries while it is down."""


async def _wall_clock() -> int:
    return int(time.time() * 1000)


class SlackDesk:
    """`once(key, ms)` is True the first time within `ms`; `now` gives the queue's own time (ms).

    `paced` False keeps to Slack's Retry-After alone: for a bench against a stand-in without limits.
    """

    def __init__(
        self,
        *,
        bot_token: str,
        ears: Ears,
        api_url: str = "",
        once: Callable[[str, int], Awaitable[bool]],
        now: Callable[[], Awaitable[int]] = _wall_clock,
        paced: bool = True,
        shared: SharedDoor | None = None,
        looks: Looks | None = None,
    ) -> None:
        self._bot_token, self._ears, self._shared, self._looks = bot_token, ears, shared, looks or OwnLooks()
        self._api_url, self._once, self._now, self._paced = api_url or REAL, once, now, paced
        self._house: House | None = None
        self._beside = Background()
        self._ready, self._judged = asyncio.Event(), asyncio.Event()
        self._refused: DeliveryError | None = None
        self._seen = time.monotonic()
        self._named: dict[str, str] = {}
        self._http: aiohttp.ClientSession | None = None

    def __repr__(self) -> str:
        return f"SlackDesk({self._api_url})"

    # ---- start and stop -----------------------------------------------------------------------------------------

    def serve(self, house: House) -> None:
        """Say who answers; after a reset of the sandbox again, with everything forgotten."""
        self._house = house
        if self._http is not None:
            self._listen.house = self._typed.house = house
            for part in (self._offers, self._threads, self._marks, self._tellings, self.homes, self.home_tab):
                part.clear()
            self._people.forget()
            self._sender.forget()

    def _served(self) -> House:
        if self._house is None:
            raise NotDelivered("nobody serves the desk yet", "off")
        return self._house

    async def start(self) -> None:
        """Connect; returns after at most 5 s, connected or not. What fails is tried again in the background."""
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=30),
            connector=aiohttp.TCPConnector(limit=40),
            trace_configs=[last_look()],
        )
        self._sender = Sender(self._web(self._bot_token, self._http), self._http, self._paced)
        self._people, finder = People(self._sender), Finder(self._sender)
        self._people.named |= self._named
        self._offers = Offers(self._sender, self._people, finder)
        self._threads = Threads(self._sender, self._people, finder)
        self._tellings = Tellings(self._sender, self._people, finder)
        self._marks = Marks(self._sender, self._threads, finder, self._beside.spawn_comfort)
        self.homes = Homes(self._sender, self._beside.spawn_comfort)
        self.home_tab = HomeTab(
            self.homes, self._people, self._served, self._beside.spawn_comfort, self._looks
        )
        answers = Answers(self._sender, self._people, self.home_tab.answered)
        self._typed = TypedWords(
            self._people, self._marks, answers, finder, self._once, self._beside.spawn, house=self._house
        )
        self._listen = Listen(
            self._sender, self._people, self._offers, self._typed, answers, self.home_tab, self._once,
            self._beside.spawn, house=self._house, shared=self._shared,
        )  # fmt: skip
        if self._shared is not None:
            self._shared.open(self._sender, self._people, finder)
        self._keeper = asyncio.create_task(self._keep_connected(), name="slack")
        self._beside.spawn(self._warm())
        self._beside.spawn_comfort(self.home_tab.follow())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST):
                await self._judged.wait()

    async def _warm(self) -> None:
        try:
            await self._people.warm()
        except DeliveryError as error:
            log.info("slack.not_warmed", error=type(error).__name__)

    async def deafen(self) -> None:
        """Hear nothing new; everything can still go out."""
        if self._http is None:
            return
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        await self._ears.hang_up()

    async def stop(self, within: float = 5.0) -> None:
        """Take nothing new; give what is in hand `within` seconds."""
        if self._http is None:
            return
        await self.deafen()
        await self._beside.stop(within)
        self._sender.close()
        self._named = self._people.named
        await self._http.close()
        self._http = None

    def ids(self) -> Mapping[str, str]:
        """The plan's `slack` (mail or id) → user id, as far as known."""
        return self._people.ids() if self._http is not None else dict(self._named)

    def _web(self, token: str, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
        client = AsyncWebClient(
            token, base_url=self._api_url, session=session, logger=library_log(), retry_handlers=[]
        )
        if urlsplit(self._api_url).hostname in ("127.0.0.1", "localhost", "::1"):
            client.proxy = None  # the SDK knows HTTPS_PROXY but no NO_PROXY
        return client

    def figures(self) -> Mapping[str, float]:
        """What waits for its turn at Slack, and for how many seconds what is shown has been out of date at most."""
        return self._sender.figures() if self._http is not None else {}

    async def _keep_connected(self) -> None:
        wait = RETRY
        while True:
            try:
                await self._greet()
                await self._connect()
            except DeliveryError as error:
                if str(error) != str(self._refused):
                    log.error("slack.not_connected", reason=str(error))
                self._refused = error
                self._judged.set()
                await asyncio.sleep(wait)
                wait = min(wait * 2, LONGEST)
                continue
            self._refused, wait = None, RETRY
            self._ready.set()
            self._judged.set()
            log.info("slack.connected", team=self._listen.team)
            # Of a socket that goes the library itself opens another; its own deadlines are 30 s and 5 min.
            await self._until_silent()
            log.warning("slack.silent")

    async def _until_silent(self) -> None:
        """Return when nothing would have reached us for `SILENT` seconds."""
        self._seen = time.monotonic()
        while time.monotonic() - self._seen < SILENT:
            await asyncio.sleep(SILENT / 10)
            with contextlib.suppress(NotDelivered):
                await self._heard()

    async def _greet(self) -> None:
        """Who we are; and what we listen with, tried."""
        me = await self._sender.call("auth.test", Urgency.OFFER)
        self._listen.team, self._typed.bot_user = str(me.get("team_id") or ""), str(me.get("user_id") or "")
        self._people.home, self.home_tab.team_url = self._listen.team, str(me.get("url") or "")
        if self._shared is not None:
            self._shared.bot_user = self._typed.bot_user
        self._bot_id = str(me.get("bot_id") or "")
        with contextlib.suppress(NotDelivered):  # without it payloads are pinned on the workspace alone
            bot = (await self._sender.call("bots.info", Urgency.OFFER, bot=self._bot_id)).get("bot") or {}
            self._listen.app_id = str(bot.get("app_id") or "")
        await self._ears.greet(lambda token: Sender(self._web(token, self._http), self._session()))

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise NotDelivered("the desk isn't started", "off")
        return self._http

    async def _connect(self) -> None:
        # Bolt copies its client deeply for each lazy listener, which a session doesn't survive: it gets one without.
        client = self._web(self._bot_token)
        # Without a name Bolt looks for one in the sources of the whole stack, a tenth of a second on the loop.
        app = AsyncApp(
            name="tierline", client=client, authorize=self._authorize(), logger=library_log(),
            signing_secret=self._ears.signing_secret or None,
        )  # fmt: skip
        self._listen.register(app)
        await self._ears.connect(app, self._wanted)
        self._seen = time.monotonic()

    def _wanted(self, event: Mapping[str, object]) -> bool:
        return heard(event, self._typed.bot_user) or (self._shared is not None and self._shared.wants(event))

    def _authorize(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """Bolt asks who we are at each payload; without this it would ask Slack, in the 3 s that Slack gives us."""

        async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=enterprise_id,
                team_id=team_id,
                bot_user_id=self._typed.bot_user,
                bot_id=self._bot_id,
                bot_token=self._bot_token,
            )

        return authorize

    # ---- the desk -----------------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Return if Slack answers and can reach us."""
        self._session()
        if self._refused is not None:
            raise self._refused
        await self._sender.call("auth.test", Urgency.OFFER, deadline=4.0, patience=2.0)
        await self._heard(now=True)

    async def _heard(self, now: bool = False) -> None:
        """Raise when nothing would reach us: what is shown could not be answered."""
        if await self._ears.hears():
            self._seen = time.monotonic()
        elif now or time.monotonic() - self._seen > GRACE:
            raise NotDelivered(self._ears.deaf, "unheard")

    async def offer(self, card: Card, again: bool = False) -> str:
        """Show an offer to its agent in person; the place of the card."""
        self._session()
        if self._refused is not None:
            raise self._refused
        await self._heard()
        return await self._offers.show(card, again)

    async def withdraw(self, agent: str, place: str, card: tuple[str, int], told: str) -> None:
        """The offer ended: its card says `told` and its buttons are gone."""
        self._session()
        if known := place or await self._offers.find(agent, card):
            await self._offers.end(known, told)

    async def open(self, head: Head, again: bool = False) -> str:
        """Open the contact's thread in its team's channel; the place of its first message."""
        self._session()
        place = await self._threads.open(head, again)
        self._beside.spawn_comfort(self._lead_there(head.contact, place))
        return place

    async def room(self, name: str) -> str:
        """The channel part of places in the channel `name`."""
        self._session()
        return await self._people.room(name)

    async def show(self, place: str, head: Head) -> None:
        """The thread at `place` says who has it now; its buttons work (again)."""
        self._session()
        await self._threads.show(place, head)

    async def _lead_there(self, contact: str, place: str) -> None:
        if link := await self.link(place):
            with contextlib.suppress(DeliveryError):  # the card says all the rest already
                await self._offers.opened(contact, link)

    async def link(self, place: str) -> str:
        """Where people open the thread at `place`; "" when Slack can't say it."""
        return await self._people.link(place)

    async def post(self, place: str, line: Line, again: bool = False) -> str:
        """Add a line to the thread at `place`; its own place, or `place` when the head shows it already."""
        self._session()
        return await self._threads.post(place, line, again)

    async def mark(self, thread: str, mark: Mark) -> None:
        """Show what became of a reply."""
        self._session()
        now = await self._now() if mark.state == "held" else 0
        await self._marks.show(thread, mark, now, await self._name(mark.owner))
        if mark.state == "held" and mark.source in self._typed.taken_back and self._house is not None:
            writer = await self._people.find(mark.owner)
            self._beside.spawn(self._typed.undo_of(mark.source, writer, (mark.contact, mark.n)))

    async def _name(self, slack: str) -> str:
        try:
            return (await self._people.actor(await self._people.find(slack))).name if slack else ""
        except DeliveryError:
            return ""

    async def close(
        self, place: str, contact: str, told: str, buttons: tuple[Button, ...] = (), again: bool = False
    ) -> None:
        """The contact ended: one closing line, and the thread's buttons are dead."""
        self._session()
        await self._threads.close(place, contact, told, buttons, again)

    async def wrap(self, place: str, it: WrapUp, again: bool = False) -> None:
        """The wrap-up goes on: a line with its end and what can be pressed, and the head's buttons are dead."""
        self._session()
        await self._threads.wrap(place, it, again)

    async def share(self, to: str, text: str, name: str, content: bytes) -> None:
        """Send a person (mail address or user id) a file with `text`."""
        self._session()
        await Files(self._sender, self._people).share(to, text, name, content)

    async def tell(
        self, to: str, text: str, buttons: tuple[Button, ...] = (), key: str = "", again: bool = False,
        quotes: tuple[str, ...] = (),
    ) -> str:  # fmt: skip
        """Say something to a person (mail address or user id) or a channel ("#name" or id); its place."""
        self._session()
        return await self._tellings.tell(to, telling(text, buttons, key, quotes), key, again)
