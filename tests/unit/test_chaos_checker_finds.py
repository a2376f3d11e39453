"""The chaos checker, proved on records made by hand: each kind of violation is found, and a good history has none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_chaos import (
    EVA,
    JONAS,
    RULES,
    UNMARKED,
    arrives,
    at,
    good,
    moved,
    offered,
    on_duty,
    with_events,
    without,
)

from tierline.bench.chaos import check as chaos_check
from tierline.bench.chaos.check import check
from tierline.bench.chaos.faults import INSIDE, OUTSIDE, schedule
from tierline.bench.chaos.seen import (
    Card,
    Event,
    Line,
    Moved,
    Receipt,
    Said,
    Seen,
    Sent,
    Texted,
)


def test_a_good_history_has_no_violation() -> None:
    assert check(good()) == []


WRONG: dict[str, tuple[str, Callable[[Seen], Seen]]] = {
    "an accepted text is nowhere": (
        "text lost",
        lambda it: replace(it, texted=(*it.texted, Texted("SM9", EVA, "x", 200))),
    ),
    "a text stands twice": (
        "text doubled",
        with_events(
            at(920, "message", "C1001", n=9, kind="in", body=json.dumps({"event": "SM1", "text": "help me"}))
        ),
    ),
    "a text was altered": (
        "text altered",
        lambda it: replace(it, texted=(Texted("SM1", EVA, "help you", 200), it.texted[1])),
    ),
    "one customer has two open contacts": (
        "two contacts",
        with_events(*arrives(13000, 7, "C1003", JONAS, "again")),
    ),
    "a reply came twice": ("reply twice", lambda it: replace(it, sent=(*it.sent, it.sent[1]))),
    "a reply with ✓ never came": ("reply lost", lambda it: replace(it, sent=it.sent[:1])),
    "a note left": ("note sent", lambda it: replace(it, typed=(replace(it.typed[0], meant="note"),))),
    "an undone reply left": (
        "sent unreleased",
        lambda it: with_events(at(2000, "reply.undone", "C1001", "A000", 3))(
            without("message.receipt", n=3)(without("message.out", n=3)(it))
        ),
    ),
    "a reply was undone and left all the same": (
        "sent unreleased",
        with_events(at(2000, "reply.undone", "C1001", "A000", 3)),
    ),
    "a reply left before its time": ("sent unreleased", moved("message.out", "C1001", 1500, 3)),
    "a reply went to somebody else": (
        "wrong customer",
        lambda it: replace(it, sent=(it.sent[0], replace(it.sent[1], to=JONAS))),
    ),
    "Slack said undone": (
        "undone and sent",
        lambda it: replace(it, lines=(*it.lines, Line("C1001", 3, "undo", "Undone, nothing was sent"))),
    ),
    "a text of the plan came twice": ("told twice", lambda it: replace(it, sent=(*it.sent, it.sent[0]))),
    "a customer was told of somebody who has nothing": (
        "told falsely",
        lambda it: replace(it, sent=(*it.sent, Sent(1, JONAS, "A001 has C1002."))),
    ),
    "a text never left": (
        "never sent",
        lambda it: replace(without("message.receipt", n=2)(it), sent=it.sent[1:]),
    ),
    "a receipt was thanked for and forgotten": (
        "receipt lost",
        lambda it: replace(it, receipts=(*it.receipts, Receipt("SMz", "delivered"))),
    ),
    "a note stands twice": (
        "note twice",
        with_events(
            *[
                at(990 + n, "message", "C1001", n=20 + n, kind="note", body=json.dumps({"source": "C1:7"}))
                for n in range(2)
            ]
        ),
    ),
    "an offer was shown twice": ("shown twice", lambda it: replace(it, cards=it.cards * 2)),
    "a card tells what isn't so": (
        "told falsely",
        lambda it: replace(it, cards=(*it.cards, Card("A001", "C1002", 1, "C1002 is yours.", False))),
    ),
    "a card told for a moment what isn't so": (
        "told falsely",
        lambda it: replace(it, glances=(Card("A001", "C1002", 1, "C1002 is yours.", False),)),
    ),
    "what ended can still be pressed": (
        "card stands",
        lambda it: replace(it, cards=(replace(it.cards[0], pressable=True),)),
    ),
    "a contact has two threads": ("thread twice", lambda it: replace(it, heads=it.heads * 2)),
    "a contact has no thread": ("no thread", lambda it: replace(it, heads=())),
    "a closed contact's thread stands open": (
        "thread open",
        lambda it: replace(it, heads=(replace(it.heads[0], open=True),)),
    ),
    "a line stands twice": (
        "line twice",
        lambda it: replace(it, lines=(*it.lines, *(Line("C1001", 4, "line", "x"),) * 2)),
    ),
    "a confirmed presence is lost": (
        "presence lost",
        lambda it: replace(it, said=(Said("A001", "available", 5, 15),)),
    ),
    "a confirmed plan is lost": ("plan lost", lambda it: replace(it, published=(7,))),
    "two owners, one after the other": (
        "two owners",
        with_events(on_duty("A001"), at(1100, "accepted", "C1001", "A001", 2)),
    ),
    "owned and offered": (
        "two owners",
        with_events(on_duty("A001"), Event((900, 0), 900, "offered", "C1001", "A001", 2, {"rank": 1001})),
    ),
    "offered to somebody off duty": ("off duty", with_events(offered(5300, "C1002", "A001", 1, 1002))),
    "offered to a tier that isn't asked yet": (
        "not admitted",
        with_events(on_duty("A003"), offered(5300, "C1002", "A003", 1, 1002)),
    ),
    "offered though Slack was down": (
        "desk down",
        with_events(on_duty("A001"), at(5250, "desk", up=False), offered(5300, "C1002", "A001", 1, 1002)),
    ),
    "asked again after a decline": (
        "asked again",
        with_events(
            on_duty("A001"),
            offered(5300, "C1002", "A001", 1, 1002),
            at(5400, "declined", "C1002", "A001", 1),
            offered(5500, "C1002", "A001", 2, 1002),
        ),
    ),
    "the rank changed": (
        "rank lost",
        with_events(on_duty("A001", 5250), offered(5300, "C1002", "A001", 1, 5)),
    ),
    "who comes first is passed over": (
        "order",
        with_events(
            *arrives(5290, 3, "C1003", "+491702", "me too"),
            Event((5300, 0), 5300, "presence", "", "A001", 0, {"presence": "available"}),
            Event((5300, 0), 5300, "offered", "C1003", "A001", 1, {"rank": 1003}),
        ),
    ),
    "missed before the time was up": (
        "missed early",
        with_events(
            on_duty("A001", 5250),
            offered(5300, "C1002", "A001", 1, 1002),
            at(5400, "delivered", "C1002", "A001", 1),
            at(6400, "missed", "C1002", "A001", 1),
        ),
    ),
    "missed while nothing ran": (
        "missed in a gap",
        lambda it: replace(
            with_events(
                on_duty("A001", 5250),
                offered(5300, "C1002", "A001", 1, 1002),
                at(5400, "delivered", "C1002", "A001", 1),
                at(13350, "missed", "C1002", "A001", 1),
            )(it),
            gaps=((7000, 13000),),
        ),
    ),
    "missed while nothing ran, and the last tick was long before": (
        "missed in a gap",
        lambda it: replace(
            with_events(
                on_duty("A001", 5250),
                offered(5300, "C1002", "A001", 1, 1002),
                at(5400, "delivered", "C1002", "A001", 1),
                at(13349, "tick", before=6900),
                at(13350, "missed", "C1002", "A001", 1),
            )(it),
            gaps=((7000, 13000),),
        ),
    ),
    "somebody free beside somebody who waits": ("waits in vain", with_events(on_duty("A001", 5300))),
    "more than an agent can take": (
        "over capacity",
        with_events(
            on_duty("A001", 5250),
            *arrives(5310, 3, "C1003", "+491702", "me too"),
            offered(5300, "C1002", "A001", 1, 1002),
            offered(5311, "C1003", "A001", 1, 1003),
        ),
    ),
    "not the one whose turn it was": (
        "turn",
        with_events(
            on_duty("A001", 5),
            on_duty("A000", 5150),
            Event((5200, 0), 5200, "offered", "C1002", "A000", 1, {"rank": 1002}),
        ),
    ),
    "words of somebody who doesn't own it": (
        "not the owner",
        with_events(at(1200, "reply.held", "C1001", "A001", 9, body="{}", source="C1:9", until=3200)),
    ),
    "an offer that never ends": (
        "offer for ever",
        lambda it: replace(
            with_events(
                on_duty("A001", 5250),
                offered(5300, "C1002", "A001", 1, 1002),
                at(5301, "delivered", "C1002", "A001", 1),
            )(it),
            ended=60_000,
        ),
    ),
    "a step that never ends": (
        "step for ever",
        lambda it: replace(without("step", "C1002")(it), ended=60_000),
    ),
    "a timer that is set anew as it fires": (
        "no rest",
        with_events(*(Event((13_400, n), 13_400, "tick", x={"before": 13_399}) for n in range(300))),
    ),
    "a wrap-up that never ends": ("wraps for ever", without("closed")),
    "a contact in no queue": ("nowhere", without("queued", "C1002")),
    "a reply was kept in another contact": (
        "wrong contact",
        lambda it: replace(it, typed=(replace(it.typed[0], contact="C1002"),)),
    ),
    "a reply is held for ever": (
        "reply stuck",
        lambda it: replace(
            without("message.receipt", n=3)(without("message.out", n=3)(it)),
            sent=it.sent[:1],
            typed=(UNMARKED,),
        ),
    ),
    "missed long after its time": (
        "missed late",
        with_events(
            on_duty("A001", 5250),
            offered(5300, "C1002", "A001", 1, 1002),
            at(5400, "delivered", "C1002", "A001", 1),
            at(30_000, "missed", "C1002", "A001", 1),
        ),
    ),
    "ended while it waits": ("closed wrongly", with_events(at(13_500, "closed", "C1002"))),
    "a confirmed move is lost": ("move lost", lambda it: replace(it, moved=(Moved("transfer", "C1002"),))),
    "offered to the one who has it": (
        "offered wrongly",
        with_events(offered(3200, "C1001", "A000", 5, 1001), at(3300, "rescinded", "C1001", "A000", 5)),
    ),
    "a move happened twice": (
        "moved twice",
        lambda it: replace(
            with_events(at(13_500, "split", "C1002", to="C1003"))(it), asked={("transfer", "C1002"): 1}
        ),
    ),
    "handed over by nobody": (
        "handed wrongly",
        with_events(at(13_500, "transferring", "C1002", "A000", to="A001", service="help", only=True)),
    ),
    "put off though its customer wrote": (
        "put off",
        with_events(
            at(3100, "message", "C1001", n=9, kind="in", body="{}"),
            at(3200, "snoozed", "C1001", "A000", why="quiet"),
            at(3300, "returned", "C1001", "A000"),
        ),
    ),
    "a customer's words don't wake what is put off": (
        "sleeps on",
        with_events(
            at(3100, "snoozed", "C1001", "A000", why=""),
            at(3200, "message", "C1001", n=9, kind="in", body="{}"),
            at(3300, "returned", "C1001", "A000"),
        ),
    ),
    "reminded a second time": (
        "reminded again",
        with_events(at(3100, "nudged", "C1001", "A000"), at(3200, "nudged", "C1001", "A000")),
    ),
    "refused by the only one it was handed to, and still on its way": (
        "not kept",
        lambda it: with_events(
            at(3100, "transferring", "C1001", "A000", to="A003", service="help", only=True),
            on_duty("A003", 3150),
            offered(3200, "C1001", "A003", 9, 1001),
            at(3300, "declined", "C1001", "A003", 9),
        )(without("wrapping")(without("closed")(it))),
    ),
    "an end that its thread isn't told": ("end not told", lambda it: replace(it, lines=())),
    "handed over for ever": (
        "handed for ever",
        lambda it: replace(
            with_events(at(3100, "transferring", "C1001", "A000", to="A003", service="help", only=True))(
                without("wrapping")(without("closed")(it))
            ),
            ended=90_000,
        ),
    ),
    "a text in another one's contact": (
        "wrong conversation",
        lambda it: with_events(
            *arrives(901, 8, "C1008", "+491708", "help"),
            at(920, "message", "C1008", n=2, kind="in", body=json.dumps({"event": "SM9", "text": "more"})),
        )(replace(it, texted=(*it.texted, Texted("SM9", EVA, "more", 200)))),
    ),
    "a history with a hole": ("history torn", without("arrived", "C1002")),
}

CHECKS = {check for check, _ in WRONG.values()} | {"not sent away"}
"""Every kind of violation that the tests here show to be found."""


def test_every_kind_of_violation_has_been_seen() -> None:
    rooms = [Path(chaos_check.__file__).parent / name for name in ("check.py", "check_queue.py", "tale.py")]
    told = re.findall(r"""(?:Violation|\btell)\(\s*"([^"]+)\"""", "".join(it.read_text() for it in rooms))
    assert len(told) > 40 and set(told) - CHECKS == set()


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str) -> None:
    wanted, change = WRONG[what]
    assert wanted in {it.check for it in check(change(good()))}


def test_a_contact_that_was_split_off_and_opened_again_stops_no_check() -> None:
    split = (at(5210, "reopened", "C1009", "A000"), at(5220, "wrapping", "C1009", "A000"))
    assert {it.check for it in check(with_events(*split)(without("step", "C1002")(good())))} >= {
        "history torn"
    }


def test_a_worker_that_ticked_amid_a_gap_may_count_a_miss() -> None:
    gone = "missed while nothing ran, and the last tick was long before"
    wrong = WRONG[gone][1](good())
    # Its time was up at 11,400, and somebody had come just before.
    rest = [e for e in wrong.events if e.e != "tick"]
    events = sorted([*rest, at(13349, "tick", before=11_400)], key=lambda e: e.entry)
    lived = replace(wrong, events=tuple(events))
    assert "missed in a gap" not in {it.check for it in check(lived)}


@pytest.mark.parametrize("pause", [5_000, 0])
def test_whom_slacks_limit_kept_from_an_offer_is_asked_about_others_first(pause: int) -> None:
    more = {"pause": pause} if pause else {}
    seen = with_events(
        on_duty("A001", 5250),
        offered(5300, "C1002", "A001", 1, 1002),
        at(5310, "rescinded", "C1002", "A001", 1, reason="slow", **more),
        *arrives(5320, 3, "C1003", "+491702", "me too"),
        offered(5330, "C1003", "A001", 1, 1003),
    )(good())
    assert [it.check for it in check(seen) if it.check == "order"] == ([] if pause else ["order"])


@pytest.mark.parametrize("to", ["A000", "team desk"])
def test_of_what_a_person_was_asked_for_one_is_asked_at_a_time_afterwards_too(to: str) -> None:
    """A customer who writes again finds their contact in the step that it was handed over with."""
    again = [
        on_duty("A001", 3050),
        on_duty("A002", 3060),
        at(3100, "transferring", "C1001", "A000", to=to, service="both", only=False),
        at(3200, "offered", "C1001", "A001", 2, step=0, rank=1001),
        at(3300, "accepted", "C1001", "A001", 2),
        at(4000, "wrapping", "C1001", "A001"),
        at(5000, "closed", "C1001", "A001"),
        at(5300, "reopened", "C1001"),
        at(5300, "queued", "C1001", why="owner full", service="both"),
        at(5310, "offered", "C1001", "A001", 3, step=0, rank=1001),
        offered(5330, "C1002", "A002", 1, 1002),
    ]
    both = replace(
        RULES, steps={**RULES.steps, "both": RULES.steps["help"]}, at_once={**RULES.at_once, "both": 2}
    )
    seen = replace(with_events(*again)(without("wrapping")(without("closed")(good()))), rules=both)
    assert [it.about for it in check(seen) if it.check == "order"] == ([] if to == "A000" else ["C1002:1"])


def test_a_reply_that_was_overtaken_while_it_was_held_answers_nobody() -> None:
    """A mail sleeps once it is answered: what its customer wrote meanwhile isn't."""
    seen = with_events(
        at(2000, "message", "C1001", n=4, kind="in", body="{}"),
        at(3500, "snoozed", "C1001", "A000", why="quiet"),
    )(good())
    assert "put off" in {it.check for it in check(seen)}
    assert "put off" not in {it.check for it in check(without("message", n=4)(seen))}


def test_who_handed_over_and_keeps_it_may_be_reminded_anew() -> None:
    """To hand over is an act: their silence begins anew when nobody takes it."""
    moved = [
        at(3100, "nudged", "C1001", "A000"),
        at(3200, "transferring", "C1001", "A000", to="A003", service="help", only=True),
        at(3300, "kept", "C1001", "A000", why="unavailable"),
        at(3400, "nudged", "C1001", "A000"),
    ]
    assert "reminded again" not in {it.check for it in check(with_events(*moved)(good()))}


def test_two_misses_in_a_row_send_away() -> None:
    events = [on_duty("A001", 5250)]
    for n in range(2):
        begin = 5300 + n * 7000
        events += [
            *arrives(begin - 2, 3 + n, f"C200{n}", f"+49172{n}", "x"),
            offered(begin, f"C200{n}", "A001", 1, 1003 + n),
        ]
        events += [
            at(begin + 10, "delivered", f"C200{n}", "A001", 1),
            at(begin + 6100, "missed", f"C200{n}", "A001", 1),
        ]
    assert "not sent away" in {it.check for it in check(with_events(*events)(good()))}


def test_the_same_seed_is_the_same_schedule_and_a_long_one_has_every_kind() -> None:
    import random

    one, two = (schedule(random.Random(7), 60, 90.0) for _ in range(2))
    assert one == two
    assert {it.kind for it in one} == {*INSIDE, *OUTSIDE}
    assert all(0 <= it.at <= 90 and it.lasts > 0 for it in one)
