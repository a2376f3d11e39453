"""The modals for a reply, a note and a newcomer. Pure: views out, what was filled in back. All others: `form_views`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..house import Adding
from .blocks import OPTION, Json, clean, clip, ours, plain, tame

TEXT_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Where:
    """What a modal is about, and the thread in which its person is answered."""

    contact: str
    channel: str
    thread: str

    def dump(self) -> str:
        """For `private_metadata`."""
        return json.dumps([self.contact, self.channel, self.thread])

    @classmethod
    def read(cls, raw: str) -> Where:
        """The inverse."""
        contact, channel, thread = json.loads(raw)
        return cls(str(contact), str(channel), str(thread))


def _title(text: str) -> Json:
    return {"type": "plain_text", "text": clip(clean(text), 24)}


def _view(kind: str, title: str, where: Where, blocks: list[Json], submit: str = "") -> Json:
    view = {
        "type": "modal", "callback_id": kind, "title": _title(title), "blocks": blocks,
        "close": _title("Cancel" if submit else "Close"), "private_metadata": where.dump(),
    }  # fmt: skip
    return {**view, "submit": _title(submit)} if submit else view


def _field(name: str, label: str, element: Json, optional: bool = False) -> Json:
    shown = {**element, "action_id": name}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, 200),
        "element": shown,
        "optional": optional,
    }


def _lines(hint: str = "") -> Json:
    made = {"type": "plain_text_input", "multiline": True, "max_length": TEXT_LIMIT}
    return {**made, "placeholder": plain(hint, 150)} if hint else made


def reply_view(where: Where) -> Json:
    """Write to the customer."""
    field = _field("text", "To the customer", _lines(), False)
    return _view("contact.reply", f"Reply to {where.contact}", where, [field], "Send")


def note_view(where: Where) -> Json:
    """Write something that stays inside."""
    field = _field("text", "Note, kept inside", _lines(), False)
    return _view("contact.note", f"Note to {where.contact}", where, [field], "Keep")


def words_view(where: Where, text: str) -> Json:
    """Why nobody can be added."""
    return _view("agent.add", ADD, where, [ours(tame(text) or "…")])


ADD = "Add to the plan"
TIERS = ("L1", "L2", "L3")


def adding_view(where: Where) -> Json:
    """As `loading_view`, for a newcomer."""
    return _view("agent.add", ADD, where, [ours("One moment …")])


def add_view(where: Where, it: Adding) -> Json:
    """A newcomer's team and tier, and whose levels, languages and shift they get."""
    fields = [_field("tier", "Tier", _choice(TIERS, first=True))]
    if it.teams:
        fields.insert(0, _field("team", "Team", _choice(it.teams, first=True)))
    if it.agents:
        same = _choice(it.agents)
        fields.append(_field("like", "Same skills, languages and shift as", same, optional=True))
    return _view("agent.add", ADD, where, [ours(f"*{tame(it.name, 100)}*"), *fields], "Add")


def _choice(names: Sequence[str], first: bool = False) -> Json:
    """A menu. A value has room for 150 characters and must be unique: its number says which one was chosen."""
    options = [
        {"text": plain(name, OPTION), "value": f"{n}:{clip(clean(name), 100)}"}
        for n, name in enumerate(names[:100])
    ]
    made: Json = {"type": "static_select", "options": options, "placeholder": plain("Choose one", 150)}
    return {**made, "initial_option": options[0]} if first else made


def chosen(value: str, names: Sequence[str]) -> str:
    """Which of `names` was chosen; what has changed places since is known by what it was called, "" for nothing."""
    number, _, name = value.partition(":")
    if number.isdigit() and int(number) < len(names):
        known = names[int(number)]
        return known if known.startswith(name.rstrip("…")) else name
    return name if number.isdigit() else value


def filled(view: Mapping[str, Any]) -> dict[str, str]:
    """What a person filled in, by field; a chosen option by its value, nothing as ""."""
    out: dict[str, str] = {}
    for fields in ((view.get("state") or {}).get("values") or {}).values():
        for name, state in fields.items():
            chosen = state.get("selected_option") or {}
            out[name] = str(state.get("value") or chosen.get("value") or "")
    return out
