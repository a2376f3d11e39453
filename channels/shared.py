"""Channels of a desk that customers share: which there are, and whom the door tells what it hears beside messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .house import Actor

HERE = "slack:"
"""Before an address that is a conversation in such a channel: "slack:C012AB:1700000000.000100"."""

FILE = "slack-file:"
"""Before the address at which Slack keeps a file that a customer attached there."""


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A channel of the plan ("#ext-acme"): every message of its customers counts, or those with `reaction`.

    `customer` and `language` are "" where the plan doesn't say.
    """

    place: str
    reaction: str = ""
    customer: str = ""
    language: str = ""


class Talk(Protocol):
    """What is said in a shared channel and is no customer's message. `thread` is an arrival's. All may raise."""

    def ours(self, actor: Actor) -> bool:
        """Whether the plan names them as an agent."""

    async def known(self, thread: str) -> bool:
        """Whether there is, or was a moment ago, a contact in that conversation."""

    async def given(self, thread: str, actor: Actor, text: str, place: str) -> None:
        """An agent has answered there by themselves; `place` is their message."""

    async def noted(self, thread: str, name: str, what: str, event: str) -> None:
        """Somebody changed or deleted something, or isn't the customer: kept inside, once an `event`."""


def conversation(channel: str, root: str) -> str:
    """The address of the thread whose first message is `root`."""
    return f"{HERE}{channel}:{root}"


def is_shared(address: str) -> bool:
    """Whether an address is such a conversation."""
    return address.startswith(HERE)
