"""`tierline contact …`: what people do with a contact, done by the running product's API as a supervisor would."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from . import cli_reach
from .cli_common import api, finish, settings

Number = Annotated[str, typer.Argument(help="The contact, such as C1001.")]
Reason = Annotated[str, typer.Option(help="Why, for whoever gets it and for the record.")]
By = Annotated[str, typer.Option(help="Who; you, by default.")]


def register(to: typer.Typer) -> None:
    """Put the commands into `to`."""
    contact = typer.Typer(
        no_args_is_help=True, help="Hand over, snooze, close and the like, as a supervisor."
    )
    verbs: tuple[Callable[..., None], ...] = (
        transfer, escalate, assign, keep, release, consult, snooze, wake, priority, merge, split, close, spam, reopen,
    )  # fmt: skip
    for verb in verbs:
        contact.command()(verb)
    cli_reach.register(contact)
    to.add_typer(contact, name="contact")


def transfer(
    contact: Number,
    to: Annotated[str, typer.Argument(help="Ben, “team nightowl”, L2 or “service howto”.")],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Hand it over; its owner keeps it until somebody takes it."""
    _do(contact, "transfer", by, to=to, reason=reason)


def escalate(
    contact: Number,
    tried: Annotated[str, typer.Option(help="What was tried.")],
    reason: Reason = "",
    by: By = "",
) -> None:
    """To the next tier."""
    _do(contact, "escalate", by, tried=tried, reason=reason)


def assign(
    contact: Number,
    agent: Annotated[str, typer.Argument(help="Who alone is asked.")],
    reason: Reason = "",
    by: By = "",
) -> None:
    """To one agent, who alone is asked as long as they are on duty."""
    _do(contact, "assign", by, agent=agent, reason=reason)


def keep(contact: Number, by: By = "") -> None:
    """Not handed over any more."""
    _do(contact, "keep", by)


def release(contact: Number, reason: Reason = "", by: By = "") -> None:
    """Back into the queue with its rank."""
    _do(contact, "release", by, reason=reason)


def consult(
    contact: Number,
    ask: Annotated[str, typer.Argument(help="Ben or “team nightowl”.")],
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    by: By = "",
) -> None:
    """Ask somebody in its thread; nothing else changes."""
    _do(contact, "consult", by, ask=ask, question=question)


def snooze(
    contact: Number,
    until: Annotated[
        str, typer.Argument(help="“tomorrow 9:00”, 2h, an ISO date; nothing: until they write.")
    ] = "",
    reason: Reason = "",
    by: By = "",
) -> None:
    """Put it off until a date, or until its customer writes."""
    _do(contact, "snooze", by, until=until, reason=reason)


def wake(contact: Number, by: By = "") -> None:
    """Snoozed or held no longer."""
    _do(contact, "wake", by)


def priority(
    contact: Number,
    points: Annotated[str, typer.Argument(help="Minutes earlier (negative: later), or “now”.")],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Sooner or later than it was promised."""
    whole = points.removeprefix("-").removeprefix("+").isdigit()
    _do(contact, "priority", by, points=int(points) if whole else points, reason=reason)


def merge(
    contact: Number,
    into: Annotated[str, typer.Argument(help="The contact that goes on.")],
    by: By = "",
) -> None:
    """It ends, and its conversation leads to another."""
    _do(contact, "merge", by, into=into)


def split(
    contact: Number,
    messages: Annotated[list[int], typer.Argument(help="Numbers of its customer's messages.")],
    by: By = "",
) -> None:
    """Some of the customer's messages become a contact of their own."""
    _do(contact, "split", by, messages=messages)


def close(
    contact: Number,
    disposition: Annotated[
        str, typer.Option(help="solved, answered, workaround, not solved, duplicate")
    ] = "",
    root_cause: Annotated[str, typer.Option(help="What it was.")] = "",
    resolution: Annotated[str, typer.Option(help="What was done.")] = "",
    field: Annotated[
        list[str] | None, typer.Option(help="One of the plan's own fields, as NAME=TEXT; may be repeated.")
    ] = None,
    by: By = "",
) -> None:
    """End it, whoever has it."""
    told = {"disposition": disposition, "root_cause": root_cause, "resolution": resolution}
    _do(contact, "close", by, **told, fields=dict(map(_named, field or ())))


def spam(contact: Number, by: By = "") -> None:
    """Ended without an answer; the address comes behind everything else for 30 days."""
    _do(contact, "spam", by)


def reopen(contact: Number, by: By = "") -> None:
    """What has ended goes on, in the queue."""
    _do(contact, "reopen", by)


def _named(said: str) -> tuple[str, str]:
    name, is_there, text = said.partition("=")
    if not is_there or not name.strip():
        raise typer.BadParameter(f"{said[:60]!r} is no NAME=TEXT", param_hint="--field")
    return name.strip(), text


def _do(contact: str, verb: str, by: str, **body: object) -> None:
    told = finish(_ask(contact, verb, {**body, "by": by or getpass.getuser()}))
    typer.echo(str(told["done"]))


async def _ask(contact: str, verb: str, body: Mapping[str, object]) -> Mapping[str, object]:
    return await (await api(settings())).move(contact, verb, body)
