"""What happens to the contacts of visitors who are here: read from the ledger, which every process can.

Nothing rests on it: the conversation is in the store, and whoever is here is looked at from time to time anyway.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..queue.engine import Queue
from ..queue.state import Event
from .chats import visitor_of

if TYPE_CHECKING:
    from ..channels.chat.hub import Hub

BATCH, BLOCK = 500, 2_000
"""Entries read at once; ms that a read waits for the first of them."""
TYPING = {"reply.held": True, "reply.undone": False, "message.out": False}
"""Whether an answer is being written, by what happened."""
SILENT = frozenset({"queued", "step", "edges", "offered", "delivered"})
"""What changes nothing that a visitor is told at once."""


@dataclass(slots=True)
class ChatEars:
    """Tells the hub."""

    queue: Callable[[], Queue]
    hub: Hub

    async def run(self) -> None:
        """For as long as somebody is here; raises StoreError when the store is away (the supervisor starts it again)."""
        while True:
            await self.hub.somebody.wait()
            queue = self.queue()
            after, reader = await queue.last_event(), await queue.reader()
            for visitor in list(self.hub.here.values()):
                self.hub.look(visitor)  # what happened before we began to listen
            try:
                while self.hub.here:
                    for event in await queue.events(after, BATCH, BLOCK, reader=reader):
                        self.heard(event)
                        after = event.id or after
            finally:
                await reader.close()

    def heard(self, event: Event) -> None:
        """One event."""
        match event.e:
            case "arrived":
                if '"chat:' in event.x and (visitor := _visitor(event)):
                    self.hub.arrived(visitor, event.c, event.n)
            case "message":
                self.hub.said(event.c, event.n)
            case "reply.held" | "reply.undone" | "message.out":
                self.hub.happened(event.c, TYPING[event.e])
            case "message.receipt":
                if '"sent"' in event.x:
                    self.hub.lined(event.c)
            case _ if event.c and event.e not in SILENT:
                self.hub.happened(event.c)


def _visitor(event: Event) -> str:
    raw = json.loads(event.x or "{}")
    return visitor_of(str(raw.get("thread") or "")) if isinstance(raw, dict) else ""
