"""What a run found, on which machine, and how it is kept."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .bars import Finding
from .queue_bars import store

RESULTS = Path(__file__).parent / "results.json"
"""The bars alone, a list."""
MEASURED = Path(__file__).parent / "measured.json"
"""Everything, by group, with the machine: what docs/performance.md is written from."""


@dataclass(slots=True)
class Results:
    """Rows by the group that measured them."""

    quick: bool
    machine: dict[str, str]
    groups: dict[str, Sequence[Finding]] = field(default_factory=dict)
    seconds: int = 0

    def save(self) -> dict[str, Any]:
        """Write them; groups measured before in the same form and not now stay. What was written."""
        whole: dict[str, Any] = {
            "quick": self.quick,
            "machine": self.machine,
            "day": datetime.now(UTC).date().isoformat(),
            "seconds": self.seconds,
            "groups": {name: [row.to_json() for row in rows] for name, rows in self.groups.items()},
        }
        if MEASURED.exists():
            before = json.loads(MEASURED.read_text())
            if before.get("quick") == self.quick:
                kept = {k: v for k, v in before["groups"].items() if k not in self.groups}
                whole["groups"] = {**kept, **whole["groups"]}
                whole["seconds"] = max(self.seconds, before["seconds"]) if kept else self.seconds
        MEASURED.write_text(json.dumps(whole, indent=1) + "\n")
        bars = [row for rows in whole["groups"].values() for row in rows if "bar" in row]
        RESULTS.write_text(json.dumps(bars, indent=1) + "\n")
        return whole


async def machine() -> dict[str, str]:
    """What one must know of the machine, and nothing that tells whose it is."""
    async with store() as opened:
        health = await opened.health()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "processor": _processor(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "store": f"{health.server}, embedded, every write on disk before it is confirmed",
        "load at the beginning": f"{os.getloadavg()[0]:.1f}",
    }


def _processor() -> str:
    """Its name as the kernel says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (it.partition(":")[2].strip() for it in lines if it.startswith("model name"))
    return next(named, platform.processor() or "unknown")
