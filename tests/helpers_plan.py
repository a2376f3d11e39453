"""Plans, instants and arrivals for the tests of what is decided from them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import tierline
from tierline.queue.contact import Arrived
from tierline.router.plan.load import parse
from tierline.router.plan.model import Plan
from tierline.router.rulebook import Rulebook
from tierline.skills.skill import Channel

EXAMPLE = Path(tierline.__file__).parent / "router" / "plan" / "example.yaml"
SUPPORT, ORDERS, EVA = "+493055500100", "+493055500200", "+4915112345678"
BERLIN = ZoneInfo("Europe/Berlin")

SMALL = """
site: small
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@small.example]
schedules:
  office: {hours: "Mo-Fr 08:00-18:00"}
teams:
  desk: {channel: "#desk"}
services:
  help:
    schedule: office
    answer_within: {voice: 60s, chat: 2m, sms: 10m, email: 4h}
    steps: [{tiers: [L1], until: 5m}, {tiers: [L1, L2], until: 20m}, {then: hold, alert: true}]
    after_hours: reply_and_hold
entry:
  - {channel: voice, to: "+4930100", service: help}
  - {channel: sms, to: "+4930100", service: help}
  - {channel: email, to: help@small.example, service: help}
agents:
  - {name: Ada, slack: ada@small.example, phone: "+491700000001", team: desk, tier: L1}
texts:
  received: {en: "We answer by {due}.", de: "Antwort bis {due}."}
  closed_now: {en: "We open {next_open}.", de: "Wir öffnen {next_open}."}
"""


@cache
def example() -> Plan:
    """The example plan."""
    return parse(EXAMPLE.read_bytes(), "example.yaml")


@cache
def book(source: str = "") -> Rulebook:
    """The rulebook of a document, of the example without one."""
    return Rulebook(parse(source) if source else example(), 7)


def at(wall: str, zone: ZoneInfo = BERLIN) -> int:
    """A wall-clock instant such as 2026-11-23 08:00 as ms since the epoch."""
    return round(datetime.fromisoformat(wall).replace(tzinfo=zone).timestamp() * 1000)


def arrived(text: str, to: str = SUPPORT, channel: Channel = "sms", sender: str = EVA, n: int = 1) -> Arrived:
    """One message from outside."""
    return Arrived(channel, f"SM{n:032x}", sender, to, text, verified=True)
