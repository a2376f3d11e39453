"""`GET /visit/{contact}/{number}.ics`: a visit's calendar file, for whoever has a link that still opens."""

from __future__ import annotations

import re
import time

from aiohttp import web

from ..queue.failures import StoreError
from ..router.visit_file import MIME
from ..router.visit_jobs import VisitFiles

HEADERS = {
    "Content-Type": MIME,
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Disposition": 'attachment; filename="visit.ics"',
}
NO_STORE = {"Cache-Control": "no-store"}
CLOSED = "This link opens no calendar file any more. Just answer our message.\n"
_CONTACT, _NUMBER = re.compile(r"C\d{1,12}"), re.compile(r"\d{1,6}")


class VisitPage:
    """The one route."""

    def __init__(self, files: VisitFiles) -> None:
        self.files = files

    def routes(self) -> list[web.RouteDef]:
        """The route, which checks its link."""
        return [web.get("/visit/{contact}/{number}.ics", self._file)]

    async def _file(self, request: web.Request) -> web.Response:
        contact, number = request.match_info["contact"], request.match_info["number"]
        query, path = request.query, f"/visit/{contact}/{number}.ics"
        known = _CONTACT.fullmatch(contact) and _NUMBER.fullmatch(number)
        good = self.files.links.good(path, query.get("until", ""), query.get("sig", ""), time.time())
        if not known or not good:
            return web.Response(status=403, text=CLOSED, headers=NO_STORE)
        try:
            file = await self.files.current(contact, int(number))
        except StoreError:
            return web.Response(status=503, text="Try again in a moment.\n", headers=NO_STORE)
        if file is None:
            return web.Response(status=404, text=CLOSED, headers=NO_STORE)
        return web.Response(body=file, headers=HEADERS)
