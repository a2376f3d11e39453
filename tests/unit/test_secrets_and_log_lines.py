"""A secret that anybody could guess is refused at the start; the log is one JSON line per event, whoever wrote it."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from pydantic import ValidationError

from tierline.__main__ import _log
from tierline.console.api import Api
from tierline.settings import Settings, keep_secrets

GOOD = "Zk3vUqk1mJ0w7T9dXr5bLh2c"
WEAK = [
    "x",
    "changeme",
    "changeme-changeme-changeme",
    "a" * 64,
    "ab" * 40,
    "my-secret-my-secret-my-secret",
    "Password1234567890ABCDEFG",
]


@pytest.mark.promise("no-weak-secret")
@pytest.mark.parametrize("name", ["TIERLINE_SECRET", "TIERLINE_API_TOKEN"])
@pytest.mark.parametrize("weak", WEAK)
def test_a_secret_that_can_be_guessed_is_refused_in_words_that_do_not_repeat_it(name: str, weak: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(_env_file=None, **{name: weak})  # type: ignore[arg-type]
    error = refused.value.errors()[0]
    assert error["loc"] == (name,) and "openssl rand" in error["msg"]
    assert len(weak) < 3 or weak not in error["msg"]
    assert Settings(_env_file=None, **{name: GOOD})  # type: ignore[arg-type]


@pytest.mark.promise("no-weak-secret")
def test_the_command_says_so_and_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tierline", "run"], capture_output=True, text=True, check=False, timeout=60,
        cwd=tmp_path, env={"TIERLINE_SECRET": "hunter2hunter2", "TIERLINE_DATA": str(tmp_path / "var"), "PATH": "/usr/bin:/bin",
                           "PYTHONPATH": str(Path(__file__).resolve().parents[2] / ".types")},
    )  # fmt: skip
    assert done.returncode == 2 and "TIERLINE_SECRET" in done.stderr and "too short" in done.stderr, (
        done.stderr
    )
    assert "hunter2" not in done.stderr + done.stdout
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("left", ["", "\n", "short"])
def test_a_secret_file_that_was_cut_opens_no_door(tmp_path: Path, left: str) -> None:
    (tmp_path / "api-token").write_text(left)
    with pytest.raises(OSError, match="remove it"):
        keep_secrets(Settings(_env_file=None, TIERLINE_DATA=tmp_path))  # type: ignore[call-arg]


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, TIERLINE_DATA=tmp_path / "var")  # type: ignore[call-arg]

    async def start() -> None:
        made = await asyncio.gather(*(asyncio.to_thread(keep_secrets, settings) for _ in range(8)))
        assert len(set(made)) == 1

    asyncio.run(start())
    assert sorted(p.name for p in (tmp_path / "var").iterdir()) == ["api-token", "secret"]


def test_without_a_token_nobody_is_let_in() -> None:
    class Asks:
        headers = {"Authorization": "Bearer "}

    api = Api(*[None] * 8, token="")  # type: ignore[arg-type]
    assert not api.allowed(Asks())  # type: ignore[arg-type]


HOSTILE = 'a\x1b[2J\x1b]0;owned\x07\r\n{"level": "info"}\u2028\u0085\x9b31m\x00'


def test_every_event_is_one_json_line_whoever_logs_it(capsys: pytest.CaptureFixture[str]) -> None:
    before = structlog.get_config()
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers[:], logging.getLogger().level
    try:
        _log()
        structlog.get_logger().warning(HOSTILE, number=HOSTILE, name=HOSTILE)
        logging.getLogger("aiohttp.server").error("for %s", HOSTILE)
        try:
            raise ValueError(HOSTILE)
        except ValueError:
            structlog.get_logger().exception("died")
            logging.getLogger("asyncio").exception("died too")
    finally:
        structlog.configure(**before)
        logging.captureWarnings(False)
        root.handlers[:] = handlers
        root.setLevel(level)
    written = capsys.readouterr().err
    assert written.endswith("\n")
    lines = written[:-1].split("\n")
    assert len(lines) == 4 and all(json.loads(line)["level"] for line in lines)
    assert all(0x20 <= ord(c) < 0x7F for line in lines for c in line)
    assert json.loads(lines[0])["number"] == HOSTILE
