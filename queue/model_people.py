"""The reference model's people: agents, their presence, shifts and overtime, and whether the desk is up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from ..skills.skill import CHANNELS, Capacity, Profile
from .model_memory import place_in
from .model_owners import TALKING, Owners
from .model_records import GRACE, Agent
from .replies import Answer
from .state import Presence

MISSES = 2  # in a row, then the agent is away


class People(Owners):
    """Every method is one transition at the instant `now`."""

    __slots__ = ()

    def agent(
        self,
        name: str,
        profile: Profile,
        capacity: Capacity,
        channels: int,
        edges: tuple[tuple[int, bool], ...] = (),
        on_shift: bool = False,
        grace: int = GRACE,
    ) -> Answer:
        """Add or edit an agent; an edit tears nothing away that they hold (what no longer fits: after `grace`)."""
        is_new = name not in self.agents
        agent = self.agents.setdefault(name, Agent(name, profile, capacity, channels, False))
        agent.removing, agent.grace = False, grace
        with self.changing(agent, "off shift"):
            if agent.profile != profile and self.owned(agent, "active"):
                agent.reprofiled = True
                self.leave(agent)
            if is_new or agent.profile != profile:
                agent.profile = profile
                agent.can = place_in(self.classes, profile)
            agent.capacity, agent.channels = capacity, channels
            agent.rooms.clear()
            agent.costs = {ch: dict(capacity.costs).get(ch, capacity.budget + 1) for ch in CHANNELS}
            agent.caps = dict(capacity.caps)
            agent.shift, agent.edges = on_shift, edges
            self.due.pop(f"h:{name}", None)
            if edges:
                self.due[f"h:{name}"] = edges[0][0]
            self._tell_agent(agent)
        self.work()
        return Answer("ok", state=agent.presence)

    def _tell_agent(self, agent: Agent) -> None:
        """Everything that was handed in, so that the day can be replayed."""
        given = agent.capacity
        capacity = json.dumps([given.budget, given.costs, given.caps, given.offers])
        edges = ",".join(f"{at}:{int(on)}" for at, on in agent.edges)
        self.tell(
            "agent", "", agent.name, profile=agent.profile.text, capacity=capacity, channels=agent.channels,
            shift=agent.shift, edges=edges, grace=agent.grace,
        )  # fmt: skip

    def presence(self, name: str, presence: Presence, until: int | None = None, why: str = "") -> Answer:
        """The agent is available, away (until when they say) or offline."""
        agent = self.agents.get(name)
        if agent is None:
            return Answer("gone")
        self.set_presence(agent, presence, until, why)
        self.work()
        return Answer("ok", state=presence)

    def set_presence(self, agent: Agent, presence: Presence, until: int | None, why: str) -> None:
        """The same as part of another transition."""
        before = agent.presence
        with self.changing(agent, "left"):
            agent.presence, agent.why = presence, why
            if presence == "available":
                agent.misses = agent.missed_at = 0
                if before != "available":
                    agent.since = self.now
            self.due.pop(f"b:{agent.name}", None)
            if presence == "away" and until is not None:
                self.due[f"b:{agent.name}"] = until
            kind = "presence" if presence != before else "presence.renewed"
            self.tell(kind, "", agent.name, presence=presence, why=why, until=until)

    def overtime(self, name: str, until: int) -> Answer:
        """On shift until then, whatever the flag says."""
        agent = self.agents.get(name)
        if agent is None:
            return Answer("gone")
        with self.changing(agent, "off shift"):
            agent.overtime = until
            self.tell("overtime", "", name, until=until)
            self.due[f"v:{name}"] = until
        self.work()
        return Answer("ok", state=agent.presence)

    def desk(self, up: bool) -> bool:
        """While the desk is down nobody is offered anything; True when that changed."""
        if self.desk_up == up:
            return False
        self.desk_up = up
        self.tell("desk", up=up)
        if up:
            for agent in self.agents.values():
                if agent.ready:
                    self.due[f"d:{agent.name}"] = self.now
        return True

    def remove_agent(self, name: str, grace: int = 0) -> Answer:
        """Nothing of theirs is lost: at once, or when `grace` is over, others are asked for their work."""
        agent = self.agents.get(name)
        if agent is None:
            return Answer("gone")
        if grace > 0 or len(self.personal.get(name, ())) > self.bounds.sweep:
            self._removing(agent, grace)
        else:
            self.remove(agent, len(agent.holds) + len(agent.snoozed))
        self.work()
        return Answer("ok")

    def _removing(self, agent: Agent, grace: int) -> None:
        agent.removing = True
        self.due[f"l:{agent.name}"] = self.now + grace
        with self.changing(agent, "left"):
            self.tell("agent", "", agent.name, removing=True, until=self.now + grace)
            if agent.presence != "offline":
                self.tell("presence", "", agent.name, presence="offline", why="removed")
            agent.presence, agent.why = "offline", "removed"
            agent.shift, agent.edges, agent.overtime = False, (), None
        for kind in "hvb":
            self.due.pop(f"{kind}:{agent.name}", None)

    def remove(self, agent: Agent, limit: int, patient: bool = False) -> None:
        """So many of what they own find another way; when nothing is left they are forgotten.

        `patient`: a call is left to them until its customer has hung up.
        """
        with self.changing(agent, "left"):
            agent.presence, agent.shift, agent.overtime = "offline", False, None
        own = [it for state in ("active", "snoozed", "wrapping") for it in self.owned(agent, state)]
        held = [it for it in own if not (patient and it.state == "active" and it.talking)]
        for contact in held[:limit]:
            if contact.state == "wrapping":
                self.close(contact)
            elif contact.wake is None or contact.wake <= self.now:
                self.disown(contact, "owner removed")
            else:
                agent.snoozed.discard(contact.id)
                self.begin_anew(contact)
                self.lay_aside(contact, contact.wake, "owner removed", agent.name)
        if len(held) > limit:
            self.due[f"l:{agent.name}"] = self.now
        elif len(held) < len(own):
            self.due[f"l:{agent.name}"] = self.now + TALKING
        elif self.personal.get(agent.name):  # more wait for them alone than can go on at once
            self.due[f"l:{agent.name}"] = self.now
        else:
            self._forget_agent(agent)

    def _forget_agent(self, agent: Agent) -> None:
        for contact in self.contacts.values():
            if agent.name in contact.pairs:
                contact.pairs -= {agent.name}
                contact.paused -= {agent.name}
                if not contact.pairs:
                    self.drop_lift(contact)
            self.due.pop(f"e:{contact.id}:{agent.name}", None)
        for kind in "hvbdl":
            self.due.pop(f"{kind}:{agent.name}", None)
        self.tell("agent", "", agent.name, removed=True)
        del self.agents[agent.name]
        self.here.clear()

    # -- what follows from a change ------------------------------------------------------------------------

    @contextmanager
    def changing(self, agent: Agent, reason: str) -> Iterator[None]:
        """Around a change of an agent's facts: does whatever follows from the difference."""
        ready, shift, counted, can = agent.ready, agent.on_shift, agent.counted, agent.can
        yield
        self.measure(agent)
        if agent.on_shift != shift:
            self.tell("shift", "", agent.name, on=agent.on_shift)
        if agent.ready and not ready:
            agent.since = self.now
        if counted and not agent.counted:
            self.leave(agent)
        elif agent.counted:
            self.stay(agent)
        if agent.ready:
            self.ready[agent.name] = agent
        else:
            self.ready.pop(agent.name, None)
        for number in {**can, **agent.can}:
            if agent.ready != ready or agent.can is not can:
                self.able.pop(number, None)
            if agent.counted != counted or agent.can is not can:
                self.here.pop(number, None)
        if ready and not agent.ready:
            self.free([self.contacts[id] for id in agent.offers], agent, reason)
        self.end_personal(agent)
        if agent.draining:
            self.check_mark(self.contacts[agent.draining])
        if counted and (not agent.counted or agent.can is not can):
            self._shift_lost(can)
        if agent.ready:
            self.roomy.append(agent)

    def end_personal(self, agent: Agent) -> None:
        """Contacts that waited for this agent alone go on to their class, so many at a time."""
        waiting = [self.contacts[id] for _, id in self.personal.get(agent.name, [])]
        ended = [it for it in waiting if not self.could(agent, it)]
        for contact in ended[: self.bounds.sweep]:
            self.list_out(contact)
            self.freed.append(contact)
        if len(ended) > self.bounds.sweep:
            self.due[f"d:{agent.name}"] = self.now

    def _shift_lost(self, could: Collection[int]) -> None:
        for number in could:
            if not self.alive(number):
                self.due[f"k:{number}"] = self.now
        for contact in self.contacts.values():
            if (contact.pairs or contact.handing) and contact.placeable:
                self.due[f"E:{contact.id}"] = self.now
