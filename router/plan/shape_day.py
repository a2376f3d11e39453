"""The shape of what the plan says about an agent's day."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .fields import Name, Sometime

StillThere = Annotated[
    Sometime | None,
    Field(description="How long somebody available may do nothing until they are asked; never"),
]
Settle = Annotated[
    Sometime | None,
    Field(
        description="How long somebody who comes and goes all the time stays until they are available; never"
    ),
]
Substitute = Annotated[
    Name | None, Field(description="The agent who stands in while this one is away, offline or off shift")
]
