"""Twilio's REST resources Queues and Members (twilio.com/docs/voice/api/queue-resource, …/member-resource)."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from .twilio_pages import page
from .twilio_rules import Fault, is_url
from .voice_json import member_json, queue_json
from .voice_lines import Lines
from .voice_rest_calls import Face, Form, nothing
from .voice_rules import check_method, first
from .voice_state import QUEUE_LARGEST, QUEUE_SIZE, CallQueue, Member, Source


@dataclass(frozen=True, slots=True)
class _Row:
    """A member as a list shows it: a page is cut by `sid`."""

    sid: str
    member: Member
    position: int


class QueuesFace:
    """Both resources."""

    def __init__(self, lines: Lines, root: str) -> None:
        self._lines = lines
        self._board = lines.board
        self._root = root

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        queues = f"{self._root}/Queues"
        one, members = f"{queues}/{{sid}}.json", f"{queues}/{{sid}}/Members"
        return [
            ("GET", f"{queues}.json", self._list),
            ("POST", f"{queues}.json", self._create),
            ("GET", one, self._fetch),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
            ("GET", f"{members}.json", self._list_members),
            ("GET", f"{members}/{{call}}.json", self._fetch_member),
            ("POST", f"{members}/{{call}}.json", self._update_member),
        ]

    def _queue(self, request: web.Request) -> CallQueue | None:
        return self._board.queues.get(request.match_info["sid"])

    def _shown(self, queue: CallQueue, status: int = 200) -> web.Response:
        return web.json_response(queue_json(queue, self._board), status=status)

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        uri = self._board.store.uri("Queues.json")
        found = list(self._board.queues.values())
        return page(request, found, "queues", uri, lambda q: queue_json(q, self._board))

    async def _create(self, request: web.Request, form: Form) -> web.Response | Fault:
        name = first(form, "FriendlyName")
        if not 1 <= len(name) <= 64:
            return Fault(400, 20001, "A FriendlyName of 1 to 64 characters is required")
        if self._board.queue_named(name):
            return Fault(400, 20001, f"A queue with the FriendlyName '{name}' already exists")
        size = _size(form)
        if isinstance(size, Fault):
            return size
        return self._shown(self._board.add_queue(name, size or QUEUE_SIZE), 201)

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        queue = self._queue(request)
        return nothing(request) if queue is None else self._shown(queue)

    async def _update(self, request: web.Request, form: Form) -> web.Response | Fault:
        queue = self._queue(request)
        if queue is None:
            return nothing(request)
        name, size = first(form, "FriendlyName"), _size(form)
        if isinstance(size, Fault):
            return size
        if len(name) > 64 or ((other := self._board.queue_named(name)) and other is not queue):
            return Fault(400, 20001, f"The FriendlyName '{name}' is too long or taken")
        queue.name, queue.size, queue.updated = name or queue.name, size or queue.size, self._board.now()
        return self._shown(queue)

    async def _delete(self, request: web.Request, form: Form) -> web.Response | Fault:
        queue = self._queue(request)
        if queue is None:
            return nothing(request)
        if queue.members:
            return Fault(400, 20001, "The queue is not empty")
        del self._board.queues[queue.sid]
        return web.Response(status=204)

    async def _list_members(self, request: web.Request, form: Form) -> web.Response | Fault:
        queue = self._queue(request)
        if queue is None:
            return nothing(request)
        rows = [_Row(m.call, m, n) for n, m in enumerate(queue.members, 1)]
        uri = self._board.store.uri("Queues", queue.sid, "Members.json")
        return page(
            request,
            rows,
            "queue_members",
            uri,
            lambda r: member_json(queue, r.member, r.position, self._board),
        )

    def _member(self, request: web.Request) -> tuple[CallQueue, Member] | None:
        """The member that the path names by its call, or `Front`."""
        queue, wanted = self._queue(request), request.match_info["call"]
        if queue is None:
            return None
        if wanted == "Front":
            return (queue, queue.members[0]) if queue.members else None
        found = next((m for m in queue.members if m.call == wanted), None)
        return (queue, found) if found else None

    async def _fetch_member(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = self._member(request)
        if found is None:
            return nothing(request)
        queue, member = found
        return web.json_response(member_json(queue, member, queue.members.index(member) + 1, self._board))

    async def _update_member(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Takes the call out of the queue to the document at `Url`."""
        url = first(form, "Url")
        if not is_url(url):
            return Fault(
                400, 21205, f"Url is not a valid URL: {url}" if url else "Url parameter is required."
            )
        if fault := check_method(form, "Method"):
            return fault
        found = self._member(request)
        if found is None:
            return nothing(request)
        queue, member = found
        shown = member_json(queue, member, queue.members.index(member) + 1, self._board)
        self._lines.redirect(
            self._lines.legs[member.call], Source(url, first(form, "Method").upper() or "POST")
        )
        return web.json_response(shown)


def _size(form: Form) -> int | Fault | None:
    raw = first(form, "MaxSize")
    if not raw:
        return None
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw[:9]) <= QUEUE_LARGEST):
        return Fault(400, 20001, f"MaxSize must be from 1 to {QUEUE_LARGEST}")
    return int(raw)
