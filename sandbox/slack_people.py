"""What people do with messages: read, type, edit, delete, react, upload, come and go, open the app's Home."""

from __future__ import annotations

import base64
import uuid
from itertools import takewhile
from typing import Any
from urllib.parse import quote

from aiohttp import web

from .slack_blocks import faults_of_blocks
from .slack_chat import mark, unmark
from .slack_desk import Desk, Refused
from .slack_emoji import NAMES
from .slack_files import Files
from .slack_schema import Json
from .slack_shapes import file_json, reactions_json, view_json
from .slack_state import BOT_USER, Channel, File, Message, User
from .slack_tell import Teller
from .slack_text import alive, stored

LONGEST = 40_000
MOST_FILES = 10
"""Files in one message (docs.slack.dev: Slack's client takes ten at once)."""
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What a browser may draw; an SVG could hold a script."""


class People:
    """The people's keyboard."""

    def __init__(self, desk: Desk, tell: Teller, files: Files, home_tab: bool = True) -> None:
        self.desk, self.tell, self.files, self.home_tab = desk, tell, files, home_tab
        self.space = desk.space

    async def messages(self, query: Json) -> list[Json]:
        """What stands in a channel, or in a person's direct messages with the app."""
        if name := query.get("user"):
            dm = self.space.dm(name)
            if dm is None:
                raise Refused("user_not_found", "no such person has direct messages with the app", 404)
            every = self._later(dm.id, query)
            return [self._listed(one) for one in every if one.ephemeral_to in (None, name)]
        if query.get("channel") not in self.space.channels:
            places = ", ".join(f"{one.id} ({one.name})" for one in self.space.channels.values())
            raise Refused("channel_not_found", f"send ?channel= or ?user=; channels: {places}", 404)
        return [self._listed(one) for one in self._later(query["channel"], query)]

    def _later(self, channel: str, query: Json) -> list[Message]:
        """A channel's messages, oldest first; with `since` (a ts) only those posted after it."""
        since, every = str(query.get("since") or ""), self.space.messages.get(channel, {}).values()
        return list(takewhile(lambda one: one.ts > since, reversed(every)))[::-1]

    def _listed(self, message: Message) -> Json:
        out: Json = {
            "channel": message.channel,
            "ts": message.ts,
            "user": message.user,
            "text": message.text,
            "blocks": message.blocks,
            "reactions": reactions_json(message),
            "files": [file_json(one, self.desk.base) for one in message.files],
            "alive": alive(message.text),
        }
        if message.thread_ts and message.thread_ts != message.ts:
            out["thread_ts"] = message.thread_ts
        if message.edited:
            out["edited"] = {"user": message.user, "ts": message.edited}
        if message.deleted:
            out["deleted"] = True
        more = {"metadata": message.metadata, "ephemeral_to": message.ephemeral_to, "bot_id": message.bot_id}
        return out | {name: value for name, value in more.items() if value is not None}

    async def home(self, query: Json) -> Json | None:
        """A person's Home as published, null before."""
        user = self.desk.user(query)
        view = self.space.homes.get(user.id)
        return view_json(view) if view else None

    async def open_home(self, body: Json) -> Json:
        """A person looks at the app: the app is told."""
        self.desk.up()
        user = self.desk.user(body)
        self.desk.uses_apps(user)
        tab = body.get("tab", "home")
        if tab not in ("home", "messages") or (tab == "home" and not self.home_tab):
            raise Refused("no_such_tab", "tab: home (where the app has one) or messages", 404)
        dm = self.space.dm(user.id)
        view = self.space.homes.get(user.id)
        event: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": dm.id if dm else "",
            "tab": tab,
            "event_ts": self.space.ts(),
        }
        if view is not None and tab == "home":
            event["view"] = view_json(view)
        self.desk.delivery.event(event)
        return {"ok": True}

    async def views(self, query: Json) -> list[Json]:
        """A person's open modals, the topmost last."""
        user = self.desk.user(query)
        return [view_json(one) for one in self.space.stacks.get(user.id, [])]

    def _stored(self, typed: str) -> str:
        if len(typed) > LONGEST:
            raise Refused("msg_too_long", f"Slack keeps at most {LONGEST} characters")
        people: dict[str, str] = {}
        for one in self.space.users.values():
            people |= {one.id: one.id, one.name.casefold(): one.id, one.real_name.casefold(): one.id}
            people.setdefault(one.real_name.split(" ")[0].casefold(), one.id)
        rooms = {one.name.casefold(): one.id for one in self.space.channels.values() if not one.user}
        return stored(typed, people, rooms | {one: one for one in rooms.values()})

    def _thread(self, body: Json, channel: Channel) -> str | None:
        thread = body.get("thread_ts")
        if not thread:
            return None
        parent = self.space.messages.get(channel.id, {}).get(str(thread))
        if parent is None or parent.ephemeral_to is not None:
            raise Refused("thread_not_found", f"no message {thread} in {channel.id}", 404)
        return parent.thread_ts or parent.ts

    def _new(self, body: Json, user: User, text: str) -> Message:
        channel = self.desk.channel(body, user)
        if channel.is_archived:
            raise Refused("is_archived", f"#{channel.name} is archived: nobody writes there", 409)
        made = Message(channel.id, self.space.ts(), user.id, self._stored(text), [])
        made.thread_ts = self._thread(body, channel)
        made.client_msg_id = str(uuid.uuid4())
        return made

    async def reply(self, body: Json) -> Json:
        """A person writes, in a channel or a thread; `blocks` is what Slack's editor makes of their formatting."""
        self.desk.up()
        user = self.desk.user(body)
        text = self.desk.word(body, "text")
        if not text.strip():
            raise Refused("no_text", "Slack sends no empty message")
        message = self.space.add(self._new(body, user, text), _formatted(body.get("blocks", [])))
        self.tell.message(message, self.desk.base)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    def _own(self, body: Json, refusal: str) -> Message:
        self.desk.up()
        user = self.desk.user(body)
        message = self.desk.message(body, user)
        if message.user != user.id:
            raise Refused(refusal, f"{user.id} did not write this message", 409)
        return message

    async def edit(self, body: Json) -> Json:
        """A person changes their own message."""
        message = self._own(body, "cant_update_message")
        text = self.desk.word(body, "text")
        self.tell.edit(message, self._stored(text), None, self.desk.base)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    async def delete(self, body: Json) -> Json:
        """A person deletes their own message, or hides one that only they see."""
        user = self.desk.user(body)
        seen = self.desk.message(body, user)
        message = seen if seen.ephemeral_to == user.id else self._own(body, "cant_delete_message")
        self.tell.delete(message, self.desk.base)
        return {"ok": True, "channel": message.channel, "ts": message.ts}

    async def react(self, body: Json) -> Json:
        """A person puts an emoji on a message, or takes it off (`"remove": true`)."""
        self.desk.up()
        user = self.desk.user(body)
        message = self.desk.message(body, user)
        if message.ephemeral_to is not None:
            raise Refused("message_not_found", "nobody reacts to a message that only one person sees", 409)
        name = str(body.get("name") or body.get("emoji") or body.get("reaction") or "").strip(":")
        if name not in NAMES:
            raise Refused("invalid_name", "send name: an emoji's name without colons, as eyes or +1")
        (unmark if body.get("remove") else mark)(message, name, user.id)
        self.tell.reaction(message, name, user.id, added=not body.get("remove"))
        return {"ok": True}

    async def upload(self, body: Json) -> Json:
        """A person shares a file: `filename`, and `content` (text) or `base64`; `text` goes with it. `files`: several."""
        self.desk.up()
        user = self.desk.user(body)
        given = body.get("files", [body])
        if not isinstance(given, list) or not 1 <= len(given) <= MOST_FILES:
            raise Refused("invalid_files", f"files: a list of 1 to {MOST_FILES}")
        files = [self._file(one if isinstance(one, dict) else {}, user) for one in given]
        message = self._new(body, user, str(body.get("text") or ""))
        message.files = files
        self.files.share(message, self.desk.base)
        ids = [one.id for one in files]
        return {"ok": True, "channel": message.channel, "ts": message.ts, "file": ids[0], "files": ids}

    def _file(self, body: Json, user: User) -> File:
        name = str(body.get("filename") or body.get("name") or "")
        content = self._content(body)
        if not name or not content:
            raise Refused("missing_field", "send filename, and content as text or base64")
        file = self.files.new(name, user.id, len(content))
        file.content = content
        return file

    async def file(self, query: Json) -> web.Response:
        """A file's bytes for a person who is where it was shared; only pictures are shown, all else is downloaded."""
        user = self.desk.user(query)
        file = self.space.files.get(self.desk.word(query, "file"))
        rooms = [self.space.channels.get(one) for one in file.shared_in] if file else []
        if file is None or not any(room is not None and user.id in room.members for room in rooms):
            raise Refused("file_not_found", f"{user.id} sees no such file", 404)
        shown = "inline" if file.mimetype in PICTURES else "attachment"
        headers = {"Content-Disposition": f"{shown}; filename*=UTF-8''{quote(file.name, safe='')}"}
        return web.Response(body=file.content or b"", content_type=file.mimetype, headers=headers)

    def _content(self, body: Json) -> bytes:
        given: Any = body.get("base64")
        if isinstance(given, str):
            try:
                return base64.b64decode(given, validate=True)
            except ValueError as wrong:
                raise Refused("invalid_base64", "base64 holds something else") from wrong
        return str(body.get("content") or "").encode()

    async def join(self, body: Json) -> Json:
        """A person joins a public channel; `"invite": true` brings the app along instead."""
        return self._move(body, True)

    async def leave(self, body: Json) -> Json:
        """A person leaves a channel; `"invite": true` removes the app instead."""
        return self._move(body, False)

    def _move(self, body: Json, coming: bool) -> Json:
        self.desk.up()
        user = self.desk.user(body)
        channel = self.space.channels.get(self.desk.word(body, "channel"))
        if channel is None or channel.user:
            raise Refused("channel_not_found", "send the id of a channel", 404)
        who = BOT_USER if body.get("invite") else user.id
        if coming and user.kind != "member":
            raise Refused(
                "restricted_action", f"{user.id} is no member of the workspace: they are brought in", 409
            )
        if not coming:
            self.tell.joined(channel, who, joined=False)
            channel.members.discard(who)
        elif who not in channel.members:
            channel.members.add(who)
            self.tell.joined(channel, who)
        return {"ok": True}

    async def disconnect(self, body: Json) -> Json:
        """Slack recycles the app's sockets: `reason` warning, refresh_requested or link_disabled."""
        reason = str(body.get("reason") or "refresh_requested")
        if reason not in ("warning", "refresh_requested", "link_disabled"):
            raise Refused("invalid_reason", "reason: warning, refresh_requested or link_disabled")
        return {"ok": True, "sockets": await self.desk.delivery.sockets.disconnect(reason)}


def _formatted(blocks: object) -> list[Json]:
    """What people type is rich text, whole and as Slack makes it."""
    if not isinstance(blocks, list) or any(
        not isinstance(it, dict) or it.get("type") != "rich_text" for it in blocks
    ):
        raise Refused("invalid_blocks", "blocks: a list of rich_text, as what people type is sent")
    if wrong := faults_of_blocks(blocks, "message").lines():
        raise Refused("invalid_blocks", f"blocks: {wrong[0]}")
    return blocks
