"""The switchboard on a real queue, without a telephone: what each leg is told, and what becomes of its contact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from helpers_plan import EVA, at
from helpers_queue import make_queue, run_due

from tierline.channels.phone import Ask, Call, Go, Heard, Instruction, LegNews, Play, Say, Turn, Wait
from tierline.queue.client import Client
from tierline.queue.contact import LegState
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer, Told
from tierline.queue.state import ContactView
from tierline.router.intake import Intake
from tierline.router.lineup import Lineup
from tierline.router.plan.load import parse
from tierline.router.roster import muster
from tierline.router.rulebook import Rulebook
from tierline.router.situation import Shut, Situation, dump
from tierline.router.switchboard import Switchboard
from tierline.router.watch import Watch

LINE, OTHER = "+4930100", "+4930200"
MONDAY, FRIDAY, SATURDAY = "2030-12-02 10:00", "2030-12-06 17:50", "2030-12-07 12:00"
PLAN = """
site: hall
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@hall.example]
schedules:
  always: {hours: "24/7"}
  office: {hours: "Mo-Fr 08:00-18:00; PH off", holidays: DE-BE}
channels: {voice: {offer: 20s, wrap_up: 30s}}
teams: {desk: {channel: "#desk"}}
services:
  help:
    schedule: always
    steps: [{tiers: [L1], until: 2m}, {then: {voice: VOICE_END, default: hold}}]
  orders:
    schedule: office
    drain: 0m
    steps: [{tiers: [L1], until: 30m}, {then: hold}]
    after_hours: {voice: AFTER_HOURS}
entry:
  - channel: voice
    to: "+4930100"
    menu:
      - {press: 1, say: {en: help, de: Hilfe}, service: help}
      - {press: 2, say: {en: orders, de: Bestellungen}, service: orders}
      - {press: 9, say: {de: Deutsch}, language: de}
    otherwise: help
  - {channel: voice, to: "+4930200", service: orders, greeting: {en: "Orders of Hall.", de: "Bestellungen von Hall."}}
rules:
  - {name: broken, when: {text: {any: [broken]}}, set: {service: orders}}
agents:
  - {name: Ada, slack: ada@hall.example, phone: "+491700000001", team: desk, tier: L1, languages: {en: 5, de: 3}}
  - {name: Ben, slack: ben@hall.example, phone: "+491700000002", team: desk, tier: L1, languages: {en: 5}}
"""


def plan_of(end: str = "hold", after_hours: str = "callback", more: str = "") -> str:
    """The plan with these ends, and `more` beside."""
    return PLAN.replace("VOICE_END", end).replace("AFTER_HOURS", after_hours) + more


@dataclass
class Known:
    """Records in which these customers are, by address."""

    customers: dict[str, Customer] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    gone: dict[str, Told] = field(default_factory=dict)

    async def ended(self, contact: str) -> Told | None:
        return self.gone.get(contact)

    async def arriving(self, address: str, event: str) -> tuple[Customer | None, tuple[str, int] | None]:
        return self.customers.get(address), None

    async def last_owner(self, address: str, channel: str, since: int) -> str:
        return self.agents.get(address, "")


@dataclass
class Hall:
    """Callers and agents at one switchboard, at instants that the test chooses."""

    queue: Queue
    book: Rulebook
    records: Known = field(default_factory=Known)
    calls: int = 0

    def __post_init__(self) -> None:
        intake = Intake(lambda: self.queue, lambda: self.records, lambda: self.book, self.heed)
        self.board = Switchboard(
            lambda: self.queue, intake, lambda: self.records, lambda: self.book, Lineup(lambda: self.queue)
        )
        self.watch = Watch(self.queue, lambda: self.book)

    async def heed(self) -> None:
        number, troubles = await self.queue.situation()
        self.book = self.book.under(Situation.read(troubles, number))

    async def until(self, wall: str) -> None:
        """The clock goes on to `wall` (Berlin), and what is due until then happens."""
        await self.later(at(wall) - await self.queue.now())

    async def later(self, ms: int) -> None:
        """The clock goes on."""
        now = await self.queue.travel(await self.queue.now() + ms)
        while await run_due(self.queue, now) + await self.watch.hours(now):
            pass

    async def close_at_once(self, service: str, text: str) -> None:
        """A supervisor closes a service."""
        it = Shut(service, await self.queue.now(), None, text, "Mira")
        await self.queue.alert(it.name, True, dump(it))
        await self.heed()
        await self.later(1)

    def new(self, sender: str = EVA, to: str = LINE, **more: str) -> Call:
        """A call that nobody has heard of; `more` as in `Call`."""
        self.calls += 1
        return replace(Call(f"CA{self.calls:032x}", sender, to), **more)

    async def into(self, call: Call, digits: str = "1") -> tuple[Call, str]:
        """Through the menu into the queue: the leg as it asks there, and its contact."""
        await self.ask("call", call)
        heard = await self.ask("menu", replace(call, digits=digits, about={"l": "en"}))
        wait = next(it for it in heard if isinstance(it, Wait))
        return replace(call, about=wait.about, queue="QU1"), wait.about["c"]

    async def ask(self, turn: Turn, call: Call, **more: object) -> Heard:
        """What the leg is told."""
        call = replace(call, **more)  # type: ignore[arg-type]
        return await (self.board.called(call) if turn == "call" else self.board.asked(turn, call))

    async def news(self, call: Call, state: LegState, **about: str) -> None:
        """What became of a leg."""
        await self.board.heard(LegNews(call.sid, state, about))

    async def contact(self, id: str) -> ContactView:
        found = await self.queue.contact(id)
        assert found is not None
        return found

    async def waits(self, call: Call, digits: str = "") -> Heard:
        """One look of somebody who waits, and what they hear where that leads to."""
        heard = await self.ask("wait", call, digits=digits)
        if kinds(heard) == ["Leave"]:
            return await self.ask("left", call, result="leave")
        return heard


async def open_hall(client: Client, site: str, wall: str = MONDAY, plan: str = "") -> Hall:
    """At `wall`, with the plan's agents, who are all offline."""
    hall = Hall(await make_queue(client, site), Rulebook(parse(plan or plan_of()), 1))
    await hall.until(wall)
    await muster(hall.queue, hall.book, await hall.queue.now())
    return hall


def words(heard: Heard) -> str:
    """All that is said."""
    inner: list[Instruction] = []
    for it in heard:
        inner.extend(it.prompt if isinstance(it, Ask) else (it,))
    return " | ".join(it.text for it in inner if isinstance(it, Say))


def tongues(heard: Heard) -> set[str]:
    """The languages in which it is said."""
    inner = [one for it in heard for one in (it.prompt if isinstance(it, Ask) else (it,))]
    return {it.language for it in inner if isinstance(it, Say)}


def kinds(heard: Heard) -> list[str]:
    """The instructions' names, what is said and played left out."""
    return [type(it).__name__ for it in heard if not isinstance(it, (Say, Play))]


def goes(heard: Heard) -> Go:
    """Where it goes on."""
    last = heard[-1]
    found = last.to if isinstance(last, Ask) else last
    assert isinstance(found, Go)
    return found
