"""A guest of one channel, to whom no app writes in person, is asked in their team's channel, and nobody else can press."""

from __future__ import annotations

from typing import Any

import pytest

from tierline.channels.channel import Button, Card, NotDelivered
from tierline.channels.slack.memory import Finder
from tierline.channels.slack.messages import telling
from tierline.channels.slack.offers import Offers
from tierline.channels.slack.pace import Urgency
from tierline.channels.slack.people import People
from tierline.channels.slack.tellings import Tellings

ROOM = {"id": "C0NIGHTOWL", "name": "nightowl", "is_member": True}
EMIL = {
    "id": "U0EMIL0001",
    "team_id": "T0OURS",
    "profile": {"email": "emil@nightowl.example", "real_name": "Emil"},
}


class Slack:
    """Refuses direct messages with guests of one channel, and keeps what was posted."""

    def __init__(self, **more: Any) -> None:
        self.user = {**EMIL, **more}
        self.posted: list[tuple[str, Any]] = []

    async def call(self, method: str, urgency: Urgency, **params: Any) -> dict[str, Any]:
        match method:
            case "conversations.list":
                return {"channels": [] if params.get("types") == "im" else [ROOM]}
            case "conversations.open" if self.user.get("is_ultra_restricted"):
                raise NotDelivered("no such person is visible", "user_not_visible", permanent=True)
            case "conversations.open":
                return {"channel": {"id": "D0EMIL0001"}}
            case _:
                return {"user": self.user, "members": [self.user], "channels": [], "messages": []}

    async def post(self, channel: str, message: Any, urgency: Urgency, thread: str = "") -> str:
        self.posted.append((channel, message))
        return f"1.{len(self.posted)}"


def card(agent: str = "emil@nightowl.example") -> Card:
    return Card(
        "C1001", 1, agent, "outage", "sms", "Eva <!here>", True, "L1", "rule", 0, None, 1_800_000_000_000, ("help",), room="#nightowl"
    )  # fmt: skip


def parts(slack: Slack) -> tuple[Offers, Tellings, People]:
    sender: Any = slack
    people, finder = People(sender), Finder(sender)
    return Offers(sender, people, finder), Tellings(sender, people, finder), people


@pytest.mark.promise("guest-offers")
@pytest.mark.parametrize("warm", [False, True])
async def test_a_single_channel_guest_is_offered_it_in_the_teams_channel_by_name(warm: bool) -> None:
    slack = Slack(is_restricted=True, is_ultra_restricted=True)
    offers, tellings, people = parts(slack)
    if warm:
        await people.warm()
    assert (await offers.show(card(), again=False)).startswith("C0NIGHTOWL:")
    channel, message = slack.posted[0]
    assert channel == "C0NIGHTOWL" and message.text.startswith("<@U0EMIL0001> ")
    assert message.metadata["event_payload"] == {"contact": "C1001", "offer": 1, "for": "U0EMIL0001"}
    assert (
        "For <@U0EMIL0001>: nobody else can press this." in str(message.blocks)
        and "<!here>" not in message.text
    )
    # What else they are told in person stands there, too.
    away = telling("You are away now.", (Button("agent.back", "Back"),))
    await tellings.tell("emil@nightowl.example", away, "", False)
    assert slack.posted[1][0] == "C0NIGHTOWL" and slack.posted[1][1].text == "<@U0EMIL0001> You are away now."


@pytest.mark.promise("guest-offers")
@pytest.mark.parametrize("more", [{}, {"is_restricted": True}])
async def test_members_and_guests_of_several_channels_are_asked_in_person(more: dict[str, Any]) -> None:
    slack = Slack(**more)
    offers, _, _ = parts(slack)
    assert (await offers.show(card(), again=False)).startswith("D0EMIL0001:")
    assert "for" not in slack.posted[0][1].metadata["event_payload"] and "nobody else" not in str(
        slack.posted[0][1].blocks
    )


async def test_a_guest_without_a_channel_is_not_reached_and_that_is_said() -> None:
    slack = Slack(is_ultra_restricted=True)
    offers, tellings, _ = parts(slack)
    with pytest.raises(NotDelivered):
        await tellings.tell("emil@nightowl.example", telling("Hello"), "", False)
    assert await offers.find("emil@nightowl.example", ("C1001", 1)) == ""
