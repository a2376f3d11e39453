"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from .channels.channel import Desk
from .console.recordings import RecordingPage
from .console.visit_page import VisitPage
from .queue.engine import Queue
from .queue.state import Event
from .router.active import ActivePlan
from .router.alerts import Alerts
from .router.at_home import AgentHome
from .router.attendance import Attendance
from .router.boards import Boards
from .router.duty import Duty
from .router.lanes import Job
from .router.links import Signed
from .router.newcomers import Newcomers
from .router.parts import Parts
from .router.recordings import Recordings
from .router.rulebook import Rulebook
from .router.steering import Steering
from .router.visit_jobs import VisitFiles, VisitJobs
from .router.visit_part import VisitPart
from .settings import Secrets, Settings

if TYPE_CHECKING:
    from .queue.history.history import History
    from .queue.history.promised import Promised


@dataclass(frozen=True, slots=True)
class DeskSide:
    """`parts`: what people can do; `jobs`: what an event causes; `tasks`: what runs beside the deliveries, by name."""

    parts: Parts
    jobs: Sequence[Callable[[Event], list[Job]]]
    tasks: Mapping[str, Callable[[], Awaitable[None]]]


def desk_side(
    queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, history: History, alerts: Alerts,
    visits: VisitFiles, mine: Callable[[], bool],
) -> DeskSide:  # fmt: skip
    """The house's parts, in the order in which they are asked. `mine`: whether this process delivers."""
    attendance = Attendance(queue, desk, plan, alerts, mine)
    boards = Boards(queue, plan, lambda since: _promised(history, since))
    parts = (
        Duty(queue, plan, newcomers),
        AgentHome(queue, plan, history),
        attendance,
        VisitPart(queue, plan),
        Steering(queue, plan, boards, history),
    )
    jobs = (
        attendance.jobs,
        VisitJobs(queue, desk, plan, visits).jobs,
    )
    tasks = {
        "attendance": attendance.run,
    }
    return DeskSide(Parts(parts), jobs, tasks)


async def _promised(history: History, since: int) -> Sequence[Promised]:
    from .queue.history.promised import promised  # with SQL's library, for which no start waits

    return await promised(history.database, since)


def visit_files(
    settings: Settings, keys: Secrets, queue: Callable[[], Queue], book: Callable[[], Rulebook]
) -> VisitFiles:
    """Calendar files of visits behind signed links."""
    return VisitFiles(queue, book, Signed(settings.base_url, "visit", keys.secret))


def desk_pages(recordings: Recordings, files: VisitFiles) -> list[web.RouteDef]:
    """Pages for whoever has a link."""
    return [*RecordingPage(recordings).routes(), *VisitPage(files).routes()]
