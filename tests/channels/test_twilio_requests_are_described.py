"""Every REST request that the product makes to Twilio is one of Twilio's own OpenAPI description, parameter for parameter."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from sms_door_stage import DoorStage, door_stage, picture
from twilio_described import DESCRIPTION, wrong
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN

from tierline.console.twilio_side import TwilioNo, TwilioSide
from tierline.console.webhooks import wanted, wanted_calls

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="../shared/data/twilio is not here")


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return json.loads(DESCRIPTION.read_text())  # type: ignore[no-any-return]


async def everything(stage: DoorStage) -> None:
    """Each request that door, setup and doctor can make."""
    await stage.door.say(stage.words())
    await stage.door.say(stage.words("long " * 700, "C1.2", media=(picture(f"{stage.base}/a.png"),)))
    await stage.door.find(stage.words("x", "C1.3"))
    await stage.twilio.text("hello", media=["data:image/png;base64,iVBORw0KGgo="])
    assert await stage.door.listed(OURS, 0, round(time.time() * 1000) + 1000, 50)
    side = TwilioSide(ACCOUNT, TOKEN, f"{stage.twilio.base}/twilio")
    try:
        await side.account()
        (first, *_) = await side.numbers()
        await side.point(first.sid, wanted("https://help.example.com"))
        sid = await side.send(EVA, OURS, "test")
        await side.status(sid)
        await side.verified()
        await side.point(
            first.sid, wanted_calls("https://help.example.com", "https://static.example/away.xml")
        )
        call = await side.call(EVA, OURS, "https://help.example.com/twilio/voice/test?a=Ada", 30)
        await side.leg(call)
        await side.hang_up(call)
        with pytest.raises(TwilioNo):
            await side.point("PN" + "0" * 32, {"sms_method": "POST"})
    finally:
        await side.close()


@pytest.mark.promise("sms-contract")
async def test_every_request_is_described(tmp_path: Path, described: dict[str, Any]) -> None:
    async with door_stage(tmp_path) as stage:
        await everything(stage)
        await stage.twilio.sandbox.standins[0].settle()  # type: ignore[attr-defined]
        made = [
            e
            for e in stage.twilio.sandbox.wire.exchanges
            if e.direction == "out" and not re.search("/Media/ME[0-9a-f]{32}$|twiliocdn", e.path)
        ]  # a picture itself is fetched by the address that Twilio gave
        seen = {
            (
                e.method,
                re.sub(r"(?<=/)[A-Z]{2}[0-9a-f]{32}", "X", e.path.removeprefix("/twilio/api.twilio.com")),
            )
            for e in made
        }
        assert len(seen) >= 11, seen
        for e in made:
            path = e.path.removeprefix("/twilio/api.twilio.com")
            assert isinstance(e.params, dict)
            assert wrong(described, e.method, path, e.params) == [], (e.method, path)


def test_the_check_notices_a_misspelt_parameter_and_a_path_that_is_none(described: dict[str, Any]) -> None:
    root = f"/2010-04-01/Accounts/{ACCOUNT}"
    good = {"To": EVA, "From": OURS, "Body": "x"}
    assert wrong(described, "POST", f"{root}/Messages.json", good) == []
    assert wrong(described, "POST", f"{root}/Messages.json", good | {"Bodi": "x"}) == [
        "unknown parameter Bodi"
    ]
    assert wrong(described, "POST", f"{root}/Messages.json", {"Body": "x"}) == ["To is missing"]
    assert wrong(described, "POST", f"{root}/Mesages.json", good) and wrong(
        described, "DELETE", f"{root}.json", {}
    )
