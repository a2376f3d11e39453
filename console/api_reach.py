"""`POST /api/v1/contacts`: a contact that we begin, in the hands of an agent: a text, a mail or a call to a customer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ..router.moves import Who
from ..router.reach_words import CHANNELS, Verb
from ..router.reaching import Reach
from .api_moves import need, said, text
from .api_plan import origin
from .bodies import BadBody, read_object

Handler = Callable[[web.Request], Awaitable[web.Response]]
VERBS: dict[str, Verb] = {channel: verb for verb, channel in CHANNELS.items()}


@dataclass(slots=True)
class ReachApi:
    """`reach` gives what agents have in Slack for it."""

    reach: Callable[[], Reach]

    def routes(self, only: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """The one route, behind the token."""
        return [web.post("/api/v1/contacts", only(self.begin))]

    async def begin(self, request: web.Request) -> web.Response:
        """Begin one: `{"agent", "channel": sms, voice or email, "to", "text"?, "title"?, "service"?, "also"?, "by"?}`.

        `to` is an address, a customer's name or a contact's number; `also` begins it though they have something open.
        """
        body = await read_object(request)
        who = Who(text(body, "by") or "the API", "", True, origin(request))
        if (verb := VERBS.get(need(body, "channel"))) is None:
            raise BadBody(f"`channel` is one of {', '.join(VERBS)}.")
        also = body.get("also", False)
        if not isinstance(also, bool):
            raise BadBody("`also` is true or false.")
        title = " ".join(text(body, "title").split())
        return said(
            await self.reach().begin(
                who,
                need(body, "agent"),
                verb,
                need(body, "to"),
                text(body, "text"),
                title,
                text(body, "service"),
                also,
            )
        )
