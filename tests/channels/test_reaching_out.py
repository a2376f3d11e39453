"""Agents who write or call first: a contact of their own under the same caps, countries and record as every other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_app import DESK, EVA, JONAS, Inside, Json, inside

from tests.channels.phone_stage import CALLS, PHONES, telephone

PLAN = CALLS.replace("settings: {hold_reply: 1s}", "settings: {hold_reply: 2s}")


async def said(stage: Inside, words: str) -> bool:
    return words in json.dumps(await stage.channel("desk"), ensure_ascii=False)


async def whole(stage: Inside, contact: str) -> Json:
    found: Json = await stage.api(f"/contacts/{contact}")
    return found


async def knows(stage: Inside, key: str, name: str, *addresses: str) -> None:
    body = {"name": name, "addresses": list(addresses), "language": "de"}
    async with stage.http.put(
        f"{stage.product}/api/v1/customers/{key}", json=body, headers=stage.token
    ) as answer:
        assert answer.status == 200, await answer.text()


@pytest.mark.promise("reach-text")
async def test_an_agent_writes_first_with_undo_and_the_answer_comes_to_them(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await stage.slash("Ada", "available")
        told = await stage.slash("Ada", "text eva brandt: your parcel is here")  # the sandbox's customer
        assert "C1001 is yours" in told and EVA in told
        await stage.until(lambda: said(stage, "with *Ada*"))
        assert not await stage.got("your parcel is here")
        got = (await stage.until(lambda: stage.got("your parcel is here")))[0]
        assert got["from"] == DESK and len(await stage.got("")) == 1  # nothing is said beside it
        it = await whole(stage, "C1001")
        assert (it["state"], it["owner"]["name"], it["customer"]["name"]) == ("active", "Ada", "Eva Brandt")
        assert [line["direction"] for line in it["transcript"]] == ["out"] and it["due"] is None
        agent = await stage.agent("Ada")
        assert agent["load"] == 25 and agent["contacts"] == ["C1001"]
        assert await stage.text("thanks, and the invoice?") == 200
        await stage.until(lambda: said(stage, "and the invoice?"))
        assert [c["id"] for c in await stage.contacts()] == ["C1001"]

        async def recorded() -> bool:
            record = await stage.app.history.contact("C1001")
            return record is not None and record.owner == "Ada" and len(record.messages) == 2

        await stage.until(recorded)


@pytest.mark.promise("reach-text")
async def test_undone_nothing_leaves_and_what_is_open_already_is_pointed_out(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN.replace("hold_reply: 2s", "hold_reply: 1h")) as stage:
        for name in ("Ada", "Ben"):
            await stage.slash(name, "available")
        assert "leaves in a moment" in await stage.slash("Ada", f"text {EVA} oops")

        async def undo() -> list[Json]:
            return [m for m in await stage.channel("desk") if '"reply.undo"' in json.dumps(m["blocks"])]

        line = (await stage.until(undo))[0]
        body = {"user": stage.person("Ada").slack, "channel": line["channel"], "ts": line["ts"]}
        await stage.call("/slack/act", {**body, "action_id": "reply.undo"})
        await stage.until(lambda: said(stage, "Undone, nothing was sent"))
        assert not await stage.got("oops")

        async def known() -> bool:
            return bool(await stage.app.history.past_of((EVA,), 5))

        await stage.until(known)
        told = await stage.slash("Ben", f"text {EVA}: hello")
        assert "C1001 is open: help, sms, active, with Ada." in told
        assert len(await stage.contacts()) == 1


@pytest.mark.promise("reach-guarded")
async def test_the_same_caps_countries_and_wishes_hold_and_each_no_says_what_to_do(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        ask = f"text {EVA} hello"
        assert "`/tierline available` first" in await stage.slash("Ada", ask)
        await stage.slash("Ada", "available")
        assert "only these countries" in await stage.slash("Ada", "text +14155550123 hello")
        assert "those are never called or texted" in await stage.slash("Ada", "call +499001234567")
        assert "nobody can have that number" in await stage.slash("Ada", "text +49151 12 hello")
        assert "No customer with a number is called “Zoe”" in await stage.slash("Ada", "text Zoe: hello")
        assert "There is no contact C1999" in await stage.slash("Ada", "text C1999: hello")
        assert await stage.text("STOP", JONAS) == 200
        assert "wants no texts from us (STOP)" in await stage.slash("Ada", f"text {JONAS} hello")
        for n in range(4):  # four texts fill an agent
            assert "is yours" in await stage.slash("Ada", f"text +49151234567{n}0 hello")
        assert "You have no room for it now" in await stage.slash("Ada", ask)
        assert (await stage.agent("Ada"))["load"] == 100
        for key, name in (("a", "Max Kern"), ("b", "max kern")):
            await knows(stage, key, name, f"+4915199999{ord(key)}")
        told = await stage.slash("Ada", "text Max Kern: hello")
        assert "Whom do you mean?" in told and "+491519999997" in told and "+491519999998" in told
        plan = await stage.api("/plan")
        await stage.app.plan.publish(
            plan["yaml"] + "reach: supervisors\n", "test", "calm", on=plan["version"]
        )
        assert "Only supervisors call and text customers of their own accord" in await stage.slash("Ada", ask)
        assert not await stage.got("hello")


@pytest.mark.promise("reach-call")
async def test_the_agents_phone_rings_first_and_then_the_customers_and_both_talk(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        stage = it.inside
        await stage.slash("Ada", "available")
        told = await stage.slash("Ada", f"call {EVA}")
        assert "C1001 is yours: your phone rings" in told
        leg = await stage.until(lambda: it.ringing("Ada"))
        assert not await it.ringing("Eva")
        await it.do(leg, "answer")
        await stage.until(lambda: it.said(leg, "press 1"))
        await it.do(leg, "press", digits="1")
        customer = await stage.until(lambda: it.ringing("Eva"))
        assert (await it.leg(customer))["from"] == DESK
        await it.do(customer, "answer")
        await stage.until(lambda: it.at(customer, "conference:"))
        assert await it.at(leg, "conference:")
        assert (await stage.agent("Ada"))["load"] == 100
        await it.do(customer, "hangup")

        async def wrapping() -> bool:
            return (await whole(stage, "C1001"))["state"] == "wrapping"

        await stage.until(wrapping)
        await stage.until(lambda: said(stage, "Wrap-up until"))


@pytest.mark.promise("reach-call")
async def test_a_customer_who_does_not_answer_is_told_in_the_thread_and_tried_again_by_the_agent(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as it:
        stage = it.inside
        await stage.slash("Ada", "available")
        await stage.slash("Ada", f"call {EVA}")
        leg = await stage.until(lambda: it.ringing("Ada"))
        await it.do(leg, "answer")
        await stage.until(lambda: it.said(leg, "press 1"))
        await it.do(leg, "press", digits="1")
        await it.do(await stage.until(lambda: it.ringing("Eva")), "busy")
        await stage.until(lambda: said(stage, "The customer's line is busy."))
        assert PHONES["Eva"] == EVA and (await whole(stage, "C1001"))["owner"]["name"] == "Ada"
