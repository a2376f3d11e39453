"""The product and its stand-ins with a telephone: what callers and agents do with theirs, and what they hear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.helpers_app import DESK, EVA, OPS, Inside, Json, inside

PHONES = {"Eva": EVA, "Ada": "+491700000001", "Ben": "+491700000002", "Cleo": "+491700000003"}
CALLS = f"""
site: inside
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}, office: {{hours: "Mo-Fr 08:00-18:00"}}}}
channels: {{voice: {{offer: 20s, wrap_up: 30s}}, sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services:
  help:
    schedule: always
    answer_within: 1m
    steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]
  orders:
    schedule: office
    answer_within: 1m
    steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]
    after_hours: {{voice: callback, default: hold}}
entry:
  - channel: voice
    to: "{DESK}"
    menu:
      - {{press: 1, say: {{en: help, de: Hilfe}}, service: help}}
      - {{press: 2, say: {{en: orders, de: Bestellungen}}, service: orders}}
  - {{channel: sms, to: "{DESK}", service: help}}
agents:
  - {{name: Ada, slack: ada@inside.example, phone: "{PHONES["Ada"]}", team: desk, tier: L1}}
  - {{name: Ben, slack: ben@inside.example, phone: "{PHONES["Ben"]}", team: desk, tier: L1}}
settings: {{hold_reply: 1s}}
"""


class Stage:
    """Verbs of callers and agents on `Inside`."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside

    async def dial(self, sender: str = EVA, to: str = DESK) -> str:
        """A customer calls; the sid of their leg."""
        return str((await self.inside.call("/calls", {"from": sender, "to": to}))["sid"])

    async def leg(self, sid: str) -> Json:
        """The leg as its phone sees it."""
        found: Json = await self.inside.call(f"/calls/{sid}")
        return found

    async def heard(self, sid: str) -> str:
        """All the words so far."""
        return " | ".join(
            str(it.get("text", "")) for it in (await self.leg(sid))["heard"] if it["kind"] == "say"
        )

    async def said(self, sid: str, words: str) -> bool:
        """Whether the leg has heard `words`."""
        return words.casefold() in (await self.heard(sid)).casefold()

    async def at(self, sid: str, where: str) -> bool:
        """Whether the leg is there."""
        return str((await self.leg(sid))["where"]).startswith(where)

    async def ringing(self, name: str) -> str:
        """The sid of the leg that rings at somebody's phone, "" for none."""
        number = PHONES[name].replace("+", "%2B")
        legs = await self.inside.call(f"/calls?number={number}")
        return next((str(it["sid"]) for it in legs if it["status"] == "ringing"), "")

    async def do(self, sid: str, what: str, **more: object) -> None:
        """answer, press, speak, record, machine, busy, hangup."""
        await self.inside.call(f"/calls/{sid}/{what}", more)


@asynccontextmanager
async def telephone(tmp_path: Path, plan: str = CALLS) -> AsyncIterator[Stage]:
    """A running product with its plan for calls."""
    async with inside(tmp_path, plan) as it:
        yield Stage(it)
