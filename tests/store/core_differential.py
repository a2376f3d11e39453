"""Drives the reference model and the scripts with the same history, and finds the first difference."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core_histories import Call, History, Move, World, on_model

from tierline.queue import library
from tierline.queue.calls import texts
from tierline.queue.checks import claims, over_capacity, violations
from tierline.queue.client import Client
from tierline.queue.embedded import find_binary
from tierline.queue.engine import Queue
from tierline.queue.model import Model
from tierline.queue.replies import Refused, Ticked
from tierline.queue.state import Event, State
from tierline.skills.skill import CHANNELS

INDEX_EVERY = 10  # calls
LINES = ("leg", "jot", "happen", "forget", "merge", "split", "recall")
BOUNDS = {"BOUND_TICK": 8, "BOUND_FILL": 16, "BOUND_SWEEP": 16, "BOUND_SCAN": 16, "BOUND_PART": 1000}


@dataclass
class Difference:
    """What was seen after how many calls; `calls` are those made, the last one showed it."""

    calls: list[Call]
    what: list[str]

    def __str__(self) -> str:
        told = "\n".join(f"  {call.now} {call.name}{call.args}" for call in self.calls[-8:])
        return f"after {len(self.calls)} calls, the last of them\n{told}\n" + "\n".join(self.what)


class Both:
    """One site in the store, driven through two routers, beside the model."""

    def __init__(self, client: Client, site: str, world: World, name: str = library.NAME) -> None:
        self.client, self.site, self.model = client, site, Model(world.bounds)
        self.routers = [Queue(Direct(client), site, deadline=60.0, name=name) for _ in range(2)]
        self.history = History(world, self.model)
        self.seen, self.read = 0, "0-0"

    async def run(self, moves: Iterable[Move]) -> Difference | None:
        for call in self.calls(moves):
            if what := await self.step(call):
                return Difference(self.history.done, what)
        return None

    def calls(self, moves: Iterable[Move]) -> Iterator[Call]:
        yield from self.history.opening()
        for move in moves:
            yield from self.history.resolve(move)

    async def step(self, call: Call, whole: bool = True) -> list[str]:
        """One call on both sides; whatever differs afterwards, in words. `whole`: the states too."""
        queue = self.routers[len(self.history.done) % 2]
        expected, got = on_model(self.model, call), await on_queue(queue, call)
        looks = state_of(queue) if whole else asyncio.sleep(0)
        events, state = await asyncio.gather(queue.events(self.read, 1000), looks)
        self.read = events[-1].id if events else self.read
        told = self.model.events[self.seen :]
        self.seen = len(self.model.events)
        found = [] if same_reply(expected, got) else [f"reply: model {expected}", f"       queue {got}"]
        found += differing_events(told, events) + await differing_lines(self.model, queue, call)
        if state is None:
            return found
        if len(self.history.done) % INDEX_EVERY == 0:
            found += await index_faults(queue, self.model)
        found += differing_states(self.model.snapshot(), state)
        return found + violations(state, call.now) + over_capacity(state, claims(state, events))


async def index_faults(queue: Queue, model: Model) -> list[str]:
    """Where the store's indexes aren't exactly what the model's contacts and agents demand."""
    must: dict[str, Any] = {}
    xs = set()
    for it in model.contacts.values():
        if it.open:
            must.setdefault(f"w:{it.klass}", {})[it.id] = float(it.rank)
            heads = must.setdefault(f"h:{CHANNELS.index(it.route.channel) + 1}", {})
            heads[str(it.klass)] = min(float(it.rank), heads.get(str(it.klass), float("inf")))
        elif it.personal and it.placeable and not it.offers:
            ch = CHANNELS.index(it.route.channel) + 1
            must.setdefault(f"w:@{it.personal}.{ch}", {})[it.id] = float(it.rank)
        for name in it.pairs:
            must.setdefault(f"x:{it.id}", set()).add(name)
            must.setdefault(f"n:{name}", set()).add(it.id)
        if (it.pairs or it.handing) and it.placeable:
            xs.add(it.id)
        if it.state == "snoozed":
            must.setdefault(f"z:{it.owner}", {})[it.id] = float(it.rank)
        for leg in it.legs.values():
            if leg.live:
                must.setdefault("legs", {})[f"{it.id} {leg.sid}"] = float(it.heard[leg.sid])
        if it.legs or it.jots:
            must[f"k:{it.id}"] = {f"l:{sid}" for sid in it.legs} | {f"j:{name}" for name in it.jots}
    if xs:
        must["xs"] = xs
    keys = texts(await queue.plain("KEYS", queue.key("*")))
    names = [it.removeprefix(queue.key("")) for it in keys]
    names = [
        it for it in names if it.startswith(("w:", "h:", "x:", "n:", "z:", "k:")) or it in ("xs", "legs")
    ]
    values = await asyncio.gather(*(_value(queue, it) for it in names))
    have = dict(zip(names, values, strict=True))
    found = [
        f"index {it}: model {must.get(it)}, queue {have.get(it)}"
        for it in sorted(must.keys() | have.keys())
        if must.get(it) != have.get(it)
    ]
    alive = texts(await queue.plain("HGETALL", queue.key("alive")))
    for number, n in zip(alive[::2], alive[1::2], strict=True):
        if (int(n) > 0) != model.alive(int(number)):
            found.append(f"alive {number}: model {model.alive(int(number))}, queue {n}")
    return found


async def differing_lines(model: Model, queue: Queue, call: Call) -> list[str]:
    """What is known of the telephone at the contact that the call is about, and which legs are to be asked about."""
    if call.name not in LINES:
        return []
    contact = call.args[0]
    legs, jots, unheard = await asyncio.gather(
        queue.legs(contact), queue.jots(contact), queue.legs_unheard(call.now, 1_000)
    )
    ours = (model.legs(contact), model.jots(contact), model.legs_unheard(call.now, 1_000))
    return [
        f"lines: model {a}, queue {b}" for a, b in zip(ours, (legs, jots, unheard), strict=True) if a != b
    ]


async def _value(queue: Queue, name: str) -> Any:
    key = queue.key(name)
    if name.startswith(("w:", "h:", "z:")) or name == "legs":
        raw = texts(await queue.plain("ZRANGE", key, 0, -1, "WITHSCORES"))
        return {member: float(score) for member, score in zip(raw[::2], raw[1::2], strict=True)}
    if name.startswith("k:"):
        return {it for it in texts(await queue.plain("HKEYS", key)) if it[1:2] == ":"}
    return set(texts(await queue.plain("HKEYS" if name.startswith("x:") else "SMEMBERS", key)))


class Direct:
    """A store that is nothing but a connection: the library is loaded by the test."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.fcall = client.fcall
        self.reader = client.reader


async def on_queue(queue: Queue, call: Call) -> Any:
    """Carry out the call in the scripts; a refusal is returned."""
    try:
        return await getattr(queue, call.name)(*call.args, op=call.op, now=call.now)
    except Refused as refused:
        return refused.reason
    except ValueError as error:
        return str(error)


async def state_of(queue: Queue) -> State:
    """What `Queue.snapshot` reads, all parts at once: nothing else is going on here."""
    contacts, agents, due, desk, alerts, out = await asyncio.gather(
        queue.contacts(limit=1_000_000),
        queue.agents(),
        queue.plain("ZRANGE", queue.key("due"), 0, -1, "WITHSCORES"),
        queue.plain("HGET", queue.key("site"), "desk"),
        queue.alerts(),
        queue.plain("SMEMBERS", queue.key("optout")),
    )
    raw = texts(due)
    timers = {member: int(float(at)) for member, at in zip(raw[::2], raw[1::2], strict=True)}
    by_id = {it.id: it for it in contacts}
    return State(by_id, agents, timers, desk != b"0", alerts, frozenset(texts(out)))


@asynccontextmanager
async def memory_server(folder: Path, binary: str = "") -> AsyncIterator[Client]:
    """A server of our own that writes nothing to disk, which these many small steps would wait for."""
    socket = folder / "core.sock"
    words = (
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    )
    program = binary or str(find_binary())
    process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.DEVNULL)
    try:
        client = await Client(f"unix://{socket}", deadline=60.0).start()
        yield client
        await client.close()
    finally:
        process.terminate()
        await process.wait()


def same_reply(model: Any, queue: Any) -> bool:
    """How many entries one tick fired is the scripts' own matter."""
    if isinstance(model, Ticked) and isinstance(queue, Ticked):
        return (model.now, model.more, model.next_due) == (queue.now, queue.more, queue.next_due)
    return bool(model == queue)


def differing_events(model: list[Event], queue: list[Event]) -> list[str]:
    """Events in order; of the rest in `x`, what both sides tell. Classes are numbered outside of any call."""
    model, queue = ([it for it in told if it.e != "class"] for told in (model, queue))
    ours, theirs = [_plain(it) for it in model], [_plain(it) for it in queue]
    if len(ours) == len(theirs) and all(_same(a, b) for a, b in zip(ours, theirs, strict=True)):
        return []
    return ["events: model " + "; ".join(map(str, ours)), "        queue " + "; ".join(map(str, theirs))]


def _plain(it: Event) -> tuple[Any, ...]:
    return (it.t, it.e, it.c, it.a, it.n, json.loads(it.x))


def _same(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return a[:5] == b[:5] and all(a[5][key] == b[5][key] for key in a[5].keys() & b[5].keys())


def differing_states(model: State, queue: State) -> list[str]:
    """Field by field."""
    found = []
    for kind in ("contacts", "agents"):
        ours, theirs = getattr(model, kind), getattr(queue, kind)
        if ours.keys() != theirs.keys():
            found.append(f"{kind}: model {sorted(ours)}, queue {sorted(theirs)}")
        for id in ours.keys() & theirs.keys():
            if ours[id] == theirs[id]:
                continue
            for field in dataclasses.fields(ours[id]):
                one, other = getattr(ours[id], field.name), getattr(theirs[id], field.name)
                if one != other:
                    found.append(f"{id}.{field.name}: model {one!r}, queue {other!r}")
    for member in sorted(model.due.keys() | queue.due.keys()):
        if model.due.get(member) != queue.due.get(member):
            found.append(f"due {member}: model {model.due.get(member)}, queue {queue.due.get(member)}")
    for name in ("desk", "alerts", "opted_out"):
        if getattr(model, name) != getattr(queue, name):
            found.append(f"{name}: model {getattr(model, name)}, queue {getattr(queue, name)}")
    return found


def library_text(name: str, bound: int | None = None, patch: tuple[str, str] | None = None) -> str:
    """The library under another name; with every bound lowered, or with one passage replaced (a seeded bug)."""
    text = library.source()
    if patch:
        assert text.count(patch[0]) == 1, (
            f"the patched passage stands {text.count(patch[0])} times: {patch[0]!r}"
        )
        text = text.replace(*patch)
    for constant, value in BOUNDS.items() if bound else ():
        line = f"local {constant} = {value} "
        assert text.count(line) == 1, line
        text = text.replace(line, f"local {constant} = {bound} ")
    return text.replace(library.NAME, name)


async def load(
    client: Client, name: str, bound: int | None = None, patch: tuple[str, str] | None = None
) -> str:
    """Load such a library into the server."""
    await client.call("FUNCTION", "LOAD", "REPLACE", library_text(name, bound, patch))
    return name


async def clear(client: Client, site: str) -> None:
    """Every key of the site goes."""
    keys = await client.call("KEYS", f"{{{site}}}:*")
    if keys:
        await client.call("UNLINK", *keys)


async def shortened(
    client: Client, site: str, world: World, moves: list[Move], name: str
) -> Difference | None:
    """The history again with as many steps left out as still shows a difference."""

    async def differs(some: list[Move]) -> Difference | None:
        await clear(client, site)
        return await Both(client, site, world, name).run(some)

    best, found, size = moves, await differs(moves), max(1, len(moves) // 2)
    while found and size:
        at = 0
        while at < len(best):
            fewer = best[:at] + best[at + size :]
            less = await differs(fewer)
            best, found, at = (fewer, less, at) if less else (best, found, at + size)
        size //= 2
    return found
