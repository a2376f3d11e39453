"""Callers whom closing time or an emergency close meets on the line, through the real clients and signed webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.channels.phone_stage import CALLS, Stage, telephone
from tests.helpers_app import JONAS

VOICEMAIL = CALLS.replace("after_hours: {voice: callback, default: hold}", "after_hours: {voice: voicemail}")


async def into_orders(it: Stage, sid: str) -> None:
    """Through the menu, into the queue of the service that closes."""
    await it.inside.until(lambda: it.at(sid, "menu"))
    await it.do(sid, "press", digits="2")


@pytest.mark.promise("call-closing")
async def test_who_waits_at_closing_time_leaves_a_message_that_is_offered_at_the_opening(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path, VOICEMAIL) as it:
        await it.inside.call("/clock", {"at": "2026-12-04T17:59:00+01:00"})  # a Friday
        sid = await it.dial()
        await into_orders(it, sid)
        await it.inside.until(lambda: it.at(sid, "waiting"))
        await it.inside.call("/clock", {"at": "2026-12-04T18:15:01+01:00"})
        await it.inside.until(lambda: it.at(sid, "voicemail"))
        assert "We open again on Monday at eight in the morning" in await it.heard(sid)
        await it.do(sid, "record", text="Where is my order?", seconds=6)

        async def kept() -> bool:
            contact = await it.inside.contact()
            said = any("Voicemail of 6 s" in str(m["text"]) for m in contact["transcript"])
            return said and contact["state"] == "parked"

        await it.inside.until(kept)
        await it.inside.slash("Ada", "available")
        await it.inside.call("/clock", {"at": "2026-12-07T08:00:01+01:00"})
        await it.inside.slash("Ada", "available")
        await it.inside.accept("Ada", "Voicemail")


@pytest.mark.promise("call-emergency")
async def test_an_emergency_close_is_heard_by_who_waits_and_by_who_calls(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/clock", {"at": "2026-12-07T10:00:00+01:00"})
        sid = await it.dial()
        await into_orders(it, sid)
        await it.inside.until(lambda: it.at(sid, "waiting"))
        said = await it.inside.slash("Mira", "close service orders A pipe has burst in our office.")
        assert "closed" in said
        await it.inside.until(lambda: it.said(sid, "A pipe has burst in our office"))
        await it.inside.until(lambda: it.at(sid, "ended"))
        later = await it.dial(sender=JONAS)
        await into_orders(it, later)
        await it.inside.until(lambda: it.said(later, "A pipe has burst in our office"))
        await it.inside.until(lambda: it.at(later, "ended"))
        assert "call you back" in await it.heard(later)
