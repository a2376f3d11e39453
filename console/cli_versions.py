"""`tierline plan history|diff|rollback|dry-run` and `tierline audit list|verify`."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from ..queue.history.history import History
from ..router.plan.diff import diff as compare
from ..settings import Settings
from .api_client import NotRunning
from .api_plan import version as version_row
from .cli_ask import table
from .cli_common import api, fail, finish, local, settings
from .cli_files import checked, read
from .views import iso

Waiting = Literal["new", "reevaluate"]
WAITING = "Those who wait: new (they stay as they are) or reevaluate (decided again; told how many move)."


def register(plan: typer.Typer, audit: typer.Typer) -> None:
    """Put the commands into `plan` and `audit`."""
    plan.command("history")(history)
    plan.command("diff")(diff)
    plan.command("rollback")(rollback)
    plan.command("dry-run")(dry_run)
    audit.command("list")(audit_list)
    audit.command("verify")(audit_verify)


def history(
    whole: Annotated[bool, typer.Option("--whole", help="With every line of what changed.")] = False,
) -> None:
    """Every version: number, when, who, why, whom it moved; and what it changed."""
    rows = finish(_versions(settings()))
    for it in rows:
        moved = f"; moved {it['moved']} of {it['seen']} who waited" if it.get("moved") is not None else ""
        typer.echo(f"{it['version']:>4}  {local(it.get('at'))}  {it['author']}: {it['reason']}{moved}")
        lines = [str(line) for line in _list(it.get("diff"))]
        for line in lines if whole else lines[:3]:
            typer.echo(f"      {line}")
        if not whole and len(lines) > 3:
            typer.echo(f"      … and {len(lines) - 3} more (--whole)")


async def _versions(config: Settings) -> list[Mapping[str, object]]:
    try:
        return await (await api(config)).plan_versions()
    except NotRunning:
        past = await History.of(config)
        try:
            return [version_row(it) for it in await past.plans()]
        finally:
            await past.close()


def diff(
    one: Annotated[str, typer.Argument(help="A version's number, or a FILE.")],
    other: Annotated[str, typer.Argument(help="Another one; without it, against the active version.")] = "",
) -> None:
    """What OTHER says otherwise than ONE, in sentences; of one FILE, what it says otherwise than the active plan."""
    wanted = ("", one) if not other and not one.isdigit() else (one, other)
    files = [_file(it) for it in wanted]
    sources = finish(_sources(settings(), wanted, files))
    plans = [checked(source, it or "the active plan") for source, it in zip(sources, wanted, strict=True)]
    lines = compare(plans[0], plans[1])
    for line in lines:
        typer.echo(line)
    if not lines:
        typer.echo("They say the same.")


def _file(which: str) -> str | None:
    """What a file says; None for a version's number or the active plan."""
    return None if not which or which.isdigit() else read(Path(which)).decode("utf-8-sig", "replace")


async def _sources(config: Settings, wanted: Sequence[str], files: Sequence[str | None]) -> list[str]:
    pairs = zip(wanted, files, strict=True)
    return [await _source(config, it) if file is None else file for it, file in pairs]


async def _source(config: Settings, which: str) -> str:
    """What a version or (for "") the active plan says."""
    try:
        client = await api(config)
        return str((await (client.plan_version(int(which)) if which else client.plan()))["yaml"])
    except NotRunning:
        past = await History.of(config)
        try:
            number = int(which) if which else max((it.version for it in await past.plans()), default=0)
            found = await past.plan(number)
        finally:
            await past.close()
        if found is None:
            fail(f"there is no plan version {number} in the history")
        return found.yaml


def rollback(
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    waiting: Annotated[Waiting, typer.Option(help=WAITING)] = "new",
    author: Annotated[str, typer.Option(help="Who; you, by default.")] = "",
) -> None:
    """Publish what VERSION said as a new version."""
    told = finish(_rollback(settings(), version, author or getpass.getuser(), reason, waiting))
    for line in published_lines(told):
        typer.echo(line)


async def _rollback(
    config: Settings, to: int, author: str, reason: str, waiting: Waiting
) -> Mapping[str, object]:
    body = {"to": to, "author": author, "reason": reason, "waiting": waiting}
    return await (await api(config)).rollback(body)


def dry_run(
    file: Path,
    last: Annotated[int, typer.Option(help="How many of the latest contacts.")] = 1_000,
) -> None:
    """Which of the last contacts would have gone elsewhere under FILE; nothing is done."""
    plan = checked(read(file), str(file))
    for line in finish(_dry_run(settings(), plan.source, last)):
        typer.echo(line)


async def _dry_run(config: Settings, source: str, last: int) -> list[str]:
    told = await (await api(config)).dry_run({"yaml": source, "last": last})
    return [str(line) for line in _list(told.get("text"))]


def audit_list(
    after: Annotated[int, typer.Option(help="Lines behind this number.")] = 0,
) -> None:
    """Who changed what, when and from where."""
    rows = finish(_audit(settings(), after))
    told = [
        (
            str(it["n"]),
            local(it["at"]),
            str(it["who"]),
            str(it["act"]),
            _what(it.get("what")),
            str(it["origin"]),
        )
        for it in rows
    ]
    for line in table(("line", "when", "who", "did", "what", "from"), told):
        typer.echo(line)


async def _audit(config: Settings, after: int) -> list[Mapping[str, object]]:
    try:
        return await (await api(config)).audit(after)
    except NotRunning:
        past = await History.of(config)
        try:
            return [it.to_json() | {"at": iso(it.at)} for it in await past.audit(after)]
        finally:
            await past.close()


def audit_verify(
    head: Annotated[str, typer.Option(help="NUMBER:HASH of a line, as noted earlier.")] = "",
) -> None:
    """Whether the audit log is as it was written. Note the head it prints, somewhere else."""
    number, _, digest = head.partition(":")
    if head and not (number.isdigit() and len(digest) == 64):
        fail("--head: a line's number, a colon and its hash", 2)
    noted = (int(number), digest) if head else None
    lines, last, wrong = finish(_verify(settings(), noted))
    if wrong:
        fail(f"The audit log is NOT as it was written: {wrong}. The first {lines} lines are right.")
    typer.echo(f"The audit log is as it was written: {lines} lines. Its head: {lines}:{last}")


async def _verify(config: Settings, noted: tuple[int, str] | None) -> tuple[int, str, str]:
    """Asked of the running product, else of the database itself."""
    try:
        told = await (await api(config)).audit_verify(noted)
        return int(str(told["lines"])), str(told["head"]), str(told["wrong"])
    except NotRunning:
        past = await History.of(config)
        try:
            it = await past.verify(noted)
        finally:
            await past.close()
        return it.lines, it.head, it.wrong


# ---- what a publishing says ------------------------------------------------------------------------------------------


def checked_lines(told: Mapping[str, object]) -> Iterable[str]:
    """A draft looked at, as the API tells it."""
    changes = [str(line) for line in _list(told.get("diff"))]
    yield f"Against version {told.get('on')}:" + (" nothing changes." if not changes else "")
    yield from (f"  {line}" for line in changes)
    for warning in _list(told.get("warnings")):
        yield f"  warning: {warning}"
    yield from coverage_lines(str(it["text"]) for it in _list(told.get("coverage")) if isinstance(it, dict))
    moves = told.get("moves")
    yield (
        str(moves["text"])
        if isinstance(moves, dict)
        else "Whom it moves can't be counted now: the history is away."
    )


def published_lines(told: Mapping[str, object]) -> Iterable[str]:
    """A publishing, as the API tells it."""
    yield from checked_lines(told)
    yield f"Version {told['version']} is active."
    if told.get("waiting") == "reevaluate":
        yield "Those who wait are being re-evaluated; `tierline plan history` tells how many moved."


def coverage_lines(texts: Iterable[str]) -> Iterable[str]:
    """Coverage in lines."""
    yield from (f"  coverage: {text}" for text in texts)


def _what(value: object) -> str:
    return ", ".join(f"{key} {it}" for key, it in value.items()) if isinstance(value, dict) else ""


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
