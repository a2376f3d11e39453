"""The shape of the doors: numbers, addresses, menus."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .fields import Door, Key, Language, Name, SlackChannel, Word, wrong
from .shape_base import Shape

ChannelName = Literal["voice", "chat", "sms", "email"]
Said = dict[Language, Word]


def _reaction(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r":[^\s:]{1,80}:", text):
        raise wrong("an emoji is named without colons", instead=text.strip(":"))
    if not re.fullmatch(r"[\w+'-]{1,80}", text):
        raise wrong(f'"{text[:60]}" is no emoji\'s name', allowed="like sos or eyes")
    return text


Reaction = Annotated[str, BeforeValidator(_reaction)]


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

    channel: Literal["voice", "chat", "sms", "email", "slack"] = Field(
        description="voice, chat, sms, email, or slack: a channel shared with a customer"
    )
    to: Door | None = Field(default=None, description="Number or mail address; chat has none")
    place: SlackChannel | None = Field(
        default=None, alias="in", description="The Slack channel that a customer shares with you, in quotes"
    )
    on: Literal["message", "reaction"] = Field(
        default="message", description="What makes a contact there: every message, or one with the reaction"
    )
    reaction: Reaction | None = Field(default=None, description="The emoji's name: sos")
    customer: Word | None = Field(default=None, description="The key of the customer whose channel it is")
    service: Name | None = None
    first: Name | None = Field(
        default=None, description="The script that comes before a person: sms and chat"
    )
    language: Language | None = None
    greeting: Said = Field(default={}, description="What callers hear first: {en: …, de: …}")
    menu: list[MenuKey] = []
    otherwise: Name | None = Field(
        default=None, description="The service of who chooses nothing; without it, that of the first key"
    )
