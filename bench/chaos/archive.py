"""The history's database of a chaos run, read while it is written and at the end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from .seen import Event


def exported(history: Path) -> tuple[Event, ...]:
    """The archive of the history database, in order."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        rows = base.execute("SELECT ms, seq, t, e, c, a, n, x FROM events ORDER BY ms, seq, i").fetchall()
    return tuple(Event((m, seq), t, e, c, a, n, _object(x)) for m, seq, t, e, c, a, n, x in rows)


def _object(raw: str) -> Mapping[str, Any]:
    found = json.loads(raw or "{}")
    return found if isinstance(found, dict) else {}


def count(history: Path) -> int:
    """How many events the archive has."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        return int(base.execute("SELECT count(*) FROM events").fetchone()[0])


def open_contacts(history: Path) -> int:
    """How many contacts haven't ended, as the history has it."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        return int(base.execute("SELECT count(*) FROM contacts WHERE ended IS NULL").fetchone()[0])


def in_state(history: Path, state: str, most: int = 10_000) -> list[str]:
    """Contacts in a state of the history's, the newest."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        question = "SELECT id FROM contacts WHERE state = ? ORDER BY rowid DESC LIMIT ?"
        return [id for (id,) in base.execute(question, (state, most))]


def lately_closed(history: Path) -> list[str]:
    """Contacts that ended last, whoever ended them."""
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        question = "SELECT id FROM contacts WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 20"
        return [id for (id,) in base.execute(question)]


def unsettled(history: Path, out: Collection[str], texts: Collection[str]) -> int:
    """How much is still to come: texts not in the history yet, and texts neither out nor given up.

    After failures a try may be half a minute away.
    """
    with sqlite3.connect(f"file:{history}?mode=ro", uri=True) as base:
        there = {event for (event,) in base.execute("SELECT event FROM arrivals")}
        question = "SELECT body FROM messages WHERE status IN ('held', 'queued', 'sending')"
        going = sum(_object(body).get("text") not in out for (body,) in base.execute(question))
    return going + len(set(texts) - there)
