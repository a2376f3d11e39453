"""The stage's clock and reset: time travels without a gap, a reset in the middle of work leaves nothing behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from story_stage import Process, free_port

from tests.helpers_wait import pause

EVA = "+4915112345678"


@dataclass
class Rehearsal:
    """The sandbox by its API."""

    http: aiohttp.ClientSession
    base: str

    async def call(self, path: str, body: object = None) -> Any:
        method = "GET" if body is None else "POST"
        async with self.http.request(method, f"{self.base}/sandbox/api{path}", json=body) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def available(self, *names: str) -> dict[str, Any]:
        people = {it["name"]: it for it in (await self.call("/state"))["agents"]}
        for name in names:
            who = people[name]
            body = {"user": who["slack"], "channel": who["dm"], "command": "/tierline", "text": "available"}
            assert "available" in (await self.call("/slack/command", body))["text"]
        return {name: people[name] for name in names}

    async def text(self, text: str, sender: str = EVA) -> None:
        to = (await self.call("/state"))["numbers"][0]
        await self.call("/sms", {"from": sender, "to": to, "text": text})

    async def cards(self, who: Any) -> list[Any]:
        found = await self.call(f"/slack/messages?user={who['slack']}")
        return [m for m in found if "offer.accept" in json.dumps(m.get("blocks"))]

    async def told(self, who: Any) -> str:
        return json.dumps(await self.call(f"/slack/messages?user={who['slack']}"), ensure_ascii=False)

    async def until(self, holds: Any) -> Any:
        begun = time.monotonic()
        async with asyncio.timeout(90):
            while not (found := await holds()):  # noqa: ASYNC110 - whatever the product does next
                await asyncio.sleep(pause(time.monotonic() - begun))
        return found


@pytest.fixture
async def rehearsal(tmp_path: Path) -> AsyncIterator[Rehearsal]:
    port = free_port()
    env = {
        "PORT": str(free_port()),
        "TIERLINE_SANDBOX_PORT": str(port),
        "TIERLINE_DATA": str(tmp_path / "data"),
    }
    process = Process(("sandbox", "--headless"), env, tmp_path)
    await process.start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(90)) as http:
            it = Rehearsal(http, f"http://127.0.0.1:{port}")

            async def up() -> bool:
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"{it.base}/sandbox/api/state") as answer:
                        return answer.status == 200
                return False

            async with asyncio.timeout(90):
                await it.until(up)
            yield it
            assert await process.stop() == 0, process.log[-3000:]
    finally:
        await process.kill()


async def test_a_deadline_that_time_travel_passes_is_a_miss_and_two_make_away(rehearsal: Rehearsal) -> None:
    await rehearsal.call("/clock", {"at": "2027-01-13T10:00:00+01:00"})
    emil = (await rehearsal.available("Emil"))["Emil"]
    await rehearsal.text("My server is down")
    await rehearsal.until(lambda: rehearsal.cards(emil))
    await rehearsal.call("/clock", {"advance": "61s"})
    assert "Missed" in await rehearsal.told(emil) and "interrupted" not in await rehearsal.told(emil)
    await rehearsal.call("/clock", {"advance": "3m"})
    assert "two offers in a row" in await rehearsal.told(emil)


async def test_who_loses_a_race_is_told_who_won(rehearsal: Rehearsal) -> None:
    await rehearsal.call("/clock", {"at": "2027-01-13T10:00:00+01:00"})
    both = await rehearsal.available("Emil", "Fatma")
    await rehearsal.text("My server is down")
    await rehearsal.call("/clock", {"advance": "35s"})
    cards = {
        name: (await rehearsal.until(lambda who=who: rehearsal.cards(who)))[0] for name, who in both.items()
    }
    presses = [
        {
            "user": both[name]["slack"],
            "channel": card["channel"],
            "ts": card["ts"],
            "action_id": "offer.accept",
        }
        for name, card in cards.items()
    ]
    await asyncio.gather(*(rehearsal.call("/slack/act", press) for press in presses))

    async def loser() -> str:
        said = {name: await rehearsal.told(who) for name, who in both.items()}
        return next((name for name, text in said.items() if "Taken by" in text or "was taken by" in text), "")

    name = await rehearsal.until(loser)
    winner = next(other for other in both if other != name)
    assert f"aken by {winner}" in await rehearsal.told(both[name])
    assert "somebody else" not in await rehearsal.told(both[name])


async def test_a_reset_in_the_middle_of_work_begins_anew_every_time(rehearsal: Rehearsal) -> None:
    for turn in range(4):
        emil = (await rehearsal.available("Emil"))["Emil"]
        await asyncio.gather(*(rehearsal.text("My server is down", f"+49170{turn}0000{n}") for n in range(8)))
        await rehearsal.call("/reset", {})
        assert await rehearsal.cards(emil) == []
    state = await rehearsal.call("/state")
    headers = {"Authorization": f"Bearer {state['api']['token']}"}
    async with rehearsal.http.get(f"{state['product']}/api/v1/contacts", headers=headers) as answer:
        assert await answer.json() == []


async def test_a_slack_that_is_down_does_not_hold_up_time(rehearsal: Rehearsal) -> None:
    await rehearsal.available("Emil")
    await rehearsal.call("/faults", {"slack": {"down": True}})
    await rehearsal.text("My server is down")
    before = (await rehearsal.call("/state"))["time"]
    assert (await rehearsal.call("/clock", {"advance": "10m"}))["time"] > before
    await rehearsal.call("/reset", {})


async def test_a_customer_who_writes_again_after_closing_has_a_contact_linked_to_the_first(
    rehearsal: Rehearsal,
) -> None:
    await rehearsal.call("/clock", {"at": "2027-01-13T10:00:00+01:00"})
    emil = (await rehearsal.available("Emil"))["Emil"]
    await rehearsal.text("My server is down")
    card = (await rehearsal.until(lambda: rehearsal.cards(emil)))[0]
    press = {"user": emil["slack"], "channel": card["channel"], "ts": card["ts"]}
    await rehearsal.call("/slack/act", press | {"action_id": "offer.accept"})
    place = next(c for c in (await rehearsal.call("/state"))["channels"] if c["name"] == "support-nightowl")

    async def heads() -> list[Any]:
        found = await rehearsal.call(f"/slack/messages?channel={place['id']}")
        return [m for m in found if "contact.close" in json.dumps(m.get("blocks"))]

    head = (await rehearsal.until(heads))[0]
    where = {"user": emil["slack"], "channel": place["id"], "ts": head["ts"], "action_id": "contact.close"}
    await rehearsal.call("/slack/act", where)

    async def form() -> list[Any]:
        found = await rehearsal.call(f"/slack/views?user={emil['slack']}")
        return [view for view in found if "disposition" in json.dumps(view)]

    view = (await rehearsal.until(form))[-1]
    filled = {"user": emil["slack"], "view_id": view["id"], "values": {"disposition": "0:solved"}}
    assert (await rehearsal.call("/slack/submit", filled))["ok"]
    api = (await rehearsal.call("/state"))["api"]

    async def contacts() -> list[Any]:
        url, headers = (
            f"{api['url']}/api/v1/contacts?customer=%2B4915112345678",
            {"Authorization": f"Bearer {api['token']}"},
        )
        async with rehearsal.http.get(url, headers=headers) as answer:
            return list(await answer.json())

    async def closed() -> bool:
        return (await contacts())[0]["state"] == "closed"

    await rehearsal.until(closed)
    await rehearsal.call("/clock", {"advance": "31m"})  # sooner it would be the same contact again
    await rehearsal.text("It is down again")
    first, second = await contacts()
    assert (first["previous"], second["previous"]) == (None, first["id"])


async def test_a_supervisor_is_not_called_a_stranger(rehearsal: Rehearsal) -> None:
    mira = next(it for it in (await rehearsal.call("/state"))["supervisors"] if it["name"] == "Mira")
    body = {"user": mira["slack"], "channel": mira["dm"], "command": "/tierline", "text": "status"}
    assert "You are a supervisor" in (await rehearsal.call("/slack/command", body))["text"]
