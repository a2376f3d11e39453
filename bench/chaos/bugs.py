"""Seeded bugs beyond the scripts': what each breaks in doors, router, desk and history, and the faults that provoke it.

None lives in the product: `prove` patches a copy of its sources. The scripts' own are First contact's, read from
`tests/store/core_bugs.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

REPLIES = ("replies lost", "link cut")
CRASHES = ("worker killed", "all workers killed")


@dataclass(frozen=True, slots=True)
class Patch:
    """In `file` (from the root), `passage`, which stands there once, becomes `instead`."""

    file: str
    passage: str
    instead: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """A bug, the kinds of fault under which it shows, and the crowd."""

    patches: tuple[Patch, ...]
    kinds: tuple[str, ...] = ()
    faults: int = 0
    contacts: int = 70
    agents: int = 8
    seconds: float = 10.0
    lives: float = 1.0
    declines: float = 0.07
    moves: float = 1.0
    checks: tuple[str, ...] = ()
    """Those of which one must find it."""


def _one(file: str, passage: str, instead: str, *kinds: str, faults: int = 6, **more: float) -> Seeded:
    contacts, agents = int(more.get("contacts", 70)), int(more.get("agents", 8))
    return Seeded(
        (Patch(file, passage, instead),), kinds, faults if kinds else 0, contacts, agents,
        more.get("seconds", 10.0), more.get("lives", 1.0),
    )  # fmt: skip


DOOR, SAY, LANES, HOUSE = "channels/sms/door.py", "router/towards.py", "router/lanes.py", "router/house.py"
MESSAGES, TYPED = "queue/lua/82_messages.lua", "channels/slack/typed.py"

SEEDED: dict[str, Seeded] = {
    "text acknowledged before it is stored": _one(
        DOOR,
        '            return _no(503, "not durable: send it again", retry_after=5)\n        except Exception:',
        '            return web.Response(text=EMPTY, content_type="text/xml")\n        except Exception:',
        "store frozen",
        "store killed",
        faults=5,
    ),
    "text stored without the outside's id": _one(
        "router/intake.py",
        "event=arrived.event, thread=",
        'event="", thread=',
        "twilio twice",
    ),
    "text cut to one line of forty": _one(
        "router/intake.py",
        "                arrived.to_json(), event",
        "                arrived.to_json().replace('help', ''), event",
    ),
    "operation id new at each try": _one(
        "queue/calls.py",
        '                return await self._store.fcall(f"{self._name}_{function}", self._key, *words, deadline=within)',
        "                words = (await self._new_op(now) if op else op, *words[1:])\n"
        '                return await self._store.fcall(f"{self._name}_{function}", self._key, *words, deadline=within)',
        *REPLIES,
        faults=12,
    ),
    "cursor moves before delivery": Seeded(
        (
            Patch(LANES, "        self.pending[event] = len(jobs)\n", "        self.pending[event] = 0\n"),
            Patch(LANES, "            self.pending[event] -= 1\n", ""),
        ),
        (*CRASHES, "slack slow"),
        8,
    ),
    "no look-up after an unknown outcome": _one(
        SAY,
        'sent = await door.find(words) if t.again and message.status == "sending" else None',
        "sent = None",
        "twilio answers lost",
    ),
    "receipts dropped": _one(
        DOOR,
        'known = await self.reports.receipt(request.query.get("k", ""), it.sid, it.status, said)',
        "known = True",
    ),
    "undone reply leaves": _one(
        MESSAGES,
        "  meta[STATUS] = 'undone'\n  save_meta(id, n, meta)\n  undue('r:' .. id .. ':' .. n)\n",
        "",
    ),
    "reply leaves at once": _one(
        MESSAGES,
        "  due('r:' .. id .. ':' .. n, instant)\n",
        "  due('r:' .. id .. ':' .. n, NOW)\n",
    ),
    "release of the wrong reply": _one(
        MESSAGES,
        "  local id, n = split(rest)\n  local meta",
        "  local id = split(rest)\n  local n = call('HGET', P .. 'm:' .. id, 'n')\n  local meta",
    ),
    "anybody's words are sent": Seeded(
        (
            Patch(
                MESSAGES,
                "  if c.owner ~= name then return answer('not_owner', c, c.owner) end\n  local n",
                "  local n",
            ),
            Patch("router/replies.py", "    if not owner:\n", "    if not it.writer:\n"),
        ),
        contacts=120,
    ),
    "notes are sent": _one("router/replies.py", "    if prefix:\n", "    if prefix and not owner:\n"),
    "lease never expires": _one(
        "queue/lua/84_site.lua",
        "local free = not at[1] or tonumber(at[2]) <= NOW",
        "local free = not at[1]",
        *CRASHES,
        faults=4,
    ),
    "fence ignored": Seeded(
        (
            Patch(LANES, "while not self.mine() and not self.ended:", "while False and not self.ended:"),
            Patch("channels/fence.py", "    if not still_ours.get()():", "    if False:"),
            Patch(
                "router/outbox.py",
                "        if fence is None or fence > self.fence + 1:\n",
                "        if False:\n",
            ),
        ),
        ("worker frozen", "all workers frozen", "slack slow", "twilio slow"),
        10,
    ),
    "offers shown without a look": _one(
        "channels/slack/offers.py",
        "        if again and (found",
        "        if False and (found",
        "slack answers lost",
        *CRASHES,
        faults=8,
    ),
    "threads opened without a look": _one(
        "channels/slack/threads.py",
        "        if again or key in self.doubt:\n            found = await self.finder.in_channel",
        "        if False:\n            found = await self.finder.in_channel",
        "slack answers lost",
        *CRASHES,
        faults=8,
    ),
    "accept confirmed before it is stored": _one(
        HOUSE,
        "        answer = await self.queue.accept(contact, offer, agent_id(spec.name))\n",
        "        if (await self.queue.now()) % 3 == 0:\n"
        '            return Told(True, f"{contact} is yours. Answer in its thread.")\n'
        "        answer = await self.queue.accept(contact, offer, agent_id(spec.name))\n",
    ),
    "presence confirmed and not stored": _one(
        HOUSE,
        '        await self.queue.presence(name, "available")\n',
        '        if (await self.queue.now()) % 2 == 0:\n            await self.queue.presence(name, "available")\n',
    ),
    "history leaves out an event": _one(
        "queue/history/projector.py",
        "            await self.history.project(events)\n",
        "            await self.history.project(events[1:] if len(events) > 6 else events)\n",
    ),
    "closing is told to nobody": _one(
        "router/deliver.py",
        "        for place in places[-1:]:\n",
        "        for place in places[1:]:\n",
    ),
    "failure of a text isn't tried again": _one(
        SAY,
        '                if await self._goes_on(event, contact.channel, "it doesn\'t answer"):\n'
        "                    raise\n",
        "                return\n",
        "twilio 5xx",
        faults=6,
    ),
    "taken told as often as it is looked at": Seeded(
        (
            Patch(
                MESSAGES,
                "    if tonumber(call('GET', key) or 0) > NOW then return answer('suppressed', c) end\n",
                "",
            ),
            Patch(
                "router/deliver.py",
                '                    Job(who, "card", lambda t: self._taken_card(event)),\n',
                '                    Job(who, "card", lambda t: self._taken_card(event)),\n'
                '                    Job(thread, "again", lambda t: self.towards.tell_taken(event)),\n',
            ),
        ),
    ),
}
SEEDED["customer of another conversation is answered"] = Seeded(
    (
        Patch(DOOR, "        check_ours()\n        try:\n",
              "        check_ours()\n        to, self.last = getattr(self, 'last', words.recipient), words.recipient\n"
              "        try:\n"),
        Patch(DOOR, "to=words.recipient, from_=words.sender, body=text", "to=to, from_=words.sender, body=text"),
    )
)  # fmt: skip

CORE: dict[str, Seeded] = {
    "operation id forgotten": Seeded((), REPLIES, 12),
    "outside event forgotten": Seeded((), ("twilio twice",), 6),
    "offers while the desk is down": Seeded((), ("slack down", "slack answers lost"), 8, 90, 8),
    "misses in a gap count": Seeded((), ("all workers frozen",), 4, 50, 8, lives=0.3),
    "deadline counts from the offer": Seeded((), contacts=50, agents=8, lives=0.4),
    "two misses change nothing": Seeded((), contacts=50, agents=6, lives=0.2),
    "agent not filled after a decline": Seeded((), contacts=60, agents=4),
}
"""What First contact's bugs of the scripts need beyond an ordinary crowd."""

UNREACHED: dict[str, str] = {
    "texts are offered during a call": "no door for calls yet",
    "a call leaves offered texts standing": "no door for calls yet",
    "nobody is kept free": "needs two channels of different cost",
    "kept free after leaving": "needs two channels of different cost",
    "cap of a channel ignored": "the crowd's plan has no caps",
    "waits for an agent who left": "nothing makes a contact personal yet",
    "dead class isn't left": "shifts of the crowd's plan never end",
    "exclusions live on after an accept": "an accepted contact never comes back to the queue yet",
    "end of an exclusion matches nobody": "needs a minute of nobody else: longer than a run",
    "excluded run cut at a chunk": "needs more exclusions than a run makes",
    "bounded fill leaves nothing to do": "needs an agent with more than sixteen live offers",
}
"""First contact's bugs that no outside act can show yet, and why."""
