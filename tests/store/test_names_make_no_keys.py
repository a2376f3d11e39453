"""Whatever the outside calls itself, its words stay within the site's keys and mean nothing to the scripts (SEC38, SEC39)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from helpers_queue import START, make_queue, on_duty, plain_route, run_due
from helpers_store import all_keys

import tierline
from tierline.queue.client import Client
from tierline.queue.contact import Arrived, Decision

ODD = [
    "{other}",
    "a:b",
    "a}b{c",
    "x" * 10_240,
    "a\x00b",
    "a\r\nDEL x\r\n",
    "*",
    "return 1",
    "é\u2028",
    "'; redis.call('FLUSHALL')--",
    "-1",
    "0-0",
]
ROOT = Path(tierline.__file__).parent


@pytest.mark.promise("odd-names")
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_odd_ids_are_kept_apart_and_inside_the_site(client: Client, site: str, odd: str) -> None:
    queue = await make_queue(client, site)
    before = await all_keys(client) - await all_keys(client, f"{{{site}}}:*")
    await on_duty(queue, "ada")
    way = plain_route()
    first = Arrived("sms", odd, odd, odd, odd)
    other = Arrived("sms", odd + "2", odd + "2", odd, odd)
    one = await queue.arrive(first.to_json(), first.event, first.thread, Decision(way, START), now=START)
    two = await queue.arrive(
        other.to_json(), other.event, other.thread, Decision(way, START + 1), now=START + 1
    )
    again = await queue.arrive(
        first.to_json(), first.event, first.thread, Decision(way, START), now=START + 2
    )
    assert (one.outcome, two.outcome, again.outcome) == (
        "new",
        "new",
        "duplicate",
    ) and again.contact == one.contact != two.contact
    assert (await queue.messages(one.contact))[0].body == first.to_json()
    assert await queue.once(odd, 60_000, now=START) and not await queue.once(odd, 60_000, now=START)
    await queue.opt(odd, True, now=START)
    assert await queue.lease(odd, odd, 60_000, now=START) == 1
    assert await queue.alert(odd, True, odd, now=START) and not await queue.alert(odd, True, odd, now=START)
    assert await queue.contact(odd) is None
    await run_due(queue, START + 3_600_000)
    assert await all_keys(client) - await all_keys(client, f"{{{site}}}:*") == before


def test_no_text_is_put_together_for_the_store_to_run() -> None:
    """Scripts are files; the one place that hands one over is the library's loading."""
    places = []
    for path in sorted(ROOT.joinpath("queue").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                words = [a.value for a in node.args[:2] if isinstance(a, ast.Constant)]
                if (
                    node.func.attr in ("eval", "evalsha", "script_load", "function_load", "register_script")
                    or "EVAL" in words
                ):
                    places.append(f"{path.name}:{node.func.attr}")
    assert set(places) == {"store.py:function_load"}
