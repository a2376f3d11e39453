"""The web chat on several processes: whichever has the socket, and whoever delivers, it is one conversation."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest
from many_stage import MANY, open_crew, slash

from tierline.bench.chat_people import Cutter, Person

ORIGIN = "https://shop.example"
PLAN = MANY.replace("channels: {sms:", f'channels: {{chat: {{origins: ["{ORIGIN}"]}}, sms:').replace(
    "entry: [", "entry: [{channel: chat, service: help}, "
)
PEOPLE, EACH = 4, 8


@pytest.mark.promise("chat-many")
async def test_another_process_goes_on_with_the_conversation(tmp_path: Path) -> None:
    async with open_crew(tmp_path, webs=2, workers=1, plan=PLAN) as crew:
        one, other = (f"http://127.0.0.1:{web.env['PORT']}/chat/ws" for web in crew.webs)
        headers = {"Origin": ORIGIN}
        async with crew.http.ws_connect(one, headers=headers) as first:
            await first.send_str('{"t":"hello"}')
            token = (await first.receive_json())["token"]
            await first.send_str('{"t":"say","id":"m1","text":"words of one"}')
            seq = 0
            while not seq:
                frame = await first.receive_json()
                seq = frame["seq"] if frame["t"] == "ack" else 0
            await slash(crew, "Ada", "available")
            await crew.until(lambda: crew.cards("Ada"))
            card = (await crew.cards("Ada"))[0]
            body = {"user": crew.person("Ada").slack, "channel": card["channel"], "ts": card["ts"]}
            await crew.call("/slack/act", {**body, "action_id": "offer.accept"})
            async with crew.http.ws_connect(other, headers=headers) as second:
                await second.send_str(json.dumps({"t": "hello", "token": token, "since": seq, "own": True}))
                welcome = await second.receive_json()
                assert welcome["seq"] >= seq
                await first.send_str('{"t":"say","id":"m2","text":"said to the other process"}')
                await _hears(second, "said to the other process")
                await crew.say("Ada", await crew.thread(welcome["contact"]), "an answer for both")
                await asyncio.gather(
                    _hears(first, "an answer for both"), _hears(second, "an answer for both")
                )


async def _hears(ws: Any, text: str) -> None:
    async with asyncio.timeout(60):
        while True:
            frame = await ws.receive_json()
            if frame["t"] == "message" and frame["text"] == text:
                return


@pytest.mark.promise("chat-cut")
async def test_over_two_processes_and_cut_lines_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    dice = random.Random(29)
    async with open_crew(tmp_path, webs=2, workers=1, plan=PLAN) as crew:
        cutter = Cutter([("127.0.0.1", int(web.env["PORT"])) for web in crew.webs], dice, 250, 1500)
        await cutter.start()
        try:
            url = f"http://127.0.0.1:{cutter.port}/chat/ws"
            people = [
                Person(f"p{i}", url, [f"p{i} says {n}" for n in range(EACH)], 1, origin=ORIGIN)
                for i in range(PEOPLE)
            ]  # each is told once that we have it: the plan's text, said by the worker
            async with asyncio.timeout(150), asyncio.TaskGroup() as group:
                for one in people:
                    group.create_task(one.run(crew.http, dice))
            for one in people:
                assert one.wrong(["We have your message."]) == []
                rows = await crew.api(f"/contacts?customer=web%3A{one.token.split('.')[1]}")
                (whole,) = [await crew.api(f"/contacts/{row['id']}") for row in rows]
                said = [m["text"] for m in whole["transcript"] if m["kind"] == "in"]
                assert sorted(said) == sorted(one.texts)
            assert cutter.cuts >= PEOPLE
        finally:
            await cutter.stop()
