"""`<Dial>` with a `<Conference>`: enter it, hear its music, come out again (twilio.com/docs/voice/twiml/dial).

Keys pressed inside go nowhere, as with Twilio.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .voice_leg import Leg
from .voice_player import End, Outcome, Page, Player, flag, number
from .voice_rooms import Refused, Rooms, read_callback
from .voice_state import Entry, Hook, Meeting, Room, Seat, Source
from .voice_tell import call_params
from .voice_twiml import Verb

DialNoun = Callable[[Leg, Page, Verb, Verb], Awaitable[dict[str, str]]]
MUSIC = "http://com.twilio.music.classical.s3.amazonaws.com/index.xml"  # what plays where no waitUrl is given


class Dial:
    """The verb, for the noun Conference; `nouns` holds what dials the others."""

    def __init__(self, player: Player, rooms: Rooms) -> None:
        self._player = player
        self._rooms = rooms
        self.nouns: dict[str, DialNoun] = {}
        player.verbs["Dial"] = self.run
        player.meet = self.meet
        rooms.retune = self.retune

    async def run(self, leg: Leg, page: Page, verb: Verb) -> Outcome:
        """Until the leg comes out of what it was put through to; then `action`, else the next verb."""
        action = page.link(verb, "action")
        noun = verb.nested[0] if verb.nested else Verb("Number", {}, verb.text)
        try:
            if noun.name == "Conference":
                found = await self._meet(leg, page, noun)
            else:
                found = await self._other(leg, page, verb, noun)
        except asyncio.CancelledError:
            if leg.why == "hangup" and action:
                # Told even though nobody is there any more to hear what it answers.
                status = "answered" if noun.name == "Conference" else "completed"
                params = call_params(leg.call, self._player.store) | {"DialCallStatus": status}
                self._player.teller.go(self._player.teller.call(action, params, leg.call.sid))
            raise
        return Source(action.url, action.method, found) if action else None

    async def _other(self, leg: Leg, page: Page, verb: Verb, noun: Verb) -> dict[str, str]:
        dial = self.nouns.get(noun.name)
        if dial is None:
            text = f"the stand-in cannot do <Dial><{noun.name}>; Twilio could"
            self._player.store.warn(12200, text, leg.call.sid, page.url)
            return {"DialCallStatus": "failed"}
        return await dial(leg, page, verb, noun)

    async def _meet(self, leg: Leg, page: Page, noun: Verb) -> dict[str, str]:
        return await self.meet(leg, Meeting(noun.text.strip(), read_entry(page, noun)), page.url)

    async def meet(self, leg: Leg, meeting: Meeting, url: str = "") -> dict[str, str]:
        """Be in the conference until it is over or the leg is taken out; what `action` is told."""
        try:
            seat = self._rooms.join(leg, meeting.room, meeting.entry)
        except Refused as refused:
            self._player.store.warn(refused.code, refused.message, leg.call.sid, url)
            return {"DialCallStatus": "failed"}
        try:
            reason = await seat.left
        finally:
            self._rooms.leave(leg, "participant_hung_up" if leg.ended else "participant_updated_via_api")
        return {"DialCallStatus": "failed" if reason == "participant_add_failed" else "answered"}

    # ---- music -------------------------------------------------------------------------------------------------

    def retune(self, leg: Leg) -> None:
        """Let the leg hear what its state asks for: wait music before the start, hold music, or the others."""
        seat = leg.seat
        if seat is None:
            return
        playing = "hold" if seat.hold else "wait" if leg.room and leg.room.status == "init" else ""
        if playing == seat.playing and playing != "hold":
            return
        if seat.music:
            seat.music.cancel()
        seat.playing = playing
        source = seat.hold_source if playing == "hold" else seat.wait
        seat.music = self._player.teller.go(self._music(leg, seat, source)) if playing else None

    async def _music(self, leg: Leg, seat: Seat, source: Source | None) -> None:
        if source is None:
            leg.hear("play", MUSIC)
            return
        if not source.url:
            leg.hear("silence")
            return
        end = await self._player.play(leg, source, "conference")
        if end is End.FAILED and seat.playing == "wait" and leg.seat is seat:
            self._rooms.leave(leg, "participant_add_failed")

    def announce(self, room: Room, leg: Leg | None, source: Source) -> None:
        """Let one participant, or all, hear a document over whatever they hear."""
        self._player.teller.go(self._announce(room, leg, source))

    async def _announce(self, room: Room, leg: Leg | None, source: Source) -> None:
        legs = [leg] if leg else self._rooms.legs(room)
        page = await self._player.open(legs[0], source, "conference") if legs else None
        if page is None:
            return
        await asyncio.gather(*(self._player.perform(it, page) for it in legs))
        if room.status != "completed":
            self._rooms.announced(room, leg.seat if leg else None, source.url)


def read_entry(page: Page, noun: Verb) -> Entry:
    """How a `<Conference>` wants its participant to enter."""
    given = noun.attributes
    wait = page.link(noun, "waitUrl", "waitMethod")
    silent = given.get("waitUrl") == ""
    return Entry(
        label=given.get("participantLabel", ""),
        starts=flag(noun, "startConferenceOnEnter", True),
        ends=flag(noun, "endConferenceOnExit"),
        muted=flag(noun, "muted"),
        beep=given.get("beep", "true"),
        wait=Source("") if silent else Source(wait.url, wait.method) if wait else None,
        most=min(250, number(noun, "maxParticipants", 250, 1)),
        coach=given.get("coach", ""),
        callback=read_callback(
            page.link(noun, "statusCallback", "statusCallbackMethod"), given.get("statusCallbackEvent", "")
        ),
        record=given.get("record", "") in ("record-from-start", "true"),
        recording=_recording(page, noun),
        recording_events=frozenset(given.get("recordingStatusCallbackEvent", "completed").split()),
    )


def _recording(page: Page, noun: Verb) -> Hook | None:
    return page.link(noun, "recordingStatusCallback", "recordingStatusCallbackMethod")
