"""What a customer is told without having asked, worked out from what happened. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from .facts import Facts
from .plan.model_texts import TextName
from .rulebook import Rulebook, instant

WORDS = {
    "en": ("today at {t}", "tomorrow at {t}", "{d} at {t}"),
    "de": ("heute um {t} Uhr", "morgen um {t} Uhr", "{d} um {t} Uhr"),
    "fr": ("aujourd'hui à {t}", "demain à {t}", "{d} à {t}"),
    "es": ("hoy a las {t}", "mañana a las {t}", "el {d} a las {t}"),
}
"""Today, tomorrow, another day, by language."""
DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split(),
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche".split(),
    "es": "lunes martes miércoles jueves viernes sábado domingo".split(),
}


@dataclass(frozen=True, slots=True)
class Telling:
    """A text of the plan, filled in; `kind` is its name there."""

    kind: TextName
    text: str


def telling(
    book: Rulebook, kind: TextName, contact: str, service: str, facts: Facts, now: int, **more: str
) -> Telling | None:
    """The plan's text `kind` in the contact's language, or None when the plan has none."""
    if book.plan.texts.get(kind, facts.language) is None:
        return None
    spec = book.services.get(service)
    values = {
        "site": book.plan.site,
        "service": spec.called(facts.language) if spec else service,
        "number": contact,
        "due": spoken(facts.due, now, book.plan.timezone, facts.language) if facts.due else "",
        **more,
    }
    text = book.plan.texts.fill(kind, facts.language, **values)
    return Telling(kind, text) if text else None


def closed_telling(book: Rulebook, contact: str, service: str, facts: Facts, now: int) -> Telling | None:
    """The text for somebody who writes outside the hours: when we open, and why it's closed."""
    shut = book.emergency(service, instant(now))
    if shut is not None and shut.text:
        return Telling("closed_now", shut.text)
    opening = None if shut and shut.until is None else book.hours(service).next_open(instant(now))
    when = (
        spoken(round(opening.timestamp() * 1000), now, book.plan.timezone, facts.language) if opening else ""
    )
    why = facts.closed.partition(": ")[2]
    return telling(book, "closed_now", contact, service, facts, now, next_open=when, why=why)


def spoken(at: int, now: int, zone: str, language: str) -> str:
    """An instant as people say it: "tomorrow at 09:00"; further than six days away with its date."""
    local, today = (instant(ms).astimezone(ZoneInfo(zone)) for ms in (at, now))
    this_day, next_day, other_day = WORDS.get(language, WORDS["en"])
    days = DAYS.get(language, DAYS["en"])
    clock = f"{local:%H:%M}"
    match (local.date() - today.date()).days:
        case 0:
            return this_day.format(t=clock)
        case 1:
            return next_day.format(t=clock)
        case away if 1 < away < 7:
            return other_day.format(d=days[local.weekday()], t=clock)
        case _:
            return other_day.format(d=f"{days[local.weekday()]} {_date(local, language)}", t=clock)


def spoken_window(at: int, until: int, zone: str, language: str) -> str:
    """From when to when (ms), with its day: "Tuesday December 1, 10:00–12:00"."""
    since, end = (instant(ms).astimezone(ZoneInfo(zone)) for ms in (at, until))
    days = DAYS.get(language, DAYS["en"])
    day, last = (f"{days[it.weekday()]} {_date(it, language)}" for it in (since, end))
    if since.date() == end.date():
        return f"{day}, {since:%H:%M}–{end:%H:%M}"
    return f"{day}, {since:%H:%M} – {last}, {end:%H:%M}"


def _date(local: datetime, language: str) -> str:
    return (
        f"{local.day}.{local.month}."
        if language == "de"
        else f"{local.day}/{local.month}"
        if language in ("fr", "es")
        else f"{local:%B} {local.day}"
    )
