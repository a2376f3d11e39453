"""The bytes of a file that somebody shared in Slack: only from Slack's own host, with our token, up to a bound (SEC9).

Without `files:read` Slack answers 200 with a page to sign in, which is no file.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiohttp

from ..channel import NotDelivered
from ..reading import read_all

HOST = "files.slack.com"
WITHIN = 20.0
"""Seconds for one file."""


@dataclass(slots=True)
class SlackFiles:
    """`api_url` is the stand-in's, "" for Slack itself: files lie on the same host there."""

    token: str = field(repr=False)
    api_url: str = ""

    def ours(self, url: str) -> bool:
        """Whether it is an address to which our token may go."""
        if not url.isascii() or any(c <= " " or c == "\\" for c in url):
            return False  # two parsers may read two hosts in it
        try:
            parts, home = urlsplit(url), urlsplit(self.api_url)
            port = parts.port
        except ValueError:
            return False
        if self.api_url:
            return parts.netloc == home.netloc and parts.scheme == home.scheme and ".." not in parts.path
        return (parts.scheme, parts.netloc, port) == ("https", HOST, None)

    async def fetch(self, url: str, kind: str, most: int) -> bytes:
        """What lies there. Raises NotDelivered, in words, for whatever isn't the file."""
        if not self.ours(url):
            raise NotDelivered("the file doesn't lie with Slack", "foreign", permanent=True)
        try:
            # A session of its own: a customer's picture is a rare thing, and loops differ between processes' parts.
            async with (
                asyncio.timeout(WITHIN),
                aiohttp.ClientSession(trust_env=not self.api_url) as http,
                http.get(
                    url, headers={"Authorization": f"Bearer {self.token}"}, allow_redirects=False
                ) as answer,
            ):
                if answer.status != 200:
                    raise NotDelivered(f"Slack doesn't give the file ({answer.status})", str(answer.status))
                if answer.content_type == "text/html" and kind != "text/html":
                    raise NotDelivered(
                        "Slack doesn't give the file: our app lacks files:read", "scope", permanent=True
                    )
                content = await read_all(answer.content, most + 1)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NotDelivered(f"Slack doesn't give the file ({type(error).__name__})", "download") from None
        if len(content) > most:
            raise NotDelivered("the file is too large", "size", permanent=True)
        return content
