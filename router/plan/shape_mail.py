"""The shape of what mail has beside the other channels: who vouches for its senders."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from .fields import shown, wrong
from .shape_base import Many, Shape


def _server(value: object) -> str:
    text = value if isinstance(value, str) else ""
    if re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", text):
        return text
    if re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise wrong(f'"{shown(text)}" has capitals', instead=text.lower())
    raise wrong(f'"{shown(value)}" is no server\'s name', allowed="like mx.northwind.example")


def _network(value: object) -> str:
    text = value if isinstance(value, str) else ""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        try:
            better = str(ipaddress.ip_network(text, strict=False))
        except ValueError:
            raise wrong(
                f'"{shown(value)}" is no address or network', allowed='like "192.0.2.25" or "192.0.2.0/24"'
            ) from None
        raise wrong(f'"{shown(text)}" has bits behind its length', instead=f'"{better}"') from None
    return text


Server = Annotated[str, BeforeValidator(_server)]
Network = Annotated[str, BeforeValidator(_network)]


class Vouching(Shape):
    """Who vouches for the senders of mails; without it they are all claimed."""

    authserv_id: Annotated[Many[Server], Field(max_length=20)] = Field(
        default=[],
        description="The name by which your own mail server says in Authentication-Results whether a sender is true: "
        "mx.northwind.example. Microsoft 365 says no name there: `unnamed` believes it, for mailboxes alone",
    )
    relays: Annotated[Many[Network], Field(max_length=100)] = Field(
        default=[],
        description='Who brings us its mails by SMTP: "192.0.2.25", "192.0.2.0/24"; what others bring is claimed',
    )
