"""The work after a contact: how it ends, early or later, and what is said of it when it has ended. What is told of it.

complete ─▶ wrapping ─▶ Done …, with how it ended ─▶ closed ─▶ filled in afterwards, rated: `remark`
               │ ▲  More time, twice
               └─┘
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from ..channels.channel import WrapUp
from ..channels.house import Told
from ..queue.engine import Queue
from ..queue.replies import Answer
from ..queue.state import ENDED, ContactView, Event
from .look import ended_so, fields_of, more
from .plan.model_closing import USUAL, Closing

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


def outcome(said: Mapping[str, str], fields: Mapping[str, str], by: str) -> str:
    """What is kept of how it ended, as JSON: disposition, root_cause, resolution, the plan's own `fields`, by whom."""
    told = {**said, **({"fields": dict(fields)} if fields else {}), "by": by}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


async def close(queue: Queue, contact: str, told: str, agent: str) -> str:
    """Ended as `told` (JSON) by the queue's `agent`; what they are told, "" when it was too late."""
    view = await queue.contact(contact)
    over = view is None or view.state in ENDED
    by = agent if view is None or over else view.owner
    if not (await end(queue, contact, view, by, told)).done:
        return ""
    return f"Kept with {contact}." if over else f"{contact} is closed."


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
    if answer.outcome == "not_owner":
        return Told(False, f"Only whoever had {contact} is done with it.")
    if answer.state == "active":
        return Told(False, f"{contact} is open again.")
    return Told(True, f"{contact} is done.") if answer.done else Told(False, f"{contact} was done already.")


def outcome_of(words: str, dispositions: Sequence[str] = USUAL) -> dict[str, str]:
    """ "solved new cable" as a disposition and what helped; words that begin with none are the resolution."""
    said = words.strip()
    known = sorted(dispositions, key=len, reverse=True)
    found = next((it for it in known if re.match(re.escape(it) + r"(?!\w)", said, re.IGNORECASE)), "")
    return {"disposition": found, "resolution": said[len(found) :].strip(" :,")} if said else {}


def wrap_up(event: Event, closing: Closing) -> WrapUp:
    """What the thread shows for `wrapping` and `wrap.longer`; how it ended is known once all that is asked was said."""
    said, until = ended_so(event), int(str(more(event).get("until") or 0))
    ended, by = said.get("disposition", ""), said.get("by", "")
    told = "More time" if event.e == "wrap.longer" else f"{event.c} ended: {ended or by or 'completed'}"
    filled = bool(ended) and not closing.faults(said, fields_of(event))
    return WrapUp(event.c, f"{told}.", until, filled, event.n < MOST)


def how(event: Event) -> str:
    """Disposition, root cause, resolution and the plan's own fields in a line, "" when nothing was said."""
    said = ended_so(event)
    parts = [said.get(key, "") for key in ("disposition", "root_cause", "resolution")]
    parts += [f"{name}: {', '.join(it.splitlines())}" for name, it in fields_of(event).items()]
    return "; ".join(part for part in parts if part)


def remarked(event: Event, name: str) -> str:
    """A line for the thread about what was said of its end, "" for nothing; `name`: whose words they are."""
    said = ended_so(event)
    if rating := said.get("rating"):
        return f"The customer rated it: {rating} of 5."
    words = how(event)
    return f"{name} says how it ended: {words}" if words else ""
