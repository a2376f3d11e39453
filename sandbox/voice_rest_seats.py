"""Twilio's REST resource Participants (twilio.com/docs/voice/api/conference-participant-resource).

A participant is named by its call or its label; one that has left isn't there any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from .twilio_pages import page
from .twilio_rules import Fault, is_url
from .twilio_store import Store
from .voice_json import coming_json, seat_json
from .voice_leg import Leg
from .voice_lines import Lines
from .voice_rest_calls import Face, Form, nothing
from .voice_rest_rooms import read_announcement
from .voice_rooms import is_label
from .voice_rules import (
    check_dial,
    check_from,
    check_method,
    check_to,
    first,
    read_detection,
    read_hook,
    read_words,
)
from .voice_state import LONGEST_CALL, Entry, Meeting, Order, Room, RoomCallback, Seat, Source


@dataclass(frozen=True, slots=True)
class _Row:
    """A participant as a list shows it: a page is cut by `sid`."""

    sid: str
    shown: dict[str, object]


class SeatsFace:
    """The resource."""

    def __init__(self, lines: Lines, root: str) -> None:
        self._lines = lines
        self._board = lines.board
        self._root = root

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        seats = f"{self._root}/Conferences/{{sid}}/Participants"
        one = f"{seats}/{{call}}.json"
        return [
            ("GET", f"{seats}.json", self._list),
            ("POST", f"{seats}.json", self._create),
            ("GET", one, self._fetch),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
        ]

    # ---- finding -----------------------------------------------------------------------------------------------

    def _room(self, request: web.Request) -> Room | None:
        return self._board.rooms.get(request.match_info["sid"])

    def _leg(self, request: web.Request) -> tuple[Room, Leg] | None:
        """Whom the path names: in the conference, or on the way into it."""
        room, wanted = self._room(request), request.match_info["call"]
        if room is None or room.status == "completed":
            return None
        labels = {s.entry.label: s.call for s in room.seats.values()}
        labels |= {e.label: call for call, e in room.coming.items()}
        call = labels.get(wanted, wanted) if wanted else wanted
        known = call in room.seats or call in room.coming
        leg = self._lines.legs.get(call) if known else None
        return (room, leg) if leg else None

    def _shown(self, room: Room, leg: Leg) -> dict[str, object]:
        if leg.seat:
            return seat_json(room, leg.seat, self._board.store)
        return coming_json(room, room.coming[leg.call.sid], leg.call, self._board.store)

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        room = self._room(request)
        if room is None:
            return nothing(request)
        legs = [self._lines.legs[call] for call in (*room.seats, *room.coming)]
        shown = [_Row(leg.call.sid, self._shown(room, leg)) for leg in legs]
        for name in ("Muted", "Hold", "Coaching"):
            if given := request.query.get(name):
                shown = [row for row in shown if str(row.shown[name.lower()]).lower() == given.lower()]
        uri = self._board.store.uri("Conferences", room.sid, "Participants.json")
        return page(request, shown, "participants", uri, lambda row: row.shown)

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = self._leg(request)
        return nothing(request) if found is None else web.json_response(self._shown(*found))

    # ---- calling somebody into it ------------------------------------------------------------------------------

    async def _create(self, request: web.Request, form: Form) -> web.Response | Fault:
        """`sid` is a conference that goes on, or the name of one, which is made if there is none."""
        name = request.match_info["sid"]
        room = self._room(request) or self._board.room_named(name)
        if (room is None and name.startswith("CF")) or (room and room.status == "completed"):
            return nothing(request)
        made = _read(form, self._board.store, self._lines, room)
        if isinstance(made, Fault):
            self._board.store.warn(made.code, made.message)
            return made
        room = room or self._board.add_room(name)
        entry, order = made
        leg = self._lines.dial(replace(order, source=Source("", meet=Meeting(room.name, entry))))
        room.coming[leg.call.sid] = entry
        return web.json_response(self._shown(room, leg), status=201)

    # ---- changing ----------------------------------------------------------------------------------------------

    async def _update(self, request: web.Request, form: Form) -> web.Response | Fault:
        found = self._leg(request)
        if found is None or found[1].seat is None:
            return nothing(request)
        room, leg = found
        seat, announced = found[1].seat, read_announcement(form)
        fault = announced if isinstance(announced, Fault) else _check_change(form, room)
        if fault is not None:
            return fault
        self._mute(room, seat, form)
        self._hold(room, seat, form)
        self._modify(room, seat, form)
        if isinstance(announced, Source):
            self._lines.announce(room, leg, announced)
        return web.json_response(self._shown(room, leg))

    def _mute(self, room: Room, seat: Seat, form: Form) -> None:
        if "Muted" in form and seat.muted != (wanted := _true(form, "Muted")):
            seat.muted = wanted
            self._lines.rooms.changed(room, seat, "mute" if wanted else "unmute")

    def _hold(self, room: Room, seat: Seat, form: Form) -> None:
        if url := first(form, "HoldUrl"):
            seat.hold_source = Source(url, first(form, "HoldMethod").upper() or "GET")
        if "Hold" in form and seat.hold != (wanted := _true(form, "Hold")):
            seat.hold = wanted
            if not url:
                seat.hold_source = None
            self._lines.rooms.changed(room, seat, "hold" if wanted else "unhold")

    def _modify(self, room: Room, seat: Seat, form: Form) -> None:
        changed = {"BeepOnExit", "EndConferenceOnExit", "Coaching", "CallSidToCoach", "WaitUrl"} & set(form)
        if "BeepOnExit" in form:
            enters = seat.beep in ("true", "onEnter")
            seat.beep = _beep(enters, _true(form, "BeepOnExit"))
        if "EndConferenceOnExit" in form:
            seat.ends = _true(form, "EndConferenceOnExit")
        if "CallSidToCoach" in form:
            seat.coach = first(form, "CallSidToCoach")
        if "Coaching" in form and not _true(form, "Coaching"):
            seat.coach = ""
        if "WaitUrl" in form:
            seat.wait = Source(first(form, "WaitUrl"), first(form, "WaitMethod").upper() or "POST")
        if changed:
            self._lines.rooms.changed(room, seat, "modify")

    async def _delete(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Out of the conference: the call goes on with its own document, if it has more of it."""
        found = self._leg(request)
        if found is None:
            return nothing(request)
        _, leg = found
        if leg.seat is None:
            self._lines.end(leg, "completed" if leg.talking else "canceled")
        else:
            self._lines.rooms.leave(leg, "participant_updated_via_api")
        return web.Response(status=204)


def _true(form: Form, name: str) -> bool:
    """Anything but true is false, as Twilio has it."""
    return first(form, name).lower() == "true"


def _beep(enters: bool, leaves: bool) -> str:
    return {(True, True): "true", (True, False): "onEnter", (False, True): "onExit"}.get(
        (enters, leaves), "false"
    )


def _check_change(form: Form, room: Room) -> Fault | None:
    for name in ("HoldUrl", "WaitUrl"):
        url = first(form, name)
        if url and not is_url(url):
            return Fault(400, 21609, f"The '{name}' URL {url} is not a valid URL.")
    for name in ("HoldMethod", "WaitMethod"):
        if fault := check_method(form, name):
            return fault
    return _check_coach(form, room)


def _check_coach(form: Form, room: Room | None) -> Fault | None:
    coached = first(form, "CallSidToCoach")
    if _true(form, "Coaching") and not coached:
        return Fault(400, 20001, "CallSidToCoach is required when Coaching is true")
    if coached and (room is None or coached not in room.seats):
        return Fault(400, 13240, f"Invalid CallSidToCoach: {coached} is not in the conference")
    return None


def _read(form: Form, store: Store, lines: Lines, room: Room | None) -> tuple[Entry, Order] | Fault:
    """How somebody is called into a conference, or Twilio's refusal."""
    to, sender, label = first(form, "To"), first(form, "From"), first(form, "Label")
    fault = check_to(to, lines.account) or check_from(sender, to, store, lines.account) or check_dial(form)
    fault = fault or _check_coach(form, room)
    if fault is not None:
        return fault
    taken = (
        [e.label for e in room.coming.values()] + [s.entry.label for s in room.seats.values()] if room else []
    )
    if not is_label(label):
        return Fault(400, 16023, f"Invalid participant label {label[:140]}")
    if label and label in taken:
        return Fault(400, 16025, f"The label {label} is in use by another participant")
    if lines.full():
        return Fault(429, 16021, "Failed to join conference due to account concurrency limit exceeded")
    return _entry(form, label), _order(form, to, sender)


def _entry(form: Form, label: str) -> Entry:
    hook = read_hook(form, "ConferenceStatusCallback")
    wait = first(form, "WaitUrl")
    return Entry(
        label=label,
        starts=first(form, "StartConferenceOnEnter").lower() != "false",
        ends=_true(form, "EndConferenceOnExit"),
        muted=_true(form, "Muted"),
        beep=first(form, "Beep") or "true",
        wait=Source(wait, first(form, "WaitMethod").upper() or "POST") if "WaitUrl" in form else None,
        most=int(first(form, "MaxParticipants") or 250),
        coach=first(form, "CallSidToCoach") if first(form, "Coaching").lower() != "false" else "",
        callback=RoomCallback(hook, read_words(form, "ConferenceStatusCallbackEvent")) if hook else None,
        record=first(form, "ConferenceRecord") in ("true", "record-from-start"),
        recording=read_hook(form, "ConferenceRecordingStatusCallback"),
        recording_events=read_words(form, "ConferenceRecordingStatusCallbackEvent")
        or frozenset({"completed"}),
    )


def _order(form: Form, to: str, sender: str) -> Order:
    return Order(
        to=to,
        sender=sender,
        source=Source(""),
        callback=read_hook(form, "StatusCallback"),
        events=read_words(form, "StatusCallbackEvent") or frozenset({"completed"}),
        timeout=int(first(form, "Timeout") or 60),
        limit=int(first(form, "TimeLimit") or LONGEST_CALL),
        detection=read_detection(form, "AmdStatusCallback", True),
        record=_true(form, "Record"),
        recording=read_hook(form, "RecordingStatusCallback"),
        recording_events=read_words(form, "RecordingStatusCallbackEvent") or frozenset({"completed"}),
    )
