"""The store stands still under running calls: callers hear words at once, stay, and go on when it is back (F58)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.channels.phone_stage import Stage, telephone
from tests.helpers_app import EVA, JONAS

LATEST = 2_000
"""ms within which whoever is on the line hears something."""


@contextmanager
def frozen(it: Stage) -> Iterator[None]:
    """The store doesn't answer, and its connections stand."""
    embedded = it.inside.app.store.embedded
    assert embedded is not None and embedded.pid is not None
    os.kill(embedded.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(embedded.pid, signal.SIGCONT)


async def asked(it: Stage) -> list[dict[str, Any]]:
    """What Twilio asked that a caller waits for: everything but news."""
    rows = await it.inside.call("/wire")
    news = ("/leg", "/machine", "/room", "/recording")
    return [
        row
        for row in rows
        if row["path"].startswith("/twilio/voice") and not row["path"].split("?")[0].endswith(news)
    ]


async def honest(it: Stage) -> None:
    """No answer to a leg was an error or late, and Twilio has nothing to complain of."""
    rows = await asked(it)
    assert rows and {row["status"] for row in rows} == {200}
    assert max(row["ms"] for row in rows) < LATEST
    wrong = [it for it in await it.inside.call("/twilio/warnings") if "/twilio/voice/" in it["url"]]
    assert [it for it in wrong if not it["url"].split("?")[0].endswith("/leg")] == []


async def says(it: Stage, sid: str, words: str) -> bool:
    return words in await it.heard(sid)


@pytest.mark.promise("call-store-away")
async def test_who_calls_meanwhile_hears_sorry_stays_and_is_served_when_it_is_back(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        with frozen(it):
            sid = await it.dial()
            await it.inside.until(lambda: says(it, sid, "Please stay on the line"), within=10)
            assert (await it.leg(sid))["status"] == "in-progress"
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.do(sid, "press", digits="1")
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.heard(leg))
        await it.do(leg, "press", digits="1")
        await it.inside.until(lambda: it.at(sid, "conference"))
        assert [contact["state"] for contact in await it.inside.contacts(EVA)] == ["active"]
        await honest(it)


@pytest.mark.promise("call-store-away")
async def test_a_key_that_was_pressed_meanwhile_is_not_asked_for_again(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sid = await it.dial()
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.inside.until(lambda: it.said(sid, "For help, press 1"))
        with frozen(it):
            await it.do(sid, "press", digits="2")
            await it.inside.until(lambda: says(it, sid, "Please stay on the line"), within=10)
        await it.inside.until(lambda: it.inside.contacts(EVA))
        assert [contact["service"] for contact in await it.inside.contacts(EVA)] == ["orders"]
        assert (await it.heard(sid)).count("For help, press 1") == 1
        await honest(it)


@pytest.mark.promise("call-store-away")
async def test_who_waits_waits_on_in_their_place(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        sids = []
        for sender in (EVA, JONAS):
            sid = await it.dial(sender)
            await it.inside.until(lambda sid=sid: it.at(sid, "menu"))  # type: ignore[misc]
            await it.do(sid, "press", digits="1")
            await it.inside.until(lambda sid=sid: it.at(sid, "waiting"))  # type: ignore[misc]
            sids.append(sid)
        before = len(await asked(it))
        with frozen(it):

            async def asked_again() -> bool:
                return len(await asked(it)) > before + 3

            await it.inside.until(asked_again, within=30)
            assert [await it.at(sid, "waiting") for sid in sids] == [True, True]
        await it.inside.slash("Ada", "available")
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.heard(leg))
        await it.do(leg, "press", digits="1")
        await it.inside.until(lambda: it.at(sids[0], "conference"))
        assert await it.at(sids[1], "waiting")
        await honest(it)


@pytest.mark.promise("call-store-away")
async def test_an_agent_who_presses_1_meanwhile_gets_the_call_when_it_is_back(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        sid = await it.dial()
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.do(sid, "press", digits="1")
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.heard(leg))
        with frozen(it):
            await it.do(leg, "press", digits="1")
            await it.inside.until(lambda: says(it, leg, "Please stay on the line"), within=10)
        await it.inside.until(lambda: it.at(sid, "conference"))
        await it.inside.until(lambda: it.at(leg, "conference"))
        await honest(it)


@pytest.mark.promise("calls-shown")
async def test_operators_see_how_calls_are_paced(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        with frozen(it):
            sid = await it.dial()
            await it.inside.until(lambda: says(it, sid, "Please stay on the line"), within=10)
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.inside.slash("Ada", "available")
        await it.do(sid, "press", digits="1")
        await it.inside.until(lambda: it.ringing("Ada"))
        async with it.inside.http.get(f"{it.inside.product}/readyz", headers=it.inside.token) as answer:
            calls = (await answer.json())["calls"]
        assert (
            calls["put_off"] >= 1
            and calls["live"] == 1
            and calls["per_second"] == 1
            and calls["waiting"] == 0
        )
        async with it.inside.http.get(f"{it.inside.product}/metrics", headers=it.inside.token) as answer:
            page = await answer.text()
        assert "tierline_calls_live 1.0" in page and "tierline_calls_per_second 1.0" in page
        assert "tierline_calls_put_off" in page and "tierline_held_back_where 0.0" in page
