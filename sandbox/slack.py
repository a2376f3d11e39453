"""The Slack stand-in: Web API, uploads, response addresses, Socket Mode; and a keyboard for people.

What it refuses and how follows docs.slack.dev (2026-11). It knows nothing of the app it meets: a bot token,
an app token and a list of granted scopes are all there is between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict

from aiohttp import web

from .slack_acts import Acts
from .slack_chat import Chat
from .slack_company import Company
from .slack_deliver import EVENTS, Delivery
from .slack_desk import Desk, Refused, door
from .slack_files import Files
from .slack_hooks import Hooks
from .slack_limits import Limits
from .slack_modals import Modals
from .slack_people import People
from .slack_requests import Requests
from .slack_rooms import Rooms
from .slack_schema import Json
from .slack_socket import Sockets
from .slack_state import BOT_NAME, Shortcut, Workspace
from .slack_tell import Teller
from .slack_web import DEFAULT_SCOPES, WebApi
from .stage import Cast, Clock, Faults, Wire
from .tasks import Tasks


class SlackStandIn:
    """One workspace with one app in it: its granted scopes, subscribed events (`message.im`, …) and commands.

    Without `commands` every command is the app's, with them any other is "not a valid command". Without `shortcuts`
    every shortcut is the app's, with them only those, each where its kind stands: on messages or not.
    Without `home_tab` the app has no Home.

    `changed(kind, ids)` is called after every visible change: `slack.message` (channel, ts, thread_ts?,
    ephemeral_to?), `slack.view`, `slack.home` (user, view), `slack.channel` (channel), `slack.socket` (open).
    """

    def __init__(
        self,
        cast: Cast,
        clock: Clock,
        wire: Wire,
        faults: Faults,
        changed: Callable[[str, dict[str, str]], None],
        scopes: Iterable[str] = DEFAULT_SCOPES,
        events: Iterable[str] = EVENTS,
        commands: Iterable[str] = (),
        shortcuts: Iterable[Shortcut] | None = None,
        home_tab: bool = True,
    ) -> None:
        granted = frozenset(scopes)
        self.space = Workspace(cast, clock)
        tasks = Tasks()
        self.sockets = Sockets(wire, faults, tasks, changed)
        self.requests = Requests(cast.credentials.signing_secret, wire, faults)
        self.delivery = Delivery(clock, faults, self.sockets, self.requests, tasks)
        self.delivery.subscribed = frozenset(events)
        self.limits = Limits()
        tell = Teller(self.space, self.delivery, granted, changed)
        chat = Chat(self.space, tell, changed)
        rooms = Rooms(self.space, self.sockets, tell)
        modals = Modals(self.space, changed, home_tab)
        self._files = Files(self.space, tell, chat, wire, faults, granted)
        methods = chat.methods() | rooms.methods() | modals.methods() | self._files.methods()
        self._web = WebApi(self.space, wire, faults, self.limits, methods, granted, self.delivery)
        self._hooks = Hooks(self.space, tell, wire, faults)
        desk = Desk(self.space, self.delivery)
        self._people = People(desk, tell, self._files, home_tab)
        self._company = Company(desk, tell, changed)
        self._acts = Acts(
            desk,
            modals,
            self._hooks,
            frozenset(commands),
            None if shortcuts is None else tuple(shortcuts),
        )

    def routes(self) -> list[web.RouteDef]:
        """Slack's own faces."""
        return [
            web.get("/slack/api/{method}", self._web.handle, allow_head=False),
            web.post("/slack/api/{method}", self._web.handle),
            web.get("/slack/socket/link/", self.sockets.connect, allow_head=False),
            web.post("/slack/upload/v1/{key}", self._files.upload),
            web.get("/slack/files-pri/{key}/download/{name}", self._files.download, allow_head=False),
            web.get("/slack/files-pri/{key}/{name}", self._files.download, allow_head=False),
            web.post("/slack/hooks/{kind}/{team}/{key:.+}", self._hooks.handle),
        ]

    def api_routes(self) -> list[web.RouteDef]:
        """The calls by which people use it."""
        people, acts, at = self._people, self._acts, "/sandbox/api/slack"
        return [
            web.get(f"{at}/messages", door(people.messages), allow_head=False),
            web.get(f"{at}/home", door(people.home), allow_head=False),
            web.post(f"{at}/home", door(people.open_home)),
            web.get(f"{at}/views", door(people.views), allow_head=False),
            web.post(f"{at}/reply", door(people.reply)),
            web.post(f"{at}/edit", door(people.edit)),
            web.post(f"{at}/delete", door(people.delete)),
            web.post(f"{at}/react", door(people.react)),
            web.post(f"{at}/upload", door(people.upload)),
            web.get(f"{at}/file", door(people.file), allow_head=False),
            web.get(f"{at}/app", door(self._app), allow_head=False),
            web.post(f"{at}/join", door(people.join)),
            web.post(f"{at}/leave", door(people.leave)),
            web.post(f"{at}/disconnect", door(people.disconnect)),
            web.get(f"{at}/people", door(self._company.people), allow_head=False),
            web.post(f"{at}/people", door(self._company.add)),
            web.get(f"{at}/channels", door(self._company.channels), allow_head=False),
            web.post(f"{at}/channels", door(self._company.channel)),
            web.post(f"{at}/share", door(self._company.share)),
            web.post(f"{at}/request-url", door(self._request_url)),
            web.post(f"{at}/act", door(acts.act)),
            web.post(f"{at}/submit", door(acts.submit)),
            web.post(f"{at}/close", door(acts.close)),
            web.post(f"{at}/command", door(acts.command)),
            web.post(f"{at}/shortcut", door(acts.shortcut)),
        ]

    async def _app(self, query: Json) -> Json:
        """What the app offers people beside its messages, as its manifest says."""
        acts = self._acts
        shortcuts = [asdict(one) for one in acts.shortcuts or ()]
        return {
            "name": BOT_NAME, "commands": sorted(acts.commands), "shortcuts": shortcuts,
            "home_tab": self._people.home_tab,
        }  # fmt: skip

    async def _request_url(self, body: Json) -> Json:
        """As on the app's settings page: `url` is checked, then everything goes there."""
        url = str(body.get("url") or "")
        if not await self.call(url):
            hint = "Your URL didn't respond with the value of the challenge parameter"
            raise Refused("url_not_verified", hint, 409)
        return {"ok": True, "mode": "http" if url else "socket"}

    def reset(self) -> None:
        """Forget every message, view, file and call; the app's sockets and Request URL stay."""
        self.delivery.abandon()
        self.space.empty()
        self.limits.empty()
        self._acts.states.clear()

    async def call(self, url: str) -> bool:
        """Make `url` the app's Request URL, if it answers the challenge; "" returns to Socket Mode."""
        if url and not await self.requests.verified(url):
            return False
        self.requests.url = url
        return True

    async def settle(self) -> None:
        """Return when every event of now has been answered or refused once (at most 3 s)."""
        await self.delivery.settle()

    async def stop(self) -> None:
        """Close sockets and connections and give up what is under way."""
        await self.delivery.stop()
