"""What makes a text a letter: conversation, title, what it answers, from which mailbox, under whose name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ..channels.channel import Words
from ..channels.email.letterhead import Letterhead
from ..queue.contact import Arrived
from ..queue.state import ContactView, MessageView
from .rulebook import Rulebook

MOST_ANSWERED = 20
"""Ids of the customer's mails that a reply refers to: the first, and the latest."""


def letter(words: Words, contact: ContactView, said: Sequence[MessageView]) -> Words:
    """`words` with what their contact's mails say of conversation and title."""
    mails = [Arrived.parse(it.body) for it in said if it.kind == "in"]
    ids = [it.message_id for it in mails if it.message_id]
    answers = tuple(dict.fromkeys([*ids[:1], *ids[-MOST_ANSWERED:]]))
    subject = next((it.subject for it in mails if it.subject), "")
    return replace(words, conversation=conversation_of(contact.thread), subject=subject, answers=answers)


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
        site = book().plan.site
        name = f"{words.author} ({site})" if words.author else site
        signature = f"{words.author}\n{site}" if words.author else site
        return Letterhead(words.sender, name, signature)

    return head
