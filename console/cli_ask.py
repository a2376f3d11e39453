"""`tierline why CONTACT` and `tierline customers import FILE.csv`."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..queue.history.history import History
from ..queue.history.imports import Report, import_customers
from ..queue.history.sheet import BadFile
from ..settings import Settings
from .cli_common import api, fail, finish, local, settings


def why(
    contact: Annotated[str, typer.Argument(help="Its number: C1001 or 1001.")],
    at: Annotated[
        str, typer.Option(help="As it was then: 2026-11-20T14:30, in the plan's time zone unless it says.")
    ] = "",
) -> None:
    """Why a contact is where it is and how it came there: rule, steps, offers, and every agent's first “no”."""
    number = contact.strip().removeprefix("#").upper()
    name = number if number.startswith("C") else f"C{number}"
    for line in lines(finish(_why(settings(), name, at.strip()))):
        typer.echo(line)


async def _why(config: Settings, contact: str, at: str) -> Mapping[str, object]:
    return await (await api(config)).why(contact, at)


def lines(it: Mapping[str, object]) -> Iterable[str]:
    """The explanation as the API gives it: a paragraph, its way day by day, its offers, and who may take it."""
    yield (f"{local(it['at'])}: " if it.get("at") else "") + str(it.get("text") or "")
    rule, step, coming = _map(it.get("rule")), _map(it.get("step")), _map(it.get("next"))
    by = f"rule {rule['name']}, line {rule.get('line')}" if rule.get("name") else "decided by its entry"
    yield f"{by}, plan version {rule.get('version')}"
    if step.get("opened"):
        until = f", until {local(step.get('until'))}" if step.get("until") else ""
        yield f"step {step.get('index')} of {step.get('of')}, since {local(step.get('opened'))}{until}"
    if it.get("note"):
        yield str(it["note"])
    yield from _way(_rows(it, "timeline"))
    asked = [
        (str(o.get("agent")), str(o.get("step")), _clock(o.get("at")), _became(o), str(o.get("why") or "–"))
        for o in _rows(it, "offers")
    ]
    yield from _headed("Who was asked", table(("agent", "step", "at", "became", "why they"), asked))
    rows = [
        (str(a.get("agent")), str(a.get("reason")), local(a.get("since")), local(a.get("until")))
        for a in _rows(it, "agents")
    ]
    yield from _headed("Who may take it", table(("agent", "first reason why not", "since", "until"), rows))
    if coming:
        yield f"next change: {local(coming.get('at'))}, {coming.get('what')}"


def _way(moments: Iterable[Mapping[str, object]]) -> Iterable[str]:
    day = ""
    for it in moments:
        date, _, rest = local(it.get("at")).rpartition(" ")[0].rpartition(" ")
        if date != day:
            day = date
            yield from ("", date)
        yield f"  {rest}  {it.get('text')}"


def _became(offer: Mapping[str, object]) -> str:
    reason = f": {offer['reason']}" if offer.get("reason") else ""
    when = f" {_clock(offer.get('ended'))}" if offer.get("ended") else ""
    return f"{offer.get('became')}{when}{reason}"


def _clock(at: object) -> str:
    return local(at).rpartition(" ")[0].rpartition(" ")[2] or "–"


def _headed(head: str, rows: Iterable[str]) -> Iterable[str]:
    found = list(rows)
    if found:
        yield from ("", head, *found)


def _rows(it: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    found = it.get(key)
    return [_map(row) for row in found] if isinstance(found, list) else []


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Columns as wide as they must be."""
    if not rows:
        return
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, tuple("-" * w for w in widths), *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def customers_import(
    file: Path,
    region: Annotated[str, typer.Option(help="Whose numbers those without a country code are: DE.")] = "",
) -> None:
    """Customers and what is known about them, from a spreadsheet (CSV); again and again."""
    report = finish(_import(settings(), file, region))
    typer.echo(str(report))
    if report.refused:
        raise typer.Exit(1)


async def _import(config: Settings, file: Path, region: str) -> Report:
    history = await History.of(config)
    try:
        return await import_customers(
            history, file, region or None, getpass.getuser(), f"command line on {socket.gethostname()}"
        )
    except BadFile as bad:
        fail(f"{file}: {bad}")
    finally:
        await history.close()
