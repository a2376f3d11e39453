"""One question, one execution, one reply for the one who asked: whatever the network does in between."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from helpers_proxy import LoopbackProxy
from helpers_store import StoreServer, until

from tierline.queue.client import Client
from tierline.queue.failures import (
    Forbidden,
    NotSent,
    OutcomeUnknown,
    ScriptError,
    StoreBusy,
    StoreUnavailable,
)


@pytest.fixture
async def proxy(store_server: StoreServer) -> AsyncIterator[LoopbackProxy]:
    proxy = await LoopbackProxy.start(store_server.socket)
    yield proxy
    await proxy.close()


@pytest.fixture
async def through(proxy: LoopbackProxy) -> AsyncIterator[Client]:
    """A client whose every byte goes through the proxy."""
    client = await Client(proxy.url("redis"), deadline=5.0).start()
    yield client
    await client.close()


async def test_replies_are_bytes_numbers_nothing_or_lists_of_these(client: Client, site: str) -> None:
    assert await client.call("SET", f"{{{site}}}:a", "grüße 🙂") == b"OK"
    assert await client.call("GET", f"{{{site}}}:a") == "grüße 🙂".encode()
    assert await client.call("GET", f"{{{site}}}:none") is None
    assert await client.call("INCRBY", f"{{{site}}}:n", 7) == 7
    assert await client.call("MGET", f"{{{site}}}:n", f"{{{site}}}:none") == [b"7", None]


async def test_an_error_reply_ends_only_its_own_call(client: Client, site: str) -> None:
    await client.call("SET", f"{{{site}}}:a", "text")
    wrong, fine = await asyncio.gather(
        client.call("INCR", f"{{{site}}}:a"), client.call("GET", f"{{{site}}}:a"), return_exceptions=True
    )
    assert isinstance(wrong, ScriptError) and wrong.code == "ERR"
    assert fine == b"text"


async def test_text_that_is_not_unicode_is_refused_before_it_is_sent(client: Client, site: str) -> None:
    with pytest.raises(ValueError):
        await client.call("SET", f"{{{site}}}:a", "\ud800")
    assert await client.call("GET", f"{{{site}}}:a") is None


async def test_calls_of_one_loop_turn_leave_in_one_write(
    proxy: LoopbackProxy, through: Client, site: str
) -> None:
    key = f"{{{site}}}:n"
    assert sorted(await asyncio.gather(*(through.call("INCR", key) for _ in range(500)))) == list(
        range(1, 501)
    )
    assert proxy.requests.count(b"INCR") == 500


async def test_a_lost_reply_is_an_unknown_outcome_and_ran_once(
    proxy: LoopbackProxy, through: Client, client: Client, site: str
) -> None:
    key = f"{{{site}}}:n"
    for lost in range(1, 11):
        proxy.drop_replies = True
        asked = asyncio.gather(*(through.call("INCR", key) for _ in range(20)), return_exceptions=True)
        await until(lambda before=proxy.swallowed: proxy.swallowed > before)
        await until(lambda count=lost: _reads(client, key, count * 20))
        proxy.cut()
        assert {type(outcome) for outcome in await asked} == {OutcomeUnknown}
        proxy.drop_replies = False
        await through.wait_up(10)
    assert await client.call("GET", key) == b"200"


async def _reads(client: Client, key: str, value: int) -> bool:
    return await client.call("GET", key) == str(value).encode()


async def test_what_was_never_written_says_so(
    proxy: LoopbackProxy, through: Client, client: Client, site: str
) -> None:
    await proxy.refuse()
    await until(lambda: not through.up)
    with pytest.raises(NotSent):
        await through.call("INCR", f"{{{site}}}:n")
    await proxy.open()
    await through.wait_up(10)
    assert await through.call("INCR", f"{{{site}}}:n") == 1


@pytest.mark.promise("store-replies")
async def test_in_a_storm_of_cancellations_every_reply_belongs_to_its_request(
    proxy: LoopbackProxy, through: Client
) -> None:
    """redis-py once gave cancelled callers' replies to strangers; a slow, chopped line is where that showed."""
    dice = random.Random(14)
    proxy.chop = lambda: dice.randint(1, 4000)
    proxy.delay = 0.001
    asked = answered = cancelled = 0

    async def ask(number: int) -> None:
        nonlocal answered
        assert await through.call("ECHO", f"reply-{number}", deadline=60) == f"reply-{number}".encode()
        answered += 1

    while asked < 20_000:
        tasks = [asyncio.create_task(ask(asked + n)) for n in range(200)]
        asked += 200
        for _ in range(dice.randint(0, 3)):
            await asyncio.sleep(0)
        victims = dice.sample(tasks, dice.randint(0, 120))
        for victim in victims:
            victim.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome
            cancelled += isinstance(outcome, asyncio.CancelledError)
    assert answered + cancelled == 20_000
    assert cancelled > 1_000 and answered > 1_000


async def test_a_call_cancelled_before_the_write_is_never_executed(client: Client, site: str) -> None:
    task = asyncio.create_task(client.call("INCR", f"{{{site}}}:n"))
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.call("GET", f"{{{site}}}:n") is None


async def test_too_many_calls_in_flight_are_refused_and_the_rest_are_answered(proxy: LoopbackProxy) -> None:
    client = await Client(proxy.url("redis"), in_flight=100, deadline=20).start()
    proxy.stop()
    asked = [asyncio.create_task(client.call("PING")) for _ in range(150)]
    await until(lambda: sum(task.done() for task in asked) == 50)
    proxy.go()
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    await client.close()
    assert outcomes.count(b"PONG") == 100
    assert sum(isinstance(outcome, StoreBusy) for outcome in outcomes) == 50


async def test_a_silent_line_meets_the_deadline_then_is_replaced(
    proxy: LoopbackProxy, client: Client
) -> None:
    through = await Client(proxy.url("redis"), deadline=0.1, silence=0.3).start()
    proxy.stop()
    with pytest.raises(OutcomeUnknown):
        await through.call("PING")
    assert through.up  # one late answer is no reason to drop a connection that others use
    await until(lambda: not through.up)
    with pytest.raises(NotSent):
        await through.call("PING")
    proxy.go()
    await through.wait_up(10)
    assert await through.call("PING", deadline=10) == b"PONG"
    await through.close()


async def test_a_server_that_takes_nothing_leaves_calls_unsent_not_unknown(proxy: LoopbackProxy) -> None:
    through = await Client(proxy.url("redis"), deadline=0.3, silence=30).start()
    proxy.stop()
    flood = asyncio.gather(
        *(through.call("ECHO", "x" * 1_000_000, deadline=0.3) for _ in range(40)), return_exceptions=True
    )
    await asyncio.sleep(0)
    late = asyncio.gather(*(through.call("ECHO", "late") for _ in range(5)), return_exceptions=True)
    await asyncio.sleep(0)
    await flood
    await late
    after = await asyncio.gather(through.call("ECHO", "after"), return_exceptions=True)
    assert isinstance(after[0], NotSent)
    proxy.go()
    await until(lambda: through.call("PING", deadline=10))
    assert b"after" not in proxy.requests
    await through.close()


async def test_a_reader_blocks_alone_and_a_given_up_read_does_not_stand_in_the_way(
    client: Client, site: str
) -> None:
    key = f"{{{site}}}:ledger"
    reader = await client.reader()
    waiting = asyncio.create_task(reader.call("XREAD", "BLOCK", 60_000, "STREAMS", key, "$", deadline=70))
    await until(lambda: _is_blocked(client))
    assert await client.call("PING") == b"PONG"
    await client.call("XADD", key, "*", "a", "1")
    assert await waiting is not None
    given_up = asyncio.create_task(reader.call("XREAD", "BLOCK", 60_000, "STREAMS", key, "$", deadline=70))
    await until(lambda: _is_blocked(client))
    given_up.cancel()
    await until(lambda: not reader.up)
    await reader.wait_up(10)
    assert await reader.call("XREAD", "COUNT", 1, "STREAMS", key, "0") is not None


async def _is_blocked(client: Client) -> bool:
    info = await client.call("INFO", "clients")
    return isinstance(info, bytes) and b"blocked_clients:1" in info


async def test_a_wrong_password_is_told_and_mended_without_a_restart(
    client: Client, store_server: StoreServer
) -> None:
    await client.call("ACL", "SETUSER", "door", "on", ">wrong", "+@all", "~*")
    proxy = await LoopbackProxy.start(store_server.socket)
    url = f"redis://door:secret@{proxy.host}:{proxy.port}"
    with pytest.raises(Forbidden) as told:
        await Client(url).start(within=0.3)
    assert "secret" not in str(told.value) and "secret" not in repr(Client(url).address)
    late = Client(url)
    starting = asyncio.create_task(late.start(within=20))
    await client.call("ACL", "SETUSER", "door", ">secret")
    await starting
    assert await late.call("PING") == b"PONG"
    await late.close()
    await client.call("ACL", "DELUSER", "door")
    await proxy.close()


async def test_nobody_there_is_told_within_the_time_given(tmp_path: object) -> None:
    with pytest.raises(StoreUnavailable):
        await Client(f"unix://{tmp_path}/nothing.sock").start(within=0.2)


@pytest.mark.parametrize(
    "url",
    [
        "http://x",
        "redis://h:99999999999/0",
        "rediss://h/0?ssl_cert_reqs=none",
        "redis://h/0?socket_timeout=60",
        "unix://",
        "",
    ],
)
def test_a_url_that_is_wrong_or_weakens_tls_is_refused_in_words(url: str) -> None:
    with pytest.raises(ValueError, match="REDIS_URL"):
        Client(url)
