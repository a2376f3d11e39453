"""Door and stand-in together: a call's whole way over real sockets, with nothing that Twilio would warn of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from twilio_described import DESCRIPTION, wrong
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN, open_stage
from voice_stage import ADA, VoiceStage

from tierline.channels.channel import NotDelivered
from tierline.channels.phone import (
    Ask,
    Call,
    Go,
    HangUp,
    Heard,
    Leave,
    LegNews,
    Meet,
    Play,
    Recorded,
    Ring,
    RoomNews,
    Say,
    TakeMessage,
    Turn,
    Wait,
)
from tierline.channels.twilio.account import TwilioAccount
from tierline.channels.voice.door import VoiceDoor

CUSTOMER = {"c": "C1001", "r": "customer"}
AGENT = {"c": "C1001", "o": "7", "r": "agent"}
MENU = "Press 1 for help, or say outage"
JOIN = Go("join", CUSTOMER)
NOW = 1_780_000_000_000
RING = Ring("C1001.7", ADA, OURS, "agent", AGENT, 20, NOW)


@dataclass
class Script:
    """A router that lets one call go its plain way and keeps what it was told."""

    asked_for: list[tuple[str, Call]] = field(default_factory=list)
    legs: list[LegNews] = field(default_factory=list)
    rooms: list[RoomNews] = field(default_factory=list)
    recordings: list[Recorded] = field(default_factory=list)
    fresh: asyncio.Condition = field(default_factory=asyncio.Condition)
    leave: bool = False

    async def called(self, call: Call) -> Heard:
        await self._note(self.asked_for, ("call", call))
        menu = (Say(MENU, "en"),)
        return (Say("Welcome", "en"), Ask(menu, Go("menu", {"l": "en"}), "en", hints=("help", "outage")))

    async def asked(self, turn: Turn, call: Call) -> Heard:
        await self._note(self.asked_for, (turn, call))
        match turn, call.digits or call.speech:
            case "menu", "9":
                return (Say("Speak after the beep", "en"), TakeMessage(CUSTOMER))
            case "menu", _:
                return (Wait("northwind-help", CUSTOMER),)
            case "wait", _ if self.leave:
                return (Leave(),)
            case "wait", _:
                return (Say("You are next", "en"), Play())
            case "agent", _:
                return (Ask((Say("A customer, press 1", "en"),), Go("key", AGENT), "en"),)
            case "key", "1":
                return (Meet("northwind-C1001", "agent-Ada Ü", AGENT, record=True),)
            case "join", _:
                return (Meet("northwind-C1001", "customer", CUSTOMER, ends=True),)
            case "held", _:
                return (Say("Please hold", "en"), Play(), Go("held", CUSTOMER))
            case (("done" | "voicemail" | "left"), _):
                return (Say("Goodbye", "en"), HangUp())
            case _:
                return (HangUp(),)

    async def heard(self, news: LegNews) -> None:
        await self._note(self.legs, news)

    async def room(self, news: RoomNews) -> None:
        await self._note(self.rooms, news)

    async def recorded(self, it: Recorded) -> None:
        await self._note(self.recordings, it)

    async def put_off(self, sid: str) -> None:
        return None

    def sorry(self, recipient: str, turns: int) -> Heard:
        return (Say("One moment", "en"),)

    async def _note(self, where: list[Any], it: object) -> None:
        async with self.fresh:
            where.append(it)
            self.fresh.notify_all()

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(60), self.fresh:
            await self.fresh.wait_for(what)

    def turns(self, sid: str) -> list[str]:
        found = [turn for turn, call in self.asked_for if call.sid == sid]
        return [turn for n, turn in enumerate(found) if turn != "wait" or found[n - 1 : n] != ["wait"]]

    def states(self, sid: str) -> set[str]:
        return {it.state for it in self.legs if it.sid == sid}


@dataclass
class WholeStage:
    """`voice` plays the phones, `door` is ours."""

    voice: VoiceStage
    door: VoiceDoor
    script: Script

    async def ended(self, sid: str, state: str = "completed") -> None:
        await self.script.until(lambda: state in self.script.states(sid))

    async def waits(self) -> str:
        """A customer who has chosen and waits; the sid of their leg."""
        sid = await self.voice.ring()
        await self.voice.said(sid, "Welcome")
        await self.voice.act(sid, "press", digits="1")
        await self.voice.said(sid, "You are next")
        return sid

    async def talks(self) -> tuple[str, str]:
        """Customer and agent in the conference: their sids."""
        customer = await self.waits()
        agent = (await self.door.phones.ring(RING)).sid
        await self.voice.at(agent, "ringing")
        await self.voice.act(agent, "answer")
        await self.voice.said(agent, "A customer, press 1")
        await self.voice.act(agent, "press", digits="1")
        await self.script.until(
            lambda: any(it.kind == "join" and it.sid == agent for it in self.script.rooms)
        )
        queue = next(call.queue for turn, call in self.script.asked_for if turn == "wait")
        assert await self.door.phones.fetch(queue, customer, JOIN)
        await self.script.until(
            lambda: any(it.kind == "join" and it.sid == customer for it in self.script.rooms)
        )
        return customer, agent


@contextlib.asynccontextmanager
async def whole_stage(warned: tuple[int, ...] = (), **door: Any) -> AsyncIterator[WholeStage]:
    async with open_stage() as stage:
        script = Script()
        account = TwilioAccount(ACCOUNT, TOKEN, api_url=f"{stage.base}/twilio")
        listening = socket.create_server(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        ours = VoiceDoor(account, public_url=base, trusted_proxies=(), calls=script, **door)
        app = web.Application()
        app.add_routes(ours.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        standin: Any = stage.sandbox.standins[0]
        for number in standin.store.numbers.values():
            number.settings |= {
                "voice_url": f"{base}/twilio/voice",
                "status_callback": f"{base}/twilio/voice/leg",
            }
        voice = VoiceStage(stage)
        try:
            yield WholeStage(voice, ours, script)
            assert await voice.warned() == list(warned), "Twilio's debugger would show something"
            assert ours.put_off == 0 and ours.front.refused == 0
        finally:
            await ours.stop()
            await runner.cleanup()


async def test_a_call_goes_its_whole_way() -> None:
    async with whole_stage() as stage:
        customer, agent = await stage.talks()
        script = stage.script
        assert script.turns(customer)[:4] == ["call", "menu", "wait", "left"] or script.turns(customer)[:4] == [
            "call", "menu", "wait", "join",
        ]  # fmt: skip
        left = next(call for turn, call in script.asked_for if turn == "left")
        assert (left.result, left.about) == ("redirected", CUSTOMER)
        first = script.asked_for[0][1]
        assert (first.sender, first.recipient) == (EVA, OURS)
        assert {it.label for it in script.rooms if it.kind == "join"} == {"agent-Ada Ü", "customer"}
        room = script.rooms[0].conference
        assert await stage.door.phones.hold(room, customer, True, Go("held", CUSTOMER))
        await stage.voice.said(customer, "Please hold")
        assert await stage.door.phones.hold(room, customer, False)
        assert await stage.door.phones.mute(room, agent, True) and await stage.door.phones.mute(
            room, agent, False
        )
        await script.until(lambda: {"hold", "unhold", "mute", "unmute"} <= {it.kind for it in script.rooms})
        await stage.voice.act(customer, "hangup")
        await stage.ended(customer)
        await stage.voice.said(agent, "Goodbye")
        await stage.ended(agent)
        numbers = [it.number for it in sorted(script.rooms, key=lambda it: it.number)]
        assert len(set(numbers)) == len(numbers) and {it.room for it in script.rooms} == {"northwind-C1001"}
        assert script.states(agent) >= {"initiated", "ringing", "answered", "completed"}
        assert {tuple(it.about.items()) for it in script.legs if it.sid == agent} == {tuple(AGENT.items())}
        assert not await stage.door.phones.hold(room, customer, True) and stage.door.pace.live == 0
        await script.until(lambda: len(script.recordings) == 1)
        assert script.recordings[0].ok and script.recordings[0].sid in (room, agent)


async def test_who_hangs_up_while_they_wait_is_told_of_at_once() -> None:
    async with whole_stage() as stage:
        customer = await stage.waits()
        await stage.voice.act(customer, "hangup")
        await stage.ended(customer)
        await stage.script.until(lambda: "left" in stage.script.turns(customer))
        left = next(call for turn, call in stage.script.asked_for if turn == "left")
        assert left.result == "hangup"
        queue = next(call.queue for turn, call in stage.script.asked_for if turn == "wait")
        assert not await stage.door.phones.fetch(queue, customer, JOIN)
        assert not await stage.door.phones.fetch("", customer, JOIN)
        assert not await stage.door.phones.move(customer, JOIN)
        await stage.door.phones.hang_up(customer)
        assert (seen := await stage.door.phones.look(customer)) is not None and seen.state == "completed"
        assert await stage.door.phones.look("CA" + "9" * 32) is None


async def test_who_waits_leaves_the_queue_when_told_to() -> None:
    async with whole_stage() as stage:
        customer = await stage.waits()
        stage.script.leave = True
        await stage.voice.said(customer, "Goodbye")
        await stage.ended(customer)
        left = next(call for turn, call in stage.script.asked_for if turn == "left")
        assert left.result == "leave"


async def test_a_spoken_word_is_as_good_as_a_key() -> None:
    async with whole_stage() as stage:
        customer = await stage.voice.ring()
        await stage.voice.said(customer, MENU)
        await stage.voice.act(customer, "speak", text="Total outage")
        await stage.voice.said(customer, "You are next")
        menu = next(call for turn, call in stage.script.asked_for if turn == "menu")
        assert (menu.speech, menu.digits, menu.about) == ("Total outage", "", {"l": "en"})
        await stage.voice.act(customer, "hangup")
        await stage.ended(customer)


async def test_a_phone_that_rings_falls_silent() -> None:
    async with whole_stage() as stage:
        agent = (await stage.door.phones.ring(RING)).sid
        await stage.voice.at(agent, "ringing")
        await stage.door.phones.hang_up(agent)
        await stage.script.until(lambda: bool(stage.script.states(agent) & {"canceled", "completed"}))
        assert stage.script.turns(agent) == [] and stage.door.pace.live == 0


async def test_a_phone_that_is_busy_says_so() -> None:
    async with whole_stage() as stage:
        agent = (await stage.door.phones.ring(RING)).sid
        await stage.voice.at(agent, "ringing")
        await stage.voice.act(agent, "busy")
        await stage.ended(agent, "busy")


async def test_a_machine_that_takes_an_agents_call_is_told() -> None:
    async with whole_stage() as stage:
        agent = (await stage.door.phones.ring(replace(RING, detect=True))).sid
        await stage.voice.at(agent, "ringing")
        await stage.voice.act(agent, "machine")
        await stage.script.until(lambda: any(it.machine for it in stage.script.legs))
        told = next(it for it in stage.script.legs if it.machine)
        assert (told.sid, told.about) == (agent, AGENT)
        await stage.door.phones.hang_up(agent)


@pytest.mark.parametrize(("said", "result"), [("Please call me back", "recorded"), ("", "silence")])
async def test_a_message_is_recorded_and_silence_is_none(said: str, result: str) -> None:
    async with whole_stage() as stage:
        customer = await stage.voice.ring()
        await stage.voice.said(customer, MENU)
        await stage.voice.act(customer, "press", digits="9")
        await stage.voice.at(customer, "voicemail")
        if said:
            await stage.voice.act(customer, "record", text=said, seconds=7)
        await stage.voice.said(customer, "Goodbye")
        await stage.ended(customer)
        after = next(call for turn, call in stage.script.asked_for if turn == "voicemail")
        assert (after.result, after.about) == (result, CUSTOMER)
        if said:
            await stage.script.until(lambda: bool(stage.script.recordings))
            (it,) = stage.script.recordings
            assert (it.ok, it.sid, it.seconds, it.about) == (True, customer, 7, CUSTOMER)
            assert it.url.endswith(f"/Accounts/{ACCOUNT}/Recordings/{it.recording}")


async def test_a_ring_that_was_made_is_found_again() -> None:
    async with whole_stage() as stage:
        assert await stage.door.phones.find_ring(RING, frozenset()) is None
        agent = (await stage.door.phones.ring(RING)).sid
        found = await stage.door.phones.find_ring(RING, frozenset())
        assert found is not None and found.sid == agent
        assert await stage.door.phones.find_ring(RING, frozenset({agent})) is None
        await stage.door.phones.hang_up(agent)


async def test_a_number_that_is_none_is_refused_in_words() -> None:
    async with whole_stage(warned=(21211, 21210)) as stage:
        with pytest.raises(NotDelivered) as told:
            await stage.door.phones.ring(Ring("k", "+1", OURS, "agent", AGENT, 20, NOW))
        assert told.value.permanent and "valid number" in told.value.reason
        with pytest.raises(NotDelivered) as told:
            await stage.door.phones.ring(Ring("k", ADA, "+15550199999", "agent", AGENT, 20, NOW))
        assert told.value.permanent and "our number" in told.value.reason


@pytest.mark.promise("voice-contract")
@pytest.mark.skipif(not DESCRIPTION.exists(), reason="../shared/data/twilio is not here")
async def test_all_that_a_call_asks_of_twilio_is_described() -> None:
    described = json.loads(DESCRIPTION.read_text())
    async with whole_stage() as stage:
        customer, agent = await stage.talks()
        await stage.door.phones.hang_up(customer)
        await stage.ended(agent)
        made = [e for e in stage.voice.stage.sandbox.wire.exchanges if e.direction == "out"]
        asked = [(e.method, re.sub("^/twilio/api.twilio.com", "", e.path), e.params) for e in made]
        assert len(asked) >= 3
        for method, path, params in asked:
            assert isinstance(params, dict) and wrong(described, method, path, params) == [], (method, path)
