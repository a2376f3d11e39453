"""Whoever is not let in learns nothing: every route of the running product, found in its own table (SEC1, SEC8)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from helpers_app import Inside, inside
from yarl import URL

from tierline.settings import Settings, keep_secrets

FORM = {
    "MessageSid": "SM" + "0" * 32,
    "AccountSid": "AC" + "0" * 32,
    "From": "+4915112345678",
    "To": "+4930100",
    "Body": "hi",
}
WRONG = [
    {},
    {"Authorization": "Bearer wrong"},
    {"Authorization": "Basic wrong"},
    {"Authorization": "Bearer "},
]
OUTSIDE = [
    {"X-Forwarded-For": "203.0.113.9"},
    {"Forwarded": "for=203.0.113.9"},
    {"X-Real-IP": "203.0.113.9"},
    {"Via": "1.1 proxy"},
    {"Host": "tierline.example"},
    {"Host": "localhost.evil.example"},
    {"Host": "127.0.0.1.evil.example:80"},
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("routes")) as it:
        yield it


def _routes(it: Inside) -> list[tuple[str, str]]:
    """(method, path with its variables filled in) of everything that the product answers."""
    runner = it.app.front.runner
    assert runner is not None and runner.app is not None
    found = []
    for route in runner.app.router.routes():
        assert route.resource is not None
        path = re.sub(r"\{[^}]*\}", "C1001", route.resource.canonical)
        assert route.method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, (route.method, path)
        found.append((route.method, path))
    return found


@pytest.mark.promise("guarded")
@pytest.mark.asyncio(loop_scope="module")
async def test_every_route_asks_who_it_is(running: Inside) -> None:
    without_rule = []
    for method, path in _routes(running):
        url = running.product + path
        if path.startswith("/twilio/voice/sound/"):
            # Music, the same for everybody: the provider fetches it without a signature.
            async with running.http.request(method, url) as answer:
                assert answer.status == 404 and "C1001" not in await answer.text(), (method, path)
        elif path.startswith("/twilio/"):
            for headers in (
                {},
                {"X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="},
                {"X-Twilio-Signature": "é"},
            ):
                async with running.http.request(method, url, data=FORM, headers=headers) as answer:
                    assert answer.status == 403, (method, path, headers)
        elif path.startswith("/api/") or path == "/metrics":
            for headers in WRONG:
                async with running.http.request(method, url, headers=headers) as answer:
                    assert answer.status == 401, (method, path, headers)
                    assert running.rehearsal.api_token not in await answer.text()
        elif path.startswith("/recording/"):
            for query in ("", "?until=99999999999&sig=AAAA", "?until=%C3%A9&sig=%C3%A9", "?until=1&sig="):
                async with running.http.request(method, url + query) as answer:
                    assert answer.status == 403, (method, path, query)
        elif path.startswith(("/visit/", "/session/", "/files/", "/mail/")):
            for query in ("", "?until=99999999999&sig=AAAA", "?until=%C3%A9&sig=%C3%A9", "?until=1&sig="):
                async with running.http.request(method, url + query) as answer:
                    assert answer.status == 403, (method, path, query)
        elif path in ("/help", "/help/C1001"):
            # Public, and the same for everybody: nothing of a customer or an agent stands there.
            async with running.http.request(method, url, data=b"" if method == "POST" else None) as answer:
                told = await answer.text()
                assert answer.status == (200 if path == "/help" else 404), (method, path, answer.status)
                assert "Ada" not in told and "+4915112345678" not in told
        elif path in ("/chat/widget.js", "/chat/embed"):
            # The same for everybody: what any page may load, and how.
            async with running.http.request(method, url) as answer:
                assert answer.status == 200 and running.rehearsal.api_token not in await answer.text()
        elif path.startswith("/chat/"):
            for origin in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}):
                async with running.http.request(method, url, headers=origin) as answer:
                    assert answer.status == 403, (method, path, origin)
                    assert "Access-Control-Allow-Origin" not in answer.headers
        elif path in ("/healthz", "/readyz"):
            for headers in OUTSIDE:
                async with running.http.request(method, url, headers=headers) as answer:
                    told = await answer.text()
                    assert answer.status == 200 and (method == "HEAD" or told == '{"status": "up"}'), (
                        path,
                        headers,
                        told,
                    )
        else:
            without_rule.append((method, path))
    assert not without_rule, "say here what a stranger may do with these routes"


@pytest.mark.asyncio(loop_scope="module")
async def test_the_table_has_all_the_faces(running: Inside) -> None:
    routes = _routes(running)
    assert (
        ("POST", "/twilio/sms") in routes
        and ("PUT", "/api/v1/plan") in routes
        and ("GET", "/metrics") in routes
    )


@pytest.mark.asyncio(loop_scope="module")
async def test_who_asks_from_this_machine_or_with_the_token_sees_more(running: Inside) -> None:
    for headers in ({}, {**running.token, "X-Forwarded-For": "203.0.113.9"}):
        async with running.http.get(f"{running.product}/readyz", headers=headers) as answer:
            assert "store" in await answer.json()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_listens_on_loopback_and_nowhere_else(running: Inside) -> None:
    assert running.app.listener.addresses == ["127.0.0.1"]
    assert Settings(_env_file=None).host == "127.0.0.1"  # type: ignore[call-arg]


@pytest.mark.asyncio(loop_scope="module")
async def test_no_secret_is_in_any_answer(running: Inside) -> None:
    made = running.rehearsal.cast.credentials
    secrets = [
        running.rehearsal.api_token,
        running.app.secrets.secret,
        made.auth_token,
        made.bot_token,
        made.app_token,
    ]
    for method, path in _routes(running):
        if method == "GET":
            async with running.http.get(running.product + path, headers=running.token) as answer:
                told = await answer.text() + str(answer.headers)
            assert not [s for s in secrets if s in told], path
    described = (
        repr(running.app.settings)
        + repr(running.app.secrets)
        + repr(running.app.sms)
        + repr(running.app.desk_raw)
    )
    assert running.app.sms is not None
    described += repr(running.app.sms.account) + repr(running.app.sms.front.signer)
    assert not [s for s in secrets if s in described]


ODD = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "%C2%B2",
    "%E2%80%A8",
    "{a}",
    "a:b",
    "-1",
    "9" * 40,
    "%0d%0aSet-Cookie:x",
    "x" * 6000,
    "%1b[2J",
)


@pytest.mark.asyncio(loop_scope="module")
async def test_odd_ids_and_parameters_are_refused_or_found_nowhere(running: Inside) -> None:
    for method, path in _routes(running):
        if method != "GET" or not path.startswith("/api/"):
            continue
        for odd in ODD:
            queries = [f"?{name}={odd}" for name in ("limit", "since", "state", "customer")]
            for url in [path.replace("C1001", odd), *(path + query for query in queries)]:
                async with running.http.get(
                    URL(running.product + url, encoded=True), headers=running.token
                ) as answer:
                    assert answer.status < 500, (url[:80], await answer.text())
                    assert "Set-Cookie" not in answer.headers


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("token", [b"\xff\xfe", b"\xed\xa0\x80", b"x" * 7000, b"", b" ", "é".encode()])
async def test_a_token_of_odd_bytes_is_just_wrong(running: Inside, token: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", running.app.port)
    writer.write(
        b"GET /api/v1/agents HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
        + token
        + b"\r\n\r\n"
    )
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split(b" ", 2)[1] in (b"400", b"401"), answer[:200]


def test_files_with_secrets_are_their_owners_alone(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, TIERLINE_DATA=tmp_path / "var")  # type: ignore[call-arg]
    keys = keep_secrets(settings)
    assert len(keys.secret) >= 32 and len(keys.api_token) >= 32 and keys.secret != keys.api_token
    assert keep_secrets(settings) == keys
    for path in (tmp_path / "var").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (tmp_path / "var").stat().st_mode & 0o777 == 0o700
