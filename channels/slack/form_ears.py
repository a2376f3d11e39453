"""Forms of the house in Slack: opened at once with a loading view, sent off, answered in the modal or beside it.

button ──▶ views.open (loading) ──▶ House.form ──▶ views.update          the trigger lives 3 s, the house may take longer
submit ──▶ House.filled ─┬─ within `AT_ONCE` ──▶ the ack: errors at fields, the next form, or closed and told
                         └─ later ──▶ the ack shows a loading view, then views.update says what came of it
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck

from ..forms import Filled, Form, Mistakes, Onward
from ..house import Actor, House, Told
from . import form_views
from .answers import Answers
from .blocks import Json, escape
from .form_views import form_of
from .memory import Recent, split
from .pace import Urgency
from .payloads import SEEN_MS, Body, blamed, place_of
from .people import People
from .send import Sender

log = structlog.get_logger()

AT_ONCE = 0.7
"""Seconds in which a form's answer is its acknowledgement; Slack waits 3, and people should see something in one."""
TROUBLE = "Tierline couldn't finish this just now. Look whether it happened, and try again in a moment."
"""What whoever did something hears when it broke."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a modal carries with it: what the form is about, and where its person is answered."""

    value: str
    channel: str
    thread: str

    def dump(self) -> str:
        """For `private_metadata`."""
        return json.dumps([self.value, self.channel, self.thread], ensure_ascii=False)

    @classmethod
    def read(cls, raw: str) -> Opened:
        """The inverse."""
        value, channel, thread = json.loads(raw)
        return cls(str(value), str(channel), str(thread))


@dataclass(slots=True)
class FormEars:
    """Opens forms and takes what was filled in; `house` gives the present house."""

    sender: Sender
    people: People
    answers: Answers
    once: Callable[[str, int], Awaitable[bool]]
    spawn: Callable[[Awaitable[None]], None]
    house: Callable[[], House]
    mistaken: Recent[str, Mistakes] = field(default_factory=lambda: Recent(500))

    async def open(self, body: Body, name: str, value: str) -> None:
        """Show the form `name` to whoever pressed; in a modal already, on top of it."""
        channel, ts = split(place_of(body))
        inside = body.get("container") or body.get("message") or {}
        # Under what one person alone sees nothing can be posted.
        thread = str(inside.get("thread_ts") or ("" if inside.get("is_ephemeral") else ts))
        where = Opened(value, channel, thread).dump()
        over = "views.push" if (body.get("view") or {}).get("type") == "modal" else "views.open"
        opened = await self.sender.call(
            over, Urgency.OFFER, deadline=2.5, patience=1.0, trigger_id=body.get("trigger_id"),
            view=form_views.loading(name, where),
        )  # fmt: skip
        actor = await self.people.actor(str(body["user"]["id"]))
        form = await self._asked(actor, name, value)
        view = (
            form_views.form_view(name, form, where)
            if isinstance(form, Form)
            else form_views.words(name, "Not now", where, form.text)
        )
        await self.sender.call("views.update", Urgency.OFFER, view_id=opened["view"]["id"], view=view)

    async def _asked(self, actor: Actor, name: str, value: str) -> Form | Told:
        try:
            return await self.house().form(actor, name, value)
        except Exception as error:
            log.error("slack.unfinished", kind=f"form {name}", error=blamed(error))
            return Told(False, TROUBLE)

    async def submitted(self, ack: AsyncAck, body: dict[str, Any]) -> None:
        """What was filled in: answered at once, or the modal says later what came of it."""
        view = body["view"]
        name = form_of(str(view.get("callback_id") or ""))
        where = Opened.read(str(view.get("private_metadata") or ""))
        work = asyncio.ensure_future(self._done(body, name, where))
        done, _ = await asyncio.wait([work], timeout=AT_ONCE)
        if not done:
            await ack(response_action="update", view=dict(form_views.loading(name, where.dump())))
            self.spawn(self._later(body, name, where, work))
            return
        answer = work.result()
        if isinstance(answer, Mistakes):
            await ack(response_action="errors", errors=dict(answer.fields))
            return
        if isinstance(answer, Onward):
            await ack(response_action="update", view=dict(_onward(answer, where)))
            return
        await ack()
        if answer is not None:
            self.spawn(self.answers.whisper(where.channel, str(body["user"]["id"]), answer, where.thread))

    async def _done(self, body: Body, name: str, where: Opened) -> Told | Mistakes | Onward | None:
        """None: this form was sent off before, and is answered there."""
        view, sent = body["view"], _sent(body["view"])
        try:
            if not await self.once(f"slack:form:{sent}", SEEN_MS):
                return self.mistaken.get(sent)
            actor = await self.people.actor(str(body["user"]["id"]))
            form = await self.house().form(actor, name, where.value)
            if isinstance(form, Told):
                return _with_words(form, view)
            filled = form_views.filled_in(name, where.value, form, view)
            answer = await self.house().filled(actor, filled)
        except Exception as error:
            log.error("slack.unfinished", kind=f"form {name}", error=blamed(error))
            return _with_words(Told(False, TROUBLE), view)
        if isinstance(answer, Mistakes):
            self.mistaken[sent] = answer
        if isinstance(answer, Mistakes | Onward):
            return answer
        return answer if answer.ok else _with_words(answer, view, filled)

    async def _later(
        self, body: Body, name: str, where: Opened, work: Awaitable[Told | Mistakes | Onward | None]
    ) -> None:
        view, answer = body["view"], await work
        if answer is None:
            return
        if isinstance(answer, Mistakes):
            answer = await self._again(body, name, where, answer)
        if isinstance(answer, Onward):
            shown = _onward(answer, where)
        else:
            shown = form_views.words(name, "Done" if answer.ok else "Not done", where.dump(), answer.text)
        await self.sender.call("views.update", Urgency.OFFER, view_id=view.get("id"), view=shown)

    async def _again(self, body: Body, name: str, where: Opened, it: Mistakes) -> Onward | Told:
        """The form as it was filled in, once more: its mistakes came too late to stand at their fields."""
        form = await self._asked(await self.people.actor(str(body["user"]["id"])), name, where.value)
        if isinstance(form, Told):
            return _with_words(form, body["view"])
        filled = form_views.filled_in(name, where.value, form, body["view"])
        return Onward(name, where.value, form_views.again(form, filled, it.fields))


def _onward(it: Onward, where: Opened) -> Json:
    return form_views.form_view(it.name, it.form, Opened(it.value, where.channel, where.thread).dump())


def _sent(view: Body) -> str:
    """One sending of one form: with its mistakes mended it comes again with the same id and hash, and other values."""
    values = json.dumps((view.get("state") or {}).get("values"), sort_keys=True)
    return (
        f"{view.get('id')}:{view.get('hash')}:{hashlib.blake2b(values.encode(), digest_size=12).hexdigest()}"
    )


def _with_words(told: Told, view: Body, filled: Filled | None = None) -> Told:
    """What was written must not be lost with the modal."""
    it = filled or form_views.filled_in("", "", Form("", ()), view)
    wrote = "\n".join(text for text in it.answers.values() if len(text) > 20)
    return Told(
        told.ok, f"{told.text}\nYou wrote:\n{escape(wrote)}" if wrote else told.text, told.place, told.buttons
    )
