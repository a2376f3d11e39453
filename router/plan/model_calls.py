"""The plan's telephone as frozen values: how calls are worked, and what guards numbers that cost money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

Callback = Literal["agent_first", "customer_first"]
CallbackAnswer = Literal["detect", "key"]
Announced = Literal["texts", "elsewhere"]

_M = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Recording:
    """Calls are recorded and kept for `keep`; `announced`: by our text `call_recorded`, or by somebody else before."""

    announced: Announced
    keep: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Voice:
    """How calls are worked, beside what all channels have.

    `music`: the address of what those who wait hear (None: our own); `callback`: who is rung first;
    `callback_answer`: how a person is told from a mailbox, by the provider's detection or by the key 1; `callback_again`:
    how long after each try that reached nobody the next one comes, and after the last none; `recording` None: nothing is
    recorded; `redial`: so long somebody who hung up while they waited keeps their place (zero: not at all).
    """

    music: str | None = None
    callback: Callback = "agent_first"
    callback_answer: CallbackAnswer = "detect"
    callback_again: tuple[timedelta, ...] = (5 * _M, 30 * _M, 120 * _M)
    recording: Recording | None = None
    redial: timedelta = 5 * _M


@dataclass(frozen=True, slots=True)
class Safety:
    """Which numbers are called and texted (`router/fraud.py`).

    `countries`: ISO 3166 codes; `number_hour`, `number_day`: at most so often to one number; `per_hour`, `per_day`: to
    all together. `people` are the numbers that the plan itself names (agents, alerts): wherever they are, however often.
    """

    countries: tuple[str, ...] = ()
    number_hour: int = 30
    number_day: int = 100
    per_hour: int = 1_000
    per_day: int = 5_000
    people: tuple[str, ...] = field(default=(), compare=False)
