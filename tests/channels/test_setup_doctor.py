"""`tierline doctor` finds each thing wrong, says what to do, and finds nothing wrong when nothing is."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from day_one_stage import APP, BOT, GRANTED, DayOne, Operator, answers, day_one
from twilio_rehearsal import ACCOUNT, OURS, TOKEN

from tierline.channels.slack.manifest import SCOPES
from tierline.console.doctor import PlanSeen, Seen, SlackSeen, StoreSeen, TwilioSeen, as_json, judge
from tierline.console.doctor_look import _store, look
from tierline.console.setup import Setup
from tierline.console.slack_side import Room, Workspace, skew_of
from tierline.console.twilio_side import AccountFacts, OurNumber
from tierline.console.webhooks import wanted
from tierline.router.plan.load import parse
from tierline.sandbox.twilio_store import Account
from tierline.settings import Settings

PUBLIC = "https://help.example.com"
PLAN = parse(
    f"""
site: x
timezone: UTC
languages: [en]
supervisors: [mira@northwind.example]
alerts: {{slack: "#support", email: ops@x.example, sms: "+4917000000009"}}
schedules: {{always: {{hours: "24/7"}}}}
teams: {{support: {{channel: "#support"}}}}
services: {{help: {{schedule: always, answer_within: {{sms: 10m, voice: 1m, chat: 1m, email: 1h}}, steps: [{{tiers: [L1], then: hold}}]}}}}
entry: [{{channel: sms, to: "{OURS}", service: help}}]
agents: [{{name: Ada, slack: ada@northwind.example, team: support}}]
"""
)
NUMBER = OurNumber("PN1", OURS, OURS, True, True, True, tuple(wanted(PUBLIC).items()))
SPACE = Workspace("Northwind", "U1", frozenset(s for s, _ in SCOPES), 0.5)
WELL = Seen(
    slack=SlackSeen("", SPACE, "", (Room("C1", "support", True, False),)),
    twilio=TwilioSeen("", AccountFacts("Northwind", "active", False, -0.4), (NUMBER,)),
    store=StoreSeen("", "Valkey 9", "always", running=True),
    plan=PlanSeen("plan.yaml", "", PLAN, 3),
    public_url=PUBLIC, smtp_set=True, disk_free=0.5, running=True,
)  # fmt: skip


def bad(seen: Seen) -> str:
    return "\n".join(str(f) for f in judge(seen, SCOPES) if f.mark == "bad")


def notes(seen: Seen) -> str:
    return "\n".join(str(f) for f in judge(seen, SCOPES) if f.mark == "note")


def test_a_sandbox_on_our_port_is_not_taken_for_our_own() -> None:
    played = dataclasses.replace(WELL, rehearsal=True)
    assert "what runs here is the sandbox" in notes(played) and "sandbox" not in notes(WELL)
    assert bad(played) == ""


def test_nothing_is_wrong_where_nothing_is() -> None:
    assert bad(WELL) == "" and "A2P" in notes(WELL)


def test_a_primary_that_lacked_something_is_named_until_a_restart() -> None:
    store = StoreSeen("", "Valkey 9", "always", embedded=False, running=True, lacked=3)
    assert "lacked 3 acknowledged changes" in bad(dataclasses.replace(WELL, store=store))


def _slack(**change: object) -> Seen:
    return dataclasses.replace(WELL, slack=dataclasses.replace(WELL.slack, **change))  # type: ignore[type-var,arg-type]


def _number(**change: object) -> Seen:
    return dataclasses.replace(
        WELL,
        twilio=TwilioSeen("", AccountFacts("N", "active", False), (dataclasses.replace(NUMBER, **change),)),
    )  # type: ignore[arg-type]


def _account(**change: object) -> Seen:
    facts = dataclasses.replace(AccountFacts("N", "active", False), **change)  # type: ignore[arg-type]
    return dataclasses.replace(WELL, twilio=TwilioSeen("", facts, (NUMBER,), frozenset()))


def _hooks(**change: str) -> Seen:
    return _number(hooks=tuple((wanted(PUBLIC) | change).items()))


BROKEN: list[tuple[Seen, str]] = [
    (dataclasses.replace(WELL, settings_no=("PORT: too large",)), "PORT"),
    (dataclasses.replace(WELL, slack=None, slack_half="SLACK_APP_TOKEN"), "SLACK_APP_TOKEN is missing"),
    (_slack(no="Slack doesn't know this token", workspace=None), "doesn't know this token"),
    (
        _slack(workspace=dataclasses.replace(SPACE, scopes=frozenset({"chat:write"}))),
        "permission reactions:write",
    ),
    (_slack(workspace=dataclasses.replace(SPACE, skew=120.0)), "ours is 120 s ahead of Slack's"),
    (_slack(socket_no="Slack doesn't know this token"), "app token"),
    (
        _slack(by_http=True, requests_no="what runs there has another signing secret"),
        "another signing secret",
    ),
    (_slack(rooms=(Room("C1", "support", False, False),)), "we aren't in #support"),
    (_slack(rooms=()), "#support isn't there"),
    (_slack(unknown=("Ada (ada@x)",)), "Ada (ada@x) of the plan is unknown"),
    (
        dataclasses.replace(WELL, twilio=TwilioSeen(no="Twilio refuses our credentials")),
        "refuses our credentials",
    ),
    (_account(status="suspended"), "suspended"),
    (_account(skew=-90.0), "ours is 90 s behind Twilio's"),
    (_account(trial=True), "+4917000000009 isn't verified"),
    (_number(number="+15550109999"), "isn't in the account"),
    (_number(sms=False), "cannot send or take texts"),
    (_hooks(sms_url="https://old.example/sms"), "go to old.example, not to us"),
    (_hooks(sms_url=""), "go to nobody"),
    (_hooks(sms_application_sid="AP1"), "TwiML application"),
    (_hooks(sms_method="GET"), "isn't POST"),
    (dataclasses.replace(WELL, public_no="nobody answers there"), "nobody answers"),
    (dataclasses.replace(WELL, public_url=""), "none is set"),
    (dataclasses.replace(WELL, public_url="http://x.example"), "it is http"),
    (dataclasses.replace(WELL, store=StoreSeen(no="maxmemory-policy is allkeys-lru")), "allkeys-lru"),
    (dataclasses.replace(WELL, store=StoreSeen("", "Redis 7", "none")), "doesn't keep"),
    (dataclasses.replace(WELL, plan=PlanSeen("p.yaml", "it has 2 mistakes")), "2 mistakes"),
    (dataclasses.replace(WELL, plan=PlanSeen()), "there is none yet"),
    (dataclasses.replace(WELL, smtp_set=False), "ops@x.example gets nothing"),
    (dataclasses.replace(WELL, smtp_no="it doesn't answer"), "SMTP_URL"),
    (dataclasses.replace(WELL, twilio=None), "+4917000000009 gets nothing"),
    (dataclasses.replace(WELL, data_open=True), "others on this machine"),
    (dataclasses.replace(WELL, data_no="/x can't be written"), "can't be written"),
    (dataclasses.replace(WELL, disk_free=0.01), "1% free"),
    (dataclasses.replace(WELL, trouble=("store",)), "trouble: store"),
]


@pytest.mark.promise("doctor-finds")
@pytest.mark.parametrize("seen, said", BROKEN, ids=[said for _, said in BROKEN])
def test_each_thing_wrong_is_a_line_that_says_what_to_do(seen: Seen, said: str) -> None:
    (line, *_) = [line for line in bad(seen).splitlines() if said in line] or [bad(seen)]
    assert said in line and "→" in line


@pytest.mark.parametrize(
    "seen, said",
    [
        (_account(trial=True), "trial"),
        (_number(mms=False), "cannot send pictures"),
        (_hooks(sms_fallback_url=""), "no fallback"),
        (_hooks(sms_url=f"{PUBLIC}/twilio/sms"), "only once"),
        (
            dataclasses.replace(WELL, plan=dataclasses.replace(WELL.plan, differs=True)),
            "something else than the active",
        ),
        (
            dataclasses.replace(
                WELL, store=StoreSeen("", "Redis 7", "everysec", ("hash-max-listpack-value is 64",))
            ),
            "listpack",
        ),
        (dataclasses.replace(WELL, disk_free=0.05), "5% free"),
        (dataclasses.replace(WELL, running=False), "isn't running"),
    ],
)
def test_what_will_hurt_later_is_noted(seen: Seen, said: str) -> None:
    assert said in notes(seen)


def test_what_the_plan_says_and_nothing_acts_on_is_listed() -> None:
    plan = parse(
        (Path(__file__).parents[2] / "router" / "plan" / "example.yaml")
        .read_text()
        .replace("share: 30%}", "share: 30%, cost: {per_contact: 4 EUR}}")
    )
    found = notes(dataclasses.replace(WELL, plan=PlanSeen("example.yaml", "", plan, 1)))
    assert all(later.what in found for later in plan.not_yet()) and plan.not_yet()


def test_the_clock_is_read_from_the_date_of_an_answer() -> None:
    assert skew_of("nonsense") is None and skew_of(None) is None
    assert abs(skew_of("Mon, 01 Jan 2001 00:00:00 GMT") or 0) > 60


def test_json_has_the_same_findings() -> None:
    found = judge(WELL, SCOPES)
    assert json.loads(json.dumps(as_json(found))) == [
        {"mark": f.mark, "about": f.about, "text": f.text, "do": f.do} for f in found
    ]


# ---- with its own eyes -------------------------------------------------------------------------------------------


def settings_of(stage: DayOne, tmp_path: Path, **more: object) -> Settings:
    values = {
        "SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP, "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN,
        "TIERLINE_PUBLIC_URL": stage.product.base, "PORT": stage.product.port, "TIERLINE_PLAN": stage.where.plan,
        "TIERLINE_TWILIO_API_URL": stage.where.twilio_url, "TIERLINE_SLACK_API_URL": stage.where.slack_url,
        "TIERLINE_DATA": tmp_path / "var",
    }  # fmt: skip
    return Settings(_env_file=None, **(values | more))  # type: ignore[call-arg,arg-type]


async def test_after_setup_doctor_finds_nothing_broken_but_the_plain_http_of_the_stage(
    tmp_path: Path,
) -> None:
    async with day_one(tmp_path) as stage:
        await Setup(Operator(answers(stage.product, test_phone="-")), stage.where).run()
        seen = await look(settings_of(stage, tmp_path))
        assert [line for line in bad(seen).splitlines() if "it is http" not in line] == []
        assert seen.plan.active == 2 and not seen.plan.differs


@pytest.mark.promise("doctor-finds")
async def test_what_somebody_changed_afterwards_is_found(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        await Setup(Operator(answers(stage.product, test_phone="-")), stage.where).run()
        stage.slack._web.scopes = frozenset(GRANTED) - {"reactions:write"}
        stage.twilio._rest._account = Account("Trial")
        entry = stage.twilio.store.number(OURS)
        assert entry is not None
        entry.settings["sms_url"] = "https://elsewhere.example/"
        for room in stage.slack.space.channels.values():
            if room.name == "support":
                room.members.clear()
        plan = stage.where.plan
        plan.write_text(plan.read_text().replace("ada@northwind.example", "gone@northwind.example"))
        stage.product.published.append({"yaml": plan.read_text()})
        plan.write_text(plan.read_text().replace("10m", "11m"))
        (tmp_path / "var").mkdir(exist_ok=True)
        (tmp_path / "var" / "secret").write_text("x")
        (tmp_path / "var" / "secret").chmod(0o644)
        seen = await look(settings_of(stage, tmp_path, SMTP_URL="smtp://127.0.0.1:9"))
        found = bad(seen) + notes(seen)
        for said in ("elsewhere.example", "we aren't in #support", "reactions:write", "trial", "Ada (gone@northwind.example)",
                     "something else than the active", "others on this machine", "SMTP_URL"):  # fmt: skip
            assert said in found, (said, found)
        assert TOKEN not in found and BOT not in found


@pytest.mark.promise("doctor-finds")
async def test_where_slack_is_to_call_us_doctor_plays_its_challenge(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        await Setup(Operator(answers(stage.product, test_phone="-")), stage.where).run()
        by_http = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5"}
        assert "takes no requests of Slack's" in bad(await look(settings_of(stage, tmp_path, **by_http)))
        none = by_http | {"TIERLINE_PUBLIC_URL": ""}
        assert "TIERLINE_PUBLIC_URL isn't set" in bad(await look(settings_of(stage, tmp_path, **none)))
        half = {"SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": ""}
        assert "SLACK_SIGNING_SECRET" in bad(await look(settings_of(stage, tmp_path, **half)))


async def test_services_that_do_not_answer_are_said_and_nothing_hangs(tmp_path: Path) -> None:
    async with day_one(tmp_path) as stage:
        dead = {
            "TIERLINE_TWILIO_API_URL": "http://127.0.0.1:9/twilio", "TIERLINE_SLACK_API_URL": "http://127.0.0.1:9/api/",
            "TIERLINE_PUBLIC_URL": "http://127.0.0.1:9", "REDIS_URL": "redis://127.0.0.1:9",
        }  # fmt: skip
        seen = await look(settings_of(stage, tmp_path, **dead))
        found = bad(seen)
        for said in (
            "REDIS_URL doesn't answer",
            "Twilio cannot be reached",
            "can't be reached",
            "nobody answers",
        ):
            assert said in found, found


@pytest.mark.promise("store-tls")
async def test_a_store_that_others_could_read_is_named_and_allowed_only_aloud(tmp_path: Path) -> None:
    far = {"REDIS_URL": "redis://user:canary@store.example", "TIERLINE_DATA": tmp_path}
    seen = await _store(Settings(_env_file=None, **far), None)  # type: ignore[call-arg,arg-type]
    assert "isn't encrypted" in seen.no and "TIERLINE_STORE_INSECURE" in seen.no and "canary" not in seen.no
    aloud = Settings(_env_file=None, TIERLINE_STORE_INSECURE="yes", **far)  # type: ignore[call-arg,arg-type]
    assert "REDIS_URL doesn't answer" in (await _store(aloud, None)).no  # it was asked
    broken = Settings(_env_file=None, REDIS_URL="redis://h:x/0", TIERLINE_DATA=tmp_path)  # type: ignore[call-arg]
    assert "REDIS_URL must look like" in (await _store(broken, None)).no
