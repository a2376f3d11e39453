"""The plan's languages as Twilio speaks and understands them.

One plain voice for each, of those that cost nothing beyond the call's text-to-speech ("standard", not "neural").
Sources: twilio.com/docs/voice/twiml/say/text-speech (available voices), …/twiml/gather#languagetags.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks; `listens` is how recognition names the same language."""

    language: str
    name: str
    listens: str


def _v(language: str, name: str, listens: str = "") -> Voice:
    return Voice(language, f"Polly.{name}", listens or language)


VOICES = {
    "da": _v("da-DK", "Naja"),
    "de": _v("de-DE", "Vicki"),
    "en-AU": _v("en-AU", "Nicole"),
    "en-GB": _v("en-GB", "Amy"),
    "en-IN": _v("en-IN", "Raveena"),
    "en-US": _v("en-US", "Joanna"),
    "es": _v("es-ES", "Lucia"),
    "es-MX": _v("es-MX", "Mia"),
    "es-US": _v("es-US", "Penelope"),
    "fr": _v("fr-FR", "Lea"),
    "fr-CA": _v("fr-CA", "Chantal"),
    "hi": _v("hi-IN", "Aditi"),
    "is": _v("is-IS", "Dora"),
    "it": _v("it-IT", "Carla"),
    "ja": _v("ja-JP", "Mizuki"),
    "ko": _v("ko-KR", "Seoyeon"),
    "nb": _v("nb-NO", "Liv"),
    "nl": _v("nl-NL", "Lotte"),
    "no": _v("nb-NO", "Liv"),
    "pl": _v("pl-PL", "Ewa"),
    "pt": _v("pt-PT", "Ines"),
    "pt-BR": _v("pt-BR", "Vitoria"),
    "ro": _v("ro-RO", "Carmen"),
    "ru": _v("ru-RU", "Tatyana"),
    "sv": _v("sv-SE", "Astrid"),
    "tr": _v("tr-TR", "Filiz"),
    "zh": _v("cmn-CN", "Zhiyu", "cmn-Hans-CN"),
}


def voice_of(language: str, english: str = "en-GB") -> Voice:
    """The voice for `language` ("de", "pt-BR", "de-AT"); one that nobody speaks is read by the English voice."""
    tag = language.replace("_", "-")
    main, _, region = tag.partition("-")
    exact = f"{main.lower()}-{region.upper()}" if region else main.lower()
    return VOICES.get(exact) or VOICES.get(main.lower()) or VOICES.get(english) or VOICES["en-GB"]
