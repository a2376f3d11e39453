"""What a new plan promises otherwise after the first answer, in words."""

from __future__ import annotations

from collections.abc import Iterator

from ...skills.skill import CHANNELS
from .model_promises import Each, Promises
from .say import lasting


def promises(who: str, was: Promises, now: Promises) -> Iterator[str]:
    """Of one service, `who`."""
    for what, before, after, none in (
        ("later messages answered within", was.next_answer, now.next_answer, "as the first"),
        ("solved within", was.resolve, now.resolve, "whenever"),
    ):
        yield from _each(f"{who}: {what}", before, after, none)


def _each(what: str, was: Each, now: Each, none: str) -> Iterator[str]:
    changed = [channel for channel in CHANNELS if was.on(channel) != now.on(channel)]
    said = [
        tuple(none if within is None else lasting(within) for within in (now.on(channel), was.on(channel)))
        for channel in changed
    ]
    if len(changed) == len(CHANNELS) and len(set(said)) == 1:
        yield f"{what} {said[0][0]} (was {said[0][1]})"
    else:
        for channel, (new, old) in zip(changed, said, strict=True):
            yield f"{what} for {channel} {new} (was {old})"
