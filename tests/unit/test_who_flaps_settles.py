"""Damping on the reference model: whoever comes and goes in any rhythm, nothing is asked to and fro and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from helpers_desk import SECOND, Desk
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.queue.state import AgentView
from tierline.router.presence import FREE, SETTLING, WITHIN
from tierline.router.settle import settle, settled

WAIT = 30 * SECOND
KINDS = ("come", "come", "away", "away", "offline", "wait")
STEPS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from((0, 1, 2, 5, 10, 31))), min_size=20, max_size=60
)


class Scene:
    """The model as the queue, and whoever delivers beside it; `comings` are the instants at which ada became available."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.desk.comes("ada")
        self.comings: list[int] = []

    async def presence(self, name: str, presence: str, until: int | None = None, why: str = "") -> None:
        before = self.desk.model.agents[name].presence
        self.desk.presence(name, presence, until, why)
        if presence == "available" and before != "available":
            self.comings.append(self.desk.now)

    async def once(self, key: str, ms: int) -> bool:
        return bool(self.desk.once(key, ms))

    async def due(self, members: Sequence[str]) -> dict[str, int]:
        return {it: self.desk.model.due[it] for it in members if it in self.desk.model.due}

    def ada(self) -> AgentView:
        found: AgentView = self.desk.model.snapshot().agents["ada"]
        return found

    async def comes(self, wait: int | None = WAIT) -> int | None:
        return await settle(self, self.ada(), self.desk.now, wait)  # type: ignore[arg-type]

    async def passes(self, ms: int) -> None:
        """Time, second by second; a break that is over is told, and whoever settles is looked at then."""
        end = self.desk.now + ms
        while self.desk.now < end:
            self.desk.passes(min(SECOND, end - self.desk.now))
            if self.ada().why == SETTLING and "b:ada" not in self.desk.model.due:
                await settled(self, self.ada())  # type: ignore[arg-type]


@pytest.mark.promise("day-damping")
@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_in_no_two_minutes_somebody_comes_more_often_than_is_free_but_for_having_stayed(
    steps: list[tuple[str, int]],
) -> None:
    async def play() -> None:
        scene = Scene()
        mine = scene.desk.owned("ada")
        settled_at: list[int] = []
        for what, seconds in steps:
            if what == "come":
                asked = await scene.comes()
                if asked is not None:
                    assert scene.ada().presence == "away" and asked <= scene.desk.now + WAIT
                    settled_at.append(asked)
            elif what != "wait":
                await scene.presence("ada", what)
            await scene.passes(seconds * SECOND)
            owner = scene.desk.model.contacts[mine].owner
            assert owner == "ada" or what == "offline" or "offline" in {it for it, _ in steps}
        free = [at for at in scene.comings if at not in settled_at]
        for first in free:
            assert sum(first <= at < first + WITHIN for at in free) <= FREE
        if steps and steps[-1][0] == "come":
            await scene.passes(WAIT)
            assert scene.ada().presence == "available"  # whoever stays is there

    asyncio.run(play())


@pytest.mark.promise("day-damping")
def test_while_somebody_settles_nothing_is_offered_and_what_waits_goes_to_who_is_there() -> None:
    async def play() -> None:
        scene = Scene()
        for _ in range(FREE):
            await scene.presence("ada", "away")
            assert await scene.comes() is None
        await scene.presence("ada", "away")
        until = await scene.comes()
        assert until == scene.desk.now + WAIT and scene.ada().why == SETTLING
        waiting = scene.desk.arrives()
        assert scene.desk.offers(waiting) == []
        await scene.passes(10 * SECOND)
        assert await scene.comes() == until  # pressing again makes it neither sooner nor later
        scene.desk.comes("ben")
        assert scene.desk.offers(waiting) == ["ben"]
        await scene.passes(WAIT)
        assert scene.ada().presence == "available" and scene.ada().misses == 0

    asyncio.run(play())


def test_where_the_plan_says_never_whoever_comes_is_available() -> None:
    async def play() -> None:
        scene = Scene()
        for _ in range(20):
            await scene.presence("ada", "away")
            assert await scene.comes(None) is None and scene.ada().presence == "available"

    asyncio.run(play())
