"""Twilio's REST resource Conferences (twilio.com/docs/voice/api/conference-resource); participants stand beside it."""

from __future__ import annotations

from aiohttp import web

from .twilio_pages import in_span, page, parse_day
from .twilio_rules import Fault, is_url
from .voice_json import room_json
from .voice_lines import Lines
from .voice_rest_calls import Face, Form, nothing
from .voice_rules import check_method, first
from .voice_state import Room, Source


class RoomsFace:
    """The resource."""

    def __init__(self, lines: Lines, root: str) -> None:
        self._lines = lines
        self._board = lines.board
        self._root = root

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        one = f"{self._root}/Conferences/{{sid}}.json"
        return [
            ("GET", f"{self._root}/Conferences.json", self._list),
            ("GET", one, self._fetch),
            ("POST", one, self._update),
        ]

    def _shown(self, room: Room) -> dict[str, object]:
        return room_json(room, self._board.store)

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        query = request.query
        found = [r for r in reversed(self._board.rooms.values())]
        if query.get("FriendlyName"):
            found = [r for r in found if r.name == query["FriendlyName"]]
        if query.get("Status"):
            found = [r for r in found if r.status == query["Status"]]
        for name in ("DateCreated", "DateUpdated"):
            for how in ("", "<", ">"):
                if not (given := query.get(name + how)):
                    continue
                span = parse_day(given)
                if span is None:
                    return Fault(400, 20001, f"'{name}{how}' is not a date: {given}")
                found = [r for r in found if in_span(r.at if name == "DateCreated" else r.updated, span, how)]
        return page(request, found, "conferences", self._board.store.uri("Conferences.json"), self._shown)

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        room = self._board.rooms.get(request.match_info["sid"])
        return nothing(request) if room is None else web.json_response(self._shown(room))

    async def _update(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Ends a conference, or announces something to all who are in it."""
        room = self._board.rooms.get(request.match_info["sid"])
        if room is None or room.status == "completed":
            return nothing(request)
        status, announced = first(form, "Status"), read_announcement(form)
        if isinstance(announced, Fault):
            return announced
        if status not in ("", "completed"):
            return Fault(400, 20001, f"Invalid Status: {status}")
        if status:
            self._lines.rooms.end(room, "conference-ended-via-api")
        elif announced:
            self._lines.announce(room, None, announced)
        return web.json_response(self._shown(room))


def read_announcement(form: Form) -> Source | Fault | None:
    """What `AnnounceUrl` and `AnnounceMethod` ask for."""
    url = first(form, "AnnounceUrl")
    if url and not is_url(url):
        return Fault(400, 21609, f"The 'AnnounceUrl' URL {url} is not a valid URL.")
    if fault := check_method(form, "AnnounceMethod"):
        return fault
    return Source(url, first(form, "AnnounceMethod").upper() or "POST") if url else None
