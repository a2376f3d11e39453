"""What setup and doctor ask of Twilio, through the twilio library; every refusal in words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.response import Response
from twilio.rest import Client

from ..channels.sms.errors import in_words
from ..channels.twilio.http import TwilioHttp
from ..channels.voice.errors import in_words as of_calls
from .slack_side import skew_of

T = TypeVar("T")
HOOKS = (
    "sms_url", "sms_method", "sms_fallback_url", "sms_fallback_method", "sms_application_sid",
    "voice_url", "voice_method", "voice_fallback_url", "voice_fallback_method", "status_callback",
    "status_callback_method", "voice_application_sid", "trunk_sid",
)  # fmt: skip
"""The settings of a number that say where its texts and calls go."""
CAMPAIGNS_WITHIN = 8.0
"""Seconds for looking through messaging services: an account may have hundreds, each asked by itself."""

COUNTRIES_WITHIN = 8.0
"""Seconds for the geographic permissions, which are asked country by country."""


CALLS_SEEN = 100
"""Calls to one phone that a look-up reads, the newest."""


class TwilioNo(Exception):
    """Twilio said no, or nothing; `str()` says it for an operator."""

    def __init__(self, text: str, code: str = "", status: int = 0) -> None:
        super().__init__(text)
        self.code, self.status = code, status

    @property
    def unknown(self) -> bool:
        """Whether what was asked may have been done all the same: nothing was answered, or no answer of Twilio's."""
        return self.status == 0 or self.status >= 500


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """The account; `skew` is our clock against Twilio's, in seconds."""

    name: str
    status: str  # active, suspended, closed
    trial: bool
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class OurNumber:
    """A number of the account, what it can do, and where Twilio sends its texts and calls (by `HOOKS`)."""

    sid: str
    number: str
    name: str
    sms: bool
    mms: bool
    voice: bool
    hooks: tuple[tuple[str, str], ...]

    @property
    def can(self) -> str:
        """What it can do, in words."""
        return ", ".join(
            w for w, yes in (("texts", self.sms), ("pictures", self.mms), ("calls", self.voice)) if yes
        )


class _Dated(TwilioHttp):
    """Remembers the date of the last answer."""

    date: str | None = None

    async def request(self, *args: Any, **kwargs: Any) -> Response:
        """As `TwilioHttp`."""
        answer = await super().request(*args, **kwargs)
        self.date = answer.headers.get("Date") if answer.headers else None
        return answer


class TwilioSide:
    """One account. Made inside a running loop; close it. Every method raises TwilioNo."""

    def __init__(self, sid: str, token: str, base: str = "") -> None:
        self.sid = sid
        self.http = _Dated(base)
        self.client = Client(sid, token, http_client=self.http)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def account(self) -> AccountFacts:
        """Name, state and kind of the account."""
        it = await self._ask(self.client.api.accounts(self.sid).fetch_async())
        skew = skew_of(self.http.date)
        return AccountFacts(str(it.friendly_name), str(it.status), str(it.type).casefold() == "trial", skew)

    async def numbers(self) -> tuple[OurNumber, ...]:
        """The account's numbers."""
        found = await self._ask(self.client.incoming_phone_numbers.list_async(limit=1000, page_size=1000))
        return tuple(_number(it) for it in found)

    async def campaigns(self, numbers: Collection[str]) -> Mapping[str, str] | None:
        """The state of the A2P campaign that each of these numbers sends by: `VERIFIED`, `IN_PROGRESS`, `FAILED`, …

        "" where its messaging service has no campaign; a number that no service has is left out. None when Twilio can't
        be asked, or not in time.
        """
        found: dict[str, str] = {}
        services = self.client.messaging.v1.services
        try:
            async with asyncio.timeout(CAMPAIGNS_WITHIN):
                for service in await self._ask(services.list_async(limit=1000, page_size=1000)):
                    if found.keys() >= set(numbers):
                        break
                    context = services(str(service.sid))
                    held = await self._ask(context.phone_numbers.list_async(limit=1000, page_size=1000))
                    mine = {str(it.phone_number) for it in held} & set(numbers)
                    if mine:
                        campaigns = await self._ask(context.us_app_to_person.list_async(limit=20))
                        state = str(campaigns[0].campaign_status or "") if campaigns else ""
                        found |= dict.fromkeys(mine, state)
        except (TwilioNo, TimeoutError):
            return None
        return found

    async def verified(self) -> frozenset[str] | None:
        """Whom a trial account may text; None when it can't be asked."""
        try:
            found = await self._ask(self.client.outgoing_caller_ids.list_async(limit=1000, page_size=1000))
        except TwilioNo:
            return None
        return frozenset(str(it.phone_number) for it in found)

    async def point(self, sid: str, hooks: Mapping[str, str]) -> None:
        """Set a number's webhooks."""
        await self._ask(self.client.incoming_phone_numbers(sid).update_async(**hooks))

    async def send(self, to: str, sender: str, text: str) -> str:
        """Send one text; its sid."""
        it = await self._ask(self.client.messages.create_async(to=to, from_=sender, body=text))
        return str(it.sid)

    async def status(self, sid: str) -> tuple[str, str]:
        """What became of a text: Twilio's word, and why it failed in ours."""
        it = await self._ask(self.client.messages(sid).fetch_async())
        failed = str(it.status) in ("failed", "undelivered")
        return str(it.status), in_words(str(it.error_code or "")) if failed else ""

    async def call(self, to: str, sender: str, url: str, seconds: int) -> str:
        """Make one call, which asks `url` when it is answered; its sid."""
        made = self.client.calls.create_async(to=to, from_=sender, url=url, method="POST", timeout=seconds)
        return str((await self._ask(made, of_calls)).sid)

    async def leg(self, sid: str) -> str:
        """What has become of a call, in Twilio's word."""
        return str((await self._ask(self.client.calls(sid).fetch_async(), of_calls)).status)

    async def calls(self, to: str, sender: str) -> frozenset[str]:
        """The sids of our newest calls from `sender` to `to`, however they stand."""
        listed = self.client.calls.list_async(to=to, from_=sender, limit=CALLS_SEEN, page_size=CALLS_SEEN)
        found = await self._ask(listed, of_calls)
        return frozenset(str(it.sid) for it in found if str(it.direction).startswith("outbound"))

    async def hang_up(self, sid: str) -> None:
        """End a call."""
        await self._ask(self.client.calls(sid).update_async(status="completed"), of_calls)

    async def may_call(self, countries: Collection[str]) -> Mapping[str, bool] | None:
        """Whether the account's geographic permissions let ordinary numbers of these countries (ISO) be called.

        A country that Twilio doesn't know is left out; None when it can't be asked, or not in time.
        """
        asked, found = self.client.voice.v1.dialing_permissions, dict[str, bool]()
        try:
            async with asyncio.timeout(COUNTRIES_WITHIN):
                for country in sorted(countries):
                    try:
                        it = await self._ask(asked.countries(country).fetch_async())
                    except TwilioNo as no:
                        if no.status != 404:
                            return None
                    else:
                        found[country] = bool(it.low_risk_numbers_enabled)
        except TimeoutError:
            return None
        return found

    async def _ask(self, answer: Awaitable[T], words: Callable[[str], str] = in_words) -> T:
        try:
            return await answer
        except TwilioRestException as error:
            code = str(error.code or "")
            if error.status == 404:
                raise TwilioNo("Twilio knows no such account, or no such thing in it", code, 404) from None
            raise TwilioNo(words(code or str(error.status)), code, error.status) from None
        except (aiohttp.ClientError, TimeoutError, OSError, TwilioException) as error:
            raise TwilioNo(f"Twilio cannot be reached ({type(error).__name__})") from None


def _number(it: Any) -> OurNumber:
    can = it.capabilities if isinstance(it.capabilities, dict) else {}
    hooks = tuple((name, str(getattr(it, name, "") or "")) for name in HOOKS)
    return OurNumber(
        str(it.sid), str(it.phone_number), str(it.friendly_name or ""),
        bool(can.get("sms")), bool(can.get("mms")), bool(can.get("voice")), hooks,
    )  # fmt: skip
