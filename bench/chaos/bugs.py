"""Seeded bugs of doors, router, desk and history: what each breaks, what must find it, the faults that provoke it.

None lives in the product: `prove` patches a copy of its sources. Those of the scripts are in `bugs_core.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

REPLIES = ("replies dropped",)
CRASHES = ("worker killed", "all workers killed")


@dataclass(frozen=True, slots=True)
class Patch:
    """In `file` (from the root), `passage`, which stands there once, becomes `instead`."""

    file: str
    passage: str
    instead: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """A bug, the checks of which one must find it, the kinds of fault under which it shows, and the crowd."""

    checks: str
    """Names, with commas between."""
    patches: tuple[Patch, ...] = ()
    kinds: tuple[str, ...] = ()
    faults: int = 0
    contacts: int = 70
    agents: int = 8
    seconds: float = 10.0
    drain: float = 12.0
    lives: float = 1.0
    declines: float = 0.07
    ignores: float = 0.08
    absent: int = 0
    favoured: tuple[str, ...] = ()
    """Moves that agents make oftener than usual."""
    supervised: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The checks."""
        return tuple(self.checks.split(", "))


def _one(
    checks: str, file: str, passage: str, instead: str, *kinds: str, faults: int = 6, **more: Any
) -> Seeded:
    return Seeded(checks, (Patch(file, passage, instead),), kinds, faults if kinds else 0, **more)


DOOR, SAY, LANES, HOUSE = "channels/sms/door.py", "router/towards.py", "router/lanes.py", "router/house.py"
MESSAGES, OUTBOX = "queue/lua/82_messages.lua", "router/outbox.py"

LOSSES: dict[str, Any] = {"faults": 20, "contacts": 200, "seconds": 30.0}
"""Of each window one or two answers are lost, of whatever was just asked: then Slack counts as down."""

SEEDED: dict[str, Seeded] = {
    "text acknowledged before it is stored": _one(
        "text lost",
        DOOR,
        '            return no(503, "not durable: send it again", retry_after=5)\n        except Exception:',
        '            return web.Response(text=EMPTY, content_type="text/xml")\n        except Exception:',
        "store frozen",
        "store killed",
        faults=5,
    ),
    "text stored without the outside's id": _one(
        "text doubled",
        "router/intake.py",
        "                event=arrived.event,\n",
        '                event="",\n',
        "twilio twice",
    ),
    "text cut to one line of forty": _one(
        "text altered",
        "router/intake.py",
        "                written(arrived.told()),\n",
        "                written(arrived.told()).replace('help', ''),\n",
    ),
    "operation id new at each try": _one(
        "moved twice",
        "queue/calls.py",
        '                return await self._store.fcall(f"{self._name}_{function}", self._key, *words, deadline=within)',
        "                words = (await self._new_op(now) if op else op, *words[1:])\n"
        '                return await self._store.fcall(f"{self._name}_{function}", self._key, *words, deadline=within)',
        *REPLIES,
        faults=26,
        favoured=("split", "hurry"),
        agents=12,
        contacts=180,
        seconds=25.0,
    ),
    "cursor moves before delivery": Seeded(
        "never sent, reply lost, no thread, card stands, thread open, offer for ever",
        (
            Patch(LANES, "        self.pending[event] = len(jobs)\n", "        self.pending[event] = 0\n"),
            Patch(LANES, "            self.pending[event] -= 1\n", ""),
        ),
        (*CRASHES, "slack slow"),
        14,
        110,
        seconds=20.0,
    ),
    "no look-up after an unknown outcome": _one(
        "reply twice, told twice",
        SAY,
        "sent = await self._left_before(door, words) if unsure else None",
        "sent = None",
        "twilio answers lost",
        "web frozen",  # else a receipt says that it was sent before it is tried again
        faults=24,
        contacts=130,
        seconds=20.0,
    ),
    "receipts dropped": _one(
        "receipt lost",
        DOOR,
        'known = await self.reports.receipt(request.query.get("k", ""), it.sid, it.status, said)',
        "known = True",
    ),
    "undone reply leaves": _one(
        "sent unreleased, undone and sent",
        MESSAGES,
        "  meta[STATUS] = 'undone'\n  save_meta(id, n, meta)\n  undue('r:' .. id .. ':' .. n)\n",
        "",
    ),
    "reply leaves at once": _one(
        "sent unreleased",
        MESSAGES,
        "  due('r:' .. id .. ':' .. n, instant)\n",
        "  due('r:' .. id .. ':' .. n, NOW)\n",
    ),
    "release of the wrong reply": _one(
        "sent unreleased, reply stuck",
        MESSAGES,
        "  local id, n = split(rest)\n  local meta",
        "  local id = split(rest)\n  local n = call('HGET', P .. 'm:' .. id, 'n')\n  local meta",
    ),
    "anybody's words are sent": Seeded(
        "not the owner",
        (
            Patch(
                MESSAGES,
                "  if c.owner ~= name then return answer('not_owner', c, c.owner) end\n  local n",
                "  local n",
            ),
            Patch("router/replies.py", "    if not owner:\n", "    if not it.writer:\n"),
            Patch("router/holding.py", "    if view.owner != agent_id(spec.name):\n", "    if False:\n"),
        ),
        contacts=120,
    ),
    "notes are sent": _one(
        "note sent", "router/replies.py", "    if prefix:\n", "    if prefix and not owner:\n"
    ),
    "a customer's message doesn't end the wrap-up": _one(
        "closed wrongly",
        "queue/lua/70_contacts.lua",
        "    undue('w:' .. c.id)\n    c.state = 'active'\n",
        "",
        favoured=("thanks",),
        agents=8,
        seconds=20.0,
    ),
    "a contact that is handed over is offered to its owner": _one(
        "offered wrongly",
        "queue/lua/50_search.lua",
        "    local bad = no and no[(i + 1) / 2] == 1 or a.own[id]\n",
        "    local bad = no and no[(i + 1) / 2] == 1\n",
        favoured=("team", "service"),
        contacts=100,
        agents=4,
        seconds=16.0,
    ),
    "lease never expires": _one(
        "never sent, reply lost, no thread, reply stuck",
        "queue/lua/84_site.lua",
        "local free = not at[1] or tonumber(at[2]) <= NOW",
        "local free = not at[1]",
        *CRASHES,
        faults=7,
        contacts=110,
        seconds=20.0,
    ),
    "fence ignored": Seeded(
        "told twice, reply twice, shown twice, line twice, thread twice",
        (
            Patch(LANES, "while not self.mine() and not self.ended:", "while False and not self.ended:"),
            Patch("channels/fence.py", "    if not still_ours.get()():", "    if False:"),
            Patch(
                OUTBOX,
                "        if fence is None or fence > self.fence + 1:\n            raise LeaseLost\n",
                "        if fence is None:\n            return\n",
            ),
            Patch(
                OUTBOX,
                "                if not await self.queue.advance(ROLE, saved, self.fence):\n",
                "                if await self.queue.advance(ROLE, saved, self.fence) is None:\n",
            ),
        ),
        ("worker frozen", "all workers frozen", "slack slow", "twilio slow"),
        10,
    ),
    "offers shown without a look": _one(
        "shown twice",
        "channels/slack/offers.py",
        "        if again and (found",
        "        if False and (found",
        "slack answers lost",
        **LOSSES,
    ),
    "threads opened without a look": _one(
        "thread twice",
        "channels/slack/threads.py",
        "        if again or key in self.doubt:\n            found = await self.finder.in_channel",
        "        if False:\n            found = await self.finder.in_channel",
        "slack answers lost",
        **LOSSES,
    ),
    "accept confirmed before it is stored": _one(
        "told falsely",
        "router/offers.py",
        "        answer = await queue.accept(contact, offer, agent)\n",
        "        if (await queue.now()) % 3 == 0:\n"
        '            return Told(True, f"{contact} is yours. Answer in its thread.")\n'
        "        answer = await queue.accept(contact, offer, agent)\n",
    ),
    "presence confirmed and not stored": _one(
        "presence lost",
        "router/settle.py",
        '    await queue.presence(me.name, "available")\n    return None\n',
        '    if now % 2 == 0:\n        await queue.presence(me.name, "available")\n    return None\n',
    ),
    "history leaves out an event": _one(
        "history torn, text lost",
        "queue/history/projector.py",
        "            await self.history.project(events)\n",
        "            await self.history.project(events[1:] if len(events) > 6 else events)\n",
    ),
    "closing is told to nobody": _one(
        "end not told",
        "router/deliver.py",
        "        for place in places[-1:]:\n",
        "        for place in places[1:]:\n",
    ),
    "failure of a text isn't tried again": _one(
        "never sent",
        SAY,
        '                if await self._goes_on(event, by, "it doesn\'t answer"):\n'
        '                    if await self._put_off(words, by, t, "the mail server doesn\'t answer"):\n'
        "                        return\n"
        "                    raise\n",
        "                return\n",
        "twilio 5xx",
        faults=6,
    ),
    "taken told as often as it is looked at": Seeded(
        "told twice",
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
        "wrong customer",
    (
        Patch(DOOR, "        with asking(in_words, TEMPORARY):\n            message =",
              "        to, self.last = getattr(self, 'last', words.recipient), words.recipient\n"
              "        with asking(in_words, TEMPORARY):\n            message ="),
        Patch(DOOR, "to=words.recipient, from_=words.sender, body=text", "to=to, from_=words.sender, body=text"),
    )
)  # fmt: skip

ANNOUNCE = "router/announce.py"
MANAGED: dict[str, Any] = {"supervised": True, "contacts": 120, "seconds": 25.0}

SEEDED |= {
    "who came while it was closed keeps a far place": _one(
        "order, waits in vain, step for ever",
        ANNOUNCE,
        "        if (anew := opens_early(shut, book, contact, now)) is not None:\n",
        "        if (anew := opens_early(shut, book, contact, now)) is not None and anew.wake:\n",
        favoured=("printer",),
        **MANAGED,
    ),
    "opened again nobody is woken": _one(
        "held for ever",
        ANNOUNCE,
        "            await self._each([c for c in held if c.wake == until], partial(self._wake, shut))\n",
        "",
        favoured=("printer",),
        **MANAGED,
    ),
    "the end of an incident is told to nobody": _one(
        "not told",
        ANNOUNCE,
        "await self.towards.once_about(contact.id, told_kind(it.id, over=True), it.end)",
        "pass",
        favoured=("printer",),
        **MANAGED,
    ),
    "who comes during an incident isn't told": _one(
        "not told",
        SAY,
        "if not (book.situation.incidents and await self.of_incident(event.c)):",
        "if not (book.situation.incidents and event.t % 2 and await self.of_incident(event.c)):",
        favoured=("printer",),
        **MANAGED,
    ),
    "an incident is told as often as it is looked at": _one(
        "told twice",
        SAY,
        "            if any(m.kind == kind for m in await self.queue.messages(name)):\n                return\n",
        "",
        *CRASHES,
        faults=20,
        favoured=("printer",),
        **MANAGED,
    ),
}
