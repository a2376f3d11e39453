"""A mail's header as its values: RFC 5322, 2047 and 2231 as far as senders keep them, and what they do instead.

Total and linear: nothing here raises for any bytes. No value that comes out holds a line end or a control character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import mktime_tz, parsedate_tz
from urllib.parse import unquote_to_bytes

from .charsets import decoded, one_line, transferred, unbase64

LONGEST_VALUE = 64 * 1024
"""Bytes of one header that are looked at."""
_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e\x80-\xff]{1,200})[ \t]*:")
_KNOWN = re.compile(
    rb"(?:from|to|subject|date|message-id|received|return-path|content-type|mime-version|delivered-to)[ \t]*:",
    re.I,
)
_WORD = re.compile(r"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,60})?\?([bBqQ])\?((?:[^?]|\?(?!=)){0,2000})\?=")
_ID = re.compile(r"<([^<>\s\x00-\x20\x7f]{1,500})>")
_PARAMETER = re.compile(r';\s{0,99}([^\s=;"]{1,100})\s{0,9}=\s{0,9}("(?:[^"\\]|\\.)*"?|[^;]*)', re.DOTALL)
_MONTHS = {
    "mär": "Mar", "mrz": "Mar", "mai": "May", "okt": "Oct", "dez": "Dec", "janv": "Jan", "févr": "Feb", "mars": "Mar",
    "avr": "Apr", "juin": "Jun", "juil": "Jul", "août": "Aug", "déc": "Dec", "ene": "Jan", "abr": "Apr", "ago": "Aug",
    "dic": "Dec", "gen": "Jan", "mag": "May", "giu": "Jun", "lug": "Jul", "set": "Sep", "ott": "Oct", "fev": "Feb",
    "out": "Oct", "maj": "May", "mrt": "Mar", "mei": "May",
}  # fmt: skip
_DAY = re.compile(r"^\s*[^\W\d]+\.?,?\s+(?=\d)")
_FOREIGN_MONTH = re.compile(r"(?<=[\s\-.])([^\W\d]{3,9})\.?(?=[\s\-.])")


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of a header in their order, names lower-case, values unfolded but not decoded."""

    fields: tuple[tuple[str, bytes], ...]

    def raw(self, name: str) -> bytes:
        """The first field of that name, b"" when there is none."""
        return next((value for it, value in self.fields if it == name), b"")

    def all(self, name: str) -> list[bytes]:
        """Every field of that name."""
        return [value for it, value in self.fields if it == name]

    def text(self, name: str, hint: str = "") -> str:
        """The first field of that name as words; `hint` is the charset of bytes that no RFC allows."""
        return words(self.raw(name), hint)


def split(raw: bytes, start: int, end: int, longest: int) -> tuple[Header, int, bool]:
    """The header that begins at `start`, where its body begins, and whether it is longer than `longest` bytes.

    Lines that are no field are passed over; where no field follows them either, the body begins with them.
    """
    stop, body = _blank_line(raw, start, end)
    overlong = stop - start > longest
    lines = raw[start : start + longest if overlong else stop].split(b"\n")
    fields: list[tuple[str, list[bytes]]] = []
    at = start
    for i, line in enumerate(lines):
        found = _NAME.match(line)
        if line[:1] in (b" ", b"\t") and fields:
            if not line.strip() and not overlong and _begins_a_body(lines, i + 1):
                return _header(fields), at + len(line) + 1, False
            fields[-1][1].append(line)
        elif found:
            fields.append((found[1].decode("latin-1").lower(), [line[found.end() :]]))
        elif not overlong and line.strip() and not line.startswith((b"From ", b">From ")):
            if not any((_NAME if fields else _KNOWN).match(it) for it in lines[i + 1 : i + 3]):
                return _header(fields), at, False
        at += len(line) + 1
    return _header(fields), body, overlong


def _begins_a_body(lines: list[bytes], i: int) -> bool:
    """Whether the empty line before this one only looked as if the header went on: there were blanks in it."""
    return (
        i < len(lines)
        and bool(lines[i].strip())
        and lines[i][:1] not in (b" ", b"\t")
        and not _NAME.match(lines[i])
    )


def _blank_line(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the first empty line is, and where what follows it begins."""
    first = re.compile(rb"\r*\n").match(raw, start, end)
    if first:
        return start, first.end()
    found = re.compile(rb"\n\r*\n").search(raw, start, end)
    return (found.start(), found.end()) if found else (end, end)


def _header(fields: list[tuple[str, list[bytes]]]) -> Header:
    return Header(tuple((name, b" ".join(it.strip() for it in value)) for name, value in fields))


def words(value: bytes, hint: str = "", longest: int = 1_000) -> str:
    """A field as one line of words, RFC 2047's encoded words wherever they stand."""
    return one_line(unencoded(decoded(value[:LONGEST_VALUE], hint)), longest)


def unencoded(text: str) -> str:
    """Encoded words decoded; neighbours of one charset are joined first, for senders who cut a character in two."""
    if "=?" not in text:
        return text
    out: list[str] = []
    held, charset, at = b"", "", 0
    for found in _WORD.finditer(text):
        between = text[at : found.start()]
        if held and (between.strip() or found[1].lower() != charset):
            out.append(decoded(held, charset))
            held = b""
        if between.strip() or not at:
            out.append(between)
        charset, at = found[1].lower(), found.end()
        held += _octets(found[2], found[3])
    return "".join([*out, decoded(held, charset), text[at:]])


def _octets(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if kind in "bB":
        return unbase64(data)
    return transferred(data.replace(b"_", b"=20"), "quoted-printable")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """`text/plain; charset="x"` as its word and its parameters (RFC 2231 put together), names lower-case."""
    first, _, _ = value.partition(";")
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for name, raw in _PARAMETER.findall(value[:LONGEST_VALUE]):
        text = re.sub(r"\\(.)", r"\1", raw[1:].removesuffix('"')) if raw.startswith('"') else raw.strip()
        base, star, place = name.lower().partition("*")
        if not star:
            found.setdefault(base, text)
            continue
        encoded = place.endswith("*") or not place
        number = place.rstrip("*") or "0"
        if number.isascii() and number.isdigit() and len(number) < 4:
            pieces.setdefault(base, {})[int(number)] = (encoded, text)
    for base, them in pieces.items():
        found[base] = _continued([them[it] for it in sorted(them)])
    return re.sub(r"\s+", "", first).lower(), found


def _continued(pieces: list[tuple[bool, str]]) -> str:
    charset, data = "", b""
    for i, (encoded, text) in enumerate(pieces):
        if i == 0 and encoded and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    return decoded(data, charset)


# ---- addresses ----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|<[^<>]*>?|[(),;:]|[^"<>(),;:]+|.', re.DOTALL)
_ORDINARY = re.compile(r"([A-Za-z0-9 .]*)<([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)>")
"""How most mails name somebody: needn't be taken apart token by token."""
_BARE = re.compile(r"(?<![^\s<>\"(),;:])[^\s<>\"(),;:\[\]@]{1,128}@[^\s<>\"(),;:@]{1,255}(?![^\s<>\"(),;:])")
_ANSWERABLE = re.compile(
    r"(?:[^\s<>()\[\]\\,;:@\"\x00-\x20\x7f]{1,128}|\"[^\"\\\r\n]{1,126}\")@[^\s<>()\\,;:@\"\x00-\x20\x7f]{1,255}"
)
_NOWHERE = ("localhost", "localhost.localdomain", "invalid")


def addresses(values: list[bytes], most: int, hint: str = "") -> list[tuple[str, str]]:
    """Names and addresses of fields such as To, lower-case, at most `most`; what can't be answered is left out.

    Encoded words are decoded only once the address is told apart: a name may hold "," or "<".
    """
    found: list[tuple[str, str]] = []
    for value in values:
        text = decoded(value[:LONGEST_VALUE], hint)
        plain = _ORDINARY.fullmatch(text)
        boxes = [(shown(plain[1]), address(plain[2]))] if plain else _boxes(text)
        here = [it for it in boxes if it[1]]
        if not here:  # encoded as a whole, or a quote that never ends
            here = [("", address(it)) for it in _BARE.findall(unencoded(text))]
        found += [it for it in here if it[1]]
        if len(found) >= most:
            break
    return found[:most]


def _boxes(text: str) -> Iterator[tuple[str, str]]:
    name: list[str] = []
    comment: list[str] = []
    where, depth = "", 0
    for piece in [*_TOKEN.findall(text), ","]:
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif depth:
            comment.append(piece)
        elif piece in (",", ";"):
            if where or name:
                yield _box(name, where, comment)
            name, comment, where = [], [], ""
        elif piece.startswith("<") and len(piece) > 1:
            where = where or piece[1:].removesuffix(">")
        elif piece == ":" and not where and "@" not in "".join(name):
            name = []  # a group's name: its members follow
        else:
            name.append(piece)
    if depth:  # a comment that never ends: what stood before it counts
        yield _box(name, where, comment)


def _box(name: list[str], where: str, comment: list[str]) -> tuple[str, str]:
    said = "".join(name).strip()
    if not where:
        found = address(said)
        if not found:
            bare = _BARE.search(said)
            found = address(bare[0]) if bare else ""
        return shown("".join(comment)), found
    return shown(said), address(where)


def shown(name: str) -> str:
    """A display name as words."""
    inner = re.sub(r"\\(.)", r"\1", name.strip().removeprefix('"').removesuffix('"'))
    return one_line(unencoded(inner), 200).strip("'\" ")


def address(text: str) -> str:
    """An address as one answers it, lower-case, its domain as DNS knows it; "" when it is none."""
    it = text.strip().removeprefix("mailto:")
    if it.startswith("@") and ":" in it:
        it = it.rpartition(":")[2]  # a source route, which nobody takes any more
    local, _, domain = re.sub(r"\s*@\s*", "@", it).rpartition("@")
    domain = domain.strip().rstrip(".").lower()
    if not domain.isascii():
        domain = _ascii(domain)
    found = f"{local.strip()}@{domain}".lower()
    fits = _ANSWERABLE.fullmatch(found) and not domain.endswith(_NOWHERE) and ".." not in domain
    return found if fits and one_line(found) == found else ""


def _ascii(domain: str) -> str:
    import idna  # only for the few that need it

    try:
        return idna.encode(domain[:255], uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""


# ---- ids and dates ------------------------------------------------------------------------------------------------


def ids(values: list[bytes], most: int = 100) -> tuple[str, ...]:
    """Message ids with their brackets, in order, each once; of very many the first and the newest."""
    text = " ".join(one_line(decoded(it[:LONGEST_VALUE]), LONGEST_VALUE) for it in values)
    found = list(dict.fromkeys(f"<{it}>" for it in _ID.findall(text)))
    return tuple(found if len(found) <= most else [found[0], *found[1 - most :]])


def message_id(value: bytes) -> str:
    """A mail's own id; one without brackets gets them, "" when there is none."""
    found = ids([value[:2_000]], 1)
    if found:
        return found[0]
    said = one_line(decoded(value[:2_000]))
    bare = (said.replace(" ", "") if said.startswith("<") else said.split(" ")[0]).strip("<>")
    return f"<{bare[:500]}>" if bare and not set(bare) & set("<>") else ""


def date(value: bytes) -> int | None:
    """Milliseconds since the epoch, None when it can't be read or is none that a mail has (1971 to 2099)."""
    text = one_line(decoded(value), 200)
    for read in (_rfc, _iso, _foreign):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
            continue
        if found is not None and 31_536_000 <= found < 4_102_444_800:
            return int(found * 1000)
    return None


def _rfc(text: str) -> float | None:
    parsed = parsedate_tz(text)
    return mktime_tz(parsed) if parsed else None


def _iso(text: str) -> float:
    found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" +", "+").replace(" -", "-"))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _foreign(text: str) -> float | None:
    """Day and month in the sender's language."""
    plain = _DAY.sub("", text)
    return _rfc(_FOREIGN_MONTH.sub(lambda it: _MONTHS.get(it[1].lower(), it[1][:3]), f" {plain} ").strip())
