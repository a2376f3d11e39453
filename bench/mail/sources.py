"""Mails in a folder: single files, mbox, maildir."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NO_MAILS = {
    ".py", ".pyc", ".md", ".rst", ".json", ".yaml", ".yml", ".toml", ".gz", ".zip", ".html", ".js", ".css", ".sh",
    ".png", ".jpg", ".gif", ".pdf", ".expected",
}  # fmt: skip
_HEADER = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:From [^\n]*\n)?[A-Za-z][A-Za-z0-9-]{0,60}[ \t]*:")
_BETWEEN = re.compile(rb"(?:\A|\r?\n\r?\n)(?=From [^\r\n]* (?:19|20)\d\d[^\r\n]*\r?\n[A-Za-z>-])")


@dataclass(frozen=True, slots=True)
class Source:
    """One mail and where it lies; `name` tells the mails of an mbox apart."""

    name: str
    raw: bytes


def mails(folder: Path) -> Iterator[Source]:
    """Every mail beneath `folder`, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if not path.is_file() or any(it.startswith(".") for it in inside.parts) or "tmp" in inside.parts[:-1]:
            continue
        if path.suffix.lower() not in NO_MAILS:
            yield from _of_file(path, str(inside))


def _of_file(path: Path, name: str) -> Iterator[Source]:
    raw = path.read_bytes()
    starts = [it.end() for it in _BETWEEN.finditer(raw)] if raw.startswith(b"From ") else []
    if len(starts) > 1:
        for n, (start, end) in enumerate(zip(starts, [*starts[1:], len(raw)], strict=True), 1):
            mail = raw[start:end].partition(b"\n")[2]
            yield Source(f"{name}#{n}", re.sub(rb"(?m)^>(>*From )", rb"\1", mail))
    elif path.suffix.lower() == ".eml" or path.parent.name in ("cur", "new") or _HEADER.match(raw):
        yield Source(name, raw)
