"""Whose letter a mail is: its address, its name, what stands beneath the words. A value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..channel import Words


@dataclass(frozen=True, slots=True)
class Letterhead:
    """`plus`: our provider delivers local+anything@ to local@, so that an answer's address can carry its signature."""

    mailbox: str
    name: str = ""
    signature: str = ""
    footer: str = ""
    plus: bool = True


Letterheads = Callable[[Words], Letterhead]
"""The plan's letterhead for whose words these are."""
