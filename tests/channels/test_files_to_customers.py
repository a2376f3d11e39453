"""Files that an agent shares in a contact's thread reach the customer's phone, held like words, by links that end."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from helpers_app import EVA, PLAN, Inside, inside

US = "+12025550143"
PICTURES = PLAN.replace('"+4930100"', f'"{US}"')
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
Json = dict[str, Any]


async def begun(it: Inside, door: str) -> tuple[str, dict[str, str]]:
    """Ada has Eva's contact: its number and its thread."""
    await it.slash("Ada", "available")
    await it.call("/sms", {"from": EVA, "to": door, "text": "help me"})
    await it.accept("Ada", "help me")
    contact = str((await it.contacts())[0]["id"])

    async def thread() -> dict[str, str] | None:
        for m in await it.channel("desk"):
            said = (m.get("metadata") or {}).get("event_payload", {})
            if said.get("contact") == contact and "thread_ts" not in m:
                return {"channel": str(m["channel"]), "thread_ts": str(m["ts"])}
        return None

    return contact, await it.until(thread)


async def shares(it: Inside, at: dict[str, str], name: str, content: bytes, text: str = "") -> Json:
    body = {
        "user": it.person("Ada").slack,
        "filename": name,
        "base64": base64.b64encode(content).decode(),
        "text": text,
    }
    found: Json = await it.call("/slack/upload", {**body, **at})
    return found


async def replies(it: Inside, contact: str) -> list[Any]:
    return [m for m in await it.app.queue.messages(contact) if m.kind == "reply"]


@pytest.mark.promise("reply-files")
async def test_a_picture_is_held_like_words_and_arrives_as_it_was_shared(tmp_path: Path) -> None:
    async with inside(tmp_path, PICTURES) as it:
        contact, at = await begun(it, US)
        await shares(it, at, "plug.png", PNG, "this plug")

        async def arrived() -> list[Json]:
            return [m for m in await it.got("this plug") if m["media"]]

        text = (await it.until(arrived))[0]
        assert [m.status for m in await replies(it, contact)][0] in ("sent", "delivered", "queued", "sending")
        url = str((await sent_media(it))[0])
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            assert (answer.status, await answer.read()) == (200, PNG)
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert text["text"] == "this plug"


async def sent_media(it: Inside) -> list[str]:
    """The addresses that Twilio was given."""
    wire = await it.call("/wire?since=0")
    lines = wire if isinstance(wire, list) else wire["exchanges"]
    found = [
        one["params"].get("MediaUrl")
        for one in lines
        if one["service"] == "twilio" and one["params"].get("MediaUrl")
    ]
    return [url for one in found for url in (one if isinstance(one, list) else [one])]


@pytest.mark.promise("reply-files")
async def test_no_other_link_opens_a_file(tmp_path: Path) -> None:
    async with inside(tmp_path, PICTURES) as it:
        contact, at = await begun(it, US)
        await shares(it, at, "plug.png", PNG, "this plug")
        await it.until(lambda: sent_media(it))
        good = (await sent_media(it))[0]
        async with aiohttp.ClientSession() as http:
            for bad in (
                good.replace("sig=", "sig=0"), good.replace("/0?", "/1?"), good.partition("?")[0],
                good.replace(contact, "C999"), good.replace("until=", "until=9"),
            ):  # fmt: skip
                async with http.get(bad) as answer:
                    assert answer.status == 403, bad
                    assert PNG not in await answer.read()


@pytest.mark.promise("reply-files")
async def test_undone_in_time_no_file_leaves(tmp_path: Path) -> None:
    async with inside(tmp_path, PICTURES.replace("hold_reply: 1s", "hold_reply: 4s")) as it:
        contact, at = await begun(it, US)
        shared = await shares(it, at, "plug.png", PNG)

        async def held() -> bool:
            return [m.status for m in await replies(it, contact)] == ["held"]

        await it.until(held)
        await it.call(
            "/slack/delete", {"user": it.person("Ada").slack, "channel": at["channel"], "ts": shared["ts"]}
        )

        async def undone() -> bool:
            return [m.status for m in await replies(it, contact)] == ["undone"]

        await it.until(undone)
        assert await sent_media(it) == []


@pytest.mark.promise("reply-files-told")
async def test_what_no_phone_shows_stays_inside_and_the_agent_hears_why(tmp_path: Path) -> None:
    async with inside(tmp_path, PICTURES) as it:
        contact, at = await begun(it, US)
        await shares(it, at, "tool.exe", b"MZ" * 50, "run this")

        async def told() -> bool:
            return any(
                "tool.exe is nothing that a phone shows" in str(m["blocks"]) for m in await it.channel("desk")
            )

        await it.until(told)
        assert await replies(it, contact) == []


@pytest.mark.promise("reply-files-told")
async def test_from_a_number_without_pictures_the_agent_sees_that_it_failed_and_why(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        contact, at = await begun(it, "+4930100")
        await shares(it, at, "plug.png", PNG, "this plug")

        async def failed() -> bool:
            found = await replies(it, contact)
            return bool(found) and found[0].status == "failed" and "cannot send pictures" in found[0].error

        await it.until(failed)
