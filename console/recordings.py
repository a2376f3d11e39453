"""`GET /recording/{recording}`: the sound of a call, for whoever has a link that still opens."""

from __future__ import annotations

import time

from aiohttp import web

from ..router.recordings import Recordings

HEADERS = {
    "Content-Type": "audio/wav",
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Disposition": "inline",
}
CLOSED = "This link opens no recording any more. The button in the call's thread makes a new one.\n"


class RecordingPage:
    """The one route."""

    def __init__(self, recordings: Recordings) -> None:
        self.recordings = recordings

    def routes(self) -> list[web.RouteDef]:
        """The route, which checks its link."""
        return [web.get("/recording/{recording}", self._sound)]

    async def _sound(self, request: web.Request) -> web.StreamResponse:
        name, query = request.match_info["recording"], request.query
        if not self.recordings.links.good(name, query.get("until", ""), query.get("sig", ""), time.time()):
            return web.Response(status=403, text=CLOSED, headers={"Cache-Control": "no-store"})
        path = self.recordings.path(name)
        if not path.exists():
            return web.Response(
                status=404, text="It isn't kept any more.\n", headers={"Cache-Control": "no-store"}
            )
        return web.FileResponse(path, headers=HEADERS)
