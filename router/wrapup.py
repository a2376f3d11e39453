"""The work after a contact: how it ends, early or later, and what is said of it when it has ended. What is told of it.

complete ─▶ wrapping ─▶ Done …, with how it ended ─▶ closed ─▶ filled in afterwards, rated: `remark`
               │ ▲  More time, twice
               └─┘
"""

from __future__ import annotations

import json

from ..channels.channel import WrapUp
from ..channels.house import Closing, Told
from ..queue.engine import Queue
from ..queue.replies import Answer
from ..queue.state import ENDED, ContactView, Event
from .explain import Moments
from .look import ended_so, more

DISPOSITIONS = ("solved", "answered", "workaround", "not solved", "duplicate", "spam")
SHORTEST = 60_000
"""ms that *More time* brings at least; else as much as the wrap-up had."""
MOST = 2
"""How often there is more time (`Queue.wrap_on`)."""


async def end(queue: Queue, contact: str, view: ContactView | None, by: str, outcome: str) -> Answer:
    """Completed; in its wrap-up, done with it; and what has ended keeps it in its record. `view` None: left the store."""
    if view is None or view.state in ENDED:
        return await queue.remark(contact, by, outcome)
    if view.state == "wrapping":
        return await queue.finish(contact, by, outcome)
    return await queue.complete(contact, by, outcome)


async def answerable(queue: Queue, moments: Moments, contact: str) -> str | None:
    """Who has it, or, of what has been closed, had it last ("" nobody); None: nothing can be said of its end."""
    view = await queue.contact(contact)
    if view is not None and view.state not in ENDED:
        return view.owner
    if view is not None:
        return view.last_owner or None if view.state == "closed" else None
    record = await moments.contact(contact)
    return record.owner or None if record is not None and record.state == "closed" else None


async def close(queue: Queue, it: Closing, name: str, agent: str) -> str:
    """What the close modal says, by `name`, who is the queue's `agent`; what they are told, "" when it was too late."""
    view = await queue.contact(it.contact)
    outcome = {
        "disposition": it.disposition, "root_cause": it.root_cause, "resolution": it.resolution, "by": name,
    }  # fmt: skip
    over = view is None or view.state in ENDED
    by = agent if view is None or over else view.owner
    text = json.dumps(outcome, ensure_ascii=False, separators=(",", ":"))
    if not (await end(queue, it.contact, view, by, text)).done:
        return ""
    return f"Kept with {it.contact}." if over else f"{it.contact} is closed."


async def longer(queue: Queue, contact: str, agent: str) -> Told:
    """*More time*."""
    view = await queue.contact(contact)
    if view is None or view.state != "wrapping":
        return Told(False, f"The wrap-up of {contact} is over. *Done …* still takes how it ended.")
    answer = await queue.wrap_on(contact, agent, max(view.route.wrap_up, SHORTEST))
    match answer.outcome:
        case "ok":
            return Told(True, f"More time for {contact}.")
        case "too_late":
            return Told(False, f"There was more time for {contact} {MOST} times: that is all.")
        case _:
            return Told(False, f"Only whoever had {contact} takes more time for it.")


async def done(queue: Queue, contact: str, agent: str) -> Told:
    """*Done* where it is known how it ended."""
    answer = await queue.finish(contact, agent)
    return Told(True, f"{contact} is done.") if answer.done else Told(False, f"{contact} was done already.")


def outcome_of(words: str) -> dict[str, str]:
    """ "solved new cable" as a disposition and what helped; words that begin with none are the resolution."""
    said = words.strip()
    found = next((it for it in DISPOSITIONS if said.casefold().startswith(it)), "")
    return {"disposition": found, "resolution": said[len(found) :].strip(" :,")} if said else {}


def wrap_up(event: Event) -> WrapUp:
    """What the thread shows for `wrapping` and `wrap.longer`."""
    said, until = ended_so(event), int(str(more(event).get("until") or 0))
    how, by = said.get("disposition", ""), said.get("by", "")
    told = "More time" if event.e == "wrap.longer" else f"{event.c} ended: {how or by or 'completed'}"
    return WrapUp(event.c, f"{told}.", until, bool(how), event.n < MOST)


def remarked(event: Event, name: str) -> str:
    """A line for the thread about what was said of its end, "" for nothing; `name`: whose words they are."""
    said = ended_so(event)
    if rating := said.get("rating"):
        return f"The customer rated it: {rating} of 5."
    parts = [said.get(key, "") for key in ("disposition", "root_cause", "resolution")]
    words = "; ".join(part for part in parts if part)
    return f"{name} says how it ended: {words}" if words else ""
