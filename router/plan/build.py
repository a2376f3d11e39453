"""Makes the frozen plan of a document whose every mistake has been ruled out; defaults are filled in here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from ...skills.skill import CHANNELS, Capacity, levels
from . import (
    model,
    model_rules,
    shape,
    shape_calls,
    shape_closing,
    shape_doors,
    shape_escalation,
    shape_letters,
    shape_visits,
)
from .build_chat import web_chat
from .build_first import questions, scripts
from .model_calls import Recording, Safety, Voice
from .model_closing import Closing, ClosingField
from .model_desk import Canned
from .model_doors import Shared
from .model_letters import Letter, Letters
from .model_mail import MailSpec
from .model_promises import Promises
from .model_settings import Settings
from .model_texts import VARIABLES, Texts
from .model_visits import SessionSpec, Visits
from .schedules import Override, ScheduleSpec

T = TypeVar("T")


def _s(seconds: int) -> timedelta:
    return timedelta(seconds=seconds)


ANSWER_WITHIN = model.PerChannel(voice=_s(60), chat=_s(120), sms=_s(600), email=_s(4 * 3600))
CHANNEL = model.PerChannel(
    voice=model.ChannelSpec(_s(20), _s(30), _s(0), None, _s(20), None, cost=100),
    chat=model.ChannelSpec(_s(45), _s(0), _s(0), _s(300), _s(120), _s(120), cost=33),
    sms=model.ChannelSpec(_s(60), _s(0), _s(15 * 60), _s(600), _s(120), _s(15 * 60), cost=25),
    email=model.ChannelSpec(_s(300), _s(0), _s(8 * 3600), _s(0), _s(30 * 60), _s(4 * 3600), cost=10),
)
AFTER_HOURS: model.PerChannel[model.AfterHours] = model.PerChannel(
    voice="voicemail", chat="reply_and_hold", sms="reply_and_hold", email="hold"
)
EVERY, AGAIN = _s(300), _s(1800)


def build(document: shape.Document, source: str) -> model.Plan:
    """The plan. `later` and `warnings` are left to `load`."""
    channels = _channels(document.channels)
    plan = model.Plan(
        site=document.site,
        timezone=document.timezone,
        languages=tuple(document.languages),
        supervisors=tuple(document.supervisors),
        alerts=model.Alerts(document.alerts.slack, document.alerts.email, document.alerts.sms),
        schedules=tuple(_schedule(name, s, document.timezone) for name, s in document.schedules.items()),
        channels=channels,
        on_call=tuple(_on_call(name, each) for name, each in document.on_call.items()),
        teams=tuple(_team(name, team) for name, team in document.teams.items()),
        services=tuple(_service(name, service, channels) for name, service in document.services.items()),
        entry=tuple(_entry(entry) for entry in document.entry),
        rules=tuple(_rule(rule) for rule in document.rules),
        agents=tuple(_agent(agent, channels, document.settings.offers) for agent in document.agents),
        texts=_texts(document),
        settings=_settings(document.settings),
        voice=_voice(document.channels.voice),
        chat=web_chat(document.channels.chat),
        safety=_safety(document),
        closing=_closing(document.closing),
        rated=tuple(sorted(set(document.closing.rate))),
        reach=document.reach,
        visits=_visits(document.visits),
        sessions=tuple(
            SessionSpec(name, it.kind, it.url, it.webhook) for name, it in document.sessions.items()
        ),
        canned=tuple(Canned(name, tuple(said.items())) for name, said in document.canned.items()),
        decline_reasons=tuple(dict.fromkeys(document.decline_reasons)),
        scripts=scripts(document.scripts),
        mail=MailSpec.of(document.channels.email),
        letters=_letters(document.letters),
        source=source,
    )
    return _with_hash(plan)


def _with_hash(plan: model.Plan) -> model.Plan:
    said = asdict(plan)
    for key in ("content_hash", "source", "later", "warnings"):
        del said[key]
    for rule in said["rules"]:
        del rule["line"]
    text = json.dumps(said, default=str, separators=(",", ":"), ensure_ascii=True)
    return replace(plan, content_hash=hashlib.sha256(text.encode()).hexdigest())


def _schedule(name: str, schedule: shape.Schedule, timezone: str) -> ScheduleSpec:
    overrides = tuple(Override(o.on, o.hours, o.why, o.until) for o in schedule.overrides)
    return ScheduleSpec(name, schedule.hours, schedule.timezone or timezone, schedule.holidays, overrides)


def _channels(channels: shape_calls.Channels) -> model.PerChannel[model.ChannelSpec]:
    def one(given: shape_calls.Channel, usual: model.ChannelSpec) -> model.ChannelSpec:
        return model.ChannelSpec(
            offer=_or(given.offer, usual.offer),
            wrap_up=_or(given.wrap_up, usual.wrap_up),
            lag=_or(given.lag, usual.lag),
            quiet=_sometime(given.quiet, usual.quiet),
            preferred=_or(given.preferred, usual.preferred),
            nudge=_sometime(given.nudge, usual.nudge),
            cost=_or(given.cost, usual.cost),
            cap=given.cap,
            sender=given.sender,
            auto_accept=given.auto_accept,
        )

    return model.PerChannel(
        one(channels.voice, CHANNEL.voice),
        one(channels.chat, CHANNEL.chat),
        one(channels.sms, CHANNEL.sms),
        one(channels.email, CHANNEL.email),
    )


def _or(given: T | None, usual: T) -> T:
    return usual if given is None else given


def _sometime(given: timedelta | str | None, usual: timedelta | None) -> timedelta | None:
    return usual if given is None else given if isinstance(given, timedelta) else None


def _on_call(name: str, on_call: shape.OnCall) -> model.OnCall:
    ways, again = tuple(dict.fromkeys(on_call.page)), _sometime(on_call.again, AGAIN)
    return model.OnCall(name, tuple(on_call.agents), on_call.rota, ways, on_call.every or EVERY, again)


def _team(name: str, team: shape.Team) -> model.Team:
    price = team.cost.per_contact.split() if team.cost else None
    return model.Team(
        name=name,
        channels=tuple(dict.fromkeys(team.channel)),
        replies=team.replies,
        outsourced=team.outsourced,
        schedule=team.schedule,
        share=team.share,
        promise=model.TeamPromise(team.promise.answer_within, team.promise.of) if team.promise else None,
        auto_accept=team.auto_accept,
        cost_per_contact=(Decimal(price[0]), price[1]) if price else None,
    )


def _service(
    name: str, service: shape.Service, channels: model.PerChannel[model.ChannelSpec]
) -> model.Service:
    lags = model.PerChannel(channels.voice.lag, channels.chat.lag, channels.sms.lag, channels.email.lag)
    return model.Service(
        name=name,
        schedule=service.schedule,
        steps=_steps(service.steps),
        answer_within=_durations(service.answer_within, ANSWER_WITHIN),
        lag=_durations(service.lag, lags),
        after_hours=_after_hours(service.after_hours),
        priority=service.priority,
        skills=levels(service.skills),
        languages=levels(service.languages),
        drain=_or(service.drain, timedelta(minutes=15)),
        reopen=_or(service.reopen, timedelta(minutes=30)),
        title=tuple(service.title.items()),
        greeting=tuple(service.greeting.items()),
        closing=_closing(service.closing) if service.closing else None,
        checklists=_checklists(service.escalation),
        ask=questions(service.ask),
        promises=Promises.of(service),
    )


def _checklists(given: shape_escalation.Escalation | None) -> tuple[tuple[int, tuple[str, ...]], ...]:
    lists = given.checklist if given else shape_escalation.Checklist()
    named = ((0, lists.default), (1, lists.L1), (2, lists.L2))
    return tuple((tier, tuple(dict.fromkeys(items))) for tier, items in named if items)


def _after_hours(given: shape.AfterHours | None) -> model.PerChannel[model.AfterHours]:
    if given is None:
        return AFTER_HOURS
    spoken = "hold" if given.default == "hold" else AFTER_HOURS.voice  # nothing can be replied to a caller
    return model.PerChannel(
        voice=given.voice or spoken,
        chat=given.chat or given.default or AFTER_HOURS.chat,
        sms=given.sms or given.default or AFTER_HOURS.sms,
        email=given.email or given.default or AFTER_HOURS.email,
    )


def _durations(
    given: shape.AnswerWithin | shape.Lag | None, usual: model.PerChannel[timedelta]
) -> model.PerChannel[timedelta]:
    if given is None:
        return usual
    return model.PerChannel(
        _or(given.voice, _or(given.default, usual.voice)),
        _or(given.chat, _or(given.default, usual.chat)),
        _or(given.sms, _or(given.default, usual.sms)),
        _or(given.email, _or(given.default, usual.email)),
    )


def _steps(steps: list[shape.Step]) -> tuple[model.Step, ...]:
    built: list[model.Step] = []
    tiers: tuple[int, ...] = (1,)
    teams: tuple[str, ...] | None = None
    for step in steps:
        tiers = tuple(dict.fromkeys(step.tiers)) if step.tiers else tiers
        # The last step admits whom the one before did; elsewhere no teams means those inside.
        teams = tuple(dict.fromkeys(step.teams)) if step.teams else (teams if step.then else None)
        built.append(
            model.Step(
                tiers=tiers,
                teams="any" if teams and "any" in teams else teams,
                until=step.until,
                offer_to=step.offer_to,
                pick=step.pick,
                then=_then(step.then),
                alert=step.alert,
                page=step.page,
            )
        )
    return tuple(built)


def _then(then: shape.Then | None) -> model.PerChannel[model.Then] | None:
    if then is None:
        return None
    default: model.Then = then.default or "hold"
    return model.PerChannel(
        voice=then.voice or default,
        chat=then.chat or default,
        sms=then.sms or default,
        email=then.email or default,
    )


def _entry(entry: shape_doors.Entry) -> model.Entry:
    menu = tuple(
        model.MenuKey(key.press, tuple(key.say.items()), key.service, key.language) for key in entry.menu
    )
    return model.Entry(
        channel="chat" if entry.channel == "slack" else entry.channel,
        to=entry.place if entry.channel == "slack" else entry.to,
        service=entry.service,
        language=entry.language,
        menu=menu,
        greeting=tuple(entry.greeting.items()),
        otherwise=entry.otherwise,
        shared=Shared(entry.reaction, entry.customer) if entry.channel == "slack" else None,
        first=entry.first,
    )


def _rule(rule: shape.Rule) -> model_rules.Rule:
    when, decides = rule.when, rule.set
    return model_rules.Rule(
        name=rule.name,
        when=model_rules.When(
            text=model_rules.TextMatch(tuple(when.text.any), tuple(when.text.all)) if when.text else None,
            channel=tuple(when.channel),
            service=tuple(when.service),
            to=tuple(when.to),
            sender=tuple(when.sender),
            customer=tuple((fact, tuple(values)) for fact, values in when.customer.items()),
            known=when.known,
            answers=tuple((name, tuple(values)) for name, values in when.answers.items()),
            language=tuple(when.language),
            hours=when.hours,
            during=tuple(when.during),
            time=when.time,
        ),
        set=model_rules.Set(
            decides.service, decides.priority, levels(decides.skills), decides.language, decides.person
        ),
    )


def _agent(agent: shape.Agent, channels: model.PerChannel[model.ChannelSpec], offers: int) -> model.AgentSpec:
    costs: dict[str, int] = {channel: channels.of(channel).cost for channel in CHANNELS}
    caps: dict[str, int] = {
        channel: cap for channel in CHANNELS if (cap := channels.of(channel).cap) is not None
    }
    own = agent.capacity
    return model.AgentSpec(
        name=agent.name,
        slack=agent.slack,
        team=agent.team,
        tier=agent.tier,
        tiers=levels(agent.tiers),
        phone=agent.phone,
        languages=levels(agent.languages),
        skills=levels(agent.skills),
        shift=agent.shift,
        channels=tuple(c for c in CHANNELS if agent.channels is None or c in agent.channels),
        capacity=Capacity(
            own.budget,
            levels(costs),
            levels(caps | {channel: cap for channel, cap in own.caps.items()}),
            _or(own.offers, offers),
        ),
        substitute=agent.substitute,
    )


def _texts(document: shape.Document) -> Texts:
    entries = [
        (name, language, text)
        for name in VARIABLES
        for language, text in sorted(getattr(document.texts, name).items())
    ]
    return Texts(tuple(document.languages), tuple(entries))


def _letters(given: shape_letters.Letters) -> Letters:
    def one(it: shape_letters.Letter) -> Letter:
        return Letter(it.name or "", tuple(sorted(it.signature.items())), tuple(sorted(it.footer.items())))

    teams = tuple((name, one(it)) for name, it in sorted(given.teams.items()))
    return Letters(one(given), teams, given.plus)


def _closing(given: shape_closing.Closing) -> Closing:
    def once(names: list[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(names))

    fields = tuple(
        ClosingField(it.name, it.label or it.name, it.kind, once(it.choices), it.required)
        for it in given.fields
    )
    required = once([*given.required])
    return Closing(once(given.dispositions), once(given.root_causes), required, fields)


def _voice(given: shape_calls.Voice) -> Voice:
    recording = given.recording
    return Voice(
        music=given.music,
        callback=given.callback,
        callback_answer=given.callback_answer,
        callback_again=tuple(given.callback_again),
        recording=Recording(recording.announced, recording.keep) if recording else None,
        redial=given.redial,
    )


def _safety(document: shape.Document) -> Safety:
    given, sms = document.safety, document.channels.sms.sender
    doors = [entry.to for entry in document.entry if entry.channel in ("voice", "sms")]
    people = [*(agent.phone for agent in document.agents), document.alerts.sms]
    return Safety(
        countries=tuple(dict.fromkeys(given.countries or _countries([*doors, sms]))),
        number_hour=given.per_number.hour,
        number_day=given.per_number.day,
        per_hour=given.per_hour,
        per_day=given.per_day,
        people=tuple(sorted({number for number in people if number})),
    )


def _countries(numbers: list[str | None]) -> list[str]:
    """The countries of these numbers; one that belongs to none (satellites, networks) opens none."""
    if not any(numbers):
        return []
    import phonenumbers  # whoever has numbers has loaded it: `fields.phone`

    found = (phonenumbers.region_code_for_number(phonenumbers.parse(it)) for it in set(numbers) if it)
    return sorted({it for it in found if it in phonenumbers.SUPPORTED_REGIONS})


def _visits(given: shape_visits.Visits | None) -> Visits | None:
    if given is None:
        return None
    return Visits(given.skill, given.level, given.window, _sometime(given.remind, None))


def _settings(settings: shape.Settings) -> Settings:
    usual = Settings()
    return Settings(
        _or(settings.hold_reply, usual.hold_reply), settings.offers, _or(settings.grace, usual.grace),
        _sometime(settings.still_there, usual.still_there), _sometime(settings.settle, usual.settle),
        _or(settings.warn, usual.warn),
    )  # fmt: skip
