"""Twilio's REST resources Recordings: of the account, of a call, of a conference; and the sound itself."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from .twilio_pages import in_span, page, parse_day
from .twilio_rules import Fault
from .twilio_store import Store, rfc2822
from .voice_lines import Lines
from .voice_rest_calls import Face, Form, nothing
from .voice_rules import check_hooks, first, read_hook, read_words
from .voice_tape import Tape, Tapes

CURRENT = "Twilio.CURRENT"


class TapesFace:
    """The resources."""

    def __init__(self, lines: Lines, root: str) -> None:
        self._lines = lines
        self._store = lines.board.store
        self._root = root

    @property
    def _tapes(self) -> Tapes:
        return self._lines.tapes

    def faces(self) -> list[tuple[str, str, Face]]:
        """Every (method, path, call)."""
        faces: list[tuple[str, str, Face]] = [
            ("GET", f"{self._root}/Recordings.json", self._list),
            ("GET", f"{self._root}/Recordings/{{tape}}.json", self._fetch),
            ("DELETE", f"{self._root}/Recordings/{{tape}}.json", self._delete),
            ("GET", f"{self._root}/Recordings/{{tape}}.wav", self._sound),
            ("GET", f"{self._root}/Recordings/{{tape}}", self._sound),
            ("POST", f"{self._root}/Calls/{{call}}/Recordings.json", self._begin),
        ]
        for of in (f"{self._root}/Calls/{{call}}", f"{self._root}/Conferences/{{room}}"):
            faces += [
                ("GET", f"{of}/Recordings.json", self._list),
                ("GET", f"{of}/Recordings/{{tape}}.json", self._fetch),
                ("POST", f"{of}/Recordings/{{tape}}.json", self._update),
                ("DELETE", f"{of}/Recordings/{{tape}}.json", self._delete),
            ]
        return faces

    # ---- finding -----------------------------------------------------------------------------------------------

    def _found(self, request: web.Request) -> Tape | None:
        """The recording that the path names, within the call or conference that it names too."""
        where = request.match_info
        call, room, wanted = where.get("call"), where.get("room"), where["tape"]
        tape = self._tapes.current(call, room) if wanted == CURRENT else self._tapes.kept.get(wanted)
        if tape is None or tape.deleted or (call and tape.call != call) or (room and tape.room != room):
            return None
        return tape

    async def _list(self, request: web.Request, form: Form) -> web.Response | Fault:
        where, query = request.match_info, request.query
        call, room = where.get("call"), where.get("room")
        if (call and call not in self._lines.board.calls) or (room and room not in self._lines.board.rooms):
            return nothing(request)
        call, room = call or query.get("CallSid"), room or query.get("ConferenceSid")
        found = [t for t in reversed(self._tapes.kept.values()) if not t.deleted]
        found = [t for t in found if (not call or t.call == call) and (not room or t.room == room)]
        for how in ("", "<", ">"):
            if given := query.get(f"DateCreated{how}"):
                span = parse_day(given)
                if span is None:
                    return Fault(400, 20001, f"'DateCreated{how}' is not a date: {given}")
                found = [t for t in found if in_span(t.at, span, how)]
        uri = request.path[request.path.index("/2010-04-01") :]
        return page(
            request, found, "recordings", uri, lambda t: tape_json(t, self._store, self._tapes, where)
        )

    async def _fetch(self, request: web.Request, form: Form) -> web.Response | Fault:
        tape = self._found(request)
        return nothing(request) if tape is None else self._shown(request, tape)

    def _shown(self, request: web.Request, tape: Tape, status: int = 200) -> web.Response:
        shown = tape_json(tape, self._store, self._tapes, request.match_info)
        return web.json_response(shown, status=status)

    # ---- acting ------------------------------------------------------------------------------------------------

    async def _begin(self, request: web.Request, form: Form) -> web.Response | Fault:
        leg = self._lines.legs.get(request.match_info["call"])
        if leg is None:
            return nothing(request)
        if fault := check_hooks(form):
            return fault
        if not leg.talking:
            return Fault(400, 21220, "Requested resource is not eligible for recording")
        hook = read_hook(form, "RecordingStatusCallback")
        events = read_words(form, "RecordingStatusCallbackEvent") or frozenset({"completed"})
        return self._shown(
            request, self._tapes.begin("StartCallRecordingAPI", leg, hook=hook, events=events), 201
        )

    async def _update(self, request: web.Request, form: Form) -> web.Response | Fault:
        """Pause, go on, stop; a recording that is over can't be changed any more."""
        tape, status = self._found(request), first(form, "Status")
        if status not in ("paused", "in-progress", "stopped"):
            return Fault(400, 20001, f"Invalid Status: {status}")
        if tape is None:
            return nothing(request)
        if not tape.runs:
            return Fault(400, 21220, "Recording is not in-progress")
        if status == "paused":
            self._tapes.pause(tape, first(form, "PauseBehavior") == "skip")
        elif status == "in-progress":
            self._tapes.resume(tape)
        else:
            self._tapes.end(tape)
        return self._shown(request, tape)

    async def _delete(self, request: web.Request, form: Form) -> web.Response | Fault:
        tape = self._found(request)
        if tape is None:
            return nothing(request)
        if tape.runs:
            return Fault(409, 20009, "Cannot delete this resource before it is complete")
        tape.deleted = True
        return web.Response(status=204)

    async def _sound(self, request: web.Request, form: Form) -> web.Response | Fault:
        tape = self._found(request)
        sound = self._tapes.sound(tape) if tape else None
        return nothing(request) if sound is None else web.Response(body=sound, content_type="audio/x-wav")


def tape_json(tape: Tape, store: Store, tapes: Tapes, where: Mapping[str, str]) -> dict[str, object]:
    """`api.v2010.account.recording`, or what a call or a conference shows of it (`where` names which was asked)."""
    of = (
        [("Calls", where["call"])]
        if "call" in where
        else [("Conferences", where["room"])]
        if "room" in where
        else []
    )
    shown: dict[str, object] = {
        "account_sid": store.sid,
        "api_version": "2010-04-01",
        "call_sid": tape.call,
        "conference_sid": tape.room,
        "date_created": rfc2822(tape.at),
        "date_updated": rfc2822(tape.updated),
        "start_time": rfc2822(tape.at),
        "duration": None if tape.seconds is None else str(tape.seconds),
        "sid": tape.sid,
        "price": None,
        "price_unit": "USD",
        "status": tape.status,
        "channels": 1,
        "source": tape.source,
        "error_code": None,
        "uri": store.uri(*(part for pair in of for part in pair), "Recordings", f"{tape.sid}.json"),
        "encryption_details": None,
    }
    if not of:
        names = {"add_on_results": "AddOnResults", "transcriptions": "Transcriptions"}
        shown["subresource_uris"] = {
            k: store.uri("Recordings", tape.sid, f"{v}.json") for k, v in names.items()
        }
        shown["media_url"] = tapes.url(tape)
    elif "call" in where:
        shown["track"] = "both"
    return shown
