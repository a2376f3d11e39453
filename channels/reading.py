"""Bodies from outside are read up to a bound."""

from __future__ import annotations

import aiohttp


async def read_all(content: aiohttp.StreamReader, most: int) -> bytes:
    """What arrives until the end, or `most` bytes of it: one `read` gives only what has come so far."""
    found = bytearray()
    while len(found) < most and (more := await content.read(most - len(found))):
        found += more
    return bytes(found)
