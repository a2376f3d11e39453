"""What people do in Slack, through Bolt: acknowledged at once, done once, answered to whoever did it.

Bolt acks nothing that no listener matches and loses an ack when a listener raises: so every listener only acks and
hands the work to a task of ours, and what nobody knows is acked too. Bolt's own way, lazy functions, copies the whole
request deeply for each. Bolt doesn't dedupe: `once` does.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from ..house import LATE, Actor, House, Told
from . import modals
from .answers import Answers
from .blocks import Json, escape
from .form_ears import TROUBLE, FormEars
from .form_views import OWN, PREFIX, form_of
from .home_tab import HomeTab
from .home_views import REFRESH
from .memory import Recent, payload, split
from .messages import STAYS, telling
from .modals import Where
from .offers import Offers
from .pace import Urgency
from .payloads import SEEN_MS, Body, belongs, blamed, chosen_message, doer_of, place_of
from .people import People
from .send import Sender
from .shared_door import SharedDoor
from .typed import TypedWords
from .words import said

log = structlog.get_logger()

AT_ONCE = 2.3
"""Seconds in which a command is answered by its acknowledgement; Slack waits 3."""
HEARD = 2.0
"""Seconds for which somebody who has acted is known to be there."""
FORMS = ("contact.reply", "contact.note", "agent.add")
"""Buttons that open a form."""


def _stays(body: Body, action: str) -> bool:
    """Whether what was pressed isn't replaced by its answer: it is there for others, too, or again.

    A call's buttons stand in a thread's first message, or in a line of its timeline.
    """
    told = str(payload(body.get("message") or {}).get("told") or "")
    return action.startswith(("call.", "mail.")) or told.startswith(STAYS)


async def just_ack(ack: AsyncAck) -> None:
    """Acknowledge, nothing else."""
    await ack()


@dataclass(slots=True)
class Listen:
    """`team` and `app_id` are ours; what names others is acknowledged and dropped ("" = not known yet)."""

    sender: Sender
    people: People
    offers: Offers
    typed: TypedWords
    answers: Answers
    home: HomeTab
    once: Callable[[str, int], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
    house: House | None = None
    team: str = ""
    app_id: str = ""
    shared: SharedDoor | None = None
    there: Recent[str, float] = field(default_factory=lambda: Recent(5_000))  # who acted, and when we said so
    forms: FormEars = field(init=False)

    def __post_init__(self) -> None:
        self.forms = FormEars(
            self.sender, self.people, self.answers, self.once, self.spawn, lambda: self._served()
        )

    def _served(self) -> House:
        if self.house is None:
            raise RuntimeError("nobody serves the desk yet")
        return self.house

    def register(self, app: AsyncApp) -> None:
        """Take everything that Slack may send."""
        every = re.compile(".*", re.DOTALL)
        app.middleware(self._pinned)
        app.event("message")(self.typed.event)  # Bolt acks events by itself
        app.event("app_home_opened")(self.home.event)
        app.event(every)(ack=just_ack, lazy=[])
        app.command("/tierline")(self._command)
        app.command(every)(ack=just_ack, lazy=[])
        app.action(every)(self._action)
        ours = "|".join(map(re.escape, OWN.values()))
        app.view(re.compile(f"^({re.escape(PREFIX)}.*|{ours})$", re.DOTALL))(self.forms.submitted)
        app.view(every)(self._submission)
        app.view_closed(every)(ack=just_ack, lazy=[])
        app.shortcut(every)(self._shortcut)
        app.options(every)(ack=self._no_options, lazy=[])

    async def _no_options(self, ack: AsyncAck) -> None:
        await ack(options=[])

    async def _pinned(
        self, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        if belongs(body, self.team, self.app_id):
            self._is_there(doer_of(body))
            event = body.get("event")
            if self.shared is not None and isinstance(event, dict) and self.shared.wants(event):
                # Acknowledged once it is durable: until then Slack still has it, and sends it again.
                if (taken := await self.shared.took(event)) is not None:
                    return BoltResponse(status=200 if taken else 503, body="")
            await next()
            return None
        log.warning("slack.stranger", kind=str(body.get("type") or body.get("command") or ""))
        return BoltResponse(status=200, body="")

    def _is_there(self, user: str) -> None:
        """Whoever does anything is there; the house hears of it now and then."""
        now = time.monotonic()
        last = self.there.get(user)
        if user and (last is None or now - last >= HEARD):
            self.there[user] = now
            self.spawn(self._acted(user))

    async def _acted(self, user: str) -> None:
        try:
            await self._served().acted(await self.people.actor(user))
        except Exception as error:
            self.there.pop(user)  # the next act is told, then
            log.info("slack.act_not_noted", error=blamed(error))

    # ---- buttons ------------------------------------------------------------------------------------------------

    async def _action(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self.spawn(self._guarded(body, self._pressed(body)))

    async def _shortcut(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        name = str(body.get("callback_id") or "")
        if name.startswith(PREFIX):
            form = name.removeprefix(PREFIX)
            self.spawn(self._guarded(body, self.forms.open(body, form, chosen_message(body))))

    async def _guarded(self, body: Body, work: Awaitable[None]) -> None:
        """Do it; whoever asked hears when it could not be finished."""
        try:
            await work
        except Exception as error:
            log.error("slack.unfinished", kind=str(body.get("type") or ""), error=blamed(error))
            await self.answers.tell(body, Told(False, TROUBLE))

    async def _pressed(self, body: Body) -> None:
        house = self._served()
        action = body["actions"][0]
        name, value = str(action.get("action_id") or ""), str(action.get("value") or "")
        user = str(body["user"]["id"])
        if form := form_of(name):
            await self.forms.open(body, form, value)
            return
        if name in FORMS:
            await self._open(body, name, value)
            return
        if name == REFRESH:
            self.home.opened(user)
            return
        if not await self.once(
            f"slack:act:{user}:{name}:{action.get('action_ts')}:{body.get('trigger_id')}", SEEN_MS
        ):
            return
        actor = await self.people.actor(user)
        because = ""
        if name == "offer.because":  # the menu of reasons beside the button
            chosen = action.get("selected_option") or {}
            value = str(chosen.get("value") or "").rpartition(":")[0]
            because, name = str((chosen.get("text") or {}).get("text") or ""), "offer.decline"
        contact, _, number = value.partition(":" if name.startswith("offer.") else ".")
        n = int(number) if number.isdigit() and len(number) < 10 else -1
        known = name in ("offer.accept", "offer.decline", "reply.undo", "reply.retry")
        if known and (n < 0 or not contact):
            await self.answers.tell(body, LATE)
        elif name.startswith("offer.") and known:
            await self._offer(body, name, actor, contact, n, because)
        elif name == "reply.undo":
            told = await house.undo(actor, contact, n)
            if not told.ok:
                await self.answers.tell(body, told)
        elif name == "reply.retry":
            await self.answers.tell(body, await house.retry(actor, contact, n))
        else:
            told = await house.pressed(actor, name, value)
            await self.answers.tell(body, told, replace=told.ok and not _stays(body, name))

    async def _offer(
        self, body: Body, name: str, actor: Actor, contact: str, number: int, because: str = ""
    ) -> None:
        assert self.house is not None
        place = place_of(body)
        if name == "offer.accept":
            told = await self.house.accept(actor, contact, number)
        else:
            told = await self.house.decline(actor, contact, number, because)
        shown = body.get("message") or {}
        mine = payload(shown)
        # Only the card itself is changed: what was pressed may be another message with the same button, or the card of
        # somebody else in a channel.
        theirs = place.startswith("D") or mine.get("for") == actor.user
        if not theirs or mine.get("contact") != contact or mine.get("offer") != number:
            await self.answers.tell(body, told)
            return
        if place not in self.offers.shown:
            self.offers.shown[place] = tuple(shown.get("blocks") or ())
        self.offers.pressed(place, str(body.get("response_url") or ""))
        if name == "offer.accept" and told.ok:
            await self.offers.taken(place, contact, told.text)
        else:
            await self.offers.end(place, told.text)

    # ---- modals -------------------------------------------------------------------------------------------------

    async def _open(self, body: Body, name: str, contact: str) -> None:
        assert self.house is not None
        channel, ts = split(place_of(body))
        container = body.get("container") or {}
        where = Where(contact, channel, str(container.get("thread_ts") or ts))
        made = {
            "contact.reply": modals.reply_view,
            "contact.note": modals.note_view,
            "agent.add": modals.adding_view,
        }
        opened = await self.sender.call(
            "views.open",
            Urgency.OFFER,
            deadline=2.5,
            patience=1.0,
            trigger_id=body.get("trigger_id"),
            view=made[name](where),
        )
        if name == "agent.add":
            actor = await self.people.actor(str(body["user"]["id"]))
            form = await self._adding(actor, where)
            await self.sender.call("views.update", Urgency.OFFER, view_id=opened["view"]["id"], view=form)

    async def _adding(self, actor: Actor, where: Where) -> Json:
        assert self.house is not None
        may = await self.house.adding(actor, where.contact)
        return modals.words_view(where, may.text) if isinstance(may, Told) else modals.add_view(where, may)

    async def _submission(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        self.spawn(self._guarded(body, self._submitted(body)))

    async def _submitted(self, body: Body) -> None:
        if self.house is None:
            raise RuntimeError("nobody serves the desk yet")
        view = body["view"]
        if not await self.once(f"slack:view:{view.get('id')}:{view.get('hash')}", SEEN_MS):
            return
        where, fields = Where.read(str(view.get("private_metadata") or "")), modals.filled(view)
        actor = await self.people.actor(str(body["user"]["id"]))
        text = fields.get("text", "").strip()
        match view.get("callback_id"):
            case "contact.reply":
                told = await self.house.reply(actor, where.contact, text)
            case "contact.note":
                told = await self.house.note(actor, where.contact, text)
            case "agent.add":
                await self._added(actor, where, fields)
                return
            case _:
                return
        if not told.ok and text:
            # What was written must not be lost with the modal.
            told = Told(False, f"{told.text}\nYou wrote:\n{escape(text)}", told.place, told.buttons)
        await self.answers.whisper(where.channel, actor.user, told, where.thread)

    async def _added(self, actor: Actor, where: Where, fields: Mapping[str, str]) -> None:
        """Add a newcomer; the message with the button says what came of it, so that nobody presses it again."""
        assert self.house is not None
        may = await self.house.adding(actor, where.contact)
        if isinstance(may, Told):
            told = may
        else:
            team, like = (
                modals.chosen(fields.get("team", ""), may.teams),
                modals.chosen(fields.get("like", ""), may.agents),
            )
            tier = modals.TIERS.index(modals.chosen(fields.get("tier", ""), modals.TIERS) or "L1") + 1
            told = await self.house.add(actor, where.contact, team, tier, like)
        if told.ok:
            await self.sender.update(where.channel, where.thread, telling(told.text), Urgency.OFFER)
        else:
            await self.answers.whisper(where.channel, actor.user, told, "")

    # ---- commands -----------------------------------------------------------------------------------------------

    async def _command(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        work = asyncio.ensure_future(self._commanded(body))
        done, _ = await asyncio.wait([work], timeout=AT_ONCE)
        if not done:
            self.spawn(self._later(body, work))
            await ack()
            return
        told = work.result()
        if told is None:
            await ack()
            return
        shown = telling(told.text, told.buttons)
        await ack(text=shown.text, blocks=[dict(one) for one in shown.blocks], response_type="ephemeral")

    async def _later(self, body: Body, work: Awaitable[Told | None]) -> None:
        told = await work
        if told is not None:
            await self.answers.tell(body, told)

    async def _commanded(self, body: Body) -> Told | None:
        try:
            if self.house is None:
                raise RuntimeError("nobody serves the desk yet")
            if not await self.once(f"slack:command:{body.get('trigger_id')}", SEEN_MS):
                return None
            actor = await self.people.actor(str(body["user_id"]))
            return await self.house.command(actor, said(str(body.get("text") or "")).text.strip())
        except Exception as error:
            log.error("slack.unfinished", kind="command", error=blamed(error))
            return Told(False, TROUBLE)
