"""Any form of the house in Slack: opened at once, mistakes at their fields, and nothing that was written is lost."""

from __future__ import annotations

from typing import Any

import pytest
from desk_stage import DeskStage, desk_stage, eventually, head, shown
from slack_stage import ADA, ADA_DM

from tierline.channels.channel import Button
from tierline.channels.forms import Field, Form, Mistakes
from tierline.channels.house import Told

FORM = Form(
    "A visit",
    (
        Field("told", "", "words", value="For *C1001* &lt;Eva&gt;"),
        Field("address", "Address", "lines", must=True),
        Field("day", "Day", "date", value="2026-12-01"),
        Field("at", "From", "time", value="09:30"),
        Field("who", "Technician", "choice", choices=("Ada, network 3", "Ben <L2>"), value="Ben <L2>"),
        Field("kinds", "What for?", "choices", choices=("router", "cable", "other")),
        Field("helper", "With", "person"),
        Field("hours", "Hours", "number", value="2"),
        Field("why", "Why", hint="In a word"),
    ),
    "Plan it",
)
FILLED = {
    "address": "Elm Street 7\n12345 Berlin, ring twice", "kinds": ["0:router", "2:other"], "helper": ADA, "hours": "3",
    "why": "no light",
}  # fmt: skip


async def opened(on: DeskStage, ready: str = "Address") -> Any:
    """The form, opened by its button in a direct message."""
    place = await on.desk.tell("ada@northwind.example", "C1001", (Button("form.visit", "Visit …", "C1001"),))
    await on.press(place, "form.visit")

    async def look() -> Any:
        views = await on.stage.get("views", user=ADA)
        return next((one for one in views if ready in str(one["blocks"])), None)

    return await eventually(look)


@pytest.mark.promise("desk-form")
async def test_a_form_brings_every_kind_of_answer_to_the_house_as_it_was_filled_in() -> None:
    async with desk_stage() as on:
        on.house.answers["form"] = FORM
        form = await opened(on)
        assert (await on.stage.post("submit", user=ADA, view_id=form["id"], values=FILLED))["ok"]
        it = on.house.verbs("filled")[0][2]
        assert (it.name, it.value) == ("visit", "C1001")
        assert it.answers == {
            "told": "", "address": FILLED["address"], "day": "2026-12-01", "at": "09:30", "who": "Ben <L2>",
            "kinds": "router\nother", "helper": ADA, "hours": "3", "why": "no light",
        }  # fmt: skip
        await on.find(ADA_DM, "filled done")


@pytest.mark.promise("desk-form")
async def test_mistakes_stand_at_their_fields_and_the_mended_form_is_taken() -> None:
    async with desk_stage() as on:
        on.house.answers |= {"form": FORM, "filled": Mistakes({"address": "There is no such street."})}
        form = await opened(on)
        for _ in range(2):  # the second time nobody has to think again
            said = await on.stage.post("submit", user=ADA, view_id=form["id"], values=FILLED)
            assert (said["ok"], said["errors"]) == (False, {"address": "There is no such street."})
        assert len(on.house.verbs("filled")) == 1
        on.house.answers["filled"] = Told(True, "A visit is planned.")
        mended = FILLED | {"address": "Elm Street 8"}
        assert (await on.stage.post("submit", user=ADA, view_id=form["id"], values=mended))["ok"]
        assert on.house.verbs("filled")[1][2].answers["address"] == "Elm Street 8"
        await on.find(ADA_DM, "A visit is planned.")


@pytest.mark.promise("desk-form-slow")
async def test_a_slow_house_shows_a_loading_view_and_says_in_it_what_came_of_the_form() -> None:
    async with desk_stage() as on:
        on.house.answers["form"] = FORM
        form = await opened(on)
        on.house.answers["filled"] = Told(False, "C1001 has ended.")
        on.house.slow.clear()
        said = await on.stage.post("submit", user=ADA, view_id=form["id"], values=FILLED)
        assert said["response_action"] == "update" and said["ack_ms"] < 2500
        on.house.slow.set()

        async def look() -> Any:
            views = await on.stage.get("views", user=ADA)
            return next((one for one in views if "C1001 has ended." in str(one["blocks"])), None)

        view = await eventually(look)
        assert "ring twice" in str(view["blocks"])  # what was written can be copied from there


async def test_who_may_not_have_a_form_reads_why() -> None:
    async with desk_stage() as on:
        on.house.answers["form"] = Told(False, "Only a supervisor plans visits.")
        view = await opened(on, "Only a supervisor")
        assert not view.get("submit")


async def test_a_form_that_is_refused_when_sent_off_gives_the_words_back() -> None:
    async with desk_stage() as on:
        on.house.answers["form"] = FORM
        form = await opened(on)
        on.house.answers["filled"] = Told(False, "C1001 is with Lin.")
        assert (await on.stage.post("submit", user=ADA, view_id=form["id"], values=FILLED))["ok"]
        assert "Elm Street 7" in shown(await on.find(ADA_DM, "is with Lin"))


@pytest.mark.promise("desk-form")
@pytest.mark.parametrize("http", [False, True])
async def test_a_shortcut_opens_the_form_that_it_names(http: bool) -> None:
    async with desk_stage(http=http) as on:
        on.house.answers["form"] = FORM
        place = await on.desk.open(head())
        typed = await on.type(place, "What they said")
        channel, ts = typed.split(":")
        for of in ({}, {"channel": channel, "ts": ts}):
            await on.stage.post("shortcut", user=ADA, callback_id="form.visit", **of)

            async def form() -> Any:
                views = await on.stage.get("views", user=ADA)
                return next((one for one in views if one.get("submit")), None)

            view = await eventually(form)
            await on.stage.post("close", user=ADA, view_id=view["id"])
        await on.stage.post("shortcut", user=ADA, callback_id="nobody.knows.it")
        asked = [(call[2], call[3]) for call in on.house.verbs("form")]
        assert asked == [("visit", ""), ("visit", f"{place}:{ts}")]
