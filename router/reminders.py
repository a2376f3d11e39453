"""Reminders of a contact: at an instant, whoever asked for it is told in person, and its thread says so.

    remind C1001 tomorrow 9:00 ask for the invoice ─▶ kept in the store ─▶ the instant ─▶ told, gone

A reminder stands among the store's named states, as pages do: all processes see it, a restart finds it, and the ledger
tells when it was set and when it was over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from zlib import crc32

import structlog

from ..channels.channel import Button, DeliveryError, Desk, Line, NotDelivered
from ..channels.fence import still_ours
from ..channels.forms import Field, Filled, Form, Mistakes
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from .active import ActivePlan
from .explain import Moments
from .look import spec_of
from .moves import Who
from .orders import named
from .parts import Silent
from .rights import member
from .rulebook import Rulebook
from .texts import spoken
from .when import NoTime, when

log = structlog.get_logger()

REMIND = "remind:"
EVERY = 1.0
"""Seconds between looks at what is due."""
MOST = 50
"""Reminders of one agent at a time."""
LONGEST = 300
NO_TIME = "Say when: `/tierline remind C1001 tomorrow 9:00 ask for the invoice`."


@dataclass(frozen=True, slots=True)
class Reminder:
    """`at` in ms; `agent` is the queue's id of whoever is reminded."""

    contact: str
    at: int
    agent: str
    text: str

    @property
    def name(self) -> str:
        """Under which it stands in the store: the same one set twice is one."""
        words = f"{self.agent}.{self.text}".encode()
        return f"{REMIND}{self.contact}:{self.at}:{crc32(words):08x}"

    def dump(self) -> str:
        """As it stands there."""
        return json.dumps([self.contact, self.at, self.agent, self.text], ensure_ascii=False)


def read(states: Mapping[str, str]) -> tuple[Reminder, ...]:
    """The reminders among the store's named states, the first due first; what can't be read is none."""
    found = [it for name, text in states.items() if name.startswith(REMIND) and (it := parse(text))]
    return tuple(sorted(found, key=lambda it: (it.at, it.name)))


def parse(text: str) -> Reminder | None:
    """One of them."""
    try:
        contact, at, agent, words = json.loads(text)
        return Reminder(str(contact), int(at), str(agent), str(words))
    except (ValueError, TypeError):
        return None


@dataclass(slots=True)
class Remind(Silent):
    """`remind`, `reminders`, and the form `remind` of a thread."""

    queue: Queue
    plan: ActivePlan
    moments: Moments
    help = "`remind C1001 tomorrow 9:00 ask for the invoice` – you are told then · `reminders` – yours"

    async def command(self, actor: Actor, text: str) -> Told | None:
        """Set one, or list them."""
        if text.strip().casefold() == "reminders":
            return await self._mine(actor)
        if (order := named(text, "remind me of", "remind me", "remind")) is None:
            return None
        who = member(self.plan(), actor)
        if isinstance(who, Told):
            return who
        if not order.contact:
            return Told(False, f"Which contact, and when? {NO_TIME}")
        try:
            return await self._set(who, order.contact, order.rest)
        except NoTime as error:
            return Told(False, str(error))

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """When, and of what."""
        if name != "remind":
            return None
        who = member(self.plan(), actor)
        if isinstance(who, Told):
            return who
        at = Field(
            "when", "When?", hint="2h, tomorrow 9:00, Friday 14:30, 2026-12-24", longest=100, must=True
        )
        return Form(
            f"Reminder {value}", (at, Field("text", "Of what?", "lines", longest=LONGEST)), "Remind me"
        )

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | None:
        """Set it."""
        if filled.name != "remind":
            return None
        who = member(self.plan(), actor)
        if isinstance(who, Told):
            return who
        try:
            return await self._set(who, filled.value, f"{filled.answers['when']} {filled.answers['text']}")
        except NoTime as error:
            return Mistakes({"when": str(error)})

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Forget it*: only one's own."""
        if action != "reminder.forget":
            return None
        who = member(self.plan(), actor)
        if isinstance(who, Told):
            return who
        it = parse((await self.queue.alerts()).get(value, ""))
        if it is None or it.agent != who.agent:
            return Told(False, "That reminder is over already.")
        await self.queue.alert(value, False)
        return Told(True, f"You aren't reminded of {it.contact} any more.")

    async def _set(self, who: Who, contact: str, words: str) -> Told:
        """Raises NoTime."""
        if not who.agent:
            return Told(False, "Only agents of the plan are reminded: a supervisor sees all on the board.")
        now, zone = await self.queue.now(), self.plan().plan.timezone
        at, text = when(words, now, zone)
        if at is None:
            raise NoTime(words)
        if await self.queue.contact(contact) is None and await self.moments.contact(contact) is None:
            return Told(False, f"There is no contact {contact}.")
        mine = [it for it in read(await self.queue.alerts()) if it.agent == who.agent]
        if len(mine) >= MOST:
            return Told(False, f"You have {MOST} reminders: forget some. `/tierline reminders` lists them.")
        it = Reminder(contact, at, who.agent, " ".join(text.split())[:LONGEST])
        await self.queue.alert(it.name, True, it.dump())
        return Told(
            True, f"You are reminded of {contact} {spoken(at, now, zone, 'en')}.", buttons=(_forget(it),)
        )

    async def _mine(self, actor: Actor) -> Told:
        who = member(self.plan(), actor)
        if isinstance(who, Told):
            return who
        mine = [it for it in read(await self.queue.alerts()) if it.agent == who.agent]
        now, zone = await self.queue.now(), self.plan().plan.timezone
        rows = [f"• {spoken(it.at, now, zone, 'en')}: {words(it)}" for it in mine]
        return Told(
            True,
            "\n".join(rows) or f"You have no reminders. {NO_TIME}",
            buttons=tuple(map(_forget, mine[:20])),
        )


@dataclass(slots=True)
class Reminders:
    """Tells what is due, while `mine` says that this process delivers."""

    queue: Queue
    desk: Desk
    book: Callable[[], Rulebook]
    mine: Callable[[], bool]

    async def run(self) -> None:
        """Look for ever; raises StoreError when the store is away (the supervisor starts it again)."""
        still_ours.set(self.mine)
        while True:
            await asyncio.sleep(EVERY)
            if self.mine():
                await self.look()

    async def look(self) -> None:
        """One round."""
        due = read(await self.queue.alerts())
        if due and due[0].at <= (now := await self.queue.now()):
            for it in due:
                if it.at <= now:
                    await self._tell(it)

    async def _tell(self, it: Reminder) -> None:
        """In person, then in the thread, then it is over: after a crash both are looked for and not said again."""
        spec = spec_of(self.book(), it.agent)
        try:
            places = await self.queue.places(it.contact)
            if spec is not None:
                link = await self.desk.link(places[-1]) if places else ""
                way = (Button("link.open", "Go to the thread", url=link),) if link else ()
                await self.desk.tell(spec.slack, f"Reminder: {words(it)}", way, key=it.name, again=True)
            if places:
                number = it.at * 1000 + crc32(it.name.encode()) % 1000
                text = f"{spec.name if spec else it.agent} is reminded: {it.text or 'look at it'}"
                line = Line(it.contact, number, "event", "Tierline", text, it.at)
                await self.desk.post(places[-1], line, again=True)
        except DeliveryError as error:
            log.warning("reminder.not_told", contact=it.contact, error=type(error).__name__)
            if not isinstance(error, NotDelivered) or not error.permanent:
                return
        await self.queue.alert(it.name, False)


def reminder_button(contact: str) -> Button:
    """Opens the form, in a contact's thread."""
    return Button("form.remind", "Remind me …", contact)


def words(it: Reminder) -> str:
    """What it is about."""
    return f"{it.contact}: {it.text}" if it.text else it.contact


def _forget(it: Reminder) -> Button:
    return Button("reminder.forget", f"Forget {it.contact}", it.name)
