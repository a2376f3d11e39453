"""Who may do what in Slack: every button, form and command of the desk, found in the code, against everybody who isn't
named by the plan, and against an agent whose contact it isn't (SEC23, SEC32, SEC33)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from helpers_app import EVA, PLAN, Inside, inside

from tierline.channels.forms import Filled, Form
from tierline.channels.house import Actor, Told
from tierline.channels.slack.form_views import form_of
from tierline.router.telephone import BUTTONS

ROOT = Path(__file__).resolve().parents[2]
ME = "C1001"

ANYBODY, NAMED, OWNER, SUPERVISOR = "anybody", "named", "owner", "supervisor"
"""Who may: anybody; whom the plan names; the contact's owner (and mostly a supervisor); a supervisor alone."""
ACTS: dict[str, tuple[str, str]] = {
    "agent.add": (SUPERVISOR, '{"user": "U0NEW", "email": "new@inside.example", "name": "New"}'),
    "agent.overtime": (NAMED, "1h"),
    "article.publish": (SUPERVISOR, "red-lamp/en/1"),
    "ask.send": (OWNER, f"{ME}.device"),
    "board.open": (SUPERVISOR, "help"),
    "board.refresh": (SUPERVISOR, ""),
    "agent.available": (NAMED, ""),
    "agent.away": (NAMED, "45m"),
    "agent.give": (SUPERVISOR, "ada Ben"),
    "agent.handover": (NAMED, "Ben"),
    "agent.here": (NAMED, ""),
    "agent.offline": (NAMED, ""),
    "call.recording": (NAMED, ME),
    "contact.callback": (OWNER, ME),
    "contact.close": (OWNER, ME),
    "contact.done": (OWNER, ME),
    "contact.escalate": (OWNER, ME),
    "contact.longer": (OWNER, ME),
    "contact.more": (OWNER, ME),
    "contact.note": (NAMED, ME),
    "contact.reopen": (OWNER, f"{ME}.1"),
    "contact.reply": (OWNER, ME),
    "contact.snooze": (OWNER, ME),
    "contact.transfer": (OWNER, ME),
    "duty.break": (NAMED, ""),
    "duty.off": (NAMED, ""),
    "duty.on": (NAMED, ""),
    "duty.status": (NAMED, ""),
    "form.away": (NAMED, ""),
    "form.overtime": (NAMED, ""),
    "form.article": (OWNER, ME),
    "form.article-edit": (NAMED, ""),
    "form.guide": (OWNER, f"{ME}/red-lamp/en"),
    "form.assign": (SUPERVISOR, ME),
    "form.canned": (OWNER, ME),
    "form.reply": (OWNER, ME),
    "form.close-service": (SUPERVISOR, "help"),
    "form.first": (SUPERVISOR, ME),
    "form.hand": (SUPERVISOR, ME),
    "form.incident": (SUPERVISOR, ""),
    "form.incident-end": (SUPERVISOR, ""),
    "form.incident-tell": (SUPERVISOR, '["help",[],"canary"]'),
    "form.part": (SUPERVISOR, '["person", "Ada", false, ""]'),
    "form.people": (SUPERVISOR, ""),
    "form.publish": (SUPERVISOR, ""),
    "form.reach": (NAMED, f'["text", "{EVA}", "canary", "number"]'),
    "form.remind": (NAMED, ME),
    "form.rollback": (SUPERVISOR, "1.1"),
    "form.rules": (SUPERVISOR, ""),
    "form.schedules": (SUPERVISOR, ""),
    "form.session": (OWNER, ME),
    "form.texts": (SUPERVISOR, ""),
    "form.them": (OWNER, ME),
    "form.versions": (SUPERVISOR, ""),
    "form.visit": (OWNER, ME),
    "form.visit_cancel": (OWNER, ME),
    "form.visit_outcome": (OWNER, ME),
    "form.why": (SUPERVISOR, ME),
    "link.open": (ANYBODY, ""),
    "mail.whole": (NAMED, ME),
    "note.send": (OWNER, f"{ME}.2"),
    "offer.accept": (OWNER, ME),
    "offer.decline": (OWNER, ME),
    "page.acknowledge": (NAMED, "page:help"),
    "plan.discard": (SUPERVISOR, ""),
    "plan.show": (SUPERVISOR, ""),
    "reminder.forget": (NAMED, "remind:C1001:1:0"),
    "reply.retry": (OWNER, f"{ME}.1"),
    "reply.undo": (OWNER, f"{ME}.1"),
    "service.open": (SUPERVISOR, "help"),
    "session.end": (OWNER, f"{ME}.1"),
    "them.undo": (OWNER, ME),
    **dict.fromkeys(BUTTONS, (OWNER, ME)),
}
ANSWERS = {
    "disposition": "solved", "verb": "It is spam", "when": "2h", "done": "", "into": "C1002",
    "service": "help", "until": "", "text": "canary", "words": "canary", "id": "I1", "number": ME, "to": "Ben", "why": "canary",
    "how": "Due now", "minutes": "5", "do": "Delete it", "pick": "Ada", "skills": "canary: 5", "tier": "L3",
    "waiting": "New contacts only", "reason": "canary",
}  # fmt: skip
COMMANDS = {
    SUPERVISOR: (
        "board", "plan", "duty desk", f"assign {ME} Ben", f"priority {ME} +5", "close service help 2h", "open service help",
        "incident help [canary]: canary", "incident end I1: canary", f"listen {ME}", f"whisper {ME}", f"barge {ME}",
    ),
    OWNER: (
        f"transfer {ME} Ben canary", f"escalate {ME} canary", f"keep {ME}", f"give back {ME} canary", f"snooze {ME} 2h",
        f"wake {ME}", f"done {ME} canary", f"consult {ME} Ben canary", f"merge {ME} C1002", f"split {ME} 1", f"spam {ME}",
        f"reopen {ME}", f"visit {ME}", f"whose {ME}", f"session {ME}", f"call {ME}", f"hold {ME}", f"hang up {ME}", f"invite {ME} Ben",
    ),
    NAMED: (
        f"remind {ME} 2h canary", "reminders", f"text {EVA} canary", f"text {ME}: canary", f"call {EVA}", f"mail {ME}", "mail eva@customer.example canary", "available",
        "away 45m lunch", "away 2w vacation Ben", "overtime 2h", "offline", "status", "queue", f"why {ME}", "incidents",
        "canned", "articles lamp", "article",
    ),
}  # fmt: skip


def _found() -> set[str]:
    """Every action id and form that the code makes."""
    button, onward = re.compile(r"[Bb]utton\(\s*\"([a-z]+\.[\w-]+)\""), re.compile(r"Onward\(\s*\"([\w-]+)\"")
    found = set(BUTTONS)
    for folder in ("router", "channels/slack"):
        for path in (ROOT / folder).glob("*.py"):
            text = path.read_text(encoding="utf-8")
            found |= set(button.findall(text)) | {f"form.{name}" for name in onward.findall(text)}
    return found


def test_every_button_and_form_of_the_desk_has_a_rule_here() -> None:
    unknown = sorted(_found() - set(ACTS))
    assert not unknown, f"say in ACTS who may press these: {unknown}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inside]:
    """Ada has a contact of her own, with a held reply and a note; guests and strangers would like to have it."""
    plan = PLAN.replace("hold_reply: 1s", "hold_reply: 1h").replace(
        "supervisors: [", "supervisors: [U0GUEST001, U0ELSE0001, "
    )
    plan = plan.replace("name: Ben,", "name: Ben, skills: {field: 3},")
    plan += 'visits: {skill: field}\nsessions: {screen: {url: "https://help.example/{id}"}}\n'
    async with inside(tmp_path_factory.mktemp("acts"), plan) as it:
        await it.slash("Ada", "available")
        assert await it.text("help me") == 200
        await it.accept("Ada", "help me")

        async def active() -> bool:
            return bool((await it.contact())["state"] == "active")

        await it.until(active)
        ada = _actor(it, "Ada")
        assert (await it.app.house.note(ada, ME, "between us")).ok
        assert (await it.app.house.reply(ada, ME, "held")).ok
        yield it


def _actor(it: Inside, name: str) -> Actor:
    who = it.person(name)
    return Actor(who.slack, who.email, who.name, team="T0SANDBOX1")


def _outsiders(it: Inside) -> dict[str, Actor]:
    """Nobody here may do anything."""
    ada, mira = _actor(it, "Ada"), _actor(it, "Mira")
    return {
        "a stranger of ours": Actor("U0STRANGER", "eve@inside.example", "Eve", team="T0SANDBOX1"),
        "a guest": Actor("U0GUEST002", "guest@else.example", "Guest", is_guest=True, team="T0SANDBOX1"),
        # Named as a supervisor, but no agent: guests and other workspaces act as agents or not at all.
        "a guest who is called a supervisor": Actor(
            "U0GUEST001", "", "Gil", is_guest=True, team="T0SANDBOX1"
        ),
        "a member of a connected workspace": Actor("U0ELSE0001", "", "Eli", is_guest=True, team="T0CUSTOMER"),
        "a bot with an agent's address": replace(ada, is_bot=True),
        "a bot with a supervisor's address": replace(mira, is_bot=True),
    }


async def _does(it: Inside, actor: Actor, act: str, value: str) -> list[Any]:
    """Whatever the desk calls when it is pressed, and when what it opened is sent off."""
    house = it.app.house
    contact, _, rest = value.partition(".")
    n = int(rest) if rest.isdigit() else 1
    match act:
        case "offer.accept":
            return [await house.accept(actor, ME, 1)]
        case "offer.decline":
            return [await house.decline(actor, ME, 1, "canary")]
        case "reply.undo":
            return [await house.undo(actor, contact, 3)]
        case "reply.retry":
            return [await house.retry(actor, contact, n)]
        case "contact.reply":
            return [await house.reply(actor, ME, "canary")]
        case "contact.note":
            return [await house.note(actor, ME, "canary")]
        case "agent.add":
            return [await house.adding(actor, value), await house.add(actor, value, "desk", 1, "Ada")]
        case _ if name := form_of(act):
            return [
                await house.form(actor, name, value),
                await house.filled(actor, Filled(name, value, ANSWERS)),
            ]
        case _:
            return [await house.pressed(actor, act, value)]


async def _state(it: Inside) -> Any:
    """All that an act could change."""
    queue = it.app.queue
    view, said = await queue.contact(ME), await queue.messages(ME)
    plan = await queue.plan()
    agents = {name: (a.presence, a.overtime) for name, a in (await queue.agents()).items()}
    assert plan is not None and view is not None
    return view, [(m.n, m.body, m.status) for m in said], plan.version, await queue.alerts(), agents


def _refused(told: Any) -> bool:
    return isinstance(told, Told) and not told.ok and bool(told.text.strip())


@pytest.mark.promise("desk-rights")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("act", sorted(ACTS))
async def test_no_button_and_no_form_does_anything_for_whom_it_is_not_meant(
    running: Inside, act: str
) -> None:
    role, value = ACTS[act]
    before = await _state(running)
    others = {} if role == ANYBODY else _outsiders(running)
    if role in (OWNER, SUPERVISOR):
        others["an agent whose contact it isn't"] = _actor(running, "Ben")
    if role == SUPERVISOR:
        others["the owner"] = _actor(running, "Ada")
    for who, actor in others.items():
        for told in await _does(running, actor, act, value):
            assert _refused(told), (act, who, told)
            if act.startswith(("form.", "board.", "plan.")) and role == SUPERVISOR:
                assert "mira@inside.example" in told.text, (act, who, told)  # whom to ask
    assert await _state(running) == before


@pytest.mark.promise("desk-rights")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("role", "text"), [(role, text) for role, texts in COMMANDS.items() for text in texts]
)
async def test_no_command_does_anything_for_whom_it_is_not_meant(
    running: Inside, role: str, text: str
) -> None:
    before = await _state(running)
    others = _outsiders(running)
    if role in (OWNER, SUPERVISOR):
        others["an agent whose contact it isn't"] = _actor(running, "Ben")
    if role == SUPERVISOR:
        others["the owner"] = _actor(running, "Ada")
    for who, actor in others.items():
        assert _refused(await running.app.house.command(actor, text)), (text, who)
    assert await _state(running) == before


@pytest.mark.asyncio(loop_scope="module")
async def test_every_command_that_help_names_has_a_rule_here(running: Inside) -> None:
    told = await running.app.house.command(_actor(running, "Ada"), "help")
    every = [text for texts in COMMANDS.values() for text in texts]
    named = {re.sub(r"^/tierline ", "", it) for it in re.findall(r"`([^`]+)`", told.text)}
    verbs = {
        re.split(r" (?=#?C\d|\[|\d|howto|I\d)|$", it)[0]
        for it in named
        if not re.fullmatch(r"L\d|note:|//", it)
    }
    unknown = {verb for verb in verbs if not any(text.startswith(verb.split(" ")[0]) for text in every)}
    assert unknown <= ALSO, f"say in COMMANDS who may: {sorted(unknown - ALSO)}"


ALSO = {"!name", "resume", "mute", "unmute", "pause", "record", "speak", "hand over", "back"}
"""Verbs of a call, by the same way as `hold`; and what is typed in a thread, where the owner alone answers."""


@pytest.mark.promise("desk-rights")
@pytest.mark.asyncio(loop_scope="module")
async def test_a_guest_whom_the_plan_names_as_an_agent_acts_as_one(running: Inside) -> None:
    ben = replace(_actor(running, "Ben"), is_guest=True)
    assert (await running.app.house.command(ben, "queue")).ok


@pytest.mark.asyncio(loop_scope="module")
async def test_for_whom_they_are_meant_they_open(running: Inside) -> None:
    """So nothing above was refused for another reason than who it was."""
    mira, house = _actor(running, "Mira"), running.app.house
    nothing_there = {"form.publish", "form.visit", "form.visit_cancel", "form.visit_outcome"}
    for act, (role, value) in ACTS.items():
        if role == SUPERVISOR and act.startswith("form.") and act not in nothing_there:
            assert isinstance(await house.form(mira, act.removeprefix("form."), value), Form), act
    for act in ("board.refresh", "plan.show"):
        assert (await house.pressed(mira, act, "")).ok, act
    assert not (await house.undo(mira, ME, 3)).ok
    for name in ("close", "transfer", "escalate", "snooze", "callback", "more"):
        assert isinstance(await house.form(mira, name, ME), Form), name
    ada = _actor(running, "Ada")
    for name in ("reach", "remind", "close"):
        assert isinstance(await house.form(ada, name, ACTS.get(f"form.{name}", ("", ME))[1]), Form), name
    assert (await house.note(ada, ME, "mine")).ok and (await house.undo(ada, ME, 3)).ok
