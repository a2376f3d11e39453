"""The Web API's front: what it takes on the wire, tokens, scopes, limits, faults, and the shape of an answer.

Argument forms, order of checks and warnings follow docs.slack.dev/apis/web-api. A method without JSON input
ignores a JSON body, as Slack does; a token inside a JSON body is not seen.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from .slack_deliver import Delivery
from .slack_limits import Limits
from .slack_schema import Json
from .slack_state import SlackError, Workspace
from .stage import Faults, Wire

DEFAULT_SCOPES = (
    "app_mentions:read,channels:history,channels:join,channels:manage,channels:read,chat:write,commands,"
    "files:read,files:write,groups:history,groups:read,im:history,im:read,im:write,reactions:read,"
    "reactions:write,team:read,users:read,users:read.email"
).split(",")
_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
_HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
# Any one of these lets the call in; conversations and histories then ask for the one of their kind.
SCOPES: dict[str, tuple[str, ...]] = {
    "bots.info": ("users:read",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.create": ("channels:manage", "groups:write"),
    "conversations.history": _HISTORY,
    "conversations.info": _READ,
    "conversations.join": ("channels:join",),
    "conversations.list": _READ,
    "conversations.members": _READ,
    "conversations.open": ("im:write", "mpim:write", "channels:manage", "groups:write"),
    "conversations.replies": _HISTORY,
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "team.info": ("team:read",),
    "users.conversations": _READ,
    "users.getPresence": ("users:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
}
NO_JSON = {
    "bots.info",
    "chat.getPermalink",
    "conversations.info",
    "conversations.list",
    "conversations.members",
    "conversations.replies",
    "files.getUploadURLExternal",
    "files.info",
    "users.conversations",
    "users.getPresence",
    "users.info",
    "users.list",
    "users.lookupByEmail",
}
_DOCUMENTS = {"blocks", "attachments", "metadata", "view", "files"}


@dataclass(slots=True)
class Call:
    """One call of a method: its arguments (documents decoded) and the address it came in by."""

    method: str
    args: Json
    base: str
    scopes: frozenset[str]

    def text(self, name: str) -> str:
        """An argument as text; absent is empty."""
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """An argument as yes or no, in every form that the SDKs write."""
        return str(self.args.get(name, "")).lower() in ("1", "true", "yes")

    def must(self, *names: str) -> None:
        """These arguments must be there: else `invalid_arguments`."""
        missing = [name for name in names if self.args.get(name) in (None, "")]
        if missing:
            lines = [f"[ERROR] missing required field: {name}" for name in missing]
            raise SlackError("invalid_arguments", response_metadata={"messages": lines})

    def needs(self, scope: str) -> None:
        """A scope that only this use of the method asks for."""
        if scope not in self.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(self.scopes)))


Method = Callable[[Call], Json | Awaitable[Json]]


class WebApi:
    """`/slack/api/<method>`: every call is checked, limited, carried out and put on the wire log."""

    def __init__(
        self,
        space: Workspace,
        wire: Wire,
        faults: Faults,
        limits: Limits,
        methods: Mapping[str, Method],
        scopes: frozenset[str],
        delivery: Delivery,
    ) -> None:
        self.delivery = delivery
        self.space, self.wire, self.faults, self.limits = space, wire, faults, limits
        self.methods = methods
        self.scopes = scopes

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One call over HTTP."""
        began = time.monotonic()
        method = request.match_info["method"]
        self.delivery.base = f"http://{request.host}"
        args, token, warning = await self._read(request, method)
        # Once a call has come in it is carried out, also for a caller who has gone meanwhile.
        work = self.delivery.spawn(self._answer(request, method, args, token))
        status, body, headers = await asyncio.shield(work)
        if warning and status == 200:
            body |= {"warning": warning}
            body.setdefault("response_metadata", {})["warnings"] = [warning]
        ms = round((time.monotonic() - began) * 1000, 3)
        shown = {name: value for name, value in args.items() if name != "token"}
        self.wire.record("out", "slack", request.method, f"/api/{method}", shown, status, ms)
        if self.faults.slack.drop_reply and request.transport is not None:
            request.transport.close()
        if status not in (200, 429):
            return web.Response(
                status=status, text="upstream connect error or disconnect/reset before headers"
            )
        return web.json_response(body, status=status, headers=headers)

    async def _answer(
        self, request: web.Request, method: str, args: Json, token: str
    ) -> tuple[int, Json, dict[str, str]]:
        faults = self.faults.slack
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.down:
            return 503, {}, {}
        if faults.fail is not None and faults.times > 0:
            faults.times -= 1
            return faults.fail, {"ok": False, "error": "internal_error"}, {}
        meant = not faults.limited or args.get("channel") == faults.limited
        if faults.retry_after is not None and faults.times > 0 and meant:
            faults.times -= 1
            return self._limited(faults.retry_after)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes)), "X-Slack-Req-Id": secrets.token_hex(16)}
        if method in SCOPES:
            headers["X-Accepted-OAuth-Scopes"] = ",".join(SCOPES[method])
        try:
            run = self._checked(method, token)
            if faults.enforce_limits and (wait := self.limits.take(method, str(args.get("channel", "")))):
                return self._limited(wait)
            done = run(Call(method, args, f"http://{request.host}", self.scopes))
            return 200, {"ok": True} | (await done if inspect.isawaitable(done) else done), headers
        except SlackError as refused:
            return 200, {"ok": False, "error": refused.name} | refused.more, headers

    def _limited(self, wait: int) -> tuple[int, Json, dict[str, str]]:
        return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)}

    def _checked(self, method: str, token: str) -> Method:
        run = self.methods.get(method)
        if run is None:
            raise SlackError("unknown_method", req_method=method)
        keys = self.space.cast.credentials
        if not token:
            raise SlackError("not_authed")
        if token not in (keys.bot_token, keys.app_token):
            raise SlackError("invalid_auth")
        if (token == keys.app_token) != (method == "apps.connections.open") and method != "auth.test":
            raise SlackError("not_allowed_token_type")
        wanted = SCOPES.get(method)
        if wanted and not self.scopes.intersection(wanted):
            raise SlackError("missing_scope", needed=wanted[0], provided=",".join(sorted(self.scopes)))
        return run

    async def _read(self, request: web.Request, method: str) -> tuple[Json, str, str]:
        """Arguments, token and warning of a request."""
        args: Json = dict(request.query)
        kind = request.content_type if request.can_read_body or "Content-Type" in request.headers else ""
        header = request.headers.get("Authorization", "")
        token = header[7:] if header.lower().startswith("bearer ") else ""
        warning = ""
        if kind == "application/json" and request.can_read_body:
            warning = "" if request.charset else "missing_charset"
            if method not in NO_JSON:
                body = await self._json(request)
                args |= body if isinstance(body, dict) else {}
                args.pop("token", None)
        elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            warning = "superfluous_charset" if request.charset and kind.startswith("app") else ""
            args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        return self._documents(args), token or str(args.pop("token", "")), warning

    async def _json(self, request: web.Request) -> Any:
        try:
            return json.loads(await request.text())
        except ValueError:
            return {}

    def _documents(self, args: Json) -> Json:
        """Documents inside forms and queries are JSON; one that is not stays text."""
        for name in _DOCUMENTS & args.keys():
            if isinstance(args[name], str):
                try:
                    args[name] = json.loads(args[name])
                except ValueError:
                    continue
        return args
