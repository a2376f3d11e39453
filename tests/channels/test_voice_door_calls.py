"""What is done with legs, request by request: as Twilio describes it, once, in turn, and with errors in words (F56, F57)."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio_described import DESCRIPTION, wrong
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN
from voice_rest_stage import BASE, LEG, OTHER, ROOT, Answer, RestStage, error, leg_of, rest_stage, ring_of

from tierline.channels.channel import DeliveryError, NotDelivered, OutcomeUnknown
from tierline.channels.fence import FENCED, still_ours
from tierline.channels.phone import Go, LegView
from tierline.channels.twilio.account import TwilioAccount
from tierline.channels.voice.errors import TEMPORARY, WORDS, in_words
from tierline.channels.voice.tapes import TwilioTapes

QUEUE, ROOM = "QU" + "2" * 32, "CF" + "3" * 32
JOIN = Go("join", {"c": "C1001"})
LONG_AGO = "Mon, 30 Nov 2026 08:00:00 +0000"
GONE = [error(20404, 404), error(21220)]


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


async def test_a_ring_says_where_to_ask_and_where_to_tell() -> None:
    async with rest_stage() as stage:
        assert await stage.phones.ring(ring_of()) == LegView(LEG, "queued")
        (asked,) = stage.asked
        assert (asked.method, asked.path) == ("POST", f"{ROOT}/Calls.json")
        assert (asked.params["To"], asked.params["From"], asked.params["Timeout"]) == (EVA, OURS, "20")
        assert asked.params["Url"].startswith(f"{BASE}/twilio/voice/agent?")
        assert asked.params["StatusCallback"].startswith(f"{BASE}/twilio/voice/leg?")
        assert query(asked.params["Url"]) == query(asked.params["StatusCallback"]) == {"c": "C1001", "o": "7"}
        assert asked.params["StatusCallbackEvent"] == ["initiated", "ringing", "answered", "completed"]
        assert "MachineDetection" not in asked.params


async def test_machines_are_told_from_people_beside_the_call() -> None:
    async with rest_stage() as stage:
        await stage.phones.ring(ring_of(detect=True))
        params = stage.asked[0].params
        assert (params["MachineDetection"], params["AsyncAmd"]) == ("Enable", "true")
        assert params["AsyncAmdStatusCallback"].startswith(f"{BASE}/twilio/voice/machine?")
        assert query(params["AsyncAmdStatusCallback"]) == {"c": "C1001", "o": "7"}


async def test_a_leg_is_fetched_out_of_its_queue_or_from_wherever_it_is() -> None:
    async with rest_stage() as stage:
        stage.says = Answer(200, {"call_sid": LEG})
        assert await stage.phones.fetch(QUEUE, LEG, JOIN)
        assert await stage.phones.fetch("", LEG, JOIN) and await stage.phones.move(LEG, JOIN)
        assert [it.path for it in stage.asked] == [
            f"{ROOT}/Queues/{QUEUE}/Members/{LEG}.json",
            f"{ROOT}/Calls/{LEG}.json",
            f"{ROOT}/Calls/{LEG}.json",
        ]
        assert {it.params["Url"].partition("#")[0] for it in stage.asked} == {
            f"{BASE}/twilio/voice/join?c=C1001"
        }


@pytest.mark.parametrize("gone", GONE)
async def test_what_is_gone_is_an_answer_and_no_error(gone: Answer) -> None:
    async with rest_stage() as stage:
        stage.says = gone
        phones = stage.phones
        assert not await phones.fetch(QUEUE, LEG, JOIN) and not await phones.fetch("", LEG, JOIN)
        assert not await phones.move(LEG, JOIN)
        assert not await phones.hold(ROOM, LEG, True) and not await phones.mute(ROOM, LEG, True)
        await phones.hang_up(LEG)
        assert await phones.look(LEG) is None


async def test_a_leg_is_held_with_its_own_words_muted_and_ended() -> None:
    async with rest_stage() as stage:
        stage.says = Answer(200, {"call_sid": LEG})
        assert await stage.phones.hold(ROOM, LEG, True, Go("held", {"c": "C1001"}))
        assert await stage.phones.hold(ROOM, LEG, False, Go("held"))
        assert await stage.phones.mute(ROOM, LEG, True)
        stage.says = Answer(200, leg_of(status="completed"))
        await stage.phones.hang_up(LEG)
        on, off, mute, end = (it.params for it in stage.asked)
        assert on["Hold"] == "true" and on["HoldUrl"].startswith(f"{BASE}/twilio/voice/held?c=C1001")
        assert off == {"Hold": "false"} and mute == {"Muted": "true"} and end == {"Status": "completed"}


@pytest.mark.parametrize(
    ("status", "state"), [("queued", "queued"), ("in-progress", "answered"), ("no-answer", "no-answer")]
)
async def test_a_leg_is_looked_at(status: str, state: str) -> None:
    async with rest_stage() as stage:
        stage.says = Answer(200, leg_of(status=status))
        assert await stage.phones.look(LEG) == LegView(LEG, state)  # type: ignore[arg-type]


async def test_a_state_that_nobody_knows_is_no_state() -> None:
    async with rest_stage() as stage:
        stage.says = Answer(200, leg_of(status="dreaming"))
        with pytest.raises(OutcomeUnknown):
            await stage.phones.look(LEG)


# ---- an unknown outcome ------------------------------------------------------------------------------------------


def listed(*legs: dict[str, Any]) -> Answer:
    return Answer(200, {"calls": list(legs), "page": 0, "page_size": 100, "next_page_uri": None})


async def test_a_leg_that_may_have_been_made_is_found_also_while_it_is_queued() -> None:
    async with rest_stage() as stage:
        older = leg_of(OTHER, "ringing", date_created="Mon, 30 Nov 2026 08:59:30 +0000")
        stage.says = listed(leg_of(), older)
        assert await stage.phones.find_ring(ring_of(), frozenset()) == LegView(LEG, "queued")
        assert await stage.phones.find_ring(ring_of(), frozenset({LEG})) == LegView(OTHER, "ringing")
        assert await stage.phones.find_ring(ring_of(), frozenset({LEG, OTHER})) is None
        assert stage.asked[0].params == {"To": EVA, "From": OURS, "PageSize": "100"}


@pytest.mark.parametrize("other", [leg_of(direction="inbound"), leg_of(date_created=LONG_AGO)])
async def test_an_older_leg_or_one_that_came_to_us_is_not_the_one(other: dict[str, Any]) -> None:
    async with rest_stage() as stage:
        stage.says = listed(other)
        assert await stage.phones.find_ring(ring_of(), frozenset()) is None


@pytest.mark.parametrize("says", [error(20003, 401), Answer(500), Answer(429), error(20404, 404)])
async def test_a_look_up_that_fails_says_neither_yes_nor_no(says: Answer) -> None:
    async with rest_stage() as stage:
        stage.says = says
        with pytest.raises(OutcomeUnknown):
            await stage.phones.find_ring(ring_of(), frozenset())


async def test_a_request_without_an_answer_is_an_unknown_outcome_and_made_once() -> None:
    async with rest_stage() as stage:
        stage.drop = True
        with pytest.raises(OutcomeUnknown):
            await stage.phones.ring(ring_of())
        stage.drop, stage.says = False, Answer(503, {"code": 20500, "status": 503, "message": "x"})
        with pytest.raises(OutcomeUnknown):
            await stage.phones.ring(ring_of())
        assert len(stage.asked) == 2


async def test_where_nobody_listens_nothing_was_done() -> None:
    async with rest_stage() as stage:
        stage.phones.http.base = "http://127.0.0.1:9"
        with pytest.raises(NotDelivered) as told:
            await stage.phones.ring(ring_of())
        assert not told.value.permanent and stage.phones.pace.live == 0


async def test_whoever_is_not_to_deliver_any_more_makes_no_call() -> None:
    async with rest_stage() as stage:
        token = still_ours.set(lambda: False)
        try:
            phones = stage.phones
            for act in (
                phones.ring(ring_of()), phones.move(LEG, JOIN), phones.fetch(QUEUE, LEG, JOIN), phones.hang_up(LEG),
                phones.hold(ROOM, LEG, True), phones.mute(ROOM, LEG, True), phones.look(LEG),
                phones.find_ring(ring_of(), frozenset()),
            ):  # fmt: skip
                with pytest.raises(NotDelivered) as told:
                    await act
                assert told.value.code == FENCED
        finally:
            still_ours.reset(token)
        assert stage.asked == []


# ---- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [c for c in WORDS if c not in ("20404", "21220")])
async def test_every_refusal_is_told_in_words_with_its_number(code: str) -> None:
    async with rest_stage() as stage:
        stage.says = error(int(code), 429 if code == "20429" else 400)
        with pytest.raises(NotDelivered) as told:
            await stage.phones.ring(ring_of())
        assert told.value.reason == f"{WORDS[code]} (Twilio {code})" and told.value.code == code
        assert told.value.permanent is (code not in TEMPORARY)
        assert stage.phones.pace.live == 0


async def test_slowing_down_says_for_how_long() -> None:
    async with rest_stage() as stage:
        stage.says = Answer(429, {}, {"Retry-After": "7"})
        with pytest.raises(NotDelivered) as told:
            await stage.phones.ring(ring_of())
        assert told.value.retry_after == 7 and not told.value.permanent


def test_a_number_without_words_is_told_as_it_is() -> None:
    assert in_words("99999") == "Twilio error 99999" and in_words("") == "Twilio gave no reason"


# ---- in turn -----------------------------------------------------------------------------------------------------


async def test_calls_leave_in_the_order_in_which_they_were_asked_for_and_not_too_fast() -> None:
    async with rest_stage(per_second=20) as stage:
        loop, at = asyncio.get_running_loop(), []

        async def ring(n: int) -> None:
            await stage.phones.ring(ring_of(about={"o": str(n)}))
            at.append(loop.time())

        await asyncio.gather(*(ring(n) for n in range(6)))
        assert [query(it.params["Url"])["o"] for it in stage.asked] == ["0", "1", "2", "3", "4", "5"]
        assert at[-1] - at[0] >= 4 / 20  # the first one's own time is not counted


async def test_no_more_legs_are_there_at_once_than_the_account_allows() -> None:
    async with rest_stage(most=1) as stage:
        pace = stage.phones.pace
        await stage.phones.ring(ring_of())
        waits = asyncio.create_task(stage.phones.ring(ring_of(about={"o": "8"})))
        await asyncio.sleep(0)  # up to where it waits
        assert (pace.live, pace.waiting, len(stage.asked)) == (1, 1, 1)
        pace.ended(LEG)
        stage.says = Answer(201, leg_of(OTHER))
        assert (await waits).sid == OTHER
        assert (pace.live, pace.waiting) == (1, 0)


async def test_an_end_that_was_told_to_another_process_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.channels.voice.pace.LOOK_EVERY", 0.01)
    async with rest_stage(most=1) as stage:
        await stage.phones.ring(ring_of())
        stage.says = Answer(200, leg_of(status="in-progress"))
        waits = asyncio.create_task(stage.phones.ring(ring_of()))
        await stage.until_asked(3)  # looked at twice, and still there
        assert stage.phones.pace.waiting == 1
        stage.says = Answer(200, leg_of(status="completed"))
        await asyncio.wait_for(waits, 10)
        assert {it.method for it in stage.asked[1:-1]} == {"GET"} and stage.asked[-1].method == "POST"


async def test_an_end_that_is_told_before_the_leg_is_known_counts() -> None:
    async with rest_stage() as stage:
        stage.held = asyncio.Event()
        ringing = asyncio.create_task(stage.phones.ring(ring_of()))
        await stage.until_asked(1)
        assert stage.phones.pace.live == 1
        stage.phones.pace.ended(LEG)
        stage.held.set()
        await ringing
        assert stage.phones.pace.live == 0


async def test_a_call_that_is_given_up_while_it_waits_is_not_made() -> None:
    async with rest_stage(most=1) as stage:
        await stage.phones.ring(ring_of())
        waits = asyncio.create_task(stage.phones.ring(ring_of()))
        await asyncio.sleep(0)  # up to where it waits
        assert stage.phones.pace.waiting == 1
        waits.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waits
        stage.phones.pace.ended(LEG)
        await stage.phones.ring(ring_of())
        assert len(stage.asked) == 2 and stage.phones.pace.waiting == 0


# ---- what came to us ---------------------------------------------------------------------------------------------


def came(status: str = "completed", **more: object) -> dict[str, object]:
    """A call that came to us, as the list shows it."""
    made = {
        "direction": "inbound", "from": EVA, "to": OURS, "start_time": "Mon, 30 Nov 2026 09:00:01 +0000",
        "end_time": "Mon, 30 Nov 2026 09:00:09 +0000", "duration": "8",
    }  # fmt: skip
    return leg_of(status=status, **(made | more))


async def test_of_the_calls_to_a_number_those_that_came_are_listed_oldest_first() -> None:
    async with rest_stage() as stage:
        stage.says = listed(
            came("in-progress", sid=OTHER, end_time=None, **{"from": "+266696687"}), leg_of(), came()
        )
        found = await stage.phones.listed(OURS, 1_796_029_200_500, 1_796_029_260_500, 10)
        assert [(it.sid, it.sender, it.ended) for it in found] == [
            (LEG, EVA, 1_796_029_209_000),
            (OTHER, "", None),
        ]
        assert found[0].at == 1_796_029_201_000 and found[0].recipient == OURS
        params = stage.asked[0].params
        assert (params["To"], params["StartTime>"], params["StartTime<"]) == (
            OURS, "2026-11-30T09:00:00Z", "2026-11-30T09:01:01Z",
        )  # fmt: skip


async def test_a_call_counts_as_put_through_when_somebody_answered_there() -> None:
    async with rest_stage() as stage:
        stage.says = listed(
            leg_of(status="no-answer", duration="0"), leg_of(status="completed", duration="0")
        )
        assert not await stage.phones.forwarded(OTHER)
        stage.says = listed(leg_of(status="completed", duration="40"))
        assert await stage.phones.forwarded(OTHER)
        assert stage.asked[0].params["ParentCallSid"] == OTHER


async def test_a_list_that_twilio_refuses_is_no_empty_one() -> None:
    async with rest_stage() as stage:
        stage.says = error(20003, 401)
        with pytest.raises(DeliveryError):
            await stage.phones.listed(OURS, 0, 1000, 10)


# ---- as described ------------------------------------------------------------------------------------------------


TAPE = "RE" + "7" * 32


async def everything(stage: RestStage) -> None:
    """Each request that the door can make."""
    phones = stage.phones
    await phones.ring(ring_of())
    await phones.ring(ring_of(detect=True, to="sip:ada@example.com"))
    stage.says = listed(leg_of())
    await phones.find_ring(ring_of(), frozenset())
    stage.says = Answer(200, leg_of() | {"call_sid": LEG})
    await phones.fetch(QUEUE, LEG, JOIN)
    await phones.move(LEG, JOIN)
    await phones.hang_up(LEG)
    await phones.hold(ROOM, LEG, True, Go("held"))
    await phones.hold(ROOM, LEG, False)
    await phones.mute(ROOM, LEG, True)
    await phones.look(LEG)
    await phones.coach(ROOM, LEG, OTHER)
    await phones.coach(ROOM, LEG, "")
    await phones.record(ROOM, False)
    await phones.record(ROOM, True)
    stage.says = Answer(204)
    await TwilioTapes(TwilioAccount(ACCOUNT, TOKEN), phones.http, phones.client).erase(TAPE)
    stage.says = listed(leg_of())
    await phones.listed(OURS, 1_796_029_200_000, 1_796_029_260_000, 10)
    await phones.forwarded(LEG)


@pytest.mark.promise("voice-contract")
@pytest.mark.skipif(not DESCRIPTION.exists(), reason="../shared/data/twilio is not here")
async def test_every_request_is_described() -> None:
    described = json.loads(DESCRIPTION.read_text())
    async with rest_stage() as stage:
        await everything(stage)
        assert len(stage.asked) == 17
        for it in stage.asked:
            assert wrong(described, it.method, it.path, it.params) == [], it
        first = stage.asked[0]
        assert wrong(described, "POST", first.path, first.params | {"StatusCallbackEvents": "x"}) == [
            "unknown parameter StatusCallbackEvents"
        ]
