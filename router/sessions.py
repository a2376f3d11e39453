"""Remote-support and video sessions: asked for in the thread, agreed to by the customer on a page of ours, then begun.

the agent asks ─▶ address (template, or webhook) ─▶ a held reply with a link to our page
the page ─▶ the customer agrees (recorded, with the instant) ─▶ the session's address     nothing begins before that

Whoever only opens the link has agreed to nothing: phones and mail programs look at links by themselves.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..channels.hooks import HookFailed, Hooks
from ..queue.engine import Queue
from ..queue.state import ENDED, ContactView
from .body import Body
from .facts import Facts
from .lines import lasted
from .links import Signed
from .plan.model_texts import fill
from .plan.model_visits import SessionSpec
from .rulebook import Rulebook, span
from .session import LONGEST_URL, WHAT, Session, State
from .session_words import words
from .texts import telling

OPEN_FOR = 86_400
"""Seconds for which a link asks."""
RESERVED = 60_000
"""ms within which one session of a contact is asked for once."""
_URL = re.compile(r"https://[^/?#@\s\x00-\x20<>\"']+(?:[/?#][^\s\x00-\x20<>\"']*)?")


class NoSession(Exception):
    """It isn't asked for; the text says why."""


@dataclass(slots=True)
class Sessions:
    """Every process has one; what stands is in the store."""

    queue: Callable[[], Queue]
    book: Callable[[], Rulebook]
    links: Signed
    hooks: Hooks

    async def of(self, contact: str) -> Session | None:
        """The latest session of a contact."""
        return Session.of(await self.queue().jots(contact))

    async def ask(self, view: ContactView, spec: SessionSpec) -> Session:
        """A new session for the contact's owner: its link is held as their reply. Raises NoSession."""
        before, queue = await self.of(view.id), self.queue()
        if before is not None and before.stands:
            raise NoSession("A session stands already: end it first.")
        number = before.number + 1 if before is not None else 1
        if not await queue.once(f"session:{view.id}:{number}", RESERVED):
            raise NoSession("Somebody was faster, or a minute hasn't passed: look at the thread.")
        try:
            url, own = await self._place(view, spec, number)
        except HookFailed as failed:
            why = f"{spec.name} can't be asked: {failed}"
            fake = Session(number, spec.name, spec.kind, view.owner, "withdrawn", await queue.now(), "")
            await self._note(view.id, fake, "failed", why=why)
            raise NoSession(f"{why}. Nothing was sent.") from None
        it = Session(number, spec.name, spec.kind, view.owner, "asked", await queue.now(), url, own)
        await self._note(view.id, it, "asked")
        await self._hold(view, it)
        return it

    async def _hold(self, view: ContactView, it: Session) -> None:
        book, facts = self.book(), Facts.parse(view.facts)
        name, now = book.called(it.agent), await self.queue().now()
        link = self.links.make(f"/session/{view.id}/{it.number}", now / 1000 + OPEN_FOR)
        told = telling(book, "session_link", view.id, view.service, facts, now, agent=name, link=link)
        text = told.text if told else fill(words(facts.language).link, agent=name, link=link)
        text = text if link in text else f"{text} {link}"
        body = Body(text, by=name, source="").to_json()
        hold = span(book.plan.settings.hold_reply)
        answer = await self.queue().hold_reply(view.id, it.agent, body, source="", ms=hold)
        if not answer.done:
            await self._step(view.id, it, "withdrawn")
            raise NoSession(f"Not sent: {view.id} is with {book.called(answer.by) or 'nobody'} by now.")

    async def _place(self, view: ContactView, spec: SessionSpec, number: int) -> tuple[str, str]:
        """Where it is held, for the customer and for the agent. Raises HookFailed."""
        id = secrets.token_urlsafe(12)
        if spec.url is not None:
            return spec.url.replace("{id}", id), ""
        facts, book = Facts.parse(view.facts), self.book()
        asked = {
            "id": f"{view.id}.{number}", "session": spec.name, "kind": spec.kind, "contact": view.id,
            "service": view.service, "customer": {"key": facts.customer, "name": facts.name},
            "language": facts.language, "agent": book.called(view.owner),
        }  # fmt: skip
        answer = await self.hooks.ask(spec.webhook or "", asked)
        url, own = str(answer.get("url") or ""), str(answer.get("agent_url") or "")
        for one in filter(None, (url, own)):
            if len(one) > LONGEST_URL or not _URL.fullmatch(one):
                raise HookFailed("its answer holds no https address")
        if not url:
            raise HookFailed("its answer has no url")
        return url, own

    async def answer(self, contact: str, number: int, yes: bool) -> Session | None:
        """The customer's own answer, kept with its instant; the session as it is then, None when there is none."""
        it, view = await self.of(contact), await self.queue().contact(contact)
        if it is None or it.number != number or view is None or view.state in ENDED:
            return None
        return await self._step(contact, it, "agreed" if yes else "refused") if it.state == "asked" else it

    async def end(self, contact: str, number: int) -> Session | None:
        """It is over, or withdrawn before it began; None when it doesn't stand any more."""
        it = await self.of(contact)
        if it is None or it.number != number or not it.stands:
            return None
        return await self._step(contact, it, "ended" if it.state == "agreed" else "withdrawn")

    async def _step(self, contact: str, it: Session, state: State) -> Session:
        now = await self.queue().now()
        after = it.went(state, now)
        await self._note(contact, after, state, after=lasted(now - it.since))
        return after

    async def _note(self, contact: str, it: Session, news: str, **more: str) -> None:
        about = {**it.facts(), "is": news, **more}
        await self.queue().happen(contact, WHAT, it.facts(), it.agent, about=about)

    def origin(self, it: Session) -> str:
        """Where its address leads, as people see it."""
        return urlsplit(it.url).hostname or ""
