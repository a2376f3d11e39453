"""Working papers of people, such as a plan's draft: neither queue nor ledger nor history know them.

They are lost with the store and gone by themselves after a while, so nothing may rest on them.
"""

from __future__ import annotations

from .calls import Calls, text

LARGEST = 200_000
"""Bytes of one paper."""


class TooLong(ValueError):
    """More than a working paper holds."""


async def keep_paper(queue: Calls, name: str, paper: str, ms: int) -> None:
    """Keep `paper` under `name` for `ms`, in the place of the one before; "" throws it away. Twice is once."""
    if len(paper.encode()) > LARGEST:
        raise TooLong(f"a working paper has {LARGEST:,} bytes at most")
    await queue.plain("SET", queue.key(f"paper:{name}"), paper, "PX", ms if paper else 1)


async def paper_of(queue: Calls, name: str) -> str:
    """What was kept under `name`; "" when there is nothing (any more)."""
    found = await queue.plain("GET", queue.key(f"paper:{name}"))
    return text(found) if found is not None else ""
