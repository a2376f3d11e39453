"""The order of what a visitor of the web chat sees: one row of numbers for a conversation, whatever contacts it had."""

from __future__ import annotations

from collections.abc import Sequence

from .calls import Calls, texts

LINES_KEPT = 35 * 86_400
"""Seconds after the last message for which a conversation's order is known: longer than any visitor's token lives."""


class Lines(Calls):
    """A conversation is named by plain text; a message by its key, "C1001.3"."""

    async def line(
        self, conversation: str, key: str, seconds: int = LINES_KEPT, *, op: str | None = None, now: int | None = None
    ) -> int:  # fmt: skip
        """The number of the message `key` in its conversation, from 1: the next one, the first time that it is asked."""
        return int(await self.do("line", conversation, key, max(1, seconds), op=op, now=now))

    async def lines(self, conversation: str, since: int, limit: int) -> tuple[Sequence[tuple[int, str]], int]:
        """(number and key of the messages after `since`, in order, at most `limit`; how many there are in all)."""
        name = self.key(f"line:{conversation}")
        raw = texts(
            await self.plain("ZRANGE", name, since + 1, "+inf", "BYSCORE", "LIMIT", 0, limit, "WITHSCORES")
        )
        found = [(int(float(raw[i + 1])), raw[i]) for i in range(0, len(raw), 2)]
        last = found[-1][0] if found else since
        if not found or len(found) == limit:
            last = int(str(await self.plain("ZCARD", name)))
        return found, last
