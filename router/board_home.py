"""The board as a supervisor's Home shows it. Pure.

A Home is published anew when it shows something else, so instants stand here instead of durations that grow.
"""

from __future__ import annotations

from ..channels.channel import Button
from ..channels.home import Clock, Entry, Section
from .board import ACTS, Board, Row, ServiceState, counts, incident_rows, promise, team_rows
from .lines import escape
from .rulebook import Rulebook

MOST = 20
"""Services, incidents and teams shown; of the rest only how many they are. Slack takes 100 blocks a Home."""


def sections(book: Rulebook, it: Board) -> tuple[Section, ...]:
    """What can be done, the services, incidents if any, and who is there."""
    incidents = incident_rows(book)
    happening = (_listed("Incidents", incidents),) if incidents else ()
    return _head(it), _services(it), *happening, _listed("Who is there", team_rows(it))


def _head(it: Board) -> Section:
    said = [f"Plan version {it.version}. `/tierline queue` shows who waits, one by one."]
    if not it.whole:
        said.append("There are more contacts than are counted here.")
    if not it.known_day:
        said.append("The history doesn't answer: nothing is said of today's promises.")
    acts = tuple(one for one in ACTS if one.action != "board.refresh")  # a Home has its own
    return Section("Board", "\n".join(said), buttons=acts)


def _services(it: Board) -> Section:
    """All of them in the plan's order; where they are too many, those in trouble first."""
    found = list(it.services)
    if len(found) > MOST:
        found.sort(key=lambda one: (-len(one.late), -one.soon, not one.shut, -one.waiting))
    more = max(0, len(found) - MOST)
    return Section("Services", entries=tuple(_service(one, it.at) for one in found[:MOST]), more=more)


def _service(it: ServiceState, now: int) -> Entry:
    waits = f"{it.waiting} wait{'s' if it.waiting == 1 else ''}" if it.waiting else "nobody waits"
    title = f"*{escape(it.name)}* · {it.hours}\n{' · '.join([waits, *counts(it)])}"
    again = (Button("service.open", f"Open {it.name}", it.name),) if it.shut else ()
    return Entry(title, clocks=_oldest(it, now), buttons=again)


def _oldest(it: ServiceState, now: int) -> tuple[Clock, ...]:
    """Since when the first of those who wait does, and until when they were promised an answer."""
    if it.oldest is None:
        return ()
    due = promise(it.oldest)
    promised = (Clock("answer due", due, late=due < now),) if due is not None else ()
    return Clock(f"{it.oldest.id} since", it.oldest.arrived), *promised


def _listed(title: str, rows: list[Row]) -> Section:
    entries = tuple(Entry(row.text, buttons=row.buttons) for row in rows[:MOST])
    return Section(title, entries=entries, more=max(0, len(rows) - MOST))
