"""What the help page says of our hours and of the ways to a person; nothing that was written becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from helpers_plan import SMALL, at, book
from multidict import CIMultiDict

from tierline.console.help_page import client
from tierline.console.help_views import article, front, known, opening, tongues, ways
from tierline.console.help_words import WORDS
from tierline.queue.history.article import Article
from tierline.router.situation import Incident, Shut, Situation

BOTH = SMALL.replace("services:\n", "services:\n  night: {schedule: always, steps: [{tiers: [L1]}, {then: hold}]}\n").replace(
    "schedules:\n", 'schedules:\n  always: {hours: "24/7"}\n'
).replace("  night: {schedule: always, steps: [{tiers: [L1]},", "  night: {schedule: always, steps: [{tiers: [L1], until: 5m},").replace(
    '{channel: voice, to: "+4930100", service: help}', '{channel: voice, to: "+4930100", service: night}'
)  # fmt: skip


@pytest.mark.parametrize(
    ("wall", "language", "said"),
    [
        ("2026-11-23 10:00", "en", ("Open now, until today at 18:00",)),
        ("2026-11-23 20:00", "de", ("Jetzt geschlossen, öffnet morgen um 08:00 Uhr",)),
        ("2026-11-27 20:00", "en", ("Closed now, opens Monday at 08:00",)),
    ],
)
def test_the_hours_are_told_as_people_say_them(wall: str, language: str, said: tuple[str, ...]) -> None:
    assert opening(book(SMALL), language, at(wall)) == said


def test_services_with_other_hours_are_told_apart() -> None:
    assert opening(book(BOTH), "en", at("2026-11-23 20:00")) == (
        "Night: Open round the clock", "Help: Closed now, opens tomorrow at 08:00",
    )  # fmt: skip


def test_a_supervisors_own_words_stand_instead_and_incidents_once() -> None:
    now = at("2026-11-23 10:00")
    shut = Shut("help", now - 1000, None, "Drill <b>until</b> noon.", "Mira")
    same = (
        Incident("I1", "", (), "Mail is slow.", now, "Mira"),
        Incident("I2", "", ("x",), "Mail is slow.", now, "Mira"),
    )
    under = book(SMALL).under(Situation((shut,), same))
    assert opening(under, "en", now) == ("Drill <b>until</b> noon.",) and known(under) == ("Mail is slow.",)
    page = front(under, "en", now, "", (), ways(under, False))
    assert "Drill &lt;b&gt;until" in page and "There are no articles yet." in page
    assert book(SMALL).emergency("help", datetime.now(UTC)) is None


def test_the_ways_to_a_person_are_the_plans_doors() -> None:
    by = ways(book(SMALL), True)
    assert (by.chat, by.calls, by.texts, by.mails) == (
        False,
        ("+4930100",),
        ("+4930100",),
        ("help@small.example",),
    )
    chatty = book(SMALL.replace("entry:\n", "entry:\n  - {channel: chat, service: help}\n"))
    assert ways(chatty, True).chat and not ways(chatty, False).chat
    page = article(chatty, "en", at("2026-11-23 10:00"), Article("a", "en", "A", "b"), ways(chatty, True), "")
    assert 'id="chat"' in page and 'href="tel:+4930100"' in page
    thanked = article(
        chatty, "en", at("2026-11-23 10:00"), Article("a", "en", "A", "b"), ways(chatty, True), "yes"
    )
    assert "Thank you" in thanked and 'id="person"' not in thanked


def test_a_plan_of_one_language_offers_no_other() -> None:
    assert tongues(("en",), "en", "/help", "Language") == ""
    assert "aria-current=true" in tongues(("en", "de"), "de", "/help", "Language")


def test_every_language_says_everything() -> None:
    for said in WORDS.values():
        assert all(getattr(said, name) for name in said.__slots__)
        assert (
            "{when}" in said.open_until
            and "{when}" in said.opens
            and "{q}" in said.none
            and "{n}" in said.found
        )


class Request:
    """As far as the client's address goes."""

    def __init__(self, remote: str, forwarded: str = "") -> None:
        self.remote = remote
        self.headers = CIMultiDict([("X-Forwarded-For", it) for it in forwarded.split("|") if it])


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1|198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.1", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "?"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
    ],
)
def test_only_a_trusted_proxys_word_counts(remote: str, forwarded: str, address: str) -> None:
    assert client(Request(remote, forwarded), ("10.0.0.1",)) == address  # type: ignore[arg-type]
