"""`GET /files/{contact}/{n}/{i}`: a file that an agent sends, for the provider that has a link which still opens."""

from __future__ import annotations

import re

from aiohttp import web

from ..channels.channel import NotDelivered
from ..queue.failures import StoreError
from ..router.enclosures import Enclosures

HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Whoever opens it in a browser sees a file, never a page of ours.
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "attachment",
}
NO_STORE = {"Cache-Control": "no-store"}
_CONTACT, _NUMBER = re.compile(r"C\d{1,12}"), re.compile(r"\d{1,6}")


class EnclosurePage:
    """The one route."""

    def __init__(self, enclosures: Enclosures) -> None:
        self.enclosures = enclosures

    def routes(self) -> list[web.RouteDef]:
        """The route, which checks its link."""
        return [web.get("/files/{contact}/{n}/{i}", self._file)]

    async def _file(self, request: web.Request) -> web.Response:
        contact, n, i = (request.match_info[name] for name in ("contact", "n", "i"))
        known = _CONTACT.fullmatch(contact) and _NUMBER.fullmatch(n) and _NUMBER.fullmatch(i)
        until, sig = request.query.get("until", ""), request.query.get("sig", "")
        if not known or not self.enclosures.good(contact, n, i, until, sig):
            return web.Response(status=403, text="This link opens nothing any more.\n", headers=NO_STORE)
        try:
            found = await self.enclosures.content(contact, int(n), int(i))
        except StoreError:
            return web.Response(status=503, text="Try again in a moment.\n", headers=NO_STORE)
        except NotDelivered as error:
            status = 404 if error.permanent else 502
            return web.Response(status=status, text=f"{error.reason}\n", headers=NO_STORE)
        if found is None:
            return web.Response(status=404, text="There is no such file.\n", headers=NO_STORE)
        media, content = found
        return web.Response(body=content, headers={**HEADERS, "Content-Type": media.content_type})
