"""What may reach a customer, told anew from DESIGN §6 and from nothing else; it knows what people did, not how we decide.

A typed text is released when it is plain, its writer owns the open contact (no call) at that moment, it stands in
the thread of the owner's team, and that team's replies are direct. *Send it* and *Re-open and send* release what
their presser wrote, the Reply form what it says: for the owner alone; where a team's replies are explicit, the
Reply form only. What is released is held, and leaves once, unless it was taken back before; Retry after a
failure, by the owner, sends it once more. It leaves as it was written, to the contact's customer.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Literal

from ...queue.state import Event
from .cast import AUTO, EXPLICIT, HOLD, TEAMS
from .outside import Said

TOKEN = re.compile(r"w(\d+)x")
NOTHING = "nothing was sent"
Form = Literal["plain", "note", "mention", "empty"]


@dataclass(eq=False)
class Release:
    """Somebody did what may release a text: typed it, pressed a button, sent the form off. Instants in ms."""

    by: str
    how: Literal["typed", "button", "form"]
    begun: int
    over: int = -1
    refused: bool = False  # they were told that it isn't sent


@dataclass(frozen=True)
class TakenBack:
    """Somebody edited or deleted it in Slack, and was `told` what came of it by `over`."""

    begun: int
    over: int
    told: str
    deleted: bool = False


@dataclass(eq=False)
class Written:
    """What somebody wrote. `reads` is what a customer would read; `old`: the contact had another thread by then."""

    token: int
    by: str
    contact: str
    reads: str
    form: Form = "plain"
    person: bool = True
    old: bool = False
    place: str = ""
    releases: list[Release] = field(default_factory=list)
    edited: list[str] = field(default_factory=list)  # what it reads since it was edited
    taken_back: list[TakenBack] = field(default_factory=list)

    @property
    def gone(self) -> bool:
        """Whether it was deleted: nobody edits it then."""
        return any(it.deleted for it in self.taken_back)


@dataclass(frozen=True)
class Held:
    """The store took a text for sending: by whom, and how the contact stood."""

    at: int
    by: str
    owner: str
    open: bool
    call: bool


@dataclass
class Rule:
    """`wrong` are violations: what, and about which text."""

    written: dict[int, Written] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)  # "C1001.3" → when its writer was told "Undone"
    retried: Counter[str] = field(default_factory=Counter)  # by the owner of that moment
    owners: dict[str, str] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    customers: dict[str, str] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    held_of: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    failed: set[str] = field(default_factory=set)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def write(self, by: str, contact: str, reads: str, form: Form = "plain", place: str = "") -> Written:
        """Somebody writes something; its token is its number."""
        it = Written(len(self.written) + 1, by, contact, "", form, place=place)
        it.reads = reads.replace("@@", f"w{it.token}x")
        self.written[it.token] = it
        return it

    # ---- the ledger -------------------------------------------------------------------------------------------------

    def ledger(self, events: list[Event]) -> None:
        """Who owns what when, and which texts the store took: in the order in which it happened."""
        for it in events:
            self._event(it, json.loads(it.x or "{}"))

    def _event(self, it: Event, more: dict[str, object]) -> None:
        match it.e:
            case "arrived":
                body = json.loads(str(more["body"]))
                self.customers[it.c] = str(body["sender"])
                self.open.add(it.c)
                if body["channel"] == "voice":
                    self.calls.add(it.c)
            case "accepted" | "returned" | "snoozed":
                self.owners[it.c] = it.a
                self.open.add(it.c)
            case "queued" | "parked" | "revived":
                self.owners.pop(it.c, None)
                self.open.add(it.c)
            case "wrapping" | "closed" | "abandoned" | "dead":
                self.open.discard(it.c)
            case "message.receipt" if more.get("status") == "failed":
                self.failed.add(f"{it.c}.{it.n}")
            case "reply.held":
                key = f"{it.c}.{it.n}"
                owner, text = self.owners.get(it.c, ""), str(json.loads(str(more["body"]))["text"])
                self.held[key] = Held(it.t, it.a, owner, it.c in self.open, it.c in self.calls)
                for token in TOKEN.findall(text):
                    self.held_of[int(token)].append(key)

    # ---- judging ----------------------------------------------------------------------------------------------------

    def judge(self, said: list[Said]) -> None:
        """Every text that reached a customer, and every text that was promised to."""
        times = Counter(it.key for it in said)
        for key, often in times.items():
            if often > 1 + self.retried[key]:
                self._blame("sent twice", f"{key} left {often} times")
        for it in said:
            self._text(it)
        sent = {it.key for it in said}
        for token, written in self.written.items():
            self._promised(written, [key for key in self.held_of[token] if key in sent])

    def _text(self, it: Said) -> None:
        if it.text.startswith(AUTO):
            self.seen["texts of the plan"] += 1
            return
        found = TOKEN.findall(it.text)
        written = self.written.get(int(found[0])) if len(found) == 1 else None
        if written is None:
            self._blame("sent by nobody", it.text)
            return
        self.seen["replies that arrived"] += 1
        about = f"{it.key} {it.text!r} of {written.by}"
        if it.text != written.reads and it.text not in written.edited:
            self._blame("text altered", f"{about}, who wrote {written.reads!r}")
        if it.to != self.customers.get(written.contact):
            self._blame("wrong customer", f"{about} to {it.to}")
        held = self.held.get(it.key)
        if held is None:
            self._blame("sent without being held", about)
            return
        if it.key in self.undone:
            self._blame("sent after undo", about)
        if it.at < held.at + HOLD:
            self._blame("sent too early", f"{about}: held at {held.at}, left at {it.at}")
        self._who(written, held, about)
        self._why(written, held, about)
        for back in written.taken_back:
            in_time = held.at <= back.begun and back.over < held.at + HOLD
            again = any(
                it.how == "button" and max(it.over, it.begun) >= back.begun for it in written.releases
            )
            if held.at > back.over and back.deleted:
                self._blame("sent though deleted", f"{about}: {back}")
            if held.at > back.over and not back.deleted and it.text == written.reads:
                self._blame("sent as it read before", f"{about}: {back}")
            if in_time or (NOTHING in back.told and held.at <= back.over and not again):
                self._blame("sent though taken back", f"{about}: {back}")

    def _who(self, written: Written, held: Held, about: str) -> None:
        """Only the owner, only of what is open and no call."""
        if held.by != written.by or held.owner != held.by or written.by not in TEAMS:
            self._blame(
                "sent by somebody else", f"{about}: taken for {held.by}, owner {held.owner or 'nobody'}"
            )
        if not held.open:
            self._blame("sent in an ended contact", about)
        if held.call:
            self._blame("sent to somebody on the phone", about)
        if not written.person:
            self._blame("sent for a robot", about)

    def _why(self, written: Written, held: Held, about: str) -> None:
        """Something that its writer did must have released it."""
        may = [it for it in written.releases if self._releases(written, it) and it.begun <= held.at]
        if may:
            return
        typed = [it for it in written.releases if it.how == "typed"]
        explicit = TEAMS.get(written.by) == EXPLICIT
        what = (
            "sent where only Reply sends" if explicit and written.form == "plain" and not written.old
            else f"{written.form} sent" if written.form != "plain"
            else "sent from an old thread" if written.old
            else "sent though it was refused" if typed and typed[0].refused
            else "sent by somebody else"
        )  # fmt: skip
        self._blame(what, about)

    def _releases(self, written: Written, it: Release) -> bool:
        explicit = TEAMS.get(it.by) == EXPLICIT
        if it.by != written.by or it.by not in TEAMS or it.refused:
            return False
        if it.how == "typed":
            return written.form == "plain" and not written.old and not explicit
        return it.how == "form" or not explicit

    def _promised(self, written: Written, sent: list[str]) -> None:
        """Once; and what nobody refused, took back or undid did leave, or its failure is shown."""
        if len(sent) > 1:
            self._blame("sent twice", f"{written.reads!r} as {sent}")
        released = [it for it in written.releases if self._releases(written, it) and it.over >= 0]
        keys = self.held_of[written.token]
        if sent or not released or written.taken_back or any(key in self.undone for key in keys):
            return
        if not any(key in self.failed for key in keys):
            how = released[0].how
            self._blame(
                "promised and never sent", f"{written.reads!r} of {written.by}: {how}, held as {keys}"
            )

    def _blame(self, what: str, about: str) -> None:
        if (what, about) not in self.wrong:
            self.wrong.append((what, about))
