"""Who is in the workspace beside its members: guests, and people of connected workspaces in shared channels.

Guests see only the channels they were invited to. A single-channel guest uses no app: no command, no shortcut, no direct
messages with it; buttons in their channel they can press. Who comes from another workspace is there only in channels
that both share; the app is not installed in theirs, so it has no commands and shortcuts for them either.
Sources: slack.com/help/articles/202518103 (guest roles), docs.slack.dev/apis/slack-connect.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, get_args

from .slack_desk import Desk, Refused
from .slack_schema import Json
from .slack_state import BOT_USER, TEAM, Channel, Kind, User
from .slack_tell import Teller

ELSEWHERE = "T0CUSTOMER"
"""A connected workspace, where nobody names another."""


class Company:
    """Brings people and channels in, as an administrator does."""

    def __init__(self, desk: Desk, tell: Teller, changed: Callable[[str, dict[str, str]], None]) -> None:
        self.desk, self.tell, self.changed = desk, tell, changed
        self.space = desk.space

    async def people(self, query: Json) -> list[Json]:
        """Everybody who is a person, those of connected workspaces included."""
        return [self._shown(one) for one in self.space.users.values() if one.email]

    def _shown(self, user: User) -> Json:
        dm = self.space.dm(user.id)
        rooms = [one for one in self.space.channels.values() if user.id in one.members and not one.user]
        return {
            "user": user.id, "name": user.real_name, "email": user.email, "kind": user.kind,
            "workspace": user.team, "dm": dm.id if dm else "", "channels": [one.id for one in rooms],
        }  # fmt: skip

    async def add(self, body: Json) -> Json:
        """Somebody new: `name`, `kind`, `channels` (ids), and as you like `email` and `workspace`."""
        name, kind = self.desk.word(body, "name"), self._kind(body.get("kind", "member"))
        rooms = self._rooms(body.get("channels") or [], kind)
        workspace = self._workspace(body.get("workspace"), ELSEWHERE if kind == "external" else TEAM)
        if (kind == "external") == (workspace == TEAM):
            raise Refused(
                "invalid_workspace", f"{kind} people are {'not ' if kind == 'external' else ''}of {TEAM}"
            )
        short = re.sub(r"\W+", ".", name.casefold()).strip(".") or "someone"
        user = User(self.space.new_id("U"), short, name, str(body.get("email") or f"{short}@sandbox.example"))
        user.kind, user.team = kind, workspace
        self.space.users[user.id] = user
        if kind in ("member", "guest"):
            self.space.open_dm(user)
        for room in rooms:
            if workspace not in (TEAM, *room.shared_with):
                raise Refused(
                    "not_shared", f"#{room.name} isn't shared with {workspace}: POST /slack/share", 409
                )
            room.members.add(user.id)
            self.tell.joined(room, user.id)
        return self._shown(user)

    def _kind(self, given: Any) -> Kind:
        known: tuple[Kind, ...] = get_args(Kind)
        for one in known:
            if given == one:
                return one
        raise Refused("invalid_kind", f"kind: {', '.join(known)}")

    def _rooms(self, given: Any, kind: Kind) -> list[Channel]:
        if not isinstance(given, list):
            raise Refused("invalid_channels", "send channels: a list of ids")
        found = [self.space.channels.get(str(one)) for one in given]
        rooms = [one for one in found if one is not None and not one.user]
        if len(rooms) < len(given):
            raise Refused("channel_not_found", "send ids of channels", 404)
        if kind == "single_channel_guest" and len(rooms) != 1:
            raise Refused("invalid_channels", "a single-channel guest has exactly one channel")
        if kind == "external" and not rooms:
            raise Refused(
                "invalid_channels", "who comes from another workspace is seen in a shared channel only"
            )
        return rooms

    def _workspace(self, given: Any, usual: str) -> str:
        name = str(given or usual)
        if not re.fullmatch(r"T[A-Z0-9]{2,}", name):
            raise Refused("invalid_workspace", "send workspace: an id such as T0CUSTOMER")
        return name

    async def channels(self, query: Json) -> list[Json]:
        """Every channel, and who is in it; direct messages stand with their person."""
        return [
            {
                "channel": one.id, "name": one.name, "private": one.is_private, "archived": one.is_archived,
                "shared_with": list(one.shared_with), "app": BOT_USER in one.members,
                "members": sorted(one.members - {BOT_USER}),
            }
            for one in self.space.channels.values()
            if not one.user
        ]  # fmt: skip

    async def channel(self, body: Json) -> Json:
        """A new channel: `name`, and as you like `private`, `members` (ids; everybody), `app` (yes), `shared_with`."""
        name = self.desk.word(body, "name").removeprefix("#")
        if any(one.name == name for one in self.space.channels.values()):
            raise Refused("name_taken", f"there is a #{name} already", 409)
        everybody = [one.id for one in self.space.users.values() if one.email and one.kind == "member"]
        members = {str(one) for one in body.get("members") or everybody}
        if strangers := members - set(self.space.users):
            raise Refused("user_not_found", f"nobody is {', '.join(sorted(strangers))}", 404)
        made = Channel(self.space.new_id("C"), name, int(self.space.clock.now()), members)
        made.is_private = bool(body.get("private"))
        if body.get("app", True):
            made.members.add(BOT_USER)
        if body.get("shared_with"):
            made.shared_with = (self._workspace(body["shared_with"], ELSEWHERE),)
        self.space.channels[made.id] = made
        self.tell.joined(made, BOT_USER) if BOT_USER in made.members else None
        self.changed("slack.channel", {"channel": made.id})
        return {"channel": made.id, "name": name, "shared_with": list(made.shared_with)}

    async def share(self, body: Json) -> Json:
        """A channel is shared with another workspace (`workspace`, T0CUSTOMER): its people may come in from then on."""
        channel = self.space.channels.get(self.desk.word(body, "channel"))
        if channel is None or channel.user or channel.is_general:
            raise Refused("channel_not_found", "send the id of a channel; #general can't be shared", 404)
        workspace = self._workspace(body.get("workspace"), ELSEWHERE)
        if workspace == TEAM:
            raise Refused("invalid_workspace", f"{TEAM} is this workspace itself")
        if workspace not in channel.shared_with:
            channel.shared_with += (workspace,)
            self.tell.shared(channel, workspace)
        return {"channel": channel.id, "shared_with": list(channel.shared_with)}
