"""Webhooks that the plan names: asked once, signed, within a deadline, and only where we may go.

    Tierline-Signature: t=1800000000,v1=<hex of HMAC-SHA256(secret, "t.body")>

Whoever is asked checks it and refuses what is older than five minutes. There are no redirects: the answer to one would
come from somewhere that nobody named.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from .sms.only_public import NotPublic, by_proxy, public, public_session

DEADLINE = 5.0
"""Seconds for all of it; an agent waits."""
MOST_BYTES = 64 * 1024
PRIVATE = "its host is in a network of its own (TIERLINE_WEBHOOK_HOSTS may name it)"
_ADDRESS = re.compile(r"[0-9.]+|[0-9a-fA-F:.%]*:[0-9a-zA-Z:.%]*|0x[0-9a-fA-F]+")
"""Hosts that are addresses and no names, in any of the ways in which libraries read one."""


class HookFailed(Exception):
    """It wasn't done, or we can't tell; the text says why, in words for an agent."""


def signature(secret: str, at: int, body: bytes) -> str:
    """What the header says."""
    said = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={said}"


@dataclass(frozen=True, slots=True)
class Hooks:
    """`hosts`: the only ones that are asked, wherever they are; empty: any that is public. `trust` None: as usual."""

    secret: str = field(repr=False)
    hosts: tuple[str, ...] = ()
    trust: ssl.SSLContext | None = None

    def refusal(self, url: str) -> str:
        """Why `url` isn't asked, "" when it may be."""
        if not self.secret:
            return "TIERLINE_WEBHOOK_SECRET isn't set, so it couldn't know us"
        host = urlsplit(url).hostname or ""
        if self.hosts and host not in self.hosts:
            return "its host isn't among TIERLINE_WEBHOOK_HOSTS"
        if (
            not self.hosts and _ADDRESS.fullmatch(host) and not public(host)
        ):  # no resolver is asked about these
            return PRIVATE
        return ""

    async def ask(
        self, url: str, what: Mapping[str, object], within: float | None = None
    ) -> Mapping[str, object]:
        """The answer, a JSON object, after `within` seconds at most (DEADLINE). Raises HookFailed."""
        within = within or DEADLINE
        if why := self.refusal(url):
            raise HookFailed(why)
        body = json.dumps(what, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json", "User-Agent": "Tierline",
            "Tierline-Signature": signature(self.secret, int(time.time()), body),
        }  # fmt: skip
        try:
            async with asyncio.timeout(within), self._session() as session:
                async with session.post(
                    url, data=body, headers=headers, allow_redirects=False, ssl=self.trust or True
                ) as answer:
                    if answer.status != 200:
                        raise HookFailed(f"it answers {answer.status}")
                    return _object(await _read(answer.content))
        except TimeoutError:
            raise HookFailed(f"it doesn't answer within {within:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, NotPublic):
                raise HookFailed(PRIVATE) from None
            raise HookFailed(f"it can't be reached ({type(error).__name__})") from None

    def _session(self) -> aiohttp.ClientSession:
        limit = aiohttp.ClientTimeout(total=DEADLINE)
        if self.hosts or by_proxy():  # named by whoever installed us; or the proxy looks names up
            return aiohttp.ClientSession(timeout=limit, trust_env=not self.hosts)
        return public_session(limit)


async def _read(content: aiohttp.StreamReader) -> bytes:
    """All of it, or a little more than we take."""
    read = bytearray()
    async for part in content.iter_chunked(8192):
        read += part
        if len(read) > MOST_BYTES:
            break
    return bytes(read)


def _object(raw: bytes) -> Mapping[str, object]:
    if len(raw) > MOST_BYTES:
        raise HookFailed("its answer is too long")
    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise HookFailed("its answer is no JSON") from None
    if not isinstance(found, dict):
        raise HookFailed("its answer is no JSON object")
    return found
