"""The sandbox's calls for everybody's phone: call, answer, press, speak, record, hang up."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from .api import Field, Refused, read_fields
from .stage import Cast
from .twilio_rules import E164
from .twilio_store import PhoneNumber
from .voice_leg import Input, Leg, Pickup
from .voice_lines import Lines
from .voice_tell import HIDDEN

_SIP = re.compile(r"sips?:[^\s@]+@[^\s@]+")
_KEYS = re.compile(r"[0-9*#A-D]{1,64}")
_DETECTED = (
    "human",
    "machine_start",
    "machine_end_beep",
    "machine_end_silence",
    "machine_end_other",
    "fax",
    "unknown",
)
_LONGEST = 5_000  # characters spoken at once
Act = Callable[[Leg, web.Request], Awaitable[dict[str, object]]]


class Phones:
    """The part of the sandbox's API that is about calls."""

    def __init__(self, lines: Lines, cast: Cast) -> None:
        self._lines = lines
        self._names = {p.phone: p.name for p in cast.people if p.phone} | {
            c.phone: c.name for c in cast.customers
        }

    def routes(self) -> list[web.RouteDef]:
        """Every call of `/sandbox/api/calls`."""
        root, one = "/sandbox/api/calls", "/sandbox/api/calls/{sid}"
        acts: dict[str, Act] = {
            "answer": self._answer,
            "machine": self._machine,
            "busy": self._busy,
            "press": self._press,
            "speak": self._speak,
            "record": self._record,
            "hangup": self._hang_up,
        }
        return [
            web.post(root, self._call),
            web.get(root, self._list),
            web.get(one, self._show),
            *(web.post(f"{one}/{name}", self._face(act)) for name, act in acts.items()),
        ]

    def _face(self, act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            leg = self._leg(request)
            more = await act(leg, request)
            status = {"sid": leg.call.sid, "status": leg.call.status, "where": leg.where}
            return web.json_response(status | more)

        return answer

    def _leg(self, request: web.Request) -> Leg:
        leg = self._lines.legs.get(request.match_info["sid"])
        if leg is None:
            raise Refused("no call has that sid", "GET /sandbox/api/calls?number=…", 404)
        return leg

    # ---- calling and looking -----------------------------------------------------------------------------------

    async def _call(self, request: web.Request) -> web.StreamResponse:
        body = await read_fields(request, {"from": Field(str), "to": Field(str)})
        sender = HIDDEN.get(body["from"].lower(), body["from"])
        entry = self._entry(sender, body["to"])
        if self._lines.full():
            raise Refused("the account has as many calls as it may have (error 10004)", "end one first", 409)
        return web.json_response({"sid": self._lines.call_in(sender, entry).call.sid})

    def _entry(self, sender: str, to: str) -> PhoneNumber:
        store = self._lines.board.store
        if not E164.fullmatch(sender) and not _SIP.fullmatch(sender):
            hint = f"E.164 as in +4915112345678, sip:name@host, or one of {', '.join(HIDDEN)}"
            raise Refused(f"from {sender!r} cannot call", hint)
        entry = store.number(to)
        if entry is None:
            known = ", ".join(n.number for n in store.numbers.values())
            raise Refused(f"to {to!r} is none of the account's numbers", f"one of {known}", 404)
        if store.number(sender):
            raise Refused(f"from {sender!r} is one of the account's own numbers", "call from a customer's")
        return entry

    async def _list(self, request: web.Request) -> web.StreamResponse:
        """Calls to and from a number; without one, all that go on."""
        if "number" not in request.query:
            going = [leg for leg in self._lines.legs.values() if not leg.ended]
            return web.json_response([self._shown(leg) for leg in going])
        number = HIDDEN.get(request.query["number"].lower(), request.query["number"])
        if not E164.fullmatch(number) and not re.fullmatch(r"(sips?|client):\S+", number):
            hint = "percent-encode the plus: number=%2B49…"
            raise Refused(f"number={number!r} is not a phone number", hint)
        found = [leg for leg in self._lines.legs.values() if number in (leg.call.sender, leg.call.to)]
        return web.json_response([self._shown(leg) for leg in found])

    async def _show(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(self._shown(self._leg(request)))

    def _shown(self, leg: Leg) -> dict[str, object]:
        call, seat = leg.call, leg.seat
        return {
            "sid": call.sid,
            "status": call.status,
            "direction": call.direction,
            "from": call.sender,
            "to": call.to,
            "at": self._lines.board.store.clock.iso_of(call.at),
            "duration": call.duration,
            "heard": [it.shown() for it in leg.heard],
            "where": leg.where,
            "with": [self._label(it) for it in self._within_earshot(leg)],
            "on_hold": leg.on_hold,
            "muted": seat is not None and seat.muted,
            "machine": leg.machine,
        }

    def _within_earshot(self, leg: Leg) -> list[Leg]:
        return [leg.partner] if leg.partner else self._lines.rooms.within_earshot(leg)

    def _label(self, leg: Leg) -> str:
        """The participant's label, else the person's name, else the number."""
        if leg.seat and leg.seat.entry.label:
            return leg.seat.entry.label
        other = leg.call.sender if leg.call.direction == "inbound" else leg.call.to
        return self._names.get(other, other)

    # ---- what a phone does -------------------------------------------------------------------------------------

    async def _picked(self, leg: Leg, request: web.Request, how: Pickup) -> dict[str, object]:
        body = await read_fields(request, {} if how == "busy" else {"detected": Field(str, False)})
        if body.get("detected", "human") not in _DETECTED:
            raise Refused(f"detected {body['detected']!r} is unknown", f"one of {', '.join(_DETECTED)}")
        if leg.call.direction == "inbound" or leg.call.status != "ringing" or leg.picked_up.done():
            raise Refused(
                f"this phone does not ring: {leg.call.status}", "answer a call that the product makes", 409
            )
        leg.detected = body.get("detected", "")
        leg.picked_up.set_result(how)
        return {}

    async def _answer(self, leg: Leg, request: web.Request) -> dict[str, object]:
        return await self._picked(leg, request, "person")

    async def _machine(self, leg: Leg, request: web.Request) -> dict[str, object]:
        return await self._picked(leg, request, "machine")

    async def _busy(self, leg: Leg, request: web.Request) -> dict[str, object]:
        return await self._picked(leg, request, "busy")

    def _person(self, leg: Leg) -> None:
        if not leg.talking:
            raise Refused(f"nobody is on this phone: {leg.call.status}", "answer first", 409)
        if leg.machine:
            raise Refused(
                "a mailbox neither presses keys nor speaks", "it only records, until somebody hangs up", 409
            )

    async def _press(self, leg: Leg, request: web.Request) -> dict[str, object]:
        """Keys go to the question that is asked now, else nowhere: `taken` says which."""
        digits = (await read_fields(request, {"digits": Field(str)}))["digits"]
        if not _KEYS.fullmatch(digits):
            raise Refused(f"digits {digits!r} are no keys", "0 to 9, *, #, A to D")
        self._person(leg)
        ear = leg.ear if leg.ear and leg.ear.keys else None
        if ear:
            for key in digits:
                ear.inputs.put_nowait(Input("key", key))
        return {"taken": ear is not None}

    async def _speak(self, leg: Leg, request: web.Request) -> dict[str, object]:
        """Words go to those in the conference, to the question asked now, or into the recording; else nowhere."""
        text = (await read_fields(request, {"text": Field(str)}))["text"].strip()
        if not 1 <= len(text) <= _LONGEST:
            raise Refused(
                "nothing is said" if not text else "that is too long", f"1 to {_LONGEST} characters"
            )
        self._person(leg)
        if leg.room is not None:
            return {"taken": self._lines.rooms.speak(leg, text, self._label(leg)) > 0}
        if leg.partner is not None:
            leg.partner.hear("say", text, self._label(leg))
            return {"taken": True}
        taken = leg.ear is not None and leg.ear.words
        if leg.ear and taken:
            leg.ear.inputs.put_nowait(Input("words", text))
        return {"taken": taken}

    async def _record(self, leg: Leg, request: web.Request) -> dict[str, object]:
        """A whole message after the beep, followed by silence."""
        fields = {"text": Field(str), "seconds": Field(int, False)}
        body = await read_fields(request, fields)
        seconds = body.get("seconds", max(1, len(body["text"]) // 15))
        if not 0 <= seconds <= 4 * 3600 or len(body["text"]) > _LONGEST:
            raise Refused("that message is out of range", "up to 4 hours and 5,000 characters")
        self._person(leg)
        if leg.ear is None or leg.ear.kind != "voicemail":
            raise Refused(f"nothing is being recorded: {leg.where}", "wait for where = voicemail", 409)
        leg.ear.inputs.put_nowait(Input("message", body["text"], seconds))
        return {}

    async def _hang_up(self, leg: Leg, request: web.Request) -> dict[str, object]:
        """Whoever holds this phone hangs up; one that rings refuses the call, which Twilio calls busy."""
        await read_fields(request, {})
        if leg.ended:
            raise Refused(f"the call is over: {leg.call.status}", "start another", 409)
        if leg.talking:
            self._lines.end(leg, "completed")
        elif leg.call.direction == "inbound":
            self._lines.end(leg, "no-answer")
        elif leg.call.status == "ringing" and not leg.picked_up.done():
            leg.picked_up.set_result("refused")
        else:
            raise Refused("this phone does not ring yet", "wait until it does", 409)
        return {}
