"""What a measured bar is, and how figures are taken on a noisy machine: short slices in rotation, minima and medians."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure against its limit. `spread` is (minimum, maximum) over the slices, `n` how many there were."""

    bar: str
    value: float
    limit: float
    unit: str
    spread: tuple[float, float]
    n: int
    sense: Literal["at most", "at least"] = "at most"

    @property
    def passed(self) -> bool:
        """Whether the limit holds."""
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit

    def to_json(self) -> dict[str, object]:
        """A row of `bench/results.json`."""
        row = asdict(self)
        return {**row, "pass": self.passed}

    def line(self) -> str:
        """A row for people."""
        mark = "✓" if self.passed else "✗"
        low, high = self.spread
        limit = f"{self.sense} {self.limit:g}; {low:.3g}–{high:.3g}, n={self.n}"
        return f"{mark} {self.bar:<52} {self.value:>9.3g} {self.unit:<8} ({limit})"


def ratio(name: str, above: Sequence[float], below: Sequence[float], limit: float) -> Bar:
    """Minimum against minimum: on shared cores the fastest slices are the reproducible ones."""
    pairs = [a / b for a, b in zip(above, below, strict=True)]
    return Bar(name, min(above) / min(below), limit, "×", (min(pairs), max(pairs)), len(pairs))


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile, 0 < q < 1, of at least two values."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(q * 1000) - 1]
