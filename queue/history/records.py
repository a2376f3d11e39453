"""What the history remembers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as the records know them; somebody unknown is `Customer(address)`.

    `facts` are the columns of the import (and `PUT /api/v1/customers`), all text.
    """

    key: str
    name: str = ""
    language: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    known: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """An earlier contact of a customer in one line."""

    contact: str
    service: str
    channel: str
    state: str
    at: int  # ms: when it arrived
    disposition: str = ""
