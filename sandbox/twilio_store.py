"""What Twilio keeps of an account: messages, media, numbers, opt-outs, warnings; and how it shows them.

Shapes follow Twilio's OpenAPI description of 2010-04-01; dates are RFC 2822 in GMT of the moved clock.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from .segments import count_segments
from .stage import Cast, Clock

HOST = "https://api.twilio.com"
TERMINAL = frozenset({"delivered", "undelivered", "failed", "received", "read", "canceled"})
# Countries whose Twilio numbers carry pictures (twilio.com "MMS supported countries").
_PICTURES = ("+1", "+61")
COUNTRIES = {
    "+1": "US",
    "+31": "NL",
    "+32": "BE",
    "+33": "FR",
    "+34": "ES",
    "+39": "IT",
    "+41": "CH",
    "+43": "AT",
    "+44": "GB",
    "+45": "DK",
    "+46": "SE",
    "+47": "NO",
    "+48": "PL",
    "+49": "DE",
    "+61": "AU",
    "+353": "IE",
    "+420": "CZ",
}


@dataclass(frozen=True, slots=True)
class Service:
    """A messaging service: its numbers (E.164), and its A2P campaign's `campaign_status`, "" where it has none."""

    name: str
    numbers: tuple[str, ...] = ()
    campaign: str = ""

    @property
    def sid(self) -> str:
        """MG and 32 hex digits."""
        return "MG" + hashlib.sha256(self.name.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Account:
    """Settings of the account that a real one has in the console.

    `verified`: whom a trial account may text. `advanced_opt_out`: `OptOutType` comes with inbound texts
    (Twilio sends it only with Advanced Opt-Out of a Messaging Service). `services`: None is one with every US number
    and a verified campaign. `calls_a_second`: how many that the account makes leave; `calls_at_once`: how many may go
    on, None without a limit. `countries`: prefixes that may be called (geographic permissions), None all.
    """

    kind: str = "Full"
    verified: frozenset[str] = frozenset()
    advanced_opt_out: bool = False
    services: tuple[Service, ...] | None = None
    calls_a_second: float = 1.0
    calls_at_once: int | None = None
    countries: tuple[str, ...] | None = None

    def carried(self, sender: str, to: str) -> bool:
        """Whether US carriers take a text: those from unregistered US numbers they refuse (30034)."""
        if self.services is None or not (sender.startswith("+1") and to.startswith("+1")):
            return True
        return any(sender in it.numbers and it.campaign == "VERIFIED" for it in self.services)


@dataclass(slots=True)
class Media:
    """One picture or file of a message."""

    sid: str
    content_type: str
    content: bytes
    at: float


@dataclass(slots=True)
class Message:
    """One text, in or out; `at` and `sent_at` in seconds of the moved clock."""

    sid: str
    sender: str
    to: str
    body: str
    direction: str
    status: str
    at: float
    updated: float
    media: list[Media] = field(default_factory=list)
    sent_at: float | None = None
    error: int | None = None
    callback: str | None = None
    media_urls: tuple[str, ...] = ()

    @property
    def segments(self) -> int:
        """What it costs; a picture message is one."""
        return 1 if self.sid.startswith("MM") else count_segments(self.body)


@dataclass(slots=True)
class PhoneNumber:
    """One number of the account with its webhooks, as IncomingPhoneNumbers holds them."""

    sid: str
    number: str
    at: float
    updated: float
    settings: dict[str, str]


@dataclass(frozen=True, slots=True)
class Warned:
    """What Twilio's debugger lists: a code of twilio.com/docs/api/errors and what it was about."""

    at: str
    code: int
    text: str
    sid: str
    url: str


def new_sid(prefix: str) -> str:
    """A sid as Twilio writes them: two letters and 32 hex digits."""
    return prefix + secrets.token_hex(16)


def rfc2822(at: float | None) -> str | None:
    """`Mon, 22 Nov 2026 19:28:00 +0000`, or None."""
    return None if at is None else format_datetime(datetime.fromtimestamp(int(at), UTC))


def country_of(number: str) -> str:
    """ISO country of a number in E.164, "" where the small table here does not know it."""
    return next((COUNTRIES[number[:n]] for n in (4, 3, 2) if number[:n] in COUNTRIES), "")


def carries_pictures(number: str) -> bool:
    """Whether a Twilio number of that country can send MMS."""
    return number.startswith(_PICTURES)


class Store:
    """Everything the account holds, empty after `reset`; numbers go back to the cast's."""

    def __init__(self, cast: Cast, clock: Clock) -> None:
        self.cast = cast
        self.clock = clock
        self.sid = cast.credentials.account_sid
        self.born = clock.now()
        self.reset()

    def reset(self) -> None:
        """Forget messages, opt-outs and warnings; the numbers' settings are the cast's again."""
        now = self.clock.now()
        self.messages: dict[str, Message] = {}
        self.blocked: set[tuple[str, str]] = set()  # (customer, our number)
        self.warnings: list[Warned] = []
        self.numbers: dict[str, PhoneNumber] = {}
        for n in self.cast.numbers:
            settings = {"sms_url": n.sms_url, "sms_method": "POST", "voice_url": n.voice_url}
            settings |= {"status_callback": n.status_callback}
            entry = PhoneNumber(new_sid("PN"), n.number, now, now, {**settings, "friendly_name": n.number})
            self.numbers[entry.sid] = entry

    def number(self, e164: str) -> PhoneNumber | None:
        """The account's number, or None."""
        return next((n for n in self.numbers.values() if n.number == e164), None)

    def add(self, message: Message) -> None:
        """Keep a message."""
        self.messages[message.sid] = message

    def set_status(self, message: Message, status: str, error: int | None = None) -> None:
        """Move a message on; `date_sent` is set when it first leaves the queue."""
        message.status, message.updated = status, self.clock.now()
        if error is not None:
            message.error = error
        if status in ("sent", "delivered", "undelivered") and message.sent_at is None:
            message.sent_at = message.updated

    def warn(self, code: int, text: str, sid: str = "", url: str = "") -> None:
        """What Twilio would show in its debugger; the newest 1,000."""
        self.warnings.append(Warned(self.clock.iso(), code, text, sid, url))
        del self.warnings[:-1000]

    def uri(self, *parts: str) -> str:
        """`/2010-04-01/Accounts/AC…/…`."""
        return "/".join(("/2010-04-01/Accounts", self.sid, *parts))

    def account_json(self, account: Account, token: str) -> dict[str, object]:
        """`api.v2010.account`."""
        names = {"messages": "Messages", "incoming_phone_numbers": "IncomingPhoneNumbers", "calls": "Calls"}
        return {
            "sid": self.sid,
            "auth_token": token,
            "friendly_name": "Sandbox",
            "owner_account_sid": self.sid,
            "status": "active",
            "type": account.kind,
            "date_created": rfc2822(self.born),
            "date_updated": rfc2822(self.born),
            "uri": f"/2010-04-01/Accounts/{self.sid}.json",
            "subresource_uris": {k: self.uri(f"{v}.json") for k, v in names.items()},
        }

    def message_json(self, message: Message) -> dict[str, object]:
        """`api.v2010.account.message`."""
        return {
            "account_sid": self.sid,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": rfc2822(message.at),
            "date_sent": rfc2822(message.sent_at),
            "date_updated": rfc2822(message.updated),
            "direction": message.direction,
            "error_code": message.error,
            "error_message": ERROR_TEXTS.get(message.error) if message.error else None,
            "from": message.sender,
            "messaging_service_sid": None,
            "num_media": str(len(message.media) or len(message.media_urls)),
            "num_segments": str(message.segments),
            "price": None,
            "price_unit": "USD",
            "sid": message.sid,
            "status": message.status,
            "subresource_uris": {"media": self.uri("Messages", message.sid, "Media.json")},
            "to": message.to,
            "uri": self.uri("Messages", f"{message.sid}.json"),
        }

    def media_json(self, message: Message, media: Media) -> dict[str, object]:
        """`api.v2010.account.message.media`."""
        return {
            "sid": media.sid,
            "account_sid": self.sid,
            "parent_sid": message.sid,
            "content_type": media.content_type,
            "date_created": rfc2822(media.at),
            "date_updated": rfc2822(media.at),
            "uri": self.uri("Messages", message.sid, "Media", f"{media.sid}.json"),
        }

    def number_json(self, entry: PhoneNumber) -> dict[str, object]:
        """`api.v2010.account.incoming_phone_number`."""
        pictures = carries_pictures(entry.number)
        uri = self.uri("IncomingPhoneNumbers", f"{entry.sid}.json")
        return {**number_defaults(), **entry.settings} | {
            "account_sid": self.sid,
            "capabilities": {"voice": True, "sms": True, "mms": pictures, "fax": False},
            "date_created": rfc2822(entry.at),
            "date_updated": rfc2822(entry.updated),
            "phone_number": entry.number,
            "sid": entry.sid,
            "uri": uri,
        }


def number_defaults() -> dict[str, object]:
    """A number as bought: nothing configured."""
    nothing = (
        "address_sid bundle_sid emergency_address_sid identity_sid trunk_sid sms_application_sid "
        "voice_application_sid"
    ).split()
    urls = "sms_fallback_url sms_url status_callback voice_fallback_url voice_url".split()
    methods = [f"{kind}_method" for kind in "sms_fallback sms status_callback voice_fallback voice".split()]
    return {
        **dict.fromkeys(nothing),
        **dict.fromkeys(urls, ""),
        **dict.fromkeys(methods, "POST"),
        "address_requirements": "none",
        "api_version": "2010-04-01",
        "beta": False,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "origin": "twilio",
        "status": "in-use",
        "type": "mobile",
        "voice_caller_id_lookup": False,
        "voice_receive_mode": "voice",
    }


def newest_first(messages: Iterable[Message]) -> list[Message]:
    """The order in which Twilio lists."""
    return list(reversed(list(messages)))


# twilio.com/docs/api/errors; the texts are what a message resource's error_message says.
ERROR_TEXTS: dict[int | None, str] = {
    11200: "HTTP retrieval failure",
    21617: "The concatenated message body exceeds the 1600 character limit",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "US A2P 10DLC - Message from an Unregistered Number",
    30036: "Validity Period Expired",
    30410: "Provider Timeout",
    63016: "Failed to send freeform message because you are outside the allowed window",
}
