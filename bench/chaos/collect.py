"""After the dust settled: what the stand-ins hold and what the history exports, as the checker's records."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from .archive import count, exported, unsettled
from .crowd import Crowd, ms
from .eyes import card, payload
from .faults import Hands
from .seen import Card, Head, Line, Seen, Typed
from .stage import Stage, rules

Json = dict[str, Any]


async def quiet(stage: Stage, crowd: Crowd, within: float) -> bool:
    """Wait until wire and history have stood still for two seconds and all texts are out; whether they did."""
    loop = asyncio.get_running_loop()
    end, since, last = loop.time() + within, loop.time(), (0, 0)
    while loop.time() < end:
        now = (crowd.eyes.wire, await asyncio.to_thread(count, stage.history))
        if now != last:
            last, since = now, loop.time()
        if loop.time() - since > 2.0 and not await left(stage, crowd):
            return True
        await asyncio.sleep(0.25)
    return False


async def left(stage: Stage, crowd: Crowd) -> int:
    """What `unsettled` says now."""
    out, texts = {it.text for it in crowd.eyes.sent}, {it.sid for it in crowd.texted if it.accepted}
    return await asyncio.to_thread(unsettled, stage.history, out, texts)


async def collect(stage: Stage, crowd: Crowd, hands: Hands, agents: int) -> Seen:
    """Everything, frozen."""
    cards: list[Card] = []
    for name in crowd.agents:
        found = await stage.get(f"/slack/messages?channel={stage.people[name][1]}")
        cards += [card(name, it) for it in found if "offer" in payload(it)]
    heads: list[Head] = []
    lines: list[Line] = []
    marks: dict[str, frozenset[str]] = {}
    for room in stage.rooms:
        for it in await stage.get(f"/slack/messages?channel={room}"):
            if it.get("deleted"):
                continue
            said = payload(it)
            marks[f"{room}:{it['ts']}"] = _marks(it)
            if "contact" in said and not it.get("thread_ts"):
                shown = "contact.close" in json.dumps(it["blocks"])
                heads.append(Head(str(said["contact"]), f"{room}:{it['ts']}", shown))
            elif "contact" in said:
                kind = "undo" if said.get("undo") else "failed" if said.get("failed") else "line"
                kind = "closing" if "told" in said else kind
                where = f"{room}:{it['ts']}"
                lines.append(Line(str(said["contact"]), int(said.get("n", 0)), kind, str(it["text"]), where))
    return Seen(
        rules=rules(agents), texted=tuple(crowd.texted), sent=tuple(crowd.eyes.sent),
        receipts=tuple(crowd.eyes.receipts), events=exported(stage.history),
        cards=tuple(cards), glances=tuple(crowd.eyes.glances), heads=tuple(heads), lines=tuple(lines),
        typed=tuple(
            Typed(it.agent, it.contact, it.place, it.text, it.meant, marks.get(it.place, frozenset()))
            for it in crowd.hands.typed
        ),
        announced=tuple(crowd.supervisor.announced),
        said=tuple(crowd.said), published=tuple(crowd.published), gaps=tuple(hands.gaps), ended=ms(),
        moved=tuple(crowd.hands.moved), asked=dict(crowd.hands.asked), spammed=frozenset(crowd.hands.spammed),
    )  # fmt: skip


def _marks(it: Json) -> frozenset[str]:
    return frozenset(str(one["name"]) for one in it.get("reactions") or ())
