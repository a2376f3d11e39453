"""views.*: modals, three high, and Homes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .slack_blocks import VIEW_SIZE, completed, faults_of_view, too_large
from .slack_schema import Json
from .slack_shapes import view_json
from .slack_state import BOT_USER, SLACKBOT, SlackError, View, Workspace
from .slack_web import Call, Method

MOST_VIEWS = 3


def refused(lines: list[str]) -> SlackError:
    """`invalid_arguments` with Slack's list of reasons."""
    return SlackError(
        "invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in lines]}
    )


class Modals:
    """What people have open, and their Homes."""

    def __init__(
        self, space: Workspace, changed: Callable[[str, dict[str, str]], None], home_tab: bool = True
    ) -> None:
        self.space, self.changed, self.home_tab = space, changed, home_tab

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "views.open": self.open,
            "views.push": self.push,
            "views.update": self.update,
            "views.publish": self.publish,
        }

    def document(self, sent: Any, kind: str) -> Json:
        """A view as sent, checked and completed."""
        if not sent:
            raise refused(["missing required field: view [json-pointer:/view]"])
        lines = faults_of_view(sent).lines()
        if not lines and sent["type"] != kind:
            lines = [f"must be a valid enum value: {kind} [json-pointer:/view/type]"]
        if lines:
            raise refused(lines)
        if too_large(sent, VIEW_SIZE):
            raise SlackError("view_too_large")
        return {**sent, "blocks": completed(sent["blocks"])}

    def make(self, user: str, document: Json, below: View | None, view_id: str = "") -> View:
        """A new view, on top of another or alone."""
        external = document.get("external_id") or ""
        known = self.space.view(external) if external else None
        if known is not None and known.id != view_id:
            raise SlackError("duplicate_external_id")
        name = view_id or self.space.new_id("V")
        root = below.root if below else name
        view = View(
            name, user, document, self.space.new_hash(name), root, below.id if below else None, external
        )
        view.values = first_values(document)
        return view

    def _spent(self, call: Call) -> tuple[str, str | None]:
        if not call.text("trigger_id"):
            raise refused(["missing required field: trigger_id"])
        trigger = self.space.spend(call.text("trigger_id"))
        return trigger.user, trigger.view

    def open(self, call: Call) -> Json:
        """views.open: a new modal; what was open makes room."""
        document = self.document(call.args.get("view"), "modal")
        user, _ = self._spent(call)
        view = self.make(user, document, None)
        self.space.stacks[user] = [view]
        return self._shown(view)

    def push(self, call: Call) -> Json:
        """views.push: on top of the modal in which the trigger arose."""
        document = self.document(call.args.get("view"), "modal")
        user, below = self._spent(call)
        return self._shown(self.on_top(user, document, below))

    def on_top(self, user: str, document: Json, below: str | None) -> View:
        """Put a view on a person's stack."""
        stack = self.space.stacks.get(user, [])
        if not stack or below is None or all(one.id != below for one in stack):
            raise SlackError("not_found")
        if len(stack) >= MOST_VIEWS:
            raise SlackError("push_limit_reached")
        view = self.make(user, document, stack[-1])
        stack.append(view)
        return view

    def update(self, call: Call) -> Json:
        """views.update: by id or external id, and only if `hash` is still its hash."""
        view = self.space.view(call.text("view_id") or call.text("external_id"))
        document = self.document(call.args.get("view"), str(view.document["type"]) if view else "modal")
        if view is None:
            raise SlackError("not_found")
        if call.text("hash") and call.text("hash") != view.hash:
            raise SlackError("hash_conflict")
        return self._shown(self.replace(view, document))

    def replace(self, view: View, document: Json) -> View:
        """A view gets new content; what was typed into fields that stay (same ids) is kept."""
        external = document.get("external_id") or view.external_id
        known = self.space.view(external) if external else None
        if known is not None and known is not view:
            raise SlackError("duplicate_external_id")
        fresh = first_values(document)
        for block_id, acts in view.values.items():
            for action_id, value in acts.items():
                if fresh.get(block_id, {}).get(action_id, {}).get("type") == value.get("type"):
                    fresh[block_id][action_id] = value
        view.document, view.values, view.external_id = document, fresh, external
        view.hash = self.space.new_hash(view.id)
        return view

    def publish(self, call: Call) -> Json:
        """views.publish: a person's Home."""
        document = self.document(call.args.get("view"), "home")
        user = call.text("user_id")
        if not self.home_tab:
            raise SlackError("not_enabled")
        if (
            user in (BOT_USER, SLACKBOT)
            or user not in self.space.users
            or not self.space.users[user].uses_apps
        ):
            raise refused(["invalid `user_id` [json-pointer:/user_id]"])
        old = self.space.homes.get(user)
        if call.text("hash") and (old is None or call.text("hash") != old.hash):
            raise SlackError("hash_conflict")
        view = self.make(user, document, None, old.id if old else "")
        self.space.homes[user] = view
        self.changed("slack.home", {"user": user, "view": view.id})
        return {"view": view_json(view)}

    def _shown(self, view: View) -> Json:
        self.changed("slack.view", {"user": view.user, "view": view.id})
        return {"view": view_json(view)}

    def close(self, user: str, view: View, everything: bool = False) -> None:
        """A view leaves a person's stack, or all of them do."""
        stack = self.space.stacks.get(user, [])
        self.space.stacks[user] = [] if everything else [one for one in stack if one is not view]
        self.changed("slack.view", {"user": user, "view": view.id})


_PLAIN = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", "initial_files"),
}


def value_field(kind: str) -> str | None:
    """The field in which an element's state carries its value; a button has none."""
    return _PLAIN[kind][0] if kind in _PLAIN else None


def first_values(document: Json) -> dict[str, dict[str, Json]]:
    """The state of a message's or view's fields before anybody touched them."""
    from_blocks: dict[str, dict[str, Json]] = {}
    for block in document["blocks"]:
        for element in [*(block.get("elements") or []), block.get("accessory"), block.get("element")]:
            if not isinstance(element, dict) or element.get("type") not in _PLAIN:
                continue
            name, first = _PLAIN[element["type"]]
            empty: Any = [] if name.endswith("s") else None
            value = {"type": element["type"], name: element.get(first, empty)}
            from_blocks.setdefault(block["block_id"], {})[element["action_id"]] = value
    return from_blocks


def now_ts() -> str:
    """An action's instant, in real time."""
    return f"{time.time():.6f}"
