"""What bears witness that a server has all that was acknowledged: a count beside what it counts.

Replication keeps the order of writes but not their end: a server that is elected before it has caught up lacks the
last of them, and nothing in it says so. So each process writes, behind its writes and in the same breath, how many
there have been; what was confirmed is remembered here. A server that has less than that lacks the difference.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import hiredis

KEPT = 86_400  # s that the count of a process outlives it
JUMP = 1_000
"""Numbers of contacts that are skipped then, and one for each write that is missing: a number that somebody was told
must not mean somebody else."""


class Witness:
    """One process's count. `missing`: how many acknowledged writes the servers that it was led to lacked."""

    def __init__(self, site: str, key: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        """`site` is the record that has the number of the latest contact, `key` the count's own; "" for no count."""
        self._site, self._key, self._clock = site, key, clock
        self._confirmed_at = clock()
        self._skip = 0
        self.written = self.confirmed = self.missing = 0

    def before(self) -> bytes:
        """What must be written first of all now; b"" for nothing."""
        return _packed("HINCRBY", self._site, "contacts", self._skip) if self._skip else b""

    def skipped(self) -> None:
        """That was done."""
        self._skip = 0

    def skip(self, missing: int) -> None:
        """So many writes are missing."""
        self._skip = max(self._skip, JUMP + missing)

    def behind(self, writes: int) -> bytes:
        """What is written behind so many writes; b"" for nothing."""
        self.written += writes
        return _packed("SET", self._key, self.written, "EX", KEPT) if self._key else b""

    def confirm(self, written: int) -> None:
        """The first `written` of them are acknowledged."""
        if written > self.confirmed:
            self.confirmed, self._confirmed_at = written, self._clock()

    @property
    def question(self) -> tuple[str, str] | None:
        """What a server is asked before anything else is; None when its answer would tell nothing."""
        old = self._clock() - self._confirmed_at > KEPT / 2
        return ("GET", self._key) if self.confirmed and not old else None

    def heard(self, answer: object) -> None:
        """What the server said to `question`."""
        has = int(answer) if isinstance(answer, bytes) else 0
        if has < self.confirmed:
            self.missing += self.confirmed - has
            self.skip(self.confirmed - has)
            self.confirmed = has


def _packed(*words: str | int) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub means a tuple of one
    return packed
