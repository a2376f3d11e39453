"""`/api/v1/contacts/{id}/…`: what people do with a contact, done by the API as a supervisor would."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from ..router.moves import Moves, Outcome, Who
from ..router.rulebook import millis
from ..router.situations import Situations
from ..router.when import FURTHEST, NoTime, when
from .api_plan import origin
from .bodies import BadBody, plain, read_object
from .views import iso

Handler = Callable[[web.Request], Awaitable[web.Response]]
LONGEST = 2_000  # characters of any text in a body
STATUS = {"ok": 200, "gone": 404, "not_owner": 403, "stale": 409, "wrong": 422}
ERRORS = {
    "gone": "no such open contact", "not_owner": "not yours", "stale": "too late", "wrong": "not possible",
}  # fmt: skip


@dataclass(slots=True)
class MovesApi:
    """`moves` gives the verbs of today's plan. Every body may have `by`: who asked for it, for the record."""

    moves: Callable[[], Moves]
    situations: Callable[[], Situations]

    def routes(self, only: Callable[[Handler], Handler]) -> list[web.RouteDef]:
        """Each verb behind the token."""
        verbs: dict[str, Handler] = {
            "transfer": self.transfer, "escalate": self.escalate, "keep": self.keep, "release": self.release,
            "assign": self.assign, "consult": self.consult, "snooze": self.snooze, "wake": self.wake,
            "priority": self.priority, "merge": self.merge, "split": self.split, "spam": self.spam,
            "reopen": self.reopen, "close": self.close,
        }  # fmt: skip
        return [
            *(web.post(f"/api/v1/contacts/{{id}}/{name}", only(it)) for name, it in verbs.items()),
            web.post("/api/v1/services/{name}/close", only(self.close_service)),
            web.post("/api/v1/services/{name}/open", only(self.open_service)),
            web.get("/api/v1/incidents", only(self.incidents)),
            web.post("/api/v1/incidents", only(self.begin_incident)),
            web.post("/api/v1/incidents/{id}/close", only(self.end_incident)),
        ]

    async def close_service(self, request: web.Request) -> web.Response:
        """Close a service at once: `{"until"?, "text"?: what customers are told, "by"?}`; who waits is held."""
        name, who, body = await _read(request, "name")
        until = await _instant(self.moves(), text(body, "until"))
        return said(await self.situations().close(who, name, until, text(body, "text")))

    async def open_service(self, request: web.Request) -> web.Response:
        """Open it again, as its hours say: `{"by"?}`."""
        name, who, _ = await _read(request, "name")
        return said(await self.situations().open(who, name))

    async def incidents(self, request: web.Request) -> web.Response:
        """Every incident that stands."""
        await self.situations().heed()  # whoever got no answer looks here whether theirs stands
        found = self.moves().book().situation.incidents
        rows = [
            {
                "id": it.id, "service": it.service or None, "words": list(it.words), "text": it.text,
                "since": iso(it.since), "by": it.by,
            }
            for it in found
        ]  # fmt: skip
        return web.json_response(rows)

    async def begin_incident(self, request: web.Request) -> web.Response:
        """Begin one: `{"service"?, "words"?: [what they write], "text": what they are told, "by"?}`."""
        _, who, body = await _read(request, "")
        words = body.get("words", [])
        if not isinstance(words, list) or not all(plain(it, LONGEST) for it in words):
            raise BadBody("`words` is a list of texts.")
        told = need(body, "text")
        return said(await self.situations().begin(who, text(body, "service"), words, told))

    async def end_incident(self, request: web.Request) -> web.Response:
        """It is over: `{"text"?: what all who were told of it are told, "by"?}`."""
        id, who, body = await _read(request)
        return said(await self.situations().end(who, id, text(body, "text")))

    async def transfer(self, request: web.Request) -> web.Response:
        """Hand over: `{"to": "Ben" | "team nightowl" | "L2" | "service howto", "reason"?, "by"?}`; rank kept."""
        contact, who, body = await _read(request)
        return said(await self.moves().transfer(who, contact, need(body, "to"), text(body, "reason")))

    async def escalate(self, request: web.Request) -> web.Response:
        """To the next tier: `{"tried": what was tried, "reason"?, "by"?}`."""
        contact, who, body = await _read(request)
        return said(await self.moves().escalate(who, contact, text(body, "tried"), text(body, "reason")))

    async def keep(self, request: web.Request) -> web.Response:
        """Not handed over any more: `{"by"?}`."""
        contact, who, _ = await _read(request)
        return said(await self.moves().keep(who, contact))

    async def release(self, request: web.Request) -> web.Response:
        """Back into the queue with its rank: `{"reason"?, "by"?}`."""
        contact, who, body = await _read(request)
        return said(await self.moves().release(who, contact, text(body, "reason")))

    async def assign(self, request: web.Request) -> web.Response:
        """To one agent, who alone is asked: `{"agent", "reason"?, "by"?}`."""
        contact, who, body = await _read(request)
        return said(await self.moves().assign(who, contact, need(body, "agent"), text(body, "reason")))

    async def consult(self, request: web.Request) -> web.Response:
        """Ask without handing over: `{"ask": "Ben" | "team nightowl", "question", "by"?}`."""
        contact, who, body = await _read(request)
        words = f"{need(body, 'ask')} {need(body, 'question')}"
        return said(await self.moves().consult(who, contact, words))

    async def snooze(self, request: web.Request) -> web.Response:
        """Until a date or until they write: `{"until"?: ISO 8601 or "tomorrow 9:00", "reason"?, "by"?}`."""
        contact, who, body = await _read(request)
        moves = self.moves()
        wake = await _instant(moves, text(body, "until"))
        return said(await moves.snooze(who, contact, wake, text(body, "reason")))

    async def wake(self, request: web.Request) -> web.Response:
        """Snoozed or held no longer: `{"by"?}`."""
        contact, who, _ = await _read(request)
        return said(await self.moves().wake(who, contact))

    async def priority(self, request: web.Request) -> web.Response:
        """Sooner or later: `{"points": minutes earlier (negative: later) or "now", "reason"?, "by"?}`."""
        contact, who, body = await _read(request)
        points = body.get("points")
        if points != "now" and (
            isinstance(points, bool) or not isinstance(points, int) or abs(points) > 100_000
        ):
            raise BadBody('`points` is a whole number of minutes, or "now".')
        given = points if isinstance(points, int) else None
        return said(await self.moves().priority(who, contact, given, text(body, "reason")))

    async def merge(self, request: web.Request) -> web.Response:
        """It ends, and its conversation leads to another: `{"into": "C1001", "by"?}`."""
        contact, who, body = await _read(request)
        return said(await self.moves().merge(who, contact, need(body, "into")))

    async def split(self, request: web.Request) -> web.Response:
        """Some of the customer's messages become a new contact: `{"messages": [2, 3], "by"?}`."""
        contact, who, body = await _read(request)
        numbers = body.get("messages")
        if not isinstance(numbers, list) or not 0 < len(numbers) <= 1000 or not all(map(_is_number, numbers)):
            raise BadBody("`messages` is a list of message numbers.")
        return said(await self.moves().split(who, contact, [int(n) for n in numbers]))

    async def spam(self, request: web.Request) -> web.Response:
        """Ended without an answer; the address comes behind everything else for 30 days: `{"by"?}`."""
        contact, who, _ = await _read(request)
        return said(await self.moves().spam(who, contact))

    async def reopen(self, request: web.Request) -> web.Response:
        """An ended contact goes on, in the queue: `{"by"?}`."""
        contact, who, _ = await _read(request)
        return said(await self.moves().reopen(who, contact, queued=True))

    async def close(self, request: web.Request) -> web.Response:
        """It ends, whoever has it: `{"disposition"?, "root_cause"?, "resolution"?, "fields"?: {name: text}, "by"?}`."""
        contact, who, body = await _read(request)
        told = {name: text(body, name) for name in ("disposition", "root_cause", "resolution")}
        own = body.get("fields") or {}
        if not isinstance(own, dict) or len(own) > 100:
            raise BadBody("`fields` is an object of texts, by the names in the plan.")
        fields = {name: text(own, name) for name in own}
        return said(await self.moves().close(who, contact, told, {k: it for k, it in fields.items() if it}))


def said(it: Outcome) -> web.Response:
    """The outcome as an answer."""
    if it.ok:
        return web.json_response({"done": it.text, **({"contact": it.contact} if it.contact else {})})
    return web.json_response({"error": ERRORS[it.kind], "hint": it.text}, status=STATUS[it.kind])


async def _read(request: web.Request, key: str = "id") -> tuple[str, Who, Mapping[str, object]]:
    body = await read_object(request) if request.can_read_body else {}
    who = Who(text(body, "by") or "the API", "", True, origin(request))
    return request.match_info.get(key, ""), who, body


def text(body: Mapping[str, object], name: str) -> str:
    """A text of the body, "" where it has none. Raises BadBody."""
    value = body.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or not plain(value, LONGEST):
        raise BadBody(f"`{name}` is a text of at most {LONGEST:,} characters.")
    return value.strip()


def need(body: Mapping[str, object], name: str) -> str:
    """A text that the body must have. Raises BadBody."""
    if not (value := text(body, name)):
        raise BadBody(f"`{name}` is missing.")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31


async def _instant(moves: Moves, text: str) -> int | None:
    if not text:
        return None
    now = await moves.queue.now()
    if re.match(r"\d{4}-\d\d-\d\dT", text):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise BadBody("`until` is no date.") from None
        if at.tzinfo is None:
            raise BadBody("`until` needs its offset from UTC, such as 2026-12-24T09:00:00+01:00.")
        if millis(at) - now > FURTHEST // timedelta(milliseconds=1):
            raise BadBody("`until` is at most a year ahead: leave it out where there is no date.")
        return millis(at)
    try:
        return when(text, now, moves.book().plan.timezone)[0]
    except NoTime as error:
        raise BadBody(str(error)) from None
