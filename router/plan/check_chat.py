"""What is wrong with the web chat's words."""

from __future__ import annotations

from .errors import Source
from .names import Known, every_language
from .read import Node


def check_chat(root: Node, known: Known, found: Source) -> None:
    """Its words stand in every language of the plan."""
    chat = root.get("channels", "chat")
    if chat is None:
        return
    for key in ("title", "hello"):
        every_language(found, chat, key, "channels.chat", known)
