"""Part of the composition root: the doors that one Twilio account opens, and what is done about calls beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from .channels.channel import Channel, Inbound
from .channels.phone import Calls
from .channels.sms.door import Reports, SmsDoor
from .channels.twilio.account import TwilioAccount
from .channels.voice.door import VoiceDoor
from .queue.engine import Queue
from .router.catch_up import CatchUp
from .router.explain import Moments
from .router.intake import Intake
from .router.recordings import Links, Recordings
from .router.ringing import Ringing
from .router.rulebook import Rulebook
from .router.unheard import Unheard
from .settings import Secrets, Settings

if TYPE_CHECKING:
    from .mail_side import MailSide


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


def opened(
    doors: Mapping[str, Channel], voice: VoiceDoor | None, mail: MailSide
) -> list[Channel | VoiceDoor | MailSide]:
    """Every door that is there, in the order in which they start."""
    return [*doors.values(), *([voice] if voice is not None else []), mail]


def recordings_of(
    settings: Settings, keys: Secrets, voice: VoiceDoor | None, queue: Callable[[], Queue],
    book: Callable[[], Rulebook], moments: Callable[[], Moments],
) -> Recordings:  # fmt: skip
    """Where calls' recordings are kept and how they are opened; without a voice door none comes."""
    links = Links(settings.base_url, keys.secret)
    tapes = voice.tapes if voice is not None else None
    return Recordings(queue, tapes, settings.data / "recordings", book, moments, links)


def phone_tasks(
    ringing: Ringing, recordings: Recordings, intake: Intake, sms: SmsDoor | None, voice: VoiceDoor | None,
    mine: Callable[[], bool],
) -> dict[str, Callable[[], Awaitable[None]]]:  # fmt: skip
    """What runs beside the deliveries, by name; nothing without a voice door."""
    if voice is None:
        return {}
    missed = CatchUp(ringing.queue, intake, sms, voice.phones, ringing.book, ringing.alerts, mine)
    unheard = Unheard(ringing.queue, voice.phones, ringing.heard, mine, ringing.talking.look_round)
    return {
        "silent calls": unheard.run,
        "recordings": lambda: recordings.run(mine),
        "catching up": missed.run,
    }
