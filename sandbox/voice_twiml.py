"""What Twilio makes of a voice webhook's answer: pure, and total over whatever bytes come.

Sources: twilio.com/docs/voice/twiml and twilio.com/docs/api/errors. Refused: 11200 no 2xx came, 11750 too large,
12100 not XML, 12300 a content type that is none of ours. Warned of, and gone on: 12200 what the schema doesn't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.parsers import expat

from .twilio_webhook import LARGEST

_XML = frozenset({"text/xml", "application/xml", "text/html"})
DEEPEST, MOST = 20, 2_000
"""Elements inside one another, and in all. Twilio gives no figure; no call needs a tenth of it."""


@dataclass(frozen=True, slots=True)
class Verb:
    """One element below `<Response>`, or one inside another; `text` is its own words, those of SSML included."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    nested: tuple[Verb, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """What the call does, verb by verb, and what the debugger would list beside it: (error number, words)."""

    verbs: tuple[Verb, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """The answer can't be used; the call ends, or goes on to its fallback address."""

    code: int
    message: str


class _Unusable(Exception):
    """The document as a whole: why, in the debugger's words."""


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    pieces: list[str] = field(default_factory=list)
    nested: list[_Element] = field(default_factory=list)


class _Builder:
    """Expat's handlers; no DTD, so no entity of one's own and nothing to fetch."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST or len(self._open) >= DEEPEST:
            raise _Unusable("too many elements" if self._count > MOST else "nested too deeply")
        it = _Element(name, attributes)
        if self._open:
            self._open[-1].nested.append(it)
        else:
            self.root = it
        self._open.append(it)

    def end(self, _name: str) -> None:
        self._open.pop()

    def words(self, text: str) -> None:
        self._open[-1].pieces.append(text)

    def doctype(self, *_given: object) -> None:
        raise _Unusable("a document type declaration is no TwiML")


def _parse(body: bytes) -> _Element:
    """The document's root; raises `_Unusable`."""
    builder = _Builder()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.words
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _Unusable(str(error)) from None
    if builder.root is None:
        raise _Unusable("no element found")
    return builder.root


def read_voice(status: int, content_type: str, body: bytes) -> Document | Refusal:
    """Interpret the answer of a voice webhook; never raises."""
    if not 200 <= status < 300:
        return Refusal(11200, f"HTTP retrieval failure: status {status}")
    if len(body) > LARGEST:
        return Refusal(11750, "TwiML response body too large")
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in _XML:
        return Refusal(12300, f"Invalid Content-Type: {content_type or 'none'}")
    try:
        root = _parse(body)
    except _Unusable as error:
        return Refusal(12100, f"Document parse failure: {error}")
    if root.name != "Response":
        return Refusal(12100, f"Document parse failure: <{root.name}> in place of <Response>")
    return Document(tuple(_verb(it) for it in root.nested))


def _verb(it: _Element) -> Verb:
    nested = tuple(_verb(inner) for inner in it.nested)
    return Verb(it.name, MappingProxyType(it.attributes), "".join(it.pieces).strip(), nested)
