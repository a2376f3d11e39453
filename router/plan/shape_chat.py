"""The shape of the web chat: which pages may chat, and how the widget looks there."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from .fields import Language, shown, wrong
from .shape_base import Many, Shape

_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:[0-9]{1,5})?")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def _origin(value: object) -> str:
    """As a browser writes it, so that it can be compared as a whole."""
    text = value.strip() if isinstance(value, str) else ""
    like = "https://www.northwind.example"
    if "*" in text:
        raise wrong("each page's origin is written out: * would let strangers in", allowed=f"like {like}")
    tidy = _tidy(text)
    if tidy and tidy != text:
        raise wrong("an origin is scheme, host and port as browsers write them, and no more", instead=tidy)
    if not tidy:
        raise wrong(f'"{shown(value)}" is no origin', allowed=f"like {like}")
    return text


def _tidy(text: str) -> str:
    """The origin of an address, "" where it has none."""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except (ValueError, UnicodeError):
        return ""
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    host = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")
    return origin if host and usual and _ORIGIN.fullmatch(origin) else ""


def _colour(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if not _COLOUR.fullmatch(text):
        raise wrong(f'"{shown(value)}" is no colour', allowed='six hexadecimal digits in quotes: "#0b57d0"')
    return text.lower()


Origin = Annotated[str, BeforeValidator(_origin)]
Colour = Annotated[str, BeforeValidator(_colour)]
Short = Annotated[str, Field(min_length=1, max_length=60)]
Words = Annotated[str, Field(min_length=1, max_length=400)]


class WebChat(Shape):
    """Where visitors find the chat."""

    origins: Annotated[Many[Origin], Field(max_length=100)] = Field(
        default=[], description="The pages that may chat: [https://www.northwind.example]"
    )
    colour: Colour | None = Field(default=None, description='The widget\'s colour: "#0b57d0"')
    title: dict[Language, Short] = Field(default={}, description="The widget's head: {en: Northwind}")
    hello: dict[Language, Words] = Field(default={}, description="Its first words: {en: How can we help?}")
