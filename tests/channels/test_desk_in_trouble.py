"""Slack slow, down, rate-limiting, answering but losing the reply; old cards; strangers; revoked tokens."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from desk_stage import Once, buttons, card, desk_stage, eventually, head, line, mark, shown
from slack_stage import ADA, ADA_DM, LIN, ROOM, slack_stage, until

from tierline.channels.channel import DeliveryError, NotDelivered, OutcomeUnknown
from tierline.channels.house import Told
from tierline.channels.slack.desk import SlackDesk
from tierline.channels.slack.ears import NoSecrets
from tierline.channels.slack.payloads import belongs
from tierline.channels.slack.socket_mode import SocketMode


@pytest.mark.promise("desk-once")
@pytest.mark.parametrize("what", ["offer", "open", "post", "mark", "tell", "tell a person", "close"])
async def test_a_lost_reply_shows_nothing_twice(what: str) -> None:
    async with desk_stage() as on:
        place = "" if what in ("offer", "open") else await on.desk.open(head())
        verbs: dict[str, Any] = {
            "offer": lambda again: on.desk.offer(card(), again),
            "open": lambda again: on.desk.open(head(), again),
            "post": lambda again: on.desk.post(place, line(2, "only once"), again),
            "mark": lambda again: on.desk.mark(place, mark("held")),
            "tell": lambda again: on.desk.tell("#support", "once", key="C1001.step@1", again=again),
            "tell a person": lambda again: on.desk.tell("ada@northwind.example", "once", key="C1001.x"),
            "close": lambda again: on.desk.close(place, "C1001", "C1001 is closed."),
        }
        await on.desk.offer(card("C9"))  # the direct messages are known
        await on.desk.tell("#support", "the channel is known")
        on.stage.faults.slack.drop_reply = True
        with pytest.raises(OutcomeUnknown):
            await verbs[what](False)
        on.stage.faults.slack.drop_reply = False
        await verbs[what](True)
        every = [*await on.messages(ADA_DM), *await on.messages(ROOM)]
        said = [(one.get("metadata") or {}).get("event_payload") for one in every]
        ours = [one for one in said if one and "C1001" in str(one)]
        assert len(ours) == len({str(one) for one in ours}) and ours


@pytest.mark.promise("desk-once")
async def test_a_line_stands_once_though_what_was_to_follow_it_failed_and_all_of_it_is_tried_again() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        first = await on.desk.post(place, line(2, "said once"))
        await on.desk.post(place, line(3, "something else"))
        assert await on.desk.post(place, line(2, "said once")) == first
        assert len(await on.thread(place)) == 3


async def test_slack_down_is_said_at_once_and_over_when_it_answers_again() -> None:
    async with desk_stage() as on:
        await on.desk.ping()
        on.stage.faults.slack.down = True
        for call in (on.desk.ping, lambda: on.desk.offer(card()), lambda: on.desk.open(head())):
            with pytest.raises(DeliveryError) as refused:
                await call()
            assert not getattr(refused.value, "permanent", False)
        on.stage.faults.slack.down = False

        async def well() -> bool:
            try:
                await on.desk.ping()
            except DeliveryError:
                await asyncio.sleep(0.05)
                return False
            return True

        await eventually(well, 40)
        place = await on.desk.offer(card())
        await on.press(place, "offer.accept")
        await until(lambda: on.house.verbs("accept"))


async def test_a_slack_that_asks_to_slow_down_is_asked_no_more_until_then() -> None:
    async with desk_stage() as on:
        await on.desk.offer(card("C9"))
        on.stage.faults.slack.retry_after = 60
        with pytest.raises(NotDelivered) as refused:
            await on.desk.offer(card())
        assert (refused.value.code, refused.value.permanent) == ("ratelimited", False)
        assert refused.value.retry_after == pytest.approx(60, abs=5)
        asked = len(on.stage.wire.exchanges)
        on.stage.faults.slack.retry_after = None
        for _ in range(5):
            with pytest.raises(NotDelivered) as refused:
                await on.desk.offer(card())
        assert refused.value.retry_after is not None and refused.value.retry_after > 30
        assert len(on.stage.wire.exchanges) == asked
        await on.desk.tell("#support", "another channel isn't held up")


async def test_a_burst_keeps_within_slacks_limits() -> None:
    async with desk_stage(limits=True) as on:
        place = await on.desk.open(head())
        await asyncio.gather(*(on.desk.post(place, line(n, f"line {n}")) for n in range(2, 10)))
        assert [one.status for one in on.stage.wire.exchanges if one.status == 429] == []
        assert len(await on.thread(place)) == 9


async def test_many_changes_of_one_message_become_few_calls_and_the_last_one_stands() -> None:
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        on.stage.faults.slack.delay = 0.05
        told = [
            on.desk.withdraw("ada@northwind.example", place, ("C1001", 1), f"change {n}") for n in range(20)
        ]
        await asyncio.gather(*told)
        assert "change 19" in shown((await on.messages(ADA_DM))[0])
        assert len([one for one in on.stage.wire.exchanges if one.path.endswith("chat.update")]) <= 3


@pytest.mark.parametrize(
    ("prepare", "words"),
    [("archived", "archived"), ("private", "private and Tierline isn't in it"), ("unknown", "no channel")],
)
async def test_a_channel_that_cannot_be_written_to_is_a_refusal_in_words(prepare: str, words: str) -> None:
    async with desk_stage() as on:
        room = on.stage.slack.space.channels[ROOM]
        await on.desk.tell("#support", "known")
        if prepare == "archived":
            room.is_archived = True
        elif prepare == "private":
            room.is_private = True
            room.members.discard("U0SANDBOXB")
        with pytest.raises(NotDelivered) as refused:
            await on.desk.open(head(place="#nowhere" if prepare == "unknown" else "#support"))
        assert refused.value.permanent and words in refused.value.reason


async def test_a_desk_that_was_kicked_out_of_a_public_channel_joins_again() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        on.stage.slack.space.channels[ROOM].members.discard("U0SANDBOXB")
        await on.desk.post(place, line(2, "still here"))
        assert "still here" in str([shown(one) for one in await on.thread(place)])


async def test_an_old_card_is_harmless_and_explained() -> None:
    async with desk_stage() as on:
        on.house.answers["accept"] = Told(False, "This offer of C1001 isn't live any more: nothing was done.")
        place = await on.desk.offer(card())
        on.desk.serve(on.house)  # a later life of the product, which knows nothing of the card
        await on.press(place, "offer.accept")
        message = await on.find(ADA_DM, "isn't live any more")
        assert buttons(message) == {} and message["ts"] == place.split(":")[1]


async def test_a_press_counts_once_however_often_it_is_delivered() -> None:
    async with desk_stage() as on:
        on.stage.faults.slack.redeliver = True
        place = await on.desk.offer(card())
        await on.press(place, "offer.decline")
        await on.find(ADA_DM, "decline done")
        on.stage.faults.slack.redeliver = False
        await on.stage.post("command", user=LIN, channel="D0LIN00001", command="/tierline", text="status")
        assert len(on.house.verbs("decline")) == 1


async def test_an_unknown_button_is_acknowledged_and_left_to_the_house() -> None:
    async with desk_stage() as on:
        place = await on.desk.tell(
            "ada@northwind.example", "x", (button("made.up", ""), button("reply.undo", "garbage"))
        )
        await on.press(place, "reply.undo")
        await on.find(ADA_DM, "earlier time")
        await on.press(place, "made.up")
        await until(lambda: on.house.verbs("pressed"))
        assert not on.house.verbs("undo")


def button(action: str, value: str) -> Any:
    from tierline.channels.channel import Button

    return Button(action, "Press", value)


async def test_a_house_that_fails_is_not_silent() -> None:
    async with desk_stage() as on:
        on.house.answers["accept"] = RuntimeError("no store")
        place = await on.desk.offer(card())
        await on.press(place, "offer.accept")
        told = await on.find(ADA_DM, "couldn't finish this")
        assert told["ephemeral_to"] == ADA
        assert "offer.accept" in buttons((await on.messages(ADA_DM))[0])


async def test_sockets_that_slack_recycles_lose_nothing() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        await on.stage.post("disconnect", reason="refresh_requested")
        for number in range(3):
            await on.type(place, f"during {number}")
        await until(lambda: len(on.house.verbs("typed")) == 3)


async def test_a_wrong_token_is_said_in_words_and_tried_again_without_a_storm() -> None:
    async with slack_stage() as stage:
        for bot, app in (("xoxb-wrong", "xapp-sandbox"), ("xoxb-sandbox", "xapp-wrong")):
            desk = SlackDesk(
                bot_token=bot, ears=SocketMode(app), api_url=f"{stage.base}/slack/api/", once=Once()
            )
            await desk.start()
            try:
                with pytest.raises(NotDelivered) as refused:
                    await desk.ping()
                assert "token is wrong" in refused.value.reason and not refused.value.permanent
                assert "wrong" not in repr(desk) and len(stage.wire.exchanges) < 12
            finally:
                await desk.stop()


async def test_a_slack_that_is_down_at_the_start_is_waited_for() -> None:
    async with slack_stage() as stage:
        stage.faults.slack.down = True
        desk = SlackDesk(
            bot_token="xoxb-sandbox",
            ears=SocketMode("xapp-sandbox"),
            api_url=f"{stage.base}/slack/api/",
            once=Once(),
        )
        await desk.start()
        try:
            with pytest.raises(DeliveryError):
                await desk.ping()
            stage.faults.slack.down = False
            await until(lambda: stage.slack.sockets.count == 2)
        finally:
            await desk.stop()


@pytest.mark.parametrize(
    ("body", "ours"),
    [
        ({"api_app_id": "A1", "team_id": "T1"}, True),
        ({"api_app_id": "A2", "team_id": "T1"}, False),
        ({"api_app_id": "A1", "team_id": "T2"}, False),
        ({"api_app_id": "A1", "team": {"id": "T1"}, "user": {"team_id": "T2"}}, True),
        ({"api_app_id": "A1", "team": {"id": "T2"}, "user": {"team_id": "T1"}}, False),
        ({"api_app_id": "A1", "team_id": "T2", "authorizations": [{"team_id": "T1"}]}, True),
        ({"api_app_id": "A1", "team_id": "T1", "authorizations": [{"team_id": "T2"}]}, False),
    ],
)
def test_only_what_was_authorized_for_our_app_in_our_workspace_is_heard(
    body: dict[str, Any], ours: bool
) -> None:
    assert belongs(body, "T1", "A1") == ours


async def test_a_proxy_of_the_environment_does_not_stand_between_us_and_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with desk_stage() as on:
        place = await on.desk.offer(card())
        await on.press(place, "offer.accept")
        await on.find(ADA_DM, "is yours")


async def test_a_receipt_that_turns_bad_later_is_shown_as_bad() -> None:
    async with desk_stage() as on:
        place = await on.desk.open(head())
        source = await on.type(place, "Hello")
        await on.desk.mark(place, mark("sent", source))
        await on.desk.mark(place, mark("failed", source, error="undelivered"))
        assert buttons(await on.find(ROOM, "undelivered")) == {"reply.retry": "C1001.2"}

        async def only_x() -> bool:
            typed = next(one for one in await on.messages(ROOM) if one["ts"] == source.split(":")[1])
            return [one["name"] for one in typed["reactions"]] == ["x"]

        await eventually(only_x)


async def test_fifty_offers_at_once_wait_for_nothing_but_slack() -> None:
    async with desk_stage() as on:
        async with asyncio.timeout(40):  # one a second would be fifty
            await asyncio.gather(*(on.desk.offer(card(f"C{n}")) for n in range(50)))
        assert len(await on.messages(ADA_DM)) == 50


def test_the_librarys_log_lines_carry_no_token_and_no_ticket() -> None:
    record = logging.LogRecord(
        "x", logging.ERROR, "", 1, "no: %s", ("wss://a/link/?ticket=12-ab&app_id=99 xoxb-1-a xapp-1-B",), None
    )
    assert NoSecrets().filter(record)
    assert record.getMessage() == "no: wss://a/link/?ticket=…&app_id=… … …"
