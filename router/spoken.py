"""What callers and agents hear: sentences of the plan, else our own (`spoken_words`), filled in. Pure.

Each is spoken in the language asked for, where the plan or we have the words; else in the first of the plan's languages
that has them, else in English. Whatever comes from outside is made harmless first: no control characters, and short.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from ..channels.phone import Ask, Go, Say
from .facts import Facts
from .plan.model import Entry, MenuKey
from .plan.model_texts import CALL, fill
from .rulebook import Rulebook, instant, millis
from .spoken_times import spoken_time
from .spoken_words import DIGITS, KEYS, PLUS, SECONDS, WORDS, SpokenName

LONGEST = 1_000
"""Characters of one `Say`."""
LONGEST_VALUE, LONGEST_NAME = 200, 60
"""Characters of what is filled in, and of a name that somebody outside has chosen."""
CALLBACK_KEY, VOICEMAIL_KEY = "1", "2"
"""What callers press while they wait."""
TAKE_KEY, DECLINE_KEY = "1", "2"
"""What agents press after the whisper."""
_WITHIN = frozenset(" .,:;!?'’&%/()+-")
_MOST_PARTS = 5
_TELLING = 4
"""Letters from which on a single word of a label may stand for it: "and" doesn't."""


def greeting(book: Rulebook, entry: Entry | None, language: str, now: int) -> tuple[Say, ...]:
    """What a caller hears first: the door's own words, its service's, else the plan's for open or closed hours."""
    own = entry.greeting if entry else ()
    spec = book.services.get(entry.service) if entry and entry.service else None
    said = _of(own, book, language) or _of(spec.greeting if spec else (), book, language)
    if said is not None:
        return parts(said[1], said[0])
    open_now = not (entry and entry.services) or any(
        book.hours(service).is_open(instant(now)) for service in entry.services
    )
    return (line(book, "greeting" if open_now else "greeting_closed", language),)


def menu(book: Rulebook, entry: Entry, language: str, again: bool = False) -> Ask:
    """The keys of `entry` read out; a key that chooses a language is named in that one. `again`: after a wrong key."""
    prompt = [line(book, "unsure", language)] if again else []
    hints: list[str] = []
    for key in entry.menu:
        tongue, label = _label(book, key, key.language or language)
        hints.append(label)
        pressed = KEYS[_known(book, tongue)].get(key.press, key.press)
        prompt.append(line(book, "menu_key", tongue, label=label, key=pressed))
    heard = _tongue(book, ("menu_key",), language)
    return Ask(tuple(prompt), Go("menu", {"l": language}), heard, hints=tuple(dict.fromkeys(hints)))


def chosen(entry: Entry, digits: str, speech: str) -> MenuKey | None:
    """The key that was pressed or named; None when it is none, or when what was said could mean several."""
    if digits:
        return next((key for key in entry.menu if key.press == digits), None)
    said = _words(speech)
    if not said:
        return None
    if len(said) == 1 and (digit := DIGITS.get(said[0], said[0])).isdecimal():
        return next((key for key in entry.menu if key.press == digit), None)
    whole = [key for key in entry.menu if any(_within(_words(label), said) for _, label in key.say)]
    if len(whole) == 1:
        return whole[0]
    telling = {word for word in said if len(word) >= _TELLING}
    part = [key for key in entry.menu if any(telling.intersection(_words(label)) for _, label in key.say)]
    return part[0] if len(part) == 1 and not whole else None


def place(book: Rulebook, language: str, position: int, minutes: int | None) -> Say:
    """How many are before them, counted from 1, and for how long; `minutes` None: nobody knows, so it isn't said."""
    names: list[SpokenName] = ["place" if position > 1 else "place_next"]
    if minutes is not None:
        names.append(_wait(minutes))
    values = {"position": str(position), "minutes": str(minutes), "hours": str((minutes or 0) // 60)}
    return _joined(book, {it: values for it in names}, language)


def _wait(minutes: int) -> SpokenName:
    if minutes < 60:
        return "wait" if minutes > 1 else "wait_minute"
    return "wait_hour" if minutes < 120 else "wait_hours"


def choices(book: Rulebook, language: str, callback: bool, voicemail: bool) -> Say | None:
    """What somebody who waits may do instead; None when there is nothing."""
    asked: dict[SpokenName, dict[str, str]] = {}
    if callback:
        asked["choice_callback"] = {"key": CALLBACK_KEY}
    if voicemail:
        asked["choice_voicemail"] = {"key": VOICEMAIL_KEY}
    return _joined(book, {**asked, "choice_stay": {}}, language) if asked else None


def closed(book: Rulebook, service: str, language: str, now: int) -> tuple[Say, ...]:
    """Why the service is closed and when it opens; an emergency's own text if there is one; () while it is open."""
    at = instant(now)
    why = book.hours(service).why_closed(at)
    if why is None:
        return ()
    shut = book.emergency(service, at)
    opening = None if shut and shut.until is None else book.hours(service).next_open(at)
    today = opening is not None and _day(book, opening) == _day(book, at)  # then only the hour is the reason
    said = parts(shut.text, language) if shut else ()
    said = said or (_why(book, service, language, at, "hours" if today else why),)
    if opening is None:
        return said
    tongue = _tongue(book, ("opens",), language)
    when = spoken_time(millis(opening), now, book.plan.timezone, _known(book, tongue))
    return (*said, line(book, "opens", language, next_open=when))


def _why(book: Rulebook, service: str, language: str, at: datetime, why: str) -> Say:
    kind, _, reason = why.partition(": ")
    if kind == "override" and reason:
        return line(book, "closed_why", language, why=reason)
    if kind != "holiday":
        return line(book, "closed", language)
    called = book.hours(service).holiday(at, _tongue(book, ("closed_why",), language))
    return (
        line(book, "closed_why", language, why=called) if called else line(book, "closed_holiday", language)
    )


def _day(book: Rulebook, at: datetime) -> date:
    return at.astimezone(ZoneInfo(book.plan.timezone)).date()


def whisper(
    book: Rulebook, service: str, facts: Facts, waited: int, language: str, callback: bool = False
) -> tuple[Say, ...]:
    """What an agent hears before they decide: for what, who it is and whether that is sure, `waited` (s), the keys."""
    spec = book.services.get(service)
    asked = spec.called(language) if spec else service
    about = line(book, "whisper_callback" if callback else "whisper", language, service=asked)
    who = name(facts.name) or number(facts.address, language) or name(facts.address)
    if who:
        person = line(book, "whisper_who" if facts.verified else "whisper_claimed", language, who=who)
    else:
        person = line(book, "whisper_withheld", language)
    words = SECONDS[_known(book, _tongue(book, ("whisper_waited",), language))]
    time = line(book, "whisper_waited", language, time=_lasting(waited, words))
    return (about, person, time, line(book, "whisper_keys", language))


def page(book: Rulebook, service: str, waiting: int, longest: int, language: str) -> tuple[Say, ...]:
    """What somebody on call hears: how many wait for what, the longest for `longest` (s), and the key."""
    spec = book.services.get(service)
    words = SECONDS[_known(book, _tongue(book, ("page",), language))]
    said = {"service": spec.called(language) if spec else service, "count": str(waiting)}
    told = line(book, "page", language, **said, time=_lasting(longest, words))
    return (told, line(book, "page_keys", language))


def handed(book: Rulebook, by: str, why: str, language: str, first: bool) -> tuple[Say, ...]:
    """What an agent hears of a handover, before who calls: by whom and why; `first`: they are to speak before."""
    said = line(book, "whisper_first" if first else "whisper_handed", language, who=name(by))
    return (said, _say(_value(why), language)) if why.strip() else (said,)


def joins(book: Rulebook, service: str, by: str, language: str) -> tuple[Say, ...]:
    """What somebody hears who was asked to join a call by `by`, "" for who wanted to themselves."""
    spec = book.services.get(service)
    asked = spec.called(language) if spec else service
    said = (
        line(book, "whisper_invited", language, who=name(by), service=asked)
        if by
        else line(book, "whisper_joins", language, service=asked)
    )
    return (said, line(book, "join_keys", language))


def _lasting(seconds: int, words: tuple[str, str, str, str]) -> str:
    some, one, several, long = words
    if seconds < 60:
        return some.format(n=max(round(seconds, -1), 10))
    if seconds < 90:
        return one
    return several.format(n=round(seconds / 60)) if seconds < 3600 else long


def line(book: Rulebook, what: SpokenName, language: str, /, **values: str) -> Say:
    """The sentence `what`; `values` fill it in, `site` is known."""
    tongue, text = _filled(book, what, language, **values)
    return _say(text, tongue)


def rates(book: Rulebook) -> bool:
    """Whether callers are asked how it was: where the plan has its own words for it, `call_rate`."""
    return any(kind == f"{CALL}rate" for kind, _, _ in book.plan.texts.entries)


def number(address: str, language: str) -> str:
    """A telephone number as it is dictated: "plus 4 9, 3 0, 1 2 3 4"; "" for what is none."""
    import phonenumbers  # tens of milliseconds that no start waits for

    try:
        parsed = phonenumbers.parse(address[:40])
    except phonenumbers.NumberParseException:
        return ""
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    groups = [piece for group in re.findall(r"\d+", shown) for piece in _threes(group)]
    plus = PLUS.get(language, PLUS["en"])
    return f"{plus} {', '.join(' '.join(group) for group in groups)}"


def _threes(group: str) -> Iterable[str]:
    """A group of up to four digits as it is; a longer one in threes, the last of which may have four."""
    while len(group) > 4:
        yield group[:3]
        group = group[3:]
    yield group


def name(text: str) -> str:
    """A name from outside as it may be spoken: letters, digits and what stands within names, at most 60."""
    return _value(text)[:LONGEST_NAME].strip()


def _value(text: str) -> str:
    kept = "".join(c if c in _WITHIN or unicodedata.category(c)[0] in "LMN" else " " for c in text[:400])
    return " ".join(kept.split())[:LONGEST_VALUE]


# ---- words in a language -------------------------------------------------------------------------------------------


def _tongue(book: Rulebook, names: Iterable[SpokenName], language: str) -> str:
    """The language that is spoken: the first in which there are words for all of `names`."""
    wanted = list(names)
    for each in (language, *book.plan.languages):
        if each in WORDS or all(book.plan.texts.own(f"{CALL}{it}", each) for it in wanted):
            return each
    return "en"


def _known(book: Rulebook, language: str) -> str:
    """The language in which we can say numbers and times for `language`."""
    return next((each for each in (language, *book.plan.languages) if each in WORDS), "en")


def _filled(book: Rulebook, what: SpokenName, language: str, /, **values: str) -> tuple[str, str]:
    """(language, text) of a sentence."""
    tongue = _tongue(book, (what,), language)
    text = book.plan.texts.own(f"{CALL}{what}", tongue) or WORDS[tongue][what]
    safe = {key: _value(value) for key, value in values.items()}
    return tongue, fill(text, site=book.plan.site.replace("-", " "), **safe)


def _joined(book: Rulebook, said: Mapping[SpokenName, Mapping[str, str]], language: str) -> Say:
    """Several sentences with their values in one breath, all in one language."""
    tongue = _tongue(book, said, language)
    return _say(" ".join(_filled(book, what, tongue, **values)[1] for what, values in said.items()), tongue)


def _of(said: tuple[tuple[str, str], ...], book: Rulebook, language: str) -> tuple[str, str] | None:
    """(language, text) of what stands per language in the plan."""
    found = dict(said)
    return next(((each, found[each]) for each in (language, *book.plan.languages) if found.get(each)), None)


def _label(book: Rulebook, key: MenuKey, language: str) -> tuple[str, str]:
    """(language, label) of a key."""
    return _of(key.say, book, language) or next(iter(key.say), (language, key.service or key.press))


def _say(text: str, language: str) -> Say:
    return Say(_plain(text)[:LONGEST].strip(), language)


def parts(text: str, language: str) -> tuple[Say, ...]:
    """A long text from outside in several pieces, cut between words."""
    parts: list[str] = []
    for word in _plain(text).split():
        if parts and len(parts[-1]) + len(word) < LONGEST:
            parts[-1] += f" {word}"
        else:
            parts.append(word[:LONGEST])
    return tuple(Say(part, language) for part in parts[:_MOST_PARTS])


def _plain(text: str) -> str:
    """Without control characters, halves of characters and their like; one space between words."""
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(kept.split())


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _within(phrase: list[str], words: list[str]) -> bool:
    """Whether the words of `phrase` stand in `words`, one behind the other."""
    return bool(phrase) and any(words[i : i + len(phrase)] == phrase for i in range(len(words)))
