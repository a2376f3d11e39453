"""Presence that nobody is at: what is due to be asked or said of an agent who seems to be there. Pure.

available, no act for `still_there` ──▶ asked in person ──▶ any act: all is well
                                                      └──▶ `PATIENCE` without one: away, told
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..channels.channel import Button
from ..queue.state import AgentView
from .lines import escape

PATIENCE = 5 * 60_000
"""ms that somebody who is asked whether they are still there has to answer."""
BEFORE = 10 * 60_000
"""ms before its end that overtime is told to be ending."""
NO_ANSWER = "no answer to “still there?”"
"""Why somebody is away who was asked in vain."""
MISSED = "missed two offers"
"""The queue's word for it: see `queue/model_timers.py`."""
FREE, WITHIN = 3, 2 * 60_000
"""How often somebody may become available within so many ms before it is waited whether they stay."""
SETTLING = "settling: came and went too often"
"""Why somebody is away who will be available when their time is up."""
HERE = Button("agent.here", "I'm here", style="primary")
BACK = Button("agent.available", "I'm back", style="primary")
OFFLINE = Button("agent.offline", "Offline")

Due = Literal["", "ask", "away"]


def still_there(
    me: AgentView, last: int, asked: int | None, now: int, lease: int | None, talking: bool
) -> Due:
    """What is due of somebody whose last act was at `last` and who was asked at `asked` since (None: wasn't).

    `lease` in ms, None: nobody is asked. Whoever is `talking` on the phone is there.
    """
    if lease is None or talking or me.presence != "available" or not me.on_shift:
        return ""
    if asked is not None and asked >= last:
        return "away" if now - asked >= PATIENCE else ""
    return "ask" if now - last >= lease else ""


def overtime_ends(me: AgentView, now: int) -> int | None:
    """The end of somebody's overtime that is to be told now; None where nothing is."""
    if me.overtime is None or me.shift or me.presence == "offline":
        return None
    return me.overtime if 0 < me.overtime - now <= BEFORE else None


@dataclass(frozen=True, slots=True)
class Said:
    """Words for one agent, with what they can do about it."""

    text: str
    buttons: tuple[Button, ...] = ()


def ask(minutes: int) -> Said:
    """Whether they are still there."""
    text = (
        f"Still there? You are *available*, and nothing was heard of you for {minutes} min. "
        f"Without an answer you are away in {PATIENCE // 60_000} min; whatever you do here is one."
    )
    return Said(text, (HERE, Button("form.away", "Away …"), OFFLINE))


def set_away(why: str, held: tuple[str, ...], give: tuple[Button, ...] = ()) -> Said | None:
    """For somebody who was set away by us; None for whoever went by themselves. `give` hands over what they have."""
    yours = f" What you own stays yours: {', '.join(held)}." if held else ""
    if why == MISSED:
        text = f"You missed two offers in a row, so you are *away* now and get no more.{yours}"
    elif why == NO_ANSWER:
        text = f"You didn't answer, so you are *away* now: nothing is offered to you.{yours}"
    else:
        return None
    return Said(f"{text} Are you back?", (BACK, *give, OFFLINE))


def stands_in(name: str, there: bool, long: bool) -> str:
    """Who stands in for somebody who has gone away; that nobody does is said of a `long` absence alone."""
    if name:
        now = "" if there else f" {escape(name)} isn't available just now; until then anybody is asked."
        return f"{escape(name)} stands in for you.{now}"
    return "Nobody stands in for you: `/tierline away 2w vacation Ben` names somebody." if long else ""


def keeps(held: tuple[str, ...], shift_ends: str, name: str) -> str:
    """What becomes of what somebody has who goes away; `shift_ends` in words, where that comes before they are back."""
    if not held:
        return "What you own stays yours."
    first = f"What you own stays yours: {', '.join(held)}"
    after = f"{escape(name)} is asked first, then others" if name else "others are asked"
    return f"{first}, until your shift ends {shift_ends}; then {after}." if shift_ends else f"{first}."


def kept_offline(held: tuple[str, ...], grace: int) -> str:
    """What becomes of what somebody has who goes off duty, `grace` ms later."""
    if not held:
        return ""
    return f" You have {', '.join(held)}: in {max(1, grace // 60_000)} min others are asked, unless you are back."


def settling(at: str) -> str:
    """For whoever has come and gone too often: when they are available."""
    return (
        f"You came and went {FREE} times within {WITHIN // 60_000} min, so that contacts were asked to and fro: "
        f"you are available at {at}, if you stay."
    )


def break_over(why: str) -> Said:
    """The time that somebody said they'd be away is over: they are asked, and stay away until they say."""
    more = tuple(Button("agent.away", f"{m} min more", f"{m}m {why}".strip()) for m in (15, 60))
    return Said(
        "Your break is over. Are you back? You get no work before you say so.", (BACK, *more, OFFLINE)
    )


def ending(
    until: str, later: tuple[tuple[str, str], ...], held: tuple[str, ...], give: tuple[Button, ...] = ()
) -> Said:
    """Overtime ends at `until`, in words; `later` are further ends: (label, what follows the verb)."""
    yours = f" You have {', '.join(held)}: finish or hand over." if held else ""
    more = tuple(Button("agent.overtime", label, value) for label, value in later)
    return Said(
        f"Your overtime ends {until}; after that nothing is offered to you.{yours}", (*more, *give, OFFLINE)
    )


def shift_over(held: tuple[str, ...], minutes: int, give: tuple[Button, ...] = ()) -> Said | None:
    """The shift of somebody who still has work in hand has ended; None for whoever has nothing."""
    if not held:
        return None
    text = (
        f"Your shift is over: nothing new is offered to you. You have {', '.join(held)}: finish or hand over, "
        f"or stay on; in {minutes} min others are asked for what still waits for your answer."
    )
    stay = tuple(Button("agent.overtime", f"Stay {h} h", f"{h}h") for h in (1, 2))
    return Said(text, (*stay, *give, OFFLINE))
