"""queue/tierline.acl: the product does everything with these rights, and they allow nothing else (F32, SEC46)."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import hashlib
import json
import re
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers_store import own_server
from story_stage import Stage, open_stage

from tierline.queue.client import Client
from tierline.queue.failures import Forbidden
from tierline.settings import SITE

ROOT = Path(__file__).resolve().parents[2]
LINE = (ROOT / "queue" / "tierline.acl").read_text().strip()
PASSWORD = "w0rd-of-this-test-alone"
WITH_SUBCOMMANDS = ("CONFIG", "FUNCTION")
WITH_REPLICAS = {
    "wait",
    "cluster|nodes",
}  # `wire.py` puts the one behind writes, `whereabouts.py` asks the other
OF_THE_EMBEDDED_ALONE = {"flushall", "bgsave", "keys"}  # `Store.empty` and backups refuse any other server


def _written_out() -> str:
    """The line with a password, as README says to make it."""
    return LINE.replace("resetpass", f"resetpass #{hashlib.sha256(PASSWORD.encode()).hexdigest()}") + "\n"


def _commands_of_scripts() -> set[str]:
    text = "\n".join(path.read_text() for path in (ROOT / "queue" / "lua").glob("*.lua"))
    assert not re.search(r"\bpcall\(['\"]|redis\.pcall|server\.call", text), (
        "a way to the store that isn't read here"
    )
    starts = re.findall(r"(?<![\w.])call\(([^)]{0,60})", text)
    return {word.lower() for start in starts for word in re.findall(r"'([A-Z]+)'", start.split(", ")[0])}


def _commands_of_python() -> Iterator[str]:
    for path in (ROOT / "queue").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ("call", "plain", "ask") and node.args:
                    words = node.args[0].elts if isinstance(node.args[0], ast.Tuple) else node.args
                    said = [str(it.value) for it in words[:2] if isinstance(it, ast.Constant)]
                    if said and said[0].isupper():
                        yield "|".join(said if said[0] in WITH_SUBCOMMANDS else said[:1]).lower()


def test_the_rights_are_what_the_code_sends_and_nothing_more() -> None:
    granted = set(re.findall(r" \+([\w|]+)", LINE))
    sent = _commands_of_scripts() | set(_commands_of_python()) | WITH_REPLICAS
    sent -= {"auth"} | OF_THE_EMBEDDED_ALONE  # AUTH needs no right
    assert granted == sent
    assert f" ~{{{SITE}}}:* " in LINE and "-@all" in LINE and "nopass" not in LINE and ">" not in LINE


async def test_as_shipped_nobody_can_log_in(tmp_path: Path) -> None:
    (tmp_path / "users.acl").write_text(LINE + "\n")
    async with own_server(tmp_path / "v", "--aclfile", str(tmp_path / "users.acl")) as url:
        for word in ("", "tierline", PASSWORD):
            with pytest.raises(Forbidden):
                await Client(url.replace("unix://", f"unix://tierline:{word or 'x'}@")).start(within=0.5)


@pytest.mark.promise("store-rights")
@pytest.mark.parametrize("server", ["valkey", "redis"])
async def test_the_product_lives_with_them_and_they_allow_no_harm(tmp_path: Path, server: str) -> None:
    binary = shutil.which("redis-server") if server == "redis" else None
    if server == "redis" and binary is None:
        pytest.skip("no redis-server (Debian's redis-server package) on this machine")
    (tmp_path / "users.acl").write_text(_written_out())
    words = ("--aclfile", str(tmp_path / "users.acl"), "--appendonly", "yes", "--appendfsync", "always")
    words += ("--enable-debug-command", "local")  # so that the rights refuse it, not the server
    async with own_server(tmp_path / "v", *words, binary=binary) as url:
        ours = url.replace("unix://", f"unix://tierline:{PASSWORD}@")
        async with open_stage(tmp_path, ours) as stage:
            await _a_contacts_whole_life(stage)
            await stage.until(lambda: _trimmed(url))
            assert await _denied(url) == [], "the product asked for something that it isn't allowed"
            said = await _doctor(stage)
            assert said["mark"] == "ok" and "durability always" in said["text"], said
            assert await _denied(url) == []
        await _no_harm(ours)


async def _a_contacts_whole_life(stage: Stage) -> None:
    """Text, offer, accept, reply, close, and the history behind it."""
    await stage.slash("Ada", "available")
    assert await stage.text("help me") == 200
    await stage.accept("Ada", "help me")
    contact = (await stage.contact())["id"]
    head = await stage.thread(contact)
    await stage.say("Ada", head, "here is help")
    await stage.until(lambda: stage.got("here is help"))
    await stage.close("Ada", head)
    await stage.until(lambda: _ended_in_history(stage, contact))


def _ended_in_history(stage: Stage, contact: str) -> bool:
    with contextlib.closing(sqlite3.connect(stage.data / "history.sqlite3")) as file:
        return file.execute("SELECT state FROM contacts WHERE id = ?", (contact,)).fetchall() == [("closed",)]


async def _trimmed(url: str) -> bool:
    admin = await Client(url).start()
    try:
        return await admin.call("XLEN", f"{{{SITE}}}:ledger") == 1  # the newest stays
    finally:
        await admin.close()


async def _doctor(stage: Stage) -> dict[str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tierline", "doctor", "--json",
        env={"PATH": "/usr/bin:/bin"} | stage.process.env, cwd=stage.process.home, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return dict(next(it for it in json.loads(out) if it["about"] == "store"))


async def _denied(url: str) -> list[str]:
    """What the server refused: of its own log, and of its counters."""
    admin = await Client(url).start()
    try:
        log, stats = await admin.call("ACL", "LOG"), await admin.call("INFO", "commandstats")
        assert isinstance(log, list) and isinstance(stats, bytes)
        refused = [line for line in stats.decode().splitlines() if re.search(r"rejected_calls=[1-9]", line)]
        return [str(it) for it in log] + refused
    finally:
        await admin.close()


async def _no_harm(ours: str) -> None:
    client = await Client(ours).start()
    for command in (
        "FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "DEBUG SLEEP 0", "CONFIG SET maxmemory 1", "CONFIG RESETSTAT",
        "CONFIG REWRITE", "EVAL return(1) 0", "FUNCTION FLUSH", "FUNCTION DELETE tierline_1", "SCRIPT FLUSH",
        "SHUTDOWN", "MONITOR", "ACL LIST", "ACL SETUSER tierline +@all", "CLIENT KILL TYPE normal", "REPLICAOF a 1",
        "MODULE LIST", "SAVE", "BGSAVE", "BGREWRITEAOF", "SWAPDB 0 1", "MIGRATE h 1 k 0 1", "DUMP {main}:site",
        "RENAME {main}:site x", "PUBLISH a b", "GET strange", "SET {other}:k 1", "DEL {main2}:k",
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            await client.call(*command.split(" "))
    await client.close()
