"""What an agent's Home says of each state they and their contacts can be in, and that Slack takes whatever it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from helpers_plan import SMALL, at, book
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_slack_blocks import DATE, OUTSIDE, markup

from tierline.channels.channel import Button
from tierline.channels.home import Clock, Entry, Home, Section
from tierline.channels.house import Actor, Told
from tierline.channels.slack.home_views import MOST_BLOCKS, digest, home_view, permalink
from tierline.queue.contact import Route, Step
from tierline.queue.history.numbers import Numbers, Taken, in_time
from tierline.queue.state import AgentView, ContactView, OfferView
from tierline.router.facts import _NONE
from tierline.router.home import Scene, own_contacts, own_state, sections, welcome
from tierline.sandbox.slack_blocks import VIEW_SIZE, faults_of_view, too_large
from tierline.sandbox.slack_text import alive
from tierline.skills.skill import Capacity, Need, Profile

NOW = at("2026-11-23 12:00")
MINUTE = 60_000
ME = AgentView(
    "Ada", Profile("desk"), Capacity(), 15, "available", True, True, None, 0, 0, 0, 15, NOW, NOW, 0
)  # fmt: skip


def scene(me: AgentView = ME, *mine: ContactView, **more: Any) -> Scene:
    rules = book(SMALL)
    return Scene(rules, rules.plan.agents[0], me, NOW, mine, **more)


def contact(
    n: int, state: Any = "active", channel: Any = "sms", due: int | None = None, **more: Any
) -> ContactView:
    facts = replace(_NONE, name="Eva <!here>", address="+4915112345678", due=due).to_json()
    way = Route("help", channel, (Step(Need("help", channel)),), 60_000, 0)
    given = {"owner": "Ada", "facts": facts} | more
    return ContactView(f"C{n}", state, way, 0, NOW, NOW - 5 * MINUTE, NOW, "", 1, **given)


@pytest.mark.promise("home-day")
@pytest.mark.parametrize(
    ("me", "title", "words", "pressed"),
    [
        (ME, "You are available", "You may be offered calls, chats, texts and mails.", "form.away"),
        (replace(ME, mask=4), "You are available", "You may be offered texts.", "form.away"),
        (replace(ME, mask=0, deferred=100), "You are available", "You are full", "agent.offline"),
        (replace(ME, draining="C9"), "You are available", "You are kept free for C9", "form.away"),
        (replace(ME, misses=1), "You are available", "miss the next one, too, and you are set away", "form.away"),
        (replace(ME, presence="away", why="lunch"), "You are away", "Lunch\n", "agent.available"),
        (replace(ME, presence="offline"), "You are offline", "Nothing is offered to you.", "agent.available"),
        (replace(ME, on_shift=False, shift=False), "You are off shift", "outside your shift", "form.overtime"),
        (
            replace(ME, on_shift=False, shift=False, presence="away"),
            "You are away", "What you own stays yours", "form.overtime",
        ),
    ],
)  # fmt: skip
def test_each_state_is_said_with_the_buttons_that_lead_out_of_it(
    me: AgentView, title: str, words: str, pressed: str
) -> None:
    shown = own_state(scene(me))
    assert shown.title == title and words in shown.text
    assert pressed in [button.action for button in shown.buttons]


def test_until_when_is_a_clock_and_a_break_that_is_over_is_late() -> None:
    away = replace(ME, presence="away")
    assert own_state(scene(away, back=NOW - 1)).clocks == (Clock("back", NOW - 1, late=True),)
    assert own_state(scene(edges=((NOW + 9, False),))).clocks == (Clock("on shift until", NOW + 9),)
    extra = replace(ME, shift=False, overtime=NOW + 5)
    assert own_state(scene(extra, edges=((NOW + 9, True),))).clocks == (Clock("overtime until", NOW + 5),)


@pytest.mark.promise("home-day")
def test_an_offer_comes_first_then_whoever_waits_by_when_their_answer_is_due() -> None:
    mine = (
        contact(1, "snoozed", wake=NOW + MINUTE), contact(2, owed=False), contact(3, due=NOW + MINUTE),
        contact(4, due=NOW - MINUTE), contact(5, "wrapping", wrap_until=NOW + 9), contact(6, "snoozed"),
        contact(7, "offered", owner="", offers=(OfferView(1, "Ada", True, NOW + 60),)),
    )  # fmt: skip
    it = own_contacts(scene(ME, *mine, places={"C4": "C1:1.5"}))
    assert [entry.title.split("*")[1] for entry in it.entries] == ["C7", "C4", "C3", "C5", "C2", "C6", "C1"]
    assert [entry.title.partition(" · text · ")[2] for entry in it.entries] == [
        "offered to you", "the customer waits for you", "the customer waits for you", "wrap-up",
        "waits for the customer", "asleep until they write", "asleep",
    ]  # fmt: skip
    assert [entry.clocks[0].late for entry in it.entries if entry.clocks] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert it.entries[1].place == "C1:1.5" and it.entries[1].about == "Eva <!here>, +4915112345678"


@pytest.mark.promise("home-aht")
def test_what_the_history_cannot_tell_is_said_and_not_made_up() -> None:
    shown = {it.title: it for it in sections(scene())}
    assert shown["Today"].text == "Today's numbers can't be read just now."
    numbers = Numbers(
        taken=3, closed=2, kept=1, promised=2, aht_calls=4 * MINUTE, aht_written=12 * MINUTE, missed=1
    )
    (today,) = (it for it in sections(scene(today=numbers)) if it.title == "Today")
    assert (
        today.text == "taken 3 · closed 2 · answered within the promise 1 of 2 · missed 1\n"
        "Average handle time: calls 4 min (talk, hold and wrap-up), all else 12 min (in hand, not asleep)"
    )


def test_a_promise_is_kept_by_an_answer_in_time_and_judged_only_when_it_can_be() -> None:
    taken = [
        Taken("sms", 10, 100, 90), Taken("sms", 10, 100, 101), Taken("sms", 10, 100, None), Taken("sms", 10, 900, None),
        Taken("sms", 10, None, 50), Taken("voice", 10, 100, None), Taken("voice", 101, 100, None),
    ]  # fmt: skip
    assert in_time(taken, now=500) == (2, 5)


@pytest.mark.promise("home-stranger")
def test_a_guest_and_a_stranger_read_whom_to_ask() -> None:
    plan = book(SMALL).plan
    guest = welcome(plan, Actor("U1", "", "Gus", is_guest=True))
    assert (
        "Guests work here only if the plan names them: ask mira@small.example" in guest.text
        and not guest.buttons
    )
    zoe = welcome(plan, Actor("U2", "zoe@small.example", "Zoe"))
    assert "ask mira@small.example to add you" in zoe.text and zoe.buttons


@pytest.mark.promise("desk-markup")
@settings(max_examples=40, deadline=None)
@given(OUTSIDE, st.integers(0, 60))
@example('"<&' * 3000, 40)
def test_slack_takes_every_home_and_nothing_in_it_comes_alive(text: str, many: int) -> None:
    pressed = (Button("agent.available", text, text[:300]), Button("form.away", text))
    entry = Entry(text, text, (Clock(text, NOW, True),) * 3, "C1:1.5", pressed)
    section = Section(text, text, (Clock(text, NOW),), (entry,) * many, pressed, more=3)
    view = home_view(
        Home((section, section), NOW), "https://x.slack.com/", Told(False, text, buttons=pressed)
    )
    assert faults_of_view(view).lines() == [] and len(view["blocks"]) <= MOST_BLOCKS
    assert not too_large(view, VIEW_SIZE)
    assert view["blocks"][-1]["elements"][0]["action_id"] == "home.refresh"
    for words in markup(view):
        assert alive(DATE.sub("", words)) == [] and "<" not in DATE.sub("", words)


def test_a_later_look_at_the_same_day_is_the_same_home() -> None:
    one, later = (home_view(Home((own_state(scene()),), now)) for now in (NOW, NOW + MINUTE))
    assert one != later and digest(one) == digest(later)
    assert digest(home_view(Home((own_contacts(scene()),), NOW))) != digest(one)


def test_a_link_leads_to_the_message_as_slack_says_it() -> None:
    assert (
        permalink("https://x.slack.com/", "C1:1723.000200") == "https://x.slack.com/archives/C1/p1723000200"
    )
    assert permalink("", "C1:1.2") == permalink("https://x.slack.com/", "") == ""
