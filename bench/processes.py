"""Starting what is measured: processes with nothing of our environment, ended by their own id."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")


def free_port() -> int:
    """A port that nobody listens on, below those that outgoing connections are given: it may be bound again later."""
    while True:
        port = 20_000 + secrets.randbelow(12_000)
        with socket.socket() as it, suppress(OSError):
            it.bind(("127.0.0.1", port))
            return port


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
