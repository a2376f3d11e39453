"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from .channels.channel import Desk
from .console.recordings import RecordingPage
from .console.visit_page import VisitPage
from .queue.engine import Queue
from .queue.history.history import History
from .queue.history.promised import promised
from .queue.state import Event
from .router.active import ActivePlan
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


def desk_parts(queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, history: History) -> Parts:
    """The house's parts, in the order in which they are asked."""
    boards = Boards(queue, plan, lambda since: promised(history.database, since))
    return Parts(
        (
            Duty(queue, plan, newcomers),
            VisitPart(queue, plan),
            Steering(queue, plan, boards, history),
        )
    )


def desk_jobs(
    queue: Queue, plan: ActivePlan, desk: Desk, files: VisitFiles
) -> tuple[Callable[[Event], list[Job]], ...]:
    """What an event causes beside the deliveries' own jobs."""
    return (VisitJobs(queue, desk, plan, files).jobs,)


def visit_files(
    settings: Settings, keys: Secrets, queue: Callable[[], Queue], book: Callable[[], Rulebook]
) -> VisitFiles:
    """Calendar files of visits behind signed links."""
    return VisitFiles(queue, book, Signed(settings.base_url, "visit", keys.secret))


def desk_pages(recordings: Recordings, files: VisitFiles) -> list[web.RouteDef]:
    """Pages for whoever has a link."""
    return [*RecordingPage(recordings).routes(), *VisitPage(files).routes()]
