"""Part of the composition root: what a process says of itself in `/readyz` and `/metrics`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from .channels.sms.door import SmsDoor
from .channels.voice.door import VoiceDoor
from .queue.store import Health
from .settings import Role

if TYPE_CHECKING:
    from .channels.email.listener import Listener


def store_shown(health: Health, lacked: int) -> Mapping[str, object]:
    """The store; `lacked`: acknowledged changes that a later primary hadn't."""
    return {
        "up": health.up,
        "durability": health.durability,
        "server": health.server,
        "why": health.trouble,
        "lacked": lacked,
        "warnings": list(health.warnings),
    }


def doors_shown(
    sms: SmsDoor | None,
    voice: VoiceDoor | None,
    mail: Listener | None,
    desk: object | None,
    role: Role,
    by_http: bool,
) -> dict[str, str]:
    """Each door with "on", or why it is off."""
    no_twilio = "off: no Twilio credentials"
    return {
        "sms": "on" if sms else no_twilio,
        "voice": "on" if voice else no_twilio,
        "email": f"on: takes mail at {mail.where.host}:{mail.port}" if mail else _mail_off(role),
        "slack": _slack_shown(desk, role, by_http),
    }


def _mail_off(role: Role) -> str:
    return "elsewhere" if role == "worker" else "off: TIERLINE_SMTP_LISTEN isn't set"


def _slack_shown(desk: object | None, role: Role, by_http: bool) -> str:
    if desk is None:
        return "elsewhere" if role == "web" else "off: no Slack tokens"
    if not by_http:
        return "on"
    return "on, Slack's requests come to `tierline web`" if role == "worker" else "on, takes Slack's requests"


def calls_shown(voice: VoiceDoor | None) -> dict[str, float]:
    """How calls go: those that wait to be made, legs of ours that are on, the limits; callers who were put off."""
    if voice is None:
        return {}
    pace = voice.pace
    return {
        "waiting": pace.waiting,
        "live": pace.live,
        "per_second": pace.per_second,
        "most": pace.most,
        "put_off": voice.put_off,
    }


def call_figures(voice: VoiceDoor | None) -> dict[str, tuple[str, float]]:
    """The same for `/metrics`."""
    words = {
        "waiting": "Calls that wait for their turn to be made",
        "live": "Legs made by this process that are on",
        "per_second": "Calls that may be made in a second",
        "most": "Legs that may be on at once; 0: as many as the provider allows",
        "put_off": "How often a caller was put off with words since the start",
    }
    return {f"tierline_calls_{name}": (words[name], it) for name, it in calls_shown(voice).items()}


class Figures(Protocol):
    """What tells figures of itself."""

    def figures(self) -> Mapping[str, float]:
        """By name."""


def desk_shown(desk: Figures | None) -> Mapping[str, float]:
    """What waits for its turn at Slack, and how long what people see there has been out of date."""
    return desk.figures() if desk is not None else {}


DESK_WORDS = {
    "calls_waiting": "Calls that wait for their turn at Slack",
    "cards_stale": "Messages in Slack that show an older version",
    "cards_oldest_s": "Seconds for which the oldest of those messages has been out of date",
    "homes_stale": "App Homes that show an older version",
    "homes_oldest_s": "Seconds for which the oldest of those Homes has been out of date",
}


def door_figures(voice: VoiceDoor | None, desk: Figures | None) -> dict[str, tuple[str, float]]:
    """Calls and the desk for `/metrics`."""
    shown = {f"tierline_slack_{name}": (DESK_WORDS[name], it) for name, it in desk_shown(desk).items()}
    return call_figures(voice) | shown
