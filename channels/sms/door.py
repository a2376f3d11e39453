"""The SMS door: Twilio's signed webhooks in, texts out through the twilio library.

customer ─▶ Twilio ─▶ POST /twilio/sms ─▶ signature ─▶ shapes ─▶ Arrived ─▶ inbound (durable) ─▶ <Response/>
customer ◀─ Twilio ◀─ Messages.json ◀─ say            /twilio/sms/status ─▶ receipt
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import aiohttp
import structlog
from aiohttp import web
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from ...queue.contact import Arrived
from ..channel import Inbound, NotDelivered, NotTaken, OutcomeUnknown, Sent, Words
from .errors import in_words
from .media import MediaStore
from .split import parts
from .twilio_http import TwilioHttp, never_sent
from .webhook import STATUSES, BadRequest, Signer, Status, arrival, opt_word, read_form, report

log = structlog.get_logger()

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
LARGEST_BODY = 64 * 1024
ANSWER_WITHIN = 5.0
"""Seconds in which a webhook is answered, far below Twilio's 15: what isn't durable by then is refused."""
TEMPORARY = {"20429", "20500", "30001", "21611"}


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """Credentials; `token_old` is still accepted in signatures while a token is rotated."""

    sid: str
    token: str = field(repr=False)
    token_old: str = field(default="", repr=False)
    api_url: str = ""


class Reports(Protocol):
    """Whom the door tells what it hears about texts and their takers. All raise when the store is away."""

    async def receipt(self, key: str, provider_id: str, status: Status, error: str = "") -> bool:
        """A status of a text of ours; False when nobody knows it."""

    async def opt(self, address: str, out: bool) -> None:
        """STOP or START."""

    async def opted_out(self, address: str) -> bool:
        """Whether the customer said STOP."""


class SmsDoor:
    """A `Channel`. Made inside a running loop."""

    def __init__(
        self,
        account: TwilioAccount,
        *,
        public_url: str,
        trusted_proxies: tuple[str, ...],
        inbound: Inbound,
        receipts: Reports,
        media_dir: Path,
    ) -> None:
        self.account, self.public_url, self.trusted = account, public_url, trusted_proxies
        self.inbound, self.reports = inbound, receipts
        self.signer = Signer((account.token, account.token_old))
        self.http = TwilioHttp(account.api_url)
        self.client = Client(account.sid, account.token, http_client=self.http)
        self.media = MediaStore(media_dir, self.http, account.sid, account.token)
        self.refused = 0

    async def start(self) -> None:
        """Nothing to begin: webhooks come by the routes."""

    async def stop(self) -> None:
        """Finish what is being fetched; close the connections."""
        await self.media.stop()
        await self.http.close()

    def routes(self) -> list[web.RouteDef]:
        """The webhooks; every one checks the signature."""
        return [web.post("/twilio/sms", self._inbound), web.post("/twilio/sms/status", self._status)]

    # ---- in -----------------------------------------------------------------------------------------------------

    async def _inbound(self, request: web.Request) -> web.Response:
        form = await self._signed(request)
        try:
            arrived = arrival(form, self.account.sid)
        except BadRequest as error:
            return _no(400, str(error))
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                opt = opt_word(form)
                if opt is not None:
                    await self.reports.opt(arrived.sender, opt)
                taken = await self.inbound(arrived)
        except (NotTaken, TimeoutError) as error:
            log.warning("sms.not_taken", sid=arrived.event, error=type(error).__name__)
            return _no(503, "not durable: send it again", retry_after=5)
        except Exception:
            log.exception("sms.failed", sid=arrived.event)
            return _no(503, "not durable: send it again", retry_after=5)
        if arrived.media and taken.outcome != "duplicate":
            self.media.fetch_later(arrived)
        return web.Response(text=EMPTY, content_type="text/xml")

    async def _status(self, request: web.Request) -> web.Response:
        form = await self._signed(request)
        try:
            it = report(form, self.account.sid)
        except BadRequest as error:
            return _no(400, str(error))
        said = in_words(it.error) if it.status == "failed" else ""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                known = await self.reports.receipt(request.query.get("k", ""), it.sid, it.status, said)
        except Exception as failure:
            log.warning("sms.status_not_taken", sid=it.sid, error=type(failure).__name__)
            return _no(503, "try again", retry_after=5)
        if not known:
            log.info("sms.status_unknown", sid=it.sid, status=it.status)
        return web.Response(text=EMPTY, content_type="text/xml")

    async def _signed(self, request: web.Request):  # type: ignore[no-untyped-def]
        """The form of a request that Twilio signed; anything else is refused before it is looked at."""
        if (request.content_length or 0) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, request.content_length or 0)
        body = await request.content.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, len(body))
        try:
            form = read_form(body)
        except BadRequest:
            form = None
        headers = {k: v for k, v in request.headers.items()}
        if form is None or not self.signer.signed(self._urls(request), form, headers):
            self.refused += 1
            log.warning("twilio.unsigned", path=request.path, count=self.refused)
            raise web.HTTPForbidden(text="not signed by our Twilio account")
        return form

    def _urls(self, request: web.Request) -> list[str]:
        """What Twilio may have called us: the configured address; behind a listed proxy, also what it says."""
        path = request.raw_path
        urls = [self.public_url + path]
        if request.remote in self.trusted:
            proto = request.headers.get("X-Forwarded-Proto", "https").split(",")[0].strip()
            host = request.headers.get("X-Forwarded-Host", request.host).split(",")[0].strip()
            if proto in ("http", "https"):
                urls.append(f"{proto}://{host}{path}")
        return urls

    # ---- out ----------------------------------------------------------------------------------------------------

    async def say(self, words: Words) -> Sent:
        """Send a text, long ones in parts. Raises NotDelivered or OutcomeUnknown."""
        if await self.reports.opted_out(words.recipient):
            raise NotDelivered(in_words("21610"), "21610", permanent=True)
        if not words.text.strip() and not words.media:
            raise NotDelivered("there is nothing in it to send", "21602", permanent=True)
        callback = f"{self.public_url}/twilio/sms/status?k={words.key}"
        sent: Sent | None = None
        for text in parts(words.text) or [""]:
            done = await self._find_part(words, text) if sent is not None else None
            sent = done or await self._send(words, text, callback)
        if sent is None:
            raise NotDelivered("there is nothing in it to send", "21602", permanent=True)
        return sent

    async def _send(self, words: Words, text: str, callback: str) -> Sent:
        more: dict[str, object] = (
            {"status_callback": callback} if callback.startswith("https://") or self.account.api_url else {}
        )
        if words.media:
            more["media_url"] = [m.url for m in words.media]
        try:
            message = await self.client.messages.create_async(
                to=words.recipient, from_=words.sender, body=text, **more
            )
        except TwilioRestException as error:
            code = str(error.code or "")
            if error.status >= 500 and not code:
                raise OutcomeUnknown(f"Twilio answered {error.status}") from None
            temporary = error.status == 429 or error.status >= 500 or code in TEMPORARY
            raise NotDelivered(in_words(code or str(error.status)), code, permanent=not temporary) from None
        except (aiohttp.ClientError, TimeoutError, OSError, TwilioException) as error:
            if never_sent(error):
                raise NotDelivered("Twilio cannot be reached") from None
            raise OutcomeUnknown(type(error).__name__) from None
        return _sent(message)

    async def find(self, words: Words) -> Sent | None:
        """Look among the texts sent to this number since then: Twilio has no idempotency key (F56)."""
        found: Sent | None = None
        for text in parts(words.text) or [""]:
            found = await self._find_part(words, text)
            if found is None:
                return None
        return found

    async def _find_part(self, words: Words, text: str) -> Sent | None:
        since = datetime.fromtimestamp(words.since / 1000, UTC) - timedelta(minutes=1)
        try:
            listed = await self.client.messages.list_async(
                to=words.recipient, from_=words.sender, date_sent_after=since, limit=50
            )
        except (aiohttp.ClientError, TimeoutError, OSError, TwilioException) as error:
            raise OutcomeUnknown(f"the look-up failed: {type(error).__name__}") from None
        for message in listed:
            if message.body == text and str(message.direction).startswith("outbound"):
                return _sent(message)
        return None


def _sent(message: MessageInstance) -> Sent:
    """The text as Twilio has it. Raises NotDelivered when it says at once that it failed."""
    status = STATUSES.get(str(message.status), "queued")
    if status == "failed":
        code = str(message.error_code or "")
        raise NotDelivered(in_words(code), code, permanent=True)
    return Sent(str(message.sid), status)


def _no(status: int, reason: str, retry_after: int | None = None) -> web.Response:
    headers: Mapping[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response({"error": reason}, status=status, headers=headers)


__all__ = ["Arrived", "SmsDoor", "TwilioAccount"]
