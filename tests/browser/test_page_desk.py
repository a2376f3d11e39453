"""Slack on the page as agents and supervisors have it: Home, modals, files, shortcuts, guests and customers' people.

Behind the page stands the real stand-in, so that whatever is pressed and filled in arrives as Slack sends it.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from deskapp import ADA, ADA_DM, BOSS, LIN, ROOM, DeskLook, button, words
from test_page_in_view import axe, fits, needs_axe  # noqa: F401

from tierline.channels.forms import Field, Form
from tierline.channels.slack import form_views

Json = dict[str, Any]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
EVERYTHING = Form(
    "Every input",
    (
        Field("said", "", "words", "*Who* may be asked, and when."),
        Field("service", "Service", "choice", choices=("outage", "howto"), must=True),
        Field("skills", "Skills", "choices", choices=tuple(f"skill {n}" for n in range(12))),
        Field("owner", "Owner", "person"),
        Field("watchers", "Watchers", "people"),
        Field("on", "On", "date"),
        Field("at", "At", "time"),
        Field("seats", "Seats", "number"),
        Field("name", "Name", "line"),
        Field("why", "Why", "lines"),
    ),
    "Send it",
)


def home(desk: DeskLook, *lines: str) -> Any:
    """Publishes a Home that names its person, with one button."""

    async def publish(event: Json) -> None:
        user = event["user"] if isinstance(event["user"], str) else event["user"]["id"]
        blocks = [
            words(f"*Home of {user}*"),
            *(words(line) for line in lines),
            button("Go away", "duty.away"),
        ]
        await desk.app.client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})

    return publish


@pytest.mark.promise("stage-page-home")
async def test_everybody_has_a_home_that_changes_while_they_look_and_whose_buttons_work(
    desk: DeskLook, size: tuple[int, int]
) -> None:
    desk.app.answers["app_home_opened"] = home(desk, "Nothing waits.")
    await desk.page.keyboard.press("h")
    await desk.app.until("app_home_opened", lambda it: it["user"] == ADA and it["tab"] == "home")
    await desk.page.wait_for_selector(f".home-blocks:has-text('Home of {ADA}')")
    await home(desk, "Three wait.")({"user": ADA})
    await desk.page.wait_for_selector(".home-blocks:has-text('Three wait.')")
    await desk.page.focus(".home-blocks button")
    await desk.page.keyboard.press("Enter")
    pressed = await desk.app.until("block_actions")
    assert pressed["view"]["type"] == "home" and pressed["user"]["id"] == ADA
    assert pressed["actions"][0]["action_id"] == "duty.away"
    await desk.become(LIN)
    await desk.page.wait_for_selector(f".home-blocks:has-text('Home of {LIN}')")
    await desk.page.focus("#slack-tab-home")
    await desk.page.keyboard.press("ArrowRight")
    await desk.page.keyboard.press("Enter")
    await desk.app.until("app_home_opened", lambda it: it["user"] == LIN and it["tab"] == "messages")
    await desk.page.wait_for_selector("#slack-text")


@pytest.mark.promise("stage-page-home")
@pytest.mark.promise("stage-page-fits")
async def test_a_long_home_fits_and_axe_finds_nothing_serious(
    desk: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    desk.app.answers["app_home_opened"] = home(desk, "w" * 300, *(f"Line {n}" for n in range(30)))
    await desk.page.keyboard.press("h")
    await desk.page.wait_for_selector(".home-blocks:has-text('Line 29')")
    await fits(desk)
    await axe(desk)


async def opens(desk: DeskLook, form: Form) -> None:
    """A message whose button opens a form: a loading view at once, then the form in its place."""

    async def loads(payload: Json) -> None:
        view = form_views.loading("all", "[]")
        opened = await desk.app.client.views_open(trigger_id=payload["trigger_id"], view=view)
        await desk.page.wait_for_selector("dialog.view:has-text('One moment')")
        await desk.app.client.views_update(
            view_id=opened["view"]["id"], view=form_views.form_view("all", form, "[]")
        )

    async def soon(payload: Json) -> None:
        desk.later(loads(payload))

    desk.app.answers["form.all"] = soon
    await desk.app.client.chat_postMessage(
        channel=ADA_DM, text="Fill this in", blocks=[words("Fill this in"), button("Open", "form.all")]
    )
    await desk.page.click("button[data-action='form.all']")
    await desk.page.wait_for_selector("dialog.view .b-input")


def filled(payload: Json) -> dict[str, str]:
    return dict(form_views.filled_in("all", "", EVERYTHING, payload["view"]).answers)


@pytest.mark.promise("stage-page-modals")
async def test_every_kind_of_input_is_filled_in_by_keyboard_and_arrives_as_the_product_reads_it(
    desk: DeskLook, size: tuple[int, int]
) -> None:
    answers = iter(
        [
            {"response_action": "errors", "errors": {"seats": "Only 3 are free.", "skills": "Not both."}},
            {
                "response_action": "update",
                "view": form_views.form_view(
                    "next", Form("And then", (Field("sure", "Sure?", "line"),), "Yes"), "[]"
                ),
            },
            None,
        ]
    )

    async def answer(payload: Json) -> Json | None:
        return next(answers)

    desk.app.answers["view_submission"] = answer
    await opens(desk, EVERYTHING)
    keys = desk.page.keyboard
    await desk.focused("#f-service")  # what was loading has become a form: its first field has the focus
    await keys.type("how")
    await keys.press("Tab")  # a long list has a filter
    await keys.type("skill 1")
    await desk.until("document.querySelectorAll('.many-list label:not(.out) [name=skills]').length === 3")
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("Tab")
    await desk.focused("#f-owner")
    await keys.type("Lin")
    await keys.press("Tab")  # one stop for all of a list
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("End")
    await keys.press("Space")
    await keys.press("Tab")
    await keys.type("01312027")
    await keys.press("Tab")
    while not await desk.page.evaluate("document.activeElement.matches('#f-at')"):
        await keys.press("Tab")
    await keys.type("0930AM")
    await desk.page.focus("#f-seats")
    await keys.type("7")
    await keys.press("Tab")
    await keys.type("Night shift")
    await keys.press("Tab")
    await keys.type("Because.")
    await desk.page.focus("#f-name")
    await keys.press("Enter")
    wanted = {
        "service": "howto", "skills": "skill 1\nskill 10", "owner": LIN, "watchers": f"{LIN}\n{BOSS}",
        "on": "2027-01-31", "at": "09:30", "seats": "7", "name": "Night shift", "why": "Because.",
    }  # fmt: skip
    assert {k: v for k, v in filled(await desk.app.until("view_submission")).items() if v} == wanted
    await desk.until("document.querySelectorAll('.b-input.wrong').length === 2")
    assert await desk.page.text_content("#f-seats-note") == "Only 3 are free."
    assert await desk.page.text_content("#f-skills-note") == "Not both."
    await desk.until("document.activeElement.closest('.b-input.wrong')")
    await desk.page.focus("#f-seats")
    await keys.press("Backspace")
    await keys.type("3")
    await keys.press("Enter")
    again = await desk.app.until("view_submission", lambda it: filled(it)["seats"] == "3")
    assert {k: v for k, v in filled(again).items() if v} == wanted | {"seats": "3"}, "nothing was lost"
    await desk.page.wait_for_selector("dialog.view:has-text('Sure?')")
    await desk.focused("#f-sure")
    await keys.press("Enter")
    await desk.until("!document.querySelector('dialog.view')")


@pytest.mark.promise("stage-page-modals")
async def test_what_slack_itself_refuses_stands_at_its_field(desk: DeskLook) -> None:
    await opens(desk, EVERYTHING)
    await desk.page.fill("#f-seats", "many")
    await desk.page.focus("#f-name")
    await desk.page.keyboard.press("Enter")
    await desk.until("document.querySelector('#f-service-note').textContent === 'Please fill this in.'")
    await desk.page.select_option("#f-service", label="outage")
    await desk.page.focus("#f-name")
    await desk.page.keyboard.press("Enter")
    await desk.until("document.querySelector('#f-seats-note').textContent.includes('valid number')")
    await desk.focused("#f-seats")
    assert await desk.page.input_value("#f-seats") == "many", "what is wrong can be seen and mended"
    assert [it["type"] for it in desk.app.heard if it["type"] == "view_submission"] == []


@pytest.mark.promise("stage-page-modals")
@pytest.mark.promise("stage-page-fits")
async def test_a_modal_with_every_input_fits_and_axe_finds_nothing_serious(
    desk: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    await opens(desk, EVERYTHING)
    await fits(desk)
    await axe(desk, "dialog.view")
    await desk.page.focus("#f-name")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_selector(".field-error")
    await axe(desk, "dialog.view")


@pytest.mark.promise("stage-page-files")
async def test_files_go_into_a_thread_and_the_apps_own_are_shown(
    desk: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    parent = await desk.app.client.chat_postMessage(channel=ROOM, text="A thread")
    await desk.page.click(f"[data-place={ROOM}]")
    await desk.page.hover(".msg")
    await desk.page.keyboard.press("m")
    await desk.focused(".msg [data-tool=more]")
    await desk.page.keyboard.press("Enter")
    await desk.page.click(".menu button:has-text('Reply in thread')")
    await desk.until("document.querySelector('.channel-head').textContent.includes('Thread')")
    files = [
        {"name": "screen.png", "mimeType": "image/png", "buffer": PNG},
        {"name": "a very long name of a log " * 4 + ".txt", "mimeType": "text/plain", "buffer": b"boom"},
    ]
    await desk.page.set_input_files("#slack-files", files)
    await desk.until("document.querySelectorAll('.attached li').length === 2")
    await fits(desk)
    await desk.page.fill("#slack-text", "see here")
    await desk.page.focus("#slack-text")
    await desk.page.keyboard.press("Enter")
    shared = await desk.app.until("message", lambda it: it.get("subtype") == "file_share")
    assert shared["thread_ts"] == parent["ts"] and shared["text"] == "see here" and shared["user"] == ADA
    assert [it["name"] for it in shared["files"]][0] == "screen.png" and len(shared["files"]) == 2
    await desk.page.wait_for_selector(".file.picture img[alt='screen.png']")
    await desk.until("document.querySelector('.file.picture img').naturalWidth === 1")
    await desk.until("!document.querySelector('.attached')")
    await desk.app.client.files_upload_v2(
        channel=ROOM, thread_ts=str(parent["ts"]), content="BEGIN:VCALENDAR", filename="visit.ics"
    )
    link = await desk.page.wait_for_selector("a[download='visit.ics']")
    answer = await desk.page.request.get(desk.url.rstrip("/") + await link.get_attribute("href"))
    assert await answer.text() == "BEGIN:VCALENDAR"
    await fits(desk)
    await axe(desk, "#slack")


@pytest.mark.promise("stage-page-shortcuts")
async def test_a_message_is_edited_deleted_and_given_to_a_shortcut_by_keyboard(
    desk: DeskLook, size: tuple[int, int]
) -> None:
    keys = desk.page.keyboard

    async def menu(choice: str) -> None:
        await keys.press("Escape")
        await keys.press("m")
        await desk.focused(".msg [data-tool=more]")
        await keys.press("Enter")
        await desk.page.wait_for_selector("dialog.menu[open]")
        await desk.page.focus(f"dialog.menu button:has-text('{choice}')")
        await keys.press("Enter")

    await desk.page.click(f"[data-place={ROOM}]")
    await desk.page.fill("#slack-text", "first words")
    await desk.page.focus("#slack-text")
    await keys.press("Enter")
    await desk.page.wait_for_selector(".msg:has-text('first words')")
    await menu("Edit message")
    await desk.focused("#slack-text")
    await keys.press("ControlOrMeta+A")
    await keys.type("second words")
    await keys.press("Enter")
    changed = await desk.app.until("message", lambda it: it.get("subtype") == "message_changed")
    assert changed["message"]["text"] == "second words" and changed["message"]["edited"]["user"] == ADA
    await desk.page.wait_for_selector(".msg .edited")
    await menu("Part of an incident")
    taken = await desk.app.until("message_action")
    assert taken["callback_id"] == "form.incident" and taken["message"]["text"] == "second words"
    await menu("Delete message")
    await desk.page.wait_for_selector("dialog.ask[open]")
    await keys.press("Enter")
    gone = await desk.app.until("message", lambda it: it.get("subtype") == "message_deleted")
    assert gone["previous_message"]["text"] == "second words"
    await desk.page.wait_for_selector(".msg .gone")
    await desk.page.focus("button[aria-label=Shortcuts]")
    await keys.press("Enter")
    await desk.page.focus("dialog.menu button:has-text('The board')")
    await keys.press("Enter")
    assert (await desk.app.until("shortcut"))["callback_id"] == "form.board"


@pytest.mark.promise("stage-page-company")
async def test_customers_people_and_guests_come_in_marked_as_such_and_see_only_what_they_may(
    desk: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    async def bring(name: str, kind: str, channel: str, fresh: str = "") -> None:
        await desk.page.focus("#bring-in")
        await desk.page.keyboard.press("Enter")
        await desk.page.fill("dialog.newcomer [name=name]", name)
        await desk.page.select_option("dialog.newcomer [name=kind]", kind)
        await desk.page.select_option("dialog.newcomer [name=channel]", channel)
        if fresh:
            await desk.page.fill("dialog.newcomer [name=room]", fresh)
        await axe(desk, "dialog.newcomer")
        await desk.page.keyboard.press("Enter")
        await desk.until("!document.querySelector('dialog.newcomer')")
        await desk.page.wait_for_selector(f".person.on:has-text('{name}')")

    await bring("Carla Customer", "external", "new", "acme and us")
    await desk.page.wait_for_selector(".person.on .kind.external")
    places = "[...document.querySelectorAll('[data-place] > span:first-child')].map(e => e.textContent)"
    assert await desk.page.evaluate(places) == ["# acme-and-us"], "who is elsewhere sees nothing of ours"
    assert await desk.page.query_selector("#go-available") is None
    await desk.page.fill("#slack-text", "Our shop is down")
    await desk.page.keyboard.press("Enter")
    said = await desk.app.until("message", lambda it: it.get("text") == "Our shop is down")
    assert said["user_team"] == "T0CUSTOMER"
    await bring("Gil Guest", "single_channel_guest", ROOM)
    assert await desk.page.evaluate(places) == ["# support"]
    assert await desk.page.query_selector("[data-place=home], [data-place=dm]") is None
    await desk.become(ADA)
    await desk.page.click("[data-place]:has-text('acme-and-us')")
    await desk.page.wait_for_selector(".shared-note:has-text('Carla Customer')")
    await desk.page.wait_for_selector(".msg-head .kind.external")
    await fits(desk)
    await axe(desk, "#slack")


@pytest.mark.promise("stage-page-company")
async def test_several_people_are_played_at_once_each_where_they_were(desk: DeskLook) -> None:
    await desk.page.click(f"[data-place={ROOM}]")
    await desk.page.fill("#slack-text", "half a sen")
    await desk.become(BOSS)
    assert await desk.page.input_value("#slack-text") == ""
    await desk.become(ADA)
    await desk.until(f"document.querySelector('[data-place={ROOM}]').getAttribute('aria-current') === 'page'")
    assert await desk.page.input_value("#slack-text") == "half a sen"
    async with desk.page.context.expect_page() as opening:
        await desk.page.click(".solo-link")
    alone = await opening.value
    await alone.wait_for_selector("[data-place=home]", state="attached")
    assert "Ada Lovelace" in str(await alone.text_content(".presence"))
    assert await alone.query_selector("[data-person]") is None
    assert await alone.query_selector("#queue") is None
    await desk.become(LIN)
    await alone.click(f"[data-place={ROOM}]")
    await alone.fill("#slack-text", "from Ada's own window")
    await alone.keyboard.press("Enter")
    said = await desk.app.until("message", lambda it: it.get("text") == "from Ada's own window")
    assert said["user"] == ADA
    await desk.page.click(f"[data-place={ROOM}]")
    await desk.page.wait_for_selector(".msg:has-text('own window')")


async def test_an_emptied_stage_leaves_nobody_in_a_place_that_is_gone(desk: DeskLook) -> None:
    await desk.page.click("#bring-in")
    await desk.page.fill("dialog.newcomer [name=name]", "Gil Guest")
    await desk.page.select_option("dialog.newcomer [name=kind]", "guest")
    await desk.page.keyboard.press("Enter")
    await desk.page.wait_for_selector(".person.on:has-text('Gil Guest')")
    async with desk.page.expect_response("**/sandbox/api/reset"):
        await desk.page.evaluate(
            "fetch('/sandbox/api/reset', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(() => 1)"
        )
    await desk.page.wait_for_selector(f"[data-person={ADA}].on")
    await desk.page.wait_for_selector("[data-place=dm][aria-current=page]")
    assert await desk.page.query_selector(".person:has-text('Gil Guest')") is None
