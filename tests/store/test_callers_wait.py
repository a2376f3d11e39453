"""What a caller hears while they wait, and how the wait ends: their turn, a key, closing time, the plan's last step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from helpers_calls import (
    FRIDAY,
    SATURDAY,
    Hall,
    goes,
    kinds,
    open_hall,
    plan_of,
    tongues,
    words,
)
from helpers_plan import at

from tierline.channels.phone import Ask, Call, Phones, Play
from tierline.queue.client import Client
from tierline.router.alerts import Alerts
from tierline.router.callbacks import Callbacks
from tierline.router.lanes import Try
from tierline.router.spending import Guard

SECOND, THIRD = "+4915122222222", "+4915133333333"
CLOSED = "2030-12-06 18:00"


async def into_orders(hall: Hall, **more: str) -> tuple[Call, str]:
    return await hall.into(hall.new(**more), digits="2")


@pytest.mark.promise("call-place")
async def test_the_place_is_said_when_it_improves_and_never_else(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    first, _ = await hall.into(hall.new())
    second, _ = await hall.into(hall.new(sender=SECOND))
    assert "number 2 in line" in words(await hall.waits(second))
    heard = await hall.waits(second)
    assert words(heard) == ""
    assert isinstance(heard[0], Ask) and heard[0].prompt == (Play("music"),)
    await hall.into(hall.new(sender=THIRD))
    await hall.later(1_500)
    assert words(await hall.waits(second)) == ""
    await hall.news(first, "completed")
    await hall.later(1_500)
    assert "next in line" in words(await hall.waits(second))


@pytest.mark.promise("call-place")
async def test_who_is_to_be_called_back_before_them_counts(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    first, _ = await hall.into(hall.new())
    second, _ = await hall.into(hall.new(sender=SECOND))
    await hall.waits(first, digits="1")
    await hall.news(first, "completed")
    assert "number 2 in line" in words(await hall.waits(second))


@pytest.mark.promise("call-voicemail")
async def test_who_presses_2_while_a_phone_rings_for_them_leaves_a_message_in_peace(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    assert (await hall.contact(contact)).offers
    assert kinds(await hall.waits(call, digits="2")) == ["TakeMessage"]
    view = await hall.contact(contact)
    assert (view.state, view.offers) == ("parked", ())


async def test_a_choice_that_was_half_kept_when_the_store_went_away_is_said_to_the_caller(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.jot(contact, "kind", "callback")  # and then nothing could be written for a while
    assert "call you back" in words(await hall.waits(call, digits="1"))


@pytest.mark.promise("call-closing")
@pytest.mark.parametrize(
    ("after", "said", "state", "kind"),
    [
        ("callback", "call you back", "parked", "callback"),
        ("voicemail", "leave your message", "parked", "voicemail"),
        ("hold", "call you back", "parked", "callback"),
    ],
)
async def test_at_closing_time_who_waits_is_told_and_led_where_the_plan_says(
    client: Client, site: str, after: str, said: str, state: str, kind: str
) -> None:
    hall = await open_hall(client, site, wall=FRIDAY, plan=plan_of(after_hours=after))
    call, contact = await into_orders(hall)
    await hall.waits(call)
    await hall.until(CLOSED)
    heard = await hall.waits(call)
    assert "We are closed" in words(heard) and "We open again on Monday at eight in the morning" in words(
        heard
    )
    assert said in words(heard)
    assert (await hall.contact(contact)).state == state
    assert (await hall.queue.jots(contact)).get("kind", "") == kind


@pytest.mark.promise("call-closing")
async def test_who_was_offered_as_it_closed_and_not_answered_does_not_wait_all_night(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, wall=FRIDAY)
    call, contact = await into_orders(hall)
    await hall.until("2030-12-06 17:59")
    await hall.queue.presence("Ada", "available")
    offer = (await hall.contact(contact)).offers[0]
    await hall.queue.delivered(contact, offer.number, "")
    await hall.queue.prolong(contact, offer.number, "Ada", await hall.queue.now() + 90_000)
    await hall.until(CLOSED)
    assert (await hall.contact(contact)).state == "offered"
    await hall.queue.decline(contact, offer.number, "Ada")
    await hall.queue.presence("Ada", "away")
    assert "call you back" in words(await hall.waits(call))
    assert (await hall.contact(contact)).state == "parked"


@pytest.mark.promise("call-last-step")
@pytest.mark.parametrize(
    ("end", "said", "state"),
    [
        ("callback", "nobody is free right now. | All right, we will call you back", "waiting"),
        ("voicemail", "nobody is free right now. | Please leave your message", "parked"),
        ("hold", "", "waiting"),
    ],
)
async def test_the_last_step_leads_where_the_plan_says(
    client: Client, site: str, end: str, said: str, state: str
) -> None:
    hall = await open_hall(client, site, plan=plan_of(end=end))
    call, contact = await hall.into(hall.new())
    await hall.waits(call)
    await hall.later(120_001)
    assert said in words(await hall.waits(call))
    assert (await hall.contact(contact)).state == state


@pytest.mark.promise("call-last-step")
async def test_who_cannot_be_called_stays_in_line_where_the_last_step_is_a_callback(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, plan=plan_of(end="callback"))
    call, contact = await hall.into(hall.new(sender=""))
    await hall.later(120_001)
    assert kinds(await hall.waits(call)) == ["Ask"]
    assert (await hall.contact(contact)).state == "waiting"


@pytest.mark.promise("call-emergency")
async def test_an_emergency_close_is_told_to_who_waits_and_who_calls_in_its_own_words(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await into_orders(hall)
    await hall.close_at_once("orders", "A pipe has burst in our office.")
    assert "A pipe has burst in our office." in words(await hall.waits(call))
    assert (await hall.contact(contact)).state == "parked"
    other = hall.new(sender=SECOND)
    heard = await hall.ask("menu", other, digits="2", about={"l": "en"})
    assert "A pipe has burst in our office." in words(heard) and "We open again" not in words(heard)
    still, _ = await hall.into(hall.new(sender=THIRD))  # the other service is open
    assert "next in line" in words(await hall.waits(still))


@pytest.mark.promise("call-after-hours")
async def test_a_holiday_is_named_and_the_next_opening_said_in_the_customers_language(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, wall="2030-12-25 10:00")
    heard = await hall.ask("menu", hall.new(), digits="2", about={"l": "en"})
    assert "We are closed today: Christmas Day" in words(heard)
    assert "We open again on Friday at eight in the morning" in words(heard)
    german = await hall.ask("menu", hall.new(sender=SECOND), digits="2", about={"l": "de"})
    assert "Wir öffnen wieder am Freitag um acht Uhr" in words(german) and tongues(german) == {"de"}


@pytest.mark.promise("call-after-hours")
async def test_who_cannot_be_called_back_after_hours_is_asked_for_a_message(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, wall=SATURDAY)
    heard = await hall.ask("menu", hall.new(sender=""), digits="2", about={"l": "en"})
    assert "call you back" not in words(heard) and kinds(heard) == ["TakeMessage"]


@pytest.mark.promise("call-back-at-opening")
async def test_who_is_held_after_hours_keeps_their_rank_and_is_called_at_the_opening(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, wall=SATURDAY, plan=plan_of(after_hours="hold"))
    heard = await hall.ask("menu", call := hall.new(), digits="2", about={"l": "en"})
    assert "We open again on Monday" in words(heard) and "call you back" in words(heard)
    await hall.news(call, "completed")
    (contact,) = await hall.queue.contacts(limit=9)
    assert contact.state == "parked"
    await hall.until("2030-12-09 08:00")
    view = await hall.contact(contact.id)
    assert (view.state, view.rank) == ("waiting", contact.rank)


@pytest.mark.promise("call-after-hours")
async def test_a_callback_that_was_promised_stands_when_its_customer_calls_again_at_night(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site, wall=FRIDAY, plan=plan_of(after_hours="voicemail"))
    call, contact = await into_orders(hall)
    await hall.waits(call, digits="1")
    await hall.news(call, "completed")
    await hall.until(SATURDAY)
    assert (await hall.contact(contact)).state == "parked"
    heard = await hall.ask("call", hall.new())
    assert "We open again on Monday" in words(heard) and "call you back" in words(heard)
    assert (await hall.contact(contact)).state == "parked"


async def test_a_place_is_not_brought_back_into_a_closed_service(client: Client, site: str) -> None:
    hall = await open_hall(client, site, wall="2030-12-06 17:58")
    call, contact = await into_orders(hall)
    await hall.news(call, "completed")
    await hall.until("2030-12-06 18:01")
    heard = await hall.ask("call", hall.new())
    assert "We are closed" in words(heard)
    assert (await hall.contact(contact)).state == "parked"


@pytest.mark.promise("call-night-team")
async def test_a_critical_service_goes_on_to_the_night_team(client: Client, site: str) -> None:
    plan = plan_of().replace(
        'teams: {desk: {channel: "#desk"}}',
        'teams: {desk: {channel: "#desk", schedule: office}, night: {channel: "#night", schedule: always}}',
    )
    plan += '  - {name: Nia, slack: nia@hall.example, phone: "+491700000003", team: night, tier: L1}\n'
    hall = await open_hall(client, site, wall="2030-12-06 23:00", plan=plan)
    for name in ("Ada", "Nia"):
        await hall.queue.presence(name, "available")
    _, contact = await hall.into(hall.new())
    assert [it.agent for it in (await hall.contact(contact)).offers] == ["Nia"]


@pytest.mark.promise("call-full")
@pytest.mark.parametrize("result", ["queue-full", "error", "system-error"])
async def test_when_the_providers_queue_fails_the_caller_waits_with_place_keys_and_closing_time(
    client: Client, site: str, result: str
) -> None:
    hall = await open_hall(client, site, wall=FRIDAY)
    call, contact = await into_orders(hall)
    heard = await hall.ask("left", call, result=result)
    assert "next in line" in words(heard)
    loop = replace(call, about=goes(heard).about, queue="")
    assert goes(heard).turn == "left" and words(await hall.ask("left", loop)) == ""
    late = await hall.ask("left", loop, digits="1")
    assert "call you back" in words(late) and (await hall.contact(contact)).state == "waiting"
    other, parked = await into_orders(hall, sender=SECOND)
    loop = replace(other, about=goes(await hall.ask("left", other, result=result)).about, queue="")
    await hall.until(CLOSED)
    assert "We are closed" in words(await hall.ask("left", loop))
    assert (await hall.contact(parked)).state == "parked"


async def test_turns_of_waiting_that_come_twice_or_late_change_nothing_more(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.waits(call)
    pressed = replace(call, digits="2")
    assert await hall.ask("wait", pressed) == await hall.ask("wait", pressed)
    left = replace(call, result="leave")
    assert await hall.ask("left", left) == await hall.ask("left", left)
    await hall.ask("wait", call)  # asked before, answered late: nobody is asked while the message is spoken
    assert (await hall.contact(contact)).state == "parked"
    await hall.news(call, "completed")
    assert kinds(await hall.ask("wait", call)) == ["Leave"]
    assert kinds(await hall.ask("left", replace(call, result="leave"))) == ["HangUp"]
    assert (await hall.contact(contact)).state == "abandoned"


@pytest.mark.promise("call-back-tries")
async def test_the_next_try_of_a_callback_waits_for_the_opening(client: Client, site: str) -> None:
    hall = await open_hall(client, site, wall="2030-12-06 17:57")
    call, contact = await into_orders(hall)
    await hall.waits(call, digits="1")
    await hall.news(call, "completed")
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    for state in ("ringing", "busy"):
        await hall.queue.leg(contact, "CA" + "b" * 32, state, {"r": "customer", "b": "1-0.1"})  # type: ignore[arg-type]
    guard = Guard(hall.queue, lambda: hall.book, Alerts(dict))
    callbacks = Callbacks(
        hall.queue, cast(Phones, object()), lambda: hall.book, lambda _: True, guard, cast(Any, None)
    )
    for event in await hall.queue.events(count=1000):
        for job in callbacks.jobs(event):
            await job.work(Try(1, False))
    view = await hall.contact(contact)
    assert view.state == "parked" and view.wake == at("2030-12-09 08:00")


@pytest.mark.parametrize("key", ["1", "2"])
async def test_whose_agent_is_faster_than_their_own_way_out_of_the_line_meets_them(
    client: Client, site: str, key: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    assert kinds(await hall.ask("wait", call, digits=key)) == ["Leave"]
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.queue.leg(contact, "CA" + "a" * 32, "answered", {"r": "agent", "a": "Ada"})
    await hall.queue.jot(contact, "key.CA" + "a" * 32, "1")
    heard = await hall.ask("left", call, result="leave")
    assert goes(heard).turn == "join"
    assert "Meet" in kinds(await hall.ask("join", call, about=goes(heard).about))
    assert "kind" not in await hall.queue.jots(contact)  # else nobody would be brought to the agent


async def test_a_way_out_that_is_told_again_late_does_not_make_a_message_a_call(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.waits(call, digits="2")
    await hall.queue.wake(contact)  # the message is there
    await hall.news(call, "completed")
    await hall.queue.revive(contact)
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.ask("left", call, result="leave")
    assert (await hall.queue.jots(contact))["kind"] == "voicemail"
    assert (await hall.contact(contact)).owner == "Ada"


async def test_nobody_is_brought_into_a_conference_whose_call_is_over(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.queue.complete(contact, "", "{}")
    heard = await hall.ask("join", call, about={"c": contact, "r": "customer"})
    assert kinds(heard) == ["HangUp"] and "Goodbye" in words(heard)
