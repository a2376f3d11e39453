"""The sandbox command: the product and its stand-ins in one process, the plan's people as the cast."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from .app import App
from .channels.slack.events import PATH
from .channels.slack.manifest import COMMAND, EVENTS, SCOPES, SHORTCUTS, manifest
from .console.listen import CantListen
from .doors import opened
from .queue.history.records import Card
from .router.plan.load import load_async
from .router.plan.model import Plan
from .sandbox.mail import MailStandIn
from .sandbox.server import Changed, Hooks, Sandbox
from .sandbox.slack import SlackStandIn
from .sandbox.slack_state import Shortcut
from .sandbox.stage import Cast, Clock, Credentials, Customer, Faults, Number, Person, Place, Wire
from .sandbox.twilio_sms import TwilioStandIn
from .settings import Secrets, Settings

SETTLE = 5.0
"""Seconds that a moved clock waits for deliveries at one instant."""
CUSTOMERS = (
    Customer("Eva Brandt", "+4915112345678", "eva@customer.example"),
    Customer("Jonas Weber", "+4915123456789", "jonas@weber.example"),
    Customer("Priya Nair", "+447700900123", "priya@nair.example"),
)


def cast_of(plan: Plan, product: str) -> Cast:
    """The plan's agents, supervisors, channels and numbers, with Slack's kinds of ids; `product` is our base URL."""
    people = [
        _person(i, a.name, a.slack, a.phone or "", f"L{a.tier}", a.team) for i, a in enumerate(plan.agents)
    ]
    known = {a.slack.casefold() for a in plan.agents}
    others = [who for who in plan.supervisors if who.casefold() not in known]
    people += [_person(100 + i, _name(who), who, "", "", "") for i, who in enumerate(others)]
    names = [c for team in plan.teams for c in team.channels] + (
        [plan.alerts.slack] if plan.alerts.slack else []
    )
    places = tuple(
        Place(f"C0PLACE{i:03}", name.removeprefix("#")) for i, name in enumerate(dict.fromkeys(names))
    )
    shared = [e.to for e in plan.entry if e.shared is not None and e.to]
    places += tuple(
        Place(f"C0SHARED{i:02}", name.removeprefix("#"), ("T0CUSTOMER",)) for i, name in enumerate(shared)
    )
    numbers = list(dict.fromkeys(e.to for e in plan.entry if e.channel in ("sms", "voice") and e.to))
    return Cast(
        people=tuple(people),
        customers=CUSTOMERS,
        places=places,
        numbers=tuple(
            Number(n, f"{product}/twilio/sms", f"{product}/twilio/voice", f"{product}/twilio/voice/leg")
            for n in numbers
        ),
        mailboxes=tuple(e.to for e in plan.entry if e.channel == "email" and e.to),
        credentials=Credentials(
            account_sid=f"AC{secrets.token_hex(16)}",
            auth_token=secrets.token_hex(16),
            bot_token=f"xoxb-sandbox-{secrets.token_hex(12)}",
            app_token=f"xapp-1-A0TIERLINE-{secrets.token_hex(12)}",
            signing_secret=secrets.token_hex(16),
            smtp_password=secrets.token_hex(12),
        ),
        others=(plan.alerts.email,) if plan.alerts.email else (),
    )


def _person(i: int, name: str, slack: str, phone: str, tier: str, team: str) -> Person:
    user = slack if slack.startswith("U") and "@" not in slack else f"U0PERSON{i:03}"
    mail = slack if "@" in slack else f"{name.lower()}@sandbox.example"
    return Person(name, user, mail, phone, tier, team, f"D0PERSON{i:03}")


def _name(mail: str) -> str:
    return mail.partition("@")[0].replace(".", " ").title()


def _slack(cast: Cast, clock: Clock, wire: Wire, faults: Faults, changed: Changed) -> SlackStandIn:
    """Slack as our manifest asks for it: no scope and no event more than a real workspace would grant."""
    scopes, events = [name for name, _ in SCOPES], [name for name, _ in EVENTS]
    shortcuts = [Shortcut(*one) for one in SHORTCUTS]
    home: bool = manifest()["features"]["app_home"]["home_tab_enabled"]
    return SlackStandIn(
        cast,
        clock,
        wire,
        faults,
        changed,
        scopes,
        events,
        commands=[COMMAND],
        shortcuts=shortcuts,
        home_tab=home,
    )


def free_port() -> int:
    """A port of loopback that nobody listens on now: a mail server is told where it listens, and can't choose."""
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


class Rehearsal:
    """Stand-ins and product on loopback; everything lives in `data/sandbox`, emptied at each start."""

    def __init__(self, settings: Settings, plan: Plan, also: Mapping[str, object] | None = None) -> None:
        """`also`: settings of the product inside that its stand-ins don't give."""
        self.settings, self.plan, self.also = settings, plan, also or {}
        self.clock = Clock()
        self.app: App | None = None
        self.product = f"http://127.0.0.1:{settings.port}"
        self.cast = cast_of(plan, self.product)
        self.api_token = secrets.token_urlsafe(24)
        self.by_http = settings.sandbox_slack == "http"
        self.sandbox = Sandbox(
            self.cast,
            self.clock,
            Hooks(self._advance, self._reset, self._state, self._ready, self.product),
            (TwilioStandIn, _slack, MailStandIn),
        )

    @classmethod
    async def prepare(cls, settings: Settings, example: Path) -> Rehearsal:
        """Read the plan (TIERLINE_PLAN, else the example). Raises PlanErrors."""
        source = await asyncio.to_thread((settings.plan or example).read_text)
        return cls(settings, await load_async(source, str(settings.plan or example.name)))

    async def start(self) -> int:
        """Start the stand-ins, then the product against them; the page's port."""
        port = await self.sandbox.start(self.settings.sandbox_port)
        data = self.settings.data / "sandbox"
        await asyncio.to_thread(shutil.rmtree, data, True)
        base, made = f"http://127.0.0.1:{port}", self.cast.credentials
        listen = self.settings.smtp_listen or "127.0.0.1:0"
        inside = self.settings.model_copy(
            update={
                "redis_url": None, "database_url": None, "data": data, "public_url": self.product,
                "host": "127.0.0.1", "trusted_proxies": (), "chat_origins": (base, f"http://localhost:{port}"),
                "smtp_url": SecretStr(self.mail.smtp_url), "smtp_listen": listen,
                "twilio_account_sid": made.account_sid, "twilio_auth_token": SecretStr(made.auth_token),
                "twilio_auth_token_old": None, "twilio_api_url": f"{base}/twilio",
                "slack_bot_token": SecretStr(made.bot_token), "slack_api_url": f"{base}/slack/api/",
                "slack_app_token": None if self.by_http else SecretStr(made.app_token),
                "slack_signing_secret": SecretStr(made.signing_secret) if self.by_http else None,
                "mail": {}, **self.also,
            }
        )  # fmt: skip
        keys = Secrets(secrets.token_urlsafe(32), self.api_token)
        app = App(inside, keys)
        try:
            await app.open()
        except CantListen:  # by then its store and its doors are open
            for door in opened(app.doors, app.voice, app.mail):
                await door.stop()
            await app.front.close(0)
            await app.store.close()
            raise
        self.app = app  # from here on there is something to stop
        await app.start(self.plan)
        if (mail := self.app.mail.listener) is not None:
            self.mail.road.listener = (
                mail.where.host,
                mail.port,
            )  # any free one, unless the settings name it
        if self.by_http and not await self.slack.call(f"{self.product}{PATH}"):
            raise OSError(f"{self.product}{PATH} doesn't answer Slack's challenge")
        await self._introduce()
        return port

    @property
    def slack(self) -> SlackStandIn:
        """The stand-in for Slack."""
        return next(it for it in self.sandbox.standins if isinstance(it, SlackStandIn))

    @property
    def mail(self) -> MailStandIn:
        """The stand-in for mail."""
        return next(it for it in self.sandbox.standins if isinstance(it, MailStandIn))

    async def _introduce(self) -> None:
        """The product's records know the cast's customers by name, as after an import."""
        if self.app is not None:
            known = [Card(it.name, it.name, "", (it.phone, it.mail)) for it in self.cast.customers]
            await self.app.history.put_cards(known)

    async def stop(self) -> None:
        """The product first, so that what it has in hand still reaches its stand-ins."""
        if self.app is not None:
            await self.app.stop()
        await self.sandbox.stop()

    async def _advance(self, to: float) -> int:
        if self.app is None:
            return 0
        return await _travel(self.app, round(to * 1000), self.clock.move_to)

    async def _reset(self) -> None:
        if self.app is not None:
            await self.app.reset()
            await self._introduce()

    async def _ready(self) -> bool:
        return self.app is not None and self.app.started

    async def _state(self) -> dict[str, Any]:
        version = self.app.plan().version if self.app is not None else 0
        api = {"url": self.product, "token": self.api_token}
        return {"product": self.product, "api": api, "plan_version": version, "timezone": self.plan.timezone}


async def _travel(app: App, to: int, moved: Callable[[float], None]) -> int:
    """Move the queue's clock to `to` (ms) from due instant to due instant; how many entries fired.

    `moved` (seconds) takes the stand-ins along: a phone that rings on the way has rung since then, not all the time.
    """
    fired = 0
    stuck = not await _settled(app, SETTLE)
    while True:
        now = await app.queue.now()
        known = (await app.queue.next_due(), app.watch.next_closing, app.watch.next_muster)
        ahead = [at for at in known if at is not None]
        step = min([at for at in ahead if at > now] + [to])
        if step > now:
            await app.queue.travel(step)
            moved(step / 1000)
        while count := await app.watch.tick():
            fired += count
        # Where the outside is down nothing can be delivered: time goes on all the same.
        stuck = not await _settled(app, 0.05 if stuck else SETTLE)
        if step >= to:
            return fired


async def _settled(app: App, within: float) -> bool:
    """Whether everything so far is delivered, at the latest after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            await app.outbox.settled()
    except TimeoutError:
        return False
    return True


async def stand_alone(plan: Path, product: str) -> None:
    """The stand-ins by themselves, for a product that others start and stop: a chaos run kills it.

    Prints one line of JSON, `{"port", "account_sid", "auth_token", "bot_token", "app_token"}`, and serves until
    SIGTERM. `plan` gives the cast, `product` is where Twilio's webhooks go, Twilio's own settings (`#rc=…`) included.
    """
    made = cast_of(
        await load_async(await asyncio.to_thread(plan.read_text), str(plan)), product.partition("#")[0]
    )
    suffix = product.partition("#")[2]
    numbers = tuple(replace(n, sms_url=f"{n.sms_url}#{suffix}") for n in made.numbers)
    cast = Cast(made.people, made.customers, made.places, numbers, made.mailboxes, made.credentials)
    base = product.partition("#")[0]

    async def nothing() -> None:
        return None

    async def nowhere(to: float) -> int:
        return 0

    async def state() -> dict[str, Any]:
        return {"product": base, "api": {"url": base, "token": ""}, "plan_version": 0, "timezone": "Etc/UTC"}

    async def ready() -> bool:
        return True

    sandbox = Sandbox(cast, Clock(), Hooks(nowhere, nothing, state, ready, base), (TwilioStandIn, _slack))
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    port = await sandbox.start(0)
    print(json.dumps({"port": port, **asdict(cast.credentials)}), flush=True)
    await told.wait()
    await sandbox.stop()


if __name__ == "__main__":
    import uvloop

    uvloop.run(stand_alone(Path(sys.argv[1]), sys.argv[2]))
