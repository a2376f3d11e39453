"""A person's day in the App Home: what stands there, what its buttons do, and that it follows what happens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from helpers_app import JONAS, PLAN, Inside, inside

from tierline.channels.slack.homes import WATCHED
from tierline.router.steering import Steering

SHIFTS = PLAN.replace(
    'schedules: {always: {hours: "24/7"}}', 'schedules: {always: {hours: "24/7"}, never: {hours: "off"}}'
).replace(
    "tier: L1}\nsettings",
    "tier: L1}\n  - {name: Cem, slack: cem@inside.example, team: desk, shift: never}\nsettings",
)


def said(view: Any) -> str:
    """All words of a Home, in order, with the dates as Slack shows them to nobody in particular."""
    found: list[str] = []

    def walk(it: Any) -> None:
        if isinstance(it, dict):
            if isinstance(it.get("text"), str):
                found.append(it["text"])
            for key, value in it.items():
                if key != "text" or not isinstance(value, str):
                    walk(value)
        elif isinstance(it, list):
            for one in it:
                walk(one)

    walk((view or {}).get("blocks"))
    return "\n".join(found)


class Looking:
    """Somebody who looks at their Home."""

    def __init__(self, stage: Inside, name: str) -> None:
        self.stage, self.user = stage, stage.person(name).slack

    async def open(self) -> Looking:
        await self.stage.call("/slack/home", {"user": self.user})
        return self

    async def view(self) -> Any:
        return await self.stage.call(f"/slack/home?user={self.user}")

    async def shows(self, *words: str) -> str:
        """What it says once it says all of these."""

        async def look() -> str:
            text = said(await self.view())
            return text if all(word in text for word in words) else ""

        try:
            return str(await self.stage.until(look, 15))
        except AssertionError:
            raise AssertionError(f"not all of {words} in:\n{said(await self.view())}") from None

    async def press(self, action: str, value: str | None = None) -> None:
        view = await self.view()
        more = {"value": value} if value else {}
        await self.stage.call(
            "/slack/act", {"user": self.user, "view_id": view["id"], "action_id": action, **more}
        )

    async def modal(self) -> Any:
        async def look() -> Any:
            views = await self.stage.call(f"/slack/views?user={self.user}")
            return views[-1] if views and views[-1].get("submit") else None

        return await self.stage.until(look)


async def stranger(stage: Inside) -> Any:
    """Ben, whom the plan doesn't name any more."""
    plan = await stage.api("/plan")
    without = "".join(line for line in plan["yaml"].splitlines(keepends=True) if "name: Ben" not in line)
    await stage.app.plan.publish(without, "test", "Ben left", on=plan["version"])
    return stage.person("Ben")


@pytest.mark.promise("home-day")
async def test_an_agents_home_shows_their_state_contacts_clocks_what_waits_and_today(tmp_path: Path) -> None:
    async with inside(tmp_path) as stage:
        ada = await Looking(stage, "Ada").open()
        await ada.shows("You are offline", "You have nothing open.", "Nobody waits for somebody like you.")
        assert await stage.text("my printer burns") == 200
        await ada.shows(
            "Waiting: 1", "*C1001* help · text", "since <!date^", "answer due <!date^", "+4915112345678"
        )
        await ada.press("agent.available")
        await ada.shows(
            "You are *available*.", "You are available", "offered to you", "An offer is open for you."
        )
        await stage.accept("Ada")
        await ada.shows("the customer waits for you · answer due", "taken 1 · closed 0", "Load 25 of 100")
        contact = await stage.contact()
        view = await ada.view()
        links = [b["accessory"]["url"] for b in view["blocks"] if "accessory" in b]
        places = await stage.app.queue.places(contact["id"])
        channel, ts = places[-1].split(":")
        assert [link.partition(".slack.com")[2] for link in links] == [
            f"/archives/{channel}/p{ts.replace('.', '')}"
        ]
        await stage.call(
            "/slack/reply",
            {"user": ada.user, "channel": channel, "thread_ts": ts, "text": "throw water on it"},
        )
        await ada.shows("waits for the customer", "answered within the promise 1 of 1")
        assert await stage.text("hello?", JONAS) == 200
        await ada.shows("Yours: 2", "offered to you")


@pytest.mark.promise("home-day")
async def test_the_buttons_of_a_home_change_ones_presence_and_say_so_at_its_top(tmp_path: Path) -> None:
    async with inside(tmp_path, SHIFTS) as stage:
        ada = await Looking(stage, "Ada").open()
        await ada.shows("You are offline")
        await ada.press("agent.available")
        await ada.shows("You are available", ":white_check_mark: You are *available*.")
        await ada.press("form.away")
        view = await ada.modal()
        values = {"length": "30 minutes", "why": "lunch <!here>"}
        answer = await stage.call(
            "/slack/submit", {"user": ada.user, "view_id": view["id"], "values": values}
        )
        assert answer["ok"], answer
        text = await ada.shows("You are away", "Lunch &lt;!here&gt;", "back <!date^")
        assert "<!here>" not in text
        messages = await stage.call(f"/slack/messages?user={ada.user}")
        assert not [m for m in messages if "You are" in m["text"]], "what is seen at home isn't said twice"
        await ada.press("agent.available")
        await ada.shows("You are available")
        cem = await Looking(stage, "Cem").open()
        await cem.shows("You are offline", "There is none in the plan.")
        await cem.press("form.overtime")
        view = await cem.modal()
        answer = await stage.call(
            "/slack/submit", {"user": cem.user, "view_id": view["id"], "values": {"length": "2 hours"}}
        )
        assert answer["ok"], answer
        await cem.shows("You are available", "overtime until <!date^", "Overtime until to")


@pytest.mark.promise("home-stranger")
async def test_whoever_the_plan_does_not_name_reads_what_this_is_and_whom_to_ask(tmp_path: Path) -> None:
    async with inside(tmp_path) as stage:
        mira = next(p for p in stage.rehearsal.cast.people if p.email == "mira@inside.example")
        ben = await stranger(stage)
        home = await Looking(stage, ben.name).open()
        await home.shows("You are not in its plan yet: ask mira@inside.example to add you.")
        await home.press("agent.available")
        await home.shows(":warning: You are not in the routing plan yet.")

        async def asked() -> Any:
            found = await stage.call(f"/slack/messages?user={mira.slack}")
            return [m for m in found if "wants to answer contacts" in m["text"]]

        await stage.until(asked)


@pytest.mark.promise("home-fresh")
async def test_a_home_is_published_only_when_it_shows_something_else_and_only_for_who_looks(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path) as stage:
        ada = await Looking(stage, "Ada").open()
        await ada.shows("You are offline")
        desk = stage.app.desk_raw
        assert desk is not None

        async def published() -> int:
            wire = await stage.call("/wire")
            return len([it for it in wire if "views.publish" in it["path"]])

        before = await published()
        for _ in range(3):
            await desk.home_tab._look(ada.user)
        assert await published() == before and desk.figures()["homes_stale"] == 0
        desk.homes.clock = lambda: time.time() + WATCHED + 1
        await stage.until(lambda: not desk.homes.watched())
        await stage.slash("Ada", "available")
        await desk.home_tab._look(ada.user)
        assert await published() == before
        assert "You are offline" in said(await ada.view())
        await ada.open()
        await ada.shows("You are available")


@pytest.mark.promise("home-board")
async def test_a_supervisors_home_has_the_board_that_follows_what_happens_and_its_buttons(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path) as stage:
        mira = await Looking(stage, "Mira").open()
        await mira.shows("Board", "*help* · open round the clock", "nobody waits", "2 offline")
        ada = await Looking(stage, "Ada").open()
        assert "*help* · open" not in await ada.shows("You are offline")
        assert await stage.text("help me") == 200
        await mira.shows("1 waits", "C1001 since <!date^", "answer due <!date^")
        await mira.press("form.close-service")
        view = await mira.modal()
        service = next(b for b in view["blocks"] if b.get("block_id") == "service")["element"]["options"][0]
        values = {"service": service["value"], "until": "2h", "text": "The power is out."}
        sent = {"user": mira.user, "view_id": view["id"], "values": values}
        assert (await stage.call("/slack/submit", sent))["ok"]
        await mira.shows(":white_check_mark: help is closed until", "closed by", "Open help")
        assert "board.refresh" not in str(await mira.view())  # it stands there
        await mira.press("service.open")
        text = await mira.shows("follows its hours again", "*help* · open round the clock")
        assert text.count("open round the clock") == 1  # the answer doesn't say the board once more
        before = (await mira.view())["blocks"][:-2]
        desk = stage.app.desk_raw
        assert desk is not None
        board = next(it for it in stage.app.house.parts.each if isinstance(it, Steering)).boards
        board.last = None
        await desk.home_tab._look(mira.user)
        assert (await mira.view())["blocks"][:-2] == before
        await ada.press("agent.available")
        await mira.shows("1 available: Ada (25 of 100, is being asked)", "1 offline")
