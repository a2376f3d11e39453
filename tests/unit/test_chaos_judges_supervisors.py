"""The chaos checker on what supervisors do: incidents, closings, merges and re-openings, each wrong once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from test_chaos_checker_finds import EVA, JONAS, RULES, arrives, at, with_events, without

from tierline.bench.chaos import check_announced
from tierline.bench.chaos.check import check
from tierline.bench.chaos.seen import Announced, Event, Seen, Sent, Texted

OTHER = "+491702"
DECIDED = {
    "prefer": ["", "preferred", None],
    "route": '["fix","sms",[[["fix","sms",[],[],[1],[]],8000]],1,1]',
}
KNOWN, OVER, SHUT = "Known: printers, I1.", "Over: printers, I1.", "Closed for a moment, K2."


def told(ms: int, contact: str, n: int, text: str) -> list[Event]:
    body = json.dumps({"text": text, "by": "Tierline"})
    return [
        at(ms, "message.out", contact, n=n, body=body),
        at(ms + 5, "message.receipt", contact, n=n, status="delivered", provider_id=f"SM{contact}{n}"),
    ]


def good() -> Seen:
    """An incident of which a customer hears, another who comes while it is closed and is asked about afterwards."""
    rules = replace(
        RULES,
        steps={**RULES.steps, "fix": RULES.steps["help"]},
        at_once={"help": 1, "fix": 1},
        until={"help": (80_000,), "fix": (80_000,)},
    )
    events = [
        at(50, "alert", name="incident:I1", on=True),
        *arrives(2_000, 1, "C1001", EVA, "the printer is stuck 1", service="fix"),
        *told(2_100, "C1001", 2, KNOWN),
        at(12_000, "alert", name="incident:I1", on=False),
        *told(12_100, "C1001", 3, OVER),
        at(20_000, "alert", name="shut:fix", on=True),
        *arrives(21_000, 2, "C1002", JONAS, "the printer is stuck 2", service="fix", parked=True)[:1],
        at(21_001, "parked", "C1002"),
        *told(21_100, "C1002", 2, SHUT),
        at(22_000, "alert", name="shut:fix", on=False),
        at(22_100, "rerouted", "C1002", rank=3_000, decision=DECIDED),
        *arrives(30_000, 3, "C1003", OTHER, "please help 3"),
    ]
    sent = ((2_103, EVA, KNOWN), (12_103, EVA, OVER), (21_103, JONAS, SHUT))
    return Seen(
        rules=rules,
        texted=tuple(
            Texted(f"SM{n}", who, text, 200)
            for n, who, text in (
                (1, EVA, "the printer is stuck 1"),
                (2, JONAS, "the printer is stuck 2"),
                (3, OTHER, "please help 3"),
            )
        ),
        sent=tuple(Sent(*it) for it in sent),
        events=tuple(sorted(events, key=lambda e: e.entry)),
        announced=(
            Announced("incident", KNOWN, 40, 60, 11_990, 12_010, OVER),
            Announced("closing", SHUT, 19_990, 20_010, 21_990, 22_010),
        ),
        ended=31_000,
    )


def sent(*more: Sent) -> Callable[[Seen], Seen]:
    return lambda it: replace(it, sent=(*it.sent, *more))


def merged(it: Seen, *then: Event) -> Seen:
    """The first customer's contact was merged into the third's."""
    end = json.dumps({"merged": "C1003"})
    events = (
        at(30_100, "merged", "C1001", into="C1003"),
        at(30_100, "closed", "C1001", outcome=end),
        at(30_100, "reranked", "C1003", by="", why="merged"),
        *then,
    )
    asked = {("merge", "C1001"): 1}
    return with_events(*events)(replace(it, asked=asked, spammed=frozenset()))


def writes(ms: int, contact: str, n: int) -> Event:
    body = json.dumps({"event": "SM9", "sender": EVA, "text": "and more"})
    return at(ms, "message", contact, n=n, kind="in", body=body)


def more_texts(it: Seen) -> Seen:
    return replace(it, texted=(*it.texted, Texted("SM9", EVA, "and more", 200)))


def later(it: Seen) -> Seen:
    """Somebody else, who came later, hears of both."""
    who, text = "+491704", "the printer is stuck 4"
    more = [*arrives(2_500, 4, "C1004", who, text, service="fix")]
    more += [*told(2_600, "C1004", 2, KNOWN), *told(12_200, "C1004", 3, OVER)]
    it = replace(it, texted=(*it.texted, Texted("SM4", who, text, 200)))
    return with_events(*more)(sent(Sent(2_603, who, KNOWN), Sent(12_203, who, OVER))(it))


WRONG: dict[str, tuple[str, Callable[[Seen], Seen]]] = {
    "an incident told twice": (
        "told twice",
        lambda it: with_events(*told(2_200, "C1001", 9, KNOWN))(sent(Sent(2_203, EVA, KNOWN))(it)),
    ),
    "an incident that left twice": ("told twice", sent(Sent(2_203, EVA, KNOWN))),
    "an incident told to somebody else": (
        "told falsely",
        lambda it: with_events(*told(30_200, "C1003", 9, KNOWN))(sent(Sent(30_203, OTHER, KNOWN))(it)),
    ),
    "a closing told to another service's customer": (
        "told falsely",
        lambda it: with_events(*told(30_200, "C1003", 9, SHUT))(sent(Sent(30_203, OTHER, SHUT))(it)),
    ),
    "an incident that somebody never heard of": (
        "not told",
        lambda it: later(without("message.out", "C1001")(replace(it, sent=it.sent[2:]))),
    ),
    "an end that somebody never heard of": (
        "not told",
        lambda it: without("message.out", "C1001", 3)(replace(it, sent=(it.sent[0], it.sent[2]))),
    ),
    "taken in while it was closed": (
        "held wrongly",
        with_events(*arrives(21_500, 8, "C1008", "+491708", "the printer 8", service="fix")),
    ),
    "held although it was open": (
        "held wrongly",
        with_events(*arrives(23_000, 8, "C1008", "+491708", "the printer 8", service="fix", parked=True)),
    ),
    "held for ever": ("held for ever", without("rerouted", "C1002")),
    "opened again beside another one": (
        "two contacts",
        lambda it: merged(it, at(30_300, "reopened", "C1001")),
    ),
    "a text in what was merged away": (
        "wrong conversation",
        lambda it: more_texts(merged(it, writes(30_300, "C1001", 9))),
    ),
    "merged by nobody": ("moved twice", lambda it: replace(merged(it), asked={})),
}

CHECKS = {check for check, _ in WRONG.values()}
"""Every kind of violation that the tests here show to be found."""


def test_a_good_history_has_no_violation() -> None:
    assert check(good()) == [] and check(later(good())) == []
    assert check(more_texts(merged(good(), writes(30_300, "C1003", 2)))) == []


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_found(what: str) -> None:
    wanted, change = WRONG[what]
    assert wanted in {it.check for it in check(change(good()))}


def test_every_kind_of_violation_has_been_seen() -> None:
    said = re.findall(r"""Violation\(\s*"([^"]+)\"""", Path(check_announced.__file__).read_text())
    assert len(said) >= 6 and set(said) - CHECKS == set()
