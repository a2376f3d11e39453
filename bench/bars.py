"""What a measured bar is, and how figures are taken on a noisy machine: short slices in rotation, minima and medians."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure against its limit. `spread` is (minimum, maximum) over the slices, `n` how many there were.

    `limit` None: told beside the bars, judged by nobody. `note` is what one must know to read it.
    """

    bar: str
    value: float
    limit: float | None
    unit: str
    spread: tuple[float, float]
    n: int
    sense: Literal["at most", "at least"] = "at most"
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the limit holds."""
        if self.limit is None:
            return True
        return self.value <= self.limit if self.sense == "at most" else self.value >= self.limit

    def to_json(self) -> dict[str, object]:
        """A row of `bench/results.json`; what can't be written as a number is null."""
        row = asdict(self)
        finite = {k: None if v in (float("inf"), float("-inf")) else v for k, v in row.items()}
        return {**finite, "pass": self.passed}

    def line(self) -> str:
        """A row for people."""
        mark = "·" if self.limit is None else "✓" if self.passed else "✗"
        low, high = self.spread
        limit = "" if self.limit is None else f"{self.sense} {self.limit:g}; "
        return f"{mark} {self.bar:<52} {self.value:>9.3g} {self.unit:<8} ({limit}{low:.3g}–{high:.3g}, n={self.n})"


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a comparison: what `who` took in `case` of `table`. Nobody judges it; `n` slices, the best first."""

    table: str
    case: str
    who: str
    value: float
    unit: str
    spread: tuple[float, float]
    n: int

    def to_json(self) -> dict[str, object]:
        """A row of `bench/results.json`."""
        return asdict(self)

    def line(self) -> str:
        """A row for people."""
        low, high = self.spread
        spread = f"{low:.3g}–{high:.3g}, n={self.n}"
        return f"  {self.table}, {self.case}: {self.who:<34} {self.value:>9.3g} {self.unit} ({spread})"


@dataclass(frozen=True, slots=True)
class Absent:
    """A peer that couldn't be asked here, and why."""

    who: str
    why: str

    def to_json(self) -> dict[str, object]:
        """A row of `bench/results.json`."""
        return asdict(self)

    def line(self) -> str:
        """A row for people."""
        return f"  not measured: {self.who}: {self.why}"


Finding = Bar | Row | Absent


def ratio(
    name: str, above: Sequence[float], below: Sequence[float], limit: float | None, note: str = ""
) -> Bar:
    """Minimum against minimum: on shared cores the fastest slices are the reproducible ones."""
    pairs = [a / b for a, b in zip(above, below, strict=True)]
    return Bar(
        name, min(above) / min(below), limit, "×", (min(pairs), max(pairs)), len(pairs),
        note=f"median of the pairs {statistics.median(pairs):.3g}{'; ' if note else ''}{note}",
    )  # fmt: skip


def best(table: str, case: str, who: str, values: Sequence[float], unit: str, high: bool = False) -> Row:
    """The best slice, and how far the others were from it; `high`: more is better."""
    pick = max(values) if high else min(values)
    return Row(table, case, who, pick, unit, (min(values), max(values)), len(values))


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile, 0 < q < 1, of at least two values."""
    return statistics.quantiles(values, n=1000, method="inclusive")[round(q * 1000) - 1]
