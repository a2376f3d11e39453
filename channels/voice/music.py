"""What callers hear while they wait: sixteen seconds of slow, soft notes, ours and nobody else's to license.

Made of sine waves when it is first asked for; its end runs into its beginning, so it can go round and round.
"""

from __future__ import annotations

import cmath
import io
import wave
from array import array
from functools import cache
from itertools import accumulate, repeat
from operator import add, mul

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
    whole, ring = RATE * SECONDS, int(RATE * RINGS)
    mixed = [0.0] * (whole + ring)
    for i, note in enumerate(" ".join(CHORDS).split()):
        heard = slice(begin := int(i * STEP * RATE), begin + ring)
        mixed[heard] = map(add, mixed[heard], _note(note))
    mixed[:ring] = map(add, mixed, mixed[whole:])  # what rings beyond the end is heard at the beginning
    del mixed[whole:]
    scale = LOUDEST * 32767 / max(map(abs, mixed))
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(array("h", (round(sample * scale) for sample in mixed)).tobytes())
    return file.getvalue()


@cache
def _note(name: str) -> list[float]:
    """A soft beginning, a long end; an overtone that fades sooner."""
    pitch = 440.0 * 2 ** ((_KEYS[name[0]] + 12 * (int(name[1]) - 4)) / 12)
    both = zip(_ringing(pitch, 1.8), _ringing(2 * pitch, 4.8), strict=True)
    found = [tone + 0.3 * overtone for tone, overtone in both]
    begins, ends = int(0.04 * RATE), int(0.2 * RATE)
    found[:begins] = [sample * n / begins for n, sample in enumerate(found[:begins])]
    found[-ends:] = [sample * (ends - n) / ends for n, sample in enumerate(found[-ends:])]
    return found


def _ringing(pitch: float, fades: float) -> list[float]:
    """e^(-`fades`·t) · sin(2π·`pitch`·t), each sample made of the one before: a turn and a step towards silence."""
    turn = cmath.exp(complex(-fades, 2 * cmath.pi * pitch) / RATE)
    return [at.imag for at in accumulate(repeat(turn, int(RATE * RINGS) - 1), mul, initial=1 + 0j)]
