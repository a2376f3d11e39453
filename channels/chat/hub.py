"""The visitors who are here: whose connections are open in this process, and what they are told when something happens.

ledger ─▶ happened(contact) ─▶ the visitor's standing and lines, read anew ─▶ every connection of theirs
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic

import structlog

from .socket import Socket
from .talk import Standing, Talk

log = structlog.get_logger()

PLACES_EVERY, ALL_EVERY = 3.0, 30.0
"""Seconds between looks at the places of those who wait, and at everybody: what was told and not heard is made up for."""


@dataclass(slots=True, eq=False)
class Visitor:
    """One visitor, with all their tabs."""

    name: str
    sockets: set[Socket] = field(default_factory=set)
    standing: Standing = Standing()
    typing: bool = False
    taken: set[tuple[str, int]] = field(
        default_factory=set
    )  # messages that this process took in and has shown
    again: bool = False  # something happened while it was looked at
    whole: bool = False  # how they stand may be otherwise by now
    elsewhere: bool = False  # another process took in what they said
    task: asyncio.Task[None] | None = None
    looked: float = 0.0


class Hub:
    """Everybody who is here."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.here: dict[str, Visitor] = {}
        self.by_contact: dict[str, Visitor] = {}
        self.somebody = asyncio.Event()

    @property
    def sockets(self) -> Iterator[Socket]:
        """Every connection that has said hello."""
        return (one for visitor in list(self.here.values()) for one in list(visitor.sockets))

    def enter(self, one: Socket, standing: Standing) -> Visitor:
        """A connection has said whose it is."""
        visitor = self.here.setdefault(one.visitor, Visitor(one.visitor))
        visitor.sockets.add(one)
        self._stands(visitor, standing)
        self.somebody.set()
        return visitor

    def leave(self, one: Socket) -> None:
        """It is gone."""
        visitor = self.here.get(one.visitor)
        if visitor is None:
            return
        visitor.sockets.discard(one)
        if not visitor.sockets:
            del self.here[one.visitor]
            if self.by_contact.get(visitor.standing.contact) is visitor:
                del self.by_contact[visitor.standing.contact]
            if visitor.task is not None:
                visitor.task.cancel()
        if not self.here:
            self.somebody.clear()

    def _stands(self, visitor: Visitor, standing: Standing) -> None:
        before = visitor.standing.contact
        if before != standing.contact and self.by_contact.get(before) is visitor:
            del self.by_contact[before]
        if standing.contact:
            self.by_contact[standing.contact] = visitor
        visitor.standing, visitor.looked = standing, monotonic()

    # ---- what happens -------------------------------------------------------------------------------------------

    def arrived(self, name: str, contact: str, n: int) -> None:
        """A visitor has begun a contact, in whichever process."""
        if (visitor := self.here.get(name)) is not None:
            self.by_contact[contact] = visitor
            self.said(contact, n)

    def happened(self, contact: str, typing: bool | None = None) -> None:
        """Something happened to a contact; `typing`: an answer is being written, or isn't any more."""
        if (visitor := self.by_contact.get(contact)) is None:
            return
        if typing is not None and typing == visitor.typing:
            return
        visitor.typing = typing if typing is not None else visitor.typing
        self.look(visitor, whole=typing is None)

    def said(self, contact: str, n: int) -> None:
        """A visitor's message was taken in; what was taken in here is shown already."""
        visitor = self.by_contact.get(contact)
        if visitor is not None and (contact, n) in visitor.taken:
            visitor.taken.discard((contact, n))
        elif visitor is not None:
            visitor.elsewhere = True
            self.look(visitor)

    def lined(self, contact: str) -> None:
        """A message of ours is in the conversation: nothing else has changed by it."""
        if (visitor := self.by_contact.get(contact)) is not None:
            self.look(visitor, whole=False)

    def look(self, visitor: Visitor, whole: bool = True) -> None:
        """Read anew what there is, with `whole` also how they stand, and tell all their connections.

        Of many causes at once the last one counts.
        """
        visitor.whole |= whole
        if visitor.task is not None and not visitor.task.done():
            visitor.again = True
            return
        visitor.task = asyncio.create_task(self._look(visitor), name="a visitor")

    async def _look(self, visitor: Visitor) -> None:
        while True:
            whole, elsewhere = visitor.whole, visitor.elsewhere
            visitor.again = visitor.whole = visitor.elsewhere = False
            try:
                if whole:
                    self._stands(visitor, await self.talk.standing(visitor.name))
                if elsewhere and visitor.standing.contact:
                    await self.talk.arrived(visitor.name, visitor.standing.contact)
                for one in list(visitor.sockets):
                    await one.flush()
                    await one.stand(visitor.standing, visitor.typing)
            except ConnectionError:
                return
            except Exception as error:  # the store is away: everybody is looked at again soon
                log.warning("chat.look", error=type(error).__name__)
                return
            if not visitor.again:
                return

    # ---- from time to time --------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Places, and what was missed, for as long as somebody is here."""
        while True:
            await self.somebody.wait()
            await asyncio.sleep(PLACES_EVERY)
            with contextlib.suppress(ConnectionError):
                await self.places()
            since = monotonic() - ALL_EVERY
            for n, visitor in enumerate(list(self.here.values())):
                if visitor.standing.contact and visitor.looked < since:
                    visitor.elsewhere, visitor.typing = (
                        True,
                        False,
                    )  # an answer is sent by now
                    self.look(visitor)
                    if n % 50 == 49:
                        await asyncio.sleep(0.01)

    async def places(self) -> None:
        """Tell everybody who waits their place. Raises what the store raises."""
        waiting = {
            name: it.standing.contact for name, it in self.here.items() if it.standing.phase == "waiting"
        }
        if not waiting:
            return
        for name, standing in (await self.talk.standings(waiting)).items():
            visitor = self.here.get(name)
            if visitor is not None and visitor.standing.contact == standing.contact:
                self._stands(visitor, standing)
                for one in list(visitor.sockets):
                    await one.stand(standing, visitor.typing)
