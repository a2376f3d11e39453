"""The document's shape: which keys there are and what each may hold. What names what is `checks`' business.

These models are also what the JSON Schema for editors is written from, so each field has its sentence.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .fields import (
    Cost,
    Day,
    Door,
    Duration,
    Facts,
    Language,
    Level,
    Mail,
    Name,
    Part,
    Percent,
    Person,
    Phone,
    Positive,
    Rota,
    Sender,
    Site,
    SlackChannel,
    Sometime,
    Tier,
    Window,
    Word,
)
from .shape_base import Many, OrDefault, Shape, for_all
from .shape_calls import Channels, Safety
from .shape_closing import Closing, SiteClosing
from .shape_day import Settle, StillThere, Substitute
from .shape_desk import Canned, Reasons
from .shape_doors import ChannelName, Entry, Said
from .shape_escalation import Escalation
from .shape_first import Question, Script
from .shape_letters import Letters
from .shape_promises import Promising
from .shape_texts import Texts
from .shape_visits import Session, Visits

Levels = dict[Name, Level]
LanguageLevels = dict[Language, Level]


class Alerts(Shape):
    """Where trouble is told: to whoever can mend it."""

    slack: SlackChannel | None = Field(default=None, description="A Slack channel, in quotes")
    email: Mail | None = None
    sms: Phone | None = None


class Override(Shape):
    """Other hours on a date, or from one through another."""

    on: Day
    until: Day | None = Field(default=None, description="The last day, when it is more than one")
    hours: Word = Field(description='"08:00-12:00", "off" or "24/7"')
    why: Annotated[str, Field(max_length=200)] = Field(
        default="", description="Shown to agents and customers"
    )


class Schedule(Shape):
    """Opening hours."""

    hours: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description='Like "Mo-Fr 08:00-18:00; PH off" or "24/7"; the last rule that names a day wins'
    )
    timezone: Word | None = Field(default=None, description="IANA zone; without it, the site's")
    holidays: Word | None = Field(
        default=None, description="Region whose public holidays PH means: DE-BE, GB-SCT"
    )
    overrides: list[Override] = []


class OnCall(Shape):
    """Who is paged when a step says so."""

    agents: Many[Name] = Field(min_length=1)
    rota: Rota | None = Field(default=None, description='"weekly Mo 09:00" or "daily 09:00"')
    page: Many[Literal["call", "sms", "slack"]] = ["sms"]
    every: Positive | None = Field(default=None, description="Again, until somebody acknowledges")
    again: Sometime | None = Field(
        default=None, description="So long after that it is raised anew if somebody still waits: 30m; never"
    )


class TeamPromise(Shape):
    """What an outsourced team has promised."""

    answer_within: Positive
    of: Percent


class TeamCost(Shape):
    """What a team costs."""

    per_contact: Cost


class Team(Shape):
    """An in-house or outsourced group."""

    channel: Annotated[Many[SlackChannel], Field(min_length=1)] = Field(
        description='Slack channel in which threads open; a list spreads them: "#support"'
    )
    replies: Literal["direct", "explicit"] = Field(
        default="direct", description="Whether what the owner types is sent"
    )
    outsourced: bool = False
    auto_accept: bool = Field(
        default=False, description="Offers are taken for the agent as they are shown; not calls"
    )
    schedule: Name | None = Field(default=None, description="When the team is on; without it, always")
    share: Percent | None = Field(default=None, description="Its part of the contacts that it may take")
    promise: TeamPromise | None = None
    cost: TeamCost | None = None


class AnswerWithin(Shape):
    """Per channel, or `default`."""

    default: Positive | None = None
    voice: Positive | None = None
    chat: Positive | None = None
    sms: Positive | None = None
    email: Positive | None = None


class Lag(Shape):
    """Per channel, or `default`."""

    default: Duration | None = None
    voice: Duration | None = None
    chat: Duration | None = None
    sms: Duration | None = None
    email: Duration | None = None


class Then(Shape):
    """What the last step does, per channel or `default`."""

    default: Literal["hold"] | None = None
    voice: Literal["hold", "callback", "voicemail"] | None = None
    chat: Literal["hold"] | None = None
    sms: Literal["hold"] | None = None
    email: Literal["hold"] | None = None


class AfterHours(Shape):
    """What happens outside the service's hours, per channel or `default`."""

    default: Literal["hold", "reply_and_hold"] | None = None
    voice: Literal["hold", "callback", "voicemail"] | None = None
    chat: Literal["hold", "reply_and_hold"] | None = None
    sms: Literal["hold", "reply_and_hold"] | None = None
    email: Literal["hold", "reply_and_hold"] | None = None


class Step(Shape):
    """Who may be asked, until which age of the contact; the last one has `then` instead of `until`."""

    tiers: Annotated[Many[Tier], Field(min_length=1)] | None = None
    teams: Annotated[Many[Name], Field(min_length=1)] | None = Field(
        default=None, description="Teams that are admitted; any: all; without it: all that are not outsourced"
    )
    until: Positive | None = Field(
        default=None, description="Age of the contact at which the next step begins"
    )
    offer_to: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1, description="How many are asked at the same time"
    )
    pick: Literal["longest_available", "least_loaded", "round_robin", "best_skill"] = "longest_available"
    then: Annotated[Then, BeforeValidator(for_all), OrDefault()] | None = None
    alert: bool = Field(default=False, description="Tell `alerts`, once")
    page: Name | None = Field(default=None, description="Page this on-call")


class Service(Promising):
    """What customers want help with."""

    title: Said = Field(default={}, description="What customers see as its name")
    greeting: Said = Field(default={}, description="What callers hear first")
    schedule: Name = Field(description="The name of one of the schedules")
    answer_within: Annotated[AnswerWithin, BeforeValidator(for_all), OrDefault()] | None = None
    lag: Annotated[Lag, BeforeValidator(for_all), OrDefault()] | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="Each point counts as a minute earlier"
    )
    skills: Levels = {}
    languages: LanguageLevels = Field(
        default={}, description="Level needed in the contact's language; empty: any agent"
    )
    steps: Annotated[list[Step], Field(min_length=1)] = Field(
        description="[{tiers: [L1], until: 5m}, {tiers: [L1, L2], until: 20m}, {then: hold}]"
    )
    after_hours: Annotated[AfterHours, BeforeValidator(for_all), OrDefault()] | None = None
    drain: Duration | None = Field(
        default=None, description="How long those waiting at closing time are still served"
    )
    reopen: Duration | None = Field(
        default=None, description="How long after closing a message re-opens the contact"
    )
    escalation: Escalation | None = Field(default=None, description="What is tried before the next tier")
    closing: Closing | None = Field(default=None, description="What is asked at its contacts' end")
    ask: Annotated[list[Question], Field(max_length=10)] = Field(
        default=[], description="What agents must know: [{ask: device, say: {en: Which device?}}]"
    )


class TextMatch(Shape):
    """Whole words or phrases; capitals don't matter."""

    any: Many[Word] = []
    all: Many[Word] = []


class When(Shape):
    """What a rule asks; all that is here must hold."""

    text: TextMatch | None = None
    channel: Many[ChannelName] = []
    service: Many[Name] = []
    to: Many[Door] = []
    sender: Many[Sender] = Field(default=[], alias="from")
    customer: dict[Word, Facts] = Field(
        default={}, description="Facts about the customer and the values that match"
    )
    known: bool | None = Field(default=None, description="Whether we know this customer")
    answers: dict[Word, Facts] = Field(
        default={}, description="What the customer has answered to a script: {device: [router]}"
    )
    language: Many[Language] = []
    hours: Literal["open", "closed"] | None = Field(default=None, description="Whether the service is open")
    during: Many[Name] = Field(default=[], description="A schedule that is open now")
    time: Window | None = Field(default=None, description='Time of day: "22:00-06:00"')


class Set(Shape):
    """What a rule decides."""

    service: Name | None = None
    priority: Annotated[int, Field(ge=0, le=100)] | None = None
    skills: Levels = {}
    language: Language | None = None
    person: bool = Field(default=False, description="A person at once: no script is begun, and one ends")


class Rule(Shape):
    """The first rule that matches wins."""

    name: Annotated[str, Field(min_length=1, max_length=80)] = Field(description="A name of your choice")
    when: When = Field(description="{text: {any: [down, outage]}}")
    set: Set = Field(description="{service: …}")


class Capacity(Shape):
    """An agent's budget; contacts cost what their channel says."""

    budget: Annotated[int, Field(ge=1, le=1000)] = 100
    caps: dict[ChannelName, Annotated[int, Field(ge=0, le=100)]] = {}
    offers: Annotated[int, Field(ge=1, le=10)] | None = None


class Agent(Shape):
    """Somebody who answers."""

    name: Name = Field(description="As customers may see it")
    slack: Person = Field(description="Mail address in Slack, or user id")
    phone: Phone | None = None
    team: Name = Field(description="The name of one of the teams")
    tier: Tier = Field(default=1, json_schema_extra={"default": "L1"})
    tiers: dict[Name, Tier] = Field(default={}, description="Another tier in a given service")
    languages: LanguageLevels = {}
    skills: Levels = {}
    shift: Name | None = Field(default=None, description="A schedule; without it, always on shift")
    channels: Annotated[Many[ChannelName], Field(min_length=1)] | None = None
    capacity: Capacity = Capacity()
    substitute: Substitute = None


class Settings(Shape):
    """What holds for the whole site."""

    hold_reply: Duration | None = Field(default=None, description="How long a reply is held for Undo")
    offers: Annotated[int, Field(ge=1, le=10)] = Field(
        default=1, description="Live offers an agent may have at one time"
    )
    grace: Duration | None = Field(
        default=None, description="How long somebody who has left keeps what they own until others get it"
    )
    warn: Part | None = Field(
        default=None,
        description="Part of a promised time that is left when its owner is warned: 25%, or never",
    )
    still_there: StillThere = None
    settle: Settle = None


class Document(Shape):
    """A routing plan."""

    site: Site = Field(description="Short name of the site: small letters, digits, hyphens")
    timezone: Word = Field(description="IANA zone: Europe/Berlin")
    languages: Annotated[list[Language], Field(min_length=1)] = Field(description="The first is the fallback")
    supervisors: list[Person] = Field(default=[], description="Slack people by mail address or user id")
    alerts: Alerts = Alerts()
    schedules: dict[Name, Schedule] = {}
    channels: Channels = Channels()
    on_call: dict[Name, OnCall] = {}
    teams: dict[Name, Team] = {}
    services: dict[Name, Service] = {}
    entry: list[Entry] = []
    rules: Annotated[list[Rule], Field(max_length=1000)] = []
    agents: Annotated[list[Agent], Field(max_length=10000)] = []
    texts: Texts = Texts()
    settings: Settings = Settings()
    safety: Safety = Safety()
    closing: SiteClosing = SiteClosing()
    reach: Literal["agents", "supervisors", "nobody"] = Field(
        default="agents", description="Who may call and text customers of their own accord"
    )
    visits: Visits | None = None
    canned: dict[Name, Canned] = Field(
        default={}, description="Answers that are ready, by name: !name in a thread"
    )
    decline_reasons: Reasons = Field(default=[], description="What an agent may choose who declines an offer")
    sessions: dict[Name, Session] = {}
    scripts: dict[Name, Script] = Field(
        default={}, description="What comes before a person; a door names one: `first: NAME`"
    )
    letters: Letters = Letters()
