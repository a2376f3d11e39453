"""What random orders of callbacks have found in the router, each by itself (`make races`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from helpers_queue import Bare, load

from tierline.bench.races.scene import BOOK, Nothing
from tierline.channels.channel import OutcomeUnknown
from tierline.channels.phone import Call, Go, HangUp, LegNews, LegView, Meet, Ring, Say
from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.state import Event
from tierline.router.alerts import Alerts
from tierline.router.intake import Intake
from tierline.router.lineup import Lineup
from tierline.router.lanes import Job, Try
from tierline.router.ringing import Ringing
from tierline.router.roster import muster
from tierline.router.rulebook import agent_id
from tierline.router.switchboard import Switchboard

EVA, OURS = "+4915110000001", "+4930100"


@dataclass
class Phones:
    """What was done; `there` is how legs stand at the provider."""

    done: list[str] = field(default_factory=list)
    there: dict[str, LegView] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)
    lose: str = ""

    async def ring(self, it: Ring) -> LegView:
        self.done.append(f"ring {it.key}")
        if self.lose == "ring":
            raise OutcomeUnknown("lost")
        return LegView(f"CA{it.key}", "queued")

    async def find_ring(self, it: Ring, known: frozenset[str]) -> LegView | None:
        return next((LegView(sid, "ringing") for sid in self.found if sid not in known), None)

    async def fetch(self, queue: str, sid: str, to: Go) -> bool:
        return await self.move(sid, to)

    async def move(self, sid: str, to: Go) -> bool:
        self.done.append(f"move {sid} {to.turn}")
        return True

    async def hang_up(self, sid: str) -> None:
        self.done.append(f"hang up {sid}")

    async def hold(self, conference: str, sid: str, on: bool, to: Go | None = None) -> bool:
        return True

    async def mute(self, conference: str, sid: str, on: bool) -> bool:
        return True

    async def look(self, sid: str) -> LegView | None:
        return self.there.get(sid, LegView(sid, "answered"))


@dataclass
class Stage:
    queue: Queue
    phones: Phones
    board: Switchboard
    ringing: Ringing
    read: str = "0-0"

    async def called(self, sid: str = "CA1", sender: str = EVA) -> str:
        """A customer calls and waits; the contact."""
        await self.board.called(Call(sid, sender, OURS))
        found = await self.queue.arrived_as(sid)
        assert found is not None
        return found[0]

    async def offer(self, contact: str, agent: str) -> int:
        view = await self.queue.contact(contact)
        assert view is not None
        return next(it.number for it in view.offers if it.agent == agent)

    async def rung(self, contact: str, agent: str, sid: str) -> Mapping[str, str]:
        """The agent's phone has been answered, and they hear who calls."""
        number = await self.offer(contact, agent)
        about = {"c": contact, "o": str(number), "a": agent, "r": "agent"}
        await self.board.asked("agent", Call(sid, OURS, "+49170", about))
        return about

    async def presses(self, sid: str, about: Mapping[str, str]) -> object:
        return (await self.board.asked("key", Call(sid, OURS, "+49170", about, digits="1")))[0]

    async def events(self) -> list[Event]:
        """Those that are new."""
        found = await self.queue.events(self.read, 1000)
        self.read = found[-1].id if found else self.read
        return found

    async def deliver(self, again: bool = False) -> None:
        """What the new events cause on the phone."""
        for event in await self.events():
            for job in self.ringing.jobs(event):
                await job.work(Try(int(again), again))

    async def jobs(self, kind: str) -> list[Job]:
        return [job for event in await self.events() if event.e == kind for job in self.ringing.jobs(event)]


@pytest.fixture
async def stage(client: Client, site: str) -> Stage:
    await load(client, library.source())
    queue, phones, nothing = Queue(Bare(client), site), Phones(), Nothing()
    await muster(queue, BOOK, await queue.now())
    for name in ("Ada", "Ben"):
        await queue.presence(agent_id(name), "available")

    async def heed() -> None:
        return None

    intake = Intake(lambda: queue, lambda: nothing, lambda: BOOK, heed)
    board = Switchboard(lambda: queue, intake, lambda: nothing, lambda: BOOK, Lineup(lambda: queue))
    return Stage(queue, phones, board, Ringing(queue, phones, lambda: BOOK, Alerts(dict), board.heard))


async def test_who_has_answered_and_lost_hears_why(stage: Stage) -> None:
    contact = await stage.called()
    ada, ben = await stage.rung(contact, "Ada", "CAada"), await stage.rung(contact, "Ben", "CAben")
    await stage.events()
    assert isinstance(await stage.presses("CAada", ada), Meet)
    await stage.deliver()
    assert "move CAben agent" in stage.phones.done and "hang up CAben" not in stage.phones.done
    said = await stage.board.asked("agent", Call("CAben", OURS, "+49170", ben))
    assert isinstance(said[0], Say) and "taken" in said[0].text and isinstance(said[1], HangUp)


async def test_who_only_hears_that_the_caller_is_gone_is_not_cut_off(stage: Stage) -> None:
    contact = await stage.called()
    await stage.rung(contact, "Ada", "CAada")
    await stage.events()
    await stage.board.heard(LegNews("CA1", "completed"))
    await stage.deliver()
    assert "move CAada agent" in stage.phones.done and "hang up CAada" not in stage.phones.done


async def test_an_owner_who_hangs_up_ends_the_call_while_another_phone_is_still_told_why_not(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.rung(contact, "Ben", "CAben")
    await stage.presses("CAada", ada)
    await stage.events()
    await stage.board.heard(LegNews("CAada", "completed", ada))
    await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"


@pytest.mark.parametrize(("state", "who"), [("completed", "customer"), ("answered", "agent")])
async def test_who_hung_up_is_found_out(stage: Stage, state: str, who: str) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    await stage.events()
    stage.phones.there["CA1"] = LegView("CA1", state)  # type: ignore[arg-type]
    await stage.board.heard(LegNews("CAada", "completed", ada))
    await stage.deliver()
    ended = next(it for it in await stage.events() if it.e == "wrapping")
    assert f"the {who} hung up" in ended.x


async def test_a_lost_answer_pulls_nobody_out_of_their_talk(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    (bring,) = await stage.jobs("accepted")
    await bring.work(Try(0, False))
    await stage.board.asked("join", Call("CA1", EVA, OURS, {"c": contact, "r": "customer"}))
    await bring.work(Try(1, True))
    assert stage.phones.done.count("move CA1 join") == 1


async def test_a_leg_of_another_contact_is_not_taken_for_the_one_that_may_have_been_made(stage: Stage) -> None:
    first, second = await stage.called(), await stage.called("CA2", "+4915110000002")
    await stage.queue.leg(first, "CAother", "ringing", {"r": "agent", "a": "Ada", "o": "1"})
    stage.phones.found = ["CAother"]
    event = Event(await stage.queue.now(), "offered", first, "Ada", await stage.offer(first, "Ada"))
    view = await stage.queue.contact(second)
    assert view is not None
    await stage.queue.decline(first, event.n, "Ada")
    now = await stage.queue.contact(second)
    assert now is not None
    number = next(it.number for it in now.offers if it.agent == "Ada")
    await stage.ringing.offer(Event(event.t, "offered", second, "Ada", number), Try(1, True))
    assert stage.phones.done == [f"ring {second}.{number}"]


async def test_a_message_that_is_taken_in_slack_rings_nobody_and_ends_with_nobodys_leg(stage: Stage) -> None:
    contact = await stage.called()
    number = await stage.offer(contact, "Ada")
    about = {"c": contact, "o": str(number), "a": "Ada", "r": "agent"}
    await stage.queue.leg(contact, "CAada", "ringing", about)
    await stage.queue.jot(contact, "kind", "voicemail")
    await stage.queue.accept(contact, number, "Ada")
    await stage.deliver()
    assert stage.phones.done == ["hang up CAada"]
    await stage.queue.leg(contact, "CAada2", "answered", about)
    await stage.board.heard(LegNews("CAada2", "completed", about))
    await stage.board.heard(LegNews("CA1", "completed"))
    await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"


async def test_late_news_of_the_first_call_does_not_end_the_call_back(stage: Stage) -> None:
    contact = await stage.called()
    await stage.queue.jot(contact, "kind", "callback")
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    await stage.board.heard(LegNews("CA1", "completed"))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"
    back = {"c": contact, "r": "customer", "b": "1"}
    await stage.queue.leg(contact, "CAback", "answered", back)
    await stage.board.heard(LegNews("CAback", "completed", back))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"
