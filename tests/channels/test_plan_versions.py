"""A new version of the plan on a running product: whom it moves, told before and after, and the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from helpers_app import DESK, EVA, JONAS, Inside, Json, inside

PLAN = f"""
site: versions
timezone: Europe/Berlin
languages: [en]
supervisors: [mira@versions.example]
alerts: {{slack: "#ops"}}
schedules: {{always: {{hours: "24/7"}}}}
channels: {{sms: {{offer: 10m, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}, experts: {{channel: "#experts"}}}}
services:
  help: {{schedule: always, answer_within: 10m, steps: [{{tiers: [L1], teams: [desk], until: 30m}}, {{then: hold}}]}}
  outage: {{schedule: always, answer_within: 60s, steps: [{{tiers: [L1], teams: [experts], until: 30m}}, {{then: hold}}]}}
entry: [{{channel: sms, to: "{DESK}", service: help}}]
rules:
  - {{name: outage, when: {{text: {{any: [outage]}}}}, set: {{service: outage}}}}
agents:
  - {{name: Ada, slack: ada@versions.example, team: desk, tier: L1}}
  - {{name: Lin, slack: lin@versions.example, team: experts, tier: L1}}
"""
WIDER = PLAN.replace("any: [outage]", "any: [outage, slow]")


@pytest_asyncio.fixture
async def it(tmp_path: Path) -> AsyncIterator[Inside]:
    async with inside(tmp_path, PLAN) as running:
        yield running


async def send(it: Inside, method: str, path: str, body: Json | None = None) -> tuple[int, Any]:
    url = f"{it.product}/api/v1{path}"
    async with it.http.request(method, url, json=body, headers=it.token) as answer:
        return answer.status, await answer.json()


async def publish(it: Inside, yaml: str, **more: object) -> Json:
    status, told = await send(
        it, "PUT", "/plan", {"yaml": yaml, "author": "Mira", "reason": "slow is an outage", **more}
    )
    assert status == 200, told
    return dict(told)


async def walked(it: Inside) -> None:
    async def over() -> bool:
        return (await it.api("/plan"))["reevaluating"] is None

    await it.until(over)


@pytest.mark.promise("plan-reevaluate")
async def test_while_a_service_is_closed_at_once_a_plan_moves_nobody_whom_it_says_nothing_new_about(
    it: Inside,
) -> None:
    await it.text("a question")
    await send(it, "POST", "/services/help/close", {"text": "Evacuated"})
    await it.text("another question", JONAS)
    ids = [str((await it.contact(number))["id"]) for number in (EVA, JONAS)]

    async def held() -> bool:
        views = [await it.app.queue.contact(id) for id in ids]
        return all(view is not None and view.state == "parked" for view in views)

    await it.until(held)
    before = [await it.app.queue.contact(id) for id in ids]
    status, draft = await send(it, "POST", "/plan/check", {"yaml": PLAN + "# the same\n"})
    assert status == 200 and draft["moves"]["moved"] == 0, draft["moves"]
    told = await publish(it, PLAN + "# the same\n", waiting="reevaluate", on=1)
    assert told["moves"]["moved"] == 0
    await walked(it)
    assert [await it.app.queue.contact(id) for id in ids] == before


@pytest.mark.promise("plan-reevaluate")
async def test_those_who_wait_are_moved_and_counted_and_an_earlier_version_brings_them_back(
    it: Inside,
) -> None:
    await it.text("all is slow")
    await it.text("a question", JONAS)
    before = await it.contact()
    assert before["service"] == "help" and (await it.contact(JONAS))["service"] == "help"

    status, draft = await send(it, "POST", "/plan/check", {"yaml": WIDER})
    assert status == 200 and draft["diff"] == ["Rule “outage” now also matches the word “slow”"]
    assert draft["moves"]["waiting"] == 2
    assert draft["moves"]["by_service"] == [{"from": "help", "to": "outage", "count": 1}]

    told = await publish(it, WIDER, waiting="reevaluate", on=1)
    assert told["version"] == 2 and told["moves"]["moved"] == 1
    await walked(it)
    moved = await it.contact()
    assert moved["service"] == "outage" and moved["rank"] < before["rank"] and moved["id"] == before["id"]
    jonas = await it.contact(JONAS)
    assert jonas["service"] == "help"
    why = await it.api(f"/contacts/{moved['id']}/why")
    assert why["rule"] == {"name": "outage", "line": why["rule"]["line"], "version": 2}
    assert (await it.api(f"/contacts/{jonas['id']}/why"))["rule"]["version"] == 1
    await it.until(lambda: it.told("Plan version 2: 1 of 2 who waited were moved."))

    status, back = await send(
        it,
        "POST",
        "/plan/rollback",
        {"to": 1, "author": "Mira", "reason": "too wide", "waiting": "reevaluate"},
    )
    assert status == 200 and back["version"] == 3
    assert back["diff"] == ["Rule “outage” no longer matches the word “slow”"]
    await walked(it)
    assert (await it.contact())["service"] == "help"

    async def counted() -> list[Json]:
        rows: list[Json] = await it.api("/plan/versions")
        return rows if rows[-1]["moved"] is not None else []

    rows = await it.until(counted)
    assert [(r["version"], r["reason"], r["waiting"], r["moved"]) for r in rows] == [
        (1, "first start", "new", None),
        (2, "slow is an outage", "reevaluate", 1),
        (3, "rollback to 1: too wide", "reevaluate", 1),
    ]
    assert (await it.api("/plan/versions/3"))["yaml"] == PLAN
    assert (await it.api("/plan/diff?a=1&b=2"))["lines"] == rows[1]["diff"]


async def test_new_only_leaves_those_who_wait_as_they_are(it: Inside) -> None:
    await it.text("all is slow")
    told = await publish(it, WIDER)
    assert told["waiting"] == "new" and told["moves"]["moved"] == 1
    await it.text("slow here, too", JONAS)
    assert (await it.contact())["service"] == "help"
    assert (await it.contact(JONAS))["service"] == "outage"


async def test_offers_go_to_whom_the_new_version_asks(it: Inside) -> None:
    await it.slash("Ada", "available")
    await it.slash("Lin", "available")
    await it.text("all is slow")
    await it.until(lambda: it.cards("Ada", "all is slow"))
    await publish(it, WIDER, waiting="reevaluate")
    await it.until(lambda: it.cards("Lin", "all is slow"))

    async def withdrawn() -> bool:
        return not await it.cards("Ada", "all is slow")

    await it.until(withdrawn)


@pytest.mark.promise("plan-stranded")
async def test_a_service_in_which_somebody_waits_is_not_taken_away_unless_they_move(it: Inside) -> None:
    await it.text("an outage")
    without = PLAN.replace("  outage: {schedule", "  # outage: {schedule").replace(
        "set: {service: outage}", "set: {priority: 9}"
    )
    body = {"yaml": without, "author": "Mira", "reason": "one service is enough"}
    status, told = await send(it, "PUT", "/plan", body)
    assert status == 409 and "1 in outage" in told["hint"] and "re-evaluated" in told["hint"]
    assert (await it.api("/plan"))["version"] == 1
    done = await publish(it, without, waiting="reevaluate")
    assert done["warnings"] == ["1 wait in outage, which this plan no longer has"]
    await walked(it)
    assert (await it.contact())["service"] == "help"


async def test_who_is_removed_with_work_in_hand_is_named_before(it: Inside) -> None:
    await it.slash("Ada", "available")
    await it.text("a question")
    await it.accept("Ada")
    without = PLAN.replace("  - {name: Ada", "  - {name: Zoe")
    status, told = await send(it, "POST", "/plan/check", {"yaml": without})
    assert status == 200 and told["warnings"] == ["Ada is removed and has 1 in hand: it goes to others"]
    assert "Agent “Ada” is removed" in told["diff"]


async def test_a_stale_draft_and_what_is_no_version_are_refused_in_words(it: Inside) -> None:
    await publish(it, WIDER, on=1)
    body = {"yaml": PLAN, "author": "Tom", "reason": "late", "on": 1}
    status, told = await send(it, "PUT", "/plan", body)
    assert status == 409 and "version 2 was published meanwhile" in told["hint"]
    status, told = await send(it, "POST", "/plan/rollback", {"to": 77, "author": "Tom"})
    assert status == 404 and "no plan version 77" in told["hint"]
    status, told = await send(it, "PUT", "/plan", {**body, "waiting": "maybe"})
    assert status == 400 and "reevaluate" in told["hint"]
    assert (await send(it, "GET", "/plan/diff?a=1&b=x"))[0] == 400
    status, told = await send(it, "POST", "/plan/check", {"yaml": "site: 1"})
    assert status == 422 and told["mistakes"]


@pytest.mark.promise("plan-dry-run")
async def test_a_dry_run_says_which_of_the_last_contacts_would_have_gone_elsewhere(it: Inside) -> None:
    await it.text("all is slow")
    await it.text("a question", JONAS)

    async def looked() -> Json | None:
        status, told = await send(it, "POST", "/plan/dry-run", {"yaml": WIDER, "last": 100})
        assert status == 200, told
        return dict(told) if told["looked"] == 2 else None

    told = await it.until(looked)
    assert told["elsewhere"] == 1
    assert told["text"] == [
        "1 of the last 2 contacts would have gone elsewhere:",
        "1 × help by its door → outage by the rule “outage” (C1001)",
    ]


@pytest.mark.promise("plan-versions")
async def test_a_version_that_changes_more_than_is_kept_says_so(it: Inside) -> None:
    texts = ", ".join(f"word{n}" for n in range(205))
    await publish(it, PLAN.replace("any: [outage]", f"any: [outage, {texts}]"))
    kept = (await it.api("/plan/versions"))[-1]["diff"]
    assert len(kept) == 200 and kept[-1] == "6 changes more: `tierline plan diff 1 2` tells all"
    assert len((await it.api("/plan/diff?a=1&b=2"))["lines"]) == 205


@pytest.mark.promise("plan-dry-run")
async def test_a_dry_run_compares_plans_whatever_is_closed_at_once_meanwhile(it: Inside) -> None:
    await it.text("a question", JONAS)
    status, _ = await send(it, "POST", "/services/help/close", {"text": "Fire alarm"})
    assert status == 200
    await it.text("all is slow")

    async def looked() -> Json | None:
        status, told = await send(it, "POST", "/plan/dry-run", {"yaml": PLAN})
        return dict(told) if status == 200 and told["looked"] == 2 else None

    told = await it.until(looked)
    assert told["text"] == ["None of the last 2 contacts would have gone elsewhere."]


@pytest.mark.promise("audit-log")
async def test_every_change_is_in_the_audit_log_with_who_when_what_and_from_where(it: Inside) -> None:
    await publish(it, WIDER)
    status, _ = await send(it, "PUT", "/customers/eva", {"name": "Eva", "addresses": [EVA]})
    assert status in (200, 409)

    async def lines() -> list[Json]:
        found: list[Json] = await it.api("/audit")
        return found if len(found) >= 2 else []

    found = await it.until(lines)
    assert [f["n"] for f in found] == list(range(1, len(found) + 1))
    mira = next(f for f in found if f["who"] == "Mira")
    assert mira["act"] == "plan.publish" and mira["origin"] == "api 127.0.0.1" and mira["at"]
    assert mira["what"] == {"reason": "slow is an outage", "version": 2, "waiting": "new"}
    verified = await it.api("/audit/verify")
    assert verified["ok"] and verified["lines"] == len(found)


async def test_every_verb_is_described(it: Inside) -> None:
    paths = (await it.api("/openapi.json"))["paths"]
    for path, method in (
        ("", "get"), ("", "put"), ("/versions", "get"), ("/versions/{n}", "get"), ("/diff", "get"),
        ("/check", "post"), ("/dry-run", "post"), ("/rollback", "post"),
    ):  # fmt: skip
        assert paths[f"/api/v1/plan{path}"][method]["summary"]
    assert paths["/api/v1/audit/verify"]["get"]["parameters"]
