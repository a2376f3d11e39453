"""Token end-points of Microsoft and Google on loopback, strict about what they are asked with."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web
from helpers_app import free_port

TENANT, CLIENT, SECRET, REFRESH = "contoso.example", "1b2c-client", "s3cret-of-the-app", "1//refresh"
LAPSED = "AADSTS7000222: The provided client secret keys for app '1b2c-client' are expired. Trace ID: 5f\r\nTimestamp: x"


@dataclass
class TokenStandIn:
    """`fails`: the answer (status, code, description) instead of a token; `lasts`: seconds; `slow`: before it answers."""

    port: int = field(default_factory=free_port)
    asked: list[dict[str, str]] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)  # token → mailbox
    fails: tuple[int, str, str] | None = None
    lasts: int = 3599
    slow: float = 0.0
    mailbox: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append(form)
        await asyncio.sleep(self.slow)
        if self.fails is not None:
            status, code, description = self.fails
            return web.json_response({"error": code, "error_description": description}, status=status)
        if form.get("client_id") != CLIENT or form.get("client_secret") != SECRET:
            return web.json_response({"error": "invalid_client"}, status=401)
        google = "refresh_token" in form
        good = (
            form.get("grant_type") == "refresh_token" and form["refresh_token"] == REFRESH
            if google
            else form.get("grant_type") == "client_credentials"
            and form.get("scope") == "https://outlook.office365.com/.default"
            and request.match_info.get("tenant") == TENANT
        )
        if not good:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = f"ya29.token-{len(self.asked)}"
        self.given[token] = self.mailbox
        return web.json_response({"token_type": "Bearer", "expires_in": self.lasts, "access_token": token})

    async def introspect(self, request: web.Request) -> web.Response:
        """What a mail server asks about a token that somebody came with."""
        token = str((await request.post()).get("token", "")) or request.query.get("token", "")
        box = self.given.get(token)
        return web.json_response({"active": bool(box), "username": box or "", "exp": int(time.time()) + 600})


@contextlib.asynccontextmanager
async def token_end_point(mailbox: str = "") -> AsyncIterator[TokenStandIn]:
    """Listening on loopback."""
    stand_in = TokenStandIn(mailbox=mailbox)
    app = web.Application()
    app.add_routes(
        [
            web.post("/login.microsoftonline.com/{tenant}/oauth2/v2.0/token", stand_in.token),
            web.post("/oauth2.googleapis.com/token", stand_in.token),
            web.post("/introspect", stand_in.introspect),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", stand_in.port).start()
    try:
        yield stand_in
    finally:
        await runner.cleanup()
