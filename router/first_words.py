"""What a script says of its own beside the plan's questions, and the words that it understands, by language. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .plan.model_rules import TextMatch
from .rules import text_matches

PERSON = (
    "person", "human", "agent", "operator", "mensch", "mitarbeiter", "mitarbeiterin", "personne", "humain",
    "conseiller", "persona", "humano", "agente",
)  # fmt: skip
"""Whoever says one of these, in whatever language, is asked nothing more."""
YES = ("yes", "y", "yes it did", "it helped", "ja", "j", "hat geholfen", "oui", "si", "sí")


@dataclass(frozen=True, slots=True)
class Said:
    """A script's own sentences. `how`: how to reach a person; `choose`: not understood, where choices are buttons;
    `helped` asks for "yes" or "no", `did` is that question where these are buttons; `person`, `yes`, `no` are buttons.
    """

    how: str
    unclear: str
    choose: str
    helped: str
    did: str
    glad: str
    person: str
    yes: str
    no: str


WORDS: Mapping[str, Said] = {
    "en": Said(
        how="Write “person” at any time, and a colleague takes over.",
        unclear="Sorry, we didn't understand that. Answer with one of the numbers:",
        choose="Sorry, we didn't understand that. Choose one of these:",
        helped="Did this help? Answer “yes”, or “no” for a colleague.",
        did="Did this help?",
        glad="Glad that it helped. If anything is left, just answer here.",
        person="Talk to a person",
        yes="Yes",
        no="No",
    ),
    "de": Said(
        how="Schreiben Sie jederzeit „Person“, dann übernimmt ein Kollege.",
        unclear="Das haben wir leider nicht verstanden. Antworten Sie mit einer der Nummern:",
        choose="Das haben wir leider nicht verstanden. Wählen Sie eines davon:",
        helped="Hat das geholfen? Antworten Sie „ja“, oder „nein“ für einen Kollegen.",
        did="Hat das geholfen?",
        glad="Schön, dass es geholfen hat. Ist noch etwas offen, antworten Sie einfach hier.",
        person="Mit einer Person sprechen",
        yes="Ja",
        no="Nein",
    ),
    "fr": Said(
        how="Écrivez « personne » à tout moment, et un collègue prend le relais.",
        unclear="Désolé, nous n'avons pas compris. Répondez par l'un des numéros :",
        choose="Désolé, nous n'avons pas compris. Choisissez une réponse :",
        helped="Cela vous a-t-il aidé ? Répondez « oui », ou « non » pour un collègue.",
        did="Cela vous a-t-il aidé ?",
        glad="Heureux que cela ait aidé. S'il reste une question, répondez ici.",
        person="Parler à une personne",
        yes="Oui",
        no="Non",
    ),
    "es": Said(
        how="Escriba «persona» en cualquier momento y le atenderá un compañero.",
        unclear="Perdone, no lo hemos entendido. Responda con uno de los números:",
        choose="Perdone, no lo hemos entendido. Elija una respuesta:",
        helped="¿Le ha ayudado? Responda «sí», o «no» para hablar con un compañero.",
        did="¿Le ha ayudado?",
        glad="Nos alegra que haya ayudado. Si queda algo, responda aquí.",
        person="Hablar con una persona",
        yes="Sí",
        no="No",
    ),
}


def said(language: str) -> Said:
    """The sentences in `language`, else in English."""
    return WORDS.get(language, WORDS["en"])


def wants_person(text: str, more: Iterable[str] = ()) -> bool:
    """Whether somebody is asked for, by our words or the script's own (`more`)."""
    return text_matches(TextMatch(any=(*PERSON, *more)), text)


def agrees(text: str) -> bool:
    """Whether it means yes: those words and nothing else, as "yes, but it still fails" doesn't."""
    bare = " ".join("".join(c if c.isalnum() else " " for c in text.casefold()).split())
    return bare in YES
