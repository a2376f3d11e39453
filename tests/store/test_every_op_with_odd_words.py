"""Every function that the library registers, handed odd words wherever a word goes: keys stay in the site (SEC38, SEC39).

The list is the library's own: a new function without a wrapper that this test can fill in makes it fail.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from helpers_queue import START, load, make_queue, mended, on_duty, plain_route, text_in
from helpers_store import all_keys

import tierline
from tierline.queue import library
from tierline.queue.client import Client
from tierline.queue.contact import Decision, Preference, Route, Step
from tierline.queue.engine import Queue
from tierline.queue.engine_site import Walk
from tierline.queue.failures import StoreError
from tierline.queue.replies import Counts, Refused
from tierline.router.rulebook import agent_id
from tierline.skills.skill import Capacity, Need, Profile

ODD = [
    "{other}", "a:b", "a}b{c", "{", "}", "x" * 10_240, "a\x00b", "a\r\nDEL x\r\n", "*", "]] os.exit() --", "%s%n",
    "return 1", "é\u2028", "'; redis.call('FLUSHALL')--", "-1", "1e999", "0-0", "a|b", "a b", "",
]  # fmt: skip
FUNCTIONS = sorted(name.removeprefix(f"{library.NAME}_") for name in library.functions())
WRAPPERS = {
    "contact_views": "contact",
    "agent_views": "agents",
    "states": "counts",
    "messages": "messages",
    "now": "now",
    "register": "cursor",
}
"""Which method of `Queue` calls a function of another name."""
PARTS = [FUNCTIONS[i::8] for i in range(8)]
ROOT = Path(tierline.__file__).parent


def odd_route(odd: str) -> Route:
    need = Need(odd, "sms", ((odd, 1),), ((odd, 1),), (1,), (odd,))
    return Route(odd, "sms", (Step(need, 1_000, shares=((odd, 50),)), Step(Need(odd, "sms"))), 20_000, 0)


def word(name: str, kind: str, odd: str, contact: str, agent: str) -> Any:
    """Something for a parameter of a wrapper: odd wherever it is text, else plain."""
    decision = Decision(odd_route(odd), START, prefer=Preference(odd, "direct"), facts=odd)
    known: dict[str, Any] = {
        "Decision": decision, "Decision | None": decision, "Route": odd_route(odd), "Route | None": None,
        "Need": odd_route(odd).steps[0].need, "Capacity": Capacity(), "Presence": odd, "Waiting": odd,
        "ContactState": odd, "LegState": "ringing", "Mapping[str, str]": {odd: odd, "a": odd, "o": odd},
        "Profile": Profile(odd, 1, ((odd, 1),), ((odd, 1),), ((odd, 1),)), "Walk": Walk(1, 0, 0, 0, START),
        "Mapping[str, object]": {odd: odd}, "Counts": Counts(3, 3, 3, 3), "Sequence[str]": [odd], "Sequence[int]": [1],
        "Sequence[tuple[int, bool]]": ((START + 60_000, False),), "bool": True, "int": 1, "int | None": START,
    }  # fmt: skip
    if name in ("contact", "id") and contact:
        return contact
    if name in ("agent", "by", "name") and agent and kind == "str":
        return agent
    return odd if kind in ("str", "str | None") else known[kind]


async def carry_out(queue: Queue, function: str, odd: str, contact: str = "", agent: str = "") -> None:
    """Call the wrapper of `function`; that it refuses is fine, that it breaks isn't."""
    method = getattr(queue, WRAPPERS.get(function, function))
    takes = inspect.signature(method).parameters.items()
    many = [(name, it) for name, it in takes if it.kind is it.VAR_POSITIONAL]
    several = [word(name, str(it.annotation), odd, contact, agent) for name, it in many]
    given = {
        name: word(name, str(it.annotation), odd, contact, agent)
        for name, it in takes
        if name not in ("op", "now") and (name, it) not in many
    }
    moment = {"now": START + 5_000} if "now" in inspect.signature(method).parameters else {}
    with contextlib.suppress(Refused, ValueError, StoreError):
        await method(*several, **given, **moment)


@pytest.fixture
async def witness(client: Client, site: str) -> AsyncIterator[Queue]:
    """Another site on the same server."""
    other = await make_queue(client, f"{site}-witness")
    await on_duty(other, "ada")
    await text_in(other, 1, plain_route())
    yield other
    await client.call("DEL", *await all_keys(client, f"{{{site}-witness}}:*"))


@pytest.mark.promise("odd-names")
@pytest.mark.parametrize("functions", PARTS, ids=[it[0] for it in PARTS])
async def test_odd_words_reach_nothing_outside_the_site(
    client: Client, site: str, witness: Queue, functions: list[str]
) -> None:
    before, others = await witness.snapshot(), {k for k in await all_keys(client) if site not in k}
    queue = await make_queue(client, site)
    await on_duty(queue, "ada", "ben")
    for n, odd in enumerate(ODD):
        await text_in(queue, n, plain_route(), START + n)
        theirs = next((c.id for c in await queue.contacts(("offered", "active"))), "C1001")
        for function in functions:
            await carry_out(queue, function, odd)
            await carry_out(queue, function, odd, contact=theirs, agent="ada")
        await on_duty(queue, "ada", "ben", now=START + 6_000 + n)
    stray = {
        k
        for k in await all_keys(client)
        if site in k and not k.startswith((f"{{{site}}}:", f"{{{site}-witness}}:"))
    }
    assert not stray and {k for k in await all_keys(client) if site not in k} == others
    assert await witness.snapshot() == before
    assert await queue.counts() is not None and (await queue.tick(now=START + 7_000)).now == START + 7_000


@pytest.mark.parametrize("functions", PARTS, ids=[it[0] for it in PARTS])
async def test_raw_words_run_nothing(client: Client, site: str, witness: Queue, functions: list[str]) -> None:
    """Past the wrappers, too: whatever stands in an argument, the function refuses or does its own work."""
    name = library.NAME
    await load(client, mended(name))
    before = await witness.snapshot()
    for odd in ODD:
        for words in ((odd,) * 12, ("C1001", *(odd,) * 11), (odd, "1", "1", *(odd,) * 9)):
            op = f"{START:013d}-{abs(hash((odd, words))) % (1 << 48):012x}"
            for function in functions:
                with contextlib.suppress(StoreError):
                    await client.fcall(f"{name}_{function}", f"{{{site}}}:", op + function, START, *words)
    keys = {k for k in await all_keys(client) if site in k}
    assert all(k.startswith((f"{{{site}}}:", f"{{{site}-witness}}:")) for k in keys)
    assert await witness.snapshot() == before


@pytest.mark.parametrize(
    "odd", [it for it in ODD if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", it)], ids=range(17)
)
async def test_a_site_is_named_plainly_or_not_at_all(client: Client, odd: str) -> None:
    with pytest.raises(ValueError, match="site"):
        await make_queue(client, odd)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
async def test_names_that_look_alike_are_kept_apart(client: Client, site: str, odd: str) -> None:
    """Two threads, two places, two agents whose names continue each other: nothing of one is the other's."""
    queue = await make_queue(client, site)
    names = [odd + tail for tail in ("", "2", ":2", "}")] if odd else ["", "2", ":2", "}"]
    agents = [agent_id(it) for it in names if it]  # as the router names them
    await on_duty(queue, *agents)
    assert set(await queue.agents()) == set(agents) and len(set(agents)) == len(agents)
    contacts = []
    for n, it in enumerate(names):
        made = await queue.arrive("{}", f"event {n}", it, Decision(plain_route(), START + n), now=START + n)
        contacts.append(made.contact)
        await queue.bind(made.contact, f"D{it}", now=START + n)
    assert len(set(contacts)) == len(names)
    for it, contact in zip(names, contacts, strict=True):
        if it:
            assert await queue.open_in(it) == contact
        if "\n" not in it and "\r" not in it:
            assert await queue.contact_at(f"D{it}") == contact
    assert await queue.contact_at("D-nobody's") is None


def test_commands_and_functions_are_named_by_constants() -> None:
    """Python names the function it calls in so many letters, Lua the command; neither loads text as code."""
    for path in [
        *ROOT.joinpath("queue").glob("engine*.py"),
        ROOT / "queue" / "table.py",
        ROOT / "queue" / "calls.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("do", "ask")
            ):
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
    whole = re.sub(r"--[^\n]*", "", library.source())
    assert not re.search(r"\b(loadstring|dofile|loadfile|require|setfenv|getfenv|load)\s*\(", whole)
    dynamic = [
        it
        for it in re.findall(r"(?<![\w.])(?:redis\.)?p?call\(\s*([^)\n]*)", whole)
        if not it.startswith("'")
    ]
    # The one command that is chosen: to put an address in, or to take it out.
    assert dynamic == ["argv[4] == '1' and 'SADD' or 'SREM', P .. 'optout', argv[3]"]
    assert "format" not in re.findall(r"string\.(\w+)\([^)]*KEYS", whole)
