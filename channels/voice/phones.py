"""What is done with legs, through the twilio library (twilio.com/docs/voice/api)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from twilio.rest import Client

from ..channel import DeliveryError, NotDelivered, OutcomeUnknown
from ..fence import FENCED
from ..past import PastCall
from ..phone import Go, LegView, Ring
from ..twilio.account import TwilioAccount
from ..twilio.asking import asking
from ..twilio.http import TwilioHttp
from .errors import TEMPORARY, in_words
from .pace import Pace
from .received import forwarded, received
from .twiml import Addresses
from .webhook import STATES

if TYPE_CHECKING:
    from twilio.rest.api.v2010.account.call import CallInstance

LEG_EVENTS = ["initiated", "ringing", "answered", "completed"]
CURRENT = "Twilio.CURRENT"
"""The recording that runs."""
LOOK_AT = 100
"""Calls to one phone that a look-up reads, the newest."""
GONE = frozenset({"20404", "404", "21220"})
"""No such call (any more), or one that has ended: nothing to do is left."""


class TwilioPhones:
    """`Phones`. Made inside a running loop; close it."""

    def __init__(self, account: TwilioAccount, at: Addresses, per_second: float = 1.0, most: int = 0) -> None:
        self.at = at
        self.http = TwilioHttp(account.api_url)
        self.client = Client(account.sid, account.token, http_client=self.http)
        self.pace = Pace(per_second, most, self._there)

    async def close(self) -> None:
        """Close the connections."""
        await self.http.close()

    async def ring(self, it: Ring) -> LegView:
        """Make a leg, when it is its turn."""
        about = dict(it.about)
        more: dict[str, object] = {}
        if it.detect:
            more = {
                "machine_detection": "Enable",
                "async_amd": "true",
                "async_amd_status_callback": self.at.news("machine", about),
                "async_amd_status_callback_method": "POST",
            }
        async with self.pace.turn():
            with _asking():
                made = await self.client.calls.create_async(
                    to=it.to, from_=it.sender, url=self.at.turn(it.turn, about), method="POST", timeout=it.seconds,
                    status_callback=self.at.news("leg", about), status_callback_method="POST",
                    status_callback_event=LEG_EVENTS, **more,
                )  # fmt: skip
            self.pace.made(str(made.sid))
        return _view(made)

    async def find_ring(self, it: Ring, known: frozenset[str]) -> LegView | None:
        """By To and From alone: `start_time` is empty while a call waits, and a filter by it misses just those."""
        since = datetime.fromtimestamp(it.since / 1000, UTC) - timedelta(minutes=1)
        try:
            with _asking():
                listed = await self.client.calls.list_async(
                    to=it.to, from_=it.sender, limit=LOOK_AT, page_size=LOOK_AT
                )
        except NotDelivered as no:
            if no.code == FENCED:
                raise
            raise OutcomeUnknown(f"the look-up failed: {no.reason}") from None
        found = [
            call
            for call in listed
            if str(call.direction).startswith("outbound")
            and str(call.sid) not in known
            and (call.date_created is None or call.date_created >= since)
        ]
        if not found:
            return None
        newest = max(found, key=lambda call: call.date_created or datetime.max.replace(tzinfo=UTC))
        if str(newest.status) in ("queued", "ringing", "in-progress"):
            self.pace.made(str(newest.sid))
        return _view(newest)

    async def fetch(self, queue: str, sid: str, to: Go) -> bool:
        """Out of the queue and on; where the queue isn't known, the leg goes on from wherever it is."""
        if not queue:
            return await self.move(sid, to)
        try:
            with _asking():
                await self.client.queues(queue).members(sid).update_async(url=self._url(to), method="POST")
        except NotDelivered as no:
            return _gone(no)
        return True

    async def move(self, sid: str, to: Go) -> bool:
        """The leg asks `to` at once."""
        try:
            with _asking():
                await self.client.calls(sid).update_async(url=self._url(to), method="POST")
        except NotDelivered as no:
            return _gone(no)
        return True

    async def hang_up(self, sid: str) -> None:
        """`completed` ends a leg in any state; `canceled` would leave one alone that has just been answered."""
        try:
            with _asking():
                await self.client.calls(sid).update_async(status="completed")
        except NotDelivered as no:
            _gone(no)
        self.pace.ended(sid)

    async def hold(self, conference: str, sid: str, on: bool, to: Go | None = None) -> bool:
        """Music or words for one leg; the others go on talking."""
        more: dict[str, object] = {"hold_url": self._url(to), "hold_method": "POST"} if on and to else {}
        try:
            with _asking():
                await self.client.conferences(conference).participants(sid).update_async(hold=on, **more)
        except NotDelivered as no:
            return _gone(no)
        return True

    async def mute(self, conference: str, sid: str, on: bool) -> bool:
        """Nobody hears the leg."""
        try:
            with _asking():
                await self.client.conferences(conference).participants(sid).update_async(muted=on)
        except NotDelivered as no:
            return _gone(no)
        return True

    async def coach(self, conference: str, sid: str, coached: str) -> bool:
        """A supervisor speaks to one, or to all."""
        whom: dict[str, object] = {"call_sid_to_coach": coached} if coached else {}
        try:
            with _asking():
                seats = self.client.conferences(conference).participants
                await seats(sid).update_async(coaching=bool(coached), **whom)
        except NotDelivered as no:
            return _gone(no)
        return True

    async def record(self, conference: str, on: bool) -> bool:
        """What is said while it stands still isn't in it, and doesn't count as its length."""
        more: dict[str, object] = {} if on else {"pause_behavior": "skip"}
        try:
            with _asking():
                tape = self.client.conferences(conference).recordings(CURRENT)
                await tape.update_async(status="in-progress" if on else "paused", **more)
        except NotDelivered as no:
            return _gone(no)
        return True

    async def look(self, sid: str) -> LegView | None:
        """The leg as Twilio has it."""
        try:
            with _asking():
                return _view(await self.client.calls(sid).fetch_async())
        except NotDelivered as no:
            _gone(no)
            return None

    async def listed(self, number: str, since: int, until: int, most: int) -> list[PastCall]:
        """The calls that came to our `number` then."""
        with _asking():
            return await received(self.client, number, since, until, most)

    async def forwarded(self, sid: str) -> bool:
        """Whether the number's fallback put the call through to somebody who answered."""
        with _asking():
            return await forwarded(self.client, sid)

    async def _there(self, sid: str) -> bool:
        """Whether a leg still takes a place; when nobody can tell, it does."""
        try:
            seen = await self.look(sid)
        except DeliveryError:
            return True
        return seen is not None and seen.state in ("queued", "initiated", "ringing", "answered")

    def _url(self, to: Go) -> str:
        return self.at.turn(to.turn, to.about)


def _asking() -> AbstractContextManager[None]:
    return asking(in_words, TEMPORARY)


def _gone(no: NotDelivered) -> bool:
    """False where the leg is gone; any other refusal is raised."""
    if no.code in GONE:
        return False
    raise no


def _view(call: CallInstance) -> LegView:
    state = STATES.get(str(call.status))
    if state is None:
        raise OutcomeUnknown(f"Twilio names a state that we don't know: {str(call.status)[:40]}")
    return LegView(str(call.sid), state)
