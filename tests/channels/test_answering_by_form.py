"""Answering by form, canned answers, declining with a reason and accepting by itself: through real Slack sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_app import JONAS, PLAN, Inside, inside

PLAY = (
    PLAN.replace(
        'teams: {desk: {channel: "#desk"}}',
        'teams: {desk: {channel: "#desk"}, careful: {channel: "#careful", replies: explicit, auto_accept: true}}\n'
        'canned: {Hello there: {en: "Hello {customer}, {agent} here about {contact}."}}\n'
        "decline_reasons: [In a meeting, Not my field]",
    )
    .replace("steps: [{tiers: [L1], until: 30m}", "steps: [{tiers: [L1], teams: any, until: 30m}")
    .replace("settings:", "  - {name: Eve, slack: eve@inside.example, team: careful, tier: L1}\nsettings:")
)


async def thread(it: Inside, contact: str) -> dict[str, str]:
    """The contact's thread."""

    async def look() -> dict[str, str] | None:
        for place in it.rehearsal.cast.places:
            for m in await it.call(f"/slack/messages?channel={place.id}"):
                said = (m.get("metadata") or {}).get("event_payload", {})
                if said.get("contact") == contact and "thread_ts" not in m:
                    return {"channel": place.id, "thread_ts": str(m["ts"])}
        return None

    found: dict[str, str] = await it.until(look)
    return found


async def whispered(it: Inside, name: str, at: dict[str, str], text: str) -> dict[str, Any]:
    """What one person was told there for them alone."""
    user = it.person(name).slack

    async def look() -> dict[str, Any] | None:
        found = await it.call(f"/slack/messages?channel={at['channel']}")
        return next((m for m in found if m.get("ephemeral_to") == user and text in str(m["blocks"])), None)

    found: dict[str, Any] = await it.until(look)
    return found


async def press(
    it: Inside, name: str, message: dict[str, Any], action: str, value: str | None = None
) -> None:
    body = {
        "user": it.person(name).slack,
        "channel": message["channel"],
        "ts": message["ts"],
        "action_id": action,
    }
    await it.call("/slack/act", body | ({"value": value} if value is not None else {}))


async def form(it: Inside, name: str, text: str) -> dict[str, Any]:
    """The modal with `text` in it."""
    user = it.person(name).slack

    async def look() -> dict[str, Any] | None:
        found = await it.call(f"/slack/views?user={user}")
        return next((v for v in found if text in str(v["blocks"])), None)

    found: dict[str, Any] = await it.until(look)
    return found


async def submit(it: Inside, name: str, view: dict[str, Any], values: dict[str, Any]) -> Any:
    body = {"user": it.person(name).slack, "view_id": view["id"], "values": values}
    return await it.call("/slack/submit", body)


async def types(it: Inside, name: str, at: dict[str, str], text: str) -> None:
    await it.call("/slack/reply", {"user": it.person(name).slack, "text": text, **at})


@pytest.mark.promise("canned")
async def test_a_canned_answer_is_seen_before_it_is_sent_and_arrives_filled_in(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAY) as it:
        await it.slash("Ada", "available")
        await it.text("help me")
        await it.accept("Ada", "help me")
        contact = (await it.contact())["id"]
        at = await thread(it, contact)
        await types(it, "Ada", at, "!hello there")
        seen = await whispered(it, "Ada", at, f"Hello Eva Brandt, Ada here about {contact}.")
        assert not await it.got("Ada here")
        await press(it, "Ada", seen, "note.send")
        got = await it.until(lambda: it.got("Ada here"))
        assert [m["text"] for m in got] == [f"Hello Eva Brandt, Ada here about {contact}."]
        await types(it, "Ada", at, "!goodbye")
        await whispered(it, "Ada", at, "There is no canned answer “goodbye”. There are: Hello there.")
        assert "*Hello there* – Hello {customer}" in await it.slash("Ada", "canned")


@pytest.mark.promise("canned")
async def test_a_canned_answer_is_changed_in_the_reply_form_before_it_is_sent(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAY) as it:
        await it.slash("Ada", "available")
        await it.text("help me")
        await it.accept("Ada", "help me")
        contact = (await it.contact())["id"]
        at = await thread(it, contact)
        head = {"channel": at["channel"], "ts": at["thread_ts"]}
        await press(it, "Ada", head, "form.canned")
        choose = await form(it, "Ada", "Which one?")
        said = await submit(it, "Ada", choose, {"name": "0:Hello there"})
        assert said["ok"], said
        reply = await form(it, "Ada", f"Hello Eva Brandt, Ada here about {contact}.")
        assert (await submit(it, "Ada", reply, {"text": "Hello, this is Ada."}))["ok"]
        got = await it.until(lambda: it.got("Ada"))
        assert [m["text"] for m in got] == ["Hello, this is Ada."]


@pytest.mark.promise("reply-explicit")
async def test_where_replies_are_explicit_what_was_typed_goes_by_the_reply_form_alone(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAY) as it:
        await it.slash("Eve", "available")
        await it.text("help me")  # taken for her: her team accepts by itself
        contact = (await it.until(lambda: it.contacts()))[0]["id"]
        at = await thread(it, contact)
        await types(it, "Eve", at, "it is on its way")
        seen = await whispered(it, "Eve", at, "Only the Reply button sends here")
        assert "note.send" not in str(seen["blocks"])
        await press(it, "Eve", seen, "form.reply")
        reply = await form(it, "Eve", "it is on its way")
        assert not await it.got("on its way")
        assert (await submit(it, "Eve", reply, {"text": "It is on its way."}))["ok"]
        got = await it.until(lambda: it.got("on its way"))
        assert [m["text"] for m in got] == ["It is on its way."]


@pytest.mark.promise("offer-auto")
async def test_where_the_team_accepts_by_itself_the_card_has_nothing_to_press_and_the_thread_opens(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAY) as it:
        await it.slash("Eve", "available")
        await it.text("help me")

        async def owned() -> bool:
            found = await it.contacts()
            return bool(found) and (await it.contact())["state"] == "active"

        await it.until(owned)
        contact = await it.contact()
        assert contact["owner"]["name"] == "Eve"
        await thread(it, contact["id"])
        assert await it.cards("Eve") == []
        shown = await it.call(f"/slack/messages?user={it.person('Eve').slack}")
        assert [m for m in shown if contact["id"] in str(m["blocks"]) and "yours" in str(m["blocks"])]


@pytest.mark.promise("offer-declined-why")
async def test_whoever_declines_chooses_a_reason_of_the_plan_and_the_record_has_it(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAY) as it:
        await it.slash("Ada", "available")
        await it.text("help me", JONAS)
        card = (await it.until(lambda: it.cards("Ada", "help me")))[0]
        contact = (await it.contacts(JONAS))[0]["id"]
        menu = next(
            one
            for b in card["blocks"]
            for one in b.get("elements", ())
            if one.get("action_id") == "offer.because"
        )
        reasons = [one["text"]["text"] for one in menu["options"]]
        assert reasons == ["In a meeting", "Not my field"]
        await press(it, "Ada", card, "offer.because", menu["options"][1]["value"])

        async def declined() -> list[Any]:
            events = await it.app.queue.events("0-0", 1_000)
            return [e for e in events if e.e == "declined" and e.c == contact]

        events = await it.until(declined)
        assert [e.a for e in events] == ["Ada"] and "Not my field" in events[0].x

        async def withdrawn() -> bool:
            return await it.cards("Ada", "help me") == []

        await it.until(withdrawn)
