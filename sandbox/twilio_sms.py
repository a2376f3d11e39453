"""Twilio as one stand-in: the REST API, the customer's texts, webhooks and receipts; calls are `voice.py`'s.

Behaviour follows Twilio's documentation (named in each module); where it is silent, the harsher reading.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import asdict
from urllib.parse import unquote_to_bytes, urljoin

from aiohttp import web

from .api import Field, Refused, check_type, read_fields
from .stage import Cast, Clock, Faults, Wire
from .twilio_carrier import LARGEST_MEDIA, Carrier, MediaLost, fetch_media
from .twilio_rest import ROOT, Rest, media_url
from .twilio_rules import E164, MAX_BODY, MAX_MEDIA, REPLIES, Fault, check_draft, is_url, keyword
from .twilio_store import Account, Media, Message, PhoneNumber, Store, country_of, new_sid
from .twilio_twiml import Reading, read_answer
from .twilio_webhook import Answer, Caller
from .voice import Voice

RECEIPTS = ("queued", "sending", "sent", "delivered", "undelivered", "failed")
_LONGEST = 20_000  # characters of one text of the sandbox's API; a phone would have given up long before
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


class TwilioStandIn:
    """The stand-in for Twilio. `account` says what kind of account the app meets."""

    def __init__(
        self,
        cast: Cast,
        clock: Clock,
        wire: Wire,
        faults: Faults,
        changed: Callable[[str, dict[str, str]], None],
        account: Account | None = None,
    ) -> None:
        self.account = account or Account()
        self.store = Store(cast, clock)
        self._faults = faults
        self._changed = changed
        self._caller = Caller(cast.credentials.auth_token, wire, faults)
        self._carrier = Carrier(self.store, self.account, self._caller, faults, self._announce)
        self.voice = Voice(self.store, self.account, self._caller, cast, faults, ROOT, changed)
        faces = self.voice.faces()
        self._rest = Rest(self.store, self.account, self._carrier, wire, faults, self._announce, faces)

    def routes(self) -> list[web.RouteDef]:
        """Twilio's own faces."""
        return self._rest.routes()

    def api_routes(self) -> list[web.RouteDef]:
        """The customer's phone, and what Twilio's debugger would show."""
        return [
            web.post("/sandbox/api/sms", self._text),
            web.get("/sandbox/api/sms", self._list),
            web.post("/sandbox/api/sms/{sid}/status", self._status),
            web.get("/sandbox/api/sms/{sid}/media/{number:[0-9]}", self._media),
            web.get("/sandbox/api/twilio/warnings", self._warnings),
            *self.voice.api_routes(),
        ]

    def reset(self) -> None:
        """Forget everything; nothing under way goes on."""
        self.voice.reset()
        self._carrier.reset()
        self._rest.reset()
        self.store.reset()

    async def stop(self) -> None:
        """Let go of tasks and connections."""
        await self.voice.stop()
        await self._carrier.stop()
        await self._caller.stop()

    async def settle(self) -> None:
        """Wait until texts, receipts and calls' events that are under way have arrived."""
        await asyncio.gather(self._carrier.settle(), self.voice.settle())

    def _announce(self, message: Message) -> None:
        customer = message.sender if message.direction == "inbound" else message.to
        self._changed("sms", {"sid": message.sid, "number": customer})

    async def _text(self, request: web.Request) -> web.StreamResponse:
        """`POST /sms`: the customer texts; answered when the app has answered the webhook."""
        fields = {"from": Field(str), "to": Field(str), "text": Field(str), "media": Field(list, False)}
        body = await read_fields(request, fields)
        entry = self._entry(body["from"], body["to"])
        if len(body["text"]) > _LONGEST:
            raise Refused(f"the text has {len(body['text'])} characters", f"at most {_LONGEST}")
        media = await self._attachments(body.get("media", []))
        message = self._arrive(body["from"], entry, body["text"], media)
        answer = await self._deliver(message, entry)
        result: dict[str, object] = {"sid": message.sid, "product_status": answer.status if answer else None}
        if answer is None:
            result["hint"] = f"{entry.number} has no webhook for texts"
        elif not answer.ok:
            result["error_code"] = 11200
        return web.json_response(result)

    def _entry(self, sender: str, to: str) -> PhoneNumber:
        if not E164.fullmatch(sender):
            raise Refused(f"from {sender!r} is not a phone number", "E.164, as in +4915112345678")
        entry = self.store.number(to)
        known = ", ".join(n.number for n in self.store.numbers.values())
        if entry is None:
            raise Refused(f"to {to!r} is none of the account's numbers", f"one of {known}", 404)
        if self.store.number(sender):
            raise Refused(f"from {sender!r} is one of the account's own numbers", "text from a customer's")
        return entry

    async def _attachments(self, urls: list[object]) -> list[Media]:
        """Media of a customer's text, from data: or http(s) URLs; raises `Refused`."""
        if len(urls) > MAX_MEDIA:
            raise Refused(f"{len(urls)} media", f"at most {MAX_MEDIA}")
        found: list[Media] = []
        room = LARGEST_MEDIA
        for url in urls:
            check_type("media", url, str)
            text = str(url)
            kind, content = read_data_url(text) if text.startswith("data:") else await self._load(text, room)
            room -= len(content)
            if room < 0:
                raise Refused("the media are too large", f"at most {LARGEST_MEDIA} bytes together")
            found.append(Media(new_sid("ME"), kind, content, self.store.clock.now()))
        return found

    async def _load(self, url: str, room: int) -> tuple[str, bytes]:
        if not is_url(url):
            raise Refused(f"media {url[:80]!r} is no URL", "data:, http: or https:")
        try:
            return await fetch_media(url, room)
        except MediaLost as lost:
            raise Refused(str(lost)[:200], "name a URL that answers, or a data: URL") from lost

    def _arrive(self, sender: str, entry: PhoneNumber, text: str, media: list[Media]) -> Message:
        """Take in a text: cut at 1,600 characters (error 21617), opt-out words obeyed at once."""
        now = self.store.clock.now()
        sid = new_sid("MM" if media else "SM")
        message = Message(
            sid, sender, entry.number, text[:MAX_BODY], "inbound", "received", now, now, media, now
        )
        if len(text) > MAX_BODY:
            message.status, message.error = "failed", 21617
            self.store.warn(21617, "an incoming text was cut at 1600 characters", sid)
        self.store.add(message)
        self._announce(message)
        return message

    async def _deliver(self, message: Message, entry: PhoneNumber) -> Answer | None:
        """Obey an opt-out word, call the number's webhook, and do what its answer says."""
        word = keyword(message.body)
        pair = (message.sender, entry.number)
        was_blocked = pair in self.store.blocked
        if word == "STOP":
            self.store.blocked.add(pair)
        elif word == "START":
            self.store.blocked.discard(pair)
        told = (word == "STOP" and not was_blocked) or (word == "START" and was_blocked)
        if word and (told or (word == "HELP" and not was_blocked)):
            self._reply_by_itself(message, REPLIES[word])
        params = self._params(message)
        if word and self.account.advanced_opt_out:
            params["OptOutType"] = word
        return await self._call(message, entry.settings, params)

    def _reply_by_itself(self, message: Message, text: str) -> None:
        """Twilio's own answer to an opt-out word: past every check, and nobody gets receipts."""
        now = self.store.clock.now()
        reply = Message(new_sid("SM"), message.to, message.sender, text, "outbound-reply", "queued", now, now)
        self.store.add(reply)
        self._carrier.take(reply)
        self._announce(reply)

    def _params(self, message: Message) -> dict[str, str]:
        params = {
            "ToCountry": country_of(message.to),
            "SmsMessageSid": message.sid,
            "NumMedia": str(len(message.media)),
            "SmsSid": message.sid,
            "SmsStatus": "received",
            "Body": message.body,
            "FromCountry": country_of(message.sender),
            "To": message.to,
            "NumSegments": str(message.segments),
            "MessageSid": message.sid,
            "AccountSid": self.store.sid,
            "From": message.sender,
            "ApiVersion": "2010-04-01",
        }
        for side, number in (("From", message.sender), ("To", message.to)):
            if number.startswith("+1"):
                params |= {f"{side}{part}": "" for part in ("City", "State", "Zip")}
        for n, media in enumerate(message.media):
            params[f"MediaUrl{n}"] = media_url(self.store, message, media)
            params[f"MediaContentType{n}"] = media.content_type
        return params

    async def _call(
        self, message: Message, settings: dict[str, str], params: dict[str, str]
    ) -> Answer | None:
        """The webhook, then the fallback if it failed; `None` when no webhook is set."""
        url, method = settings.get("sms_url", ""), settings.get("sms_method", "POST")
        if not url:
            return None
        answer = await self._caller.call(url, params, method, self._faults.twilio.redeliver)
        code = self._obey(message, url, answer)
        fallback = settings.get("sms_fallback_url", "")
        if code and fallback:
            params = {**params, "ErrorCode": str(code), "ErrorUrl": url}
            second = await self._caller.call(fallback, params, settings.get("sms_fallback_method") or "POST")
            self._obey(message, fallback, second)
            return second
        return answer

    def _obey(self, message: Message, url: str, answer: Answer) -> int:
        """Send what the answer asks for and list what is wrong with it; the code that makes it a failure."""
        if not answer.ok:
            self.store.warn(11200, f"HTTP retrieval failure ({answer.status})", message.sid, url)
            return 11200
        reading = read_answer(answer.status, answer.content_type, answer.body)
        for code, text in reading.warnings:
            self.store.warn(code, text, message.sid, url)
        self._send_replies(message, url, reading)
        return reading.warnings[0][0] if reading.failed else 0

    def _send_replies(self, message: Message, url: str, reading: Reading) -> None:
        for reply in reading.replies:
            form = {"To": [reply.to or message.sender], "From": [reply.sender or message.to]}
            form |= {"Body": [reply.body]} if reply.body else {}
            form |= {"MediaUrl": [urljoin(url, m) for m in reply.media]} if reply.media else {}
            form |= {"StatusCallback": [urljoin(url, reply.callback)]} if reply.callback else {}
            draft = check_draft(form, self.store, self.account, self._carrier.queued)
            if isinstance(draft, Fault):
                self.store.warn(draft.code, draft.message, message.sid, url)
            else:
                self._rest.send(draft, "outbound-reply")

    async def _list(self, request: web.Request) -> web.StreamResponse:
        number = request.query.get("number", "")
        if not E164.fullmatch(number):
            raise Refused(
                f"number={number!r} is not a phone number", "percent-encode the plus: number=%2B49…"
            )
        found = [m for m in self.store.messages.values() if number in (m.sender, m.to)]
        return web.json_response([self._shown(m) for m in found])

    def _shown(self, message: Message) -> dict[str, object]:
        base = f"/sandbox/api/sms/{message.sid}/media"
        return {
            "sid": message.sid,
            "from": message.sender,
            "to": message.to,
            "text": message.body,
            "media": [f"{base}/{n}" for n in range(len(message.media))],
            "status": message.status,
            "at": self.store.clock.iso_of(message.at),
            "error_code": message.error,
            "segments": message.segments,
        }

    async def _status(self, request: web.Request) -> web.StreamResponse:
        """`POST /sms/{sid}/status`: a receipt; answered when the app has answered."""
        body = await read_fields(request, {"status": Field(str), "error_code": Field(int, False)})
        message = self.store.messages.get(request.match_info["sid"])
        if message is None:
            raise Refused("no text has that sid", "GET /sandbox/api/sms?number=…", 404)
        if message.direction == "inbound":
            raise Refused("a customer's text gets no receipt", "take one that the product sent", 409)
        if body["status"] not in RECEIPTS:
            raise Refused(f"status {body['status']!r} is unknown", f"one of {', '.join(RECEIPTS)}")
        code = body.get("error_code")
        if code is not None and body["status"] not in ("undelivered", "failed"):
            raise Refused("only undelivered and failed carry an error_code", "leave it out")
        if code is not None and not 10_000 <= code <= 99_999:
            raise Refused(f"error_code {code} is not one of Twilio's", "five digits, such as 30003")
        answer = await self._carrier.receipt(message, body["status"], code)
        told = answer.status if answer else None
        return web.json_response({"sid": message.sid, "status": message.status, "product_status": told})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        """A picture for the page; anything else only as a download."""
        message = self.store.messages.get(request.match_info["sid"])
        number = int(request.match_info["number"])
        if message is None or number >= len(message.media):
            raise Refused("no such media", "see the list of texts", 404)
        media = message.media[number]
        headers = {"Content-Security-Policy": "default-src 'none'; sandbox"}
        if media.content_type not in _SHOWN:
            headers |= {"Content-Disposition": "attachment", "Content-Type": "application/octet-stream"}
        else:
            headers["Content-Type"] = media.content_type
        return web.Response(body=media.content, headers=headers)

    async def _warnings(self, request: web.Request) -> web.StreamResponse:
        return web.json_response([asdict(w) for w in self.store.warnings])


def read_data_url(url: str) -> tuple[str, bytes]:
    """Content type and bytes of a data: URL (RFC 2397); raises `Refused`."""
    head, comma, data = url.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64").partition(";")[0].lower() or "text/plain"
    if not comma or not re.fullmatch(r"[a-z0-9.+-]+/[a-z0-9.+-]+", kind):
        raise Refused("a data: URL cannot be read", "data:image/png;base64,…")
    raw = unquote_to_bytes(data)
    if not head.endswith(";base64"):
        return kind, raw
    try:
        return kind, base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("a data: URL is not base64", "data:image/png;base64,…") from error
