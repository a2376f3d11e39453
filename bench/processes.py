"""Starting what is measured: processes with nothing of our environment, ended by their own id."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


@asynccontextmanager
async def python(
    *words: str,
    env: Mapping[str, str] | None = None,
    cwd: str = ".",
    told: str | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python WORDS`; what it says goes to the file `told`, or, without one, to a pipe. Stopped cleanly at the end."""
    kept = {k: v for k, v in os.environ.items() if k in KEPT} | dict(env or {})
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, env=kept, cwd=cwd, stdout=quiet if told else asyncio.subprocess.PIPE, stderr=quiet,
    )  # fmt: skip
    try:
        yield process
    finally:
        await end(process)


async def end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, then SIGKILL."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 20)
    except TimeoutError:
        process.kill()
        await process.wait()
