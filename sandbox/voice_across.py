"""What in TwiML Voice depends on more than one attribute at a time: pure.

Sources: the pages of the verbs at twilio.com/docs/voice/twiml, and of the numbers at twilio.com/docs/api/errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from . import voice_values as v

ELEMENT, TEXT = "", "#text"

LONGEST_TRANSCRIBED = 120
"""Seconds of a recording that is written down."""


@dataclass(frozen=True, slots=True)
class Facts:
    """An element whose attributes fit one by one; `nested` names what is left inside it."""

    attributes: Mapping[str, str]
    text: str
    nested: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake and what it costs: an attribute by its name, the words (`TEXT`), or all of it (`ELEMENT`)."""

    code: int
    message: str
    costs: str = ELEMENT


Rule = Callable[[Facts], Iterator[Finding]]


def _say(it: Facts) -> Iterator[Finding]:
    if not it.text:
        yield Finding(13520, "Say: Invalid text")
    maker = it.attributes.get("voice", "").partition(".")[0]
    if len(it.text.encode()) > {"Polly": 3000, "Google": 5000}.get(maker, 4096):
        yield Finding(13521, "Say: character limits exceeded")


def _play(it: Facts) -> Iterator[Finding]:
    if not it.text and not it.attributes.get("digits"):
        yield Finding(11100, "Invalid URL format: Play has neither address nor digits")


def _gather(it: Facts) -> Iterator[Finding]:
    if it.attributes.get("speechTimeout") == "auto" and "speechModel" in it.attributes:
        yield Finding(13335, "Gather: speechTimeout auto cannot be used with a speechModel", "speechTimeout")


def _record(it: Facts) -> Iterator[Finding]:
    long = int(it.attributes.get("maxLength", "0")) > LONGEST_TRANSCRIBED
    if it.attributes.get("transcribe") == "true" and long:
        yield Finding(13615, "Record: maxLength too high for transcription", "transcribe")


def _enqueue(it: Facts) -> Iterator[Finding]:
    if "workflowSid" in it.attributes:
        return
    if "Task" in it.nested:
        yield Finding(14220, "Enqueue: a Task without workflowSid")
    if not it.text:
        yield Finding(14204, "Enqueue: Queue name too short")
    elif len(it.text) > 64:
        yield Finding(14205, "Enqueue: Queue name too long")


def _dial(it: Facts) -> Iterator[Finding]:
    if not it.nested and not v.telephone(it.text):
        yield Finding(13223, "Dial: Invalid phone number format")
    if it.nested and it.text:
        yield Finding(12200, "Dial: words beside nouns", TEXT)
    if len(it.nested) > 1 and "Conference" in it.nested:
        yield Finding(13000, "Conference Noun cannot be mixed with other nouns")
    elif len(it.nested) > 1 and "Queue" in it.nested:
        yield Finding(12200, "Dial: Queue cannot be mixed with other nouns")


def _queue(it: Facts) -> Iterator[Finding]:
    if not it.text:
        yield Finding(14212, "Dial->Queue: queue name too short")
    elif len(it.text) > 64:
        yield Finding(14213, "Dial->Queue: queue name too long")


def _start(it: Facts) -> Iterator[Finding]:
    if not it.nested:
        yield Finding(14300, "Start: Invalid nested noun value")


def _refer(_it: Facts) -> Iterator[Finding]:
    yield Finding(13801, "Refer not allowed on non-SIP call legs")  # this network has none


def _named(noun: str) -> Rule:
    """Words of one's own, or the noun that says the same."""

    def rule(it: Facts) -> Iterator[Finding]:
        if not it.text and noun not in it.nested:
            yield Finding(12200, f"neither words nor {noun}")

    return rule


RULES: Mapping[str, Rule] = {
    "Say": _say,
    "Play": _play,
    "Gather": _gather,
    "Record": _record,
    "Enqueue": _enqueue,
    "Dial": _dial,
    "Queue": _queue,
    "Start": _start,
    "Refer": _refer,
    "Client": _named("Identity"),
    "Application": _named("ApplicationSid"),
}
