"""The stand-in refuses the Block Kit that Slack refuses, and takes what Slack takes."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from tierline.sandbox.slack_blocks import completed, faults_of_blocks, faults_of_view

Json = dict[str, Any]


def plain(text: str = "x", **more: Any) -> Json:
    return {"type": "plain_text", "text": text, **more}


def mrkdwn(text: str = "x", **more: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **more}


def option(value: str = "a", text: str = "A", **more: Any) -> Json:
    return {"text": plain(text), "value": value, **more}


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", "options": [option()], **more}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(), **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def field(**more: Any) -> Json:
    return {
        "type": "input",
        "label": plain("Name"),
        "element": {"type": "plain_text_input", "action_id": "in"},
        **more,
    }


def confirm(**more: Any) -> Json:
    return {"title": plain(), "text": mrkdwn(), "confirm": plain(), "deny": plain(), **more}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def words(*spans: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(spans)}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "blocks": list(blocks) or [section()], **more}


BAD_BLOCKS: dict[str, list[Any]] = {
    "unknown block": [{"type": "paragraph"}],
    "no type": [{"text": mrkdwn()}],
    "not an object": ["hello"],
    "section without words": [{"type": "section"}],
    "section with empty text": [section(text=mrkdwn(""))],
    "section text 3001": [section(text=mrkdwn("x" * 3001))],
    "section text as string": [{"type": "section", "text": "hello"}],
    "section with 11 fields": [{"type": "section", "fields": [mrkdwn()] * 11}],
    "section field 2001": [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
    "section with unknown attribute": [section(color="red")],
    "section with input element": [section(accessory={"type": "plain_text_input", "action_id": "a"})],
    "markdown word as text type": [section(text={"type": "markdown", "text": "x"})],
    "emoji in mrkdwn": [section(text=mrkdwn(emoji=True))],
    "verbatim in plain_text": [section(text=plain(verbatim=True))],
    "header in mrkdwn": [{"type": "header", "text": mrkdwn()}],
    "header 151": [{"type": "header", "text": plain("x" * 151)}],
    "header without text": [{"type": "header"}],
    "divider with text": [{"type": "divider", "text": plain()}],
    "empty actions": [actions()],
    "26 actions": [actions(*[button(action_id=f"a{n}") for n in range(26)])],
    "action id twice in a block": [actions(button(), button())],
    "text in actions": [actions(mrkdwn())],
    "image in actions": [actions({"type": "image", "image_url": "https://x.example/a.png", "alt_text": "a"})],
    "button in mrkdwn": [actions(button(text=mrkdwn()))],
    "button text 76": [actions(button(text=plain("x" * 76)))],
    "button without text": [actions({"type": "button", "action_id": "a"})],
    "button value 2001": [actions(button(value="x" * 2001))],
    "button with empty value": [actions(button(value=""))],
    "button with number value": [actions(button(value=7))],
    "button style default": [actions(button(style="default"))],
    "button url without scheme": [actions(button(url="example.com"))],
    "action id 256": [actions(button(action_id="x" * 256))],
    "confirm without deny": [actions(button(confirm={"title": plain(), "text": plain(), "confirm": plain()}))],
    "confirm with type": [actions(button(confirm=confirm(type="confirm")))],
    "confirm title 101": [actions(button(confirm=confirm(title=plain("x" * 101))))],
    "confirm button 31": [actions(button(confirm=confirm(confirm=plain("x" * 31))))],
    "select without options": [actions({"type": "static_select", "action_id": "a"})],
    "select with 101 options": [actions(select(options=[option(str(n)) for n in range(101)]))],
    "select with both lists": [actions(select(option_groups=[{"label": plain(), "options": [option()]}]))],
    "option value 151": [actions(select(options=[option("x" * 151)]))],
    "option text 76": [actions(select(options=[option(text="x" * 76)]))],
    "option with type": [actions(select(options=[option(type="option")]))],
    "option with url in a select": [actions(select(options=[option(url="https://x.example")]))],
    "option in mrkdwn in a select": [actions(select(options=[{"text": mrkdwn(), "value": "a"}]))],
    "initial option not offered": [actions(select(initial_option=option("b")))],
    "placeholder 151": [actions(select(placeholder=plain("x" * 151)))],
    "overflow with six": [section(accessory={"type": "overflow", "action_id": "o", "options": [option(str(n)) for n in range(6)]})],
    "eleven radio buttons": [actions({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]})],
    "date in another form": [actions({"type": "datepicker", "initial_date": "31.01.2026"})],
    "time 24:00": [actions({"type": "timepicker", "initial_time": "24:00"})],
    "empty context": [{"type": "context", "elements": []}],
    "context with eleven": [{"type": "context", "elements": [mrkdwn()] * 11}],
    "button in context": [{"type": "context", "elements": [button()]}],
    "image without alt text": [{"type": "image", "image_url": "https://x.example/a.png"}],
    "image without source": [{"type": "image", "alt_text": "a"}],
    "input without label": [{"type": "input", "element": {"type": "plain_text_input"}}],
    "input label 2001": [field(label=plain("x" * 2001))],
    "input label in mrkdwn": [field(label=mrkdwn())],
    "button in input": [field(element=button())],
    "input with text": [field(text=plain())],
    "number input without decimals rule": [field(element={"type": "number_input"})],
    "initial value 3001": [field(element={"type": "plain_text_input", "initial_value": "x" * 3001})],
    "min over max": [field(element={"type": "plain_text_input", "min_length": 9, "max_length": 3})],
    "file input in a message": [field(element={"type": "file_input", "action_id": "f"})],
    "block id twice": [section(block_id="b"), section(block_id="b")],
    "block id 256": [section(block_id="x" * 256)],
    "51 blocks": [section()] * 51,
    "rich text as string": [{"type": "rich_text", "elements": ["hello"]}],
    "rich text word outside a section": [rich({"type": "text", "text": "hello"})],
    "rich text with empty word": [rich(words({"type": "text", "text": ""}))],
    "rich text with unknown style": [rich(words({"type": "text", "text": "x", "style": {"loud": True}}))],
    "rich text user without id": [rich(words({"type": "user"}))],
    "rich text list without style": [rich({"type": "rich_text_list", "elements": []})],
    "rich text mrkdwn": [rich(words(mrkdwn()))],
    "two tables": [{"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}] * 2,
    "markdown 12001": [{"type": "markdown", "text": "x" * 12_001}],
}  # fmt: skip

BAD_VIEWS: dict[str, Any] = {
    "no title": {"type": "modal", "blocks": [section()]},
    "title 25": modal(title=plain("x" * 25)),
    "title in mrkdwn": modal(title=mrkdwn()),
    "submit 25": modal(submit=plain("x" * 25)),
    "close 25": modal(close=plain("x" * 25)),
    "private metadata 3001": modal(private_metadata="x" * 3001),
    "private metadata as object": modal(private_metadata={"contact": "1"}),
    "callback id 256": modal(callback_id="x" * 256),
    "101 blocks": modal(*[section() for _ in range(101)]),
    "input without submit": modal(field()),
    "submit_disabled": modal(submit_disabled=True),
    "unknown attribute": modal(state={"values": {}}),
    "unknown type": {"type": "dialog", "title": plain(), "blocks": []},
    "no blocks": {"type": "modal", "title": plain()},
    "home with title": {"type": "home", "title": plain(), "blocks": []},
    "home with submit": {"type": "home", "submit": plain(), "blocks": []},
    "table in a modal": modal({"type": "table", "rows": [[{"type": "raw_text", "text": "a"}]]}),
    "markdown in a modal": modal({"type": "markdown", "text": "x"}),
}


@pytest.mark.promise("sandbox-slack-refuses")
@pytest.mark.parametrize("name", BAD_BLOCKS)
def test_blocks_that_slack_refuses_are_refused_with_a_pointer(name: str) -> None:
    lines = faults_of_blocks(BAD_BLOCKS[name], "message").lines()
    assert lines and all("[json-pointer:/blocks" in line for line in lines)


@pytest.mark.parametrize("name", BAD_VIEWS)
def test_views_that_slack_refuses_are_refused_with_a_pointer(name: str) -> None:
    lines = faults_of_view(BAD_VIEWS[name]).lines()
    assert lines[0] == "failed to match all allowed schemas [json-pointer:/view]"
    assert len(lines) > 1 or name == "not an object"


def test_refusals_are_in_slacks_own_words() -> None:
    """As reported from the real service: rtCamp/frappe-slack-connector#54, spacecat-api-service#176."""
    long_option = select(options=[option(text="x" * 76)])
    assert faults_of_blocks([actions(long_option)], "message").lines() == [
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]"
    ]
    many = actions(*[button(action_id=f"a{n}") for n in range(26)])
    assert faults_of_blocks([section(), many], "message").lines() == [
        "no more than 25 items allowed [json-pointer:/blocks/1/elements]"
    ]
    assert (
        "invalid additional property: submit_disabled [json-pointer:/view]"
        in faults_of_view(modal(submit_disabled=True)).lines()
    )


GOOD_BLOCKS = [
    section(accessory=button(style="primary", confirm=confirm(style="danger"))),
    {"type": "section", "fields": [mrkdwn(), plain(emoji=False)]},
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150, emoji=True)},
    actions(button(), select(initial_option=option()), {"type": "datepicker", "initial_date": "2026-01-31"}),
    actions(button()),
    {"type": "context", "elements": [mrkdwn(verbatim=True), {"type": "image", "image_url": "https://x.example/a", "alt_text": "a"}]},
    field(optional=True, hint=plain(), dispatch_action=True),
    rich(words({"type": "text", "text": "hi ", "style": {"bold": True}}, {"type": "user", "user_id": "U1"})),
    section(accessory={"type": "overflow", "options": [option(url="https://x.example")]}),
    section(accessory={"type": "radio_buttons", "options": [{"text": mrkdwn(), "value": "a"}]}),
    {"type": "markdown", "text": "**x**"},
]  # fmt: skip


def test_blocks_that_slack_takes_are_taken_also_with_one_action_id_in_several_blocks() -> None:
    assert faults_of_blocks(GOOD_BLOCKS, "message").lines() == []
    home = {"type": "home", "blocks": GOOD_BLOCKS[:-1], "private_metadata": "", "callback_id": "home"}
    assert faults_of_view(home).lines() == []
    assert faults_of_view(modal(field(), submit=plain("Send"), notify_on_close=True)).lines() == []


JUNK: list[Any] = [
    None,
    True,
    7,
    -1.5,
    "",
    "x",
    [],
    {},
    [[]],
    [{}],
    {"type": []},
    {"type": "button"},
    {"type": {}},
]


def spots(document: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a document."""
    keys = (
        document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    )
    return [found for key in list(keys) for found in [(document, key), *spots(document[key])]]


@pytest.mark.parametrize("seed", range(20))
def test_no_document_however_odd_breaks_the_checks(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        blocks = copy.deepcopy(GOOD_BLOCKS)
        for _ in range(dice.randint(1, 3)):
            container, key = dice.choice(spots(blocks))
            container[key] = copy.deepcopy(dice.choice(JUNK))
        lines = faults_of_blocks(blocks, "message").lines()
        assert faults_of_view({"type": "home", "blocks": blocks}).lines()  # markdown is for messages only
        assert lines or completed(blocks)


def test_what_is_taken_gets_slacks_ids_and_defaults() -> None:
    done = completed([section(accessory={"type": "button", "text": plain("Go")})])
    assert done[0]["block_id"] and done[0]["accessory"]["action_id"]
    assert done[0]["accessory"]["text"]["emoji"] is True and done[0]["text"]["verbatim"] is False
