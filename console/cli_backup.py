"""`tierline backup FILE`, `tierline restore FILE`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ..queue.backup import Manifest, backup, restore
from ..queue.history.database import FILE as HISTORY
from ..settings import Settings
from .cli_common import fail, finish, local, settings

ELSEWHERE = (
    "REDIS_URL names a server of your own: back it up as its makers say (its snapshot or its log), before the history"
    " and not after it. `tierline backup` and `tierline restore` are for the embedded store."
)
NOT_THERE = (
    "The history is not in this backup: bring the database that DATABASE_URL named back to the same instant, or the"
    " record of before is missing."
)
NOT_READ = (
    "The history came back as {file}, which isn't read as long as DATABASE_URL names another one: unset it, or bring that"
    " one back to the same instant."
)


def register(cli: typer.Typer, site: str) -> None:
    """Add both commands, for `site`."""

    @cli.command("backup")
    def backup_(
        file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    ) -> None:
        """Keep everything that TIERLINE_DATA holds, as of one instant, in one file; Tierline may go on meanwhile."""
        config = _own()
        with_history = config.database_url is None
        made = finish(backup(config.data, site, file, with_history=with_history))
        typer.echo(f"{file}: {_said(made)}")
        if config.database_url:
            kept = config.database_url.get_secret_value().startswith("sqlite:")
            where, how = ("a file of its own", "sqlite3's .backup") if kept else ("PostgreSQL", "pg_dump")
            typer.echo(
                f"The history is not in it: it is in {where}. Back that up now, after this, with {how}."
            )
        typer.echo(
            "TIERLINE_SECRET, TIERLINE_API_TOKEN and .env are not in it: keep them where you keep passwords."
            " Conversations are: keep the file as safe."
        )

    @cli.command("restore")
    def restore_(
        file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
        replace: Annotated[
            bool, typer.Option(help="Put aside what is there, into before-restore-….")
        ] = False,
    ) -> None:
        """Bring a backup back into TIERLINE_DATA. Tierline must not run on it."""
        config = _own()
        made = finish(restore(config.data, site, file, replace=replace))
        typer.echo(f"Restored {_said(made)}")
        if not made.history:
            typer.echo(NOT_THERE)
        elif config.database_url:
            typer.echo(NOT_READ.format(file=config.data / HISTORY))
        typer.echo(
            "What happened after that instant is lost here: texts that came, replies, who took and closed what."
            " Twilio's console lists the texts, and Slack shows the threads. New contacts get higher numbers, so that"
            " old buttons and late receipts mean nobody else's."
        )
        if not config.secret and not (config.data / "secret").exists():
            typer.echo(
                "There is no TIERLINE_SECRET here: the next start makes a new one, and links made before end."
            )


def _own() -> Settings:
    config = settings()
    if config.redis_url is not None:
        fail(ELSEWHERE)
    return config


def _said(made: Manifest) -> str:
    at = local(datetime.fromtimestamp(made.made / 1000, UTC))
    return (
        f"{made.contacts} contacts in the store, {'the history, ' if made.history else ''}as of"
        f" {at}, {made.media} files that customers sent, {made.mails} mails."
    )
