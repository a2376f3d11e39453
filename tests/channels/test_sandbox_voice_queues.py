"""Queues on the stage: who is in one, what the REST resource refuses, and the orders in which things happen."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from test_sandbox_voice_calls import refused
from twilio_rehearsal import EVA, Heard
from voice_stage import VoiceStage, open_voice

QUEUE = '<Enqueue waitUrl="/wait" action="/left">q-help</Enqueue><Say>Out of the queue.</Say>'
WAIT = "<Say>Please hold.</Say><Pause length='1'/>"
OTHERS = ("+4915123456789", "+447700900123")


async def waiting(voice: VoiceStage, sender: str = EVA) -> str:
    sid = await voice.ring(sender)
    await voice.at(sid, "waiting")
    return sid


async def queue_of(voice: VoiceStage) -> str:
    return str((await voice.client.queues.list_async())[0].sid)


async def test_each_is_told_its_place_anew_whenever_the_document_has_run_out() -> None:
    async with open_voice(voice=QUEUE, wait=WAIT) as voice:
        await voice.api("/faults", {"twilio": {"hurry": "0.1s"}})
        first, second = await waiting(voice), await waiting(voice, OTHERS[0])
        await voice.heard("/wait", 8)
        await voice.act(first, "hangup")
        moved = [h.params for h in voice.asked("/wait") if h.params["CallSid"] == second]
        assert moved[0]["QueuePosition"] == "2" and moved[0]["CurrentQueueSize"] == "2"

        def first_now(heard: list[Heard]) -> list[dict[str, str]]:
            mine = [h.params for h in heard if h.path == "/wait" and h.params["CallSid"] == second]
            return [p for p in mine if p["QueuePosition"] == "1"]

        last = (await voice.stage.app.until(first_now))[0]
        assert last["CurrentQueueSize"] == "1"
        sid = last["QueueSid"]
        shown = await voice.client.queues(sid).fetch_async()
        assert (shown.friendly_name, shown.current_size, shown.max_size) == ("q-help", 1, 100)
        members = await voice.client.queues(sid).members.list_async()
        assert [(m.call_sid, m.position) for m in members] == [(second, 1)]
        assert (await voice.client.queues(sid).members("Front").fetch_async()).call_sid == second


async def test_a_question_in_the_wait_document_is_answered_while_waiting() -> None:
    pages = {
        "voice": QUEUE,
        "wait": '<Gather numDigits="1" action="/choice"><Say>Press 1 for a call back.</Say></Gather>',
        "choice": lambda params: "<Leave/>" if params["Digits"] == "1" else "",
        "left": "<Say>We call you back.</Say>",
    }
    async with open_voice(**pages) as voice:
        caller = await waiting(voice)
        await voice.said(caller, "Press 1 for a call back.")
        await voice.act(caller, "press", digits="7")
        await voice.heard("/wait", 2)
        await voice.act(caller, "press", digits="1")
        await voice.said(caller, "We call you back.")
        left = voice.asked("/left")[0].params
        assert left["QueueResult"] == "leave" and "QueueTime" in left and left["CallStatus"] == "in-progress"


async def test_without_an_action_leaving_goes_on_with_the_next_verb() -> None:
    async with open_voice(voice=QUEUE.replace('action="/left"', ""), wait="<Leave/>") as voice:
        caller = await voice.ring()
        await voice.said(caller, "Out of the queue.")


async def test_a_full_queue_takes_nobody_and_says_so() -> None:
    async with open_voice(voice=QUEUE, wait=WAIT, left="<Say>Please call later.</Say>") as voice:
        await waiting(voice)
        queue = await queue_of(voice)
        await voice.client.queues(queue).update_async(max_size=1)
        second = await voice.ring(OTHERS[0])
        await voice.said(second, "Please call later.")
        left = voice.asked("/left")[0].params
        assert left["QueueResult"] == "queue-full" and "QueueTime" not in left


@pytest.mark.parametrize("wait", ["<Dial>+491700000001</Dial>", "<Record/>", "<Enqueue>other</Enqueue>"])
async def test_what_may_not_stand_in_a_wait_document_puts_the_caller_out_of_the_queue(wait: str) -> None:
    async with open_voice(voice=QUEUE, wait=wait, left="<Say>Sorry.</Say>") as voice:
        caller = await voice.ring()
        await voice.said(caller, "Sorry.")
        assert voice.told("/left", "QueueResult") == ["error"] and await voice.warned() == [12200]


async def test_an_app_that_fails_while_a_caller_waits_puts_the_caller_out_of_the_queue() -> None:
    async with open_voice(voice=QUEUE, wait="<Broken", left="<Say>Sorry.</Say>") as voice:
        caller = await voice.ring()
        await voice.said(caller, "Sorry.")
        assert voice.told("/left", "QueueResult") == ["error"] and await voice.warned() == [12100]


async def test_a_hang_up_by_the_wait_document_is_a_hang_up() -> None:
    async with open_voice(voice=QUEUE, wait="<Say>Closed.</Say><Hangup/>") as voice:
        caller = await voice.ring()
        await voice.until(caller, lambda it: it["status"] == "completed")
        assert (await voice.heard("/left"))[0].params["QueueResult"] == "hangup"


async def test_a_request_under_way_when_the_caller_is_taken_out_is_finished_and_its_answer_left() -> None:
    async with open_voice(voice=QUEUE, wait="<Say>Too late.</Say>", join="<Pause length='9'/>") as voice:
        go_on, usual = asyncio.Event(), voice.stage.app.answer
        assert usual is not None

        async def slow(request: web.Request) -> web.Response:
            if request.path == "/wait":
                await go_on.wait()
            return await usual(request)

        voice.stage.app.answer = slow
        caller = await waiting(voice)
        await voice.heard("/wait")
        await (
            voice.client.queues(await queue_of(voice)).members(caller).update_async(url=f"{voice.base}/join")
        )
        await voice.at(caller, "listening")
        go_on.set()
        wire: list[int] = []
        while not wire:
            wire = [e["status"] for e in await voice.api("/wire?path=/wait")]
        assert wire == [200]
        assert "Too late." not in [h.get("text") for h in (await voice.look(caller))["heard"]]


async def test_waiting_does_not_stop_for_time_travel() -> None:
    async with open_voice(voice=QUEUE, wait="<Pause length='600'/>") as voice:
        caller = await waiting(voice)
        await voice.api("/clock", {"advance": "11m"})
        second = (await voice.heard("/wait", 2))[1].params
        assert int(second["QueueTime"]) >= 660 and second["CallSid"] == caller
        await voice.act(caller, "hangup")
        assert int((await voice.heard("/left"))[0].params["QueueTime"]) >= 660


@pytest.mark.parametrize(("late", "order"), [(False, ["/left", "/join"]), (True, ["/join", "/left"])])
async def test_the_queues_action_comes_before_or_after_the_next_document(
    late: bool, order: list[str]
) -> None:
    async with open_voice(voice=QUEUE, wait=WAIT, join="<Say>Joined.</Say><Pause length='9'/>") as voice:
        await voice.api("/faults", {"twilio": {"late_action": late}})
        caller = await waiting(voice)
        member = voice.client.queues(await queue_of(voice)).members(caller)
        taken = await member.update_async(url=f"{voice.base}/join")
        assert (taken.call_sid, taken.position) == (caller, 1)
        await voice.said(caller, "Joined.")
        await voice.heard("/left")
        assert [h.path for h in voice.stage.app.heard if h.path in order] == order
        assert voice.told("/left", "QueueResult") == ["redirected"]
        assert (await voice.look(caller))["where"] == "listening"


async def test_a_late_action_comes_even_when_the_caller_hangs_up_meanwhile() -> None:
    async with open_voice(voice=QUEUE, wait=WAIT) as voice:
        never = asyncio.Event()
        usual = voice.stage.app.answer
        assert usual is not None

        async def slow(request: web.Request) -> web.Response:
            if request.path == "/join":
                await never.wait()
            return await usual(request)

        voice.stage.app.answer = slow
        await voice.api("/faults", {"twilio": {"late_action": True}})
        caller = await waiting(voice)
        await (
            voice.client.queues(await queue_of(voice)).members(caller).update_async(url=f"{voice.base}/join")
        )
        await voice.heard("/join")
        assert voice.asked("/left") == []
        await voice.act(caller, "hangup")
        left = (await voice.heard("/left"))[0].params
        assert left["QueueResult"] == "redirected"
        never.set()


async def test_what_the_action_answers_after_a_redirect_steers_nothing() -> None:
    pages = {
        "voice": QUEUE,
        "wait": WAIT,
        "join": "<Say>Joined.</Say><Pause length='9'/>",
        "left": "<Say>Wrong.</Say><Hangup/>",
    }
    async with open_voice(**pages) as voice:
        caller = await waiting(voice)
        await voice.client.calls(caller).update_async(url=f"{voice.base}/join")
        await voice.said(caller, "Joined.")
        await voice.heard("/left")
        shown = await voice.look(caller)
        assert shown["status"] == "in-progress" and "Wrong." not in [h.get("text") for h in shown["heard"]]


@pytest.mark.promise("sandbox-strict")
async def test_queues_are_made_changed_and_refused_as_with_twilio() -> None:
    async with open_voice(voice=QUEUE, wait=WAIT) as voice:
        queues = voice.client.queues
        made = await queues.create_async(friendly_name="q-sales", max_size=5000)
        assert (made.friendly_name, made.max_size, made.current_size, made.average_wait_time) == (
            "q-sales",
            5000,
            0,
            0,
        )
        assert await refused(queues.create_async(friendly_name="q-sales")) == (400, 20001)
        assert await refused(queues.create_async(friendly_name="")) == (400, 20001)
        assert await refused(queues.create_async(friendly_name="q", max_size=5001)) == (400, 20001)
        assert await refused(queues(made.sid).update_async(max_size=0)) == (400, 20001)
        assert (await queues(made.sid).update_async(max_size=7)).max_size == 7
        assert await queues(made.sid).delete_async()
        gone = queues(made.sid)
        assert await refused(gone.fetch_async()) == (404, 20404)
        caller = await waiting(voice)
        queue = await queue_of(voice)
        assert await refused(queues(queue).delete_async()) == (400, 20001)
        url = f"{voice.base}/join"
        assert await refused(queues(queue).members("CA" + "0" * 32).update_async(url=url)) == (404, 20404)
        assert await refused(queues(queue).members(caller).update_async(url="nonsense")) == (400, 21205)
        await voice.act(caller, "hangup")
        assert await refused(queues(queue).members("Front").fetch_async()) == (404, 20404)
