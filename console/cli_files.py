"""A plan's file on the command line: read and checked, or the command ends with what is wrong."""

from __future__ import annotations

from pathlib import Path

import typer

from ..router.plan.errors import PlanErrors
from ..router.plan.load import parse
from ..router.plan.model import Plan
from .cli_common import fail

LARGEST = 1_000_000


def read(file: Path) -> bytes:
    """The file's bytes, a byte more than a plan may have at most; ends with 2 when it can't be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror or 'it cannot be read'}", 2)


def checked(source: bytes | str, name: str) -> Plan:
    """The plan; every mistake is printed, and any ends with 1."""
    try:
        return parse(source, name)
    except PlanErrors as errors:
        for error in errors.errors:
            typer.echo(str(error))
        count = len(errors.errors)
        fail(f"{name}: {count} mistake{'s' if count > 1 else ''}; nothing is changed.")
