"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from aiohttp import web

from .channels.channel import Desk
from .channels.hooks import Hooks
from .console.recordings import RecordingPage
from .console.session_page import SessionPage
from .console.visit_page import VisitPage
from .queue.engine import Queue
from .queue.history.called import called
from .queue.history.history import History
from .queue.history.promised import promised
from .queue.state import Event
from .router.active import ActivePlan
from .router.alerts import Alerts
from .router.boards import Boards
from .router.drafts import Drafts
from .router.duty import Duty
from .router.duty_post import DutyPost
from .router.ending import Ending
from .router.lanes import Job
from .router.links import Signed
from .router.moving import Moving
from .router.newcomers import Newcomers
from .router.owed import Watchful
from .router.parts import Parts
from .router.planning import Planning
from .router.reaching import Reach
from .router.recordings import Recordings
from .router.reminders import Remind, Reminders
from .router.rulebook import Rulebook
from .router.session_part import SessionJobs, SessionPart
from .router.sessions import Sessions
from .router.steering import Steering
from .router.versions import Versions
from .router.visit_jobs import VisitFiles, VisitJobs
from .router.visit_part import VisitPart
from .settings import Secrets, Settings


@dataclass(frozen=True, slots=True)
class Outside:
    """What leads from the desk to the customer beside words."""

    visits: VisitFiles
    sessions: Sessions

    @classmethod
    def of(
        cls, settings: Settings, keys: Secrets, queue: Callable[[], Queue], book: Callable[[], Rulebook]
    ) -> Outside:
        """Behind signed links of ours."""
        secret = settings.webhook_secret
        hooks = Hooks(secret.get_secret_value() if secret else "", settings.webhook_hosts)
        visits = VisitFiles(queue, book, Signed(settings.base_url, "visit", keys.secret))
        return cls(visits, Sessions(queue, book, Signed(settings.base_url, "session", keys.secret), hooks))

    def pages(self, recordings: Recordings) -> list[web.RouteDef]:
        """Pages for whoever has a link."""
        pages = (RecordingPage(recordings), VisitPage(self.visits), SessionPage(self.sessions))
        return [route for page in pages for route in page.routes()]


def desk_parts(
    queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, history: History, outside: Outside
) -> Parts:
    """The house's parts, in the order in which they are asked."""
    boards = Boards(queue, plan, lambda since: promised(history.database, since))
    planning = Planning(Versions(queue, plan, history), Drafts(queue))
    duty = Duty(queue, plan, newcomers)
    return Parts(
        (
            duty,
            DutyPost(plan, desk, duty),
            VisitPart(queue, plan),
            SessionPart(queue, plan, outside.sessions),
            Steering(queue, plan, boards, history),
            planning,
            Ending(queue, plan, history),
            Moving(queue, plan, history),
            Remind(queue, plan, history),
            Reach(queue, plan, history, lambda name: called(history.database, name)),
        )
    )


def desk_jobs(
    queue: Queue, plan: ActivePlan, desk: Desk, outside: Outside
) -> tuple[Callable[[Event], list[Job]], ...]:
    """What an event causes beside the deliveries' own jobs."""
    return (
        VisitJobs(queue, desk, plan, outside.visits).jobs,
        SessionJobs(desk, plan, outside.sessions).jobs,
    )


def desk_tasks(
    queue: Queue, plan: ActivePlan, desk: Desk, alerts: Alerts, mine: Callable[[], bool]
) -> dict[str, Callable[[], Coroutine[None, None, None]]]:
    """What runs for people at the desk, by name; each works while `mine`."""
    return {
        "reminders": Reminders(queue, desk, plan, mine).run,
        "promises": Watchful(queue, desk, plan, alerts, mine).run,
    }
