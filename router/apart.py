"""Messages that become a contact of their own: what it needs, decided by when they came and what is open by now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..queue.contact import Arrived, Decision
from ..queue.history.records import Customer
from ..queue.state import ContactView, MessageView
from .classify import classify
from .facts import Facts
from .handover import NoSuch
from .rulebook import Rulebook
from .watch import past_closing, reopening


def split_off(
    book: Rulebook, view: ContactView, messages: Iterable[MessageView], numbers: Sequence[int], now: int
) -> Decision:
    """The decision for these of its messages. Raises NoSuch when they can't be split off."""
    said = {m.n: m for m in messages if m.kind == "in"}
    if not numbers or not said.keys() >= set(numbers):
        known = ", ".join(map(str, sorted(said)[:30])) or "none"
        raise NoSuch(f"Name messages of the customer by number; there are: {known}.")
    first = said[min(numbers)]
    arrived = Arrived.parse(first.body)
    if arrived.channel == "voice" or arrived.channel != view.channel:
        door = "by phone" if arrived.channel == "voice" else f"by {arrived.channel}"
        raise NoSuch(f"What came {door} can't be split off {view.id}: answer it there.")
    verdict = classify(book, arrived, _whose(Facts.parse(view.facts), arrived), first.at)
    if past_closing(book, verdict.service.name, now):  # open when they wrote, perhaps: nobody is asked now
        return replace(verdict.decision, wake=reopening(book, verdict.service.name, now))
    return verdict.decision


def _whose(old: Facts, arrived: Arrived) -> Customer:
    """Who wrote it; in what was merged that may be somebody else, of whom only the address is known here."""
    if arrived.sender.casefold() != old.address.casefold():
        return Customer(arrived.customer or arrived.sender)
    return Customer(old.customer, name=old.name, language=old.language)
