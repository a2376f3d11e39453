"""The card of a call's offer, beside the ringing phone: its deadline begins as the phone rings, wherever the card is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..channels.channel import Desk, NotDelivered
from ..queue.engine import Queue
from ..queue.failures import StoreError
from ..queue.history.records import Past
from ..queue.state import ContactView, Event, MessageView
from .alerts import Alerts
from .cards import card, ended_words
from .facts import Facts
from .lanes import Try
from .look import more, spec_of
from .plan.model import AgentSpec
from .ringing import Ringing
from .rulebook import Rulebook

PAST_WAIT = 0.3
"""Seconds that the history is given for an offer's line about earlier contacts."""


class Pasts(Protocol):
    """What a card shows of the past."""

    async def past_of(self, names: Sequence[str], limit: int) -> tuple[Past, ...]:
        """The customer's earlier contacts, newest first."""


@dataclass(slots=True)
class CallCards:
    """Card and phone of the offers of calls."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts
    histories: Pasts
    ringing: Ringing

    async def ring(
        self, event: Event, t: Try, contact: ContactView, messages: tuple[MessageView, ...], now: int
    ) -> None:
        """A call: card and phone together. The deadline begins as the phone rings, wherever the card is."""
        spec = spec_of(self.book(), event.a)
        if spec is None:
            await self.queue.rescind(event.c, event.n, "not in the plan")
            return
        done = await asyncio.gather(
            self.ringing.offer(event, t),
            self._call_card(event, t, contact, spec, messages, now),
            return_exceptions=True,
        )
        for error in done:
            if isinstance(error, BaseException):
                raise error

    async def _call_card(
        self, event: Event, t: Try, contact: ContactView, spec: AgentSpec,
        messages: tuple[MessageView, ...], now: int,
    ) -> None:  # fmt: skip
        """The card beside the ringing phone; an agent whom Slack can't reach is rung all the same."""
        shown = any(it.number == event.n and it.place for it in contact.offers)
        if shown or (await self.queue.jots(event.c)).get(f"card.{event.n}"):
            return
        past = await lately(self.histories, Facts.parse(contact.facts))
        it = card(self.book(), contact, event.n, spec, messages, past, now)
        try:
            place = await self.desk.offer(it, t.again)
        except NotDelivered as error:
            if not error.permanent:
                raise
            name = f"unreachable:{event.a}"
            await self.alerts.once(name, f"{spec.name} cannot be reached in Slack: {error.reason}")
            return
        await self.queue.jot(event.c, f"card.{event.n}", place)
        after = await self.queue.contact(event.c)
        live = next((it for it in after.offers if it.number == event.n), None) if after else None
        if live is None:
            await self._withdraw_card(event, spec, place, after)
        elif live.delivered:  # it rang already: the place goes where that of every offer is
            await self.queue.delivered(event.c, event.n, place)
            await self.queue.jot(event.c, f"card.{event.n}", "")

    async def _withdraw_card(
        self, event: Event, spec: AgentSpec, place: str, after: ContactView | None
    ) -> None:
        """The offer ended while its card was on its way."""
        if after is not None and after.owner == event.a:
            told = f"{event.c} is yours. Answer in its thread."
        else:
            told = ended_words("rescinded", {}, "")
        await self.desk.withdraw(spec.slack, place, (event.c, event.n), told)
        await self.over(event)

    async def over(self, event: Event) -> None:
        """The offer has ended and its card says so: where that is needn't be known any more."""
        if self.ringing.may_be(event.c) and f"card.{event.n}" in await self.queue.jots(event.c):
            await self.queue.jot(event.c, f"card.{event.n}", "")

    async def place(self, event: Event) -> str:
        """Where the offer's card is; a call's deadline begins without it, so its place stands elsewhere."""
        place = str(more(event).get("place") or "")
        if place or self.ringing.channels.get(event.c, "voice") != "voice":
            return place
        return (await self.queue.jots(event.c)).get(f"card.{event.n}", "")


async def lately(histories: Pasts, facts: Facts) -> tuple[Past, ...]:
    """Earlier contacts, or none: an offer never waits for a slow or broken history."""
    try:
        async with asyncio.timeout(PAST_WAIT):
            return await histories.past_of((facts.customer, facts.address), 5)
    except (StoreError, TimeoutError):
        return ()
