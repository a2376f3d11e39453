"""Who is there: breaks and overtime that end, and agents of whom nothing is heard, asked and set away.

An agent's last act and when they were last asked stand in the store (`seen_until`), so any process may go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog

from ..channels.channel import Button, DeliveryError, Desk
from ..channels.fence import still_ours
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.state import AgentView, Event
from . import presence
from .alerts import Alerts
from .lanes import Job, Try
from .look import more, spec_of
from .newcomers import stranger
from .parts import Silent
from .people import agent_of
from .presence import NO_ANSWER, Said
from .rulebook import Rulebook, agent_id, instant, span
from .settle import settled
from .substitutes import give_buttons, hand_button, named
from .texts import spoken

log = structlog.get_logger()

EVERY = 5.0
"""Seconds between two looks at who is there."""
NOTED = 60_000
"""ms for which a noted act needn't be noted again."""
ACTS = frozenset({"accepted", "declined", "reply.held"})
"""Events of the ledger that an agent caused, on the phone as well."""
LATER = (30, 60, 120)
"""Minutes behind the end of overtime that are offered as a later one."""


@dataclass(slots=True)
class Attendance(Silent):
    """Looks while `mine` says that this process delivers. `heard` are agents' last acts as this process knows them."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    alerts: Alerts
    mine: Callable[[], bool]
    heard: dict[str, int] = field(default_factory=dict)
    noted: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    since: int | None = None  # when this process began to look, ms
    down: int = 0  # until when nobody could answer, ms

    # ---- what people do -----------------------------------------------------------------------------------------

    async def acted(self, actor: Actor) -> None:
        """They did something at the desk: they are there."""
        spec = agent_of(self.book().plan, actor)
        if spec is not None:
            await self._note(agent_id(spec.name), await self.queue.now())

    async def _note(self, agent: str, now: int) -> None:
        self.heard[agent] = max(now, self.heard.get(agent, 0))
        if now - self.noted.get(agent, 0) > NOTED:
            self.noted[agent] = now
            await self.queue.seen_until(_act(agent), now)

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*I'm here*: in time, or when they have been set away already."""
        if action != "agent.here":
            return None
        spec = agent_of(self.book().plan, actor)
        if spec is None:
            return stranger(self.book().plan.supervisors)
        name, now = agent_id(spec.name), await self.queue.now()
        self.noted[name] = 0  # this one counts to the millisecond
        await self._note(name, now)
        me = (await self.queue.agents()).get(name)
        if me is not None and me.presence == "away" and me.why == NO_ANSWER:
            await self.queue.presence(name, "available")
            return Told(True, "You are *available* again.")
        return Told(True, f"Good: you stay *{me.presence if me else 'offline'}*.")

    # ---- what the ledger tells ----------------------------------------------------------------------------------

    def jobs(self, event: Event) -> list[Job]:
        """What an agent is told of their own presence."""
        if event.e in ACTS and event.a:
            self.heard[event.a] = max(event.t, self.heard.get(event.a, 0))
        who, said = f"agent:{event.a}", more(event) if event.e in ("presence", "shift") else {}
        match event.e:
            case "presence" if said.get("presence") == "away":
                return [Job(who, "presence", lambda t: self._set_away(event, t, str(said.get("why") or "")))]
            case "away_over":
                return [Job(who, "away over", lambda t: self._break_over(event, t))]
            case "shift" if not said.get("on"):
                return [Job(who, "shift over", lambda t: self._shift_over(event, t))]
            case _:
                return []

    async def _set_away(self, event: Event, t: Try, why: str) -> None:
        if why not in (presence.MISSED, NO_ANSWER):
            return
        me = (await self.queue.agents()).get(event.a)
        held = await self._owned(me)
        give = self._give(event.a) if held else ()
        await self._say(event, t, presence.set_away(why, held, give))
        if held:
            name = self.book().called(event.a)
            what = f"{name} missed offers" if why == presence.MISSED else f"Nothing is heard of {name}"
            text = f"{what}, and is away now; still theirs: {', '.join(held)}."
            buttons = give_buttons(event.a, give[0].value if give else "")
            await self.alerts.once(f"unheard:{event.a}", text, 60.0, event.t / 1000, t.again, buttons)

    async def _break_over(self, event: Event, t: Try) -> None:
        me = (await self.queue.agents(event.a)).get(event.a)
        if me is not None and me.presence == "away" and not await settled(self.queue, me):
            await self._say(event, t, presence.break_over(me.why))

    async def _shift_over(self, event: Event, t: Try) -> None:
        me = (await self.queue.agents()).get(event.a)
        if me is None or me.on_shift or me.presence == "offline":
            return
        minutes = max(1, span(self.book().plan.settings.grace) // 60_000)
        await self._say(event, t, presence.shift_over(await self._owned(me), minutes, self._give(event.a)))

    def _give(self, agent: str) -> tuple[Button, ...]:
        """What they have in hand may go to whoever the plan lets stand in."""
        spec = spec_of(self.book(), agent)
        other = named(self.book(), spec, "") if spec is not None else ""
        return (hand_button(other),) if other else ()

    async def _say(self, event: Event, t: Try, said: Said | None) -> None:
        spec = spec_of(self.book(), event.a)
        if said is not None and spec is not None:
            key = f"{event.id}.{event.e}.{event.a}"  # an entry may tell several agents
            await self.desk.tell(spec.slack, said.text, said.buttons, key=key, again=t.again)

    async def _owned(self, me: AgentView | None) -> tuple[str, ...]:
        """What they own and haven't ended."""
        held = await self.queue.several(sorted(me.contacts)) if me is not None else []
        return tuple(it.id for it in held if me is not None and it.owner == me.name and it.state == "active")

    # ---- what time brings ---------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        still_ours.set(self.mine)
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look(await self.queue.now())

    async def look(self, now: int) -> None:
        """Ask and tell what is due at `now`."""
        self.since = now if self.since is None else self.since
        if not await self.queue.desk_up():
            self.down = now  # nobody could have answered
            return
        agents = await self.queue.agents()
        for name, me in agents.items():
            try:
                if (ends := presence.overtime_ends(me, now)) is not None:
                    await self._overtime_ends(me, ends, now)
                await self._still_there(me, now)
            except DeliveryError as error:
                log.info("attendance.not_told", agent=name, error=type(error).__name__)

    async def _overtime_ends(self, me: AgentView, ends: int, now: int) -> None:
        key, spec = f"overtime:{me.name}:{ends}", spec_of(self.book(), me.name)
        if key in self.told or spec is None:
            return
        zone = self.book().plan.timezone
        later = [
            (f"Until {at:%H:%M}", f"until {at:%H:%M}")
            for at in (instant(ends + m * 60_000).astimezone(ZoneInfo(zone)) for m in LATER)
        ]
        held = await self._owned(me)
        give = self._give(me.name) if held else ()
        said = presence.ending(spoken(ends, now, zone, "en"), tuple(later), held, give)
        await self.desk.tell(spec.slack, said.text, said.buttons, key=key, again=True)
        self.told.add(key)

    async def _still_there(self, me: AgentView, now: int) -> None:
        lease = self.book().plan.settings.still_there
        known = max(self.heard.get(me.name, 0), self.down)
        if lease is None or me.presence != "available" or not me.on_shift or now - known < span(lease):
            return
        acted, asked = await asyncio.gather(
            self.queue.seen_until(_act(me.name)), self.queue.seen_until(_asked(me.name))
        )
        last = max(acted or self.since or now, known)
        self.heard[me.name] = max(acted, self.heard.get(me.name, 0))
        due = presence.still_there(me, last, asked or None, now, span(lease), await self._talks(me))
        if due == "ask":
            await self._ask(me, last, now)
        elif due == "away":
            await self._leave(me, asked)

    async def _ask(self, me: AgentView, last: int, now: int) -> None:
        spec = spec_of(self.book(), me.name)
        if spec is None:
            return
        said = presence.ask((now - last) // 60_000)
        await self.desk.tell(spec.slack, said.text, said.buttons, key=f"still:{me.name}:{last}", again=True)
        await self.queue.seen_until(_asked(me.name), await self.queue.now())  # from then on they can answer

    async def _leave(self, me: AgentView, asked: int) -> None:
        await self.queue.presence(me.name, "away", why=NO_ANSWER)
        if await self.queue.seen_until(_act(me.name)) > asked:  # in that very moment
            await self.queue.presence(me.name, "available")

    async def _talks(self, me: AgentView) -> bool:
        """Whether they have a call in hand."""
        held = await self.queue.several(sorted(me.contacts))
        return any(it.channel == "voice" and it.owner == me.name and it.state == "active" for it in held)


def _act(agent: str) -> str:
    return f"act:{agent}"


def _asked(agent: str) -> str:
    return f"asked:{agent}"
