"""What `POST /clock` and `POST /faults` ask for, read into values; nothing here acts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .api import Field, Refused, check_fields, check_type
from .stage import Faults, SlackFaults, SmtpFaults, TwilioFaults

FURTHEST = 5 * 366 * 86400.0  # a typing mistake should not cost a century of due instants
_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9}(?:\.\d{1,3})?)s)?")
_SECONDS = (86400, 3600, 60, 1)


def parse_duration(text: str) -> float:
    """Seconds in "1d2h30m5.5s" (any part may be left out); raises `Refused`."""
    found = _DURATION.fullmatch(text.replace(" ", ""))
    if not found or not any(found.groups()):
        raise Refused(f"{text!r} is not a duration", 'write it like "2h30m", "45s" or "1d"')
    return float(sum(float(n) * unit for n, unit in zip(found.groups(), _SECONDS, strict=True) if n))


def parse_instant(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 instant with an offset; raises `Refused`."""
    example = 'write it like "2026-12-25T03:00:00+01:00"'
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"{text!r} is not an ISO 8601 instant", example) from error
    if at.tzinfo is None:
        raise Refused(f"{text!r} says no offset from UTC", example)
    try:
        return at.timestamp()
    except (OverflowError, ValueError) as error:
        raise Refused(f"{text!r} is out of range", example) from error


def parse_target(body: Mapping[str, Any], now: float) -> float:
    """The instant that `{"advance"}` or `{"at"}` names, seconds since the epoch.

    Raises `Refused`: 400 when it cannot be read or lies too far ahead, 409 when it is not ahead of `now`.
    """
    if ("advance" in body) == ("at" in body):
        hint = 'send {"advance": "2h30m"} or {"at": "2026-12-25T03:00:00+01:00"}'
        raise Refused("say either how far or whereto", hint)
    to = now + parse_duration(body["advance"]) if "advance" in body else parse_instant(body["at"])
    if to <= now:
        raise Refused("time only goes forward", "name an instant ahead of /state's time, or POST /reset", 409)
    if to - now > FURTHEST:
        raise Refused("that is more than five years ahead", "name a nearer instant")
    return to


_TWILIO = {
    "fail": Field(int, False),
    "times": Field(int, False),
    "delay": Field((str, int, float), False),
    "drop_reply": Field(bool, False),
    "enforce_limits": Field(bool, False),
    "out_of_order": Field(bool, False),
    "redeliver": Field(bool, False),
    "at_once": Field(bool, False),
    "undelivered": Field(int, False),
    "webhook_delay": Field((str, int, float), False),
    "late_action": Field(bool, False),
    "lose_events": Field(bool, False),
    "hurry": Field((str, int, float), False),
}
_SLACK = {
    "rate_limit": Field(dict, False),
    "down": Field(bool, False),
    "redeliver": Field(bool, False),
    "fail": Field(int, False),
    "times": Field(int, False),
    "delay": Field((str, int, float), False),
    "drop_reply": Field(bool, False),
    "enforce_limits": Field(bool, False),
    "lose": Field(int, False),
}
_SMTP = {
    "fail": Field(int, False),
    "at": Field(str, False),
    "times": Field(int, False),
    "delay": Field((str, int, float), False),
    "drop_reply": Field(bool, False),
    "down": Field(bool, False),
    "partial": Field(bool, False),
}
_FAULTS = {
    "twilio": Field(dict, False),
    "slack": Field(dict, False),
    "smtp": Field(dict, False),
    "receipts": Field(str, False),
}


def parse_faults(body: Mapping[str, Any]) -> Faults:
    """The faults that a body of `POST /faults` asks for, whole: what it does not name is well again."""
    check_fields(body, _FAULTS, "the faults")
    receipts = body.get("receipts", "auto")
    if receipts not in ("auto", "manual"):
        raise Refused(f"receipts {receipts!r} is unknown", '"auto" or "manual"')
    twilio = _common("twilio", check_fields(body.get("twilio", {}), _TWILIO, "twilio"))
    slack = _common("slack", check_fields(body.get("slack", {}), _SLACK, "slack"))
    if "rate_limit" in slack:
        fields = {"retry_after": Field(int), "channel": Field(str, False)}
        limit = check_fields(slack.pop("rate_limit"), fields, "rate_limit")
        slack["retry_after"] = _within("retry_after", limit["retry_after"], 0, 3600)
        slack["limited"] = limit.get("channel", "")
    if "lose" in slack:
        _within("lose", slack["lose"], 0, 3)
    if "undelivered" in twilio:
        _within("undelivered", twilio["undelivered"], 10_000, 99_999)
    smtp = _common("smtp", check_fields(body.get("smtp", {}), _SMTP, "smtp"))
    if smtp.get("at", "rcpt") not in ("mail", "rcpt", "data"):
        raise Refused(f"smtp.at {smtp['at']!r} is unknown", '"mail", "rcpt" or "data"')
    return Faults(TwilioFaults(**twilio), SlackFaults(**slack), SmtpFaults(**smtp), receipts)


def apply_faults(faults: Faults, wanted: Faults) -> None:
    """Make `faults`, the object that every stand-in looks at, say what `wanted` says."""
    faults.twilio, faults.slack, faults.smtp = wanted.twilio, wanted.slack, wanted.smtp
    faults.receipts = wanted.receipts


def _common(service: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that the services share, checked; durations in seconds."""
    fields = dict(fields)
    if "fail" in fields:
        _within(f"{service}.fail", fields["fail"], 400, 599)
    if "times" in fields:
        _within(f"{service}.times", fields["times"], 0, 1_000_000)
    for name in {"delay", "webhook_delay", "hurry"} & set(fields):
        given = fields[name]
        fields[name] = parse_duration(given) if isinstance(given, str) else float(given)
        if not 0 <= fields[name] <= 600:
            raise Refused(f"{service}.{name} is out of range", "from 0 s to 600 s")
    return fields


def _within(name: str, value: int, low: int, high: int) -> int:
    check_type(name, value, int)
    if not low <= value <= high:
        raise Refused(f"{name} is {value}", f"from {low} to {high}")
    return value
