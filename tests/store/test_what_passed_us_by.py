"""Texts and calls that Twilio has and we have not: taken in once, whatever breaks on the way, and nothing else is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from helpers_queue import make_queue

from tierline.channels.channel import NotDelivered, NotTaken
from tierline.channels.past import PastCall
from tierline.queue.client import Client
from tierline.queue.contact import Arrived
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.router import catch_up
from tierline.router.alerts import Alerts, Notice
from tierline.router.catch_up import EVERY, LONGEST, OVERLAP, SETTLED, CatchUp, Found, answered, sentences
from tierline.router.intake import Intake
from tierline.router.plan.load import parse
from tierline.router.receipts import Receipts
from tierline.router.rulebook import Rulebook

OURS, EVA, JONAS = "+4930100", "+4915112345678", "+4915123456789"
MINUTE, HOUR = 60_000, 3_600_000
PLAN = f"""
site: past
timezone: Europe/Berlin
languages: [en]
schedules: {{always: {{hours: "24/7"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services: {{help: {{schedule: always, answer_within: 10m, steps: [{{tiers: [L1], then: hold}}]}}}}
entry: [{{channel: sms, to: "{OURS}", service: help}}, {{channel: voice, to: "{OURS}", service: help}}]
"""


class Nobody:
    """Records that know nobody."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return None, None


@dataclass
class Lists:
    """What Twilio has; `down` refuses to say, `breaks` are events that nobody can take in."""

    intake: Intake
    texts: list[Arrived] = field(default_factory=list)
    calls: list[PastCall] = field(default_factory=list)
    answered_there: set[str] = field(default_factory=set)
    breaks: set[str] = field(default_factory=set)
    down: bool = False
    asked: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Texts:
    """The list of texts, and the door that takes them in."""

    lists: Lists

    async def listed(self, number: str, since: int, until: int, most: int) -> list[Arrived]:
        if self.lists.down:
            raise NotDelivered("Twilio cannot be reached")
        self.lists.asked.append((since, until))
        found = [it for it in self.lists.texts if it.recipient == number and since <= (it.at or 0) <= until]
        return found[-most:]

    async def take(self, arrived: Arrived) -> bool:
        if arrived.event in self.lists.breaks:
            raise ValueError("nobody can read this")
        return (await self.lists.intake(arrived)).outcome != "duplicate"


@dataclass
class Calls:
    """The list of calls."""

    lists: Lists

    async def listed(self, number: str, since: int, until: int, most: int) -> list[PastCall]:
        if self.lists.down:
            raise NotDelivered("Twilio cannot be reached")
        return [it for it in self.lists.calls if since <= it.at <= until][-most:]

    async def forwarded(self, sid: str) -> bool:
        return sid in self.lists.answered_there


@dataclass
class Place:
    """A queue, its intake, and what Twilio has."""

    queue: Queue
    intake: Intake
    lists: Lists = field(init=False)
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lists = Lists(self.intake)

    def worker(self) -> CatchUp:
        """A process that has just come to deliver."""

        async def tell(notice: Notice) -> None:
            self.told.append(notice.text)

        return CatchUp(
            self.queue, self.intake, Texts(self.lists), Calls(self.lists), lambda: BOOK,
            Alerts(lambda: {"list": tell}), lambda: True,
        )  # fmt: skip

    def text(self, n: int, at: int, sender: str = EVA, body: str = "help") -> Arrived:
        it = Arrived("sms", f"SM{n:032x}", sender, OURS, body, (), at, True, "")
        self.lists.texts.append(it)
        return it

    def call(self, n: int, at: int, seconds: int | None = 5, sender: str = EVA) -> PastCall:
        ended = None if seconds is None else at + seconds * 1000
        it = PastCall(f"CA{n:032x}", sender, OURS, at, ended)
        self.lists.calls.append(it)
        return it


BOOK = Rulebook(parse(PLAN), 1)


@pytest.fixture
async def place(client: Client, site: str) -> AsyncIterator[Place]:
    queue = await make_queue(client, site)

    async def heed() -> None:
        return None

    yield Place(queue, Intake(lambda: queue, Nobody, lambda: BOOK, heed))


async def begun(place: Place) -> tuple[CatchUp, int]:
    """A worker whose first look is behind it, and the instant of that."""
    now, worker = await place.queue.now(), place.worker()
    assert not await worker.look(now)
    return worker, now


@pytest.mark.promise("caught-up")
async def test_what_came_during_an_outage_is_taken_in_once(place: Place) -> None:
    worker, now = await begun(place)
    for n in range(5):
        place.text(n, now + n * 1000, sender=f"+4915112345{n:03}")
    known = place.text(9, now + 2000, sender=JONAS)
    await place.intake(known)  # its webhook came through
    found = await worker.look(now + MINUTE)
    assert len(found.texts) == 5 and known.event not in found.texts
    assert not await worker.look(now + 2 * MINUTE)
    assert not await place.worker().look(now + 3 * MINUTE)  # nor by another process
    late = await place.intake(place.lists.texts[0])  # nor when the webhook comes after all
    assert late.outcome == "duplicate"


def test_a_minute_after_recovery_everything_is_in() -> None:
    assert EVERY + SETTLED / 1000 + 10 <= 60


async def test_what_was_there_before_the_first_start_is_nobodys(place: Place) -> None:
    now = await place.queue.now()
    place.text(1, now - HOUR)
    place.call(1, now - HOUR)
    worker, now = await begun(place)
    assert not await worker.look(now + MINUTE)


async def test_what_is_young_may_still_come_by_itself(place: Place) -> None:
    worker, now = await begun(place)
    place.text(1, now + MINUTE - SETTLED + 1)
    assert not await worker.look(now + MINUTE)
    assert (await worker.look(now + MINUTE + EVERY * 1000)).texts


@pytest.mark.promise("caught-up")
async def test_a_long_absence_is_looked_back_at_to_its_beginning(place: Place) -> None:
    _, now = await begun(place)
    place.text(1, now + 1000)
    place.text(2, now + 30 * HOUR, sender=JONAS)
    found = await place.worker().look(now + 40 * HOUR)
    assert len(found.texts) == 2
    assert place.lists.asked[-1][0] == now - SETTLED - OVERLAP


async def test_more_than_three_days_are_not_looked_back_at(place: Place) -> None:
    _, now = await begun(place)
    place.text(1, now + HOUR)
    assert not await place.worker().look(now + LONGEST + 2 * HOUR)


@pytest.mark.promise("caught-up")
async def test_more_than_a_list_holds_is_asked_for_in_pieces(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "MOST", 4)
    worker, now = await begun(place)
    for n in range(40):
        place.text(n, now + n * 1000, sender=f"+4915112345{n:03}")
    assert len((await worker.look(now + 10 * MINUTE)).texts) == 40


async def test_while_twilio_says_nothing_the_place_is_kept(place: Place) -> None:
    worker, now = await begun(place)
    place.text(1, now + 1000)
    place.lists.down = True
    assert not await worker.look(now + HOUR)
    place.lists.down = False
    assert (await worker.look(now + 2 * HOUR)).texts


async def test_a_store_that_takes_nothing_keeps_the_place_as_well(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, now = await begun(place)
    place.text(1, now + 1000)

    async def refuses(self: Texts, arrived: Arrived) -> bool:
        raise NotTaken("StoreUnavailable")

    with monkeypatch.context() as broken:
        broken.setattr(Texts, "take", refuses)
        assert not await worker.look(now + MINUTE)
    assert (await worker.look(now + 2 * MINUTE)).texts


async def test_one_that_cannot_be_taken_in_holds_up_nobody_and_is_named(place: Place) -> None:
    worker, now = await begun(place)
    bad = place.text(1, now + 1000)
    place.lists.breaks.add(bad.event)
    place.text(2, now + 2000, sender=JONAS)
    found = await worker.look(now + MINUTE)
    assert (len(found.texts), found.broken) == (1, [bad.event])
    assert bad.event in sentences(found, "12:00")


# ---- calls ---------------------------------------------------------------------------------------------------------


@pytest.mark.promise("caught-up-calls")
async def test_a_caller_whom_nobody_heard_is_called_back(place: Place) -> None:
    worker, now = await begun(place)
    call = place.call(1, now + 1000)
    (contact,) = (await worker.look(now + MINUTE)).calls
    view = await place.queue.contact(contact)
    assert view is not None and (view.channel, view.state) == ("voice", "waiting")
    assert dict(await place.queue.jots(contact)) == {"kind": "callback", "missed": "1"}
    assert await place.queue.arrived_as(call.sid) == (contact, 1)
    assert not await worker.look(now + 2 * MINUTE)


async def test_who_heard_us_and_hung_up_is_not_called_back(place: Place) -> None:
    worker, now = await begun(place)
    call = place.call(1, now + 1000)
    await place.queue.once(answered(call.sid), HOUR)
    assert not await worker.look(now + MINUTE)


async def test_who_has_called_again_is_not_called_back_too(place: Place) -> None:
    worker, now = await begun(place)
    place.call(1, now + 1000)
    second = Arrived("voice", "CA2", EVA, OURS, "", (), None, False, "")
    await place.intake.take(second, f"voice:{EVA}:{OURS}")
    assert not await worker.look(now + MINUTE)


@pytest.mark.promise("caught-up-calls")
async def test_who_called_often_is_called_back_once(place: Place) -> None:
    worker, now = await begun(place)
    for n in range(4):
        place.call(n, now + n * 10_000)
    assert len((await worker.look(now + 5 * MINUTE)).calls) == 1
    assert not await worker.look(now + 6 * MINUTE)


async def test_who_was_put_through_or_withheld_their_number_is_only_counted_once(place: Place) -> None:
    worker, now = await begun(place)
    place.lists.answered_there.add(place.call(1, now + 1000, 300).sid)
    place.call(2, now + 2000, sender="")
    found = await worker.look(now + 10 * MINUTE)
    assert (found.calls, found.forwarded, found.withheld) == ([], 1, 1)
    assert not await worker.look(now + 11 * MINUTE)


@pytest.mark.promise("caught-up-calls")
async def test_a_call_that_goes_on_without_us_is_waited_for_however_long(place: Place) -> None:
    worker, now = await begun(place)
    call = place.call(1, now + 1000, None)
    for minute in range(1, 30, 7):
        assert not await worker.look(now + minute * MINUTE)
    place.lists.calls[:] = [PastCall(call.sid, call.sender, call.recipient, call.at, now + 30 * MINUTE)]
    assert len((await worker.look(now + 31 * MINUTE)).calls) == 1


async def test_who_died_between_taking_a_call_in_and_saying_what_it_is_is_made_good(place: Place) -> None:
    worker, now = await begun(place)
    call = place.call(1, now + 1000)
    taken = await place.intake.take(
        Arrived("voice", call.sid, EVA, OURS, "", (), call.at, False, ""), f"voice:{EVA}:{OURS}"
    )
    await worker.look(now + MINUTE)
    assert (await place.queue.jots(taken.contact))["kind"] == "callback"


# ---- telling -------------------------------------------------------------------------------------------------------


async def test_it_is_told_how_much_had_passed_us_by(place: Place) -> None:
    worker, now = await begun(place)
    place.text(1, now + 1000)
    place.call(1, now + 1000, sender=JONAS)
    found = await worker.look(now + MINUTE)
    await worker.alerts.drain()
    (told,) = place.told
    assert "1 texts and 1 calls" in told and found.calls[0] in told


def test_many_are_counted_not_listed() -> None:
    said = sentences(Found(calls=[f"C{n}" for n in range(1000, 1025)], withheld=2, forwarded=3), "08:15")
    assert "25 calls" in said and "and 15 more" in said and "2 callers withheld" in said and "3 calls" in said


async def test_a_stop_that_is_read_again_does_not_undo_the_start_behind_it(place: Place) -> None:
    receipts = Receipts(lambda: place.queue)
    await receipts.opt(EVA, True, "SM1")
    await receipts.opt(EVA, False, "SM2")
    await receipts.opt(EVA, True, "SM1")
    assert not await receipts.opted_out(EVA)
