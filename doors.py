"""Part of the composition root: the doors that one Twilio account opens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from .channels.channel import Channel, Inbound
from .channels.phone import Calls
from .channels.sms.door import Reports, SmsDoor
from .channels.twilio.account import TwilioAccount
from .channels.voice.door import VoiceDoor
from .queue.engine import Queue
from .router.active import ActivePlan
from .router.alerts import Alerts
from .router.catch_up import CatchUp
from .router.switchboard import Switchboard
from .router.unheard import Unheard
from .settings import Settings


def twilio_doors(
    settings: Settings, inbound: Inbound, receipts: Reports, calls: Calls
) -> tuple[SmsDoor, VoiceDoor] | None:
    """Texts and calls; None without the account's credentials."""
    if not settings.sms_on or settings.twilio_auth_token is None:
        return None
    old = settings.twilio_auth_token_old
    account = TwilioAccount(
        settings.twilio_account_sid,
        settings.twilio_auth_token.get_secret_value(),
        old.get_secret_value() if old else "",
        settings.twilio_api_url,
    )
    sms = SmsDoor(
        account,
        public_url=settings.base_url,
        trusted_proxies=settings.trusted_proxies,
        inbound=inbound,
        receipts=receipts,
        media_dir=settings.data / "media",
    )
    voice = VoiceDoor(
        account,
        public_url=settings.base_url,
        trusted_proxies=settings.trusted_proxies,
        calls=calls,
        per_second=settings.calls_per_second,
        most_legs=settings.most_calls,
    )
    return sms, voice


def opened(doors: Mapping[str, Channel], voice: VoiceDoor | None) -> list[Channel | VoiceDoor]:
    """Every door that is there, in the order in which they start."""
    return [*doors.values(), *([voice] if voice is not None else [])]


def looking(
    queue: Queue, sms: SmsDoor | None, voice: VoiceDoor | None, switchboard: Switchboard, plan: ActivePlan,
    alerts: Alerts, mine: Callable[[], bool],
) -> Iterator[tuple[str, Callable[[], Awaitable[None]]]]:  # fmt: skip
    """Tasks by name that look at Twilio for what it hasn't told us, while this process delivers."""
    if voice is None:
        return
    yield "silent calls", Unheard(queue, voice.phones, switchboard.heard, mine).run
    yield "catching up", CatchUp(queue, switchboard.intake, sms, voice.phones, plan, alerts, mine).run
