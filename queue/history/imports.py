"""`tierline customers import FILE.csv`: customers and what is known about them, from a spreadsheet.

Columns: `name`, `phones`, `mails` (several in one cell, `;` between), `language`, `key`; any other column is
a fact. A line that can't be taken is reported and the others are; the file may be imported again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import phonenumbers

from .records import Card, Clash
from .sheet import BadFile, Complaint, Line, Reader, Seen
from .untold import Untold

BATCH = 200
MOST_COMPLAINTS = 1_000


@dataclass(slots=True)
class Report:
    """What became of a file. `complaints` are the first thousand, `refused` counts all."""

    imported: int = 0
    refused: int = 0
    complaints: list[Complaint] = field(default_factory=list)
    encoding: str = ""
    delimiter: str = ""

    def refuse(self, complaint: Complaint) -> None:
        """Count a line that wasn't taken."""
        self.refused += 1
        if len(self.complaints) < MOST_COMPLAINTS:
            self.complaints.append(complaint)

    def __str__(self) -> str:
        told = [f"{self.imported} customers imported, {self.refused} lines not.", *map(str, self.complaints)]
        if self.refused > len(self.complaints):
            told.append(f"… and {self.refused - len(self.complaints)} more.")
        return "\n".join(told)


class Cards(Protocol):
    """What the import asks of the history."""

    async def cards(self, keys: Sequence[str], addresses: Sequence[str]) -> Sequence[Card]:
        """The customers with these keys or addresses."""

    async def put_cards(self, cards: Sequence[Card]) -> Sequence[Clash]:
        """Create or replace them; those with an address of somebody else are left out and named."""

    @property
    def untold(self) -> Untold:
        """Where the change is noted for the audit log."""


async def import_customers(
    history: Cards, path: Path, region: str | None = None, who: str = "", origin: str = "command line"
) -> Report:
    """Import the file at `path`; `region` ("DE") is whose phone numbers those without a country code are.

    `who` imports it, from `origin`: the audit log hears of it before the first customer is changed, and of the outcome.

    Reads in a thread and in batches; what is remembered of a line is about 100 bytes per address. Raises
    BadFile (unreadable, no text, no column with addresses) before anything is changed, HistoryUnavailable
    when the database fails on the way: then run it again.
    """
    if region is not None and region.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise BadFile(f'"{region[:20]}" is no region: write two letters, like DE.')
    reader = await asyncio.to_thread(Reader.open, path, region.upper() if region else None)
    what: dict[str, object] = {"file": path.name, "import": uuid4().hex[:12]}
    try:
        report = Report(encoding=reader.encoding, delimiter=reader.delimiter)
        await _note(history, who, "customers.import", origin, what)
        while lines := await asyncio.to_thread(reader.batch, BATCH):
            await _take(history, lines, report, reader.seen)
    finally:
        reader.close()
    report.complaints.sort(key=lambda it: it.line)
    outcome = {"customers": report.imported, "lines refused": report.refused}
    await _note(history, who, "customers.imported", origin, what | outcome)
    return report


async def _note(history: Cards, who: str, act: str, origin: str, what: Mapping[str, object]) -> None:
    now = datetime.now(UTC)
    told = {**what, "at": now.isoformat(timespec="seconds")}  # the log hears of it when a Tierline runs
    await history.untold.note(who, act, origin, told, round(now.timestamp() * 1000))


async def _take(history: Cards, lines: Sequence[Line | Complaint], report: Report, seen: Seen) -> None:
    good: list[Line] = []
    for it in lines:
        if isinstance(it, Complaint):
            report.refuse(it)
        else:
            good.append(it)
    known = await history.cards([it.key for it in good if it.key], [a for it in good for a in it.addresses])
    by_key = {card.key: card for card in known}
    owner = {address: card.key for card in known for address in card.addresses}
    cards: dict[str, Card] = {}
    of: dict[str, Line] = {}
    for line in good:
        made = settle(line, by_key, owner, seen)
        if isinstance(made, Complaint):
            report.refuse(made)
        else:
            cards[made.key], of[made.key] = made, line
    clashes = await history.put_cards(list(cards.values()))
    for clash in clashes:
        report.refuse(_claimed(of[clash.key], clash.address, clash.by))
    report.imported += len(cards) - len(clashes)


def settle(line: Line, by_key: Mapping[str, Card], owner: Mapping[str, str], seen: Seen) -> Card | Complaint:
    """Whose line it is: the key's, else the one customer's who has its addresses, else a new one's."""
    owners = [owner[it] for it in line.addresses if it in owner]
    key = line.key or (owners[0] if owners else line.addresses[0])
    for address in line.addresses:
        if owner.get(address, key) != key:
            return _claimed(line, address, owner[address])
    return seen.claim([f"the key {key}"], line.number) or merge(key, line, by_key.get(key))


def merge(key: str, line: Line, old: Card | None) -> Card:
    """The card after the line: what the file has no column for stays as it was."""
    old = old or Card(key)
    phones = line.phones if line.phones is not None else tuple(it for it in old.addresses if "@" not in it)
    mails = line.mails if line.mails is not None else tuple(it for it in old.addresses if "@" in it)
    return replace(
        old,
        name=old.name if line.name is None else line.name,
        language=old.language if line.language is None else line.language,
        addresses=phones + mails,
        facts={name: value for name, value in {**old.facts, **line.facts}.items() if value},
    )


def _claimed(line: Line, address: str, by: str) -> Complaint:
    fix = f"remove it from one of them, or write {by} in this line's column key"
    return Complaint(line.number, f"{address} belongs to customer {by} already", fix)
