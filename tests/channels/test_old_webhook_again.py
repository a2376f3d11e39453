"""A webhook that is sent again after the store has forgotten it: the history knows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import EVA, inside
from twilio.request_validator import RequestValidator


@pytest.mark.promise("old-text-again")
async def test_a_text_that_comes_again_after_two_days_is_still_the_same_text(tmp_path: Path) -> None:
    async with inside(tmp_path) as it:
        assert await it.text("help me") == 200
        contact = await it.contact()
        sent = next(
            e
            for e in it.rehearsal.sandbox.wire.exchanges
            if "Body" in e.params and e.path.startswith("/twilio/sms")
        )
        await it.call("/clock", {"advance": "49h"})
        keys = it.rehearsal.cast.credentials
        url = f"{it.app.settings.base_url}{sent.path}"
        params = {name: str(value) for name, value in sent.params.items()}
        signature = RequestValidator(keys.auth_token).compute_signature(url, params)  # type: ignore[no-untyped-call]
        headers = {"X-Twilio-Signature": signature}
        async with it.http.post(f"{it.product}{sent.path}", data=params, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
        assert [c["id"] for c in await it.contacts(EVA)] == [contact["id"]]
        texts = [m for m in (await it.contact())["transcript"] if m["direction"] == "in"]
        assert len(texts) == 1
