"""The ledger read as what was done: entry by entry, which act of which operation it tells of. Pure.

One entry is one transition, and its events tell both what was asked for and what followed. Here the first is taken
out and carried out on a model, which then must come to the second by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic_core import from_json

from ...queue.contact import Arrived, Decision
from ...queue.legs import OURS
from ...queue.state import Event
from ...skills.skill import Capacity, Need, Profile
from .simulation import Line as Line
from .simulation import Told, Virtual, X

# `Line(…)` is a function written in Python: it takes twice as long, a million times a day.
_tuple = tuple.__new__


class Unreadable(Exception):
    """An entry that doesn't say what was done; `str()` says why, in an operator's words."""


@dataclass(slots=True)
class Entry:
    """One transition of the record: at `t` (ms), with its events in order, as they are told."""

    id: str
    t: int
    told: Sequence[Told]

    @property
    def lines(self) -> list[Line]:
        """The same with names for their parts, for whoever reads more than the first of them."""
        return [_tuple(Line, it) for it in self.told]

    @property
    def aside(self) -> bool:
        """Whether it only numbers a class: that happens outside of any transition, at no instant that matters."""
        return self.told[0][0] == "class" and all(it[0] == "class" for it in self.told)

    def find(self, kind: str, contact: str = "") -> Line | None:
        """Its first event of a kind (about a contact)."""
        found = (it for it in self.told if it[0] == kind and contact in ("", it[1]))
        return next((_tuple(Line, it) for it in found), None)


ENTRIES_ONCE, MOVED_ONCE = 16, 64
"""What bounded a tick that doesn't tell its `work`: so many entries, whatever they led to; contacts moved in bulk."""
NOTHING = len("{}")
"""Details that are no longer than that are none."""


def entries(events: Iterable[Event]) -> Iterator[Entry]:
    """Whole entries, in the ledger's order."""
    id, t = "", 0
    told: list[Told] = []
    for it in events:
        if it.id != id or not told:
            if told:
                yield Entry(id, t, told)
            id, t, told = it.id, it.t, []
        x = from_json(it.x) if len(it.x) > NOTHING else {}
        told.append((it.e, it.c, it.a, it.n, x if isinstance(x, dict) else {}, it.t))
    if told:
        yield Entry(id, t, told)


def carry_out(model: Virtual, entry: Entry) -> None:
    """Do on `model`, at the entry's instant, what the entry says was done. Raises Unreadable."""
    kind, c, a, n, x, _ = entry.told[0]
    if kind not in CAUSES:
        for line in entry.lines:
            if line.e == "class":
                model.number(Need.parse(line.x["need"]), line.n)
        kind, c, a, n, x, _ = _cause(entry)
    act = ACTS.get(kind)
    if act is None:
        if kind in SILENT:
            return
        raise Unreadable(f"nothing is known that begins with “{kind}”")
    model.now = entry.t
    try:
        act(model, c, a, n, x, entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(
            f"the event “{kind}” doesn't carry what is needed ({type(error).__name__}: {error}): it was recorded "
            "by an earlier Tierline, or the record begins in the middle"
        ) from None


def _cause(entry: Entry) -> Line:
    """The event that says what was asked for: the first, but for acts that take offers back before they tell."""
    lines = entry.lines
    first = next((it for it in lines if it.e != "class"), lines[0])
    if first.e in CAUSES:
        return first
    gone = entry.find("agent")
    if gone is not None and gone.x.get("removed"):
        return gone
    if first.e == "kept" or (first.e == "rescinded" and first.x.get("reason") == "kept"):
        kept = entry.find("kept", first.c) or first
        follows = {"completed": ("wrapping", "closed"), "snoozed": ("snoozed",)}.get(
            kept.x.get("why", ""), ()
        )
        return next((it for kind in follows if (it := entry.find(kind, first.c))), kept)
    if first.e == "rescinded":
        for kind in TAKING_BACK.get(first.x.get("reason", ""), ()):
            if found := entry.find(kind, first.c):
                return found
    return first


CAUSES = frozenset(
    "tick arrived delivered placed prolonged claimed accepted declined missed wrapping leg".split()
)
"""Nothing that was asked for comes to tell these first as a mere consequence, and they number no class behind it."""
TAKING_BACK: Mapping[str, tuple[str, ...]] = {"parked": ("parked",), "gone": ("closed", "abandoned", "dead")}
"""Why offers were taken back → what was asked for then."""


# ---- what each kind of first event says was done: its contact, agent, number and details ---------------------


def _arrived(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.counter = int(c[1:]) - 1
    model.seen.clear()
    model.arrive(x["body"], entry.id, x["thread"], decided(x))


def decided(x: X) -> Decision:
    """The decision that the event tells of: read where it stands, so that whoever comes next finds it read."""
    found = x["decision"]
    if isinstance(found, Decision):
        return found
    decision = x["decision"] = Decision.recorded(found, x["facts"])
    return decision


def _message(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    if x["kind"] != "in":
        model.append(c, x["body"])
        return
    contact = model.contacts[c]
    model.seen.clear()
    decision = Decision(contact.route, x["rank"], facts=contact.facts)
    again = Decision.recorded(x["again"], x["facts"]) if "again" in x else None
    said = Arrived.parse(x["body"]).thread
    leading = (model.threads, model.last)
    threads = [to for to in (said, *contact.conversations) for lead in leading if lead.get(to) == c]
    thread = threads[0] if threads else said
    model.arrive(x["body"], entry.id, thread, decision, again, x["reopen"])


def _out(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    known = model.contacts.get(c)
    if known is None:  # about something that ended long ago
        return
    said = known.messages
    if n > len(said):
        model.text(c, x["kind"], x["body"], False)
    elif said[n - 1].status == "failed":
        model.retry_reply(c, n)
    else:
        model.release_reply(c, n)


def _wrapping(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    done = model.finish if model.contacts[c].state == "wrapping" else model.complete
    done(c, "", x.get("outcome", "{}"))


def _ended(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    contact, outcome = model.contacts[c], x.get("outcome", "{}")
    if contact.state != "active":
        completed = contact.state == "snoozed"
    elif contact.handover:  # its owner's end of it ends the handover first, anybody else's ends both at once
        completed = entry.find("kept", c) is not None
    else:
        completed = not contact.route.wrap_up
    if contact.state == "wrapping":
        model.finish(c, "", outcome)
    elif completed:
        model.complete(c, "", outcome)
    else:
        model.discard(c, "", outcome)


def _agent(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    if x.get("removed") or x.get("removing"):
        model.remove_agent(a, x["until"] - entry.t if x.get("removing") else 0)
        return
    budget, costs, caps, offers = json.loads(x["capacity"])
    capacity = Capacity(budget, tuple((ch, n) for ch, n in costs), tuple((ch, n) for ch, n in caps), offers)
    edges = tuple(
        (int(at), on == "1") for at, _, on in (word.partition(":") for word in x["edges"].split(",") if word)
    )
    model.agent(a, Profile.parse(x["profile"]), capacity, x["channels"], edges, x["shift"], x["grace"])


def _identified(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    about = {name: value for name, value in x.items() if name != "facts"}
    model.identify(c, a, model.contacts[c].facts, x["facts"], about)


def _split(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    new = next(line for line in entry.lines if line.e == "arrived")
    model.counter = int(new.c[1:]) - 1
    model.split(c, x["numbers"], decided(new.x))


def _reopened(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    contact = model.contacts[c]
    kept = Decision(contact.route, contact.rank // 1000, facts=contact.facts)
    model.reopen(c, a, kept if a else decided(x))


def _reached(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.counter = int(c[1:]) - 1
    model.reach(a, x["thread"], decided(x), x["previous"])


def _recalled(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.counter = max(model.counter, int(c[1:]))  # its beginning may be before the record's
    model.recall(c, x["thread"], n, decided(x), x["state"], x["arrived"], x["owner"])


def _transferring(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.transfer(c, x["by"], decided(x), x["to"], x["reason"], x["only"])


def _leg(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    about = {name: value for name, value in x.items() if name not in OURS}
    model.leg(c, x["sid"], x["state"], about)


def _presence(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.presence(a, x["presence"], x["until"], x.get("why", ""))


def _tick(model: Virtual, c: str, a: str, n: int, x: X, entry: Entry) -> None:
    model.ticked = x["before"]
    work, sweep = x.get("work"), x.get("sweep", MOVED_ONCE)
    if model.bounds.sweep != sweep:
        model.bounds = replace(model.bounds, sweep=sweep)
    model.carry_out_due(ENTRIES_ONCE if work is None else work, offers_count=work is not None)


Act = Callable[[Virtual, str, str, int, X, Entry], object]
ACTS: Mapping[str, Act] = {
    "tick": _tick,
    "arrived": _arrived,
    "message": _message,
    "message.out": _out,
    "message.receipt": lambda m, c, a, n, x, e: m.receipt(c, n, x["status"], error=x.get("error", "")),
    "reply.held": lambda m, c, a, n, x, e: m.hold_reply(c, a, x["body"], "", x["until"] - e.t),
    "reply.undone": lambda m, c, a, n, x, e: m.undo_reply(c, n, a),
    "delivered": lambda m, c, a, n, x, e: m.delivered(c, n, x["place"]),
    "placed": lambda m, c, a, n, x, e: m.delivered(c, n, x["place"]),
    "prolonged": lambda m, c, a, n, x, e: m.prolong(c, n, a, x["due"]),
    "claimed": lambda m, c, a, n, x, e: m.claim(c, n, a, x["due"] - e.t),
    "missed": lambda m, c, a, n, x, e: m.miss(c, n, a, x.get("reason", "")),
    "leg": _leg,
    "accepted": lambda m, c, a, n, x, e: m.accept(c, n, a),
    "declined": lambda m, c, a, n, x, e: m.decline(c, n, a, x.get("reason", "")),
    "rescinded": lambda m, c, a, n, x, e: m.rescind(c, n, x.get("reason", ""), x.get("pause", 0)),
    "wrapping": _wrapping,
    "closed": _ended,
    "wrap.longer": lambda m, c, a, n, x, e: m.wrap_on(c, a, x["ms"]),
    "parked": lambda m, c, a, n, x, e: m.park(c, x["wake"], x.get("reason", "")),
    "woken": lambda m, c, a, n, x, e: m.wake(c),
    "abandoned": lambda m, c, a, n, x, e: m.abandon(c, x.get("reason", "")),
    "dead": lambda m, c, a, n, x, e: m.dead_letter(c, x.get("reason", "")),
    "revived": lambda m, c, a, n, x, e: m.revive(c),
    "rerouted": lambda m, c, a, n, x, e: m.reroute(c, decided(x)),
    "identified": _identified,
    "transferring": _transferring,
    "kept": lambda m, c, a, n, x, e: m.keep(c, "", x["why"]),
    "snoozed": lambda m, c, a, n, x, e: m.snooze(c, "", x["wake"], x["why"]),
    "queued": lambda m, c, a, n, x, e: m.release(c, "", x["why"], x.get("exclude", False)),
    "reranked": lambda m, c, a, n, x, e: m.rerank(c, x["rank"] // 1000, x["by"], x["why"]),
    "merged": lambda m, c, a, n, x, e: m.merge(c, x["into"]),
    "split": _split,
    "reopened": _reopened,
    "recalled": _recalled,
    "reached": _reached,
    "retimed": lambda m, c, a, n, x, e: m.retime(c, x["base"], [int(at) for at in x["deadlines"].split(",")]),
    "agent": _agent,
    "presence": _presence,
    "presence.renewed": _presence,
    "overtime": lambda m, c, a, n, x, e: m.overtime(a, x["until"]),
    "desk": lambda m, c, a, n, x, e: m.desk(x["up"]),
}
"""Kind of the event that tells of an act → the act."""

SILENT = frozenset(
    {"class", "alert", "plan", "plan.walked", "audit", "edges", "opt", "consult", "call", "outcome"}
)
"""Entries that change nothing about who is asked."""
