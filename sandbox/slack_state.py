"""What the Slack stand-in holds: people, channels, messages, views, files, triggers and response addresses.

Message timestamps carry the moved clock and strictly increase; everything that expires does so in real time.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from .slack_blocks import completed, short_id
from .slack_schema import Json
from .slack_text import rich_text
from .stage import Cast, Clock, PersonKind

TEAM, TEAM_NAME, DOMAIN = "T0SANDBOX1", "Sandbox", "sandbox-stage"
APP, BOT_USER, BOT, BOT_NAME = "A0SANDBOX1", "U0SANDBOXB", "B0SANDBOX1", "tierline"
SLACKBOT = "USLACKBOT"
TRIGGER_LIFE = 3.0
HOOK_LIFE, HOOK_USES = 1800.0, 5
KEPT = 5_000  # triggers and response addresses that are kept at least, spent ones included


class SlackError(Exception):
    """Slack's answer `{"ok": false, "error": name, …}`; `more` are the further fields."""

    def __init__(self, name: str, **more: Any) -> None:
        super().__init__(name)
        self.name = name
        self.more = more


Kind = PersonKind
"""`external` people are of another workspace (`team`) and in shared channels only; guests only in their own."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One of the app's shortcuts as its manifest has it; `kind`: `message` or `global`."""

    kind: str
    callback_id: str
    name: str = ""
    description: str = ""


@dataclass(slots=True)
class User:
    """Somebody in the workspace, or seen in a channel that it shares with another."""

    id: str
    name: str
    real_name: str
    email: str
    is_bot: bool = False
    kind: Kind = "member"
    team: str = TEAM

    @property
    def uses_apps(self) -> bool:
        """Whether commands, shortcuts and direct messages of the app exist for them."""
        return self.kind in ("member", "guest")


@dataclass(slots=True)
class Channel:
    """A public or private channel (`C…`) or the app's direct messages with one person (`D…`, `user`)."""

    id: str
    name: str
    created: int
    members: set[str]
    is_private: bool = False
    is_archived: bool = False
    is_general: bool = False
    user: str = ""
    opened: bool = False
    shared_with: tuple[str, ...] = ()  # connected workspaces

    @property
    def kind(self) -> str:
        """`im`, `group` or `channel`, as events call it."""
        return "im" if self.user else "group" if self.is_private else "channel"


@dataclass(slots=True)
class File:
    """An uploaded file; it is complete once the bytes came and completeUploadExternal was called."""

    id: str
    name: str
    title: str
    user: str
    size: int
    created: int
    content: bytes | None = None
    mimetype: str = "application/octet-stream"
    shared_in: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """One message; `auto` blocks were made by Slack from the text, not sent."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    auto: bool = True
    thread_ts: str | None = None
    metadata: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    edited: str | None = None
    deleted: bool = False
    ephemeral_to: str | None = None
    bot_id: str | None = None
    client_msg_id: str | None = None
    subtype: str | None = None
    attachments: list[Json] = field(default_factory=list)
    username: str | None = None
    broadcast: bool = False


@dataclass(slots=True)
class View:
    """A modal in a person's stack, or their Home; `document` is what the app sent, completed."""

    id: str
    user: str
    document: Json
    hash: str
    root: str
    previous: str | None = None
    external_id: str = ""
    values: dict[str, dict[str, Json]] = field(default_factory=dict)


@dataclass(slots=True)
class Trigger:
    """A trigger_id: good once, for three seconds; `view` is the modal in which it arose."""

    id: str
    user: str
    until: float
    view: str | None = None
    used: bool = False


@dataclass(slots=True)
class Hook:
    """A response_url: five uses in half an hour; `ts` is the message that was acted on."""

    key: str
    user: str
    channel: str
    ts: str | None
    until: float
    uses: int = 0
    thread_ts: str | None = None
    answers: list[Json] = field(default_factory=list)


class Workspace:
    """All of it, and the few verbs that keep it consistent."""

    def __init__(self, cast: Cast, clock: Clock) -> None:
        self.cast = cast
        self.clock = clock
        self.empty()

    def empty(self) -> None:
        """As at the start: the cast, its places, and the two rooms that every workspace has."""
        born = int(self.clock.now())
        self.users = {
            person.slack: User(
                person.slack, person.email.split("@")[0], person.name, person.email, kind=person.kind,
                team=person.workspace or TEAM,
            )
            for person in self.cast.people
        }  # fmt: skip
        people = {one.id for one in self.users.values() if one.kind == "member"}
        self.users[BOT_USER] = User(BOT_USER, BOT_NAME, BOT_NAME.title(), "", is_bot=True)
        self.users[SLACKBOT] = User(SLACKBOT, "slackbot", "Slackbot", "")
        self.channels = {
            place.id: Channel(
                place.id, place.name.lstrip("#"), born, {*people, BOT_USER}, shared_with=place.shared_with
            )
            for place in self.cast.places
        }
        for person in self.cast.people:
            if self.users[person.slack].uses_apps:
                self.open_dm(self.users[person.slack], person.dm)
            for room in person.rooms:
                self.channels[room].members.add(person.slack)
        self.channels["C0GENERAL1"] = Channel("C0GENERAL1", "general", born, set(people), is_general=True)
        self.channels["C0OLDROOM1"] = Channel(
            "C0OLDROOM1", "archive-2019", born, {*people, BOT_USER}, is_archived=True
        )
        self.messages: dict[str, dict[str, Message]] = {}
        self.threads: dict[tuple[str, str], list[Message]] = {}
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.uploads: dict[str, File] = {}
        self.triggers: dict[str, Trigger] = {}
        self.hooks: dict[str, Hook] = {}
        self.last_ts = 0

    def ts(self) -> str:
        """The next message timestamp: the moved clock's, later than every one before."""
        self.last_ts = max(self.last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def new_id(self, letter: str) -> str:
        """An id as Slack makes them: a letter and ten of A–Z, 0–9."""
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        return f"{letter}0" + "".join(secrets.choice(letters) for _ in range(9))

    def channel(self, name: object) -> Channel:
        """By id; anything else, and a private room without the app, is `channel_not_found`."""
        found = self.channels.get(str(name))
        if found is None or (found.kind != "channel" and BOT_USER not in found.members):
            raise SlackError("channel_not_found")
        return found

    def message(self, channel: str, ts: object) -> Message | None:
        """A message that still stands there, ephemeral ones included."""
        found = self.messages.get(channel, {}).get(str(ts))
        return None if found is None or found.deleted else found

    def lasting(self, channel: str, ts: object) -> Message:
        """A message that the Web API knows: ephemeral ones it does not."""
        found = self.message(channel, ts)
        if found is None or found.ephemeral_to is not None:
            raise SlackError("message_not_found")
        return found

    def replies(self, channel: str, ts: str) -> list[Message]:
        """What stands in a thread, without its parent."""
        return [
            one for one in self.threads.get((channel, ts), []) if not one.deleted and one.ephemeral_to is None
        ]

    def add(self, message: Message, sent: list[Json] | None = None) -> Message:
        """Keep a message; `sent` blocks are completed, and without them Slack makes rich text of the text."""
        self.dress(message, sent)
        self.messages.setdefault(message.channel, {})[message.ts] = message
        if message.thread_ts and message.thread_ts != message.ts:
            self.threads.setdefault((message.channel, message.thread_ts), []).append(message)
        return message

    def dress(self, message: Message, sent: list[Json] | None) -> None:
        """Give a message its blocks."""
        if sent:
            message.blocks, message.auto = completed(sent), False
        else:
            message.auto = True
            message.blocks = [rich_text(message.text, short_id())] if message.text else []

    def open_dm(self, user: User, name: str = "") -> Channel:
        """The app's direct messages with a person come into being."""
        made = Channel(
            name or self.new_id("D"),
            "directmessage",
            int(self.clock.now()),
            {user.id, BOT_USER},
            user=user.id,
        )
        self.channels[made.id] = made
        return made

    def team_of(self, user: str) -> str:
        """The workspace that a person, or a bot, is of."""
        found = self.users.get(user)
        return found.team if found else TEAM

    def meets(self, user: User) -> bool:
        """Whether a person is in a channel with the app."""
        return any(
            user.id in one.members and BOT_USER in one.members and not one.user
            for one in self.channels.values()
        )

    def dm(self, user: str) -> Channel | None:
        """The app's direct messages with a person."""
        return next((one for one in self.channels.values() if one.user == user), None)

    def trigger(self, user: str, view: str | None = None) -> str:
        """A new trigger_id."""
        now = time.time()
        if len(self.triggers) >= 2 * KEPT:
            self.triggers = dict(list(self.triggers.items())[KEPT:])
        key = f"{int(now * 1000)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(key, user, time.monotonic() + TRIGGER_LIFE, view)
        return key

    def spend(self, key: object) -> Trigger:
        """Use a trigger_id: once, within three seconds of real time."""
        found = self.triggers.get(str(key))
        if found is None:
            raise SlackError("invalid_trigger_id")
        if found.used:
            raise SlackError("exchanged_trigger_id")
        if time.monotonic() > found.until:
            raise SlackError("expired_trigger_id")
        found.used = True
        return found

    def hook(self, user: str, channel: str, ts: str | None = None, thread_ts: str | None = None) -> Hook:
        """A new response address."""
        if len(self.hooks) >= 2 * KEPT:
            self.hooks = {name: one for name, one in self.hooks.items() if one.until > time.monotonic()}
        key = f"{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        made = Hook(key, user, channel, ts, time.monotonic() + HOOK_LIFE, thread_ts=thread_ts)
        self.hooks[key] = made
        return made

    def view(self, key: object) -> View | None:
        """A view that is open or published, by id or external id."""
        every = [*self.homes.values(), *(view for stack in self.stacks.values() for view in stack)]
        return next((v for v in every if key and key in (v.id, v.external_id)), None)

    def new_hash(self, view_id: str) -> str:
        """A view's state hash."""
        tail = hashlib.sha256(f"{view_id}{secrets.token_hex(8)}".encode()).hexdigest()[:8]
        return f"{int(self.clock.now())}.{tail}"
