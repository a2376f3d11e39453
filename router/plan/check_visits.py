"""Whether anybody can be sent to a customer."""

from __future__ import annotations

from .errors import Source
from .names import Known, named
from .read import Node


def check_visits(root: Node, known: Known, found: Source) -> None:
    """Note it when no agent has the skill that visits ask for."""
    skill = root.get("visits", "skill")
    if skill is not None and skill.text and known.agents:
        named(found, skill.text, skill.span, "visits.skill", known.skills, "skill of any agent")
