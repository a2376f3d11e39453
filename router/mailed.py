"""Mails and the contacts they belong to: what the mail door asks of the store, and what it says beside arrivals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channels.channel import NotTaken
from ..queue.engine import Queue
from ..queue.failures import StoreError
from .plan.model import Plan


def mailboxes(plan: Plan) -> frozenset[str]:
    """The addresses of the plan's mail entries, in lower case."""
    return frozenset(it.to.casefold() for it in plan.entry if it.channel == "email" and it.to)


@dataclass(slots=True)
class MailTalk:
    """The door's ears beside intake. All raise NotTaken while the store is away."""

    queue: Callable[[], Queue]

    async def known(self, thread: str) -> bool:
        """Whether there is, or was, a contact in that conversation."""
        try:
            return await self.queue().open_in(thread) is not None
        except StoreError as error:
            raise NotTaken(type(error).__name__) from error
