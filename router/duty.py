"""On and off duty: `/tierline available`, `away 45m lunch`, `overtime 2h`, `offline`, `status`, and their forms."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ..channels.channel import Button
from ..channels.forms import Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.state import AgentView
from . import absence, commands, duty_forms, presence
from .absence import is_there
from .active import ActivePlan
from .lines import escape, status_lines
from .newcomers import Newcomers, stranger
from .parts import Silent
from .people import agent_of, is_supervisor
from .plan.model import AgentSpec
from .rulebook import agent_id, edges, instant, span
from .settle import settle
from .substitutes import hand_button, in_hand, named
from .texts import spoken
from .when import NoTime, when

SUPERVISOR = Told(
    False,
    "You are a supervisor of the plan, not one of its agents. `/tierline available` brings you an Add button; "
    "`queue` and `why C1001` are yours already.",
)
NOT_YET = Told(False, "You are in the plan but not in the queue yet: try again in a second.")
VERBS = ("available", "overtime", "away", "offline", "status")
PRESSED = {
    "agent.available": "available",
    "agent.overtime": "overtime",
    "agent.away": "away",
    "agent.offline": "offline",
}
"""Buttons that say a command; their value is what follows the verb."""
HOURS = tuple(Button("agent.overtime", f"{hours} h", f"{hours}h") for hours in (1, 2, 4))
LONGEST_OVERTIME = 24 * 3_600_000
LONG = 8 * 3_600_000
"""ms of an absence from which on it is said that nobody stands in."""


@dataclass(slots=True)
class Duty(Silent):
    """An agent's presence."""

    queue: Queue
    plan: ActivePlan
    newcomers: Newcomers

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`available`, `overtime`, `away`, `offline`, `status`."""
        it = commands.parse(text)
        if it.verb not in VERBS:
            return None
        spec = agent_of(self.plan().plan, actor)
        if spec is None:
            return await self._unknown(actor, asks=it.verb in ("available", "overtime"))
        match it.verb:
            case "available":
                return await (self._overtime(spec, it.rest) if it.rest else self._available(spec))
            case "overtime":
                return await self._overtime(spec, it.rest)
            case "away":
                return await self._away(spec, it.rest)
            case "offline":
                return await self._offline(spec)
            case _:
                return await self._status(spec)

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """A button that says one of the commands."""
        verb = PRESSED.get(action)
        return await self.command(actor, f"{verb} {value}".strip()) if verb is not None else None

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """*Away …* and *Overtime …*."""
        if name not in ("away", "overtime"):
            return None
        if (spec := agent_of(self.plan().plan, actor)) is None:
            return await self._unknown(actor)
        return self._away_form(spec) if name == "away" else duty_forms.OVERTIME

    def _away_form(self, spec: AgentSpec) -> Form:
        others = [it for it in self.plan().plan.agents if it != spec]
        others.sort(key=lambda it: it.team != spec.team)
        return duty_forms.away(tuple(it.name for it in others), spec.substitute or "")

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """The same as the command that it says."""
        if filled.name not in ("away", "overtime"):
            return None
        if agent_of(self.plan().plan, actor) is None:
            return await self._unknown(actor)
        said = duty_forms.said(filled)
        if isinstance(said, Mistakes):
            return said
        verb, words = said
        try:
            when(words, await self.queue.now(), self.plan().plan.timezone)
        except NoTime:
            if verb == "overtime" or filled.answers.get("day"):
                return Mistakes({"day" if verb == "away" else "at": "That is past already: say a later one."})
        return await self.command(actor, f"{verb} {words}".strip())

    async def _unknown(self, actor: Actor, asks: bool = False) -> Told:
        plan = self.plan().plan
        told = await self.newcomers.asks(actor) if asks else stranger(plan.supervisors)
        return SUPERVISOR if is_supervisor(plan, actor) else told

    # ---- what they can be ---------------------------------------------------------------------------------------

    async def _available(self, spec: AgentSpec) -> Told:
        name, now, book = agent_id(spec.name), await self.queue.now(), self.plan()
        me = await self.queue.agent_view(name)
        if me is None:
            return NOT_YET
        if not me.on_shift:
            begins = next((at for at, on in edges(book.on_duty(spec), instant(now)) if on), None)
            when_on = spoken(begins, now, book.plan.timezone, "en") if begins else "never by the plan"
            text = (
                f"You are off shift; your next shift begins {when_on}. Work now? "
                "Until when: `/tierline overtime 2h`, or `overtime until 20:00`."
            )
            return Told(False, text, buttons=HOURS)
        until = f" Overtime until {self._said(me.overtime, now)}." if me.overtime and not me.shift else ""
        return await self._comes(me, now) or Told(True, f"You are *available*.{until}")

    async def _comes(self, me: AgentView, now: int) -> Told | None:
        """They are available; or, for whoever comes and goes all the time, in a moment, which is told."""
        wait = self.plan().plan.settings.settle
        settled = await settle(self.queue, me, now, span(wait) if wait else None)
        if settled is None:
            return None
        at = instant(settled).astimezone(ZoneInfo(self.plan().plan.timezone))
        return Told(True, presence.settling(f"{at:%H:%M:%S}"), buttons=(presence.OFFLINE,))

    async def _overtime(self, spec: AgentSpec, words: str) -> Told:
        name, now = agent_id(spec.name), await self.queue.now()
        me = await self.queue.agent_view(name)
        if me is None:
            return NOT_YET
        try:
            until, _ = when(words, now, self.plan().plan.timezone)
        except NoTime:
            until = None
        if until is None or until - now > LONGEST_OVERTIME:
            text = "Until when? `/tierline overtime 2h`, or `overtime until 20:00`: at most a day."
            return Told(False, text, buttons=HOURS)
        ends = next((at for at, on in edges(self.plan().on_duty(spec), instant(now)) if not on), None)
        if me.shift and (ends is None or until <= ends):
            on = "round the clock" if ends is None else f"until {self._said(ends, now)} anyway"
            return await self._comes(me, now) or Told(True, f"You are *available*. You are on shift {on}.")
        await self.queue.overtime(name, until)
        return await self._comes(me, now) or Told(
            True, f"You are *available*. Overtime until {self._said(until, now)}; you hear before it ends."
        )

    async def _away(self, spec: AgentSpec, words: str) -> Told:
        name, now = agent_id(spec.name), await self.queue.now()
        until: int | None = None
        why = words
        try:
            until, why = when(words, now, self.plan().plan.timezone) if words else (None, "")
        except NoTime:
            why = words
        it = absence.said(self.plan(), spec, why)
        if (await self.queue.presence(name, "away", until=until, why=it.words)).outcome == "gone":
            return NOT_YET
        back = f" until {self._said(until, now)}: you are asked then, not put back by itself" if until else ""
        reason = f": {escape(it.why[: absence.LONGEST])}" if it.why else ""
        return await self._left(spec, it, until, now, f"You are *away*{reason}{back}.")

    async def _left(
        self, spec: AgentSpec, it: absence.Absence, until: int | None, now: int, first: str
    ) -> Told:
        """Who stands in, what they still have, and what can be done about either."""
        other = named(self.plan(), spec, it.name)
        about = await self.queue.agents(*(agent_id(name) for name in (spec.name, other) if name))
        held = await in_hand(self.queue, about.get(agent_id(spec.name)))
        them = about.get(agent_id(other)) if other else None
        buttons: tuple[Button, ...] = (hand_button(other),) if other and held else ()
        if other and it.name:
            day = instant(until).astimezone(ZoneInfo(self.plan().plan.timezone)) if until else None
            again = f"until {day:%Y-%m-%d %H:%M}" if day else "until further notice"
            buttons += (Button("agent.away", "Nobody stands in", f"{again} {it.why} nobody"),)
        said = (
            first,
            presence.stands_in(
                other, them is None or is_there(them), until is not None and until - now >= LONG
            ),
            presence.keeps(tuple(c.id for c in held), self._shift_before(spec, until, now), other),
        )
        return Told(True, " ".join(filter(None, said)), buttons=buttons)

    def _shift_before(self, spec: AgentSpec, until: int | None, now: int) -> str:
        """When their shift ends, in words, where that comes before they are back; else ""."""
        ends = next((at for at, on in edges(self.plan().on_duty(spec), instant(now)) if not on), None)
        return self._said(ends, now) if ends is not None and until is not None and ends < until else ""

    async def _offline(self, spec: AgentSpec) -> Told:
        me = (await self.queue.agents(agent_id(spec.name))).get(agent_id(spec.name))
        if me is None:
            return NOT_YET
        it = absence.kept(self.plan(), spec, me.why) if me.presence == "away" else absence.Absence()
        await self.queue.presence(me.name, "offline", why=it.words if it.name else "")
        other = named(self.plan(), spec, it.name)
        stands = f" {escape(other)} stands in for you." if other and it.name else ""
        held = await in_hand(self.queue, me)
        stays = presence.kept_offline(tuple(it.id for it in held), span(self.plan().plan.settings.grace))
        text = f"You are *offline*: nothing new is offered.{stands}{stays}"
        return Told(True, text, buttons=(hand_button(other),) if held and other else ())

    async def _status(self, spec: AgentSpec) -> Told:
        me = await self.queue.agent_view(agent_id(spec.name))
        if me is None:
            return NOT_YET
        held = await self.queue.several(sorted(me.contacts | me.snoozed))
        return Told(True, status_lines(self.plan(), me, held, await self.queue.now()))

    def _said(self, at: int, now: int) -> str:
        return spoken(at, now, self.plan().plan.timezone, "en")
