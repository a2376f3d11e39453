"""The ledger read as what was done: entry by entry, which act of which operation it tells of. Pure.

One entry is one transition, and its events tell both what was asked for and what followed. Here the first is taken
out and carried out on a model, which then must come to the second by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from pydantic_core import from_json

from ...queue.contact import Arrived, Decision
from ...queue.legs import OURS
from ...queue.state import Event
from ...skills.skill import Capacity, Need, Profile
from .simulation import Line as Line
from .simulation import Virtual


class Unreadable(Exception):
    """An entry that doesn't say what was done; `str()` says why, in an operator's words."""


class Entry(NamedTuple):
    """One transition of the record: at `t` (ms), with its events in order."""

    id: str
    t: int
    lines: tuple[Line, ...]

    @property
    def aside(self) -> bool:
        """Whether it only numbers a class: that happens outside of any transition, at no instant that matters."""
        return self.lines[0].e == "class" and all(it.e == "class" for it in self.lines)

    def find(self, kind: str, contact: str = "") -> Line | None:
        """Its first event of a kind (about a contact)."""
        return next((it for it in self.lines if it.e == kind and contact in ("", it.c)), None)


ENTRIES_ONCE, MOVED_ONCE = 16, 64
"""What bounded a tick that doesn't tell its `work`: so many entries, whatever they led to; contacts moved in bulk."""
NOTHING = ("{}", "")
"""Details that there are none of."""
# `Line(…)` is a function written in Python: it takes twice as long, a million times a day.
_tuple = tuple.__new__


def entries(events: Iterable[Event]) -> Iterator[Entry]:
    """Whole entries, in the ledger's order."""
    id, t = "", 0
    lines: list[Line] = []
    for it in events:
        if it.id != id or not lines:
            if lines:
                yield _tuple(Entry, (id, t, tuple(lines)))
            id, t, lines = it.id, it.t, []
        x = from_json(it.x) if it.x not in NOTHING else {}
        lines.append(_tuple(Line, (it.e, it.c, it.a, it.n, x if isinstance(x, dict) else {}, it.t)))
    if lines:
        yield _tuple(Entry, (id, t, tuple(lines)))


def carry_out(model: Virtual, entry: Entry) -> None:
    """Do on `model`, at the entry's instant, what the entry says was done. Raises Unreadable."""
    first = entry.lines[0]
    if first.e not in CAUSES:
        for line in entry.lines:
            if line.e == "class":
                model.number(Need.parse(line.x["need"]), line.n)
        first = _cause(entry)
    act = ACTS.get(first.e)
    if act is None:
        if first.e in SILENT:
            return
        raise Unreadable(f"nothing is known that begins with “{first.e}”")
    model.now = entry.t
    try:
        act(model, first, entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(
            f"the event “{first.e}” doesn't carry what is needed ({type(error).__name__}: {error}): it was recorded "
            "by an earlier Tierline, or the record begins in the middle"
        ) from None


def _cause(entry: Entry) -> Line:
    """The event that says what was asked for: the first, but for acts that take offers back before they tell."""
    first = entry.lines[0]
    if first.e == "class":
        first = next((it for it in entry.lines if it.e != "class"), first)
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


# ---- what each kind of first event says was done ------------------------------------------------------------


def _arrived(model: Virtual, it: Line, entry: Entry) -> None:
    model.counter = int(it.c[1:]) - 1
    model.seen.clear()
    model.arrive(it.x["body"], entry.id, it.x["thread"], decided(it))


def decided(it: Line) -> Decision:
    """The decision that the event tells of: read where it stands, so that whoever comes next finds it read."""
    found = it.x["decision"]
    if isinstance(found, Decision):
        return found
    decision = it.x["decision"] = Decision.recorded(found, it.x["facts"])
    return decision


def _message(model: Virtual, it: Line, entry: Entry) -> None:
    if it.x["kind"] != "in":
        model.append(it.c, it.x["body"])
        return
    contact = model.contacts[it.c]
    model.seen.clear()
    decision = Decision(contact.route, it.x["rank"], facts=contact.facts)
    again = Decision.recorded(it.x["again"], it.x["facts"]) if "again" in it.x else None
    said = Arrived.parse(it.x["body"]).thread
    leading = (model.threads, model.last)
    threads = [to for to in (said, *contact.conversations) for lead in leading if lead.get(to) == it.c]
    thread = threads[0] if threads else said
    model.arrive(it.x["body"], entry.id, thread, decision, again, it.x["reopen"])


def _out(model: Virtual, it: Line, entry: Entry) -> None:
    known = model.contacts.get(it.c)
    if known is None:  # about something that ended long ago
        return
    said = known.messages
    if it.n > len(said):
        model.text(it.c, it.x["kind"], it.x["body"], False)
    elif said[it.n - 1].status == "failed":
        model.retry_reply(it.c, it.n)
    else:
        model.release_reply(it.c, it.n)


def _ended(model: Virtual, it: Line, entry: Entry) -> None:
    contact, outcome = model.contacts[it.c], it.x.get("outcome", "{}")
    if contact.state != "active":
        completed = contact.state == "snoozed"
    elif contact.handover:  # its owner's end of it ends the handover first, anybody else's ends both at once
        completed = entry.find("kept", it.c) is not None
    else:
        completed = not contact.route.wrap_up
    if contact.state == "wrapping":
        model.finish(it.c, "", outcome)
    elif it.e == "wrapping" or completed:
        model.complete(it.c, "", outcome)
    else:
        model.discard(it.c, "", outcome)


def _agent(model: Virtual, it: Line, entry: Entry) -> None:
    if it.x.get("removed") or it.x.get("removing"):
        model.remove_agent(it.a, it.x["until"] - entry.t if it.x.get("removing") else 0)
        return
    budget, costs, caps, offers = json.loads(it.x["capacity"])
    capacity = Capacity(budget, tuple((ch, n) for ch, n in costs), tuple((ch, n) for ch, n in caps), offers)
    edges = tuple(
        (int(at), on == "1")
        for at, _, on in (word.partition(":") for word in it.x["edges"].split(",") if word)
    )
    model.agent(
        it.a, Profile.parse(it.x["profile"]), capacity, it.x["channels"], edges, it.x["shift"], it.x["grace"]
    )


def _identified(model: Virtual, it: Line, entry: Entry) -> None:
    about = {name: value for name, value in it.x.items() if name != "facts"}
    model.identify(it.c, it.a, model.contacts[it.c].facts, it.x["facts"], about)


def _split(model: Virtual, it: Line, entry: Entry) -> None:
    new = next(line for line in entry.lines if line.e == "arrived")
    model.counter = int(new.c[1:]) - 1
    model.split(it.c, it.x["numbers"], decided(new))


def _reopened(model: Virtual, it: Line, entry: Entry) -> None:
    contact = model.contacts[it.c]
    kept = Decision(contact.route, contact.rank // 1000, facts=contact.facts)
    model.reopen(it.c, it.a, kept if it.a else decided(it))


def _reached(model: Virtual, it: Line, entry: Entry) -> None:
    model.counter = int(it.c[1:]) - 1
    model.reach(it.a, it.x["thread"], decided(it), it.x["previous"])


def _recalled(model: Virtual, it: Line, entry: Entry) -> None:
    model.counter = max(model.counter, int(it.c[1:]))  # its beginning may be before the record's
    model.recall(it.c, it.x["thread"], it.n, decided(it), it.x["state"], it.x["arrived"], it.x["owner"])


def _transferring(model: Virtual, it: Line, entry: Entry) -> None:
    x = it.x
    model.transfer(it.c, x["by"], decided(it), x["to"], x["reason"], x["only"])


def _leg(model: Virtual, it: Line, entry: Entry) -> None:
    about = {name: value for name, value in it.x.items() if name not in OURS}
    model.leg(it.c, it.x["sid"], it.x["state"], about)


def _presence(model: Virtual, it: Line, entry: Entry) -> None:
    model.presence(it.a, it.x["presence"], it.x["until"], it.x.get("why", ""))


def _tick(model: Virtual, it: Line, entry: Entry) -> None:
    model.ticked = it.x["before"]
    work, sweep = it.x.get("work"), it.x.get("sweep", MOVED_ONCE)
    if model.bounds.sweep != sweep:
        model.bounds = replace(model.bounds, sweep=sweep)
    model.tick(ENTRIES_ONCE if work is None else work, offers_count=work is not None)


Act = Callable[[Virtual, Line, Entry], object]
ACTS: Mapping[str, Act] = {
    "tick": _tick,
    "arrived": _arrived,
    "message": _message,
    "message.out": _out,
    "message.receipt": lambda m, it, e: m.receipt(it.c, it.n, it.x["status"], error=it.x.get("error", "")),
    "reply.held": lambda m, it, e: m.hold_reply(it.c, it.a, it.x["body"], "", it.x["until"] - e.t),
    "reply.undone": lambda m, it, e: m.undo_reply(it.c, it.n, it.a),
    "delivered": lambda m, it, e: m.delivered(it.c, it.n, it.x["place"]),
    "placed": lambda m, it, e: m.delivered(it.c, it.n, it.x["place"]),
    "prolonged": lambda m, it, e: m.prolong(it.c, it.n, it.a, it.x["due"]),
    "claimed": lambda m, it, e: m.claim(it.c, it.n, it.a, it.x["due"] - e.t),
    "missed": lambda m, it, e: m.miss(it.c, it.n, it.a, it.x.get("reason", "")),
    "leg": _leg,
    "accepted": lambda m, it, e: m.accept(it.c, it.n, it.a),
    "declined": lambda m, it, e: m.decline(it.c, it.n, it.a, it.x.get("reason", "")),
    "rescinded": lambda m, it, e: m.rescind(it.c, it.n, it.x.get("reason", ""), it.x.get("pause", 0)),
    "wrapping": _ended,
    "closed": _ended,
    "wrap.longer": lambda m, it, e: m.wrap_on(it.c, it.a, it.x["ms"]),
    "parked": lambda m, it, e: m.park(it.c, it.x["wake"], it.x.get("reason", "")),
    "woken": lambda m, it, e: m.wake(it.c),
    "abandoned": lambda m, it, e: m.abandon(it.c, it.x.get("reason", "")),
    "dead": lambda m, it, e: m.dead_letter(it.c, it.x.get("reason", "")),
    "revived": lambda m, it, e: m.revive(it.c),
    "rerouted": lambda m, it, e: m.reroute(it.c, decided(it)),
    "identified": _identified,
    "transferring": _transferring,
    "kept": lambda m, it, e: m.keep(it.c, "", it.x["why"]),
    "snoozed": lambda m, it, e: m.snooze(it.c, "", it.x["wake"], it.x["why"]),
    "queued": lambda m, it, e: m.release(it.c, "", it.x["why"], it.x.get("exclude", False)),
    "reranked": lambda m, it, e: m.rerank(it.c, it.x["rank"] // 1000, it.x["by"], it.x["why"]),
    "merged": lambda m, it, e: m.merge(it.c, it.x["into"]),
    "split": _split,
    "reopened": _reopened,
    "recalled": _recalled,
    "reached": _reached,
    "retimed": lambda m, it, e: m.retime(
        it.c, it.x["base"], [int(at) for at in it.x["deadlines"].split(",")]
    ),
    "agent": _agent,
    "presence": _presence,
    "presence.renewed": _presence,
    "overtime": lambda m, it, e: m.overtime(it.a, it.x["until"]),
    "desk": lambda m, it, e: m.desk(it.x["up"]),
}
"""Kind of the event that tells of an act → the act."""

SILENT = frozenset(
    {"class", "alert", "plan", "plan.walked", "audit", "edges", "opt", "consult", "call", "outcome"}
)
"""Entries that change nothing about who is asked."""
