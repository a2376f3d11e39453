"""What counts in a channel that a customer shares, and how an answer stands there."""

from __future__ import annotations

import json
from typing import Any

import pytest
from helpers_plan import SMALL

from tierline.channels.channel import Words
from tierline.channels.slack.shared_door import by_person, message, read_event
from tierline.queue.contact import Arrived
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.shared import shared_places

BOT = "U0TIERLINE"
SAID = {"type": "message", "channel": "C1", "ts": "1.000100", "user": "U0CARLA", "text": "help &amp; soon"}


@pytest.mark.promise("shared-strangers")
@pytest.mark.parametrize(
    ("event", "counts"),
    [
        (SAID, True),
        ({**SAID, "bot_id": "B0OTHER"}, False),
        ({**SAID, "user": BOT}, False),
        ({**SAID, "user": "USLACKBOT"}, False),
        ({**SAID, "user": ""}, False),
        ({"subtype": "message_changed", "message": {**SAID, "text": "x"}, "previous_message": SAID}, True),
        ({"subtype": "message_changed", "message": {**SAID, "reply_count": 1}, "previous_message": SAID}, False),
        ({"subtype": "message_changed", "message": {**SAID, "text": "x"}, "previous_message": {**SAID, "user": BOT}}, False),
        ({"subtype": "message_deleted", "previous_message": SAID, "deleted_ts": "1.000100"}, True),
        ({"subtype": "message_deleted", "previous_message": {**SAID, "bot_id": "B0"}, "deleted_ts": "1.000100"}, False),
        ({"subtype": "message_deleted", "deleted_ts": "1.000100"}, False),
    ],
)  # fmt: skip
def test_bots_previews_and_our_own_posts_never_count(event: dict[str, Any], counts: bool) -> None:
    assert by_person(event, BOT) is counts


def test_an_event_is_read_as_what_was_said_and_where() -> None:
    heard = read_event({**SAID, "thread_ts": "0.000900"})
    assert heard is not None and (heard.place, heard.root, heard.user) == (
        "C1:1.000100",
        "0.000900",
        "U0CARLA",
    )
    deleted = read_event({"channel": "C1", "subtype": "message_deleted", "previous_message": SAID})
    assert deleted is not None and (deleted.ts, deleted.before) == ("1.000100", "help & soon")
    assert read_event({"channel": "C1", "ts": "1.1"}) is None and read_event({}) is None


@pytest.mark.promise("shared-contact")
def test_an_answer_stands_under_its_agents_name_and_nothing_in_it_comes_alive() -> None:
    words = Words(
        "C1001.2", "slack:C1:1.000100", "#ext-acme", "<!channel> *hi* <https://x|y>", author="Ada <!here>"
    )
    shown = message(words)
    assert "<" not in shown.text and shown.metadata == {
        "event_type": "tierline_words", "event_payload": {"words": "C1001.2"},
    }  # fmt: skip
    kinds = {one["type"] for one in _objects(shown.blocks) if "text" in one and isinstance(one["text"], str)}
    assert kinds <= {"plain_text", "mrkdwn"}
    marked = [one["text"] for one in _objects(shown.blocks) if one.get("type") == "mrkdwn"]
    assert marked == [":bust_in_silhouette:"]


def _objects(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(it for one in value.values() for it in _objects(one))]
    return [it for one in value for it in _objects(one)] if isinstance(value, list | tuple) else []


def test_an_arrival_keeps_whose_door_it_came_by_and_older_ones_are_read() -> None:
    it = Arrived("chat", "slack:C1:1.1", "slack:C1:1.1", "#ext-acme", "hi", customer="acme")
    assert Arrived.parse(it.to_json()) == it
    old = Arrived("sms", "SM1", "+49", "+48", "hi")
    assert "customer" not in json.loads(old.to_json()) and Arrived.parse(old.to_json()) == old


def entry(words: str) -> str:
    return SMALL.replace("agents:", f"  - {{channel: slack, {words}}}\nagents:", 1)


def test_the_plans_doors_in_slack_are_known_by_their_channel() -> None:
    plan = parse(
        entry('in: "#ext-acme", service: help, on: reaction, reaction: sos, customer: acme, language: de')
    )
    (place,) = shared_places(plan)
    assert (place.place, place.reaction, place.customer, place.language) == ("#ext-acme", "sos", "acme", "de")
    door = plan.entry_for("chat", "#ext-acme")
    assert door is not None and door.service == "help"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("service: help", "which channel?"),
        ('in: "#ext-acme"', "where does this door lead?"),
        ('in: "#desk", service: help', "a customer would read along"),
        ('in: "#ext-acme", service: help, on: reaction', "which reaction?"),
        ('in: "#ext-acme", service: help, reaction: sos', "every message counts here"),
        ('in: "#ext-acme", service: help, on: reaction, reaction: ":sos:"', "named without colons"),
        ('in: "#ext-acme", service: help, to: "+4930100"', "has no such thing"),
        ('in: "#ext-acme", service: hlep', 'no service is called "hlep"'),
        ('in: "#ext-acme", service: help}\n  - {channel: slack, in: "#ext-acme", service: help', "is here twice"),
        ('in: "#ext-acme", service: help}\n  - {channel: sms, to: "+4930101", service: help, on: reaction', "only a door in slack"),
    ],
)  # fmt: skip
def test_a_door_in_slack_that_cannot_be_is_a_mistake_on_its_line(words: str, said: str) -> None:
    with pytest.raises(PlanErrors, match=said):
        parse(entry(words))
