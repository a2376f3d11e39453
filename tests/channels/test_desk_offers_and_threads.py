"""Offers in person, a thread per contact, replies that go out with receipts."""

from __future__ import annotations

import json

import pytest
from desk_stage import NASTY, DeskStage, buttons, card, desk_stage, eventually, head, line, mark, shown
from slack_stage import ADA, ADA_DM, LIN, ROOM, until

from tierline.channels.channel import Button, NotDelivered
from tierline.channels.house import Told

HEAD = [
    "contact.reply", "contact.note", "contact.close", "contact.transfer", "contact.escalate",
    "contact.snooze", "contact.callback", "contact.more",
]  # fmt: skip


def alive(value: object, markup: bool = False) -> bool:
    if isinstance(value, str):
        return markup and any(sign in value for sign in ("<!channel", "<!here", "<@", "<http"))
    if isinstance(value, list):
        return any(alive(one) for one in value)
    if isinstance(value, dict):
        top = "channel" in value and "type" not in value
        return any(
            alive(one, value.get("type") == "mrkdwn" or (top and name == "text"))
            for name, one in value.items()
        )
    return False


def sent(on: DeskStage) -> list[object]:
    return [one.params for one in on.stage.wire.exchanges if one.direction == "out"]


@pytest.mark.promise("desk-offer")
async def test_an_offer_reaches_its_agent_in_person_and_says_what_why_and_until_when() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        (message,) = await on.messages(ADA_DM)
        assert place == f"{ADA_DM}:{message['ts']}"
        assert message["metadata"]["event_payload"] == {"contact": "C1001", "offer": 1}
        assert buttons(message) == {"offer.accept": "C1001:1", "offer.decline": "C1001:1"}
        text = shown(message)
        assert "outage" in text and "rule “outage”" in text and "<!date^" in text and NASTY in text
        assert message["alive"] == [] and not any(alive(one) for one in sent(on))
        assert on.desk.ids()["ada@northwind.example"] == ADA


async def test_an_offer_that_may_stand_there_already_is_not_shown_twice() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        assert await on.desk.offer(card(), again=True) == place
        assert await on.desk.offer(card(offer=2), again=True) != place
        assert len(await on.messages(ADA_DM)) == 2


async def test_accepting_makes_the_card_lead_to_the_thread_and_leaves_nothing_to_press() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        answer = await on.press(place, "offer.accept")
        assert answer["dispatched"]
        await until(lambda: on.house.verbs("accept"))
        _, actor, contact, offer = on.house.verbs("accept")[0]
        assert (actor.user, actor.email, actor.name) == (ADA, "ada@northwind.example", "Ada Lovelace")
        assert (contact, offer) == ("C1001", 1)
        await on.find(ADA_DM, "is yours")
        await on.desk.open(head())
        await on.desk.withdraw(
            "ada@northwind.example", place, ("C1001", 1), "C1001 is yours. Answer in its thread."
        )

        async def linked() -> bool:
            (message,) = await on.messages(ADA_DM)
            return "/archives/" in shown(message) and not buttons(message) and "is yours" in shown(message)

        assert await eventually(linked)


@pytest.mark.promise("desk-race")
async def test_who_loses_the_race_is_told_by_whom_and_the_card_is_dead() -> None:
    async with desk_stage() as on:
        on.house.answers["accept"] = Told(False, "C1001 was taken by Lin a moment ago.")
        place = await on.desk.offer(card())
        await on.press(place, "offer.accept")
        message = await on.find(ADA_DM, "taken by Lin")
        assert buttons(message) == {}


async def test_a_withdrawn_offer_says_why_and_cannot_be_pressed() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        await on.desk.withdraw("ada@northwind.example", place, ("C1001", 1), "Missed: the time was up.")
        (message,) = await on.messages(ADA_DM)
        assert "Missed" in shown(message) and buttons(message) == {}
        await on.desk.withdraw("ada@northwind.example", f"{ADA_DM}:1.000001", ("C1001", 1), "gone")


async def test_a_card_whose_place_nobody_knows_is_found_and_ended() -> None:
    """Whoever posted it died before saying so, or Slack's answer was lost; then the offer ended."""
    async with desk_stage() as on:
        await on.desk.offer(card())
        await on.desk.withdraw("ada@northwind.example", "", ("C1001", 7), "of another offer")
        assert buttons((await on.messages(ADA_DM))[0])
        await on.desk.withdraw("ada@northwind.example", "", ("C1001", 1), "Taken by Lin.")
        (message,) = await on.messages(ADA_DM)
        assert "Taken by Lin" in shown(message) and buttons(message) == {}


async def test_a_thread_says_where_replies_go_and_shows_what_was_said_before() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        parent = next(one for one in await on.messages(ROOM) if "thread_ts" not in one)
        assert place == f"{ROOM}:{parent['ts']}"
        assert parent["metadata"]["event_payload"] == {"contact": "C1001", "upto": 1}
        assert "Plain replies of Ada go to the customer after 8 s" in shown(parent) and "//" in shown(parent)
        assert buttons(parent) == dict.fromkeys(HEAD, "C1001")
        (said,) = await on.thread(place)
        assert NASTY in shown(said)
        assert await on.desk.open(head(), again=True) == place
        assert len(await on.messages(ROOM)) == 2
        assert not any(alive(one) for one in sent(on))


async def test_a_team_that_replies_explicitly_is_told_that_only_the_button_sends() -> None:
    async with desk_stage() as on:
        await on.desk.open(head(replies="explicit"))
        assert "only the *Reply* button sends" in shown((await on.messages(ROOM))[0])


async def test_a_line_is_shown_once_and_not_at_all_when_the_head_shows_it() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        assert await on.desk.post(place, line(1)) == place
        second = await on.desk.post(place, line(2, "and now?"))
        assert second != place and await on.desk.post(place, line(2, "and now?"), again=True) == second
        assert [shown(one).count("and now?") for one in await on.thread(place)] == [0, 1]
        on.desk.serve(on.house)  # everything forgotten, as after a restart
        assert await on.desk.post(place, line(1), again=True) == place


@pytest.mark.promise("desk-typed")
async def test_what_is_typed_in_a_thread_is_handed_on_once_and_plain() -> None:
    async with desk_stage() as on:
        on.stage.faults.slack.redeliver = True
        place = await on.desk.open(head())
        typed = await on.type(place, "See https://status.example/x & mail a@b.example <now>")
        await until(lambda: on.house.verbs("typed"))
        on.stage.faults.slack.redeliver = False
        await on.type(place, "@Lin please look")
        await until(lambda: len(on.house.verbs("typed")) == 2)
        first, second = (call[1] for call in on.house.verbs("typed"))
        assert first.text == "See https://status.example/x & mail a@b.example <now>" and not first.mentions
        assert (first.thread, first.place, first.actor.user) == (place, typed, ADA)
        assert second.mentions


async def test_many_typed_at_once_are_taken_in_order() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        for number in range(12):
            await on.type(place, f"line {number}")
        await until(lambda: len(on.house.verbs("typed")) == 12)
        assert [call[1].text for call in on.house.verbs("typed")] == [
            f"line {number}" for number in range(12)
        ]


async def test_what_was_not_sent_is_said_to_the_writer_alone_with_its_buttons() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.house.answers["typed"] = Told(
            False, "Not sent: C1001 is with Ada.", buttons=(Button("note.send", "Send it", "C1001.2"),)
        )
        await on.type(place, "hello", LIN)
        told = await on.find(ROOM, "Not sent")
        assert told["ephemeral_to"] == LIN and told["thread_ts"] == place.split(":")[1]
        await on.press(f"{ROOM}:{told['ts']}", "note.send", LIN)
        await until(lambda: on.house.verbs("pressed"))
        assert on.house.verbs("pressed")[0][2:] == ("note.send", "C1001.2")


@pytest.mark.promise("desk-held")
async def test_a_held_reply_shows_undo_and_then_its_receipt() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "We are on it")
        await on.desk.mark(place, mark("held", source))
        undo = await on.find(ROOM, "leaves in 8 s: “We are on it”")
        assert buttons(undo) == {"reply.undo": "C1001.2"}
        await eventually(lambda: reacted(on, source, ["hourglass_flowing_sand"]))
        await on.desk.mark(place, mark("sent", source))
        await on.desk.mark(place, mark("delivered", source))
        await eventually(lambda: reacted(on, source, ["white_check_mark"]))
        assert all("leaves in" not in shown(one) for one in await on.thread(place))


async def reacted(on: DeskStage, place: str, names: list[str]) -> bool:
    channel, ts = place.split(":")
    message = next(one for one in await on.messages(channel) if one["ts"] == ts)
    return [one["name"] for one in message["reactions"]] == names


async def test_undo_is_pressed_by_its_button_and_says_that_nothing_was_sent() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Oops")
        await on.desk.mark(place, mark("held", source))
        undo = await on.find(ROOM, "leaves in")
        await on.press(f"{ROOM}:{undo['ts']}", "reply.undo")
        await until(lambda: on.house.verbs("undo"))
        assert on.house.verbs("undo")[0][2:] == ("C1001", 2)
        await on.desk.mark(place, mark("undone", source))
        gone = await on.find(ROOM, "Undone, nothing was sent")
        assert buttons(gone) == {} and gone["ts"] == undo["ts"]
        await eventually(lambda: reacted(on, source, []))


async def test_a_reply_that_failed_says_why_and_can_be_tried_again() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Hello")
        await on.desk.mark(place, mark("held", source))
        await on.desk.mark(place, mark("failed", source, error="the number is not in service <!here>"))
        assert await reacted(on, source, ["x"]) or await eventually(lambda: reacted(on, source, ["x"]))
        failed = await on.find(ROOM, "the number is not in service")
        assert buttons(failed) == {"reply.retry": "C1001.2"} and failed["alive"] == []
        await on.press(f"{ROOM}:{failed['ts']}", "reply.retry")
        await until(lambda: on.house.verbs("retry"))
        await on.desk.mark(place, mark("sent", source))
        assert buttons(await on.find(ROOM, "Sent after all")) == {}


async def test_the_place_of_undo_is_found_again_after_a_restart() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Hello")
        await on.desk.mark(place, mark("held", source))
        await on.find(ROOM, "leaves in")
        on.desk.serve(on.house)
        await on.desk.mark(place, mark("held", source))
        assert sum("leaves in" in shown(one) for one in await on.thread(place)) == 1
        on.desk.serve(on.house)
        await on.desk.mark(place, mark("sent", source))
        assert all("leaves in" not in shown(one) for one in await on.thread(place))


async def test_a_closed_thread_has_one_closing_line_and_no_buttons() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        await on.desk.close(place, "C1001", "C1001 is closed: solved.")
        parent = next(one for one in await on.messages(ROOM) if "thread_ts" not in one)
        assert buttons(parent) == {} and "is closed" in shown(parent)
        assert parent["metadata"]["event_payload"]["contact"] == "C1001"
        assert "is closed: solved" in shown((await on.thread(place))[-1])


async def test_a_supervisor_is_told_with_buttons_and_their_press_comes_back() -> None:
    async with desk_stage() as on:
        value = json.dumps({"user": LIN, "email": "", "name": "Lin"})
        place = await on.desk.tell(
            "ada@northwind.example",
            "Lin wants to answer.",
            (Button("agent.overtime", "Add Lin", value, "primary"),),
        )
        await on.press(place, "agent.overtime")
        await until(lambda: on.house.verbs("pressed"))
        assert on.house.verbs("pressed")[0][2:] == ("agent.overtime", value)
        assert buttons(await on.find(ADA_DM, "pressed done")) == {}
        assert (await on.desk.tell("#support", "Contacts wait.")).startswith(ROOM)


async def test_three_buttons_with_one_name_can_stand_under_one_answer() -> None:
    async with desk_stage() as on:
        hours = tuple(Button("agent.overtime", f"{h} h", f"{h}h") for h in (1, 2, 4))
        on.house.answers["command"] = Told(False, "You are off shift.", buttons=hours)
        answer = await on.stage.post(
            "command", user=ADA, channel=ADA_DM, command="/tierline", text="available"
        )
        assert "off shift" in answer["text"]
        assert on.house.verbs("command")[0][2] == "available"
        await on.press(f"{ADA_DM}:{answer['answers'][0]['ts']}", "agent.overtime", value="2h")
        await until(lambda: on.house.verbs("pressed"))
        assert on.house.verbs("pressed")[0][2:] == ("agent.overtime", "2h")


async def test_nobody_by_that_address_is_a_refusal_in_words() -> None:
    async with desk_stage() as on:
        with pytest.raises(NotDelivered) as refused:
            await on.desk.offer(card(agent="nobody@northwind.example"))
        assert refused.value.permanent and "nobody in this Slack" in refused.value.reason
        with pytest.raises(NotDelivered) as refused:
            await on.desk.open(head(place="#nowhere"))
        assert refused.value.permanent and "#nowhere" in refused.value.reason


@pytest.mark.promise("desk-note")
async def test_a_note_is_marked_for_everybody_and_no_longer_once_it_is_sent() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.house.answers["typed"] = Told(
            True, "kept as a note", buttons=(Button("note.send", "Send it", "C1001.2"),)
        )
        source = await on.type(place, "// only for us")
        await eventually(lambda: reacted(on, source, ["lock"]))
        await on.desk.mark(place, mark("held", f"{source}:sent"))
        await eventually(lambda: reacted(on, source, ["hourglass_flowing_sand"]))


async def test_a_contact_that_comes_back_to_a_team_gets_a_thread_of_its_own_also_after_a_crash() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        await on.desk.close(place, "C1001", "C1001 is now with Lin of nightowl, in another thread.")
        again = await on.desk.open(head(), again=True)
        assert again != place
        assert await on.desk.open(head(), again=True) == again
