"""`tierline why CONTACT` and `tierline customers import FILE.csv`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from ..queue.history.history import History
from ..queue.history.imports import Report, import_customers
from ..queue.history.sheet import BadFile
from ..settings import Settings
from .cli_common import api, fail, finish, local, settings


def why(contact: Annotated[str, typer.Argument(help="Its number: C1001 or 1001.")]) -> None:
    """Why a contact is where it is: rule, step, every agent's first “no”, and the next change."""
    number = contact.strip().removeprefix("#").upper()
    name = number if number.startswith("C") else f"C{number}"
    for line in lines(finish(_why(settings(), name))):
        typer.echo(line)


async def _why(config: Settings, contact: str) -> Mapping[str, object]:
    return await (await api(config)).why(contact)


def lines(it: Mapping[str, object]) -> Iterable[str]:
    """The explanation as the API gives it, as a paragraph and a table."""
    yield str(it.get("text") or "")
    rule, step, coming = _map(it.get("rule")), _map(it.get("step")), _map(it.get("next"))
    yield f"rule {rule.get('name') or '(entry)'}, line {rule.get('line')}, plan version {rule.get('version')}"
    until = f", until {local(step.get('until'))}" if step.get("until") else ""
    yield f"step {step.get('index')} of {step.get('of')}, since {local(step.get('opened'))}{until}"
    agents = it.get("agents")
    rows = [
        (str(a.get("agent")), str(a.get("reason")), local(a.get("since")), local(a.get("until")))
        for a in map(_map, agents if isinstance(agents, list) else [])
    ]
    yield from table(("agent", "first reason why not", "since", "until"), rows)
    if coming:
        yield f"next change: {local(coming.get('at'))}, {coming.get('what')}"


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
    url = config.database_url.get_secret_value() if config.database_url else None
    history = await History.open(url, config.data)
    try:
        return await import_customers(history, file, region or None)
    except BadFile as bad:
        fail(f"{file}: {bad}")
    finally:
        await history.close()
