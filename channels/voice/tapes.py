"""Recordings at Twilio: fetched with the account's credentials, erased.

Sources: twilio.com/docs/voice/api/recording, …/conference-recording-resource.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from twilio.rest import Client

from ..channel import NotDelivered, OutcomeUnknown
from ..twilio.account import TwilioAccount
from ..twilio.asking import asking
from ..twilio.http import TwilioHttp
from .errors import TEMPORARY, in_words
from .phones import GONE

LARGEST = 512 * 1024 * 1024
"""Bytes; four hours, the longest call, are 230 MB."""
WITHIN = 300.0
"""Seconds for all of it."""
HOST = "api.twilio.com"
"""The host, or the end of one in another region, to which the account's credentials may go."""


class TwilioTapes:
    """`Tapes`, over the connections of the voice door."""

    def __init__(self, account: TwilioAccount, http: TwilioHttp, client: Client) -> None:
        self.account, self.http, self.client = account, http, client

    async def fetch(self, url: str, into: Path) -> bool:
        """The sound as a WAV file, whole or not at all, never through redirects to another host."""
        real = self._real(url)
        headers = {"Authorization": aiohttp.BasicAuth(self.account.sid, self.account.token).encode()}
        limit = aiohttp.ClientTimeout(total=WITHIN, sock_connect=5.0)
        try:
            async with self.http.session.get(
                f"{real}.wav", headers=headers, timeout=limit, allow_redirects=False
            ) as answer:
                if answer.status == 404:
                    return False
                if answer.status in (401, 403):
                    raise NotDelivered("Twilio refuses our credentials", str(answer.status), permanent=True)
                if answer.status != 200:
                    raise NotDelivered(f"Twilio answered {answer.status}", str(answer.status))
                await _keep(answer.content, into)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        return True

    async def erase(self, recording: str) -> None:
        """Nothing is left of it at Twilio; one that isn't there any more is no error."""
        try:
            with asking(in_words, TEMPORARY):
                await self.client.recordings(recording).delete_async()
        except NotDelivered as no:
            if no.code not in GONE:
                raise

    def _real(self, url: str) -> str:
        """Where it is fetched from. Raises NotDelivered for an address to which no credentials may go."""
        if self.http.base and url.startswith(f"{self.http.base}/") and ".." not in url:
            return url
        parts = urlsplit(url)
        name = parts.hostname or ""
        ours = name == HOST or (name.startswith("api.") and name.endswith(".twilio.com"))
        if parts.scheme != "https" or "@" in parts.netloc or not ours:
            raise NotDelivered("the recording isn't at Twilio", "not-twilio", permanent=True)
        return self.http.moved(url)


async def _keep(content: aiohttp.StreamReader, into: Path) -> None:
    """Write it beside its place first. Raises NotDelivered for what is too large."""
    into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part, size = into.with_suffix(f".{os.getpid()}.part"), 0
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            async for chunk in content.iter_chunked(256 * 1024):
                size += len(chunk)
                if size > LARGEST:
                    raise NotDelivered("the recording is too large", "too-large", permanent=True)
                await asyncio.to_thread(file.write, chunk)
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
