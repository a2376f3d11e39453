"""What was said on the phone stays with the call: a contact of its own would ring agents for a caller who isn't there."""

from __future__ import annotations

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
