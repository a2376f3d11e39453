"""A sound file cut into pieces that are played one after the other: WAV (PCM, A-law, µ-law) and MP3. Pure.

A provider plays a file to its end: whoever waits hears nothing else meanwhile. MP3 is cut between its frames, so that
nothing is decoded; a piece's first frame may lean on the one before it and be silent, a fortieth of a second.

Sources: RFC 2361 and Microsoft's "Multiple channel audio data and WAVE files"; ISO/IEC 11172-3 §2.4.2.3, 13818-3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 18.0
"""Seconds of a piece."""
EVEN = (1, 6, 7)
"""WAV's codecs whose seconds all have as many bytes: PCM, A-law, µ-law."""
_BITRATES = {
    1: (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""By the header's two bits for the version: MPEG-1, MPEG-2, MPEG-2.5."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of its own; `kind` is its media type."""

    content: bytes
    kind: str


def pieces(sound: bytes, longest: float = LONGEST) -> tuple[Piece, ...]:
    """The file in pieces of at most `longest` seconds; () for what we can't cut."""
    if sound[:4] == b"RIFF" and sound[8:12] == b"WAVE":
        return tuple(Piece(it, "audio/wav") for it in _wav(sound, longest))
    return tuple(Piece(it, "audio/mpeg") for it in _mp3(sound, longest))


def _wav(sound: bytes, longest: float) -> Iterator[bytes]:
    kind, data = b"", b""
    at = 12
    while at + 8 <= len(sound):
        name, size = sound[at : at + 4], struct.unpack_from("<I", sound, at + 4)[0]
        if name == b"fmt ":
            kind = sound[at + 8 : at + 8 + size]
        elif name == b"data":
            data = sound[at + 8 : at + 8 + size]  # a stream's size may be a lie: then it is what there is
            break
        at += 8 + size + size % 2
    if len(kind) < 16 or not data:
        return
    codec, _, _, a_second, block = struct.unpack_from("<HHIIH", kind)
    if codec not in EVEN or not a_second or not block:
        return
    step = max(block, int(a_second * longest) // block * block)
    for begin in range(0, len(data), step):
        part = data[begin : begin + step]
        chunks = b"fmt " + struct.pack("<I", len(kind)) + kind + b"\0" * (len(kind) % 2)
        chunks += b"data" + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2)
        yield b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def _mp3(sound: bytes, longest: float) -> Iterator[bytes]:
    begin, seconds, at = -1, 0.0, _behind_tag(sound)
    while frame := _frame(sound, at):
        size, lasts = frame
        about = any(mark in sound[at : at + 48] for mark in (b"Xing", b"Info", b"VBRI"))
        if not about:  # else it tells of the whole file, and holds no sound
            if begin < 0:
                begin = at
            elif seconds + lasts > longest:
                yield sound[begin:at]
                begin, seconds = at, 0.0
            seconds += lasts
        at += size
    if begin >= 0 and seconds > 0:
        yield sound[begin:at]


def _behind_tag(sound: bytes) -> int:
    """Where ID3v2 ends; its length is written in seven bits a byte."""
    if sound[:3] != b"ID3" or len(sound) < 10:
        return 0
    a, b, c, d = sound[6:10]
    return 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if sound[5] & 0x10 else 0)


def _frame(sound: bytes, at: int) -> tuple[int, float] | None:
    """(bytes, seconds) of the layer III frame that begins there; None where none does, or it isn't whole."""
    if at + 4 > len(sound) or sound[at] != 0xFF or sound[at + 1] & 0xE0 != 0xE0:
        return None
    version, layer = sound[at + 1] >> 3 & 3, sound[at + 1] >> 1 & 3
    rate, of = sound[at + 2] >> 4, sound[at + 2] >> 2 & 3
    if layer != 1 or version not in _RATES or not 0 < rate < 15 or of == 3:
        return None
    hertz = _RATES[version][of]
    samples = 1152 if version == 3 else 576
    bits = _BITRATES[1 if version == 3 else 2][rate - 1] * 1000
    size = samples // 8 * bits // hertz + (sound[at + 2] >> 1 & 1)
    return (size, samples / hertz) if size > 4 and at + size <= len(sound) else None
