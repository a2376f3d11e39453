"""A supervisor steers the day from Slack: the board, services closed and opened, incidents, whose contact it is, and why.

`/tierline board` ──▶ rows and buttons ──▶ forms ──▶ Situations, Moves, *why*: the same verbs as those of the commands
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from ..channels.channel import Button
from ..channels.forms import Filled, Form, Mistakes, Onward
from ..channels.home import Section
from ..channels.house import Actor, Told
from ..queue.engine import Queue
from ..queue.state import ContactView
from . import steering_forms as forms
from .active import ActivePlan
from .board import rows, told
from .board_home import sections
from .boards import Boards
from .body import Body
from .explain import Moments, account
from .lines import why_lines
from .moves import Moves, Outcome, Who
from .parts import Silent
from .rights import boss
from .situation import Incident
from .situations import MOST_WORDS, Situations
from .walk import ABREAST
from .when import NoTime, when

OPEN = ("waiting", "offered", "active", "snoozed", "parked", "wrapping")
MOST = 2_000
"""Contacts looked at before an incident is begun; telling them looks at all."""
BOARD = Button("board.refresh", "Board")
NAMES = ("close-service", "incident", "incident-tell", "incident-end", "hand", "assign", "first", "why")


@dataclass(slots=True)
class Steering(Silent):
    """The supervisors' part of the house."""

    queue: Queue
    plan: ActivePlan
    boards: Boards
    moments: Moments

    help = "Supervisors: `/tierline board` – what waits against its promise, who is there, and everything that you can do"

    async def command(self, actor: Actor, text: str) -> Told | None:
        """`board`."""
        return await self._board(actor) if text.strip().casefold() == "board" else None

    async def pressed(self, actor: Actor, action: str, value: str) -> Told | None:
        """*Refresh*, *Open …* on the board, and *Open …* in a Home, where the board stands beneath the answer."""
        if action == "board.refresh":
            return await self._board(actor)
        if action not in ("board.open", "service.open"):
            return None
        who = boss(self.plan(), actor)
        if isinstance(who, Told):
            return who
        done = await self._situations.open(who, value)
        if action == "service.open":
            return Told(done.ok, done.text)
        return await self._board(actor, done.text) if done.ok else Told(False, done.text)

    async def home(self, actor: Actor) -> tuple[Section, ...]:
        """The board, for supervisors."""
        book = self.plan()
        if isinstance(boss(book, actor), Told):
            return ()
        return sections(book, await self.boards.lately())

    async def form(self, actor: Actor, name: str, value: str) -> Form | Told | None:
        """The form of that name, for supervisors."""
        if name not in NAMES:
            return None
        who = boss(self.plan(), actor)
        if isinstance(who, Told):
            return who
        book, now = self.plan(), await self.queue.now()
        match name:
            case "close-service":
                return forms.close_service(book, value)
            case "incident":
                return forms.incident(book)
            case "incident-tell":
                return await self._shown(_incident(value, who.name, now), now)
            case "incident-end":
                return forms.incident_end(book, value)
            case "hand":
                return forms.hand(book, await self._waiting(), value, now)
            case "assign":
                agents = (await self.queue.agents()).values()
                return forms.assign(book, await self._waiting(), agents, value, now)
            case "first":
                return forms.first(await self._waiting(), value, now)
            case _:
                return forms.why(await self._waiting(), value, now)

    async def filled(self, actor: Actor, filled: Filled) -> Told | Mistakes | Onward | None:
        """A form was sent off."""
        if filled.name not in NAMES:
            return None
        who = boss(self.plan(), actor)
        if isinstance(who, Told):
            return who
        match filled.name:
            case "close-service":
                return await self._close(who, filled)
            case "incident":
                return await self._begin(who, filled)
            case "incident-tell":
                it = _incident(filled.value, who.name, 0)
                return _heard(await self._situations.begin(who, it.service, it.words, it.text))
            case "incident-end":
                return _heard(await self._situations.end(who, filled.answers["id"], filled.answers["text"]))
            case _:
                return await self._moved(who, filled)

    # ---- the board ----------------------------------------------------------------------------------------------

    async def _board(self, actor: Actor, first: str = "") -> Told:
        who = boss(self.plan(), actor)
        if isinstance(who, Told):
            return who
        text, buttons = told(rows(self.plan(), await self.boards.now()))
        return Told(True, f"{first}\n\n{text}" if first else text, buttons=buttons)

    # ---- services and incidents ---------------------------------------------------------------------------------

    @property
    def _situations(self) -> Situations:
        return Situations(self.queue, self.plan, self.plan.heed)

    async def _close(self, who: Who, filled: Filled) -> Told | Mistakes:
        said = filled.answers.get("until", "")
        until = None
        if said:
            try:
                until, rest = when(said, await self.queue.now(), self.plan().plan.timezone)
            except NoTime as error:
                return Mistakes({"until": str(error)})
            if rest:
                return Mistakes({"until": f"“{rest[:40]}” isn't part of a time."})
        done = await self._situations.close(who, filled.answers["service"], until, filled.answers["text"])
        return Mistakes({"until": done.text}) if done.kind == "wrong" else _heard(done)

    async def _begin(self, who: Who, filled: Filled) -> Mistakes | Onward:
        service, text = filled.answers["service"], filled.answers["text"].strip()
        words = [it.strip()[:100] for it in filled.answers["words"].split(",") if it.strip()]
        found = tuple(dict.fromkeys(words))[:MOST_WORDS]
        if service == forms.ANY and not found:
            return Mistakes({"words": "Name a service, or words that they write, or both."})
        if not text:
            return Mistakes({"text": "Say what customers are told."})
        now = await self.queue.now()
        it = Incident("new", "" if service == forms.ANY else service, found, text, now, who.name)
        value = json.dumps([it.service, list(it.words), it.text], ensure_ascii=False, separators=(",", ":"))
        if len(value) > 2000:
            return Mistakes({"words": "Fewer words: all of this is more than Slack carries along."})
        return Onward("incident-tell", value, await self._shown(it, now))

    async def _shown(self, it: Incident, now: int) -> Form:
        concerned, whole = await self._concerned(it)
        return forms.incident_shown(it, concerned, whole, now)

    async def _concerned(self, it: Incident) -> tuple[list[ContactView], bool]:
        """Of those who are here whoever it concerns; callers hear nothing of it, so they aren't counted."""
        every = await self.queue.contacts(OPEN, it.service or None, MOST)
        texts = [view for view in every if view.channel != "voice"]
        found: list[ContactView] = []
        for i in range(0, len(texts), ABREAST):
            for view in texts[i : i + ABREAST]:
                said = await self.queue.messages(view.id) if it.words else ()
                if it.meets(view.service, [Body.parse(m.body).text for m in said if m.kind == "in"]):
                    found.append(view)
        return found, len(every) < MOST

    # ---- contacts -----------------------------------------------------------------------------------------------

    async def _waiting(self) -> list[ContactView]:
        return await self.queue.contacts(("waiting", "offered"), limit=MOST)

    async def _moved(self, who: Who, filled: Filled) -> Told | Mistakes:
        answers = dict(filled.answers)
        contact = forms.meant(answers)
        if not contact:
            return Mistakes({"number": "Which contact? Its number is like C1001."})
        moves, why = Moves(self.queue, self.plan, self.moments), answers.get("why", "")
        match filled.name:
            case "hand":
                return _heard(await moves.transfer(who, contact, answers["to"], why))
            case "assign":
                return _heard(await moves.assign(who, contact, f"agent {answers['to']}", why))
            case "first":
                points = None if answers["how"] == forms.NOW else _points(answers)
                if points == 0:
                    return Mistakes({"minutes": "By how many minutes? 1 to 999."})
                return _heard(await moves.priority(who, contact, points, why))
            case _:
                return await self._why(contact)

    async def _why(self, contact: str) -> Told:
        found = await account(self.queue, self.plan(), self.moments, contact)
        if found is None:
            return Told(False, f"There is no contact {contact}. `/tierline queue` shows who waits.")
        return Told(True, why_lines(self.plan(), found, await self.queue.now()))


def _points(answers: dict[str, str]) -> int:
    """So many minutes earlier; fewer than nothing is later, 0 what isn't a number of minutes."""
    said = answers.get("minutes", "")
    minutes = int(said) if said.isdecimal() and len(said) <= 3 else 0
    return -minutes if answers["how"] == forms.LATER else minutes


def _incident(value: str, by: str, now: int) -> Incident:
    """What the first form said, as the second carries it."""
    service, words, text = json.loads(value)
    it = Incident("new", str(service), (), str(text), now, by)
    return replace(it, words=tuple(str(word) for word in words))


def _heard(it: Outcome) -> Told:
    return Told(it.ok, it.text, buttons=(BOARD,) if it.ok else ())
