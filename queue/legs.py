"""What is kept of a call's legs, and how much of it: bounds, and the words in which more is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .contact import RANKS

SID, NAME, VALUE = 64, 40, 1000
"""Characters of a leg's id, of a name, and of what stands under it."""
KEY, NUMBER = 200, 100
"""Characters of what a call or text is counted under, and of an address."""
ABOUT, LEGS, JOTS = 20, 1000, 50
"""How much is told of a leg at once; legs of a contact; facts of a contact."""
OURS = frozenset({"sid", "state", "was"})
"""What the ledger says about a leg itself."""
_NUMBER = re.compile(r"[0-9]{1,9}")


def check_leg(sid: str, state: str, about: Mapping[str, str]) -> None:
    """Raises ValueError for what is no news of a leg."""
    if not 0 < len(sid) <= SID:
        raise ValueError(f"a leg's id has 1 to {SID} characters: {sid[:40]!r}")
    if state not in RANKS:
        raise ValueError(f"no such state of a leg: {state[:40]!r}")
    if len(about) > ABOUT:
        raise ValueError(f"at most {ABOUT} things are told about a leg at once, not {len(about)}")
    if taken := OURS & about.keys():
        raise ValueError(f"what is told about a leg can't be called {', '.join(sorted(taken))}")
    for name, value in about.items():
        _check(name, value)


def check_jot(name: str, value: str) -> None:
    """Raises ValueError for what is no fact of a call."""
    _check(name, value)


def check_spend(key: str, number: str) -> None:
    """Raises ValueError for what names no call or text, or no number."""
    if not 0 < len(key) <= KEY:
        raise ValueError(f"a call or text is named by 1 to {KEY} characters: {key[:40]!r}")
    if not 0 < len(number) <= NUMBER:
        raise ValueError(f"a number has 1 to {NUMBER} characters: {number[:40]!r}")


def check_happening(what: str, facts: Mapping[str, str], about: Mapping[str, str]) -> None:
    """Raises ValueError for what is nothing that happens in a call."""
    _check(what, "")
    if not 0 < len(facts) <= ABOUT or len(about) > ABOUT or "what" in about:
        raise ValueError(f"what happens in a call changes 1 to {ABOUT} facts, and tells as much at most")
    for name, value in (*facts.items(), *about.items()):
        _check(name, value)


def _check(name: str, value: str) -> None:
    if not 0 < len(name) <= NAME:
        raise ValueError(f"a name has 1 to {NAME} characters: {name[:50]!r}")
    if len(value) > VALUE:
        raise ValueError(f"at most {VALUE} characters are kept under {name!r}, not {len(value)}")


def too_many_legs(contact: str) -> ValueError:
    """A call that goes wrong for ever must not fill the store."""
    return ValueError(f"{contact} has {LEGS} legs: no more are kept")


def too_many_jots(contact: str) -> ValueError:
    """Facts are few."""
    return ValueError(f"{contact} has {JOTS} facts: no more are kept")


def offer_of(about: Mapping[str, str]) -> int:
    """The number of the offer that a leg rings for; 0 when it rings for none."""
    number = about.get("o", "")
    return int(number) if _NUMBER.fullmatch(number) else 0
