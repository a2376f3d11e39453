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


def home(at_slack: DeskLook, *lines: str) -> Any:
    """Publishes a Home that names its person, with one button."""

    async def publish(event: Json) -> None:
        user = event["user"] if isinstance(event["user"], str) else event["user"]["id"]
        blocks = [
            words(f"*Home of {user}*"),
            *(words(line) for line in lines),
            button("Go away", "duty.away"),
        ]
        await at_slack.app.client.views_publish(user_id=user, view={"type": "home", "blocks": blocks})

    return publish


@pytest.mark.promise("stage-page-home")
async def test_everybody_has_a_home_that_changes_while_they_look_and_whose_buttons_work(
    at_slack: DeskLook, size: tuple[int, int]
) -> None:
    at_slack.app.answers["app_home_opened"] = home(at_slack, "Nothing waits.")
    await at_slack.page.keyboard.press("h")
    await at_slack.app.until("app_home_opened", lambda it: it["user"] == ADA and it["tab"] == "home")
    await at_slack.page.wait_for_selector(f".home-blocks:has-text('Home of {ADA}')")
    await home(at_slack, "Three wait.")({"user": ADA})
    await at_slack.page.wait_for_selector(".home-blocks:has-text('Three wait.')")
    await at_slack.page.focus(".home-blocks button")
    await at_slack.page.keyboard.press("Enter")
    pressed = await at_slack.app.until("block_actions")
    assert pressed["view"]["type"] == "home" and pressed["user"]["id"] == ADA
    assert pressed["actions"][0]["action_id"] == "duty.away"
    await at_slack.become(LIN)
    await at_slack.page.wait_for_selector(f".home-blocks:has-text('Home of {LIN}')")
    await at_slack.page.focus("#slack-tab-home")
    await at_slack.page.keyboard.press("ArrowRight")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.app.until("app_home_opened", lambda it: it["user"] == LIN and it["tab"] == "messages")
    await at_slack.page.wait_for_selector("#slack-text")


@pytest.mark.promise("stage-page-home")
@pytest.mark.promise("stage-page-fits")
async def test_a_long_home_fits_and_axe_finds_nothing_serious(
    at_slack: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    at_slack.app.answers["app_home_opened"] = home(at_slack, "w" * 300, *(f"Line {n}" for n in range(30)))
    await at_slack.page.keyboard.press("h")
    await at_slack.page.wait_for_selector(".home-blocks:has-text('Line 29')")
    await fits(at_slack)
    await axe(at_slack)


async def opens(at_slack: DeskLook, form: Form) -> None:
    """A message whose button opens a form: a loading view at once, then the form in its place."""

    async def loads(payload: Json) -> None:
        view = form_views.loading("all", "[]")
        opened = await at_slack.app.client.views_open(trigger_id=payload["trigger_id"], view=view)
        await at_slack.page.wait_for_selector("dialog.view:has-text('One moment')")
        await at_slack.app.client.views_update(
            view_id=opened["view"]["id"], view=form_views.form_view("all", form, "[]")
        )

    async def soon(payload: Json) -> None:
        at_slack.later(loads(payload))

    at_slack.app.answers["form.all"] = soon
    await at_slack.app.client.chat_postMessage(
        channel=ADA_DM, text="Fill this in", blocks=[words("Fill this in"), button("Open", "form.all")]
    )
    await at_slack.page.click("button[data-action='form.all']")
    await at_slack.page.wait_for_selector("dialog.view .b-input")


async def goes_to_room(at_slack: DeskLook) -> None:
    await at_slack.page.click(f"[data-place={ROOM}]")
    await at_slack.page.wait_for_selector(".channel-head:has-text('#support')")


def filled(payload: Json) -> dict[str, str]:
    return dict(form_views.filled_in("all", "", EVERYTHING, payload["view"]).answers)


@pytest.mark.promise("stage-page-modals")
async def test_every_kind_of_input_is_filled_in_by_keyboard_and_arrives_as_the_product_reads_it(
    at_slack: DeskLook, size: tuple[int, int]
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

    at_slack.app.answers["view_submission"] = answer
    await opens(at_slack, EVERYTHING)
    keys = at_slack.page.keyboard
    await at_slack.focused("#f-service")  # what was loading has become a form: its first field has the focus
    await keys.type("how")
    await keys.press("Tab")  # a long list has a filter
    await keys.type("skill 1")
    await at_slack.until("document.querySelectorAll('.many-list label:not(.out) [name=skills]').length === 3")
    await keys.press("Tab")
    await keys.press("Space")
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("Tab")
    await at_slack.focused("#f-owner")
    await keys.type("Lin")
    await keys.press("Tab")  # one stop for all of a list
    await keys.press("ArrowDown")
    await keys.press("Space")
    await keys.press("End")
    await keys.press("Space")
    await keys.press("Tab")
    await keys.type("01312027")
    await keys.press("Tab")
    while not await at_slack.page.evaluate("document.activeElement.matches('#f-at')"):
        await keys.press("Tab")
    await keys.type("0930AM")
    await at_slack.page.focus("#f-seats")
    await keys.type("7")
    await keys.press("Tab")
    await keys.type("Night shift")
    await keys.press("Tab")
    await keys.type("Because.")
    await at_slack.page.focus("#f-name")
    await keys.press("Enter")
    wanted = {
        "service": "howto", "skills": "skill 1\nskill 10", "owner": LIN, "watchers": f"{LIN}\n{BOSS}",
        "on": "2027-01-31", "at": "09:30", "seats": "7", "name": "Night shift", "why": "Because.",
    }  # fmt: skip
    assert {k: v for k, v in filled(await at_slack.app.until("view_submission")).items() if v} == wanted
    await at_slack.until("document.querySelectorAll('.b-input.wrong').length === 2")
    assert await at_slack.page.text_content("#f-seats-note") == "Only 3 are free."
    assert await at_slack.page.text_content("#f-skills-note") == "Not both."
    await at_slack.until("document.activeElement.closest('.b-input.wrong')")
    await at_slack.page.focus("#f-seats")
    await keys.press("Backspace")
    await keys.type("3")
    await keys.press("Enter")
    again = await at_slack.app.until("view_submission", lambda it: filled(it)["seats"] == "3")
    assert {k: v for k, v in filled(again).items() if v} == wanted | {"seats": "3"}, "nothing was lost"
    await at_slack.page.wait_for_selector("dialog.view:has-text('Sure?')")
    await at_slack.focused("#f-sure")
    await keys.press("Enter")
    await at_slack.until("!document.querySelector('dialog.view')")


@pytest.mark.promise("stage-page-modals")
async def test_what_slack_itself_refuses_stands_at_its_field(at_slack: DeskLook) -> None:
    await opens(at_slack, EVERYTHING)
    await at_slack.page.fill("#f-seats", "many")
    await at_slack.page.focus("#f-name")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.until("document.querySelector('#f-service-note').textContent === 'Please fill this in.'")
    await at_slack.page.select_option("#f-service", label="outage")
    await at_slack.page.focus("#f-name")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.until("document.querySelector('#f-seats-note').textContent.includes('valid number')")
    await at_slack.focused("#f-seats")
    assert await at_slack.page.input_value("#f-seats") == "many", "what is wrong can be seen and mended"
    assert [it["type"] for it in at_slack.app.heard if it["type"] == "view_submission"] == []


@pytest.mark.promise("stage-page-modals")
@pytest.mark.promise("stage-page-fits")
async def test_a_modal_with_every_input_fits_and_axe_finds_nothing_serious(
    at_slack: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    await opens(at_slack, EVERYTHING)
    await fits(at_slack)
    await axe(at_slack, "dialog.view")
    await at_slack.page.focus("#f-name")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.page.wait_for_selector(".field-error")
    await axe(at_slack, "dialog.view")


@pytest.mark.promise("stage-page-files")
async def test_files_go_into_a_thread_and_the_apps_own_are_shown(
    at_slack: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    parent = await at_slack.app.client.chat_postMessage(channel=ROOM, text="A thread")
    await goes_to_room(at_slack)
    await at_slack.page.hover(".msg")
    await at_slack.page.keyboard.press("m")
    await at_slack.focused(".msg [data-tool=more]")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.page.click(".menu button:has-text('Reply in thread')")
    await at_slack.until("document.querySelector('.channel-head').textContent.includes('Thread')")
    files = [
        {"name": "screen.png", "mimeType": "image/png", "buffer": PNG},
        {"name": "a very long name of a log " * 4 + ".txt", "mimeType": "text/plain", "buffer": b"boom"},
    ]
    await at_slack.page.set_input_files("#slack-files", files)
    await at_slack.until("document.querySelectorAll('.attached li').length === 2")
    await fits(at_slack)
    await at_slack.page.fill("#slack-text", "see here")
    await at_slack.page.focus("#slack-text")
    await at_slack.page.keyboard.press("Enter")
    shared = await at_slack.app.until("message", lambda it: it.get("subtype") == "file_share")
    assert shared["thread_ts"] == parent["ts"] and shared["text"] == "see here" and shared["user"] == ADA
    assert [it["name"] for it in shared["files"]][0] == "screen.png" and len(shared["files"]) == 2
    await at_slack.page.wait_for_selector(".file.picture img[alt='screen.png']")
    await at_slack.until("document.querySelector('.file.picture img').naturalWidth === 1")
    await at_slack.until("!document.querySelector('.attached')")
    await at_slack.app.client.files_upload_v2(
        channel=ROOM, thread_ts=str(parent["ts"]), content="BEGIN:VCALENDAR", filename="visit.ics"
    )
    link = await at_slack.page.wait_for_selector("a[download='visit.ics']")
    answer = await at_slack.page.request.get(at_slack.url.rstrip("/") + await link.get_attribute("href"))
    assert await answer.text() == "BEGIN:VCALENDAR"
    await fits(at_slack)
    await axe(at_slack, "#slack")


@pytest.mark.promise("stage-page-shortcuts")
async def test_a_message_is_edited_deleted_and_given_to_a_shortcut_by_keyboard(
    at_slack: DeskLook, size: tuple[int, int]
) -> None:
    keys = at_slack.page.keyboard

    async def menu(choice: str) -> None:
        await keys.press("Escape")
        await keys.press("m")
        await at_slack.focused(".msg [data-tool=more]")
        await keys.press("Enter")
        await at_slack.page.wait_for_selector("dialog.menu[open]")
        await at_slack.page.focus(f"dialog.menu button:has-text('{choice}')")
        await keys.press("Enter")

    await goes_to_room(at_slack)
    await at_slack.page.fill("#slack-text", "first words")
    await at_slack.page.focus("#slack-text")
    await keys.press("Enter")
    await at_slack.page.wait_for_selector(".msg:has-text('first words')")
    await menu("Edit message")
    await at_slack.focused("#slack-text")
    await keys.press("ControlOrMeta+A")
    await keys.type("second words")
    await keys.press("Enter")
    changed = await at_slack.app.until("message", lambda it: it.get("subtype") == "message_changed")
    assert changed["message"]["text"] == "second words" and changed["message"]["edited"]["user"] == ADA
    await at_slack.page.wait_for_selector(".msg .edited")
    await menu("Part of an incident")
    taken = await at_slack.app.until("message_action")
    assert taken["callback_id"] == "form.incident" and taken["message"]["text"] == "second words"
    await menu("Delete message")
    await at_slack.page.wait_for_selector("dialog.ask[open]")
    await keys.press("Enter")
    gone = await at_slack.app.until("message", lambda it: it.get("subtype") == "message_deleted")
    assert gone["previous_message"]["text"] == "second words"
    await at_slack.page.wait_for_selector(".msg .gone")
    await at_slack.page.focus("button[aria-label=Shortcuts]")
    await keys.press("Enter")
    await at_slack.page.focus("dialog.menu button:has-text('The board')")
    await keys.press("Enter")
    assert (await at_slack.app.until("shortcut"))["callback_id"] == "form.board"


@pytest.mark.promise("stage-page-company")
async def test_customers_people_and_guests_come_in_marked_as_such_and_see_only_what_they_may(
    at_slack: DeskLook,
    size: tuple[int, int],
    scheme: str,
    needs_axe: None,  # noqa: F811
) -> None:
    async def bring(name: str, kind: str, channel: str, fresh: str = "") -> None:
        await at_slack.page.focus("#bring-in")
        await at_slack.page.keyboard.press("Enter")
        await at_slack.page.fill("dialog.newcomer [name=name]", name)
        await at_slack.page.select_option("dialog.newcomer [name=kind]", kind)
        await at_slack.page.select_option("dialog.newcomer [name=channel]", channel)
        if fresh:
            await at_slack.page.fill("dialog.newcomer [name=room]", fresh)
        await axe(at_slack, "dialog.newcomer")
        await at_slack.page.keyboard.press("Enter")
        await at_slack.until("!document.querySelector('dialog.newcomer')")
        await at_slack.page.wait_for_selector(f".person.on:has-text('{name}')")

    await bring("Carla Customer", "external", "new", "acme and us")
    await at_slack.page.wait_for_selector(".person.on .kind.external")
    places = "[...document.querySelectorAll('[data-place] > span:first-child')].map(e => e.textContent)"
    assert await at_slack.page.evaluate(places) == ["# acme-and-us"], "who is elsewhere sees nothing of ours"
    assert await at_slack.page.query_selector("#go-available") is None
    await at_slack.page.fill("#slack-text", "Our shop is down")
    await at_slack.page.keyboard.press("Enter")
    said = await at_slack.app.until("message", lambda it: it.get("text") == "Our shop is down")
    assert said["user_team"] == "T0CUSTOMER"
    await bring("Gil Guest", "single_channel_guest", ROOM)
    assert await at_slack.page.evaluate(places) == ["# support"]
    assert await at_slack.page.query_selector("[data-place=home], [data-place=dm]") is None
    await at_slack.become(ADA)
    await at_slack.page.click("[data-place]:has-text('acme-and-us')")
    await at_slack.page.wait_for_selector(".shared-note:has-text('Carla Customer')")
    await at_slack.page.wait_for_selector(".msg-head .kind.external")
    await fits(at_slack)
    await axe(at_slack, "#slack")


@pytest.mark.promise("stage-page-company")
async def test_several_people_are_played_at_once_each_where_they_were(at_slack: DeskLook) -> None:
    await goes_to_room(at_slack)
    await at_slack.page.fill("#slack-text", "half a sen")
    await at_slack.become(BOSS)
    assert await at_slack.page.input_value("#slack-text") == ""
    await at_slack.become(ADA)
    await at_slack.until(
        f"document.querySelector('[data-place={ROOM}]').getAttribute('aria-current') === 'page'"
    )
    assert await at_slack.page.input_value("#slack-text") == "half a sen"
    async with at_slack.page.context.expect_page() as opening:
        await at_slack.page.click(".solo-link")
    alone = await opening.value
    await alone.wait_for_selector("[data-place=home]", state="attached")
    assert "Ada Lovelace" in str(await alone.text_content(".presence"))
    assert await alone.query_selector("[data-person]") is None
    assert await alone.query_selector("#queue") is None
    await at_slack.become(LIN)
    await alone.click(f"[data-place={ROOM}]")
    await alone.fill("#slack-text", "from Ada's own window")
    await alone.keyboard.press("Enter")
    said = await at_slack.app.until("message", lambda it: it.get("text") == "from Ada's own window")
    assert said["user"] == ADA
    await goes_to_room(at_slack)
    await at_slack.page.wait_for_selector(".msg:has-text('own window')")


async def test_an_emptied_stage_leaves_nobody_in_a_place_that_is_gone(at_slack: DeskLook) -> None:
    await at_slack.page.click("#bring-in")
    await at_slack.page.fill("dialog.newcomer [name=name]", "Gil Guest")
    await at_slack.page.select_option("dialog.newcomer [name=kind]", "guest")
    await at_slack.page.keyboard.press("Enter")
    await at_slack.page.wait_for_selector(".person.on:has-text('Gil Guest')")
    async with at_slack.page.expect_response("**/sandbox/api/reset"):
        await at_slack.page.evaluate(
            "fetch('/sandbox/api/reset', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}'}).then(() => 1)"
        )
    await at_slack.page.wait_for_selector(f"[data-person={ADA}].on")
    await at_slack.page.wait_for_selector("[data-place=dm][aria-current=page]")
    assert await at_slack.page.query_selector(".person:has-text('Gil Guest')") is None
