"""The shape of what the desk has beside its threads: canned answers, and why somebody declines."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .fields import Language, Text

Canned = Annotated[
    dict[Language, Text],
    Field(min_length=1, description='{de: "Hallo {customer}, …", en: "Hello {customer}, …"}'),
]
Reason = Annotated[str, Field(min_length=1, max_length=60)]
Reasons = Annotated[list[Reason], Field(max_length=20, description="[In a meeting, Not my field]")]
