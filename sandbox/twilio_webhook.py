"""How Twilio calls a webhook: signed form, 5 s to connect, 15 s in all, one retry of a failed connection.

Sources: twilio.com/docs/usage/webhooks/webhooks-security and …/webhooks-connection-overrides (the settings
behind `#` in a webhook's URL, which are neither sent nor signed).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag, urlencode, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from .stage import Faults, Wire

LARGEST = 64 * 1024  # bytes of TwiML; more is error 11750


@dataclass(frozen=True, slots=True)
class Overrides:
    """Connection settings of one webhook URL, in seconds, and what is tried again."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the webhook answered; `status` 0 = nothing came, `failure` then says what kind ("ct", "rt")."""

    status: int
    content_type: str = ""
    body: bytes = b""
    failure: str = ""

    @property
    def ok(self) -> bool:
        """A 2xx came."""
        return 200 <= self.status < 300


def parse_overrides(fragment: str) -> Overrides:
    """The settings behind `#`; values out of Twilio's range count as not given."""
    given = dict(parse_qsl(fragment))

    def number(name: str, low: int, high: int, default: int) -> int:
        raw = given.get(name, "")
        return int(raw) if raw.isascii() and raw.isdigit() and low <= int(raw[:9]) <= high else default

    policy = frozenset(given.get("rp", "ct").split(",")) & {"ct", "rt", "4xx", "5xx", "all"}
    return Overrides(
        number("ct", 100, 10_000, 5000) / 1000,
        number("rt", 100, 15_000, 15_000) / 1000,
        number("tt", 100, 15_000, 15_000) / 1000,
        number("rc", 0, 5, 1),
        policy or frozenset({"ct"}),
    )


def is_retried(answer: Answer, policy: frozenset[str]) -> bool:
    """Whether Twilio's retry policy tries again after `answer`."""
    if answer.ok:
        return False
    kind = answer.failure or f"{answer.status // 100}xx"
    return kind in policy or ("all" in policy and kind in ("ct", "rt", "4xx", "5xx"))


class Caller:
    """Calls webhooks with the account's signature; every attempt is on the wire."""

    def __init__(self, token: str, wire: Wire, faults: Faults) -> None:
        self._faults = faults
        self._signer = RequestValidator(token)
        self._wire = wire
        self._session: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def call(
        self, url: str, params: Mapping[str, str], method: str = "POST", twice: bool = False
    ) -> Answer:
        """Deliver one webhook, retries included, within its total time.

        `twice` repeats one that arrived; with the fault `at_once` both come together, and the first answer counts.
        """
        bare, fragment = urldefrag(url)
        overrides = parse_overrides(fragment)
        token = str(uuid.uuid4())
        answer = Answer(0, failure="rt")
        try:
            async with asyncio.timeout(overrides.total):
                if twice and self._faults.twilio.at_once:
                    pair = [self._attempt(bare, params, method, overrides, token) for _ in range(2)]
                    return (await asyncio.gather(*pair))[0]
                for _ in range(1 + overrides.retries):
                    answer = await self._attempt(bare, params, method, overrides, token)
                    if not is_retried(answer, overrides.policy):
                        break
                if twice and not answer.failure:
                    await self._attempt(bare, params, method, overrides, token)
        except TimeoutError:
            return answer
        return answer

    async def _attempt(
        self, url: str, params: Mapping[str, str], method: str, overrides: Overrides, token: str
    ) -> Answer:
        if method == "GET" and params:
            url += ("&" if urlsplit(url).query else "?") + urlencode(params)
        signed: dict[str, str] = {} if method == "GET" else dict(params)
        headers = {
            "Accept": "*/*",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": self._signer.compute_signature(url, signed),
            "I-Twilio-Idempotency-Token": token,
        }
        data = None
        if method != "GET":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
            data = urlencode(params)
        started = time.monotonic()
        answer = Answer(0, failure="rt")
        try:
            answer = await self._exchange(method, url, data, headers, overrides)
        finally:
            took = (time.monotonic() - started) * 1000
            path = urlsplit(url).path
            self._wire.record("in", "twilio", method, path, dict(params), answer.status, round(took, 1))
        return answer

    async def _exchange(
        self, method: str, url: str, data: str | None, headers: dict[str, str], overrides: Overrides
    ) -> Answer:
        if self._session is None:
            # Fresh each time: a kept-alive one that the app closed would look like its failure.
            connector = aiohttp.TCPConnector(force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=overrides.connect, connect=overrides.connect, sock_read=overrides.read
        )
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=data,
                headers=headers,
                timeout=timeout,
                allow_redirects=False,
            ) as reply:
                body = await reply.content.read(LARGEST + 1)
                while len(body) <= LARGEST and (more := await reply.content.read(LARGEST + 1 - len(body))):
                    body += more
                return Answer(reply.status, reply.headers.get("Content-Type", ""), body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            return Answer(0, failure="ct")
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return Answer(0, failure="rt")
