"""A backup of a busy Tierline, everything lost, the backup brought back: every contact is where it was, once."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
import sys
from typing import Any

import pytest
from story_stage import EVA, JONAS, Stage

OTHERS = [f"+4915200000{n:02d}" for n in range(6)]


async def tierline(stage: Stage, *words: str, **env: str) -> tuple[int, str]:
    """Another process's exit status and words, in the product's own environment."""
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "LANG", "TMPDIR")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tierline", *words, env=kept | stage.process.env | env, cwd=stage.process.home,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def seen(stage: Stage) -> dict[str, tuple[Any, ...]]:
    """Every contact: its state, its owner, its rank, its messages."""
    found = {}
    for it in await stage.api("/contacts?limit=100"):
        whole = await stage.api(f"/contacts/{it['id']}")
        texts = tuple((m["direction"], m["text"]) for m in whole["transcript"])
        found[it["id"]] = (whole["state"], (whole.get("owner") or {}).get("name"), whole.get("rank"), texts)
    return found


def ended(stage: Stage, contact: str) -> bool:
    with contextlib.closing(sqlite3.connect(stage.data / "history.sqlite3")) as file:
        return file.execute("SELECT state FROM contacts WHERE id = ?", (contact,)).fetchall() == [("closed",)]


async def contacts_in_every_state(stage: Stage) -> None:
    """One closed, one owned with a reply, two offered, the rest waiting."""
    await stage.slash("Ada", "available")
    assert await stage.text("closed one", EVA) == 200
    await stage.accept("Ada", "closed one")
    await stage.close("Ada", await stage.thread("C1001"))
    await stage.until(lambda: ended(stage, "C1001"))
    assert await stage.text("owned one", JONAS) == 200
    await stage.accept("Ada", "owned one")
    await stage.say("Ada", await stage.thread("C1002"), "I am at it")
    await stage.until(lambda: stage.got("I am at it", JONAS))
    await stage.slash("Ben", "available")
    for n, number in enumerate(OTHERS):
        assert await stage.text(f"text {n}", number) == 200
    await stage.until(lambda: stage.cards("Ben"))


@pytest.mark.promise("backup")
async def test_after_losing_everything_a_backup_brings_every_contact_back_as_it_was(stage: Stage) -> None:
    await contacts_in_every_state(stage)
    file = stage.process.home / "tierline.backup"
    status, said = await tierline(stage, "backup", str(file))  # it runs on meanwhile
    assert status == 0, said
    assert file.stat().st_mode & 0o077 == 0 and "TIERLINE_SECRET" in said
    before = await seen(stage)
    alerts, phones = await stage.alerts(), [await stage.phone(it) for it in (EVA, JONAS, *OTHERS)]
    heads = len(await stage.heads())

    assert await stage.text("after the backup", "+4915299999999") == 200
    lost = (await stage.contact("+4915299999999"))["id"]
    assert await stage.process.stop() == 0
    secret = (stage.data / "secret").read_text()
    shutil.rmtree(stage.data)
    stage.data.mkdir()
    (stage.data / "secret").write_text(secret)
    (stage.data / "secret").chmod(0o600)
    status, said = await tierline(stage, "restore", str(file))
    assert status == 0 and "is lost here" in said, said
    await stage.up()
    after = await seen(stage)
    assert after == before
    await stage.until(lambda: stage.cards("Ben"))
    assert [await stage.phone(it) for it in (EVA, JONAS, *OTHERS)] == phones, "customers were told twice"
    assert await stage.alerts() == alerts
    assert len([h for h in await stage.heads() if lost not in str(h)]) == heads, "a thread was opened twice"

    await stage.until(stage.socket_open)
    await stage.accept("Ben")  # whoever was offered may accept
    await stage.say("Ada", await stage.thread("C1002"), "still at it")
    await stage.until(lambda: stage.got("still at it", JONAS))
    assert await stage.text("new one", "+4915288888888") == 200
    assert len(await stage.got("I am at it", JONAS)) == 1
    fresh = (await stage.contact("+4915288888888"))["id"]
    assert int(fresh[1:]) > int(lost[1:]) + 500, "a number that was given after the backup isn't given again"
