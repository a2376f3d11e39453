"""Block Kit's elements and rich text, and which of them may stand in which block."""

from __future__ import annotations

from typing import Any

from .slack_schema import (
    CONFIRM,
    DISPATCH,
    FILTER,
    KIND,
    LINK_OPTION,
    OPTION,
    OPTION_GROUP,
    RICH_OPTION,
    SLACK_FILE,
    Check,
    Complaints,
    Fields,
    Json,
    Need,
    boolean,
    both,
    choice,
    integer,
    items,
    matching,
    one_field_of,
    only_one_of,
    plain,
    shape,
    string,
    typed,
    url,
)

DATE = matching(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", "must be a valid date")
TIME = matching(r"([01]\d|2[0-3]):[0-5]\d", "must be a valid time")
NUMBER = matching(r"-?\d+(\.\d+)?", "must be a valid number")
USER = matching(r"[UW][A-Z0-9]{2,}", "must be a valid user id")
CHANNEL = matching(r"[CG][A-Z0-9]{2,}", "must be a valid channel id")
PLACE = matching(r"[CGDUW][A-Z0-9]{2,}", "must be a valid conversation id")


def _acting(**fields: Check | Need) -> Check:
    return shape({"type": KIND, "action_id": string(255), **fields})


def _chosen(**fields: Check | Need) -> Check:
    return _acting(confirm=CONFIRM, focus_on_load=boolean, **fields)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _listed(value: Any, at: str, bad: Complaints) -> None:
    """What is chosen at first must be among the options, written the same way."""
    if not isinstance(value, dict):
        return
    offered = _list(value.get("options"))
    for group in _list(value.get("option_groups")):
        offered += _list(group.get("options")) if isinstance(group, dict) else []
    first = value.get("initial_option")
    if first is not None and first not in offered:
        bad.add("must match one of the options", f"{at}/initial_option")
    for n, one in enumerate(_list(value.get("initial_options"))):
        if one not in offered:
            bad.add("must match one of the options", f"{at}/initial_options/{n}")
    values = [one.get("value") for one in offered if isinstance(one, dict)]
    if len(set(map(str, values))) < len(values):
        bad.add("option values must be unique", at)


HINT = plain(150)
MANY: Fields = {"max_selected_items": integer(1, 100), "placeholder": HINT}
_STATIC: Fields = {"options": items(OPTION, 100), "option_groups": items(OPTION_GROUP, 100)}
_EITHER = both(one_field_of("options", "option_groups"), only_one_of("options", "option_groups"), _listed)
_FETCH: Fields = {"min_query_length": integer(0, 255)}
_PLACES: Fields = {"default_to_current_conversation": boolean, "filter": FILTER}

BUTTON = _acting(
    text=Need(plain(75)),
    url=url(),
    value=string(2000),
    style=choice("primary", "danger"),
    confirm=CONFIRM,
    accessibility_label=string(75),
)
IMAGE = both(
    one_field_of("image_url", "slack_file"),
    only_one_of("image_url", "slack_file"),
    shape({"type": KIND, "image_url": url(), "slack_file": SLACK_FILE, "alt_text": Need(string(2000))}),
)
SELECTS: dict[str, Check] = {
    "static_select": both(_chosen(placeholder=HINT, initial_option=OPTION, **_STATIC), _EITHER),
    "external_select": _chosen(placeholder=HINT, initial_option=OPTION, **_FETCH),
    "users_select": _chosen(placeholder=HINT, initial_user=USER),
    "conversations_select": _chosen(
        placeholder=HINT, initial_conversation=PLACE, response_url_enabled=boolean, **_PLACES
    ),
    "channels_select": _chosen(placeholder=HINT, initial_channel=CHANNEL, response_url_enabled=boolean),
    "multi_static_select": both(_chosen(initial_options=items(OPTION, 100), **MANY, **_STATIC), _EITHER),
    "multi_external_select": _chosen(initial_options=items(OPTION, 100), **MANY, **_FETCH),
    "multi_users_select": _chosen(initial_users=items(USER, 100), **MANY),
    "multi_conversations_select": _chosen(initial_conversations=items(PLACE, 100), **MANY, **_PLACES),
    "multi_channels_select": _chosen(initial_channels=items(CHANNEL, 100), **MANY),
}
PICKERS: dict[str, Check] = {
    "checkboxes": both(
        _chosen(options=Need(items(RICH_OPTION, 10)), initial_options=items(RICH_OPTION, 10)), _listed
    ),
    "radio_buttons": both(_chosen(options=Need(items(RICH_OPTION, 10)), initial_option=RICH_OPTION), _listed),
    "datepicker": _chosen(placeholder=HINT, initial_date=DATE),
    "timepicker": _chosen(placeholder=HINT, initial_time=TIME, timezone=string(100)),
    "datetimepicker": _chosen(initial_date_time=integer(1_000_000_000, 9_999_999_999)),
}
OVERFLOW = _acting(options=Need(items(LINK_OPTION, 5)), confirm=CONFIRM)


def _typed_in(**fields: Check | Need) -> Check:
    return _acting(placeholder=HINT, focus_on_load=boolean, dispatch_action_config=DISPATCH, **fields)


def _lengths(value: Any, at: str, bad: Complaints) -> None:
    least, most = (
        value.get(name) if isinstance(value, dict) else None for name in ("min_length", "max_length")
    )
    if isinstance(least, int) and isinstance(most, int) and least > most:
        bad.add("min_length must not exceed max_length", at)


INPUTS: dict[str, Check] = {
    "plain_text_input": both(
        _typed_in(
            initial_value=string(3000, 0),
            multiline=boolean,
            min_length=integer(0, 3000),
            max_length=integer(1, 3000),
        ),
        _lengths,
    ),
    "email_text_input": _typed_in(initial_value=string(3000, 0)),
    "url_text_input": _typed_in(initial_value=string(3000, 0)),
    "number_input": _typed_in(
        is_decimal_allowed=Need(boolean), initial_value=NUMBER, min_value=NUMBER, max_value=NUMBER
    ),
    "file_input": _acting(filetypes=items(string(20), 50), max_files=integer(1, 10)),
}

STYLE = shape({name: boolean for name in ("bold", "italic", "strike", "code", "underline")})
SPANS: dict[str, Check] = {
    "text": shape({"type": KIND, "text": Need(string(40_000)), "style": STYLE}),
    "link": shape(
        {"type": KIND, "url": Need(url()), "text": string(3000), "unsafe": boolean, "style": STYLE}
    ),
    "user": shape({"type": KIND, "user_id": Need(string(64)), "style": STYLE}),
    "channel": shape({"type": KIND, "channel_id": Need(string(64)), "style": STYLE}),
    "usergroup": shape({"type": KIND, "usergroup_id": Need(string(64)), "style": STYLE}),
    "team": shape({"type": KIND, "team_id": Need(string(64)), "style": STYLE}),
    "emoji": shape(
        {
            "type": KIND,
            "name": Need(string(100)),
            "unicode": string(100),
            "skin_tone": integer(1, 6),
            "style": STYLE,
        }
    ),
    "broadcast": shape({"type": KIND, "range": Need(choice("here", "channel", "everyone")), "style": STYLE}),
    "color": shape({"type": KIND, "value": Need(string(20)), "style": STYLE}),
    "date": shape(
        {
            "type": KIND,
            "timestamp": Need(integer(0, 9_999_999_999)),
            "format": Need(string(255)),
            "url": url(),
            "fallback": string(255),
            "style": STYLE,
        }
    ),
}
_WORDS = Need(items(typed(SPANS), 1000, 0))
_FLAT = Need(items(typed({kind: SPANS[kind] for kind in ("text", "link")}), 1000, 0))
_SECTION = shape({"type": KIND, "elements": _WORDS})
RICH: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_list": shape(
        {
            "type": KIND,
            "elements": Need(items(typed({"rich_text_section": _SECTION}), 1000, 0)),
            "style": Need(choice("bullet", "ordered")),
            "indent": integer(0, 8),
            "offset": integer(0, 100_000),
            "border": integer(0, 1),
        }
    ),
    "rich_text_preformatted": shape(
        {"type": KIND, "elements": _FLAT, "border": integer(0, 1), "language": string(50)}
    ),
    "rich_text_quote": shape({"type": KIND, "elements": _WORDS, "border": integer(0, 1)}),
}
RICH_TEXT = shape({"type": KIND, "block_id": string(255), "elements": Need(items(typed(RICH), 1000, 0))})
INPUTS["rich_text_input"] = _typed_in(initial_value=typed({"rich_text": RICH_TEXT}))

IN_SECTION: dict[str, Check] = {
    "button": BUTTON,
    "image": IMAGE,
    "overflow": OVERFLOW,
    **SELECTS,
    **{kind: PICKERS[kind] for kind in ("checkboxes", "radio_buttons", "datepicker", "timepicker")},
}
IN_ACTIONS: dict[str, Check] = {"button": BUTTON, "overflow": OVERFLOW, **SELECTS, **PICKERS}
IN_INPUT: dict[str, Check] = {**SELECTS, **PICKERS, **INPUTS}
INTERACTIVE = {*IN_ACTIONS, *IN_INPUT}


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of one block, in order."""
    several = block.get("elements")
    found = [*(several if isinstance(several, list) else []), block.get("accessory"), block.get("element")]
    return [one for one in found if isinstance(one, dict) and str(one.get("type")) in INTERACTIVE]
