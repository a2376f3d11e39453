"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from .channels.channel import Desk
from .channels.hooks import Hooks
from .channels.slack.downloads import SlackFiles
from .console.enclosure_page import EnclosurePage
from .console.recordings import RecordingPage
from .console.session_page import SessionPage
from .console.visit_page import VisitPage
from .queue.engine import Queue
from .queue.history.history import History
from .queue.history.promised import promised
from .queue.state import Event
from .router.active import ActivePlan
from .router.answering import Answering
from .router.boards import Boards
from .router.drafts import Drafts
from .router.duty import Duty
from .router.duty_post import DutyPost
from .router.enclosures import Enclosures
from .router.lanes import Job
from .router.links import Signed
from .router.newcomers import Newcomers
from .router.parts import Parts
from .router.planning import Planning
from .router.recordings import Recordings
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
    enclosures: Enclosures

    @classmethod
    def of(
        cls, settings: Settings, keys: Secrets, queue: Callable[[], Queue], book: Callable[[], Rulebook]
    ) -> Outside:
        """Behind signed links of ours."""
        secret = settings.webhook_secret
        hooks = Hooks(secret.get_secret_value() if secret else "", settings.webhook_hosts)
        visits = VisitFiles(queue, book, Signed(settings.base_url, "visit", keys.secret))
        sessions = Sessions(queue, book, Signed(settings.base_url, "session", keys.secret), hooks)
        return cls(visits, sessions, _enclosures(settings, keys, queue))

    def pages(self, recordings: Recordings) -> list[web.RouteDef]:
        """Pages for whoever has a link."""
        pages = (
            RecordingPage(recordings),
            VisitPage(self.visits),
            SessionPage(self.sessions),
            EnclosurePage(self.enclosures),
        )
        return [route for page in pages for route in page.routes()]


def _enclosures(settings: Settings, keys: Secrets, queue: Callable[[], Queue]) -> Enclosures:
    """Files from Slack behind signed links; against the stand-in our own address is public enough."""
    token = settings.slack_bot_token
    fetch = SlackFiles(token.get_secret_value(), settings.slack_api_url).fetch if token else None
    public = settings.base_url.startswith("https://") or bool(settings.twilio_api_url)
    return Enclosures(queue, Signed(settings.base_url, "file", keys.secret), fetch, public)


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
            Answering(queue, plan),
            VisitPart(queue, plan),
            SessionPart(queue, plan, outside.sessions),
            Steering(queue, plan, boards, history),
            planning,
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
