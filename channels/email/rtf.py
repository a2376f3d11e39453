"""Rich text as Outlook packs it into a winmail.dat (MS-OXRTFCP): its words, or the HTML that it was made of (MS-OXRTFEX).

Total and bounded; what no reader needs (fonts, pictures, colours) is passed over.
"""

from __future__ import annotations

import codecs
import re
import struct
from dataclasses import dataclass, field, replace

LONGEST = 1_000_000
"""Bytes of rich text that are unpacked and read."""
DEEPEST = 200
_PACKED, _PLAIN = b"LZFu", b"MELA"
_PRESET = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_RING = 4096
_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,9})?[ ]?|\\'([0-9a-f]{2})|\\([^a-z'])|([{}])|[\r\n\0]+|([^\\{}\r\n\0]+)",
    re.IGNORECASE,
)
_ASIDE = {
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"listtable",
    b"listoverridetable", b"fldinst", b"themedata", b"datastore", b"rsidtbl", b"generator", b"bkmkstart", b"bkmkend",
}  # fmt: skip
"""Destinations whose words nobody is to read."""
_SAID = {
    b"par": "\n", b"line": "\n", b"row": "\n", b"page": "\n", b"sect": "\n", b"tab": "\t", b"cell": "\t", b"emdash": "—",
    b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
}  # fmt: skip
_SIGNS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\r": "\n", b"\n": "\n"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 134: "gb18030", 136: "cp950", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874",
    238: "cp1250",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rich:
    """What rich text says: as `text`, or as `html` where it was made of that."""

    text: str = ""
    html: str = ""


def unrolled(data: bytes) -> bytes:
    """The rich text in a PR_RTF_COMPRESSED, as far as it goes; b"" where it is none."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<I", data, 4)[0], data[8:12]
    most = min(size, LONGEST)
    if kind == _PLAIN:
        return data[16 : 16 + most]
    return _unpacked(data, most) if kind == _PACKED else b""


def _unpacked(data: bytes, most: int) -> bytes:
    ring = bytearray(_PRESET.ljust(_RING, b"\0"))
    out = bytearray()
    put, at = len(_PRESET), 16
    while at < len(data) and len(out) < most:
        flags, at = data[at], at + 1
        for bit in range(8):
            if flags >> bit & 1:
                if at + 2 > len(data):
                    return bytes(out)
                place, length = data[at] << 4 | data[at + 1] >> 4, (data[at + 1] & 15) + 2
                at += 2
                if place == put:
                    return bytes(out[:most])
                for i in range(length):  # it may run into what it writes itself: then it repeats
                    octet = ring[(place + i) % _RING]
                    ring[put] = octet
                    out.append(octet)
                    put = (put + 1) % _RING
            elif at < len(data):
                ring[put] = data[at]
                out.append(data[at])
                put, at = (put + 1) % _RING, at + 1
            else:
                return bytes(out[:most])
    return bytes(out[:most])


@dataclass(frozen=True, slots=True)
class _State:
    aside: bool = False  # in a destination that isn't read
    marks: bool = False  # in a tag of the HTML that it was made of
    rich: bool = False  # what only readers of rich text are to see
    fonts: bool = False
    charset: str = "cp1252"
    fallback: int = 1  # characters after a \u that stand for it where no Unicode is known


@dataclass(slots=True)
class _Reading:
    made_of_html: bool
    charset: str = "cp1252"
    out: list[str] = field(default_factory=list)
    held: bytearray = field(default_factory=bytearray)  # of a charset of several bytes a character
    holding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    passed_over: int = 0
    high: str = ""

    def say(self, text: str) -> None:
        """Words as they are."""
        self.flush()
        self.out.append(text)

    def octets(self, data: bytes, charset: str) -> None:
        """Words in a charset."""
        if charset != self.holding:
            self.flush()
            self.holding = charset
        self.held += data

    def flush(self) -> None:
        """What was held becomes words."""
        if self.held:
            self.out.append(self.held.decode(self.holding, "replace"))
            self.held.clear()


def rich(data: bytes) -> Rich:
    """What rich text says; nothing where it is none."""
    data = data[:LONGEST]
    if not data.lstrip().startswith(b"{\\rtf"):
        return Rich()
    made_of_html = b"\\fromhtml" in data[:2_000]
    it = _Reading(made_of_html)
    states: list[_State] = []
    state, star, begins = _State(), False, False
    for found in _TOKEN.finditer(data):
        word, number, code, sign, brace, words = found.groups()
        if brace == b"{":
            if len(states) >= DEEPEST:
                break
            states.append(state)
            star, begins = False, True
            continue
        if brace == b"}":
            state = states.pop() if states else _State()
        elif sign == b"*":
            star = True
            continue
        elif word is not None:
            value = int(number) if number is not None else None
            state = _word(it, state, word.lower(), value, star, begins)
        else:
            _said(it, state, code, sign, words)
        star = begins = False
    it.flush()
    whole = "".join(it.out)
    return Rich(html=whole) if made_of_html else Rich(text=whole)


def _silent(it: _Reading, state: _State) -> bool:
    return state.aside or (it.made_of_html and state.rich and not state.marks)


def _word(it: _Reading, state: _State, word: bytes, number: int | None, star: bool, begins: bool) -> _State:
    if word == b"htmltag" and star:
        return replace(state, marks=True, aside=False)
    if word == b"fonttbl":
        return replace(state, aside=True, fonts=True)
    if star or (begins and word in _ASIDE):  # of a kind that one may pass over, or known to hold no words
        return replace(state, aside=True)
    if word == b"htmlrtf":
        return replace(state, rich=number != 0)
    if word == b"ansicpg" and number is not None:
        it.charset = _known(f"cp{number}", it.charset)
        return replace(state, charset=it.charset)
    if word == b"uc" and number is not None:
        return replace(state, fallback=max(0, min(number, 8)))
    if word == b"fcharset" and state.fonts:
        it.fonts[it.font] = _CHARSETS.get(number or 0, it.charset)
    elif word == b"f" and number is not None:
        it.font = number
        return state if state.fonts else replace(state, charset=it.fonts.get(number, it.charset))
    elif word == b"plain":
        return replace(state, charset=it.charset)
    elif word == b"bin" and number:
        it.passed_over = number
    elif word == b"u" and number is not None and not _silent(it, state):
        _unicode(it, number % 0x10000)
        it.passed_over = state.fallback
    elif word in _SAID and not _silent(it, state):
        it.say(_SAID[word])
    return state


def _unicode(it: _Reading, number: int) -> None:
    """Characters beyond the first plane come in two halves."""
    if 0xD800 <= number < 0xDC00:
        it.high = chr(number)
        return
    pair, it.high = it.high + chr(number), ""
    it.say(pair.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _said(it: _Reading, state: _State, code: bytes | None, sign: bytes | None, words: bytes | None) -> None:
    if it.passed_over and (code is not None or words):
        if code is not None:
            it.passed_over -= 1
            return
        assert words is not None
        words, it.passed_over = words[it.passed_over :], max(0, it.passed_over - len(words))
    if _silent(it, state):
        return
    if code is not None:
        it.octets(bytes([int(code, 16)]), state.charset)
    elif sign is not None:
        if sign in _SIGNS:
            it.say(_SIGNS[sign])
    elif words:
        it.octets(words, state.charset)


def _known(name: str, otherwise: str) -> str:
    try:
        return codecs.lookup(
            {"cp65001": "utf-8", "cp10000": "mac_roman", "cp936": "gb18030"}.get(name, name)
        ).name
    except LookupError:
        return otherwise
