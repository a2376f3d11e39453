"""The forms with which a supervisor steers the day: services, incidents, and who gets a contact. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..channels.forms import MOST_CHOICES, Field, Form
from ..queue.state import AgentView, ContactView
from .commands import contact_number
from .facts import Facts
from .lines import escape, lasted
from .rulebook import Rulebook, agent_id
from .situation import Incident

ANY = "any service"
LONGEST_TEXT = 600
"""Characters of what many customers are told at once: four texts' worth."""
NOW, EARLIER, LATER = "Due now", "Earlier", "Later"
HOW = (NOW, EARLIER, LATER)
WHO = Field("number", "or its number", hint="C1001")


def close_service(book: Rulebook, service: str) -> Form:
    """Close a service at once."""
    known = tuple(book.services)
    return Form(
        "Close a service",
        (
            Field("service", "Service", "choice", service if service in known else "", known, must=True),
            Field("until", "Until when?", hint="15:00, 2h, tomorrow 9:00; empty: until you open it"),
            Field("text", "What customers are told", "lines", longest=LONGEST_TEXT,
                  hint="Instead of the plan's own words, in every language"),
        ),
        "Close it",
    )  # fmt: skip


def incident(book: Rulebook) -> Form:
    """Begin an incident; whom it concerns is shown before anybody is told."""
    return Form(
        "An incident",
        (
            Field("service", "Service", "choice", ANY, (ANY, *book.services), must=True),
            Field("words", "Words that customers write", hint="slow, down; empty: whatever they write"),
            Field("text", "What they are told", "lines", must=True, longest=LONGEST_TEXT),
        ),
        "Show whom it concerns",
    )


def incident_shown(it: Incident, concerned: Sequence[ContactView], whole: bool, now: int) -> Form:
    """Whom it concerns, before they are told."""
    rows = [_line(each, now) for each in concerned[:20]]
    more = f"\n… and {len(concerned) - 20} more" if len(concerned) > 20 else ""
    about = escape(it.service or ANY) + (f", words: {escape(', '.join(it.words))}" if it.words else "")
    count = f"{len(concerned)}{'' if whole else ' or more'}"
    who = f"*{count} of those who are here now* are told, and everybody who writes about it later:"
    listed = "\n".join(f"• {row}" for row in rows) + more
    shown = (
        f"{who}\n{listed}"
        if rows
        else "*Nobody who is here now* has written about it; who does later is told."
    )
    return Form(
        "Tell them?",
        (
            Field("about", "", "words", f"{about}\n“{escape(it.text)}”"),
            Field("who", "", "words", shown),
        ),
        "Begin and tell them",
    )


def incident_end(book: Rulebook, id: str) -> Form:
    """End an incident; whoever was told of it is told this."""
    known = tuple(it.id for it in book.situation.incidents)
    return Form(
        "End an incident",
        (
            Field("id", "Incident", "choice", id if id in known else "", known, must=True),
            Field("text", "What those who were told of it are told", "lines", longest=LONGEST_TEXT,
                  hint="It works again. Empty: nobody is told"),
        ),
        "End it",
    )  # fmt: skip


def hand(book: Rulebook, contacts: Sequence[ContactView], contact: str, now: int) -> Form:
    """Move a contact to somebody, a team, a tier or a service."""
    groups = [*(f"team {t.name}" for t in book.plan.teams), "L1", "L2", "L3"]
    groups += [f"service {name}" for name in book.services]
    people = [a.name for a in book.plan.agents]
    whom = tuple([*groups[: MOST_CHOICES // 2], *people][:MOST_CHOICES])
    return Form(
        "Move a contact",
        (
            *_which(contacts, contact, now),
            Field("to", "To", "choice", choices=whom, must=True),
            Field("why", "Why?"),
        ),
        "Move it",
    )


def assign(
    book: Rulebook, contacts: Sequence[ContactView], agents: Iterable[AgentView], contact: str, now: int
) -> Form:
    """Give a contact to one agent; those on duty stand first."""
    on = {it.name for it in agents if it.presence == "available" and it.on_shift}
    people = sorted(book.plan.agents, key=lambda a: agent_id(a.name) not in on)
    names = tuple(a.name for a in people[:MOST_CHOICES])
    return Form(
        "Assign a contact",
        (
            *_which(contacts, contact, now),
            Field("to", "To", "choice", choices=names, must=True, hint="Those on duty stand first"),
            Field("why", "Why?"),
        ),
        "Assign it",
    )


def first(contacts: Sequence[ContactView], contact: str, now: int) -> Form:
    """Let a contact come earlier or later."""
    return Form(
        "Who comes first",
        (
            *_which(contacts, contact, now),
            Field("how", "It comes", "choice", NOW, HOW, must=True),
            Field("minutes", "by so many minutes", "number", "5"),
            Field("why", "Why?"),
        ),
        "Change it",
    )


def why(contacts: Sequence[ContactView], contact: str, now: int) -> Form:
    """Ask about any contact."""
    return Form("Why?", _which(contacts, contact, now), "Explain")


def _which(contacts: Sequence[ContactView], contact: str, now: int) -> tuple[Field, ...]:
    """Which contact: of those who wait, or any by its number."""
    if contact:
        return (Field("number", "Contact", value=contact, must=True),)
    waiting = sorted((it for it in contacts if it.state in ("waiting", "offered")), key=lambda it: it.rank)
    choices = tuple(_line(it, now, escaped=False) for it in waiting[:MOST_CHOICES])
    return (Field("contact", "Who waits", "choice", choices=choices), WHO) if choices else (WHO,)


def _line(it: ContactView, now: int, escaped: bool = True) -> str:
    facts = Facts.parse(it.facts)
    text = (
        f"{it.id} · {it.service} · {it.channel} · {lasted(now - it.arrived)} · {facts.name or facts.address}"
    )
    return escape(text) if escaped else text


def meant(answers: dict[str, str]) -> str:
    """The contact's number in a filled form, "" when none was given."""
    said = answers.get("number", "").strip() or answers.get("contact", "").partition(" ")[0]
    return contact_number(said) if re.search(r"\d", said) else ""
