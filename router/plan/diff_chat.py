"""What a new plan changes at the web chat, in words."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Plan
from .say import quoted


def web_chat(old: Plan, new: Plan) -> Iterator[str]:
    """Pages that may chat, colour and words."""
    was, now = old.chat, new.chat
    for origin in now.origins:
        if origin not in was.origins:
            yield f"Pages of {origin} may chat"
    for origin in was.origins:
        if origin not in now.origins:
            yield f"Pages of {origin} may not chat any more"
    if was.colour != now.colour:
        yield f"The chat's colour is {now.colour or 'ours'} (was {was.colour or 'ours'})"
    for what, before, after in (("head", was.title, now.title), ("first words", was.hello, now.hello)):
        for language in dict.fromkeys([*dict(before), *dict(after)]):
            a, b = dict(before).get(language), dict(after).get(language)
            if a != b:
                yield f"The chat's {what} ({language}): {quoted(b) if b else 'ours'}" + (
                    f" (was {quoted(a)})" if a else ""
                )
