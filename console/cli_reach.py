"""`tierline contact text|mail|call`: a contact that we begin, done by the running product's API."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from .cli_common import api, finish, settings

Whom = Annotated[
    str, typer.Argument(help="An address, a customer's name in quotes, or a contact such as C1001.")
]
Words = Annotated[str, typer.Argument(help="What the customer reads.")]
Agent = Annotated[str, typer.Option(help="In whose hands it is: the answer comes to them.")]
Service = Annotated[str, typer.Option(help="What it is about; the number's own by default.")]
Also = Annotated[bool, typer.Option("--also", help="Though something of theirs is open already.")]
By = Annotated[str, typer.Option(help="Who; you, by default.")]


def register(to: typer.Typer) -> None:
    """Put the commands into `to`, the commands on contacts."""
    for verb in (text, mail, call):
        to.command()(verb)


def text(
    whom: Whom, words: Words, agent: Agent, service: Service = "", also: Also = False, by: By = ""
) -> None:
    """Write to a customer first; the text leaves after the time in which it can be undone."""
    _do("sms", by, agent=agent, to=whom, text=words, service=service, also=also)


def mail(
    whom: Whom,
    words: Words,
    agent: Agent,
    title: Annotated[str, typer.Option(help="The mail's title.")],
    service: Service = "",
    also: Also = False,
    by: By = "",
) -> None:
    """Write to a customer first, by mail."""
    _do("email", by, agent=agent, to=whom, text=words, title=title, service=service, also=also)


def call(whom: Whom, agent: Agent, service: Service = "", also: Also = False, by: By = "") -> None:
    """Ring the agent's phone, and then the customer's."""
    _do("voice", by, agent=agent, to=whom, service=service, also=also)


def _do(channel: str, by: str, **body: object) -> None:
    told = finish(_ask({"channel": channel, **body, "by": by or getpass.getuser()}))
    typer.echo(str(told["done"]))


async def _ask(body: dict[str, object]) -> dict[str, object]:
    return dict(await (await api(settings())).reach(body))
