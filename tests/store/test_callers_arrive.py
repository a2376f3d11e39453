"""What a caller hears first, and whose place they get: decided from the queue as it stands, however often asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from helpers_calls import OTHER, SATURDAY, Hall, goes, kinds, open_hall, plan_of, tongues, words
from helpers_plan import EVA

from tierline.channels.phone import Ask, Call, Go, Wait
from tierline.queue.client import Client
from tierline.queue.engine import Queue
from tierline.queue.history.records import Customer
from tierline.router.catch_up import answered
from tierline.router.facts import Facts
from tierline.router.spending import Guard
from tierline.router.towards import Towards

INTERNATIONAL, SIP = "+12025550123", "sip:lin@pbx.example"


async def talk_over(hall: Hall, call: Call, contact: str, agent: str) -> None:
    """`agent` takes the call, the customer hangs up, and the work after it is done."""
    offer = next(it for it in (await hall.contact(contact)).offers if it.agent == agent)
    await hall.queue.accept(contact, offer.number, agent)
    await hall.news(call, "completed")
    await hall.queue.finish(contact, agent)


async def test_each_door_greets_in_its_own_words_and_closed_hours_have_theirs(
    client: Client, site: str
) -> None:
    more = "texts: {call_greeting: {en: Welcome to Hall., de: Willkommen.}, call_greeting_closed: {en: Hall is asleep., de: Schlaf.}}\n"
    hall = await open_hall(client, site, plan=plan_of(more=more))
    assert words(await hall.ask("call", hall.new())).startswith("Welcome to Hall.")
    assert words(await hall.ask("call", hall.new(to=OTHER))).startswith("Orders of Hall.")
    only = plan_of(more=more).replace(', greeting: {en: "Orders of Hall.", de: "Bestellungen von Hall."}', "")
    hall = await open_hall(client, site, wall=SATURDAY, plan=only)
    hall.calls = 100
    assert words(await hall.ask("call", hall.new(SIP))).startswith("Welcome to Hall.")  # help is always open
    assert words(await hall.ask("call", hall.new(SIP, OTHER))).startswith("Hall is asleep.")


async def test_a_menu_is_answered_by_word_as_well(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    asks = (await hall.ask("call", call))[-1]
    assert getattr(asks, "hints", ()) == ("help", "orders", "Deutsch")
    heard = await hall.ask("menu", call, speech="my orders please", about={"l": "en"})
    assert [it.queue for it in heard if isinstance(it, Wait)] == ["hall-orders"]


async def test_a_key_counts_while_the_greeting_is_still_said(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    (asks,) = await hall.ask("call", hall.new())  # what a key interrupts is all that is heard
    assert isinstance(asks, Ask) and words((asks,)).startswith("Hello, this is hall. | For help, press 1.")


async def test_two_wrong_keys_and_the_call_is_taken_as_it_is(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    first = await hall.ask("menu", call, digits="7", about={"l": "en"})
    assert "didn't understand" in words(first)
    second = await hall.ask("menu", call, digits="8", about=goes(first).about)
    assert [it.queue for it in second if isinstance(it, Wait)] == ["hall-help"]


@pytest.mark.promise("call-language")
async def test_the_language_that_was_chosen_is_spoken_to_the_end_and_the_agent_hears_their_own(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    again = await hall.ask("menu", call, digits="9", about={"l": "en"})
    assert words(again).startswith("Für Hilfe drücken Sie die 1")
    heard = await hall.ask("menu", call, speech="alles broken hier", about=goes(again).about)
    wait = next(it for it in heard if isinstance(it, Wait))
    assert wait.queue == "hall-orders"  # the rule reads what was said
    call = replace(call, about=wait.about, queue="QU1")
    assert tongues(await hall.waits(call)) == {"de"}
    facts = Facts.parse((await hall.contact(wait.about["c"])).facts)
    assert facts.language == "de"
    await hall.queue.presence("Ada", "available")
    view = await hall.contact(wait.about["c"])
    assert view.offers
    ring = {"c": view.id, "o": str(view.offers[0].number), "a": "Ada", "r": "agent"}
    whisper = await hall.ask("agent", hall.new(sender=OTHER, to="+491700000001"), about=ring)
    assert tongues(whisper) == {"en"}
    assert tongues(await hall.waits(call, digits="1")) <= {"de"}
    assert tongues(await hall.ask("done", call, about={"c": view.id, "r": "customer"})) == {"de"}


@pytest.mark.promise("call-claimed")
async def test_a_known_number_is_only_claimed_and_nothing_of_its_history_is_said(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    hall.records.customers[EVA] = Customer("eva", name="Eva Brandt", language="de")
    call = hall.new()
    heard = await hall.ask("call", call)
    assert tongues(heard) == {"de"} and "Eva" not in words(heard) and "Brandt" not in words(heard)
    call, contact = await hall.into(call)
    assert "Eva" not in words(await hall.waits(call))
    facts = Facts.parse((await hall.contact(contact)).facts)
    assert (facts.name, facts.verified) == ("Eva Brandt", False)
    await hall.queue.presence("Ada", "available")
    offer = (await hall.contact(contact)).offers[0]
    ring = {"c": contact, "o": str(offer.number), "a": "Ada", "r": "agent"}
    assert "Probably Eva Brandt, not verified" in words(await hall.ask("agent", hall.new(), about=ring))


@pytest.mark.promise("call-last-agent")
async def test_who_calls_again_is_offered_to_their_last_agent_first_and_soon_to_others(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    await talk_over(hall, call, contact, "Ada")
    await hall.later(60_000)
    await hall.queue.presence("Ben", "available")
    call, other = await hall.into(hall.new(sender="+4915199999999"))
    await talk_over(hall, call, other, "Ada")  # who has been free for longer
    _, again = await hall.into(hall.new())
    assert (await hall.contact(again)).offers[0].agent == "Ada"  # though Ben has been free for longer now
    _, stranger = await hall.into(hall.new(sender="+4915188888888"))
    assert (await hall.contact(stranger)).offers[0].agent == "Ben"


@pytest.mark.promise("call-last-agent")
async def test_the_agent_of_days_ago_is_known_from_the_history(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    hall.records.agents[EVA] = "Ben"
    await hall.queue.presence("Ada", "available")
    await hall.later(60_000)
    await hall.queue.presence("Ben", "available")
    _, contact = await hall.into(hall.new())
    assert (await hall.contact(contact)).offers[0].agent == "Ben"  # though Ada has been free for longer


async def test_a_last_agent_who_talks_to_somebody_else_is_waited_for_20_seconds(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    first, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.news(first, "completed")
    await hall.queue.finish(contact, "Ada")
    _, other = await hall.into(hall.new(sender="+4915199999999"))
    await hall.queue.accept(other, (await hall.contact(other)).offers[0].number, "Ada")
    await hall.queue.presence("Ben", "available")
    _, again = await hall.into(hall.new())
    assert not (await hall.contact(again)).offers  # Ada alone is asked, and she talks
    await hall.later(20_001)
    assert (await hall.contact(again)).offers[0].agent == "Ben"


@pytest.mark.promise("call-redial")
async def test_the_place_is_kept_for_five_minutes_and_not_longer(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.news(call, "completed")
    assert (await hall.contact(contact)).state == "abandoned"
    await hall.later(299_000)
    heard = await hall.ask("call", hall.new())
    assert [it.about["c"] for it in heard if isinstance(it, Wait)] == [contact]
    again = hall.new()
    await hall.news(replace(again, sid="CA" + f"{hall.calls - 1:032x}"), "completed")
    assert (await hall.contact(contact)).state == "abandoned"
    await hall.later(301_000)
    assert kinds(await hall.ask("call", again)) == ["Ask"]  # greeted and asked like anybody


async def test_a_first_webhook_that_comes_again_after_the_caller_hung_up_revives_nothing(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    waiting, contact = await hall.into(call)
    await hall.news(waiting, "completed")
    await hall.ask("call", call)
    assert (await hall.contact(contact)).state == "abandoned"


async def test_every_turn_that_comes_twice_makes_one_contact_and_says_the_same(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    assert await hall.ask("call", call) == await hall.ask("call", call)
    pressed = replace(call, digits="1", about={"l": "en"})
    assert await hall.ask("menu", pressed) == await hall.ask("menu", pressed)
    assert len(await hall.queue.contacts()) == 1
    direct = hall.new(to=OTHER, sender=INTERNATIONAL)
    assert await hall.ask("call", direct) == await hall.ask("call", direct)
    assert len(await hall.queue.contacts()) == 2


async def test_news_in_any_order_and_of_unknown_calls_change_nothing(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    await hall.news(hall.new(), "completed")
    call, contact = await hall.into(hall.new())
    await hall.news(call, "ringing")
    await hall.news(call, "queued")
    assert (await hall.contact(contact)).state == "waiting"
    await hall.news(call, "completed")
    for state in ("answered", "ringing", "completed"):
        await hall.news(call, state)  # type: ignore[arg-type]
    assert (await hall.contact(contact)).state == "abandoned"


async def test_news_hours_late_of_an_old_leg_leave_the_new_one_alone(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.ask("left", call, result="hangup")
    again = hall.new()
    heard = await hall.ask("call", again)
    assert any(isinstance(it, Wait) for it in heard)
    await hall.later(3 * 3_600_000)
    await hall.news(call, "completed")
    assert (await hall.contact(contact)).state == "waiting"


@pytest.mark.promise("call-strangers")
@pytest.mark.parametrize("sender", [INTERNATIONAL, SIP, ""])
async def test_callers_from_abroad_from_sip_and_with_no_number_wait_and_are_promised_only_what_can_be(
    client: Client, site: str, sender: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new(sender=sender))
    heard = await hall.waits(call)
    assert "next in line" in words(heard) and "leave a message" in words(heard)
    assert "called back" not in words(heard)
    assert kinds(await hall.ask("wait", call, digits="1")) == ["Ask"]  # the key does nothing
    assert (await hall.contact(contact)).state == "waiting"


async def test_who_is_to_be_called_back_and_calls_themselves_is_back_in_line_at_once(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.waits(call, digits="1")
    await hall.news(call, "completed")
    now = await hall.queue.now()
    await hall.queue.park(contact, now + 300_000, "callback")  # a try that didn't reach them
    heard = await hall.ask("call", hall.new())
    assert [it.about["c"] for it in heard if isinstance(it, Wait)] == [contact]
    assert (await hall.contact(contact)).state == "waiting"


async def test_who_left_a_message_that_an_agent_has_and_calls_again_is_not_alone_in_a_conference(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.waits(call, digits="2")
    await hall.news(call, "completed")
    await hall.queue.revive(contact)
    await hall.queue.jot(contact, "message", "RE1")
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    heard = await hall.ask("call", hall.new())
    assert "Meet" not in kinds(heard)


async def test_a_choice_of_long_ago_is_not_taken_for_one_of_now(client: Client, site: str) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.waits(call, digits="1")
    await hall.news(call, "completed")
    again = hall.new()
    await hall.ask("call", again)
    heard = await hall.ask("left", again, about={"c": contact}, result="queue-full")
    assert "call you back" not in words(heard) and isinstance(goes(heard), Go)


@pytest.mark.promise("call-last-agent")
async def test_who_was_cut_off_and_calls_again_during_the_work_after_the_call_is_kept_for_that_agent(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.queue.presence("Ada", "available")
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.news(call, "completed")
    assert (await hall.contact(contact)).state == "wrapping"
    await hall.queue.presence("Ben", "available")
    _, again = await hall.into(hall.new())
    assert not (await hall.contact(again)).offers
    await hall.queue.finish(contact, "Ada")
    assert (await hall.contact(again)).offers[0].agent == "Ada"


@pytest.mark.promise("call-hung-up-early")
async def test_a_caller_whose_end_was_told_before_their_choice_is_not_waited_for(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call = hall.new()
    await hall.ask("call", call)
    await hall.news(call, "completed")
    heard = await hall.ask("menu", call, digits="1", about={"l": "en"})
    assert kinds(heard) == ["HangUp"]
    assert [it.state for it in await hall.queue.contacts()] == ["abandoned"]
    assert await hall.queue.calling() == []


@pytest.mark.promise("call-hung-up-early")
@pytest.mark.parametrize("taken", [False, True])
async def test_a_caller_who_is_gone_leaves_nobody_waiting_though_whoever_took_the_call_in_died(
    client: Client, site: str, taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = await open_hall(client, site)
    await hall.queue.presence("Ada", "available")
    call = hall.new(to=OTHER)
    await hall.news(call, "completed")

    async def dies(*_: object) -> None:
        raise ConnectionAbortedError

    with monkeypatch.context() as dying, pytest.raises(ConnectionAbortedError):
        dying.setattr(Queue, "leg", dies)
        await hall.ask("call", call)
    (view,) = await hall.queue.contacts()
    assert view.state == "offered"
    if taken:
        await hall.queue.accept(view.id, view.offers[0].number, "Ada")
    assert kinds(await hall.ask("call", call)) == ["HangUp"]
    assert (await hall.contact(view.id)).state == ("wrapping" if taken else "abandoned")


@pytest.mark.promise("call-back-alone")
async def test_who_was_called_waits_and_chooses_another_call_is_still_to_be_called_though_somebody_was_faster(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    await hall.queue.presence("Ada", "available")
    call, contact = await hall.into(hall.new())
    await hall.waits(call, digits="1")
    await hall.news(call, "completed")
    back = {"c": contact, "r": "customer", "b": "1-0.2"}
    await hall.news(again := hall.new(), "answered", **back)
    await hall.queue.jot(contact, "there", again.sid)
    await hall.queue.accept(contact, (await hall.contact(contact)).offers[0].number, "Ada")
    await hall.news(again, "completed", **back)
    assert (await hall.contact(contact)).state == "active"
    assert (await hall.queue.jots(contact))["kind"] == "callback"


async def test_who_calls_again_and_is_gone_before_we_know_the_call_does_not_get_a_place_for_nobody(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    await hall.news(call, "completed")
    again = hall.new()
    await hall.news(again, "completed")
    assert kinds(await hall.ask("call", again)) == ["HangUp"]
    assert (await hall.contact(contact)).state == "abandoned"


async def test_the_first_question_of_who_has_their_place_again_is_answered_alike_when_it_comes_twice(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, _ = await hall.into(hall.new())
    await hall.news(call, "completed")
    again = hall.new()
    assert await hall.ask("call", again) == await hall.ask("call", again)


async def test_a_choice_that_comes_again_late_disturbs_no_message_and_revives_no_call(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    call, contact = await hall.into(hall.new())
    assert kinds(await hall.waits(call, digits="2")) == ["TakeMessage"]
    pressed = replace(call, digits="1", about={"l": "en"})
    await hall.ask("menu", pressed)
    assert (await hall.contact(contact)).state == "parked"
    assert (await hall.queue.jots(contact))["kind"] == "voicemail"
    await hall.news(call, "completed")
    assert kinds(await hall.ask("menu", pressed)) == ["HangUp"]


async def test_a_call_to_a_number_that_the_plan_does_not_know_is_taken_and_told_of(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    heard = await hall.ask("call", hall.new(to="+4930999"))
    assert [it.queue for it in heard if isinstance(it, Wait)] == ["hall-orders"]
    told = list[str]()

    class Alerts:
        async def once(self, key: str, text: str) -> None:
            told.append(text)

    alerts = cast(Any, Alerts())
    guard = Guard(hall.queue, lambda: hall.book, alerts)
    towards = Towards(hall.queue, {}, lambda: hall.book, alerts, guard)
    for event in await hall.queue.events(count=1000):
        if event.e == "arrived":
            await towards.greet(event)
    assert len(told) == 1 and "+4930999 stands in no entry of the plan" in told[0]


@pytest.mark.promise("caught-up-calls")
async def test_what_a_caller_without_a_contact_has_heard_is_known_to_every_process(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    in_the_menu, put_off, never_heard = hall.new(), hall.new(), hall.new()
    await hall.ask("call", in_the_menu)
    await hall.ask("call", put_off)
    await hall.board.put_off(put_off.sid)  # by a process that dies before they hang up
    for call in (in_the_menu, put_off, never_heard):
        await hall.news(call, "completed")
    wants_nothing = [await hall.queue.seen(answered(it.sid)) for it in (in_the_menu, put_off, never_heard)]
    assert wants_nothing == [True, False, False]


@pytest.mark.promise("call-vouched")
@pytest.mark.parametrize("menu", [(), ("9", "1"), ("7", "1")])
async def test_a_number_that_the_carrier_vouches_for_is_who_calls(
    client: Client, site: str, menu: tuple[str, ...]
) -> None:
    hall = await open_hall(client, site)
    hall.records.customers[EVA] = Customer("eva", name="Eva Brandt")
    call = replace(hall.new(), verified=True)
    heard = await hall.ask("call", call)
    for digits in menu or ("1",):  # a language first, a wrong key first
        heard = await hall.ask("menu", hall.new(), sid=call.sid, digits=digits, about=goes(heard).about)
    contact = next(it.about["c"] for it in heard if isinstance(it, Wait))
    assert Facts.parse((await hall.contact(contact)).facts).verified
    await hall.queue.presence("Ada", "available")
    offer = (await hall.contact(contact)).offers[0]
    ring = {"c": contact, "o": str(offer.number), "a": "Ada", "r": "agent"}
    said = words(await hall.ask("agent", hall.new(), about=ring))
    assert "Eva Brandt" in said and "Probably" not in said


@pytest.mark.promise("call-vouched")
async def test_nobody_gets_the_place_of_one_who_was_vouched_for_by_a_number_that_is_only_claimed(
    client: Client, site: str
) -> None:
    hall = await open_hall(client, site)
    heard = await hall.ask("call", call := replace(hall.new(), verified=True))
    heard = await hall.ask("menu", call, digits="1", about=goes(heard).about)
    contact = next(it.about["c"] for it in heard if isinstance(it, Wait))
    await hall.news(call, "completed")
    assert kinds(await hall.ask("call", hall.new())) == ["Ask"]
    assert (await hall.contact(contact)).state == "abandoned"
    heard = await hall.ask("call", replace(hall.new(), verified=True))
    assert [it.about["c"] for it in heard if isinstance(it, Wait)] == [contact]
