"""What Twilio refuses when a call is made, and with which number: pure decisions.

Codes: twilio.com/docs/api/errors. Numbers of +1500555… behave as with Twilio's test credentials.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .twilio_rules import E164, Fault, is_url
from .twilio_store import Account, Store
from .voice_state import LONGEST_CALL, Detection, Hook, Order, Source

EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
# What Twilio knows of POST Calls.json; anything else it ignores, and so do we (but it is listed).
KNOWN = frozenset(
    "To From Method FallbackUrl FallbackMethod StatusCallback StatusCallbackEvent StatusCallbackMethod SendDigits "
    "Timeout Record RecordingChannels RecordingStatusCallback RecordingStatusCallbackMethod SipAuthUsername "
    "SipAuthPassword MachineDetection MachineDetectionTimeout RecordingStatusCallbackEvent Trim CallerId "
    "MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout AsyncAmd "
    "AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod Byoc CallReason CallToken RecordingTrack TimeLimit "
    "ClientNotificationUrl Url Twiml ApplicationSid".split()
)
_TO_TESTS = {
    "+15005550001": (21211, "The phone number you are attempting to call, {to}, is not valid."),
    "+15005550002": (21214, "The phone number you are attempting to call, {to}, cannot be reached."),
    "+15005550003": (
        21215,
        "Account not authorized to call {to}. Perhaps you need to enable some international permissions.",
    ),
    "+15005550004": (21216, "Account not allowed to call {to}"),
}
# Numbers that cost the caller extra; Twilio has them switched off (Voice geographic permissions, "high-risk").
_PREMIUM = (
    "+1900",
    "+1976",
    "+44909",
    "+4490",
    "+4491",
    "+49900",
    "+43900",
    "+41900",
    "+33899",
    "+882",
    "+883",
)
_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_CLIENT = re.compile(r"client:[A-Za-z0-9_.@+-]{1,121}")
LONGEST_TWIML = 4000
_HOOKS = (
    "StatusCallback FallbackUrl RecordingStatusCallback AsyncAmdStatusCallback AmdStatusCallback WaitUrl "
    "ConferenceStatusCallback ConferenceRecordingStatusCallback"
).split()


Form = Mapping[str, list[str]]


def first(form: Form, name: str) -> str:
    """A parameter's first value, "" without one."""
    return form.get(name, [""])[0].strip()


def check_order(form: Form, store: Store, account: Account) -> Order | Fault:
    """What `POST Calls.json` means, or Twilio's refusal."""
    to, sender = first(form, "To"), first(form, "From")
    return (
        check_to(to, account)
        or check_from(sender, to, store, account)
        or _check_script(form)
        or check_dial(form)
        or _order(form, to, sender)
    )


def check_dial(form: Form) -> Fault | None:
    """What is wrong with how a call is to be made, whomever it goes to."""
    return check_hooks(form) or _check_figures(form)


def check_to(to: str, account: Account) -> Fault | None:
    """Whether the account may call it."""
    if not to:
        return _bad(21201, "No 'To' number is specified")
    if _SIP.fullmatch(to) or _CLIENT.fullmatch(to):
        return None
    if not E164.fullmatch(to):
        return _bad(21211, f"The phone number you are attempting to call, {to}, is not valid.")
    if to in _TO_TESTS:
        code, text = _TO_TESTS[to]
        return _bad(code, text.format(to=to))
    if to.startswith(_PREMIUM):
        return _bad(21202, f"'To' number is a premium number: {to}")
    if account.countries is not None and not to.startswith(account.countries):
        code, text = _TO_TESTS["+15005550003"]
        return _bad(code, text.format(to=to))
    if account.kind == "Trial" and to not in account.verified:
        text = "Trial accounts may only make calls to verified numbers."
        return _bad(21219, f"The number {to} is unverified. {text}")
    return None


def check_from(sender: str, to: str, store: Store, account: Account) -> Fault | None:
    """Whether the account may show it as the caller's."""
    if not sender:
        return _bad(21213, "No 'From' number is specified")
    if _CLIENT.fullmatch(sender) or (to.startswith("sip") and re.fullmatch(r"[\w.+-]{1,64}", sender)):
        return None
    if not E164.fullmatch(sender) or sender == "+15005550001":
        return _bad(21212, f"Invalid 'From' Phone Number: {sender}")
    if store.number(sender) or sender in account.verified:
        return None
    return _bad(21210, f"The source phone number provided, {sender}, is not yet verified for your account.")


def _check_script(form: Form) -> Fault | None:
    url, twiml = first(form, "Url"), form.get("Twiml", [""])[0]
    if first(form, "ApplicationSid"):
        return _bad(21218, "Invalid ApplicationSid")
    if not url and not twiml:
        return _bad(21205, "Url parameter is required.")
    if url and not is_url(url):
        return _bad(21205, f"Url is not a valid URL: {url}")
    if not url and len(twiml) > LONGEST_TWIML:
        return _bad(32018, f"Twiml exceeds {LONGEST_TWIML} characters")
    return check_method(form, "Method")


def check_hooks(form: Form) -> Fault | None:
    """Whether every address to be told something is one, with methods and events that there are."""
    for name in _HOOKS:
        url = first(form, name)
        if url and not is_url(url):
            return _bad(21609, f"The '{name}' URL {url} is not a valid URL.")
    for name in ("StatusCallbackMethod", "FallbackMethod", "RecordingStatusCallbackMethod"):
        if fault := check_method(form, name):
            return fault
    if unknown := sorted(read_words(form, "StatusCallbackEvent") - EVENTS):
        return _bad(21626, f"Invalid status callback event: {unknown[0]}")
    return None


def _check_figures(form: Form) -> Fault | None:
    for name, low, high in (("Timeout", 1, 600), ("TimeLimit", 1, 86_400), ("MaxParticipants", 2, 250)):
        raw = first(form, name)
        if raw and not (raw.isascii() and raw.isdigit() and low <= int(raw[:9]) <= high):
            return _bad(21208 if name == "Timeout" else 20001, f"Invalid {name} value: {raw}")
    if first(form, "MachineDetection") not in ("", "Enable", "DetectMessageEnd", "false"):
        return _bad(20001, f"Invalid MachineDetection value: {first(form, 'MachineDetection')}")
    digits = first(form, "SendDigits")
    if digits and not re.fullmatch(r"[0-9A-D#*wW]{1,32}", digits):
        return _bad(21206, f"Invalid SendDigits: {digits}")
    return None


def check_method(form: Form, name: str) -> Fault | None:
    """GET and POST are the only ones."""
    given = first(form, name).upper()
    return _bad(21209, f"Invalid {name}: {given}") if given not in ("", "GET", "POST") else None


def read_words(form: Form, name: str) -> frozenset[str]:
    """A list that is given by repeating the parameter, or with spaces inside it."""
    return frozenset(word for value in form.get(name, ()) for word in value.split())


def read_hook(form: Form, name: str, method: str = "") -> Hook | None:
    """A webhook that a pair of parameters names."""
    url = first(form, name)
    how = first(form, method or f"{name}Method").upper() or "POST"
    return Hook(url, how) if url else None


def _order(form: Form, to: str, sender: str) -> Order:
    url, how = first(form, "Url"), first(form, "Method").upper() or "POST"
    source = Source(url, how) if url else Source("", twiml=form.get("Twiml", [""])[0])
    return Order(
        to=to,
        sender=sender,
        source=source,
        fallback=read_hook(form, "FallbackUrl", "FallbackMethod"),
        callback=read_hook(form, "StatusCallback"),
        events=read_words(form, "StatusCallbackEvent") or frozenset({"completed"}),
        timeout=int(first(form, "Timeout") or 60),
        limit=int(first(form, "TimeLimit") or LONGEST_CALL),
        detection=read_detection(form, "AsyncAmdStatusCallback", first(form, "AsyncAmd") == "true"),
        digits=first(form, "SendDigits"),
        record=first(form, "Record").lower() == "true",
        recording=read_hook(form, "RecordingStatusCallback"),
        recording_events=read_words(form, "RecordingStatusCallbackEvent") or frozenset({"completed"}),
    )


def read_detection(form: Form, hook: str, beside: bool) -> Detection | None:
    """Whether a machine is to be told from a person, and whether the call goes on meanwhile."""
    mode = first(form, "MachineDetection")
    if mode not in ("Enable", "DetectMessageEnd"):
        return None
    return Detection(mode, read_hook(form, hook) if beside else None, beside)


def _bad(code: int, message: str) -> Fault:
    return Fault(400, code, message)
