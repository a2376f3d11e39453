"""The SMS door: Twilio's signed webhooks in, texts out through the twilio library.

customer ─▶ Twilio ─▶ POST /twilio/sms ─▶ signature ─▶ shapes ─▶ Arrived ─▶ inbound (durable) ─▶ <Response/>
customer ◀─ Twilio ◀─ Messages.json ◀─ say            /twilio/sms/status ─▶ receipt
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web
from multidict import MultiDict
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from ...queue.contact import Arrived, Media
from ..channel import Inbound, NotDelivered, NotTaken, OutcomeUnknown, Sent, Words
from ..turnstile import Turnstile
from ..twilio.account import TwilioAccount
from ..twilio.asking import asking
from ..twilio.front import ANSWER_WITHIN, EMPTY, BadRequest, Front, no
from ..twilio.http import TwilioHttp
from .errors import in_words
from .media import MediaStore
from .received import received
from .split import parts
from .webhook import STATUSES, Status, arrival, help_word, opt_word, report

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.message import MessageInstance

log = structlog.get_logger()

TEMPORARY = frozenset({"20429", "20500", "30001", "21611"})
TRIAL = "Sent from your Twilio trial account - "
"""What Twilio puts before each text of a trial account."""
LOOK_AT = 100
"""Texts to one customer that a look-up reads, the newest."""
REMEMBERED = 10_000


class Reports(Protocol):
    """Whom the door tells what it hears about texts and their takers. All raise when the store is away."""

    async def receipt(self, key: str, provider_id: str, status: Status, error: str = "") -> bool:
        """A status of a text of ours; False when nobody knows it."""

    async def opt(self, address: str, out: bool, event: str) -> None:
        """STOP or START."""

    async def opted_out(self, address: str) -> bool:
        """Whether the customer said STOP."""

    async def talking(self, thread: str) -> bool:
        """Whether a contact is open in that conversation."""


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
        self.account = account
        self.inbound, self.reports = inbound, receipts
        self.front = Front(account, public_url, trusted_proxies)
        self.http = TwilioHttp(account.api_url)
        self.client = Client(account.sid, account.token, http_client=self.http)
        self.media = MediaStore(media_dir, self.http, account.sid, account.token)
        self.turnstile = Turnstile()
        self._keys: dict[str, str] = {}  # sid of a text -> the key of its words

    async def start(self) -> None:
        """Webhooks come by the routes; what sends is loaded beside the start, which needn't wait for it (50 ms)."""
        self._loaded = asyncio.get_running_loop().run_in_executor(None, lambda: self.client.messages)

    async def stop(self) -> None:
        """Finish what is being fetched; close the connections."""
        await self.media.stop()
        await self.http.close()

    def routes(self) -> list[web.RouteDef]:
        """The webhooks; every one checks the signature."""
        return [
            web.post("/twilio/sms", self._inbound),
            web.post("/twilio/sms/fallback", self._inbound),
            web.post("/twilio/sms/status", self._status),
        ]

    # ---- in -----------------------------------------------------------------------------------------------------

    async def _inbound(self, request: web.Request) -> web.Response:
        await self.turnstile.enter()  # of a burst the first is offered while the last is still looked at
        form = await self.front.signed(request)
        try:
            failed = self.front.urls(request, "/twilio/sms") if request.path.endswith("/fallback") else []
            arrived = arrival(form, self.account.sid, failed)
        except BadRequest as error:
            return no(400, str(error))
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self.take(arrived, form)
        except (NotTaken, TimeoutError) as error:
            log.warning("sms.not_taken", sid=arrived.event, error=type(error).__name__)
            return no(503, "not durable: send it again", retry_after=5)
        except Exception:
            log.exception("sms.failed", sid=arrived.event)
            return no(503, "not durable: send it again", retry_after=5)
        return web.Response(text=EMPTY, content_type="text/xml")

    async def take(self, arrived: Arrived, form: MultiDict[str] | None = None) -> bool:
        """Take in what a customer wrote, however it came here, once; whether it was news. `form`: as Twilio sent it.

        Raises NotTaken.
        """
        said = MultiDict({"Body": arrived.text}) if form is None else form
        opt = opt_word(said)
        if opt is not None:
            await self.reports.opt(arrived.sender, opt, arrived.event)
        if (opt is not None or help_word(said)) and not await self.reports.talking(arrived.thread):
            return False  # said to the machinery, and answered by Twilio: nobody needs help who isn't talking to us
        taken = await self.inbound(arrived)
        if arrived.media and taken.outcome != "duplicate":
            self.media.fetch_later(arrived)
        return taken.outcome != "duplicate"

    async def listed(self, number: str, since: int, until: int, most: int) -> list[Arrived]:
        """What Twilio took in for our `number` from `since` to `until` (ms): `most` of it, the newest, oldest first.

        Raises NotDelivered or OutcomeUnknown.
        """
        with asking(in_words, TEMPORARY):
            return await received(self.client, number, since, until, most)

    async def _status(self, request: web.Request) -> web.Response:
        form = await self.front.signed(request)
        try:
            it = report(form, self.account.sid)
        except BadRequest as error:
            return no(400, str(error))
        said = in_words(it.error) if it.status == "failed" else ""
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                if (key := request.query.get("k")) is not None:
                    self._note(it.sid, key)
                known = await self.reports.receipt(request.query.get("k", ""), it.sid, it.status, said)
        except Exception as failure:
            log.warning("sms.status_not_taken", sid=it.sid, error=type(failure).__name__)
            return no(503, "try again", retry_after=5)
        if not known:
            log.info("sms.status_unknown", sid=it.sid, status=it.status)
        return web.Response(text=EMPTY, content_type="text/xml")

    # ---- out ----------------------------------------------------------------------------------------------------

    async def say(self, words: Words) -> Sent:
        """Send a text, long ones in parts; a part that went out before is not sent again.

        Raises NotDelivered or OutcomeUnknown. Pictures go with the first part.
        """
        if await self.reports.opted_out(words.recipient):
            raise NotDelivered(in_words("21610"), "21610", permanent=True)
        if not words.text.strip() and not words.media:
            raise NotDelivered(in_words("21602"), "21602", permanent=True)
        texts = parts(words.text) or [""]
        there = await self._there(words, texts) if len(texts) > 1 else {}
        sent = Sent("")
        for i, text in enumerate(texts):
            sent = there.get(i) or await self._send(words, text, words.media if i == 0 else ())
        return sent

    async def find(self, words: Words) -> Sent | None:
        """Look among the texts sent to this number since then: Twilio has no idempotency key (F56)."""
        texts = parts(words.text) or [""]
        there = await self._there(words, texts)
        return there[len(texts) - 1] if len(there) == len(texts) else None

    async def status(self, provider_id: str) -> Sent:
        """The message as Twilio has it now (twilio.com/docs/messaging, "Fetch a Message resource")."""
        with asking(in_words, TEMPORARY):
            return _sent(await self.client.messages(provider_id).fetch_async())

    async def _send(self, words: Words, text: str, media: tuple[Media, ...]) -> Sent:
        callback = f"{self.front.public_url}/twilio/sms/status?k={quote(words.key, safe='')}"
        more: dict[str, object] = (
            {"status_callback": callback} if callback.startswith("https://") or self.account.api_url else {}
        )
        if media:
            more["media_url"] = [m.url for m in media]
        with asking(in_words, TEMPORARY):
            message = await self.client.messages.create_async(
                to=words.recipient, from_=words.sender, body=text, **more
            )
        self._note(str(message.sid), words.key)
        return _sent(message)

    async def _there(self, words: Words, texts: list[str]) -> dict[int, Sent]:
        """Which of `texts` Twilio has from us already, by position.

        By To and From alone: `date_sent` is empty while a text waits at Twilio, so a filter by it would miss
        just those. A text that is known to be another one's, because we sent it or its receipt named it, doesn't
        count: "ok" said twice is two texts.
        """
        since = datetime.fromtimestamp(words.since / 1000, UTC) - timedelta(minutes=1)
        try:
            listed = await self.client.messages.list_async(
                to=words.recipient, from_=words.sender or None, limit=LOOK_AT, page_size=LOOK_AT
            )
        except (aiohttp.ClientError, TimeoutError, OSError, TwilioException) as error:
            raise OutcomeUnknown(f"the look-up failed: {type(error).__name__}") from None
        found: dict[int, Sent] = {}
        for message in reversed(listed):  # oldest first
            sid, body = str(message.sid), str(message.body or "")
            new = message.date_created is None or message.date_created >= since
            ours = (
                str(message.direction).startswith("outbound") and self._keys.get(sid, words.key) == words.key
            )
            if not (new and ours):
                continue
            for i, text in enumerate(texts):
                if i not in found and body.removeprefix(TRIAL) == text:
                    found[i] = _sent(message)
                    break
        return found

    def _note(self, sid: str, key: str) -> None:
        """Remember whose text `sid` is; the oldest are forgotten."""
        self._keys[sid] = key
        while len(self._keys) > REMEMBERED:
            del self._keys[next(iter(self._keys))]


def _sent(message: MessageInstance) -> Sent:
    status = STATUSES.get(str(message.status), "queued")
    return Sent(
        str(message.sid), status, in_words(str(message.error_code or "")) if status == "failed" else ""
    )
