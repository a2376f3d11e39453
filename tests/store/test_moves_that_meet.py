"""Two things that people do with a contact, one upon the other: spam with a reply held, split after merge, moved while closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from helpers_queue import make_queue, on_duty

from tierline.queue.client import Client
from tierline.queue.contact import Arrived, Decision
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.queue.state import ContactView
from tierline.router.absorbed import carried_over
from tierline.router.body import Body, line
from tierline.router.cards import customer_line
from tierline.router.facts import Facts
from tierline.router.intake import Intake
from tierline.router.moves import Moves, Who
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.situation import Shut, Situation, dump
from tierline.router.wrapup import done
from tierline.skills.skill import Profile

PLAN = """
site: moves
timezone: UTC
languages: [en]
supervisors: [mira@moves.example]
schedules: {always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}, night: {channel: "#night"}}
services:
  help: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], until: 5m}, {then: hold}]}
entry: [{channel: sms, to: "+4930", service: help}]
agents:
  - {name: Ada, slack: ada@moves.example, team: desk, tier: L1}
  - {name: Lin, slack: lin@moves.example, team: night, tier: L1}
"""
BOOK = Rulebook(parse(PLAN), 1)
EVA, JONAS = "+491701", "+491702"
MIRA, ADA = Who("Mira", "", True), Who("Ada", "Ada", False)
MINUTE = 60_000


@dataclass
class Desk:
    """The real queue, and what people do there."""

    queue: Queue
    seen: Situation = Situation()
    texts: int = 0

    def book(self) -> Rulebook:
        return BOOK.under(self.seen)

    async def heed(self) -> None:
        number, troubles = await self.queue.situation()
        self.seen = Situation.read(troubles, number)

    @property
    def moves(self) -> Moves:
        return Moves(self.queue, self.book, None)  # type: ignore[arg-type]  # nothing of the past is asked

    async def shuts(self) -> None:
        shut = Shut("help", await self.queue.now(), None, "evacuated", "Mira")
        await self.queue.alert(shut.name, True, dump(shut))
        await self.heed()

    async def comes(self, name: str, team: str = "desk") -> None:
        await on_duty(self.queue, name, profile=Profile(team), now=await self.queue.now())

    async def says(self, sender: str = EVA, text: str = "help") -> ContactView:
        self.texts += 1
        intake = Intake(lambda: self.queue, Records, self.book, self.heed)
        said = Arrived("sms", f"SM{self.texts}", sender, "+4930", text, verified=True)
        return await self.view((await intake(said)).contact)

    async def view(self, contact: str) -> ContactView:
        found = await self.queue.contact(contact)
        assert found is not None
        return found

    async def taken(self, sender: str = EVA) -> str:
        it = await self.says(sender)
        (offer,) = it.offers
        assert (await self.queue.accept(it.id, offer.number, offer.agent)).done
        return it.id


class Records:
    """Eva is in the records, nobody else."""

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return (Customer("K1", "Eva Brandt", "en", known=True) if address == EVA else None), None


@pytest.fixture
async def desk(client: Client, site: str) -> Desk:
    made = Desk(await make_queue(client, site))
    await made.heed()
    return made


@pytest.mark.promise("end-spam")
async def test_a_reply_that_is_held_does_not_leave_once_its_contact_is_spam(desk: Desk) -> None:
    await desk.comes("Ada")
    contact = await desk.taken()
    held = await desk.queue.hold_reply(contact, "Ada", '{"text":"hello"}', "C1:1", 8_000)
    assert "nothing is sent" in (await desk.moves.spam(ADA, contact)).text
    (reply,) = await desk.queue.messages(contact, held.n, held.n)
    assert reply.status == "undone"
    assert (await desk.queue.release_reply(contact, held.n)).outcome == "too_late"


@pytest.mark.promise("spam-comes-last")
async def test_whoever_opens_spam_again_takes_the_mark_back(desk: Desk) -> None:
    await desk.comes("Ada")
    contact = await desk.taken()
    await desk.moves.spam(ADA, contact)
    assert (await desk.moves.reopen(ADA, contact)).ok
    assert (await desk.queue.complete(contact, "Ada")).done
    it = await desk.says()
    assert (it.id, it.owner) == (contact, "Ada"), "a text within `reopen` opens it again, as anybody's"
    assert (await desk.queue.complete(contact, "Ada")).done and await desk.queue.forget(contact, 0)
    it = await desk.says()
    assert it.id != contact and not Facts.parse(it.facts).spam
    assert it.rank // 1000 < await desk.queue.now() + 60 * MINUTE
    await desk.moves.spam(MIRA, it.id)
    assert Facts.parse((await desk.says()).facts).spam


@pytest.mark.promise("merge-and-split")
async def test_what_somebody_else_wrote_before_a_merge_is_theirs_when_it_is_split_off(desk: Desk) -> None:
    await desk.comes("Ada")
    kept = await desk.taken()
    other = await desk.says(JONAS)
    assert (await desk.moves.merge(MIRA, other.id, kept)).ok
    await desk.says(JONAS, "my own matter")
    (said,) = [it.n for it in await desk.queue.messages(kept) if "my own matter" in it.body]
    made = await desk.moves.split(MIRA, kept, (said,))
    facts = Facts.parse((await desk.view(made.contact)).facts)
    assert (facts.address, facts.customer, facts.name) == (JONAS, JONAS, "")
    mine = await desk.moves.split(MIRA, kept, (1,))
    facts = Facts.parse((await desk.view(mine.contact)).facts)
    assert (facts.address, facts.customer, facts.name) == (EVA, "K1", "Eva Brandt")


@pytest.mark.promise("merge-one")
async def test_what_was_said_before_a_merge_is_kept_once_for_whoever_takes_it_later(desk: Desk) -> None:
    kept, other = (await desk.says()).id, (await desk.says(JONAS, "my door is stuck")).id
    assert (await desk.moves.merge(MIRA, other, kept)).ok
    for _ in range(2):
        told, lines = await carried_over(desk.queue, kept, other)
        assert "goes to Eva Brandt, +491701 alone" in told
        assert [(it.author, it.text) for it in lines] == [(JONAS, "my door is stuck")]
    (note,) = [Body.parse(it.body) for it in await desk.queue.messages(kept) if it.kind == "note"]
    assert (note.by, note.text) == (f"{other}, {JONAS}", "my door is stuck")
    assert (await desk.says(JONAS, "and my bell")).id == (await desk.says(EVA, "hello?")).id == kept
    customer = customer_line(Facts.parse((await desk.view(kept)).facts))
    said = [line(kept, it, customer) for it in await desk.queue.messages(kept) if it.kind == "in"]
    assert [(it.author, it.text) for it in said[1:]] == [(JONAS, "and my bell"), (customer, "hello?")]


@pytest.mark.promise("emergency-close-at-once")
async def test_what_is_split_off_while_its_service_is_closed_at_once_is_held(desk: Desk) -> None:
    await desk.comes("Ada")
    contact = await desk.taken()
    await desk.says(text="and another thing")
    await desk.shuts()
    made = await desk.moves.split(ADA, contact, (2,))
    it = await desk.view(made.contact)
    assert made.ok and it.state == "parked" and not it.offers


@pytest.mark.promise("emergency-close-at-once")
@pytest.mark.parametrize("to", ["team night", "L1"])
async def test_who_is_held_while_it_is_closed_at_once_is_not_offered_when_moved(desk: Desk, to: str) -> None:
    for name, team in (("Ada", "desk"), ("Lin", "night")):
        await desk.comes(name, team)
    await desk.shuts()
    contact = (await desk.says()).id
    told = await desk.moves.transfer(MIRA, contact, to)
    it = await desk.view(contact)
    assert told.ok and it.state == "parked" and not it.offers
    assert f"{contact} goes to {to}. help is closed now: it is held until" in told.text
    assert Facts.parse(it.facts).moves[-1].to == to


async def test_a_supervisor_hears_when_the_one_person_cannot_be_asked(desk: Desk) -> None:
    await desk.comes("Ada")
    contact = (await desk.says()).id
    told = await desk.moves.assign(MIRA, contact, "Lin")
    it = await desk.view(contact)
    assert told.ok and "Lin can't be asked now" in told.text and not it.personal
    await desk.comes("Lin", "night")
    assert (await desk.moves.assign(MIRA, contact, "Lin")).text == f"{contact} goes to Lin."
    assert [offer.agent for offer in (await desk.view(contact)).offers] == ["Lin"]


@pytest.mark.promise("wrap-done")
async def test_done_says_what_is_true_when_the_customer_has_written_meanwhile(desk: Desk) -> None:
    await desk.comes("Ada")
    contact = (await desk.says()).id
    way = replace((await desk.view(contact)).route, wrap_up=MINUTE)
    await desk.queue.reroute(contact, Decision(way, 0, facts=(await desk.view(contact)).facts))
    (offer,) = (await desk.view(contact)).offers
    assert (await desk.queue.accept(contact, offer.number, "Ada")).done
    assert (await desk.queue.complete(contact, "Ada")).state == "wrapping"
    assert "Only whoever had" in (await done(desk.queue, contact, "Lin")).text
    assert (await desk.says(text="it still burns")).id == contact
    assert "is open again" in (await done(desk.queue, contact, "Ada")).text
    await desk.queue.complete(contact, "Ada")
    assert (await done(desk.queue, contact, "Ada")).ok
    assert (await done(desk.queue, contact, "Ada")).text == f"{contact} was done already."
