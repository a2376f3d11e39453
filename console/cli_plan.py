"""`tierline plan check|publish|explain|schema`."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ..queue.address import site_of
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.history.records import Customer
from ..queue.store import Store
from ..router.active import ActivePlan, Stale
from ..router.classify import Verdict, classify
from ..router.plan.errors import PlanErrors
from ..router.plan.load import load_async, parse
from ..router.plan.model import Plan
from ..router.plan.schema import schema_text
from ..router.rulebook import Rulebook, instant, millis
from ..router.texts import closed_telling, telling
from ..settings import Settings
from ..skills.skill import CHANNELS, Channel, Need
from .api_client import NotRunning, Refused
from .cli_common import api, fail, finish, local, settings

LARGEST = 1_000_000


def register(cli: typer.Typer, site: str) -> None:
    """Put the commands into `cli`; `site` is the one whose store a plan is published to."""
    cli.command("check")(check)
    cli.command("explain")(explain)
    cli.command("schema")(schema)

    @cli.command("publish")
    def publish(
        file: Path,
        reason: Annotated[str, typer.Option(help="Why, for the record.")],
        on: Annotated[int | None, typer.Option(help="The version it was drafted from.")] = None,
        author: Annotated[str, typer.Option(help="Who; you, by default.")] = "",
    ) -> None:
        """Make FILE the active plan: of the running Tierline, or else in its store."""
        if not reason.strip():
            fail("--reason: say why, for those who read the history", 2)
        source = _read(file)
        _checked(source, file)
        version = finish(_publish(settings(), site, source, author or getpass.getuser(), reason, on))
        typer.echo(f"Version {version} is active.")


def check(file: Path) -> None:
    """All mistakes of FILE at once, what nothing acts on yet, and what is probably not meant."""
    plan = _checked(_read(file), file)
    for later in plan.not_yet():
        typer.echo(f"{file}:{later.line}: {later.path}: not yet: {later.what}")
    for warning in plan.warnings:
        typer.echo(f"{file}:{warning.line}: {warning.path}: warning: {warning.message}")
    services, agents, rules = len(plan.services), len(plan.agents), len(plan.rules)
    typer.echo(f"{file} is a plan: {services} services, {agents} agents, {rules} rules.")


def schema() -> None:
    """The plan's JSON Schema, for editors."""
    typer.echo(schema_text(), nl=False)


def explain(
    text: Annotated[str, typer.Option(help="What the customer writes.")],
    sender: Annotated[str, typer.Option("--from", help="Whom it comes from: a number or a mail address.")],
    file: Annotated[
        Path | None, typer.Argument(help="A plan; without it the active one, else TIERLINE_PLAN.")
    ] = None,
    to: Annotated[str, typer.Option(help="Which of our numbers; the first of the plan by default.")] = "",
    channel: Annotated[str, typer.Option(help="voice, chat, sms or email.")] = "sms",
    at: Annotated[str, typer.Option(help="When: 2026-12-25T03:00:00+01:00; now by default.")] = "",
    fact: Annotated[list[str] | None, typer.Option(help="A fact of the customer: plan=enterprise.")] = None,
) -> None:
    """What the plan decides about such a contact, and nothing is done."""
    door_kind = _channel(channel)
    try:
        moment = datetime.fromisoformat(at) if at else datetime.now(UTC)
    except ValueError:
        fail("--at: an instant such as 2026-12-25T03:00:00+01:00", 2)
    plan, version = _plan_of(file)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(plan.timezone))
    book = Rulebook(plan, version)
    door = next((e.to for e in plan.entry if e.channel == channel and e.to), "") if not to else to
    facts = dict(pair.split("=", 1) for pair in fact or [] if "=" in pair)
    customer = Customer(sender, facts=facts, known=bool(facts))
    arrived = Arrived(door_kind, "explain", sender, door or "", text)
    for line in explained(book, classify(book, arrived, customer, millis(moment)), millis(moment)):
        typer.echo(line)


def _channel(name: str) -> Channel:
    for channel in CHANNELS:
        if channel == name:
            return channel
    fail(f"--channel: one of {', '.join(CHANNELS)}", 2)


def explained(book: Rulebook, it: Verdict, now: int) -> list[str]:
    """A verdict in lines: rule, service, instants, who may be asked when, and what the customer is told."""
    zone, facts, decision = book.plan.timezone, it.facts, it.decision
    rule = f"{facts.rule} (line {facts.rule_line})" if facts.rule else "none matched: the entry decides"
    lines = [f"at        {local(instant(now), zone)}", f"rule      {rule}"]
    lines.append(f"service   {it.service.name}, priority {facts.priority}, language {facts.language}")
    if facts.notice:
        lines.append(f"notice    {facts.notice}")
    if it.parked and decision.wake is not None:
        lines.append(f"parked    until {local(instant(decision.wake), zone)} ({facts.closed})")
    else:
        lines.append("open      it is offered at once")
    lines.append(
        f"due       {local(instant(facts.due), zone) if facts.due else 'never: the service never opens'}"
    )
    lines.append(f"rank      {local(instant(decision.rank), zone)} (earlier comes first)")
    for number, step in enumerate(decision.route.steps, 1):
        until = f"until {step.until // 1000} s" if step.until is not None else "to the end"
        lines.append(
            f"step {number}    {until}: {_need(step.need)}"
            + (f", {step.offer_to} at once" if step.offer_to > 1 else "")
        )
    if it.reply:
        told = closed_telling(book, "C1", it.service.name, facts, now)
    else:
        told = telling(book, "received", "C1", it.service.name, facts, now)
    lines.append(f"told      {told.text if told else 'nothing'}")
    return lines


def _need(need: Need) -> str:
    parts = ["/".join(f"L{t}" for t in need.tiers), "teams " + (", ".join(need.teams) or "all")]
    parts += [f"{name} ≥ {level}" for name, level in (*need.skills, *need.languages)]
    return "; ".join(parts)


def _plan_of(file: Path | None) -> tuple[Plan, int]:
    if file is not None:
        return _checked(_read(file), file), 0
    config = settings()
    try:
        answer = asyncio.run(_active(config))
        return parse(str(answer[0]), "the active plan"), answer[1]
    except (NotRunning, Refused) as error:
        if config.plan is None:
            fail(f"{error}: name a FILE, or start Tierline")
        return _checked(_read(config.plan), config.plan), 0


async def _active(config: Settings) -> tuple[str, int]:
    answer = await (await api(config)).plan()
    return str(answer["yaml"]), int(str(answer["version"]))


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror or 'it cannot be read'}", 2)


def _checked(source: bytes, file: Path) -> Plan:
    try:
        return parse(source, str(file))
    except PlanErrors as errors:
        for error in errors.errors:
            typer.echo(str(error))
        count = len(errors.errors)
        fail(f"{file}: {count} mistake{'s' if count > 1 else ''}; nothing is changed.")


async def _publish(
    config: Settings, site: str, source: bytes, author: str, reason: str, on: int | None
) -> int:
    text = source.decode("utf-8-sig")
    try:
        return await (await api(config)).publish(text, author, reason, on)
    except NotRunning:
        return await _publish_in_store(config, site, text, author, reason, on)
    except Refused as no:
        if no.status in (401, 403):
            fail(f"{no} The token is in {config.data / 'api-token'}, or TIERLINE_API_TOKEN.")
        fail(f"Not published: {no}")


async def _publish_in_store(
    config: Settings, site: str, text: str, author: str, reason: str, on: int | None
) -> int:
    """Nobody serves the API here: the store is asked itself, under the same check of the version."""
    redis_url = config.redis_url.get_secret_value() if config.redis_url else None
    site = site_of(redis_url) or site
    store = await Store.open(
        redis_url,
        config.data,
        site,
        insecure=config.store_insecure,
    )
    try:
        queue = Queue(store, site)
        active = await ActivePlan.open(queue, await load_async(text), author)
        if active().plan.source == text and active().version == 1 and on in (None, 0):
            return 1
        return await active.publish(text, author, reason, on)
    except Stale as stale:
        fail(f"Not published: {stale}")
    finally:
        await store.close()
