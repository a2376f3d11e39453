"""Events, interactions and commands as signed requests to the app's Request URL.

Events come as JSON, interactions as a form with `payload`, commands as a form; 3 s for the answer. An event's answer
may be any 2xx, and `X-Slack-No-Retry: 1` beside another ends its tries; a redirect is followed twice.
Sources: docs.slack.dev/authentication/verifying-requests-from-slack, docs.slack.dev/apis/events-api.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from .slack_ack import ACK_WITHIN, Ack, shown
from .slack_schema import Json
from .stage import Faults, Wire

LARGEST = 1024 * 1024
AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"
_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"


def signature(secret: str, timestamp: int, body: str) -> str:
    """Slack's signature of a request."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def written(kind: str, payload: Json) -> tuple[str, str]:
    """A request's body and its content type."""
    if kind == "events_api":
        return json.dumps(payload), _JSON
    if kind == "interactive":
        return urlencode({"payload": json.dumps(payload)}), _FORM
    return urlencode(payload), _FORM


class Requests:
    """Requests to `url`; "" while the app has none."""

    def __init__(self, secret: str, wire: Wire, faults: Faults) -> None:
        self.url = ""
        self._secret, self._wire, self._faults = secret, wire, faults
        self._session: aiohttp.ClientSession | None = None
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def deliver(self, kind: str, payload: Json, attempt: int, reason: str) -> Ack:
        """One request, with its number from the second try on."""
        if self._faults.slack.down:
            ack = Ack("unreached", 0.0)
            self.note(kind, payload, attempt, ack)
            return ack
        again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        ack = await self._once(kind, payload, attempt, again)
        if self._faults.slack.redeliver and kind == "events_api" and ack.ok:
            more = {"X-Slack-Retry-Num": str(attempt + 1), "X-Slack-Retry-Reason": "http_timeout"}
            await self._once(kind, payload, attempt + 1, more)
        return ack

    async def _once(self, kind: str, payload: Json, attempt: int, headers: dict[str, str]) -> Ack:
        body, content_type = written(kind, payload)
        began = time.monotonic()
        self._under_way += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(ACK_WITHIN):
                status, text, answered = await self._post(self.url, body, content_type, headers)
            good = 200 <= status < 300 if kind == "events_api" else status == 200
            no_retry = answered.get("X-Slack-No-Retry") == "1"
            said = said_in(text, answered.get("Content-Type", "")) if good and kind != "events_api" else None
            ack = Ack("acked" if good else "status", _ms(began), said, status, no_retry)
        except TimeoutError:
            ack = Ack("timeout", _ms(began))
        except aiohttp.TooManyRedirects:
            ack = Ack("redirected", _ms(began))
        except (aiohttp.ClientError, OSError, ValueError):
            ack = Ack("unreached", _ms(began))
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()
        self.note(kind, payload, attempt, ack)
        return ack

    async def _post(self, url: str, body: str, kind: str, more: dict[str, str]) -> tuple[int, str, Any]:
        if self._session is None:
            # Fresh each time: a kept-alive one that the app closed would look like its failure.
            connector = aiohttp.TCPConnector(force_close=True, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        now = int(time.time())  # the app's verifier reads the machine's clock
        headers = {
            "Content-Type": kind,
            "User-Agent": AGENT,
            "X-Slack-Request-Timestamp": str(now),
            "X-Slack-Signature": signature(self._secret, now, body),
            **more,
        }
        async with self._session.post(
            url,
            data=body.encode(),
            headers=headers,
            max_redirects=2,
            timeout=aiohttp.ClientTimeout(None),
        ) as answer:
            raw = await answer.content.read(LARGEST)
            return answer.status, raw.decode("utf-8", "replace"), answer.headers

    async def verified(self, url: str) -> bool:
        """Whether `url` answers Slack's challenge, as it must before it can be an app's Request URL."""
        challenge = secrets.token_urlsafe(36)
        body = json.dumps(
            {"token": "sandbox-verification", "challenge": challenge, "type": "url_verification"}
        )
        began = time.monotonic()
        status, text = 0, ""
        try:
            async with asyncio.timeout(ACK_WITHIN):
                status, text, _ = await self._post(url, body, _JSON, {})
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            status = 0
        params = {"type": "url_verification"}
        self._wire.record("in", "slack", "POST", urlsplit(url).path, params, status, _ms(began))
        said = said_in(text, "") if status == 200 else None
        return challenge in (said, said.get("challenge") if isinstance(said, dict) else None)

    def note(self, kind: str, payload: Json, attempt: int, ack: Ack) -> None:
        """Put it on the wire log; status 0 = no answer came."""
        params = {"type": kind, "retry_attempt": attempt, "payload": shown(payload), "ack": ack.payload}
        self._wire.record(
            "in", "slack", "POST", urlsplit(self.url).path, params, ack.status, round(ack.ms, 3)
        )

    async def settle(self) -> None:
        """Return when every request has been answered or given up (at most 3 s)."""
        await self._idle.wait()

    async def stop(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def said_in(text: str, content_type: str) -> Any:
    """What an answer says: an object, plain words, or nothing."""
    if not text.strip():
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict) else text


def _ms(began: float) -> float:
    return (time.monotonic() - began) * 1000
