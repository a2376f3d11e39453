"""Guides gone through with a customer, and what a service must know: what was ticked, asked and answered. Pure.

Kept as facts of the contact: "guide:red-lamp.en" → "1,3" (the steps that were done), "ask:device" → the number of the
message up to which nothing answered it, "answer:device" → what the customer said to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..channels.channel import Button
from ..queue.history.article import Article
from ..queue.state import ContactView, Event, MessageView
from .body import Body
from .facts import Answers, Facts
from .first_steps import LONGEST, Ask, asked, labels, understood
from .look import ended_so
from .plan.model_first import Question, in_language
from .rulebook import Rulebook

GUIDE, ASK, ANSWER = "guide:", "ask:", "answer:"
NAME = 40
"""Characters of a fact's name, as the store bounds it."""
SENT = ("queued", "sending", "sent", "delivered", "failed")
NOTHING_TAUGHT = ("spam", "duplicate")
NOTED = "guide"
"""The source of a note that says what was ticked: it is shown in the thread."""


def guide_key(it: Article) -> str:
    """The fact under which its ticks are kept."""
    return f"{GUIDE}{it.slug[: NAME - len(GUIDE) - 3]}.{it.language}"


def ticked(it: Article, jots: Mapping[str, str]) -> tuple[str, ...]:
    """The steps that were done."""
    done = {int(n) for n in jots.get(guide_key(it), "").split(",") if n.isdecimal()}
    return tuple(step for n, step in enumerate(it.steps, 1) if n in done)


def ticks(it: Article, done: str) -> str:
    """What is kept of the ticked ones, which stand one to a line."""
    given = set(done.split("\n"))
    return ",".join(str(n) for n, step in enumerate(it.steps, 1) if step in given)


def record(it: Article, done: Sequence[str]) -> str:
    """In a line, as colleagues read it."""
    return f"Guide “{it.title}”: " + " · ".join(f"{'✓' if step in done else '☐'} {step}" for step in it.steps)


def records(messages: Sequence[MessageView]) -> tuple[str, ...]:
    """What was tried by guides, the last word on each."""
    found: dict[str, str] = {}
    for it in messages:
        body = Body.parse(it.body) if it.kind == "note" else Body("")
        if body.source == NOTED:
            found[body.text.partition("”:")[0]] = body.text
    return tuple(found.values())


# ---- what a service must know --------------------------------------------------------------------------------------


def questions(book: Rulebook, view: ContactView, jots: Mapping[str, str]) -> tuple[Question, ...]:
    """What the service's agents must know and nobody has answered, nor been asked."""
    service = book.services.get(view.service)
    known = {name for name, _ in answers(Facts.parse(view.facts), jots)}
    return tuple(
        it
        for it in (service.ask if service else ())
        if it.name not in known and f"{ASK}{it.name}" not in jots
    )


def answers(facts: Facts, jots: Mapping[str, str]) -> Answers:
    """Those from before a person was asked, and those to agents' questions."""
    since = {key.removeprefix(ANSWER): it for key, it in jots.items() if key.startswith(ANSWER)}
    return tuple({**dict(facts.answers), **since}.items())


def unknown(book: Rulebook, view: ContactView) -> tuple[str, ...]:
    """What whoever takes it is to ask, in a line; nothing where all is known."""
    names = [it.name for it in questions(book, view, {})]
    return (f"to be asked: {', '.join(names)}",) if names else ()


def ask_buttons(book: Rulebook, view: ContactView, jots: Mapping[str, str]) -> tuple[Button, ...]:
    """A button for each open question; a call's are asked on the phone."""
    if view.channel == "voice":
        return ()
    return tuple(
        Button("ask.send", f"Ask: {it.name}"[:75], f"{view.id}.{it.name}")
        for it in questions(book, view, jots)
    )


def put(it: Question, language: str, by: str) -> Body:
    """The question as a message of the agent's: written out, and with its answers for a door with buttons."""
    text = asked(Ask(it, it.name), language, first=False)
    choices = labels(it, language)
    brief = in_language(it.say, language) if choices else ""
    return Body(text, by=by, brief=brief, choices=choices)


def answered(
    book: Rulebook, view: ContactView, jots: Mapping[str, str], messages: Sequence[MessageView]
) -> Answers:
    """What the customer's last words answer: the questions that were put before them and are open; a choice by its
    number or words, anything else as it was said."""
    service = book.services.get(view.service)
    said = [m for m in messages if m.kind == "in"]
    if service is None or not said:
        return ()
    found = list[tuple[str, str]]()
    for it in service.ask:
        put = jots.get(f"{ASK}{it.name}", "")
        if not put.isdecimal() or f"{ANSWER}{it.name}" in jots:
            continue
        after = [m for m in said if m.n > int(put) and _left(messages, int(put))]
        for m in after:
            text = Body.parse(m.body).text.strip()
            value = understood(it, text) or (text[:LONGEST] if m is after[0] and not it.choices else "")
            if value:
                found.append((it.name, value))
                break
    return tuple(found)


def _left(messages: Sequence[MessageView], n: int) -> bool:
    """Whether the question, message `n`, has gone to the customer."""
    return any(m.n == n and m.kind == "reply" and m.status in SENT for m in messages)


def teaches(event: Event) -> tuple[Button, ...]:
    """Under the end of what somebody has answered: the button by which it becomes an article."""
    if event.e != "closed" or not event.a or ended_so(event).get("disposition") in NOTHING_TAUGHT:
        return ()
    return (make_button(event.c),) if ended_so(event).get("resolution") else ()


def make_button(contact: str) -> Button:
    """Opens the form with what helped there."""
    return Button("form.article-edit", "Make an article", contact)


def articles_button(contact: str) -> Button:
    """In a contact's thread."""
    return Button("form.article", "Articles …", contact)
