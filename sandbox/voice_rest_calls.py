"""Twilio's REST resource Calls: make, look at, find, redirect and end them (twilio.com/docs/voice/api/call-resource)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from .twilio_pages import in_span, page, parse_day
from .twilio_rules import Fault, is_url
from .voice_json import call_json
from .voice_lines import Lines
from .voice_rules import KNOWN, LONGEST_TWIML, check_method, check_order, first, read_hook
from .voice_state import ENDED, Call, Source

Form = dict[str, list[str]]
Face = Callable[[web.Request, Form], Awaitable["web.Response | Fault"]]
_ALIVE = frozenset({"queued", "initiated", "ringing", "in-progress"})
LONGEST_QUEUE = 86_400  # seconds of calls that wait for their turn
_NOT_NOW = Fault(400, 21220, "Call is not in-progress. Cannot redirect.")


class CallsFace:
    """The resource."""

    def __init__(self, lines: Lines, root: str) -> None:
        self._lines = lines
        self._board = lines.board
        self._store = lines.board.store
        self._root = root

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        one = f"{self._root}/Calls/{{sid}}.json"
        return [
            ("GET", f"{self._root}/Calls.json", self._list),
            ("POST", f"{self._root}/Calls.json", self._create),
            ("GET", one, self._fetch),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
        ]

    async def _create(self, request: web.Request, form: Form) -> web.Response | Fault:
        if ignored := sorted(set(form) - KNOWN):
            self._store.warn(0, f"parameters that Twilio does not know were ignored: {', '.join(ignored)}")
        order = check_order(form, self._store, self._lines.account)
        if not isinstance(order, Fault) and self._lines.full():
            order = Fault(429, 10004, "Call concurrency limit exceeded")
        if not isinstance(order, Fault) and self._lines.queued() > LONGEST_QUEUE:
            order = Fault(429, 22005, "Call Queue Full")
        if isinstance(order, Fault):
            self._store.warn(order.code, order.message)
            return order
        leg = self._lines.dial(order)
        return web.json_response(call_json(leg.call, self._store), status=201)

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = list(reversed(self._board.calls.values()))
        query = request.query
        for name, of in (("To", _to), ("From", _sender), ("ParentCallSid", _parent), ("Status", _status)):
            if query.get(name):
                found = [c for c in found if of(c) == query[name]]
        for name in ("StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"):
            if not query.get(name):
                continue
            span = parse_day(query[name])
            if span is None:
                return Fault(400, 20001, f"'{name}' is not a date: {query[name]}")
            how = name.removeprefix("StartTime").removeprefix("EndTime")
            found = [c for c in found if (at := _instant(c, name)) is not None and in_span(at, span, how)]
        uri = self._store.uri("Calls.json")
        return page(request, found, "calls", uri, lambda c: call_json(c, self._store))

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        call = self._board.calls.get(request.match_info["sid"])
        return nothing(request) if call is None else web.json_response(call_json(call, self._store))

    async def _update(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Another document for a call in progress, or its end."""
        leg = self._lines.legs.get(request.match_info["sid"])
        if leg is None:
            return nothing(request)
        status, url, twiml = first(form, "Status"), first(form, "Url"), form.get("Twiml", [""])[0]
        if status and status not in ("completed", "canceled"):
            return Fault(400, 20001, f"Invalid Status: {status}")
        if fault := check_method(form, "Method"):
            return fault
        if leg.ended:
            return _NOT_NOW
        if status:
            if status == "completed" or not leg.talking:
                self._lines.end(leg, "completed" if leg.talking else "canceled")
            return web.json_response(call_json(leg.call, self._store))
        if url and not is_url(url):
            return Fault(400, 21205, f"Url is not a valid URL: {url}")
        if len(twiml) > LONGEST_TWIML:
            return Fault(400, 32018, f"Twiml exceeds {LONGEST_TWIML} characters")
        if url or twiml:
            if not leg.talking:
                return _NOT_NOW
            leg.fallback = read_hook(form, "FallbackUrl", "FallbackMethod") or leg.fallback
            method = first(form, "Method").upper() or "POST"
            self._lines.redirect(leg, Source(url, method) if url else Source("", twiml=twiml))
        if callback := read_hook(form, "StatusCallback"):
            leg.callback = callback
        return web.json_response(call_json(leg.call, self._store))

    async def _delete(self, request: web.Request, form: Form) -> web.Response | Fault:
        call = self._board.calls.get(request.match_info["sid"])
        if call is None:
            return nothing(request)
        if call.status not in ENDED:
            return Fault(409, 20009, "Cannot delete this resource before it is complete")
        del self._board.calls[call.sid]
        return web.Response(status=204)


def nothing(request: web.Request) -> Fault:
    """What isn't there, in Twilio's words."""
    path = request.path[request.path.index("/2010-04-01") :]
    return Fault(404, 20404, f"The requested resource {path} was not found")


def _to(call: Call) -> str:
    return call.to


def _sender(call: Call) -> str:
    return call.sender


def _parent(call: Call) -> str | None:
    return call.parent


def _status(call: Call) -> str:
    return "queued" if call.status == "initiated" else call.status


def _instant(call: Call, name: str) -> float | None:
    return call.ended if name.startswith("End") else call.started
