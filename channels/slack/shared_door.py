"""Slack Connect: a channel that a customer shares is a door, and a thread in it is a conversation.

their message, or one with the reaction ─▶ Arrived ─▶ inbound (durable) ─▶ only then acknowledged: Slack comes again
an agent's own words there ─▶ an answer that is given already        edits, deletions, colleagues ─▶ notes
words to the customer ─▶ a message in that thread, with the agent's name

Who counts as the customer: people of a workspace to which Slack says the channel is connected, and guests. Bots never.
Sources: docs.slack.dev/apis/slack-connect, docs.slack.dev/reference/events/message.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import structlog

from ...queue.contact import Arrived, Media
from ..channel import DeliveryError, Inbound, NotDelivered, NotTaken, Sent, Words
from ..house import Actor
from ..shared import HERE, SharedPlace, Talk, conversation
from .blocks import Json, Message, fallback, mrkdwn, plain, sections
from .memory import Finder, split
from .pace import Urgency
from .payloads import Body
from .people import People
from .send import Sender
from .shared_files import attached, ids_of
from .words import drawn, emoji, said

log = structlog.get_logger()

AT_ONCE = 2.5
"""Seconds until an event is taken, or Slack has to send it again."""
EVERY = 15.0
"""Seconds between looks at whether the plan's channels are there."""
FRESH = 600.0
"""Seconds for which Slack's word about a channel is believed."""
Tell = Callable[[str, str], Awaitable[None]]
"""Tells whoever can mend it `text` about `name`, now and then."""
ASIDE = {"message_changed", "message_deleted"}
SAID = {None, "file_share", "thread_broadcast"}


@dataclass(frozen=True, slots=True)
class Heard:
    """An event in a channel, as far as it may matter."""

    channel: str
    ts: str
    root: str  # the first message of its thread
    user: str
    text: str
    blocks: object = None
    files: tuple[str, ...] = ()  # ids
    before: str = ""  # the words before a change

    @property
    def place(self) -> str:
        """The message."""
        return f"{self.channel}:{self.ts}"


@dataclass(slots=True)
class Parts:
    """What the door uses of a started desk."""

    sender: Sender
    people: People
    finder: Finder


class SharedDoor:
    """A `Channel`. `places` are today's; the desk hands in its parts when it starts."""

    def __init__(
        self, places: Callable[[], tuple[SharedPlace, ...]], inbound: Inbound, talk: Talk, tell: Tell
    ) -> None:
        self.places, self.inbound, self.talk, self.tell = places, inbound, talk, tell
        self.parts: Parts | None = None
        self._watch: asyncio.Task[None] | None = None
        self.bot_user = ""
        self._for: tuple[SharedPlace, ...] = ()
        self._sound: tuple[SharedPlace, ...] = ()
        self._known: dict[str, SharedPlace | None] = {}
        self._teams: dict[str, tuple[frozenset[str], float]] = {}
        self._lanes: dict[str, asyncio.Lock] = {}

    async def start(self) -> None:
        """Events come by the desk's own ears; whether the plan's channels are there is looked at from time to time."""
        self._watch = asyncio.create_task(self._look_after(), name="shared channels")

    async def stop(self) -> None:
        """Look no more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    async def _look_after(self) -> None:
        while True:
            with contextlib.suppress(DeliveryError):  # Slack is away: it is looked at again
                await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Be in every channel of the plan, and tell of one that isn't there or isn't shared. Raises DeliveryError."""
        parts, now = self.parts, self.places()
        if parts is None or now == self._sound:
            return
        whole = [await self._look(parts, one.place) for one in now]
        self._sound = now if all(whole) else ()

    async def _look(self, parts: Parts, place: str) -> bool:
        """Whether a channel is there."""
        try:
            teams = await self._connected(parts, await parts.people.room(place))
        except NotDelivered as error:
            if not error.permanent:
                raise
            await self.tell(f"shared:{place}", f"{place} of the plan can't be read: {error.reason}")
            return False
        if not teams:
            text = f"{place} isn't shared with anybody yet: only guests there count as its customer."
            await self.tell(f"shared:{place}", text)
        return True

    def open(self, sender: Sender, people: People, finder: Finder) -> None:
        """The desk has started."""
        self.parts = Parts(sender, people, finder)
        self._known.clear()
        self._teams.clear()
        self._sound = ()

    # ---- in -----------------------------------------------------------------------------------------------------

    def wants(self, event: Mapping[str, object]) -> bool:
        """Whether an event may be about a shared channel; without any nothing is."""
        if (now := self.places()) != self._for:
            self._for = now
            self._known.clear()
        if not now or self.parts is None:
            return False
        if event.get("type") == "reaction_added":
            item = event.get("item")
            channel = item.get("channel") if isinstance(item, dict) else None
            return self._known.get(str(channel), now[0]) is not None and event.get("user") != self.bot_user
        if event.get("type") != "message" or event.get("subtype") not in SAID | ASIDE:
            return False
        if self._known.get(str(event.get("channel")), now[0]) is None:
            return False
        return bool(by_person(event, self.bot_user))

    async def took(self, event: Mapping[str, object]) -> bool | None:
        """True when it is durable, or nothing that counts; False: Slack must send it again; None: another channel's."""
        parts = self.parts
        if parts is None:
            return False
        try:
            async with asyncio.timeout(AT_ONCE):
                item = event.get("item")
                inside = item if isinstance(item, dict) else event
                place = await self._place(parts, str(inside.get("channel") or ""))
                if place is None:
                    return None
                async with self._lane(place.place):  # in the order in which it was said
                    await self._take(parts, place, event)
        except (NotTaken, DeliveryError, TimeoutError) as error:
            log.warning("slack.shared.not_taken", error=type(error).__name__)
            return False
        except Exception as error:
            log.error("slack.shared.failed", error=type(error).__name__)
            return False
        return True

    def _lane(self, place: str) -> asyncio.Lock:
        return self._lanes.setdefault(place, asyncio.Lock())

    async def _place(self, parts: Parts, channel: str) -> SharedPlace | None:
        if channel in self._known:
            return self._known[channel]
        whole = True
        for one in self._for:
            try:
                self._known[await parts.people.room(one.place)] = one
            except NotDelivered as error:
                if not error.permanent:
                    raise
                whole = False  # it isn't there yet: asked again when something is said somewhere
                log.warning("slack.shared.no_channel", place=one.place)
        if whole:
            self._known.setdefault(channel, None)
        return self._known.get(channel)

    async def _take(self, parts: Parts, place: SharedPlace, event: Mapping[str, object]) -> None:
        if event.get("type") == "reaction_added":
            await self._reacted(parts, place, event)
            return
        heard = read_event(event)
        if heard is None:
            return
        actor = await parts.people.actor(heard.user)
        thread = _thread(heard, place)
        if actor.is_bot:
            return
        match event.get("subtype"):
            case "message_changed":
                what = f"changed “{_short(heard.before)}” to “{_short(_words(heard, actor))}”"
                await self._aside(parts, heard, thread, actor, what, f"{heard.place}:{_when(event)}")
            case "message_deleted":
                what = f"deleted “{_short(heard.before)}”"
                await self._aside(parts, heard, thread, actor, what, f"{heard.place}:deleted")
            case _:
                await self._said(parts, place, heard, actor)

    async def _said(self, parts: Parts, place: SharedPlace, heard: Heard, actor: Actor) -> None:
        thread = _thread(heard, place)
        if self.talk.ours(actor):
            await self.talk.given(thread, actor, _words(heard, actor), heard.place)
        elif not await self._customer(parts, actor, heard.channel):
            if await self._guessed(actor, parts):
                await self.talk.noted(thread, actor.name, f"wrote there: {_words(heard, actor)}", heard.place)
        elif not place.reaction or await self.talk.known(thread):
            await self._arrives(parts, place, heard, actor)

    async def _arrives(self, parts: Parts, place: SharedPlace, heard: Heard, actor: Actor) -> None:
        files = await attached(parts.sender, heard.files, place.place)
        await self.inbound(_arrived(place, heard, actor, files))

    async def _aside(
        self, parts: Parts, heard: Heard, thread: str, actor: Actor, what: str, event: str
    ) -> None:
        if self.talk.ours(actor) or await self._customer(parts, actor, heard.channel):
            await self.talk.noted(thread, actor.name, what, event)

    async def _reacted(self, parts: Parts, place: SharedPlace, event: Mapping[str, object]) -> None:
        """Somebody put the reaction on a message: if it is a customer's, it counts."""
        name, item = str(event.get("reaction") or "").partition("::")[0], event.get("item")
        if not place.reaction or name != place.reaction or not isinstance(item, dict) or "ts" not in item:
            return
        if (await parts.people.actor(str(event.get("user") or ""))).is_bot:
            return
        found = await self._message(parts, str(item["channel"]), str(item["ts"]))
        heard = read_event({**found, "channel": item["channel"]}) if found is not None else None
        if heard is None or not by_person(found or {}, self.bot_user):
            return
        actor = await parts.people.actor(heard.user)
        ours = actor.is_bot or self.talk.ours(actor)
        if not ours and await self._customer(parts, actor, heard.channel):
            await self._arrives(parts, place, heard, actor)

    async def _message(self, parts: Parts, channel: str, ts: str) -> Json | None:
        """One message, wherever it stands; None when it is gone."""
        answer = await parts.sender.call(
            "conversations.replies", Urgency.CUSTOMER, channel=channel, ts=ts, limit=1, inclusive=True,
            oldest=ts, latest=ts,
        )  # fmt: skip
        return next((one for one in answer.get("messages", ()) if one.get("ts") == ts), None)

    # ---- who it is ----------------------------------------------------------------------------------------------

    async def _customer(self, parts: Parts, actor: Actor, channel: str) -> bool:
        """Whether they are of a workspace that the channel is connected to, or a guest of ours."""
        if actor.team == parts.people.home:
            return actor.is_guest
        teams, at = self._teams.get(channel, (frozenset[str](), -FRESH))
        if actor.team not in teams or time.monotonic() - at > FRESH:
            teams = await self._connected(parts, channel)
            self._teams[channel] = (teams, time.monotonic())
        if actor.team not in teams:
            log.warning("slack.shared.stranger", channel=channel, team=actor.team)
        return bool(actor.team) and actor.team in teams

    async def _connected(self, parts: Parts, channel: str) -> frozenset[str]:
        """The workspaces of others to which Slack says that the channel is connected."""
        answer = await parts.sender.call("conversations.info", Urgency.OFFER, patience=1.5, channel=channel)
        about = answer.get("channel") or {}
        if not about.get("is_ext_shared"):
            return frozenset()
        named = {*about.get("shared_team_ids", ()), *about.get("connected_team_ids", ())}
        return frozenset(str(team) for team in named) - {parts.people.home}

    async def _guessed(self, actor: Actor, parts: Parts) -> bool:
        """A colleague whom the plan doesn't name: their words are of interest, and no customer's."""
        return actor.team == parts.people.home and not actor.is_guest

    # ---- out ----------------------------------------------------------------------------------------------------

    async def say(self, words: Words) -> Sent:
        """A message in the conversation's thread. Raises NotDelivered or OutcomeUnknown."""
        parts, (channel, ts) = self._open(), split(words.recipient.removeprefix(HERE))
        made = await parts.sender.post(channel, message(words), Urgency.CUSTOMER, ts)
        return Sent(f"{channel}:{made}", "delivered")

    async def find(self, words: Words) -> Sent | None:
        """Looked for by its key, which its metadata carries."""
        place = words.recipient.removeprefix(HERE)
        found = await self._open().finder.in_thread(place, words=words.key)
        return Sent(f"{split(place)[0]}:{found['ts']}", "delivered") if found is not None else None

    async def status(self, provider_id: str) -> Sent:
        """What Slack took stands there: there are no receipts after that."""
        return Sent(provider_id, "delivered")

    def _open(self) -> Parts:
        if self.parts is None:
            raise NotDelivered("the desk isn't started", "off")
        return self.parts


def message(words: Words) -> Message:
    """How an agent's words stand in the customer's thread: under their name. Nothing in them comes alive."""
    name = [{"type": "context", "elements": [mrkdwn(":bust_in_silhouette:"), plain(words.author, 200)]}]
    files = [
        {"type": "context", "elements": [plain(f"{it.name or it.content_type}: {it.url}", 500)]}
        for it in words.media[:5]
    ]
    blocks = [*(name if words.author else []), *sections(words.text, 9000), *files]
    metadata = {"event_type": "tierline_words", "event_payload": {"words": words.key}}
    shown = f"{words.author}: {words.text}" if words.author else words.text
    return Message(fallback(shown), tuple(blocks), metadata)


# ---- reading -----------------------------------------------------------------------------------------------------


def by_person(event: Body, bot_user: str) -> bool:
    """Whether a person said, changed or deleted something; Slack also says `message_changed` for previews and replies."""
    now, before = event.get("message") or {}, event.get("previous_message") or {}
    about = before if event.get("subtype") in ASIDE else event
    if event.get("subtype") == "message_changed" and now.get("text") == before.get("text"):
        return False
    user = about.get("user")
    return bool(user) and not about.get("bot_id") and user not in (bot_user, "USLACKBOT")


def read_event(event: Body) -> Heard | None:
    """The event decoded; None when it says nothing of anybody."""
    before = event.get("previous_message") or {}
    changed = event.get("subtype") == "message_changed"
    about = (event.get("message") or {}) if changed else before if event.get("subtype") in ASIDE else event
    ts, user = str(about.get("ts") or ""), str(about.get("user") or before.get("user") or "")
    if not ts or not user:
        return None
    return Heard(
        str(event.get("channel") or ""), ts, str(about.get("thread_ts") or before.get("thread_ts") or ts), user,
        str(about.get("text") or ""), about.get("blocks"), ids_of(about),
        said(str(before.get("text") or "")).text,
    )  # fmt: skip


def _words(heard: Heard, actor: Actor) -> str:
    return drawn(said(heard.text, heard.user, actor.name).text, emoji(heard.blocks))


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"


def _when(event: Body) -> str:
    return str(event.get("event_ts") or event.get("ts") or "")


def _thread(heard: Heard, place: SharedPlace) -> str:
    """As `Arrived.thread` has it."""
    return _arrived(place, heard, Actor(heard.user, "", "")).thread


def _arrived(place: SharedPlace, heard: Heard, actor: Actor, files: tuple[Media, ...] = ()) -> Arrived:
    """Whoever writes in the thread: it is one conversation."""
    at = round(float(heard.ts) * 1000)
    return Arrived(
        "chat", f"slack:{heard.place}", conversation(heard.channel, heard.root), place.place, _words(heard, actor),
        files, at, True, actor.name, place.language, place.customer,
    )  # fmt: skip
