"""Whatever everybody does with their phones in whatever order: nothing is left behind, and each end is told once."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import pytest
from test_sandbox_voice import EVENTS, QUEUE, SCREEN, WAIT
from twilio.base.exceptions import TwilioRestException
from twilio_rehearsal import ACCOUNT, OURS
from voice_stage import VoiceStage, open_voice

STATUS = ["initiated", "ringing", "answered", "completed"]


def room(params: dict[str, str]) -> str:
    """One of two conferences, by whoever asks; some end them when they leave."""
    n = int(params["CallSid"][2:6], 16)
    ends, starts = str(n % 3 == 0).lower(), str(n % 5 != 0).lower()
    words = f'waitUrl="" endConferenceOnExit="{ends}" startConferenceOnEnter="{starts}" {EVENTS}'
    return f'<Dial action="/done"><Conference {words}>c-{n % 2}</Conference></Dial>'


PAGES: dict[str, Any] = {
    "voice": '<Gather numDigits="1" timeout="1" action="/menu"><Say>Press one.</Say></Gather>' + QUEUE,
    "menu": QUEUE, "wait": WAIT, "agent": SCREEN, "key": room, "join": room,
    "left": '<Record timeout="1" action="/kept"/>', "done": "<Say>Bye.</Say>",
}  # fmt: skip


class Crowd:
    """Eight callers and as many agents, and one hand that does something at random."""

    def __init__(self, voice: VoiceStage, seed: int) -> None:
        self.voice, self.random = voice, Random(seed)
        self.sids: list[str] = []

    def one(self) -> str:
        """One of the latest calls: most others are over."""
        return self.random.choice(self.sids[-8:])

    async def ring(self) -> None:
        self.sids.append(await self.voice.ring(f"+49151000000{self.random.randrange(10, 18)}"))

    async def make(self) -> None:
        to = f"+49170000000{self.random.randrange(10, 18)}"
        callback = f"{self.voice.base}/status"
        self.sids.append(await self.voice.make(to, status_callback=callback, status_callback_event=STATUS))

    async def act(self) -> None:
        what: tuple[str, dict[str, object]] = self.random.choice([
            ("answer", {}), ("answer", {}), ("answer", {}), ("machine", {}), ("busy", {}), ("hangup", {}),
            ("press", {"digits": "1"}), ("press", {"digits": "1"}), ("speak", {"text": "hello"}),
            ("record", {"text": "call me", "seconds": 3}),
        ])  # fmt: skip
        url = f"{self.voice.stage.base}/sandbox/api/calls/{self.one()}/{what[0]}"
        async with self.voice.stage.http.post(url, json=what[1]) as answer:
            assert answer.status in (200, 409), (what, await answer.text())

    async def fetch(self) -> None:
        """Somebody who waits is taken into a conference."""
        for queue in await self.voice.client.queues.list_async():
            member = self.voice.client.queues(queue.sid).members("Front")
            await member.update_async(url=f"{self.voice.base}/join")

    async def end_one(self) -> None:
        await self.voice.client.calls(self.one()).update_async(status="completed")

    async def move(self) -> None:
        url = f"{self.voice.base}/join"
        await self.voice.client.calls(self.one()).update_async(url=url)

    async def change(self) -> None:
        for it in await self.voice.client.conferences.list_async(status="in-progress"):
            for seat in await self.voice.client.conferences(it.sid).participants.list_async():
                mine = self.voice.client.conferences(it.sid).participants(seat.call_sid)
                change = self.random.choice(["hold", "muted", "delete", "end"])
                if change == "delete":
                    await mine.delete_async()
                elif change == "end":
                    await self.voice.client.conferences(it.sid).update_async(status="completed")
                else:
                    await mine.update_async(**{change: self.random.random() < 0.5})

    async def play(self, steps: int) -> None:
        hands = [
            self.ring,
            self.make,
            *[self.act] * 14,
            self.fetch,
            self.fetch,
            self.move,
            self.end_one,
            self.change,
        ]
        await self.ring()
        for _ in range(steps):
            try:
                await self.random.choice(hands)()
            except TwilioRestException as refused:
                assert refused.code in (20404, 21220), refused

    async def go_home(self) -> None:
        for sid in self.sids:
            if (await self.voice.look(sid))["status"] not in ("completed", "busy", "canceled", "no-answer"):
                await self.voice.client.calls(sid).update_async(status="completed")


FAULTS: list[dict[str, object]] = [
    {},
    {"redeliver": True, "at_once": True},
    {"out_of_order": True},
    {"late_action": True, "webhook_delay": "0.02s", "redeliver": True},
]


@pytest.mark.parametrize(("seed", "faults"), list(enumerate(FAULTS)))
async def test_nothing_is_left_behind_and_each_end_is_told(seed: int, faults: dict[str, object]) -> None:
    async with open_voice(**PAGES) as voice:
        number = (await voice.client.incoming_phone_numbers.list_async(phone_number=OURS))[0]
        await voice.client.incoming_phone_numbers(number.sid).update_async(
            status_callback=f"{voice.base}/status"
        )
        await voice.api("/faults", {"twilio": {"hurry": "0.01s", "enforce_limits": False, **faults}})
        times = 2 if "redeliver" in faults else 1
        crowd = Crowd(voice, seed)
        await crowd.play(400)
        await crowd.go_home()
        assert voice.asked("/left") and voice.asked("/join")  # it was no idle crowd
        board = voice.stage.sandbox.standins[0].voice.board  # type: ignore[attr-defined]
        assert [q.members for q in board.queues.values() if q.members] == []
        assert [r.seats for r in board.rooms.values() if r.seats or r.coming] == []
        assert {r.status for r in board.rooms.values()} <= {"completed"}
        ended = {"completed", "busy", "failed", "no-answer", "canceled"}

        def ends(heard: list[Any]) -> Counter[str]:
            told = [h.params for h in heard if h.path == "/status" and h.params["CallStatus"] in ended]
            return Counter(p["CallSid"] for p in told)

        await voice.stage.app.until(lambda heard: ends(heard) == {sid: times for sid in crowd.sids})
        assert all(h.signed and h.params["AccountSid"] == ACCOUNT for h in voice.stage.app.heard)
        for room_sid in {r.sid for r in board.rooms.values() if r.count}:
            await voice.stage.app.until(lambda heard, sid=room_sid: _over(heard, sid, times))
            told = [h.params for h in voice.asked("/room") if h.params["ConferenceSid"] == room_sid]
            numbers = [int(p["SequenceNumber"]) for p in told][::times]
            assert numbers == sorted(set(numbers), reverse="out_of_order" in faults)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not [t for t in left if "_live" in repr(t)]


def _over(heard: list[Any], room_sid: str, times: int) -> bool:
    told = Counter(
        h.params["StatusCallbackEvent"] for h in heard if h.params.get("ConferenceSid") == room_sid
    )
    return told["participant-join"] == told["participant-leave"] and told["conference-end"] == times
