"""Instants as people say them on the telephone: "tomorrow at nine in the morning". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from .rulebook import instant
from .texts import DAYS

MONTHS: Mapping[str, list[str]] = {
    "en": "January February March April May June July August September October November December".split(),
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split(),
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split(),
}
_WHEN: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("today at {t}", "tomorrow at {t}", "on {d} at {t}", "on {d}, {m} {n}, at {t}"),
    "de": ("heute um {t}", "morgen um {t}", "am {d} um {t}", "am {d}, dem {n}. {m}, um {t}"),
    "fr": ("aujourd'hui à {t}", "demain à {t}", "{d} à {t}", "{d} {n} {m} à {t}"),
    "es": ("hoy a {t}", "mañana a {t}", "el {d} a {t}", "el {d} {n} de {m} a {t}"),
}
"""Today, tomorrow, within the week, later, by language."""
_TWELVE: Mapping[str, list[str]] = {
    "en": "twelve one two three four five six seven eight nine ten eleven".split(),
    "es": "doce una dos tres cuatro cinco seis siete ocho nueve diez once".split(),
}
_TWENTY: Mapping[str, list[str]] = {
    "de": (
        "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
        "siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig"
    ).split(),
    "fr": (
        "minuit une deux trois quatre cinq six sept huit neuf dix onze midi treize quatorze quinze seize dix-sept "
        "dix-huit dix-neuf vingt vingt-et-une vingt-deux vingt-trois"
    ).split(),
}


def spoken_time(at: int, now: int, zone: str, language: str) -> str:
    """The instant `at` seen from `now` (both ms), in one of the languages of `spoken_words.WORDS`."""
    local, today = (instant(ms).astimezone(ZoneInfo(zone)) for ms in (at, now))
    away = (local.date() - today.date()).days
    form = _WHEN[language][0 if away == 0 else 1 if away == 1 else 2 if 1 < away < 7 else 3]
    return form.format(
        t=_clock(local, language), d=DAYS[language][local.weekday()], n=local.day,
        m=MONTHS[language][local.month - 1],
    )  # fmt: skip


def _clock(at: datetime, language: str) -> str:
    """A full hour in words; else digits, which every voice reads well."""
    match language:
        case "de":
            return f"{_TWENTY['de'][at.hour]} Uhr" if not at.minute else f"{at.hour} Uhr {at.minute}"
        case "fr":
            return _french(at)
        case "es":
            return _spanish(at)
        case _:
            return _english(at)


def _english(at: datetime) -> str:
    if (at.hour, at.minute) in ((0, 0), (12, 0)):
        return "noon" if at.hour else "midnight"
    part = "in the morning" if at.hour < 12 else "in the afternoon" if at.hour < 18 else "in the evening"
    return (
        f"{_TWELVE['en'][at.hour % 12] if not at.minute else f'{at.hour % 12 or 12}:{at.minute:02}'} {part}"
    )


def _french(at: datetime) -> str:
    if at.minute:
        return f"{at.hour} heures {at.minute}" if at.hour > 1 else f"{at.hour} heure {at.minute}"
    word = _TWENTY["fr"][at.hour]
    return word if at.hour in (0, 12) else f"{word} heure{'s' if at.hour > 1 else ''}"


def _spanish(at: datetime) -> str:
    hour = at.hour % 12
    part = "de la mañana" if at.hour < 12 else "de la tarde" if at.hour < 20 else "de la noche"
    past = f" y {at.minute}" if at.minute else ""
    return f"{'la' if hour == 1 else 'las'} {_TWELVE['es'][hour]}{past} {part}"
