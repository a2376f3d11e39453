"""What stands around the words of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .model_texts import fill

VARIABLES = ("agent", "team", "site", "number")
NAME = "{agent} ({site})"
SIGNATURE = "{agent}\n{site}"
ByLanguage = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """A team's, or the site's; "" and () say nothing of their own. Texts by language."""

    name: str = ""
    signature: ByLanguage = ()
    footer: ByLanguage = ()


@dataclass(frozen=True, slots=True)
class Letters:
    """`plus`: our provider delivers local+anything@ to local@."""

    site: Letter = Letter()
    teams: tuple[tuple[str, Letter], ...] = ()
    plus: bool = True

    def lines(self, team: str, language: str, values: Mapping[str, str]) -> tuple[str, str, str]:
        """Name, signature and footer of a mail of that team's; `values` without an agent: of our own accord."""
        own = dict(self.teams).get(team, Letter())
        name = own.name or self.site.name or NAME
        signature = _said(own.signature, language) or _said(self.site.signature, language) or SIGNATURE
        footer = _said(own.footer, language) or _said(self.site.footer, language)
        site = values.get("site", "")
        return _filled(name, values) or site, _filled(signature, values) or site, _filled(footer, values)


def _said(texts: ByLanguage, language: str) -> str:
    """In that language, else in the first that there is."""
    found = dict(texts)
    return found.get(language) or next(iter(found.values()), "")


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Without the lines that only name somebody who isn't there."""
    empty = [f"{{{name}}}" for name in VARIABLES if not values.get(name)]
    lines = [line for line in text.split("\n") if not any(name in line for name in empty)]
    return fill("\n".join(lines), **values)
