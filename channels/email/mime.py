"""The parts of a mail, found in its bytes without copying them (RFC 2045, 2046). Total, and linear in the mail's size.

The standard library's parser recurses, and gives up on some of what arrives; this one has its limits built in and
takes a mail apart as far as it goes: boundaries that are missing, never closed or only guessed, line ends of any kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .charsets import transferred
from .headers import Header, parameters, split, words

LARGEST = 25 * 1024 * 1024
LONGEST_HEADER = 256 * 1024
DEEPEST, MOST_PARTS, MOST_ADDRESSES = 20, 200, 500
"""SEC18's limits: bytes of a mail, bytes of its header, levels of parts, parts, addresses."""
_GUESS = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,200}?)[ \t]*\r*\nContent-", re.IGNORECASE)
_FIRST_LINES = re.compile(rb"\A(?:\xef\xbb\xbf)?(?:[ \t]*\r*\n)*(?:>?From [^\n]*\n)?")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+*-]{1,127}/[a-z0-9!#$&^_.+*-]{1,127}")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its header, where its body lies, and which parts it is made of."""

    number: int  # its place in walk order, the whole mail is 0
    depth: int
    header: Header
    start: int
    end: int
    content_type: str
    parameters: dict[str, str] = field(default_factory=dict)
    children: tuple[Part, ...] = ()

    @property
    def disposition(self) -> tuple[str, dict[str, str]]:
        """`attachment`, `inline` or "", and its parameters."""
        return parameters(words(self.header.raw("content-disposition"), longest=8_000))

    def bytes(self, raw: bytes, most: int | None = None) -> bytes:
        """What it carries, its transfer encoding undone; of the encoded bytes at most `most`."""
        end = self.end if most is None else min(self.end, self.start + most)
        encoding = words(self.header.raw("content-transfer-encoding")).partition(";")[0].partition(" ")[0]
        return transferred(raw[self.start : end], encoding)


@dataclass(slots=True)
class Mail:
    """A mail taken apart. `parts` are all of its parts in walk order; `beyond` names the limit that it is over."""

    raw: bytes
    parts: list[Part] = field(default_factory=list)
    beyond: str = ""

    @property
    def top(self) -> Part:
        """The mail itself."""
        return self.parts[0]


def taken_apart(raw: bytes) -> Mail:
    """The parts of a mail; what lies beyond a limit stays whole in the part that it is in."""
    # Where no line ends with LF the lines end with CR: as many bytes, so that every place stays where it was.
    mail = Mail(raw if b"\n" in raw else raw.replace(b"\r", b"\n"))
    if len(raw) > LARGEST:
        mail.beyond = "size"
    first = _FIRST_LINES.match(mail.raw)
    _part(mail, first.end() if first else 0, len(raw), 0, "text/plain")
    mail.parts.sort(key=lambda it: it.number)
    return mail


def _part(mail: Mail, start: int, end: int, depth: int, default: str) -> Part:
    number = len(mail.parts)
    header, body, overlong = split(mail.raw, start, end, LONGEST_HEADER)
    if overlong:
        mail.beyond = mail.beyond or "header"
    content_type, said = _typed(header, default)
    place = Part(number, depth, header, body, end, content_type, said)
    mail.parts.append(place)
    if not content_type.startswith("multipart/") or mail.beyond == "size":
        return place
    pieces = _pieces(mail.raw, body, end, said.get("boundary", ""))
    if not pieces:  # what calls itself many and holds none is read as one text
        kind = "text/html" if b"<html" in mail.raw[body : body + 2_000].lower() else "text/plain"
        whole = Part(number, depth, header, body, end, kind, {})
    else:
        inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        whole = Part(
            number, depth, header, body, end, content_type, said, _children(mail, pieces, depth, inner)
        )
    mail.parts[number] = whole
    return whole


def _children(mail: Mail, pieces: list[tuple[int, int]], depth: int, default: str) -> tuple[Part, ...]:
    children = []
    for start, end in pieces:
        if depth >= DEEPEST:
            mail.beyond = mail.beyond or "depth"
            break
        if len(mail.parts) >= MOST_PARTS:
            mail.beyond = mail.beyond or "parts"
            break
        children.append(_part(mail, start, end, depth + 1, default))
    return tuple(children)


def _typed(header: Header, default: str) -> tuple[str, dict[str, str]]:
    value = header.raw("content-type")
    if not value:
        return default, {}
    name, said = parameters(words(value, longest=8_000))
    if not _TYPE.fullmatch(name):
        name = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}.get(name, "")
    # What can't be made out is text where a text is expected (RFC 2045 §5.2); its bytes tell what it is if it's a file.
    return name or ("multipart/mixed" if "boundary" in said else default), said


def _pieces(raw: bytes, start: int, end: int, boundary: str) -> list[tuple[int, int]]:
    """Where the parts between the boundaries lie; found by the first line that looks like one if need be."""
    said = boundary.encode("latin-1", "replace").rstrip()
    found = _between(raw, start, end, said) if said else []
    if not found:
        guess = _GUESS.search(raw, max(start - 1, 0), end)
        found = _between(raw, start, end, guess[1]) if guess else []
    return found


def _between(raw: bytes, start: int, end: int, boundary: bytes) -> list[tuple[int, int]]:
    mark = b"--" + boundary  # found as bytes: a pattern would take ten times as long over a large file
    rest = re.compile(rb"(--)?[ \t]*\r*(?:\n|\Z)")
    pieces: list[tuple[int, int]] = []
    at, opened = start, -1
    while len(pieces) <= MOST_PARTS:
        found = raw.find(mark, at, end)
        if found < 0:
            break
        tail = rest.match(raw, found + len(mark), end)
        if tail is None or (found > 0 and raw[found - 1 : found] != b"\n"):
            at = found + 1
            continue
        if opened >= 0:
            pieces.append((opened, _line_end(raw, opened, found)))
        opened = -1 if tail[1] else tail.end()
        at = tail.end()
    if 0 <= opened < end:
        pieces.append((opened, end))
    return pieces


def _line_end(raw: bytes, start: int, at: int) -> int:
    """The line end before a boundary belongs to the boundary (RFC 2046 §5.1.1)."""
    if at > start and raw[at - 1 : at] == b"\n":
        at -= 1
    while at > start and raw[at - 1 : at] == b"\r":
        at -= 1
    return at
