"""OAuth2 for mailboxes and mail servers: a token in time, from the provider's token end-point.

    Microsoft 365   client credentials: our app acts for the mailboxes that it was given
    Google          a refresh token, which a person granted once

A token is fetched before the old one ends, one request at a time, and kept in memory alone. Errors:

    NoToken     why there is none, and what to do, in words without secrets
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

import aiohttp
import structlog

from .account import OAuth

log = structlog.get_logger()

EARLY, LEAST = 300.0, 30.0
"""Seconds before its end at which a token is renewed, and for which it must still be good to be used."""
AGAIN = 30.0
"""Seconds until the next try, while the old token is still good."""
WITHIN = 15.0
"""Seconds for a request."""
LONGEST = 64 * 1024
"""Bytes of an answer that are read."""
MICROSOFT = "https://login.microsoftonline.com"
GOOGLE = "https://oauth2.googleapis.com"
MENDED = {
    "AADSTS7000222": "the client secret has lapsed: make a new one in the Entra admin centre and set MAIL_OAUTH_SECRET",
    "AADSTS7000215": "the client secret is wrong: MAIL_OAUTH_SECRET is its value, not its id",
    "AADSTS700016": "there is no such app in that tenant: see client=… and tenant=…",
    "AADSTS90002": "there is no such tenant: see tenant=…",
    "AADSTS900023": "there is no such tenant: see tenant=…",
    "invalid_grant": "the refresh token was withdrawn or has lapsed: grant it anew and set MAIL_OAUTH_REFRESH_TOKEN"
    " (while the consent screen is in “Testing”, Google withdraws it after 7 days)",
    "invalid_client": "the client or its secret is wrong: see client=… and MAIL_OAUTH_SECRET",
    "unauthorized_client": "the app isn't allowed to do that: see its permissions",
}
"""By code: what is the matter, and what to do."""


class NoToken(Exception):
    """Why there is no token, in words. `ours`: by our settings; else the provider can't be asked just now."""

    def __init__(self, why: str, ours: bool) -> None:
        super().__init__(why)
        self.ours = ours


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is asked for with. `base` is another base for the end-points (the host becomes its first part)."""

    oauth: OAuth
    secret: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    base: str = ""

    @property
    def url(self) -> str:
        """The token end-point."""
        if self.oauth.provider == "google":
            whole = f"{GOOGLE}/token"
        else:
            whole = f"{MICROSOFT}/{quote(self.oauth.tenant, safe='')}/oauth2/v2.0/token"
        return f"{self.base.rstrip('/')}/{whole.removeprefix('https://')}" if self.base else whole

    @property
    def form(self) -> dict[str, str]:
        """What is posted there."""
        who = {"client_id": self.oauth.client, "client_secret": self.secret}
        if self.oauth.provider == "google":
            return {**who, "grant_type": "refresh_token", "refresh_token": self.refresh_token}
        scope = "https://outlook.office365.com/.default"
        return {**who, "grant_type": "client_credentials", "scope": scope}

    @property
    def lacks(self) -> str:
        """The variable that is missing, "" when all are there."""
        if not self.secret:
            return "MAIL_OAUTH_SECRET"
        return (
            "MAIL_OAUTH_REFRESH_TOKEN" if self.oauth.provider == "google" and not self.refresh_token else ""
        )


@dataclass(slots=True)
class Tokens:
    """`get` gives a token; `clock` is in seconds and runs evenly."""

    grant: Grant
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", repr=False)
    _ends: float = float("-inf")
    _given: int = 0  # how many there were
    _tried: float = float("-inf")
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, fresh: bool = False) -> str:
        """A token that is good for a while; `fresh`: not the one from before, which was refused. Raises NoToken."""
        before = self._given
        async with self._turn:
            now = self.clock()
            good = self._ends - now > LEAST and not (fresh and self._given == before)
            if good and (self._ends - now > EARLY or now - self._tried < AGAIN):
                return self._token
            self._tried = now
            try:
                self._token, lasts = await _asked(self.grant)
                self._ends, self._given = now + lasts, self._given + 1
            except NoToken as error:
                if not good:
                    raise
                log.warning("mail.token_later", provider=self.grant.oauth.provider, why=str(error))
            return self._token


async def _asked(grant: Grant) -> tuple[str, float]:
    """A new token, and for how many seconds. Raises NoToken."""
    if grant.lacks:
        raise NoToken(f"{grant.lacks} isn't set", ours=True)
    try:
        async with asyncio.timeout(WITHIN), aiohttp.ClientSession(trust_env=not grant.base) as http:
            async with http.post(grant.url, data=grant.form, allow_redirects=False) as answer:
                body = b""
                async for some in answer.content.iter_any():
                    body += some
                    if len(body) > LONGEST:
                        break
                return _read(answer.status, body)
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NoToken(
            f"the provider's token end-point can't be reached ({type(error).__name__})", False
        ) from None


def _read(status: int, body: bytes) -> tuple[str, float]:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise NoToken(f"the provider's token end-point answers {status} and no JSON", ours=False)
    token, lasts = said.get("access_token"), said.get("expires_in")
    if status == 200 and isinstance(token, str) and token and token.isascii() and token.isprintable():
        return token, float(lasts) if isinstance(lasts, (int, float, str)) and str(lasts).isdigit() else 600.0
    code, more = str(said.get("error", ""))[:60], str(said.get("error_description", ""))
    known = next((words for key, words in MENDED.items() if key in more or key == code), "")
    # Descriptions go on with ids and times of the request: the first line tells what it is.
    first = " ".join(more.split("\n")[0].split("Trace ID")[0].split())[:200]
    ours = 400 <= status < 500 and status != 429
    raise NoToken(known or f"the provider gives no token ({code or status}: {first})", ours)
