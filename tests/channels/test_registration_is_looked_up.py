"""US carriers refuse texts of unregistered numbers: whether one is registered is asked of Twilio, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from day_one_stage import Operator, answers, day_one
from test_setup_doctor import bad, notes, settings_of
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio_rehearsal import ACCOUNT, EVA, GERMAN, OURS, TOKEN, open_stage

from tierline.console.doctor_look import look
from tierline.console.registration import registration
from tierline.console.setup import Setup
from tierline.console.twilio_side import TwilioNo, TwilioSide
from tierline.sandbox.twilio_store import Account, Service

AMERICAN, CANADIAN, TOLLFREE = "+12125550123", "+16135550123", "+18005550123"


@pytest.mark.parametrize(
    ("number", "campaigns", "mark", "said"),
    [
        (AMERICAN, {AMERICAN: "VERIFIED"}, "ok", "is verified"),
        (AMERICAN, {AMERICAN: "IN_PROGRESS"}, "note", "being reviewed"),
        (AMERICAN, {AMERICAN: "PENDING"}, "note", "being reviewed"),
        (AMERICAN, {AMERICAN: "FAILED"}, "bad", "campaign is FAILED"),
        (AMERICAN, {AMERICAN: ""}, "bad", "has no A2P campaign"),
        (AMERICAN, {}, "bad", "no messaging service has it"),
        (CANADIAN, {}, "note", "no messaging service has it"),
        (AMERICAN, None, "note", "couldn't be asked"),
        (TOLLFREE, {}, "note", "30032"),
    ],
)
def test_each_state_is_said_with_what_to_do(
    number: str, campaigns: Mapping[str, str] | None, mark: str, said: str
) -> None:
    found = registration(number, campaigns)
    assert found is not None and (found.mark, said in found.text) == (mark, True)
    assert bool(found.fix) == (mark != "ok")


def test_elsewhere_there_is_nothing_to_register() -> None:
    assert registration(GERMAN, {}) is None


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ((), {}),
        ((Service("other", (GERMAN,), "VERIFIED"),), {}),
        ((Service("empty"), Service("ours", (GERMAN, OURS))), {OURS: ""}),
        ((Service("ours", (OURS,), "FAILED"),), {OURS: "FAILED"}),
        (
            tuple(Service(f"s{n}") for n in range(60)) + (Service("ours", (OURS,), "VERIFIED"),),
            {OURS: "VERIFIED"},
        ),
    ],
)
async def test_twilio_is_asked_through_its_own_library(
    services: tuple[Service, ...], found: dict[str, str]
) -> None:
    async with open_stage(Account(services=services)) as stage:
        side = TwilioSide(ACCOUNT, TOKEN, f"{stage.base}/twilio")
        try:
            assert await side.campaigns([OURS]) == found
        finally:
            await side.close()


async def test_what_twilio_refuses_is_not_known_instead_of_wrong() -> None:
    async with open_stage(Account(services=())) as stage:
        side = TwilioSide(ACCOUNT, "c3" * 16, f"{stage.base}/twilio")
        try:
            assert await side.campaigns([OURS]) is None
            with pytest.raises(TwilioNo):
                await side.account()
        finally:
            await side.close()


async def test_the_stand_in_answers_pages_and_refuses_like_twilio() -> None:
    services = tuple(Service(f"s{n}", (OURS,), "FAILED") for n in range(5))
    async with open_stage(Account(services=services)) as stage:
        there = await stage.client.messaging.v1.services.list_async(page_size=2)
        assert [it.friendly_name for it in there] == [it.name for it in services]
        context = stage.client.messaging.v1.services(there[0].sid)
        assert [it.phone_number for it in await context.phone_numbers.list_async()] == [OURS]
        (campaign,) = await context.us_app_to_person.list_async()
        assert campaign.campaign_status == "FAILED" and campaign.errors
        assert not (await context.fetch_async()).us_app_to_person_registered
        nobodys = stage.client.messaging.v1.services("MG" + "0" * 32)
        with pytest.raises(TwilioRestException) as unknown:
            await nobodys.fetch_async()
        assert (unknown.value.status, unknown.value.code) == (404, 20404)
        with pytest.raises(TwilioException, match="20404"):  # the library's way to refuse a list
            await nobodys.us_app_to_person.list_async()


async def test_a_text_from_an_unregistered_us_number_does_not_arrive_in_the_us() -> None:
    async with open_stage(Account(services=())) as stage:
        refused = await stage.settled((await stage.send(to=AMERICAN)).sid, "delivered", "undelivered")
        assert (refused.status, refused.error_code) == ("undelivered", 30034)
        abroad = await stage.settled((await stage.send(to=EVA)).sid, "delivered", "undelivered")
        assert abroad.status == "delivered"
    async with open_stage(Account(services=(Service("ours", (OURS,), "VERIFIED"),))) as stage:
        carried = await stage.settled((await stage.send(to=AMERICAN)).sid, "delivered", "undelivered")
        assert carried.status == "delivered"


@pytest.mark.promise("doctor-finds")
async def test_setup_and_doctor_say_how_far_a_registration_is(tmp_path: Path) -> None:
    async with day_one(tmp_path, Account(services=(Service("ours", (OURS,), "IN_PROGRESS"),))) as stage:
        operator = Operator(answers(stage.product, test_phone="-"))
        await Setup(operator, stage.where).run()
        assert f"! {OURS}: its A2P campaign is being reviewed" in operator.said
        seen = await look(settings_of(stage, tmp_path))
        assert "its A2P campaign is being reviewed" in notes(seen) and "campaign" not in bad(seen)
