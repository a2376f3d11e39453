"""The plan's doors in Slack as frozen values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shared:
    """What makes a contact in a Slack channel that a customer shares: a message, or `reaction` on one.

    `customer` is the key of the customer whose channel it is, None when the plan doesn't say.
    """

    reaction: str | None = None
    customer: str | None = None
