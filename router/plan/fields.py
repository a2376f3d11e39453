"""The small words of a plan: durations, numbers, addresses, names; each says what is wrong with its text.

A field raises `wrong(what, instead=…|allowed=…)`; `instead` is the text to write: it makes a corrected line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

LANGUAGES = frozenset(  # ISO 639-1
    (
        "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da "
        "de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz "
        "ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln "
        "lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi "
        "pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti "
        "tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu "
    ).split()
)
_PARTS = re.compile(r"(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?")
_LOOSE = re.compile(r"(\d{1,6}) *([a-zA-Z]+)")
_NAME = re.compile(r"[^\W_][\w .&'/+-]{0,59}")
_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_USER, _CHANNEL_ID, _CHANNEL = (
    re.compile(r"[UW][A-Z0-9]{5,20}"),
    re.compile(r"[CG][A-Z0-9]{5,20}"),
    re.compile(r"#[\w-]{1,80}"),
)
NEVER = "never"
_UNITS = {  # as people write them, in English and German: “1 Std” is an hour
    word: unit
    for unit, words in {
        "s": "s sec secs second seconds sek sekunde sekunden",
        "m": "m min mins minute minutes minuten",
        "h": "h hr hrs hour hours std stunde stunden",
        "d": "d day days t tag tage tagen",
    }.items()
    for word in words.split()
}
_WINDOW = re.compile(r"([01]?\d|2[0-4])[:.]([0-5]\d) *[-–] *([01]?\d|2[0-4])[:.]([0-5]\d)")
_ROTA = re.compile(r"(?:daily|weekly (?:Mo|Tu|We|Th|Fr|Sa|Su)) (?:[01]\d|2[0-3]):[0-5]\d")


def wrong(what: str, *, instead: str | None = None, allowed: str | None = None) -> PydanticCustomError:
    """A mistake in one field, as pydantic carries it to `load`."""
    return PydanticCustomError("plan", "{what}", {"what": what, "instead": instead, "allowed": allowed})


def shown(value: object) -> str:
    """What somebody wrote, short enough for a message."""
    text = "" if value is None else str(value)
    return text if len(text) <= 60 else text[:60] + "…"


def duration(value: object) -> timedelta:
    """`30s`, `5m`, `1h30m`, `2d`."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong(f"{shown(value)} of what? A duration has a unit", instead=f"{value}s")
    text = value if isinstance(value, str) else ""
    match = _PARTS.fullmatch(text)
    if match and text:
        d, h, m, s = (int(part or 0) for part in match.groups())
        if (span := timedelta(days=d, hours=h, minutes=m, seconds=s)) <= timedelta(days=366):
            return span
        raise wrong(f"{shown(text)} is longer than a year", allowed="30s, 5m, 4h, 2d")
    loose = _LOOSE.fullmatch(text.strip())
    if loose and (unit := _UNITS.get(loose[2].lower())):
        raise wrong(f'"{shown(text)}" isn\'t a duration', instead=f"{loose[1]}{unit}")
    raise wrong(f'"{shown(value)}" isn\'t a duration', allowed="a number and a unit: 30s, 5m, 1h30m, 2d")


def positive(value: object) -> timedelta:
    """A duration that isn't zero."""
    if (span := duration(value)) == timedelta(0):
        raise wrong("zero is no time at all", allowed="at least 1s")
    return span


def sometime(value: object) -> timedelta | str:
    """A duration, or `never`."""
    return NEVER if value == NEVER else duration(value)


def phone(value: object) -> str:
    """A number with its country code, as E.164."""
    if isinstance(value, int | float):
        raise wrong("a number that somebody calls must be in quotes", instead=f'"+{str(value).lstrip("+")}"')
    text = value.strip() if isinstance(value, str) else ""
    if text.startswith("00"):
        better = f"+{text[2:]}"
        raise wrong(
            "a phone number begins with + and the country code",
            instead=f'"{better}"' if text.isdigit() else better,
        )
    if not text.startswith("+"):
        raise wrong(f'"{shown(value)}" is no phone number', allowed='with + and country code: "+4930123456"')
    import phonenumbers  # as its neighbour below: tens of milliseconds that a plan without numbers doesn't wait for

    try:
        number = phonenumbers.parse(text[:40])
    except phonenumbers.NumberParseException:
        raise wrong(
            f'"{shown(text)}" is no phone number', allowed='with + and country code: "+4930123456"'
        ) from None
    if not phonenumbers.is_possible_number(number):
        raise wrong(
            f'"{shown(text)}" has too many or too few digits for its country', allowed='like "+4930123456"'
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def mail(value: object) -> str:
    """A mail address; whether its domain exists isn't asked (RFC 5321 §4.1.2)."""
    from email_validator import EmailNotValidError, validate_email

    text = value if isinstance(value, str) else ""
    try:
        return validate_email(text[:400], check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        pass_on = text.replace(" ", "").replace(",", ".") if text.count("@") == 1 else ""
    try:
        better = validate_email(pass_on[:400], check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise wrong(f'"{shown(value)}" is no mail address', allowed="like mira@northwind.example") from None
    raise wrong(f'"{shown(value)}" is no mail address', instead=better)


def door(value: object) -> str:
    """A number or a mail address."""
    return mail(value) if isinstance(value, str) and "@" in value else phone(value)


def sender(value: object) -> str:
    """A number, a mail address, or the beginning of a number with `*` behind it."""
    if isinstance(value, str) and re.fullmatch(r"\+\d{1,14}\*", value):
        return value
    return door(value)


def person(value: object) -> str:
    """A Slack person: by mail address or user id."""
    if isinstance(value, str) and _USER.fullmatch(value):
        return value
    if not isinstance(value, str) or "@" not in value.lstrip("@"):
        raise wrong(
            f'"{shown(value)}" is nobody in Slack', allowed="a mail address, or a user id like U012AB3CD"
        )
    return mail(value)


def slack_channel(value: object) -> str:
    """A Slack channel: `#name` or its id."""
    if isinstance(value, str) and (
        _CHANNEL_ID.fullmatch(value) or (_CHANNEL.fullmatch(value) and value == value.lower())
    ):
        return value
    if isinstance(value, str) and _CHANNEL.fullmatch("#" + value.lstrip("#").lower().replace(" ", "-")):
        tidy = "#" + value.lstrip("#").lower().replace(" ", "-")
        raise wrong(f'"{shown(value)}" is no Slack channel', instead=f'"{tidy}"')
    raise wrong(
        "a channel's name begins with # and stands in quotes"
        if value is None
        else f'"{shown(value)}" is no channel',
        allowed='like "#support", in quotes',
    )


def name(value: object) -> str:
    """What something or somebody is called."""
    if isinstance(value, str) and _NAME.fullmatch(value) and value == value.strip():
        return value
    if isinstance(value, bool | int | float):
        raise wrong(
            "a name that looks like a number or yes/no must be in quotes", instead=f'"{str(value).lower()}"'
        )
    raise wrong(f'"{shown(value)}" can\'t be a name', allowed="letters, digits and spaces, at most 60")


def site(value: object) -> str:
    """The site's name: it is part of every key in the store."""
    if isinstance(value, str) and _SITE.fullmatch(value):
        return value
    tidy = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-")[:40]
    if isinstance(value, str) and tidy:
        raise wrong("a site's name has small letters, digits and hyphens", instead=tidy)
    raise wrong(
        f'"{shown(value)}" can\'t be a site',
        allowed="small letters, digits and hyphens, in quotes if a number",
    )


def language(value: object) -> str:
    """A language's two letters (ISO 639-1)."""
    if isinstance(value, str) and value in LANGUAGES:
        return value
    if isinstance(value, str) and value.lower()[:2] in LANGUAGES and (len(value) == 2 or value[2:3] in "-_"):
        raise wrong(f'"{shown(value)}" is no language', instead=value.lower()[:2])
    raise wrong(f'"{shown(value)}" is no language', allowed="two letters: en, de, fr, …")


def level(value: object) -> int:
    """A level, 1–5."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5:
        return value
    raise wrong(f"{shown(value)} is no level", allowed="1 (a little) to 5 (expert)")


def tier(value: object) -> int:
    """`L1`, `L2`, `L3` as 1–3."""
    if value in ("L1", "L2", "L3"):
        return int(str(value)[1])
    if str(value).lower() in ("1", "2", "3", "l1", "l2", "l3"):
        raise wrong(f"{shown(value)} is no tier", instead=f"L{str(value)[-1]}")
    raise wrong(f'"{shown(value)}" is no tier', allowed="one of: L1, L2, L3")


def percent(value: object) -> int:
    """`30%` as 30."""
    if isinstance(value, str) and (m := re.fullmatch(r"(\d{1,3})%", value)) and 1 <= int(m[1]) <= 100:
        return int(m[1])
    if isinstance(value, int) and 1 <= value <= 100:
        raise wrong("a share has a percent sign", instead=f"{value}%")
    raise wrong(f'"{shown(value)}" is no share', allowed="1% to 100%")


def part(value: object) -> int:
    """`25%` as 25; `never` as 0."""
    if value == NEVER:
        return 0
    if isinstance(value, str) and (m := re.fullmatch(r"(\d{1,2})%", value)) and int(m[1]):
        return int(m[1])
    if isinstance(value, int) and 1 <= value <= 99:
        raise wrong("a part has a percent sign", instead=f"{value}%")
    raise wrong(f'"{shown(value)}" is no part', allowed="1% to 99%, or never")


def day(value: object) -> date:
    """`2026-12-24`."""
    text = value if isinstance(value, str) else ""
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text)
    except ValueError:
        raise wrong(f"there is no {text}", allowed="a date like 2026-12-24") from None
    if m := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text):
        raise wrong(f'"{text}" isn\'t written as a date', instead=f"{m[3]}-{int(m[2]):02}-{int(m[1]):02}")
    raise wrong(f'"{shown(value)}" is no date', allowed="a date like 2026-12-24")


def window(value: object) -> tuple[int, int]:
    """`22:00-06:00` as minutes of the day."""
    if isinstance(value, str) and (m := _WINDOW.fullmatch(value.strip())):
        start, end = int(m[1]) * 60 + int(m[2]), int(m[3]) * 60 + int(m[4])
        if start < 1440 and end <= 1440 and start != end:
            return start, end
    raise wrong(f'"{shown(value)}" is no time of day', allowed='from-to in quotes: "22:00-06:00"')


def rota(value: object) -> str:
    """`weekly Mo 09:00` or `daily 09:00`: when the next one takes over."""
    if isinstance(value, str) and _ROTA.fullmatch(value):
        return value
    raise wrong(f'"{shown(value)}" is no rota', allowed='"weekly Mo 09:00" or "daily 09:00"')


def cost(value: object) -> str:
    """`4.20 EUR`."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}(\.\d{1,2})? [A-Z]{3}", value):
        return value
    raise wrong(f'"{shown(value)}" is no price', allowed="amount and currency: 4.20 EUR")


def url(value: object) -> str:
    """The address of a sound; our provider fetches it, so it is public and safe on its way."""
    text = value if isinstance(value, str) else ""
    if re.fullmatch(
        r"https://[^/?#@\s\x00-\x1f<>\"]+\.[^/?#@\s<>\"]+(?:[/?#][^\s\x00-\x1f<>\"]*)?", text[:1001]
    ):
        if len(text) <= 1000:
            return text
        raise wrong("an address of more than 1000 characters", allowed="a shorter one")
    if text.startswith("http://"):
        raise wrong("what callers hear is fetched with https", instead=f"https://{text[7:]}")
    raise wrong(
        f'"{shown(value)}" is no address of a sound', allowed="like https://northwind.example/music.mp3"
    )


def country(value: object) -> str:
    """A country by its two letters (ISO 3166), as far as it has telephones."""
    import phonenumbers

    text = value if isinstance(value, str) else ""
    if text in phonenumbers.SUPPORTED_REGIONS:
        return text
    usual = {"UK": "GB", "EL": "GR"}.get(text.upper(), text.upper())
    if usual in phonenumbers.SUPPORTED_REGIONS:
        raise wrong(f'"{shown(text)}" is no country', instead=usual)
    raise wrong(f'"{shown(value)}" is no country', allowed="two letters: DE, AT, GB, US, …")


T = TypeVar("T")


def quietly(field: Callable[[object], T], value: object) -> T | None:
    """The field's value, or None where it would complain."""
    try:
        return field(value)
    except PydanticCustomError:
        return None


def one_or_many(value: object) -> object:
    """One thing stands for a list of one."""
    return value if isinstance(value, list) else [value]


def key(value: object) -> str:
    """A key of a phone."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 9:
        return str(value)
    if isinstance(value, str) and value in tuple("0123456789*#"):
        return value
    raise wrong(f'"{shown(value)}" is no key of a phone', allowed='0 to 9, "*" or "#" (these two in quotes)')


def facts(value: object) -> object:
    """A fact's values as text; numbers and yes/no count as they are written."""
    if isinstance(value, float) or (isinstance(value, list) and any(isinstance(v, float) for v in value)):
        raise wrong("a number with a point must be in quotes, or 1.10 would be 1.1", allowed='like "1.10"')
    return [
        str(v).lower() if isinstance(v, bool) else str(v) if isinstance(v, int) else v
        for v in (value if isinstance(value, list) else [value])
    ]


_DURATION: dict[str, Any] = {
    "type": "string",
    "pattern": r"^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
    "examples": ["30s", "5m"],
}
Duration = Annotated[timedelta, BeforeValidator(duration), WithJsonSchema(_DURATION)]
Sometime = Annotated[
    timedelta | Literal["never"],
    BeforeValidator(sometime),
    WithJsonSchema({"anyOf": [_DURATION, {"const": NEVER}]}),
]
Positive = Annotated[timedelta, BeforeValidator(positive), WithJsonSchema(_DURATION)]
Phone = Annotated[
    str, BeforeValidator(phone), WithJsonSchema({"type": "string", "pattern": r"^\+[0-9 ()/-]+$"})
]
Mail = Annotated[str, BeforeValidator(mail), WithJsonSchema({"type": "string", "format": "email"})]
Door = Annotated[str, BeforeValidator(door)]
Sender = Annotated[str, BeforeValidator(sender)]
Person = Annotated[str, BeforeValidator(person)]
SlackChannel = Annotated[str, BeforeValidator(slack_channel)]
Name = Annotated[str, BeforeValidator(name)]
Url = Annotated[str, BeforeValidator(url), WithJsonSchema({"type": "string", "format": "uri"})]
Country = Annotated[
    str, BeforeValidator(country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})
]
Site = Annotated[
    str, BeforeValidator(site), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
]
Language = Annotated[
    str, BeforeValidator(language), WithJsonSchema({"type": "string", "pattern": "^[a-z]{2}$"})
]
Level = Annotated[
    int, BeforeValidator(level), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 5})
]
Tier = Annotated[int, BeforeValidator(tier), WithJsonSchema({"enum": ["L1", "L2", "L3"]})]
Percent = Annotated[
    int, BeforeValidator(percent), WithJsonSchema({"type": "string", "pattern": r"^\d{1,3}%$"})
]
Part = Annotated[
    int, BeforeValidator(part), WithJsonSchema({"type": "string", "pattern": r"^(\d{1,2}%|never)$"})
]
Day = Annotated[date, BeforeValidator(day), WithJsonSchema({"type": "string", "format": "date"})]
_TIMES: dict[str, Any] = {"type": "string", "examples": ["22:00-06:00"]}
Window = Annotated[tuple[int, int], BeforeValidator(window), WithJsonSchema(_TIMES)]
Rota = Annotated[str, BeforeValidator(rota)]
Cost = Annotated[str, BeforeValidator(cost)]
Text = Annotated[str, Field(min_length=1, max_length=1600)]
Word = Annotated[str, Field(min_length=1, max_length=200)]
Key = Annotated[str, BeforeValidator(key), WithJsonSchema({"enum": [*range(10), *"0123456789*#"]})]
_FACT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Facts = Annotated[
    list[Word], BeforeValidator(facts), WithJsonSchema({"anyOf": [_FACT, {"type": "array", "items": _FACT}]})
]
