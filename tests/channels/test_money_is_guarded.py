"""Nobody runs up our bill (SEC44): through the whole product no text and no call leaves that the plan's safety forbids."""

from __future__ import annotations

import asyncio
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType as Kind

from tests.channels.phone_stage import Stage, telephone
from tests.helpers_app import DESK, EVA, JONAS, PLAN, Inside, Json, inside
from tierline.queue.contact import Arrived

GREETING = 'texts: {received: {en: "We have your message."}}\n'
ORDINARY = {Kind.FIXED_LINE, Kind.MOBILE, Kind.FIXED_LINE_OR_MOBILE, Kind.VOIP, Kind.TOLL_FREE}
KEY_1 = "1"


def e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def special() -> list[str]:
    """libphonenumber's own examples of every kind that isn't ordinary, in every country, and of every network."""
    found = {
        e164(number)
        for region in phonenumbers.SUPPORTED_REGIONS
        for kind in Kind.values()
        if kind not in ORDINARY
        and (number := phonenumbers.example_number_for_type(region, kind)) is not None
        and phonenumbers.number_type(number) not in ORDINARY
    }
    networks = {
        e164(number)
        for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
        if (number := phonenumbers.example_number_for_non_geo_entity(code)) is not None
    }
    return sorted(
        it for it in found | networks if len(it) > 8
    )  # the others can't text: they are no E.164 numbers


def abroad() -> list[str]:
    """A mobile number of every country but ours."""
    found = [
        e164(number)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS - {"DE"})
        if (number := phonenumbers.example_number_for_type(region, Kind.MOBILE)) is not None
    ]
    return [it for it in found if phonenumbers.region_code_for_number(phonenumbers.parse(it)) != "DE"]


async def sent(it: Inside, numbers: list[str]) -> list[str]:
    """Which of these numbers the stand-in has a text from us for."""
    return [number for number in numbers if await it.got("", number)]


async def called(it: Stage, numbers: list[str]) -> list[str]:
    """Which of these numbers the stand-in has a call from us to."""
    found = [await it.inside.call(f"/calls?number={number.replace('+', '%2B')}") for number in numbers]
    return [number for number, legs in zip(numbers, found, strict=True) if legs]


@pytest.mark.promise("safety-whole")
async def test_no_premium_number_of_any_country_is_ever_answered(tmp_path: Path) -> None:
    numbers = special()
    assert len(numbers) > 250
    async with inside(tmp_path, PLAN + GREETING) as it:
        for i in range(0, len(numbers), 8):
            await asyncio.gather(*(it.text("please call me", sender) for sender in numbers[i : i + 8]))
        await it.text("hello", EVA)  # whoever is ordinary is answered, behind all of them
        await it.until(lambda: it.got("We have your message"))
        await it.app.outbox.settled()
        assert await sent(it, [*numbers, EVA]) == [EVA]
        views = await it.app.queue.contacts(limit=1_000)
        assert len(views) == len(numbers) + 1
        refused = [(await it.app.queue.messages(view.id))[-1] for view in views]
        assert sum(m.status == "failed" for m in refused) == len(numbers)
        assert all("called" in m.error or "nobody can have" in m.error for m in refused if m.error)
        assert len(await it.until(lambda: it.told("A call or text to a customer was held back"))) == 1


@pytest.mark.promise("safety-whole")
@pytest.mark.timeout(120)
async def test_nobody_is_called_back_in_a_country_that_the_plan_doesnt_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = abroad()
    assert len(numbers) > 200
    monkeypatch.setenv("TIERLINE_SLACK_PACED", "false")  # hundreds of threads open in seconds
    async with telephone(tmp_path) as it:
        app = it.inside.app
        await it.inside.call("/faults", {"slack": {"enforce_limits": False}})
        await it.inside.slash("Ada", "available")
        for n, sender in enumerate(numbers):
            await _asks_to_be_called_back(it, f"CA{n:032x}", sender)
        assert await it.inside.until(lambda: it.inside.told("A call or text to a customer was held back"))
        assert await called(it, numbers) == []
        assert app.guard.held["where"] >= len(numbers)


async def _asks_to_be_called_back(it: Stage, sid: str, sender: str) -> None:
    """Somebody whose number nobody vouches for; Ada takes it, so it is up to us to call."""
    app = it.inside.app
    taken = await app.intake.take(Arrived("voice", sid, sender, DESK, "help"), f"voice:{sender}:{DESK}")
    await app.queue.jot(taken.contact, "kind", "callback")
    view = await app.queue.contact(taken.contact)
    assert view is not None and len(view.offers) == 1, view
    before = app.guard.held.get("where", 0)
    agent = view.offers[0].agent
    assert (await app.queue.accept(taken.contact, view.offers[0].number, agent)).done
    await it.inside.until(lambda: app.guard.held.get("where", 0) > before)
    assert (await app.queue.complete(taken.contact, agent, "{}")).done
    await app.queue.finish(taken.contact, agent)


@pytest.mark.promise("safety-told")
async def test_who_should_be_called_back_abroad_stays_with_the_agent_who_reads_why(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        app, sender = it.inside.app, "+639171234567"
        taken = await app.intake.take(Arrived("voice", "CA1", sender, DESK, "help"), f"voice:{sender}:{DESK}")
        await app.queue.jot(taken.contact, "kind", "callback")
        leg = str(await it.inside.until(lambda: it.ringing("Ada")))
        await it.do(leg, "answer")
        await it.inside.until(lambda: it.heard(leg))
        await it.do(leg, "press", digits=KEY_1)

        async def told() -> list[Json]:
            return [
                m
                for m in await it.inside.channel("desk")
                if "The customer isn't called: it lies in PH" in m["text"]
            ]

        assert len(await it.inside.until(told)) == 1

        async def over() -> bool:
            return str((await it.leg(leg))["status"]) == "completed"

        await it.inside.until(over)


@pytest.mark.promise("safety-told")
async def test_a_caller_from_abroad_is_offered_a_message_instead_of_a_callback(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.call("/clock", {"at": "2026-12-05T12:00:00+01:00"})  # a Saturday
        sid = await it.dial("+639171234567")
        await it.inside.until(lambda: it.at(sid, "menu"))
        await it.do(sid, "press", digits="2")
        await it.inside.until(lambda: it.at(sid, "voicemail"))
        assert "leave your message" in await it.heard(sid) and "call you back" not in await it.heard(sid)


@pytest.mark.promise("safety-told")
async def test_a_text_beyond_the_limit_shows_its_sender_why_and_the_next_hour_lets_it_through(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, PLAN + "safety: {per_number: {hour: 2}, per_hour: 4}\n") as it:
        await it.slash("Ada", "available")
        await it.text("hello there", EVA)
        await it.accept("Ada")
        contact = (await it.until(it.contacts))[0]["id"]
        app = it.app
        view = await app.queue.contact(contact)
        agent = view.owner if view else ""

        async def answers(n: int) -> str:
            await app.queue.hold_reply(contact, agent, f'{{"text":"answer {n}","by":"Ada"}}', f"C1:{n}", 0)
            found = lambda: [m for m in contact_messages if f"answer {n}" in m.body]  # noqa: E731

            async def done() -> str:
                nonlocal contact_messages
                contact_messages = await app.queue.messages(contact)
                return next((m.status for m in found() if m.status in ("delivered", "failed")), "")

            contact_messages = await app.queue.messages(contact)
            return str(await it.until(done))

        assert [await answers(n) for n in (1, 2, 3)] == ["delivered", "delivered", "failed"]
        failed = (await app.queue.messages(contact))[-1]
        assert "2 calls and texts to this number within an hour (safety.per_number.hour is 2)" in failed.error
        assert len(await it.until(lambda: it.told("Calls and texts to one number are held back"))) == 1
        await app.queue.retry_reply(contact, failed.n)
        await app.outbox.settled()
        assert (await app.queue.messages(contact))[-1].status == "failed"
        assert [m["text"] for m in await it.got("answer")] == ["answer 1", "answer 2"]
        await it.call("/clock", {"advance": "61m"})
        await it.until(lambda: it.told("For an hour no call or text was held back"))
        assert await answers(4) == "delivered"
        assert await it.got("answer", JONAS) == [] and len(await it.told("to one number are held back")) == 2
