"""A newcomer who can't be offered anything yet, a file without words, a supervisor's reply, a contact's outcome."""

from __future__ import annotations

import json
from typing import Any

from test_clock_and_reset import Rehearsal, rehearsal

__all__ = ["rehearsal"]


async def api(it: Rehearsal, path: str, body: object = None) -> Any:
    found = (await it.call("/state"))["api"]
    headers = {"Authorization": f"Bearer {found['token']}"}
    method, url = "GET" if body is None else "PUT", f"{found['url']}/api/v1{path}"
    async with it.http.request(method, url, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def pressed(it: Rehearsal, mira: Any, card: Any) -> Any:
    """The form under the Add button."""
    press = {"user": mira["slack"], "channel": card["channel"], "ts": card["ts"], "action_id": "agent.add"}
    await it.call("/slack/act", press)

    async def form() -> list[Any]:
        return [v for v in await it.call(f"/slack/views?user={mira['slack']}") if '"tier"' in json.dumps(v)]

    return (await it.until(form))[-1]


async def test_who_adds_a_newcomer_hears_which_levels_are_still_missing(rehearsal: Rehearsal) -> None:
    state = await rehearsal.call("/state")
    people = {p["name"]: p for p in (*state["agents"], *state["supervisors"])}
    plan = await api(rehearsal, "/plan")
    lines = plan["yaml"].splitlines(keepends=True)
    at = next(n for n, text in enumerate(lines) if "name: Fatma" in text)
    without = {
        "yaml": "".join(lines[:at] + lines[at + 2 :]),
        "author": "Mira",
        "reason": "left",
        "on": plan["version"],
    }
    await api(rehearsal, "/plan", without)
    fatma, mira = people["Fatma"], people["Mira"]
    command = {"user": fatma["slack"], "channel": fatma["dm"], "command": "/tierline", "text": "available"}
    assert "Ask mira@northwind.example" in (await rehearsal.call("/slack/command", command))["text"]

    async def asked() -> list[Any]:
        found = await rehearsal.call(f"/slack/messages?user={mira['slack']}")
        return [m for m in found if "agent.add" in json.dumps(m["blocks"])]

    card = (await rehearsal.until(asked))[0]
    for _ in range(3):  # asked again and again: whoever asks is answered, nobody else is bothered
        assert "Ask mira@northwind.example" in (await rehearsal.call("/slack/command", command))["text"]
    assert len(await asked()) == 1
    view = await pressed(rehearsal, mira, card)
    sent = {"user": mira["slack"], "view_id": view["id"], "values": {}}
    assert (await rehearsal.call("/slack/submit", sent))["ok"]

    async def told() -> bool:
        return "Nothing is offered to Fatma before" in await rehearsal.told(mira)

    await rehearsal.until(told)
    assert "network ≥ 2" in await rehearsal.told(mira)
    assert "available" in (await rehearsal.call("/slack/command", command))["text"]


async def test_a_file_stays_inside_a_supervisor_hears_the_owner_and_the_outcome_is_shown(
    rehearsal: Rehearsal,
) -> None:
    await rehearsal.call("/clock", {"at": "2027-01-13T10:00:00+01:00"})
    emil = (await rehearsal.available("Emil"))["Emil"]
    await rehearsal.text("My server is down")
    card = (await rehearsal.until(lambda: rehearsal.cards(emil)))[0]
    press = {"user": emil["slack"], "channel": card["channel"], "ts": card["ts"]}
    await rehearsal.call("/slack/act", press | {"action_id": "offer.accept"})
    state = await rehearsal.call("/state")
    place = next(c["id"] for c in state["channels"] if c["name"] == "support-nightowl")
    mira = next(p for p in state["supervisors"] if p["name"] == "Mira")

    async def room() -> list[Any]:
        return list(await rehearsal.call(f"/slack/messages?channel={place}"))

    async def heads() -> list[Any]:
        return [m for m in await room() if "contact.close" in json.dumps(m["blocks"])]

    async def said(text: str) -> list[Any]:
        return [m for m in await room() if text in m["text"]]

    async def filled(who: Any, action: str, values: dict[str, str]) -> None:
        await rehearsal.call(
            "/slack/act", {"user": who["slack"], "channel": place, "ts": ts, "action_id": action}
        )
        field = next(iter(values))

        async def form() -> list[Any]:
            return [
                v for v in await rehearsal.call(f"/slack/views?user={who['slack']}") if field in json.dumps(v)
            ]

        view = (await rehearsal.until(form))[-1]
        sent = {"user": who["slack"], "view_id": view["id"], "values": values}
        assert (await rehearsal.call("/slack/submit", sent))["ok"]

    ts = (await rehearsal.until(heads))[0]["ts"]
    file = {"user": emil["slack"], "channel": place, "thread_ts": ts, "filename": "a.txt", "content": "x"}
    await rehearsal.call("/slack/upload", file)
    await rehearsal.until(lambda: said("a.txt is nothing that a phone shows"))
    await filled(mira, "contact.reply", {"text": "From above"})
    heard = (await rehearsal.until(lambda: said("From above")))[0]
    assert "is with Emil" in heard["text"] and heard["ephemeral_to"] == mira["slack"]
    await filled(emil, "contact.close", {"disposition": "0:solved", "resolution": "Restarted"})

    async def outcome() -> Any:
        return (await api(rehearsal, "/contacts/C1001")).get("outcome")

    found = await rehearsal.until(outcome)
    assert (found["disposition"], found["resolution"], found["by"]) == ("solved", "Restarted", "Emil")
