"""A lively hour at a desk of forty, through the real scripts, in virtual time: what a ledger looks like."""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import Any

from tierline.queue.contact import Arrived
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.queue.state import Event, mask_of
from tierline.router.classify import classify
from tierline.router.plan.load import parse
from tierline.router.roster import enlist, midnights
from tierline.router.rulebook import Rulebook

HOUR = 3_600_000
NUMBER = "+4930555"


def plan(extra_rule: str = "", agents: int = 40) -> str:
    """Two teams, three services, three rules; everybody works round the clock or office hours."""
    people = "\n".join(
        f"  - {{name: P{i}, slack: p{i}@lively.example, team: {('desk', 'owls')[i % 3 == 0]}, tier: L{1 + i % 3 // 2},"
        f" skills: {{network: {1 + i % 4}}}, languages: {{en: 5, de: {1 + i % 5}}}"
        f"{', shift: office' if i % 5 == 4 else ''}}}"
        for i in range(agents)
    )
    return f"""
site: lively
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@lively.example]
schedules:
  office: {{hours: "Mo-Fr 08:00-10:40"}}
  always: {{hours: "24/7"}}
channels:
  sms: {{offer: 60s, wrap_up: 20s}}
teams:
  desk: {{channel: "#desk", share: 70%}}
  owls: {{channel: "#owls"}}
services:
  outage:
    schedule: always
    answer_within: 60s
    lag: 0s
    priority: 5
    skills: {{network: 2}}
    steps: [{{tiers: [L1], until: 30s}}, {{tiers: [L1, L2], until: 90s, offer_to: 2}}, {{tiers: [L1, L2, L3], then: hold}}]
  billing:
    schedule: office
    answer_within: 10m
    languages: {{de: 2}}
    steps: [{{tiers: [L1], until: 2m, pick: least_loaded}}, {{tiers: [L1, L2], then: hold}}]
  howto:
    schedule: always
    answer_within: 10m
    steps: [{{tiers: [L1], until: 3m}}, {{tiers: [L1, L2, L3], then: hold, alert: true}}]
entry:
  - {{channel: sms, to: "{NUMBER}", service: howto}}
rules:
{extra_rule}  - {{name: down, when: {{text: {{any: [down]}}}}, set: {{service: outage}}}}
  - {{name: invoice, when: {{text: {{any: [invoice]}}}}, set: {{service: billing}}}}
agents:
{people}
texts:
  received: {{en: "We answer by {{due}}.", de: "Antwort bis {{due}}."}}
  closed_now: {{en: "We open {{next_open}}.", de: "Wir öffnen {{next_open}}."}}
"""


def rulebook(source: str, version: int = 1) -> Rulebook:
    return Rulebook(parse(source), version)


class Hour:
    """Drives `queue` from `start` (ms) on; everything that people do comes from one seed."""

    def __init__(self, queue: Queue, book: Rulebook, start: int, seed: int, an_hour: int = 700) -> None:
        self.queue, self.book, self.now, self.start = queue, book, start, start
        self.rng, self.an_hour = Random(seed), an_hour
        self.ahead: list[tuple[int, int, str, tuple[Any, ...]]] = []
        self.read, self.made, self.told = "0-0", 0, list[Event]()

    async def run(self) -> list[Event]:
        """The hour's whole ledger."""
        await self.queue.calendar(midnights("Europe/Berlin", self.start))
        for spec in self.book.plan.agents:
            who = enlist(self.book, spec, self.now)
            await self.queue.agent(
                who.id,
                who.profile,
                who.capacity,
                mask_of(spec.channels),
                who.edges,
                who.on_shift,
                now=self.now,
            )
            self.later(self.rng.randrange(60_000), "presence", who.id, "available")
        for i in range(self.an_hour):
            self.later(self.rng.randrange(HOUR), "arrive", i)
        for _ in range(60):
            name = self.rng.choice(list(self.book.by_id))
            self.later(
                self.rng.randrange(HOUR), "presence", name, self.rng.choice(("away", "available", "offline"))
            )
            self.later(self.rng.randrange(HOUR), "presence", name, "available")
        self.later(2_700_000, "overtime", "P4", 300_000)
        await self.drain()
        return self.told

    def later(self, ms: int, act: str, *given: Any) -> None:
        self.made += 1
        heappush(self.ahead, (self.now + ms, self.made, act, given))

    async def drain(self) -> None:
        ticked, due = self.now, None
        while self.ahead and self.now < self.start + HOUR:
            following = min(at for at in (self.ahead[0][0], ticked + 1_900, due) if at is not None)
            self.now = max(self.now, following)
            if self.ahead[0][0] <= self.now:
                _, _, act, given = heappop(self.ahead)
                await getattr(self, act)(*given)
            if self.now >= ticked + 1_900 or (due is not None and due <= self.now):
                ticked, more = self.now, True
                while more:
                    tick = await self.queue.tick(now=self.now)
                    more, due = tick.more, tick.next_due
            else:
                due = await self.queue.next_due()
            await self.follow()

    async def arrive(self, i: int) -> None:
        text = self.rng.choice(("my line is down", "your invoice is wrong", "how do I log in", "hello"))
        arrived = Arrived("sms", f"SM{i}", f"+49151{i % 700:05}", NUMBER, text, at=self.now)
        decision = classify(self.book, arrived, Customer(arrived.sender), self.now - 3).decision
        await self.queue.arrive(arrived.to_json(), arrived.event, arrived.thread, decision, now=self.now)

    async def presence(self, name: str, presence: str) -> None:
        await self.queue.presence(name, presence, now=self.now)  # type: ignore[arg-type]

    async def overtime(self, name: str, ms: int) -> None:
        await self.queue.overtime(name, self.now + ms, now=self.now)

    async def delivered(self, contact: str, offer: int) -> None:
        await self.queue.delivered(contact, offer, f"D1:{contact}", now=self.now)

    async def accept(self, contact: str, offer: int, agent: str) -> None:
        await self.queue.accept(contact, offer, agent, now=self.now)

    async def decline(self, contact: str, offer: int, agent: str) -> None:
        await self.queue.decline(contact, offer, agent, "busy", now=self.now)

    async def reply(self, contact: str, agent: str) -> None:
        await self.queue.hold_reply(contact, agent, '{"text":"hi"}', "", 8_000, now=self.now)

    async def complete(self, contact: str, agent: str) -> None:
        await self.queue.complete(contact, agent, '{"disposition":"solved"}', now=self.now)

    async def abandon(self, contact: str) -> None:
        await self.queue.abandon(contact, "withdrawn", now=self.now)

    async def follow(self) -> None:
        new = await self.queue.events(self.read, 1_000)
        self.told += new
        self.read = new[-1].id if new else self.read
        for it in new:
            luck = self.rng.random()
            if it.e == "offered":
                self.later(self.rng.randrange(50, 900), "delivered", it.c, it.n)
                if luck < 0.85:
                    act = "accept" if luck < 0.75 else "decline"
                    self.later(1_000 + round(self.rng.expovariate(1 / 9_000)), act, it.c, it.n, it.a)
            elif it.e == "accepted":
                handling = round(self.rng.lognormvariate(12.0, 0.7))
                self.later(handling // 3, "reply", it.c, it.a)
                self.later(handling, "complete", it.c, it.a)
            elif it.e == "arrived" and luck < 0.05:
                self.later(45_000, "abandon", it.c)
            elif it.e == "presence" and '"missed' in it.x:
                self.later(120_000, "presence", it.a, "available")
