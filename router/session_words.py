"""What is said about sessions: to customers in their language, and in a contact's timeline. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..channels.channel import Button
from .session import Session

Named = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Words:
    """A language's own: `link` is the text with the link, the rest stands on the page behind it."""

    link: str
    title: str
    remote: str
    video: str
    agree: str
    refuse: str
    go: str
    refused: str
    over: str


WORDS: Mapping[str, Words] = {
    "en": Words(
        "{agent} invites you to a session: {link}",
        "{agent} of {site} invites you",
        "In this session {agent} sees the screen of your device and can help you there, if you let them. You can end it "
        "at any time.",
        "In this video call {agent} sees and hears you, and you them. You can end it at any time.",
        "I agree: begin", "No, thank you", "Go to the session",
        "You have declined: nothing begins. Just answer our message if you change your mind.",
        "This session is over, or its link is too old. Just answer our message.",
    ),
    "de": Words(
        "{agent} lädt Sie zu einer Sitzung ein: {link}",
        "{agent} von {site} lädt Sie ein",
        "In dieser Sitzung sieht {agent} den Bildschirm Ihres Geräts und kann Ihnen dort helfen, wenn Sie es erlauben. "
        "Sie können sie jederzeit beenden.",
        "In diesem Videogespräch sieht und hört {agent} Sie, und Sie umgekehrt. Sie können es jederzeit beenden.",
        "Ich bin einverstanden: beginnen", "Nein, danke", "Zur Sitzung",
        "Sie haben abgelehnt: Es beginnt nichts. Antworten Sie einfach auf unsere Nachricht, wenn Sie es sich anders "
        "überlegen.",
        "Diese Sitzung ist vorbei, oder der Link ist zu alt. Antworten Sie einfach auf unsere Nachricht.",
    ),
    "fr": Words(
        "{agent} vous invite à une session : {link}",
        "{agent} de {site} vous invite",
        "Pendant cette session, {agent} voit l'écran de votre appareil et peut vous y aider, si vous le permettez. Vous "
        "pouvez l'arrêter à tout moment.",
        "Pendant cet appel vidéo, {agent} vous voit et vous entend, et vous de même. Vous pouvez l'arrêter "
        "à tout moment.",
        "J'accepte : commencer", "Non, merci", "Aller à la session",
        "Vous avez refusé : rien ne commence. Répondez simplement à notre message si vous changez d'avis.",
        "Cette session est terminée, ou le lien est trop ancien. Répondez simplement à notre message.",
    ),
    "es": Words(
        "{agent} le invita a una sesión: {link}",
        "{agent} de {site} le invita",
        "En esta sesión {agent} ve la pantalla de su dispositivo y puede ayudarle allí, si usted lo permite. Puede "
        "terminarla en cualquier momento.",
        "En esta videollamada {agent} le ve y le oye, y usted a {agent}. Puede terminarla en cualquier momento.",
        "De acuerdo: empezar", "No, gracias", "Ir a la sesión",
        "Ha rechazado: no empieza nada. Responda a nuestro mensaje si cambia de opinión.",
        "Esta sesión ha terminado o el enlace es demasiado antiguo. Responda a nuestro mensaje.",
    ),
}  # fmt: skip
CALLED = {"remote": "remote session", "video": "video session"}


def words(language: str) -> Words:
    """Those of the language, else the English ones."""
    return WORDS.get(language, WORDS["en"])


def said(x: Mapping[str, object], named: Named) -> str:
    """A line of the timeline, "" when nobody has to know."""
    it = Session.of(x)
    if it is None:
        return ""
    what, who = CALLED[it.kind], named(it.agent)
    match str(x.get("is")):
        case "asked":
            return f"{who} asks the customer for a {what} ({it.name}): the link goes out as a reply."
        case "agreed":
            return f"The customer has agreed to the {what}: it has begun."
        case "refused":
            return f"The customer has declined the {what}."
        case "ended":
            return f"The {what} has ended after {x.get('after')}."
        case "withdrawn":
            return f"The {what} was withdrawn before it began."
        case "failed":
            return f"No {what}: {x.get('why')}."
        case _:
            return ""


def line_buttons(contact: str, x: Mapping[str, object]) -> tuple[Button, ...]:
    """What stands beneath that line in the thread."""
    it = Session.of(x)
    return buttons(contact, it) if it is not None and it.stands and str(x.get("is")) != "failed" else ()


def buttons(contact: str, it: Session) -> tuple[Button, ...]:
    """What can be done with a session that stands."""
    end = "End the session" if it.state == "agreed" else "Withdraw it"
    go = Button("link.open", "Join", url=it.own or it.url)
    return (go, Button("session.end", end, f"{contact}.{it.number}", "danger"))
