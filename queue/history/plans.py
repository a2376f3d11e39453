"""Every version of the plan, as its `plan` event told it, and what its walk over those who waited came to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ..state import Event
from .fold import Position
from .records import PlanVersion, decoded
from .tables import insert_into, plans


async def keep_plans(connection: AsyncConnection, placed: Sequence[tuple[Position, Event]]) -> None:
    """Take over new versions (the first that claims a number has it) and what was moved."""
    for _, event in placed:
        if (it := PlanVersion.of(event)) is not None:
            row = {
                "version": it.version, "at": it.at, "author": it.author, "reason": it.reason,
                "waiting": it.waiting, "diff": json.dumps(it.diff, ensure_ascii=False), "yaml": it.yaml,
                "seen": None, "moved": None,
            }  # fmt: skip
            new = insert_into(plans, connection.dialect.name).values(row)
            await connection.execute(new.on_conflict_do_nothing())
        elif event.e == "plan.walked":
            x = decoded(event.x)
            figures = {key: int(x[key]) for key in ("seen", "moved") if isinstance(x.get(key), (int, float))}
            number = x.get("version")
            if figures and isinstance(number, (int, float)):
                where = plans.c.version == int(number)
                await connection.execute(update(plans).where(where).values(figures))


async def read_versions(connection: AsyncConnection, limit: int) -> tuple[PlanVersion, ...]:
    """The latest `limit` versions, oldest first, without their yaml."""
    columns = [column for column in plans.c if column.name != "yaml"]
    query = select(*columns).order_by(plans.c.version.desc()).limit(limit)
    rows = (await connection.execute(query)).mappings().all()
    return tuple(_version(row) for row in reversed(rows))


async def read_version(connection: AsyncConnection, number: int) -> PlanVersion | None:
    """One version whole."""
    row = (await connection.execute(select(plans).where(plans.c.version == number))).mappings().first()
    return None if row is None else _version(row)


def _version(row: Mapping[Any, Any]) -> PlanVersion:
    return PlanVersion(
        row["version"], row["at"], row["author"], row["reason"], row["waiting"],
        tuple(json.loads(row["diff"])), row.get("yaml", ""), row["seen"], row["moved"],
    )  # fmt: skip
