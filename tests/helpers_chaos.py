"""Records made by hand for the chaos checker: a good one, and what is put into it or taken out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from tierline.bench.chaos.seen import Card, Event, Head, Line, Receipt, Rules, Said, Seen, Sent, Texted, Typed

RULES = Rules(
    tier={"A000": 1, "A001": 1, "A003": 2},
    steps={"help": (frozenset({1}), frozenset({1, 2}))},
    at_once={"help": 1},
    until={"help": (8_000,)},
)
EVA, JONAS = "+491700", "+491701"
PLACE = "C1:1.5"


def arrives(at: int, n: int, contact: str, sender: str, text: str, **more: object) -> list[Event]:
    body = json.dumps({"event": f"SM{n}", "sender": sender, "text": text})
    facts = json.dumps({"address": sender})
    x = {"service": "help", "thread": f"sms:{sender}", "body": body, "facts": facts, **more}
    entry = (at, 0)
    return [
        Event(entry, at, "arrived", contact, n=1, x=x),
        Event(entry, at, "queued", contact, x={"rank": 1000 + n}),
    ]


def at(ms: int, happened: str, contact: str = "", agent: str = "", n: int = 0, **x: object) -> Event:
    return Event((ms, 0), ms, happened, contact, agent, n, x)


def offered(ms: int, contact: str, agent: str, n: int, rank: int) -> Event:
    return at(ms, "offered", contact, agent, n, step=0, rank=rank)


UNMARKED = Typed("A000", "C1001", PLACE, "rx1x hello", "reply")


def good() -> Seen:
    """Two customers: one is answered and closed, one waits because nobody is there any more."""
    reply = json.dumps({"text": "rx1x hello", "source": PLACE})
    events = [
        at(10, "presence", agent="A000", presence="available"),
        *arrives(100, 1, "C1001", EVA, "help me"),
        Event((100, 0), 100, "offered", "C1001", "A000", 1, {"step": 0, "rank": 1001}),
        at(200, "delivered", "C1001", "A000", 1, place="D1:1", due=6200),
        at(900, "accepted", "C1001", "A000", 1),
        at(950, "message.out", "C1001", n=2, kind="taken", body=json.dumps({"text": "A000 has C1001."})),
        at(960, "message.receipt", "C1001", n=2, status="sent", provider_id="SMa"),
        at(970, "message.receipt", "C1001", n=2, status="delivered", provider_id="SMa"),
        at(1000, "reply.held", "C1001", "A000", 3, body=reply, source=PLACE, until=3000),
        at(3001, "message.out", "C1001", "A000", 3, kind="reply", body=reply),
        at(3010, "message.receipt", "C1001", n=3, status="sent", provider_id="SMb"),
        at(3020, "message.receipt", "C1001", n=3, status="delivered", provider_id="SMb"),
        at(4000, "wrapping", "C1001", "A000"),
        at(5000, "closed", "C1001", "A000"),
        at(5100, "presence", agent="A000", presence="offline"),
        *arrives(5200, 2, "C1002", JONAS, "help too"),
        at(13300, "step", "C1002", to=1),
    ]
    return Seen(
        rules=RULES,
        texted=(Texted("SM1", EVA, "help me", 200), Texted("SM2", JONAS, "help too", 200)),
        sent=(Sent(955, EVA, "A000 has C1001."), Sent(3005, EVA, "rx1x hello")),
        receipts=(Receipt("SMa", "delivered"), Receipt("SMb", "delivered")),
        events=tuple(events),
        cards=(Card("A000", "C1001", 1, "C1001 is yours.", False),),
        heads=(Head("C1001", "C1:1.0", False),),
        lines=(Line("C1001", 0, "closing", "C1001 is closed: solved."),),
        typed=(Typed("A000", "C1001", PLACE, "rx1x hello", "reply", frozenset({"white_check_mark"})),),
        said=(Said("A000", "available", 5, 15),),
        ended=14_000,
    )


def with_events(*more: Event) -> Callable[[Seen], Seen]:
    return lambda it: replace(it, events=tuple(sorted((*it.events, *more), key=lambda e: e.entry)))


def without(kind: str, contact: str = "C1001", n: int | None = None) -> Callable[[Seen], Seen]:
    def change(it: Seen) -> Seen:
        kept = [e for e in it.events if not (e.e == kind and e.c == contact and n in (None, e.n))]
        return replace(it, events=tuple(kept))

    return change


def moved(kind: str, contact: str, to: int, n: int | None = None) -> Callable[[Seen], Seen]:
    def change(it: Seen) -> Seen:
        moves = [
            replace(e, t=to, entry=(to, 0)) if e.e == kind and e.c == contact and n in (None, e.n) else e
            for e in it.events
        ]
        return replace(it, events=tuple(sorted(moves, key=lambda e: e.entry)))

    return change


def on_duty(agent: str, ms: int = 11) -> Event:
    return at(ms, "presence", agent=agent, presence="available")
