"""A callback that a mailbox answers: it isn't the customer, so no agent stays in a call with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_customer_first import asks_for_callback, state
from test_first_call import together

from tests.channels.phone_stage import CALLS, Stage, telephone
from tests.helpers_app import EVA

KEY = CALLS.replace("wrap_up: 30s", "wrap_up: 30s, callback_answer: key")


async def taken(it: Stage) -> tuple[str, str]:
    """Ada has pressed 1 and Eva's phone rings: the legs of both."""
    await asks_for_callback(it)
    await it.inside.slash("Ada", "available")
    return await taken_again(it)


async def taken_again(it: Stage) -> tuple[str, str]:
    agent = str(await it.inside.until(lambda: it.ringing("Ada")))
    await it.do(agent, "answer")
    await it.inside.until(lambda: it.heard(agent))
    await it.do(agent, "press", digits="1")
    return agent, str(await it.inside.until(lambda: it.ringing("Eva")))


async def parked(it: Stage) -> bool:
    return await state(it) == "parked"


async def says(it: Stage, words: str) -> bool:
    return words in json.dumps(await it.inside.channel("desk"), ensure_ascii=False)


@pytest.mark.promise("call-back-mailbox")
async def test_an_agent_isnt_left_with_a_mailbox_and_the_customer_is_tried_again(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        agent, back = await taken(it)
        await it.do(back, "machine")
        await it.inside.until(lambda: parked(it))
        await it.inside.until(lambda: it.at(agent, "ended"))
        await it.inside.until(lambda: says(it, "A mailbox answered, not the customer."))
        assert await it.said(back, "We will try again later")
        await it.inside.call("/clock", {"advance": "301s"})
        agent, back = await taken_again(it)
        await it.do(back, "answer")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]
        assert (await it.inside.contact())["state"] == "active"


@pytest.mark.promise("call-back-mailbox")
async def test_a_person_who_is_taken_for_a_mailbox_is_put_through_by_a_key(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        agent, back = await taken(it)
        await it.do(back, "answer", detected="machine_start")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        await it.do(back, "press", digits="1")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]


@pytest.mark.promise("call-back-alone")
async def test_whose_agent_hangs_up_before_they_are_put_through_waits_for_the_next_one(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as it:
        agent, back = await taken(it)
        await it.do(back, "answer", detected="machine_start")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        await it.do(agent, "hangup")
        await it.do(back, "press", digits="1")
        await it.inside.until(lambda: it.at(back, "waiting"))
        await together(it, back, "Ada")


@pytest.mark.promise("call-back-mailbox")
async def test_a_mailbox_is_promised_another_try_only_where_one_follows(tmp_path: Path) -> None:
    never = CALLS.replace("wrap_up: 30s", "wrap_up: 30s, callback_again: []")
    async with telephone(tmp_path, never) as it:
        agent, back = await taken(it)
        await it.do(back, "machine")
        await it.inside.until(lambda: it.at(agent, "ended"))
        await it.inside.until(lambda: it.inside.told("not reached"))
        assert "again" not in await it.heard(back)


@pytest.mark.promise("call-back-mailbox")
@pytest.mark.parametrize("first", ["agent_first", "customer_first"])
async def test_a_key_connects_whoever_is_rung_first(tmp_path: Path, first: str) -> None:
    plan = KEY.replace("callback_answer: key", f"callback_answer: key, callback: {first}")
    async with telephone(tmp_path, plan) as it:
        await asks_for_callback(it)
        await it.inside.slash("Ada", "available")
        if first == "agent_first":
            _, back = await taken_again(it)
        else:
            back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "answer")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        assert first == "agent_first" or not await it.ringing("Ada")
        await it.do(back, "press", digits="1")
        if first == "customer_first":
            await together(it, back, "Ada")
        await it.inside.until(lambda: it.at(back, "conference"))


@pytest.mark.promise("call-back-mailbox")
async def test_where_the_plan_wants_a_key_only_who_presses_it_is_put_through(tmp_path: Path) -> None:
    async with telephone(tmp_path, KEY) as it:
        agent, back = await taken(it)
        await it.do(back, "machine")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        await it.inside.until(lambda: parked(it), 60)
        await it.inside.until(lambda: it.at(agent, "ended"))
        await it.inside.until(lambda: says(it, "answered, but nobody pressed 1"))
        await it.inside.call("/clock", {"advance": "301s"})
        agent, back = await taken_again(it)
        await it.do(back, "answer")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        assert not await it.at(back, "conference")
        await it.do(back, "press", digits="1")
        await it.inside.until(lambda: it.at(back, "conference"))
        assert (await it.leg(back))["where"] == (await it.leg(agent))["where"]


@pytest.mark.promise("call-back-mailbox")
async def test_who_hangs_up_before_they_are_put_through_is_tried_again(tmp_path: Path) -> None:
    async with telephone(tmp_path, KEY) as it:
        _, back = await taken(it)
        await it.do(back, "answer")
        await it.inside.until(lambda: it.said(back, "Press 1, and we connect you"))
        await it.do(back, "hangup")
        await it.inside.until(lambda: parked(it))


@pytest.mark.promise("call-back-mailbox")
async def test_an_agent_who_calls_by_themselves_hears_what_answers(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        await it.inside.slash("Ada", f"call {EVA}")
        agent = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(agent, "answer")
        await it.inside.until(lambda: it.heard(agent))
        await it.do(agent, "press", digits="1")
        back = str(await it.inside.until(lambda: it.ringing("Eva")))
        await it.do(back, "machine")
        await it.inside.until(lambda: it.at(back, "conference"))
