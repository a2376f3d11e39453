"""What the commands share: settings read and complained about, a loop, times as people read them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import typer
from pydantic import ValidationError

from ..queue.failures import StoreError
from ..settings import Settings
from .api_client import ApiClient, NotRunning, Refused, read_token
from .ask import NoSuchChoice, Unanswered

T = TypeVar("T")


def settings() -> Settings:
    """The settings; a mistake in them ends the command with 2."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as errors:
        for text in settings_mistakes(errors):
            print(text, file=sys.stderr)
        raise typer.Exit(2) from None


def settings_mistakes(errors: ValidationError) -> tuple[str, ...]:
    """One line a mistake, without the values: they may be secrets."""
    return tuple(
        f"{e['loc'][0] if e['loc'] else 'settings'}: {e['msg']}" for e in errors.errors(include_input=False)
    )


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Run `work`; what an operator can mend is said in a line, and ends the command with 1."""
    try:
        return asyncio.run(work)
    except (NotRunning, Refused, StoreError, Unanswered, NoSuchChoice, OSError) as error:
        fail(str(error))


def fail(text: str, code: int = 1) -> NoReturn:
    """Say `text` on stderr and end."""
    print(text, file=sys.stderr)
    raise typer.Exit(code)


async def api(config: Settings) -> ApiClient:
    """The product on this machine's port, with its token."""
    token = await read_token(config.data, config.api_token.get_secret_value() if config.api_token else "")
    return ApiClient(f"http://127.0.0.1:{config.port}", token)


def local(at: object, zone: str | None = None) -> str:
    """An ISO instant (or datetime) as local time, "–" when there is none."""
    if not at:
        return "–"
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return f"{moment.astimezone(ZoneInfo(zone) if zone else None):%a %Y-%m-%d %H:%M:%S %Z}"
