"""The router's telephone on a real store, with phones that only note what is done to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpers_queue import Bare, load

from tierline.bench.races.scene import BOOK, Nothing
from tierline.channels.channel import OutcomeUnknown
from tierline.channels.phone import Call, Go, LegView, Ring
from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.state import Event
from tierline.router.alerts import Alerts
from tierline.router.intake import Intake
from tierline.router.lanes import Job, Try
from tierline.router.lineup import Lineup
from tierline.router.ringing import Ringing
from tierline.router.roster import muster
from tierline.router.rulebook import agent_id
from tierline.router.spending import Guard
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

    async def coach(self, conference: str, sid: str, coached: str) -> bool:
        return True

    async def hold(self, conference: str, sid: str, on: bool, to: Go | None = None) -> bool:
        return True

    async def mute(self, conference: str, sid: str, on: bool) -> bool:
        return True

    async def record(self, conference: str, on: bool) -> bool:
        return False

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

    async def joins(self, contact: str) -> None:
        """The customer is let into the conference."""
        await self.board.asked("join", Call("CA1", EVA, OURS, {"c": contact, "r": "customer"}))

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


def board_of(queue: Queue) -> Switchboard:
    """A router of its own."""
    nothing = Nothing()

    async def heed() -> None:
        return None

    intake = Intake(lambda: queue, lambda: nothing, lambda: BOOK, heed)
    return Switchboard(lambda: queue, intake, lambda: nothing, lambda: BOOK, Lineup(lambda: queue))


async def stage_of(client: Client, site: str) -> Stage:
    """Ada and Ben are on duty; a call is offered to both."""
    await load(client, library.source())
    queue, phones = Queue(Bare(client), site), Phones()
    await muster(queue, BOOK, await queue.now())
    for name in ("Ada", "Ben"):
        await queue.presence(agent_id(name), "available")
    board = board_of(queue)
    alerts = Alerts(dict)
    guard = Guard(queue, lambda: BOOK, alerts)
    return Stage(queue, phones, board, Ringing(queue, phones, lambda: BOOK, alerts, board.heard, guard))
