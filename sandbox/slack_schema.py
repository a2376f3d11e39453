"""The words of Block Kit as data: small checks that are put together into tables of fields.

A check looks at one JSON value and adds what is wrong with it, with its JSON pointer, in Slack's own words
("must be less than 76 characters", "invalid additional property: x"). Lengths and element rules follow
docs.slack.dev/reference/block-kit (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Complaints:
    """What is wrong with a document so far: (words, JSON pointer)."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def add(self, words: str, pointer: str) -> None:
        """Note one fault."""
        self.found.append((words, pointer))

    def lines(self) -> list[str]:
        """As Slack writes them, without the `[ERROR]` in front."""
        return [f"{words} [json-pointer:{pointer}]" for words, pointer in self.found]


Check = Callable[[Any, str, Complaints], None]


@dataclass(frozen=True, slots=True)
class Need:
    """A field that must be there."""

    check: Check


Fields = Mapping[str, Check | Need]


def string(most: int, least: int = 1) -> Check:
    """A string of `least` to `most` characters."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, str):
            bad.add("must provide a string", at)
        elif len(value) < least:
            bad.add(f"must be more than {least - 1} characters", at)
        elif len(value) > most:
            bad.add(f"must be less than {most + 1} characters", at)

    return check


def matching(pattern: str, words: str) -> Check:
    """A string of this form."""
    form = re.compile(pattern)

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, str) or not form.fullmatch(value):
            bad.add(words, at)

    return check


def url(most: int = 3000) -> Check:
    """An http(s) or mailto address."""
    length = string(most)

    def check(value: Any, at: str, bad: Complaints) -> None:
        length(value, at, bad)
        if isinstance(value, str) and not re.match(r"(https?://[^\s]+|mailto:[^\s]+)$", value):
            bad.add("must provide a valid url", at)

    return check


def boolean(value: Any, at: str, bad: Complaints) -> None:
    """True or false."""
    if not isinstance(value, bool):
        bad.add("must provide a boolean", at)


def integer(low: int, high: int) -> Check:
    """A whole number between both, inclusive."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            bad.add("must provide an integer", at)
        elif not low <= value <= high:
            bad.add(f"must be between {low} and {high}", at)

    return check


def choice(*values: str) -> Check:
    """One of these words."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if value not in values:
            bad.add(f"must be a valid enum value: {', '.join(values)}", at)

    return check


def items(of: Check, most: int, least: int = 1) -> Check:
    """A list of `least` to `most`, each checked."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, list):
            return bad.add("must provide an array", at)
        if len(value) < least:
            bad.add(f"no fewer than {least} items allowed", at)
        if len(value) > most:
            bad.add(f"no more than {most} items allowed", at)
        for n, one in enumerate(value):
            of(one, f"{at}/{n}", bad)

    return check


def shape(fields: Fields) -> Check:
    """An object with these fields and no others."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, dict):
            return bad.add("must provide an object", at)
        for name, rule in fields.items():
            if name in value:
                (rule.check if isinstance(rule, Need) else rule)(value[name], f"{at}/{name}", bad)
            elif isinstance(rule, Need):
                bad.add(f"missing required field: {name}", at)
        for name in value:
            if name not in fields:
                bad.add(f"invalid additional property: {name}", at)

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` names one of these."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if not isinstance(value, dict):
            return bad.add("must provide an object", at)
        kind = value.get("type")
        if not isinstance(kind, str):
            return bad.add("missing required field: type", at)
        if kind not in kinds:
            return bad.add(f"unsupported type: {kind}", f"{at}/type")
        kinds[kind](value, at, bad)

    return check


def both(*checks: Check) -> Check:
    """All of these."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        for one in checks:
            one(value, at, bad)

    return check


def one_field_of(*names: str) -> Check:
    """At least one of these fields stands in the object."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if isinstance(value, dict) and not any(name in value for name in names):
            bad.add("must define either " + " or ".join(f"`{name}`" for name in names), at)

    return check


def only_one_of(first: str, second: str) -> Check:
    """Not both of these fields."""

    def check(value: Any, at: str, bad: Complaints) -> None:
        if isinstance(value, dict) and first in value and second in value:
            bad.add(f"must not define both `{first}` and `{second}`", at)

    return check


KIND = string(64)


def plain(most: int) -> Check:
    """A plain_text object."""
    return typed(
        {
            "plain_text": shape({"type": KIND, "text": Need(string(most)), "emoji": boolean}),
        }
    )


def text(most: int) -> Check:
    """A plain_text or mrkdwn object."""
    return typed(
        {
            "plain_text": shape({"type": KIND, "text": Need(string(most)), "emoji": boolean}),
            "mrkdwn": shape({"type": KIND, "text": Need(string(most)), "verbatim": boolean}),
        }
    )


CONFIRM = shape(
    {
        "title": Need(plain(100)),
        "text": Need(text(300)),
        "confirm": Need(plain(30)),
        "deny": Need(plain(30)),
        "style": choice("primary", "danger"),
    }
)
OPTION = shape({"text": Need(plain(75)), "value": Need(string(150)), "description": plain(75)})
LINK_OPTION = shape(
    {"text": Need(plain(75)), "value": Need(string(150)), "description": plain(75), "url": url()}
)
RICH_OPTION = shape({"text": Need(text(75)), "value": Need(string(150)), "description": text(75)})
OPTION_GROUP = shape({"label": Need(plain(75)), "options": Need(items(OPTION, 100))})
FILTER = both(
    one_field_of("include", "exclude_external_shared_channels", "exclude_bot_users"),
    shape(
        {
            "include": items(choice("im", "mpim", "private", "public"), 4),
            "exclude_external_shared_channels": boolean,
            "exclude_bot_users": boolean,
        }
    ),
)
DISPATCH = shape({"trigger_actions_on": items(choice("on_enter_pressed", "on_character_entered"), 2)})
SLACK_FILE = shape({"id": string(255), "url": url()})
