"""Any form of the house as a modal of Slack, and back. Pure.

A modal's limits: 100 blocks, 3,000 characters of private metadata (docs.slack.dev/reference/views/modal-views).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..forms import MOST_CHOICES, Field, Filled, Form
from .blocks import OPTION, Json, clean, clip, escape, ours, plain, tame

PREFIX = "form."
OWN = {
    name: f"contact.{name}" for name in ("close", "transfer", "escalate", "snooze", "callback", "more")
}  # fmt: skip
"""Forms whose button and modal have names that scripts rely on (docs/sandbox.md)."""
LONGEST_TITLE, LONGEST_WORDS = 24, 3000


def called(name: str) -> str:
    """The action_id of the form's button, and the callback_id of its modal."""
    return OWN.get(name, f"{PREFIX}{name}")


def form_of(action: str) -> str:
    """The form that a button or modal of that name stands for, "" for none."""
    own = {action_id: name for name, action_id in OWN.items()}
    return own.get(action, "") or (action.removeprefix(PREFIX) if action.startswith(PREFIX) else "")


def loading(name: str, metadata: str) -> Json:
    """What stands there until the house has answered: a trigger lives 3 s."""
    return _view(name, "One moment …", metadata, [ours("One moment …")])


def words(name: str, title: str, metadata: str, text: str) -> Json:
    """Why there is no form, or what came of one that was sent off."""
    return _view(name, title, metadata, [ours(tame(text, LONGEST_WORDS) or "…")])


def form_view(name: str, form: Form, metadata: str) -> Json:
    """The form itself."""
    return _view(name, form.title, metadata, [_block(one) for one in form.fields][:100], form.submit)


def again(form: Form, filled: Filled, wrong: Mapping[str, str]) -> Form:
    """The form as it was filled in, with what can't stay above it: for mistakes that are found too late for an ack."""
    labels = {one.name: one.label for one in form.fields}
    rows = [f"*{escape(labels.get(name, name))}*: {escape(text)}" for name, text in wrong.items()]
    first = Field("wrong", "", "words", "This can't stay as it is:\n" + "\n".join(rows))
    kept = [
        one if one.kind == "words" else replace(one, value=filled.answers.get(one.name, ""))
        for one in form.fields
    ]
    return replace(form, fields=(first, *(one for one in kept if one.name != "wrong")))


def filled_in(name: str, value: str, form: Form, view: Mapping[str, Any]) -> Filled:
    """What was filled in there. A choice is known by its number and what it was called, should the form have changed."""
    states = {}
    for fields in ((view.get("state") or {}).get("values") or {}).values():
        states.update(fields)
    known = {one.name: one for one in form.fields}
    answers = {key: _answer(state, known.get(key)) for key, state in states.items()}
    return Filled(name, value, {one.name: answers.get(one.name, "") for one in form.fields} | answers)


def _answer(state: Mapping[str, Any], it: Field | None) -> str:
    choices = it.choices if it is not None else ()
    if (one := state.get("selected_option")) is not None:
        return chosen(str(one.get("value") or ""), choices)
    if (many := state.get("selected_options")) is not None:
        return "\n".join(chosen(str(one.get("value") or ""), choices) for one in many)
    if (people := state.get("selected_users")) is not None:
        return "\n".join(map(str, people))
    for key in ("selected_user", "selected_date", "selected_time", "value"):
        if state.get(key) is not None:
            return str(state[key]).strip()
    return ""


def chosen(value: str, choices: tuple[str, ...]) -> str:
    """Which of `choices` an option's value names; what has changed places since is known by what it was called."""
    number, _, name = value.partition(":")
    if number.isdigit() and int(number) < len(choices):
        known = choices[int(number)]
        if clean(known).startswith(name.rstrip("…")):
            return known
    return next((it for it in choices if clip(clean(it), 100) == name), name)


def _view(name: str, title: str, metadata: str, blocks: list[Json], submit: str = "") -> Json:
    view: Json = {
        "type": "modal", "callback_id": called(name), "title": _title(title), "blocks": blocks,
        "close": _title("Cancel" if submit else "Close"), "private_metadata": metadata,
    }  # fmt: skip
    return {**view, "submit": _title(submit)} if submit else view


def _title(text: str) -> Json:
    return {"type": "plain_text", "text": clip(clean(text), LONGEST_TITLE).strip() or "…"}


def _block(it: Field) -> Json:
    if it.kind == "words":
        return ours(tame(it.value or it.label, LONGEST_WORDS) or "…")
    hint = {"hint": plain(it.hint, 2000)} if it.hint and it.kind not in ("line", "lines") else {}
    return {
        "type": "input", "block_id": it.name, "label": plain(it.label, 2000), "optional": not it.must,
        "element": {**_element(it), "action_id": it.name}, **hint,
    }  # fmt: skip


def _element(it: Field) -> Json:
    hint: Json = {"placeholder": plain(it.hint, 150)} if it.hint else {}
    match it.kind:
        case "choice" | "choices":
            return _choice(it)
        case "person":
            return {"type": "users_select"} | ({"initial_user": it.value} if it.value else {})
        case "people":
            users = it.value.split()
            return {"type": "multi_users_select"} | ({"initial_users": users} if users else {})
        case "date":
            return {"type": "datepicker"} | ({"initial_date": it.value} if it.value else {})
        case "time":
            return {"type": "timepicker"} | ({"initial_time": it.value} if it.value else {})
        case "number":
            number: Json = {"type": "number_input", "is_decimal_allowed": False, **hint}
            return {**number, **({"initial_value": it.value} if it.value else {})}
        case _:
            value = clip(clean(it.value), it.longest)
            return {
                "type": "plain_text_input", "multiline": it.kind == "lines", "max_length": it.longest, **hint,
                **({"initial_value": value} if value else {}),
            }  # fmt: skip


def _choice(it: Field) -> Json:
    options = [
        {"text": plain(choice, OPTION), "value": f"{n}:{clip(clean(choice), 100)}"}
        for n, choice in enumerate(it.choices[:MOST_CHOICES])
    ] or [{"text": plain("(nothing to choose)", OPTION), "value": "none"}]
    made: Json = {"options": options, "placeholder": plain(it.hint or "Choose", 150)}
    picked = [
        options[it.choices.index(one)] for one in it.value.split("\n") if one in it.choices[:MOST_CHOICES]
    ]
    if it.kind == "choices":
        return {"type": "multi_static_select", **made} | ({"initial_options": picked} if picked else {})
    return {"type": "static_select", **made} | ({"initial_option": picked[0]} if picked else {})
