"""auth, team, bots, users and conversations: who and where."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any

from .slack_schema import Json
from .slack_shapes import channel_json, message_json, team_json, user_json
from .slack_socket import Sockets
from .slack_state import (
    APP,
    BOT,
    BOT_NAME,
    BOT_USER,
    DOMAIN,
    SLACKBOT,
    TEAM,
    TEAM_NAME,
    Channel,
    Message,
    SlackError,
    User,
    Workspace,
)
from .slack_tell import Teller
from .slack_web import Call, Method

_KINDS = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}
_OF = {"im": "im", "group": "groups", "channel": "channels"}


def page(call: Call, every: Sequence[Any], most: int, usual: int) -> tuple[list[Any], str]:
    """One page of a list and the cursor of the next, empty at the end."""
    start = 0
    if cursor := call.text("cursor"):
        try:
            word, _, number = base64.b64decode(cursor, validate=True).decode().partition(":")
            start = int(number)
        except ValueError as wrong:
            raise SlackError("invalid_cursor") from wrong
        if word != "next" or not 0 <= start <= len(every):
            raise SlackError("invalid_cursor")
    limit = call.text("limit")
    if limit and not re.fullmatch(r"\d+", limit):
        raise SlackError("invalid_limit")
    size = min(int(limit or 0) or usual, most)
    more = start + size < len(every)
    after = base64.b64encode(f"next:{start + size}".encode()).decode() if more else ""
    return list(every[start : start + size]), after


class Rooms:
    """People and places."""

    def __init__(self, space: Workspace, sockets: Sockets, tell: Teller) -> None:
        self.space, self.sockets, self.tell = space, sockets, tell

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "apps.connections.open": self.socket,
            "auth.test": self.test,
            "bots.info": self.bot,
            "conversations.create": self.create,
            "conversations.history": self.history,
            "conversations.info": self.info,
            "conversations.join": self.join,
            "conversations.list": self.listed,
            "conversations.members": self.members,
            "conversations.open": self.open,
            "conversations.replies": self.replies,
            "team.info": lambda call: {"team": team_json()},
            "users.conversations": self.mine,
            "users.getPresence": self.presence,
            "users.info": self.user,
            "users.list": self.users,
            "users.lookupByEmail": self.by_mail,
        }

    def socket(self, call: Call) -> Json:
        """apps.connections.open: a new socket address."""
        return {"url": self.sockets.ticket(call.base.removeprefix("http://"))}

    def test(self, call: Call) -> Json:
        """auth.test."""
        return {
            "url": f"https://{DOMAIN}.slack.com/",
            "team": TEAM_NAME,
            "user": BOT_NAME,
            "team_id": TEAM,
            "user_id": BOT_USER,
            "bot_id": BOT,
            "is_enterprise_install": False,
        }

    def bot(self, call: Call) -> Json:
        """bots.info."""
        if call.text("bot") not in (BOT, ""):
            raise SlackError("bot_not_found")
        icons = {f"image_{size}": f"https://avatars.example/bot_{size}.png" for size in (36, 48, 72)}
        bot: Json = {"id": BOT, "deleted": False, "name": BOT_NAME, "updated": 1_700_000_000, "app_id": APP}
        return {"bot": bot | {"user_id": BOT_USER, "icons": icons}}

    def user(self, call: Call) -> Json:
        """users.info."""
        found = self.space.users.get(call.text("user"))
        if found is None:
            raise SlackError("user_not_found")
        return {"user": self._shown(call, found)}

    def _shown(self, call: Call, user: User) -> Json:
        stranger = user.kind == "external" and not self.space.meets(user)
        return user_json(user, "users:read.email" in call.scopes, stranger)

    def users(self, call: Call) -> Json:
        """users.list."""
        seen = [one for one in self.space.users.values() if one.kind != "external" or self.space.meets(one)]
        some, after = page(call, seen, 1000, 1000)
        members = [self._shown(call, one) for one in some]
        return {
            "members": members,
            "cache_ts": int(self.space.clock.now()),
            "response_metadata": {"next_cursor": after},
        }

    def by_mail(self, call: Call) -> Json:
        """users.lookupByEmail."""
        mail = call.text("email").casefold()
        ours = [one for one in self.space.users.values() if one.email and one.kind != "external"]
        found = [one for one in ours if one.email.casefold() == mail]
        if not found:
            raise SlackError("users_not_found")
        return {"user": user_json(found[0], True)}

    def presence(self, call: Call) -> Json:
        """users.getPresence: a person with open stage is always active."""
        if call.text("user") not in self.space.users:
            raise SlackError("user_not_found")
        return {"presence": "active"}

    def _for(self, call: Call, need: dict[str, str]) -> Channel:
        call.must("channel")
        channel = self.space.channel(call.text("channel"))
        call.needs(f"{need[channel.kind]}")
        return channel

    def _read(self, call: Call) -> Channel:
        return self._for(call, {kind: f"{word}:read" for kind, word in _OF.items()})

    def info(self, call: Call) -> Json:
        """conversations.info."""
        channel = self._read(call)
        count = {"num_members": len(channel.members)} if call.flag("include_num_members") else {}
        return {"channel": channel_json(channel) | count}

    def members(self, call: Call) -> Json:
        """conversations.members."""
        some, after = page(call, sorted(self._read(call).members), 1000, 100)
        return {"members": some, "response_metadata": {"next_cursor": after}}

    def _kinds(self, call: Call) -> set[str]:
        asked = [one.strip() for one in (call.text("types") or "public_channel").split(",")]
        if any(one not in _KINDS for one in asked):
            raise SlackError("invalid_types")
        for one in asked:
            call.needs(f"{_KINDS[one]}:read")
        return set(asked)

    def _every(self, call: Call, user: str | None) -> Json:
        kinds = self._kinds(call)
        names = {"im": "im", "group": "private_channel", "channel": "public_channel"}
        every = [
            one
            for one in self.space.channels.values()
            if names[one.kind] in kinds
            and not (one.is_archived and call.flag("exclude_archived"))
            and (one.kind == "channel" or BOT_USER in one.members)
            and (user is None or user in one.members)
        ]
        some, after = page(call, every, 1000, 100)
        return {
            "channels": [channel_json(one) | {"num_members": len(one.members)} for one in some],
            "response_metadata": {"next_cursor": after},
        }

    def listed(self, call: Call) -> Json:
        """conversations.list."""
        return self._every(call, None)

    def mine(self, call: Call) -> Json:
        """users.conversations: the app's own, or a person's."""
        user = call.text("user") or BOT_USER
        if user not in self.space.users:
            raise SlackError("user_not_found")
        return self._every(call, user)

    def open(self, call: Call) -> Json:
        """conversations.open with one person: the app's direct messages."""
        if name := call.text("channel"):
            channel = self.space.channel(name)
            if not channel.user:
                raise SlackError("method_not_supported_for_channel_type")
            return {"channel": {"id": channel.id}}
        raw = call.args.get("users")
        people = [one for one in (raw if isinstance(raw, list) else call.text("users").split(",")) if one]
        if not people:
            raise SlackError("users_list_not_supplied")
        if len(people) > 8:
            raise SlackError("too_many_users")
        if any(one not in self.space.users for one in people):
            raise SlackError("user_not_found")
        if any(one in (BOT_USER, SLACKBOT) for one in people):
            raise SlackError("cannot_dm_bot")
        call.needs("im:write" if len(people) == 1 else "mpim:write")
        dm = self._dm(self.space.users[str(people[0])]) if len(people) == 1 else None
        if dm is None:
            raise SlackError("invalid_user_combination")
        shown = channel_json(dm) if call.flag("return_im") else {"id": dm.id}
        again = {"no_op": True, "already_open": True} if dm.opened else {}
        dm.opened = True
        return again | {"channel": shown}

    def _dm(self, user: User) -> Channel | None:
        if user.kind == "single_channel_guest":
            raise SlackError("user_not_visible")
        if user.kind == "external" and not self.space.meets(user):
            return None
        return self.space.dm(user.id) or self.space.open_dm(user)

    def create(self, call: Call) -> Json:
        """conversations.create."""
        name = call.text("name")
        private = call.flag("is_private")
        call.needs("groups:write" if private else "channels:manage")
        if not name:
            raise SlackError("invalid_name_required")
        if len(name) > 80:
            raise SlackError("invalid_name_maxlength")
        if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
            raise SlackError("invalid_name_specials")
        if not re.search(r"\w", name.replace("_", "")):
            raise SlackError("invalid_name_punctuation")
        if any(one.name == name for one in self.space.channels.values()):
            raise SlackError("name_taken")
        made = Channel(
            self.space.new_id("C"), name, int(self.space.clock.now()), {BOT_USER}, is_private=private
        )
        self.space.channels[made.id] = made
        self.tell.joined(made, BOT_USER)
        return {"channel": channel_json(made)}

    def join(self, call: Call) -> Json:
        """conversations.join."""
        call.must("channel")
        channel = self.space.channel(call.text("channel"))
        if channel.kind != "channel":
            raise SlackError("method_not_supported_for_channel_type")
        if channel.is_archived:
            raise SlackError("is_archived")
        if BOT_USER in channel.members:
            metadata = {"warnings": ["already_in_channel"]}
            return {
                "channel": channel_json(channel),
                "warning": "already_in_channel",
                "response_metadata": metadata,
            }
        channel.members.add(BOT_USER)
        self.tell.joined(channel, BOT_USER)
        return {"channel": channel_json(channel)}

    def _heard(self, call: Call) -> Channel:
        channel = self._for(call, {kind: f"{word}:history" for kind, word in _OF.items()})
        if BOT_USER not in channel.members:
            raise SlackError("not_in_channel")
        return channel

    def _between(self, call: Call, every: list[Message]) -> list[Message]:
        bounds = {}
        for name in ("oldest", "latest"):
            value = call.text(name)
            if value and not re.fullmatch(r"\d+(\.\d+)?", value):
                raise SlackError(f"invalid_ts_{name}")
            bounds[name] = float(value) if value else None
        low, high = bounds["oldest"], bounds["latest"]
        same = call.flag("inclusive")
        return [
            one
            for one in every
            if (low is None or float(one.ts) > low or (same and float(one.ts) == low))
            and (high is None or float(one.ts) < high or (same and float(one.ts) == high))
        ]

    def _told(self, call: Call, some: list[Message], after: str) -> Json:
        everything = call.flag("include_all_metadata")
        return {
            "messages": [message_json(one, self.space, call.base, everything) for one in some],
            "has_more": bool(after),
        } | ({"response_metadata": {"next_cursor": after}} if after else {})

    def history(self, call: Call) -> Json:
        """conversations.history: newest first, threads by their head only."""
        channel = self._heard(call)
        every = [
            one
            for one in self.space.messages.get(channel.id, {}).values()
            if not one.deleted
            and one.ephemeral_to is None
            and (one.thread_ts in (None, one.ts) or one.broadcast)
        ]
        some, after = page(call, self._between(call, every)[::-1], 999, 100)
        return self._told(call, some, after) | {"pin_count": 0}

    def replies(self, call: Call) -> Json:
        """conversations.replies: the head, then the thread, oldest first."""
        channel = self._heard(call)
        head = self.space.message(channel.id, call.text("ts"))
        if head is None or head.ephemeral_to is not None:
            raise SlackError("thread_not_found")
        replies = self._between(call, self.space.replies(channel.id, head.ts))
        some, after = page(call, [head, *replies], 1000, 1000)
        return self._told(call, some, after)
