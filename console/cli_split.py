"""What `tierline web` and `tierline worker` need before they may start: several processes share it."""

from __future__ import annotations

from ..settings import Settings

NEEDED = (
    ("REDIS_URL", "redis_url", "the store that all processes share (redis://host:6379)"),
    (
        "DATABASE_URL",
        "database_url",
        "the history that all share (postgresql://…, or sqlite:////path on one machine)",
    ),
    ("TIERLINE_SECRET", "secret", "the same in every process: `openssl rand -base64 32` makes one"),
)


def missing(config: Settings) -> tuple[str, ...]:
    """One line for each setting that is missing; () when a process of its own may start."""
    return tuple(f"{name} isn't set: {why}" for name, field, why in NEEDED if not getattr(config, field))
