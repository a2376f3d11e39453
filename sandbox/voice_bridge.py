"""`<Dial>` with a `<Number>`, `<Client>` or `<Sip>`: another phone rings, and both talk.

Source: twilio.com/docs/voice/twiml/dial. Of several phones only the first is called. `<Queue>` takes whoever waits
longest out of a queue, without the document that its `url` could give.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from .twilio_rules import E164
from .voice_dial import Dial
from .voice_leg import Leg
from .voice_lines import Lines
from .voice_player import Page, Player, number
from .voice_rules import check_to
from .voice_state import LONGEST_CALL, Order, Source
from .voice_twiml import Verb

Talk = Callable[[str], Awaitable[None]]
_PREFIX = {"Client": "client:"}


class Bridge:
    """The nouns."""

    def __init__(self, player: Player, lines: Lines, dial: Dial) -> None:
        self._player = player
        self._lines = lines
        for noun in ("Number", "Client", "Sip"):
            dial.nouns[noun] = self.run
        dial.nouns["Queue"] = self.take

    async def run(self, leg: Leg, page: Page, verb: Verb, noun: Verb) -> dict[str, str]:
        """Ring the other phone, talk until one hangs up; what `action` is told. The other call ends with this one's."""
        to = _PREFIX.get(noun.name, "") + noun.text.strip()
        if fault := check_to(to, self._lines.account):
            code = 13227 if fault.code == 21215 else 13224
            self._player.store.warn(code, f"Dial: {fault.message}", leg.call.sid, page.url)
            return {"DialCallStatus": "failed"}
        both: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def talk(sid: str) -> None:
            other = self._lines.legs[sid]
            other.partner, leg.partner = leg, other
            both.set_result(None)
            await other.over

        child = self._lines.dial(self._order(leg, page, verb, noun, to, talk))
        either: list[asyncio.Future[Any]] = [both, child.over]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not both.done():
                return {
                    "DialCallStatus": child.call.status,
                    "DialCallSid": child.call.sid,
                    "DialBridged": "false",
                }
            await child.over
        finally:
            leg.partner = child.partner = None
            self._lines.end(child, "completed" if child.talking else "canceled")
        return {
            "DialCallStatus": "completed",
            "DialCallSid": child.call.sid,
            "DialCallDuration": str(child.call.duration),
            "DialBridged": "true",
        }

    async def take(self, leg: Leg, page: Page, verb: Verb, noun: Verb) -> dict[str, str]:
        """Talk with whoever is first in the queue, waiting for somebody if need be."""
        queue = self._lines.board.queue_named(noun.text.strip())
        if queue is None:
            return {"DialCallStatus": "failed", "DialBridged": "false"}
        patience = asyncio.create_task(self._player.pace.sleep(number(verb, "timeout", LONGEST_CALL, 1)))
        try:
            while not queue.members:
                queue.fresh.clear()
                coming = asyncio.create_task(queue.fresh.wait())
                await asyncio.wait({patience, coming}, return_when=asyncio.FIRST_COMPLETED)
                coming.cancel()
                if patience.done():
                    return {"DialCallStatus": "no-answer", "DialBridged": "false"}
        finally:
            patience.cancel()
        member = queue.members[0]
        other = self._lines.legs[member.call]
        since = self._lines.board.now()
        self._lines.queues.leave(other, "bridged")
        leg.partner, other.partner = other, leg
        try:
            either: list[asyncio.Future[Any]] = [other.over, member.parted]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leg.partner = other.partner = None
            if not member.parted.done():
                member.parted.set_result(None)
        talked = round(self._lines.board.now() - since)
        return {
            "DialCallStatus": "completed",
            "DialCallSid": other.call.sid,
            "DialCallDuration": str(talked),
            "DialBridged": "true",
        }

    def _order(self, leg: Leg, page: Page, verb: Verb, noun: Verb, to: str, talk: Talk) -> Order:
        """Called as the caller, or as `callerId` says; what is said first is the noun's own document."""
        ours = leg.call.sender if leg.call.direction == "inbound" else leg.call.to
        shown = verb.attributes.get("callerId") or (ours if E164.fullmatch(ours) else leg.call.to)
        first = page.link(noun, "url")
        events = noun.attributes.get("statusCallbackEvent", "completed").split()
        return Order(
            to=to,
            sender=shown,
            source=Source(first.url, first.method) if first else Source("", twiml="<Response/>"),
            callback=page.link(noun, "statusCallback", "statusCallbackMethod"),
            events=frozenset(events),
            timeout=number(verb, "timeout", 30, 1),
            limit=number(verb, "timeLimit", LONGEST_CALL, 1),
            parent=leg.call.sid,
            direction="outbound-dial",
            then=talk,
        )
