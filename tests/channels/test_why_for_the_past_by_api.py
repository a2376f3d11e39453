"""`/why` of the running product: open and ended contacts, now and at an instant, also when the store has forgotten."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from helpers_app import EVA, JONAS, Inside, inside

from tierline.console.cli_ask import lines
from tierline.router.rulebook import agent_id

ADA, BEN = agent_id("Ada"), agent_id("Ben")


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path) as it:
        yield it


async def asked(it: Inside, contact: str, query: str = "", status: int = 200) -> Any:
    url = f"{it.product}/api/v1/contacts/{contact}/why{query}"
    async with it.http.get(url, headers=it.token) as answer:
        assert answer.status == status, (query, answer.status, await answer.text())
        return await answer.json()


def comparable(why: Any) -> Any:
    """What both tell; only a reply's timers of the desk may move between two looks."""
    return {key: why[key] for key in ("state", "rule", "service", "step", "agents", "next", "not_yet")}


@pytest.mark.promise("why-past")
async def test_an_instant_that_is_over_is_explained_as_it_was_explained_then(running: Inside) -> None:
    queue = running.app.queue
    await queue.presence(ADA, "available")
    assert await running.text("My line is down", EVA) == 200
    contact = (await queue.contacts())[0]
    await running.until(lambda: running.cards("Ada"))
    await running.app.projector.settled()
    then, was = await queue.now(), await asked(running, contact.id)
    assert was["agents"][0] | {"since": None, "until": None} == {
        "agent": "Ada", "reason": "is being asked now", "since": None, "until": None
    }  # fmt: skip
    offer = next(o for o in (await queue.contact(contact.id)).offers)  # type: ignore[union-attr]
    assert (await queue.decline(contact.id, offer.number, ADA, "in a meeting")).done
    await queue.presence(BEN, "available")
    second = (await queue.contact(contact.id)).offers[0]  # type: ignore[union-attr]
    assert second.agent == BEN and (await queue.accept(contact.id, second.number, BEN)).done
    assert (await queue.complete(contact.id, BEN, '{"disposition":"solved"}')).done
    wrapping = await queue.contact(contact.id)
    if wrapping is not None and wrapping.state == "wrapping":
        await queue.finish(contact.id, BEN)
    assert comparable(await asked(running, contact.id, f"?at={then}")) == comparable(was)

    ended = await asked(running, contact.id, "?choices=1")
    assert ended["state"] == "closed" and ended["outcome"] == "solved" and ended["agents"] == []
    became = [(o["agent"], o["became"], o["reason"]) for o in ended["offers"]]
    assert became == [("Ada", "declined", "in a meeting"), ("Ben", "accepted", "")]
    assert [o["why"] for o in ended["offers"]] == [
        "nobody else could take it then", "had room for it, and it was the earliest"
    ], ended["note"]  # fmt: skip
    told = "\n".join(lines(ended))
    for words in (
        "Ada declined: in a meeting",
        "Ben took it",
        "closed (solved)",
        "nobody else could take it",
    ):
        assert words in told, told
    ben = running.person("Ben")
    command = {"user": ben.slack, "channel": ben.dm, "command": "/tierline", "text": f"why {contact.id}"}
    assert "Ben took it" in json.dumps(await running.call("/slack/command", command))

    for at in ("--at 2026-11-20T14:30", "—at yesterday", "at 14:30"):  # Slack makes a dash of two hyphens
        answer = json.dumps(
            await running.call("/slack/command", {**command, "text": f"why {contact.id} {at}"})
        )
        assert "Ben took it" in answer and f"`tierline why {contact.id} --at" in answer, answer

    await running.app.projector.settled()
    assert await queue.forget(contact.id)
    assert await queue.contact(contact.id) is None
    gone = await asked(running, contact.id)
    assert gone["state"] == "closed" and gone["timeline"] == ended["timeline"]
    assert comparable(await asked(running, contact.id, f"?at={then}")) == comparable(was)


@pytest.mark.promise("why-then")
async def test_who_waited_while_a_service_was_closed_at_once_is_explained_by_that(running: Inside) -> None:
    queue, url = running.app.queue, f"{running.product}/api/v1/services/SERVICE"
    assert await running.text("My line is down", EVA) == 200
    contact = (await queue.contacts())[0]
    url = url.replace("SERVICE", contact.service)
    async with running.http.post(f"{url}/close", json={"text": "Evacuated"}, headers=running.token) as answer:
        assert answer.status == 200, await answer.text()

    async def held() -> bool:
        view = await queue.contact(contact.id)
        return view is not None and view.state == "parked"

    await running.until(held)
    await running.app.projector.settled()
    then, was = await queue.now(), await asked(running, contact.id)
    assert {row["reason"] for row in was["agents"]} == {"the service is closed (emergency: Evacuated)"}
    assert comparable(await asked(running, contact.id, f"?at={then}")) == comparable(was)
    async with running.http.post(f"{url}/open", json={}, headers=running.token) as answer:
        assert answer.status == 200, await answer.text()
    await running.app.projector.settled()
    assert comparable(await asked(running, contact.id, f"?at={then}")) == comparable(was)


async def test_what_cannot_be_told_is_said_in_words(running: Inside) -> None:
    assert await running.text("My line is down", JONAS) == 200
    queue = running.app.queue
    contact, now = (await queue.contacts())[0], await queue.now()
    for query, status in (
        ("?at=yesterday", 400),
        ("?at=2099-01-01T00:00", 400),
        ("?at=99999999999999999999", 400),
        (f"?at={contact.arrived - 1000}", 404),
        ("?at=2020-01-01", 404),
    ):
        assert "hint" in await asked(running, contact.id, query, status)
    assert "hint" in await asked(running, "C9", "?at=now", 404)
    assert "hint" in await asked(running, "C9", "", 404)
    assert (await asked(running, contact.id, "?at=now"))["note"] == ""
    with sqlite3.connect(running.app.settings.data / "history.sqlite3") as raw:
        changed = "UPDATE events SET x = '{}' WHERE e = 'agent'"
        assert raw.execute(changed).rowcount
    raw.close()
    await running.app.past.stop()  # its process had read the record before it was altered
    altered = await asked(running, contact.id, f"?at={now}")
    assert "can't be told" in altered["note"] and altered["agents"] == [] and altered["timeline"]
