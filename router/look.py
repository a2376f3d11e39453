"""Small look-ups that the deliveries share."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import lru_cache

from ..queue.engine import Queue
from ..queue.json_text import parsed
from ..queue.state import ContactView, Event, MessageView
from .plan.model import AgentSpec
from .rulebook import Rulebook


def more(event: Event) -> Mapping[str, object]:
    """What an event says besides contact, agent and number."""
    return _read(event.x or "{}")


@lru_cache(maxsize=64)  # a dozen of those who make jobs of an event ask, one after the other
def _read(text: str) -> Mapping[str, object]:
    raw = parsed(text)
    return raw if isinstance(raw, dict) else {}


def spec_of(book: Rulebook, agent: str) -> AgentSpec | None:
    """The plan's agent with the queue's id `agent`."""
    return book.by_id.get(agent)


async def found_message(queue: Queue, contact: str, n: int) -> tuple[ContactView, MessageView] | None:
    """A contact and its message `n`, or None when either is gone."""
    view, said = await asyncio.gather(queue.contact(contact), queue.messages(contact, n, n))
    found = next(iter(said), None)
    return None if view is None or found is None else (view, found)


def agents_language(book: Rulebook, agent: str) -> str:
    """The one that the agent (the queue's id) speaks best, of those in which we can say anything."""
    spec, known = spec_of(book, agent), book.plan.languages or ("en",)
    levels = dict(spec.profile.languages) if spec else {}
    return max(known, key=lambda it: (levels.get(it, 0), -known.index(it)))


def ended_so(event: Event) -> dict[str, str]:
    """The outcome that an event tells, without the plan's own fields."""
    return {key: str(value) for key, value in _outcome(event).items() if key != "fields"}


def fields_of(event: Event) -> dict[str, str]:
    """The plan's own fields in the outcome that an event tells."""
    found = _outcome(event).get("fields")
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def _outcome(event: Event) -> Mapping[str, object]:
    raw = more(event).get("outcome")
    try:
        found = json.loads(raw) if isinstance(raw, str) and raw else raw
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
