"""An agent's numbers of a day are those of the ledger, in both databases."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers_history import arrived, told
from helpers_history import history as history

from tierline.queue.history.history import History
from tierline.queue.history.numbers import Numbers
from tierline.queue.state import Event

DAY = 1_780_000_000_000
MINUTE = 60_000


def taken(
    n: int, t: int, agent: str = "ada", answered: int | None = None, closed: int | None = None
) -> list[Event]:
    """A text with a promise of 10 min, taken at once by `agent`."""
    c = f"C{n}"
    came = arrived(c, f"SM{n}", t)
    x = json.loads(came.x)
    x["facts"] = json.dumps(json.loads(x["facts"]) | {"due": t + 10 * MINUTE})
    events = [
        Event(t, "arrived", c, "", 1, json.dumps(x)), told(t, "queued", c, rank=1), told(t, "offered", c, agent, 1),
        told(t + 1, "accepted", c, agent, 1, offer=1, agent=agent),
    ]  # fmt: skip
    if answered is not None:
        events.append(told(answered, "reply.held", c, agent, 2, body="{}"))
        events.append(told(answered, "message.out", c, agent, 2, kind="reply", body="{}"))
    if closed is not None:
        events.append(told(closed, "closed", c, agent, outcome="{}"))
    return events


async def test_what_an_agent_did_since_midnight_is_counted_and_nothing_else(history: History) -> None:
    undone = [
        told(DAY + 5 * MINUTE, "reply.held", "C4", "ada", 2),
        told(DAY + 5 * MINUTE, "reply.undone", "C4", "ada", 2),
    ]
    missed = [
        arrived("C7", "SM7", DAY), told(DAY, "queued", "C7", rank=1), told(DAY, "offered", "C7", "ada", 1),
        told(DAY + MINUTE, "missed", "C7", "ada", 1),
    ]  # fmt: skip
    events = [
        *taken(1, DAY - 2 * 3_600_000, answered=DAY - 3_600_000, closed=DAY - 3_600_000),  # yesterday's
        *taken(2, DAY, answered=DAY + 4 * MINUTE, closed=DAY + 6 * MINUTE),
        *taken(3, DAY, answered=DAY + 11 * MINUTE),  # too late
        *taken(4, DAY), *undone,  # not answered: what was undone never left
        *taken(5, DAY + 8 * MINUTE),  # not due yet
        *taken(6, DAY, agent="ben", answered=DAY + 1, closed=DAY + 2),
        *missed,
    ]  # fmt: skip
    await history.project([Event(e.t, e.e, e.c, e.a, e.n, e.x, id=f"{i}-0") for i, e in enumerate(events, 1)])
    found = await history.numbers("ada", DAY, DAY + 15 * MINUTE)
    assert found == Numbers(taken=4, closed=1, kept=1, promised=3, aht_written=6 * MINUTE - 1, missed=1)
    assert await history.numbers("nobody", DAY, DAY + 1) == Numbers()


@pytest.mark.promise("home-aht")
async def test_handle_time_is_talk_hold_and_wrap_up_of_calls_and_of_all_else_what_was_not_asleep(
    history: History,
) -> None:
    call, c = taken(2, DAY), "C2"
    call = [replace(it, x=it.x.replace('"sms', '"voice')) if it.e == "arrived" else it for it in call]
    events = [
        *call, told(DAY + 3 * MINUTE, "wrapping", c, "ada", outcome="{}"),
        told(DAY + 4 * MINUTE + 1, "closed", c, "ada", outcome="{}"),
        # Ben had it first; Ada put it off over night.
        *taken(3, DAY - 9 * 3_600_000, agent="ben"),
        told(DAY - 8 * 3_600_000, "accepted", "C3", "ada", 2, offer=2, agent="ada"),
        told(DAY - 8 * 3_600_000 + 5 * MINUTE, "snoozed", "C3", "ada", wake=DAY, why="later"),
        told(DAY, "woken", "C3"), told(DAY, "returned", "C3", "ada"),
        told(DAY + 10 * MINUTE, "closed", "C3", "ada", outcome="{}"),
    ]  # fmt: skip
    await history.project([Event(e.t, e.e, e.c, e.a, e.n, e.x, id=f"{i}-0") for i, e in enumerate(events, 1)])
    found = await history.numbers("ada", DAY, DAY + 15 * MINUTE)
    assert (found.closed, found.aht_calls, found.aht_written) == (2, 4 * MINUTE, 15 * MINUTE)
