"""Twilio's requests, decoded at the door: signature first, then names and shapes, then a frozen value.

The signature joins names and values without separators and carries no time (twilio 9.13's RequestValidator), so
different requests share one signature and a captured one verifies for ever. Hence the strict shapes here and the
deduplication by MessageSid behind.

Sources: twilio.com/docs/usage/webhooks/webhooks-security, …/messaging/guides/webhook-request,
…/messaging/guides/outbound-message-status-in-status-callbacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from multidict import MultiDict

from ...queue.contact import Arrived, Media
from ..twilio.front import BadRequest, strict

MESSAGE_SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
ADDRESS = re.compile(
    r"(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}|(whatsapp|messenger|rcs):[!-~]{1,80})"
)
NUMBER = re.compile(r"(\+[1-9][0-9]{6,14}|[0-9]{3,8}|(whatsapp|messenger|rcs):[!-~]{1,80})")
LONGEST_TEXT = 20_000
MOST_MEDIA = 10
MEDIA_HOSTS = ("api.twilio.com", "media.twiliocdn.com", "mms.twiliocdn.com")
"""Where media live: the API redirects to the other two, which take no credentials."""

AFTER_BODY = (
    "ButtonPayload", "ButtonText", "ButtonType", "ChannelInstallSid", "ChannelMetadata", "ChannelPrefix",
    "ChannelToAddress", "ExternalUserId", "Forwarded", "FrequentlyForwarded", "From",
)  # fmt: skip
"""Fields that Twilio sends between Body and From in the order of their names; texts from phones have none."""

Status = Literal["queued", "sending", "sent", "delivered", "failed"]
STATUSES: dict[str, Status] = {
    "accepted": "queued", "scheduled": "queued", "queued": "queued", "sending": "sending", "sent": "sent",
    "delivered": "delivered", "read": "delivered", "undelivered": "failed", "failed": "failed", "canceled": "failed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What became of a text of ours; `error` in Twilio's number, "" when none."""

    sid: str
    status: Status
    error: str


def arrival(form: MultiDict[str], account: str, failed: Iterable[str] = ()) -> Arrived:
    """An inbound message; at the fallback address with which of our addresses `failed`. Raises BadRequest."""
    one = strict(form, account)
    if failed and one.pop("ErrorUrl", "").partition("#")[0] not in failed:
        raise BadRequest("ErrorUrl is no address of ours")
    if failed and not re.fullmatch("[0-9]{5}", one.pop("ErrorCode", "")):
        raise BadRequest("ErrorCode is no error of Twilio's")
    _unambiguous(one)
    sid = one.get("MessageSid", "")
    if not MESSAGE_SID.fullmatch(sid):
        raise BadRequest("MessageSid is no message's")
    if any(one.get(name, sid) != sid for name in ("SmsSid", "SmsMessageSid")):
        raise BadRequest("the sids differ")
    sender, recipient = one.get("From", ""), one.get("To", "")
    if not ADDRESS.fullmatch(sender) or not NUMBER.fullmatch(recipient):
        raise BadRequest("From or To is no address")
    text = one.get("Body", "")
    if len(text) > LONGEST_TEXT:
        raise BadRequest("Body is longer than any text")
    return Arrived("sms", sid, sender, recipient, storable(text), _media(one, account, sid), None, True, "")


def report(form: MultiDict[str], account: str) -> StatusReport:
    """A status callback. Raises BadRequest."""
    one = strict(form, account)
    sid = one.get("MessageSid", one.get("SmsSid", ""))
    status = STATUSES.get(one.get("MessageStatus", one.get("SmsStatus", "")))
    error = one.get("ErrorCode", "")
    if not MESSAGE_SID.fullmatch(sid) or status is None or (error and not re.fullmatch(r"[0-9]{1,6}", error)):
        raise BadRequest("no status of a message")
    return StatusReport(sid, status, error)


def opt_word(form: MultiDict[str]) -> bool | None:
    """True: the customer said STOP; False: START; None: neither (Twilio's OptOutType, else the exact word)."""
    kind = (form.get("OptOutType") or "").upper()
    word = kind or (form.get("Body") or "").strip().upper()
    if word in ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"):
        return True
    return False if word in ("START", "UNSTOP", "YES") and (kind or word != "YES") else None


def help_word(form: MultiDict[str]) -> bool:
    """The customer said HELP and nothing else: Twilio answers it itself."""
    kind = (form.get("OptOutType") or "").upper()
    return kind == "HELP" or (form.get("Body") or "").strip().upper() in ("HELP", "INFO")


def _unambiguous(one: dict[str, str]) -> None:
    """Refuse what has the signature of another message (SEC3).

    Twilio signs names and values sorted and joined, so a captured request could be cut at other places: a text
    that contains "Country" would lose its end to a field of that name, one with "From+49…FromCity" would change
    its sender. The first needs a new name right beside Body; the second leaves the true From within another value.
    """
    names = sorted(one)
    if "Body" not in one or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", one.get("ApiVersion", "")):
        raise BadRequest("Body or ApiVersion is missing or odd")
    at = names.index("Body")
    after = AFTER_BODY if ":" in one.get("From", "") else ("From",)
    if names[at - 1] != "ApiVersion" or names[at + 1 : at + 2] and names[at + 1] not in after:
        raise BadRequest("a field stands where Twilio sends none")
    joined = "".join(name + one[name] for name in names if name != "Body")
    if len(re.findall("From(?!City|State|Zip|Country)", joined)) != 1:
        raise BadRequest("there is more than one sender in it")


def _media(one: dict[str, str], account: str, sid: str) -> tuple[Media, ...]:
    count = one.get("NumMedia", "0")
    if not re.fullmatch(r"[0-9]{1,2}", count) or int(count) > MOST_MEDIA:
        raise BadRequest("NumMedia is no number of media")
    found = []
    for i in range(int(count)):
        url, kind = one.get(f"MediaUrl{i}", ""), one.get(f"MediaContentType{i}", "application/octet-stream")
        if (
            len(url) > 1000
            or not url.startswith(("https://", "http://127.0.0.1", "http://localhost"))
            or len(kind) > 100
        ):
            raise BadRequest(f"MediaUrl{i} is no address")
        found.append(Media(url, kind, url.rsplit("/", 1)[-1][:80]))
    return tuple(found)


def storable(text: str) -> str:
    """NUL and lone surrogates can be stored nowhere; everything else is kept as it came."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")
