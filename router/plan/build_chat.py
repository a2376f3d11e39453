"""The web chat of a document, as values."""

from __future__ import annotations

from .model_chat import WebChat
from .shape_chat import WebChat as Given


def web_chat(given: Given) -> WebChat:
    """Which pages may chat, and how the widget looks."""
    origins = tuple(dict.fromkeys(given.origins))
    return WebChat(origins, given.colour or "", tuple(given.title.items()), tuple(given.hello.items()))
