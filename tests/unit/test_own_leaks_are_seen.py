"""A test that leaves a socket or a connection open fails: only where processes are killed it is forgiven."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOCKET = "import socket\n\ndef test_leaks():\n    socket.socket()\n"
CONNECTION = """
import asyncio

async def test_leaks():
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await asyncio.open_connection("127.0.0.1", port)
    server.close()
"""
CLOSED = "import socket\n\ndef test_leaks():\n    socket.socket().close()\n"


@pytest.mark.parametrize(
    ("test", "passes"), [(SOCKET, False), (CONNECTION, False), (CLOSED, True)], ids=["socket", "connection", "closed"]
)  # fmt: skip
def test_what_is_left_open_fails_the_run(tmp_path: Path, test: str, passes: bool) -> None:
    file = tmp_path / "test_leak.py"
    file.write_text(test)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        str(ROOT / "pyproject.toml"),
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run([*command, str(file)], cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert (done.returncode == 0) == passes, done.stdout
    assert passes or "ResourceWarning" in done.stdout, done.stdout
