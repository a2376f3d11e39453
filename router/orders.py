"""`/tierline transfer C1001 L2 …` and its like: words to a verb of `Moves`. What is missing is said."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .commands import contact_number
from .moves import Moves, Outcome, Who
from .rulebook import Rulebook
from .situations import Situations
from .when import NoTime, when

HELP = (
    "`/tierline transfer C1001 Ben cannot log in` – to a colleague, a team, `L2` or a service; yours until they take it\n"
    "`escalate C1001 what was tried` · `keep C1001` – not after all · `give back C1001 why`\n"
    "`snooze C1001 2h` · `snooze C1001 tomorrow 9:00` · `snooze C1001 until they write` · `wake C1001`\n"
    "`consult C1001 Ben what do you think?` · `merge C1002 C1001` · `split C1001 2,3` · `spam C1001` · `reopen C1001`\n"
    "Supervisors: `assign C1001 Ben` · `priority C1001 +5` · `priority C1001 now`\n"
    "`close service howto until 15:00 what customers are told` · `open service howto`\n"
    "`incident howto [slow, down]: what customers are told` · `incident end I1123-0905: it works again` · `incidents`"
)
_NUMBER = re.compile(r"#?c?\d{1,12}(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """What was typed: verb, contact, and the rest."""

    verb: str
    contact: str
    rest: str


VERBS = (
    "transfer", "speak", "escalate", "keep", "give back", "release", "snooze", "callback", "wake", "consult", "ask",
    "merge", "split", "spam", "reopen", "assign", "priority",
)  # fmt: skip


def parse(text: str) -> Order | None:
    """The order in `text`, None when it begins with no verb of these; a contact that isn't said is ""."""
    return named(text, *VERBS)


def named(text: str, *verbs: str) -> Order | None:
    """`parse` for other verbs."""
    said = " ".join(text.split())
    verb = next((v for v in verbs if re.match(rf"{v}(?!\w)", said, re.IGNORECASE)), None)
    if verb is None:
        return None
    rest = said[len(verb) :].strip()
    found = _NUMBER.match(rest)
    if found is None:
        return Order(verb, "", rest)
    return Order(verb, contact_number(found[0]), rest[found.end() :].strip(" :,"))


def known(text: str) -> bool:
    """Whether `text` begins with one of the verbs here."""
    return parse(text) is not None or _SITE.match(text.strip()) is not None


async def carry_out(moves: Moves, who: Who, order: Order) -> Outcome:
    """Do what was typed."""
    it, c, rest = moves, order.contact, order.rest
    if not c:
        return Outcome("wrong", f"Which contact? `/tierline {order.verb} C1001 …`\n{HELP}")
    verbs: dict[str, Callable[[], Awaitable[Outcome]]] = {
        "transfer": lambda: it.transfer(who, c, rest),
        "speak": lambda: it.transfer(who, c, rest, first=True),
        "escalate": lambda: it.escalate(who, c, rest),
        "keep": lambda: it.keep(who, c),
        "give back": lambda: it.release(who, c, rest),
        "release": lambda: it.release(who, c, rest),
        "snooze": lambda: _snooze(it, who, c, rest),
        "callback": lambda: _snooze(it, who, c, rest),
        "wake": lambda: it.wake(who, c),
        "consult": lambda: it.consult(who, c, rest),
        "ask": lambda: it.consult(who, c, rest),
        "merge": lambda: it.merge(who, c, contact_number(rest)),
        "split": lambda: it.split(who, c, [int(n) for n in re.findall(r"\d{1,6}", rest)]),
        "spam": lambda: it.spam(who, c),
        "reopen": lambda: it.reopen(who, c),
        "assign": lambda: it.assign(who, c, rest),
        "priority": lambda: _priority(it, who, c, rest),
    }
    work = verbs.get(order.verb)
    return await work() if work else Outcome("wrong", HELP)


async def _snooze(moves: Moves, who: Who, contact: str, rest: str) -> Outcome:
    try:
        wake, why = when(rest or "until they write", await moves.queue.now(), moves.book().plan.timezone)
    except NoTime as error:
        return Outcome("wrong", str(error))
    return await moves.snooze(who, contact, wake, why)


async def _priority(moves: Moves, who: Who, contact: str, rest: str) -> Outcome:
    first, _, why = rest.partition(" ")
    if first.casefold() in ("now", "due"):
        return await moves.priority(who, contact, None, why.removeprefix("now").strip())
    if not re.fullmatch(r"[-+−]?\d{1,3}", first):
        return Outcome("wrong", "Say by how much: `priority C1001 +5` (minutes earlier), `-5`, or `now`.")
    points = int(first.replace("−", "-"))
    return await moves.priority(who, contact, points, why)


# ---- the site ----------------------------------------------------------------------------------------------------

_SITE = re.compile(r"(close service|open service|incidents|incident)(?!\w)", re.IGNORECASE)


async def of_site(situations: Situations, who: Who, text: str) -> Outcome | None:
    """`close service …`, `open service …`, `incident …`, carried out; None when `text` is none of these."""
    said = text.strip()
    found = _SITE.match(said)
    if found is None:
        return None
    rest = said[found.end() :].strip()
    match found[1].casefold():
        case "close service":
            return await _close(situations, who, rest)
        case "open service":
            return await situations.open(who, rest)
        case "incidents":
            return Outcome("ok", _listed(situations.book()))
        case _:
            return await _incident(situations, who, rest)


async def _close(situations: Situations, who: Who, rest: str) -> Outcome:
    name, rest = _service(situations.book(), rest)
    until = None
    if re.match(r"(until|till)\s", rest, re.IGNORECASE):
        try:
            until, rest = when(rest, await situations.queue.now(), situations.book().plan.timezone)
        except NoTime as error:
            return Outcome("wrong", str(error))
    return await situations.close(who, name, until, rest)


async def _incident(situations: Situations, who: Who, rest: str) -> Outcome:
    head, _, text = rest.partition(":")
    if ended := re.match(r"end\s+(\S+)", rest, re.IGNORECASE):
        id = ended[1].rstrip(":")
        return await situations.end(who, id, rest[ended.end() :].strip(" :"))
    words = re.search(r"\[([^\]]*)\]", head)
    name = head[: words.start()] if words else head
    return await situations.begin(who, name.strip(), words[1].split(",") if words else (), text)


def _service(book: Rulebook, text: str) -> tuple[str, str]:
    """The service that `text` begins with (or its first word), and the rest."""
    names = sorted(book.services, key=len, reverse=True)
    name = next(
        (n for n in names if re.match(re.escape(n) + r"(?!\w)", text, re.IGNORECASE)), text.partition(" ")[0]
    )
    return name, text[len(name) :].strip()


def _listed(book: Rulebook) -> str:
    rows = [
        f"{it.id} {it.service or 'any service'} [{', '.join(it.words)}]: {it.text}"
        for it in book.situation.incidents
    ]
    return "\n".join(rows) or "There is no incident."
