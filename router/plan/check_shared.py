"""Doors in Slack: channels that a customer shares."""

from __future__ import annotations

from .errors import Source
from .names import Known, text_of
from .read import Node

OURS = ("in", "on", "reaction", "customer")
THEIRS = ("to", "menu", "greeting", "otherwise")
"""Keys of doors of which the other kind has none."""


def check_shared(entry: Node, path: str, channel: str | None, known: Known, found: Source) -> None:
    """Note what is wrong with a door in Slack, or with what only such a door has."""
    if entry.kind != "map":
        return
    if channel != "slack":
        for key in (it for it in OURS if it in entry.keys and channel is not None):
            found.wrong(
                entry.keys[key][0], f"{path}.{key}", "only a door in slack has this", allowed="remove it"
            )
        return
    for key in (it for it in THEIRS if it in entry.keys):
        found.wrong(
            entry.keys[key][0], f"{path}.{key}", "a door in slack has no such thing", allowed="remove it"
        )
    if "in" not in entry.keys:
        found.wrong(entry.span, f"{path}.in", "which channel?", allowed='add in: "#ext-acme"')
    if "service" not in entry.keys:
        hint = "add service: " + "|".join(known.services[:5])
        found.wrong(entry.span, f"{path}.service", "where does this door lead?", allowed=hint)
    on, place = text_of(entry, "on") or "message", entry.get("in")
    if on == "reaction" and "reaction" not in entry.keys:
        found.wrong(entry.keys["on"][0], f"{path}.reaction", "which reaction?", allowed="add reaction: sos")
    if on == "message" and "reaction" in entry.keys:
        found.wrong(
            entry.keys["reaction"][0], f"{path}.on", "every message counts here", allowed="add on: reaction"
        )
    if place is not None and place.text in known.rooms:
        what = "agents work there: a customer would read along"
        found.wrong(place.span, f"{path}.in", what, allowed="a channel of its own")
