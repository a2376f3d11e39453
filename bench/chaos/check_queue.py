"""The ledger walked entry by entry: owners, capacity, duty, order, turns, handovers, timers. Pure.

Events of one entry happened in one step: what a step leaves is judged, not what it passes through.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from dataclasses import dataclass, field
from heapq import heappush
from itertools import groupby

from .seen import Event, Seen, Violation
from .tale import ALONE, LATE, PATIENCE, Agent, Contact, Tale

REFUSED = ("declined", "missed")
PAUSE = 60_000
"""ms for which a missed offer isn't made again to the same agent."""
DESK_GAP = 2_000
RESTLESS = 300
"""Timers within a second of which nothing came: one that is set anew as it fires keeps everybody else waiting."""


@dataclass
class Walk(Tale):
    """Takes in one entry after the other."""

    now_in: set[str] = field(default_factory=set)
    ticked: int = 0
    """When the tick before the last one was: a process may have lived for a moment amid what looks like one gap."""
    idle: tuple[int, int] = (0, 0)
    """The latest second in which a timer fired of which nothing came, and how many did."""

    # ---- one entry ----------------------------------------------------------------------------------------------

    def entry(self, events: list[Event]) -> None:
        """Take in one entry, then judge what it left."""
        if len(events) == 1 and events[0].e == "tick":
            self._rests(events[0].t // 1000)
        offered = [e for e in events if e.e == "offered"]
        if offered and any(e.e == "queued" for e in events):
            before = {name: (a.presence, len(a.offers) + len(a.own), a.since, bool(a.offers))
                      for name, a in self.agents.items()}  # fmt: skip
            self.turn(events, offered, before)
        self.now_in = {e.c for e in events if e.e in ("arrived", "queued")}
        alone = [e.c for e in events if e.e in REFUSED and e.c in self.contacts and self.contacts[e.c].only]
        for event in events:
            self._take(event)
        self._kept(alone, events)
        touched = {e.a for e in events if e.a} | {a for e in events for a in self._holders(e.c)}
        for name in touched:
            self.judge_agent(self.agents[name])
        contacts = {e.c for e in events if e.c}
        heard = {e.c for e in events if e.e == "message" and e.x.get("kind") == "in"}
        for c in contacts:
            known = self.contacts.get(c)
            self.judge_contact(known)
            if known is not None and c in heard and known.state == "snoozed":
                self.tell("sleeps on", c, "its customer has written")
        self.conserve(events[0].t, contacts, touched, any(e.e in ("presence", "desk") for e in events))

    def _rests(self, second: int) -> None:
        fired = self.idle[1] + 1 if self.idle[0] == second else 1
        self.idle = second, fired
        if fired == RESTLESS:
            self.tell(
                "no rest", f"{second} s", f"{fired} timers fired within a second, and nothing came of it"
            )

    def _kept(self, contacts: list[str], events: list[Event]) -> None:
        """What the only one asked has refused is its owner's again, who hears that it was refused."""
        why = {e.c: str(e.x.get("why")) for e in events if e.e == "kept"}
        for c in contacts:
            if why.get(c, "") not in REFUSED and (c in why or self.contacts[c].handing):
                told = why.get(c) or "nothing"
                self.tell("not kept", c, f"the only one asked has refused it, and its owner hears {told}")

    def _holders(self, contact: str) -> set[str]:
        it = self.contacts.get(contact)
        return set(it.offers.values()) | {it.owner} - {""} if it else set()

    def _take(self, e: Event) -> None:
        handler = getattr(self, f"_on_{e.e.replace('.', '_')}", None)
        if e.e == "presence":
            self._presence(e)
        elif e.e == "desk":
            self.desk = bool(e.x.get("up"))
        elif e.e == "tick":
            self.ticked = int(e.x.get("before") or 0)
        elif e.c and handler is not None:
            if e.e != "arrived" and e.c not in self.contacts:
                self.tell("history torn", e.c, f"{e.e} of a contact that never arrived")
                return
            handler(e)

    def _presence(self, e: Event) -> None:
        a = self._agent(e.a)
        now = str(e.x.get("presence"))
        if now == "available" and a.presence != "available":
            a.since, a.misses = max(a.since, e.t), 0
        a.presence = now

    def _agent(self, name: str) -> Agent:
        a = self.agents[name]
        a.name = name
        return a

    # ---- events -------------------------------------------------------------------------------------------------

    def _on_arrived(self, e: Event) -> None:
        self.contacts[e.c] = Contact(e.c, str(e.x.get("service")), arrived=e.t)

    def _on_queued(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner:  # taken from whoever had it: silent for too long, or gone
            self._agent(c.owner).own.discard(e.c)
        step = c.step if c.handing else 0
        c.meant, c.until = c.only or str(e.x.get("from") or ""), e.t + ALONE
        c.service = str(e.x.get("service") or c.service)
        rank = int(e.x.get("rank") or c.rank)
        if c.state == "snoozed" and c.owed_before and not c.route and rank > c.rank:
            self.tell("rank lost", e.c, f"its customer was owed an answer; {c.rank} became {rank}")
        c.arrived = e.t
        c.state, c.owner, c.rank, c.step = "waiting", "", rank, step
        c.handing, c.only = False, ""
        if e.x.get("exclude") or e.x.get("why") == "owner silent":
            c.out[str(e.x.get("from"))] = 1 << 62
        self.place(c)

    def _on_reranked(self, e: Event) -> None:
        c = self.contacts[e.c]
        waits, c.state, c.handing, handing = c.state, "reranked", False, c.handing
        self.place(c)
        c.state, c.handing, c.rank = waits, handing, int(e.x.get("rank") or c.rank)
        self.place(c)

    def _on_transferring(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.state not in ("active", "snoozed"):
            self.tell("handed wrongly", e.c, f"handed over while {c.state}")
        c.nudged = False  # they acted: kept after all, their silence begins anew
        if not c.handing:
            c.back = (c.service, c.step, c.route)
        to, service = str(e.x.get("to")), str(e.x.get("service") or c.service)
        if service != c.service:
            c.arrived = e.t  # its age counts from there
        c.service = service
        c.route, c.handing, c.only, c.step, c.meant = (
            self.handed(c, to),
            True,
            to if e.x.get("only") else "",
            0,
            "",
        )
        self.place(c)

    def _on_kept(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner != e.a:
            self.tell("two owners", e.c, f"{e.a} keeps it, though {c.owner or 'nobody'} had it")
        c.service, c.step, c.route = c.back
        c.handing, c.only = False, ""
        c.out.clear()
        self.place(c)

    def _on_reopened(self, e: Event) -> None:
        c = self.contacts[e.c]
        c.state = "wrapping" if c.state == "wrapping" else "reopened"

    def _on_returned(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner and c.owner != e.a:
            self.tell("two owners", e.c, f"it went back to {e.a} while {c.owner} had it")
        c.state, c.owner, c.nudged = "active", e.a, False  # whoever has it back may be reminded anew
        self._agent(e.a).own.add(e.c)
        self.place(c)

    def _on_message(self, e: Event) -> None:
        if e.x.get("kind") == "in":
            c = self.contacts[e.c]
            c.owed_before, c.owed, c.nudged, c.heard = c.owed, True, False, e.n

    def _on_message_out(self, e: Event) -> None:
        c = self.contacts[e.c]
        # What its customer's next words overtook while it was held, or whose writer has it no longer, answers nobody.
        if e.x.get("kind") == "reply" and e.n > c.heard and e.a == c.owner:
            c.owed = c.owed_before = False

    def _on_nudged(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.nudged:
            self.tell("reminded again", e.c, f"{e.a} was reminded already")
        c.nudged = True

    def _on_snoozed(self, e: Event) -> None:
        c = self.contacts[e.c]
        if e.x.get("why") == "quiet" and c.owed:
            self.tell("put off", e.c, "as quiet, though its customer has written")
        self._agent(e.a).own.discard(e.c)
        c.state, c.owner = "snoozed", e.a
        self.place(c)

    def _on_step(self, e: Event) -> None:
        self.contacts[e.c].step = int(e.x.get("to") or 0)

    def _on_lifted(self, e: Event) -> None:
        self.contacts[e.c].out.clear()

    def _on_offered(self, e: Event) -> None:
        c, a = self.contacts[e.c], self._agent(e.a)
        c.step = int(e.x.get("step") or 0)
        if not c.waits or c.owner == e.a:
            self.tell("offered wrongly", f"{e.c}:{e.n}", f"offered to {e.a} while {c.state}, owner {c.owner}")
        if a.presence != "available":
            self.tell("off duty", f"{e.c}:{e.n}", f"offered to {e.a}, who is {a.presence}")
        if not self.admits(c, e.a):
            self.tell("not admitted", f"{e.c}:{e.n}", f"offered to {e.a} in step {c.step}")
        if c.out.get(e.a, 0) > e.t:
            self.tell("asked again", f"{e.c}:{e.n}", f"{e.a} had declined or missed it")
        if not self.desk:
            self.tell("desk down", f"{e.c}:{e.n}", f"offered to {e.a} while Slack was known to be down")
        if c.rank and int(e.x.get("rank") or c.rank) != c.rank:
            self.tell("rank lost", f"{e.c}:{e.n}", f"{c.rank} became {e.x.get('rank')}")
        ends = self.rules.until.get(c.service, ())[c.step : c.step + 1]
        if ends and not c.route and e.t - c.arrived > ends[0] + LATE // 2 + self.stood(c.arrived, e.t):
            self.tell("step for ever", e.c, f"step {c.step} should have ended at {ends[0]} ms")
        self._order(e, c)
        c.offers[e.n] = e.a
        self.made[e.c, e.n] = e.t
        a.offers.add((e.c, e.n))
        self.place(c)

    def _order(self, e: Event, c: Contact) -> None:
        if not c.rank:
            return
        # A pause that is over counts once a tick has had the time to say so.
        known = e.t - PATIENCE - self.stood(e.t - PAUSE, e.t)
        for _, name in self.ranks[: bisect_left(self.ranks, (c.rank, ""))]:
            w = self.contacts[name]
            if name not in self.now_in and self.may(w, e.a, known):
                about = f"{w.state}, step {w.step}, meant {w.meant or '-'}, out {sorted(w.out)}, {len(w.offers)} offers"
                self.tell(
                    "order", f"{e.c}:{e.n}", f"offered to {e.a} before {w.id}, which comes first: {about}"
                )
                return

    def _on_delivered(self, e: Event) -> None:
        self.contacts[e.c].shown[e.n] = e.t

    def _on_accepted(self, e: Event) -> None:
        c, a = self.contacts[e.c], self._agent(e.a)
        if c.owner and not c.handing:
            self.tell("two owners", e.c, f"{e.a} got it while {c.owner} had it")
        self._agent(c.owner).own.discard(e.c)
        if c.offers.get(e.n) != e.a:
            self.tell("two owners", e.c, f"{e.a} accepted an offer that wasn't live")
        self._end_offer(c, e)
        c.state, c.owner, c.handing, c.only, c.meant = "active", e.a, False, "", ""
        c.nudged = False
        c.out.clear()
        a.own.add(e.c)
        a.since, a.misses = e.t, 0
        self.place(c)

    def _end_offer(self, c: Contact, e: Event) -> Agent:
        name = c.offers.pop(e.n, e.a)
        a = self._agent(name)
        a.offers.discard((e.c, e.n))
        self.place(c)
        return a

    def _on_declined(self, e: Event) -> None:
        c = self.contacts[e.c]
        self._end_offer(c, e).misses = 0
        c.out[e.a] = 1 << 62

    def _on_rescinded(self, e: Event) -> None:
        c = self.contacts[e.c]
        self._end_offer(c, e)
        if pause := int(e.x.get("pause") or 0):  # Slack's limit of their messages: others are asked first
            c.out[e.a] = max(c.out.get(e.a, 0), e.t + pause - 50)
            heappush(self.pauses, (c.out[e.a], c.id))
        shown = c.shown.get(e.n, e.t)
        if e.t - shown > self.rules.offer_ms + LATE + self.stood(shown, e.t):
            self.tell(
                "offer for ever", f"{e.c}:{e.n}", f"{e.a} had {e.t - shown} ms before it was taken back"
            )

    def _fell_into_a_gap(self, due: int) -> bool:
        """Whether nothing of ours ran long before `due` and for a moment behind it."""
        return any(
            max(low, self.ticked) + DESK_GAP < due < high - 700 and high - low > DESK_GAP + 900
            for low, high in self.gaps
        )

    def _on_missed(self, e: Event) -> None:
        c, about = self.contacts[e.c], f"{e.c}:{e.n}"
        shown, made = c.shown.get(e.n), self.made.get((e.c, e.n), 0)
        a = self._end_offer(c, e)
        if shown is None:
            self.tell("missed early", about, f"{e.a} never saw it")
        elif e.t - shown < self.rules.offer_ms - 50:
            self.tell("missed early", about, f"{e.a} had {e.t - shown} ms")
        elif self._fell_into_a_gap(shown + self.rules.offer_ms):
            self.tell("missed in a gap", about, f"{e.a} couldn't have answered: nothing of ours was running")
        if shown is not None and e.t - shown > self.rules.offer_ms + LATE // 2 + self.stood(shown, e.t):
            self.tell("missed late", about, f"{e.a} had {e.t - shown} ms")
        if made >= a.last_missed:
            a.misses, a.last_missed = a.misses + 1, e.t
        a.since = e.t
        c.out[e.a] = max(c.out.get(e.a, 0), e.t + PAUSE - 50)
        heappush(self.pauses, (c.out[e.a], c.id))

    def _on_reply_held(self, e: Event) -> None:
        c = self.contacts[e.c]
        c.nudged = False  # they acted; undone, their silence begins anew
        if c.state not in ("active", "snoozed") or c.owner != e.a:
            self.tell("not the owner", f"{e.c}.{e.n}", f"a reply of {e.a} was taken; the owner is {c.owner}")

    def _on_wrapping(self, e: Event) -> None:
        self.contacts[e.c].state = "wrapping"

    def _on_parked(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.owner:  # it came back to somebody who can't take it, while its service is closed
            self._agent(c.owner).own.discard(e.c)
        c.state, c.owner = "parked", ""
        self.place(c)

    def _on_woken(self, e: Event) -> None:
        c = self.contacts[e.c]
        if c.state == "parked":
            c.state = "waiting"
        self.place(c)

    def _on_rerouted(self, e: Event) -> None:
        """Its service opened sooner than thought, a plan gives it another place, or it is meant for somebody."""
        c, decided = self.contacts[e.c], e.x["decision"]
        c.state, c.rank, c.arrived, c.step = "reranked", int(e.x.get("rank") or c.rank), e.t, 0
        self.place(c)
        who, kind, until = decided["prefer"]
        c.meant, c.until = who, 1 << 62 if kind == "direct" else int(until or 0)
        asked = tuple(frozenset(step[0][4]) for step in json.loads(decided["route"])[2])
        c.route = None if asked == self.rules.steps.get(c.service) else asked
        c.state = "waiting"
        self.place(c)

    def _on_closed(self, e: Event) -> None:
        c = self.contacts[e.c]
        merged = "merged" in str(e.x.get("outcome"))
        if c.state not in ("wrapping", "snoozed") and e.c not in self.spammed and not merged:
            self.tell("closed wrongly", e.c, f"closed while {c.state}")
        self._agent(c.owner).own.discard(e.c)
        c.state, c.owner, c.handing, c.only = "closed", "", False, ""
        self.place(c)


def walk(seen: Seen) -> list[Violation]:
    """Everything that the ledger itself shows."""
    it = Walk(seen.rules, seen.gaps, seen.spammed)
    last = 0
    for _, together in groupby(seen.events, key=lambda event: event.entry):
        events = list(together)
        it.overdue(events[0].t)
        it.entry(events)
        last = events[0].t
    it.end(max(last, seen.ended))
    return it.found
