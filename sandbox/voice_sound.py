"""Recordings as sound: a WAV of the right length, silent, with what was said written into its header's comment."""

from __future__ import annotations

import struct

RATE = 8000  # samples a second, 16 bits, as a phone line carries
LONGEST = 300  # seconds of sound in a file; a longer recording says its length elsewhere


def wav(seconds: float, text: str) -> bytes:
    """RIFF/WAVE, mono PCM; `text` stands in the INFO list's ICMT."""
    data = bytes(int(min(seconds, LONGEST) * RATE) * 2)
    said = text.encode() + b"\0"
    said += b"\0" * (len(said) % 2)
    info = b"INFO" + b"ICMT" + struct.pack("<I", len(said)) + said
    kind = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    chunks = b"".join(
        name + struct.pack("<I", len(body)) + body
        for name, body in ((b"fmt ", kind), (b"data", data), (b"LIST", info))
    )
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks
