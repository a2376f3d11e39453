"""Customers wait in a step that pages: whoever is on call hears of it until they acknowledge or nobody waits any more."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, PHONES, Stage, telephone
from tests.helpers_app import EVA, JONAS, Json
from tierline.router.pages import Page
from tierline.router.paging import Pager

ADA, BEN = PHONES["Ada"], PHONES["Ben"]
PAGED = CALLS.replace(
    "services:\n  help:\n    schedule: always\n    answer_within: 1m\n    steps: [{tiers: [L1], until: 30m}, {then: hold}]",
    "on_call: {network: {agents: [Ada, Ben], page: [slack, sms, call], every: 5m}}\n"
    "services:\n  help:\n    schedule: always\n    answer_within: 1m\n"
    "    steps: [{tiers: [L1], until: 1m}, {then: hold, page: network}]",
)


async def texts(it: Stage, number: str) -> list[Json]:
    return await it.inside.got("Reply 1 to acknowledge", number)


async def page_in_slack(it: Stage, name: str) -> list[Json]:
    found = await it.inside.call(f"/slack/messages?user={it.inside.person(name).slack}")
    return [m for m in found if "page.acknowledge" in json.dumps(m)]


async def standing(it: Stage) -> tuple[Page, ...]:
    return await it.inside.app.intake.pages.standing()


async def somebody_waits(it: Stage, sender: str = EVA) -> None:
    """Long enough for the step that pages."""
    await it.inside.text("the network is down", sender)
    await it.inside.until(lambda: it.inside.contacts(sender))
    await it.inside.call("/clock", {"advance": "61s"})


async def quiet(it: Stage, *numbers: str) -> None:
    """For a quarter of an hour nobody at these is paged any more."""
    before = [len(await texts(it, number)) for number in numbers]
    for _ in range(3):
        await it.inside.call("/clock", {"advance": "5m"})
        await it.inside.app.pager.look(await it.inside.app.queue.now())
    assert [len(await texts(it, number)) for number in numbers] == before


@pytest.mark.promise("page-until")
@pytest.mark.promise("page-acknowledge")
async def test_who_is_on_call_is_reached_every_way_and_a_button_ends_it(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await somebody_waits(it)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        (text,) = await it.inside.until(lambda: texts(it, ADA))
        assert "1 waiting for help, the longest for 1 min. You are on call (network)" in text["text"]
        (shown,) = await it.inside.until(lambda: page_in_slack(it, "Ada"))
        assert await it.inside.until(lambda: it.inside.told("network is paged: help, C1001 among them"))
        await it.do(leg, "hangup")
        body = {"user": it.inside.person("Ada").slack, "channel": shown["channel"], "ts": shown["ts"]}
        await it.inside.call("/slack/act", {**body, "action_id": "page.acknowledge"})
        assert await it.inside.until(lambda: it.inside.told("Ada has acknowledged the page: help"))
        await quiet(it, ADA, BEN)
        assert await page_in_slack(it, "Ben") == [] and await it.ringing("Ben") == ""


@pytest.mark.promise("page-acknowledge")
async def test_a_1_by_text_acknowledges_and_is_no_contact(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await somebody_waits(it)
        await it.inside.until(lambda: texts(it, ADA))
        assert await it.inside.text("What is it about?", ADA) == 200
        await it.inside.until(lambda: it.inside.contacts(ADA))  # other words are a contact like everybody's
        assert await it.inside.text(" 1 ", ADA) == 200
        assert await it.inside.until(lambda: it.inside.told("Ada has acknowledged the page: help"))
        (own,) = await it.inside.contacts(ADA)
        assert len(await it.inside.app.queue.messages(own["id"])) == 1
        await quiet(it, ADA, BEN)
        await it.inside.text("1", JONAS)  # whoever isn't on call is a customer
        await it.inside.until(lambda: it.inside.contacts(JONAS))


@pytest.mark.promise("page-acknowledge")
async def test_on_the_phone_they_hear_how_many_wait_and_1_acknowledges(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await it.inside.text("the network is down", JONAS)
        await somebody_waits(it)
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.heard(leg))
        assert "Customers waiting for help: 2, the longest for one minute" in await it.heard(leg)
        await it.do(leg, "press", digits="1")
        assert await it.inside.until(lambda: it.inside.told("Ada has acknowledged the page: help"))
        assert "nobody else is paged" in await it.heard(leg)
        (page,) = await standing(it)
        assert page.by


@pytest.mark.promise("page-until")
@pytest.mark.promise("on-call-next")
async def test_unheard_it_is_said_again_then_to_the_next_and_a_round_in_vain_is_told(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await somebody_waits(it)
        for ada, ben in ((1, 0), (2, 0), (2, 1), (2, 2), (3, 2)):

            async def paged(ada: int = ada, ben: int = ben) -> bool:
                return (len(await texts(it, ADA)), len(await texts(it, BEN))) == (ada, ben)

            await it.inside.until(paged)
            await it.inside.call("/clock", {"advance": "5m"})
        assert await it.inside.until(lambda: it.inside.told("Nobody has acknowledged the page yet"))


@pytest.mark.promise("page-until")
@pytest.mark.promise("page-one")
async def test_many_customers_are_one_page_and_when_nobody_waits_it_is_over(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await somebody_waits(it)
        await it.inside.until(lambda: texts(it, ADA))
        await somebody_waits(it, JONAS)

        async def second() -> bool:
            views = await it.inside.app.queue.contacts(("waiting",))
            return [view.step for view in views] == [1, 1]

        await it.inside.until(second)
        assert len(await standing(it)) == 1 and len(await texts(it, ADA)) == 1
        await it.inside.slash("Ben", "available")
        for contact in ("C1001", "C1002"):
            await it.inside.accept("Ben", contact)
        assert await it.inside.until(lambda: it.inside.told("The page is over: help: nobody waits any more"))
        assert await standing(it) == ()
        await quiet(it, ADA, BEN)
        await somebody_waits(it, "+4915199999999")  # later it is another page
        await it.inside.until(lambda: standing(it))


@pytest.mark.promise("page-one")
async def test_another_process_goes_on_with_a_page_and_repeats_nothing(tmp_path: Path) -> None:
    async with telephone(tmp_path, PAGED) as it:
        await somebody_waits(it)
        await it.inside.until(lambda: texts(it, ADA))
        await it.inside.until(lambda: page_in_slack(it, "Ada"))
        await it.inside.until(lambda: it.ringing("Ada"))
        first = it.inside.app.pager
        first.mine = lambda: False
        second: Pager = dataclasses.replace(first, mine=lambda: True, done=set(), tried=set(), since=None)
        await second.look(await it.inside.app.queue.now())
        assert len(await texts(it, ADA)) == 1 and len(await page_in_slack(it, "Ada")) == 1
        legs = await it.inside.call(f"/calls?number={ADA.replace('+', '%2B')}")
        assert len(legs) == 1
        await it.inside.call("/clock", {"advance": "5m"})
        await second.look(await it.inside.app.queue.now())
        assert len(await texts(it, ADA)) == 2


@pytest.mark.promise("page-again")
async def test_a_page_that_was_acknowledged_is_raised_again_when_nothing_happens_then(tmp_path: Path) -> None:
    plan = PAGED.replace("every: 5m}", "every: 5m, again: 20m}")
    async with telephone(tmp_path, plan) as it:
        await somebody_waits(it)
        await it.inside.until(lambda: texts(it, ADA))
        assert await it.inside.text("1", ADA) == 200
        assert await it.inside.until(lambda: it.inside.told("Ada has acknowledged the page: help"))
        await quiet(it, ADA, BEN)
        await it.inside.call("/clock", {"advance": "6m"})
        assert await it.inside.until(
            lambda: it.inside.told("acknowledged 21 min ago, and nobody was taken since")
        )

        async def twice() -> bool:
            return len(await texts(it, ADA)) == 2

        await it.inside.until(twice)
        (page,) = await standing(it)
        assert not page.by
        assert await it.inside.text("1", ADA) == 200
        await it.inside.slash("Ben", "available")
        await it.inside.accept("Ben", "C1001")
        assert await it.inside.until(lambda: it.inside.told("The page is over: help: nobody waits any more"))
