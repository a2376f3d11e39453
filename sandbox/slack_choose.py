"""Finding what a person presses, and turning what they choose or type into Slack's state values."""

from __future__ import annotations

import re
from typing import Any

from .slack_desk import Refused
from .slack_elements import elements_of
from .slack_modals import value_field
from .slack_schema import Json
from .slack_state import Workspace


def find(blocks: list[Json], action_id: str, block_id: Any, value: Any) -> tuple[Json, Json]:
    """The block and element meant; several of one id are told apart by block_id or a button's value."""
    every = [(block, one) for block in blocks for one in elements_of(block)]
    found = [(block, one) for block, one in every if one.get("action_id") == action_id]
    if block_id:
        found = [(block, one) for block, one in found if block["block_id"] == block_id]
    if len(found) > 1 and value is not None:
        found = [(block, one) for block, one in found if one.get("value") == value] or found
    if not found:
        there = ", ".join(
            f"{one['action_id']} ({one['type']}, block {block['block_id']})" for block, one in every
        )
        raise Refused("action_not_found", f"there is {there or 'nothing to press'}", 404)
    if len(found) > 1:
        which = ", ".join(block["block_id"] for block, _ in found)
        raise Refused("ambiguous_action", f"send block_id: {action_id} stands in {which}")
    return found[0]


def options_of(element: Json) -> list[Json]:
    """What an element offers, groups flattened."""
    grouped = [one for group in element.get("option_groups") or [] for one in group["options"]]
    return [*(element.get("options") or []), *grouped]


def _option(element: Json, value: Any) -> Json:
    wanted = value.get("value") if isinstance(value, dict) else value
    for one in options_of(element):
        if wanted in (one["value"], one["text"]["text"]):
            return one
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(wanted), "emoji": True}, "value": str(wanted)}
    offered = ", ".join(one["value"] for one in options_of(element))
    raise Refused("option_not_found", f"{element['action_id']} offers {offered}", 404)


_FORMS = {
    "selected_date": (r"\d{4}-\d{2}-\d{2}", "a date as 2026-01-31"),
    "selected_time": (r"([01]\d|2[0-3]):[0-5]\d", "a time as 09:30"),
}
_KNOWN = {
    "selected_user": "users",
    "selected_channel": "channels",
    "selected_users": "users",
    "selected_channels": "channels",
}


def state_of(element: Json, value: Any, space: Workspace) -> Json:
    """One field's state after a person chose or typed `value`: a plain value, or Slack's own state object."""
    kind: str = element["type"]
    name = value_field(kind)
    if name is None:
        raise Refused("not_a_field", f"{element['action_id']} is a {kind}: it holds no value")
    if isinstance(value, dict) and name in value:
        value = value[name]
    empty = value is None or value == "" or value == []
    if name in ("selected_options", "selected_users", "selected_channels", "selected_conversations"):
        several = [] if empty else value if isinstance(value, list) else [value]
        if name == "selected_options":
            return {"type": kind, name: [_option(element, one) for one in several]}
        for one in several:
            _known(name, one, space)
        return {"type": kind, name: several}
    if empty:
        return {"type": kind, name: None}
    if name == "selected_option":
        return {"type": kind, name: _option(element, value)}
    if name == "rich_text_value" and isinstance(value, str):
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": value}]}
        return {"type": kind, name: {"type": "rich_text", "elements": [section]}}
    _known(name, value, space)
    if name in _FORMS and not re.fullmatch(_FORMS[name][0], str(value)):
        raise Refused("invalid_value", f"{element['action_id']} takes {_FORMS[name][1]}")
    return {"type": kind, name: str(value) if name == "value" else value}


def _known(name: str, value: Any, space: Workspace) -> None:
    if name not in _KNOWN:
        return
    every: dict[str, Any] = space.users if _KNOWN[name] == "users" else space.channels
    if value not in every:
        raise Refused("not_found", f"choose one of {', '.join(every)}", 404)


def complaint(element: Json, state: Json, optional: bool) -> str | None:
    """What Slack's client itself says of a field before it sends a form."""
    name = value_field(element["type"]) or "value"
    value = state.get(name)
    if value in (None, "", []):
        return None if optional else "Please complete this required field."
    if name.startswith("selected_") and len(value) > element.get("max_selected_items", len(value)):
        return f"Please choose no more than {element['max_selected_items']}."
    if element["type"] == "plain_text_input":
        most, least = element.get("max_length", 3000), element.get("min_length", 0)
        if len(value) > most:
            return f"Please enter no more than {most} characters."
        if len(value) < least:
            return f"Please enter at least {least} characters."
    if element["type"] == "email_text_input" and not re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", value):
        return "Please enter a valid email address."
    if element["type"] == "url_text_input" and not re.fullmatch(r"https?://\S+", value):
        return "Please enter a valid URL."
    if element["type"] == "number_input":
        whole = not element.get("is_decimal_allowed")
        if not re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", value):
            return "Please enter a valid number."
        low, high = element.get("min_value"), element.get("max_value")
        if (low is not None and float(value) < float(low)) or (
            high is not None and float(value) > float(high)
        ):
            return "Please enter a number in the allowed range."
    return None
