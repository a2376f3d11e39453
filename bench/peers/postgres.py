"""A PostgreSQL to measure with: the one that TIERLINE_TEST_DATABASE_URL names, else one for a minute."""

from __future__ import annotations

import asyncio
import glob
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path


class NoPostgres(Exception):
    """There is none; `str()` says why."""


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    """Its URL. Raises NoPostgres."""
    if url := os.environ.get("TIERLINE_TEST_DATABASE_URL", ""):
        yield url.replace("postgresql+asyncpg://", "postgresql://")
        return
    control = shutil.which("pg_ctl") or next(
        iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))), None
    )
    if control is None:
        raise NoPostgres("no PostgreSQL here, and TIERLINE_TEST_DATABASE_URL names none")
    who = _user()
    with tempfile.TemporaryDirectory(prefix="tierline-pg-") as place:
        if who is not None:
            os.chown(place, pwd.getpwnam(who).pw_uid, -1)
        data, log = str(Path(place, "data")), str(Path(place, "log"))
        await _run(
            who, control, "init", "-s", "-D", data, "-o", "-U tierline --auth=trust -E UTF8 --locale=C"
        )
        asked = f"-c listen_addresses='' -k {place}"
        await _run(who, control, "start", "-s", "-w", "-D", data, "-l", log, "-o", asked)
        try:
            yield f"postgresql://tierline@/postgres?host={place}"
        finally:
            await _run(who, control, "stop", "-s", "-m", "immediate", "-D", data)


def _user() -> str | None:
    """PostgreSQL doesn't run as root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NoPostgres("PostgreSQL doesn't run as root, and there is no user `postgres`") from None


async def _run(who: str | None, *words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *words, user=who, cwd="/", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    if await asyncio.wait_for(process.wait(), 60):
        raise NoPostgres(f"`{Path(words[0]).name} {words[1]}` failed")
