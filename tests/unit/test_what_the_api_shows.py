"""The rows of /api/v1, worked out from what the queue holds."""

from __future__ import annotations

import json
from dataclasses import replace

from helpers_plan import EVA, SUPPORT, arrived, at, book

from tierline.console import views
from tierline.queue.history.records import Customer
from tierline.queue.model import Model
from tierline.queue.state import Event, MessageView, mask_of
from tierline.router.body import Body, line
from tierline.router.cards import card, history_line
from tierline.router.classify import classify
from tierline.router.facts import Facts
from tierline.router.roster import enlist
from tierline.router.rulebook import agent_id, instant

NOW = at("2026-11-23 09:00")


def staged() -> tuple[Model, str]:
    """Eva's outage, offered to Emil."""
    model = Model().at(NOW)
    for spec in book().plan.agents:
        who = enlist(book(), spec, NOW)
        model.agent(who.id, who.profile, who.capacity, mask_of(spec.channels), who.edges, who.on_shift)
    model.presence("Emil", "available")
    said = arrived("The server is <!channel> down", SUPPORT)
    verdict = classify(book(), said, Customer("eva", "Eva Brandt", "en", known=True), NOW)
    return model, model.arrive(said.to_json(), said.event, said.thread, verdict.decision).contact


def test_a_contact_has_its_customer_offers_step_and_promise() -> None:
    model, name = staged()
    it = model.snapshot().contacts[name]
    last = views.last_in([MessageView(1, "in", arrived("The server is <!channel> down").to_json(), NOW)])
    row = views.contact(book(), it, last, NOW + 61_000, {"emil@nightowl.example": "U5"})
    assert row["customer"] == {"key": "eva", "name": "Eva Brandt", "address": EVA, "verified": True}
    assert row["offers"][0]["agent"] == {"name": "Emil", "slack": "U5"}
    assert row["offers"][0]["state"] == "delivering"
    assert (row["state"], row["tier"], row["step"], row["steps"]) == ("offered", "L1", 1, 4)
    assert (row["waited_s"], row["due"]) == (61, views.iso(NOW + 60_000))
    assert row["last_text"] == "The server is <!channel> down"
    assert views.need(it)["skills"] == {"network": 2}
    assert json.dumps(row)


def test_an_agents_state_follows_from_duty_and_load() -> None:
    model, _ = staged()
    agents = model.snapshot().agents
    emil, spec = agents["Emil"], next(a for a in book().plan.agents if a.name == "Emil")
    row = views.agent(book(), spec, emil, NOW, {})
    assert (row["presence"], row["state"], row["load"], row["slack"]) == (
        "available",
        "available",
        25,
        spec.slack,
    )
    assert views.agent_state(agents["Hugo"]) == "offline"
    assert views.agent_state(replace(emil, on_shift=False)) == "off shift"
    assert views.agent_state(replace(emil, draining="C1")) == "draining"
    assert views.agent_state(replace(emil, mask=0)) == "full"
    assert views.agent_state(replace(emil, presence="away")) == "away"


def test_a_service_says_whether_it_is_open_and_until_when() -> None:
    open_now = views.service(book(), "howto", 3, NOW)
    assert (open_now["open"], open_now["why_closed"], open_now["waiting"]) == (True, None, 3)
    assert open_now["next_change"] == views.iso(at("2026-11-23 18:00"))
    assert open_now["promise"] == {"voice": 60, "chat": 120, "sms": 600, "email": 14400}
    holiday = views.service(book(), "howto", 0, at("2026-12-25 10:00"))
    assert holiday["open"] is False and holiday["why_closed"]
    assert holiday["next_open"] == views.iso(at("2026-12-28 08:00"))


def test_an_owner_whom_the_plan_has_lost_is_shown_by_name() -> None:
    assert views.person(book(), "Gone", {}) == {"name": "Gone", "slack": ""}
    assert views.person(book(), "", {}) is None


def test_an_event_shows_what_happened_but_neither_facts_nor_words() -> None:
    x = json.dumps({"reason": "busy", "facts": "secret", "body": "private words"})
    row = views.event(Event(NOW, "declined", "C1", agent_id("Emil"), 1, x, "5-0"))
    assert row["reason"] == "busy" and "secret" not in str(row) and "private" not in str(row)
    moment = views.moment(book(), Event(NOW, "declined", "C1", "Emil", 1, x))
    assert moment["text"] == "declined (Emil) – busy"


def test_a_transcript_has_directions_and_receipts() -> None:
    body = Body("Try it", by="Emil").to_json()
    row = views.message(MessageView(2, "reply", body, NOW, "failed", "Emil", "SM1", "landline"))
    assert (row["direction"], row["author"], row["status"], row["error"]) == (
        "out",
        "Emil",
        "failed",
        "landline",
    )
    assert views.message(MessageView(1, "in", arrived("Hi").to_json(), NOW))["direction"] == "in"
    assert line("C1", MessageView(3, "note", body, NOW), "Eva").kind == "note"
    assert line("C1", MessageView(4, "received", body, NOW), "Eva").kind == "system"


def test_an_offers_card_says_who_what_and_why_you() -> None:
    model, name = staged()
    it = model.snapshot().contacts[name]
    said = [MessageView(n, "in", arrived(f"line {n} " + "x" * 600).to_json(), NOW) for n in range(1, 9)]
    spec = next(a for a in book().plan.agents if a.name == "Emil")
    shown = card(book(), it, 1, spec, tuple(said), (), NOW + 5_000)
    assert shown.customer == f"Eva Brandt, {EVA}" and shown.verified
    assert "rule “outage”" in shown.why and "network ≥ 2" in shown.why
    assert len(shown.lines) == 5 and all(len(text) == 501 for text in shown.lines)
    assert shown.lines[-1].startswith("line 8") and shown.waited == 5_000
    assert history_line(()) == ""


def test_facts_of_another_version_are_read() -> None:
    assert Facts.parse('{"customer": "eva", "something new": 1}').customer == "eva"
    assert Facts.parse("") == Facts.parse("{}")
    assert instant(NOW).tzinfo is not None
