"""winmail.dat: what Outlook packs a mail's files into (MS-OXTNEF), as far as a reader needs it. Total and bounded."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from .charsets import decoded
from .rtf import rich, unrolled

SIGN_OFF = b"\x78\x9f\x3e\x22"
MOST_FILES, MOST_PROPERTIES = 200, 2_000
_ATTACH_START, _ATTACH_TITLE, _ATTACH_DATA, _ATTACH_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_BODY, _PROPERTIES, _CODE_PAGE = 0x800C, 0x9003, 0x9007
_TEXT, _WIDE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_SIZES = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
"""Bytes of MAPI's fixed types, each filled up to four."""
_LONG_NAME, _SHORT_NAME, _CONTENT, _PLAIN, _HTML, _RICH = 0x3707, 0x3704, 0x3701, 0x1000, 0x1013, 0x1009


@dataclass(slots=True)
class File:
    """One file of it."""

    name: str = ""
    data: bytes = b""


@dataclass(slots=True)
class Unpacked:
    """What a part holds; `text` and `html` are the mail's words where it carries them."""

    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rich: bytes = b""  # the same as compressed rich text
    invitation: str = ""  # of what else is packed so: an opaque signature around a mail
    sealed: bool = False


def unpacked(data: bytes) -> Unpacked:
    """As much as can be had; a broken one ends where it breaks."""
    found = Unpacked()
    if not data.startswith(SIGN_OFF):
        return found
    charset, at = "cp1252", 6
    while at + 9 <= len(data):
        name, _, size = struct.unpack_from("<HHI", data, at + 1)
        value = data[at + 9 : at + 9 + size]
        at += 9 + size + 2  # a checksum follows, which nobody keeps right
        if name == _CODE_PAGE and len(value) >= 4:
            charset = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _ATTACH_START:
            if len(found.files) >= MOST_FILES:
                break
            found.files.append(File())
        else:
            _take(found, name, value, charset)
    found.files = [it for it in found.files if it.data or it.name]
    if found.rich and not found.text.strip() and not found.html:
        said = rich(unrolled(found.rich))
        found.text, found.html = said.text, said.html
    return found


def _take(found: Unpacked, name: int, value: bytes, charset: str) -> None:
    file = found.files[-1] if found.files else None
    if name == _BODY:
        found.text = found.text or decoded(value.rstrip(b"\x00"), charset)
    elif name == _PROPERTIES:
        for tag, it in _properties(value, charset):
            if tag == _PLAIN:
                found.text = found.text or _as_text(it, charset)
            elif tag == _HTML:
                found.html = found.html or _as_text(it, charset)
            elif tag == _RICH and isinstance(it, bytes):
                found.rich = found.rich or it
    elif file is None:
        return
    elif name == _ATTACH_TITLE:
        file.name = file.name or decoded(value.rstrip(b"\x00"), charset)
    elif name == _ATTACH_DATA:
        file.data = value
    elif name == _ATTACH_PROPERTIES:
        for tag, it in _properties(value, charset):
            if tag == _LONG_NAME:
                file.name = _as_text(it, charset)
            elif tag == _SHORT_NAME:
                file.name = file.name or _as_text(it, charset)
            elif tag == _CONTENT and not file.data and isinstance(it, bytes):
                file.data = it


def _as_text(it: str | bytes, charset: str) -> str:
    return it if isinstance(it, str) else decoded(it.rstrip(b"\x00"), charset)


def _properties(data: bytes, charset: str) -> list[tuple[int, str | bytes]]:
    """MAPI properties by their id: texts as str, binaries as bytes; the others are passed over."""
    out: list[tuple[int, str | bytes]] = []
    if len(data) < 4:
        return out
    at = 4
    try:
        for _ in range(min(struct.unpack_from("<I", data)[0], MOST_PROPERTIES)):
            kind, tag = struct.unpack_from("<HH", data, at)
            at += 4
            if tag >= 0x8000:
                at = _past_name(data, at)
            many, kind = kind & 0x1000, kind & ~0x1000
            if kind in _SIZES and not many:
                at += _SIZES[kind]
                continue
            count = struct.unpack_from("<I", data, at)[0]
            at += 4
            if kind in _SIZES:
                at += _SIZES[kind] * count
                continue
            for _ in range(min(count, MOST_PROPERTIES)):
                size = struct.unpack_from("<I", data, at)[0]
                value = data[at + 4 : at + 4 + size]
                at += 4 + (size + 3 & ~3)
                if kind == _WIDE:
                    out.append((tag, value.decode("utf-16-le", "replace").rstrip("\x00")))
                elif kind == _TEXT:
                    out.append((tag, decoded(value.rstrip(b"\x00"), charset)))
                elif kind == _BINARY or (kind == _OBJECT and tag == _CONTENT):
                    out.append((tag, value[16:] if kind == _OBJECT else value))
    except struct.error:  # it ends in the middle
        return out
    return out


def _past_name(data: bytes, at: int) -> int:
    """Named properties carry a GUID and a number or a name."""
    kind = struct.unpack_from("<I", data, at + 16)[0]
    if kind == 0:
        return at + 24
    size = struct.unpack_from("<I", data, at + 20)[0]
    return int(at + 24 + (size + 3 & ~3))
