"""Letters: teams that aren't there, words in braces that nobody fills in."""

from __future__ import annotations

from .braces import variables
from .errors import Source
from .model_letters import VARIABLES
from .names import Known, named
from .read import Node


def check_letters(root: Node, known: Known, found: Source) -> None:
    """Note what is wrong in `letters`, the site's and those of teams."""
    letters = root.get("letters")
    if letters is None:
        return
    _letter(letters, "letters", found)
    for team, span, node in letters.pairs("teams"):
        named(found, team, span, f"letters.teams.{team}", known.teams, "team")
        _letter(node, f"letters.teams.{team}", found)


def _letter(node: Node, path: str, found: Source) -> None:
    if (name := node.get("name")) is not None:
        variables(found, name, f"{path}.name", VARIABLES)
    for key in ("signature", "footer"):
        for language, _, text in node.pairs(key):
            variables(found, text, f"{path}.{key}.{language}", VARIABLES)
