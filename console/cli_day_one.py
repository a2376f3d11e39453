"""`tierline setup`, `tierline doctor`, `tierline slack-manifest`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from ..channels.slack.events import PATH
from ..channels.slack.manifest import SCOPES, create_link, manifest
from ..router.plan.errors import PlanErrors
from ..settings import Settings
from . import envfile
from .ask import Terminal
from .cli_common import fail, finish, settings, settings_mistakes
from .doctor import Finding, Seen, as_json, judge
from .doctor_look import look
from .public import refusal
from .setup import Setup, Where
from .slack_side import SlackNo
from .try_phones import NobodyToCall, try_phones

KEPT = (
    "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN",
    "TIERLINE_PUBLIC_URL", "TIERLINE_API_TOKEN", "TIERLINE_PLAN", "SMTP_URL", "IMAP_URL", "TIERLINE_SMTP_LISTEN",
)  # fmt: skip
"""Settings that setup doesn't ask for again."""


def setup(
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: everything stands in flags or variables.")
    ] = False,
    answer: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE, an answer given beforehand (no secrets).")
    ] = None,
    env: Annotated[Path, typer.Option(help="The file of settings.")] = Path(".env"),
    plan: Annotated[Path | None, typer.Option(help="The plan's file.")] = None,
) -> None:
    """Connect Slack, Twilio and mail: asks, tests, shows what it would write, and writes it on yes."""
    pairs = [pair.partition("=") for pair in answer or []]
    if wrong := [
        key
        for key, equals, _ in pairs
        if not equals or "TOKEN" in key or "SECRET" in key or key in ("SMTP_URL", "IMAP_URL")
    ]:
        fail(
            f"--answer {wrong[0]}: write KEY=VALUE; tokens and secrets are given by variables alone",
            2,
        )
    config = settings()
    there = {**envfile.read(env.read_text() if env.exists() else ""), **os.environ}
    where = Where(
        env, plan or config.plan or Path("plan.yaml"), config.data, config.host, config.port, SCOPES,
        lambda url: create_link(request_url=url),
        config.slack_api_url, config.twilio_api_url, _zone(), here={k: there[k] for k in KEPT if there.get(k)},
        settings=config,
    )  # fmt: skip
    given = {**os.environ, **{key: value for key, _, value in pairs}}
    try:
        works = finish(Setup(Terminal(given, yes), where).run())
    except PlanErrors as errors:
        fail(f"The plan has mistakes; nothing more is written:\n{errors}")
    except SlackNo as no:
        fail(f"Slack: {no}")
    raise typer.Exit(0 if works else 1)


def doctor(
    names: Annotated[list[str] | None, typer.Argument(help="With --call: whom; without a name, all.")] = None,
    as_data: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    call: Annotated[
        bool,
        typer.Option("--call", help="Ring each agent's phone and ask for a 1; Tierline must be running."),
    ] = False,
) -> None:
    """What is well, what will hurt, what is broken, and what to do; exits with 1 when something is broken."""
    if names and not call:
        fail("Names are for --call.", 2)
    if call:
        raise typer.Exit(0 if _called(names or []) else 1)
    findings = _findings()
    if as_data:
        typer.echo(json.dumps(as_json(findings), indent=2, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(str(finding))
    raise typer.Exit(1 if any(f.mark == "bad" for f in findings) else 0)


def _called(names: list[str]) -> bool:
    try:
        return bool(finish(try_phones(settings(), names, typer.echo)))
    except NobodyToCall as nobody:
        fail(f"Nobody is called: {nobody}.")
    except PlanErrors as errors:
        fail(f"Nobody is called, the active plan has mistakes:\n{errors}")


def _findings() -> tuple[Finding, ...]:
    try:
        config = Settings()  # type: ignore[call-arg]
    except ValidationError as errors:
        return judge(Seen(settings_no=settings_mistakes(errors)), SCOPES)
    return judge(finish(look(config)), SCOPES)


def slack_manifest(
    name: Annotated[str, typer.Option(help="What the app is called in Slack.")] = "Tierline",
    address: Annotated[
        str,
        typer.Option(help="Our public address (https://…), where Slack is to call us instead of we Slack."),
    ] = "",
) -> None:
    """The Slack app's manifest as JSON, to paste into Slack's “From a manifest”."""
    if address and (wrong := refusal(address)):
        fail(f"--address: {wrong}", 2)
    url = f"{address.rstrip('/')}{PATH}" if address else ""
    typer.echo(json.dumps(manifest(name, url), indent=2, ensure_ascii=False))


def _zone() -> str:
    """This machine's zone by name, where it has one."""
    if zone := os.environ.get("TZ"):
        return zone.removeprefix(":")
    try:
        return os.readlink("/etc/localtime").partition("zoneinfo/")[2] or "UTC"
    except OSError:
        return "UTC"
