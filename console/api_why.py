"""`/api/v1/contacts/{id}/why`: for the open and the ended, now and at an instant that is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..router.explain import Moments, account
from ..router.rulebook import Rulebook
from . import views
from .past import Past, StillReading, Unknown, instant_of
from .problem import problem

PATIENCE = 10.0
"""Seconds for what is only an addition: why each offer went where it went."""
SOON = "The record is long and is still being read. Ask again in a moment: it goes on from where it is."
NO_CHOICES = "Why each offer went where it went can't be told now: "


async def answer_why(
    request: web.Request, queue: Queue, book: Rulebook, moments: Moments, past: Past | None
) -> web.Response:
    """The account as JSON; `at=` an instant, `choices=1` for why they were asked."""
    contact, at = request.match_info["id"], request.query.get("at", "")
    if at and past is not None:
        when = instant_of(at, book.plan.timezone, await queue.now())
        try:
            return web.json_response(await past.why(queue, book, contact, when))
        except Unknown as error:
            return problem(404, "no such contact then", str(error))
        except StillReading:
            return still_reading()
    found = await account(queue, book, moments, contact)
    if found is None:
        return problem(404, "no such contact", f"{contact[:40]} is neither in the queue nor in the history.")
    shown = views.account(found)
    if request.query.get("choices") == "1" and shown["offers"] and past is not None:
        shown = await _with_choices(shown, queue, book, past, found.story.ended)
    return web.json_response(shown)


def still_reading() -> web.Response:
    """Later, then."""
    answer = problem(503, "still reading", SOON)
    answer.headers["Retry-After"] = "5"
    return answer


async def _with_choices(
    shown: Mapping[str, Any], queue: Queue, book: Rulebook, past: Past, ended: int | None
) -> dict[str, Any]:
    """The same, with what the record says about each offer, if it says so soon."""
    note = ""
    try:
        then: Mapping[str, Any] = await past.why(
            queue, book, shown["contact"], ended or await queue.now(), PATIENCE
        )
    except (Unknown, StillReading) as error:
        then, note = {}, SOON if isinstance(error, StillReading) else str(error)
    except StoreError as error:
        then, note = {}, str(error)
    whys = {row["offer"]: row["why"] for row in then.get("offers", ())}
    offers = [row | {"why": whys.get(row["offer"], "")} for row in shown["offers"]]
    if not any(row["why"] for row in offers):
        note = note or str(then.get("note", ""))
    told = " ".join(filter(None, (shown["note"], note and NO_CHOICES + note)))
    return {**shown, "offers": offers, "note": told}
