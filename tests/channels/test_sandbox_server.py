"""The sandbox's own API: who may call it, what it refuses and how, time travel, reset, relay, events, page."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from twilio_rehearsal import EVA, OURS, Stage, make_cast, open_stage

from tierline.sandbox.api import Refused
from tierline.sandbox.server import Hooks, Sandbox
from tierline.sandbox.stage import Clock
from tierline.sandbox.travel import parse_duration, parse_faults


async def test_state_names_everybody_and_how_to_reach_the_product() -> None:
    async with open_stage() as stage:
        state = await stage.call("/state")
        assert set(state) == {
            "product",
            "api",
            "time",
            "plan_version",
            "numbers",
            "mailboxes",
            "customers",
            "agents",
            "supervisors",
            "channels",
            "timezone",
            "website",
        }
        assert state["api"] == {"url": stage.app.base, "token": "t0ken"}
        assert state["numbers"][0] == OURS and state["customers"][0]["phone"] == EVA
        assert set(state["agents"][0]) == {"name", "slack", "phone", "tier", "team", "dm"}
        assert datetime.fromisoformat(state["time"]).tzinfo


async def test_state_answers_when_the_product_is_ready_and_not_before() -> None:
    up = asyncio.Event()
    asked = asyncio.Event()

    async def ready() -> bool:
        asked.set()
        return up.is_set()

    async with open_stage(ready=ready) as stage:
        assert set(await stage.call("/state?wait=0", None, 503)) == {"error", "hint"}
        asked.clear()
        waiting = asyncio.create_task(stage.call("/state"))
        await asked.wait()
        assert not waiting.done()
        up.set()
        assert (await waiting)["plan_version"] == 1


@pytest.mark.promise("sandbox-loopback")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example:80"}, 403),
        ({"Host": "[::1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "localhost:1", "Origin": "http://localhost:1"}, 200),
        ({}, 200),
    ],
)
async def test_only_loopback_names_and_the_pages_own_origin_may_act(
    headers: dict[str, str], status: int
) -> None:
    async with open_stage() as stage:
        found = await stage.call("/faults", {}, status, headers=headers)
        assert status == 200 or set(found) == {"error", "hint"}
        expected = 403 if "Host" in headers and status == 403 else 200
        async with stage.http.get(f"{stage.base}/sandbox/api/wire", headers=headers) as answer:
            assert answer.status == expected
            assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.promise("sandbox-api")
@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/clock", b"{", 400),
        ("/clock", b"[" * 100_000, 400),
        ("/clock", b"\xff\xfe", 400),
        ("/clock", b"{}", 400),
        ("/clock", b'{"advance": "2h", "at": "2030-01-01T00:00:00Z"}', 400),
        ("/clock", b'{"advance": 5}', 400),
        ("/clock", b'{"advance": "soon"}', 400),
        ("/clock", b'{"advance": ""}', 400),
        ("/clock", b'{"advance": "99999d"}', 400),
        ("/clock", b'{"advance": "0s"}', 409),
        ("/clock", b'{"at": "2020-01-01T00:00:00Z"}', 409),
        ("/clock", b'{"at": "2030-01-01T00:00:00"}', 400),
        ("/clock", b'{"at": "christmas"}', 400),
        ("/clock", b'{"at": "9999-12-31T23:59:59-23:59"}', 400),
        ("/clock", b'{"advance": "1h", "why": "x"}', 400),
        ("/faults", b'{"carrier": {}}', 400),
        ("/faults", b'{"smtp": {"at": "helo"}}', 400),
        ("/faults", b'{"twilio": {"fail": "503"}}', 400),
        ("/faults", b'{"twilio": {"fail": 200}}', 400),
        ("/faults", b'{"twilio": {"fail": true}}', 400),
        ("/faults", b'{"twilio": {"times": -1}}', 400),
        ("/faults", b'{"twilio": {"delay": "long"}}', 400),
        ("/faults", b'{"twilio": {"delay": NaN}}', 400),
        ("/faults", b'{"twilio": {"speed": 1}}', 400),
        ("/faults", b'{"slack": {"rate_limit": 3}}', 400),
        ("/faults", b'{"slack": {"rate_limit": {}}}', 400),
        ("/faults", b'{"receipts": "later"}', 400),
        ("/reset", b'{"everything": true}', 400),
        ("/nothing", b"{}", 404),
        ("/calls", b'{"from": "+49", "to": "+49"}', 400),
        ("/calls", b'{"from": "+4915112345678", "to": "+15550199999"}', 404),
        ("/calls/CA1/hangup", b"{}", 404),
        ("/mail?to=x", b"Subject: hi", 404),
        ("/state", b"{}", 404),
    ],
)
async def test_bad_requests_get_an_error_and_a_hint_and_change_nothing(
    path: str, body: bytes, status: int
) -> None:
    async with open_stage() as stage:
        async with stage.http.post(f"{stage.base}/sandbox/api{path}", data=body) as answer:
            found = json.loads(await answer.text())
            assert (answer.status, set(found)) == (status, {"error", "hint"}), found
        assert stage.calls == [] and stage.sandbox.clock.offset == 0.0
        assert stage.sandbox.faults.twilio.fail is None and stage.sandbox.faults.receipts == "auto"


async def test_too_much_at_once_is_refused() -> None:
    async with open_stage() as stage:
        async with stage.http.post(
            f"{stage.base}/sandbox/api/clock", data=io.BytesIO(b"x" * (17 * 1024 * 1024))
        ) as answer:
            assert answer.status == 413 and set(await answer.json()) == {"error", "hint"}


@pytest.mark.promise("sandbox-clock")
async def test_time_moves_forward_with_limits_off_and_everything_shows_it() -> None:
    async with open_stage(limits=True) as stage:
        seen: list[bool] = []

        async def advance(to: float) -> int:
            seen.append(stage.sandbox.faults.twilio.enforce_limits)
            seen.append(stage.sandbox.faults.slack.enforce_limits)
            return 7

        object.__setattr__(stage.sandbox._hooks, "advance", advance)
        sids = [(await stage.send(f"n {n}")).sid for n in range(3)]
        before = datetime.now(UTC).replace(microsecond=0)
        moved = await stage.call("/clock", {"advance": "1d2h30m"})
        assert moved["fired"] == 7 and seen == [False, False]
        assert datetime.fromisoformat(moved["time"]) >= before + timedelta(days=1, hours=2, minutes=30)
        assert stage.sandbox.faults.twilio.enforce_limits
        # What was waiting for the number's pace has left while time travelled.
        for sid in sids:
            assert (await stage.client.messages(sid).fetch_async()).status == "delivered"
        there = before + timedelta(days=30)
        arrived = await stage.call("/clock", {"at": there.isoformat()})
        assert datetime.fromisoformat(arrived["time"]) >= there
        await stage.text("from the future")
        listed = await stage.call("/sms?number=%2B4915112345678")
        assert datetime.fromisoformat(listed[-1]["at"]) >= there
        assert (await stage.client.messages.list_async(limit=1))[0].date_created >= there


async def test_a_refusal_of_the_product_to_move_or_reset_is_passed_on() -> None:
    async def no(*_: object) -> Any:
        raise Refused("a real Slack is configured", "use tierline sandbox", 409)

    async with open_stage(advance=no, reset=no) as stage:
        await stage.text("kept")
        for path, body in (("/clock", {"advance": "1h"}), ("/reset", {})):
            assert (await stage.call(path, body, 409))["error"] == "a real Slack is configured"
        assert stage.sandbox.clock.offset == 0.0
        assert len(await stage.call("/sms?number=%2B4915112345678")) == 1


async def test_a_store_that_is_not_the_sandboxs_is_neither_emptied_nor_moved() -> None:
    async def no(*_: object) -> Any:
        raise PermissionError("only the sandbox's own store is emptied")

    async with open_stage(advance=no, reset=no) as stage:
        await stage.text("kept")
        assert "own store" in (await stage.call("/reset", {}, 409))["error"]
        assert "own store" in (await stage.call("/clock", {"advance": "1h"}, 409))["error"]
        assert len(await stage.call("/sms?number=%2B4915112345678")) == 1


async def test_odd_requests_on_a_bare_socket_are_refused_not_crashed_into() -> None:
    async with open_stage() as stage:
        host = b"Host: 127.0.0.1\r\nConnection: close\r\n"
        basic = b"Authorization: Basic \xff\xff\r\n"
        odd = [
            (b"GET /%ff HTTP/1.1\r\n" + host, b"404"),
            (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + host, b"404"),
            (b"GET /sandbox/api/sms?number=%ff HTTP/1.1\r\n" + host, b"400"),
            (b"GET http://evil.example/product/x HTTP/1.1\r\nHost: evil.example\r\n", b"403"),
            (b"GET /sandbox/api/state HTTP/1.0\r\n", b"403"),
            (b"GET /twilio/api.twilio.com/x HTTP/1.1\r\n" + host + basic, b"401"),
            (
                b"POST /sandbox/api/sms HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n" + host,
                b"400",
            ),
        ]
        for head, status in odd:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(stage.base.rsplit(":", 1)[1]))
            writer.write(head + b"\r\n" + (b"abc" if head.startswith(b"POST") else b""))
            line = await reader.readline()
            assert line.split()[1] == status, (head[:60], line)
            writer.close()
            await writer.wait_closed()


async def test_reset_empties_the_stand_ins_ends_faults_and_returns_to_real_time() -> None:
    async with open_stage() as stage:
        await stage.text("STOP")
        await stage.call("/faults", {"receipts": "manual", "twilio": {"fail": 500}})
        await stage.call("/clock", {"advance": "2h"})
        assert await stage.call("/wire")
        await stage.call("/reset", {})
        assert stage.calls[-1] == "reset" and stage.sandbox.clock.offset == 0.0
        assert await stage.call("/sms?number=%2B4915112345678") == [] and await stage.call("/wire") == []
        assert (await stage.call("/faults"))["twilio"]["fail"] is None
        assert (await stage.send()).status == "queued"


async def test_the_wire_lists_every_exchange_in_order_without_credentials() -> None:
    async with open_stage() as stage:
        await stage.text("hello")
        await stage.send("answer")
        wire = await stage.call("/wire?since=0")
        assert [(e["n"], e["direction"], e["method"], e["status"]) for e in wire[:2]] == [
            (1, "in", "POST", 200),
            (2, "out", "POST", 201),
        ]
        assert set(wire[0]) == {"n", "at", "direction", "service", "method", "path", "params", "status", "ms"}
        assert wire[0]["params"]["Body"] == "hello" and wire[1]["params"]["Body"] == "answer"
        assert (await stage.call("/wire?since=1"))[0]["n"] == 2
        async with stage.http.get(f"{stage.base}/sandbox/api/wire?since=0&path=Messages.json") as answer:
            ends = [int(answer.headers[f"X-Wire-{end}"]) for end in ("First", "Last")]
            shown = await answer.json()
        assert shown == [e for e in wire if e["path"].endswith("Messages.json")] and 0 < len(shown) < len(
            wire
        )
        assert ends == [1, wire[-1]["n"]]
        assert await stage.call(f"/wire?since={wire[-1]['n']}") == []
        assert "b2" * 16 not in json.dumps(wire) and "xoxb" not in json.dumps(wire)
        for since in ("-1", "x", "1e3", "9" * 30):
            await stage.call(f"/wire?since={since}", None, 400)


def test_durations_and_faults_read_as_written() -> None:
    assert (
        parse_duration("1d2h30m5s") == 95405
        and parse_duration("90s") == 90
        and parse_duration("0.25s") == 0.25
    )
    faults = parse_faults(
        {"twilio": {"delay": "2s", "fail": 503, "times": 3}, "slack": {"rate_limit": {"retry_after": 30}}}
    )
    assert (faults.twilio.delay, faults.twilio.fail, faults.twilio.times) == (2.0, 503, 3)
    assert faults.slack.retry_after == 30 and parse_faults({}).slack.retry_after is None


async def test_the_relay_carries_the_token_in_and_no_cookies_or_foreign_headers() -> None:
    async with open_stage() as stage:
        seen: list[web.Request] = []
        bodies: list[bytes] = []

        async def answer(request: web.Request) -> web.Response:
            seen.append(request)
            bodies.append(await request.read())
            headers = {"Set-Cookie": "a=b", "Access-Control-Allow-Origin": "*", "X-Kept": "yes"}
            return web.Response(status=201, body=b"[1]", headers=headers, content_type="application/json")

        stage.app.answer = answer
        sent = {"Cookie": "c=d", "Authorization": "Bearer mine", "Content-Type": "application/json"}
        url = f"{stage.base}/product/api/v1/contacts?customer=%2B4915112345678&state=a%20b"
        async with stage.http.put(url, data=b'{"a": 1}', headers=sent) as got:
            assert (got.status, await got.read(), got.headers["X-Kept"]) == (201, b"[1]", "yes")
            assert "Set-Cookie" not in got.headers and "Access-Control-Allow-Origin" not in got.headers
        assert seen[0].raw_path == "/api/v1/contacts?customer=%2B4915112345678&state=a%20b"
        assert seen[0].headers["Authorization"] == "Bearer t0ken" and "Cookie" not in seen[0].headers
        assert bodies == [b'{"a": 1}']
        async with stage.http.put(url, data=b"{}", headers={"Origin": "https://evil.example"}) as got:
            assert got.status == 403 and len(seen) == 1
        for path in ("//evil.example/x", "/@evil.example/", "/..%2f..%2fx"):
            async with stage.http.get(aiohttp.client.URL(f"{stage.base}/product{path}", encoded=True)) as got:
                assert got.status in (201, 404)
        assert all(r.host == stage.app.base.removeprefix("http://") for r in seen)


async def test_a_stream_of_the_product_passes_through_the_relay_piece_by_piece() -> None:
    async with open_stage() as stage:
        more = asyncio.Event()

        async def answer(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            await response.write(b"data: 1\n\n")
            await more.wait()
            await response.write(b"data: 2\n\n")
            return response

        stage.app.answer = answer  # type: ignore[assignment]
        async with stage.http.get(f"{stage.base}/product/api/v1/events") as got:
            assert await got.content.readuntil(b"\n\n") == b"data: 1\n\n"
            more.set()
            assert await got.content.read() == b"data: 2\n\n"


async def test_a_product_that_is_down_is_a_clear_answer() -> None:
    async def hold(*_: object) -> Any:
        return {"product": "", "api": {"url": "", "token": "t"}, "plan_version": 1}

    async def ready() -> bool:
        return True

    hooks = Hooks(hold, hold, hold, ready, "http://127.0.0.1:1")
    sandbox = Sandbox(make_cast("http://127.0.0.1:1"), Clock(), hooks, [])
    port = await sandbox.start(0)
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/product/api/v1/agents") as got,
        ):
            assert got.status == 502 and set(await got.json()) == {"error", "hint"}
    finally:
        await sandbox.stop()


async def read_events(stage: Stage, response: aiohttp.ClientResponse, kind: str) -> dict[str, str]:
    async with asyncio.timeout(90):
        while True:
            line = await response.content.readline()
            if line.startswith(b"data: "):
                note: dict[str, str] = json.loads(line[6:])
                if note["kind"] == kind:
                    return note


async def test_the_page_is_told_what_changed_by_kind_and_ids_only() -> None:
    async with open_stage() as stage:
        async with stage.http.get(f"{stage.base}/sandbox/api/events") as events:
            assert events.content_type == "text/event-stream"
            await read_events(stage, events, "all")
            sent = await stage.text("secret words")
            assert await read_events(stage, events, "sms") == {
                "kind": "sms",
                "sid": sent["sid"],
                "number": EVA,
            }
            assert await read_events(stage, events, "wire") == {"kind": "wire", "n": "1"}
            await stage.call("/reset", {})
            await read_events(stage, events, "reset")
            await stage.sandbox.stop()
            assert b"secret" not in await events.content.read()


async def test_the_page_is_served_strictly_and_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>Stage</title>")
    (tmp_path / "stage.js").write_text("export {}")
    (tmp_path / "notes.txt").write_text("private")
    (tmp_path.parent / "outside.js").write_text("private")
    async with open_stage() as stage:
        stage.sandbox._page = tmp_path
        for path, kind in (
            ("/", "text/html"),
            ("/index.html", "text/html"),
            ("/stage.js", "text/javascript"),
        ):
            async with stage.http.get(stage.base + path) as got:
                assert (got.status, got.content_type) == (200, kind)
                assert got.headers["Cache-Control"] == "no-store"
                policy = got.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy and "unsafe" not in policy
                assert got.headers["X-Content-Type-Options"] == "nosniff"
        for path in (
            "/notes.txt",
            "/absent.js",
            "/../outside.js",
            "/%2e%2e/outside.js",
            "/x/..%2f..%2foutside.js",
            "/.js",
        ):
            async with stage.http.get(aiohttp.client.URL(stage.base + path, encoded=True)) as got:
                assert got.status == 404, path


async def test_a_taken_port_is_an_error_and_leaves_nothing_open() -> None:
    async with open_stage() as stage:
        port = int(stage.base.rsplit(":", 1)[1])
        other = Sandbox(stage.sandbox.cast, Clock(), stage.sandbox._hooks, [])
        with pytest.raises(OSError):
            await other.start(port)
        await other.stop()
