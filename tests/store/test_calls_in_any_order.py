"""What random orders of callbacks have found in the router, each by itself (`make races`)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from calls_stage import EVA, OURS, Stage, stage_of

from tierline.channels.channel import Taken
from tierline.channels.phone import Call, HangUp, LegNews, LegView, Meet, Say, TakeMessage
from tierline.queue.client import Client
from tierline.queue.contact import Arrived
from tierline.queue.state import Event
from tierline.router.lanes import Try


@pytest.fixture
async def stage(client: Client, site: str) -> Stage:
    return await stage_of(client, site)


async def test_who_has_answered_and_lost_hears_why(stage: Stage) -> None:
    contact = await stage.called()
    ada, ben = await stage.rung(contact, "Ada", "CAada"), await stage.rung(contact, "Ben", "CAben")
    await stage.events()
    assert isinstance(await stage.presses("CAada", ada), Meet)
    await stage.deliver()
    assert "move CAben agent" in stage.phones.done and "hang up CAben" not in stage.phones.done
    said = await stage.board.asked("agent", Call("CAben", OURS, "+49170", ben))
    assert isinstance(said[0], Say) and "taken" in said[0].text and isinstance(said[1], HangUp)


async def test_who_only_hears_that_the_caller_is_gone_is_not_cut_off(stage: Stage) -> None:
    contact = await stage.called()
    await stage.rung(contact, "Ada", "CAada")
    await stage.events()
    await stage.board.heard(LegNews("CA1", "completed"))
    await stage.deliver()
    assert "move CAada agent" in stage.phones.done and "hang up CAada" not in stage.phones.done


async def test_an_owner_who_hangs_up_ends_the_call_while_another_phone_is_still_told_why_not(
    stage: Stage,
) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.rung(contact, "Ben", "CAben")
    await stage.presses("CAada", ada)
    await stage.joins(contact)
    await stage.events()
    await stage.board.heard(LegNews("CAada", "completed", ada))
    await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"


@pytest.mark.parametrize(("state", "who"), [("completed", "customer"), ("answered", "agent")])
async def test_who_hung_up_is_found_out(stage: Stage, state: str, who: str) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    await stage.joins(contact)
    await stage.events()
    stage.phones.there["CA1"] = LegView("CA1", state)  # type: ignore[arg-type]
    await stage.board.heard(LegNews("CAada", "completed", ada))
    await stage.deliver()
    ended = next(it for it in await stage.events() if it.e == "wrapping")
    assert f"the {who} hung up" in ended.x


async def test_a_lost_answer_pulls_nobody_out_of_their_talk(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    (bring,) = [it for it in await stage.jobs("accepted") if it.name == "bring together"]
    await bring.work(Try(0, False))
    await stage.joins(contact)
    await bring.work(Try(1, True))
    assert stage.phones.done.count("move CA1 join") == 1


async def test_a_leg_of_another_contact_is_not_taken_for_the_one_that_may_have_been_made(
    stage: Stage,
) -> None:
    first, second = await stage.called(), await stage.called("CA2", "+4915110000002")
    await stage.queue.leg(first, "CAother", "ringing", {"r": "agent", "a": "Ada", "o": "1"})
    stage.phones.found = ["CAother"]
    event = Event(await stage.queue.now(), "offered", first, "Ada", await stage.offer(first, "Ada"))
    view = await stage.queue.contact(second)
    assert view is not None
    await stage.queue.decline(first, event.n, "Ada")
    now = await stage.queue.contact(second)
    assert now is not None
    number = next(it.number for it in now.offers if it.agent == "Ada")
    await stage.ringing.offer(Event(event.t, "offered", second, "Ada", number), Try(1, True))
    assert stage.phones.done == [f"ring {second}.{number}"]


async def test_a_message_that_is_taken_in_slack_rings_nobody_and_ends_with_nobodys_leg(stage: Stage) -> None:
    contact = await stage.called()
    number = await stage.offer(contact, "Ada")
    about = {"c": contact, "o": str(number), "a": "Ada", "r": "agent"}
    await stage.queue.leg(contact, "CAada", "ringing", about)
    await stage.queue.jot(contact, "kind", "voicemail")
    await stage.queue.accept(contact, number, "Ada")
    await stage.deliver()
    assert stage.phones.done == ["hang up CAada"]
    await stage.queue.leg(contact, "CAada2", "answered", about)
    await stage.board.heard(LegNews("CAada2", "completed", about))
    await stage.board.heard(LegNews("CA1", "completed"))
    await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"


async def test_late_news_of_the_first_call_does_not_end_the_call_back(stage: Stage) -> None:
    contact = await stage.called()
    await stage.queue.jot(contact, "kind", "callback")
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    await stage.board.heard(LegNews("CA1", "completed"))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"
    back = {"c": contact, "r": "customer", "b": "1"}
    await stage.queue.leg(contact, "CAback", "answered", back)
    await stage.board.heard(LegNews("CAback", "answered", back, machine=False))
    await stage.board.asked("back", Call("CAback", EVA, OURS, back))
    await stage.board.heard(LegNews("CAback", "completed", back))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"


async def test_late_news_of_the_call_before_does_not_give_up_who_calls_again(stage: Stage) -> None:
    contact = await stage.called()
    await stage.queue.jot(contact, "kind", "callback")
    await stage.board.heard(LegNews("CA1", "completed"))
    taking = stage.board.intake.take

    async def take(arrived: Arrived, thread: str) -> Taken:
        await stage.board.heard(LegNews("CA1", "completed"))
        return await taking(arrived, thread)

    stage.board.intake.take = take  # type: ignore[method-assign]
    assert await stage.called("CA2") == contact
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "offered"


async def test_a_callback_that_was_promised_is_made_though_the_question_came_twice_and_an_agent_in_between(
    stage: Stage,
) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    caller = Call("CA1", EVA, OURS, {"c": contact}, queue="QU1")
    await stage.board.asked("wait", replace(caller, digits="1"))
    out = replace(caller, result="leave")
    promised = await stage.board.asked("left", out)
    assert isinstance(promised[0], Say) and "call you back" in promised[0].text
    assert isinstance(await stage.presses("CAada", ada), Meet)
    await stage.board.asked(
        "left", out
    )  # the same question: its answer, whatever it says, is heard by nobody
    await stage.board.heard(LegNews("CA1", "completed"))
    await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"
    assert any(it.startswith(f"ring {contact}.") for it in stage.phones.done), stage.phones.done


async def test_who_asked_for_a_callback_and_hangs_up_on_the_way_to_their_agent_is_called(
    stage: Stage,
) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    caller = Call("CA1", EVA, OURS, {"c": contact}, queue="QU1")
    await stage.board.asked("wait", replace(caller, digits="1"))
    await stage.presses("CAada", ada)
    await stage.deliver()
    assert "move CA1 join" in stage.phones.done
    await stage.board.heard(LegNews("CA1", "completed"))
    for _ in range(2):
        await stage.deliver()
    rung = [it for it in stage.phones.done if it.startswith(f"ring {contact}.")]
    assert len(rung) == 1, stage.phones.done


async def test_a_customer_who_calls_while_we_call_them_talks_on_one_line(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    await stage.joins(contact)
    back = {"c": contact, "r": "customer", "b": "1"}
    await stage.queue.leg(contact, "CAback", "ringing", back)
    await stage.ringing.talking.look_round()
    assert "hang up CAback" in stage.phones.done and "hang up CA1" not in stage.phones.done
    await stage.queue.leg(contact, "CAback", "answered", back)
    heard = await stage.board.asked("back", Call("CAback", OURS, EVA, back))
    assert isinstance(heard[-1], HangUp)
    await stage.board.heard(LegNews("CAback", "completed", back))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"
    await stage.board.heard(LegNews("CA1", "completed"))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"


async def test_who_wants_to_leave_a_message_may_though_somebody_takes_it_in_slack_this_moment(
    stage: Stage,
) -> None:
    contact = await stage.called()
    await stage.rung(contact, "Ada", "CAada")
    caller = Call("CA1", EVA, OURS, {"c": contact}, queue="QU1")
    await stage.board.asked("wait", replace(caller, digits="2"))
    await stage.queue.accept(
        contact, await stage.offer(contact, "Ada"), "Ada"
    )  # the button, as for a message
    heard = await stage.board.asked("left", replace(caller, result="leave"))
    assert any(isinstance(it, TakeMessage) for it in heard), heard


async def test_who_presses_2_and_hangs_up_leaves_nobody_alone_in_a_conference(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.board.asked("wait", Call("CA1", EVA, OURS, {"c": contact}, digits="2", queue="QU1"))
    assert isinstance(await stage.presses("CAada", ada), Meet)
    await stage.board.heard(LegNews("CA1", "completed"))
    for _ in range(2):
        await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"
    assert "move CAada done" in stage.phones.done and not any("ring" in it for it in stage.phones.done)


async def test_who_presses_2_and_hangs_up_on_the_way_to_their_agent_leaves_nobody_alone(stage: Stage) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.board.asked("wait", Call("CA1", EVA, OURS, {"c": contact}, digits="2", queue="QU1"))
    await stage.presses("CAada", ada)
    await stage.deliver()
    assert "move CA1 join" in stage.phones.done
    await stage.board.heard(LegNews("CA1", "completed"))
    for _ in range(2):
        await stage.deliver()
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "wrapping"


@pytest.mark.parametrize("joined", [True, False])
async def test_a_call_back_that_failed_does_not_end_the_call_of_who_has_called_themselves(
    stage: Stage, joined: bool
) -> None:
    contact = await stage.called()
    ada = await stage.rung(contact, "Ada", "CAada")
    await stage.presses("CAada", ada)
    (bring,) = [it for it in await stage.jobs("accepted") if it.name == "bring together"]
    if joined:
        await stage.joins(contact)
    await stage.queue.leg(contact, "CAback", "ringing", {"c": contact, "r": "customer", "b": "1"})
    stage.phones.there["CAback"] = LegView("CAback", "busy")
    await bring.work(Try(0, False))
    view = await stage.queue.contact(contact)
    assert view is not None and view.state == "active"
    assert (
        "move CA1 join" in stage.phones.done
    ) is not joined and "move CAback join" not in stage.phones.done
