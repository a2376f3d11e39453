"""A process that stalls, is told to stop (twice), runs out of descriptors or of memory: it says so and goes on."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import resource
import secrets
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from story_stage import DESK, EVA, JONAS, TOKEN, Json, Stage, open_stage
from twilio.request_validator import RequestValidator

BUILT_IN = """
import signal, sys, time
def stand_there():
    time.sleep(2.5)
signal.signal(signal.SIGUSR1, lambda *_: stand_there())
from tierline.__main__ import main
main()
"""
"""Our own start, with a trouble built in: SIGUSR1 blocks the loop."""
FEW = 96
ROOM = 192 * 1024 * 1024


def mapped(pid: int) -> int:
    """Bytes of a process's address space."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


def few_descriptors() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (FEW, FEW))


async def account(stage: Stage) -> Json:
    """What the process says of itself."""
    async with stage.http.get(f"{stage.product}/readyz") as answer:
        found: Json = await answer.json()
        return found


def events(stage: Stage, name: str) -> list[Json]:
    """The log's lines about `name`."""
    lines = [line for line in stage.process.log.splitlines() if f'"{name}"' in line]
    return [json.loads(line) for line in lines if line.startswith("{")]


def signed(stage: Stage, sender: str, text: str) -> tuple[bytes, str]:
    """A webhook's body and signature."""
    sid = f"SM{secrets.token_hex(16)}"
    form = {
        "Body": text, "From": sender, "To": DESK, "MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid,
        "AccountSid": stage.cast.credentials.account_sid, "ApiVersion": "2010-04-01", "NumMedia": "0",
        "NumSegments": "1", "SmsStatus": "received",
    }  # fmt: skip
    sign = RequestValidator(stage.cast.credentials.auth_token).compute_signature
    return urlencode(form).encode(), str(sign(f"{stage.product}/twilio/sms", form))


# ---- F7 -----------------------------------------------------------------------------------------------------------


@pytest.mark.promise("stall-seen")
async def test_a_loop_that_stood_still_says_where_and_goes_on(tmp_path: Path) -> None:
    async with open_stage(tmp_path, program=("-c", BUILT_IN), env={"TIERLINE_STALL": "0.5"}) as stage:
        before = (await account(stage))["loop"]["stalls"]  # a slow machine's start may be one
        os.kill(stage.process.pid, signal.SIGUSR1)

        def told() -> list[Json]:
            return [it for it in events(stage, "loop.stands_still") if "stand_there" in str(it["where"])]

        await stage.until(told)
        found = (await account(stage))["loop"]
        assert found["stalls"] > before and found["longest_s"] >= 2
        await stage.until(lambda: events(stage, "loop.stood_still"))
        assert len(told()) == 1
        assert await stage.text("help me") == 200
        os.kill(stage.process.pid, signal.SIGSTOP)
        await asyncio.sleep(0.7)  # longer than the limit: what is shown is what it says of it afterwards
        os.kill(stage.process.pid, signal.SIGCONT)
        await stage.until(lambda: events(stage, "process.stood_still"))
        assert len(told()) == 1


# ---- F9, F10 ------------------------------------------------------------------------------------------------------


async def _answering(stage: Stage, text: str) -> None:
    """Ada's reply is on its way to a Twilio that takes its time."""
    await stage.slash("Ada", "available")
    assert await stage.text("help me") == 200
    await stage.accept("Ada", "help me")
    head = await stage.thread((await stage.contact())["id"])
    await stage.call("/faults", {"twilio": {"delay": 2.0}})
    await stage.say("Ada", head, text)

    async def leaving() -> bool:
        said = [m for m in (await stage.contact())["transcript"] if m["text"] == text]
        return bool(said) and said[0]["status"] == "sending"

    await stage.until(leaving)


@pytest.mark.promise("stop-finishes")
async def test_told_to_stop_it_finishes_what_is_in_hand(stage: Stage) -> None:
    await _answering(stage, "In hand.")
    body, signature = signed(stage, JONAS, "half said")
    port = int(stage.process.env["PORT"])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /twilio/sms HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:20])
    await writer.drain()
    await stage.until(lambda: _handled(stage))
    assert stage.process.running is not None
    stage.process.running.terminate()

    async def deaf() -> bool:
        try:
            _, one = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return True
        one.close()
        return False

    await stage.until(deaf)  # nothing new is taken
    writer.write(body[20:])
    assert b" 200 " in await reader.readline()
    writer.close()
    assert await stage.process.running.wait() == 0
    assert len(await stage.got("In hand.")) == 1  # the reply left before the end
    await stage.call("/faults", {})
    await stage.up()
    assert (await stage.contact(JONAS))["transcript"][0]["text"] == "half said"
    assert len(await stage.got("In hand.")) == 1


@pytest.mark.promise("stop-finishes")
async def test_told_to_stop_it_does_not_wait_for_lines_that_wait_for_their_turn(stage: Stage) -> None:
    """Slack holds one line up and all behind it; what waits is said by the next start, once."""
    await stage.slash("Ada", "available")
    for customer in (EVA, JONAS):
        assert await stage.text(f"help {customer}", customer) == 200
        await stage.accept("Ada", f"help {customer}")
        await stage.thread((await stage.contact(customer))["id"])
    await stage.until(lambda: _open_deliveries(stage, 0))
    desk = next(it.id for it in stage.cast.places if it.name == "desk")
    await stage.call("/faults", {"slack": {"rate_limit": {"retry_after": 18, "channel": desk}, "times": 1}})
    assert await stage.text("first line", EVA) == 200

    async def held_up() -> bool:
        return (await stage.call("/faults"))["slack"]["times"] == 0

    await stage.until(held_up)
    assert await stage.text("second line", JONAS) == 200
    await stage.until(lambda: _open_deliveries(stage, 2))
    clock = asyncio.get_running_loop().time
    begun = clock()
    assert await stage.process.stop() == 0
    assert clock() - begun < 10  # of 25 s of grace; Slack's 18 s are waited out by nobody
    await stage.call("/faults", {})
    await stage.up()
    for line in ("first line", "second line"):
        await stage.until(lambda line=line: _said(stage, line))
    await stage.until(lambda: _open_deliveries(stage, 0))
    assert [await _said(stage, line) for line in ("first line", "second line")] == [1, 1]


async def _said(stage: Stage, line: str) -> int:
    return sum(line in json.dumps(message) for message in await stage.channel("desk"))


async def _open_deliveries(stage: Stage, count: int) -> bool:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with stage.http.get(f"{stage.product}/metrics", headers=headers) as answer:
        return f"tierline_outbox_open {count}" in await answer.text()


async def _handled(stage: Stage) -> bool:
    return int((await account(stage))["connections"]["open"]) >= 2


@pytest.mark.promise("stop-twice")
@pytest.mark.parametrize("again", [signal.SIGTERM, signal.SIGINT])
async def test_told_a_second_time_it_ends_at_once_and_nothing_is_half_done(
    stage: Stage, again: signal.Signals
) -> None:
    await _answering(stage, "Once only.")
    running = stage.process.running
    assert running is not None
    running.terminate()
    await stage.until(lambda: _away(stage))
    running.send_signal(again)
    assert await running.wait() == 128 + again
    await stage.call("/faults", {})
    await stage.up()
    await stage.until(lambda: stage.got("Once only."))
    await stage.until(lambda: _settled(stage))
    assert len(await stage.got("Once only.")) == 1
    assert (await stage.contact())["owner"]["name"] == "Ada"


async def _away(stage: Stage) -> bool:
    return not await stage.ready()


async def _settled(stage: Stage) -> bool:
    said = [m for m in (await stage.contact())["transcript"] if m["text"] == "Once only."]
    return said[0]["status"] == "delivered"


# ---- F12 ----------------------------------------------------------------------------------------------------------


@pytest.mark.promise("descriptors")
async def test_without_descriptors_texts_are_still_taken_and_answered(tmp_path: Path) -> None:
    async with open_stage(tmp_path, before=few_descriptors) as stage:
        await stage.slash("Ada", "available")
        most = int((await account(stage))["connections"]["most"])
        assert most < FEW
        port = int(stage.process.env["PORT"])
        async with crowd(port, 400) as open_ones:
            for n in range(5):
                assert await stage.text(f"help {n}", f"+4915500000{n:02}") == 200
            await stage.accept("Ada", "help 0")
            await stage.until(lambda: stage.heads())
            assert len(open_ones) == 400
        await stage.until(lambda: _few_open(stage))
        assert await stage.ready()
        assert len(events(stage, "listener.full")) == 1  # said once, not for each
        assert "Too many open files" not in stage.process.log


async def _few_open(stage: Stage) -> bool:
    return int((await account(stage))["connections"]["open"]) <= 3


@contextlib.asynccontextmanager
async def crowd(port: int, count: int) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Many who connect and say nothing."""
    writers: list[asyncio.StreamWriter] = []

    async def come() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)

    await asyncio.gather(*(come() for _ in range(count)))
    try:
        yield writers
    finally:
        for writer in writers:
            writer.close()
        for writer in writers:
            with contextlib.suppress(OSError):
                await writer.wait_closed()


# ---- F11 ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a running process are Linux's")
@pytest.mark.promise("memory-bounded")
async def test_a_flood_of_large_bodies_is_refused_before_memory_runs_out(stage: Stage) -> None:
    pid = stage.process.pid
    size = mapped(pid)
    resource.prlimit(pid, resource.RLIMIT_AS, (size + ROOM, size + ROOM))
    statuses: list[int] = []
    whole = b'{"yaml": "' + b"x" * (1024 * 1024 - 100) + b'"}'
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}

    hung_up: list[int] = []  # on whom: who still sends may hear that before the answer

    async def send(path: str, method: str, body: bytes) -> None:
        url = f"{stage.product}{path}"
        try:
            async with stage.http.request(method, url, data=io.BytesIO(body), headers=headers) as answer:
                await answer.read()
                statuses.append(answer.status)
        except OSError:
            hung_up.append(len(body))

    flood = [send("/api/v1/plan", "PUT", whole) for _ in range(120)]
    flood += [send("/twilio/sms", "POST", b"Body=" + b"x" * 20 * 1024 * 1024) for _ in range(10)]
    work = asyncio.gather(*flood)
    assert await stage.text("meanwhile", EVA) == 200
    await work
    assert set(statuses) <= {400, 409, 413, 422, 503} and statuses.count(503)
    assert statuses.count(413) + sum(it > 1024 * 1024 for it in hung_up)
    assert await stage.ready()
    assert stage.process.pid == pid and "MemoryError" not in stage.process.log
    assert await stage.text("afterwards", JONAS) == 200
