"""What Twilio says of calls, decoded at the door into values of `phone.py`.

A signature fits other cuts of the same text as well (`twilio/front.py`). So every value that counts has a shape whose
end is plain (the next name begins with a capital), and what begins such a value stands once in the whole (SEC3).

Sources: twilio.com/docs/voice/twiml#request-parameters and the pages of Gather, Enqueue, Dial, Record, Conference;
…/voice/api/call-resource#statuscallback; …/voice/answering-machine-detection; …/voice/trusted-calling-with-shakenstir.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from multidict import MultiDict, MultiMapping

from ..phone import Call, LegNews, LegState, Recorded, RoomEventKind, RoomNews
from ..twilio.front import BadRequest, strict

NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,40}|SipHeader_[A-Za-z0-9_-]{1,80}|msg")
"""`msg` comes with a Gather's answer ("Gather End"), the one name in small letters."""
KEY, VALUE = re.compile("[a-z][a-z0-9_]{0,15}"), re.compile(r"[^\x00-\x1f\x7f]{0,200}")
OURS = ("turns", "digits", "speech", "result")
"""What the door itself puts into an address, beside a leg's `about`."""
MOST_TURNS, MOST_ALONG = 999, 8
LONGEST_SPEECH, LONGEST_NAME = 500, 100

_CALL, _ROOM, _RECORDING, _QUEUE = (f"{kind}[0-9a-f]{{32}}" for kind in ("CA", "CF", "RE", "QU"))
CALL_SID = re.compile(_CALL)
_WORD, _NUMBER = "[a-z][a-z-]{0,40}", "[0-9]{1,9}"
_PARTY = r"(?:whatsapp:)?\+?[0-9]{2,15}|sips?:[!-~]{1,200}|client:[!-~]{1,200}"
_NOBODY = "anonymous|restricted|unavailable|unknown|private|blocked"
WITHHELD = re.compile(
    rf"|{_NOBODY}|\+?(266696687|7378742833|2562533|8656696|86282452253)|sips?:({_NOBODY})(@.*)?",
    re.IGNORECASE,
)
"""Twilio's words, and their letters on a phone's keys: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE."""
_API = r"https://api(?:\.[a-z0-9-]{1,20}){0,2}\.twilio\.com"
"""Where recordings live, in any of Twilio's regions."""
SIP_END = re.compile(r"(sips?:[^@]+@|client:)[a-z0-9.:;=_-]+|(whatsapp:)?\+?[0-9]{2,15}")
"""An address whose end is plain, since no capital is in its last part."""

SHAPES: Mapping[str, tuple[str, str]] = {
    "AccountSid": ("", "AC[0-9a-f]{32}"),
    "CallSid": ("(?<!Parent)(?<!Dial)", _CALL),
    "From": ("(?<!Forwarded)", _PARTY),
    "To": ("", _PARTY),
    "CallStatus": ("(?<!Dial)(?<!Participant)", _WORD),
    "Digits": ("", "[0-9*#]{1,32}|hangup"),
    "DialCallStatus": ("", _WORD),
    "QueueSid": ("", _QUEUE),
    "QueueTime": ("(?<!Avg)", _NUMBER),
    "QueueResult": ("", _WORD),
    "StirVerstat": ("", r"(TN|No)-[A-Za-z-]{1,40}"),
    "AnsweredBy": ("", "[a-z][a-z_]{0,40}"),
    "CallDuration": ("", _NUMBER),
    "ErrorCode": ("", "[0-9]{1,6}"),
    "SipResponseCode": ("", "[0-9]{3}"),
    "ConferenceSid": ("", _ROOM),
    "StatusCallbackEvent": ("", _WORD),
    "SequenceNumber": ("", _NUMBER),
    "RecordingSid": ("", _RECORDING),
    "RecordingStatus": ("", _WORD),
    "RecordingDuration": ("", "-1|[0-9]{1,9}"),
    "RecordingUrl": ("", f"{_API}/2010-04-01/Accounts/AC[0-9a-f]{{32}}/Recordings/{_RECORDING}"),
}
"""What may stand before a name so that it is another's end, and how a value looks that isn't empty."""
_ONCE = {name: re.compile(f"{before}{name}(?={shape})") for name, (before, shape) in SHAPES.items()}
_WHOLE = {name: re.compile(shape) for name, (_, shape) in SHAPES.items()}

STATES: Mapping[str, LegState] = {
    "queued": "queued", "initiated": "initiated", "ringing": "ringing", "in-progress": "answered",
    "answered": "answered", "completed": "completed", "busy": "busy", "failed": "failed",
    "no-answer": "no-answer", "canceled": "canceled",
}  # fmt: skip
ENDED = ("completed", "busy", "failed", "no-answer", "canceled")
EVENTS: Mapping[str, RoomEventKind] = {
    "conference-start": "start", "conference-end": "end", "participant-join": "join", "participant-leave": "leave",
    "participant-mute": "mute", "participant-unmute": "unmute", "participant-hold": "hold",
    "participant-unhold": "unhold",
}  # fmt: skip
_AFTER_LABEL = re.compile("ReasonParticipantLeft|ReasonConferenceEnded")
_AFTER_ROOM = re.compile(
    f"Hold(true|false)|Muted(true|false)|Participant(Label|CallStatus)|{_AFTER_LABEL.pattern}"
)
AFTER = {"SpeechResult": ("Stir", "To"), "ParticipantLabel": ("Reason", "SequenceNumber")}
"""What follows the free texts, in the order of names."""
MACHINES: Mapping[str, bool | None] = {"": None, "unknown": None, "human": False}
"""What takes a call that is none, or may be none; all else is a machine or a fax."""


def caller(form: MultiDict[str], query: MultiMapping[str], account: str) -> Call:
    """A leg that asks. Raises BadRequest. Who calls from what is no address counts as withheld."""
    one = _plain(form, account)
    digits = one.get("Digits") or query.get("digits", "")
    return Call(
        _shaped(one, "CallSid"),
        sender_of(one.get("From", "")),
        sender_of(one.get("To", "")),
        about_of(query),
        "" if digits == "hangup" else digits[:32],
        clean(_whole_words(one, "SpeechResult") or query.get("speech", ""), LONGEST_SPEECH),
        clean(one.get("CallerName", ""), LONGEST_NAME),
        one.get("StirVerstat", "") == "TN-Validation-Passed-A",
        turns_of(query),
        one.get("QueueSid", ""),
        _number(one, "QueueTime"),
        _result(one) or query.get("result", ""),
    )


def leg_news(form: MultiDict[str], query: MultiMapping[str], account: str) -> LegNews:
    """A leg's status callback. Raises BadRequest."""
    one = _plain(form, account)
    state = STATES.get(one.get("CallStatus", ""))
    if state is None:
        raise BadRequest("CallStatus is no state of a call")
    return LegNews(
        _shaped(one, "CallSid"),
        state,
        about_of(query),
        MACHINES.get(one.get("AnsweredBy", ""), True),
        _number(one, "CallDuration"),
        one.get("ErrorCode")
        or ("" if state in ("answered", "completed") else one.get("SipResponseCode", "")),
    )


def machine_news(form: MultiDict[str], query: MultiMapping[str], account: str) -> LegNews:
    """Whether a person took a leg that we made, told while it goes on. Raises BadRequest."""
    one = _plain(form, account)
    if "AnsweredBy" not in one:
        raise BadRequest("AnsweredBy is missing")
    return LegNews(
        _shaped(one, "CallSid"), "answered", about_of(query), MACHINES.get(one["AnsweredBy"], True)
    )


def room_news(form: MultiDict[str], query: MultiMapping[str], account: str) -> RoomNews | None:
    """An event of a conference; None for one of a kind that we don't follow. Raises BadRequest."""
    one = _plain(form, account)
    kind = EVENTS.get(_shaped(one, "StatusCallbackEvent"))
    if kind is None:
        return None
    if kind not in ("start", "end"):
        _shaped(one, "CallSid")
    if not (room := _ours(one.get("FriendlyName", ""), "FriendlyName", _AFTER_ROOM)):
        raise BadRequest("FriendlyName is missing")
    return RoomNews(
        room,
        _shaped(one, "ConferenceSid"),
        kind,
        int(_shaped(one, "SequenceNumber")),
        one.get("CallSid", ""),
        _ours(_whole_words(one, "ParticipantLabel"), "ParticipantLabel", _AFTER_LABEL),
        clean(
            one.get("ReasonParticipantLeft") or one.get("ReasonConferenceEnded") or one.get("Reason", ""), 200
        ),
    )


def recorded(form: MultiDict[str], query: MultiMapping[str], account: str) -> Recorded | None:
    """A recording's end; None while it goes on. Raises BadRequest."""
    one = _plain(form, account)
    status = _shaped(one, "RecordingStatus")
    if status not in ("completed", "absent", "failed"):
        return None
    url, sid = one.get("RecordingUrl", ""), _shaped(one, "RecordingSid")
    if url and not url.endswith(f"/Accounts/{account}/Recordings/{sid}"):
        raise BadRequest("RecordingUrl isn't that of the recording")
    leg = one["CallSid"] if one.get("CallSid") else _shaped(one, "ConferenceSid")
    ok = status == "completed" and bool(url)
    return Recorded(sid, leg, url, max(0, _number(one, "RecordingDuration")), ok, about_of(query))


def turns_of(query: MultiMapping[str]) -> int:
    """How often the leg was put off."""
    given = query.get("turns", "")
    return min(int(given), MOST_TURNS) if re.fullmatch("[0-9]{1,4}", given) else 0


def about_of(query: MultiMapping[str]) -> dict[str, str]:
    """What we gave along in the address. Raises BadRequest."""
    found = {key: value for key, value in query.items() if key not in OURS}
    if len(found) != sum(key not in OURS for key, _ in query.items()) or len(found) > MOST_ALONG:
        raise BadRequest("a query that isn't ours")
    if not all(KEY.fullmatch(key) and VALUE.fullmatch(value) for key, value in found.items()):
        raise BadRequest("a query that isn't ours")
    return found


def sender_of(raw: str) -> str:
    """An address that can be called or told apart; "" for who withholds theirs, and for what is none."""
    if WITHHELD.fullmatch(raw):
        return ""
    if SIP_END.fullmatch(raw):
        return raw
    if any(name in raw for name in ("Stir", "From", "To", "Sip", "Forwarded", "msg")):  # of another cut
        raise BadRequest("From or To is no address")
    return ""


def clean(text: str, longest: int) -> str:
    """`text` without control characters and lone surrogates, in one line, cut."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(plain.split())[:longest]


def _plain(form: MultiDict[str], account: str) -> dict[str, str]:
    """The fields, when they can be read in one way only. Raises BadRequest."""
    one = strict(form, account, NAME)
    if min(one) != "AccountSid":
        raise BadRequest("a field stands where Twilio sends none")
    speech = one.get("SpeechResult", "")
    if "StirVerstat" in speech or "StirPassportToken" in speech:
        raise BadRequest("SpeechResult holds another field")
    names = sorted(one)
    joined = "".join(name + ("" if name == "SpeechResult" else one[name]) for name in names)
    for name, once in _ONCE.items():
        value = one.get(name, "")
        if name not in ("From", "To") and value and not _WHOLE[name].fullmatch(value):
            raise BadRequest(f"{name} is none of Twilio's")
        shaped = bool(value) and _WHOLE[name].match(value) is not None
        if len(once.findall(joined)) != shaped:
            raise BadRequest(f"there is more than one {name} in it")
    return one


def _result(one: Mapping[str, str]) -> str:
    """How a leg came out of where it was."""
    gone = one.get("CallStatus") in ENDED or one.get("Digits") == "hangup"
    if out := one.get("QueueResult") or ("hangup" if gone else ""):
        return out
    return "recorded" if one.get("RecordingSid") else one.get("DialCallStatus", "")


def _number(one: Mapping[str, str], name: str) -> int:
    return int(one.get(name) or "0")


def _whole_words(one: Mapping[str, str], name: str) -> str:
    """A free text, unless its end may have become a field of its own: nothing, when another one follows it than ever."""
    following = sorted(other for other in one if other > name)[:1]
    if name not in one or not following or not following[0].startswith(AFTER[name]):
        return ""
    return one[name]


def _shaped(one: Mapping[str, str], name: str) -> str:
    value = one.get(name, "")
    if not _WHOLE[name].fullmatch(value):
        raise BadRequest(f"{name} is missing")
    return value


def _ours(value: str, field: str, after: re.Pattern[str]) -> str:
    """A name that we gave, a conference's or a participant's, without the fields that come after it."""
    if len(value) > 128 or after.search(value):
        raise BadRequest(f"{field} is no name of ours")
    return value
