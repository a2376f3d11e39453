"""`tierline web` and `tierline worker`, several of each on one store: one queue, whoever serves it and whoever dies."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections import Counter
from pathlib import Path

import aiohttp
import pytest
from many_stage import QUICK, Crew, flow, greeted, open_crew, roll, slash, take
from story_stage import EVA, JONAS, payload

PAIRS = 10_000 if os.environ.get("TIERLINE_LONG") else 100
AT_ONCE = 16


# ---- the same webhook at the same instant ---------------------------------------------------------------------------


@pytest.mark.promise("many-arrives-once")
@pytest.mark.timeout(1800 if PAIRS > 1000 else 300)
async def test_a_webhook_that_reaches_two_processes_at_one_instant_is_one_contact(tmp_path: Path) -> None:
    async with open_crew(tmp_path, webs=2, workers=1) as crew:
        texts = {f"+49152{n:08}": f"SM{secrets.token_hex(16)}" for n in range(PAIRS)}
        room = asyncio.Semaphore(AT_ONCE)
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        async with aiohttp.ClientSession(connector=connector) as twilio:

            async def deliver(port: str, sender: str, together: asyncio.Barrier) -> tuple[int, str]:
                form = crew.form(texts[sender], sender, f"help {sender}")
                await together.wait()
                url = f"http://127.0.0.1:{port}/twilio/sms"
                async with twilio.post(url, data=form, headers=crew.signed(form)) as answer:
                    return answer.status, await answer.text()

            async def pair(sender: str) -> None:
                async with room:
                    both = asyncio.Barrier(2)
                    one, other = await asyncio.gather(
                        *(deliver(web.env["PORT"], sender, both) for web in crew.webs)
                    )
                assert one == other and one[0] == 200 and "<Response" in one[1]

            await asyncio.gather(*map(pair, texts))

        for sender in texts if PAIRS < 1000 else list(texts)[::50]:
            it = await crew.contact(sender)
            assert [m["text"] for m in it["transcript"] if m["direction"] == "in"] == [f"help {sender}"]
        assert crew.store is not None
        counted = await crew.store.call("HGET", "{main}:site", "contacts")
        assert isinstance(counted, bytes) and int(counted) == PAIRS  # not one contact more was ever made


# ---- workers that die -----------------------------------------------------------------------------------------------


@pytest.mark.promise("many-killed")
async def test_all_workers_killed_at_once_come_back_to_the_same_queue_in_the_same_order(
    tmp_path: Path,
) -> None:
    phones = [f"+4915200000{n:02}" for n in range(5)]
    async with open_crew(tmp_path, webs=1, workers=3) as crew:
        for n, phone in enumerate(phones[:4]):
            assert await crew.text(f"word {n}", phone) == 200
        for worker in crew.workers:
            os.kill(worker.pid, signal.SIGKILL)
        for worker in crew.workers:
            await worker.kill()
        assert await crew.text("word 4", phones[4]) == 200  # nobody has to be there for a text to be kept
        await crew.started(*crew.workers)
        await crew.delivering()
        await slash(crew, "Ada", "available")
        await slash(crew, "Ben", "offline")
        for n, phone in enumerate(phones[:4]):  # four is what one agent has room for
            card = (await crew.until(lambda: crew.cards("Ada")))[0]
            assert f"word {n}" in str(card), "who came first is asked for first"
            await take(crew, "Ada", f"word {n}", phone)

        # One dies, the others are there: somebody else delivers within the lease and a look.
        dead = await crew.delivering()
        await dead.kill()
        await slash(crew, "Ben", "available")
        await take(crew, "Ben", "word 4", phones[4])
        assert await crew.delivering() is not dead
        heads = [payload(m)["contact"] for m in await crew.until(lambda: _five_heads(crew))]
        assert len(heads) == len(set(heads)) == 5
        assert set((await crew.offers_shown()).values()) == {1}


async def _five_heads(crew: Crew) -> list[object]:
    found = await crew.heads()
    return list(found) if len(found) >= 5 else []


# ---- a worker that sleeps and wakes ---------------------------------------------------------------------------------


@pytest.mark.promise("many-woken")
async def test_a_worker_that_slept_past_its_lease_says_nothing_twice_when_it_wakes(tmp_path: Path) -> None:
    phones = [f"+4915300000{n:02}" for n in range(12)]
    async with open_crew(tmp_path, webs=1, workers=2, lease=1.5) as crew:
        for name in ("Ada", "Ben"):
            await slash(crew, name, "available")
        for _ in range(2):
            sleeper = await crew.delivering()
            # It falls asleep amid deliveries: each call takes its time outside.
            await crew.call("/faults", {"slack": {"delay": 0.15}, "twilio": {"delay": 0.15}})
            mine, phones = phones[:6], phones[6:]
            await asyncio.gather(*(crew.text(f"from {phone}", phone) for phone in mine))
            os.kill(sleeper.pid, signal.SIGSTOP)
            awake = await crew.delivering(sleeper)
            await crew.call("/faults", QUICK)
            await crew.until(lambda mine=mine: greeted(crew, mine))
            os.kill(sleeper.pid, signal.SIGCONT)
            await crew.until(lambda sleeper=sleeper: "outbox.lost" in sleeper.log)
            assert await crew.delivering() is awake
        for name in ("Ada", "Ben"):
            await crew.until(lambda name=name: crew.cards(name))
        # Neither Slack nor Twilio knows fences: who is stopped between the last look and the first byte says it
        # once more. Of some fifty requests in flight at two stops that may be one, never a second.
        told = Counter(await crew.offers_shown()) + Counter(await crew.sent())
        twice = sum(told.values()) - len(told)
        assert len(told) >= 12 and twice <= 1, told
        print(f"{len(told)} things were said, {twice} of them twice")


@pytest.mark.promise("many-undo")
async def test_a_reply_deleted_where_another_worker_hears_it_is_not_sent(tmp_path: Path) -> None:
    async with open_crew(tmp_path, webs=1, workers=2) as crew:
        await slash(crew, "Ada", "available")
        assert await crew.text("help me") == 200
        await take(crew, "Ada", "help me", EVA)
        head = await crew.thread((await crew.contact())["id"])
        where = {"user": crew.person("Ada").slack, "channel": head["channel"]}
        for n in range(4):  # Slack hands events to any socket: of four deletions some meet another worker
            typed = await crew.call("/slack/reply", where | {"thread_ts": head["ts"], "text": f"never {n}"})
            await crew.call("/slack/delete", where | {"ts": typed["ts"]})
        await crew.say("Ada", head, "This one goes.")
        await crew.until(lambda: crew.got("This one goes."))

        async def undone() -> bool:
            said = [m for m in (await crew.contact())["transcript"] if "never" in m["text"]]
            return len(said) == 4 and all(m["status"] == "undone" for m in said)

        await crew.until(undone)
        assert not await crew.got("never")


# ---- stopping and starting anew under load --------------------------------------------------------------------------


@pytest.mark.promise("many-rolling")
async def test_a_rolling_restart_under_load_loses_doubles_and_refuses_nothing(tmp_path: Path) -> None:
    async with open_crew(tmp_path, webs=2, workers=2) as crew:
        for name in ("Ada", "Ben"):
            await slash(crew, name, "available")
        async with flow(crew) as answers:
            for it in (*crew.webs, *crew.workers):
                await roll(crew, it)
        assert set(answers.values()) == {200}
        for phone in answers:
            it = await crew.contact(phone)
            assert [m["text"] for m in it["transcript"] if m["direction"] == "in"] == [f"word of {phone}"]
        await crew.until(lambda: greeted(crew, answers), 120)
        assert set((await crew.sent()).values()) == {1}
        assert set((await crew.offers_shown()).values()) <= {1}
        assert len(answers) > 20 and JONAS not in answers
