"""`tierline articles import DIR` and `tierline articles list`."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..queue.history.article import Article
from ..queue.history.articles import Articles
from ..queue.history.history import History
from ..router.articles import Unreadable, faults, read_file
from ..router.plan.errors import PlanErrors
from ..router.plan.load import parse
from ..router.plan.model import Plan
from ..settings import Settings
from .cli_ask import table
from .cli_common import fail, finish, local, settings

LARGEST = 200_000
MOST = 5_000


def register(to: typer.Typer) -> None:
    """Both verbs under `articles`."""
    articles = typer.Typer(no_args_is_help=True, help="What customers read on /help.")
    articles.command("import")(import_)
    articles.command("list")(list_)
    to.add_typer(articles, name="articles")


def import_(
    folder: Annotated[
        Path, typer.Argument(help="A folder of Markdown files: reset-router.md, reset-router.de.md.")
    ],
    language: Annotated[str, typer.Option(help="Of files that say none; without it, the plan's first.")] = "",
) -> None:
    """Articles from Markdown files, again and again: what says the same makes no new version."""
    raise typer.Exit(1 if finish(_import(settings(), _files(folder), language)) else 0)


def list_() -> None:
    """Every article with its last version."""
    rows = finish(_listed(settings()))
    for line in table(("article", "language", "version", "state", "title", "at"), rows):
        typer.echo(line)
    if not rows:
        typer.echo(
            "There are no articles yet: `tierline articles import DIR`, or /tierline article in Slack."
        )


async def _listed(config: Settings) -> list[tuple[str, ...]]:
    history = await History.of(config)
    try:
        found = await Articles(history.database).newest()
        return [
            (
                it.slug,
                it.language,
                str(it.version),
                it.state,
                it.title,
                local(datetime.fromtimestamp(it.at / 1000, UTC)),
            )
            for it in found
        ]
    finally:
        await history.close()


async def _import(config: Settings, files: Sequence[Path], language: str) -> int:
    """How many files were refused; each is said with why, and the rest is taken."""
    history = await History.of(config)
    try:
        plan = await _plan(history)
        first = language or (plan.languages[0] if plan is not None else "en")
        good, refused = _read(files[:MOST], first, plan)
        await _save(history, good, refused)
        return len(refused)
    finally:
        await history.close()


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        fail(f"{folder} is no folder")
    files = sorted(it for it in folder.iterdir() if it.suffix in (".md", ".markdown") and it.is_file())
    if not files:
        fail(f"{folder} has no files that end in .md")
    return files


def _read(files: Sequence[Path], language: str, plan: Plan | None) -> tuple[list[Article], list[str]]:
    good, refused = list[Article](), list[str]()
    for path in files:
        try:
            if path.stat().st_size > LARGEST:
                raise Unreadable(f"{path.name}: more than {LARGEST:,} bytes are no article")
            it = read_file(path.name, path.read_text("utf-8"), language)
            services = [one.name for one in plan.services] if plan is not None else it.services
            wrong = faults(it, plan.languages if plan is not None else (it.language,), services)
            if wrong:
                raise Unreadable(
                    f"{path.name}: " + "; ".join(f"{name}: {why}" for name, why in wrong.items())
                )
        except UnicodeDecodeError:
            refused.append(f"{path.name}: it isn't UTF-8")
        except (Unreadable, OSError) as error:
            refused.append(str(error))
        else:
            good.append(it)
    return good, refused


async def _save(history: History, good: Sequence[Article], refused: Sequence[str]) -> None:
    store, now = Articles(history.database), datetime.now(UTC)
    before = {(it.slug, it.language): it.version for it in await store.newest()}
    who, at = getpass.getuser(), round(now.timestamp() * 1000)
    changed = 0
    for it in good:
        version = await store.save(replace(it, at=at, author=who))
        changed += version != before.get((it.slug, it.language), 0)
    told = {"articles": len(good), "changed": changed, "files refused": len(refused)}
    if changed:
        where = f"command line on {socket.gethostname()}"
        await history.untold.note(
            who, "articles.import", where, {**told, "at": now.isoformat(timespec="seconds")}, at
        )
    for line in refused:
        typer.echo(line, err=True)
    same = len(good) - changed
    typer.echo(f"{changed} new or changed, {same} as before, {len(refused)} refused")


async def _plan(history: History) -> Plan | None:
    """The plan that was published last, None where there is none."""
    number = await history.last_plan()
    version = await history.plan(number) if number else None
    try:
        return parse(version.yaml, "plan") if version is not None else None
    except PlanErrors:
        return None
