"""How a call stands, and what must hold for it: who hears music, whose line ends, whether anybody is with the customer.

The facts of a call (`Queue.jots`) that this reads; whoever writes one changes what must hold, and nothing else:

    met        the customer's leg that was sent into the conference     conference  its id at the provider
    in.<sid>   a leg that was let in: "agent", "guest", "boss"          held, muted  legs that the provider holds, mutes
    key.<sid>  its agent has pressed 1 and is being let in
    hold       the agent who put the customer on hold; "-ada": Ada goes on talking while she hands over
    unheld     when (ms) the music ended
    tape       "paused": nothing is to be recorded now                  taped       "paused": so it is
    kind       "callback", "voicemail": not to be talked with now
    boss       how a supervisor last wanted to be heard, and who        coached     the leg that hears their whisper
    on.<sid>   who answered the leg of a callback: "person", "machine", "asked" for a key
    there      that leg, once its customer waits for an agent who is rung afterwards
    mute       the leg whose agent doesn't want to be heard             warm        who is spoken with before they take it
Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ..queue.state import QUEUED, ContactView, Leg

Role = Literal["agent", "guest", "boss"]
"""In a call: who has it or is to have it, who was asked to join, a supervisor."""
Then = Literal["", "over", "queue", "take", "leave"]
"""What follows when nobody is with the customer: the call is over, others are asked, whoever was consulted has it, or
the customer leaves the conference, because nobody is asked before the service opens."""

HARDLY = 3_000
"""ms."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A call as it is known now."""

    view: ContactView
    legs: tuple[Leg, ...]
    facts: Mapping[str, str]

    @property
    def customer(self) -> Leg | None:
        """The customer's leg that is on the line: the one in the conference, else the newest one."""
        there = [it for it in reversed(self.legs) if it.of_customer and it.state == "answered"]
        return next((it for it in there if it.sid == self.facts.get("met")), there[0] if there else None)

    @property
    def met(self) -> bool:
        """Whether the customer is in the conference."""
        return self.customer is not None and self.facts.get("met") == self.customer.sid

    @property
    def called_beside(self) -> tuple[Leg, ...]:
        """Legs on which we still call a customer who is in the conference by now: they have called themselves."""
        ours = (it for it in self.legs if it.of_customer and it.about.get("b"))
        return tuple(it for it in ours if self.customer is not None and self.met and it != self.customer)

    def inside(self, *roles: Role) -> tuple[Leg, ...]:
        """The legs with one of `roles` that were let into the conference and are on the line."""
        return tuple(it for it in self.legs if it.live and self.facts.get(f"in.{it.sid}") in roles)

    @property
    def owners(self) -> tuple[Leg, ...]:
        """The owner's legs that haven't ended, in the conference or on the way there."""
        mine = {"agent", ""}
        return tuple(
            it
            for it in self.legs
            if it.live and it.about.get("a") == self.view.owner != "" and it.about.get("r", "") in mine
        )

    @property
    def owner(self) -> Leg | None:
        """The owner's leg in the conference."""
        return next((it for it in self.inside("agent") if it.about.get("a") == self.view.owner != ""), None)

    @property
    def whispers(self) -> Leg | None:
        """The leg of a supervisor who is heard by the owner alone."""
        how, _, rest = self.facts.get("boss", "").partition(" ")
        theirs = [it for it in self.inside("boss") if it.about.get("a") == rest.partition(" ")[0]]
        return theirs[-1] if theirs and how == "whisper" else None

    @property
    def second(self) -> Leg | None:
        """Whoever is consulted: in the conference before they have taken the call."""
        asked = self.facts.get("warm", "") if self.view.handing else ""
        return next(
            (it for it in self.inside("agent") if it.about.get("a") == asked != self.view.owner), None
        )

    @property
    def offer(self) -> int:
        """The number of the offer for which somebody is consulted, 0 when none stands."""
        asked = self.facts.get("warm", "")
        return next((it.number for it in self.view.offers if it.agent == asked), 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must hold. `hold`, `mute`: None where there is nobody to hold or mute. `ends`: legs that are through."""

    hold: bool | None
    mute: bool | None
    record: bool  # where it is recorded at all: not while agents speak among themselves
    ends: tuple[Leg, ...]
    then: Then


def by_phone(leg: Leg, facts: Mapping[str, str]) -> bool:
    """Whether whoever is on `leg` has taken the call by a key: a message is taken in Slack, and their phone isn't it."""
    return f"in.{leg.sid}" in facts or f"key.{leg.sid}" in facts


def wanted(it: Standing) -> Wanted:
    """What must hold for a call that stands so."""
    then, owner = _then(it), it.owner
    open_ = it.view.state == "active" or it.view.state in QUEUED or it.view.state == "parked"
    return Wanted(
        _hold(it, then) if it.met and open_ and then != "over" else None,
        it.facts.get("mute") == owner.sid if owner is not None else None,
        it.facts.get("tape") != "paused" and it.second is None,
        _through(it) if open_ else (),
        then,
    )


def _then(it: Standing) -> Then:
    if it.customer is None or (it.facts.get("kind") and not it.met):
        return ""  # nobody to be with: who leaves a message, or asked for a callback, is about to hang up
    if it.view.state == "parked":
        return "leave" if it.met else ""
    if it.view.state != "active" or it.owners or it.inside("guest"):
        return ""
    if it.second is not None and it.offer:
        return "take"
    held = it.facts.get("held") == it.customer.sid
    waits = it.view.handing or not it.met or held or _hardly_back(it) or _hardly_there(it)
    return "queue" if waits else "over"


def _hardly_back(it: Standing) -> bool:
    """Whether the music ended so shortly before the owner's line that they can't have spoken."""
    ended = [leg.at for leg in it.legs if not leg.live and leg.about.get("a") == it.view.owner]
    back = it.facts.get("unheld", "")
    return bool(ended) and back.isdecimal() and max(ended) - int(back) < HARDLY


def _hardly_there(it: Standing) -> bool:
    """Whether the customer came on the line so shortly before the owner's ended that they can't have spoken.

    They called again at once: their call before had ended the conference, and with it the owner's line. A call that
    had ended long before did nothing to it, and whom we call back has not called again.
    """
    here, over = it.customer, [leg for leg in it.legs if not leg.live]
    if here is None or here.about.get("b"):
        return False
    ended = [leg.at for leg in over if leg.about.get("a") == it.view.owner]
    before = any(leg.about.get("r") == "customer" and here.at - leg.at < HARDLY for leg in over)
    return before and bool(ended) and 0 <= max(ended) - here.at < HARDLY


def _hold(it: Standing, then: Then) -> bool:
    view, asked = it.view, it.facts.get("hold", "")
    if then == "take":
        return False
    if view.state != "active" or it.second is not None or not (it.owner or it.inside("guest")):
        return True
    if it.owner is None:
        return False  # a third person goes on with them; who wanted music is gone
    if view.handing:
        return asked != f"-{view.owner}"
    return asked == view.owner


def _through(it: Standing) -> tuple[Leg, ...]:
    """Agents who were in it and have it no more, and aren't consulted."""
    kept = {leg.sid for leg in (it.owner, it.second) if leg is not None}
    return tuple(leg for leg in it.inside("agent") if leg.sid not in kept)
