"""Media of customers' texts: fetched later than the contact, from Twilio alone, bounded in size and time (SEC9).

Stored under a random-looking name outside every web root; the type is what the bytes say, not what the header says.
"""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
import structlog

from ...queue.contact import Arrived, Media
from ..channel import NotDelivered
from ..reading import read_all
from ..twilio.http import TIMEOUT, TwilioHttp
from .only_public import NotPublic, by_proxy, public_session
from .webhook import MEDIA_HOSTS

log = structlog.get_logger()

LARGEST = 6 * 1024 * 1024
"""Bytes; Twilio's own limit of a message's media is 5 MB."""
WITHIN = 30.0
TRIES = (0.0, 2.0, 15.0, 60.0)
"""Seconds before each try."""


class MediaStore:
    """Fetches what `fetch_later` names and keeps it in `folder`."""

    def __init__(self, folder: Path, http: TwilioHttp, sid: str, token: str) -> None:
        self.folder, self.http, self.sid, self._token = folder, http, sid, token
        self.own = None if http.base or by_proxy() else public_session(TIMEOUT)
        self.session = self.own or http.session
        self.tasks: set[asyncio.Task[None]] = set()
        self.gate = asyncio.Semaphore(4)

    def fetch_later(self, arrived: Arrived) -> None:
        """Fetch the media of a message; the contact doesn't wait for them."""
        for media in arrived.media:
            task = asyncio.create_task(self._fetch(arrived.event, media))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def stop(self) -> None:
        """Give up what is being fetched: the address stays in the transcript."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.own is not None:
            await self.own.close()

    def path(self, url: str) -> Path:
        """Where the content of `url` is kept once it is fetched."""
        return self.folder / hashlib.sha256(url.encode()).hexdigest()

    async def content(self, url: str) -> bytes:
        """What lies at `url`: fetched before, else now. Raises NotDelivered, for good where it never will be had."""
        kept = self.path(url)
        if await asyncio.to_thread(kept.exists):
            return await asyncio.to_thread(kept.read_bytes)
        try:
            async with self.gate, asyncio.timeout(WITHIN):
                return await self._read(url)
        except MediaRefused as refused:
            raise NotDelivered(f"the customer's file isn't had: {refused}", "media", permanent=True) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            foreign = isinstance(error.__cause__, NotPublic)
            why = f"the customer's file isn't had ({type(error).__name__})"
            raise NotDelivered(
                why, "media", permanent=foreign, retry_after=None if foreign else 5.0
            ) from None

    async def _fetch(self, event: str, media: Media) -> None:
        for wait in TRIES:
            await asyncio.sleep(wait)
            try:
                async with self.gate, asyncio.timeout(WITHIN):
                    content = await self._read(media.url)
                await asyncio.to_thread(_write, self.path(media.url), content)
                return
            except MediaRefused as refused:
                log.warning("media.refused", sid=event, reason=str(refused))
                return
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                if isinstance(error.__cause__, NotPublic):
                    log.warning("media.refused", sid=event, reason=str(error.__cause__))
                    return
                log.warning("media.failed", sid=event, error=type(error).__name__)

    async def _read(self, url: str) -> bytes:
        """The content behind `url`; redirects are followed to Twilio's hosts only, credentials go to the first alone."""
        auth: str | None = aiohttp.BasicAuth(self.sid, self._token).encode()
        for _ in range(4):
            if not self._ours(url):
                raise MediaRefused("not a host of Twilio's")
            headers = {"Authorization": auth} if auth else {}
            async with self.session.get(self._real(url), headers=headers, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    following = _joined(url, answer.headers.get("Location", ""))
                    if not self._ours(following):
                        raise MediaRefused("redirected to no host of Twilio's")
                    if urlsplit(following).netloc != urlsplit(url).netloc:
                        auth = None  # credentials never cross hosts
                    url = following
                    continue
                if answer.status != 200:
                    raise MediaRefused(f"answered {answer.status}") if answer.status < 500 else OSError("5xx")
                content = await read_all(answer.content, LARGEST + 1)
                if len(content) > LARGEST:
                    raise MediaRefused("too large")
                return content
        raise MediaRefused("too many redirects")

    def _ours(self, url: str) -> bool:
        if not url.isascii() or any(c <= " " or c == "\\" for c in url):
            return False  # two parsers may read two hosts in it
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        if self.http.base and url.startswith(self.http.base + "/"):
            return ".." not in parts.path
        plain = "@" not in parts.netloc and port in (None, 443)
        return parts.scheme == "https" and plain and parts.hostname in MEDIA_HOSTS

    def _real(self, url: str) -> str:
        return url if self.http.base and url.startswith(self.http.base + "/") else self.http.moved(url)


def _joined(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


class MediaRefused(Exception):
    """It is not fetched, now or later."""


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(content)
