"""Seeded bugs, each in a copy of the sources: by what the oracle must find it, or it is blind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..chaos.bugs import Patch, Seeded
from ..chaos.prove import ROOT, changed, patched

RULING, HOUSE, TYPED = "router/replies.py", "router/house.py", "channels/slack/typed.py"
HOLDING = "router/holding.py"
SAY, LUA, PEOPLE, PAYLOADS = (
    "router/towards.py",
    "queue/lua/82_messages.lua",
    "router/people.py",
    "channels/slack/payloads.py",
)
TRIES = 3
FOUND = re.compile(r"^ +(\d+) × (.+)$", re.MULTILINE)

_OWNER = Patch(
    LUA, "  if c.owner ~= name then return answer('not_owner', c, c.owner) end\n  local n", "  local n"
)
_HOLDER = Patch(HOLDING, "    if view.owner != agent_id(spec.name):\n", "    if False:\n")
_STATES = Patch(
    LUA,
    "  if c.state ~= 'active' and c.state ~= 'snoozed' then\n    return answer((",
    "  if false then\n    return answer((",
)


def _bug(checks: str, *patches: Patch) -> Seeded:
    return Seeded(checks, patches)


BUGS: dict[str, Seeded] = {
    "note sent": _bug("note sent", Patch(RULING, "    if prefix:\n", "    if prefix and not owner:\n")),
    "mention sent": _bug(
        "mention sent", Patch(RULING, "    if mentions:\n", "    if mentions and not owner:\n")
    ),
    "sent by whoever isn't the owner": _bug(
        "sent by somebody else",
        _OWNER,
        _HOLDER,
        Patch(RULING, "    if not owner:\n", "    if not it.writer:\n"),
    ),
    "sent in an ended contact": _bug(
        "sent in an ended contact",
        _STATES,
        Patch(RULING, '    if it.state in ("closed", "abandoned", "dead", "wrapping"):\n', "    if False:\n"),
        Patch(RULING, "    if it.state not in ANSWERABLE:\n", "    if False:\n"),
    ),
    "sent twice: no look-up after a lost answer": _bug(
        "sent twice",
        Patch(
            SAY,
            "await self._left_before(door, words) if unsure else None",
            "None",
        ),
    ),
    "sent twice: events told twice": _bug(
        "sent twice",
        Patch(TYPED, 'or not await self.once(f"slack:typed:{place}", SEEN_MS):', "or False:"),
        Patch(LUA, "  if known then return answer('ok', c, '', known) end\n", ""),
    ),
    "sent twice: the button pressed again": _bug(
        "sent twice",
        Patch(RULING, '    if tries and tries[-1].status != "undone":\n        return None\n', ""),
    ),
    "sent after undo": _bug(
        "sent after undo",
        Patch(
            LUA, "  meta[STATUS] = 'undone'\n  save_meta(id, n, meta)\n  undue('r:' .. id .. ':' .. n)\n", ""
        ),
    ),
    "an old thread sends after a transfer": _bug(
        "sent from an old thread", Patch(RULING, "    if not it.here:\n", "    if False:\n")
    ),
    "a typed reply is sent where only Reply sends": _bug(
        "sent where only Reply sends", Patch(RULING, '    if it.replies == "explicit":\n', "    if False:\n")
    ),
    "a reply isn't held": _bug("sent too early", Patch(LUA, ":' .. n, instant)", ":' .. n, NOW)")),
    "editing takes nothing back": _bug(
        "sent though taken back",
        Patch(TYPED, '            case "message_changed" if', '            case "never" if'),
    ),
    "taken back in words alone": _bug(
        "sent though taken back",
        Patch(
            TYPED,
            "told = await self.house.undo(await self.people.actor(user), *reply)",
            'told = Told(True, "")',
        ),
    ),
    "words are changed on their way": _bug(
        "text altered",
        Patch(RULING, 'Ruling("send", text, may_reply=True)', 'Ruling("send", text + "!", may_reply=True)'),
    ),
    "a note's mark is sent with it": _bug("text altered", Patch(RULING, "text[prefix.end() :]", "text")),
    "a colleague's words are sent": _bug(
        "sent by somebody else", Patch(HOUSE, "if body.who != actor.user or not", "if not")
    ),
    "a call is answered by text": _bug(
        "sent to somebody on the phone",
        Patch(HOLDING, '    if view.channel == "voice":\n', "    if False:\n"),
        Patch(RULING, '    if it.channel == "voice":\n', "    if False:\n"),
    ),
    "anybody sends it again": _bug(
        "sent twice",
        Patch(
            HOUSE, "if view is None or spec is None or view.owner != agent_id(spec.name):", "if view is None:"
        ),
    ),
    "a robot with an agent's address": _bug(
        "sent for a robot",
        Patch(PEOPLE, "return None if actor.is_bot else next(", "return next("),
        Patch(PAYLOADS, 'event.get("user") and not event.get("bot_id") and', 'event.get("user") and'),
    ),
    "another customer is answered": _bug(
        "wrong customer",
        Patch(SAY, "IN_A_ROW = 3\n", "IN_A_ROW = 3\nMIXED = ['']\n"),
        Patch(
            SAY,
            '        words = Words(\n            f"{event.c}.{event.n}", facts.address,',
            "        MIXED.append(facts.address)\n"
            '        words = Words(\n            f"{event.c}.{event.n}", MIXED[-2] or facts.address,',
        ),
    ),
    "a note is sent as it was before it was edited": _bug(
        "sent as it read before, sent though deleted",
        Patch(
            HOUSE, "body = standing_words(Body.parse(found.body), messages)", "body = Body.parse(found.body)"
        ),
    ),
    "what was typed is forgotten": _bug(
        "promised and never sent",
        Patch(
            HOUSE,
            "            return await self._hold(typed.actor, view, decided.text, typed.place, typed.files,"
            " typed.rich)\n",
            "            return None\n",
        ),
    ),
}


def broken(bug: Seeded) -> list[str]:
    """The files with the bug in them. Raises LookupError where a passage doesn't stand there once."""
    texts: dict[str, str] = {}
    for it in bug.patches:
        texts[it.file] = changed(texts.get(it.file) or (ROOT / it.file).read_text(), it)
    return list(texts.values())


def prove(seed: int, steps: int) -> int:
    """Each bug until a check that must find it does, at most `TRIES` times; 1 when one isn't found."""
    caught = 0
    print(f"{'seeded bug':46} {'found by':40} seed", flush=True)
    for name, bug in BUGS.items():
        begun = time.monotonic()
        found, others, last = _one(bug, seed, steps)
        caught += bool(found)
        more = f"   (also {', '.join(others)})" if others else ""
        print(
            f"{name:46} {', '.join(found) or 'NOT FOUND':40} {last:4}   {time.monotonic() - begun:3.0f} s{more}",
            flush=True,
        )
    print(f"\n{caught} of {len(BUGS)} seeded bugs found by a check that must find them")
    return 0 if caught == len(BUGS) else 1


def _one(bug: Seeded, seed: int, steps: int) -> tuple[list[str], list[str], int]:
    """Which of its checks found it, which others spoke, and the seed."""
    with tempfile.TemporaryDirectory(prefix="tierline-leak-") as home:
        env = os.environ | {"PYTHONPATH": str(patched(bug, Path(home)))}
        seen: dict[str, str] = {}
        for again in range(TRIES):
            first = seed + again * 1_000
            said = subprocess.run(
                [sys.executable, "-m", "tierline.bench.leak", "--seed", str(first), "-n", str(steps)],
                env=env, cwd=home, capture_output=True, text=True, check=False,
            ).stdout  # fmt: skip
            seen = {what: often for often, what in FOUND.findall(said)}
            if found := [f"{what} × {often}" for what, often in seen.items() if what in bug.names]:
                return (
                    found,
                    [f"{what} × {often}" for what, often in seen.items() if what not in bug.names],
                    first,
                )
        return [], [f"{what} × {often}" for what, often in seen.items()], first
