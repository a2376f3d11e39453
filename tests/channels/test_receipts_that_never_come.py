"""Twilio's callbacks all met a store that was away: what became of the text is asked for, and its writer sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import Inside, inside
from test_asleep_and_back import answered, passes
from test_handing_over import PLAN, open_with

from tierline.app import App
from tierline.queue.failures import OutcomeUnknown


@pytest.mark.promise("receipts-looked-up")
async def test_a_text_whose_receipts_were_all_refused_is_looked_up_at_twilio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await open_with(stage, "Ada")
        refused = 0

        async def away(*words: object, **more: object) -> bool:
            nonlocal refused
            refused += 1
            raise OutcomeUnknown("the store is away")

        monkeypatch.setattr(stage.app.receipts, "receipt", away)
        await answered(stage, "Ada", "try turning it off")

        async def all_refused() -> bool:
            delivered = (await stage.got("try turning it off"))[0]["status"] == "delivered"
            return delivered and refused >= 3

        await stage.until(all_refused)

        async def status() -> str:
            said = (await stage.contact())["transcript"]
            return next(str(m["status"]) for m in said if m["text"] == "try turning it off")

        assert await status() in ("queued", "sending", "sent")
        await passes(stage, "2m")

        async def known() -> bool:
            return await status() == "delivered"

        await stage.until(known)


@pytest.mark.promise("receipts-looked-up")
async def test_what_arrived_while_we_were_down_is_looked_up_by_the_next_start(tmp_path: Path) -> None:
    async with inside(tmp_path, PLAN) as stage:
        await open_with(stage, "Ada")
        await stage.call("/faults", {"receipts": "manual"})
        await answered(stage, "Ada", "try turning it off")
        await stage.until(lambda: _status(stage, "sent"))
        before = stage.app
        await before.stop()
        sid = (await stage.got("try turning it off"))[0]["sid"]
        told = await stage.call(f"/sms/{sid}/status", {"status": "delivered"})
        assert not told["product_status"]  # nobody was there to hear it
        stage.rehearsal.app = App(before.settings, before.secrets)
        await stage.app.open()
        await stage.app.start(before.first_plan)
        assert not await _status(stage, "delivered")
        await passes(stage, "2m")
        await stage.until(lambda: _status(stage, "delivered"))
        assert len(await stage.got("try turning it off")) == 1


async def _status(stage: Inside, status: str) -> bool:
    said = (await stage.contact())["transcript"]
    return any(m["text"] == "try turning it off" and m["status"] == status for m in said)
