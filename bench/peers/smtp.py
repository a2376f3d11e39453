"""The least that takes mail durably: aiosmtpd, each mail appended to one file and fsynced, then 250.

`python -m tierline.bench.peers.smtp PORT FILE`. It reads nothing: no contact, no thread, nobody is told.
"""

from __future__ import annotations

import asyncio
import os
import sys

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session


class Keeps:
    """A handler of aiosmtpd that appends."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """After DATA: on disk, then yes."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        await asyncio.to_thread(self._keep, content)
        return "250 2.0.0 Ok"

    def _keep(self, content: bytes) -> None:
        os.write(self.file, content)
        os.fsync(self.file)


async def main(port: int, path: str) -> None:
    """Serve until somebody ends us; says "ready" once it listens."""
    handler = Keeps(path)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(handler), "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
