"""What only shows together of scripts and questions: names that nobody has, questions that can't be asked."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import Source
from .fields import shown
from .names import Known, every_language, refer, text_of
from .read import Node

CHANNELS = ("sms", "chat")
"""Where customers can be asked something."""


def check_first(root: Node, known: Known, found: Source) -> None:
    """Note what is wrong with `scripts`, with the doors that name one, and with a service's `ask`."""
    names = tuple(name for name, _, _ in root.pairs("scripts"))
    for index, entry in enumerate(root.each("entry")):
        first = entry.get("first")
        refer(found, first, f"entry[{index}].first", names, "script")
        channel = text_of(entry, "channel")
        if first is not None and channel not in CHANNELS:
            what = f"nothing is asked first by {shown(channel)}"
            hint = "remove first" + (", a call has its menu" if channel == "voice" else "")
            found.wrong(entry.keys["first"][0], f"entry[{index}].first", what, allowed=hint)
    for script, span, node in root.pairs("scripts"):
        path, steps, bot = f"scripts.{script}", node.get("steps"), node.get("bot")
        if node.kind == "map" and (steps is None) == (bot is None):
            what = "what does it ask?" if bot is None else "a bot asks by itself: steps or bot, not both"
            hint = (
                "steps: [{ask: device, say: {…}}], or bot: https://…" if bot is None else "remove one of them"
            )
            found.wrong(span, path, what, allowed=hint)
        _steps(node.each("steps"), path, known, found)
    for name, _, service in root.pairs("services"):
        _once(service.each("ask"), f"services.{name}.ask", found)
        for index, it in enumerate(service.each("ask")):
            _question(it, f"services.{name}.ask[{index}]", known, found)


def _steps(steps: list[Node], path: str, known: Known, found: Source) -> None:
    before: list[str] = []
    _once(steps, f"{path}.steps", found)
    for index, it in enumerate(steps):
        here = f"{path}.steps[{index}]"
        if it.kind != "map":
            continue
        asks, shows = "ask" in it.keys, "articles" in it.keys
        if asks == shows:
            what = "a step asks or shows articles, not both" if asks else "what does this step do?"
            found.wrong(it.span, here, what, allowed="ask: device, or articles: 2")
        if asks and "say" not in it.keys:
            hint = "add say: {" + ", ".join(f'{each}: "…"' for each in known.languages) + "}"
            found.wrong(it.span, f"{here}.say", "how is it asked?", allowed=hint)
        _question(it, here, known, found)
        for name, span, _ in it.pairs("when"):
            if name not in before:
                what = f'"{shown(name)}" isn\'t asked before this'
                found.wrong(
                    span, f"{here}.when.{name}", what, allowed=", ".join(before) or "nothing is asked before"
                )
        if asked := text_of(it, "ask"):
            before.append(asked)


def _question(it: Node, path: str, known: Known, found: Source) -> None:
    every_language(found, it, "say", path, known)
    for number, choice in enumerate(it.each("choices")):
        every_language(found, choice, "say", f"{path}.choices[{number}]", known)


def _once(items: Iterable[Node], path: str, found: Source) -> None:
    seen: dict[str, int] = {}
    for index, it in enumerate(items):
        name, node = text_of(it, "ask"), it.get("ask")
        if node is None or not name:
            continue
        if name in seen:
            hint = f"another name; it stands on line {seen[name]} already"
            found.wrong(node.span, f"{path}[{index}].ask", f'"{shown(name)}" is here twice', allowed=hint)
        seen.setdefault(name, node.span.line + 1)
