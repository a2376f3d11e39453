"""The embedded store's directory: who owns it, and which server, if any, still runs on it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .failures import EmbeddedMissing, StoreLocked

if sys.platform != "win32":
    import fcntl

LONGEST_SOCKET = 100  # bytes; Linux takes 107, macOS 103
_SHORT = "tierline-"


@dataclass(frozen=True, slots=True)
class Running:
    """What the last start wrote down about its server."""

    pid: int
    socket: str


class DataDirectory:
    """A directory that this process owns until `release`."""

    def __init__(self, path: Path, owner: int) -> None:
        """Use `own`."""
        self.path = path
        self.log = path / "valkey.log"
        self._owner = owner

    @classmethod
    def own(cls, path: Path) -> DataDirectory:
        """Make the directory (0700) and lock it. Raises `StoreLocked` when somebody has it already."""
        path = path.resolve()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        owner = os.open(path / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(owner):
            pid = os.pread(owner, 20, 0).decode(errors="replace").strip()
            os.close(owner)
            raise StoreLocked(
                f"Another Tierline (process {pid or 'unknown'}) is using {path}. Stop it first, or give this"
                " one another directory (TIERLINE_DATA), or let both use one server (REDIS_URL)."
            )
        os.ftruncate(owner, 0)
        os.pwrite(owner, f"{os.getpid()}\n".encode(), 0)
        return cls(path, owner)

    def release(self) -> None:
        """Let others own it. Harmless when done twice."""
        if self._owner >= 0:
            os.close(self._owner)
            self._owner = -1

    @contextlib.contextmanager
    def server_lock(self) -> Iterator[int]:
        """A locked descriptor for the server to inherit: the lock ends with the last process that has it."""
        lock = os.open(self.path / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _lock(lock):
                raise StoreLocked(f"A server is still running on {self.path}.")
            yield lock
        finally:
            os.close(lock)

    def server_runs(self) -> bool:
        """Whether some server, whoever started it, runs on this directory."""
        with contextlib.suppress(StoreLocked), self.server_lock():
            return False
        return True

    def record(self, pid: int, socket: str) -> None:
        """Write down the server, for whoever comes after us."""
        draft = self.path / "server.json.new"
        draft.write_text(json.dumps({"pid": pid, "socket": socket}))
        draft.replace(self.path / "server.json")

    def recorded(self) -> Running | None:
        """The last server written down, if that can be read."""
        try:
            found = json.loads((self.path / "server.json").read_text())
            return Running(int(found["pid"]), str(found["socket"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget(self) -> None:
        """After a clean stop: no server, nothing to look for."""
        (self.path / "server.json").unlink(missing_ok=True)

    async def stop_orphan(self, within: float) -> None:
        """End the server that a killed process left behind, cleanly if it still listens to reason.

        Raises `StoreLocked` when it can't be ended: two servers on one log would destroy it.
        """
        left = self.recorded()
        if self.server_runs():
            for last_word in (signal.SIGTERM, signal.SIGKILL):
                if left is not None and await asyncio.to_thread(_is_server_of, left.pid, self.path):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(left.pid, last_word)
                if await self._server_gone(within):
                    break
            else:
                raise StoreLocked(
                    f"A store server of an earlier run still holds {self.path} and can't be stopped."
                    f" Look for its process with: lsof {self.path / 'server.lock'}"
                )
        if left is not None:
            remove_socket(left.socket, self.path)

    async def _server_gone(self, within: float) -> bool:
        until = asyncio.get_running_loop().time() + within
        while self.server_runs():
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(0.02)
        return True


def _lock(descriptor: int) -> bool:
    if sys.platform == "win32":
        raise EmbeddedMissing("The embedded store needs Linux or macOS; set REDIS_URL.")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_server_of(pid: int, data_dir: Path) -> bool:
    """Whether the process really is a store server: its number may belong to something else by now."""
    if sys.platform == "linux":
        try:
            program = Path(f"/proc/{pid}/exe").readlink().name
            return program.startswith("valkey-server") and Path(f"/proc/{pid}/cwd").readlink() == data_dir
        except OSError:
            return False
    ask = ["ps", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(ask, capture_output=True, text=True, timeout=5)
    return "valkey-server" in shown.stdout


def socket_for(data_dir: Path) -> str:
    """Where the server shall listen: in its directory, or, if that is too long, in a private folder."""
    inside = data_dir / "store.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET:
        return str(inside)
    # A cleaner of /tmp may take an old folder away; nobody cleans a session's runtime folder.
    for roof in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        if roof and os.access(roof, os.W_OK) and len(os.fsencode(roof)) <= LONGEST_SOCKET - 30:
            return f"{tempfile.mkdtemp(prefix=_SHORT, dir=roof)}/store.sock"  # made 0700
    return f"{tempfile.mkdtemp(prefix=_SHORT, dir='/tmp')}/store.sock"


def is_there(socket: str) -> bool:
    """Whether a server has begun to listen."""
    return Path(socket).exists()


def make_way(socket: str) -> None:
    """A dead server's socket stands in the way of the next one's."""
    Path(socket).parent.mkdir(mode=0o700, exist_ok=True)
    Path(socket).unlink(missing_ok=True)


def remove_socket(socket: str, data_dir: Path) -> None:
    """Remove a socket that nobody serves, and the short folder made for it, if there was one."""
    folder = Path(socket).parent
    with contextlib.suppress(OSError):
        Path(socket).unlink(missing_ok=True)
        if folder != data_dir and folder.name.startswith(_SHORT):
            folder.rmdir()
