"""Part of the composition root: what people can do at the desk beside answering, and what runs for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from .channels.channel import Channel, Desk, NotDelivered
from .channels.hooks import Hooks
from .channels.shared import FILE
from .channels.slack.downloads import SlackFiles
from .console.enclosure_page import EnclosurePage
from .console.help_page import HelpPage
from .console.mail_page import MailPage
from .console.recordings import RecordingPage
from .console.session_page import SessionPage
from .console.visit_page import VisitPage
from .queue.engine import Queue
from .queue.failures import StoreError
from .queue.history.records import Customer
from .queue.state import Event
from .router.active import ActivePlan
from .router.alerts import Alerts
from .router.answering import Answering
from .router.arrived_files import ArrivedFiles, Content
from .router.articles import Library, Store
from .router.articles_part import ArticlesPart
from .router.asking import AskJobs, AskPart
from .router.at_home import AgentHome
from .router.attendance import Attendance
from .router.boards import Boards
from .router.drafts import Drafts
from .router.duty import Duty
from .router.duty_post import DutyPost
from .router.editors import Editors
from .router.enclosures import LARGEST_MAIL, Enclosures
from .router.ending import Ending
from .router.first_run import FirstRun, Found
from .router.identifying import Cards, Identifying
from .router.lanes import Job
from .router.links import Signed
from .router.mail_files import MailFiles, MailPart
from .router.moves import Moves
from .router.moving import Moving
from .router.newcomers import Newcomers
from .router.owed import Watchful
from .router.parts import Parts
from .router.planning import Planning
from .router.reaching import Reach
from .router.recordings import Recordings
from .router.reminders import Remind, Reminders
from .router.resolving import Solving
from .router.rulebook import Rulebook
from .router.session_part import SessionJobs, SessionPart
from .router.sessions import Sessions
from .router.steering import Steering
from .router.substitutes import Substitutes
from .router.tidings import Tidings
from .router.versions import Versions
from .router.visit_jobs import VisitFiles, VisitJobs
from .router.visit_part import VisitPart
from .router.waiting_mails import WaitingMails
from .settings import Secrets, Settings

if TYPE_CHECKING:
    from .queue.history.history import History
    from .queue.history.promised import Promised


@dataclass(frozen=True, slots=True)
class Outside:
    """What leads from the desk to the customer beside words."""

    visits: VisitFiles
    sessions: Sessions
    enclosures: Enclosures
    hooks: Hooks
    base_url: str  # where customers find our pages
    library: Library
    help: HelpPage
    mails: MailFiles
    arrived: Content | None = None  # the bytes that customers sent
    doors: Mapping[str, Channel] = field(default_factory=dict)

    @classmethod
    def of(
        cls, settings: Settings, keys: Secrets, queue: Callable[[], Queue], book: Callable[[], Rulebook],
        history: Callable[[], History], doors: Mapping[str, Channel], mails: MailFiles,
        arrived: Content | None = None,
    ) -> Outside:  # fmt: skip
        """Behind signed links of ours."""
        secret = settings.webhook_secret
        hooks = Hooks(secret.get_secret_value() if secret else "", settings.webhook_hosts)
        visits = VisitFiles(queue, book, Signed(settings.base_url, "visit", keys.secret))
        sessions = Sessions(queue, book, Signed(settings.base_url, "session", keys.secret), hooks)
        library = Library(lambda: articles_of(history()))
        page = HelpPage(queue, book, library, lambda: _chats(book()), settings.trusted_proxies)
        slack = _slack_files(settings)
        files = _enclosures(settings, keys, queue, slack)
        came = _arrived(slack, arrived)
        return cls(visits, sessions, files, hooks, settings.base_url, library, page, mails, came, doors)

    def pages(self, recordings: Recordings) -> list[web.RouteDef]:
        """Pages for whoever has a link."""
        pages = (
            RecordingPage(recordings),
            VisitPage(self.visits),
            SessionPage(self.sessions),
            EnclosurePage(self.enclosures),
            self.help,
            MailPage(self.mails),
        )
        return [route for page in pages for route in page.routes()]


def _slack_files(settings: Settings) -> SlackFiles | None:
    """What lies with Slack; None without it."""
    token = settings.slack_bot_token
    return SlackFiles(token.get_secret_value(), settings.slack_api_url) if token else None


def _arrived(slack: SlackFiles | None, others: Content | None) -> Content | None:
    """The bytes of what customers sent: in shared channels Slack has them, all else `others`."""
    if slack is None:
        return others

    async def content(url: str) -> bytes:
        if url.startswith(FILE):
            return await slack.fetch(url.removeprefix(FILE), "", LARGEST_MAIL)
        if others is None:
            raise NotDelivered("no door has that file", "media", permanent=True)
        return await others(url)

    return content


def _enclosures(
    settings: Settings, keys: Secrets, queue: Callable[[], Queue], slack: SlackFiles | None
) -> Enclosures:
    """Files from Slack behind signed links; against the stand-in our own address is public enough."""
    fetch = slack.fetch if slack is not None else None
    public = settings.base_url.startswith("https://") or bool(settings.twilio_api_url)
    return Enclosures(queue, Signed(settings.base_url, "file", keys.secret), fetch, public)


@dataclass(frozen=True, slots=True)
class DeskSide:
    """`parts`: what people can do; `jobs`: what an event causes; `tasks`: what runs beside the deliveries, by name."""

    parts: Parts
    jobs: Sequence[Callable[[Event], list[Job]]]
    tasks: Mapping[str, Callable[[], Awaitable[None]]]
    mails: WaitingMails


def desk_side(
    queue: Queue, plan: ActivePlan, desk: Desk, newcomers: Newcomers, history: History, alerts: Alerts,
    outside: Outside, mine: Callable[[], bool],
) -> DeskSide:  # fmt: skip
    """The house's parts, in the order in which they are asked. `mine`: whether this process delivers."""
    attendance = Attendance(queue, desk, plan, alerts, mine)
    boards = Boards(queue, plan, lambda since: _promised(history, since))
    planning = Planning(Versions(queue, plan, history), Drafts(queue))
    duty = Duty(queue, plan, newcomers)
    substitutes = Substitutes(queue, desk, plan, Moves(queue, plan, history))
    parts = (
        duty,
        DutyPost(plan, desk, duty),
        AgentHome(queue, plan, history),
        attendance,
        substitutes,
        Answering(queue, plan),
        AskPart(queue, plan),
        ArticlesPart(queue, plan, Editors(lambda: queue, plan, outside.library), history, outside.base_url),
        VisitPart(queue, plan, history),
        SessionPart(queue, plan, outside.sessions),
        MailPart(plan, outside.mails),
        Identifying(queue, plan, history, lambda: own_addresses(history)),
        Steering(queue, plan, boards, history),
        planning,
        Ending(queue, plan, history),
        Moving(queue, plan, history),
        Remind(queue, plan, history),
        reach_of(queue, plan, history),
    )
    jobs = (
        attendance.jobs,
        substitutes.jobs,
        VisitJobs(queue, desk, plan, outside.visits).jobs,
        SessionJobs(desk, plan, outside.sessions).jobs,
        ArrivedFiles(queue, desk, outside.arrived).jobs,
        AskJobs(queue, desk, plan, Tidings(queue, desk, plan, alerts).refresh).jobs,
        FirstRun(
            queue, plan, history, _finding(outside.library, outside.base_url), outside.hooks, alerts
        ).jobs,
    )
    mails = WaitingMails(queue, desk, outside.doors, plan, alerts, mine)
    tasks = {
        "waiting mails": mails.run,
        "attendance": attendance.run,
        "reminders": Reminders(queue, desk, plan, mine).run,
        "promises": Watchful(queue, desk, plan, alerts, mine).run,
        "solutions": Solving(queue, desk, plan, alerts, mine).run,
    }
    return DeskSide(Parts(parts), jobs, tasks, mails)


def _chats(book: Rulebook) -> bool:
    return any(it.channel == "chat" and it.shared is None for it in book.plan.entry)


def articles_of(history: History) -> Store:
    """Every version of every article."""
    from .queue.history.articles import Articles  # with SQL's library, for which no start waits

    return Articles(history.database)


def _finding(library: Library, base: str) -> Callable[[str, str, int], Awaitable[Sequence[Found]]]:
    """How a script finds articles, and where customers read them."""

    async def search(words: str, language: str, count: int) -> Sequence[Found]:
        try:
            found = await library.search(words, language, count)
        except StoreError:
            return ()
        return [Found(it.title, f"{base}/help/{it.slug}?l={it.language}") for it in found]

    return search


async def _promised(history: History, since: int) -> Sequence[Promised]:
    from .queue.history.promised import promised  # with SQL's library, for which no start waits

    return await promised(history.database, since)


def reach_of(queue: Queue, plan: ActivePlan, history: History) -> Reach:
    """What begins a contact with a customer of our own accord."""
    return Reach(queue, plan, history, lambda name: _called(history, name))


def own_addresses(history: History) -> Cards:
    """Customers by name, and what stands on their cards."""
    from .queue.history.own_addresses import OwnAddresses  # as above

    return OwnAddresses(history.database)


async def _called(history: History, name: str) -> tuple[tuple[Customer, str], ...]:
    from .queue.history.called import called  # as above

    return await called(history.database, name)
