"""`tierline plan check|publish|explain|schema`; what looks back is in `cli_versions`."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from ..queue.address import site_of
from ..queue.contact import Arrived
from ..queue.engine import Queue
from ..queue.history.history import History
from ..queue.history.records import Customer
from ..queue.store import Store
from ..router.active import ActivePlan, Stale
from ..router.classify import Verdict, classify
from ..router.coverage import coverage
from ..router.facts import Facts
from ..router.first_steps import begins
from ..router.plan.load import load_async, parse
from ..router.plan.model import Plan
from ..router.plan.schema import schema_text
from ..router.rulebook import Rulebook, instant, millis
from ..router.texts import closed_telling, telling
from ..router.versions import Stranded, Versions
from ..settings import Settings
from ..skills.skill import CHANNELS, Channel, Need
from .api_client import NotRunning, Refused
from .api_plan import published
from .cli_common import api, fail, finish, local, settings
from .cli_files import checked, read
from .cli_versions import WAITING, Waiting, checked_lines, coverage_lines, published_lines


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
        waiting: Annotated[Waiting, typer.Option(help=WAITING)] = "new",
    ) -> None:
        """Make FILE the active plan: of the running Tierline, or else in its store."""
        if not reason.strip():
            fail("--reason: say why, for those who read the history", 2)
        source = read(file)
        checked(source, str(file))
        told = finish(_publish(settings(), site, source, author or getpass.getuser(), reason, on, waiting))
        for line in published_lines(told):
            typer.echo(line)


def check(file: Path) -> None:
    """All mistakes of FILE at once, what nothing acts on yet, and what is probably not meant."""
    plan = checked(read(file), str(file))
    for later in plan.not_yet():
        typer.echo(f"{file}:{later.line}: {later.path}: not yet: {later.what}")
    for warning in plan.warnings:
        typer.echo(f"{file}:{warning.line}: {warning.path}: warning: {warning.message}")
    for line in coverage_lines(it.text for it in coverage(Rulebook(plan, 0), millis(datetime.now(UTC)))):
        typer.echo(line)
    for line in finish(_against_active(settings(), plan.source)):
        typer.echo(line)
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
    fact: Annotated[
        list[str] | None,
        typer.Option(help="A fact of the customer: plan=enterprise. A mail counts as vouched for then."),
    ] = None,
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
    arrived = Arrived(door_kind, "explain", sender, door or "", text, verified=bool(facts))
    verdict = classify(book, arrived, customer, millis(moment))
    for line in explained(book, verdict, millis(moment)):
        typer.echo(line)
    if (begun := begins(book, arrived, verdict, millis(moment))) is not verdict:
        typer.echo(
            f"first     {Facts.parse(begun.decision.facts).first} asks before; what is answered may decide otherwise"
        )


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
        return checked(read(file), str(file)), 0
    config = settings()
    try:
        answer = asyncio.run(_active(config))
        return parse(str(answer[0]), "the active plan"), answer[1]
    except (NotRunning, Refused) as error:
        if config.plan is None and isinstance(error, Refused) and error.status in (401, 403):
            fail(
                f"What runs at port {config.port} has another token: set TIERLINE_API_TOKEN (the sandbox's stands in "
                "its /sandbox/api/state), or name a FILE"
            )
        if config.plan is None:
            fail(f"{error}: name a FILE, or start Tierline")
        return checked(read(config.plan), str(config.plan)), 0


async def _active(config: Settings) -> tuple[str, int]:
    answer = await (await api(config)).plan()
    return str(answer["yaml"]), int(str(answer["version"]))


async def _against_active(config: Settings, source: str) -> list[str]:
    """What publishing it would do to the running Tierline; nothing where none runs or lets us in."""
    try:
        told = await (await api(config)).check(source)
    except (NotRunning, Refused):
        return []
    return list(checked_lines({**told, "warnings": [], "coverage": []}))


async def _publish(
    config: Settings, site: str, source: bytes, author: str, reason: str, on: int | None, waiting: Waiting
) -> Mapping[str, object]:
    text = source.decode("utf-8-sig")
    try:
        return await (await api(config)).put_plan(text, author, reason, on, waiting)
    except NotRunning:
        return await _publish_in_store(config, site, text, author, reason, on, waiting)
    except Refused as no:
        if no.status in (401, 403):
            fail(f"{no} The token is in {config.data / 'api-token'}, or TIERLINE_API_TOKEN.")
        fail(f"Not published: {no}")


async def _publish_in_store(
    config: Settings, site: str, text: str, author: str, reason: str, on: int | None, waiting: Waiting
) -> Mapping[str, object]:
    """Nobody serves the API here: the store is asked itself, under the same checks."""
    redis_url = config.redis_url.get_secret_value() if config.redis_url else None
    site = site_of(redis_url) or site
    store = await Store.open(
        redis_url,
        config.data,
        site,
        insecure=config.store_insecure,
    )
    history = None
    try:
        queue, history = Queue(store, site), await History.of(config)
        last = await history.last_plan()
        active = await ActivePlan.open(queue, await load_async(text), author, after=last)
        if active().plan.source == text and active().version == last + 1 and on in (None, 0):
            return published_first(active().version)
        versions = Versions(queue, active, history)
        done = await versions.publish(text, author, reason, on, waiting, "command line")
        return published(done)
    except (Stale, Stranded) as no:
        fail(f"Not published: {no}")
    finally:
        if history is not None:
            await history.close()
        await store.close()


def published_first(version: int) -> Mapping[str, object]:
    """The answer where there was no plan before."""
    return {"version": version, "on": 0, "diff": ["the first plan"], "moves": {"text": "Nobody waits."}}
