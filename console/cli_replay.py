"""`tierline plan replay`: what would a draft have done with a day that was?"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from .api_client import ApiClient
from .cli_common import api, fail, finish, settings
from .replay_job import NEAR
from .replay_views import lines

LOOK = 0.5
"""Seconds between two looks at how far it is."""


def replay(
    day: Annotated[
        str, typer.Option(help="The recorded day in the plan's time zone: 2026-11-20, today, yesterday.")
    ],
    file: Annotated[
        Path | None, typer.Argument(help="A draft to compare; without it the record is only done again.")
    ] = None,
) -> None:
    """Do a recorded day again under the active plan, and only if nothing differs compare a draft on it."""
    try:
        if day not in NEAR:
            date.fromisoformat(day)
    except ValueError:
        fail("--day: a date such as 2026-11-20, today or yesterday", 2)
    draft = ""
    if file is not None:
        try:
            draft = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file}: {getattr(error, 'strerror', None) or 'it cannot be read'}", 2)
    it = finish(_replayed(day, draft))
    if it.get("state") != "done":
        fail(f"The replay failed: {it.get('failed')}")
    result: Any = it["result"]
    for line in lines(str(it["day"]), result):
        typer.echo(line)
    if not result["reproduced"]:
        raise typer.Exit(1)


async def _replayed(day: str, draft: str) -> Mapping[str, object]:
    client: ApiClient = await api(settings())
    it = await client.start_replay(day, draft)
    shown = ""
    while it.get("state") == "running":
        await asyncio.sleep(LOOK)
        it = await client.replay(str(it["id"]))
        told: Any = it.get("progress") or {}
        text = f"{told.get('doing', 'starting')}: {told.get('events', 0)} events"
        if text != shown and sys.stderr.isatty():
            print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)
            shown = text
    if shown:
        print(f"\r{'':<60}\r", end="", file=sys.stderr)
    return it
