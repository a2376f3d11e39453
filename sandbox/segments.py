"""How many segments a text costs: GSM 03.38 seven-bit where every character fits, else UCS-2.

Sources: 3GPP TS 23.038 §6.2.1 (default alphabet and extension table), TS 23.040 §9.2.3.24 (concatenation).
"""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")  # each takes two septets


def count_segments(text: str) -> int:
    """Segments of `text` as Twilio counts them: 160/153 septets, or 70/67 UTF-16 units; at least 1.

    A two-unit character is never cut in two, so a segment may stay one unit short.
    """
    if all(c in _BASIC or c in _EXTENDED for c in text):
        return _pack([2 if c in _EXTENDED else 1 for c in text], 160, 153)
    return _pack([2 if ord(c) > 0xFFFF else 1 for c in text], 70, 67)


def _pack(sizes: list[int], single: int, part: int) -> int:
    if sum(sizes) <= single:
        return 1
    segments, room = 1, part
    for size in sizes:
        if size > room:
            segments, room = segments + 1, part
        room -= size
    return segments
