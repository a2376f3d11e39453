"""What makes a text a letter: conversation, title, what it answers, from which mailbox, under whose name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..channels.channel import Words
from ..channels.email.letterhead import Letterhead
from ..queue.contact import Arrived
from ..queue.state import ContactView, MessageView
from .body import Body
from .facts import Facts
from .rulebook import Rulebook

MOST_ANSWERED = 20
"""Ids of mails that a reply refers to: the first, and the latest."""


def letter(words: Words, contact: ContactView, said: Sequence[MessageView]) -> Words:
    """`words` with what their contact's mails say of conversation and title.

    They answer the customer's mails; where none has come yet, they go on from ours, so that a mail program shows one
    conversation.
    """
    mails = [Arrived.parse(it.body) for it in said if it.kind == "in"]
    ids = [it.message_id for it in mails if it.message_id] or _ours(words.key, said)
    answers = tuple(dict.fromkeys([*ids[:1], *ids[-MOST_ANSWERED:]]))
    titles = (Body.parse(it.body).subject for it in said if it.kind in ("in", "reply"))
    subject = next(filter(None, titles), "")
    language = Facts.parse(contact.facts).language
    conversation = conversation_of(contact.thread)
    return replace(words, conversation=conversation, subject=subject, answers=answers, language=language)


def _ours(key: str, said: Sequence[MessageView]) -> list[str]:
    """The Message-IDs of our mails before the message `key`."""
    number = int(key.partition(".")[2] or 0)
    return [it.provider_id for it in said if it.kind != "in" and it.n < number and it.provider_id]


def conversation_of(thread: str) -> str:
    """The conversation's id in a contact's thread, "" where it has none."""
    last = thread.rpartition(":")[2]
    return "" if "@" in last else last


def mail_sender(book: Rulebook, known: str) -> str:
    """The mailbox of ours that writes to a customer: the one that they wrote to, else the plan's; "" for none."""
    if known and book.plan.entry_for("email", known) is not None:
        return known
    spec = book.plan.channels.email
    return spec.sender or known or next((e.to for e in book.plan.entry if e.channel == "email" and e.to), "")


def letterheads(book: Callable[[], Rulebook]) -> Callable[[Words], Letterhead]:
    """What the plan of now says of whose letter it is."""

    def head(words: Words) -> Letterhead:
        plan = book().plan
        team = next((it.team for it in plan.agents if it.name == words.author), "") if words.author else ""
        number = words.key.partition(".")[0]
        values = {"agent": words.author, "team": team, "site": plan.site, "number": number}
        language = words.language or (plan.languages[0] if plan.languages else "")
        return Letterhead(words.sender, *plan.letters.lines(team, language, values), plus=plan.letters.plus)

    return head
