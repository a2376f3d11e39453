"""The outcome of a replay as the API shows it, and as the command prints it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from ..router.first_steps import unplayed
from ..router.simulate.compare import Comparison, Replay
from ..router.simulate.results import Figures, Results

ROW = "{:<16}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}{:>8}"
LISTED = 20


def shown(it: Replay) -> dict[str, object]:
    """JSON of a replay; durations in ms, instants as ISO texts."""
    done = it.reproduced
    gone = done.difference
    return {
        "reproduced": gone is None,
        "difference": None if gone is None else {"entry": gone.entry, "at": _iso(gone.t), "what": gone.what},
        "differences": 0 if gone is None else 1,
        "entries": done.entries,
        "events": done.events,
        "assignments": done.assignments,
        "contacts": it.contacts,
        "comparison": None if it.comparison is None else _comparison(it.comparison),
    }


def _comparison(it: Comparison) -> dict[str, object]:
    return {
        "recorded": _figures(it.recorded),
        "active": _results(it.active),
        "draft": _results(it.draft),
        "moved": it.moved_count,
        "services": [{"from": a, "to": b, "contacts": n} for (a, b), n in sorted(it.from_to.items())],
        "contacts": [
            {
                "id": m.contact, "at": _iso(m.at), "what": m.what,
                "from": {"service": m.service, "rule": m.rule},
                "to": {"service": m.to_service, "rule": m.to_rule},
            }
            for m in it.moved
        ],
        "decided_otherwise_today": it.unlike,
        "versions_not_at_hand": it.unknown_plans,
        "scripts_not_run": it.scripted,
        "closed_at_once": it.shut,
        "people_not_there": list(it.strangers),
    }  # fmt: skip


def _figures(it: Figures) -> dict[str, object]:
    return {
        "contacts": it.arrived, "accepted": it.accepted, "abandoned": it.abandoned, "mean": it.mean,
        "p50": it.p50, "p90": it.p90, "p99": it.p99, "kept": it.kept, "offers": it.offers,
    }  # fmt: skip


def _results(it: Results) -> dict[str, object]:
    return {
        **_figures(it.all),
        "waiting": it.waiting,
        "services": {name: _figures(of) for name, of in it.services.items()},
        "teams": {
            name: {**_figures(of), "occupancy": round(it.crews[name].ratio, 4)}
            for name, of in it.teams.items()
        },
    }


def lines(day: str, it: Mapping[str, Any]) -> list[str]:
    """What the command prints of `shown`'s JSON."""
    found = [f"{day}: {it['contacts']} contacts arrived; {it['entries']} entries of the record done again."]
    if not it["reproduced"]:
        gone = it["difference"]
        found.append(
            f"NOT reproduced. The first difference is in ledger entry {gone['entry']} at {gone['at']}:"
        )
        return [
            *found,
            f"  {gone['what']}",
            "Nothing is compared: what differs already can't be told from the draft.",
        ]
    found.append(f"Reproduced: {it['assignments']} offers and acceptances, 0 differences.")
    versus = it["comparison"]
    if versus is None:
        return found
    found += ["", ROW.format("", "contacts", "accepted", "left", "p50", "p90", "p99", "kept")]
    for name, label in (("recorded", "recorded"), ("active", "active plan"), ("draft", "draft")):
        found.append(_row(label, versus[name]))
    for service in sorted({*versus["active"]["services"], *versus["draft"]["services"]}):
        for name, mark in (("active", ""), ("draft", " (draft)")):
            if service in versus[name]["services"]:
                found.append(_row(f"  {service}{mark}", versus[name]["services"][service]))
    found += ["", f"{versus['moved']} contacts would have been decided otherwise."]
    found += [f"  {row['from']} → {row['to']}: {row['contacts']}" for row in versus["services"]]
    for one in versus["contacts"][:LISTED]:
        was, would = one["from"], one["to"]
        found.append(
            f"  {one['id']} {one['at']} {one['what']}: {was['service']} ({was['rule'] or 'the entry'})"
            f" → {would['service']} ({would['rule'] or 'the entry'})"
        )
    if versus["decided_otherwise_today"]:
        n = versus["decided_otherwise_today"]
        found.append(
            f"{n} would be decided otherwise by their own version today: customers' facts have changed since."
        )
    if who := versus["people_not_there"]:
        found.append(
            f"Not there that day: {', '.join(who)}. Nobody knows when they would have been available, so none of them "
            "is asked in the simulated days."
        )
    if n := versus["closed_at_once"]:
        who = "1 contact came" if n == 1 else f"{n} contacts came"
        found.append(
            f"{who} while their service was closed at once: in both simulated days it follows its hours."
        )
    if versus["scripts_not_run"]:
        found.append(unplayed(versus["scripts_not_run"]))
    return found


def _row(label: str, it: Mapping[str, Any]) -> str:
    kept = "–" if it["kept"] is None else f"{100 * it['kept']:.1f} %"
    waits = (_seconds(it[q]) for q in ("p50", "p90", "p99"))
    return ROW.format(label[:15], it["contacts"], it["accepted"], it["abandoned"], *waits, kept)


def _seconds(ms: object) -> str:
    return "–" if ms is None else f"{cast(int, ms) / 1000:.1f} s"


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")
