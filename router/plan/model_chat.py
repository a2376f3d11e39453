"""The plan's web chat as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebChat:
    """Which pages may chat, and how the widget looks there.

    `origins`: scheme, host and port, as browsers write them; `colour`: "#0b57d0", "" for ours; `title` and `hello`, its
    head and its first words, by language.
    """

    origins: tuple[str, ...] = ()
    colour: str = ""
    title: tuple[tuple[str, str], ...] = ()
    hello: tuple[tuple[str, str], ...] = ()
