"""Somebody of a connected workspace is never taken for one of ours by a mail address that they carry."""

from __future__ import annotations

from typing import Any

import pytest

from tierline.channels.slack.pace import Urgency
from tierline.channels.slack.people import People


class Slack:
    """Answers users.info with one person."""

    def __init__(self, **more: Any) -> None:
        profile = {"email": "mira@northwind.example", "real_name": "Mira"}
        self.user = {"id": "U0SOMEBODY", "profile": profile, "team_id": "T0OURS", **more}

    async def call(self, method: str, urgency: Urgency, **params: Any) -> dict[str, Any]:
        return {"ok": True, "user": self.user}


@pytest.mark.parametrize("more", [{"team_id": "T0THEIRS"}, {"is_stranger": True}])
async def test_an_address_from_another_workspace_names_nobody(more: dict[str, Any]) -> None:
    people = People(Slack(**more))  # type: ignore[arg-type]
    people.home = "T0OURS"
    assert (await people.actor("U0SOMEBODY")).email == ""
    assert "mira@northwind.example" not in people.ids()


async def test_our_own_people_are_known_by_their_address() -> None:
    people = People(Slack())  # type: ignore[arg-type]
    people.home = "T0OURS"
    assert (await people.actor("U0SOMEBODY")).email == "mira@northwind.example"
