"""How much one address and one connection may do: beyond that it is told to wait, and who goes on is cut off (SEC30)."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic


@dataclass(slots=True)
class Bucket:
    """Takes `burst` at once and `rate` a second after that."""

    rate: float
    burst: float
    left: float = -1.0
    at: float = 0.0

    def take(self, n: float = 1.0) -> bool:
        """Whether there is room for `n` more now."""
        now = monotonic()
        self.left = self.burst if self.left < 0 else min(self.burst, self.left + (now - self.at) * self.rate)
        self.at = now
        if self.left < n:
            return False
        self.left -= n
        return True

    @property
    def full(self) -> bool:
        """Whether it is as if nobody had taken anything."""
        return self.left < 0 or self.left + (monotonic() - self.at) * self.rate >= self.burst


@dataclass(frozen=True, slots=True)
class Caps:
    """What one address may: connections at a time, new ones, conversations begun and files; of one connection, frames.

    An office is one address for many people. Pairs are (a second, at once).
    """

    sockets: int = 200
    opens: tuple[float, int] = (5.0, 100)
    begins: tuple[float, int] = (0.5, 30)
    files: tuple[float, int] = (0.2, 10)
    frames: tuple[float, int] = (10.0, 100)
    pings: tuple[float, int] = (1.0, 10)


MOST_ADDRESSES = 20_000
"""Addresses that are remembered; beyond that those that have been quiet are forgotten."""


@dataclass(slots=True)
class _Address:
    open: int
    opens: Bucket
    begins: Bucket
    files: Bucket

    @property
    def quiet(self) -> bool:
        return not self.open and self.opens.full and self.begins.full and self.files.full


@dataclass(slots=True)
class Limits:
    """Counts by address."""

    caps: Caps = Caps()
    known: dict[str, _Address] = field(default_factory=dict)

    def enter(self, address: str) -> bool:
        """Whether one more connection from there is let in; it is to `leave`."""
        it = self._of(address)
        if it.open >= self.caps.sockets or not it.opens.take():
            return False
        it.open += 1
        return True

    def leave(self, address: str) -> None:
        """One connection less."""
        it = self._of(address)
        it.open = max(0, it.open - 1)

    def begins(self, address: str) -> bool:
        """Whether a new conversation may be begun from there."""
        return self._of(address).begins.take()

    def files(self, address: str) -> bool:
        """Whether a file may be sent from there."""
        return self._of(address).files.take()

    def _of(self, address: str) -> _Address:
        if (it := self.known.get(address)) is None:
            if len(self.known) >= MOST_ADDRESSES:
                self.known = {name: one for name, one in self.known.items() if not one.quiet}
            caps = self.caps
            it = _Address(0, Bucket(*caps.opens), Bucket(*caps.begins), Bucket(*caps.files))
            self.known[address] = it
        return it
