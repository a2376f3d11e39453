"""`tierline doctor --call`: each agent's phone is rung, one after the other, and who answers is asked to press 1.

    we ─▶ Twilio ─▶ the agent's phone ─▶ answered ─▶ POST /twilio/voice/test of the running Tierline ─▶ "press 1" ─▶ key

A key is heard only by whoever Twilio can reach, so the running Tierline says the words and remembers the key: what is
tried is the whole way of an offer, our public address and the signature included.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from ..router.plan.load import load_async
from ..router.plan.model import AgentSpec, Plan
from ..router.rulebook import agent_id
from ..settings import Settings
from .api_client import ApiClient, NotRunning, read_token
from .twilio_side import TwilioNo, TwilioSide

RINGS = 30
"""Seconds that a phone rings at most."""
TALKS = 60
"""Seconds for the words and the key, both asked twice."""
POLL = 1.0
LOOKS = 3
"""Looks for a call whose answer was lost."""
ENDED = ("completed", "busy", "no-answer", "failed", "canceled")

Outcome = Literal["pressed", "no key", "no answer", "busy", "failed", "refused", "no end"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one agent's test call; `why` in Twilio's words where it refused."""

    agent: str
    outcome: Outcome
    why: str = ""

    def said(self, sender: str) -> str:
        """For the operator, with what to do; `sender` is the number that the phone shows."""
        match self.outcome:
            case "pressed":
                return f"✓ {self.agent}: the phone rang, was answered, and 1 was pressed"
            case "no key":
                return (
                    f"✗ {self.agent}: something answered and pressed nothing: a mailbox, or the phone's call screening"
                    " (iOS “Ask Reason for Calling”, Android “Call Screen”), which answers before its owner does"
                    f" → save {sender} as a contact in that phone, and switch the mailbox off or let it answer later"
                )
            case "no answer":
                return (
                    f"✗ {self.agent}: nobody answered within {RINGS} s → is the phone on, and not set to silence"
                    f" unknown callers? Save {sender} as a contact in it"
                )
            case "busy":
                return f"✗ {self.agent}: the line is busy, or the call was rejected → try again"
            case "failed":
                return f"✗ {self.agent}: the network can't reach this number → is `phone:` right in the plan?"
            case "refused":
                return f"✗ {self.agent}: Twilio doesn't make the call: {self.why}"
            case "no end":
                return f"✗ {self.agent}: the call came to no end and was ended by us → try again"


class NobodyToCall(LookupError):
    """There is nothing to try; `str()` says why and what to do."""


def whom(plan: Plan, names: Iterable[str]) -> tuple[AgentSpec, ...]:
    """The agents with those names, all without any. Raises NobodyToCall, for one without a phone as well."""
    wanted = [it.casefold() for it in names]
    if unknown := [it for it in wanted if it not in {a.name.casefold() for a in plan.agents}]:
        known = ", ".join(a.name for a in plan.agents)
        raise NobodyToCall(f"the plan has no agent {', '.join(unknown)}; it has {known or 'none'}")
    chosen = [a for a in plan.agents if not wanted or a.name.casefold() in wanted]
    found = tuple(a for a in chosen if a.phone)
    if wanted and (without := [a.name for a in chosen if not a.phone]):
        raise NobodyToCall(f"{', '.join(without)} has no `phone:` in the plan")
    if not found:
        raise NobodyToCall("no agent has a `phone:` in the plan")
    return found


def number_of(plan: Plan) -> str:
    """The number that agents see: the plan's `from:`, else that of its first door for calls. Raises NobodyToCall."""
    doors = (e.to for e in plan.entry if e.channel == "voice" and e.to)
    if found := plan.channels.voice.sender or next(doors, None):
        return found
    raise NobodyToCall("the plan has no number for calls (`entry:` with `channel: voice`)")


@dataclass(slots=True)
class Trying:
    """Calls at the account's pace, one at a time. `public_url` is where the running Tierline is reached."""

    side: TwilioSide
    api: ApiClient
    public_url: str
    sender: str
    per_second: float = 1.0
    poll: float = POLL

    async def all(self, agents: Iterable[AgentSpec], say: Callable[[str], None]) -> bool:
        """Each in turn, said as it ends; whether all pressed 1. Raises NotRunning and Refused."""
        good = True
        for n, agent in enumerate(agents):
            if n:
                await asyncio.sleep(1 / self.per_second)
            say(f"  calling {agent.name} at {agent.phone} …")
            it = await self.one(agent)
            say(f"  {it.said(self.sender)}")
            good = good and it.outcome == "pressed"
        return good

    async def one(self, agent: AgentSpec) -> Tried:
        """One agent's phone, to its end."""
        query = urlencode({"a": agent_id(agent.name)})
        try:
            sid = await self._made(agent.phone or "", f"{self.public_url}/twilio/voice/test?{query}")
            status = await self._ended(sid)
        except TwilioNo as no:
            return Tried(agent.name, "refused", str(no))
        match status:
            case "completed":
                return Tried(agent.name, "pressed" if await self.api.pressed(sid) else "no key")
            case "busy":
                return Tried(agent.name, "busy")
            case "no-answer" | "canceled":
                return Tried(agent.name, "no answer")
            case "failed":
                return Tried(agent.name, "failed")
            case _:
                await self.side.hang_up(sid)
                return Tried(agent.name, "no end")

    async def _made(self, phone: str, url: str) -> str:
        """The call, new or, where Twilio's answer was lost, found: it may ring all the same. Raises TwilioNo."""
        before = await self.side.calls(phone, self.sender)
        try:
            return await self.side.call(phone, self.sender, url, RINGS)
        except TwilioNo as no:
            if not no.unknown:
                raise
            for _ in range(LOOKS):
                if made := await self.side.calls(phone, self.sender) - before:
                    return min(made)
                await asyncio.sleep(self.poll)
            raise

    async def _ended(self, sid: str) -> str:
        """What has become of it, at the latest when its time is up."""
        status = ""
        for _ in range(1 + max(0, round((RINGS + TALKS) / self.poll))):
            try:
                status = await self.side.leg(sid)
            except TwilioNo as no:
                if not no.unknown:
                    raise
            if status in ENDED:
                break
            await asyncio.sleep(self.poll)
        return status


async def try_phones(config: Settings, names: Iterable[str], say: Callable[[str], None]) -> bool:
    """Call those agents of the active plan, everybody without `names`; whether all pressed 1.

    Raises NobodyToCall, NotRunning, Refused, PlanErrors.
    """
    given = config.api_token.get_secret_value() if config.api_token else ""
    api = ApiClient(f"http://127.0.0.1:{config.port}", await read_token(config.data, given))
    try:
        ready = await api.ready()
    except NotRunning:
        raise NobodyToCall(
            "Tierline isn't running here, so nobody would hear the key: start `tierline run`"
        ) from None
    if not config.sms_on or config.twilio_auth_token is None:
        raise NobodyToCall("there are no Twilio credentials: run `tierline setup`")
    if ready.get("stand_ins") and not config.twilio_api_url:
        raise NobodyToCall("what runs here is the sandbox: stop it, then start `tierline run`")
    if not config.public_url and not config.twilio_api_url:
        raise NobodyToCall("Twilio can't reach us: TIERLINE_PUBLIC_URL isn't set")
    plan = await load_async(str((await api.plan()).get("yaml") or ""), "the active plan")
    agents, sender = whom(plan, names), number_of(plan)
    token = config.twilio_auth_token.get_secret_value()
    side = TwilioSide(config.twilio_account_sid, token, config.twilio_api_url)
    say(f"Test calls from {sender}, one after the other; whoever answers is asked to press 1.")
    try:
        return await Trying(side, api, config.base_url, sender, config.calls_per_second).all(agents, say)
    finally:
        await side.close()
