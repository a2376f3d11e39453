"""Who and where in Slack: people by mail or id, their direct messages, channels by name. Looked up once, then kept."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..channel import DeliveryError, NotDelivered
from ..house import Actor
from .blocks import Json
from .memory import split
from .pace import Urgency
from .send import Sender

FRESH, AGAIN = 600.0, 20.0
"""Seconds that a person is believed unchanged, and between two looks for a channel that isn't there."""
HIDDEN = "user_not_visible"
"""What Slack says of somebody to whom no app can write in person."""
PAGES = 10
"""Pages of 500 people learnt beforehand; a larger workspace is looked up person by person."""
_USER, _CHANNEL = re.compile(r"[UW][A-Z0-9]{2,}"), re.compile(r"[CGD][A-Z0-9]{2,}")


def is_person(name: str) -> bool:
    """Whether a name of the plan means a person, not a channel."""
    return "@" in name or bool(_USER.fullmatch(name.strip()))


@dataclass(slots=True)
class _Known:
    actor: Actor
    deleted: bool
    at: float
    alone: bool = False  # a single-channel guest: no app writes to them in person


class People:
    """Names of the plan to ids of Slack, and ids to persons."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        self.home = ""  # our workspace, once Slack has said so
        self.named: dict[str, str] = {}  # the plan's `slack` → user id
        self._known: dict[str, _Known] = {}
        self._dms: dict[str, str] = {}
        self._lanes: dict[str, str] = {}  # single-channel guest → the channel in which they are asked
        self._rooms: dict[str, tuple[str, bool]] = {}  # name → id, whether we must join first
        self._listed = -AGAIN

    def ids(self) -> Mapping[str, str]:
        """The plan's `slack` → user id, as far as known."""
        return dict(self.named)

    async def warm(self) -> None:
        """Learn everybody and the direct messages that exist in a few calls, instead of one by one when it matters.

        Raises DeliveryError; what isn't known then is looked up when it is needed.
        """
        for one in await self._pages("users.list", "members"):
            self._keep(one)
        for one in await self._pages("conversations.list", "channels", types="im"):
            self._dms[str(one["user"])] = str(one["id"])

    async def _pages(self, method: str, field: str, types: str | None = None) -> list[Json]:
        cursor, found = "", list[Json]()
        for _ in range(PAGES):
            answer = await self.sender.call(
                method, Urgency.CARD, cursor=cursor or None, types=types, limit=500
            )
            found += answer.get(field, ())
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        return found

    def forget(self) -> None:
        """Look everything up anew: places may have changed hands."""
        self._dms.clear()
        self._rooms.clear()
        self._known.clear()
        self._listed = -AGAIN

    async def find(self, slack: str) -> str:
        """A user id for a mail address or a user id. Raises NotDelivered(permanent) for nobody."""
        slack = slack.strip()
        if _USER.fullmatch(slack):
            self.named[slack] = slack
            return slack
        if known := self.named.get(slack):
            return known
        found = await self.sender.call("users.lookupByEmail", Urgency.OFFER, email=slack)
        user = found.get("user")
        if not isinstance(user, dict) or user.get("deleted"):
            raise NotDelivered("the person's Slack account is deactivated", "user_disabled", permanent=True)
        known = self.named[slack] = self._keep(user).actor.user
        return known

    async def actor(self, user: str, team: str = "") -> Actor:
        """Who `user` is. What was known before is used when Slack can't be asked."""
        known = self._known.get(user)
        if known is None or time.monotonic() - known.at > FRESH:
            try:
                answer = await self.sender.call(
                    "users.info", Urgency.OFFER, deadline=3.0, patience=3.0, user=user
                )
                known = self._keep(answer["user"])
            except DeliveryError:
                if known is None:
                    raise
        return known.actor

    def _keep(self, user: Json) -> _Known:
        profile = user.get("profile") or {}
        # Another workspace's administrator can give any address: only our own workspace's addresses say who it is.
        stranger = bool(user.get("is_stranger")) or bool(
            self.home and user.get("team_id") not in (None, self.home)
        )
        email = "" if stranger else str(profile.get("email") or "")
        name = str(profile.get("real_name") or user.get("real_name") or user.get("name") or user["id"])
        guest = stranger or any(user.get(flag) for flag in ("is_restricted", "is_ultra_restricted"))
        actor = Actor(
            user=str(user["id"]), email=email, name=name, is_bot=bool(user.get("is_bot")) or user["id"] == "USLACKBOT",
            is_guest=guest, team=str(user.get("team_id") or ""),
        )  # fmt: skip
        if email:
            self.named[email] = actor.user
        known = self._known[actor.user] = _Known(
            actor, bool(user.get("deleted")), time.monotonic(), bool(user.get("is_ultra_restricted"))
        )
        return known

    def gone(self, user: str) -> None:
        """Slack says that this person can't be reached: what we knew of them is out of date."""
        self._dms.pop(user, None)
        self._known.pop(user, None)
        self.named = {name: known for name, known in self.named.items() if known != user}

    async def dm(self, slack: str) -> str:
        """The channel of our direct messages with a person."""
        user = await self.find(slack)
        known = self._dms.get(user)
        if known is None:
            answer = await self.sender.call("conversations.open", Urgency.OFFER, users=user)
            known = self._dms[user] = str(answer["channel"]["id"])
        return known

    async def lane(self, slack: str, room: str = "") -> tuple[str, str]:
        """(where a person is told something, whom to name there): in person, nobody; a single-channel guest in `room`.

        Without a `room` it is the one that was last given. Raises NotDelivered, as `dm` and `room` do.
        """
        user = await self.find(slack)
        if room:
            self._lanes[user] = room
        known, there = self._known.get(user), self._lanes.get(user, "")
        if known is not None and known.alone and there:
            return await self.room(there), user
        try:
            return await self.dm(slack), ""
        except NotDelivered as error:
            if error.code != HIDDEN or not there:
                raise
            return await self.room(there), user

    async def link(self, place: str) -> str:
        """Where people open the message at `place`, "" when Slack can't say it."""
        channel, ts = split(place)
        try:
            found = await self.sender.call("chat.getPermalink", Urgency.CARD, channel=channel, message_ts=ts)
        except DeliveryError:
            return ""
        return str(found.get("permalink") or "")

    # ---- channels -----------------------------------------------------------------------------------------------

    async def room(self, place: str) -> str:
        """A channel's id for "#name" or an id; joined when it is public. Raises NotDelivered(permanent)."""
        if _CHANNEL.fullmatch(place):
            return place
        name = place.removeprefix("#").strip().casefold()
        if name not in self._rooms and time.monotonic() - self._listed > AGAIN:
            await self._list()
        found = self._rooms.get(name)
        if found is None:
            raise NotDelivered(
                f"there is no channel #{name}, or it is private and Tierline isn't in it: invite it",
                "channel_not_found", permanent=True,
            )  # fmt: skip
        if found[1]:
            await self.join(found[0])
            self._rooms[name] = (found[0], False)
        return found[0]

    async def join(self, channel: str) -> None:
        """Become a member of a public channel."""
        await self.sender.call("conversations.join", Urgency.OFFER, channel=channel)

    def moved(self, channel: str) -> None:
        """What we knew of a channel is out of date."""
        self._rooms = {name: known for name, known in self._rooms.items() if known[0] != channel}
        self._listed = -AGAIN

    async def _list(self) -> None:
        cursor, found = "", dict[str, tuple[str, bool]]()
        while True:
            answer = await self.sender.call(
                "conversations.list", Urgency.OFFER, types="public_channel,private_channel", exclude_archived=False,
                limit=500, cursor=cursor or None,
            )  # fmt: skip
            for one in answer.get("channels", ()):
                if one.get("is_archived") and one["name"].casefold() in found:
                    continue
                joins = not one.get("is_member") and not one.get("is_private") and not one.get("is_archived")
                found[str(one["name"]).casefold()] = (str(one["id"]), joins)
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                break
        self._rooms, self._listed = found, time.monotonic()
