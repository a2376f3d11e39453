"""`tierline doctor`: what is well, what will hurt, what is broken, and what to do about it. Pure: facts in, lines out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..channels.slack.events import PATH
from ..router.plan.model import Plan
from . import webhooks
from .doctor_calls import CallsSeen, calls
from .doctor_mail import MailSeen, mail_in, mailboxes_of
from .doctor_mailboxes import MailboxesSeen, mailboxes
from .finding import Finding as Finding
from .finding import Mark
from .registration import registration
from .slack_side import Room, Workspace, missing
from .twilio_side import AccountFacts, OurNumber

SKEW = 60.0
"""Seconds that our clock may differ: signatures and tokens have minutes, people have less."""
FULL, NEARLY = 0.02, 0.10
"""Share of the disk that is free."""


@dataclass(frozen=True, slots=True)
class SlackSeen:
    """What Slack answered; `no` is why it didn't. `unknown`: agents of the plan that it doesn't know."""

    no: str = ""
    workspace: Workspace | None = None
    socket_no: str = ""
    by_http: bool = False
    requests_no: str = ""  # why Slack's requests don't arrive
    rooms: tuple[Room, ...] | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TwilioSeen:
    """What Twilio answered; `no` is why it didn't.

    `verified` matters to a trial, `campaigns` to US numbers, `countries` (ISO → may be called) to calls; None: it
    can't be asked.
    """

    no: str = ""
    account: AccountFacts | None = None
    numbers: tuple[OurNumber, ...] = ()
    verified: frozenset[str] | None = None
    campaigns: Mapping[str, str] | None = None
    countries: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """What the store says; `no` is why it can't be used."""

    no: str = ""
    server: str = ""
    durability: str = ""
    warnings: tuple[str, ...] = ()
    embedded: bool = True
    running: bool = False
    lacked: int = 0  # changes that were acknowledged to what runs here, and that a later primary hadn't


@dataclass(frozen=True, slots=True)
class PlanSeen:
    """The file and the active version; `no` is why the file can't be used."""

    file: str = ""
    no: str = ""
    plan: Plan | None = None  # the active one, else that of the file
    active: int | None = None
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was looked at; None where there was nothing to look at."""

    settings_no: tuple[str, ...] = ()
    slack_half: str = ""  # which token is missing
    slack: SlackSeen | None = None
    twilio: TwilioSeen | None = None
    store: StoreSeen | None = None
    history_no: str = ""  # why DATABASE_URL can't be used
    history_note: str = ""
    plan: PlanSeen = field(default_factory=PlanSeen)
    public_url: str = ""
    public_no: str = ""
    smtp_set: bool = False
    smtp_no: str = ""
    mail: MailSeen | None = None
    mailboxes: MailboxesSeen = field(default_factory=MailboxesSeen)
    data_open: bool = False  # others can read the data directory
    data_no: str = ""
    disk_free: float | None = None  # share
    running: bool = False
    rehearsal: bool = False  # what runs plays with stand-ins; these settings don't
    trouble: tuple[str, ...] = ()
    per_second: float = 1.0
    most_calls: int = 0


def judge(seen: Seen, scopes: tuple[tuple[str, str], ...]) -> tuple[Finding, ...]:
    """Every finding, in the order in which one would mend them."""
    return (
        *_settings(seen),
        *_running(seen),
        *_store(seen),
        *_history(seen),
        *_plan(seen.plan),
        *_slack(seen, scopes),
        *_twilio(seen),
        *_calls(seen),
        *_public(seen),
        *_alerts(seen),
        *_mail_in(seen),
    )


def _mail_in(seen: Seen) -> Iterator[Finding]:
    ours = mailboxes_of(seen.plan.plan)
    if seen.mail is not None or not (seen.mailboxes.boxes or seen.mailboxes.no):
        yield from mail_in(seen.mail, ours, time.time())
    yield from mailboxes(seen.mailboxes, ours)


def as_json(findings: tuple[Finding, ...]) -> list[Mapping[str, str]]:
    """For `--json`."""
    return [{"mark": f.mark, "about": f.about, "text": f.text, "do": f.do} for f in findings]


def _settings(seen: Seen) -> Iterator[Finding]:
    for wrong in seen.settings_no:
        yield Finding("bad", "settings", wrong, "mend it in .env or the environment")
    if not seen.settings_no:
        yield Finding("ok", "settings", "can be read")
    if seen.data_no:
        yield Finding("bad", "data directory", seen.data_no, "give it to the user that runs Tierline")
    elif seen.data_open:
        yield Finding("bad", "data directory", "others on this machine can read it", "chmod 700 it")
    else:
        yield Finding("ok", "data directory", "can be written, by us alone")
    if seen.disk_free is not None and seen.disk_free < NEARLY:
        mark: Mark = "bad" if seen.disk_free < FULL else "note"
        yield Finding(mark, "disk", f"{seen.disk_free:.0%} free", "make room: a full disk stops the store")


def _running(seen: Seen) -> Iterator[Finding]:
    if not seen.running:
        yield Finding("note", "Tierline", "isn't running on this machine's port", "start `tierline run`")
        return
    yield Finding("ok", "Tierline", "is running")
    if seen.rehearsal:
        told = "what runs here is the sandbox; Slack, Twilio and plan below are those of your own settings"
        yield Finding("note", "Tierline", told, "stop it, then start `tierline run`")
    for what in seen.trouble:
        yield Finding("bad", "Tierline", f"it reports trouble: {what}", "see its log")


def _store(seen: Seen) -> Iterator[Finding]:
    it = seen.store
    if it is None:
        return
    if it.no:
        yield Finding("bad", "store", it.no, "contacts are refused until it is mended")
        return
    if it.server or it.running:
        yield Finding("ok", "store", f"{it.server or 'embedded'}, durability {it.durability or 'unknown'}")
    elif it.embedded:
        yield Finding("ok", "store", "embedded; it starts with Tierline")
    if it.durability == "none":
        yield Finding(
            "bad", "store", "it doesn't keep what it is given", "set `appendonly yes`, `appendfsync always`"
        )
    if it.lacked:
        yield Finding(
            "bad", "store", f"a server became its primary that lacked {it.lacked} acknowledged changes",
            "`tierline audit list` says when and which contacts; a restart forgets this line",
        )  # fmt: skip
    for text in it.warnings:
        yield Finding("note", "store", text, "")


def _history(seen: Seen) -> Iterator[Finding]:
    if seen.history_no:
        yield Finding("bad", "history", seen.history_no, "Tierline doesn't start until it is mended")
    if seen.history_note:
        yield Finding("note", "history", seen.history_note)


def _plan(it: PlanSeen) -> Iterator[Finding]:
    if it.no:
        yield Finding("bad", "plan", f"{it.file}: {it.no}", f"run `tierline plan check {it.file}`")
    if it.plan is None:
        if not it.no:
            yield Finding("bad", "plan", "there is none yet", "run `tierline setup`")
        return
    version = f"version {it.active} is active" if it.active is not None else f"{it.file} is fine"
    yield Finding("ok", "plan", version)
    if it.differs:
        do = f"`tierline plan publish {it.file} --reason …`, or forget about the file"
        yield Finding("note", "plan", f"{it.file} says something else than the active version", do)
    if not it.plan.agents:
        yield Finding("bad", "plan", "it has no agents: everything waits", "run `tierline setup`")
    if not it.plan.supervisors:
        yield Finding(
            "note", "plan", "it has no supervisor: nobody is told of trouble", "run `tierline setup`"
        )
    for later in it.plan.not_yet():
        yield Finding(
            "note", "plan", f"line {later.line}, {later.path}: {later.what}", "nothing acts on it yet"
        )
    for warning in it.plan.warnings:
        yield Finding("note", "plan", f"line {warning.line}, {warning.path}: {warning.message}", "look at it")


def _slack(seen: Seen, scopes: tuple[tuple[str, str], ...]) -> Iterator[Finding]:
    it = seen.slack
    if it is None:
        what = f"{seen.slack_half} is missing" if seen.slack_half else "no tokens: nobody is offered anything"
        yield Finding("bad", "Slack", what, "run `tierline setup`")
        return
    if it.no or it.workspace is None:
        yield Finding("bad", "Slack", it.no, "run `tierline setup` with the right token")
        return
    yield Finding("ok", "Slack", f"workspace {it.workspace.team}")
    for scope, why in missing(scopes, it.workspace.scopes):
        yield Finding(
            "bad", "Slack", f"permission {scope} is missing ({why})", "add it, install the app again"
        )
    if it.socket_no:
        yield Finding("bad", "Slack", f"app token: {it.socket_no}", "make one with connections:write")
    if it.by_http and it.requests_no:
        do = f"the Request URL of the Slack app is our public address with {PATH}"
        yield Finding("bad", "Slack", f"its requests don't come to us: {it.requests_no}", do)
    elif it.by_http:
        yield Finding("ok", "Slack", "its requests come to us, with our signing secret")
    yield from _clock("Slack", it.workspace.skew)
    plan = seen.plan.plan
    if it.rooms is not None and plan is not None:
        yield from _rooms(it.rooms, plan)
    for who in it.unknown:
        yield Finding("bad", "Slack", f"{who} of the plan is unknown there", "mend `slack:` in the plan")


def _rooms(rooms: tuple[Room, ...], plan: Plan) -> Iterator[Finding]:
    named = dict.fromkeys(
        [c for t in plan.teams for c in t.channels] + ([plan.alerts.slack] if plan.alerts.slack else [])
    )
    for name in named:
        room = next((r for r in rooms if name.removeprefix("#") in (r.name, r.id)), None)
        if room is None:
            yield Finding(
                "bad", "Slack", f"{name} isn't there, or is private without us", "make it, or /invite the app"
            )
        elif not room.member:
            yield Finding("bad", "Slack", f"we aren't in {name}", f"type /invite @Tierline in {name}")


def _clock(whose: str, skew: float | None) -> Iterator[Finding]:
    if skew is not None and abs(skew) > SKEW:
        way = "ahead of" if skew > 0 else "behind"
        yield Finding(
            "bad",
            "clock",
            f"ours is {abs(skew):.0f} s {way} {whose}'s",
            "switch on time synchronisation (NTP)",
        )


def _twilio(seen: Seen) -> Iterator[Finding]:
    it = seen.twilio
    if it is None:
        yield Finding(
            "note", "Twilio", "no credentials: the door for texts is closed", "run `tierline setup`"
        )
        return
    if it.no or it.account is None:
        yield Finding("bad", "Twilio", it.no, "run `tierline setup` with the right credentials")
        return
    if it.account.status != "active":
        yield Finding("bad", "Twilio", f"the account is {it.account.status}", "see Twilio's console")
    else:
        yield Finding("ok", "Twilio", f"account {it.account.name}")
    yield from _clock("Twilio", it.account.skew)
    if it.account.trial:
        known = "" if it.verified is None else f" ({len(it.verified)} verified)"
        yield Finding(
            "note", "Twilio", f"a trial texts only to verified numbers{known}", "upgrade the account"
        )
    if seen.plan.plan is not None:
        yield from _numbers(it, seen.plan.plan, seen.public_url)


def _calls(seen: Seen) -> Iterator[Finding]:
    it, plan = seen.twilio, seen.plan.plan
    if it is None or it.account is None or plan is None:
        return
    account = CallsSeen(
        it.numbers,
        it.account.trial,
        it.verified,
        it.countries,
        seen.public_url,
        seen.per_second,
        seen.most_calls,
    )
    yield from calls(account, plan)


def _numbers(it: TwilioSeen, plan: Plan, public_url: str) -> Iterator[Finding]:
    there = {n.number: n for n in it.numbers}
    ours = [e.to for e in plan.entry if e.channel == "sms" and e.to]
    if not ours:
        yield Finding("note", "Twilio", "the plan has no number for texts", "run `tierline setup`")
    for number in dict.fromkeys(ours):
        entry = there.get(number)
        if entry is None:
            yield Finding("bad", number, "isn't in the account", "mend `entry:` in the plan")
            continue
        if not entry.sms:
            yield Finding("bad", number, "cannot send or take texts", "buy one that can")
        elif not entry.mms:
            yield Finding("note", number, "cannot send pictures (no MMS)", "answer with links to them")
        wrong = webhooks.trouble(entry, public_url) if public_url else ()
        for fatal, text in wrong:
            yield Finding("bad" if fatal else "note", number, text, "run `tierline setup`")
        if public_url and not wrong:
            yield Finding("ok", number, "its texts come to us, with tries and a fallback")
        if (known := registration(number, it.campaigns)) is not None:
            yield Finding(known.mark, number, known.text, known.fix)
    if it.account is not None and it.account.trial and it.verified is not None and plan.alerts.sms:
        if plan.alerts.sms not in it.verified:
            yield Finding(
                "bad",
                "alerts",
                f"{plan.alerts.sms} isn't verified: a trial can't text it",
                "verify it at Twilio",
            )


def _public(seen: Seen) -> Iterator[Finding]:
    if seen.twilio is None and not seen.public_url:
        return
    if not seen.public_url:
        yield Finding("bad", "public address", "none is set: Twilio cannot reach us", "run `tierline setup`")
        return
    if seen.public_no:
        yield Finding(
            "bad",
            "public address",
            f"{seen.public_url}: {seen.public_no}",
            "start the tunnel or mend the proxy",
        )
    else:
        yield Finding("ok", "public address", f"{seen.public_url} leads here")
    if not seen.public_url.startswith("https://"):
        yield Finding(
            "bad", "public address", "it is http: anybody on the way reads customers' texts", "use https"
        )


def _alerts(seen: Seen) -> Iterator[Finding]:
    plan = seen.plan.plan
    if seen.smtp_no:
        yield Finding("bad", "mail", f"SMTP_URL: {seen.smtp_no}", "mend SMTP_URL")
    if plan is None:
        return
    alerts = plan.alerts
    if not (alerts.slack or alerts.sms or alerts.email):
        yield Finding(
            "note", "alerts", "the plan names nobody who is told of trouble", "add `alerts:` to the plan"
        )
    if alerts.email and not seen.smtp_set:
        yield Finding("bad", "alerts", f"{alerts.email} gets nothing: SMTP_URL isn't set", "set SMTP_URL")
    if alerts.sms and seen.twilio is None:
        yield Finding("bad", "alerts", f"{alerts.sms} gets nothing: texts are off", "run `tierline setup`")
    if alerts.slack and not (alerts.sms or alerts.email):
        yield Finding(
            "note",
            "alerts",
            "when Slack is down nobody is told",
            "add a mail address or a number to `alerts:`",
        )
