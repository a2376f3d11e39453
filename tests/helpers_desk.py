"""A reference model and a clock, in the words of the tests that tell the queue's rules one by one."""

from collections.abc import Iterator
from dataclasses import replace

from tierline.queue.contact import Arrived, Decision, Route, Step
from tierline.queue.model import Model
from tierline.router.simulate.record import Entry, entries
from tierline.skills.skill import Capacity, Need, Profile

NOW = 1_763_971_200_000  # a Monday, 08:00 UTC
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def route(channel="sms", *steps, offer=60 * SECOND, wrap_up=0, service="howto"):
    return Route(service, channel, steps or (Step(Need(service, channel)),), offer, wrap_up)


def asking(tier, until=None, channel="sms", **rest):
    return Step(Need("howto", channel, tiers=tuple(range(1, tier + 1))), until, **rest)


class Desk:
    """A model and a clock, in the words of these tests."""

    def __init__(self, bounds=None):
        self.model, self.now, self.count = Model(bounds), NOW, 0

    def __getattr__(self, name):
        return getattr(self.model.at(self.now), name)

    def arrives(self, way=None, rank=None, sender=None, **decided):
        self.count += 1
        way = way or route()
        said = Arrived(way.channel, f"E{self.count}", sender or f"s{self.count}", "us", "help")
        decision = Decision(way, self.now if rank is None else rank, **decided)
        return self.arrive(said.to_json(), said.event, said.thread, decision).contact

    def comes(self, name, tier=1, team="inhouse", capacity=None, skills=(), channels=15):
        self.agent(name, Profile(team, tier, (), skills), capacity or Capacity(), channels, (), True)
        self.presence(name, "available")

    def passes(self, ms):
        """The router lives: it ticks every second, or only when something is due where no offer's time runs."""
        end = self.now + ms
        while self.now < end:
            due = self.model.due
            offered = any(it.startswith("o:") for it in due)
            first = end if offered or not due else max(min(due.values()), self.now + 1)
            self.now = min(end, self.now + SECOND if offered else first)
            while self.tick().more:
                pass

    def offers(self, contact):
        return [it.agent for it in self.model.snapshot().contacts[contact].offers]

    def offer(self, contact, agent):
        return next(it.number for it in self.model.snapshot().contacts[contact].offers if it.agent == agent)

    def takes(self, agent, contact):
        assert self.accept(contact, self.offer(contact, agent), agent).outcome == "accepted"

    def owned(self, agent="ada", way=None, **rest):
        """A contact that the agent has taken."""
        contact = self.arrives(way, **rest)
        self.takes(agent, contact)
        return contact

    def decided(self, way=None, rank=None, **rest):
        """A decision as of now."""
        return Decision(way or route(), self.now if rank is None else rank, **rest)

    def writes(self, contact, again=None, reopen=0):
        """The contact's customer writes again; the contact that it reaches."""
        self.count += 1
        it = self.model.contacts[contact]
        said = Arrived(it.route.channel, f"E{self.count}", "customer", "us", "and?")
        decision = self.decided(it.route)
        return self.arrive(said.to_json(), said.event, it.thread, decision, again, reopen).contact

    def answers(self, agent, contact):
        """The owner's reply goes out."""
        held = self.hold_reply(contact, agent, '{"text":"hi"}', "", 8 * SECOND)
        assert self.release_reply(contact, held.n).done

    def view(self, contact):
        return self.views().contacts[contact]

    def views(self):
        return self.model.snapshot()

    def told(self, kind):
        return [it for it in self.model.events if it.e == kind]


class Dated(Desk):
    """Each act has an instant of its own, by which its entry is known; plans are published in between."""

    def __init__(self) -> None:
        super().__init__()
        self.plans: list[Entry] = []

    def __getattr__(self, name):
        self.now += 1
        return super().__getattr__(name)

    def publishes(self, version: int) -> None:
        self.now += 1
        told = ("plan", "", "", 0, {"version": version}, self.now)
        self.plans.append(Entry(f"{self.now}-0", self.now, (told,)))

    def record(self) -> Iterator[Entry]:
        acts = entries(replace(it, id=f"{it.t}-0") for it in self.model.events)
        yield from sorted([*acts, *self.plans], key=lambda entry: entry.t)
