"""What stands around the words of a mail, compared in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Plan
from .model_letters import Letter
from .say import quoted


def letters(old: Plan, new: Plan) -> Iterator[str]:
    """What mails say otherwise."""
    was, now = old.letters, new.letters
    yield from _letter("Mails", was.site, now.site)
    before, after = dict(was.teams), dict(now.teams)
    for team in sorted({*before, *after}):
        yield from _letter(f"Mails of {quoted(team)}", before.get(team, Letter()), after.get(team, Letter()))
    if was.plus != now.plus:
        yield f"Mails are answered to {'signed' if now.plus else 'plain'} addresses"


def _letter(who: str, was: Letter, now: Letter) -> Iterator[str]:
    if was.name != now.name:
        yield f"{who}: the sender is called {quoted(now.name) if now.name else 'as usual'}"
    for what, a, b in (("signature", was.signature, now.signature), ("footer", was.footer, now.footer)):
        before, after = dict(a), dict(b)
        for language in sorted({*before, *after}):
            if before.get(language) != after.get(language):
                said = after.get(language)
                yield f"{who}: {what} ({language}) {quoted(said) if said else 'as usual'}"
