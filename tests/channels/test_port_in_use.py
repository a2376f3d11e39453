"""Where somebody listens already, or the data can't be kept, a start ends with words that say why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from helpers_app import inside


@pytest.mark.promise("run-says-why")
async def test_a_start_on_a_port_in_use_says_so_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        monkeypatch.setattr("helpers_app.free_port", lambda: port)
        with pytest.raises(OSError, match=f"127.0.0.1:{port} is in use by another program") as refused:
            async with inside(tmp_path):
                pass
        assert f"PORT={port + 1}" in str(refused.value)


@pytest.mark.promise("run-says-why")
@pytest.mark.parametrize("command", ["run", "sandbox"])
def test_the_command_ends_with_one_line(tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PORT": str(port),
            "TIERLINE_DATA": str(tmp_path),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tierline", command],
            capture_output=True, text=True, timeout=120, env=env, cwd=tmp_path, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"127.0.0.1:{port} is in use by another program. End that one, or choose another port: PORT={port + 1}"
    )


@pytest.mark.promise("run-says-why")
def test_data_that_cannot_be_kept_is_said_to_be_so(tmp_path: Path) -> None:
    """What was opened before is closed only where it was opened."""
    file = tmp_path / "data"
    file.touch()
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": "0", "TIERLINE_DATA": str(file)}
    done = subprocess.run(
        [sys.executable, "-m", "tierline", "sandbox"],
        capture_output=True, text=True, timeout=120, env=env, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert str(file) in done.stderr.splitlines()[-1] and "Error" not in done.stderr
