"""Bytes of a mail as text, whatever charset they claim, and text as one may show it. Total: nothing here raises."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from .guesses import likeliest

ALIASES = {
    # What browsers do too: the smaller sets are read as the larger ones that senders really use.
    "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "default": "", "none": "", "unknown-8bit": "",
    "x-unknown": "", "unknown": "", "8bit": "", "binary": "", "x-user-defined": "",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "iso-8859-9": "cp1254", "iso-8859-11": "cp874", "windows-874": "cp874", "tis-620": "cp874",
    "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8", "iso-8859-6-i": "iso8859_6",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030", "gb_2312-80": "gb18030",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "ksc5601": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "ms_kanji": "cp932",
    "iso-2022-jp": "iso2022_jp_ext", "_iso-2022-jp$esc": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp", "big5": "cp950", "big-5": "cp950", "cn-big5": "cp950", "x-x-big5": "cp950",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "utf8mb4": "utf-8", "utf": "utf-8",
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
    "koi8": "koi8_r", "koi": "koi8_r", "dos-866": "cp866",
}  # fmt: skip
_NO_CHARSETS = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"}
"""Python calls these text encodings; no mail means them, and some of them run very long."""
_LATIN = {"cp1252", "cp1254", "iso8859-15"}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_ASIDE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff\ue000-\ue00f]")
_LINE_ENDS = re.compile("\r*\n|\r|\x0c|\x85|\u2028|\u2029")
_OTHER_ENDS = ("\r", "\x0c", "\x85", "\u2028", "\u2029")
_ASIDE_IN_ASCII = bytes([*range(9), 0x0B, *range(0x0E, 0x20), 0x7F])
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\\s]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


def decoded(data: bytes, charset: str = "") -> str:
    """`data` as text: as claimed where that holds, else as UTF-8, else as what it most likely is."""
    for mark, name in _BOMS:
        if data.startswith(mark) and (name == "utf-8" or len(data) % 2 == 0):
            return data[len(mark) :].decode(name, "replace")
    if data.isascii() and not _shifts(charset):
        return data.decode("ascii")
    name = _codec(charset)
    # Where UTF-8 is claimed to be Latin it is nearly always the claim that is wrong: real Latin text isn't valid UTF-8.
    for each in ("utf-8", name) if name in _LATIN or not name else (name, "utf-8"):
        try:
            if each:
                return data.decode(each)
        except (UnicodeError, ValueError):
            continue
    if name == "utf-8":
        text = data.decode(name, "replace")
        lost = text.count("\ufffd")
        # A few broken places in UTF-8 are broken places; where there are as many as letters it never was UTF-8.
        return text if lost * 2 < sum(it > "\x7f" for it in text) else data.decode(likeliest(data), "replace")
    try:
        return data.decode(name or likeliest(data), "replace")
    except (UnicodeError, ValueError):
        return data.decode("cp1252", "replace")


def _shifts(charset: str) -> bool:
    """Whether its bytes may all be ASCII and mean something else (ISO-2022, UTF-7, UTF-16, EBCDIC)."""
    name = charset.lower()
    return any(it in name for it in ("2022", "utf-7", "utf7", "utf-16", "utf-32", "hz", "cp037", "cp500"))


def _codec(charset: str) -> str:
    """Python's name of it, "" when there is none."""
    name = charset.strip(" \t\"'").lower()
    name = ALIASES.get(name, name)
    if not name or len(name) > 40 or not name.isascii():
        return ""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return _codec(name.removeprefix("x-")) if name.startswith("x-") else ""
    text = getattr(
        found, "_is_text_encoding", False
    )  # "rot13", "zip" and "base64" are codecs of another kind
    return found.name if text and found.name.replace("-", "_") not in _NO_CHARSETS else ""


def lines_of(text: str) -> str:
    """Text of many lines as one may keep it: `\\n` ends a line, no other control character but the tab is left."""
    text = text.replace("\r\n", "\n")
    if any(it in text for it in _OTHER_ENDS):
        text = _LINE_ENDS.sub("\n", text)
    if text.isascii():  # most mail is, and a pattern over all of it takes ten times as long
        return text.encode("ascii").translate(None, _ASIDE_IN_ASCII).decode("ascii")
    return _SURROGATE.sub("\ufffd", _ASIDE.sub("", text))


def one_line(text: str, longest: int = 1_000) -> str:
    """A value of one line: no control character, no line end of any kind, no run of blanks; cut to `longest`."""
    flat = _BREAKS.sub(" ", text[: longest * 4]).strip()
    return _SURROGATE.sub("\ufffd", _ASIDE.sub("", flat))[:longest]


def unbase64(data: bytes) -> bytes:
    """What can be had of it: alien characters, missing padding and pieces set end to end are all met in the wild."""
    if b"=" in data.rstrip(b"=\r\n\t ")[:-3] or not _whole(data):
        return b"".join(_piece(it) for it in re.split(rb"=+", data) if it)
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        return _piece(data)


def _whole(data: bytes) -> bool:
    return len(data) >= 4


def _piece(data: bytes) -> bytes:
    letters = _NO_BASE64.sub(b"", data)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))


def transferred(data: bytes, encoding: str) -> bytes:
    """The bytes that a Content-Transfer-Encoding carries; an unknown one is taken as they are."""
    name = encoding.strip().lower()
    if name == "base64":
        return unbase64(data) if _in_base64(data) else data
    if name == "quoted-printable":
        return binascii.a2b_qp(data)
    if name in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _unuu(data)
    return data


def _in_base64(data: bytes) -> bool:
    """Whether it can be what it is said to be: programs say so of plain words, too."""
    lines = b"".join(it.strip() for it in data[:2_000].splitlines()[:-1] or [data[:2_000]])
    if len(lines.translate(None, _BASE64)) * 10 <= len(lines):
        return True
    try:
        return not _ASIDE.search(unbase64(lines).decode("utf-8"))
    except UnicodeError:
        return False


def _unuu(data: bytes) -> bytes:
    out = []
    for line in data.splitlines():
        if line.startswith((b"begin ", b"end")) or not line.strip():
            continue
        octets = unuued(line)
        if octets is None:
            return data
        out.append(octets)
    return b"".join(out)


def unuued(line: bytes) -> bytes | None:
    """One uuencoded line without its end; None where it is none."""
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        short = line[: ((line[0] - 32 & 63) * 4 + 5) // 3 + 1]  # encoders that pad with too much
        try:
            return binascii.a2b_uu(short)
        except binascii.Error:
            return None
