"""A call's timeline in words: in its thread and in its story."""

from __future__ import annotations

import pytest
from helpers_history import told
from helpers_plan import book

from tierline.router.call_lines import lasting, said
from tierline.router.story import tell

CALL = "C1001"
EVENTS = [
    told(1_000, "leg", CALL, "", 0, sid="CA0", state="answered", was="", r="customer"),
    told(1_600, "leg", CALL, "Ada", 1, sid="CA1", state="ringing", was="initiated", r="agent"),
    told(2_000, "leg", CALL, "Ada", 1, sid="CA1", state="answered", was="ringing", r="agent"),
    told(2_500, "call", CALL, "Ada", 0, what="inside"),
    told(2_600, "call", CALL, "", 0, what="conference"),
    told(3_000, "call", CALL, "Ada", 0, what="asked", **{"for": "hold"}),
    told(3_100, "call", CALL, "", 0, what="hold"),
    told(4_000, "call", CALL, "", 0, what="refused", of="unhold", why="Twilio had an error of its own"),
    told(5_000, "call", CALL, "", 0, what="unhold"),
    told(6_000, "call", CALL, "Ben", 0, what="joined", **{"as": "listen"}),
    told(
        9_000,
        "leg",
        CALL,
        "Ada",
        1,
        sid="CA1",
        state="completed",
        was="answered",
        r="agent",
        s="192",
    ),
    told(9_100, "leg", CALL, "", 0, sid="CA0", state="completed", was="answered", r="customer", s="3700"),
]


@pytest.mark.promise("call-timeline")
def test_the_story_of_a_call_says_who_was_rung_who_was_in_it_and_what_the_customer_heard() -> None:
    assert [it.text for it in tell(book(), CALL, EVENTS).moments] == [
        "Ada's phone rings",
        "Ada's phone was answered",
        "Ada is on the line",
        "the customer is on hold",
        "the customer is still on hold: Twilio had an error of its own",
        "the customer is off hold",
        "Ben listens; nobody hears them",
        "Ada's line ended after 3 min 12 s",
        "the customer's line ended after 1 h 1 min 40 s",
    ]


@pytest.mark.promise("call-timeline")
def test_phones_that_nobody_answered_are_told_by_what_became_of_them() -> None:
    ends = {
        "busy": "line is busy",
        "failed": "could not be reached",
        "no-answer": "didn't answer",
        "canceled": "",
    }
    for state, words in ends.items():
        told_so = said("leg", "ben", {"state": state, "was": "ringing", "r": "agent"}, lambda it: "Ben")
        assert words in told_so and bool(told_so) == bool(words)


def test_a_duration_is_never_empty() -> None:
    assert [lasting(it) for it in (0, 59, 60, 3600)] == ["0 s", "59 s", "1 min 0 s", "1 h 0 s"]
