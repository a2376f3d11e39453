"""What people do to the app: press, choose, submit, close, command, shortcut; it must answer within 3 s."""

from __future__ import annotations

import asyncio
import time
from itertools import takewhile
from typing import Any

from .slack_ack import Ack
from .slack_choose import complaint, find, state_of
from .slack_desk import Desk, Refused
from .slack_hooks import Hooks, checked_answer
from .slack_modals import Modals, first_values, now_ts
from .slack_schema import Json
from .slack_shapes import message_json, view_json
from .slack_state import APP, BOT_USER, DOMAIN, TEAM, Channel, Hook, Message, Shortcut, SlackError, User, View

# How long a command's person looks for an answer that comes by response_url after an empty acknowledgement.
LOOK = 2.0
_FAILED = {
    "timeout": ("operation_timeout", "did not answer within 3 s"),
    "no_socket": ("dispatch_failed", "has no socket open"),
    "unreached": ("dispatch_failed", "takes no connection at its Request URL"),
}
TROUBLE = "We had some trouble connecting. Try again?"


class Acts:
    """The people's mouse."""

    def __init__(
        self,
        desk: Desk,
        modals: Modals,
        hooks: Hooks,
        commands: frozenset[str],
        shortcuts: tuple[Shortcut, ...] | None,
    ) -> None:
        self.desk, self.modals, self.hooks, self.commands = desk, modals, hooks, commands
        self.shortcuts = shortcuts
        self.space, self.delivery = desk.space, desk.delivery
        self.states: dict[tuple[str, str], dict[str, dict[str, Json]]] = {}

    def _head(self, kind: str, user: User, in_view: bool = False) -> Json:
        """In a view `team` is that of whoever acts, elsewhere the one in which the app is installed."""
        there = user.team if in_view else TEAM
        return {
            "type": kind,
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
            "api_app_id": APP,
            "token": "sandbox-verification",
            "team": {"id": there, "domain": DOMAIN if there == TEAM else there.lower()},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _url(self, hook: Hook) -> str:
        return f"{self.desk.base}/slack/hooks/actions/{TEAM}/{hook.key}"

    def _place(self, channel: Channel) -> Json:
        name = {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name)
        return {"id": channel.id, "name": name}

    async def _send(self, kind: str, payload: Json) -> Ack:
        ack = await self.delivery.deliver(kind, payload)
        if not ack.ok:
            name, why = _FAILED.get(ack.outcome, ("dispatch_failed", f"answered HTTP {ack.status}"))
            raise Refused(name, f"the app {why}", 409)
        return ack

    async def act(self, body: Json) -> Json:
        """A person presses a button or chooses, in a message (`channel`, `ts`) or a view (`view_id`)."""
        self.desk.up()
        user = self.desk.user(body)
        action_id = self.desk.word(body, "action_id")
        value = body.get("value")
        if body.get("view_id"):
            return await self._act_in_view(user, self._view(body, user, home=True), action_id, body, value)
        message = self.desk.message(body, user)
        if message.bot_id is None:
            raise Refused("action_not_found", "people's messages have no buttons", 404)
        block, element = find(message.blocks, action_id, body.get("block_id"), value)
        values = first_values({"blocks": message.blocks})
        known = self.states.setdefault((message.channel, message.ts), {})
        action = self._chosen(block, element, value, known)
        for name, acts in known.items():
            values.setdefault(name, {}).update(acts)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return {"ok": True, "dispatched": False}
        payload = self._head("block_actions", user) | self._from_message(message, user)
        payload |= {"state": {"values": values}, "actions": [action]}
        ack = await self._send("interactive", payload)
        return {"ok": True, "dispatched": True, "ack_ms": round(ack.ms, 3)}

    def _from_message(self, message: Message, user: User) -> Json:
        channel = self.space.channels[message.channel]
        hidden = message.ephemeral_to is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": hidden,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        hook = self.space.hook(user.id, channel.id, message.ts, message.thread_ts)
        # An ephemeral message is kept nowhere at Slack: the payload has only its place.
        shown = (
            {} if hidden else {"message": message_json(message, self.space, self.desk.base, metadata=True)}
        )
        place = {"container": container, "channel": self._place(channel), "response_url": self._url(hook)}
        return place | shown | {"trigger_id": self.space.trigger(user.id)}

    def _chosen(self, block: Json, element: Json, value: Any, known: dict[str, dict[str, Json]]) -> Json:
        """The action of a payload; a field's new state is kept in `known`."""
        kind = element["type"]
        action: Json = {"type": kind, "action_id": element["action_id"], "block_id": block["block_id"]}
        if kind == "button":
            kept = ("text", "value", "style", "url")
            action |= {name: element[name] for name in kept if name in element}
        elif kind == "overflow":
            chosen = state_of({**element, "type": "static_select"}, value, self.space)
            action["selected_option"] = chosen["selected_option"]
        else:
            state = state_of(element, value, self.space)
            known.setdefault(block["block_id"], {})[element["action_id"]] = state
            action |= state
            if "placeholder" in element and kind.endswith("_select"):
                action["placeholder"] = element["placeholder"]
        return action | {"action_ts": now_ts()}

    def _view(self, body: Json, user: User, home: bool = False) -> View:
        view = self.space.view(self.desk.word(body, "view_id"))
        own = self.space.homes.get(user.id) if home else None
        if view is None or (view not in self.space.stacks.get(user.id, []) and view is not own):
            mine = ", ".join(one.id for one in self.space.stacks.get(user.id, []))
            raise Refused("view_not_found", f"{user.id} has open: {mine or 'nothing'}", 404)
        return view

    async def _act_in_view(self, user: User, view: View, action_id: str, body: Json, value: Any) -> Json:
        block, element = find(view.document["blocks"], action_id, body.get("block_id"), value)
        action = self._chosen(block, element, value, view.values)
        if block["type"] == "input" and not block.get("dispatch_action"):
            return {"ok": True, "dispatched": False}
        payload = self._head("block_actions", user, in_view=True) | {
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self.space.trigger(user.id, view.id),
            "view": view_json(view, user.team),
            "actions": [action],
        }
        ack = await self._send("interactive", payload)
        return {"ok": True, "dispatched": True, "ack_ms": round(ack.ms, 3)}

    async def submit(self, body: Json) -> Json:
        """A person fills a modal and submits it; the answer says what the app (or Slack's client) said."""
        self.desk.up()
        user = self.desk.user(body)
        view = self._view(body, user)
        stack = self.space.stacks[user.id]
        if stack[-1] is not view:
            raise Refused("view_covered", f"{stack[-1].id} lies on top of it", 409)
        if "submit" not in view.document:
            raise Refused("no_submit", "this view has no submit button", 409)
        wrong = self._fill(view, body.get("values") or {})
        if wrong:
            return {"ok": False, "by": "slack", "response_action": "errors", "errors": wrong}
        payload = self._head("view_submission", user, in_view=True) | {
            "trigger_id": self.space.trigger(user.id, view.id),
            "view": view_json(view, user.team),
            "response_urls": [],
        }
        ack = await self.delivery.deliver("interactive", payload)
        if not ack.ok:
            raise Refused("operation_timeout", f"{TROUBLE} (the app did not answer within 3 s)", 409)
        return self._answered(user, view, ack) | {"ack_ms": round(ack.ms, 3)}

    def _fill(self, view: View, values: Json) -> dict[str, str]:
        """Put values into a view's fields; answers the complaints of Slack's own client by block id."""
        if not isinstance(values, dict):
            raise Refused("invalid_values", "send values: {block_id: {action_id: value}}")
        fields = {
            block["block_id"]: (block, block["element"])
            for block in view.document["blocks"]
            if block["type"] == "input"
        }
        by_action = {element["action_id"]: name for name, (_, element) in fields.items()}
        for key, given in values.items():
            name = key if key in fields else by_action.get(key, "")
            if not name:
                there = ", ".join(f"{name} ({element['action_id']})" for name, (_, element) in fields.items())
                raise Refused("field_not_found", f"no field {key}; there is {there or 'none'}", 404)
            action_id = fields[name][1]["action_id"]
            value = given[action_id] if isinstance(given, dict) and action_id in given else given
            view.values.setdefault(name, {})[action_id] = state_of(fields[name][1], value, self.space)
        wrong = {}
        for name, (block, element) in fields.items():
            state = view.values.get(name, {}).get(element["action_id"], {})
            if words := complaint(element, state, bool(block.get("optional"))):
                wrong[name] = words
        return wrong

    def _answered(self, user: User, view: View, ack: Ack) -> Json:
        said = ack.payload or {}
        action = said.get("response_action") if isinstance(said, dict) else "?"
        try:
            if action == "errors":
                return {
                    "ok": False,
                    "by": "app",
                    "response_action": action,
                    "errors": self._errors(view, said),
                }
            if action in ("update", "push"):
                document = self.modals.document(said.get("view"), "modal")
                shown = (
                    self.modals.replace(view, document)
                    if action == "update"
                    else self.modals.on_top(user.id, document, view.id)
                )
                self.modals.changed("slack.view", {"user": user.id, "view": shown.id})
                return {"ok": True, "response_action": action, "view": view_json(shown)}
        except SlackError as refused:
            why = refused.more.get("response_metadata", {}).get("messages", [refused.name])
            raise Refused("invalid_response", f"{TROUBLE} ({'; '.join(why)})", 409) from refused
        if action not in (None, "clear"):
            raise Refused("invalid_response", f"{TROUBLE} (response_action {action} is none)", 409)
        self.modals.close(user.id, view, everything=action == "clear")
        return {"ok": True, "response_action": action}

    def _errors(self, view: View, said: Json) -> dict[str, str]:
        errors = said.get("errors")
        inputs = {block["block_id"] for block in view.document["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or set(errors) - inputs:
            raise SlackError("errors must name input blocks of the view")
        return {str(name): str(words) for name, words in errors.items()}

    async def close(self, body: Json) -> Json:
        """A person closes a modal (with `"all": true` all of them); the app is told where a view asks."""
        self.desk.up()
        user = self.desk.user(body)
        view = self._view(body, user)
        everything = bool(body.get("all")) or bool(view.document.get("clear_on_close"))
        leaving = list(self.space.stacks[user.id]) if everything else [view]
        self.modals.close(user.id, view, everything)
        for one in leaving:
            if one.document.get("notify_on_close"):
                head = self._head("view_closed", user, in_view=True)
                payload = head | {"view": view_json(one, user.team), "is_cleared": everything}
                self.delivery.spawn(self.delivery.deliver("interactive", payload))
        return {"ok": True}

    async def command(self, body: Json) -> Json:
        """A person types a slash command; the answer holds what the app said within a moment."""
        self.desk.up()
        user = self.desk.user(body)
        channel = self.desk.channel(body, user)
        command = self.desk.word(body, "command")
        self.desk.uses_apps(user)
        if not command.startswith("/"):
            raise Refused("invalid_command", "a command begins with /")
        if self.commands and command not in self.commands:
            raise Refused("invalid_command", f"{command} is not a valid command", 409)
        if body.get("thread_ts"):
            raise Refused("not_supported_in_thread", f"{command} is not supported in threads. Sorry!", 409)
        hook = self.space.hook(user.id, channel.id)
        trigger = self.space.trigger(user.id)
        payload: Json = {
            "token": "sandbox-verification",
            "team_id": TEAM,
            "team_domain": DOMAIN,
            "channel_id": channel.id,
            "channel_name": self._place(channel)["name"],
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": str(body.get("text") or ""),
            "api_app_id": APP,
            "is_enterprise_install": "false",
            "response_url": self._url(hook).replace("/actions/", "/commands/"),
            "trigger_id": trigger,
        }
        began = self.space.ts()
        ack = await self._send("slash_commands", payload)
        self._say(hook, ack.payload, command)
        until = time.monotonic() + LOOK
        while time.monotonic() < until and not self._seen(hook, trigger, began):  # noqa: ASYNC110 - as a person looks
            await asyncio.sleep(0.02)
        said = self._heard(hook, began)
        shown = said[0] if said else {}
        return {
            "ok": True,
            "ack_ms": round(ack.ms, 3),
            "text": shown.get("text", ""),
            "response": shown or None,
            "answers": said,
        }

    def _say(self, hook: Hook, said: Any, command: str) -> None:
        """What an acknowledgement of a command carries is shown at once."""
        if not said:
            return
        answer = said if isinstance(said, dict) else {"text": said}
        try:
            checked_answer(answer)
            self.hooks.say(hook, {**answer, "replace_original": False}, self.desk.base)
        except SlackError as refused:
            hint = f"{command} failed with the error invalid_command_response ({refused.name})"
            raise Refused("invalid_command_response", hint, 409) from refused

    def _seen(self, hook: Hook, trigger: str, began: str) -> bool:
        return bool(self._heard(hook, began)) or self.space.triggers[trigger].used

    def _heard(self, hook: Hook, began: str) -> list[Json]:
        """Answers by the command's own address, and what only its person sees there since."""
        latest = reversed(self.space.messages.get(hook.channel, {}).values())
        since = list(takewhile(lambda one: one.ts > began, latest))[::-1]
        return [
            {"ts": one.ts, "text": one.text, "blocks": one.blocks}
            for one in since
            if not one.deleted
            and one.user == BOT_USER
            and (one.ephemeral_to == hook.user or any(one.ts == said["ts"] for said in hook.answers))
        ]

    async def shortcut(self, body: Json) -> Json:
        """A person chooses a shortcut: a message's (`channel`, `ts`), or a global one without them."""
        self.desk.up()
        user = self.desk.user(body)
        self.desk.uses_apps(user)
        callback_id = self.desk.word(body, "callback_id")
        self._has_shortcut(callback_id, "message" if body.get("channel") else "global")
        payload = self._on_message(body, user) if body.get("channel") else self._head("shortcut", user)
        payload |= {
            "action_ts": now_ts(),
            "callback_id": callback_id,
            "trigger_id": self.space.trigger(user.id),
        }
        ack = await self._send("interactive", payload)
        return {"ok": True, "ack_ms": round(ack.ms, 3)}

    def _has_shortcut(self, callback_id: str, kind: str) -> None:
        if self.shortcuts is None:
            return
        there = [one.callback_id for one in self.shortcuts if one.kind == kind]
        if callback_id not in there:
            has = ", ".join(sorted(there)) or "none"
            raise Refused("shortcut_not_found", f"the app's {kind} shortcuts: {has}", 404)

    def _on_message(self, body: Json, user: User) -> Json:
        message = self.desk.message(body, user)
        if message.ephemeral_to is not None:
            raise Refused("message_not_found", "there are no shortcuts on what only one person sees", 409)
        channel = self.space.channels[message.channel]
        hook = self.space.hook(user.id, channel.id, message.ts, message.thread_ts)
        return self._head("message_action", user) | {
            "channel": self._place(channel),
            "message_ts": message.ts,
            "message": message_json(message, self.space, self.desk.base, metadata=True),
            "response_url": self._url(hook).replace("/actions/", "/app/"),
        }
