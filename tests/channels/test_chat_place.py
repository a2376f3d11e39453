"""What a visitor is told while they wait: their place, that nobody is there, and when we open; and the mail afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from chat_stage import PLAN, visitor

from tests.helpers_app import inside


@pytest.mark.promise("chat-place")
async def test_a_visitor_hears_their_place_and_that_it_gets_better(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as it:
        async with visitor(it) as first, visitor(it) as second, visitor(it) as third:
            for n, one in enumerate((first, second, third), 1):
                await one.say("m1", f"Number {n}")
                state = await one.one("state", lambda frame, n=n: frame["position"] == n)
                assert state["phase"] == "waiting" and state["staffed"] is False, "nobody is there yet"
            await it.slash("Ben", "available")
            await third.one("state", lambda frame: frame["staffed"])
            await it.accept("Ben", "Number 1")
            await third.one("state", lambda frame: frame["position"] == 2)
            assert (await first.one("state", lambda frame: frame["phase"] == "active"))["agent"] == "Ben"
            await it.slash("Ben", "offline")
            await third.one("state", lambda frame: frame["position"] == 2 and frame["staffed"] is False)


@pytest.mark.promise("chat-closed")
async def test_outside_the_hours_a_visitor_hears_when_we_open_and_the_message_waits(tmp_path: Path) -> None:
    shut = PLAN.replace('always: {hours: "24/7"}', 'always: {hours: "Mo-Su 00:00-24:00; 2026-2027 off"}')
    async with inside(tmp_path, shut) as it, visitor(it) as eva:
        welcome = await eva.one("welcome")
        assert welcome["open"] is False and welcome["next_open"].startswith("2027-12-31T23:00")
        await eva.send(t="leave", id="m1", text="Call me", name="Eva", reach="+4915112345678")
        await eva.one("ack")
        found = (await it.api("/contacts"))[0]
        assert found["state"] == "parked"

        async def noted() -> bool:
            whole = await it.api(f"/contacts/{found['id']}")
            return any("+4915112345678" in m["text"] for m in whole["transcript"] if m["kind"] == "note")

        await it.until(noted)


@pytest.mark.promise("chat-ends")
async def test_who_ends_the_chat_while_waiting_gives_up_the_place(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as it, visitor(it) as eva:
        await eva.say("m1", "Never mind")
        await eva.one("state", lambda frame: frame["phase"] == "waiting")
        contact = (await it.api("/contacts"))[0]["id"]
        await eva.send(t="end")
        await eva.one("end")
        assert (await it.api(f"/contacts/{contact}"))["state"] == "abandoned"


@pytest.mark.promise("chat-mail")
async def test_a_transcript_is_mailed_after_an_answer_and_not_too_often(tmp_path: Path) -> None:
    plan = PLAN.replace("entry:\n", "entry:\n  - {channel: email, to: help@inside.example, service: help}\n")
    async with inside(tmp_path, plan) as it, visitor(it) as eva:
        await eva.say("m1", "Please write it down")

        async def asks(to: str, n: int) -> str:
            await eva.send(t="mail", to=to)
            await it.until(lambda: sum(f["t"] in ("mailed", "error") for f in eva.heard) == n)
            last = [f for f in eva.heard if f["t"] in ("mailed", "error")][-1]
            return "mailed" if last["t"] == "mailed" else str(last["text"])

        assert await asks("eva@customer.example", 1) == "nobody has answered yet"
        contact = (await it.api("/contacts"))[0]["id"]
        await it.slash("Ben", "available")
        await it.accept("Ben")
        await eva.one("state", lambda frame: frame["phase"] == "active")
        owner = (await it.app.queue.contact(contact)).owner
        held = await it.app.queue.hold_reply(contact, owner, '{"text":"Here you are","by":"Ben"}', "", 60_000)
        await it.app.queue.release_reply(contact, held.n)
        await eva.one("message", lambda frame: frame["text"] == "Here you are")
        assert await asks("no address", 2) == "this is no mail address"
        assert await asks("eva@customer.example\r\nBcc: x@y.example", 3) == "this is no mail address"
        assert await asks("eva@customer.example", 4) == "mailed"
        (mail,) = await it.until(lambda: it.call("/mail?address=eva@customer.example"))
        assert "Here you are" in str(mail) and "Please write it down" in str(mail)
        assert await asks("eva@customer.example", 5) == "mailed"
        assert "enough today" in await asks("eva@customer.example", 6)
