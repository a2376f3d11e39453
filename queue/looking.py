"""Who looks at what, for whichever process shows it next; gone by itself a while after the last of them came.

Like working papers: lost with the store, so nothing may rest on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .calls import Calls, texts


async def keep_look(queue: Calls, what: str, user: str, look: str, seconds: int) -> None:
    """`user` looks at `what`; `look` says since when, and what else is to be known of it. Twice is once."""
    key = queue.key(f"looking:{what}")
    await queue.plain("HSET", key, user, look)
    await queue.plain("EXPIRE", key, seconds)


async def looks_at(queue: Calls, what: str) -> Mapping[str, str]:
    """Everybody's look at `what`, by user."""
    flat = texts(await queue.plain("HGETALL", queue.key(f"looking:{what}")))
    return dict(zip(flat[::2], flat[1::2], strict=True))


async def drop_looks(queue: Calls, what: str, users: Sequence[str]) -> None:
    """These look no more."""
    if users:
        await queue.plain("HDEL", queue.key(f"looking:{what}"), *users)
