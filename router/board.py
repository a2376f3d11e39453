"""A supervisor's board: what waits by service against its promises, and who is there. Pure.

contacts, agents, the day's promises ──▶ `board` ──▶ `Board` ──▶ rows of text and buttons, for Slack's Home or a message
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from ..channels.channel import Button
from ..queue.state import ENDED, AgentView, ContactView
from .due import solve_due
from .facts import Facts
from .lines import escape, lasted
from .plan_pages import SHOW
from .rulebook import Rulebook, instant, millis
from .texts import spoken

if TYPE_CHECKING:
    from ..queue.history.promised import Promised

PersonState = Literal["available", "full", "wrapping", "draining", "away", "off shift", "offline"]
STATES: tuple[PersonState, ...] = (
    "available", "full", "wrapping", "draining", "away", "off shift", "offline",
)  # fmt: skip
SOON = 4
"""A promise is at risk when less than one part in so many of its time is left."""
MOST_NAMES = 12
"""People named per state; the rest is counted."""
MOST_BUTTONS = 8
"""Services and incidents with a button of their own; Slack takes 25 buttons a message."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: words in Slack's mrkdwn, escaped where they quote, and what can be pressed beside them."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceState:
    """One service. `oldest` has waited longest; `late` and `soon` are owed an answer past its time, or nearly."""

    name: str
    hours: str
    shut: bool
    waiting: int
    oldest: ContactView | None
    late: tuple[str, ...]
    soon: int
    held: int
    in_hand: int
    kept: int
    broken: int
    undone: tuple[str, ...] = ()  # past the instant at which they were promised to be done


@dataclass(frozen=True, slots=True)
class PersonNow:
    """One agent: what they are doing, and more of it in words."""

    name: str
    team: str
    state: PersonState
    more: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """All of it at the instant `at` (ms). `whole` False: there are more contacts than were looked at."""

    at: int
    version: int
    services: tuple[ServiceState, ...]
    people: tuple[PersonNow, ...]
    whole: bool = True
    known_day: bool = True


def board(
    book: Rulebook,
    contacts: Sequence[ContactView],
    agents: Mapping[str, AgentView],
    day: Sequence[Promised] | None,
    back: Mapping[str, int],
    now: int,
    whole: bool = True,
) -> Board:
    """The board; `day` None: the history is away; `back`: when somebody who is away comes back (ms)."""
    names = dict.fromkeys((*book.services, *(it.service for it in contacts)))
    by_service: dict[str, list[ContactView]] = {name: [] for name in names}
    for it in contacts:
        if it.state not in ENDED:
            by_service[it.service].append(it)
    kept, broken = _day(day or (), now)
    services = tuple(
        _service(book, name, held, kept[name], broken[name], now) for name, held in by_service.items()
    )
    wrapping = {it.owner: it.id for it in contacts if it.state == "wrapping"}
    people = tuple(
        _person(book, it, wrapping.get(name, ""), back.get(name), now) for name, it in agents.items()
    )
    return Board(now, book.version, services, people, whole, day is not None)


def _service(
    book: Rulebook, name: str, contacts: Sequence[ContactView], kept: int, broken: int, now: int
) -> ServiceState:
    waiting = [it for it in contacts if it.state in ("waiting", "offered") and not it.owner]
    owed = [(it, due) for it in contacts if (due := promise(it)) is not None]
    late = sorted((due, it.id) for it, due in owed if due < now)
    soon = [it for it, due in owed if 0 <= due - now <= max(0, due - it.arrived) // SOON]
    return ServiceState(
        name, hours(book, name, now), book.emergency(name, instant(now)) is not None, len(waiting),
        min(waiting, key=lambda it: it.arrived, default=None), tuple(id for _, id in late), len(soon),
        sum(it.state == "parked" for it in contacts), sum(bool(it.owner) for it in contacts), kept, broken,
        tuple(it.id for it in contacts if (due := solve_due(book, it)) is not None and due < now),
    )  # fmt: skip


def promise(it: ContactView) -> int | None:
    """Until when (ms) its customer was promised the answer that they still wait for; None: they don't."""
    held = it.state in ("parked", "snoozed", "wrapping", *ENDED)
    if held or not it.owed or (it.channel == "voice" and it.owner):
        return None
    return Facts.parse(it.facts).due


def _day(day: Iterable[Promised], now: int) -> tuple[Counter[str], Counter[str]]:
    """How many promises were kept and broken, by service; what is neither is still open, or nobody waited so long."""
    kept, broken = Counter[str](), Counter[str]()
    for it in day:
        until = it.answered if it.answered is not None else it.ended if it.ended is not None else now
        if until > it.due:
            broken[it.service] += 1
        elif it.answered is not None:
            kept[it.service] += 1
    return kept, broken


def hours(book: Rulebook, service: str, now: int) -> str:
    """Whether it is open, and until when, in words; quotes are escaped."""
    zone, at = book.plan.timezone, instant(now)
    if (shut := book.emergency(service, at)) is not None:
        until = f"until {spoken(shut.until, now, zone, 'en')}" if shut.until else "until somebody opens it"
        said = f", told: “{escape(shut.text)}”" if shut.text else ""
        return f":no_entry: closed by {escape(shut.by)} {until}{said}"
    schedule = book.hours(service)
    if schedule.is_open(at):
        ends = schedule.next_change(at)
        return f"open until {_said(ends, now, zone)}" if ends is not None else "open round the clock"
    opens = schedule.next_open(at)
    why = schedule.why_closed(at) or ""
    more = f" ({escape(why.partition(': ')[2])})" if ": " in why else ""
    return f"closed{more} until {_said(opens, now, zone)}" if opens is not None else f"closed{more}"


def _said(at: datetime, now: int, zone: str) -> str:
    return spoken(millis(at.astimezone(UTC)), now, zone, "en")


def _person(book: Rulebook, it: AgentView, wraps: str, back: int | None, now: int) -> PersonNow:
    spec = book.by_id.get(it.name)
    name, team = (spec.name, spec.team) if spec else (book.called(it.name), it.profile.team)
    zone = book.plan.timezone
    if it.presence == "offline":
        return PersonNow(name, team, "offline")
    if it.presence == "away":
        until = f"until {spoken(back, now, zone, 'en')}" if back else ""
        return PersonNow(name, team, "away", ", ".join(filter(None, (it.why, until))))
    if not it.on_shift:
        return PersonNow(name, team, "off shift")
    if it.draining:
        return PersonNow(name, team, "draining", f"for {it.draining}")
    if wraps:
        return PersonNow(name, team, "wrapping", wraps)
    load = f"{it.live + it.deferred} of {it.capacity.budget}"
    if it.offers:  # that there is no room for a second offer says nothing of their load
        return PersonNow(name, team, "available", f"{load}, is being asked")
    if it.mask == 0:
        return PersonNow(name, team, "full", load)
    return PersonNow(name, team, "available", load if it.live + it.deferred else "")


# ---- in rows -----------------------------------------------------------------------------------------------------


def rows(book: Rulebook, it: Board) -> tuple[Row, ...]:
    """The board as rows, the services first, with the buttons of what stands in them."""
    more = "" if it.whole else " · there are more contacts than are counted here"
    away = "" if it.known_day else " · the history doesn't answer: nothing is said of today"
    clock = spoken(it.at, it.at, book.plan.timezone, "en").partition(" at ")[2]
    first = Row(f"*Board* · {clock} · plan version {it.version}{more}{away}")
    services = [_service_row(book, one, it.at) for one in it.services]
    return (first, *services, *incident_rows(book), *team_rows(it))


def _service_row(book: Rulebook, it: ServiceState, now: int) -> Row:
    parts = [_waits(book, it, now), *counts(it)]
    open_again = (Button("board.open", f"Open {it.name}", it.name),) if it.shut else ()
    return Row(f"*{escape(it.name)}* · {it.hours}\n{' · '.join(parts)}", open_again)


def counts(it: ServiceState) -> list[str]:
    """What stands beside who waits: late, nearly late, in hand, held, today's promises; what is none isn't said."""
    parts = [f":red_circle: {len(it.late)} late ({_named(it.late)})"] if it.late else []
    parts += [f":red_circle: {len(it.undone)} not done in time ({_named(it.undone)})"] if it.undone else []
    parts += [f":large_yellow_circle: {it.soon} nearly late"] if it.soon else []
    parts += [f"{it.in_hand} in hand"] if it.in_hand else []
    parts += [f"{it.held} held"] if it.held else []
    if it.kept + it.broken:
        parts.append(f"today {it.kept} of {it.kept + it.broken} promises kept")
    return parts


def _waits(book: Rulebook, it: ServiceState, now: int) -> str:
    if it.oldest is None:
        return "nobody waits"
    due = Facts.parse(it.oldest.facts).due
    # It is decided a moment before it is stored.
    promised = f" of {lasted(due - it.oldest.arrived + 900)} promised" if due is not None else ""
    longest = f"{it.oldest.id} for {lasted(now - it.oldest.arrived)}{promised}"
    return f"{it.waiting} wait{'s' if it.waiting == 1 else ''}, {longest}"


def incident_rows(book: Rulebook) -> list[Row]:
    """Every incident that stands, with its end's button."""
    found = []
    for it in book.situation.incidents:
        words = f" [{escape(', '.join(it.words))}]" if it.words else ""
        about = f"*{it.id}* {escape(it.service or 'any service')}{words}, since {clock_of(book, it.since)}"
        end = Button("form.incident-end", f"End {it.id} …", it.id)
        found.append(Row(f":rotating_light: {about}: “{escape(it.text)}”", (end,)))
    return found


def clock_of(book: Rulebook, at: int) -> str:
    """An instant in the past on the site's clock."""
    return spoken(at, at, book.plan.timezone, "en").partition(" at ")[2]


def team_rows(it: Board) -> list[Row]:
    """Who is there, team by team."""
    return [_team_row(team, it.people) for team in dict.fromkeys(one.team for one in it.people)]


def _team_row(team: str, people: Sequence[PersonNow]) -> Row:
    mine = [it for it in people if it.team == team]
    parts = []
    for state in STATES:
        those = [it for it in mine if it.state == state]
        if state in ("off shift", "offline") and those:
            parts.append(f"{len(those)} {state}")
        elif those:
            parts.append(f"{len(those)} {state}: {_those(those)}")
    return Row(f"*{escape(team)}* · {' · '.join(parts)}")


def _those(people: Sequence[PersonNow]) -> str:
    said = [
        f"{escape(it.name)} ({escape(it.more)})" if it.more else escape(it.name) for it in people[:MOST_NAMES]
    ]
    return ", ".join(said) + (f" … and {len(people) - MOST_NAMES} more" if len(people) > MOST_NAMES else "")


def _named(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (" …" if len(ids) > 3 else "")


ACTS = (
    Button("board.refresh", "Refresh"),
    Button("form.close-service", "Close a service …"),
    Button("form.incident", "Incident …"),
    Button("form.assign", "Assign …"),
    Button("form.hand", "Move …"),
    Button("form.first", "Who comes first …"),
    Button("form.why", "Why …"),
    SHOW,
)
"""What can be pressed under any board."""


def told(shown: Sequence[Row]) -> tuple[str, tuple[Button, ...]]:
    """The rows as one message: all words, then all buttons."""
    own = [button for row in shown for button in row.buttons][:MOST_BUTTONS]
    return "\n".join(row.text for row in shown), (*own, *ACTS)
