"""What a door hears after a text left: its receipts, and who doesn't want any more texts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from ..queue.engine import Queue
from ..queue.failures import StoreError

Status = Literal["queued", "sending", "sent", "delivered", "failed"]

REMEMBERED = 4 * 86_400_000
"""ms: longer than the provider's list is looked back at (`catch_up.py`)."""


class Receipts:
    """The callables that a door hands its receipts and opt-outs to. StoreError: the door answers 503."""

    def __init__(self, queue: Callable[[], Queue]) -> None:
        self.queue = queue

    async def receipt(self, key: str, provider_id: str, status: Status, error: str = "") -> bool:
        """Note what became of the text `key` ("C1001.3"; "" finds it by the provider's id); False when unknown."""
        contact, _, n = key.partition(".")
        found = (contact, int(n)) if n.isdigit() else await self.queue().find_receipt(provider_id)
        if found is None:
            return False
        await self.queue().receipt(*found, status, provider_id=provider_id, error=error)
        return True

    async def opt(self, address: str, out: bool, event: str) -> None:
        """The customer said STOP (out) or START in the text `event`, which may come again when it has been overtaken."""
        if not await self.queue().seen(f"opt:{event}"):
            await self.queue().opt(address, out)
            await self.queue().once(f"opt:{event}", REMEMBERED)

    async def talking(self, thread: str) -> bool:
        """Whether a contact is open in that conversation."""
        found = await self.queue().open_in(thread)
        return found is not None and not found.startswith("-")

    async def opted_out(self, address: str) -> bool:
        """Whether the customer doesn't want texts; with the store away, no: it must not silence its own alert.

        Twilio keeps its own list and refuses such a text with 21610 in any case.
        """
        try:
            return await self.queue().opted_out(address)
        except StoreError:
            return False
