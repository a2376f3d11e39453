"""A new contact's greeting is worked out from the event that tells of it: the store is busy with its offer."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from helpers_plan import EVA, SMALL, arrived, at, book

from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.queue.state import Event
from tierline.router.alerts import Alerts
from tierline.router.classify import classify
from tierline.router.towards import Towards

NOW = at("2026-11-23 10:00")


class OnlyTexts:
    """A queue that takes texts and can't be asked anything."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str, str]] = []

    async def text(self, contact: str, kind: str, body: str, unasked: bool) -> None:
        self.texts.append((contact, kind, json.loads(body)["text"]))


def came(source: str, **more: object) -> Event:
    decided = classify(book(source), arrived("help", "+4930100"), Customer(EVA), NOW)
    said = {"service": decided.service.name, "facts": decided.facts.to_json(), **more}
    return Event(NOW, "arrived", "C1001", n=1, x=json.dumps(said), id="1-0")


async def greeted(source: str, event: Event) -> list[tuple[str, str, str]]:
    queue = OnlyTexts()
    towards = Towards(
        cast(Queue, cast(Any, queue)), {}, lambda: book(source), Alerts(lambda: {}), cast(Any, None)
    )
    await towards.greet(event)
    return queue.texts


async def test_a_plan_with_a_greeting_sends_it() -> None:
    assert await greeted(SMALL, came(SMALL)) == [("C1001", "received", "We answer by today at 10:10.")]


@pytest.mark.parametrize("more", [{"split_from": "C1000"}])
async def test_who_was_greeted_when_they_wrote_is_not_greeted_again(more: dict[str, object]) -> None:
    assert await greeted(SMALL, came(SMALL, **more)) == []


async def test_a_plan_without_a_greeting_asks_nothing_and_says_nothing() -> None:
    silent = SMALL.partition("texts:")[0]
    assert await greeted(silent, came(silent)) == []
