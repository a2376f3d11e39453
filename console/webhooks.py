"""Where Twilio shall send a number's texts, and what that changes. Pure.

`#rc=3&rp=all`: three more tries after any failure (twilio.com/docs/usage/webhooks/webhooks-connection-overrides);
without it an answer that fails is tried nowhere else, and the fallback address is the last chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from .twilio_side import OurNumber

RETRY = "#rc=3&rp=all"


@dataclass(frozen=True, slots=True)
class HookChange:
    """One setting of a number, old → new."""

    name: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.name}: {self.old or '(nothing)'} → {self.new or '(nothing)'}"


def wanted(public_url: str) -> dict[str, str]:
    """The settings of a number whose texts are ours."""
    return {
        "sms_url": f"{public_url}/twilio/sms{RETRY}",
        "sms_method": "POST",
        "sms_fallback_url": f"{public_url}/twilio/sms/fallback{RETRY}",
        "sms_fallback_method": "POST",
    }


def changes(number: OurNumber, public_url: str) -> tuple[HookChange, ...]:
    """What must change."""
    there = dict(number.hooks)
    want = wanted(public_url)
    return tuple(HookChange(k, there.get(k, ""), v) for k, v in want.items() if there.get(k, "") != v)


def trouble(number: OurNumber, public_url: str) -> tuple[tuple[bool, str], ...]:
    """(is it fatal, what is wrong) with a number's webhooks, for doctor."""
    there, want = dict(number.hooks), wanted(public_url)
    if there.get("sms_application_sid"):
        return ((True, "a TwiML application takes its texts"),)
    if there.get("sms_url", "").partition("#")[0] != want["sms_url"].partition("#")[0]:
        where = urlsplit(there.get("sms_url", "")).netloc
        return ((True, f"its texts go to {where or 'nobody'}, not to us"),)
    found = []
    if there.get("sms_method") != "POST":
        found.append((True, "its webhook isn't POST"))
    if "rc=" not in there.get("sms_url", ""):
        found.append((False, "Twilio tries its webhook only once"))
    if not there.get("sms_fallback_url"):
        found.append((False, "it has no fallback address"))
    return tuple(found)
