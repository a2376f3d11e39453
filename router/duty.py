"""On and off duty: `/tierline available`, `away 45m lunch`, `offline`, `status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ..channels.channel import Button
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from . import commands
from .active import ActivePlan
from .lines import status_lines
from .newcomers import Newcomers, stranger
from .parts import Silent
from .people import agent_of, is_supervisor
from .plan.model import AgentSpec
from .rulebook import agent_id, edges, instant, span
from .texts import spoken

SUPERVISOR = Told(
    False,
    "You are a supervisor of the plan, not one of its agents. `/tierline available` brings you an Add button; "
    "`queue` and `why C1001` are yours already.",
)
NOT_YET = Told(False, "You are in the plan but not in the queue yet: try again in a second.")


@dataclass(slots=True)
class Duty(Silent):
    """An agent's presence."""

    queue: Queue
    plan: ActivePlan
    newcomers: Newcomers

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`available`, `away`, `offline`, `status`."""
        it = commands.parse(text)
        if it.verb not in ("available", "away", "offline", "status"):
            return None
        spec = agent_of(self.plan().plan, actor)
        if spec is None:
            asked = it.verb == "available"
            told = await self.newcomers.asks(actor) if asked else stranger(self.plan().plan.supervisors)
            return SUPERVISOR if is_supervisor(self.plan().plan, actor) else told
        match it.verb:
            case "available":
                return await self._available(spec, it.span)
            case "away":
                return await self._away(spec, it)
            case "offline":
                await self.queue.presence(agent_id(spec.name), "offline")
                return Told(True, "You are *offline*. What you own stays yours; nothing new is offered.")
            case _:
                return await self._status(spec)

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Work now*, so long."""
        return await self.command(actor, f"available {value}") if action == "agent.overtime" else None

    async def _available(self, spec: AgentSpec, overtime: timedelta | None) -> Told:
        name, now, book = agent_id(spec.name), await self.queue.now(), self.plan()
        me = (await self.queue.agents()).get(name)
        if me is None:
            return NOT_YET
        if not me.on_shift and overtime is None:
            begins = next((at for at, on in edges(book.on_duty(spec), instant(now)) if on), None)
            when = spoken(begins, now, book.plan.timezone, "en") if begins else "never by the plan"
            hours = tuple(Button("agent.overtime", f"{h} h", f"{h}h") for h in (1, 2, 4))
            return Told(
                False,
                f"You are off shift; your next shift begins {when}. Work now? Until when: `/tierline available 2h`.",
                buttons=hours,
            )
        if not me.on_shift and overtime is not None:
            await self.queue.overtime(name, now + span(overtime))
        await self.queue.presence(name, "available")
        until = (
            spoken(now + span(overtime), now, book.plan.timezone, "en")
            if overtime and not me.on_shift
            else ""
        )
        return Told(True, "You are *available*." + (f" Overtime until {until}." if until else ""))

    async def _away(self, spec: AgentSpec, it: commands.Command) -> Told:
        now = await self.queue.now()
        until = now + span(it.span) if it.span else None
        await self.queue.presence(agent_id(spec.name), "away", until=until, why=it.word)
        back = f" until {spoken(until, now, self.plan().plan.timezone, 'en')}" if until else ""
        return Told(
            True, f"You are *away*{back}{': ' + it.word if it.word else ''}. What you own stays yours."
        )

    async def _status(self, spec: AgentSpec) -> Told:
        me = (await self.queue.agents()).get(agent_id(spec.name))
        if me is None:
            return NOT_YET
        held = [
            view
            for c in sorted(me.contacts | me.snoozed)
            if (view := await self.queue.contact(c)) is not None
        ]
        return Told(True, status_lines(self.plan(), me, held, await self.queue.now()))
