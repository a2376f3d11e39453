"""What the forms behind a thread's buttons ask, and the order that a filled one says. Pure."""

from __future__ import annotations

from ..channels.forms import MOST_CHOICES, Field, Filled, Form
from .orders import Order
from .rulebook import Rulebook

MORE = {
    "Ask a colleague": "consult",
    "Not hand over after all": "keep",
    "Give back to the queue": "release",
    "Make it part of another contact": "merge",
    "It is spam": "spam",
}
"""What *More …* offers, and the verb for each."""
HANDING = ("At once: the customer hears music until they take it", "Speak with them first")
"""How a call is handed over."""
NAMES = ("transfer", "escalate", "snooze", "callback", "more")
WHEN = "2h, tomorrow 9:00, Friday 14:30, 2026-12-24"


def offered(
    book: Rulebook, name: str, contact: str, call: bool = False, others: tuple[str, ...] = ()
) -> Form:
    """The form `name` (not `escalate`); of a `call` also whether both speak first; `others`: the customer's others."""
    match name:
        case "transfer":
            how = (Field("verb", "What?", "choice", HANDING[0], HANDING, True),) if call else ()
            to = Field("to", "To whom?", "choice", choices=_anybody(book), must=True)
            return _form("Hand over", contact, *how, to, Field("text", "Why?", "lines"))
        case "snooze":
            until = Field("when", "Until when? Empty: until they write", hint=WHEN, longest=100)
            return _form("Snooze", contact, until, Field("text", "Why?", "lines"))
        case "callback":
            when = Field("when", "When?", hint=WHEN, longest=100, must=True)
            return _form("Date for", contact, when, Field("text", "What then?", "lines"))
        case _:
            return _more(book, contact, others)


def _form(title: str, contact: str, *fields: Field) -> Form:
    return Form(f"{title} {contact}", fields, "Do it")


def _anybody(book: Rulebook) -> tuple[str, ...]:
    teams = [f"team {team.name}" for team in book.plan.teams]
    groups = [*teams, "L1", "L2", "L3", *(f"service {name}" for name in book.services)][: MOST_CHOICES - 1]
    return tuple([*_people(book)[: MOST_CHOICES - len(groups)], *groups])


def _people(book: Rulebook) -> list[str]:
    return [agent.name for agent in book.plan.agents]


def _more(book: Rulebook, contact: str, others: tuple[str, ...]) -> Form:
    half, verbs = MOST_CHOICES // 2, tuple(MORE)
    whom = tuple([*_people(book)[:half], *(f"team {team.name}" for team in book.plan.teams[:half])])
    into = Field(
        "into", "Part of which contact?", "choice" if others else "line", choices=others,
        hint="" if others else "C1001: where you make it part of another",
    )  # fmt: skip
    return _form(
        "More for", contact, Field("verb", "What?", "choice", verbs[0], verbs, True),
        Field("to", "Whom do you ask?", "choice", choices=whom), into, Field("text", "Why, or what you ask", "lines"),
    )  # fmt: skip


def missing(filled: Filled) -> dict[str, str]:
    """What has to be filled in for what was chosen, by field."""
    it, verb = filled.answers, MORE.get(filled.answers.get("verb", ""), "")
    if filled.name != "more":
        return {}
    wanted = {"consult": ("to", "text"), "merge": ("into",)}.get(verb, ())
    words = {"to": "Ask whom?", "text": "Say what you want to know.", "into": "Which contact, such as C1001?"}
    return {name: words[name] for name in wanted if not it.get(name)}


def filled_in(filled: Filled) -> Order:
    """The order that a filled form says."""
    it, contact = filled.answers, filled.value
    to, when, text = it.get("to", ""), it.get("when", ""), it.get("text", "")
    verb = MORE.get(it.get("verb", ""), "") if filled.name == "more" else filled.name
    if it.get("verb") == HANDING[1]:
        verb = "speak"
    match verb:
        case "transfer" | "consult" | "speak":
            rest = f"{to} {text}"
        case "snooze" | "callback":
            rest = f"{when or 'until they write'} {text}"
        case "merge":
            rest = it.get("into", "").partition(" ")[0]
        case _:
            rest = text
    return Order(verb, contact, rest.strip())
