"""Where Twilio shall send a number's texts and calls, and what that changes. Pure.

`#rc=3&rp=…`: three more tries (twilio.com/docs/usage/webhooks/webhooks-connection-overrides): of a text after any
failure, of a call where we weren't there or not whole. The last chance of a text is our own fallback address; that of
a call must not be ours: it is asked when we don't answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..channels.voice.twiml import RETRY as RETRY_CALLS
from .twilio_side import OurNumber

RETRY = "#rc=3&rp=all"
BIN = "https://www.twilio.com/console/twiml-bins"
"""Where a small document can be kept at Twilio itself."""


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


def wanted_calls(public_url: str, fallback: str = "") -> dict[str, str]:
    """The settings of a number whose calls are ours; without `fallback` the one that is there stays."""
    return {
        "voice_url": f"{public_url}/twilio/voice{RETRY_CALLS}",
        "voice_method": "POST",
        "status_callback": f"{public_url}/twilio/voice/leg{RETRY_CALLS}",
        "status_callback_method": "POST",
        **({"voice_fallback_url": fallback, "voice_fallback_method": "GET"} if fallback else {}),
    }


def changes(number: OurNumber, public_url: str) -> tuple[HookChange, ...]:
    """What must change so that its texts come to us."""
    return _changes(number, wanted(public_url))


def changes_calls(number: OurNumber, public_url: str, fallback: str = "") -> tuple[HookChange, ...]:
    """What must change so that its calls come to us."""
    return _changes(number, wanted_calls(public_url, fallback))


def _changes(number: OurNumber, want: dict[str, str]) -> tuple[HookChange, ...]:
    there = dict(number.hooks)
    return tuple(HookChange(k, there.get(k, ""), v) for k, v in want.items() if there.get(k, "") != v)


def trouble(number: OurNumber, public_url: str) -> tuple[tuple[bool, str], ...]:
    """(is it fatal, what is wrong) with how a number's texts come to us, for doctor."""
    there, want = dict(number.hooks), wanted(public_url)
    if there.get("sms_application_sid"):
        return ((True, "a TwiML application takes its texts"),)
    if not _same(there.get("sms_url", ""), want["sms_url"]):
        return ((True, f"its texts go to {_where(there.get('sms_url', ''))}, not to us"),)
    found = []
    if there.get("sms_method") != "POST":
        found.append((True, "its webhook isn't POST"))
    if "rc=" not in there.get("sms_url", ""):
        found.append((False, "Twilio tries its webhook only once"))
    if not there.get("sms_fallback_url"):
        found.append((False, "it has no fallback address"))
    return tuple(found)


def taken_by(number: OurNumber) -> str:
    """What takes a number's calls before its webhooks are asked, "" for nothing."""
    there = dict(number.hooks)
    if there.get("trunk_sid"):
        return "a SIP trunk"
    return "a TwiML application" if there.get("voice_application_sid") else ""


def trouble_calls(number: OurNumber, public_url: str) -> tuple[tuple[bool, str], ...]:
    """(is it fatal, what is wrong) with how a number's calls come to us, its fallback aside."""
    there, want = dict(number.hooks), wanted_calls(public_url)
    if taker := taken_by(number):
        return ((True, f"{taker} takes its calls"),)
    if not _same(there.get("voice_url", ""), want["voice_url"]):
        return ((True, f"its calls go to {_where(there.get('voice_url', ''))}, not to us"),)
    found = []
    if there.get("voice_method") != "POST":
        found.append((True, "its webhook for calls isn't POST"))
    if not _same(there.get("status_callback", ""), want["status_callback"]):
        told = _where(there.get("status_callback", ""))
        found.append(
            (
                True,
                f"{told} is told when a caller hangs up, not we: who hangs up in the menu would be called back",
            )
        )
    elif there.get("status_callback_method") != "POST":
        found.append((True, "its status callback isn't POST"))
    if "rc=" not in there.get("voice_url", ""):
        found.append((False, "Twilio tries its webhook for calls only once"))
    return tuple(found)


def fallback_trouble(number: OurNumber, public_url: str) -> str:
    """Why a caller would hear Twilio's error while we are away; "" when the fallback is set and isn't ours."""
    there = dict(number.hooks).get("voice_fallback_url", "")
    if not there:
        return "no fallback for calls: while we are away, callers hear that an application error has occurred"
    if lives_here(there, public_url):
        return "its fallback for calls lives here: when we are away, so is it"
    return ""


def lives_here(url: str, public_url: str) -> bool:
    """Whether an address is on our own host."""
    return bool(public_url) and urlsplit(url).hostname == urlsplit(public_url).hostname


def _same(one: str, other: str) -> bool:
    return one.partition("#")[0] == other.partition("#")[0]


def _where(url: str) -> str:
    return urlsplit(url).netloc or "nobody"
