"""A reply that is edited or deleted after it left: its writer hears that the customer has the first words."""

from __future__ import annotations

import pytest
from desk_stage import desk_stage, head, mark
from slack_stage import ADA, ROOM, until


@pytest.mark.parametrize(("how", "more"), [("edit", {"text": "better"}), ("delete", {})])
async def test_who_changes_a_reply_that_has_left_is_told_what_the_customer_has(
    how: str, more: dict[str, str]
) -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        await until(lambda: on.house.verbs("typed"))
        for state in ("held", "sent"):
            await on.desk.mark(place, mark(state, source))
        channel, ts = source.split(":")
        await on.stage.post(how, user=ADA, channel=channel, ts=ts, **more)
        assert (await on.find(ROOM, "customer has it as it was"))["ephemeral_to"] == ADA
        assert not on.house.verbs("undo") and len(on.house.verbs("typed")) == 1
