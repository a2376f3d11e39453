"""The composition root: builds everything, starts it, stops it. The only place that knows every concrete class.

store ─ queue ─┬─ intake ◀── doors (SMS)            watch ── ticks, closing times
               ├─ outbox ──▶ deliveries ──▶ desk (Slack), doors
               ├─ projector ──▶ history (SQL)
               └─ house ◀── desk                      console ── /api/v1, health
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import structlog

from .channels.channel import Channel
from .channels.email.configured import smtp_tokens
from .channels.sms.door import SmsDoor
from .channels.voice.door import VoiceDoor
from .chat_side import chat_side, taken_of
from .console.front import Front
from .console.metrics import figures
from .console.past import Past
from .console.replay import Replays
from .desk_side import Outside, desk_side
from .doors import opened, phone_tasks, recordings_of, twilio_doors
from .mail_out import mail_door
from .mail_side import mail_side
from .mailboxes import mailbox_figures, mailbox_tasks, mailboxes_of, mailboxes_shown
from .queue.engine import Queue
from .queue.failures import StoreError
from .queue.replies import Refused
from .queue.state import Event
from .queue.store import Store
from .router import lost
from .router.active import ActivePlan
from .router.alerts import Alerts, Way
from .router.deliver import Deliveries
from .router.desk_watch import NoDesk, WatchedDesk
from .router.house import House
from .router.intake import Intake
from .router.lineup import Lineup
from .router.newcomers import Newcomers
from .router.outbox import Outbox
from .router.overdue import Overdue
from .router.paging import Pager
from .router.plan.errors import PlanErrors
from .router.plan.model import Plan
from .router.receipts import Receipts
from .router.ringing import Ringing
from .router.spending import Guard
from .router.stall import LoopWatch
from .router.supervise import Supervisor
from .router.switchboard import Switchboard
from .router.towards import Towards
from .router.walk import Walker
from .router.watch import Watch
from .router.ways import ways
from .settings import Role, Secrets, Settings
from .shown import calls_shown, desk_shown, door_figures, doors_shown, store_shown
from .slack_side import has_desk, shared_door, slack_desk, slack_events, take_requests
from .web_side import api_of

if TYPE_CHECKING:
    from .channels.slack.desk import SlackDesk
    from .queue.history.history import History
    from .queue.history.projector import Projector

log = structlog.get_logger()

HEALTH_EVERY = 2.0


class App:
    """One running Tierline. `open` listens, `start` returns when contacts can be taken; `stop` cuts nothing."""

    def __init__(
        self, settings: Settings, keys: Secrets, role: Role = "all", store: Store | None = None,
        front: Front | None = None,
    ) -> None:  # fmt: skip
        """`store` and `front` are those of the settings, where they are open already; `stop` closes them."""
        self.settings, self.secrets, self.role, self.opened = settings, keys, role, store
        # An embedded store has one process, whose directory is locked: started again, it goes on with its own leases
        # at once instead of waiting until those of its dead predecessor run out.
        one = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.holder = one if settings.redis_url is not None else "embedded"
        self.alerts = Alerts(self._ways)
        self.desk_raw: SlackDesk | None = None
        self.slack_events = slack_events(settings, role)
        self.doors: dict[str, Channel] = {}
        self.sms: SmsDoor | None = None
        self.voice: VoiceDoor | None = None
        self.replays: Replays | None = None
        self.past = Past.of(settings)
        self.smtp_tokens = smtp_tokens(settings)
        self.started = False
        self.front = front or Front()
        self.listener = self.front.listener
        self.loop_watch = LoopWatch(settings.stall)

    # ---- start and stop -----------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the store and listen: we are up, and who comes before `start` is done waits at the door."""
        self.loop_watch.start()
        self._rest = asyncio.create_task(asyncio.to_thread(self._load))
        self.store, self.opened = self.opened or await Store.of(self.settings), None
        self.site = self.store.site
        for text in self.store.warnings:
            log.warning("store.warning", text=text)
        self.queue = Queue(self.store, self.site)
        self._build_doors()
        if self.role != "worker":
            await self._listen()

    @property
    def port(self) -> int:
        """Where we listen; 0 where nobody does."""
        return self.front.port

    async def start(self, first_plan: Plan | PlanErrors | None) -> None:
        """History, plan, desk and doors; `first_plan` is for a store that has none."""
        self.first_plan = first_plan
        await self._rest
        await self._open_memory()
        self._build_desk()
        await self._start_core()
        self.listener.let_in()
        if self.desk_raw is not None:
            self.desk_raw.serve(self.house)
            await self.desk_raw.start()
        for door in opened(self.doors, self.voice, self.mail):
            await door.start()
        self.started = True

    def _load(self) -> None:
        """SQL's and Slack's libraries, a third of the program, in a thread: meanwhile the store may be starting, too."""
        from .queue.history import history, projector  # noqa: F401

        if has_desk(self.settings, self.role):
            from .channels.slack import desk  # noqa: F401

    async def _open_memory(self) -> None:
        from .queue.history.history import History

        self.history: History = await History.of(self.settings)
        for text in self.history.warnings:
            log.warning("history.warning", text=text)
        last = await self.history.last_plan()
        self.plan = await ActivePlan.open(self.queue, self.first_plan, "first start", last)

    def _build_doors(self) -> None:
        settings = self.settings
        now = queue, book = (lambda: self.queue), (lambda: self.plan())
        self.receipts = Receipts(queue)
        past, files = (lambda: self.history), (lambda: self.outside.enclosures)
        self.intake = Intake(queue, past, book, lambda: self.plan.heed())
        lineup = Lineup(queue, taken_of(past, "voice"))
        self.switchboard = Switchboard(queue, self.intake, past, book, lineup)
        if (doors := twilio_doors(settings, self.intake, self.receipts, self.switchboard)) is not None:
            self.sms, self.voice = doors
            self.doors["sms"] = self.sms
        self.recordings = recordings_of(settings, self.secrets, self.voice, *now, past)
        self.mail = mail_side(settings, self.secrets, self.role, self.intake, *now, past, self.alerts)
        self.boxes = mailboxes_of(settings, self.role, self.mail.post, *now, self.alerts, self._mine)
        told = (settings, self.secrets, self.intake)
        self.chat = chat_side(*told, *now, past, files, self.listener, self.doors)
        mails = (self.mail.files, self.chat.beside(self.mail.content(self.sms)))
        self.outside: Outside = Outside.of(settings, self.secrets, *now, past, self.doors, *mails)
        if mail := mail_door(settings, self.secrets, book, lambda: self.queue.now(), self.outside.enclosures):
            self.doors["email"] = mail

    def _build_desk(self) -> None:
        queue, book = lambda: self.queue, lambda: self.plan()
        shared = shared_door(self.intake, queue, book, self.alerts, self.settings, self.role)
        if shared is not None:
            self.doors["slack"] = shared
        self.desk_raw = slack_desk(
            self.settings, self.role, queue, self.holder, self.slack_events, self._mine, shared
        )
        self.desk = WatchedDesk(self.desk_raw or NoDesk(), queue, self.alerts, self._mine)

    async def _start_core(self) -> None:
        """The tasks that stand on the store; `reset` starts them anew."""
        from .queue.history.projector import Projector

        self.supervisor = Supervisor()
        newcomers = Newcomers(self.queue, self.plan, self.desk)
        side = desk_side(
            self.queue, self.plan, self.desk, newcomers, self.history, self.alerts, self.outside, self._mine
        )
        self.house = House(
            self.queue, self.plan, newcomers, self.history, self.recordings, side.parts, self.outside.enclosures
        )  # fmt: skip
        self.guard = Guard(self.queue, self.plan, self.alerts)
        linked = self.outside.enclosures.linked
        towards = Towards(self.queue, self.doors, self.plan, self.alerts, self.guard, side.mails, linked)
        phones = self.voice.phones if self.voice is not None else None
        heard, taped = self.switchboard.heard, self.recordings.jobs
        ringing = Ringing(self.queue, phones, self.plan, self.alerts, heard, self.guard, recordings=taped)
        self.pager = Pager(
            self.queue, self.intake.pages, lambda: self.plan().plan, self.desk, self.doors, phones,
            self.alerts, mine=self._mine,
        )  # fmt: skip
        deliveries = Deliveries(
            self.queue, self.desk, towards, self.plan, self.alerts, self.history, self.plan.heed, ringing, self.pager,
            side.jobs,
        )  # fmt: skip
        term = round(self.settings.lease * 1000)
        self.outbox = Outbox(
            self.queue, deliveries.jobs, self.holder, broken=self._broken, term=term,
            able=lambda: self.desk_raw is not None and not self.desk.down.is_set(),
        )  # fmt: skip
        self.projector: Projector = Projector(
            self.queue, self.history, self.holder, told=lambda text: self.alerts.once("history", text),
            lost=self._lost, term=term, reopen=lambda: self.plan().longest_reopen,
        )  # fmt: skip
        self.watch = Watch(self.queue, self.plan, written=lambda version: self.plan.mustered(version))
        self.supervisor.run("plan", self.plan.run)
        self.supervisor.run("store", self._keep_store)
        self.supervisor.run("health", self._look_after)
        for name, task in self.chat.tasks.items() if self.role != "worker" else ():
            self.supervisor.run(name, task)
        if self.role == "web":
            if self.slack_events is not None:
                self.supervisor.run("slack requests", lambda: take_requests(lambda: self.queue, self.holder))
            return
        if self.desk_raw is None:
            await self.queue.desk(False)
        else:
            self.supervisor.run("desk", self.desk.run)
        self.supervisor.run("watch", self.watch.run)
        self.supervisor.run(
            "reevaluate", Walker(self.queue, self.plan, self.history, self.holder, self.alerts.say, term).run
        )
        self.supervisor.run("outbox", self.outbox.run)
        self.supervisor.run("overdue receipts", Overdue(self.queue, self.doors, self.history, self._mine).run)
        self.supervisor.run("held back", self.guard.run)
        self.supervisor.run("pages", self.pager.run)
        phone = phone_tasks(ringing, self.recordings, self.intake, self.sms, self.voice, self._mine)
        boxes = mailbox_tasks(self.settings, self.boxes, lambda: self.queue, self.alerts, self._mine)
        for name, task in (phone | dict(side.tasks) | boxes).items():
            self.supervisor.run(name, task)
        self.supervisor.run("history", self.projector.run)

    def _mine(self) -> bool:
        return self.outbox.mine

    async def _broken(self, job: str) -> None:
        text = f"Tierline broke three times at the same thing and left it: {job}. The log says where."
        await self.alerts.once(f"job:{job}", text)

    async def _lost(self, entries: Sequence[Event]) -> None:
        if await lost.name(self.queue, entries, self.holder):
            self.store.witness.skip(len(entries))

    async def _keep_store(self) -> None:
        await self.store.keep_running(lambda text: log.error("store", text=text))
        await asyncio.Event().wait()

    async def _listen(self) -> None:
        await self.front.open(self.settings.host, self.settings.port)
        self.replays = Replays.beside(api := api_of(self), self.settings)
        doors = [door for door in (self.sms, self.voice, self.slack_events, self.chat) if door is not None]
        ours = [*api.routes(), *api.more, *self.outside.pages(self.recordings)]
        self.front.furnish([*ours, *(route for door in doors for route in door.routes())])

    async def stop(self) -> None:
        """Take nothing new, finish what is in hand, leave the rest where another process or the next start finds it.

        All within the grace; our roles are free as soon as the deliveries in hand are done.
        """
        self.started = False
        clock = asyncio.get_running_loop().time
        ends = clock() + self.settings.grace
        await self.listener.close()
        if self.desk_raw is not None:
            await self.desk_raw.deafen()
        await asyncio.gather(self._stop_core(self.settings.grace), self._stop_listening())
        if self.desk_raw is not None:
            await self.desk_raw.stop(max(0.1, ends - clock()))
        for door in opened(self.doors, self.voice, self.mail):
            await door.stop()
        await self.history.close()
        await self.store.close()
        self.loop_watch.stop()

    async def _stop_listening(self) -> None:
        if self.front.runner is not None:
            await self.chat.door.stop()
            await self.front.close(self.settings.grace)
        if self.replays is not None:
            await self.replays.stop()
        await self.past.stop()

    async def _stop_core(self, grace: float) -> None:
        with contextlib.suppress(StoreError, Refused):  # without it the leases run out by themselves
            await self.outbox.drain(grace)
        await self.supervisor.stop()
        if self.role != "web":
            with contextlib.suppress(StoreError, Refused):
                await asyncio.gather(self.outbox.release(), self.projector.release())
        await self.alerts.drain()

    # ---- health -------------------------------------------------------------------------------------------------

    async def _look_after(self) -> None:
        """Tell trouble with the store once when it begins and once when it ends; of many processes who delivers.

        What it lacks of that which was acknowledged to us goes into the record: who delivers tells it from there.
        """
        known = 0
        while True:
            trouble = (await self.store.health()).trouble
            if not trouble:
                await self.alerts.end("store", "The store answers again: contacts are taken and given.")
                if (missing := self.store.witness.missing) > known:
                    await lost.count(self.queue, missing - known, self.holder)
                    known = missing
            elif self.role == "all" or self.outbox.held:
                await self.alerts.begin("store", trouble)
            await asyncio.sleep(HEALTH_EVERY)

    async def ready(self) -> Mapping[str, object]:
        """The process's own account: `ready`, and per part what is up."""
        health = await self.store.health()
        tasks = {name: it.up for name, it in self.supervisor.watched.items()} if self.started else {}
        return {
            "ready": self.started and not health.trouble and self.supervisor.healthy,
            "store": store_shown(health, self.store.witness.missing),
            "history": {"warnings": list(self.history.warnings) if self.started else []},
            "tasks": tasks,
            "doors": doors_shown(
                self.sms,
                self.voice,
                self.mail.listener,
                self.desk_raw,
                self.role,
                self.settings.slack_by_http,
            )
            | mailboxes_shown(self.settings, self.boxes, self.role)
            | self.chat.shown(self.started),
            "calls": calls_shown(self.voice),
            "desk": desk_shown(self.desk_raw),
            "stand_ins": bool(self.settings.slack_api_url or self.settings.twilio_api_url),
            "plan_version": self.plan().version if self.started else 0,
            "trouble": sorted(self.alerts.trouble),
            "delivers": self.outbox.mine if self.started else False,
            "connections": {"open": self.listener.open, "most": self.listener.most},
            "loop": {"stalls": self.loop_watch.stalls, "longest_s": round(self.loop_watch.longest, 1)},
        }

    def metrics(self) -> bytes:
        """The figures of `/metrics`."""
        return figures(
            self.supervisor.watched,
            {
                "tierline_outbox_open": ("Deliveries in hand", self.outbox.lanes.open),
                "tierline_loop_stalls": ("How often the loop stood still", self.loop_watch.stalls),
                "tierline_history_lag_seconds": ("How long the history has been behind", self.projector.lag),
                "tierline_store_lacked": (
                    "Acknowledged changes that a later primary lacked",
                    self.store.witness.missing,
                ),
                "tierline_plan_version": ("The active plan", self.plan().version),
                **(door_figures(self.voice, self.desk_raw) | mailbox_figures(self.boxes)),
                **self.chat.figures(),
                **self.guard.figures(),
            },
        )

    def _ways(self) -> dict[str, Way]:
        smtp = self.settings.smtp_url
        raw = self.desk_raw if self.role != "web" else None
        token = self.smtp_tokens.get if self.smtp_tokens is not None else None
        return ways(self.plan().plan, raw, self.doors, smtp.get_secret_value() if smtp else None, token)

    # ---- the sandbox's reset ------------------------------------------------------------------------------------

    async def reset(self) -> None:
        """Empty the sandbox's own store and history and publish the plan anew; everybody offline, real time."""
        if self.settings.redis_url is not None or self.settings.database_url is not None:
            raise PermissionError("only the sandbox's own store is emptied")
        await self._stop_core(2.0)
        await self.chat.door.stop()  # every conversation is gone
        await self.store.empty()
        self.queue = Queue(self.store, self.site)  # the old one remembers numbers of the emptied store
        await self.history.wipe()
        self.desk.forget()
        self.alerts.forget()
        self.plan = await ActivePlan.open(self.queue, self.first_plan, "reset")
        await self._start_core()
        await self.chat.door.start()
        if self.desk_raw is not None:
            self.desk_raw.serve(self.house)
