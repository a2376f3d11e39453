"""What callers hear while they wait: sixteen seconds of slow, soft notes, ours and nobody else's to license.

Made of sine waves when it is first asked for; its end runs into its beginning, so it can go round and round.
"""

from __future__ import annotations

import io
import math
import wave
from array import array
from functools import cache

RATE = 8000
"""Samples a second, one channel: what a telephone carries."""
SECONDS = 16
STEP = 0.5
"""Seconds between two notes."""
RINGS = 3.0
"""Seconds for which a note can be heard."""
LOUDEST = 0.25
"""Of full scale, -12 dB: music is not to be louder than the voice that interrupts it."""

CHORDS = (
    "C3 G3 E4 G4 C5 G4 E4 G3",
    "A2 E3 C4 E4 A4 E4 C4 E3",
    "F2 C3 A3 C4 F4 C4 A3 C3",
    "G2 D3 B3 D4 G4 D4 B3 D3",
)
"""One after the other, four seconds each, a note every half second."""
_KEYS = {"C": -9, "D": -7, "E": -5, "F": -4, "G": -2, "A": 0, "B": 2}  # half tones from A


@cache
def music() -> bytes:
    """The piece as a WAV file (RIFF, 16 bit PCM). Takes about 0.1 s the first time."""
    mixed = [0.0] * (RATE * SECONDS)
    for i, note in enumerate(" ".join(CHORDS).split()):
        begin = int(i * STEP * RATE)
        for n, sample in enumerate(_note(note)):
            mixed[(begin + n) % len(mixed)] += sample
    scale = LOUDEST * 32767 / max(map(abs, mixed))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(array("h", (round(sample * scale) for sample in mixed)).tobytes())
    return file.getvalue()


@cache
def _note(name: str) -> tuple[float, ...]:
    """A soft beginning, a long end; an overtone that fades sooner."""
    pitch = 440.0 * 2 ** ((_KEYS[name[0]] + 12 * (int(name[1]) - 4)) / 12)
    turn = 2 * math.pi * pitch / RATE
    found = []
    for n in range(int(RINGS * RATE)):
        at = n / RATE
        loud = min(1.0, at / 0.04) * math.exp(-1.8 * at) * min(1.0, (RINGS - at) / 0.2)
        found.append(loud * (math.sin(turn * n) + 0.3 * math.exp(-3 * at) * math.sin(2 * turn * n)))
    return tuple(found)
