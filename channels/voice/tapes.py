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
from ..sms.webhook import MEDIA_HOSTS
from ..twilio.account import TwilioAccount
from ..twilio.asking import asking
from ..twilio.http import TwilioHttp
from .errors import TEMPORARY, in_words
from .phones import GONE

LARGEST = 512 * 1024 * 1024
"""Bytes; four hours, the longest call, are 230 MB."""
WITHIN = 300.0
"""Seconds for all of it."""
MOST_HOPS = 4


class TwilioTapes:
    """`Tapes`, over the connections of the voice door."""

    def __init__(self, account: TwilioAccount, http: TwilioHttp, client: Client) -> None:
        self.account, self.http, self.client = account, http, client

    async def fetch(self, url: str, into: Path) -> bool:
        """The sound as a WAV file, whole or not at all; redirects are followed to Twilio's hosts, without credentials."""
        auth: str | None = aiohttp.BasicAuth(self.account.sid, self.account.token).encode()
        real = f"{self._real(url)}.wav"
        try:
            async with asyncio.timeout(WITHIN):
                for _ in range(MOST_HOPS):
                    found = await self._read(real, auth, into)
                    if isinstance(found, bool):
                        return found
                    auth, real = None, self.http.moved(found)  # credentials never cross hosts
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutcomeUnknown(type(error).__name__) from None
        raise NotDelivered("Twilio leads us in a circle", "redirects")

    async def _read(self, url: str, auth: str | None, into: Path) -> bool | str:
        """Whether it was there and is kept now, or where it is instead. Raises NotDelivered."""
        headers = {"Authorization": auth} if auth else {}
        limit = aiohttp.ClientTimeout(total=WITHIN, sock_connect=5.0)
        async with self.http.session.get(
            url, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            match answer.status:
                case 200:
                    await _keep(answer.content, into)
                    return True
                case 404:
                    return False
                case 301 | 302 | 303 | 307 | 308:
                    return _elsewhere(answer.headers.get("Location", ""))
                case 401 | 403:
                    raise NotDelivered("Twilio refuses our credentials", str(answer.status), permanent=True)
                case status:
                    raise NotDelivered(f"Twilio answered {status}", str(status))

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
        ours = name.startswith("api.") and name.endswith(".twilio.com")
        if parts.scheme != "https" or "@" in parts.netloc or not ours:
            raise NotDelivered("the recording isn't at Twilio", "not-twilio", permanent=True)
        return self.http.moved(url)


def _elsewhere(location: str) -> str:
    """Where Twilio keeps what it redirects to. Raises NotDelivered for a host that isn't Twilio's."""
    parts = urlsplit(location)
    if parts.scheme != "https" or "@" in parts.netloc or parts.hostname not in MEDIA_HOSTS:
        raise NotDelivered("the recording isn't at Twilio", "not-twilio", permanent=True)
    return location


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
