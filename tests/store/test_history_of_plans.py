"""Every version of the plan is kept and readable, also when the history lags; the audit log shows any tampering."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_history import history as history
from helpers_history import rows, told
from helpers_queue import make_queue
from sqlalchemy import delete, insert, select, update

from tierline.queue.client import Client
from tierline.queue.history.audit import Line
from tierline.queue.history.database import HistoryUnavailable
from tierline.queue.history.history import History
from tierline.queue.history.tables import audit, events, plans
from tierline.queue.state import Event
from tierline.router.active import ActivePlan
from tierline.router.plan.load import parse
from tierline.router.versions import NoSuchVersion, Versions

PLAN = "site: a\ntimezone: UTC\nlanguages: [en]\nsupervisors: [mira@a.example]\n"


def version(n: int, entry: str, **more: object) -> Event:
    x = {"version": n, "author": "Mira", "reason": f"reason {n}", "waiting": "new", "diff": [f"line {n}"], "yaml": f"yaml {n}"}  # fmt: skip
    return told(n * 1_000, "plan", id=entry, **{**x, **more})


def change(n: int, **what: object) -> Event:
    return told(
        n * 1_000,
        "audit",
        id=f"{n}-0",
        who="Mira",
        act="plan.publish",
        origin="api 10.0.0.7",
        what=what or {"n": n},
    )


@pytest.mark.promise("plan-versions")
async def test_every_version_is_kept_with_who_why_and_what_changed(history: History) -> None:
    walked = told(2_500, "plan.walked", id="3-0", version=2, seen=40, moved=12)
    again = version(2, "4-0", yaml="another", author="somebody else")
    await history.project([version(1, "1-0"), version(2, "2-0"), walked, again])
    found = await history.plans()
    assert [(it.version, it.author, it.reason, it.diff, it.yaml) for it in found] == [
        (1, "Mira", "reason 1", ("line 1",), ""),
        (2, "Mira", "reason 2", ("line 2",), ""),
    ]
    assert (found[1].seen, found[1].moved, found[0].moved) == (40, 12, None)
    whole = await history.plan(2)
    assert whole is not None and whole.yaml == "yaml 2", "a version never changes"
    assert await history.plan(3) is None
    before = await rows(history)
    await history.rebuild()
    assert await rows(history) == before


@pytest.mark.parametrize(
    "x", ["", "[]", "{", '{"version": "x"}', '{"version": true}', '{"version": 1e300}', '{"version": -1}']
)
async def test_a_strange_event_is_no_version_and_stops_nothing(history: History, x: str) -> None:
    await history.project(
        [
            Event(1, "plan", x=x, id="1-0"),
            Event(1, "plan.walked", x=x, id="2-0"),
            Event(1, "audit", x=x, id="3-0"),
        ]
    )
    assert await history.plans() == ()
    assert len(await history.audit()) == 1 and not (await history.verify()).wrong


# ---- versions while the history lags --------------------------------------------------------------------------------


class Away:
    """A history that doesn't answer."""

    async def plans(self, limit: int = 1_000) -> tuple[()]:
        raise HistoryUnavailable("away")

    async def plan(self, version: int) -> None:
        raise HistoryUnavailable("away")

    async def arriving(self, address: str, event: str) -> tuple[None, None]:
        raise HistoryUnavailable("away")

    async def arrived(self, limit: int) -> tuple[()]:
        raise HistoryUnavailable("away")


@pytest.mark.promise("plan-lag")
async def test_versions_are_readable_and_one_can_go_back_while_the_history_lags(
    client: Client, site: str, tmp_path: Path
) -> None:
    queue = await make_queue(client, site)
    plan = await ActivePlan.open(queue, parse(PLAN), "first start")
    second = PLAN.replace("[mira@", "[tom@a.example, mira@")
    empty = await History.open(None, tmp_path)
    try:
        versions = Versions(queue, plan, empty)
        await versions.publish(second, "Mira", "Tom helps", None, "new", "test")
        for it in (versions, Versions(queue, plan, Away())):
            found = await it.versions()
            assert [(v.version, v.author, v.reason) for v in found] == [
                (1, "first start", "first start"),
                (2, "Mira", "Tom helps"),
            ]
            assert found[1].diff == ("Supervisors: tom@a.example added",) and found[1].yaml == ""
            assert (await it.version(1)).yaml == PLAN
            assert await it.diff(2, 1) == ("Supervisors: tom@a.example removed",)
        with pytest.raises(NoSuchVersion, match="no plan version 3"):
            await versions.version(3)
        back = await versions.rollback(1, "Mira", "", None, "new", "test")
        assert back.version == 3 and plan().plan.source == PLAN
        assert (await versions.versions())[-1].reason == "rollback to 1"
        await empty.project(await queue.events(count=1000))
        assert [v.version for v in await empty.plans()] == [1, 2, 3]
        assert [(it.who, it.act, json.loads(it.what)["version"]) for it in await empty.audit()] == [
            ("first start", "plan.publish", 1),
            ("Mira", "plan.publish", 2),
            ("Mira", "plan.publish", 3),
        ]
    finally:
        await empty.close()


# ---- the audit log --------------------------------------------------------------------------------------------------


async def test_the_audit_log_is_chained_once_and_survives_a_rebuild(history: History) -> None:
    await history.project([change(1), change(2)])
    await history.project([change(2), change(3)])
    await history.keep([change(4)])
    lines = await history.audit()
    assert [it.n for it in lines] == [1, 2, 3, 4] and len({it.hash for it in lines}) == 4
    assert [it.n for it in await history.audit(after=2, limit=1)] == [3]
    await history.rebuild()
    assert await history.audit() == lines
    found = await history.verify()
    assert (found.lines, found.head, found.wrong) == (4, lines[-1].hash, "")


@pytest.mark.promise("audit-tamper")
@pytest.mark.parametrize("line", [1, 3, 5])
@pytest.mark.parametrize("column", ["at", "who", "act", "origin", "what", "hash", "ms", "", "n"])
async def test_altering_or_taking_out_one_line_is_found(history: History, line: int, column: str) -> None:
    await history.project([change(n) for n in range(1, 6)])
    assert not (await history.verify()).wrong
    where = audit.c.n == line
    async with history.database.write() as connection:
        if column:
            was = (await connection.execute(select(audit.c[column]).where(where))).scalar_one()
            now = was + 90 if isinstance(was, int) else was.replace(was[0], "~")
            await connection.execute(update(audit).where(where).values({column: now}))
        else:
            await connection.execute(delete(audit).where(where))
    found = await history.verify()
    assert found.wrong and found.lines <= 5


async def test_a_line_altered_with_its_hash_made_anew_is_found_by_the_next(history: History) -> None:
    await history.project([change(n) for n in range(1, 6)])
    before, line = (await history.audit())[:2]
    forged = replace(line, who="Tom")
    async with history.database.write() as connection:
        where = update(audit).where(audit.c.n == 2)
        await connection.execute(where.values(who="Tom", hash=forged.hashed(before.hash)))
    found = await history.verify()
    assert found.lines == 2 and found.wrong.startswith("line 3 was altered")


async def test_a_line_put_in_or_a_whole_tail_cut_off_is_found(history: History) -> None:
    await history.project([change(n) for n in range(1, 6)])
    lines = await history.audit()
    head = (5, lines[-1].hash)
    assert not (await history.verify(head)).wrong
    forged = Line(6, 99, 0, 0, 6_000, "Eve", "plan.publish", "nowhere", "{}")
    async with history.database.write() as connection:
        row = {name: getattr(forged, name) for name in Line.__slots__} | {"hash": forged.hashed(head[1])}
        await connection.execute(insert(audit).values(row))
    assert "isn't in the archive" in (await history.verify()).wrong
    async with history.database.write() as connection:
        await connection.execute(delete(audit).where(audit.c.n > 3))
        await connection.execute(delete(events).where(events.c.ms > 3))
    assert not (await history.verify()).wrong, "who may write everything leaves no trace here"
    assert (await history.verify(head)).wrong == "lines 4 to 5 are missing", (
        "but a head noted elsewhere tells"
    )


async def test_nothing_of_the_audit_log_is_in_the_tables_that_are_worked_out_again(history: History) -> None:
    await history.project([change(1)])
    async with history.database.write() as connection:
        await connection.execute(delete(plans))
    assert not (await history.verify()).wrong
