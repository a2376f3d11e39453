"""The provider: legs, a queue, conferences, and REST calls, as Twilio has them; what people do with their phones.

Every request to the router is thrown into the pool of what may happen next: late, twice, in any order. What a leg
hears is the first answer to the question it asked last.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...channels.channel import NotDelivered, OutcomeUnknown
from ...channels.phone import (
    Ask,
    Call,
    Go,
    HangUp,
    Heard,
    Leave,
    LegNews,
    LegView,
    Meet,
    Recorded,
    Ring,
    RoomNews,
    Say,
    TakeMessage,
    Turn,
    Wait,
)
from ...queue.contact import LegState
from .legs import Leg, Pool, Room
from .loom import Loom

FAULTY = 0.06
"""The share of REST calls that fail; after `MOST` of one kind for one leg they work."""
MOST = 4
WAIT_LOOP = 12_000
"""ms of one round of music."""
KEY = 9_000
"""ms until nothing pressed counts as no key."""


class Exchange:
    """`Phones` for the router, and the network behind it."""

    def __init__(self, loom: Loom, pool: Pool) -> None:
        self.loom, self.pool = loom, pool
        self.legs: dict[str, Leg] = {}
        self.rooms: dict[str, Room] = {}
        self.questions = 0
        self.failed: dict[str, int] = {}
        self.answers: dict[int, list[Heard]] = {}
        self.entered: list[Leg] = []  # whoever was let into a conference

    # ---- REST -------------------------------------------------------------------------------------------------

    async def _fault(self, name: str) -> bool:
        """Before a call takes effect; True when its answer is to be lost. Raises where it isn't to happen at all."""
        await self.loom.turn(f"rest {name}")
        if self.failed.get(name, 0) >= MOST or self.loom.rng.random() > FAULTY:
            return False
        self.failed[name] = self.failed.get(name, 0) + 1
        how = self.loom.rng.choice(("refused", "unknown", "lost"))
        self.loom.note(f"  {how}: {name}")
        if how == "refused":
            raise NotDelivered("try later", "20429", retry_after=1.0)
        if how == "unknown":
            raise OutcomeUnknown("no answer")
        return True

    def _answered(self, lost: bool) -> None:
        if lost:
            raise OutcomeUnknown("the answer was lost")

    async def ring(self, it: Ring) -> LegView:
        lost = await self._fault(f"ring {it.key}")
        leg = Leg(self._sid("CA"), it.sender, it.to, it.about, it.about.get("r") == "customer", it.turn)
        leg.detect = it.detect
        self.legs[leg.sid] = leg
        self.loom.note(f"  made {leg.sid} for {it.key}")
        self._news(leg, "initiated")
        self.pool.act(f"{leg.sid} rings", lambda: self._rings(leg, it.seconds), 4)
        self._answered(lost)
        return LegView(leg.sid, leg.state)

    async def find_ring(self, it: Ring, known: frozenset[str]) -> LegView | None:
        await self._fault(f"find {it.key}")
        found = [
            leg for leg in self.legs.values()
            if leg.live and (leg.sender, leg.to) == (it.sender, it.to) and leg.turn != "call" and leg.sid not in known
        ]  # fmt: skip
        return LegView(found[-1].sid, found[-1].state) if found else None

    async def fetch(self, queue: str, sid: str, to: Go) -> bool:
        if not queue:
            return await self.move(sid, to)
        lost = await self._fault(f"fetch {sid}")
        leg = self.legs[sid]
        there = leg.live and leg.where == "queue"
        if there:
            self._redirect(leg, to)
        self._answered(lost)
        return there

    async def move(self, sid: str, to: Go) -> bool:
        lost = await self._fault(f"move {sid}")
        leg = self.legs[sid]
        there = leg.live and leg.state == "answered"
        if there:
            self._redirect(leg, to)
        self._answered(lost)
        return there

    async def hang_up(self, sid: str) -> None:
        lost = await self._fault(f"hang up {sid}")
        leg = self.legs[sid]
        if leg.live:
            ringing: LegState = self.loom.rng.choice(("canceled", "completed", "no-answer"))
            self.end(leg, "completed" if leg.state == "answered" else ringing)
        self._answered(lost)

    async def hold(self, conference: str, sid: str, on: bool, to: Go | None = None) -> bool:
        return self.legs[sid].live and self.legs[sid].room is not None

    async def mute(self, conference: str, sid: str, on: bool) -> bool:
        return self.legs[sid].live and self.legs[sid].room is not None

    async def coach(self, conference: str, sid: str, coached: str) -> bool:
        return self.legs[sid].live and self.legs[sid].room is not None

    async def record(self, conference: str, on: bool) -> bool:
        return False  # nothing is recorded in these calls

    async def look(self, sid: str) -> LegView | None:
        await self._fault(f"look {sid}")
        leg = self.legs.get(sid)
        return LegView(sid, leg.state) if leg else None

    # ---- the network ------------------------------------------------------------------------------------------

    def dial(self, sender: str, to: str) -> Leg:
        """A customer calls."""
        leg = Leg(self._sid("CA"), sender, to, {}, True, state="answered")
        self.legs[leg.sid] = leg
        self.ask(leg, "call", {})
        return leg

    def answered(self, leg: Leg) -> None:
        """Somebody or something takes the call."""
        if leg.state != "ringing":
            return
        leg.state, leg.answered = "answered", self.loom.now
        self._news(leg, "answered")
        if leg.detect:
            self._tell(leg, LegNews(leg.sid, "answered", leg.about, machine=leg.detected), "machine")
        self.ask(leg, leg.turn, leg.about)

    def press(self, leg: Leg, digits: str) -> None:
        """A key, or none in time."""
        ask, leg.asking = leg.asking, None
        if ask is None or not leg.live:
            return
        if digits:
            leg.pressed.append(digits)
        if leg.where == "queue":
            self._wait(leg, digits)
        else:
            self.ask(leg, ask.to.turn, ask.to.about, digits=digits)

    def hang_up_by_person(self, leg: Leg) -> None:
        """Somebody puts the phone down."""
        if leg.live:
            self.loom.note(f"{leg.sid} is put down in {leg.where}")
            leg.hung_up = True
            self.end(leg, "completed" if leg.state == "answered" else "no-answer")

    def end(self, leg: Leg, state: LegState) -> None:
        """The leg is over."""
        if not leg.live:
            return
        where, about, room = leg.where, leg.wait_about, leg.room
        leg.state, leg.where, leg.asking, leg.question = state, "gone", None, 0
        if room is not None:
            self._leave(leg, "participant_hung_up")
            if self.loom.rng.random() < 0.5:
                self._late(leg, "done", leg.room_about, "completed")
        if where == "queue":
            self._late(leg, "left", about, "hangup")
        self._news(leg, state)

    def ask(
        self,
        leg: Leg,
        turn: Turn,
        about: Mapping[str, str],
        digits: str = "",
        result: str = "",
        wait: bool = False,
    ) -> None:
        """The leg asks what it hears next."""
        self.questions += 1
        number = leg.question = self.questions
        leg.asking = None
        if not wait:
            leg.where = "document"
        queue = "QU1" if wait else ""
        call = Call(leg.sid, leg.sender, leg.to, about, digits, queue=queue, result=result)

        async def answered() -> None:
            heard = await self.pool.answer(turn, call)
            self.answers.setdefault(number, []).append(heard)
            if leg.question == number and leg.live:
                leg.question = 0
                self._play(leg, heard)

        self.pool.request(f"{turn} {leg.sid}", answered, 0.12, 0.0, 0.0)

    def _late(self, leg: Leg, turn: Turn, about: Mapping[str, str], result: str) -> None:
        """A question whose answer nobody hears."""
        call = Call(leg.sid, leg.sender, leg.to, about, result=result)

        async def unheard() -> None:
            await self.pool.answer(turn, call)

        self.pool.request(f"{turn} {leg.sid} ({result})", unheard, 0.1, 0.2, 0.4)

    def _play(self, leg: Leg, heard: Heard) -> None:
        for it in heard:
            match it:
                case Say():
                    leg.heard.append(it.text)
                case Ask():
                    leg.heard += [said.text for said in it.prompt if isinstance(said, Say)]
                    return self._ask_key(leg, it)
                case Go():
                    return self._soon(leg, it)
                case Wait():
                    leg.where, leg.queue, leg.wait_about = "queue", it.queue, it.about
                    leg.contact = it.about.get("c", leg.contact)
                    return self._wait(leg, "")
                case Leave():
                    leg.where = "document"
                    return self.ask(leg, "left", leg.wait_about, result="leave")
                case Meet():
                    return self._enter(leg, it)
                case TakeMessage():
                    return self._records(leg, it)
                case HangUp():
                    return self.end(leg, "completed")
                case _:
                    continue
        return self.end(leg, "completed")

    def _soon(self, leg: Leg, to: Go) -> None:
        """The next document is asked for when this one has been heard."""

        def on() -> None:
            if leg.live and not leg.question and leg.where == "document":
                self.ask(leg, to.turn, to.about)

        self.pool.at(self.loom.now + 1_000, f"{leg.sid} on", on)

    def _records(self, leg: Leg, it: TakeMessage) -> None:
        self.pool.at(self.loom.now + 8_000, f"{leg.sid} spoke", lambda: self._spoke(leg, it))

    def _wait(self, leg: Leg, digits: str) -> None:
        self.ask(leg, "wait", leg.wait_about, digits, wait=True)

    def _ask_key(self, leg: Leg, ask: Ask) -> None:
        leg.asking = ask
        spoken = WAIT_LOOP if leg.where == "queue" else KEY
        self.pool.at(self.loom.now + spoken, f"{leg.sid} no key", lambda: self._no_key(leg, ask))
        self.pool.asked(leg)

    def _no_key(self, leg: Leg, ask: Ask) -> None:
        if leg.asking is ask:
            self.press(leg, "")

    def _spoke(self, leg: Leg, it: TakeMessage) -> None:
        if leg.live and leg.where == "document":
            recorded = Recorded(self._sid("RE"), leg.sid, "https://x", 8, True, it.about)
            self.pool.request(f"recorded {leg.sid}", lambda: self.pool.tell(recorded), 0.2, 0.0, 0.4)
            self.ask(leg, "voicemail", it.about, result="recorded")

    def _redirect(self, leg: Leg, to: Go) -> None:
        if leg.where == "queue" and self.loom.rng.random() < 0.3:
            self._late(leg, "left", leg.wait_about, "redirected")
        if leg.room is not None:
            self._leave(leg, "participant_updated_via_api")
        self.ask(leg, to.turn, to.about)

    # ---- conferences ------------------------------------------------------------------------------------------

    def _enter(self, leg: Leg, it: Meet) -> None:
        room = self.rooms.get(it.room)
        if room is None:
            room = self.rooms[it.room] = Room(it.room, self._sid("CF"))
        room.members.append(leg)
        if it.ends:
            room.ending.add(leg.sid)
        leg.room, leg.label, leg.room_about, leg.where = room, it.label, it.about, "room"
        leg.contact = it.about.get("c", leg.contact)
        self.entered.append(leg)
        self._room_news(room, "join", leg)
        if len(room.members) == 2:
            self._room_news(room, "start", None)
        self.pool.entered(leg)

    def _leave(self, leg: Leg, reason: str) -> None:
        room = leg.room
        if room is None:
            return
        leg.room = None
        room.members.remove(leg)
        self._room_news(room, "leave", leg, reason)
        if leg.sid not in room.ending and room.members:
            return
        self.rooms.pop(room.name, None)
        for other in list(room.members):
            room.members.remove(other)
            other.room = None
            self._room_news(room, "leave", other, "conference_ended_via_api")
            self.ask(other, "done", other.room_about, result="completed")
        self._room_news(room, "end", None)

    def _room_news(self, room: Room, kind: str, leg: Leg | None, reason: str = "") -> None:
        room.told += 1
        news = RoomNews(
            room.name, room.sid, kind, room.told, leg.sid if leg else "", leg.label if leg else "", reason,  # type: ignore[arg-type]
        )  # fmt: skip
        self.pool.request(f"room {kind} {news.sid}", lambda: self.pool.tell(news), 0.15, 0.03, 0.3)

    # ---- news of legs -----------------------------------------------------------------------------------------

    def _rings(self, leg: Leg, seconds: int) -> None:
        if leg.state != "queued":
            return
        leg.state = "ringing"
        self._news(leg, "ringing")
        self.pool.at(self.loom.now + seconds * 1000, f"{leg.sid} unanswered", lambda: self._unanswered(leg))
        self.pool.rings(leg)

    def _unanswered(self, leg: Leg) -> None:
        if leg.state == "ringing":
            self.end(leg, "no-answer")

    def _news(self, leg: Leg, state: LegState) -> None:
        self._tell(leg, LegNews(leg.sid, state, leg.about), state)

    def _tell(self, leg: Leg, news: LegNews, name: str) -> None:
        self.pool.request(f"{name} {leg.sid}", lambda: self.pool.tell(news), 0.2, 0.03, 0.3)

    def _sid(self, kind: str) -> str:
        self.questions += 1
        return f"{kind}{self.questions}"
