"""The header of a mail as plain text, for the judges: however broken it is, reading it raises nothing. Pure."""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

MOST_FIELDS, LONGEST = 1_000, 20_000
"""Fields looked at, and characters of each: a judge needs no more, and a bomb gets no further."""
_FOLDED = re.compile(r"\s*[\r\n]\s*")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff]")
_ORDINARY = re.compile(r"[A-Za-z0-9 ]{0,100}<([A-Za-z0-9_+-][A-Za-z0-9._+-]*@[A-Za-z0-9][A-Za-z0-9.-]*)>")
"""How most mails name somebody: Python's parser, character by character, finds the same in ten times the time."""
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f<>(),;:\"@]+@[^\s\x00-\x1f\x7f<>(),;:\"@]+")


@dataclass(frozen=True, slots=True)
class Fields:
    """`lines` are name (lower-case) and unfolded value, topmost first."""

    lines: tuple[tuple[str, str], ...]
    by_name: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, message: Message) -> Fields:
        """Those of a parsed mail; the parser's policy doesn't matter."""
        lines = tuple(_lines(message))
        by_name: dict[str, tuple[str, ...]] = {}
        for name, value in lines:
            by_name[name] = (*by_name.get(name, ()), value)
        return cls(lines, by_name)

    def all(self, name: str) -> tuple[str, ...]:
        """Its values, topmost first; `name` in lower-case."""
        return self.by_name.get(name, ())

    def first(self, name: str) -> str:
        """The topmost value, "" when there is none."""
        found = self.by_name.get(name)
        return found[0] if found else ""

    def has(self, *names: str) -> str:
        """The first of `names` that there is, "" for none."""
        return next((it for it in names if it in self.by_name), "")

    def addresses(self, *names: str) -> tuple[str, ...]:
        """The addresses in those fields, lower-case and without display names."""
        return tuple(it for name in names for value in self.all(name) for it in addresses_in(value))

    @property
    def subject(self) -> str:
        """Decoded and in one form (NFKC, one space between words)."""
        return plain(self.first("subject"))


def _lines(message: Message) -> Iterator[tuple[str, str]]:
    for n, (name, value) in enumerate(message.raw_items()):
        if n == MOST_FIELDS:
            return
        text = str(value)[:LONGEST].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        yield str(name).lower(), _FOLDED.sub(" ", text).strip()


def addresses_in(value: str) -> tuple[str, ...]:
    """The addresses in a field's value; what Python's parser gives up on is searched for what looks like one."""
    if ordinary := _ORDINARY.fullmatch(value):
        return (ordinary[1].lower(),)
    try:
        found = [address for _, address in getaddresses([value])]
    except (ValueError, IndexError, TypeError, RecursionError, AttributeError):
        found = []
    good = [it for it in found if _ADDRESS.fullmatch(it)]
    return tuple(it.lower() for it in good or _ADDRESS.findall(value))


def seen(value: str) -> str:
    """Without what isn't seen."""
    return _UNSEEN.sub("", value)


def plain(value: str) -> str:
    """Encoded words decoded as far as they can be, in one form, without anything that isn't seen."""
    text = value
    if "=?" in value:
        try:
            text = "".join(_decoded(part, charset) for part, charset in decode_header(value))
        except (HeaderParseError, binascii.Error, ValueError):
            text = value
    return " ".join(_UNSEEN.sub(" ", unicodedata.normalize("NFKC", text)).split())


def _decoded(part: str | bytes, charset: str | None) -> str:
    if isinstance(part, str):
        return part
    try:
        return part.decode(charset or "ascii", "replace")
    except (LookupError, ValueError):
        return part.decode("utf-8", "replace")


def local_part(address: str) -> str:
    """Before the last @, lower-case."""
    return address.rpartition("@")[0].lower()


def domain_of(address: str) -> str:
    """Behind the last @, lower-case; "" when there is none."""
    return address.rpartition("@")[2].lower().rstrip(".") if "@" in address else ""


def untagged(address: str) -> str:
    """Without what stands behind a plus sign: `support+c.x@…` is `support@…`."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.split('+', 1)[0]}@{domain}" if local else address.lower()
