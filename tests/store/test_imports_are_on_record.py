"""An import of customers changes the history behind the ledger's back: the audit log hears of it all the same."""

from __future__ import annotations

import asyncio
import getpass
import json
from contextlib import suppress
from pathlib import Path

import pytest
from helpers_queue import make_queue
from helpers_store import until

from tierline.console.cli_ask import _import
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.failures import StoreUnavailable
from tierline.queue.history import projector as module
from tierline.queue.history.audit import Line
from tierline.queue.history.history import History
from tierline.queue.history.projector import Projector
from tierline.settings import Settings

FILE = "name,phones\nEva,+4915112345678\nNobody,\n"


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIDY", 0.0)


async def imported(home: Path) -> None:
    """`tierline customers import` while no Tierline runs."""
    file = home / "customers.csv"
    file.write_text(FILE)
    config = Settings(_env_file=None, TIERLINE_DATA=home)  # type: ignore[call-arg]
    report = await _import(config, file, "DE")
    assert (report.imported, report.refused) == (1, 1)


async def on_record(queue: Queue, history: History, lines: int) -> tuple[Line, ...]:
    """The audit log once a projector has brought it to so many lines."""
    task = asyncio.create_task(Projector(queue, history, "one").run())
    try:
        await until(lambda: _log(history, lines))
        await until(lambda: _all_told(history))
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    return await history.audit()


async def _log(history: History, lines: int) -> bool:
    return len(await history.audit()) >= lines


async def _all_told(history: History) -> bool:
    return not await history.untold.first()


@pytest.mark.promise("audit-log")
async def test_an_import_is_in_the_audit_log_once_its_begin_and_its_outcome(
    client: Client, site: str, tmp_path: Path
) -> None:
    await imported(tmp_path)
    queue, history = await make_queue(client, site), await History.open(None, tmp_path)
    try:
        begun, ended = await on_record(queue, history, 2)
        assert (begun.act, ended.act) == ("customers.import", "customers.imported")
        assert begun.who == ended.who == getpass.getuser() and "command line" in begun.origin
        what, outcome = json.loads(begun.what), json.loads(ended.what)
        assert what["file"] == "customers.csv" and what["import"] == outcome["import"]
        assert (outcome["customers"], outcome["lines refused"]) == (1, 1)
        await queue.audit("mira", "another", {}, "api")
        assert [it.act for it in await on_record(queue, history, 3)][2:] == ["another"]
        assert (await history.verify()).wrong == ""
    finally:
        await history.close()


async def test_with_the_store_away_the_import_is_told_later(
    client: Client, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await imported(tmp_path)
    queue, history = await make_queue(client, site), await History.open(None, tmp_path)

    async def away(*_: object) -> None:
        raise StoreUnavailable("away")

    try:
        with monkeypatch.context() as broken, pytest.raises(StoreUnavailable):
            broken.setattr(queue, "audit", away)
            await Projector(queue, history, "one").run()
        assert not await history.audit()
        assert [it.act for it in await on_record(queue, history, 2)] == [
            "customers.import",
            "customers.imported",
        ]
    finally:
        await history.close()
