"""What is said and what the site knows: the part of `Queue` that never changes who is next."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from .calls import Calls, texts
from .replies import Answer

Waiting = Literal["new", "reevaluate"]
"""What a new version means for those who wait: nothing, or they are looked at again."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A re-evaluation: contacts numbered up to `after` are done; `seen` of them waited, `moved` were moved.

    `at` is the instant (ms) of the publishing.
    """

    version: int
    after: int
    seen: int
    moved: int
    at: int


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publish; `version` is the active one."""

    outcome: Literal["ok", "stale"]
    version: int


def answer(reply: str) -> Answer:
    """A script's `outcome|by|state|n|due`."""
    outcome, _, rest = reply.partition("|")
    by, state, n, due = rest.rsplit("|", 3)  # whoever it is may be called anything
    return Answer(cast(Literal["ok"], outcome), by, state, int(n), int(due) if due else None)


class Site(Calls):
    """Messages, places, alerts, opt-outs, leases, cursors, the active plan.

    Every method is one script and may raise `StoreError` and `Refused`. `op` is the operation id (made here
    when not given), `now` an instant of virtual time for tests and simulation.
    """

    async def append(
        self, contact: str, message: str, *, op: str | None = None, now: int | None = None
    ) -> int:
        """Add a note (JSON) to the transcript; its number, 0 when there is no such contact."""
        return int(await self.do("append", contact, message, op=op, now=now) or 0)

    async def hold_reply(
        self, contact: str, agent: str, text: str, source: str, ms: int,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """The owner's reply (JSON), kept back for `ms` so that it can be undone; `source` makes it one."""
        return answer(await self.do("hold_reply", contact, agent, text, source, ms, op=op, now=now))

    async def undo_reply(
        self, contact: str, n: int, agent: str, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """Never sent, if it is still held; else `too_late`."""
        return answer(await self.do("undo_reply", contact, n, agent, op=op, now=now))

    async def release_reply(
        self, contact: str, n: int, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """Sent without waiting any longer."""
        return answer(await self.do("release_reply", contact, n, op=op, now=now))

    async def retry_reply(
        self, contact: str, n: int, *, op: str | None = None, now: int | None = None
    ) -> Answer:
        """What failed is queued again."""
        return answer(await self.do("retry_reply", contact, n, op=op, now=now))

    async def text(
        self, contact: str, kind: str, body: str, unasked: bool, under: int | None = None, seen: int | None = None,
        *, op: str | None = None, now: int | None = None,
    ) -> Answer:  # fmt: skip
        """A system text (JSON) to the customer; of unasked ones one per conversation in ten minutes.

        `under`: the number of the situation in which it is true, `outdated` in another one; `seen`: the last message
        that whoever writes it has seen (0: none), `stale` when more was said since.
        """
        words = ("" if it is None else it for it in (under, seen))
        return answer(await self.do("text", contact, kind, body, int(unasked), *words, op=op, now=now))

    async def receipt(
        self, contact: str, n: int, status: str, provider_id: str = "", error: str = "",
        *, op: str | None = None, now: int | None = None,
    ) -> bool:  # fmt: skip
        """What became of a message; statuses only go forward. True when it changed."""
        return await self.do("receipt", contact, n, status, provider_id, error, op=op, now=now) == "1"

    async def bind(self, contact: str, place: str, *, op: str | None = None, now: int | None = None) -> bool:
        """The contact is shown at `place` (opaque text without line breaks); False when there is none."""
        return await self.do("bind", contact, place, op=op, now=now) == "1"

    async def alert(
        self, name: str, on: bool, text: str = "", *, op: str | None = None, now: int | None = None
    ) -> bool:
        """Trouble begins or ends; True only when that is news."""
        return await self.do("alert", name, int(on), text, op=op, now=now) == "1"

    async def opt(self, address: str, out: bool, *, op: str | None = None, now: int | None = None) -> None:
        """Nothing is sent to an address that opted out."""
        await self.do("opt", address, int(out), op=op, now=now)

    async def once(self, key: str, ms: int, *, op: str | None = None, now: int | None = None) -> bool:
        """True the first time that `key` is seen within `ms`; 0: it is forgotten."""
        return await self.do("once", key, ms, op=op, now=now) == "1"

    async def window(
        self, name: str, instant: int, ms: int, *, op: str | None = None, now: int | None = None
    ) -> int:
        """When the window of `ms` began into which `instant` falls: with it, if none was open."""
        return int(await self.do("window", name, instant, ms, op=op, now=now))

    async def seen_until(
        self, what: str, instant: int = 0, *, op: str | None = None, now: int | None = None
    ) -> int:
        """How far (ms) we know the outside's own list of `what`: the latest `instant` ever given, 0 before the first."""
        return int(await self.do("seen_until", what, instant, op=op, now=now))

    async def lease(
        self, role: str, holder: str, ms: int, *, op: str | None = None, now: int | None = None
    ) -> int | None:
        """Take or keep a role for `ms`: its fencing number, or None while somebody else has it."""
        fence = await self.do("lease", role, holder, ms, op=op, now=now)
        return int(fence) if fence else None

    async def advance(
        self, consumer: str, id: str, fence: int, *, op: str | None = None, now: int | None = None
    ) -> bool:
        """`consumer` has done everything up to `id`. False for a holder whose role another has taken over."""
        return await self.do("advance", consumer, id, fence, op=op, now=now) == "1"

    async def trim(self, *, op: str | None = None, now: int | None = None) -> int:
        """Drop what every registered consumer has done; how many entries went."""
        return int(await self.do("trim", op=op, now=now))

    async def publish(
        self, version: int, plan_yaml: str, author: str, reason: str, expected_version: int,
        waiting: Waiting = "new", origin: str = "", diff: Sequence[str] = (),
        *, op: str | None = None, now: int | None = None,
    ) -> Published:  # fmt: skip
        """Make a plan the active one, if `expected_version` (0: none) still is; told to the audit log as well.

        With `reevaluate` a walk over those who wait begins (see `walk`); without, they stay as they are, and
        the walk of an earlier version ends where it is. `diff` is kept with the version, in words.
        """
        lines = json.dumps(list(diff), ensure_ascii=False)
        args = (version, plan_yaml, author, reason, expected_version, waiting, origin, lines)
        outcome, active = (await self.do("publish", *args, op=op, now=now)).split(" ")
        return Published("ok" if outcome == "ok" else "stale", int(active))

    async def walk(self) -> Walk | None:
        """The re-evaluation that is under way, or None."""
        raw = texts(await self.plain("HMGET", self.key("walk"), "version", "after", "seen", "moved", "at"))
        return Walk(*(int(float(it)) for it in raw)) if raw and raw[0] else None

    async def walked(
        self, walk: Walk, over: bool = False, *, op: str | None = None, now: int | None = None
    ) -> int | None:
        """Note how far the walk has come, or that it is over: how many were moved; None when another is on."""
        moved = await self.do("walked", walk.version, walk.after, walk.seen, int(over), op=op, now=now)
        return int(moved) if moved else None

    async def audit(
        self, who: str, act: str, what: Mapping[str, object], origin: str,
        *, op: str | None = None, now: int | None = None,
    ) -> None:  # fmt: skip
        """Tell the audit log: `who` did `act` (such as customers.put) from `origin`; `what` as JSON."""
        await self.do("audit", who, act, origin, json.dumps(what, ensure_ascii=False), op=op, now=now)

    async def calendar(
        self, midnights: Sequence[int], *, op: str | None = None, now: int | None = None
    ) -> None:
        """The site's midnights around now: shares are counted from the last one that has passed."""
        await self.do("calendar", ",".join(map(str, midnights)), op=op, now=now)

    async def service_edge(
        self, service: str, instant: int | None, *, op: str | None = None, now: int | None = None
    ) -> None:
        """When the service opens or closes next: event `service.edge` is written then."""
        await self.do("service_edge", service, "" if instant is None else instant, op=op, now=now)

    async def travel(self, to: int, *, op: str | None = None) -> int:
        """Move the site's clock forward to `to`, never back; the instant it shows. For the sandbox only."""
        now = int(await self.do("travel", to, op=op))
        self._ahead = None
        return now
