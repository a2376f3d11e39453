"""The routing plan as frozen values: what `load.parse` makes of the document, and all the rest ever sees.

Durations are timedeltas, tiers are 1–3 (L1–L3), levels 1–5, shares whole percents. Everything is a value: two
plans that say the same are equal and have the same `content_hash`, however their files are laid out or
commented.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Generic, Literal, TypeVar

from ...skills.skill import CHANNELS, Capacity, Channel, Levels, Profile
from .model_calls import Safety, Voice
from .model_chat import WebChat
from .model_closing import Closing
from .model_desk import Canned
from .model_doors import Shared
from .model_first import Question, Script
from .model_letters import Letters
from .model_mail import MailSpec
from .model_promises import Promises
from .model_rules import Rule
from .model_settings import Reach, Settings
from .model_texts import Texts
from .model_visits import SessionSpec, Visits
from .schedules import ScheduleSpec

T = TypeVar("T")
Pick = Literal["longest_available", "least_loaded", "round_robin", "best_skill"]
Then = Literal["hold", "callback", "voicemail"]
AfterHours = Literal["hold", "reply_and_hold", "callback", "voicemail"]
Replies = Literal["direct", "explicit"]


@dataclass(frozen=True, slots=True)
class PerChannel(Generic[T]):
    """One value for each channel."""

    voice: T
    chat: T
    sms: T
    email: T

    def of(self, channel: Channel) -> T:
        """The value for `channel`."""
        match channel:
            case "voice":
                return self.voice
            case "chat":
                return self.chat
            case "sms":
                return self.sms
            case "email":
                return self.email

    @property
    def values(self) -> tuple[T, ...]:
        """The values in the order of `CHANNELS`."""
        return tuple(self.of(channel) for channel in CHANNELS)


@dataclass(frozen=True, slots=True)
class Alerts:
    """Where trouble is told: a Slack channel (`#name`) or id, a mail address, a number. All None: nowhere."""

    slack: str | None = None
    email: str | None = None
    sms: str | None = None


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """How one channel is worked.

    `offer`: how long an offer stands; `wrap_up`: what follows the end; `lag`: how long overdue it must be
    before it comes ahead of live work; `quiet`: after the owner's reply, until snoozed (None: never);
    `preferred`: how long a snoozed contact's former owner alone is asked; `nudge`: how long a customer's
    message may lie unanswered until its owner is reminded, and again as long until somebody else is asked
    (None: never); `cost` of the budget; `cap`: how many at once (None: no
    cap); `sender`: the number or address that unasked messages come from (`from` in the file); `auto_accept`: offers are
    taken for the agent.
    """

    offer: timedelta
    wrap_up: timedelta
    lag: timedelta
    quiet: timedelta | None
    preferred: timedelta
    nudge: timedelta | None
    cost: int
    cap: int | None = None
    sender: str | None = None
    auto_accept: bool = False


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is paged: `agents` in turn by `rota`, in the ways of `page`, again `every` until acknowledged.

    Acknowledged, and somebody still waits `again` later: the page is raised anew (None: never).
    """

    name: str
    agents: tuple[str, ...]
    rota: str | None
    page: tuple[Literal["call", "sms", "slack"], ...]
    every: timedelta
    again: timedelta | None = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class TeamPromise:
    """What an outsourced team has promised: `of` percent answered within."""

    answer_within: timedelta
    of: int


@dataclass(frozen=True, slots=True)
class Team:
    """A group of agents. `channels` are Slack channels (`#name` or id); `schedule` None: always on."""

    name: str
    channels: tuple[str, ...]
    replies: Replies = "direct"
    outsourced: bool = False
    schedule: str | None = None
    share: int | None = None
    promise: TeamPromise | None = None
    cost_per_contact: tuple[Decimal, str] | None = None
    auto_accept: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Who may be asked until the contact's age in its service reaches `until`; None: the terminal step.

    `tiers` and `teams` are never inherited here: a step that leaves them out has those of the step before
    already. `teams` None: every team that isn't outsourced; "any": all (see `Plan.need_teams`). `then` stands
    in the terminal step only.
    """

    tiers: tuple[int, ...]
    teams: tuple[str, ...] | Literal["any"] | None = None
    until: timedelta | None = None
    offer_to: int = 1
    pick: Pick = "longest_available"
    then: PerChannel[Then] | None = None
    alert: bool = False
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """What a customer wants help with.

    `languages`: the level needed in the contact's language, by language; empty: no language is demanded.
    `drain`: how long those waiting at closing time are still served; `reopen`: how long after closing a
    message re-opens. `steps` end with the terminal one. `greeting`: what callers hear first, by language.
    """

    name: str
    schedule: str
    steps: tuple[Step, ...]
    answer_within: PerChannel[timedelta]
    lag: PerChannel[timedelta]
    after_hours: PerChannel[AfterHours]
    priority: int = 0
    skills: Levels = ()
    languages: Levels = ()
    drain: timedelta = timedelta(minutes=15)
    reopen: timedelta = timedelta(minutes=30)
    title: tuple[tuple[str, str], ...] = ()
    greeting: tuple[tuple[str, str], ...] = ()
    closing: Closing | None = None
    checklists: tuple[tuple[int, tuple[str, ...]], ...] = ()
    ask: tuple[Question, ...] = ()
    promises: Promises = Promises()

    def checklist(self, tier: int) -> tuple[str, ...]:
        """What `tier` must have tried before it escalates: its own list, else that of all (0)."""
        lists = dict(self.checklists)
        return lists.get(tier, lists.get(0, ()))

    def called(self, language: str) -> str:
        """What customers see as its name in `language`: its title, else the first title, else its name."""
        titles = dict(self.title)
        return titles.get(language) or (self.title[0][1] if self.title else self.name)


@dataclass(frozen=True, slots=True)
class MenuKey:
    """One key of a voice menu; `say` is its label per language and stands as the contact's text.

    It leads to a `service`, or the menu is read again in its `language`: one of the two is None.
    """

    press: str
    say: tuple[tuple[str, str], ...]
    service: str | None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Which door leads where. `to` is an E.164 number or a mail address (None for chat).

    A Slack channel that a customer shares is a chat whose `to` is the channel ("#ext-acme"); only there is `shared` set.

    `service` is None only where a `menu` asks; `language` None: that of the customer, else the plan's first.
    `greeting` is what callers hear first, by language; `otherwise`: the service of who chooses nothing.
    """

    channel: Channel
    to: str | None
    service: str | None
    language: str | None = None
    menu: tuple[MenuKey, ...] = ()
    greeting: tuple[tuple[str, str], ...] = ()
    otherwise: str | None = None
    shared: Shared | None = None
    first: str | None = None  # the script before a person

    @property
    def unasked(self) -> str | None:
        """The service of who chooses nothing: the door's, else `otherwise`, else that of the first key with one."""
        return self.service or self.otherwise or next((key.service for key in self.menu if key.service), None)

    @property
    def services(self) -> tuple[str, ...]:
        """All services that this door leads to, each once."""
        every = (self.service, *(key.service for key in self.menu), self.otherwise)
        return tuple(dict.fromkeys(name for name in every if name))


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """Somebody who answers. `slack` is a mail address or a user id (`U…`); `shift` None: always on shift.

    `substitute`: the name of who stands in while they are absent.
    """

    name: str
    slack: str
    team: str
    tier: int = 1
    tiers: Levels = ()
    phone: str | None = None
    languages: Levels = ()
    skills: Levels = ()
    shift: str | None = None
    channels: tuple[Channel, ...] = CHANNELS
    capacity: Capacity = Capacity()
    substitute: str | None = None

    @property
    def profile(self) -> Profile:
        """What this agent shares with others who can do the same."""
        return replace(self.able, channels=self.reached)

    @property
    def able(self) -> Profile:
        """The profile that they would have with a phone."""
        return Profile(self.team, self.tier, self.tiers, self.skills, self.languages, self.channels)

    @property
    def reached(self) -> tuple[Channel, ...]:
        """The channels on which they can be asked: whoever has no phone can't be rung."""
        return self.channels if self.phone else tuple(it for it in self.channels if it != "voice")


@dataclass(frozen=True, slots=True)
class NotYet:
    """Something the plan says that nothing acts on yet: where it stands and, in a sentence, what."""

    path: str
    line: int
    what: str


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """Something that is allowed and probably not meant."""

    path: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One routing plan. `source` is the document as written; it doesn't count for equality.

    `rated`: the channels whose customers are asked by text, when all is done, how it was.
    """

    site: str
    timezone: str
    languages: tuple[str, ...]
    supervisors: tuple[str, ...]
    alerts: Alerts
    schedules: tuple[ScheduleSpec, ...]
    channels: PerChannel[ChannelSpec]
    on_call: tuple[OnCall, ...]
    teams: tuple[Team, ...]
    services: tuple[Service, ...]
    entry: tuple[Entry, ...]
    rules: tuple[Rule, ...]
    agents: tuple[AgentSpec, ...]
    texts: Texts
    settings: Settings = Settings()
    voice: Voice = Voice()
    safety: Safety = Safety()
    closing: Closing = Closing()
    reach: Reach = "agents"
    rated: tuple[str, ...] = ("voice",)
    visits: Visits | None = None
    canned: tuple[Canned, ...] = ()
    decline_reasons: tuple[str, ...] = ()
    sessions: tuple[SessionSpec, ...] = ()
    scripts: tuple[Script, ...] = ()
    mail: MailSpec = MailSpec()
    letters: Letters = Letters()
    chat: WebChat = WebChat()
    content_hash: str = field(default="", compare=False)
    source: str = field(default="", compare=False, repr=False)
    later: tuple[NotYet, ...] = field(default=(), compare=False, repr=False)
    warnings: tuple[PlanWarning, ...] = field(default=(), compare=False, repr=False)

    def not_yet(self) -> tuple[NotYet, ...]:
        """What it says that nothing acts on yet, in the order of the file."""
        return self.later

    def service(self, name: str) -> Service | None:
        """The service of that name, or None."""
        return next((s for s in self.services if s.name == name), None)

    def closing_of(self, service: str) -> Closing:
        """What is asked when a contact of `service` ends."""
        own = next((s.closing for s in self.services if s.name == service), None)
        return own.over(self.closing) if own else self.closing

    def script(self, name: str | None) -> Script | None:
        """The script of that name, or None."""
        return next((it for it in self.scripts if it.name == name), None)

    def schedule(self, name: str) -> ScheduleSpec | None:
        """The schedule of that name, or None."""
        return next((s for s in self.schedules if s.name == name), None)

    def team(self, name: str) -> Team | None:
        """The team of that name, or None."""
        return next((t for t in self.teams if t.name == name), None)

    def agent(self, name: str) -> AgentSpec | None:
        """The agent of that name, or None."""
        return next((a for a in self.agents if a.name == name), None)

    def entry_for(self, channel: Channel, to: str | None) -> Entry | None:
        """The entry of a door: by channel and number or address (addresses ignore case; chat has no `to`)."""
        key = (to or "").casefold()
        return next((e for e in self.entry if e.channel == channel and (e.to or "").casefold() == key), None)

    def need_teams(self, step: Step) -> tuple[str, ...]:
        """The teams that `step` admits, sorted, as `Need.teams` has them: () is every team."""
        if step.teams == "any":
            return ()
        if step.teams is not None:
            return tuple(sorted(step.teams))
        inside = tuple(sorted(t.name for t in self.teams if not t.outsourced))
        return () if len(inside) == len(self.teams) else inside
