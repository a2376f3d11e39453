"""Seeded bugs of the scripts, as `tests/store/core_bugs.py` has them: what must find each from outside.

First contact's are those up to "bounded fill leaves nothing to do"; the rest are The queue whole's.
"""

from __future__ import annotations

from .bugs import REPLIES, Seeded

FULL = {"contacts": 100, "agents": 4}
"""More than they can take: whoever is passed over or kept waiting shows."""


def _it(checks: str, **more: object) -> Seeded:
    made: dict[str, object] = {"contacts": 90, "agents": 6, "seconds": 14.0} | more
    return Seeded(checks, **made)  # type: ignore[arg-type]


CORE: dict[str, Seeded] = {
    "operation id forgotten": _it(
        "moved twice, note twice, reply twice", kinds=REPLIES, faults=26, favoured=("split", "hurry"), agents=12,
        contacts=180, seconds=25.0,
    ),
    "outside event forgotten": _it("text doubled", kinds=("twilio twice",), faults=6),
    "conversation forgotten": _it("two contacts"),
    "rank lost on decline": _it("rank lost"),
    "agent not filled after a decline": _it("order, waits in vain", declines=0.3, **FULL),
    "decline doesn't exclude": _it("asked again", declines=0.2),
    "capacity released at the beginning of the wrap-up": _it("over capacity"),
    "two owners: other offers live on after an accept": _it("two owners"),
    "exclusions live on after an accept": _it("order, waits in vain", declines=0.3, favoured=("back",), **FULL),
    "accept is no turn": _it("turn", agents=10),
    "limit of live offers ignored": _it("over capacity"),
    "cap of a channel ignored": _it("over capacity"),
    "misses in a gap count": _it("missed in a gap", kinds=("all workers frozen",), faults=4, lives=0.3, seconds=16.0),
    "deadline counts from the offer": _it("missed late", contacts=40, agents=10, lives=0.1, seconds=38.0),
    "two misses change nothing": _it("not sent away", lives=0.2),
    "age opens no step": _it("no rest, step for ever", contacts=160, agents=4),
    "waits for an agent who left": _it(
        "order, waits in vain, handed for ever", favoured=("transfer", "snooze", "date", "leave"), seconds=25.0,
        contacts=240, agents=9, faults=3,
    ),
    "offers while the desk is down": _it("desk down", kinds=("slack down", "slack answers lost"), faults=8),
    "search ends at the first class": _it("order", **FULL),
    "excluded run cut at a chunk": _it(
        "order, waits in vain", contacts=200, agents=2, declines=0.98, ignores=0.0, absent=1, seconds=40.0
    ),
    "the former owner goes on paying": _it("order, waits in vain", favoured=("transfer", "team"), **FULL),
    "refused by the one it was for, offered to all": _it(
        "not kept", declines=0.4, favoured=("transfer",), contacts=70, seconds=20.0
    ),
    "kept on the new route": _it(
        "not admitted, order, waits in vain", favoured=("transfer", "back"), agents=8, seconds=20.0
    ),
    "a snooze gives nothing back": _it("order, waits in vain", favoured=("snooze", "date"), **FULL),
    "a snoozed contact sleeps through a message": _it("sleeps on", favoured=("snooze",)),
    "back to an owner who is full": _it("over capacity", favoured=("snooze", "date"), **FULL),
    "a further message moves a rank back": _it("rank lost", favoured=("snooze",), **FULL),
    "reminded for ever": _it("reminded again", favoured=("pause",), seconds=36.0),
    "a silent owner is asked again": _it("asked again", favoured=("pause",), seconds=36.0),
    "a merged conversation leads nowhere": _it(
        "two contacts, wrong conversation", favoured=("split",), supervised=True, contacts=120, seconds=25.0
    ),
    "two open contacts in one conversation": _it(
        "two contacts", favoured=("split",), supervised=True, contacts=160, agents=10, seconds=30.0
    ),
    "another rank in the old seat": _it("order, waits in vain, rank lost", favoured=("hurry",), **FULL),
}  # fmt: skip

UNREACHED: dict[str, str] = {
    "texts are offered during a call": "no door for calls yet",
    "a call leaves offered texts standing": "no door for calls yet",
    "nobody is kept free": "needs two channels of different cost",
    "kept free after leaving": "needs two channels of different cost",
    "end of an exclusion matches nobody": "needs a minute in which nobody else is there: longer than a run",
    "dead class isn't left": "shifts end on the minute: longer than a run",
    "head of a class left stale": "costs time only: a head's rank that is too early is looked at and passed",
    "group left in the old index": "costs time only: an empty group is looked at and passed",
    "own classes in no order": "needs more than sixteen classes",
    "bounded fill leaves nothing to do": "needs an agent with more than sixteen live offers; a plan gives ten",
    "a transfer gives a new rank": "shows nothing: the router hands in the rank that the contact has",
    "handed over to its owner": "shows nothing: only what is meant for one agent asks it, and that is never its owner",
    "quiet though the customer wrote": "shows nothing: a quiet end asks again whether the customer is owed a word",
    "a wrap-up goes on beside a new message": "shows nothing: the timer that is left asks for the state",
    "reminded beside a held reply": "needs a reminder due within the two seconds in which a reply is held",
    "gone with their work": "shifts end on the minute: longer than a run",
    "back in time and yet robbed": "shifts end on the minute: longer than a run",
    "a removed agent's dates are forgotten": "the crowd's plan removes nobody",
    "re-opened after any time": "needs half an hour after the end",
    "forgotten while it may be re-opened": "needs half an hour after the end",
    "who couldn't be reached counts as asked": "needs Slack's limits, which are off in a run",
    "whoever hands over could still be asked": "needs everybody else to decline one handover",
    "nobody is there and nobody is told": "alerts are not judged from outside yet",
    "the last one leaves unnoticed": "alerts are not judged from outside yet",
    "handed over in its sleep at no cost": "the crowd hands over what is in its hands",
    "declined, its date is forgotten": "the crowd hands over what is in its hands",
    "asleep though the customer wrote": "the crowd hands over what is in its hands",
    "decided too early and taken": "the process that closes a service takes the texts in",
    "held by a closing that is over": "a closing would have to end between a worker's look and its act",
    "told though it is over": "an incident would have to end between a worker's look and its text",
    "said twice at once": "an incident would have to begin just as its customer is greeted",
    "step ends written over": "the services of the crowd's plan keep no hours",
    "called back and forgotten at once": "needs half an hour after the end",
    **dict.fromkeys(
        ("counted twice", "counted to nobody", "an hour is for ever"),
        "the crowd stays far below the plan's limits of texts",
    ),
    **dict.fromkeys(
        (
            "a leg goes back",
            "a late word isn't heard",
            "an ended leg is asked about for ever",
            "what was known of a leg is forgotten",
            "legs outlive their contact",
            "a fact isn't given back",
            "a phone that nobody answers is nobody's miss",
            "answered, and not in time",
            "an answered phone has shown nothing",
            "a deadline is put off for ever",
            "the others' phones go on ringing",
            "others are asked beside a claim",
            "found by those who come, though claimed",
            "a claim outlives its offer",
            "two take it",
            "put off with each claim",
            "a place that comes later is lost",
            "torn from a call",
            "a caller who hung up keeps it",
            "left for good amid a call",
            "removed amid a call",
            "reminded amid a call",
        ),
        "the crowd has no telephones",
    ),
}
"""What no outside act of a run can show, and why. `SEEDED` has more than as many others in their place."""
