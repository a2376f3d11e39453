"""The shape of the doors: numbers, addresses, menus."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .fields import Door, Key, Language, Name, Word
from .shape_base import Shape

ChannelName = Literal["voice", "chat", "sms", "email"]
Said = dict[Language, Word]


class MenuKey(Shape):
    """One key of a voice menu."""

    press: Key
    say: Said = Field(description="{en: outage, de: Störung}")
    service: Name | None = Field(default=None, description="The name of one of the services")
    language: Language | None = Field(
        default=None, description="Instead of a service: the menu goes on in this language"
    )


class Entry(Shape):
    """Which door leads where."""

    channel: ChannelName = Field(description="voice, chat, sms or email")
    to: Door | None = Field(default=None, description="Number or mail address; chat has none")
    service: Name | None = None
    language: Language | None = None
    greeting: Said = Field(default={}, description="What callers hear first: {en: …, de: …}")
    menu: list[MenuKey] = []
    otherwise: Name | None = Field(
        default=None, description="The service of who chooses nothing; without it, that of the first key"
    )
