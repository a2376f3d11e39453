"""What the help page says of its own, by language. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HelpWords:
    """The page's own sentences; {…} is filled in."""

    help: str
    search: str
    placeholder: str
    all: str
    found: str
    none: str
    helped: str
    yes: str
    no: str
    thanks: str
    sorry: str
    person: str
    chat: str
    call: str
    text: str
    mail: str
    open_until: str
    open_always: str
    opens: str
    closed: str
    known: str
    back: str
    steps: str
    empty: str
    missing: str
    busy: str
    skip: str
    language: str


WORDS: Mapping[str, HelpWords] = {
    "en": HelpWords(
        "Help", "Search", "What do you need help with?", "All articles", "{n} found", "Nothing found for “{q}”.",
        "Did this help?", "Yes", "No", "Thank you. Glad that it helped.", "Sorry. A person will help you:",
        "Talk to a person", "Chat with us", "Call", "Text", "Mail", "Open now, until {when}", "Open round the clock",
        "Closed now, opens {when}", "Closed now", "We know of this:", "All help", "Step by step",
        "There are no articles yet.", "There is no such article.", "Too many searches from here: try again in a minute.",
        "Skip to the content", "Language",
    ),
    "de": HelpWords(
        "Hilfe", "Suchen", "Wobei brauchen Sie Hilfe?", "Alle Artikel", "{n} gefunden", "Nichts gefunden zu „{q}“.",
        "Hat das geholfen?", "Ja", "Nein", "Danke. Schön, dass es geholfen hat.",
        "Das tut uns leid. Ein Mensch hilft Ihnen:",
        "Mit einem Menschen sprechen", "Mit uns chatten", "Anrufen", "SMS", "E-Mail", "Jetzt geöffnet, bis {when}",
        "Rund um die Uhr geöffnet", "Jetzt geschlossen, öffnet {when}", "Jetzt geschlossen", "Das ist uns bekannt:",
        "Alle Hilfe", "Schritt für Schritt", "Es gibt noch keine Artikel.", "Diesen Artikel gibt es nicht.",
        "Zu viele Suchen von hier: bitte in einer Minute noch einmal.", "Zum Inhalt", "Sprache",
    ),
    "fr": HelpWords(
        "Aide", "Chercher", "De quelle aide avez-vous besoin ?", "Tous les articles", "{n} trouvés",
        "Rien trouvé pour « {q} ».", "Cela vous a-t-il aidé ?", "Oui", "Non", "Merci. Heureux que cela ait aidé.",
        "Désolé. Une personne vous aide :", "Parler à une personne", "Discuter avec nous", "Appeler", "SMS", "E-mail",
        "Ouvert, jusqu'à {when}", "Ouvert jour et nuit", "Fermé, ouvre {when}", "Fermé", "Nous le savons :",
        "Toute l'aide",
        "Pas à pas", "Il n'y a pas encore d'articles.", "Cet article n'existe pas.",
        "Trop de recherches d'ici : réessayez dans une minute.", "Aller au contenu", "Langue",
    ),
    "es": HelpWords(
        "Ayuda", "Buscar", "¿En qué podemos ayudarle?", "Todos los artículos", "{n} encontrados",
        "No hay nada sobre «{q}».", "¿Le ha ayudado?", "Sí", "No", "Gracias. Nos alegra que haya ayudado.",
        "Lo sentimos. Una persona le ayuda:", "Hablar con una persona", "Chatear con nosotros", "Llamar", "SMS", "Correo",
        "Abierto ahora, hasta {when}", "Abierto día y noche", "Cerrado ahora, abre {when}", "Cerrado ahora",
        "Lo sabemos:", "Toda la ayuda", "Paso a paso", "Todavía no hay artículos.", "Ese artículo no existe.",
        "Demasiadas búsquedas desde aquí: inténtelo en un minuto.", "Ir al contenido", "Idioma",
    ),
}  # fmt: skip


def words(language: str) -> HelpWords:
    """In `language`, else in English."""
    return WORDS.get(language, WORDS["en"])
