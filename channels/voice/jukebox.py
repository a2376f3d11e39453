"""The plan's own music, in short pieces: a provider plays a file to its end, and nobody is told anything meanwhile.

Play(address) ─▶ known? ─ no: ours this time, and it is fetched ─▶ in pieces ─▶ the next piece each time, by our address
                    └ short, or of a kind that we can't cut: as it is
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import aiohttp
import structlog
from aiohttp import web
from yarl import URL

from ..phone import Ask, Go, Heard, Instruction, Play
from ..sms.only_public import by_proxy, public, public_session
from .pieces import Piece, pieces

log = structlog.get_logger()

LARGEST = 30 * 1024 * 1024
"""Bytes; half an hour of MP3."""
WITHIN = 30.0
"""Seconds for fetching it."""
SERVED_WITHIN = 8.0
"""Seconds for a piece that this process hasn't fetched yet."""
FRESH, AGAIN = 86_400.0, 600.0
"""Seconds after which it is fetched anew: what we have, and what couldn't be fetched."""
MOST_HOPS = 5
MOST = 20
"""Different pieces of music at a time."""
PLACE = "m"
"""Under which a leg carries which piece comes next."""


@dataclass(frozen=True, slots=True)
class Tune:
    """What is known of an address; no `parts`: it is played as it is. `until` on the monotonic clock."""

    parts: tuple[Piece, ...]
    until: float


class Jukebox:
    """`base` is our public address; `secret` signs those of pieces, so that we fetch nothing for strangers."""

    def __init__(self, base: str, secret: str) -> None:
        self.base, self._secret = base, secret
        self.anywhere = False
        """Whether music in somebody's own network is fetched, too: in tests."""
        self.tunes: dict[str, Tune] = {}
        self.loading: dict[str, asyncio.Task[None]] = {}

    def cut(self, heard: Heard, about: Mapping[str, str]) -> Heard:
        """The same with the piece of the music that is next for this leg, which remembers where it is."""
        address = next((it.sound for it in _plays(heard) if "://" in it.sound), "")
        if not address:
            return heard
        play, following = self._next(address, about.get(PLACE, "0"))
        along = {PLACE: str(following)} if following else {PLACE: "0"} if PLACE in about else {}
        found: list[Instruction] = []
        for it in heard:
            match it:
                case Play(sound) if sound == address:
                    found.append(play)
                case Ask():
                    prompt = tuple(play if one == Play(address) else one for one in it.prompt)
                    found.append(replace(it, prompt=prompt, to=_along(it.to, along)))
                case Go():
                    found.append(_along(it, along))
                case _:
                    found.append(it)
        return tuple(found)

    def _next(self, address: str, place: str) -> tuple[Play, int]:
        tune = self.tunes.get(address)
        if tune is None or tune.until < time.monotonic():
            self._fetch(address)
        if tune is None:
            return Play(), 0  # ours, until it is here: nobody waits for a whole song because they came first
        if not tune.parts:
            return Play(address), 0
        n = (int(place) if place.isdecimal() and len(place) < 5 else 0) % len(tune.parts)
        return Play(self._address(address, n)), (n + 1) % len(tune.parts)

    def _address(self, music: str, n: int) -> str:
        query = urlencode({"u": music, "n": n, "s": self._sign(music, n)})
        return f"{self.base}/twilio/voice/sound/piece?{query}"

    def _sign(self, music: str, n: int) -> str:
        return hmac.new(self._secret.encode(), f"piece:{n}:{music}".encode(), hashlib.sha256).hexdigest()[:32]

    # ---- fetching and serving -----------------------------------------------------------------------------------

    def _fetch(self, address: str) -> asyncio.Task[None]:
        task = self.loading.get(address)
        if task is None:
            task = self.loading[address] = asyncio.create_task(self._load(address))
            task.add_done_callback(lambda it: self.loading.pop(address, None))
        return task

    async def _load(self, address: str) -> None:
        try:
            async with asyncio.timeout(WITHIN):
                content = await self._read(address)
            parts = await asyncio.to_thread(pieces, content)
            kept, parts = FRESH, parts if len(parts) > 1 else ()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            log.warning("music.not_fetched", error=type(error).__name__)
            before = self.tunes.get(address)
            kept, parts = AGAIN, before.parts if before is not None else ()
        self.tunes[address] = Tune(parts, time.monotonic() + kept)
        while len(self.tunes) > MOST:
            del self.tunes[next(iter(self.tunes))]

    async def _read(self, address: str) -> bytes:
        """The file. Raises ValueError for what isn't there, is too large, or lies in somebody's own network."""
        async with self._session() as http:
            for _ in range(MOST_HOPS):
                if not self.anywhere:
                    _check(address)
                async with http.get(address, allow_redirects=False) as answer:
                    if answer.status not in (301, 302, 303, 307, 308):
                        return await _content(answer)
                    address = str(answer.url.join(URL(answer.headers.get("Location", ""))))
        raise ValueError("it leads in a circle")

    def _session(self) -> aiohttp.ClientSession:
        """The public internet alone; behind a proxy it is the proxy that looks names up and protects."""
        timeout = aiohttp.ClientTimeout(total=WITHIN)
        if self.anywhere or by_proxy():
            return aiohttp.ClientSession(timeout=timeout, trust_env=not self.anywhere)
        return public_session(timeout)

    async def piece(self, request: web.Request) -> web.Response:
        """GET /twilio/voice/sound/piece: of music whose address we have given ourselves."""
        music, n = request.query.get("u", ""), request.query.get("n", "")
        number = int(n) if n.isdecimal() and len(n) < 5 else -1
        given = request.query.get("s", "").encode("utf-8", "replace")
        if number < 0 or not hmac.compare_digest(self._sign(music, number).encode(), given):
            raise web.HTTPNotFound(text="no such sound")
        if music not in self.tunes:  # another process has given it
            await asyncio.wait({self._fetch(music)}, timeout=SERVED_WITHIN)
        tune = self.tunes.get(music)
        if tune is None or not tune.parts:
            raise web.HTTPFound(music)
        part = tune.parts[number % len(tune.parts)]
        return web.Response(
            body=part.content, content_type=part.kind, headers={"Cache-Control": "public, max-age=86400"}
        )

    async def stop(self) -> None:
        """Nothing is fetched any more."""
        tasks = list(self.loading.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _check(address: str) -> None:
    """Names are checked where they are looked up; a bare address isn't looked up. Raises ValueError."""
    host = URL(address).host or ""
    if (":" in host or host.replace(".", "").isdecimal()) and not public(host):
        raise ValueError("not a public address")


async def _content(answer: aiohttp.ClientResponse) -> bytes:
    if answer.status != 200:
        raise ValueError(f"status {answer.status}")
    content = bytearray()
    async for chunk in answer.content.iter_chunked(256 * 1024):
        content += chunk
        if len(content) > LARGEST:
            raise ValueError("too large")
    return bytes(content)


def _plays(heard: Heard) -> list[Play]:
    inner = [one for it in heard for one in (it.prompt if isinstance(it, Ask) else (it,))]
    return [it for it in inner if isinstance(it, Play)]


def _along(to: Go, more: Mapping[str, str]) -> Go:
    return replace(to, about={**to.about, **more})
