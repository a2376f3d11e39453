"""The help page as HTML, from values: search, article, open-now line, and how to reach a person. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from ..queue.history.article import Article
from ..router.plan.model_texts import fill
from ..router.rulebook import Rulebook, instant, millis
from ..router.texts import spoken
from .help_words import HelpWords, words
from .markdown_light import html, plain

MOST_LISTED = 100


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person is reached: by chat (with the widget of our own), by call, text and mail."""

    chat: bool
    calls: tuple[str, ...]
    texts: tuple[str, ...]
    mails: tuple[str, ...]


def ways(book: Rulebook, chat: bool) -> Ways:
    """The plan's doors for everybody; the chat where it is on."""
    entries = [it for it in book.plan.entry if it.shared is None]

    def to(channel: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(it.to for it in entries if it.channel == channel and it.to))

    on = chat and any(it.channel == "chat" for it in entries)
    return Ways(on, to("voice"), to("sms"), to("email"))


def opening(book: Rulebook, language: str, now: int) -> tuple[str, ...]:
    """When we are there, a line for each service that customers reach, one alone where all say the same."""
    reached = [it.service or it.unasked for it in book.plan.entry if it.shared is None]
    menu = [key.service for it in book.plan.entry for key in it.menu]
    services = [it for it in dict.fromkeys([*reached, *menu]) if it in book.services]
    said = {name: _open(book, str(name), language, now) for name in services}
    if len(set(said.values())) == 1:
        return tuple(set(said.values()))
    named = {name: book.services[str(name)].called(language) for name in said}
    return tuple(f"{name[:1].upper()}{name[1:]}: {said[of]}" for of, name in named.items())


def _open(book: Rulebook, service: str, language: str, now: int) -> str:
    said, hours, at = words(language), book.hours(service), instant(now)
    zone = book.plan.timezone
    if (shut := book.emergency(service, at)) is not None and shut.text:
        return shut.text  # a supervisor's own words
    if hours.is_open(at):
        until = hours.next_change(at)
        return (
            fill(said.open_until, when=spoken(millis(until), now, zone, language))
            if until
            else said.open_always
        )
    opens = hours.next_open(at)
    return fill(said.opens, when=spoken(millis(opens), now, zone, language)) if opens else said.closed


def known(book: Rulebook) -> tuple[str, ...]:
    """What customers are told of incidents that stand, the oldest first."""
    return tuple(dict.fromkeys(it.text for it in book.situation.incidents if it.text))


# ---- pieces --------------------------------------------------------------------------------------------------------


def front(book: Rulebook, language: str, now: int, query: str, found: Sequence[Article], by: Ways) -> str:
    """The page with the search."""
    said = words(language)
    return (
        f"{_known(book, said)}{_opening(book, language, now)}"
        f'<form class="search" role="search" action="/help" method="get">'
        f'<label for="q">{escape(said.placeholder)}</label><div class="row">'
        f'<input id="q" name="q" type="search" maxlength="200" autocomplete="off" value="{escape(query)}">'
        f'<input type="hidden" name="l" value="{escape(language)}"><button>{escape(said.search)}</button></div></form>'
        f'<section id="results" aria-live="polite">{results(language, query, found)}</section>'
        f"{person(said, by)}"
    )


def results(language: str, query: str, found: Sequence[Article]) -> str:
    """What was found, or all there is."""
    said = words(language)
    if query and not found:
        return f'<p class="quiet">{escape(fill(said.none, q=query))}</p>'
    if not found:
        return f'<p class="quiet">{escape(said.empty)}</p>'
    title = fill(said.found, n=str(len(found))) if query else said.all
    rows = "".join(
        f'<li><a href="/help/{quote(it.slug)}?l={quote(it.language)}"><strong>{escape(it.title)}</strong>'
        f"<span>{escape(plain(it.body or '; '.join(it.steps)))}</span></a></li>"
        for it in found[:MOST_LISTED]
    )
    return f'<h2>{escape(title)}</h2><ul class="articles">{rows}</ul>'


def article(book: Rulebook, language: str, now: int, it: Article, by: Ways, answered: str) -> str:
    """One article; `answered` is what its reader said of it: "yes", "no", "" for nothing yet."""
    said = words(language)
    steps = ""
    if it.steps:
        rows = "".join(f"<li>{escape(step)}</li>" for step in it.steps)
        steps = f"<h2>{escape(said.steps)}</h2><ol>{rows}</ol>"
    ask = (
        f'<form class="helped" method="post" action="/help/{quote(it.slug)}?l={quote(language)}#helped">'
        f'<p id="helped"><strong>{escape(said.helped)}</strong></p><div class="row">'
        f'<button name="helped" value="yes">{escape(said.yes)}</button>'
        f'<button name="helped" value="no" class="second">{escape(said.no)}</button></div></form>'
    )
    if answered:
        thanks = escape(said.thanks if answered == "yes" else said.sorry)
        ask = f'<p id="helped" role="status" tabindex="-1"><strong>{thanks}</strong></p>'
    contact = "" if answered == "yes" else person(said, by)
    return (
        f'<p><a class="back" href="/help?l={quote(language)}">← {escape(said.back)}</a></p>{_known(book, said)}'
        f'<article lang="{escape(it.language)}"><h1>{escape(it.title)}</h1>{html(it.body)}{steps}</article>'
        f"{ask}{contact}{_opening(book, language, now) if contact else ''}"
    )


def person(said: HelpWords, by: Ways) -> str:
    """How to reach somebody; nothing where the plan has no door."""
    rows = []
    if by.chat:
        rows.append(f'<li><button type="button" id="chat" class="second">{escape(said.chat)}</button></li>')
    for scheme, label, addresses in (
        ("tel", said.call, by.calls),
        ("sms", said.text, by.texts),
        ("mailto", said.mail, by.mails),
    ):
        rows += [
            f'<li>{escape(label)}: <a href="{scheme}:{escape(it)}">{escape(it)}</a></li>' for it in addresses
        ]
    if not rows:
        return ""
    return (
        f'<section id="person"><h2>{escape(said.person)}</h2><ul class="ways">{"".join(rows)}</ul></section>'
    )


def _known(book: Rulebook, said: HelpWords) -> str:
    rows = "".join(f"<p>{escape(text)}</p>" for text in known(book))
    return (
        f'<section class="known" role="status"><h2>{escape(said.known)}</h2>{rows}</section>' if rows else ""
    )


def _opening(book: Rulebook, language: str, now: int) -> str:
    rows = "".join(f"<li>{escape(text)}</li>" for text in opening(book, language, now))
    return f'<ul class="open">{rows}</ul>' if rows else ""


@dataclass(frozen=True, slots=True)
class Dress:
    """What every page brings along: its own style and script."""

    style: str
    script: str


def page(dress: Dress, title: str, language: str, body: str, head: str, nonce: str, others: str) -> str:
    """The whole document; `head` stands on top, where `body` brings its own h1 as a line; `others`: see `tongues`."""
    skip = escape(words(language).skip)
    top = head if "<h1>" in head else f'<p class="site">{head}</p>'
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<title>{escape(title)}</title><style nonce="{nonce}">{dress.style}</style></head>'
        f'<body><a class="skip" href="#main">{skip}</a><header>{top}{others}</header>'
        f'<main id="main">{body}</main><script nonce="{nonce}">{dress.script}</script></body></html>'
    )


def tongues(languages: Sequence[str], language: str, here: str, label: str) -> str:
    """The page in the plan's other languages; nothing where it has one."""
    if len(languages) < 2:
        return ""
    links = "".join(
        f'<a href="{escape(here)}?l={quote(it)}" lang="{escape(it)}" hreflang="{escape(it)}"'
        f"{' aria-current=true' if it == language else ''}>{escape(it.upper())}</a>"
        for it in languages
    )
    return f'<nav aria-label="{escape(label)}">{links}</nav>'
