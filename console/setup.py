"""`tierline setup`: asks, tests, shows what it would change, and writes `.env` and a first plan. Repeatable.

Slack ─▶ plan ─▶ channels ─▶ supervisor ─▶ agents ─▶ Twilio ─▶ address ─▶ mail ─▶ write ─▶ webhooks, fallback ─▶ test text
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from ..router.plan.errors import PlanErrors
from ..router.plan.load import load_async, parse
from ..router.plan.model import AgentSpec, Plan
from ..settings import Settings
from . import envfile, setup_calls, setup_mail, setup_slack, setup_twilio
from .api_client import ApiClient, NotRunning, Refused, read_token
from .ask import Ask
from .doctor_mail import mailboxes_of
from .first_plan import Door, completed, difference, first, zone_or_utc


@dataclass(frozen=True, slots=True)
class Where:
    """What setup writes to and what it stands on; `here` are the settings in force, by variable."""

    env: Path
    plan: Path
    data: Path
    host: str
    port: int
    scopes: setup_slack.Scopes
    link: setup_slack.Link
    slack_url: str = ""
    twilio_url: str = ""
    zone: str = "UTC"
    poll: float = setup_twilio.POLL
    here: dict[str, str] = field(default_factory=dict, repr=False)
    settings: Settings | None = None  # those in force: mail servers are tried with them


class Setup:
    """One run. Nothing is written before it was shown and agreed to."""

    def __init__(self, ask: Ask, where: Where) -> None:
        self.ask, self.where = ask, where
        self.wanted: dict[str, str] = {}
        self.supervisors: list[str] = []
        self.agents: list[AgentSpec] = []
        self.doors: list[Door] = []

    async def run(self) -> bool:
        """The whole way; whether everything works. Raises Unanswered, PlanErrors, OSError."""
        there = dict(self.where.here)
        before = await self._plan_text()
        source = before or await self._first_plan()
        plan = await load_async(source, self.where.plan.name)
        slack = await setup_slack.connect(
            self.ask, there, self.where.scopes, self.where.link, self.where.slack_url,
            lambda: setup_twilio.address(self.ask, there, self.where.host, self.where.port, "Slack"),
        )  # fmt: skip
        good = slack is not None and await self._people(slack, plan)
        self.ask.say()
        account = await setup_twilio.connect(self.ask, there, self.where.twilio_url)
        try:
            public = await self._numbers(account, plan, there)
            await self._mail(plan, there)
            await self._write(before, source)
            written = await asyncio.to_thread(self.where.plan.exists)
            if account is None or not public or not written:
                self.ask.say("Something is left for later: `tierline setup` goes on where you stopped.")
                return False
            return await self._through(account, public) and good
        finally:
            if account is not None:
                await account.side.close()

    async def _plan_text(self) -> str:
        path = self.where.plan
        return await asyncio.to_thread(path.read_text) if await asyncio.to_thread(path.exists) else ""

    async def _first_plan(self) -> str:
        while True:
            site = await self.ask.text(
                "site", "A short name of your company (small letters, digits, hyphens)", "site"
            )
            zone = zone_or_utc(await self.ask.text("timezone", "Time zone", self.where.zone))
            room = await self.ask.text("channel", "The Slack channel in which the team works", "#support")
            try:
                return await asyncio.to_thread(first, site, zone, "support", room)
            except PlanErrors as errors:
                self.ask.say(f"  ✗ {errors.errors[0].message}")
                if await self.ask.yes("plan_stop", "Stop here?", False):
                    raise

    async def _people(self, slack: setup_slack.Connected, plan: Plan) -> bool:
        self.wanted |= slack.settings
        good = await setup_slack.enter_rooms(self.ask, slack.side, plan)
        people = await slack.side.people()
        if not plan.supervisors:
            chief = await setup_slack.supervisor(self.ask, slack.side, people)
            if chief is not None:
                self.supervisors.append(chief.email or chief.id)
        self.agents += await setup_slack.agents(self.ask, people, plan)
        return good

    async def _numbers(self, account: setup_twilio.Account | None, plan: Plan, there: dict[str, str]) -> str:
        if account is None:
            return ""
        self.wanted |= {"TWILIO_ACCOUNT_SID": account.sid, "TWILIO_AUTH_TOKEN": account.token}
        self.doors += await setup_twilio.doors(self.ask, account.numbers, plan)
        self.doors += await setup_calls.doors(self.ask, account.numbers, plan)
        public = self.wanted.get("TIERLINE_PUBLIC_URL") or await setup_twilio.address(
            self.ask, there, self.where.host, self.where.port, "Twilio"
        )
        self.wanted["TIERLINE_PUBLIC_URL"] = public
        return public

    async def _mail(self, plan: Plan, there: dict[str, str]) -> None:
        found = await setup_mail.doors(self.ask, plan)
        self.doors += found
        if self.where.settings is not None and (found or mailboxes_of(plan)):
            self.wanted |= await setup_mail.servers(self.ask, there, self.where.settings)

    # ---- writing ------------------------------------------------------------------------------------------------

    async def _write(self, before: str, source: str) -> None:
        """Show, ask, write: first the plan, then the settings that name it."""
        after = await asyncio.to_thread(completed, source, self.supervisors, self.agents, self.doors)
        name = self.where.plan.name
        if after != before:
            self.ask.say(f"\nThe plan {self.where.plan}:")
            self.ask.say(difference(before, after, name))
            if await self.ask.yes("write_plan", f"Write {name}?"):
                await asyncio.to_thread(_replace, self.where.plan, after)
                self.ask.say(f"  ✓ {self.where.plan} is written")
                await self._publish(after)
        if "TIERLINE_PLAN" not in self.where.here:
            self.wanted["TIERLINE_PLAN"] = str(self.where.plan)
        old = await asyncio.to_thread(_text, self.where.env)
        todo = envfile.changes(old, self.wanted)
        if not todo:
            self.ask.say(f"\n{self.where.env} says all this already.")
            return
        self.ask.say(f"\nThe settings {self.where.env} (secrets are not shown):")
        for change in todo:
            self.ask.say(f"  {change}")
        if await self.ask.yes("write_env", f"Write {self.where.env.name}? Everything else in it stays."):
            await asyncio.to_thread(envfile.write, self.where.env, envfile.merged(old, self.wanted))
            self.ask.say(f"  ✓ {self.where.env} is written, readable by you alone")

    async def _publish(self, source: str) -> None:
        """A running product goes on with its own version until somebody publishes: offer it."""
        api = await self._api()
        try:
            active = await api.plan()
        except (NotRunning, Refused):
            self.ask.say("    `tierline run` publishes it at its first start.")
            return
        if not await self.ask.yes("publish", f"Publish it in place of version {active.get('version')}?"):
            return
        try:
            version = await api.publish(source, "tierline setup", "setup", int(str(active["version"])))
            self.ask.say(f"  ✓ version {version} is active")
        except (NotRunning, Refused) as no:
            self.ask.say(f"  ✗ it is not published: {no}")

    async def _api(self) -> ApiClient:
        token = await read_token(self.where.data, self.where.here.get("TIERLINE_API_TOKEN", ""))
        return ApiClient(f"http://127.0.0.1:{self.where.port}", token)

    async def _through(self, account: setup_twilio.Account, public: str) -> bool:
        """Webhooks and the test text."""
        plan = await load_async(await asyncio.to_thread(self.where.plan.read_text), self.where.plan.name)
        ours = tuple(e.to for e in plan.entry if e.channel == "sms" and e.to)
        self.ask.say()
        pointed = await setup_twilio.point(self.ask, account, ours, public)
        called = tuple(e.to for e in plan.entry if e.channel == "voice" and e.to)
        pointed = await setup_calls.point(self.ask, account, called, public, plan) and pointed
        sender = plan.channels.sms.sender or next((n.number for n in account.numbers if n.number in ours), "")
        if not sender and called:
            return pointed
        if not sender:
            self.ask.say("  ✗ no number of the account stands in the plan: nobody can text us")
            return False
        works = await setup_twilio.trial(self.ask, account, sender, await self._api(), self.where.poll)
        self.ask.say(
            "It works."
            if works and pointed
            else "Not everything is tried or works yet; `tierline doctor` says what."
        )
        return works and pointed


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _replace(path: Path, text: str) -> None:
    parse(text)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.replace(path)
