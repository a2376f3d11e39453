"""The life of calls: in and out, ringing, answered, redirected, ended; and what the app is told of each step.

Source: twilio.com/docs/voice/api/call-resource. Calls that the account makes leave at its pace (one a second unless
bought otherwise), the rest wait as `queued`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .stage import Faults
from .twilio_store import Account, PhoneNumber, new_sid
from .voice_leg import Leg, Pace, Pickup
from .voice_player import End, Page, Player
from .voice_queues import Queues
from .voice_rooms import Rooms
from .voice_state import LONGEST_CALL, Board, Call, Hook, Order, Room, Source
from .voice_tape import Tapes
from .voice_tell import Teller, progress_params
from .voice_twiml import Verb

RING_MORE = 5.0  # seconds that Twilio lets a phone ring beyond the timeout asked for
MAILBOX = 120.0  # seconds that a mailbox records
TRIAL = (
    "You have a trial account. You can remove this message at any time by upgrading to a full account. "
    "Press any key to execute your code."
)
_DIALLING, _DETECTING = 0.03, 0.3  # seconds


class Lines:
    """Starts, moves and ends calls. `changed` is told each leg whose call changed."""

    def __init__(
        self, board: Board, account: Account, player: Player, queues: Queues, rooms: Rooms,
        tapes: Tapes, teller: Teller, pace: Pace, faults: Faults, legs: dict[str, Leg],
        changed: Callable[[Leg], None],
    ) -> None:  # fmt: skip
        self.board = board
        self.legs = legs
        self.queues = queues
        self.rooms = rooms
        self.tapes = tapes
        self.account = account
        self.announce: Callable[[Room, Leg | None, Source], None] = lambda room, leg, source: None
        self._player = player
        self._teller = teller
        self._pace = pace
        self._faults = faults
        self._changed = changed
        self._free = 0.0  # when the next call may leave, in the loop's time
        player.answered = self.pick_up
        rooms.started, rooms.over, rooms.spoken = self._record_room, self._room_over, self._spoken

    def reset(self) -> None:
        """Forget all calls: they end without a word to anybody."""
        for leg in self.legs.values():
            leg.room = leg.seat = leg.queue = leg.member = None
            leg.why = ""
        self.legs.clear()
        self._free = 0.0

    # ---- calls that come in ------------------------------------------------------------------------------------

    def call_in(self, sender: str, entry: PhoneNumber) -> Leg:
        """A customer calls one of the account's numbers."""
        now, settings = self.board.now(), entry.settings
        call = Call(new_sid("CA"), sender, entry.number, "inbound", "ringing", now, now, entry, now)
        leg = self._add(Leg(call, self.board.store.clock))
        leg.hear("ring")
        if url := settings.get("status_callback"):
            leg.callback = Hook(url, settings.get("status_callback_method") or "POST")
        if url := settings.get("voice_fallback_url"):
            leg.fallback = Hook(url, settings.get("voice_fallback_method") or "POST")
        url = settings.get("voice_url", "")
        if not url:
            self.board.store.warn(11100, f"{entry.number} has no address for calls", call.sid)
            self.end(leg, "failed")
            return leg
        source = Source(url, settings.get("voice_method") or "POST")
        leg.life = self._teller.go(self._live(leg, source, LONGEST_CALL))
        return leg

    def full(self) -> bool:
        """Whether as many calls go on as the account may have at once."""
        most = self.account.calls_at_once
        if most is None or not self._faults.twilio.enforce_limits:
            return False
        return sum(not leg.ended for leg in self.legs.values()) >= most

    def queued(self) -> float:
        """Seconds until a call that is made now would leave."""
        if not self._faults.twilio.enforce_limits:
            return 0.0
        return max(0.0, self._free - asyncio.get_running_loop().time())

    # ---- calls that the account makes --------------------------------------------------------------------------

    def dial(self, order: Order) -> Leg:
        """Take a checked order; the call is `queued` until its turn comes."""
        now = self.board.now()
        call = Call(
            new_sid("CA"), order.sender, order.to, order.direction, "queued", now, now, parent=order.parent
        )
        call.number = self.board.store.number(order.sender)
        leg = self._add(Leg(call, self.board.store.clock, order))
        loop = asyncio.get_running_loop().time()
        paced = order.direction == "outbound-api" and self._faults.twilio.enforce_limits
        slot = max(loop, self._free) if paced else loop
        if paced:
            self._free = slot + 1 / self.account.calls_a_second
        call.queue_ms = round((slot - loop) * 1000)
        leg.life = self._teller.go(self._place(leg, order, slot))
        return leg

    async def _place(self, leg: Leg, order: Order, slot: float) -> None:
        loop = asyncio.get_running_loop()
        # The faults are plain data that anybody may change, so limits lifted meanwhile have no event.
        while self._faults.twilio.enforce_limits and (left := slot - loop.time()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, 0.1))
        if not self._faults.twilio.enforce_limits:
            self._free = 0.0
        for status in ("initiated", "ringing"):
            if leg.ended:
                return
            self._step(leg, status, status)
            await asyncio.sleep(_DIALLING if status == "initiated" else 0)
        leg.call.started = (
            self.board.now()
        )  # whoever is called sees it ring, and hears nothing before answering
        how = await self._ring(leg, order.timeout + RING_MORE)
        if leg.ended:
            return
        if how not in ("person", "machine"):
            self.end(leg, "busy" if how else "no-answer")
            return
        leg.machine = how == "machine"
        self._begin(leg)
        if order.digits:
            leg.hear("beep", order.digits)
        await self._detect(leg, order)
        if not leg.ended:
            longest = min(order.limit, MAILBOX) if leg.machine else order.limit
            await self._live(leg, order.source, longest)

    async def _ring(self, leg: Leg, seconds: float) -> Pickup | None:
        """What became of the ringing; None when nobody did anything, or the caller gave up."""
        waiting = asyncio.create_task(self._pace.sleep(seconds))
        either: list[asyncio.Future[Any]] = [leg.picked_up, waiting]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            picked = leg.picked_up
            return picked.result() if picked.done() and not picked.cancelled() else None
        finally:
            waiting.cancel()

    async def _detect(self, leg: Leg, order: Order) -> None:
        """Tell a machine from a person: before the document is asked for, or beside it."""
        detection = order.detection
        if detection is None:
            return
        human, machine = "human", "machine_start" if detection.mode == "Enable" else "machine_end_beep"
        if not detection.beside:
            await asyncio.sleep(_DETECTING)
            leg.call.answered_by = leg.detected or (machine if leg.machine else human)
            return

        async def beside() -> None:
            await asyncio.sleep(_DETECTING)
            if leg.ended or detection.hook is None:
                return
            leg.call.answered_by = leg.detected or (machine if leg.machine else human)
            params = {
                "CallSid": leg.call.sid,
                "AccountSid": self.board.store.sid,
                "AnsweredBy": leg.call.answered_by,
                "MachineDetectionDuration": str(round(_DETECTING * 1000)),
            }
            await self._teller.call(detection.hook, params, leg.call.sid)

        self._teller.go(beside())

    # ---- a call that goes on -----------------------------------------------------------------------------------

    async def _live(self, leg: Leg, source: Source, longest: float) -> None:
        """Run documents until one ends the call, somebody hangs up, or it has lasted as long as it may."""
        limit = asyncio.create_task(self._pace.sleep(longest))
        following: Source | None = source
        try:
            while following and not leg.ended:
                following, leg.detour = leg.detour or following, None
                leg.why = ""
                leg.script = script = asyncio.create_task(self._run(leg, following))
                await asyncio.wait({script, limit}, return_when=asyncio.FIRST_COMPLETED)
                if not script.done():
                    self.end(leg, "completed")
                    await asyncio.wait({script})
                if not script.cancelled():
                    script.result()
                following = leg.detour
            self.end(leg, "completed")
        except Exception:
            self.end(leg, "failed")  # a fault of the stand-in's own, which the log shows
            raise
        finally:
            limit.cancel()
            if leg.script:
                leg.script.cancel()

    async def _run(self, leg: Leg, source: Source) -> None:
        if self.account.kind == "Trial" and not leg.warned:
            leg.warned = True
            self.pick_up(leg)
            asked = Verb("Gather", {"numDigits": "1", "timeout": "10"}, nested=(Verb("Say", text=TRIAL),))
            if await self._player.verbs["Gather"](leg, Page("", "call"), asked) is None:
                return
        end = await self._player.play(leg, source)
        if end in (End.BUSY, End.REJECTED) and not leg.talking:
            self.end(leg, "busy" if end is End.BUSY else "no-answer")
        self.pick_up(leg)  # an empty document answers, and is over
        if end is End.FINISHED and leg.order and leg.order.then:
            await leg.order.then(leg.call.sid)

    def pick_up(self, leg: Leg) -> None:
        """An incoming call is answered by its first verb that isn't silent about it."""
        if leg.call.status == "ringing" and leg.call.direction == "inbound":
            self._begin(leg)

    def _begin(self, leg: Leg) -> None:
        leg.call.answered = self.board.now()
        self._step(leg, "in-progress", "answered")
        if leg.order and leg.order.record:
            leg.tape = self.tapes.begin(
                "OutboundAPI", leg, hook=leg.order.recording, events=leg.order.recording_events
            ).sid

    def _record_room(self, room: Room) -> None:
        if room.record:
            self.tapes.begin("Conference", room=room, hook=room.recording, events=room.recording_events)

    def _room_over(self, room: Room) -> None:
        self.tapes.end_all(room=room.sid)

    def _spoken(self, leg: Leg, text: str) -> None:
        if leg.room:
            self.tapes.hear({it.call.sid for it in self.rooms.legs(leg.room)}, leg.room.sid, text)

    def redirect(self, leg: Leg, source: Source) -> None:
        """The call leaves whatever it does and goes on with another document; it must be in progress."""
        leg.detour, leg.why = source, "redirected"
        self.rooms.leave(leg, "participant_updated_via_api")
        self.queues.leave(leg, "redirected")
        if leg.partner:
            leg.partner.partner = None
            leg.partner = None
        if leg.script:
            leg.script.cancel()

    def end(self, leg: Leg, status: str) -> None:
        """The call is over; a second time changes nothing."""
        if leg.ended:
            return
        leg.call.status, leg.why = status, "hangup"
        leg.call.ended = leg.call.updated = self.board.now()
        self.tapes.end_all(call=leg.call.sid)
        self.rooms.leave(leg, "participant_hung_up")
        self.rooms.missed(leg)
        self.queues.leave(leg, "hangup")
        if not leg.picked_up.done():
            leg.picked_up.cancel()
        if not leg.over.done():
            leg.over.set_result(None)
        if leg.script and leg.script is not asyncio.current_task():
            leg.script.cancel()
        self._player.catch_up(leg)
        self._told(leg, "completed", last=True)

    # ---- steps -------------------------------------------------------------------------------------------------

    def _add(self, leg: Leg) -> Leg:
        self.board.calls[leg.call.sid] = leg.call
        self.legs[leg.call.sid] = leg
        leg.changed = self._changed
        self._changed(leg)
        return leg

    def _step(self, leg: Leg, status: str, event: str) -> None:
        leg.call.status, leg.call.updated = status, self.board.now()
        self._told(leg, event)

    def _told(self, leg: Leg, event: str, last: bool = False) -> None:
        self._changed(leg)
        events = leg.order.events if leg.order else frozenset({"completed"})
        if leg.callback and event in events:
            params = progress_params(leg.call, self.board.store, leg.told)
            if event == "completed" and leg.tape and (tape := self.tapes.kept.get(leg.tape)):
                params |= {"RecordingSid": tape.sid, "RecordingUrl": self.tapes.url(tape)}
                params["RecordingDuration"] = str(tape.seconds)
            leg.told += 1
            self._teller.tell(leg.call.sid, leg.callback, params, leg.call.sid, last)
