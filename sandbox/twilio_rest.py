"""Twilio's REST API of 2010-04-01, as far as texts need it: form in, JSON out, Basic auth, real codes.

Mounted under `/twilio/api.twilio.com`, because a client with another base puts the real host first.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from .stage import Faults, Wire
from .twilio_carrier import Carrier
from .twilio_messaging import Messaging
from .twilio_pages import in_span, page, parse_day
from .twilio_rules import KNOWN, Draft, Fault, check_draft, is_url
from .twilio_store import HOST, TERMINAL, Account, Media, Message, Store, new_sid, newest_first

Form = dict[str, list[str]]
Call = Callable[[web.Request, Form], Awaitable["web.Response | Fault"]]
MOUNT = "/twilio/api.twilio.com"
ROOT = f"{MOUNT}/2010-04-01/Accounts/{{account}}"
CDN = "mms.twiliocdn.com"
MAX_CONCURRENT = 100  # requests at once, an account's default (error 20429)
LINK_LIFE = 4 * 3600.0  # seconds a media link stands
_TRIAL = "Sent from your Twilio trial account - "
_SETTINGS = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "VoiceFallbackUrl": "voice_fallback_url",
    "VoiceFallbackMethod": "voice_fallback_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


class Rest:
    """The REST faces over one `Store`."""

    def __init__(
        self,
        store: Store,
        account: Account,
        carrier: Carrier,
        wire: Wire,
        faults: Faults,
        announce: Callable[[Message], None],
        more: Sequence[tuple[str, str, Call]] = (),
    ) -> None:
        self._store = store
        self._account = account
        self._carrier = carrier
        self._more = more  # the faces of others, behind the same door
        self._wire = wire
        self._faults = faults
        self._announce = announce
        self.under_way = 0  # requests that are being answered now
        self._links: dict[str, tuple[Media, float]] = {}
        self._messaging = Messaging(store, account)

    def routes(self) -> list[web.RouteDef]:
        """Every path that exists; all others under `/twilio/` answer 20404."""
        root = ROOT
        message, numbers = f"{root}/Messages/{{sid}}", f"{root}/IncomingPhoneNumbers"
        calls: list[tuple[str, str, Call]] = [
            *self._messaging.calls(),
            *self._more,
            ("GET", f"{root}.json", self._fetch_account),
            ("GET", f"{root}/Messages.json", self._list_messages),
            ("POST", f"{root}/Messages.json", self._create),
            ("GET", f"{message}.json", self._fetch_message),
            ("POST", f"{message}.json", self._update_message),
            ("DELETE", f"{message}.json", self._delete_message),
            ("GET", f"{message}/Media.json", self._list_media),
            ("GET", f"{message}/Media/{{media}}.json", self._fetch_media),
            ("GET", f"{message}/Media/{{media}}", self._link_media),
            ("GET", f"{numbers}.json", self._list_numbers),
            ("GET", f"{numbers}/{{sid}}.json", self._fetch_number),
            ("POST", f"{numbers}/{{sid}}.json", self._update_number),
        ]
        routes = [web.route(method, path, self._face(call)) for method, path, call in calls]
        paths = {path for _, path, _ in calls}
        routes += [web.route("*", path, self._face(self._no_method)) for path in sorted(paths)]
        routes.append(web.get(f"/twilio/{CDN}/{{account}}/{{key}}", self._content))
        routes.append(web.route("*", "/twilio/{rest:.*}", self._face(self._nothing)))
        return routes

    def reset(self) -> None:
        """Links to media end."""
        self._links.clear()

    def _face(self, call: Call) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Faults, authentication, form, call, wire: the same for every path."""

        async def answer(request: web.Request) -> web.StreamResponse:
            started = time.monotonic()
            form = await read_form(request)
            self.under_way += 1
            try:
                response = await self._respond(request, form, call)
            finally:
                self.under_way -= 1
            faults = self._faults.twilio
            dropped = (
                request.method == "POST" and response.status < 400 and faults.drop_reply and faults.times > 0
            )
            if dropped:
                faults.times -= 1
            shown = {k: v[0] if len(v) == 1 else v for k, v in (form or {}).items()}
            path = request.path.removeprefix(MOUNT)
            took = round((time.monotonic() - started) * 1000, 1)
            status = 0 if dropped else response.status
            self._wire.record("out", "twilio", request.method, path, shown, status, took)
            if dropped and request.transport:
                request.transport.abort()
            return response

        return answer

    async def _respond(self, request: web.Request, form: Form | None, call: Call) -> web.Response:
        faults = self._faults.twilio
        if faults.enforce_limits and self.under_way > MAX_CONCURRENT:
            return fault_response(Fault(429, 20429, "Too Many Requests"))
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.fail and faults.times > 0:
            faults.times -= 1
            return fault_response(Fault(faults.fail, 20000 + faults.fail, _REASONS.get(faults.fail, "Error")))
        if not self._knows(request):
            response = fault_response(Fault(401, 20003, "Authenticate"))
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
            return response
        if form is None:
            return fault_response(Fault(400, 20001, "The request's parameters cannot be read"))
        result = await call(request, form)
        return fault_response(result) if isinstance(result, Fault) else result

    def _knows(self, request: web.Request) -> bool:
        """Basic auth with the account's sid and token, for the account that the path names."""
        scheme, _, raw = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            given = base64.b64decode(raw.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        known = f"{self._store.sid}:{self._store.cast.credentials.auth_token}".encode()
        account = request.match_info.get("account", self._store.sid)
        return hmac.compare_digest(given, known) and account == self._store.sid

    async def _nothing(self, request: web.Request, form: Form) -> web.Response | Fault:
        path = request.path.removeprefix(MOUNT)
        return Fault(404, 20404, f"The requested resource {path} was not found")

    async def _no_method(self, request: web.Request, form: Form) -> web.Response | Fault:
        return Fault(405, 20004, "Method not allowed")

    async def _fetch_account(self, request: web.Request, form: Form) -> web.Response | Fault:
        token = self._store.cast.credentials.auth_token
        return web.json_response(self._store.account_json(self._account, token))

    async def _create(self, request: web.Request, form: Form) -> web.Response | Fault:
        if ignored := sorted(set(form) - KNOWN):
            self._store.warn(0, f"parameters that Twilio does not know were ignored: {', '.join(ignored)}")
        draft = check_draft(form, self._store, self._account, self._carrier.queued)
        if isinstance(draft, Fault):
            self._store.warn(draft.code, draft.message)
            return draft
        message = self.send(draft, "outbound-api")
        return web.json_response(self._store.message_json(message), status=201)

    def send(self, draft: Draft, direction: str) -> Message:
        """Take a checked text into the queue and let the carrier have it."""
        now = self._store.clock.now()
        body = _TRIAL + draft.body if self._account.kind == "Trial" and draft.body else draft.body
        sid = new_sid("MM" if draft.media else "SM")
        message = Message(sid, draft.sender, draft.to, body, direction, "queued", now, now)
        message.callback, message.media_urls = draft.callback, draft.media
        self._store.add(message)
        self._carrier.take(message)
        self._announce(message)
        return message

    async def _list_messages(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = newest_first(self._store.messages.values())
        for name, attribute in (("To", "to"), ("From", "sender")):
            if name in request.query:
                found = [m for m in found if getattr(m, attribute) == request.query[name]]
        for name in ("DateSent", "DateSent<", "DateSent>"):
            if not request.query.get(name):
                continue
            span = parse_day(request.query[name])
            if span is None:
                return Fault(400, 20001, f"'{name}' is not a date: {request.query[name]}")
            found = [m for m in found if m.sent_at is not None and in_span(m.sent_at, span, name[8:])]
        uri = self._store.uri("Messages.json")
        return page(request, found, "messages", uri, self._store.message_json)

    async def _fetch_message(self, request: web.Request, form: Form) -> web.Response | Fault:
        message = self._store.messages.get(request.match_info["sid"])
        if message is None:
            return await self._nothing(request, form)
        return web.json_response(self._store.message_json(message))

    async def _update_message(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Redacts a finished message (`Body=`); nothing here is scheduled, so nothing can be canceled."""
        message = self._store.messages.get(request.match_info["sid"])
        if message is None:
            return await self._nothing(request, form)
        if form.get("Body") != [""] or message.status not in TERMINAL:
            return Fault(400, 20001, "Only the body of a finished message can be removed")
        message.body = ""
        return web.json_response(self._store.message_json(message))

    async def _delete_message(self, request: web.Request, form: Form) -> web.Response | Fault:
        message = self._store.messages.get(request.match_info["sid"])
        if message is None:
            return await self._nothing(request, form)
        if message.status not in TERMINAL | {"sent"}:
            return Fault(409, 20009, "Cannot delete this resource before it is complete")
        del self._store.messages[message.sid]
        return web.Response(status=204)

    def _media(self, request: web.Request) -> tuple[Message, Media] | None:
        message = self._store.messages.get(request.match_info["sid"])
        wanted = request.match_info["media"]
        media = next((m for m in message.media if m.sid == wanted), None) if message else None
        return (message, media) if message and media else None

    async def _list_media(self, request: web.Request, form: Form) -> web.Response | Fault:
        message = self._store.messages.get(request.match_info["sid"])
        if message is None:
            return await self._nothing(request, form)
        uri = self._store.uri("Messages", message.sid, "Media.json")
        return page(request, message.media, "media_list", uri, partial(self._store.media_json, message))

    async def _fetch_media(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = self._media(request)
        if not found:
            return await self._nothing(request, form)
        return web.json_response(self._store.media_json(*found))

    async def _link_media(self, request: web.Request, form: Form) -> web.Response | Fault:
        """307 to a link of another host that stands for four hours and takes no credentials."""
        found = self._media(request)
        if not found:
            return await self._nothing(request, form)
        key, expires = secrets.token_hex(16), time.time() + LINK_LIFE
        self._links[key] = (found[1], expires)
        query = urlencode({"Expires": int(expires), "Signature": secrets.token_urlsafe(24)})
        location = f"https://{CDN}/{self._store.sid}/{key}?{query}"
        return web.Response(status=307, headers={"Location": location})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        started = time.monotonic()
        media, expires = self._links.get(request.match_info["key"], (None, 0.0))
        if "Authorization" in request.headers:
            # The store behind refuses a second way of authenticating; credentials must not cross hosts.
            response = web.Response(status=400, text="Only one auth mechanism allowed")
        elif media is None or expires < time.time():
            response = web.Response(status=403, text="Forbidden")
        else:
            response = web.Response(body=media.content, headers={"Content-Type": media.content_type})
        took = round((time.monotonic() - started) * 1000, 1)
        self._wire.record("out", "twilio", "GET", request.path, {}, response.status, took)
        return response

    async def _list_numbers(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = list(self._store.numbers.values())
        if wanted := request.query.get("PhoneNumber"):
            found = [n for n in found if wanted.replace("*", "") in n.number]
        if name := request.query.get("FriendlyName"):
            found = [n for n in found if n.settings.get("friendly_name") == name]
        uri = self._store.uri("IncomingPhoneNumbers.json")
        return page(request, found, "incoming_phone_numbers", uri, self._store.number_json)

    async def _fetch_number(self, request: web.Request, form: Form) -> web.Response | Fault:
        entry = self._store.numbers.get(request.match_info["sid"])
        if entry is None:
            return await self._nothing(request, form)
        return web.json_response(self._store.number_json(entry))

    async def _update_number(self, request: web.Request, form: Form) -> web.Response | Fault:
        entry = self._store.numbers.get(request.match_info["sid"])
        if entry is None:
            return await self._nothing(request, form)
        wanted = {_SETTINGS[k]: v[0] for k, v in form.items() if k in _SETTINGS}
        for name, value in wanted.items():
            if name.endswith("_method") and value not in ("GET", "POST"):
                return Fault(400, 21403, f"{name} is not valid: {value}")
            if (name.endswith("_url") or name == "status_callback") and value and not is_url(value):
                return Fault(400, 21502, f"{name} is not a valid URL: {value}")
        entry.settings |= wanted
        entry.updated = self._store.clock.now()
        return web.json_response(self._store.number_json(entry))


_REASONS = {
    400: "Bad Request",
    401: "Authenticate",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def fault_response(fault: Fault) -> web.Response:
    """An error as Twilio sends it."""
    return web.json_response(fault.json(), status=fault.status)


async def read_form(request: web.Request) -> Form | None:
    """Parameters of the query (GET) or the form (POST), by name; None when they cannot be read."""
    raw = request.query_string
    if request.method == "POST":
        if request.content_type != "application/x-www-form-urlencoded":
            return {}
        raw = (await request.read()).decode(errors="replace")
    form: Form = {}
    try:
        for name, value in parse_qsl(raw, keep_blank_values=True, max_num_fields=1000):
            form.setdefault(name, []).append(value)
    except ValueError:
        return None
    return form


def media_url(store: Store, message: Message, media: Media) -> str:
    """Where a webhook says that a picture is: on Twilio's real host."""
    return HOST + store.uri("Messages", message.sid, "Media", media.sid)
