"""What an opaque S/MIME signature is put around (RFC 5652, RFC 8551): the mail within, which needs no key to be read.

Nothing is verified: who signed it is as claimed as before. Total and bounded; encrypted content stays closed.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

LARGEST = 25 * 1024 * 1024
"""Bytes that compressed content may become."""
DEEPEST, MOST_PIECES = 16, 100_000
_SEQUENCE, _OCTETS, _ID, _CONTEXT_0, _CONSTRUCTED = 0x30, 0x04, 0x06, 0xA0, 0x20
_SIGNED = bytes.fromhex("2a864886f70d010702")
_COMPRESSED = bytes.fromhex("2a864886f70d0109100109")


@dataclass(frozen=True, slots=True)
class _Value:
    """One value of BER: where what it holds begins and ends, and where the next one begins; -1: at its own mark."""

    tag: int
    start: int
    end: int
    next: int

    @property
    def open(self) -> bool:
        """Whether its length isn't told."""
        return self.next < 0


def content(data: bytes) -> bytes:
    """The mail within a signature or a compression; b"" for what is encrypted, broken or none of these."""
    try:
        whole = _value(data, 0, len(data))
        kind, at = _first(data, whole)
        if whole.tag != _SEQUENCE or kind.tag != _ID:
            return b""
        name = data[kind.start : kind.end]
        held, _ = _first(data, _value(data, at, whole.end))  # [0] around the content
        if name == _SIGNED:
            return _signed(data, held)
        return _inflated(_signed(data, held)) if name == _COMPRESSED else b""
    except (IndexError, ValueError, RecursionError):  # it ends in the middle, or is none
        return b""


def _signed(data: bytes, held: _Value) -> bytes:
    """The version and the algorithms stand before the content and its kind."""
    at = held.start
    for _ in range(3):
        it = _value(data, at, held.end)
        if it.tag == _SEQUENCE:
            kind, inner = _first(data, it)
            if kind.tag == _ID and data[inner : inner + 1] == bytes([_CONTEXT_0]):
                octets, _ = _first(data, _value(data, inner, it.end))
                return _octets(data, octets, 0)
        at = _after(data, it, 0)
    return b""


def _octets(data: bytes, it: _Value, depth: int) -> bytes:
    """Octets in one piece or in many."""
    if it.tag == _OCTETS:
        return data[it.start : it.end]
    if it.tag != _OCTETS | _CONSTRUCTED or depth > DEEPEST:
        return b""
    out: list[bytes] = []
    at = it.start
    while at < it.end and len(out) < MOST_PIECES and data[at : at + 2] != b"\0\0":
        piece = _value(data, at, it.end)
        out.append(_octets(data, piece, depth + 1))
        at = _after(data, piece, depth)
    return b"".join(out)


def _first(data: bytes, it: _Value) -> tuple[_Value, int]:
    """The first value within another, and where the second one begins."""
    first = _value(data, it.start, it.end)
    return first, _after(data, first, 0)


def _after(data: bytes, it: _Value, depth: int) -> int:
    """Where the next value begins: behind its end mark where its length isn't told."""
    if not it.open:
        return it.next
    if depth > DEEPEST:
        raise ValueError("too deep")
    at = it.start
    for _ in range(MOST_PIECES):
        if data[at : at + 2] == b"\0\0":
            return at + 2
        at = _after(data, _value(data, at, it.end), depth + 1)
    raise ValueError("too many")


def _value(data: bytes, at: int, end: int) -> _Value:
    tag, length, at = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F or at > end:
        raise ValueError("a tag that no signature has")
    if length == 0x80:
        return _Value(tag, at, end, -1)
    if length & 0x80:
        count = length & 0x7F
        length, at = int.from_bytes(data[at : at + count]), at + count
    stop = min(at + length, end)
    return _Value(tag, at, stop, stop)


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, LARGEST)
    except zlib.error:
        return b""
