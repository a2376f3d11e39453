"""The provider's word about a call: twice at one time, in any order, or of a call that nobody knows yet."""

from __future__ import annotations

import asyncio
from itertools import permutations
from typing import get_args

import pytest
from calls_stage import OURS, Stage, board_of, stage_of
from helpers_queue import Bare

from tierline.channels.phone import Call, LegNews, Wait
from tierline.queue.client import Client
from tierline.queue.contact import LegState
from tierline.queue.engine import Queue

STATES: tuple[LegState, ...] = ("initiated", "ringing", "answered", "completed")
PAIRS = 200


@pytest.fixture
async def stage(client: Client, site: str) -> Stage:
    return await stage_of(client, site)


@pytest.mark.promise("call-once")
async def test_a_call_told_to_two_routers_at_one_time_is_one_contact_and_hears_the_same(
    stage: Stage, client: Client, site: str
) -> None:
    other = board_of(Queue(Bare(client), site))
    for n in range(PAIRS):
        call = Call(f"CA{n}", f"+49151{n:08d}", OURS)
        first, second = await asyncio.gather(stage.board.called(call), other.called(call))
        assert first == second and isinstance(first[-1], Wait)
    arrived = [it for it in await stage.queue.events("0-0", 10_000) if it.e == "arrived"]
    assert len(arrived) == len({it.c for it in arrived}) == PAIRS


@pytest.mark.promise("call-leg-forward")
async def test_an_agents_leg_ends_the_same_in_whatever_order_its_states_are_told(stage: Stage) -> None:
    assert set(STATES) < set(get_args(LegState))
    for n, order in enumerate(permutations(STATES)):
        contact = await stage.called(f"CA{n}", f"+49151{n:08d}")
        number = await stage.offer(contact, "Ada")
        about = {"c": contact, "o": str(number), "a": "Ada", "r": "agent"}
        for state in order:
            await stage.board.heard(LegNews(f"CAx{n}", state, about))
        (leg,) = [it for it in await stage.queue.legs(contact) if it.sid == f"CAx{n}"]
        events = [it for it in await stage.events() if it.c == contact and it.n == number]
        assert leg.state == "completed" and [it.e for it in events if it.e == "missed"] == ["missed"]
        await stage.board.heard(LegNews(f"CA{n}", "completed"))
        view = await stage.queue.contact(contact)
        assert view is not None and view.state == "abandoned"
        await stage.queue.presence("Ada", "available")


@pytest.mark.promise("call-orphan")
async def test_a_call_whose_end_is_told_first_waits_for_nobody(stage: Stage) -> None:
    await stage.board.heard(LegNews("CA1", "completed"))
    contact = await stage.called("CA1")
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "abandoned" and not view.offers
    assert not any(it.live for it in await stage.queue.legs(contact))


@pytest.mark.promise("call-orphan")
async def test_news_of_a_leg_that_nobody_knows_does_no_harm(stage: Stage) -> None:
    for state in STATES:
        await stage.board.heard(LegNews("CAstranger", state))
    assert await stage.queue.contacts() == []


@pytest.mark.promise("call-caller-gone")
async def test_a_caller_who_hangs_up_while_offered_frees_both_agents_at_once(stage: Stage) -> None:
    contact = await stage.called()
    await stage.board.heard(LegNews("CA1", "completed"))
    view, agents = await stage.queue.contact(contact), await stage.queue.agents()
    assert view is not None and view.state == "abandoned" and not view.offers
    assert [(agents[name].live, agents[name].offers, agents[name].misses) for name in ("Ada", "Ben")] == [
        (0, 0, 0)
    ] * 2


@pytest.mark.promise("call-one-outcome")
async def test_of_two_who_press_1_at_one_time_one_has_it_and_the_other_hears_who(stage: Stage) -> None:
    for n in range(40):
        contact = await stage.called(f"CA{n}", f"+49151{n:08d}")
        ada, ben = await stage.rung(contact, "Ada", f"CAa{n}"), await stage.rung(contact, "Ben", f"CAb{n}")
        heard = await asyncio.gather(stage.presses(f"CAa{n}", ada), stage.presses(f"CAb{n}", ben))
        assert sorted(type(it).__name__ for it in heard) == ["Meet", "Say"]
        assert any("taken this call" in getattr(it, "text", "") for it in heard)
        await stage.queue.complete(contact, "")
        view = await stage.queue.contact(contact)
        assert view is not None
        await stage.queue.finish(contact, view.owner)
