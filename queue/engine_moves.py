"""What owners and supervisors do with a contact in hand: hand over, snooze, give back, merge, split, re-open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Literal, cast

from ..skills.skill import CHANNELS
from .calls import Calls
from .contact import Decision, Route
from .engine_site import answer
from .replies import Answer, Arrival
from .table import Table

BATCH = 64  # contacts rerouted between two looks at the deadline


def arrival(reply: str) -> Arrival:
    """A script's `outcome contact n`."""
    outcome, contact, n = reply.split(" ")
    return Arrival(cast(Literal["new"], outcome), "" if contact == "-" else contact, int(n))


def channel_of(decision: Decision) -> int:
    """The number of the decision's channel."""
    return CHANNELS.index(decision.route.channel) + 1


def moved(reply: str) -> Answer:
    """The answer to a decision. Raises ValueError when it is for another channel."""
    if reply == "channel":
        raise ValueError("a contact can't change its channel")
    return answer(reply)


class Moves(Calls):
    """Every method is one script, but `reroute_many`. `by` and `agent` are the owner or "" (a supervisor, the system);
    anybody else is answered `not_owner`. `op` and `now` are as everywhere in `Queue`."""

    table: Table

    async def transfer(
        self, contact: str, by: str, decision: Decision, to: str = "", reason: str = "", only: bool = False,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The owner hands it over: it is queued as `decision` says, with its rank, beside its owner.

        Whoever accepts is the owner from then on. `only`: it is for the preferred agent alone, and stays with
        its owner when they don't take it. What sleeps goes from its owner's hands, or, when they can't have it
        now, from the queue, without an owner. Raises ValueError when the route is of another channel.
        """
        words = await self._decision(decision)
        more = (to, reason, int(only))
        reply = await self.do("transfer", contact, by, channel_of(decision), *words, *more, op=op, now=now)
        return moved(reply)

    async def keep(
        self, contact: str, agent: str, why: str = "cancelled",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The handover is off; everything is as it was before."""
        return answer(await self.do("keep", contact, agent, why, op=op, now=now))

    async def snooze(
        self, contact: str, agent: str, wake: int | None = None, why: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """It stays its owner's and costs nothing until the customer writes or `wake` comes.

        With a `wake` also what sleeps already: it gets another date.
        """
        when = "" if wake is None else wake
        return answer(await self.do("snooze", contact, agent, when, why, op=op, now=now))

    async def release(
        self, contact: str, agent: str, reason: str = "", exclude: bool = True,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Back into the queue with its rank; `exclude`: the owner isn't asked while anybody else may be."""
        return answer(await self.do("release", contact, agent, reason, int(exclude), op=op, now=now))

    async def rerank(
        self, contact: str, rank: int, by: str = "", why: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Another place in the queue (ms), in whatever state it is."""
        return answer(await self.do("rerank", contact, rank, by, why, op=op, now=now))

    async def discard(
        self, contact: str, by: str, outcome: str = "{}", *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """It ends at once, without wrap-up and without an answer, with `outcome` (JSON)."""
        return answer(await self.do("discard", contact, by, outcome, op=op, now=now))

    async def wrap_on(
        self, contact: str, agent: str, ms: int, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The wrap-up lasts `ms` longer (10 min at most), to `due`; `too_late` when that was done twice."""
        return answer(await self.do("wrap_on", contact, agent, ms, op=op, now=now))

    async def remark(
        self, contact: str, agent: str, outcome: str, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """What belongs to its outcome (JSON) and was said beside or after its end, told as `outcome`.

        Nothing else changes, and whether the store still has it doesn't matter; `gone` when it never was.
        """
        return answer(await self.do("remark", contact, agent, outcome, op=op, now=now))

    async def merge(
        self, contact: str, into: str, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """It ends, and its conversation leads to the contact `into` from now on."""
        return answer(await self.do("merge", contact, into, op=op, now=now))

    async def split(
        self, contact: str, numbers: Sequence[int], decision: Decision,
        *, op: str | None = None, now: int | None = None,
    ) -> Arrival | Answer:  # fmt: skip
        """A new contact with copies of these customer's messages, without a conversation of its own.

        Stale when one of `numbers` isn't a customer's message. Raises ValueError when the route is of another
        channel.
        """
        words = await self._decision(decision)
        which = ",".join(map(str, sorted(set(numbers))))
        reply = await self.do("split", contact, which, channel_of(decision), *words, op=op, now=now)
        return arrival(reply) if reply.startswith("new ") else moved(reply)

    async def reopen(
        self, contact: str, agent: str, decision: Decision,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """What has ended goes on: in the queue as `decision` says, or, with `agent`, as theirs.

        It is active when they can have it now, else snoozed. `elsewhere` when its conversation goes on in a newer
        contact. Raises ValueError when the route is of another
        channel.
        """
        words = await self._decision(decision)
        reply = await self.do("reopen", contact, agent, channel_of(decision), *words, op=op, now=now)
        return moved(reply)

    async def reach(
        self, agent: str, thread: str, decision: Decision, about: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Arrival | Answer:  # fmt: skip
        """A contact that begins with us, in the agent's hands; what was said before stands in the contact `about`.

        `elsewhere` when `thread` is open in the contact `by`; `taken` when the agent can't have it now: `by` says why,
        "owner away", "owner full" or "owner draining". Of the decision neither date nor preference count.
        """
        words = await self._decision(decision)
        reply = await self.do("reach", agent, thread, about, *words, op=op, now=now)
        return arrival(reply) if reply.startswith("new ") else answer(reply)

    async def consult(
        self, contact: str, by: str, asked: str, question: str,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The owner asks somebody; nothing changes but that it is told."""
        return answer(await self.do("consult", contact, by, asked, question, op=op, now=now))

    async def identify(
        self, contact: str, agent: str, judged: str, facts: str, about: Mapping[str, str],
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Somebody has made sure whose it is: other `facts`, told with `about` as `identified`; nothing else changes.

        Stale when its facts aren't `judged` any more, or while it is handed over.
        """
        said = json.dumps(dict(about), ensure_ascii=False)
        return answer(await self.do("identify", contact, agent, judged, facts, said, op=op, now=now))

    async def reroute(
        self, contact: str, decision: Decision, expected: Route | None = None,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """See `Queue`."""
        raise NotImplementedError

    async def reroute_many(
        self, moves: Sequence[tuple[str, Route | None, Decision]], *, now: int | None = None
    ) -> list[Answer]:
        """Reroute each (contact, the route it must still have, decision), in order.

        One script each, so that offers and accepts of others go on in between; the way there is shared by 64.
        """
        answers: list[Answer] = []
        for i in range(0, len(moves), BATCH):
            part = moves[i : i + BATCH]
            for route in {it[2].route for it in part}:
                await self.table.intern_route(route)
            answers += await asyncio.gather(
                *(self.reroute(contact, decision, expected, now=now) for contact, expected, decision in part)
            )
        return answers

    async def _decision(self, it: Decision) -> tuple[str | int, ...]:
        prefer = it.prefer
        return (
            await self.table.intern_route(it.route),
            it.rank,
            "" if it.wake is None else it.wake,
            ",".join(map(str, it.deadlines)),
            prefer.agent if prefer else "",
            "direct" if prefer and prefer.until is None else "preferred",
            prefer.until or "" if prefer else "",
            it.facts,
        )
