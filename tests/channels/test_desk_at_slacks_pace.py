"""What Slack's pace does to people: lines go together, ✗ first, no ⏳ stays, an offer that ended is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from desk_stage import DeskStage, buttons, card, desk_stage, eventually, head, line, mark, shown
from slack_stage import ADA_DM, ROOM, until

from tierline.channels.channel import OutcomeUnknown, WrapUp
from tierline.channels.slack.pace import Gate, Minute, Urgency
from tierline.router.lanes import Job, Lanes, Try

ADA_MAIL = "ada@northwind.example"


def wire(on: DeskStage, method: str) -> list[Any]:
    return [one for one in on.stage.wire.exchanges if one.path.endswith(method)]


def asked(on: DeskStage, since: int) -> list[str]:
    """What Slack was asked for since, but for the address of a thread that a card is to lead to."""
    calls = [one.path for one in on.stage.wire.exchanges[since:] if one.path.startswith("/api/")]
    return [path for path in calls if not path.endswith("getPermalink")]


def fill(on: DeskStage, method: str, left: int = 0) -> Gate:
    """So many calls of a method are left for this minute."""
    gate = on.desk._sender._gate(method, method)
    assert isinstance(gate.room, Minute)
    for _ in range(gate.room.left(gate.clock(), Urgency.OFFER) - left):
        gate.room.take(gate.clock())
    return gate


@pytest.mark.promise("lines-together")
async def test_lines_that_have_come_since_stand_in_one_message_and_each_is_found_by_its_number() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        before = len(wire(on, "chat.postMessage"))
        lines = [line(n, f"word {n}") for n in (2, 3, 5)]
        await on.desk.post(place, replace(lines[0], more=tuple(lines[1:])))
        for later in lines[1:]:
            assert await on.desk.post(place, later) == place
        assert len(wire(on, "chat.postMessage")) == before + 1
        together = (await on.thread(place))[-1]
        assert [f"word {n}" in shown(together) for n in (2, 3, 5)] == [True] * 3
        assert together["metadata"]["event_payload"] == {"contact": "C1001", "n": 2, "upto": 5}
        on.desk.serve(on.house)  # everything forgotten, as after a restart
        for n in (2, 3, 5):
            await on.desk.post(place, line(n, f"word {n}"), again=True)
        await on.desk.post(place, line(6, "the next"))
        assert [sum(f"word {n}" in shown(one) for one in await on.thread(place)) for n in (2, 3, 5)] == [
            1,
            1,
            1,
        ]


@pytest.mark.promise("lines-together")
async def test_a_lost_reply_to_lines_together_shows_none_of_them_twice() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        both = replace(line(2, "first of two"), more=(line(3, "second of two"),))
        on.stage.faults.slack.drop_reply = True
        with pytest.raises(OutcomeUnknown):
            await on.desk.post(place, both)
        on.stage.faults.slack.drop_reply = False
        three = replace(both, more=(*both.more, line(4, "third")))
        await on.desk.post(place, three)
        for n, text in ((3, "second of two"), (4, "third")):
            await on.desk.post(place, line(n, text))
        every = [shown(one) for one in await on.thread(place)]
        assert [sum(text in one for one in every) for text in ("first of two", "second of two", "third")] == [
            1
        ] * 3


async def test_what_one_message_cannot_hold_follows_in_the_next() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        long = [line(n, f"{n}: " + "long words " * 250) for n in range(2, 12)]
        for n, one in enumerate(long):
            await on.desk.post(place, replace(one, more=tuple(long[n + 1 :])))
        every = [shown(one) for one in await on.thread(place)]
        assert [sum(f"{n}: long" in one for one in every) for n in range(2, 12)] == [1] * 10
        assert 1 < len(every) - 1 < 10


async def test_after_a_restart_a_new_line_asks_slack_for_nothing_but_itself() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.desk.serve(on.house)
        before = len(on.stage.wire.exchanges)
        await on.desk.post(place, line(2, "new"))
        assert asked(on, before) == ["/api/chat.postMessage"]


@pytest.mark.promise("lines-before-cards")
async def test_of_a_first_message_only_what_it_shows_at_last_is_drawn_and_customers_are_before_it() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        gate = fill(on, "chat.update")
        changes = [
            asyncio.create_task(on.desk.show(place, head(owner_name="Ben"))),
            asyncio.create_task(
                on.desk.wrap(place, WrapUp("C1001", "Ended.", 1_800_000_000_000, True, False))
            ),
        ]
        await until(lambda: len(wire(on, "chat.postMessage")) >= 3)
        changes.append(asyncio.create_task(on.desk.close(place, "C1001", "C1001 is closed.")))
        await on.find(ROOM, "C1001 is closed.")
        await on.desk.post(place, line(2, "are you there?"))
        assert not any(one.done() for one in changes) and "contact.close" in buttons(
            (await on.messages(ROOM))[0]
        )
        gate.room = Minute(50)
        gate._let()
        await asyncio.gather(*changes)
        first = (await on.messages(ROOM))[0]
        assert "C1001 is closed." in shown(first) and not buttons(first)
        assert len(wire(on, "chat.update")) == 1


async def test_a_first_message_whose_change_failed_is_drawn_by_the_next_try() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.stage.faults.slack.drop_reply = True
        with pytest.raises(OutcomeUnknown):
            await on.desk.show(place, head(owner_name="Ben"))
        on.stage.faults.slack.drop_reply = False
        await on.desk.show(place, head(owner_name="Ben"))
        assert "Ben" in shown((await on.messages(ROOM))[0]) and len(wire(on, "chat.update")) == 2
        await on.desk.show(place, head(owner_name="Ben"))
        assert len(wire(on, "chat.update")) == 2


@pytest.mark.promise("failure-first")
async def test_words_of_a_failure_wait_for_no_emoji_and_no_message_that_goes() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Hello")
        on.desk._marks.born = -1e9
        await on.desk.mark(place, mark("held", source))
        for method in ("reactions.add", "reactions.remove", "chat.delete"):
            fill(on, method)
        before = len(on.stage.wire.exchanges)
        telling = asyncio.create_task(on.desk.mark(place, mark("failed", source, error="no such number")))
        assert buttons(await on.find(ROOM, "no such number")) == {"reply.retry": "C1001.2"}
        assert asked(on, before) == ["/api/chat.postMessage"]
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


@pytest.mark.promise("no-glass-stays")
async def test_an_hourglass_is_put_only_where_it_can_be_taken_off_again() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.desk._marks.born = -1e9
        fill(on, "reactions.remove", left=4)  # of which the last two are kept for what is more urgent
        replies = [(n, await on.type(place, f"reply {n}")) for n in range(2, 8)]
        for n, source in replies:
            await on.desk.mark(place, mark("held", source, n=n, text=f"reply {n}"))
            assert "reply.undo" in buttons((await on.thread(place))[-1])

        async def with_glass() -> list[str]:
            every = await on.messages(ROOM)
            return [one["ts"] for one in every if "hourglass" in str(one["reactions"])]

        assert len(await eventually(lambda: _exactly(with_glass, 2))) == 2
        for n, source in replies:
            await on.desk.mark(place, mark("sent", source, n=n))
        assert await eventually(lambda: _exactly(with_glass, 0)) == []


async def _exactly(look: Any, count: int) -> Any:
    found = await look()
    await asyncio.sleep(0.05)  # whatever else is on its way has come by then
    again = await look()
    return Found(found) if len(found) == len(again) == count else None


class Found(list[str]):
    """A list that is true also when it is empty."""

    def __bool__(self) -> bool:
        return True


@pytest.mark.promise("withdrawn-in-time")
async def test_an_offer_that_ended_goes_also_when_slack_takes_no_more_changes() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        fill(on, "chat.update")
        async with asyncio.timeout(5):
            await on.desk.withdraw(ADA_MAIL, place, ("C1001", 1), "Ben has taken it.")
        left = await on.messages(ADA_DM)
        assert ["Ben has taken it." in shown(one) for one in left] == [True] and not buttons(left[0])
        await on.desk.withdraw(ADA_MAIL, place, ("C1001", 1), "Ben has taken it.")
        assert len(await on.messages(ADA_DM)) == 1


async def test_with_room_for_changes_the_card_itself_says_what_became_of_it() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        await on.desk.withdraw(ADA_MAIL, place, ("C1001", 1), "Ben has taken it.")
        assert [one["ts"] for one in await on.messages(ADA_DM)] == [place.split(":")[1]]
        assert not wire(on, "chat.delete")


async def test_a_process_that_takes_over_finds_the_undo_of_the_one_before_and_takes_it_away() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Hello")
        await on.desk.mark(place, mark("held", source))
        await on.find(ROOM, "leaves in")
        on.desk.serve(on.house)  # this one has run for long, and knows of nothing
        on.desk._marks.born = -1e9
        lanes = Lanes()
        states = ("held", "sent")

        def job(state: str) -> Job:
            async def work(t: Try) -> None:
                await on.desk.mark(place, mark(state, source))

            return Job("mark:C1001.2", "mark", work)

        lanes.submit("1-0", [job(state) for state in states], True)
        async with asyncio.timeout(15):
            await lanes.idle()
        assert not [one for one in await on.thread(place) if "leaves in" in shown(one)]
