"""What was said on the phone stays with the call, and nobody is cut off because their contacts become one."""

from __future__ import annotations

import pytest
from calls_stage import stage_of

from tierline.bench.races.scene import BOOK, Nothing
from tierline.queue.client import Client
from tierline.router.moves import Moves, Who


async def test_a_call_cannot_be_split_and_its_supervisor_hears_why(client: Client, site: str) -> None:
    stage = await stage_of(client, site)
    contact = await stage.called()
    moves = Moves(stage.queue, lambda: BOOK, Nothing())  # type: ignore[arg-type]  # nothing of the past is asked
    told = await moves.split(Who("Mira", "", True, "test"), contact, [1])
    assert not told.ok and "by phone can't be split off" in told.text
    assert [it.id for it in await stage.queue.contacts(limit=9)] == [contact]


@pytest.mark.promise("merge-one")
async def test_nobody_is_cut_off_by_a_merge(client: Client, site: str) -> None:
    stage = await stage_of(client, site)
    contact, other = await stage.called(), await stage.called("CA2", "+4915110000002")
    moves = Moves(stage.queue, lambda: BOOK, Nothing())  # type: ignore[arg-type]
    mira = Who("Mira", "", True, "test")
    told = await moves.merge(mira, contact, other)
    assert not told.ok and "is on the line" in told.text
    assert {it.id for it in await stage.queue.contacts(("waiting", "offered"), limit=9)} == {contact, other}
    await stage.queue.leg(contact, "CA1", "completed", {"r": "customer"})
    assert (await moves.merge(mira, contact, other)).ok
