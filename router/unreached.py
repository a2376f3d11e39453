"""A customer was called back as often as the plan says and never reached: whoever can do otherwise is told, once.

wrapping, closed "not reached" ─▶ `alerts`, and whoever had it last: which customer, how often, what can still be done
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import Desk
from ..queue.engine import Queue
from ..queue.state import Event
from .alerts import Alerts
from .callbacks import NOT_REACHED
from .cards import customer_line
from .facts import Facts
from .lanes import Job, Try
from .look import ended_so, spec_of
from .rulebook import Rulebook

KEPT = 7 * 86_400_000
"""ms for which it is remembered that it was told; a call is wrapped up and closed with one outcome."""


@dataclass(slots=True)
class Unreached:
    """Jobs for the ends of callbacks."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts

    def jobs(self, event: Event) -> list[Job]:
        """The consequences of one event."""
        if event.e not in ("wrapping", "closed") or ended_so(event).get("disposition") != NOT_REACHED:
            return []
        return [Job("alerts", "not reached", lambda t: self._tell(event, t))]

    async def _tell(self, event: Event, t: Try) -> None:
        contact = await self.queue.contact(event.c)
        if contact is None:
            return
        tries = (await self.queue.jots(event.c)).get("tries") or "several"
        name = f"unreached:{event.c}:{tries}:{contact.arrived}"
        if not (await self.queue.once(name, KEPT) or t.again):
            return
        customer = customer_line(Facts.parse(contact.facts))
        text = (
            f"{event.c} ({contact.service}): {customer} asked to be called back, was called {tries} times and not "
            f"reached. It is closed; to try again: `/tierline reopen {event.c}`, then `/tierline call {event.c}`."
        )
        await self.alerts.once(name, text, at=event.t / 1000, again=t.again)
        if (spec := spec_of(self.book(), event.a or contact.owner or contact.last_owner)) is not None:
            await self.desk.tell(spec.slack, text, key=name, again=t.again)
