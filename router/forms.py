"""What the forms behind a thread's buttons ask, and the order that a filled one says. Pure."""

from __future__ import annotations

from ..channels.house import Move, Moving
from .orders import Order
from .rulebook import Rulebook

MORE = {
    "Ask a colleague": "consult",
    "Not hand over after all": "keep",
    "Give back to the queue": "release",
    "It is spam": "spam",
}
"""What *More …* offers, and the verb for each."""
HANDING = ("At once: the customer hears music until they take it", "Speak with them first")
"""How a call is handed over."""
MOST = 100
"""Entries that a menu of Slack takes."""


def offered(book: Rulebook, form: str, call: bool = False) -> Moving:
    """What `form` asks; of a `call` also whether both speak first."""
    plan = book.plan
    people, teams = [a.name for a in plan.agents], [f"team {t.name}" for t in plan.teams]
    match form:
        case "transfer":
            groups = [*teams, "L1", "L2", "L3", *(f"service {name}" for name in book.services)][: MOST - 1]
            whom = tuple([*people[: MOST - len(groups)], *groups])
            return Moving("Hand over", HANDING if call else (), whom, text="Why?", must=("to",))
        case "escalate":
            return Moving("Escalate", text="What was tried?", must=("text",))
        case "snooze":
            return Moving("Snooze", when="Until when? Empty: until they write", text="Why?")
        case "callback":
            return Moving("Date for", when="When?", text="What then?", must=("when",))
        case _:
            whom = tuple([*people[: MOST // 2], *teams[: MOST // 2]])
            return Moving("More for", tuple(MORE), whom, text="Why, or what you ask")


def filled_in(move: Move) -> Order:
    """The order that a filled form says."""
    verb = MORE.get(move.verb, "") if move.form == "more" else move.form
    if move.verb == HANDING[1]:
        verb = "speak"
    match verb:
        case "transfer" | "consult" | "speak":
            rest = f"{move.to} {move.text}"
        case "snooze" | "callback":
            rest = f"{move.when or 'until they write'} {move.text}"
        case _:
            rest = move.text
    return Order(verb, move.contact, rest.strip())
