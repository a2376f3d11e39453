"""The checker: pure functions over what the outside saw. Each returns its violations; a good run has none."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from .check_announced import SLACK, addresses, announcements, closings
from .check_queue import walk
from .seen import Event, Seen, Violation

GONE = ("closed", "abandoned", "dead")
MOVES = {
    "transfer": "transferring",
    "release": "queued",
    "snooze": "snoozed",
    "split": "split",
    "priority": "reranked",
    "spam": "closed",
    "merge": "merged",
    "reopen": "reopened",
}
"""What a confirmed move must have left."""
ONLY_ASKED = ("transfer", "split", "priority", "merge")
"""What nothing but somebody's order brings about."""
AUDITED = {"priority", "spam", "merge", "reopen", "assign"}
"""What only supervisors do, and is put on record."""


def check(seen: Seen) -> list[Violation]:
    """Every check, over a whole run."""
    found: list[Violation] = []
    for one in CHECKS:
        found += one(seen)
    return found


def spoken(event: Event) -> Mapping[str, object]:
    """The message that an event carries."""
    body = event.x.get("body")
    found = json.loads(body) if isinstance(body, str) and body else {}
    return found if isinstance(found, dict) else {}


# ---- customers' texts -----------------------------------------------------------------------------------------------


def accepted_texts(seen: Seen) -> list[Violation]:
    """Every text that got a 2xx is in one contact, once, as it was written."""
    held: defaultdict[str, list[tuple[str, int, str]]] = defaultdict(list)
    for event in seen.events:
        if event.e in ("arrived", "message"):
            said = spoken(event)
            if said.get("event") and not event.x.get("split_from"):
                held[str(said["event"])].append((event.c, event.n, str(said.get("text"))))
    found = []
    for it in seen.texted:
        there = held.get(it.sid, [])
        if it.accepted and not there:
            found.append(Violation("text lost", it.sid, f"accepted from {it.sender}, and in no contact"))
        if len(there) > 1:
            found.append(Violation("text doubled", it.sid, f"stands at {[at[:2] for at in there]}"))
        if there and there[0][2] != it.text:
            found.append(Violation("text altered", it.sid, f"{it.text!r} became {there[0][2]!r}"))
    return found


def conversations(seen: Seen) -> list[Violation]:
    """One customer has one open contact; what they write meanwhile belongs to it, or to what it was merged into."""
    opened: dict[str, str] = {}
    homes: defaultdict[str, set[str]] = defaultdict(set)
    into: dict[str, str] = {}
    sender = {it.sid: it.sender for it in seen.texted}
    whose: dict[str, str] = {}
    found = []
    for event in seen.events:
        if event.e == "arrived":
            thread = str(event.x.get("thread") or "")
            if not thread:
                continue  # split off: nobody writes to it
            if thread in opened:
                found.append(
                    Violation("two contacts", event.c, f"{thread} has {opened[thread]} open already")
                )
            opened[thread] = event.c
            homes[event.c].add(thread)
            whose[sender.get(str(spoken(event).get("event")), "")] = thread
        elif event.e == "message" and event.x.get("kind") == "in":
            thread = whose.get(sender.get(str(spoken(event).get("event")), ""), "")
            if opened.get(thread, event.c) != event.c and "at" not in event.x:
                words = f"its text went to {event.c}, though {opened[thread]} was open"
                found.append(Violation("wrong conversation", thread, words))
        elif event.e == "reopened":
            for thread in homes[event.c]:
                if opened.get(thread, event.c) != event.c:
                    words = f"opened again while {thread} has {opened[thread]} open"
                    found.append(Violation("two contacts", event.c, words))
                opened[thread] = event.c
        elif event.e == "merged":
            into[event.c] = str(event.x.get("into"))
        elif event.e in ("wrapping", *GONE):
            on = into.pop(event.c, "")
            for thread in homes[event.c]:
                if opened.get(thread) == event.c:
                    del opened[thread]
                if on and thread not in opened:
                    opened[thread] = on
                    homes[on].add(thread)
    return found


# ---- replies --------------------------------------------------------------------------------------------------------


def replies(seen: Seen) -> list[Violation]:
    """A reply that Slack said ✓ was delivered once to its customer; whatever wasn't released never left."""
    went = defaultdict(list)
    for text in seen.sent:
        went[text.text].append(text.to)
    ledger = _replies(seen)
    address = addresses(seen)
    found = []
    for it in seen.typed:
        status, contact, early = ledger.get(it.place, ("", "", False))
        sent = len(went[it.text])
        about = f"{it.contact} {it.text[:12]}"
        ticked = "white_check_mark" in it.marks
        if sent > 1:
            found.append(Violation("reply twice", about, f"{sent} texts went out"))
        if sent == 0 and (ticked or status in ("sent", "delivered")):
            found.append(
                Violation("reply lost", about, f"Slack says {'✓' if ticked else status}, Twilio has none")
            )
        if sent and it.meant == "note":
            found.append(Violation("note sent", about, "a note left the house"))
        if sent and status in ("undone", "", "held"):
            found.append(
                Violation("sent unreleased", about, f"it left while the history has it {status or 'not'}")
            )
        if sent and early:
            found.append(
                Violation("sent unreleased", about, "it left after an Undo, or before the time for it was up")
            )
        if status in ("held", "queued", "sending") and not sent:
            found.append(Violation("reply stuck", about, f"{status} long after everything was quiet"))
        if status and contact != it.contact:
            found.append(Violation("wrong contact", about, f"typed for {it.contact}, kept in {contact}"))
        wrong = [to for to in went[it.text] if to != address.get(it.contact, to)]
        if wrong:
            found.append(Violation("wrong customer", about, f"sent to {wrong[0]}"))
    return found


def _replies(seen: Seen) -> dict[str, tuple[str, str, bool]]:
    """By the place where each was typed: what the history says of it, its contact, and whether it left early."""
    at: dict[tuple[str, int], str] = {}
    due: dict[str, int] = {}
    found: dict[str, tuple[str, str, bool]] = {}
    for e in seen.events:
        key = (e.c, e.n)
        if e.e == "reply.held":
            place = str(e.x.get("source"))
            at[key], due[place] = place, int(e.x.get("until") or 0)
            found[place] = ("held", e.c, e.t + seen.rules.hold_ms - 50 > due[place])
        elif key in at and e.e in ("reply.undone", "message.out", "message.receipt"):
            status = {"reply.undone": "undone", "message.out": "queued"}.get(e.e) or str(e.x.get("status"))
            early = found[at[key]][2] or (
                e.e == "message.out" and (e.t < due[at[key]] or found[at[key]][0] == "undone")
            )
            found[at[key]] = (status, e.c, early)
    return found


def undone(seen: Seen) -> list[Violation]:
    """Slack said "Undone, nothing was sent", or ⏳: so it is."""
    times = Counter(it.text for it in seen.sent)
    known = {(e.c, e.n): str(spoken(e).get("text")) for e in seen.events if e.e == "reply.held"}
    found = []
    for line in seen.lines:
        if line.kind == "undo" and line.text.startswith("Undone"):
            words = known.get((line.contact, line.n))
            if words is None or times[words]:
                found.append(Violation("undone and sent", f"{line.contact}.{line.n}", line.text[:60]))
        elif line.kind == "undo" and "⏳" in line.text and (line.contact, line.n) not in known:
            found.append(
                Violation("reply lost", f"{line.contact}.{line.n}", "shown as held, and not in the history")
            )
    return found


def unasked(seen: Seen) -> list[Violation]:
    """Nothing is sent that nobody wrote: each text is an agent's or the plan's, and the plan's comes once."""
    typed = {it.text for it in seen.typed}
    owner = {(e.c, e.a) for e in seen.events if e.e == "accepted"}
    address = addresses(seen)
    found = []
    told: Counter[tuple[str, str]] = Counter()
    told_by_others = {text for it in seen.announced for text in (it.text, it.over)}
    for it in seen.sent:
        if it.text in typed or it.text in told_by_others:
            continue
        told[it.to, it.text] += 1
        who, _, rest = it.text.partition(" has ")
        contact = rest.rstrip(".")
        if (contact, who) not in owner:
            found.append(Violation("told falsely", contact, f"{it.to} was told {it.text!r}"))
        elif address.get(contact) != it.to:
            found.append(Violation("wrong customer", contact, f"{it.to} was told {it.text!r}"))
    found += [
        Violation("told twice", text, f"{to} got it {n} times") for (to, text), n in told.items() if n > 1
    ]
    return found


def outgoing(seen: Seen) -> list[Violation]:
    """What was to be sent was sent, or its sender was told why not."""
    status: dict[tuple[str, int], str] = {}
    text: dict[tuple[str, int], str] = {}
    for e in seen.events:
        if e.e == "message.out":
            status[e.c, e.n], text[e.c, e.n] = "queued", str(spoken(e).get("text"))
        elif e.e == "message.receipt" and (e.c, e.n) in status:
            status[e.c, e.n] = str(e.x.get("status"))
    times = Counter(it.text for it in seen.sent)
    found = []
    for key, state in status.items():
        if state in ("queued", "sending") and not times[text[key]]:
            found.append(Violation("never sent", f"{key[0]}.{key[1]}", f"{state} in the end: {text[key]!r}"))
        elif state in ("sent", "delivered") and not times[text[key]]:
            found.append(Violation("never sent", f"{key[0]}.{key[1]}", f"{state}, and Twilio has none"))
    return found


def receipts(seen: Seen) -> list[Violation]:
    """A receipt that was answered with 2xx is kept. (One that was refused never comes again.)"""
    kept = {str(e.x.get("provider_id")) for e in seen.events if e.e == "message.receipt"
            and e.x.get("status") == "delivered"}  # fmt: skip
    return [
        Violation("receipt lost", it.sid, "Twilio said delivered, and was thanked for it")
        for it in seen.receipts
        if it.status == "delivered" and it.sid not in kept
    ]


def notes(seen: Seen) -> list[Violation]:
    """What was kept as a note stands in the transcript once."""
    count = Counter(
        str(spoken(e)["source"])
        for e in seen.events
        if e.e == "message" and e.x.get("kind") == "note" and spoken(e).get("source")
    )
    return [Violation("note twice", place, f"{n} times") for place, n in count.items() if n > 1]


# ---- Slack ----------------------------------------------------------------------------------------------------------


def cards(seen: Seen) -> list[Violation]:
    """What agents were told by their cards is true, once, and nothing dead can be pressed."""
    taken = {(e.c, e.n, e.a) for e in seen.events if e.e == "accepted"}
    offered = {(e.c, e.n, e.a) for e in seen.events if e.e == "offered"}
    ended = {(e.c, e.n) for e in seen.events if e.e in ("accepted", "declined", "missed", "rescinded")}
    shown = Counter((it.contact, it.offer) for it in seen.cards)
    found = [
        Violation("shown twice", f"{c}:{n}", f"{count} cards of one offer")
        for (c, n), count in shown.items()
        if count > 1
    ]
    for it in seen.glances:
        if f"{it.contact} is yours" in it.text and (it.contact, it.offer, it.agent) not in taken:
            found.append(
                Violation("told falsely", f"{it.contact}:{it.offer}", f"{it.agent} read that it is theirs")
            )
    for it in seen.cards:
        about, key = f"{it.contact}:{it.offer}", (it.contact, it.offer, it.agent)
        if f"{it.contact} is yours" in it.text and key not in taken:
            found.append(Violation("told falsely", about, f"{it.agent} was told that it is theirs"))
        if key not in offered:
            found.append(Violation("told falsely", about, f"{it.agent} was shown what was never offered"))
        if it.pressable and (it.contact, it.offer) in ended:
            found.append(Violation("card stands", about, f"{it.agent} could still press what has ended"))
    return found


def threads(seen: Seen) -> list[Violation]:
    """Each contact that was taken has one thread; each line stands there once; what has ended is closed there."""
    count: defaultdict[str, list[str]] = defaultdict(list)
    for head in seen.heads:
        count[head.contact].append(head.place)
    taken = {e.c for e in seen.events if e.e == "accepted"}
    last = {e.c: e.e for e in seen.events if e.e in ("closed", "reopened", "returned", "accepted", "queued")}
    ended = {c for c, kind in last.items() if kind == "closed"}
    found = [Violation("thread twice", c, f"at {', '.join(at)}") for c, at in count.items() if len(at) > 1]
    found += [Violation("no thread", c, "taken, and nowhere to answer") for c in sorted(taken - set(count))]
    found += [Violation("thread open", it.contact, "closed, and its thread doesn't know") for it in seen.heads
              if it.open and it.contact in ended]  # fmt: skip
    told = {it.contact for it in seen.lines if it.kind == "closing"}
    found += [
        Violation("end not told", c, "closed, and no line of its thread says so")
        for c in sorted((ended & set(count)) - told)
    ]
    lines: defaultdict[tuple[str, int, str], list[str]] = defaultdict(list)
    for it in seen.lines:
        if it.n and it.kind == "line":
            lines[it.contact, it.n, it.text].append(it.place)
    found += [
        Violation("line twice", f"{c}.{n}", f"at {', '.join(at)}")
        for (c, n, _), at in lines.items()
        if len(at) > 1
    ]
    return found


def moves(seen: Seen) -> list[Violation]:
    """What people asked for happened as often as they asked, at most, and is on record as often."""
    # Another place that comes of a merge was asked for with it.
    told = [e for e in seen.events if (e.e, e.x.get("why")) != ("reranked", "merged")]
    done = Counter((what, e.c) for e in told for what in ONLY_ASKED if e.e == MOVES[what])
    audited = Counter(_audited(e) for e in seen.events if e.e == "audit")
    found = []
    for (what, contact), n in [*done.items(), *audited.items()]:
        asked = seen.asked.get((what, contact), 0)
        if n > asked and what in AUDITED | set(ONLY_ASKED):
            found.append(Violation("moved twice", contact, f"{what}: {n} times, asked for {asked} times"))
    return found


def _audited(e: Event) -> tuple[str, str]:
    what = e.x.get("what")
    contact = str(what.get("contact")) if isinstance(what, dict) else ""
    act = str(e.x.get("act")).removeprefix("contact.")
    return (act if act in AUDITED else ""), contact


def acknowledged(seen: Seen) -> list[Violation]:
    """A presence, a plan or a move that was confirmed is in the history."""
    found = []
    versions = {int(e.x.get("version") or 0) for e in seen.events if e.e == "plan"}
    for version in seen.published:
        if version not in versions:
            found.append(Violation("plan lost", str(version), "published with 200, and not in the history"))
    told = {(e.e, e.c) for e in seen.events}
    for move in seen.moved:
        if (MOVES[move.what], move.contact) not in told:
            found.append(Violation("move lost", move.contact, f"{move.what} was confirmed, and is nowhere"))
    course: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for e in seen.events:
        if e.e == "presence":
            course[e.a].append((e.t, str(e.x.get("presence"))))
    for it in seen.said:
        before = [p for t, p in course[it.agent] if t <= it.asked - SLACK]
        during = {p for t, p in course[it.agent] if it.asked - SLACK < t <= it.answered + SLACK}
        if it.presence not in during | set(before[-1:]):
            found.append(
                Violation("presence lost", it.agent, f"told that they are {it.presence}, and are not")
            )
    return found


CHECKS: tuple[Callable[[Seen], list[Violation]], ...] = (
    accepted_texts,
    conversations,
    replies,
    undone,
    unasked,
    outgoing,
    receipts,
    notes,
    cards,
    threads,
    moves,
    acknowledged,
    walk,
    announcements,
    closings,
)
