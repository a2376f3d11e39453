"""XML for TwiML, kept small on purpose: elements, attributes and words, no DTD; pure.

Expat alone would take a DTD and the entities in it; a voice document has neither, and Twilio fetches nothing of the
kind. The two ceilings are ours, because Twilio names none beyond the 64 kB of a body.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

DEEPEST, MOST = 20, 2_000
"""Elements inside one another, and in all: no call needs a tenth of it."""


class Unusable(Exception):
    """The document as a whole: why, in the debugger's words."""


@dataclass(slots=True)
class Raw:
    """An element as it stands; `content` holds words and elements in their order."""

    name: str
    attributes: dict[str, str]
    content: list[str | Raw] = field(default_factory=list)

    @property
    def own(self) -> str:
        """Its own words, without those of what stands in it."""
        return "".join(it for it in self.content if isinstance(it, str)).strip()

    @property
    def nested(self) -> list[Raw]:
        """The elements in it."""
        return [it for it in self.content if isinstance(it, Raw)]

    @property
    def words(self) -> str:
        """All words in it, as they are spoken: blanks and line ends are one blank."""
        return " ".join(self._spoken().split())

    def _spoken(self) -> str:
        return "".join(it if isinstance(it, str) else it._spoken() for it in self.content)


class _Builder:
    def __init__(self) -> None:
        self.root: Raw | None = None
        self._open: list[Raw] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST or len(self._open) >= DEEPEST:
            raise Unusable("too many elements" if self._count > MOST else "nested too deeply")
        it = Raw(name, attributes)
        if self._open:
            self._open[-1].content.append(it)
        else:
            self.root = it
        self._open.append(it)

    def end(self, _name: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].content.append(text)

    def doctype(self, *_given: object) -> None:
        raise Unusable("a document type declaration is no TwiML")


def parse(body: bytes, charset: str = "") -> Raw:
    """The document's root; `charset` of the answer's header goes before the document's own. Raises `Unusable`."""
    builder = _Builder()
    try:
        parser = expat.ParserCreate(charset or None)
        parser.buffer_text = True
        parser.StartElementHandler = builder.start
        parser.EndElementHandler = builder.end
        parser.CharacterDataHandler = builder.data
        parser.StartDoctypeDeclHandler = builder.doctype
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unusable(str(error)) from None
    if builder.root is None:
        raise Unusable("no element found")
    return builder.root
