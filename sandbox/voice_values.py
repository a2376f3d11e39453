"""What the attributes and words of TwiML Voice may hold: pure predicates over a string.

Sources: the attribute tables of twilio.com/docs/voice/twiml/*, the enumerations of Twilio's own SDKs, and the error
pages named in `voice_verbs.py`. Case counts, as it does for Twilio's names; a URL is checked by form, not called.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

Kind = Callable[[str], bool]

_KEYS = "0123456789*#"
_GATHER_LANGUAGES = frozenset(
    "af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-OM ar-PS ar-QA ar-SA ar-TN az-AZ "
    "bg-BG bn-BD bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-AU en-CA en-GB en-GH en-IE en-IN en-KE en-NG en-NZ en-PH "
    "en-SG en-TZ en-US en-ZA es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES es-GT es-HN es-MX es-NI es-PA es-PE "
    "es-PR es-PY es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI fil-PH fr-CA fr-FR gl-ES gu-IN he-IL hi-IN hr-HR "
    "hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE km-KH kn-IN ko-KR lo-LA lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN "
    "ms-MY my-MM nar-IQ nb-NO ne-NP nl-BE nl-NL pa-guru-IN pl-PL pt-BR pt-PT ro-RO ru-RU si-LK sk-SK sl-SI sq-AL "
    "sr-RS su-ID sv-SE sw-KE sw-TZ ta-IN ta-LK ta-MY ta-SG te-IN th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN "
    "yue-Hant-HK zh cmn-Hans-CN zh-TW cmn-Hant-TW zu-ZA".split()
)
_SAY_LANGUAGES = frozenset(
    "af-ZA am-ET ar-AE ar-XA arb bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-AT de-DE el-GR en-AU en-CA "
    "en-GB en-GB-WLS en-IE en-IN en-NZ en-US en-ZA es-ES es-MX es-US fi-FI fil-PH fr-BE fr-CA fr-FR gu-IN he-IL "
    "hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lv-LV ml-IN mr-IN ms-MY nb-NO nl-BE nl-NL pa-IN pl-PL pt-BR "
    "pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE ta-IN te-IN th-TH tr-TR uk-UA vi-VN yue-HK zh-CN zh-HK zh-TW".split()
)
_POLLY = frozenset(
    "Aditi Adriano Amy Andres Aria Arlet Arthur Astrid Ayanda Bianca Brian Burcu Camila Carla Carmen Celine Chantal "
    "Conchita Cristiano Daniel Danielle Dora Elin Emma Enrique Ewa Filiz Gabrielle Geraint Giorgio Gregory Gwyneth "
    "Hala Hannah Hans Hiujin Ida Ines Isabelle Ivy Jacek Jan Joanna Joey Justin Kajal Karl Kazuha Kendra Kevin "
    "Kimberly Laura Lea Liam Lisa Liv Lotte Lucia Lupe Mads Maja Marlene Mathieu Matthew Maxim Mia Miguel Mizuki "
    "Naja Niamh Nicole Ola Olivia Pedro Penelope Raveena Remi Ricardo Ruben Russell Ruth Salli Seoyeon Sergio Sofie "
    "Stephen Suvi Takumi Tatyana Thiago Tomoko Vicki Vitoria Zayd Zeina Zhiyu".split()
)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_DIALLED = re.compile(r"(?:\+[1-9][0-9]{6,14}|1?[2-9][0-9]{9})")
_GOOGLE = re.compile(
    r"Google\.[a-z]{2,3}-[A-Z]{2}-(?:Standard|Wavenet|Neural2|Studio|News|Polyglot|Chirp3-HD)-\w+"
)
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")
_DURATION = re.compile(r"(?:[0-9]{1,2}(?:\.[0-9]+)?s|[0-9]{1,5}(?:\.[0-9]+)?ms)")


def anything(_text: str) -> bool:
    """No table says more."""
    return True


def yes_no(text: str) -> bool:
    """A boolean."""
    return text in ("true", "false")


def method(text: str) -> bool:
    """How an address is called."""
    return text in ("GET", "POST")


def url(text: str) -> bool:
    """Absolute (http, https) or relative to the document; never empty, and encoded where it has to be."""
    return _address(text, ("http", "https"), relative=True)


def url_or_none(text: str) -> bool:
    """As `url`, or empty: no music."""
    return text == "" or url(text)


def socket(text: str) -> bool:
    """A WebSocket over TLS, and nothing else."""
    return _address(text, ("wss",), relative=False)


def _address(text: str, schemes: tuple[str, ...], relative: bool) -> bool:
    if not text or not text.isascii() or any(c <= " " or c in '<>"{}|\\^`\x7f' for c in text):
        return False
    try:
        it = urlsplit(text)
        port, host = it.port, it.hostname
    except ValueError:
        return False
    if it.scheme:
        return it.scheme in schemes and bool(host) and port != 0
    return relative and not it.netloc


def whole(low: int = 0, high: int = 2**31 - 1) -> Kind:
    """A whole number in that range."""
    return lambda text: text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high


def one_of(words: str) -> Kind:
    """One of the words."""
    known = frozenset(words.split())
    return lambda text: text in known


def some_of(words: str) -> Kind:
    """At least one of the words, parted by blanks, none twice."""
    known = frozenset(words.split())

    def fits(text: str) -> bool:
        given = text.split()
        return bool(given) and known >= set(given) and len(set(given)) == len(given)

    return fits


def either(first: Kind, second: Kind) -> Kind:
    """One or the other."""
    return lambda text: first(text) or second(text)


def keys(most: int, more: str = "") -> Kind:
    """Up to so many keys of a telephone, and the signs in `more`."""
    known = frozenset(_KEYS + more)
    return lambda text: len(text) <= most and known >= set(text)


def up_to(most: int) -> Kind:
    """Some signs that show, and no more than so many."""
    return lambda text: bool(text.strip()) and len(text) <= most


def sid(*prefixes: str) -> Kind:
    """An id of Twilio's: two letters and 32 hexadecimal digits."""
    return lambda text: text[:2] in prefixes and bool(re.fullmatch(r"[0-9a-f]{32}", text[2:]))


def telephone(text: str) -> bool:
    """E.164, or the ten or eleven digits of North America."""
    return bool(_DIALLED.fullmatch(text))


def caller(text: str) -> bool:
    """Whom a call claims to come from: E.164 or a client. Whether the account owns it is asked elsewhere."""
    return bool(_E164.fullmatch(text)) or (text.startswith("client:") and len(text) > len("client:"))


def say_language(text: str) -> bool:
    """Language and country: `en` alone isn't one."""
    return text in _SAY_LANGUAGES


def gather_language(text: str) -> bool:
    """Language and country that speech is recognised in."""
    return text in _GATHER_LANGUAGES


def voice(text: str) -> bool:
    """The basic ones, a Polly by name, a Google by the form of its name (they are 757, and change)."""
    if text in ("man", "woman", "alice"):
        return True
    maker, _, name = text.partition(".")
    if maker == "Polly":
        return re.sub(r"-(?:Neural|Generative)$", "", name) in _POLLY
    return bool(_GOOGLE.fullmatch(text))


def hints(text: str) -> bool:
    """Up to 500 words or phrases of up to 100 signs, parted by commas."""
    given = text.split(",")
    return len(given) <= 500 and all(0 < len(it.strip()) <= 100 for it in given)


def label(text: str) -> bool:
    """What a participant of a conference may be called."""
    slash = "/" in text or "%2f" in text.lower()
    return 0 < len(text) <= 128 and not slash and not _CALL_SID.fullmatch(text)


def sip(text: str) -> bool:
    """A SIP address by form."""
    return bool(re.fullmatch(r"sips?:[^\s@<>]+@[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[;?][^\s<>]*)?", text))


def json_object(text: str) -> bool:
    """A JSON object."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def pause(text: str) -> bool:
    """A silence in SSML: up to 10 s."""
    if not _DURATION.fullmatch(text):
        return False
    return float(text.rstrip("ms")) <= (10_000 if text.endswith("ms") else 10)
