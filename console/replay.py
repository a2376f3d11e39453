"""`/api/v1/plan/replay`: a recorded day through the active plan and a draft, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from ..router.plan.errors import PlanErrors
from ..router.plan.load import load_async
from ..router.rulebook import Rulebook, millis
from ..settings import Settings
from .api import Api
from .bodies import BadBody, read_object
from .problem import problem
from .replay_job import NEAR, Job

log = structlog.get_logger()

LONGEST = 3_600.0
"""Seconds after which a replay is given up."""
REMEMBERED = 8
LONGEST_LINE = 16 * 1024 * 1024
Guard = Callable[
    [Callable[[web.Request], Awaitable[web.Response]]], Callable[[web.Request], Awaitable[web.Response]]
]


@dataclass(slots=True)
class Run:
    """One replay: how far it is, and in the end its outcome."""

    id: str
    day: str
    state: str = "running"  # running, done, failed
    progress: Mapping[str, object] = field(default_factory=dict)
    result: Mapping[str, object] | None = None
    failed: str = ""
    task: asyncio.Task[None] | None = field(default=None, repr=False)

    def to_json(self) -> dict[str, object]:
        """As the API shows it."""
        found = {"id": self.id, "day": self.day, "state": self.state, "progress": dict(self.progress)}
        return found | {"result": self.result, "failed": self.failed or None}


@dataclass(slots=True)
class Replays:
    """One replay at a time; the last few are remembered."""

    book: Callable[[], Rulebook]
    now: Callable[[], Awaitable[int]]
    only: Guard
    database_url: str
    data: Path
    runs: dict[str, Run] = field(default_factory=dict)
    made: int = 0

    @classmethod
    def beside(cls, api: Api, settings: Settings) -> Replays:
        """Their routes stand beside the API's and are described with them."""
        url = settings.database_url.get_secret_value() if settings.database_url else ""
        it = cls(api.book, lambda: api.queue().now(), api.only, url, settings.data)
        api.more += it.routes()
        return it

    def routes(self) -> list[web.RouteDef]:
        """Both routes, behind the token."""
        return [
            web.post("/api/v1/plan/replay", self.only(self.start)),
            web.get("/api/v1/plan/replay/{id}", self.only(self.look)),
        ]

    async def start(self, request: web.Request) -> web.Response:
        """Replay a day: `{"day": "2026-11-20", "yaml"?: a draft}`; answers at once where to look.

        `day` may be `today` or `yesterday` of the plan's time zone; today is replayed as far as it has come.
        """
        raw, now, book = await read_object(request), await self.now(), self.book()
        today = datetime.fromtimestamp(now / 1000, ZoneInfo(book.plan.timezone)).date()
        day, draft = _day(raw.get("day"), today), raw.get("yaml", "")
        if not isinstance(draft, str):
            raise BadBody("`yaml` is a plan's text.")
        if any(run.state == "running" for run in self.runs.values()):
            return problem(409, "busy", "A replay is running: look at it, or wait until it is done.")
        if day > today:
            raise BadBody("`day` has not been yet.")
        start, end = bounds(day, book.plan.timezone)
        try:
            if draft:
                await load_async(draft, "draft")
        except PlanErrors as errors:
            found = [
                {"line": e.line, "column": e.column, "message": e.message, "fix": e.fix}
                for e in errors.errors
            ]
            return web.json_response({"error": "the plan has mistakes", "mistakes": found}, status=422)
        # Beyond now nobody has come yet: agents who wait there for no one would make figures of the day.
        end = min(end, now + 1)
        job = Job(self.database_url, str(self.data), book.version, book.plan.source, draft, start, end)
        run = self._begin(str(day), job)
        return web.json_response(
            run.to_json(), status=202, headers={"Location": f"/api/v1/plan/replay/{run.id}"}
        )

    async def look(self, request: web.Request) -> web.Response:
        """How far a replay is, and what came of it."""
        run = self.runs.get(request.match_info["id"])
        if run is None:
            return problem(404, "no such replay", "The last eight of this process are remembered.")
        return web.json_response(run.to_json())

    async def stop(self) -> None:
        """End what runs: nothing is lost but the answer."""
        for run in self.runs.values():
            if run.task is not None and not run.task.done():
                run.task.cancel()
                with suppress(asyncio.CancelledError):
                    await run.task

    def _begin(self, day: str, job: Job) -> Run:
        self.made += 1
        run = self.runs[str(self.made)] = Run(str(self.made), day)
        for old in list(self.runs)[:-REMEMBERED]:
            del self.runs[old]
        run.task = asyncio.create_task(self._watch(run, job), name=f"replay {run.id}")
        return run

    async def _watch(self, run: Run, job: Job) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                await _in_a_process(run, job)
        except TimeoutError:
            run.failed = f"given up after {LONGEST / 60:.0f} minutes"
        except (OSError, ValueError) as error:
            run.failed = f"the process could not be followed ({type(error).__name__})"
        finally:
            if run.state == "running":
                run.state, run.failed = "failed", run.failed or "its process ended without an answer"
        log.info("plan.replay", day=run.day, state=run.state)


async def _in_a_process(run: Run, job: Job) -> None:
    words = (sys.executable, "-m", "tierline.console.replay_worker")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=LONGEST_LINE)
    if process.stdin is None or process.stdout is None:
        raise OSError("no pipes")
    try:
        process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")  # by stdin: the URL may hold a password
        await process.stdin.drain()
        async for line in process.stdout:
            told = json.loads(line)
            run.progress = told.get("progress", run.progress)
            if "result" in told:
                run.state, run.result = "done", told["result"]
            run.failed = str(told.get("failed", run.failed))
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def bounds(day: date, zone: str) -> tuple[int, int]:
    """The day's first instant and the next day's (ms), in the plan's zone."""
    begin = datetime.combine(day, time(), ZoneInfo(zone))
    return millis(begin), millis(datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)))


def _day(raw: object, today: date) -> date:
    try:
        said = raw if isinstance(raw, str) else ""
        return today - NEAR[said] if said in NEAR else date.fromisoformat(said)
    except ValueError:
        raise BadBody(
            'Send {"day": "2026-11-20", "yaml"?}: `day` is a date, `today` or `yesterday`.'
        ) from None
