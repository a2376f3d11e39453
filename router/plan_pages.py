"""What a supervisor sees while they change the plan: lists to pick from, what a draft changes, versions. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Literal

from ..channels.channel import Button
from ..channels.forms import MOST_CHOICES, Field, Form
from ..queue.engine_reads import Plan as Active
from ..queue.engine_site import Waiting
from ..queue.history.records import PlanVersion
from . import plan_tables as tables
from .lines import escape
from .plan.diff_rules import in_words
from .plan.edit import Drop, Edit, Path, Shift
from .plan.model import Plan
from .plan.model_texts import VARIABLES
from .plan_form import Entry
from .rulebook import Rulebook
from .texts import spoken
from .versions import Checked

Kind = Literal["rule", "schedule", "text", "person"]
KINDS: dict[str, Kind] = {"rules": "rule", "schedules": "schedule", "texts": "text", "people": "person"}
"""The form to pick from, and what is picked there."""
CHANGE, UP, DOWN, TOP, END, GONE = (
    "Change it",
    "Move it up",
    "Move it down",
    "To the top",
    "To the end",
    "Delete it",
)
NEW, NEW_BEFORE = "A new one at the end", "A new one before it"
DOES: dict[Kind, tuple[str, ...]] = {
    "rule": (CHANGE, NEW_BEFORE, NEW, UP, DOWN, TOP, END, GONE),
    "schedule": (CHANGE, NEW, GONE),
    "text": (CHANGE,),
    "person": (CHANGE, GONE),
}
TITLES: dict[Kind, str] = {"rule": "Rules", "schedule": "Opening hours", "text": "Texts", "person": "People"}
ONLY_NEW, EVERYBODY = "New contacts only", "Those who wait are looked at again"
WAITING: dict[str, Waiting] = {ONLY_NEW: "new", EVERYBODY: "reevaluate"}
MOST_LINES, MOST_WARNINGS, MOST_VERSIONS, MOST_RULES = 40, 10, 20, 12


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the plan that a form is about; `new`: it isn't there yet, and stands before `before` ("": at the end)."""

    kind: Kind
    name: str = ""
    new: bool = False
    before: str = ""

    def dump(self) -> str:
        """For a form's value."""
        return json.dumps([self.kind, self.name, self.new, self.before], ensure_ascii=False)

    @classmethod
    def parse(cls, raw: str) -> Part:
        """The inverse."""
        kind, name, new, before = json.loads(raw)
        return cls(kind, str(name), bool(new), str(before))

    @property
    def path(self) -> Path:
        """Where it stands in the document."""
        return (*SECTIONS[self.kind], self.name)


SECTIONS: dict[Kind, Path] = {
    "rule": ("rules",),
    "schedule": ("schedules",),
    "text": ("texts",),
    "person": ("agents",),
}


def entries(plan: Plan, part: Part) -> tuple[Entry, ...]:
    """The fields of a part's form."""
    match part.kind:
        case "rule":
            return tables.rule(plan)
        case "schedule":
            return tables.schedule(part.new)
        case "text":
            return tables.text(plan, part.name)
        case "person":
            return tables.person(plan)


def names(plan: Plan, kind: Kind) -> tuple[str, ...]:
    """What can be picked, in the order of the file."""
    match kind:
        case "rule":
            return tuple(it.name for it in plan.rules)
        case "schedule":
            return tuple(it.name for it in plan.schedules)
        case "text":
            return tuple(VARIABLES)
        case "person":
            return tuple(it.name for it in plan.agents)


# ---- pick something ----------------------------------------------------------------------------------------------


def pick(plan: Plan, kind: Kind) -> Form:
    """Which one, and what is to happen with it."""
    known = names(plan, kind)
    labels = tuple(f"{n}. {name}" for n, name in enumerate(known, 1)) if kind == "rule" else known
    rows = [Field("pick", TITLES[kind], "choice", choices=labels[:MOST_CHOICES])] if known else []
    if len(known) > MOST_CHOICES:
        rows.append(Field("name", "or its name"))
    does = DOES[kind] if known else (NEW,)
    if len(does) > 1:
        rows.append(Field("do", "What shall happen?", "choice", does[0], does, must=True))
    words = (Field("about", "", "words", _order(plan)),) if kind == "rule" else ()
    return Form(TITLES[kind], (*words, *rows), "Next")


def _order(plan: Plan) -> str:
    rows = [
        f"{n}. *{escape(it.name)}* {escape(shorten(in_words(it), 160, placeholder=' …'))}"
        for n, it in enumerate(plan.rules[:MOST_RULES], 1)
    ]
    more = f"\n… and {len(plan.rules) - MOST_RULES} more" if len(plan.rules) > MOST_RULES else ""
    return "The first rule that matches decides; this is their order.\n" + "\n".join(rows) + more


def picked(plan: Plan, kind: Kind, answers: dict[str, str]) -> str:
    """The name that was picked, "" for none that is there."""
    said = answers.get("name", "").strip() or answers.get("pick", "")
    known = names(plan, kind)
    if said in known:
        return said
    rest = said.partition(". ")[2] if kind == "rule" else ""
    return rest if rest in known else ""


def moved(plan: Plan, kind: Kind, name: str, do: str) -> Edit | None:
    """The edit that needs no more words; None where a form follows, or where it is where it should be."""
    order = names(plan, kind)
    path: Path = (*SECTIONS[kind], name)
    n = order.index(name)
    match do:
        case _ if do == GONE:
            return Drop(path) if kind in ("rule", "person") else None
        case _ if do == UP and n > 0:
            return Shift(path, order[n - 1])
        case _ if do == DOWN and n + 1 < len(order):
            return Shift(path, order[n + 2] if n + 2 < len(order) else "")
        case _ if do == TOP and n > 0:
            return Shift(path, order[0])
        case _ if do == END and n + 1 < len(order):
            return Shift(path)
        case _:
            return None


# ---- look, and publish -------------------------------------------------------------------------------------------


def publishing(it: Checked, note: str, title: str = "Publish", must: bool = True) -> Form:
    """What a draft changes, what speaks against it, whom it moves; and why it is made."""
    moves = "\n".join(it.count.lines()) if it.count else "Who waits can't be counted just now."
    words = [note, _bullets("What changes", it.diff, MOST_LINES), _doubts(it), escape(moves)]
    shown = tuple(Field(f"words{n}", "", "words", text) for n, text in enumerate(words) if text)
    more = f"moves {it.count.moved}" if it.count and it.count.moved else ""
    return Form(
        title,
        (
            *shown,
            Field("waiting", "For whom?", "choice", ONLY_NEW, tuple(WAITING), must=True, hint=more),
            Field("reason", "Why?", must=must, longest=500),
        ),
        "Publish" if must else "Go back",
    )


def _doubts(it: Checked) -> str:
    found = [*it.warnings, *(finding.text for finding in it.coverage)]
    return _bullets(":warning: Look at this first", found, MOST_WARNINGS)


def _bullets(title: str, lines: Sequence[str], most: int) -> str:
    if not lines:
        return ""
    more = f"\n… and {len(lines) - most} more" if len(lines) > most else ""
    return f"*{title}*\n" + "\n".join(f"• {escape(line)}" for line in lines[:most]) + more


def meanwhile(book: Rulebook, active: Active | None, on: int, now: int) -> str:
    """Kindly: somebody else has published since the draft was begun."""
    if active is None or on in (0, active.version):
        return ""
    when = spoken(active.at, now, book.plan.timezone, "en")
    why = f": {escape(active.reason)}" if active.reason else ""
    said = f"*Version {active.version} was published meanwhile*, by {escape(active.author)}, {when}{why}."
    changes = _bullets("It changed", active.diff, MOST_WARNINGS)
    return f"{said} Your changes were made again on top of it: look whether they still say what you mean.\n{changes}"


# ---- the overview ------------------------------------------------------------------------------------------------

SHOW = Button("plan.show", "Rules, hours, texts …")
DISCARD = Button("plan.discard", "Throw the draft away", style="danger")
TOPICS = (
    Button("form.rules", "Rules …"),
    Button("form.schedules", "Opening hours …"),
    Button("form.texts", "Texts …"),
    Button("form.people", "People …"),
    Button("form.versions", "Versions …"),
)


def overview(book: Rulebook, active: Active | None, changes: Sequence[str], note: str, now: int) -> str:
    """Which version is active, and what the reader's own draft changes."""
    first = f"*Plan version {book.version}* is active."
    if active is not None and active.version == book.version:
        why = f": {escape(active.reason)}" if active.reason else ""
        first += (
            f" Published by {escape(active.author)}, {spoken(active.at, now, book.plan.timezone, 'en')}{why}."
        )
    draft = _bullets("Your draft changes", changes, MOST_LINES) or "You have no draft: choose what to change."
    return "\n".join(filter(None, (first, note, draft)))


def overview_buttons(drafted: str) -> tuple[Button, ...]:
    """What can be pressed under the overview; `drafted` names what there is to publish, "" for nothing."""
    if not drafted:
        return TOPICS
    return (Button("form.publish", "Look and publish …", drafted, "primary"), *TOPICS, DISCARD)


# ---- versions ----------------------------------------------------------------------------------------------------


def version_list(book: Rulebook, versions: Sequence[PlanVersion], now: int) -> Form:
    """The latest versions, and to which one to go back."""
    latest = [it for it in reversed(versions)][:MOST_VERSIONS]
    rows = [_version(book, it, now) for it in latest]
    choices = tuple(_named(it) for it in latest if it.version != book.version)
    if not choices:
        return Form(
            "Versions", (Field("list", "", "words", "\n".join(rows) or "There is one version."),), "Close"
        )
    listed = Field("list", "", "words", "\n".join(rows))
    return Form("Versions", (listed, Field("to", "Go back to", "choice", choices=choices, must=True)), "Look")


def _version(book: Rulebook, it: PlanVersion, now: int) -> str:
    when = f", {spoken(it.at, now, book.plan.timezone, 'en')}" if it.at else ""
    changes = (
        f" ({len(it.diff)} changes)"
        if len(it.diff) > 1
        else f" ({escape(it.diff[0][:120])})"
        if it.diff
        else ""
    )
    moves = f", moved {it.moved} of {it.seen} who waited" if it.moved is not None else ""
    mark = " :white_check_mark:" if it.version == book.version else ""
    return f"*{it.version}*{mark} {escape(it.author)}{when}: {escape(it.reason[:120])}{changes}{moves}"


def _named(it: PlanVersion) -> str:
    return f"{it.version} · {it.author} · {it.reason}"


def going_back(it: Checked, to: int, note: str) -> Form:
    """What an earlier version would change, published again."""
    return replace(publishing(it, note, f"Back to version {to}", must=False))
