"""A running product whose plan has visits, and what people do with them: forms, files, links."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from icalendar import Calendar

from tests.helpers_app import DESK, OPS, Inside, Json, inside

TEXTS = """
texts:
  visit_planned: {en: "{agent} comes {when} to {address}: {link}", de: "{agent} kommt {when}: {link}"}
  visit_changed: {en: "Now {agent} comes {when}: {link}", de: "Neu: {when} {link}"}
  visit_reminder: {en: "Soon: {agent} comes {when}.", de: "Bald: {when}"}
  visit_cancelled: {en: "Nobody comes {when}.", de: "Niemand kommt {when}."}
"""
VISITS = f"""
site: inside
timezone: Europe/Berlin
languages: [en, de]
supervisors: [mira@inside.example]
alerts: {{slack: "#ops", sms: "{OPS}"}}
schedules: {{always: {{hours: "24/7"}}, office: {{hours: "Mo-Fr 08:00-18:00"}}}}
channels: {{sms: {{offer: 60s, from: "{DESK}"}}}}
teams: {{desk: {{channel: "#desk"}}}}
services: {{help: {{schedule: always, steps: [{{tiers: [L1], until: 30m}}, {{then: hold}}]}}}}
entry: [{{channel: sms, to: "{DESK}", service: help}}]
agents:
  - {{name: Ada, slack: ada@inside.example, team: desk, tier: L1}}
  - {{name: Ben, slack: ben@inside.example, team: desk, tier: L1, skills: {{field: 4}}, shift: office}}
  - {{name: Cem, slack: cem@inside.example, team: desk, tier: L1, skills: {{field: 2}}, shift: office}}
settings: {{hold_reply: 1s}}
visits: {{skill: field, window: 2h, remind: 1d}}
"""
MONDAY = "2027-01-04T09:00:00+01:00"
TUESDAY = {
    "address": "Elm Street 7, ring <twice>", "day": "2027-01-05", "from": "10:00", "until": "12:00",
    "agent": "0:Ben · field 4 · on shift then", "task": "change the router",
}  # fmt: skip


class Stage:
    """Verbs of agents on `Inside`."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside

    async def taken(self, name: str = "Ada") -> str:
        """Eva's contact, taken by `name`, its thread open."""
        await self.inside.slash(name, "available")
        assert await self.inside.text("my router is dead") == 200
        await self.inside.accept(name)
        await self.inside.until(lambda: self.shown("contact.more"))
        return str((await self.inside.contact())["id"])

    async def shown(self, action: str, words: str = "") -> list[Json]:
        """Messages in #desk that have that button and these words."""
        found = await self.inside.channel("desk")
        return [m for m in found if f'"{action}"' in (said := _said(m)) and words in said]

    async def says(self, words: str) -> bool:
        return any(words in _said(m) for m in await self.inside.channel("desk"))

    async def direct(self, name: str, words: str = "") -> list[Json]:
        """What `name` has got in person."""
        found = await self.inside.call(f"/slack/messages?user={self.inside.person(name).slack}")
        return [m for m in found if words in _said(m)]

    async def form(self, name: str, action: str, words: str = "", direct: bool = False) -> Json:
        """The form behind a button, once it stands open before `name`."""
        look = self.direct if direct else None
        found = await self.inside.until(
            lambda: look(name, words or action) if look else self.shown(action, words)
        )
        message = next(m for m in reversed(found) if f'"{action}"' in _said(m))
        who = self.inside.person(name).slack
        body = {"user": who, "channel": message["channel"], "ts": message["ts"], "action_id": action}
        await self.inside.call("/slack/act", body)

        async def ready() -> Json | None:
            views = await self.inside.call(f"/slack/views?user={who}")
            mine = [v for v in views if v["callback_id"] == action and "One moment" not in _said(v)]
            return mine[-1] if mine else None

        view: Json = await self.inside.until(ready)
        return view

    async def submit(self, name: str, view: Json, **values: str) -> Json:
        """What came of it."""
        body = {"user": self.inside.person(name).slack, "view_id": view["id"], "values": values}
        found: Json = await self.inside.call("/slack/submit", body)
        return found

    async def plans(self, name: str = "Ada", **more: str) -> None:
        """A visit on Tuesday."""
        done = await self.submit(name, await self.form(name, "form.visit"), **(TUESDAY | more))
        assert done["ok"], done

    async def state(self, wanted: str) -> bool:
        return str((await self.inside.contact())["state"]) == wanted

    async def file_of(self, text: str) -> Calendar:
        """The calendar file behind the link in a text."""
        link = re.search(r"http\S+", text)
        assert link is not None, text
        async with self.inside.http.get(link[0]) as answer:
            assert answer.status == 200 and answer.content_type == "text/calendar", await answer.text()
            return Calendar.from_ical(await answer.read())


def _said(it: object) -> str:
    return json.dumps(it, ensure_ascii=False)


@asynccontextmanager
async def visits(tmp_path: Path, plan: str = VISITS + TEXTS) -> AsyncIterator[Stage]:
    """A running product on Monday morning."""
    async with inside(tmp_path, plan) as it:
        await it.call("/clock", {"at": MONDAY})
        yield Stage(it)
