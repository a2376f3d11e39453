"""A rolling restart from the release before to this one, under load: both serve one queue for a while (F89).

The release before is taken from the history of this very repository: the last commit with the library before ours.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from many_stage import Crew, flow, greeted, open_crew, roll, slash, take
from story_stage import EVA, JONAS

from tierline.queue import library

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "6b93422e5dd83b9417f3f1303094bcb6d49eed50"
"""The last commit with `tierline_2`."""


def _archive() -> bytes:
    return subprocess.run(
        ["git", "archive", BEFORE], cwd=ROOT, check=True, capture_output=True, timeout=60
    ).stdout


@pytest.fixture
async def before(tmp_path: Path) -> Path:
    """A folder in which `tierline` is the release before."""
    try:
        packed = await asyncio.to_thread(_archive)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("the release before isn't in this copy's history (git, and not a shallow clone)")
    place = tmp_path / "before" / "tierline"
    with tarfile.open(fileobj=io.BytesIO(packed)) as it:
        it.extractall(place, filter="data")
    assert 'NAME = "tierline_2"' in (place / "queue" / "library.py").read_text()
    return place.parent


async def _libraries(crew: Crew) -> set[str]:
    assert crew.store is not None
    listed = await crew.store.call("FUNCTION", "LIST")
    assert isinstance(listed, list)
    return {str(name) for name in ("tierline_2", library.NAME) if name.encode() in repr(listed).encode()}


@pytest.mark.promise("many-rolling")
@pytest.mark.timeout(600)
async def test_a_rolling_restart_into_this_release_loses_doubles_and_refuses_nothing(
    tmp_path: Path, before: Path
) -> None:
    async with open_crew(tmp_path, webs=2, workers=2, more={"PYTHONPATH": str(before)}) as crew:
        assert await _libraries(crew) == {"tierline_2"}
        for name in ("Ada", "Ben"):
            await slash(crew, name, "available")
        assert await crew.text("begun before", EVA) == 200
        name = "Ada" if await crew.until(lambda: _asked(crew)) == "Ada" else "Ben"
        await take(crew, name, "begun before", EVA)
        head = await crew.thread((await crew.contact(EVA))["id"])
        async with flow(crew) as answers:
            for it in (crew.workers[0], crew.webs[0], crew.workers[1], crew.webs[1]):
                it.env.pop("PYTHONPATH")
                await roll(crew, it)
                assert await _libraries(crew) == {"tierline_2", library.NAME}
        assert set(answers.values()) == {200} and len(answers) > 20 and JONAS not in answers
        for phone in answers:
            found = await crew.contact(phone)
            assert [m["text"] for m in found["transcript"] if m["direction"] == "in"] == [f"word of {phone}"]
        await crew.until(lambda: greeted(crew, answers), 120)
        assert set((await crew.sent()).values()) == {1}
        assert set((await crew.offers_shown()).values()) <= {1}
        await crew.say(name, head, "Ended by the new one.")
        await crew.until(lambda: crew.got("Ended by the new one.", EVA))
        await crew.close(name, head)

        async def closed() -> bool:
            return bool((await crew.contact(EVA))["state"] == "closed")

        await crew.until(closed)


async def _asked(crew: Crew) -> str:
    for name in ("Ada", "Ben"):
        if await crew.cards(name, "begun before"):
            return name
    return ""
