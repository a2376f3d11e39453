"""A day is done again by the plans that it had, whatever plan is active when somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from helpers_desk import HOUR, Dated, asking, route
from helpers_plan import SMALL, book

from tierline.router.past import Then
from tierline.router.roster import midnights
from tierline.router.rulebook import Rulebook
from tierline.router.simulate.compare import Replaying
from tierline.router.simulate.record import Entry
from tierline.router.simulate.reproduce import Difference

Books = dict[int, Rulebook]
Replayed = Callable[[Books, list[Entry]], Difference | None]


def as_a_day(books: Books, record: list[Entry]) -> Difference | None:
    """As the worker does it: only the active plan is known before the record is read."""
    known = {max(books): books[max(books)]}
    it = Replaying(known, books[max(books)], record[0].t, record[-1].t + 1)
    for entry in record:
        known |= {n: books[n] for kind, *_, x, _ in entry.told if kind == "plan" for n in [x["version"]]}
        it.read([entry])
    return it.again.difference


def as_why(books: Books, record: list[Entry]) -> Difference | None:
    known = {max(books): books[max(books)]}
    it = Then(known)
    for entry in record:
        known |= {n: books[n] for kind, *_, x, _ in entry.told if kind == "plan" for n in [x["version"]]}
        it.take(entry)
    return it.difference


BOTH = pytest.mark.parametrize("replayed", [as_a_day, as_why])


@pytest.mark.promise("replay-same")
@BOTH
@pytest.mark.parametrize("published", ["before its end", "after its end"])
def test_what_an_earlier_plan_opened_again_after_days_is_reproduced(
    replayed: Replayed, published: str
) -> None:
    """The plan that is active today opens nothing again for so long."""
    desk = Dated()
    desk.publishes(1 if published == "before its end" else 2)
    desk.comes("ada")
    contact = desk.owned()
    assert desk.complete(contact, "ada").state == "closed"
    if published == "after its end":
        desk.publishes(1)
    desk.passes(30 * HOUR)
    desk.comes("ben")
    assert desk.writes(contact, desk.decided(), reopen=100 * HOUR) == contact
    desk.publishes(3)
    long = SMALL.replace("    schedule: office\n", "    schedule: office\n    reopen: 5d\n", 1)
    assert replayed({1: book(long), 2: book(SMALL), 3: book(SMALL)}, list(desk.record())) is None


@pytest.mark.promise("replay-same")
@BOTH
@pytest.mark.parametrize(
    "zones", [("Europe/Berlin", "Pacific/Auckland"), ("Pacific/Auckland", "Europe/Berlin")]
)
def test_shares_are_counted_from_the_midnights_of_the_plan_that_was_active(
    replayed: Replayed, zones: tuple[str, str]
) -> None:
    """The active plan may have another time zone, of which the day's own plan knew nothing."""
    desk, way = Dated(), route("sms", replace(asking(1), shares=(("a", 50), ("b", 50))))

    def asked() -> str:
        contact = desk.arrives(way)
        (agent,) = desk.offers(contact)
        desk.takes(agent, contact)
        desk.complete(contact, agent)
        return agent

    def morning() -> list[str]:
        """One of two teams is alone until shortly before noon in Berlin, which is Auckland's midnight."""
        desk.presence("ben", "offline")
        alone = [asked() for _ in range(3)]
        desk.now += 2 * HOUR
        desk.presence("ben", "available")
        return [*alone, *(asked() for _ in range(3))]

    books = {n: book(SMALL.replace("Europe/Berlin", zone)) for n, zone in enumerate(zones, 1)}
    desk.now += 2 * HOUR
    desk.publishes(1)
    desk.calendar(midnights(zones[0], desk.now))
    desk.comes("ada", team="a")
    desk.comes("ben", team="b")
    first = morning()
    desk.publishes(2)
    desk.calendar(midnights(zones[1], desk.now))
    desk.now += 22 * HOUR
    assert first != morning(), "the zone says from when shares are counted"
    assert replayed(books, list(desk.record())) is None
