"""The disk of the data directory is full: refused at once and told once, and space brings everything back (F23)."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from story_stage import JONAS, Stage, open_stage

from tierline.queue.store import ROOM

SIZE = "64m"
FULL = "disk of the store is full"


def _mounts(place: Path) -> list[str]:
    """A command before which a small disk is mounted at `place`, for itself and its children alone."""
    shell = f'mount -t tmpfs -o size={SIZE},mode=700 none "{place}" && exec "$0" "$@"'
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", shell]


def _try_to_mount(place: Path) -> None:
    subprocess.run([*_mounts(place), "true"], check=True, capture_output=True, timeout=10)


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Stage]:
    """The product on a disk of its own, a small one."""
    data = tmp_path / "data"
    data.mkdir()
    try:
        await asyncio.to_thread(_try_to_mount, data)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("can't mount a small tmpfs in a user namespace here")
    async with open_stage(tmp_path, through=_mounts(data)) as stage:
        yield stage


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Stage]:
    """The same, on a disk that outlives the product: another process holds it."""
    data = tmp_path / "data"
    data.mkdir()
    try:
        await asyncio.to_thread(_try_to_mount, data)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("can't mount a small tmpfs in a user namespace here")
    holder = await asyncio.create_subprocess_exec(
        *_mounts(data), "sh", "-c", "echo mounted; exec sleep 1000", stdout=subprocess.PIPE
    )
    assert holder.stdout is not None and await holder.stdout.readline() == b"mounted\n"
    enter = ("nsenter", "--preserve-credentials", "-t", str(holder.pid), "-U", "-m")
    try:
        async with open_stage(tmp_path, through=enter) as stage:
            yield stage
    finally:
        holder.kill()
        await holder.wait()


@pytest.mark.promise("store-refusal")
async def test_started_on_a_disk_without_a_free_byte_it_says_so_and_room_brings_all_back(kept: Stage) -> None:
    """Whoever starts it again after each end, as systemd does, needs no hand of anybody's."""
    await kept.slash("Ada", "available")
    assert await kept.text("before") == 200
    await kept.accept("Ada", "before")
    await kept.until(lambda: _owned(kept))
    disk = _disk(kept)
    await asyncio.to_thread(_fill, disk, 0)
    taken = [f"more {n}" for n in range(20) if await kept.text(f"more {n}", JONAS) == 200]
    holder = Path("/proc") / kept.process.through[3] / f"root{kept.data}"
    await kept.process.kill()
    for _ in range(2):
        await kept.process.start()
        assert kept.process.running is not None and await kept.process.running.wait() == 1
    last = kept.process.log.strip().splitlines()[-1]
    assert f"the disk of {kept.data / 'store'} is full" in last, last
    (holder / "ballast").unlink()
    await kept.up()
    assert (await kept.contact())["owner"]["name"] == "Ada"
    assert await kept.text("after", JONAS) == 200
    words = [m["text"] for m in (await kept.contact(JONAS))["transcript"] if m["direction"] == "in"]
    assert words == [*taken, "after"]


def _disk(stage: Stage) -> Path:
    """The disk as the product sees it."""
    assert stage.process.running is not None
    return Path(f"/proc/{stage.process.running.pid}/root{stage.data}")


def _fill(place: Path, leave: int) -> None:
    with (place / "ballast").open("wb", buffering=0) as file:
        while (free := shutil.disk_usage(place).free - leave) > 0:
            try:
                file.write(b"x" * min(free, 1 << 20))
            except OSError:
                return


@pytest.mark.promise("store-refusal")
@pytest.mark.promise("alerts-once")
@pytest.mark.parametrize("leave", [ROOM // 2, 0], ids=["nearly", "to the last byte"])
async def test_a_full_disk_is_said_at_once_and_told_once_and_space_brings_all_back(
    small: Stage, leave: int
) -> None:
    await small.slash("Ada", "available")
    assert await small.text("before") == 200
    await small.accept("Ada", "before")
    await small.until(lambda: _owned(small))
    disk = _disk(small)
    await asyncio.to_thread(_fill, disk, leave)
    taken = []
    for n in range(1_000):  # the last bytes of a page may still take one
        status = await small.text(f"meanwhile {n}", JONAS)
        if status != 200:
            break
        taken.append(f"meanwhile {n}")
        await asyncio.sleep(0.03)  # each is told in Slack, a second apart
    assert status == 503
    await small.until(lambda: _told(small, FULL))
    assert [await small.text("and now", JONAS) for _ in range(3)] == [503] * 3
    if leave:
        seen = await small.contact()
        assert (seen["owner"]["name"], seen["transcript"][0]["text"]) == ("Ada", "before")
    assert not await small.ready()
    (disk / "ballast").unlink()
    await small.until(lambda: _told(small, "answers again"))
    await small.until(small.ready)
    assert await small.text("after", JONAS) == 200
    await small.accept("Ada", [*taken, "after"][0])
    assert len(await _told(small, FULL)) == 1 and len(await _told(small, "answers again")) == 1
    assert len(await _told(small, "in trouble")) <= 1
    words = [m["text"] for m in (await small.contact(JONAS))["transcript"] if m["direction"] == "in"]
    assert words == [*taken, "after"]  # what was acknowledged is there, what was refused is its sender's


async def _owned(stage: Stage) -> bool:
    return (await stage.contact())["state"] == "active"


async def _told(stage: Stage, part: str) -> list[str]:
    return [text for text in await stage.alerts() if part in text]
