"""The command line: every verb, thin over what the rooms do."""

from __future__ import annotations

import gc

gc.disable()  # Half a million objects come with the imports, and all of them stay: looking through them costs a fifth.

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import structlog.stdlib
import typer
from pydantic import ValidationError
from structlog.tracebacks import ExceptionDictTransformer

from .console import cli_split
from .queue.failures import StoreError
from .queue.store import Store
from .router.plan.errors import PlanErrors
from .settings import SITE, Role, Settings, keep_secrets

if TYPE_CHECKING:
    from .app import App
    from .console.front import Front
    from .rehearsal import Rehearsal
    from .router.plan.model import Plan

gc.freeze()
gc.enable()

EXAMPLE = Path(__file__).parent / "router" / "plan" / "example.yaml"

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,  # they hold customers' words and our tokens
    help="One queue for everyone who needs help, answered in Slack.",
)
STARTS = ("run", "sandbox", "web", "worker")
YOUNG = 10_000
"""New objects before the collector looks: nearly all are gone by then. At Python's 700 it looked several times at what
was merely in hand, a fifteenth of a contact's processor time."""
LAST_RESORT = 10.0
"""Seconds beyond the grace after which a stop that hangs is given up."""


def main() -> None:
    """The console script."""
    if sys.argv[1:2] not in [[name] for name in STARTS]:
        add_the_rest(cli)
    cli()


def add_the_rest(to: typer.Typer) -> typer.Typer:
    """The verbs that start nothing; their rooms are imported here, because a start would wait 40 ms for them."""
    from .console import (
        cli_articles,
        cli_ask,
        cli_backup,
        cli_day_one,
        cli_moves,
        cli_plan,
        cli_replay,
        cli_versions,
    )

    plan = typer.Typer(no_args_is_help=True, help="Check, publish and explain the routing plan.")
    cli_plan.register(plan, SITE)
    plan.command("replay")(cli_replay.replay)
    audit = typer.Typer(no_args_is_help=True, help="Who changed what, and whether that log is whole.")
    cli_versions.register(plan, audit)
    customers = typer.Typer(no_args_is_help=True, help="Who your customers are.")
    customers.command("import")(cli_ask.customers_import)
    customers.callback()(lambda: None)  # one command alone would lose its name
    to.add_typer(plan, name="plan")
    to.add_typer(audit, name="audit")
    to.add_typer(customers, name="customers")
    cli_articles.register(to)
    to.command()(cli_ask.why)
    cli_moves.register(to)
    cli_backup.register(to, SITE)
    to.command()(cli_day_one.setup)
    to.command()(cli_day_one.doctor)
    to.command("slack-manifest")(cli_day_one.slack_manifest)
    return to


@cli.command()
def run() -> None:
    """Everything in one process; owns the embedded store unless REDIS_URL names another."""
    _loop(_run(_settings()))


@cli.command()
def sandbox(headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False) -> None:
    """The rehearsal stage: Tierline with stand-ins for Twilio and Slack, and one page to play everybody."""
    settings = _settings()
    _loop(_rehearse(settings, headless or settings.headless))


@cli.command("web")
def web_only() -> None:
    """Webhooks and the API alone, beside `tierline worker`; any number of them on one store."""
    _split("web")


@cli.command()
def worker() -> None:
    """The desk, deliveries, timers and history alone, beside `tierline web`."""
    _split("worker")


def _split(role: Role) -> None:
    settings = _settings()
    if lacks := cli_split.missing(settings):
        print("\n".join(lacks), file=sys.stderr)
        raise typer.Exit(2)
    _loop(_run(settings, role))


async def _run(settings: Settings, role: Role = "all") -> None:
    told, secrets = _ears(), keep_secrets(settings)
    store, front = await asyncio.gather(Store.of(settings), asyncio.to_thread(_load_front))
    if role != "worker":
        # `/healthz` is up from here on; all else waits for the rest of the program.
        await front.open(settings.host, settings.port)
    app = (await asyncio.to_thread(_load_app))(settings, secrets, role, store, front)
    await app.open()
    first = await _first_plan(settings)
    await app.start(first)
    _settle()
    ready = await app.ready()
    where = f"listens on port {app.port}" if app.port else "works"
    print(f"Tierline {where}; doors: {ready['doors']}", flush=True)
    if not (settings.sms_on and settings.slack_on):
        print(
            "A door is off because its credentials are missing: `tierline setup` asks for them.", flush=True
        )
    if note := _differs(settings, first, app):
        print(note, flush=True)
    await told.wait()
    await _stop(app)


def _load_front() -> Front:
    """The listener and its library, in a thread: the store's server starts meanwhile."""
    from .console.front import Front

    return Front()


def _load_app() -> type[App]:
    """Most of the program, in a thread: whoever asks meanwhile is told that we are up."""
    from .app import App

    gc.freeze()
    return App


async def _stop(app: App) -> None:
    """Stop within the grace; what hangs beyond it is named in the log and left: nothing acknowledged is lost by that."""
    try:
        async with asyncio.timeout(app.settings.grace + LAST_RESORT):
            await app.stop()
    except TimeoutError:
        stands = [
            f"{task.get_name()}: {frame[-1]}"
            for task in asyncio.all_tasks()
            if (frame := task.get_stack(limit=1))
        ]
        structlog.get_logger().error("stop.hangs", tasks=stands)
        sys.stderr.flush()
        os._exit(1)


async def _first_plan(settings: Settings) -> Plan | PlanErrors | None:
    """The plan of TIERLINE_PLAN, or its mistakes: they only matter where there is no active plan yet."""
    if settings.plan is None:
        return None
    from .router.plan.load import load_async

    try:
        return await load_async(await asyncio.to_thread(settings.plan.read_text), str(settings.plan))
    except PlanErrors as errors:
        return errors


def _differs(settings: Settings, first: Plan | PlanErrors | None, app: App) -> str:
    """What to say when TIERLINE_PLAN isn't the active plan: it is read at the first start only."""
    active = app.plan()
    if isinstance(first, PlanErrors):
        return f"{settings.plan} has mistakes (`tierline plan check`); plan version {active.version} stays active."
    if first is not None and first.content_hash != active.plan.content_hash:
        return (
            f"{settings.plan} differs from the active plan (version {active.version}), which goes on."
            f" To make it active: tierline plan publish {settings.plan} --reason …"
        )
    return ""


async def _rehearse(settings: Settings, headless: bool) -> None:
    told, made = _ears(), await asyncio.to_thread(_load_rehearsal)
    rehearsal = await made.prepare(settings, EXAMPLE)
    port = await rehearsal.start()
    _settle()
    page = f"http://127.0.0.1:{port}/"
    print(f"The stage is at {page} – text “My server is down”, and answer in Slack.", flush=True)
    if not headless:
        import webbrowser

        await asyncio.to_thread(webbrowser.open, page)
    await told.wait()
    await rehearsal.stop()


def _load_rehearsal() -> type[Rehearsal]:
    from .rehearsal import Rehearsal

    gc.freeze()
    return Rehearsal


def _settle() -> None:
    """What was made at the start stays, too: a full collection would look through it on the loop, again and again.

    Nothing is collected before: of a hundred thousand objects a few hundred are garbage.
    """
    gc.freeze()
    gc.enable()
    gc.set_threshold(YOUNG, 10, 10)


def _ears() -> asyncio.Event:
    """Set once we are told to stop; listened for before the start, so that a stop at once is a clean one, too.

    Told again, the process ends on the spot with status 128 + the signal.
    """
    told = asyncio.Event()

    def hear(name: signal.Signals) -> None:
        if told.is_set():
            # As after SIGKILL: everything acknowledged is in the store, the next start finds the rest.
            print("Told to stop a second time: ending at once.", file=sys.stderr, flush=True)
            os._exit(128 + name)
        told.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, hear, name)
    return told


def _settings() -> Settings:
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as errors:
        for error in errors.errors():
            print(f"{error['loc'][0] if error['loc'] else 'settings'}: {error['msg']}", file=sys.stderr)
        raise typer.Exit(2) from None


def _loop(work: Coroutine[Any, Any, None]) -> None:
    _log()
    gc.disable()  # until `_settle`: the rest is loaded, and stays, too
    # SQLite answers from a thread. With the default of 5 ms it waits that long for the interpreter at every step.
    sys.setswitchinterval(0.0005)
    try:
        if sys.platform != "win32":
            import uvloop

            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(work)
        else:
            asyncio.run(work)
    except (PlanErrors, StoreError, OSError) as error:
        print(str(error), file=sys.stderr)
        raise typer.Exit(1) from None
    except Exception:
        structlog.get_logger().exception("tierline.crashed")
        raise typer.Exit(1) from None


def _log() -> None:
    """One JSON line per event on stderr, the libraries' included; control characters are escaped by JSON itself."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        # Without locals: they hold customers' words and our tokens.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[lines], force=True)
    logging.captureWarnings(True)


if __name__ == "__main__":
    main()
