"""What only shows together of canned answers and of accepting by itself."""

from __future__ import annotations

from .braces import variables
from .errors import Source
from .model_desk import VARIABLES
from .names import Known, every_language
from .read import Node


def check_desk(root: Node, known: Known, found: Source) -> None:
    """Note an answer that lacks a language or has a variable that nobody knows, and calls that accept themselves."""
    section = root.get("canned")
    for name, _, said in root.pairs("canned"):
        if section is not None:
            every_language(found, section, name, "canned", known)
        for language, _, text in said.pairs():
            variables(found, text, f"canned.{name}.{language}", VARIABLES)
    if (by_itself := root.get("channels", "voice", "auto_accept")) is not None and by_itself.scalar is True:
        what = "a call is accepted by a key on the agent's phone alone"
        found.wrong(by_itself.span, "channels.voice.auto_accept", what, allowed="false, or remove the key")
