"""`tierline COMMAND` as a process of its own that needn't load everything first (`zygote.py`): most of a start's time.

Where a story is about the start itself, or begins the product in another way, it is started as everywhere.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

POSSIBLE = hasattr(os, "pidfd_open") and not os.environ.get("TIERLINE_LONG")
"""Linux says when a process ends that isn't one's own child. The long checks start everything as it is started."""


class Zygote:
    """One for this process."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        words = (sys.executable, str(Path(__file__).with_name("zygote.py")), str(theirs.fileno()))
        self.process = subprocess.Popen(words, pass_fds=[theirs.fileno()])
        theirs.close()
        self.lines = ours.makefile("rw", encoding="utf-8")
        ours.close()
        atexit.register(self.stop)

    def stop(self) -> None:
        """It ends when nobody can ask any more."""
        self.lines.close()
        self.process.wait()

    def ask(self, what: dict[str, Any]) -> Any:
        """Its answer, within moments."""
        print(json.dumps(what), file=self.lines, flush=True)
        return json.loads(self.lines.readline())


zygote = cache(Zygote)


@dataclass
class Forked:
    """What of `asyncio.subprocess.Process` stories use."""

    pid: int
    _code: int | None = None
    _end: int = field(init=False)

    def __post_init__(self) -> None:
        self._end = os.pidfd_open(self.pid)

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        if self._code is None and select.select([self._end], [], [], 0)[0]:
            self._code = zygote().ask({"ended": self.pid})["code"]
            os.close(self._end)
        return self._code

    async def wait(self) -> int:
        """Its exit status; below 0 the signal that ended it."""
        loop = asyncio.get_running_loop()
        while (code := self.returncode) is None:
            ended = loop.create_future()
            loop.add_reader(self._end, ended.set_result, None)
            try:
                await ended
            finally:
                loop.remove_reader(self._end)
        return code

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)


def fork(argv: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path) -> Forked:
    """`tierline ARGV`, begun."""
    told = {"argv": list(argv), "env": dict(env), "cwd": str(cwd), "log": str(log)}
    return Forked(int(zygote().ask({"start": told})["pid"]))
