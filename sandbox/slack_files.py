"""Files: the three steps of an upload, and the private download that shows a sign-in page without a token."""

from __future__ import annotations

import mimetypes
import secrets
import time
from typing import Any

from aiohttp import web

from .slack_chat import Chat
from .slack_schema import Json
from .slack_shapes import file_json
from .slack_state import BOT, BOT_USER, File, Message, SlackError, Workspace
from .slack_tell import Teller
from .slack_web import Call, Method
from .stage import Faults, Wire

MOST_BYTES = 1 << 30
SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to your workspace</body></html>"
)


class Files:
    """What was uploaded."""

    def __init__(
        self, space: Workspace, tell: Teller, chat: Chat, wire: Wire, faults: Faults, scopes: frozenset[str]
    ):
        self.space, self.tell, self.chat, self.wire, self.faults, self.scopes = (
            space,
            tell,
            chat,
            wire,
            faults,
            scopes,
        )

    def methods(self) -> dict[str, Method]:
        """By name."""
        return {
            "files.getUploadURLExternal": self.address,
            "files.completeUploadExternal": self.complete,
            "files.info": self.info,
        }

    def new(self, name: str, user: str, size: int) -> File:
        """A file that has no bytes yet."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        created = int(self.space.clock.now())
        return File(self.space.new_id("F"), name, name, user, size, created, mimetype=kind)

    def address(self, call: Call) -> Json:
        """files.getUploadURLExternal."""
        call.must("filename", "length")
        length = call.text("length")
        if not length.isdigit() or int(length) == 0:
            raise SlackError("missing_argument")
        if int(length) > MOST_BYTES:
            raise SlackError("file_upload_size_restricted")
        file = self.new(call.text("filename"), BOT_USER, int(length))
        key = secrets.token_urlsafe(24)
        self.space.uploads[key] = file
        return {"upload_url": f"{call.base}/slack/upload/v1/{key}", "file_id": file.id}

    async def upload(self, request: web.Request) -> web.Response:
        """The bytes, raw or as a form's file."""
        began = time.monotonic()
        file = self.space.uploads.get(request.match_info["key"])
        if request.content_type == "multipart/form-data":
            part = next((one for one in (await request.post()).values() if not isinstance(one, str)), None)
            content = part.file.read() if isinstance(part, web.FileField) else b""
        else:
            content = await request.read()
        status, words = 200, f"OK - {len(content)}"
        if self.faults.slack.down:
            status, words = 503, "upstream connect error"
        elif file is None:
            status, words = 404, "not found"
        elif len(content) != file.size:
            status, words = 400, "length mismatch"
        else:
            file.content = content
        ms = round((time.monotonic() - began) * 1000, 3)
        self.wire.record("out", "slack", request.method, "/upload/v1", {"bytes": len(content)}, status, ms)
        return web.Response(status=status, text=words)

    def complete(self, call: Call) -> Json:
        """files.completeUploadExternal: shares what was uploaded, in one message."""
        wanted = call.args.get("files")
        if not isinstance(wanted, list) or not wanted or not all(isinstance(one, dict) for one in wanted):
            raise SlackError("invalid_arguments")
        files = [self._finished(one) for one in wanted]
        if name := call.text("channel_id"):
            channel = self.space.channel(name)
            if BOT_USER not in channel.members:
                raise SlackError("not_in_channel")
            if channel.is_archived:
                raise SlackError("posting_to_channel_denied")
            thread = self.chat.thread(call, channel)
            message = Message(channel.id, self.space.ts(), BOT_USER, call.text("initial_comment"), [])
            message.thread_ts, message.files, message.bot_id = thread, files, BOT
            self.share(message, call.base)
        for file in files:
            self.space.files[file.id] = file
        self.space.uploads = {key: one for key, one in self.space.uploads.items() if one not in files}
        return {"files": [file_json(one, call.base) for one in files]}

    def _finished(self, wanted: dict[str, Any]) -> File:
        file = next((one for one in self.space.uploads.values() if one.id == wanted.get("id")), None)
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        file.title = str(wanted.get("title") or file.name)
        return file

    def share(self, message: Message, base: str) -> None:
        """Post a message that carries files."""
        message.subtype = "file_share"
        for file in message.files:
            self.space.files[file.id] = file
            file.shared_in.append(message.channel)
        self.space.add(message)
        self.tell.message(message, base)

    def info(self, call: Call) -> Json:
        """files.info."""
        file = self.space.files.get(call.text("file"))
        if file is None:
            raise SlackError("file_not_found")
        return {"file": file_json(file, call.base), "comments": [], "response_metadata": {"next_cursor": ""}}

    async def download(self, request: web.Request) -> web.Response:
        """The bytes for the bot's token with `files:read`; anybody else gets a sign-in page, with 200."""
        file_id = request.match_info["key"].partition("-")[2]
        file = self.space.files.get(file_id)
        bearer = f"Bearer {self.space.cast.credentials.bot_token}"
        if self.faults.slack.down:
            status, answer = 503, web.Response(status=503, text="upstream connect error")
        elif request.headers.get("Authorization") != bearer or "files:read" not in self.scopes:
            status, answer = 200, web.Response(text=SIGN_IN, content_type="text/html")
        elif file is None or file.content is None:
            status, answer = 404, web.Response(status=404, text="not found")
        else:
            status, answer = 200, web.Response(body=file.content, content_type=file.mimetype)
        self.wire.record("out", "slack", "GET", f"/files-pri/{file_id}", {}, status, 0.0)
        return answer
