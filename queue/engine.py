"""The queue: every transition as one typed call, carried out by one atomic script.

The signatures here are the contract; `queue/README.md` draws what happens behind them, and `model.py` obeys
the same contract in plain Python. A lost race is an answer, never an exception. Every mutation takes `op`,
the operation id (made here when not given): the same id again gets the same reply and changes nothing; and
`now`, an instant of virtual time for tests and simulation (otherwise the store's clock counts).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..skills.skill import CHANNELS, Capacity, Need, Profile
from . import library
from .calls import DEADLINE, StoreLike
from .contact import Decision, Route
from .engine_lines import Lines
from .engine_moves import Moves, arrival, channel_of, moved
from .engine_phone import Phone
from .engine_reads import Reads
from .engine_site import Site, answer
from .replies import Answer, Arrival, Ticked
from .state import ContactState, Presence
from .table import Table

GRACE = 300_000


class Queue(Moves, Phone, Site, Lines, Reads):
    """One site's queue. Any number of processes may have one; none keeps state but the table's texts."""

    def __init__(
        self, store: StoreLike, site: str, *, deadline: float = DEADLINE, name: str = library.NAME
    ) -> None:
        """`deadline` in seconds covers all attempts of one operation."""
        super().__init__(store, site, deadline=deadline, name=name)
        self.table = Table(self)

    # -- contacts ------------------------------------------------------------------------------------------

    async def arrive(
        self, arrived: str, event: str, thread: str, decision: Decision,
        again: Decision | None = None, reopen: int = 0, under: int | None = None,
        *, op: str | None = None, now: int | None = None,
    ) -> Arrival:  # fmt: skip
        """A message (JSON): a new contact, one more message of the open one in `thread`, or a duplicate.

        `event` is the outside's id, remembered for 48 h; empty ids and threads are not looked up. A message to
        a snoozed contact goes to its owner, or, when they can't have it, into the queue as `again` says. One to
        a contact that ended at most `reopen` ms ago opens it again. `under`: the number of the situation (see
        `situation`) in which all this was decided; in another one nothing is taken.
        """
        words = await self._decision(decision)
        more = await self._decision(again) if again else ()
        mark = "" if under is None else under
        reply = await self.do("arrive", arrived, event, thread, *words, reopen, mark, *more, op=op, now=now)
        return arrival(reply)

    async def accept(
        self, contact: str, offer: int, agent: str, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The agent takes it; all its other live offers end. Accepting twice is accepted twice."""
        return answer(await self.do("accept", contact, offer, agent, op=op, now=now))

    async def decline(
        self, contact: str, offer: int, agent: str, reason: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Not this agent, as long as anybody else may be asked."""
        return answer(await self.do("decline", contact, offer, agent, reason, op=op, now=now))

    async def delivered(
        self, contact: str, offer: int, place: str, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The desk has shown it at `place`: the deadline (`due`) starts, the first time only.

        A phone may ring before the card's place is known: "" then, and the place is filled in by another call.
        """
        return answer(await self.do("delivered", contact, offer, place, op=op, now=now))

    async def rescind(
        self, contact: str, offer: int, reason: str, pause: int = 0, *, op: str | None = None, now: int | None = None
    ) -> Answer:  # fmt: skip
        """An offer is taken back: nobody is to blame. For `pause` ms others are asked for this contact first."""
        return answer(await self.do("rescind", contact, offer, reason, pause, op=op, now=now))

    async def complete(
        self, contact: str, agent: str, outcome: str = "{}", *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The owner (or "", the system) is done, with `outcome` (JSON); the wrap-up, if any, begins."""
        return answer(await self.do("complete", contact, agent, outcome, op=op, now=now))

    async def finish(
        self, contact: str, agent: str, outcome: str = "", *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The wrap-up ends early, with `outcome` (JSON) in place of the one from its beginning; "" leaves that."""
        return answer(await self.do("finish", contact, agent, outcome, op=op, now=now))

    async def park(
        self, contact: str, wake: int, reason: str = "", under: int | None = None,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Nobody is asked until `wake`.

        `under`: the number of the situation (see `situation`) by which `wake` was found; `outdated` in another one.
        """
        words = (contact, wake, reason, "" if under is None else under)
        return answer(await self.do("park", *words, op=op, now=now))

    async def wake(self, contact: str, *, op: str | None = None, now: int | None = None) -> Answer:
        """Parked no longer."""
        return answer(await self.do("wake", contact, op=op, now=now))

    async def abandon(
        self, contact: str, reason: str = "", *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """The customer is gone."""
        return answer(await self.do("abandon", contact, reason, op=op, now=now))

    async def dead_letter(
        self, contact: str, reason: str = "", *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """Set aside where a supervisor sees it."""
        return answer(await self.do("dead_letter", contact, reason, op=op, now=now))

    async def revive(self, contact: str, *, op: str | None = None, now: int | None = None) -> Answer:
        """Bring back what was abandoned or set aside, with its rank; `elsewhere` when a newer contact goes on with it."""
        return answer(await self.do("revive", contact, op=op, now=now))

    async def reroute(
        self, contact: str, decision: Decision, expected: Route | None = None,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Another decision for a contact without an owner; live offers stay where the new step admits them.

        `expected`: stale when it follows another route by now. Raises ValueError when the route is of another
        channel.
        """
        words = await self._decision(decision)
        still = "" if expected is None else await self.table.intern_route(expected)
        return moved(await self.do("reroute", contact, channel_of(decision), still, *words, op=op, now=now))

    async def reevaluate(
        self, version: int, contact: str, judged: str, decision: Decision,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """`reroute`, as long as plan `version` is being walked and the contact's facts still are `judged`; else stale."""
        words = await self._decision(decision)
        told = (version, judged, contact, channel_of(decision), "", *words)
        return moved(await self.do("reevaluate", *told, op=op, now=now))

    async def retime(
        self,
        contact: str,
        base: int,
        deadlines: Sequence[int],
        *,
        op: str | None = None,
        now: int | None = None,
    ) -> Answer:
        """The instants at which its steps end, counted from `base`; only what waits and has none since `base`."""
        return answer(await self.do("retime", contact, base, ",".join(map(str, deadlines)), op=op, now=now))

    async def recall(
        self, contact: str, thread: str, messages: int, decision: Decision, state: ContactState, arrived: int,
        owner: str, *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Have what has left the store here again, as if it had just ended in `state`, after so many messages.

        Its transcript stays in the history, so it can't be re-opened; `owner` is who had it last. Of the decision
        only route and facts count. `stale` when it is here, `gone` when it never was.
        """
        words = await self._decision(decision)
        return answer(
            await self.do("recall", contact, thread, messages, *words, state, arrived, owner, op=op, now=now)
        )

    async def forget(
        self, contact: str, keep: int = 0, *, op: str | None = None, now: int | None = None
    ) -> bool:
        """Delete an ended contact's keys; False when it is unknown, or ended less than `keep` ms ago, or not."""
        return (await self.do("forget", contact, keep, op=op, now=now)).startswith("ok")

    # -- people --------------------------------------------------------------------------------------------

    async def agent(
        self, name: str, profile: Profile, capacity: Capacity, channels: int,
        edges: Sequence[tuple[int, bool]] = (), on_shift: bool = False, grace: int = GRACE,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """Add or edit an agent; an edit tears nothing away that they hold. A new agent is offline.

        `channels` are the switched-on ones as bits; `edges` the next changes of `on_shift`, earliest first.
        `grace`: ms after leaving (or becoming another profile) until the work they own goes to others.
        """
        number = await self.table.intern_profile(profile)
        costs, caps = dict(capacity.costs), dict(capacity.caps)
        about = {
            "budget": capacity.budget,
            "cost": [costs.get(ch, capacity.budget + 1) for ch in CHANNELS],
            "cap": [caps.get(ch, -1) for ch in CHANNELS],
            "offers": capacity.offers,
            "on": channels,
            **({"grace": grace} if grace != GRACE else {}),
        }
        text = json.dumps([capacity.budget, capacity.costs, capacity.caps, capacity.offers])
        words = (number, json.dumps(about), int(on_shift), ",".join(f"{at}:{int(on)}" for at, on in edges))
        return answer(await self.do("agent", name, *words, text, op=op, now=now))

    async def presence(
        self, name: str, presence: Presence, until: int | None = None, why: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The agent is available, away (until when they say) or offline."""
        words = (presence, "" if until is None else until, why)
        return answer(await self.do("presence", name, *words, op=op, now=now))

    async def overtime(
        self, name: str, until: int, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """On shift until then, whatever the flag says."""
        return answer(await self.do("overtime", name, until, op=op, now=now))

    async def remove_agent(
        self, name: str, grace: int = 0, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """Nothing of theirs is lost: owned work is queued again with its rank, wrap-ups end.

        With `grace` (ms) they are off duty at once, and gone with that after it; `agent` meanwhile keeps them. So it is
        without one, until the next ticks, where more wait for them alone than one script lets go.
        """
        return answer(await self.do("remove_agent", name, grace, op=op, now=now))

    async def desk(self, up: bool, *, op: str | None = None, now: int | None = None) -> bool:
        """While the desk is down nobody is offered anything; True when that changed."""
        return await self.do("desk", int(up), op=op, now=now) == "1"

    # -- time and table ------------------------------------------------------------------------------------

    async def tick(self, limit: int = 8, *, op: str | None = None, now: int | None = None) -> Ticked:
        """Carry out what is due, one entry at a time, until entries and offers made reach `limit` or a bound."""
        at, fired, more, following = (await self.do("tick", limit, op=op, now=now)).split(" ")
        return Ticked(int(at), int(fired), more == "1", int(following) if following else None)

    async def intern_class(self, need: Need) -> int:
        """The number under which the store knows a need."""
        return await self.table.intern_class(need)

    async def intern_profile(self, profile: Profile) -> int:
        """The number under which the store knows a profile."""
        return await self.table.intern_profile(profile)

    async def intern_route(self, route: Route) -> int:
        """The number under which the store knows a route."""
        return await self.table.intern_route(route)
