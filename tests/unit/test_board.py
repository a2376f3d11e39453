"""A supervisor's board says what waits against its promise, who is there and what they do, and what can be pressed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from helpers_desk import HOUR, MINUTE, NOW, Desk, route

from tierline.channels.home import Clock
from tierline.queue.history.promised import Promised
from tierline.router.board import ACTS, board, rows, told
from tierline.router.board_home import sections
from tierline.router.boards import midnight
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook
from tierline.router.situation import Incident, Shut, Situation

PLAN = """
site: a
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@a.example]
schedules: {office: {hours: "Mo-Fr 08:00-18:00"}, always: {hours: "24/7"}}
teams: {desk: {channel: "#desk"}, night: {channel: "#night"}}
services:
  howto: {schedule: office, answer_within: 10m, steps: [{tiers: [L1], teams: any, until: 30m}, {then: hold}]}
  outage: {schedule: always, answer_within: 10m, steps: [{tiers: [L1], teams: any, until: 30m}, {then: hold}]}
agents:
  - {name: Ada, slack: ada@a.example, team: desk}
  - {name: Ben, slack: ben@a.example, team: desk}
  - {name: Zoe, slack: zoe@a.example, team: night}
"""
# Monday, 09:00 in Berlin
BOOK = Rulebook(parse(PLAN), 7)


def facts(due):
    return json.dumps({"due": due, "address": "+491", "customer": "+491"})


def shown(desk, day=(), book=BOOK, back=None, whole=True):
    state = desk.views()
    it = board(book, list(state.contacts.values()), state.agents, day, back or {}, desk.now, whole)
    return [row.text for row in rows(book, it)], it


def test_nobody_waits_and_nobody_is_there() -> None:
    texts, _ = shown(Desk())
    assert texts[0].startswith("*Board* · 09:00 · plan version 7")
    assert texts[1:] == [
        "*howto* · open until today at 18:00\nnobody waits", "*outage* · open round the clock\nnobody waits",
    ]  # fmt: skip


@pytest.mark.promise("board-promises")
def test_what_waits_stands_against_its_promise_late_and_nearly_late() -> None:
    desk = Desk()
    first = desk.arrives(facts=facts(NOW + 10 * MINUTE))
    desk.now += 6 * MINUTE
    second = desk.arrives(facts=facts(desk.now + 10 * MINUTE))
    assert "2 wait, C1001 for 6 min of 10 min promised" in shown(desk)[0][1]
    assert "late" not in shown(desk)[0][1]
    desk.now += 2 * MINUTE
    assert "1 nearly late" in shown(desk)[0][1]  # 2 of 10 minutes are left
    desk.now += 3 * MINUTE
    text, it = shown(desk)[0][1], shown(desk)[1]
    assert ":red_circle: 1 late (C1001)" in text and it.services[0].late == (first,)
    desk.comes("Ada", team="desk")
    desk.takes("Ada", first)
    assert shown(desk)[1].services[0].late == (first,)  # taken, and still not answered
    desk.answers("Ada", first)
    it = shown(desk)[1]
    assert it.services[0].late == () and it.services[0].in_hand == 1 and it.services[0].oldest.id == second


@pytest.mark.promise("board-promises")
def test_the_days_promises_are_counted_as_kept_and_broken() -> None:
    day = [
        Promised("howto", NOW - 5 * MINUTE, NOW - 6 * MINUTE, None),  # answered in time
        Promised("howto", NOW - 5 * MINUTE, NOW - 4 * MINUTE, NOW),  # a minute late
        Promised("howto", NOW - 5 * MINUTE, None, None),  # still waits
        Promised("howto", NOW - 5 * MINUTE, None, NOW - 20 * MINUTE),  # gave up before it was due: neither
        Promised("howto", NOW + HOUR, None, None),  # not due yet
    ]
    assert "today 1 of 3 promises kept" in shown(Desk(), day)[0][1]
    assert "nothing is said of today" in shown(Desk(), None)[0][0]


@pytest.mark.promise("board-people")
def test_who_is_there_is_said_by_team_and_by_what_they_do() -> None:
    desk = Desk()
    desk.comes("Ada", team="desk")
    desk.comes("Ben", team="desk")
    desk.comes("Zoe", team="night")
    assert shown(desk)[0][-2:] == ["*desk* · 2 available: Ada, Ben", "*night* · 1 available: Zoe"]
    asked = desk.arrives(route("sms"))
    assert (
        "2 available: Ada (25 of 100, is being asked), Ben" in shown(desk)[0][-2]
    )  # not full: an offer is open
    desk.takes("Ada", asked)
    assert "2 available: Ada (25 of 100), Ben" in shown(desk)[0][-2]
    desk.complete(asked, "Ada")
    desk.presence("Ben", "away", until=desk.now + HOUR, why="lunch <!here>")
    desk.presence("Zoe", "offline")
    call = desk.arrives(route("voice", wrap_up=30 * MINUTE))
    desk.takes("Ada", call)
    texts = shown(desk, back={"Ben": desk.now + HOUR})[0]
    assert (
        texts[-2]
        == "*desk* · 1 full: Ada (100 of 100) · 1 away: Ben (lunch &lt;!here&gt;, until today at 10:00)"
    )
    assert texts[-1] == "*night* · 1 offline"
    desk.complete(call, "Ada")
    assert f"1 wrapping: Ada ({call})" in shown(desk)[0][-2]


def test_somebody_who_is_kept_free_for_a_call_drains() -> None:
    desk = Desk()
    desk.comes("Ada", team="desk")
    desk.takes("Ada", desk.arrives(route("chat")))
    call = desk.arrives(route("voice"))
    desk.now += 1000
    desk.arrives(route("chat"))
    assert f"1 draining: Ada (for {call})" in shown(desk)[0][-1]


@pytest.mark.promise("board-closed")
def test_what_is_closed_says_until_when_by_whom_and_can_be_opened() -> None:
    shut = Shut("howto", NOW - MINUTE, NOW + HOUR, "Back <soon>", "Mira & co")
    incident = Incident("I1124-0900", "outage", ("slow", "<down>"), "We know.", NOW - HOUR, "Mira")
    book = BOOK.under(Situation((shut,), (incident,)))
    texts, it = shown(Desk(), book=book)
    closed = ":no_entry: closed by Mira &amp; co until today at 10:00, told: “Back &lt;soon&gt;”"
    assert texts[1] == f"*howto* · {closed}\nnobody waits"
    assert "*I1124-0900* outage [slow, &lt;down&gt;], since 08:00: “We know.”" in texts[3]
    pressed = {(b.action, b.value) for b in told(rows(book, it))[1]}
    assert {("board.open", "howto"), ("form.incident-end", "I1124-0900"), ("board.refresh", "")} <= pressed
    assert ("board.open", "outage") not in pressed


def test_closed_by_the_hours_says_when_it_opens() -> None:
    desk = Desk()
    desk.now += 10 * HOUR  # 19:00
    assert "*howto* · closed until tomorrow at 08:00" in shown(desk)[0][1]


def test_a_board_never_has_more_buttons_than_slack_takes() -> None:
    lines = "".join(
        f"  s{n}: {{schedule: always, answer_within: 5m, steps: [{{tiers: [L1], teams: any, until: 5m}}, {{then: hold}}]}}\n"
        for n in range(40)
    )
    many = Situation(tuple(Shut(f"s{n}", NOW, None, "", "Mira") for n in range(40)))
    book = Rulebook(parse(PLAN.replace("agents:", f"{lines}agents:")), 7).under(many)
    texts, it = shown(Desk(), book=book)
    assert sum("closed by Mira" in text for text in texts) == 40 and len(told(rows(book, it))[1]) <= 25


def test_the_day_begins_at_the_sites_midnight() -> None:
    assert midnight(NOW, "Europe/Berlin") == NOW - 9 * HOUR


@pytest.mark.promise("home-board")
def test_a_home_says_the_board_with_instants_so_that_it_stays_the_same_while_nothing_happens() -> None:
    desk = Desk()
    desk.arrives(facts=facts(NOW + 10 * MINUTE))
    shut = Situation((Shut("outage", NOW, None, "<!here> power", "Mira"),), ())
    it = shown(desk, book=BOOK.under(shut))[1]
    head, services, people = sections(BOOK.under(shut), it)
    assert [one.action for one in head.buttons] == [
        one.action for one in ACTS if one.action != "board.refresh"
    ]
    assert services.entries[0].clocks == (
        Clock("C1001 since", NOW), Clock("answer due", NOW + 10 * MINUTE),
    )  # fmt: skip
    assert [one.action for one in services.entries[1].buttons] == ["service.open"]
    assert "<!here>" not in services.entries[1].title
    desk.now += MINUTE
    assert sections(BOOK.under(shut), shown(desk, book=BOOK.under(shut))[1]) == (head, services, people)
    desk.now += 10 * MINUTE
    late = sections(BOOK, shown(desk)[1])[1].entries[0]
    assert late.clocks[1].late and "1 late (C1001)" in late.title


def test_a_home_of_many_services_shows_those_in_trouble_and_how_many_more_there_are() -> None:
    desk = Desk()
    desk.arrives(facts=facts(NOW + MINUTE))
    desk.now += 2 * MINUTE
    it = shown(desk)[1]
    quiet = tuple(replace(it.services[1], name=f"s{n}") for n in range(40))
    shown_services = sections(BOOK, replace(it, services=(*quiet, it.services[0])))[1]
    assert shown_services.entries[0].title.startswith("*howto*") and shown_services.more == 21
    assert len(shown_services.entries) == 20
