"""Changes to messages, and the events that Slack sends the app for them, the app's own ones included."""

from __future__ import annotations

from collections.abc import Callable

from .slack_deliver import Delivery
from .slack_schema import Json
from .slack_shapes import hidden_file_json, message_json
from .slack_state import BOT_USER, SLACKBOT, Channel, Message, Workspace


class Teller:
    """Applies a change and tells both the page (`changed`) and, where the app may know, the app."""

    def __init__(
        self,
        space: Workspace,
        delivery: Delivery,
        scopes: frozenset[str],
        changed: Callable[[str, dict[str, str]], None],
    ) -> None:
        self.space, self.delivery, self.scopes, self.changed = space, delivery, scopes, changed

    def _hears(self, channel: Channel) -> bool:
        scope = {"im": "im:history", "group": "groups:history", "channel": "channels:history"}[channel.kind]
        return BOT_USER in channel.members and scope in self.scopes

    def _event(self, message: Message, event: Json) -> None:
        channel = self.space.channels[message.channel]
        if self._hears(channel):
            event = {**event, "channel": channel.id, "channel_type": channel.kind}
            self._send(event, channel, message.user)

    def _send(self, event: Json, channel: Channel, user: str) -> None:
        if channel.shared_with and "files" in event:
            known = [self.space.files[one["id"]] for one in event["files"]]
            event = {**event, "files": [hidden_file_json(one) for one in known]}
        self.delivery.event(event, bool(channel.shared_with), self.space.team_of(user))

    def message(self, message: Message, base: str) -> None:
        """A message was posted."""
        event = message_json(message, self.space, base) | {"event_ts": message.ts}
        if message.broadcast and message.thread_ts:
            parent = self.space.messages[message.channel][message.thread_ts]
            event |= {"subtype": "thread_broadcast", "root": message_json(parent, self.space, base)}
        self._event(message, event)
        if (
            f"<@{BOT_USER}>" in message.text
            and message.user != BOT_USER
            and "app_mentions:read" in self.scopes
        ):
            channel = self.space.channels[message.channel]
            if channel.kind != "im":
                mention = {name: value for name, value in event.items() if name != "parent_user_id"}
                self._send(mention | {"type": "app_mention", "channel": channel.id}, channel, message.user)
        self._changed(message)

    def ephemeral(self, message: Message) -> None:
        """Only its person sees it; no event."""
        self._changed(message)

    def edit(
        self,
        message: Message,
        text: str,
        blocks: list[Json] | None,
        base: str,
        keep: bool = False,
        metadata: Json | None = None,
    ) -> None:
        """A message gets new words; `keep` leaves its blocks."""
        before = message_json(message, self.space, base)
        message.text = text
        if not keep:
            self.space.dress(message, blocks)
        if metadata is not None:
            message.metadata = metadata
        if message.ephemeral_to is None:
            message.edited = self.space.ts()
            event = {"message": message_json(message, self.space, base), "previous_message": before}
            self._hidden(message, "message_changed", event)
        self._changed(message)

    def delete(self, message: Message, base: str) -> None:
        """A message goes; the head of a thread leaves a tombstone."""
        before = message_json(message, self.space, base)
        parent = bool(self.space.replies(message.channel, message.ts))
        message.deleted = True
        if message.ephemeral_to is None and parent:
            thread = {name: before[name] for name in ("thread_ts", "reply_count", "latest_reply")}
            stone = {
                "type": "message",
                "subtype": "tombstone",
                "text": "This message was deleted.",
                "hidden": True,
            }
            now = stone | {"user": SLACKBOT, "ts": message.ts} | thread
            self._hidden(message, "message_changed", {"message": now, "previous_message": before})
        elif message.ephemeral_to is None:
            self._hidden(message, "message_deleted", {"previous_message": before, "deleted_ts": message.ts})
        self._changed(message)

    def _hidden(self, message: Message, subtype: str, event: Json) -> None:
        ts = self.space.ts()
        head = {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, "event_ts": ts}
        self._event(message, head | event)

    def reaction(self, message: Message, name: str, user: str, added: bool) -> None:
        """An emoji was put on a message or taken off it."""
        channel = self.space.channels[message.channel]
        if BOT_USER in channel.members and "reactions:read" in self.scopes:
            event: Json = {
                "type": "reaction_added" if added else "reaction_removed",
                "user": user,
                "reaction": name,
                "item": {"type": "message", "channel": channel.id, "ts": message.ts},
                "item_user": message.user,
                "event_ts": self.space.ts(),
            }
            self._send(event, channel, user)
        self._changed(message)

    def joined(self, channel: Channel, user: str, joined: bool = True) -> None:
        """Somebody, or the app itself, joined or left a channel."""
        kind = "member_joined_channel" if joined else "member_left_channel"
        if BOT_USER in channel.members and "channels:read" in self.scopes:
            event: Json = {
                "type": kind,
                "user": user,
                "channel": channel.id,
                "channel_type": "G" if channel.is_private else "C",
                "team": self.space.team_of(user),
                "event_ts": self.space.ts(),
            }
            self._send(event, channel, user)
        self.changed("slack.channel", {"channel": channel.id})

    def shared(self, channel: Channel, workspace: str) -> None:
        """A channel is shared with another workspace."""
        if BOT_USER in channel.members and "channels:read" in self.scopes:
            ts = self.space.ts()
            self._send(
                {
                    "type": "channel_shared",
                    "connected_team_id": workspace,
                    "channel": channel.id,
                    "event_ts": ts,
                },
                channel,
                BOT_USER,
            )
        self.changed("slack.channel", {"channel": channel.id})

    def _changed(self, message: Message) -> None:
        ids = {"channel": message.channel, "ts": message.ts}
        thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
        to = {"ephemeral_to": message.ephemeral_to} if message.ephemeral_to else {}
        self.changed("slack.message", ids | thread | to)
