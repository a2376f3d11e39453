"""What people do in Slack, through Bolt: acknowledged at once, done once, answered to whoever did it.

Bolt acks nothing that no listener matches and loses an ack when a listener raises: so every listener only acks and
hands the work to a task of ours, and what nobody knows is acked too. Bolt doesn't dedupe: `once` does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from ..channel import Actor, DeliveryError, House, Told, Typed
from . import modals
from .blocks import escape
from .marks import Marks
from .memory import Recent, payload, split
from .messages import telling
from .modals import Where
from .offers import Offers
from .pace import Urgency
from .payloads import Body, belongs, blamed, files_of, place_of, typed_by_person, was_edited
from .people import People
from .send import Sender
from .words import said

log = structlog.get_logger()

SEEN_MS = 48 * 3600 * 1000
"""How long an event is remembered as done; Slack redelivers for minutes, and after an outage for hours."""
AT_ONCE = 2.3
"""Seconds in which a command is answered by its acknowledgement; Slack waits 3."""
TROUBLE = "Tierline couldn't finish this just now. Look whether it happened, and try again in a moment."
UNSURE = (
    "Tierline couldn't take this message just now. "
    "If no ⏳ stands beside it, it was *not sent*: type it again in a moment."
)
LATE = "That button is from an earlier time: nothing was done."


async def just_ack(ack: AsyncAck) -> None:
    """Acknowledge, nothing else."""
    await ack()


@dataclass(slots=True)
class Listen:
    """`team` and `app_id` are ours; what names others is acknowledged and dropped ("" = not known yet)."""

    sender: Sender
    people: People
    offers: Offers
    marks: Marks
    once: Callable[[str, int], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
    house: House | None = None
    team: str = ""
    app_id: str = ""
    bot_user: str = ""
    lanes: Recent[str, asyncio.Lock] = field(default_factory=lambda: Recent(2000))
    taken_back: Recent[str, str] = field(default_factory=lambda: Recent(500))

    def register(self, app: AsyncApp) -> None:
        """Take everything that Slack may send."""
        every = re.compile(".*", re.DOTALL)
        app.middleware(self._pinned)
        app.event("message")(ack=just_ack, lazy=[self._event])
        app.event(every)(ack=just_ack, lazy=[])
        app.command("/tierline")(self._command)
        app.command(every)(ack=just_ack, lazy=[])
        app.action(every)(ack=just_ack, lazy=[self._action])
        app.view(every)(ack=just_ack, lazy=[self._submission])
        app.view_closed(every)(ack=just_ack, lazy=[])
        app.shortcut(every)(ack=just_ack, lazy=[])
        app.options(every)(ack=self._no_options, lazy=[])

    async def _no_options(self, ack: AsyncAck) -> None:
        await ack(options=[])

    async def _pinned(
        self, body: dict[str, Any], next: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse | None:
        if belongs(body, self.team, self.app_id):
            await next()
            return None
        log.warning("slack.stranger", kind=str(body.get("type") or body.get("command") or ""))
        return BoltResponse(status=200, body="")

    # ---- buttons ------------------------------------------------------------------------------------------------

    async def _action(self, body: dict[str, Any]) -> None:
        self.spawn(self._guarded(body, self._pressed(body)))

    async def _guarded(self, body: Body, work: Awaitable[None]) -> None:
        """Do it; whoever asked hears when it could not be finished."""
        try:
            await work
        except Exception as error:
            log.error("slack.unfinished", kind=str(body.get("type") or ""), error=blamed(error))
            await self._tell(body, Told(False, TROUBLE))

    async def _pressed(self, body: Body) -> None:
        if self.house is None:
            raise RuntimeError("nobody serves the desk yet")
        action = body["actions"][0]
        name, value = str(action.get("action_id") or ""), str(action.get("value") or "")
        user = str(body["user"]["id"])
        if name in ("contact.reply", "contact.note", "contact.close"):
            await self._open(body, name, value)
            return
        if not await self.once(
            f"slack:act:{user}:{name}:{action.get('action_ts')}:{body.get('trigger_id')}", SEEN_MS
        ):
            return
        actor = await self.people.actor(user)
        contact, _, number = value.partition(":" if name.startswith("offer.") else ".")
        n = int(number) if number.isdigit() and len(number) < 10 else -1
        known = name in ("offer.accept", "offer.decline", "reply.undo", "reply.retry")
        if known and (n < 0 or not contact):
            await self._tell(body, Told(False, LATE))
        elif name.startswith("offer.") and known:
            await self._offer(body, name, actor, contact, n)
        elif name == "reply.undo":
            told = await self.house.undo(actor, contact, n)
            if not told.ok:
                await self._tell(body, told)
        elif name == "reply.retry":
            await self._tell(body, await self.house.retry(actor, contact, n))
        else:
            told = await self.house.pressed(actor, name, value)
            await self._tell(body, told, replace=told.ok)

    async def _offer(self, body: Body, name: str, actor: Actor, contact: str, number: int) -> None:
        assert self.house is not None
        place = place_of(body)
        if name == "offer.accept":
            told = await self.house.accept(actor, contact, number)
        else:
            told = await self.house.decline(actor, contact, number, "")
        shown = body.get("message") or {}
        mine = payload(shown)
        # Only the card itself is changed: what was pressed may be another message with the same button.
        if not place.startswith("D") or mine.get("contact") != contact or mine.get("offer") != number:
            await self._tell(body, told)
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
            "contact.close": modals.loading_view,
        }
        opened = await self.sender.call(
            "views.open",
            Urgency.OFFER,
            deadline=2.5,
            patience=1.0,
            trigger_id=body.get("trigger_id"),
            view=made[name](where),
        )
        if name != "contact.close":
            return
        view_id = opened["view"]["id"]
        actor = await self.people.actor(str(body["user"]["id"]))
        told = await self.house.may_close(actor, contact)
        form = (
            modals.close_view(where, await self.house.dispositions(contact))
            if told.ok
            else modals.words_view(where, told.text)
        )
        await self.sender.call("views.update", Urgency.OFFER, view_id=view_id, view=form)

    async def _submission(self, body: dict[str, Any]) -> None:
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
            case "contact.close":
                choices = await self.house.dispositions(where.contact)
                told = await self.house.close(actor, modals.closing(where, fields, choices))
            case _:
                return
        if not told.ok and text:
            # What was written must not be lost with the modal.
            told = Told(False, f"{told.text}\nYou wrote:\n{escape(text)}", told.place, told.buttons)
        await self._whisper(where.channel, actor.user, told, where.thread)

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
            await self._tell(body, told)

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

    # ---- what is typed ------------------------------------------------------------------------------------------

    async def _event(self, event: dict[str, Any]) -> None:
        place = f"{event.get('channel')}:{event.get('ts')}"
        match event.get("subtype"):
            case None | "file_share" | "thread_broadcast" if typed_by_person(event, self.bot_user):
                thread = f"{event['channel']}:{event['thread_ts']}"
                self.spawn(self._in_order(thread, self._typed(event, thread, place)))
            case "message_changed" if was_edited(event):
                typed = f"{event.get('channel')}:{event['message'].get('ts')}"
                self.spawn(self._take_back(event, typed, "edited"))
            case "message_deleted":
                self.spawn(
                    self._take_back(event, f"{event.get('channel')}:{event.get('deleted_ts')}", "deleted")
                )

    async def _in_order(self, thread: str, work: Awaitable[None]) -> None:
        """What is typed into one thread is taken in the order in which it came."""
        lane = self.lanes.get(thread)
        if lane is None:
            lane = self.lanes[thread] = asyncio.Lock()
        async with lane:
            await work

    async def _typed(self, event: Body, thread: str, place: str) -> None:
        channel, ts = split(thread)
        user = str(event["user"])
        try:
            if self.house is None or not await self.once(f"slack:typed:{place}", SEEN_MS):
                return
            actor = await self.people.actor(user)
            words = said(str(event.get("text") or ""), user, actor.name)
            told = await self.house.typed(
                Typed(actor, thread, place, words.text, words.mentions, files_of(event))
            )
        except Exception as error:
            log.error("slack.unfinished", kind="typed", error=blamed(error))
            told = Told(False, UNSURE)
        if told is not None:
            if told.ok:
                self.marks.keep(place)
            await self._whisper(channel, user, told, ts)

    async def _take_back(self, event: Body, place: str, how: str) -> None:
        """A typed reply was edited or deleted: while it is held, it is taken back."""
        self.taken_back[place] = how
        found = self.marks.held.get(place)
        previous = event.get("previous_message") or event.get("message") or {}
        if found is None or self.house is None or not previous.get("user"):
            return
        await self.undo_of(place, str(previous["user"]), found)

    async def undo_of(self, place: str, user: str, reply: tuple[str, int]) -> None:
        """Undo the held reply that was typed at `place`, and say so to its writer."""
        assert self.house is not None
        how = self.taken_back.pop(place) or "edited"
        channel, _ = split(place)
        told = await self.house.undo(await self.people.actor(user), *reply)
        again = " Type it again as it should be." if how == "edited" else ""
        text = (
            f"You {how} it before it left: nothing was sent.{again}"
            if told.ok
            else f"You {how} it, but it had left already."
        )
        await self._whisper(channel, user, Told(told.ok, text), "")

    # ---- answers ------------------------------------------------------------------------------------------------

    async def _tell(self, body: Body, told: Told, replace: bool = False) -> None:
        """Answer whoever did something: by the response_url, or else in the place where it was done."""
        if not told.text:
            return
        user = body.get("user") or {}
        channel, ts = split(place_of(body))
        url, message = str(body.get("response_url") or ""), telling(told.text, told.buttons)
        if url and await self.sender.answer(url, message, replace=replace):
            return
        container = body.get("container") or {}
        await self._whisper(
            channel or str(body.get("channel_id") or ""), str(user.get("id") or body.get("user_id") or ""), told,
            str(container.get("thread_ts") or (ts if channel.startswith(("C", "G")) else "")),
        )  # fmt: skip

    async def _whisper(self, channel: str, user: str, told: Told, thread: str) -> None:
        if not told.text:
            return
        message = telling(told.text, told.buttons)
        try:
            if channel and user:
                await self.sender.whisper(channel, user, message, thread)
            elif user:
                await self.sender.post(await self.people.dm(user), message, Urgency.OFFER)
        except DeliveryError as error:
            log.warning("slack.unheard", reason=str(error))
