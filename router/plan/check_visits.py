"""Whether anybody can be sent to a customer, and where sessions are held."""

from __future__ import annotations

from .errors import Source
from .names import Known, named
from .read import Node


def check_visits(root: Node, known: Known, found: Source) -> None:
    """Note it when no agent has the skill that visits ask for, and when a session is nowhere or in two places."""
    skill = root.get("visits", "skill")
    if skill is not None and skill.text and known.agents:
        named(found, skill.text, skill.span, "visits.skill", known.skills, "skill of any agent")
    for name, span, node in root.pairs("sessions"):
        ways = [key for key in ("url", "webhook") if key in node.keys]
        if node.kind == "map" and len(ways) != 1:
            what = "where is it held?" if not ways else "it is held in one place: url or webhook, not both"
            hint = (
                'url: "https://help.example/{id}", or webhook: https://…'
                if not ways
                else "remove one of them"
            )
            found.wrong(node.keys[ways[1]][0] if ways else span, f"sessions.{name}", what, allowed=hint)
