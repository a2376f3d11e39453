"""Whoever hears that somebody looks at their Home draws it at once; whoever delivers keeps it fresh from then on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from desk_stage import NOW, FakeHouse, Once, eventually
from slack_stage import ADA, CAST, Stage, slack_stage, until

from tierline.channels.channel import Button
from tierline.channels.home import Home, Section
from tierline.channels.house import Told
from tierline.channels.slack import home_tab
from tierline.channels.slack.desk import SlackDesk
from tierline.channels.slack.looks import Look, OwnLooks
from tierline.channels.slack.socket_mode import SocketMode

pytestmark = pytest.mark.promise("homes-by-all")


@dataclass
class Day:
    """What the house says of everybody's day; a change is seen by all processes, as the store is."""

    words: str = "Nothing waits."


@dataclass
class Hall(FakeHouse):
    """A house whose Homes show the day."""

    day: Day = field(default_factory=Day)

    async def home(self, actor: Any) -> Home | None:
        return Home((Section("Your day", self.day.words),), NOW)


@dataclass
class Shared(OwnLooks):
    """One process's view of looks that all share; the role can be moved."""

    mine: bool = False
    away: bool = False

    async def note(self, user: str, look: str) -> None:
        if self.away:
            raise ConnectionError("the store is away")
        await OwnLooks.note(self, user, look)

    def delivers(self) -> bool:
        return self.mine


@dataclass
class Two:
    """A process that hears and two that may deliver, at one workspace."""

    stage: Stage
    day: Day
    hears: SlackDesk
    first: SlackDesk
    second: SlackDesk
    looks: tuple[Shared, Shared, Shared]

    async def shows(self, words: str) -> None:
        async def look() -> bool:
            return words in str(await self.stage.get("home", user=ADA))

        await eventually(look, 80)

    def published(self) -> int:
        return len([it for it in self.stage.wire.exchanges if it.path.endswith("views.publish")])


@asynccontextmanager
async def two(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Two]:
    monkeypatch.setattr(home_tab, "LOOK", 0.05)
    async with slack_stage() as stage:
        day, noted, desks = Day(), dict[str, str](), []
        looks = (Shared(noted), Shared(noted, mine=True), Shared(noted))

        async def now() -> int:
            return NOW

        for one in looks:
            ears = SocketMode(CAST.credentials.app_token)
            desk = SlackDesk(
                bot_token=CAST.credentials.bot_token, ears=ears, api_url=f"{stage.base}/slack/api/", once=Once(),
                now=now, looks=one,
            )  # fmt: skip
            desk.serve(Hall(day=day))
            await desk.start()
            desks.append(desk)
        try:
            # whoever takes the delivering over draws all once, whatever was noted: here that is over
            await until(lambda: desks[1].home_tab.delivering)
            yield Two(stage, day, *desks, looks)
        finally:
            for desk in desks:
                await desk.stop()


async def test_what_changes_is_drawn_by_whoever_delivers_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with two(monkeypatch) as it:
        it.hears.home_tab.opened(ADA)
        await it.shows("Nothing waits.")
        await until(lambda: it.first.home_tab.known.get(ADA))
        assert it.published() == 1, "the opening itself is drawn by whoever heard it, and by nobody else"
        it.day.words = "Three wait."
        await it.shows("Three wait.")
        assert it.published() == 2
        assert it.second.homes.watched() == ()


async def test_another_that_delivers_goes_on_with_those_who_look(monkeypatch: pytest.MonkeyPatch) -> None:
    async with two(monkeypatch) as it:
        it.hears.home_tab.opened(ADA)
        await it.shows("Nothing waits.")
        await until(lambda: it.first.home_tab.known.get(ADA))
        await it.hears.stop()  # whoever heard it may be gone by now
        it.looks[1].mine, it.looks[2].mine = False, True
        await until(lambda: it.second.homes.watched() == (ADA,))
        it.day.words = "Three wait."
        await it.shows("Three wait.")


async def test_another_that_delivers_does_not_trust_what_was_noted_at_the_opening(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with two(monkeypatch) as it:
        it.hears.home_tab.opened(ADA)
        await it.shows("Nothing waits.")
        await until(lambda: it.first.home_tab.known.get(ADA))
        it.day.words = "Three wait."
        await it.shows("Three wait.")
        it.looks[1].mine = False
        await until(lambda: not it.first.home_tab.delivering)
        it.day.words = "Nothing waits."  # as at the opening, and not what is shown
        it.looks[2].mine = True
        await it.shows("Nothing waits.")
        assert it.published() == 3


async def test_what_came_of_a_button_stands_there_whoever_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    async with two(monkeypatch) as it:
        told = Told(True, "You are available.", buttons=(Button("form.away", "Away …"),))
        await it.hears.home_tab.answered(ADA, told)
        await it.shows("You are available.")
        await until(lambda: it.first.home_tab.known.get(ADA))
        it.day.words = "Three wait."
        await it.shows("Three wait.")
        await it.shows("You are available.")
        await it.shows("Away …")


async def test_a_look_that_the_store_does_not_take_is_noted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async with two(monkeypatch) as it:
        it.looks[0].away = True
        it.hears.home_tab.opened(ADA)
        await it.shows("Nothing waits.")
        await until(lambda: it.hears.home_tab.unsaid)
        it.looks[0].away = False
        await until(lambda: it.first.home_tab.known.get(ADA))
        it.day.words = "Three wait."
        await it.shows("Three wait.")


def test_a_look_is_read_as_it_was_written_and_what_nobody_wrote_is_none() -> None:
    told = Told(False, "No <!here>", buttons=(Button("a", "b", "c", "danger", "https://x.example"),))
    look = Look(12.5, "abc", told, 11.0)
    assert Look.read(look.dump()) == look and Look.read(Look(1.0, "").dump()) == Look(1.0, "")
    assert [Look.read(raw) for raw in ("", "{}", "[1]", '[1,"",5,0]', "[null,1,null,0]", "\x00")] == [
        None
    ] * 6
