"""What people do with a call from Slack: hold, mute, hang up, hand over when both have spoken, join, listen.

There are no keys inside a conference, so these are buttons and words. Each changes a fact of the call, or asks the
queue; what follows on the phone follows from that (`talking.py`), so a press that gets lost on its way changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..queue.engine import Queue
from ..queue.replies import Answer
from ..queue.state import Leg
from .commands import contact_number
from .facts import Facts
from .fraud import barred
from .handover import NoSuch, aim
from .moves import Outcome, Stop, Who
from .rulebook import Rulebook, agent_id
from .standing import Standing
from .talking import SUPERVISES, standing

OWN = (
    "hold",
    "resume",
    "mute",
    "unmute",
    "hang up",
    "hand over",
    "back",
    "invite",
    "pause",
    "record",
    "call",
)
VERBS = (*OWN, *SUPERVISES)
"""What can be done with a call, as it is typed."""
BUTTONS: Mapping[str, str] = {f"call.{verb.replace(' ', '_')}": verb for verb in VERBS if verb != "invite"}
"""action_id of a button → verb."""
HELP = (
    "Calls: `call C1001` – your phone rings, and then the customer's\n"
    "`hold C1001` · `resume` · `mute` · `unmute` · `hang up` · `invite C1001 Ben` – a third person\n"
    "`pause C1001` – record nothing for a while · `record C1001`\n"
    "`speak C1001 Ben why` – speak with Ben first; then `hand over C1001` or `back C1001`\n"
    "Supervisors: `listen C1001` · `whisper C1001` – only the agent hears you · `barge C1001` – both do"
)
_ORDER = re.compile(
    rf"(?P<verb>{'|'.join(VERBS)}|hangup)\s+#?(?P<contact>c?\d{{1,12}})(?!\w)\s*(?P<rest>.*)", re.I
)


def parse(text: str) -> tuple[str, str, str] | None:
    """(verb, contact, rest) of what was typed; None when it is nothing of these, or names no contact."""
    found = _ORDER.fullmatch(" ".join(text.split()))
    if found is None:
        return None
    verb = found["verb"].casefold()
    return "hang up" if verb == "hangup" else verb, contact_number(found["contact"]), found["rest"]


@dataclass(slots=True)
class Telephone:
    """Every verb returns an outcome in words; a lost race is one."""

    queue: Queue
    book: Callable[[], Rulebook]

    async def do(self, who: Who, verb: str, contact: str, rest: str = "") -> Outcome:
        """Carry out one of `VERBS`."""
        try:
            it = await self._call(contact)
            outcome = await (
                self._supervise(who, it, verb) if verb in SUPERVISES else self._own(who, it, verb, rest)
            )
        except Stop as stop:
            return stop.outcome
        if outcome.ok and who.supervisor and who.agent != it.view.owner:
            await self.queue.audit(who.name, f"call.{verb}", {"contact": contact}, who.origin)
        return outcome

    async def _call(self, contact: str) -> Standing:
        it = await standing(self.queue, contact)
        if it is None:
            raise Stop("gone", f"There is no call {contact[:20]}.")
        if it.view.state != "active":
            raise Stop("stale", f"Nobody is talking in {contact}: it is {it.view.state}.")
        return it

    async def _own(self, who: Who, it: Standing, verb: str, rest: str) -> Outcome:
        owner = it.view.owner
        if who.agent != owner and not who.supervisor:
            raise Stop(
                "not_owner",
                f"{it.view.id} is with {self.book().called(owner)}: only they or a supervisor do that.",
            )
        match verb:
            case "hold" | "resume":
                return await self._hold(it, verb == "hold")
            case "mute" | "unmute":
                return await self._mute(it, verb == "mute")
            case "hang up":
                told = json.dumps({"by": who.name}, ensure_ascii=False)
                return self._said(
                    await self.queue.complete(it.view.id, owner, told), f"{it.view.id} has ended."
                )
            case "hand over":
                return await self._hand_over(it)
            case "back":
                return await self._back(it)
            case "pause" | "record":
                return await self._tape(it, verb == "record")
            case "call":
                return await self._call_customer(who, it)
            case _:
                return await self._invite(it, rest)

    async def _call_customer(self, who: Who, it: Standing) -> Outcome:
        spec = self.book().by_id.get(who.agent)
        if spec is None or it.view.owner != who.agent:
            raise Stop("not_owner", f"Only who has {it.view.id} calls its customer.")
        if it.customer is not None and it.met:
            raise Stop("stale", "You are talking to them.")
        if not spec.phone or not Facts.parse(it.view.facts).address:
            raise Stop(
                "wrong", "There is no number to call: yours is missing in the plan, or theirs is withheld."
            )
        facts = Facts.parse(it.view.facts)
        if why := barred(facts.address, self.book().plan.safety, vouched=facts.verified):
            raise Stop("wrong", f"They are not called: {why}.")
        asked = {"wants": str(await self.queue.now())}
        answer = await self.queue.happen(it.view.id, "call agent", asked, who.agent)
        return self._said(answer, "Your phone rings: press 1, and we call the customer.")

    async def _hold(self, it: Standing, on: bool) -> Outcome:
        self._met(it)
        if it.second is not None and not on:
            raise Stop(
                "stale", "You are speaking with somebody else: hand it over, or go *back* to the customer."
            )
        wish = it.view.owner if on else f"-{it.view.owner}" if it.view.handing else ""
        await self.queue.happen(
            it.view.id, "asked", {"hold": wish}, it.view.owner, {"for": "hold" if on else "resume"}
        )
        return Outcome("ok", "The customer hears music." if on else "The customer hears you again.")

    async def _mute(self, it: Standing, on: bool) -> Outcome:
        leg = self._on_phone(it)
        facts = {"mute": leg.sid if on else ""}
        await self.queue.happen(
            it.view.id, "asked", facts, it.view.owner, {"for": "mute" if on else "unmute"}
        )
        return Outcome("ok", "Nobody hears you." if on else "You are heard again.")

    async def _hand_over(self, it: Standing) -> Outcome:
        second, name = it.second, self.book().called(it.facts.get("warm", ""))
        if second is None or not it.offer:
            raise Stop("stale", "Nobody is on the line to take it over.")
        answer = await self.queue.accept(it.view.id, it.offer, it.facts["warm"])
        return self._said(answer, f"{it.view.id} is with {name} now.")

    async def _back(self, it: Standing) -> Outcome:
        if not it.view.handing:
            raise Stop("stale", f"{it.view.id} isn't being handed over.")
        return self._said(await self.queue.keep(it.view.id, it.view.owner), "The customer hears you again.")

    async def _tape(self, it: Standing, on: bool) -> Outcome:
        if self.book().plan.voice.recording is None:
            raise Stop("wrong", "Calls are not recorded.")
        self._met(it)
        facts = {"tape": "" if on else "paused"}
        await self.queue.happen(
            it.view.id, "asked", facts, it.view.owner, {"for": "record" if on else "pause"}
        )
        return Outcome(
            "ok",
            "It is recorded again." if on else "Nothing is recorded now; the thread says so when it is so.",
        )

    async def _invite(self, it: Standing, words: str) -> Outcome:
        self._met(it)
        try:
            to, _ = aim(self.book(), words)
        except NoSuch as error:
            raise Stop("wrong", str(error)) from None
        spec = self.book().plan.agent(to.name) if to.kind == "agent" else None
        if spec is None or not spec.phone:
            raise Stop("wrong", f"{to.words} has no phone of their own: invite one person who has.")
        agent = agent_id(spec.name)
        if agent == it.view.owner or any(_theirs(leg, agent) for leg in it.legs):
            raise Stop("stale", f"{spec.name} is in the call or is rung already.")
        await self._ask(it, "invite", agent)
        return Outcome(
            "ok", f"{spec.name}'s phone rings. {it.view.id} stays with {self.book().called(it.view.owner)}."
        )

    async def _supervise(self, who: Who, it: Standing, verb: str) -> Outcome:
        spec = self.book().by_id.get(who.agent)
        if not who.supervisor:
            raise Stop("not_owner", "Only a supervisor listens to the calls of others.")
        if spec is None or not spec.phone:
            raise Stop("wrong", "Your phone is not in the plan: without it you can't be put through.")
        if who.agent == it.view.owner:
            raise Stop("wrong", "You have this call yourself.")
        self._met(it)
        await self._ask(it, verb, who.agent)
        there = any(leg.about.get("a") == who.agent for leg in it.inside("boss"))
        return Outcome("ok", HEARD[verb] if there else f"Your phone rings. {HEARD[verb]}")

    async def _ask(self, it: Standing, what: str, agent: str) -> None:
        """Somebody's phone is to ring; the instant makes each such wish a new one."""
        name = "invited" if what == "invite" else "boss"
        facts = {name: f"{what} {agent} {await self.queue.now()}"}
        await self.queue.happen(it.view.id, what, facts, agent, {"by": it.view.owner})

    def _met(self, it: Standing) -> None:
        if not it.met:
            raise Stop("stale", f"The customer of {it.view.id} isn't on the line with anybody yet.")

    def _on_phone(self, it: Standing) -> Leg:
        if it.owner is None:
            raise Stop("stale", f"{self.book().called(it.view.owner)} isn't on the phone.")
        return it.owner

    def _said(self, answer: Answer, done: str) -> Outcome:
        if answer.outcome in ("ok", "accepted"):
            return Outcome("ok", done)
        return Outcome("stale", "Nothing was done: something else happened first.")


HEARD = {
    "listen": "Nobody hears you.",
    "whisper": "Only the agent hears you.",
    "barge": "The agent and the customer hear you.",
}


def _theirs(leg: Leg, agent: str) -> bool:
    return leg.live and leg.about.get("a") == agent
