"""Twilio's voice side as one stand-in: calls, queues, conferences, the REST faces, everybody's phone.

Behaviour follows Twilio's documentation (named in each module); where it is silent, the harsher reading.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from .stage import Cast, Faults
from .twilio_store import Account, Store
from .twilio_webhook import Caller
from .voice_bridge import Bridge
from .voice_countries import CountriesFace
from .voice_dial import Dial
from .voice_enqueue import Enqueue
from .voice_gather import Gather
from .voice_leg import Leg, Pace
from .voice_lines import Lines
from .voice_phones import Phones
from .voice_player import Player
from .voice_queues import Queues
from .voice_record import Record
from .voice_rest_calls import CallsFace, Face
from .voice_rest_queues import QueuesFace
from .voice_rest_rooms import RoomsFace
from .voice_rest_seats import SeatsFace
from .voice_rest_tapes import TapesFace
from .voice_rooms import Rooms
from .voice_state import Board
from .voice_tape import Tapes
from .voice_tell import Teller

_WAKING = 0.05  # seconds


class Voice:
    """Everything about calls, over one store and one signer of webhooks; `root` is where the REST API is mounted."""

    def __init__(
        self, store: Store, account: Account, caller: Caller, cast: Cast, faults: Faults, root: str,
        changed: Callable[[str, dict[str, str]], None],
    ) -> None:  # fmt: skip
        self._changed = changed
        self.board = Board(store)
        self._pace = Pace(store.clock, faults)
        self._teller = Teller(store, caller, faults)
        legs: dict[str, Leg] = {}
        rooms = Rooms(self.board, self._teller, legs)
        queues = Queues(self.board, self._teller, faults)
        self._player = player = Player(store, caller, self._teller, faults, self._pace)
        Gather(player)
        Enqueue(player, queues)
        dial = Dial(player, rooms)
        self._tapes = Tapes(self.board, self._teller)
        Record(player, self._tapes)
        self.lines = Lines(
            self.board,
            account,
            player,
            queues,
            rooms,
            self._tapes,
            self._teller,
            self._pace,
            faults,
            legs,
            self._announce,
        )
        Bridge(player, self.lines, dial)
        self.lines.announce = dial.announce
        self._phones = Phones(self.lines, cast)
        faces = (CallsFace, QueuesFace, RoomsFace, SeatsFace, TapesFace)
        self._faces = [face for made in faces for face in made(self.lines, root).faces()]
        self._faces += CountriesFace(account).faces()

    def faces(self) -> list[tuple[str, str, Face]]:
        """Twilio's own faces: (method, path, call)."""
        return self._faces

    def api_routes(self) -> list[web.RouteDef]:
        """Everybody's phone."""
        return self._phones.routes()

    def reset(self) -> None:
        """Forget everything; nothing under way goes on."""
        self.lines.reset()
        self._teller.reset()
        self.board.clear()
        self._tapes.kept.clear()
        self._player.sounds.clear()

    async def stop(self) -> None:
        """Let go of what is under way."""
        self.lines.reset()
        await self._teller.stop()

    async def settle(self) -> None:
        """The clock was moved: what is due by it happens, and the notices under way arrive."""
        self._pace.moved()
        await asyncio.sleep(_WAKING)  # whoever slept goes on first
        await self._teller.settle()

    def _announce(self, leg: Leg) -> None:
        call = leg.call
        number = call.sender if call.direction == "inbound" else call.to
        self._changed("call", {"sid": call.sid, "number": number})
