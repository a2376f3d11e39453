"""The way in for all that Twilio sends: signature first, then one value for each name.

The signature joins names and values without separators and carries no time (twilio 9.13's RequestValidator), so
different requests share one signature and a captured one verifies for ever. Hence the strict shapes in each door's
`webhook.py` and the deduplication by sid behind.

Source: twilio.com/docs/usage/webhooks/webhooks-security.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from multidict import MultiDict
from twilio.request_validator import (
    SIGNATURE_HEADER,
    SIGNATURE_SETTINGS_HEADER,
    RequestValidator,
    get_signature_algorithm,
)

from ..reading import read_all
from .account import TwilioAccount

log = structlog.get_logger()

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
LARGEST_BODY = 64 * 1024
ANSWER_WITHIN = 5.0
"""Seconds in which a webhook is answered, far below Twilio's 15: what isn't durable by then is refused."""
NAME = re.compile(r"[A-Z][A-Za-z0-9]{0,40}")


class BadRequest(Exception):
    """The request is signed but isn't one that Twilio sends; `str()` says what is wrong."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Which requests are Twilio's: those signed with one of `tokens` for one of the `urls` that we may be called by."""

    tokens: tuple[str, ...]

    def signed(self, urls: Iterable[str], form: MultiDict[str], headers: Mapping[str, str]) -> bool:
        """Whether the signature fits. Never raises: whatever breaks the validator is a wrong signature."""
        given = headers.get(SIGNATURE_HEADER)
        if not given:
            return False
        try:
            algorithm = get_signature_algorithm(headers.get(SIGNATURE_SETTINGS_HEADER))
            return any(
                bool(RequestValidator(token).validate(url, form, given, algorithm))
                for token in self.tokens
                if token
                for url in urls
            )
        except Exception:
            return False

    def __repr__(self) -> str:
        return "Signer(…)"


class Front:
    """What stands before a door's webhooks; `refused` counts what wasn't Twilio's."""

    def __init__(self, account: TwilioAccount, public_url: str, trusted_proxies: tuple[str, ...]) -> None:
        self.public_url, self.trusted = public_url, trusted_proxies
        self.signer = Signer((account.token, account.token_old))
        self.refused = 0

    async def signed(self, request: web.Request) -> MultiDict[str]:
        """The form of a request that Twilio signed; anything else is refused before it is looked at."""
        if (request.content_length or 0) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, request.content_length or 0)
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                body = await read_all(request.content, LARGEST_BODY + 1)
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the body took too long") from None
        if len(body) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(LARGEST_BODY, len(body))
        try:
            form = read_form(body)
        except BadRequest:
            form = None
        if form is None or not self.signer.signed(self.urls(request), form, request.headers):
            self.refused += 1
            log.warning("twilio.unsigned", path=request.path, count=self.refused)
            raise web.HTTPForbidden(text="not signed by our Twilio account")
        return form

    def urls(self, request: web.Request, path: str = "") -> list[str]:
        """What Twilio may have called us: the configured address; behind a listed proxy, also what it says."""
        path = path or request.raw_path
        urls = [self.public_url + path]
        if request.remote in self.trusted:
            proto = request.headers.get("X-Forwarded-Proto", "https").split(",")[0].strip()
            host = request.headers.get("X-Forwarded-Host", request.host).split(",")[0].strip()
            if proto in ("http", "https"):
                urls.append(f"{proto}://{host}{path}")
        return urls


def read_form(body: bytes) -> MultiDict[str]:
    """The form fields of a body. Raises BadRequest when it isn't UTF-8 or far too many fields."""
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=200,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError):
        raise BadRequest("the body is no form") from None
    return MultiDict(pairs)


def strict(form: MultiDict[str], account: str, known: re.Pattern[str] = NAME) -> dict[str, str]:
    """The fields by name, each once and named as Twilio does, of our own account. Raises BadRequest."""
    names = [name for name, _ in form.items()]  # keys() gives each name once
    if len(names) != len(set(names)):
        raise BadRequest("a field stands twice")
    if not all(known.fullmatch(name) for name in names):
        raise BadRequest("a field has no name of Twilio's")
    if form.get("AccountSid") != account:
        raise BadRequest("AccountSid is not ours")
    return dict(form.items())


def no(status: int, reason: str, retry_after: int | None = None) -> web.Response:
    """A refusal, with what is wrong in words."""
    headers: Mapping[str, str] = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return web.json_response({"error": reason}, status=status, headers=headers)
