"""What a replay is asked to do, in words that need nothing of what does it: nobody who starts waits for a simulator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta

NEAR = {"today": timedelta(), "yesterday": timedelta(days=1)}
"""Days that have a name, and how far back they are."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to replay. `start` and `end` (ms) are the day's; `draft` is a plan's text, "" for none."""

    database_url: str
    data: str
    version: int
    active: str
    draft: str
    start: int
    end: int

    @classmethod
    def parse(cls, line: str) -> Job:
        """From the line that `Replays` writes."""
        return cls(**json.loads(line))
