"""Doctor's eyes: asks the store, Slack, Twilio, the running product and the disk, each with a deadline of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..channels.slack.events import PATH
from ..queue.address import Address as StoreAddress
from ..queue.failures import StoreUnavailable
from ..queue.history import postgres
from ..queue.safety import CONFIG_READ, durability, read_facts, unsafe, warnings
from ..queue.store import ALLOWED, REMEDY
from ..queue.whereabouts import primary
from ..router.plan.load import PlanErrors, load_async
from ..router.plan.model import Plan
from ..settings import SITE, Settings
from .api_client import ApiClient, NotRunning, Refused, read_token
from .doctor import PlanSeen, Seen, SlackSeen, StoreSeen, TwilioSeen
from .doctor_calls import countries_of
from .doctor_mail import look_at_mail, mailboxes_of
from .doctor_mailboxes_look import mailboxes_seen, smtp_no
from .public import reached
from .slack_side import SlackNo, SlackSide, challenged
from .twilio_side import TwilioNo, TwilioSide

T = TypeVar("T")
"""The tag of the keys where `REDIS_URL` names no other."""
WITHIN = 20.0
MOST_PEOPLE = 200
"""Agents of the plan that are looked up; more would take minutes at Slack's pace."""


async def look(settings: Settings) -> Seen:
    """Look at everything. Raises nothing that an outside may cause."""
    api = ApiClient(f"http://127.0.0.1:{settings.port}", await _token(settings))
    ready = await _ready(api)
    plan = await _plan(settings, api if ready is not None else None)
    store, slack, twilio, public_no, no_mail, boxes = await asyncio.gather(
        _store(settings, ready),
        _in_time(lambda: _slack(settings, plan.plan), SlackSeen(no="Slack doesn't answer"))
        if settings.slack_on
        else _none(),
        _in_time(lambda: _twilio(settings, plan.plan), TwilioSeen(no="Twilio doesn't answer"))
        if settings.sms_on
        else _none(),
        _in_time(lambda: _public(settings), "it doesn't answer in time"),
        smtp_no(settings),
        mailboxes_seen(settings),
    )
    mail = await look_at_mail(settings, mailboxes_of(plan.plan), ready is not None)
    data_no, data_open, free = await asyncio.to_thread(_data, settings.data)
    trouble = (ready or {}).get("trouble")
    history_no, history_note = _history(settings)
    return Seen(
        slack_half=_half(settings), slack=slack, twilio=twilio, store=store, plan=plan,
        history_no=history_no, history_note=history_note,
        public_url=settings.public_url, public_no=public_no, smtp_set=settings.smtp_url is not None, smtp_no=no_mail,
        mail=mail, mailboxes=boxes,
        data_open=data_open, data_no=data_no, disk_free=free, running=ready is not None,
        trouble=tuple(map(str, trouble)) if isinstance(trouble, list) else (),
        per_second=settings.calls_per_second, most_calls=settings.most_calls,
        rehearsal=bool((ready or {}).get("stand_ins")) and not (settings.slack_api_url or settings.twilio_api_url),
    )  # fmt: skip


def _history(settings: Settings) -> tuple[str, str]:
    """Why the database can't be used, and what to know although it may be."""
    exposed = postgres.exposed(settings.database_url.get_secret_value() if settings.database_url else None)
    if exposed and settings.database_insecure:
        return "", f"{exposed}; {postgres.ALLOWED}"
    return f"{exposed}. {postgres.REMEDY}" if exposed else "", ""


async def _none() -> None:
    return None


async def _in_time(work: Callable[[], Awaitable[T]], otherwise: T) -> T:
    try:
        async with asyncio.timeout(WITHIN):
            return await work()
    except TimeoutError:
        return otherwise


async def _token(settings: Settings) -> str:
    return await read_token(
        settings.data, settings.api_token.get_secret_value() if settings.api_token else ""
    )


async def _ready(api: ApiClient) -> dict[str, object] | None:
    try:
        return dict(await api.ready())
    except (NotRunning, Refused):
        return None


def _half(settings: Settings) -> str:
    other = settings.slack_app_token or settings.slack_signing_secret
    if settings.slack_bot_token and not other:
        return "SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET, for requests)"
    return "SLACK_BOT_TOKEN" if other and not settings.slack_bot_token else ""


async def _plan(settings: Settings, api: ApiClient | None) -> PlanSeen:
    """The file of TIERLINE_PLAN beside the active version of the running product."""
    file, text, no, plan = str(settings.plan or ""), "", "", None
    if settings.plan is not None:
        try:
            text = await asyncio.to_thread(settings.plan.read_text)
            plan = await load_async(text, settings.plan.name)
        except (OSError, UnicodeDecodeError) as error:
            no = f"it can't be read ({type(error).__name__})"
        except PlanErrors as errors:
            no = f"it has {len(errors.errors)} mistakes" if len(errors.errors) > 1 else "it has a mistake"
    if api is None:
        return PlanSeen(file, no, plan)
    try:
        answer = await api.plan()
        active = await load_async(str(answer.get("yaml") or ""), "the active plan")
        version = int(str(answer.get("version") or 0))
    except (NotRunning, Refused, PlanErrors, ValueError):
        return PlanSeen(file, no, plan)
    differs = plan is not None and plan.content_hash != active.content_hash
    return PlanSeen(file, no, active, version, differs)


async def _store(settings: Settings, ready: dict[str, object] | None) -> StoreSeen:
    """A server by REDIS_URL is asked itself; the embedded one only through the product that owns it."""
    if settings.redis_url is None:
        raw = (ready or {}).get("store")
        if isinstance(raw, dict):
            why = str(raw.get("why") or "")
            return StoreSeen(
                why,
                str(raw.get("server") or ""),
                str(raw.get("durability") or ""),
                embedded=True,
                running=True,
            )
        return StoreSeen(embedded=True)
    url = settings.redis_url.get_secret_value()
    try:
        address = StoreAddress.parse(url)
        exposed = address.exposed()
    except ValueError as error:
        return StoreSeen(no=str(error), embedded=False)
    if exposed and not settings.store_insecure:
        return StoreSeen(no=f"{exposed}. {REMEDY}", embedded=False)
    try:
        at = await primary(address, f"{{{address.site or SITE}}}:")
    except StoreUnavailable as error:
        return StoreSeen(no=f"REDIS_URL: {error}", embedded=False)
    if (away := at.exposed()) and not settings.store_insecure:
        return StoreSeen(no=f"{away}. {REMEDY}", embedded=False)
    redis = Redis.from_url(
        at.url, retry=Retry(NoBackoff(), 0), socket_timeout=3, socket_connect_timeout=3,
        single_connection_client=True, decode_responses=True, protocol=2, driver_info=None,
    )  # fmt: skip
    try:
        info = await redis.info()
        try:
            config = await redis.config_get(*CONFIG_READ)
        except RedisError:
            config = None
        facts = read_facts(info, config)
    except (RedisError, OSError, TimeoutError) as error:
        return StoreSeen(no=f"REDIS_URL doesn't answer ({type(error).__name__})", embedded=False)
    finally:
        await redis.aclose()
    said: tuple[str, ...] = (f"{exposed}; {ALLOWED}",) if exposed else ()
    said += tuple(
        w for w in warnings(facts, address) if durability(facts) != "none" or "doesn't sync" not in w
    )
    lacked = ready.get("store") if ready else None
    return StoreSeen(
        unsafe(facts) or "", facts.server, durability(facts), said, embedded=False,
        lacked=int(lacked.get("lacked") or 0) if isinstance(lacked, dict) else 0,
    )  # fmt: skip


async def _slack(settings: Settings, plan: Plan | None) -> SlackSeen:
    assert settings.slack_bot_token
    side = SlackSide(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    try:
        space = await side.workspace()
    except SlackNo as no:
        return SlackSeen(no=str(no))
    socket_no, requests_no, rooms, unknown = "", "", None, []
    if settings.slack_app_token:
        try:
            await side.socket(settings.slack_app_token.get_secret_value())
        except SlackNo as no:
            socket_no = str(no)
    elif settings.slack_signing_secret:
        secret = settings.slack_signing_secret.get_secret_value()
        requests_no = await challenged(settings.public_url, PATH, secret)
    try:
        rooms = await side.rooms("groups:read" in space.scopes)
    except SlackNo:
        rooms = None  # the missing permission is a finding of its own
    for agent in plan.agents[:MOST_PEOPLE] if plan else ():
        try:
            await side.person(agent.slack)
        except SlackNo as no:
            if no.code in ("users_not_found", "user_not_found"):
                unknown.append(f"{agent.name} ({agent.slack})")
    return SlackSeen("", space, socket_no, settings.slack_by_http, requests_no, rooms, tuple(unknown))


async def _twilio(settings: Settings, plan: Plan | None) -> TwilioSeen:
    assert settings.twilio_auth_token
    token = settings.twilio_auth_token.get_secret_value()
    side = TwilioSide(settings.twilio_account_sid, token, settings.twilio_api_url)
    try:
        account = await side.account()
        verified = await side.verified() if account.trial else None
        numbers = await side.numbers()
        american = [it.number for it in numbers if it.number.startswith("+1")]
        campaigns = await side.campaigns(american) if american else None
        needed = countries_of(plan) if plan else {}
        countries = await side.may_call(needed) if needed else None
        return TwilioSeen("", account, numbers, verified, campaigns, countries)
    except TwilioNo as no:
        return TwilioSeen(no=str(no))
    finally:
        await side.close()


async def _public(settings: Settings) -> str:
    return await reached(settings.public_url, settings.host, settings.port) if settings.public_url else ""


def _data(folder: Path) -> tuple[str, bool, float | None]:
    """(why it can't be used, whether others can read it, share of the disk that is free)."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        usage = shutil.disk_usage(place)
    except OSError:
        return "it can't be looked at", False, None
    free = usage.free / usage.total if usage.total else None
    if not os.access(place, os.W_OK):
        return f"{place} can't be written", False, free
    opened = place == folder and bool(
        place.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH | stat.S_IWGRP | stat.S_IWOTH)
    )
    secrets_open = any(
        (folder / name).exists() and (folder / name).stat().st_mode & 0o077
        for name in ("secret", "api-token")
    )
    return "", secrets_open or (opened and _holds_secrets(folder)), free


def _holds_secrets(folder: Path) -> bool:
    """A new folder that others can list is no danger yet; one with conversations in it is."""
    return any(path.is_file() and path.stat().st_mode & 0o044 for path in folder.glob("*.sqlite*"))
