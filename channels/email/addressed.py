"""To whom a mail in a mailbox was sent: which of the plan's entries it is for, and from whom it came. Pure.

What servers wrote on its way (X-Original-To, Delivered-To, Return-Path) counts before To and Cc, which anybody writes.
Read by hand within a bound: the standard library's parser fails on some headers, and this mustn't.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from .conversation import mailbox_of

LOOKED_AT = 256 * 1024
"""Bytes of a mail's header that are looked at."""
MOST, LONGEST = 1_000, 320
"""Addresses of a header line that are looked at, and their length."""
_END = re.compile(rb"\r?\n\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_FIELD = re.compile(rb"^([A-Za-z-]{1,40})[ \t]*:[ \t]*([^\r\n]*)", re.MULTILINE)
_BETWEEN = re.compile(r"[\s<>,;:\"()\[\]\\]+")
_BY_SERVERS = (b"x-original-to", b"envelope-to", b"x-envelope-to", b"delivered-to", b"x-delivered-to")
_BY_SENDERS = (b"to", b"cc", b"resent-to", b"resent-cc")


@dataclass(frozen=True, slots=True)
class Addressed:
    """`sender` is the reverse-path, "" the null one; `recipients` are addresses that entries of ours take."""

    sender: str
    recipients: tuple[str, ...]


def addressed(content: bytes, ours: Collection[str], own: str) -> Addressed:
    """`ours`: the plan's mail entries, lower case; `own`: the mailbox's own address, or the name one logs in by.

    A mail that names none of our entries is for the mailbox's own, else for the first of them: it is somebody's to read.
    No recipients at all: the plan has no mail entry.
    """
    said = _headers(content)
    sender = _sender(said)
    written = _named(said, _BY_SERVERS)
    elsewhere = tuple(it for it in written if it.casefold() != own.casefold())
    for named in (_for(elsewhere, ours), _for(_named(said, _BY_SENDERS), ours), _for(written, ours)):
        if named:
            return Addressed(sender, named)
    if own.casefold() in ours:
        return Addressed(sender, (own.casefold(),))
    return Addressed(sender, tuple(sorted(ours))[:1])


def _for(named: Sequence[str], ours: Collection[str]) -> tuple[str, ...]:
    """One address for each entry; a signed one tells more than the plain one."""
    found: dict[str, str] = {}
    for it in named:
        if box := mailbox_of(it, ours):
            if box not in found or found[box].casefold() == box:
                found[box] = it
    return tuple(found.values())


def _headers(content: bytes) -> list[tuple[bytes, str]]:
    head = content[:LOOKED_AT]
    if (end := _END.search(head)) is not None:
        head = head[: end.start()]
    head = _FOLD.sub(b" ", head)
    return [(it[1].lower(), it[2].decode("utf-8", "replace")) for it in _FIELD.finditer(head)]


def _named(said: Sequence[tuple[bytes, str]], names: Collection[bytes]) -> tuple[str, ...]:
    found = [it for name, text in said if name in names for it in _addresses(text)]
    return tuple(dict.fromkeys(found))


def _sender(said: Sequence[tuple[bytes, str]]) -> str:
    """The reverse-path as the last server wrote it; without one, whoever it says that it is from."""
    for name in (b"return-path", b"from"):
        text = next((text for it, text in said if it == name), None)
        if text is not None:
            return next(iter(_addresses(text)), "")
    return ""


def _addresses(text: str) -> list[str]:
    """In one pass: what a pattern would do to a quarter of a megabyte without a single @ takes minutes."""
    words = (it.strip("'") for it in _BETWEEN.split(text) if "@" in it and len(it) <= LONGEST)
    return [it for it in words if it.count("@") == 1 and not it.startswith("@") and not it.endswith("@")][
        :MOST
    ]
