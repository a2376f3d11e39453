"""twilio's HTTP client with what it lacks: another base, a deadline that holds, no retries of its own.

twilio 9.13 ignores the timeout of its async client (twilio-python#925) and repeats a POST on 500 when told to
retry: a text could go out three times. Here a request is made once; who wants it again decides that elsewhere.
"""

from __future__ import annotations

import base64
import logging
import ssl
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from ..fence import last_look
from ..reading import read_all

TIMEOUT = aiohttp.ClientTimeout(total=8.0, sock_connect=3.0)
LARGEST = 4 * 1024 * 1024


class SlowDown(TwilioException):  # type: ignore[misc]
    """429: nothing was done; ask again after `retry_after` seconds, None when Twilio doesn't say."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Twilio asks us to slow down")
        self.retry_after = retry_after


class TwilioHttp(AsyncHttpClient):  # type: ignore[misc]
    """Made inside a running loop; close it. `base` takes the real host as its first path segment."""

    def __init__(self, base: str = "") -> None:
        super().__init__(logging.getLogger("twilio.http_client"), True, TIMEOUT.total)
        self.base = base.rstrip("/")
        self.session = aiohttp.ClientSession(
            timeout=TIMEOUT, trust_env=not self.base, trace_configs=[last_look()]
        )

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request, once. Raises aiohttp.ClientError or TimeoutError."""
        sent = dict(headers or {})
        if auth is not None:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        async with self.session.request(
            method.upper(),
            self.moved(url),
            params=_pairs(params),
            data=_pairs(data),
            headers=sent,
            allow_redirects=allow_redirects,
        ) as answer:
            if answer.status == 429:
                raise SlowDown(_seconds(answer.headers.get("Retry-After", "")))
            body = await read_all(answer.content, LARGEST)
            return Response(answer.status, body.decode("utf-8", "replace"), answer.headers)

    def moved(self, url: str) -> str:
        """`url` at the other base, when there is one."""
        if not self.base:
            return url
        parts = urlsplit(url)
        return f"{self.base}/{parts.netloc}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    async def close(self) -> None:
        """Close the connections."""
        await self.session.close()


def _seconds(raw: str) -> float | None:
    return float(raw) if raw.isascii() and raw.isdigit() and len(raw) < 6 else None


def never_sent(error: Exception) -> bool:
    """Whether the request surely did not leave: no connection was made."""
    return isinstance(
        error, aiohttp.ClientConnectorError | ssl.SSLError | aiohttp.ServerTimeoutError
    ) and not isinstance(error, aiohttp.SocketTimeoutError)


def _pairs(fields: dict[str, Any] | None) -> list[tuple[str, str]] | None:
    if fields is None:
        return None
    found: list[tuple[str, str]] = []
    for name, value in fields.items():
        if isinstance(value, list | tuple):
            found += [(name, str(one)) for one in value]
        elif isinstance(value, bool):
            found.append((name, "true" if value else "false"))
        elif value is not None:
            found.append((name, str(value)))
    return found
