"""The embedded server: durable, alone on its directory, and back by itself after whatever happens to it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from helpers_store import until

from tierline.queue.client import Client
from tierline.queue.directory import DataDirectory
from tierline.queue.embedded import EmbeddedStore, diagnose, find_binary, quoted
from tierline.queue.failures import (
    EmbeddedFailed,
    EmbeddedMissing,
    NotSent,
    StoreDamaged,
    StoreLocked,
    StoreUnavailable,
)

PARENT = """
import asyncio, sys
from pathlib import Path
from tierline.queue.embedded import EmbeddedStore
from tierline.queue import embedded
if "--no-deathsig" in sys.argv:
    embedded._die_with_parent = lambda parent: None
async def main():
    store = await EmbeddedStore.start(Path(sys.argv[1]))
    print(store.pid, store.url, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def _write(store: EmbeddedStore, key: str, value: str) -> None:
    client = await Client(store.url).start()
    await client.call("SET", key, value)
    await client.close()


async def _read(store: EmbeddedStore, key: str) -> object:
    client = await Client(store.url).start()
    try:
        return await client.call("GET", key)
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def kept_running(store: EmbeddedStore, told: list[str]) -> AsyncIterator[None]:
    task = asyncio.create_task(store.keep_running(told.append))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_only_this_user_may_reach_it_and_every_write_is_synced(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path / "with a space ü\"'\\")
    path = Path(store._socket)
    assert (_mode(path), _mode(path.parent)) == (0o700, 0o700)
    client = await Client(store.url).start()
    for name, value in {
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "port": "0",
        "save": "",
        "hash-max-listpack-value": "1024",
        "lazyfree-lazy-expire": "yes",
    }.items():
        assert await client.call("CONFIG", "GET", name) == [name.encode(), value.encode()]
    await client.close()
    await store.stop()


@pytest.mark.promise("store-restart")
async def test_what_was_acknowledged_is_there_after_a_stop_and_after_a_kill(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    await _write(store, "a", "1")
    await store.stop()
    assert sorted(os.listdir(tmp_path)) == [
        "appendonlydir",
        "owner.lock",
        "server.lock",
        "valkey.log",
    ]
    store = await EmbeddedStore.start(tmp_path)
    assert await _read(store, "a") == b"1"
    told: list[str] = []
    async with kept_running(store, told):
        url = store.url
        client = await Client(store.url).start()
        for round_ in range(5):
            await client.call("SET", "b", str(round_))
            assert store.pid is not None
            os.kill(store.pid, signal.SIGKILL)
            await until(lambda: not client.up)
            await client.wait_up(10)
            assert await client.call("GET", "b") == str(round_).encode()
            # The server answers before whoever restarts it has heard so: killed in between it is told as one death.
            await until(lambda round_=round_: len(told) == 2 * (round_ + 1))
        assert store.url == url
        await client.close()
    assert "running again" in told[-1]
    await store.stop()


@pytest.mark.promise("store-restart")
async def test_killed_again_and_again_under_load_it_loses_nothing_acknowledged(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url).start()
    acknowledged: list[str] = []
    running = True

    async def write(writer: int) -> None:
        number = 0
        while running:
            number += 1
            try:
                await client.call("SET", f"{writer}-{number}", 1)
                acknowledged.append(f"{writer}-{number}")
            except StoreUnavailable:
                await asyncio.sleep(0.01)

    async with kept_running(store, []):
        writers = [asyncio.create_task(write(writer)) for writer in range(16)]
        for _ in range(10):
            enough = len(acknowledged) + 200
            await until(lambda least=enough: len(acknowledged) > least)
            await until(lambda: store.pid is not None)
            assert store.pid is not None
            os.kill(store.pid, signal.SIGKILL)
        running = False
        await asyncio.gather(*writers)

        async def counted() -> bool:
            nonlocal found
            try:  # the last kill may not have been noticed yet
                found = await client.call("EXISTS", *acknowledged, deadline=20)
            except StoreUnavailable:
                return False
            return True

        found: object = None
        await until(counted)
    assert found == len(acknowledged)
    await client.close()
    await store.stop()


async def test_a_second_owner_is_refused_in_words(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    with pytest.raises(StoreLocked, match=f"process {os.getpid()}.*REDIS_URL"):
        await EmbeddedStore.start(tmp_path)
    await _write(store, "still", "here")
    await store.stop()


@pytest.mark.parametrize("left", ["stopped by the kernel", "orphan", "frozen orphan"])
async def test_after_the_parent_is_killed_the_next_start_finds_everything_and_one_server(
    tmp_path: Path, left: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [sys.executable, "-c", PARENT, str(tmp_path)]
    if left != "stopped by the kernel":
        words.append("--no-deathsig")  # as on macOS, which has no such signal
    parent = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid, url = (await parent.stdout.readline()).decode().split()
    client = await Client(url).start()
    await client.call("SET", "a", "1")
    await client.close()
    parent.kill()
    await parent.communicate()
    if left == "frozen orphan":
        os.kill(int(pid), signal.SIGSTOP)
        monkeypatch.setattr("tierline.queue.embedded.STOP_WITHIN", 0.3)
    store = await EmbeddedStore.start(tmp_path)
    assert store.pid != int(pid)
    assert await _read(store, "a") == b"1"
    await until(lambda: not Path(f"/proc/{pid}/cwd").exists() or _is_zombie(int(pid)))
    await store.stop()


def _is_zombie(pid: int) -> bool:
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True


async def test_a_recorded_pid_that_belongs_to_somebody_else_is_left_alone(tmp_path: Path) -> None:
    directory = DataDirectory.own(tmp_path)
    stranger = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        directory.record(stranger.pid, str(tmp_path / "store.sock"))
        with directory.server_lock(), pytest.raises(StoreLocked, match="lsof"):
            await directory.stop_orphan(0.1)
        assert stranger.returncode is None
        directory.release()
        store = await EmbeddedStore.start(tmp_path)
        await store.stop()
        assert stranger.returncode is None
    finally:
        stranger.kill()
        await stranger.wait()


async def test_a_path_too_long_for_a_socket_gets_a_private_short_one(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    store = await EmbeddedStore.start(deep)
    short = Path(store._socket)
    assert len(os.fsencode(short)) <= 100
    assert _mode(short.parent) == 0o700
    assert json.loads((deep / "server.json").read_text())["socket"] == str(short)
    assert store.pid is not None
    await _write(store, "a", "1")
    await store.stop()
    assert not short.parent.exists()


def _log_file(data_dir: Path) -> Path:
    (incremental,) = (data_dir / "appendonlydir").glob("*.incr.aof")
    return incremental


async def test_a_log_cut_anywhere_in_its_tail_starts_and_keeps_whole_scripts(tmp_path: Path) -> None:
    script = "redis.call('INCR','a') redis.call('INCR','b') redis.call('INCR','c') return 1"
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url).start()
    for _ in range(100):
        await client.call("EVAL", script, 0)
    await client.close()
    await store.stop()
    for cut in (1, 7, 40, 120, 1024):
        log = _log_file(tmp_path)
        os.truncate(log, log.stat().st_size - cut)
        store = await EmbeddedStore.start(tmp_path)
        counts = {await _read(store, key) for key in "abc"}
        assert len(counts) == 1 and counts != {None}, counts
        await store.stop()


@pytest.mark.promise("store-damage")
async def test_a_log_damaged_in_the_middle_is_refused_in_words_and_left_as_it_was(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url).start()
    for number in range(500):
        await client.call("SET", f"k{number}", "v" * 50)
    await client.close()
    await store.stop()
    log = _log_file(tmp_path)
    content = bytearray(log.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = b"\xff" * 200
    log.write_bytes(content)
    with pytest.raises(StoreDamaged) as told:
        await EmbeddedStore.start(tmp_path)
    assert str(tmp_path) in str(told.value) and "backup" in str(told.value)
    assert "Bad file format" in str(told.value)
    assert log.read_bytes() == bytes(content)
    with pytest.raises(StoreDamaged):  # and again: nothing was reset, nothing is still locked
        await EmbeddedStore.start(tmp_path)


async def test_a_frozen_server_meets_the_deadline_and_is_used_again_when_it_thaws(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    client = await Client(store.url, deadline=0.2, silence=0.5).start()
    assert store.pid is not None
    os.kill(store.pid, signal.SIGSTOP)
    for _ in range(5):
        with pytest.raises(StoreUnavailable):
            await client.call("INCR", "a")
    await until(lambda: not client.up)
    with pytest.raises(NotSent):
        await client.call("INCR", "a")
    os.kill(store.pid, signal.SIGCONT)
    await client.wait_up(10)
    # Written calls may run late, once each; the unwritten ones never.
    assert await client.call("INCR", "a", deadline=5) in range(1, 7)
    await client.close()
    await store.stop()


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


async def test_a_full_disk_stops_it_and_space_brings_it_back(tmp_path: Path) -> None:
    """In a user namespace with a 2 MB tmpfs; the story itself is `FULL_DISK`."""
    mount = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if not _works([*mount, f"mount -t tmpfs -o size=2m none {tmp_path}"]):
        pytest.skip("can't mount a small tmpfs in a user namespace here")
    story = await asyncio.create_subprocess_exec(
        *mount,
        f'mount -t tmpfs -o size=2m none {tmp_path} && exec "$0" -c "$1" {tmp_path}',
        sys.executable,
        FULL_DISK,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said, _ = await story.communicate()
    assert story.returncode == 0, said.decode()
    assert b"kept every acknowledged write" in said


FULL_DISK = """
import asyncio, sys
from pathlib import Path
from tierline.queue.client import Client
from tierline.queue.embedded import EmbeddedStore
from tierline.queue.failures import StoreUnavailable
async def main():
    disk = Path(sys.argv[1])
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 1_000_000)
    store = await EmbeddedStore.start(disk / "store")
    told = []
    keeper = asyncio.create_task(store.keep_running(told.append))
    client = await Client(store.url).start()
    acknowledged = 0
    try:
        while True:
            await client.call("SET", f"k{acknowledged}", "v" * 1000)
            acknowledged += 1
            assert acknowledged < 5000, "the disk never filled"
    except StoreUnavailable as error:
        print("refused:", error)
    ballast.unlink()
    async with asyncio.timeout(30):
        while True:
            try:
                await client.wait_up(20)
                assert await client.call("SET", "after", "1") == b"OK"
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    for number in range(acknowledged):
        assert await client.call("EXISTS", f"k{number}") == 1, number
    async with asyncio.timeout(30):
        while not (told and "running again" in told[-1]):  # it answers before whoever restarts it has heard so
            await asyncio.sleep(0.01)
    print(told)
    keeper.cancel()
    await asyncio.wait([keeper])
    await client.close()
    await store.stop()
    print("kept every acknowledged write:", acknowledged)
asyncio.run(main())
"""


async def test_a_full_disk_at_the_start_is_named(tmp_path: Path) -> None:
    directory = DataDirectory.own(tmp_path)
    directory.release()
    error = diagnose("Can't open: No space left on device\n", directory, "it ended")
    assert isinstance(error, EmbeddedFailed) and "disk" in str(error) and "full" in str(error)


async def test_a_server_that_cannot_be_written_down_is_named_and_none_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a free byte its number can't be kept; left alone it would read no settings and open a port for all."""

    def full(self: DataDirectory, pid: int, socket: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(DataDirectory, "record", full)
        with pytest.raises(EmbeddedFailed, match="is full"):
            await EmbeddedStore.start(tmp_path)
    directory = DataDirectory.own(tmp_path)
    assert not directory.server_runs()
    directory.release()
    store = await EmbeddedStore.start(tmp_path)
    await store.stop()


def test_without_a_binary_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.queue.embedded.find_spec", lambda name: None)
    with pytest.raises(EmbeddedMissing, match="REDIS_URL"):
        find_binary()


@pytest.mark.parametrize("path", ["/a b", '/a"b', "/a\\b", "/a\nb", "/ü", "/a'b", "/a#b"])
def test_any_path_survives_the_servers_configuration(path: str) -> None:
    assert quoted(path).isascii() and "\n" not in quoted(path)
    assert quoted(path)[1:-1].encode().decode("unicode_escape").encode("latin-1").decode() == path


@contextlib.asynccontextmanager
async def counted_syncs(pid: int) -> AsyncIterator[Callable[[], int]]:
    """Counts the server's syncs to disk from here on."""
    if not _works(["strace", "-o", os.devnull, "true"]):
        pytest.skip("strace isn't installed or not allowed here")
    tracer = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-e", "trace=fsync,fdatasync", "-p", str(pid)), stderr=subprocess.PIPE
    )
    assert tracer.stderr is not None
    lines = [await tracer.stderr.readline()]  # "attached"

    async def listen() -> None:
        assert tracer.stderr is not None
        async for line in tracer.stderr:
            lines.append(line)

    listening = asyncio.create_task(listen())
    try:
        yield lambda: sum(b"sync(" in line for line in lines)
    finally:
        tracer.terminate()
        await tracer.wait()
        await listening


@pytest.mark.promise("store-durable")
async def test_every_write_is_on_disk_before_it_is_acknowledged(tmp_path: Path) -> None:
    store = await EmbeddedStore.start(tmp_path)
    assert store.pid is not None
    client = await Client(store.url, deadline=10).start()
    async with counted_syncs(store.pid) as syncs:
        for number in range(50):
            await client.call("SET", "a", number)
            await until(lambda least=number + 1: syncs() >= least)
    await client.close()
    await store.stop()


async def test_waitaof_still_can_not_be_trusted_with_everysec(tmp_path: Path) -> None:
    """Why `appendfsync` is `always`: under `everysec` Valkey 9.1 confirms what it hasn't synced.

    A Valkey that fails this test has been mended, and the choice may be thought over.
    """
    store = await EmbeddedStore.start(tmp_path)
    assert store.pid is not None
    client = await Client(store.url, deadline=10).start()
    await client.call("CONFIG", "SET", "appendfsync", "everysec")
    async with counted_syncs(store.pid) as syncs:
        for number in range(50):
            await client.call("SET", "a", number)
            assert await client.call("WAITAOF", 1, 0, 5000) == [1, 0]
        seen = syncs()
    assert seen < 25
    await client.close()
    await store.stop()
