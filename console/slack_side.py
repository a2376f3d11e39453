"""What setup and doctor ask of Slack, through slack_sdk; every refusal in words."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

UNANSWERED = {
    401: "what runs there has another signing secret",
    404: "what runs there takes no requests of Slack's: it has an app token, or isn't Tierline",
    503: "what runs there isn't connected to Slack yet",
}
MOST = 5000
"""People or channels that are read; more are found by mail address or name."""
WORDS = {
    "invalid_auth": "Slack doesn't know this token",
    "not_authed": "there is no token",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the token was revoked: install the app again and copy the new one",
    "not_allowed_token_type": "this is another kind of token: the bot's begins with xoxb-, the app's with xapp-",
    "missing_scope": "the app lacks a permission for it",
    "channel_not_found": "there is no such channel, or it is private and the app isn't invited",
    "is_archived": "the channel is archived",
    "name_taken": "the name is taken, perhaps by a private channel: invite the app there",
    "users_not_found": "nobody in the workspace has this mail address",
    "ratelimited": "Slack asks us to slow down: try again in a minute",
}


class SlackNo(Exception):
    """Slack said no, or nothing; `str()` says it for an operator, `code` is Slack's own word."""

    def __init__(self, code: str, needed: str = "") -> None:
        said = WORDS.get(code, f"Slack says {code}")
        super().__init__(f"{said} ({needed})" if needed else said)
        self.code, self.needed = code, needed


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where the bot is, as whom, and with which permissions; `skew` is our clock against Slack's, in seconds."""

    team: str
    bot: str
    scopes: frozenset[str]
    skew: float | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person of the workspace."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Room:
    """A channel; `member`: whether the bot is in it."""

    id: str
    name: str
    member: bool
    private: bool


def missing(needed: Iterable[tuple[str, str]], granted: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """The permissions that the app lacks, each with its reason."""
    return tuple((scope, why) for scope, why in needed if scope not in granted)


def skew_of(date: str | None, now: datetime | None = None) -> float | None:
    """How many seconds our clock is ahead of an HTTP `Date`; None when it can't be read."""
    try:
        there = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    return ((now or datetime.now(UTC)) - there.replace(tzinfo=there.tzinfo or UTC)).total_seconds()


async def challenged(public_url: str, path: str, signing_secret: str) -> str:
    """Play Slack's challenge at our own address, signed as Slack signs it; "" when it is answered, else what is wrong."""
    if not public_url:
        return "TIERLINE_PUBLIC_URL isn't set"
    challenge, now = secrets.token_urlsafe(24), str(int(time.time()))
    body = json.dumps({"token": "", "challenge": challenge, "type": "url_verification"})
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=now, body=body)
    headers = {
        "Content-Type": "application/json", "X-Slack-Request-Timestamp": now, "X-Slack-Signature": signature or "",
    }  # fmt: skip
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), trust_env=True) as http:
            async with http.post(public_url + path, data=body, headers=headers) as answer:
                said = (await answer.content.read(64 * 1024)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        return f"nobody answers at {public_url} ({type(error).__name__})"
    if answer.status == 200 and challenge in said:
        return ""
    return UNANSWERED.get(answer.status, f"{public_url}{path} answers HTTP {answer.status}")


class SlackSide:
    """One bot token's view of its workspace. Every method raises SlackNo."""

    def __init__(self, bot_token: str, base_url: str = "") -> None:
        self.client = AsyncWebClient(bot_token, base_url=base_url or AsyncWebClient.BASE_URL, timeout=10)
        if urlsplit(base_url).hostname in ("127.0.0.1", "localhost", "::1"):
            self.client.proxy = None  # the SDK knows HTTPS_PROXY but no NO_PROXY

    async def workspace(self) -> Workspace:
        """auth.test, with the granted scopes that its answer's header lists."""
        answer = await self._call("auth.test")
        headers = {str(k).casefold(): str(v) for k, v in answer.headers.items()}
        scopes = frozenset(s.strip() for s in headers.get("x-oauth-scopes", "").split(",") if s.strip())
        return Workspace(str(answer["team"]), str(answer["user_id"]), scopes, skew_of(headers.get("date")))

    async def socket(self, app_token: str) -> None:
        """Whether the app token opens a socket: a wrong one makes Socket Mode try for ever, silently."""
        await self._call("apps.connections.open", token=app_token)

    async def people(self) -> tuple[Member, ...]:
        """Everybody who can be an agent: no bots, guests or former members."""
        found, home = [], str((await self._call("auth.test")).get("team_id") or "")
        for raw in await self._pages("users.list", "members", limit=500):
            profile = raw.get("profile") or {}
            gone = raw.get("deleted") or raw.get("is_bot") or raw.get("id") == "USLACKBOT"
            # People of connected workspaces are listed as well, and only those we share no channel with are strangers.
            ours = raw.get("team_id") in (None, "", home) and not raw.get("is_stranger")
            if ours and not gone and not raw.get("is_restricted"):
                name = profile.get("real_name") or raw.get("real_name") or raw.get("name") or ""
                found.append(Member(str(raw["id"]), str(name), str(profile.get("email") or "")))
        return tuple(sorted(found, key=lambda it: it.name.casefold()))

    async def person(self, who: str) -> Member:
        """By mail address or user id."""
        by_mail = "@" in who
        answer = (
            await self._call("users.lookupByEmail", email=who)
            if by_mail
            else await self._call("users.info", user=who)
        )
        raw = answer["user"]
        if raw.get("deleted"):
            raise SlackNo("users_not_found")
        profile = raw.get("profile") or {}
        return Member(
            str(raw["id"]), str(profile.get("real_name") or raw.get("name")), str(profile.get("email") or "")
        )

    async def rooms(self, private: bool = True) -> tuple[Room, ...]:
        """The channels that the app can see."""
        kinds = "public_channel,private_channel" if private else "public_channel"
        raw = await self._pages(
            "conversations.list", "channels", types=kinds, exclude_archived="true", limit=500
        )
        return tuple(
            Room(str(r["id"]), str(r["name"]), bool(r.get("is_member")), bool(r.get("is_private")))
            for r in raw
        )

    async def enter(self, name: str, rooms: tuple[Room, ...]) -> str:
        """Be in the channel `name`, which is joined or made; what was done, in a word."""
        bare = name.removeprefix("#")
        room = next((r for r in rooms if bare in (r.name, r.id)), None)
        if room is None:
            await self._call("conversations.create", name=bare)
            return "made"
        if room.member:
            return "there already"
        await self._call("conversations.join", channel=room.id)
        return "joined"

    async def tell(self, user: str, text: str) -> None:
        """A direct message."""
        opened = await self._call("conversations.open", users=user)
        await self._call("chat.postMessage", json={"channel": opened["channel"]["id"], "text": text})

    async def _pages(self, method: str, name: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < MOST:
            answer = await self._call(method, **params)
            found += answer[name]
            params["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not params["cursor"]:
                break
        return found

    async def _call(
        self, method: str, json: dict[str, Any] | None = None, token: str = "", **params: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        try:
            if json is not None:
                return await self.client.api_call(method, json=json)
            return await self.client.api_call(method, data=params, headers=headers)
        except SlackApiError as error:
            answer = error.response
            code = str(answer.get("error") or "") if isinstance(answer.data, dict) else ""
            needed = str(answer.get("needed") or "") if isinstance(answer.data, dict) else ""
            raise SlackNo(code or f"HTTP {answer.status_code}", needed) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise SlackNo(f"nothing: it can't be reached ({type(error).__name__})") from None
