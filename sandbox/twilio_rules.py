"""What Twilio refuses, and with which code: pure decisions.

Codes and meanings: twilio.com/docs/api/errors. Numbers of +1500555… behave as with Twilio's test
credentials (twilio.com/docs/iam/test-credentials).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from .twilio_store import Account, Store, carries_pictures

E164 = re.compile(r"\+[1-9]\d{6,14}")
MAX_BODY = 1600  # characters
MAX_MEDIA = 10
QUEUE_SEGMENTS = 36_000  # ten hours at one segment a second
# What Twilio knows of POST Messages.json; anything else it ignores, and so do we (but it is listed).
KNOWN = frozenset(
    "To From Body MediaUrl StatusCallback MessagingServiceSid ApplicationSid MaxPrice ProvideFeedback "
    "Attempt ValidityPeriod ForceDelivery ContentRetention AddressRetention SmartEncoded PersistentAction "
    "TrafficType ShortenUrls ScheduleType SendAt SendAsMms ContentVariables RiskCheck FallbackFrom "
    "ContentSid".split()
)
_TO_TESTS = {
    "+15005550001": (21211, "The 'To' number {to} is not a valid phone number."),
    "+15005550002": (21612, "The 'To' phone number {to} is not currently reachable via SMS."),
    "+15005550003": (21408, "Permission to send an SMS has not been enabled for the region of {to}."),
    "+15005550004": (21610, "Attempt to send to unsubscribed recipient"),
    "+15005550009": (21614, "'To' number is not a valid mobile number"),
}
Keyword = Literal["STOP", "START", "HELP"]
_KEYWORDS: dict[str, Keyword] = {
    **dict.fromkeys("STOP STOPALL UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT".split(), "STOP"),
    **dict.fromkeys("START YES UNSTOP".split(), "START"),
    **dict.fromkeys("HELP INFO".split(), "HELP"),
}
REPLIES: dict[Keyword, str] = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this "
    "number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error answer of the REST API."""

    status: int
    code: int
    message: str

    def json(self) -> dict[str, object]:
        """As Twilio writes it."""
        url = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": self.message, "more_info": url, "status": self.status}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a request to send asks for."""

    to: str
    sender: str
    body: str
    media: tuple[str, ...]
    callback: str | None


def keyword(body: str) -> Keyword | None:
    """Which of Twilio's default keywords a whole text is, in any case; "stop please" is none."""
    return _KEYWORDS.get(body.strip().upper())


def is_url(text: str) -> bool:
    """Whether Twilio takes it for a webhook: http or https, a host without underscores, a real port."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    clean = text.isascii() and not any(c <= " " for c in text)
    return clean and parts.scheme in ("http", "https") and bool(host) and "_" not in (host or "")


def check_draft(
    form: Mapping[str, list[str]], store: Store, account: Account, queued: Mapping[str, int]
) -> Draft | Fault:
    """What `POST Messages.json` means, or Twilio's refusal. `queued`: segments waiting, by number."""
    draft = Draft(
        to=_first(form, "To").strip(),
        sender=_first(form, "From").strip(),
        body=_first(form, "Body"),
        media=tuple(form.get("MediaUrl", ())),
        callback=_first(form, "StatusCallback") or None,
    )
    return (
        _check_to(draft, account)
        or _check_sender(form, draft, store, account, queued)
        or _check_content(form, draft)
        or _check_consent(draft, store)
        or draft
    )


def _first(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _bad(code: int, message: str) -> Fault:
    return Fault(400, code, message)


def _check_to(draft: Draft, account: Account) -> Fault | None:
    to = draft.to
    if not to:
        return _bad(21604, "A 'To' phone number is required.")
    if ":" in to:
        return _bad(63007, "Twilio could not find a Channel with the specified From address")
    if re.fullmatch(r"\d{3,8}", to):
        return _bad(21265, f"'To' number cannot be a Short Code: {to}")
    if not E164.fullmatch(to):
        return _bad(21211, f"Invalid 'To' Phone Number: {to}")
    if to in _TO_TESTS:
        code, text = _TO_TESTS[to]
        return _bad(code, text.format(to=to))
    if account.kind == "Trial" and to not in account.verified:
        text = "Trial accounts cannot send messages to unverified numbers"
        return _bad(21608, f"The number {to} is unverified. {text}.")
    return None


def _check_sender(
    form: Mapping[str, list[str]], draft: Draft, store: Store, account: Account, queued: Mapping[str, int]
) -> Fault | None:
    sender = draft.sender
    if _first(form, "ScheduleType") or _first(form, "SendAt"):
        return _bad(35118, "MessagingServiceSid is required to schedule a message")
    if _first(form, "MessagingServiceSid"):
        return _bad(21701, "The Messaging Service does not exist")
    if not sender:
        return _bad(21603, "A 'From' phone number is required.")
    if sender == draft.to:
        return _bad(21266, "'To' and 'From' number cannot be the same")
    if not E164.fullmatch(sender):
        if re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}", sender):
            if account.kind == "Trial":
                text = "Alphanumeric Sender ID cannot be used as the 'From' number on trial accounts"
                return _bad(21267, text)
            text = f"combination of 'To' ({draft.to}) and/or 'From' ({sender}) parameters"
            return _bad(21612, f"Message cannot be sent with the current {text}")
        text = "is not a valid phone number, shortcode, or alphanumeric sender ID."
        return _bad(21212, f"The 'From' number {sender} {text}")
    if not store.number(sender):
        return _bad(21659, f"'From' {sender} is not a Twilio phone number or Short Code country mismatch")
    if queued.get(sender, 0) >= QUEUE_SEGMENTS:
        return _bad(21611, f"This 'From' number {sender} has exceeded the maximum number of queued messages")
    return None


def _check_content(form: Mapping[str, list[str]], draft: Draft) -> Fault | None:
    if _first(form, "ContentSid"):
        return _bad(21655, "The ContentSid is Invalid")
    if not draft.media and not draft.body:
        if "Body" in form:
            return _bad(21602, "Message body is required.")
        return _bad(21619, "A text message body or media urls must be specified.")
    if len(draft.body) > MAX_BODY:
        return _bad(21617, "The concatenated message body exceeds the 1600 character limit")
    if len(draft.media) > MAX_MEDIA:
        return _bad(21623, "Number of media files exceeds allowed limit")
    if any(not is_url(u) for u in draft.media):
        return _bad(21620, "Invalid media URL(s)")
    if draft.media and not carries_pictures(draft.sender):
        return _bad(21621, f"The 'From' number {draft.sender} has not been enabled for MMS")
    if draft.callback and not is_url(draft.callback):
        return _bad(21609, f"The 'StatusCallback' URL {draft.callback} is not a valid URL.")
    period = _first(form, "ValidityPeriod")
    if period and not (period.isascii() and period.isdigit() and 1 <= int(period[:9]) <= 36_000):
        return _bad(21624, "Invalid validity period value")
    return None


def _check_consent(draft: Draft, store: Store) -> Fault | None:
    if (draft.to, draft.sender) in store.blocked:
        return _bad(21610, "Attempt to send to unsubscribed recipient")
    return None
