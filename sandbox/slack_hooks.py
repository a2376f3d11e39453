"""response_url: five answers in half an hour, to one person, to the channel, or in place of the original."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from .slack_blocks import faults_of_blocks
from .slack_schema import Json
from .slack_state import BOT, BOT_USER, HOOK_USES, Hook, Message, SlackError, Workspace
from .slack_tell import Teller
from .stage import Faults, Wire


class Hooks:
    """Response addresses and what comes in by them."""

    def __init__(self, space: Workspace, tell: Teller, wire: Wire, faults: Faults) -> None:
        self.space, self.tell, self.wire, self.faults = space, tell, wire, faults

    async def handle(self, request: web.Request) -> web.Response:
        """One POST to a response_url."""
        began = time.monotonic()
        try:
            body: Any = json.loads(await request.text())
        except ValueError:
            body = None
        status, words = await self._answer(request, body)
        ms = round((time.monotonic() - began) * 1000, 3)
        self.wire.record("out", "slack", "POST", "/response_url", body, status, ms)
        if self.faults.slack.drop_reply and request.transport is not None:
            request.transport.close()
        if status == 200:
            return web.Response(text=words)
        if status == 404:
            return web.json_response({"ok": False, "error": words}, status=404)
        return web.Response(status=status, text=words)

    async def _answer(self, request: web.Request, body: Any) -> tuple[int, str]:
        faults = self.faults.slack
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.down:
            return 503, "upstream connect error"
        if faults.fail is not None and faults.times > 0:
            faults.times -= 1
            return faults.fail, "internal_error"
        hook = self.space.hooks.get(request.match_info["key"])
        if hook is None or time.monotonic() > hook.until:
            return 404, "expired_url"
        if hook.uses >= HOOK_USES:
            return 404, "used_url"
        if not isinstance(body, dict):
            return 400, "invalid_payload"
        try:
            self.say(hook, body, f"http://{request.host}")
        except SlackError as refused:
            return (404 if refused.name == "message_not_found" else 400), refused.name
        hook.uses += 1
        return 200, "ok"

    def say(self, hook: Hook, body: Json, base: str) -> None:
        """Carry out one answer: delete or replace the original, or a new message."""
        original = self.space.message(hook.channel, hook.ts) if hook.ts else None
        if body.get("delete_original") or (body.get("replace_original") and hook.ts):
            if original is None:
                raise SlackError("message_not_found")
            if original.user != BOT_USER:
                raise SlackError("cant_update_message")
        text, blocks = checked_answer(body)
        if body.get("delete_original") and original is not None:
            self.tell.delete(original, base)
        elif body.get("replace_original") and original is not None:
            self.tell.edit(original, text, blocks, base)
            hook.answers.append({**body, "ts": original.ts})
        else:
            hook.answers.append({**body, "ts": self._new(hook, body, text, blocks, base).ts})

    def _new(self, hook: Hook, body: Json, text: str, blocks: list[Json] | None, base: str) -> Message:
        message = Message(hook.channel, self.space.ts(), BOT_USER, text, [], bot_id=BOT)
        message.thread_ts = body.get("thread_ts")
        public = body.get("response_type") == "in_channel"
        message.ephemeral_to = None if public else hook.user
        self.space.add(message, blocks)
        if public:
            self.tell.message(message, base)
        else:
            self.tell.ephemeral(message)
        return message


def checked_answer(body: Json) -> tuple[str, list[Json] | None]:
    """Text and blocks of an answer; deleting needs neither."""
    text, blocks = body.get("text") or "", body.get("blocks")
    if not isinstance(text, str) or (blocks is not None and not isinstance(blocks, list)):
        raise SlackError("invalid_payload")
    if body.get("response_type") not in (None, "ephemeral", "in_channel"):
        raise SlackError("invalid_payload")
    if not text.strip() and not blocks and not body.get("attachments") and not body.get("delete_original"):
        raise SlackError("no_text")
    if blocks and faults_of_blocks(blocks, "message").found:
        raise SlackError("invalid_blocks")
    return text, blocks
