"""What holds for now, beside the plan: services closed at once, and incidents. Values, read from the store. Pure.

Both stand among the store's troubles, as `shut:<service>` and `incident:<id>`, so every router sees them and the
ledger tells when they began and ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ..skills.schedule import Closure
from .plan.model_rules import TextMatch
from .rules import text_matches

SHUT, INCIDENT = "shut:", "incident:"
FURTHER_NOTICE = 365 * 86_400_000
"""ms for which a service is closed that nobody has given a date: it is opened by hand."""


@dataclass(frozen=True, slots=True)
class Shut:
    """A service that was closed at once. Instants in ms; `until` None: until further notice."""

    service: str
    since: int
    until: int | None
    text: str  # what customers are told instead of the plan's words, "" for those
    by: str

    @property
    def closure(self) -> Closure:
        """For the service's schedule."""
        until = self.until or self.since + FURTHER_NOTICE
        return Closure(_instant(self.since), _instant(until), self.text)

    @property
    def name(self) -> str:
        """Among the troubles."""
        return f"{SHUT}{self.service}"


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that many write about. `service` "" is any; no `words`: whatever is said there."""

    id: str
    service: str
    words: tuple[str, ...]
    text: str
    since: int
    by: str
    end: str = ""  # what its customers are told when it is over, "" for nothing

    @property
    def name(self) -> str:
        """Among the troubles."""
        return f"{INCIDENT}{self.id}"

    def meets(self, service: str, texts: list[str]) -> bool:
        """Whether a contact in `service` that says `texts` is about it."""
        if self.service and self.service != service:
            return False
        return not self.words or any(text_matches(TextMatch(any=self.words), text) for text in texts)


@dataclass(frozen=True, slots=True)
class Situation:
    """All of it."""

    shut: tuple[Shut, ...] = ()
    incidents: tuple[Incident, ...] = ()
    number: int | None = None  # the store's; what is decided in another one isn't taken. None: not read

    @classmethod
    def read(cls, troubles: Mapping[str, str], number: int | None = None) -> Situation:
        """Of the store's troubles, in situation `number`, those that are ours; what can't be read is left out."""
        shut, incidents = list[Shut](), list[Incident]()
        for name, text in sorted(troubles.items()):
            found = parse(name, text)
            if isinstance(found, Shut):
                shut.append(found)
            elif found is not None:
                incidents.append(found)
        return cls(tuple(shut), tuple(incidents), number)

    def shut_of(self, service: str) -> Shut | None:
        """The closure of a service, if there is one."""
        return next((it for it in self.shut if it.service == service), None)


def dump(it: Shut | Incident) -> str:
    """As it stands in the store."""
    return json.dumps(asdict(it), ensure_ascii=False, separators=(",", ":"))


def parse(name: str, text: str) -> Shut | Incident | None:
    """One trouble, None for one of another kind."""
    if not name.startswith((SHUT, INCIDENT)):
        return None
    try:
        raw = json.loads(text)
        if name.startswith(SHUT):
            return Shut(**raw)
        return Incident(**{**raw, "words": tuple(raw["words"])})
    except (ValueError, TypeError, KeyError):
        return None


def told_kind(incident: str, over: bool = False) -> str:
    """Under which a text about an incident stands in a transcript: so nobody is told twice."""
    return f"incident.end:{incident}" if over else f"incident:{incident}"


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
