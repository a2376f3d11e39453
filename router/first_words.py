"""What a script says of its own beside the plan's questions, and the words that it understands, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .plan.model_rules import TextMatch
from .rules import text_matches

PERSON = (
    "person", "human", "agent", "operator", "mensch", "mitarbeiter", "mitarbeiterin", "personne", "humain",
    "conseiller", "persona", "humano", "agente",
)  # fmt: skip
"""Whoever says one of these, in whatever language, is asked nothing more."""
YES = ("yes", "y", "yes it did", "it helped", "ja", "j", "hat geholfen", "oui", "si", "sí")
WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "en": (
        "Write “person” at any time, and a colleague takes over.",
        "Sorry, we didn't understand that. Answer with one of the numbers:",
        "Did this help? Answer “yes”, or “no” for a colleague.",
        "Glad that it helped. If anything is left, just answer here.",
    ),
    "de": (
        "Schreiben Sie jederzeit „Person“, dann übernimmt ein Kollege.",
        "Das haben wir leider nicht verstanden. Antworten Sie mit einer der Nummern:",
        "Hat das geholfen? Antworten Sie „ja“, oder „nein“ für einen Kollegen.",
        "Schön, dass es geholfen hat. Ist noch etwas offen, antworten Sie einfach hier.",
    ),
    "fr": (
        "Écrivez « personne » à tout moment, et un collègue prend le relais.",
        "Désolé, nous n'avons pas compris. Répondez par l'un des numéros :",
        "Cela vous a-t-il aidé ? Répondez « oui », ou « non » pour un collègue.",
        "Heureux que cela ait aidé. S'il reste une question, répondez ici.",
    ),
    "es": (
        "Escriba «persona» en cualquier momento y le atenderá un compañero.",
        "Perdone, no lo hemos entendido. Responda con uno de los números:",
        "¿Le ha ayudado? Responda «sí», o «no» para hablar con un compañero.",
        "Nos alegra que haya ayudado. Si queda algo, responda aquí.",
    ),
}
"""(how to reach a person, not understood, did this help, it did), by language."""


def said(language: str) -> tuple[str, str, str, str]:
    """The four sentences in `language`, else in English."""
    return WORDS.get(language, WORDS["en"])


def wants_person(text: str, more: Iterable[str] = ()) -> bool:
    """Whether somebody is asked for, by our words or the script's own (`more`)."""
    return text_matches(TextMatch(any=(*PERSON, *more)), text)


def agrees(text: str) -> bool:
    """Whether it means yes: those words and nothing else, as "yes, but it still fails" doesn't."""
    bare = " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
    return bare in YES
