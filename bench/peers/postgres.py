"""A PostgreSQL for a minute, in a temporary folder, reached by a Unix socket; or the one that is named."""

from __future__ import annotations

import asyncio
import glob
import os
import pwd
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


class NoPostgres(Exception):
    """There is none; `str()` says why."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """A server of one's own in `place`, a folder that belongs to the user who runs it. Make it with `create`."""

    place: Path
    control: str
    who: str | None  # None: as ourselves

    @classmethod
    async def create(cls, place: Path) -> Postgres:
        """An empty one, not started. Raises NoPostgres."""
        control = shutil.which("pg_ctl") or next(
            iter(sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"))), None
        )
        if control is None:
            raise NoPostgres("no PostgreSQL here, and TIERLINE_TEST_DATABASE_URL names none")
        it = cls(place, control, _user())
        if it.who is not None:
            os.chown(place, pwd.getpwnam(it.who).pw_uid, -1)
        await it._run("init", "-o", "-U tierline --auth=trust -E UTF8 --locale=C --no-sync")
        return it

    @property
    def url(self) -> str:
        """Its database `postgres`."""
        return f"postgresql://tierline@/postgres?host={self.place}"

    @property
    def pid(self) -> int:
        """Its main process, while it runs."""
        return int((self.place / "data" / "postmaster.pid").read_text().split()[0])

    async def start(self, settings: str = "") -> None:
        """Return when it answers; `settings` as on its command line. Raises NoPostgres."""
        asked = f"-c listen_addresses='' -k {self.place} {settings}"
        await self._run("start", "-w", "-l", str(self.place / "log"), "-o", asked)

    async def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash; `fast` ends what is under way and writes everything out."""
        await self._run("stop", "-m", mode)

    async def _run(self, verb: str, *words: str) -> None:
        process = await asyncio.create_subprocess_exec(
            self.control, verb, "-s", "-D", str(self.place / "data"), *words,
            user=self.who, cwd="/", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if await asyncio.wait_for(process.wait(), 60):
            raise NoPostgres(f"`{Path(self.control).name} {verb}` failed")


@asynccontextmanager
async def server(settings: str = "") -> AsyncIterator[str]:
    """The URL of the one that TIERLINE_TEST_DATABASE_URL names, else of one for a minute, with these `settings`.

    Raises NoPostgres.
    """
    if url := os.environ.get("TIERLINE_TEST_DATABASE_URL", ""):
        yield url.replace("postgresql+asyncpg://", "postgresql://")
        return
    with tempfile.TemporaryDirectory(prefix="tierline-pg-") as place:
        it = await Postgres.create(Path(place))
        await it.start(settings)
        try:
            yield it.url
        finally:
            await it.stop()


def _user() -> str | None:
    """PostgreSQL doesn't run as root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise NoPostgres("PostgreSQL doesn't run as root, and there is no user `postgres`") from None
