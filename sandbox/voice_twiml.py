"""What Twilio makes of a voice webhook's answer: pure, and total over whatever bytes come.

Sources: twilio.com/docs/voice/twiml (verbs, nesting, content types) and twilio.com/docs/api/errors (numbers and log
levels). A number that Twilio lists as an ERROR refuses the document: 11100 address, 11200 no 2xx, 11750 too large,
12100 not XML, 12102 root, 12300 content type, and those of `voice_verbs.ERRORS`. One that it lists as a WARNING lets
the call go on: the attribute, or where it can't do without it the element, is left out, and the number stands in the
document's warnings.

The docs leave open, and here it is read harshly: Twilio notices some mistakes only when it comes to the verb, here the
whole document is refused at once; what remains after a warning of level 13xxx they seldom say; text/plain is spoken
and audio played, as their page on content types has it, each being the whole document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

from .twilio_webhook import LARGEST
from .voice_across import ELEMENT, RULES, TEXT, Facts
from .voice_nouns import NOUNS, Element
from .voice_verbs import COSTLY, ENDS, ERRORS, IN_GATHER, PLACES, VERBS
from .voice_xml import Raw, Unusable, parse

Place = Literal["call", "queue", "conference"]
"""Where a document is met: a call's own, `Enqueue`'s waitUrl, or a conference's waitUrl, holdUrl or announceUrl."""

_XML = frozenset({"text/xml", "application/xml", "text/html"})
_SOUND = frozenset(
    "audio/mpeg audio/wav audio/wave audio/x-wav audio/aiff audio/x-aifc audio/x-aiff audio/x-gsm audio/gsm "
    "audio/ulaw".split()
)


@dataclass(frozen=True, slots=True)
class Verb:
    """An element of `<Response>`, or one inside another. `text`: its own words; of `Say` all words, SSML's too."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    nested: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What the call does, verb by verb, and what the debugger lists beside it: (number, words).

    Ends with the first `Redirect`, `Hangup`, `Reject` or `Leave`: what follows is never reached. A `Play` without
    words or digits is the answer itself, which was a sound.
    """

    verbs: tuple[Verb, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer can't be used; the call ends, or goes on to its fallback address."""

    code: int
    message: str


class _Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_voice(status: int, content_type: str, body: bytes, *, place: Place = "call") -> Document | Refusal:
    """Interpret the answer of a voice webhook met at `place`; never raises."""
    if not 200 <= status < 300:
        return Refusal(11200, f"HTTP retrieval failure: status {status}")
    if len(body) > LARGEST:
        return Refusal(11750, "TwiML response body too large")
    kind, charset = _content(content_type)
    if kind in _SOUND:
        return Document((Verb("Play"),))
    if kind != "text/plain" and kind not in _XML:
        return Refusal(12300, f"Invalid Content-Type: {kind or 'none'}")
    try:
        root = _spoken(body) if kind == "text/plain" else parse(body, charset)
        return _Reader(place).document(root)
    except Unusable as error:
        return Refusal(12100, f"Document parse failure: {error}")
    except _Refused as refused:
        return Refusal(refused.code, str(refused))


def _content(header: str) -> tuple[str, str]:
    """Kind and charset of a Content-Type, both in small letters and "" where there is none."""
    kind, _, rest = header.partition(";")
    given = [it.partition("=") for it in rest.split(";")]
    charsets = [value.strip(' "').lower() for name, _, value in given if name.strip().lower() == "charset"]
    return kind.strip().lower(), charsets[0] if charsets else ""


def _spoken(body: bytes) -> Raw:
    return Raw("Response", {}, [Raw("Say", {}, [body.decode(errors="replace")])])


class _Reader:
    """One document's way through the table; collects what is warned of."""

    def __init__(self, place: Place) -> None:
        self._may, self._elsewhere = PLACES[place]
        self._warnings: list[tuple[int, str]] = []

    def document(self, root: Raw) -> Document:
        if root.name != "Response":
            raise _Refused(12102, f"The root element must be Response, not {_short(root.name)}")
        for name in root.attributes:
            self._note(12200, f"Attribute {_short(name)!r} is not allowed in element 'Response'")
        if root.own:
            self._note(12200, "Words directly in element 'Response'")
        verbs: list[Verb] = []
        for raw in root.nested:
            if raw.name not in VERBS:
                self._note(12200, f"Element {_short(raw.name)!r} is not allowed in element 'Response'")
                continue
            if raw.name not in self._may:
                raise _Refused(self._elsewhere, f"{raw.name} is not allowed here")
            if verb := self._element(raw, VERBS[raw.name], "Response"):
                verbs.append(verb)
        end = next((n for n, verb in enumerate(verbs, 1) if verb.name in ENDS), len(verbs))
        return Document(tuple(verbs[:end]), tuple(self._warnings))

    def _element(self, raw: Raw, known: Element, parent: str) -> Verb | None:
        """The element as the call meets it; None when a warning has cost it."""
        attributes, kept = {}, True
        for name, value in raw.attributes.items():
            if name not in known.attributes:
                self._note(12200, f"Attribute {_short(name)!r} is not allowed in element {raw.name!r}")
                continue
            fits, code = known.attributes[name]
            if fits(value):
                attributes[name] = value
            else:
                code = IN_GATHER.get(code, code) if parent == "Gather" else code
                self._note(code, f"{raw.name}: invalid {name} value")
                kept = kept and code not in COSTLY
        nested = self._nested(raw, known)
        text = raw.words if raw.name == "Say" else raw.own
        if known.text is None and text:
            self._note(12200, f"Words are not allowed in element {raw.name!r}")
            text = ""
        elif known.text and not known.text(text):
            self._note(known.text_code, f"{raw.name}: invalid content")
            kept = False
        verb = Verb(raw.name, MappingProxyType(attributes), text, nested)
        return self._ruled(verb) if kept else None

    def _nested(self, raw: Raw, known: Element) -> tuple[Verb, ...]:
        found = []
        for inner in raw.nested:
            if inner.name not in known.nested:
                self._note(
                    known.nested_code, f"{_short(inner.name)!r} is not allowed in element {raw.name!r}"
                )
            elif verb := self._element(inner, NOUNS.get(inner.name) or VERBS[inner.name], raw.name):
                found.append(verb)
        return tuple(found)

    def _ruled(self, verb: Verb) -> Verb | None:
        facts = Facts(verb.attributes, verb.text, tuple(it.name for it in verb.nested))
        lost = set()
        for finding in RULES[verb.name](facts) if verb.name in RULES else ():
            self._note(finding.code, finding.message)
            lost.add(finding.costs)
        if ELEMENT in lost:
            return None
        attributes = {name: value for name, value in verb.attributes.items() if name not in lost}
        return replace(verb, attributes=MappingProxyType(attributes), text="" if TEXT in lost else verb.text)

    def _note(self, code: int, message: str) -> None:
        if code in ERRORS:
            raise _Refused(code, message)
        self._warnings.append((code, message))


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
