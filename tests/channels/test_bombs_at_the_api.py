"""Whatever is sent to the API is answered with a 4xx that says why, and texts go on being taken meanwhile."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from helpers_app import PLAN, Inside, inside
from yarl import URL

LONGEST = 0.05
"""Seconds of the processor (not of a clock) that one callback of the loop may take, the product's and the stand-ins'."""
HEAD = "site: a\ntimezone: UTC\nlanguages: [en]\n"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
PLANS = {
    "billion laughs": LAUGHS,
    "100,000 brackets": "[" * 100_000,
    "100,000 braces": "{a: " * 100_000,
    "5,000 digits": HEAD + "settings: {offers: " + "9" * 5000 + "}\n",
    "not a number": HEAD + "settings: {offers: .nan}\n",
    "python object": HEAD + "rules: !!python/object/apply:os.system [id]\n",
    "a regular expression": HEAD
    + 'rules: [{name: a, when: {text: {any: ["(a+)+$"]}}, set: {service: "(a|a)*b"}}]\n',
    "10,000 rules": HEAD
    + "rules:\n"
    + "".join(f"  - {{name: r{n}, when: {{x: 1}}}}\n" for n in range(10_000)),
    "a NUL": HEAD + "supervisors: [\x00]\n",
    "a lone surrogate": HEAD + "supervisors: [\ud800]\n",
}
OBJECT = {"author": "Mira", "reason": "a bomb"}
BODIES = {
    "100,000 brackets": b"[" * 100_000,
    "100,000 objects": b'{"a":' * 100_000,
    "5,000 digits": b'{"yaml": "x", "author": "x", "reason": "x", "on": ' + b"9" * 5_000 + b"}",
    "4,000 digits": b'{"yaml": "x", "author": "x", "reason": "x", "on": ' + b"9" * 4_000 + b"}",
    "not a number": b'{"yaml": NaN, "author": Infinity, "reason": "x"}',
    "no UTF-8": b'{"yaml": "\xff"}',
    "a list": b"[1, 2]",
    "nothing": b"",
    "numbers for texts": b'{"yaml": 1, "author": {}, "reason": []}',
    "a truth for a version": json.dumps({**OBJECT, "yaml": PLAN, "on": True}).encode(),
    "an author that is no text": json.dumps({**OBJECT, "yaml": PLAN, "author": "\ud800"}).encode(),
    "an author with a NUL": json.dumps({**OBJECT, "yaml": PLAN, "author": "a\x00"}).encode(),
    "a reason without end": json.dumps({**OBJECT, "yaml": PLAN, "reason": "x" * 500_000}).encode(),
    "2 MB": json.dumps({**OBJECT, "yaml": "#" * 2_000_000}).encode(),
}
CUSTOMERS = {
    "names that are no texts": b'{"name": 1}',
    "facts in facts": json.dumps({"name": "x", "facts": {"a": {"b": {}}}}).encode(),
    "addresses that are none": b'{"addresses": [1]}',
    "9,000 addresses": json.dumps(
        {"name": "x", "addresses": [f"a{n}@x.example" for n in range(9_000)]}
    ).encode(),
    "a huge fact": json.dumps({"name": "x", "facts": {"a": "x" * 900_000}}).encode(),
    "NUL": b'{"name": "\\u0000", "facts": {"\\u0000": "\\ud800"}}',
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    async with inside(tmp_path_factory.mktemp("bombs")) as it:
        gc.collect()
        gc.freeze()  # as __main__ does: else a turn now and then pays for looking through every module
        yield it
        gc.unfreeze()


class Ticks:
    """Counts the loop's callbacks and the longest time that one of them, other than the test's own, kept the processor."""

    def __init__(self) -> None:
        self.count, self.longest, self.slowest = 0, 0.0, ""

    async def __aenter__(self) -> Ticks:
        self.plain, test = asyncio.Handle._run, asyncio.current_task()

        def timed(handle: asyncio.Handle) -> None:
            begun = time.thread_time()
            self.plain(handle)
            took, of = time.thread_time() - begun, getattr(handle._callback, "__self__", None)  # type: ignore[attr-defined]
            self.count += 1
            if of is not test and took > self.longest:
                self.longest, self.slowest = took, repr(of)

        asyncio.Handle._run = timed  # type: ignore[method-assign]
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.Handle._run = self.plain  # type: ignore[method-assign]


async def _put(it: Inside, path: str, body: bytes) -> tuple[int, str]:
    headers = {**it.token, "Content-Type": "application/json"}
    async with it.http.put(f"{it.product}/api/v1{path}", data=io.BytesIO(body), headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.mark.promise("bombs")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", PLANS)
async def test_a_plan_that_is_a_bomb_is_refused_with_its_place(running: Inside, name: str) -> None:
    async with Ticks() as ticks:
        status, told = await _put(running, "/plan", json.dumps({**OBJECT, "yaml": PLANS[name]}).encode())
        assert await running.text(f"during {name}") == 200
    assert status == 422 and json.loads(told)["mistakes"][0]["message"], (status, told[:300])
    assert ticks.count > 1 and ticks.longest < LONGEST, ticks.slowest


@pytest.mark.promise("bombs")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", BODIES)
async def test_json_that_is_a_bomb_is_refused_in_words(running: Inside, name: str) -> None:
    before = (await running.api("/plan"))["version"]
    async with Ticks() as ticks:
        status, told = await _put(running, "/plan", BODIES[name])
    assert 400 <= status < 500 and told, (status, told[:300])
    assert "Traceback" not in told and len(told) < 5_000
    assert (await running.api("/plan"))["version"] == before
    assert ticks.count > 1 and ticks.longest < LONGEST, ticks.slowest


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", CUSTOMERS)
async def test_customers_as_nobody_writes_them_are_refused(running: Inside, name: str) -> None:
    status, told = await _put(running, "/customers/bomb", CUSTOMERS[name])
    assert 400 <= status < 500 and "hint" in json.loads(told), (status, told[:300])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "key", ["{a}", "a:b", "%00", "x" * 10_240, "%ED%A0%80", "..%2F..%2Fetc", "%0d%0a", "*"]
)
async def test_a_customers_key_is_only_a_key(running: Inside, key: str) -> None:
    url = URL(f"{running.product}/api/v1/customers/{key}", encoded=True)
    async with running.http.put(url, json={"name": "Key"}, headers=running.token) as answer:
        assert answer.status in (200, 400, 404), await answer.text()
    assert await running.text("still there") == 200


JSON = "application/json"
ODD = {
    "a charset that nobody knows": ("PUT", "/customers/odd", b"{}", {"Content-Type": f"{JSON}; charset=nope"}),
    "packed, says its head": ("PUT", "/customers/odd", b"{}", {"Content-Encoding": "gzip", "Content-Type": JSON}),
    "a word of half a character": ("POST", "/incidents", b'{"words": ["\\ud800"], "text": "It is down."}', {}),
    "an incident with a word of NUL": ("POST", "/incidents", b'{"words": ["\\u0000"], "text": "It is down."}', {}),
    "a day that is a list": ("POST", "/plan/replay", b'{"day": []}', {}),
    "a day that is an object": ("POST", "/plan/replay", b'{"day": {}}', {}),
    "half a character in an article": (
        "PUT", "/articles/odd", b'{"language": "en", "title": "Odd", "body": "\\ud800"}', {},
    ),
    "an article's title with a NUL": (
        "PUT", "/articles/odd", b'{"language": "en", "title": "\\u0000", "body": "Odd."}', {},
    ),
    "a tag of half a character": (
        "PUT", "/articles/odd", b'{"language": "en", "title": "Odd", "body": "Odd.", "tags": ["\\ud800"]}', {},
    ),
    "an article by half a character": (
        "PUT", "/articles/odd", b'{"language": "en", "title": "Odd", "body": "Odd.", "by": "\\ud800"}', {},
    ),
    "an article by an object": (
        "PUT", "/articles/odd", b'{"language": "en", "title": "Odd", "body": "Odd.", "by": {}}', {},
    ),
}  # fmt: skip


@pytest.mark.promise("bombs")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ODD)
async def test_what_no_program_should_send_is_refused_in_words_and_nothing_is_done(
    running: Inside, name: str
) -> None:
    method, path, body, more = ODD[name]
    headers = {**running.token, "Content-Type": JSON, **more}
    before = await running.api("/audit")
    url = f"{running.product}/api/v1{path}"
    async with running.http.request(method, url, data=body, headers=headers) as answer:
        assert (answer.status, "hint" in await answer.json()) == (400, True), await answer.text()
    assert await running.api("/articles") == [] and await running.api("/incidents") == []
    assert await running.api("/audit") == before
