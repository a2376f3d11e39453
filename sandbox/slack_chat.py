"""chat.* and reactions.*: what the app says, changes, takes back and marks."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from .slack_blocks import MESSAGE_BLOCKS_SIZE, faults_of_blocks, too_large
from .slack_emoji import NAMES
from .slack_schema import Json
from .slack_shapes import message_json
from .slack_state import BOT, BOT_USER, DOMAIN, SLACKBOT, Channel, Message, SlackError, Workspace
from .slack_tell import Teller
from .slack_web import Call, Method

TEXT, UPDATE_TEXT, MARKDOWN, METADATA = 40_000, 4_000, 12_000, 8_000
EMOJI_PER_MESSAGE, EMOJI_PER_USER = 50, 23


def checked_blocks(value: Any) -> list[Json] | None:
    """The blocks of a call, or None when it has none; refused with Slack's errors."""
    if value is None or value == "":
        return None
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise SlackError("invalid_blocks_format")
    lines = faults_of_blocks(value, "message").lines()
    if lines:
        more = {"messages": [f"[ERROR] {line}" for line in lines]}
        raise SlackError("invalid_blocks", errors=lines, response_metadata=more)
    if too_large(value, MESSAGE_BLOCKS_SIZE):
        raise SlackError("msg_blocks_too_long")
    return value


def checked_metadata(value: Any) -> Json | None:
    """Message metadata: `event_type` and an object `event_payload`, nothing else."""
    if value is None or value == "":
        return None
    if not isinstance(value, dict):
        raise SlackError("invalid_metadata_format")
    name, payload = value.get("event_type"), value.get("event_payload")
    shaped = (
        isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_.:-]{1,255}", name) and isinstance(payload, dict)
    )
    if not shaped or set(value) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_schema")
    if len(json.dumps(value)) > METADATA:
        raise SlackError("metadata_too_large")
    return value


class Chat:
    """The app's words."""

    def __init__(
        self, space: Workspace, tell: Teller, changed: Callable[[str, dict[str, str]], None]
    ) -> None:
        self.space, self.tell, self.changed = space, tell, changed

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "chat.postMessage": self.post,
            "chat.postEphemeral": self.whisper,
            "chat.update": self.update,
            "chat.delete": self.delete,
            "chat.getPermalink": self.permalink,
            "reactions.add": self.react,
            "reactions.remove": self.unreact,
        }

    def _said(self, call: Call, longest: int) -> tuple[str, list[Json] | None]:
        """Text and blocks of a call, checked."""
        text, blocks = call.text("text"), checked_blocks(call.args.get("blocks"))
        if call.text("markdown_text"):
            if text or blocks is not None:
                raise SlackError("markdown_text_conflict")
            text = call.text("markdown_text")
            longest = MARKDOWN
        if len(text) > longest:
            raise SlackError("msg_too_long")
        attachments = call.args.get("attachments") or []
        if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
            raise SlackError("invalid_attachments")
        if not text.strip() and not blocks and not attachments:
            raise SlackError("no_text")
        return text, blocks

    def _place(self, call: Call, by_name: bool) -> Channel:
        """Where to post: an id, for posting also a person's id or `#name`."""
        name = call.text("channel")
        if by_name and name in self.space.users:
            dm = self.space.dm(name)
            if dm is None:
                raise SlackError("channel_not_found")
            name = dm.id
        elif by_name and name not in self.space.channels:
            wanted = name.lstrip("#")
            found = [one.id for one in self.space.channels.values() if one.name == wanted and not one.user]
            name = found[0] if found else name
        channel = self.space.channel(name)
        if channel.is_archived:
            raise SlackError("is_archived")
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def thread(self, call: Call, channel: Channel) -> str | None:
        """The thread a call posts into, checked."""
        thread = call.text("thread_ts")
        if not thread:
            return None
        parent = self.space.messages.get(channel.id, {}).get(thread)
        if parent is None or parent.ephemeral_to is not None:
            raise SlackError("thread_not_found")
        if parent.thread_ts not in (None, parent.ts):
            raise SlackError("cannot_reply_to_message")
        return thread

    def _new(self, call: Call, channel: Channel, text: str) -> Message:
        return Message(
            channel.id,
            self.space.ts(),
            BOT_USER,
            text,
            [],
            thread_ts=self.thread(call, channel),
            metadata=copy.deepcopy(checked_metadata(call.args.get("metadata"))),
            bot_id=BOT,
            attachments=copy.deepcopy(call.args.get("attachments") or []),
            broadcast=call.flag("reply_broadcast"),
        )

    def post(self, call: Call) -> Json:
        """chat.postMessage."""
        call.must("channel")
        channel = self._place(call, by_name=True)
        text, blocks = self._said(call, TEXT)
        message = self.space.add(self._new(call, channel, text), blocks)
        self.tell.message(message, call.base)
        shown = message_json(message, self.space, call.base, metadata=True)
        return {"channel": channel.id, "ts": message.ts, "message": shown}

    def whisper(self, call: Call) -> Json:
        """chat.postEphemeral."""
        call.must("channel", "user")
        channel = self._place(call, by_name=False)
        if call.text("user") not in channel.members or call.text("user") in (BOT_USER, SLACKBOT):
            raise SlackError("user_not_in_channel")
        text, blocks = self._said(call, TEXT)
        message = self._new(call, channel, text)
        message.ephemeral_to = call.text("user")
        self.space.add(message, blocks)
        self.tell.ephemeral(message)
        return {"message_ts": message.ts}

    def _own(self, call: Call, refusal: str) -> Message:
        call.must("channel", "ts")
        channel = self.space.channel(call.text("channel"))
        message = self.space.lasting(channel.id, call.text("ts"))
        if message.user != BOT_USER:
            raise SlackError(refusal)
        if channel.is_archived:
            raise SlackError("is_inactive")
        return message

    def update(self, call: Call) -> Json:
        """chat.update: without `blocks` the old ones stay, `[]` takes them away."""
        message = self._own(call, "cant_update_message")
        sent = call.args.get("blocks")
        text, blocks = self._said(call, UPDATE_TEXT)
        metadata = checked_metadata(call.args.get("metadata"))
        self.tell.edit(
            message, text, blocks, call.base, keep=sent is None and not message.auto, metadata=metadata
        )
        shown = message_json(message, self.space, call.base, metadata=True)
        del shown["ts"]  # the answer's message has none
        return {"channel": message.channel, "ts": message.ts, "text": message.text, "message": shown}

    def delete(self, call: Call) -> Json:
        """chat.delete."""
        message = self._own(call, "cant_delete_message")
        self.tell.delete(message, call.base)
        return {"channel": message.channel, "ts": message.ts}

    def permalink(self, call: Call) -> Json:
        """chat.getPermalink."""
        call.must("channel", "message_ts")
        channel = self.space.channel(call.text("channel"))
        message = self.space.lasting(channel.id, call.text("message_ts"))
        link = f"https://{DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts and message.thread_ts != message.ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def _marked(self, call: Call) -> tuple[Message, str]:
        if not call.text("channel") or not call.text("timestamp"):
            raise SlackError("no_item_specified")
        if not re.fullmatch(r"\d{1,10}\.\d{6}", call.text("timestamp")):
            raise SlackError("bad_timestamp")
        name = call.text("name")
        if name.split("::")[0] not in NAMES:
            raise SlackError("invalid_name")
        channel = self.space.channel(call.text("channel"))
        if channel.is_archived:
            raise SlackError("is_archived")
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        return self.space.lasting(channel.id, call.text("timestamp")), name

    def react(self, call: Call) -> Json:
        """reactions.add."""
        message, name = self._marked(call)
        mark(message, name, BOT_USER)
        self.tell.reaction(message, name, BOT_USER, added=True)
        return {}

    def unreact(self, call: Call) -> Json:
        """reactions.remove."""
        message, name = self._marked(call)
        unmark(message, name, BOT_USER)
        self.tell.reaction(message, name, BOT_USER, added=False)
        return {}


def mark(message: Message, name: str, user: str) -> None:
    """Put a person's emoji on a message."""
    who = message.reactions.get(name, [])
    if user in who:
        raise SlackError("already_reacted")
    if not who and len(message.reactions) >= EMOJI_PER_MESSAGE:
        raise SlackError("too_many_emoji")
    if sum(user in users for users in message.reactions.values()) >= EMOJI_PER_USER:
        raise SlackError("too_many_reactions")
    message.reactions.setdefault(name, []).append(user)


def unmark(message: Message, name: str, user: str) -> None:
    """Take a person's emoji off a message."""
    if user not in message.reactions.get(name, []):
        raise SlackError("no_reaction")
    message.reactions[name].remove(user)
    if not message.reactions[name]:
        del message.reactions[name]
