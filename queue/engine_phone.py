"""What the queue must know of calls: their legs, small facts of them, and what a phone does to an offer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from .calls import Calls, texts
from .contact import LegState
from .engine_site import answer
from .legs import check_happening, check_jot, check_leg, check_spend, too_many_jots, too_many_legs
from .replies import Answer, Counts
from .state import Leg

NOTHING: Mapping[str, str] = MappingProxyType({})


class Phone(Calls):
    """Every method is one script or one plain read; `op` and `now` are as everywhere in `Queue`."""

    # -- what is known ---------------------------------------------------------------------------------------

    async def leg(
        self, contact: str, sid: str, state: LegState, about: Mapping[str, str] = NOTHING,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """News of a leg, told as `leg`; `late` when it has come as far already, or farther: nothing is told then.

        `about` is added to what is known of it: "r" whose it is ("customer", "agent"), "a" the agent, "o" the number
        of the offer. While a customer's leg is live, a call is taken from nobody (see README). Raises ValueError
        beyond the bounds of `legs.py`.
        """
        check_leg(sid, state, about)
        said = json.dumps(dict(about), ensure_ascii=False)
        reply = await self.do("leg", contact, sid, state, said, op=op, now=now)
        if reply == "full":
            raise too_many_legs(contact)
        return answer(reply)

    async def legs(self, contact: str) -> tuple[Leg, ...]:
        """The contact's legs, live or not, in the order of their first news."""
        known = await self._known(contact, "l:")
        found = [(json.loads(raw), sid) for sid, raw in known.items()]
        return tuple(
            Leg(sid, state, int(at), dict(about)) for (_, state, at, about), sid in sorted(found, key=_order)
        )

    async def legs_unheard(self, before: int, limit: int = 100) -> list[tuple[str, str]]:
        """Live legs of which nobody has heard since `before` (ms), longest ago first: (contact, sid).

        Late news count as well; whether such a leg still lives only the provider knows.
        """
        words = ("-inf", f"({before}", "BYSCORE", "LIMIT", 0, limit)
        found = texts(await self.plain("ZRANGE", self.key("legs"), *words))
        return [(contact, sid) for contact, _, sid in (it.partition(" ") for it in found)]

    async def calling(self) -> list[str]:
        """The contacts that have a live leg, each once: those whose leg was heard of longest ago come first."""
        found = texts(await self.plain("ZRANGE", self.key("legs"), 0, -1))
        return list(dict.fromkeys(it.partition(" ")[0] for it in found))

    async def jot(
        self, contact: str, name: str, value: str, *, op: str | None = None, now: int | None = None
    ) -> str:
        """Keep a small fact of the call ("conference" → its id); the one before it, "" if there was none.

        An empty value takes it away; of an unknown contact nothing is kept. Nothing is told. Raises ValueError
        beyond the bounds of `legs.py`.
        """
        check_jot(name, value)
        reply = await self.do("jot", contact, name, value, op=op, now=now)
        if reply == "full":
            raise too_many_jots(contact)
        return reply[1:]

    async def happen(
        self, contact: str, what: str, facts: Mapping[str, str], agent: str = "", about: Mapping[str, str] = NOTHING,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Something happened in the call: `facts` are kept as by `jot`, all at once, and told as `call` with `about`.

        `late` when no fact is another one than before: then it was known, and nothing is told. Raises ValueError
        beyond the bounds of `legs.py`.
        """
        check_happening(what, facts, about)
        said = json.dumps(dict(about), ensure_ascii=False)
        pairs = [word for pair in facts.items() for word in pair]
        reply = await self.do("happen", contact, agent, what, said, *pairs, op=op, now=now)
        if reply == "full":
            raise too_many_jots(contact)
        return answer(reply)

    async def jots(self, contact: str) -> Mapping[str, str]:
        """What was jotted down of the call: name → value."""
        return await self._known(contact, "j:")

    async def _known(self, contact: str, kind: str) -> dict[str, str]:
        raw = texts(await self.plain("HGETALL", self.key(f"k:{contact}")))
        fields = zip(raw[::2], raw[1::2], strict=True)
        return {name.removeprefix(kind): value for name, value in fields if name.startswith(kind)}

    # -- a phone rings ---------------------------------------------------------------------------------------

    async def miss(
        self, contact: str, offer: int, agent: str, why: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Nobody answered the agent's phone (`why`: busy): as if the offer's deadline had passed, two in a row included.

        `stale` when that offer isn't live any more.
        """
        return answer(await self.do("miss", contact, offer, agent, why, op=op, now=now))

    async def prolong(
        self, contact: str, offer: int, agent: str, until: int,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The agent's phone was answered: the deadline (`due`) is `until` (ms), if that is later; 120 s from now at most.

        The offer counts as delivered. `stale` when it isn't live any more.
        """
        return answer(await self.do("prolong", contact, offer, agent, until, op=op, now=now))

    async def claim(
        self, contact: str, offer: int, agent: str, more: int,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The agent says that they take it: their deadline (`due`) is `more` ms from now at least, once; 120 s at most.

        All its other offers are taken back, and nobody else is asked while this one stands. Saying so twice changes
        nothing; `taken` when somebody else (`by`) has said so, or owns it.
        """
        return answer(await self.do("claim", contact, offer, agent, more, op=op, now=now))

    # -- what costs money ------------------------------------------------------------------------------------

    async def spend(
        self, key: str, number: str, most: Counts, *, op: str | None = None, now: int | None = None
    ) -> Counts | None:
        """Count a call or text to `number` that is about to begin, if that makes no more than `most`.

        None when it may begin; else what was begun so far, and nothing is counted. The same `key` within a day is
        the same call or text: counted once, by whichever process. Raises ValueError beyond the bounds of `legs.py`.
        """
        check_spend(key, number)
        limits = (most.number_hour, most.number_day, most.hour, most.day)
        reply = await self.do("spend", key, number, *limits, op=op, now=now)
        return Counts(*map(int, reply.split(" "))) if reply else None


def _order(it: tuple[list[int], str]) -> int:
    return it[0][0]
