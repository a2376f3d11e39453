"""What Slack refuses of messages' blocks and of views, in its own words, and what it adds to those it takes.

Stricter than needed only where Slack's own rule is not published: table, markdown and the blocks of messages
and views that a desk needs are known; newer ones (card, carousel, video, …) are refused as unsupported.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Literal

from .slack_elements import IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION, RICH_TEXT, elements_of
from .slack_schema import (
    KIND,
    SLACK_FILE,
    Check,
    Complaints,
    Json,
    Need,
    boolean,
    both,
    choice,
    items,
    one_field_of,
    only_one_of,
    plain,
    shape,
    string,
    text,
    typed,
    url,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
# Unpublished; refusals begin at 13,172 to 13,297 characters of blocks (slackapi/bolt-js#2509).
MESSAGE_BLOCKS_SIZE = 13_200
VIEW_SIZE = 250_000
_ID = string(255)


def _block(**fields: Check | Need) -> Check:
    return shape({"type": KIND, "block_id": _ID, **fields})


_WORD = text(3000)


def _context_element(value: Any, at: str, bad: Complaints) -> None:
    (IMAGE if isinstance(value, dict) and value.get("type") == "image" else _WORD)(value, at, bad)


_CELL = typed({"raw_text": shape({"type": KIND, "text": Need(string(3000))}), "rich_text": RICH_TEXT})
COMMON: dict[str, Check] = {
    "section": both(
        one_field_of("text", "fields"),
        _block(text=text(3000), fields=items(text(2000), 10), accessory=typed(IN_SECTION), expand=boolean),
    ),
    "divider": _block(),
    "header": _block(text=Need(plain(150))),
    "image": both(
        one_field_of("image_url", "slack_file"),
        only_one_of("image_url", "slack_file"),
        _block(image_url=url(), slack_file=SLACK_FILE, alt_text=Need(string(2000)), title=plain(2000)),
    ),
    "actions": _block(elements=Need(items(typed(IN_ACTIONS), 25))),
    "context": _block(elements=Need(items(_context_element, 10))),
    "input": _block(
        label=Need(plain(2000)),
        element=Need(typed(IN_INPUT)),
        dispatch_action=boolean,
        hint=plain(2000),
        optional=boolean,
    ),
    "rich_text": RICH_TEXT,
}
IN_MESSAGE: dict[str, Check] = {
    **COMMON,
    "markdown": _block(text=Need(string(12_000))),
    "table": _block(rows=Need(items(items(_CELL, 20), 100)), column_settings=items(_ID, 20)),
}


def _unique(blocks: list[Any], at: str, bad: Complaints) -> None:
    """Block ids are unique in a document, action ids within their block."""
    seen: set[str] = set()
    for n, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        name = block.get("block_id")
        if isinstance(name, str) and name in seen:
            bad.add(f"`block_id` {name} already exists", f"{at}/{n}/block_id")
        seen.add(str(name))
        acts: set[str] = set()
        for m, element in enumerate(elements_of(block)):
            act = element.get("action_id")
            if isinstance(act, str) and act in acts:
                bad.add(
                    f"`action_id` {act} already exists for another interactive element",
                    f"{at}/{n}/elements/{m}/action_id",
                )
            acts.add(str(act))


def faults_of_blocks(
    blocks: list[Any], where: Literal["message", "modal", "home"], at: str = ""
) -> Complaints:
    """Everything Slack would refuse in these blocks."""
    bad = Complaints()
    kinds = IN_MESSAGE if where == "message" else COMMON
    most = MESSAGE_BLOCKS if where == "message" else VIEW_BLOCKS
    pointer = f"{at}/blocks"
    items(typed(kinds), most, 0)(blocks, pointer, bad)
    _unique(blocks, pointer, bad)
    tables = [n for n, b in enumerate(blocks) if isinstance(b, dict) and b.get("type") == "table"]
    if len(tables) > 1:
        bad.add("only one table is allowed", f"{pointer}/{tables[1]}")
    if where != "modal":
        for n, block in enumerate(blocks):
            if any(
                one["type"] == "file_input" for one in elements_of(block if isinstance(block, dict) else {})
            ):
                bad.add("unsupported type: file_input", f"{pointer}/{n}/element/type")
    return bad


_VIEW: dict[str, Check | Need] = {
    "type": Need(choice("modal", "home")),
    "blocks": Need(items(lambda value, at, bad: None, VIEW_BLOCKS, 0)),
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_MODAL = shape(
    {
        **_VIEW,
        "title": Need(plain(24)),
        "close": plain(24),
        "submit": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
    }
)
_HOME = shape(_VIEW)


def faults_of_view(view: Any) -> Complaints:
    """Everything Slack would refuse in this view; the first line says that the view failed as a whole."""
    bad = Complaints()
    if not isinstance(view, dict):
        bad.add("must provide an object", "/view")
        return bad
    home = view.get("type") == "home"
    (_HOME if home else _MODAL)(view, "/view", bad)
    blocks = view.get("blocks")
    if isinstance(blocks, list):
        bad.found += [
            one
            for one in faults_of_blocks(blocks, "home" if home else "modal", "/view").found
            if one not in bad.found
        ]
        asks = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
        if asks and not home and "submit" not in view:
            bad.add("missing required field: submit", "/view")
    if bad.found:
        bad.found.insert(0, ("failed to match all allowed schemas", "/view"))
    return bad


def too_large(document: Any, most: int) -> bool:
    """Longer than `most` characters as compact JSON."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) > most


def short_id() -> str:
    """An id as Slack makes for blocks and actions without one."""
    return secrets.token_urlsafe(4)[:5].replace("-", "x").replace("_", "y")


def completed(blocks: list[Json]) -> list[Json]:
    """A copy with what Slack adds: block ids, action ids, `emoji` and `verbatim`."""
    done: list[Json] = json.loads(json.dumps(blocks))  # several times faster than a deep copy
    for block in done:
        block.setdefault("block_id", short_id())
        for element in elements_of(block):
            element.setdefault("action_id", short_id())
        if block["type"] != "rich_text":
            _complete_texts(block)
    return done


def _complete_texts(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            _complete_texts(one)
    elif isinstance(value, dict):
        if value.get("type") == "rich_text":
            return
        if value.get("type") == "plain_text" and "text" in value:
            value.setdefault("emoji", True)
        elif value.get("type") == "mrkdwn" and "text" in value:
            value.setdefault("verbatim", False)
        for one in value.values():
            _complete_texts(one)
