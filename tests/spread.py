"""Who runs what, and when, where several workers run all tests: a plugin, `pytest -n 8 -p tests.spread`.

Most stories wait for clocks and processes, unit tests use the processor: evenly mixed they fill it. A worker takes the
next thing when it has done the one before, and what is left for the end is done in a moment.
"""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from xdist.scheduler import LoadScopeScheduling

ALONE = ("browser", "postgres")
"""Kinds that one worker has whole, from the beginning: a Chromium and a PostgreSQL for each cost more than they save."""
BY_ITSELF = ("story", "channels")
"""Kinds of which each test may run anywhere; of all others a file stays together."""
UNTIL = {"story": 0.85, "channels": 0.9, "store": 0.9}
"""The part of the run in which they are begun."""
LONG = ("what_leaves_the_desk", "slack_calls_the_web", "chaos_small", "two_versions")
"""What waits for a minute or more: begun in the first half, so that nobody has to wait for it at the end."""


def kind_of(nodeid: str) -> str:
    """The folder, but for what asks for a PostgreSQL."""
    path = nodeid.split("::")[0].split("/")
    return "postgres" if "postgres" in nodeid else path[1] if len(path) > 2 else "unit"


def unit_of(nodeid: str) -> str:
    """What is given to a worker as one: the name of the unit that this test is of."""
    kind = kind_of(nodeid)
    return kind if kind in ALONE else nodeid.split("[")[0] if kind in BY_ITSELF else nodeid.split("::")[0]


def spread(nodeids: list[str]) -> list[int]:
    """Their places in the order in which they are best begun: units stay together, kinds are mixed evenly."""
    units: dict[str, list[int]] = defaultdict(list)
    for i, nodeid in enumerate(nodeids):
        units[unit_of(nodeid)].append(i)
    counts, passed = Counter(map(kind_of, nodeids)), Counter[str]()
    order: list[tuple[float, list[int]]] = []
    for name, places in units.items():
        kind = kind_of(nodeids[places[0]])
        at = (passed[kind] + len(places) / 2) / counts[kind] * UNTIL.get(kind, 1.0)
        passed[kind] += len(places)
        at = at / 2 if any(it in name for it in LONG) else at
        order.append((-1.0 if name in ALONE else at, places))
    order.sort(key=lambda it: it[0])
    return [i for _, places in order for i in places]


class Spread(LoadScopeScheduling):
    """Hands units out in that order."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Spread:
    """xdist asks for it."""
    config.option.loadscopereorder = False
    return Spread(config, log)  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order."""
    items[:] = [items[i] for i in spread([it.nodeid for it in items])]
