"""`.env`: read, compared, and written anew with every line that we don't change left as it is."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECRETS = re.compile(r"TOKEN|SECRET|PASSWORD|_URL$")
OPEN = ("TIERLINE_PUBLIC_URL", "TIERLINE_TWILIO_API_URL", "TIERLINE_SLACK_API_URL")
"""Addresses that hold no password, so that they may be shown."""
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")


@dataclass(frozen=True, slots=True)
class Change:
    """One key of the file: added when `old` is None."""

    key: str
    old: str | None
    new: str

    def __str__(self) -> str:
        if self.old is None:
            return f"+ {self.key}={shown(self.key, self.new)}"
        return f"~ {self.key}={shown(self.key, self.old)} → {shown(self.key, self.new)}"

    __repr__ = __str__


def shown(key: str, value: str) -> str:
    """The value as it may be printed: secrets are hidden."""
    return "…" if value and SECRETS.search(key) and key not in OPEN else value


def read(text: str) -> dict[str, str]:
    """Keys and values, the last of a key wins."""
    found = {}
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            found[match[1]] = _unquoted(match[2].strip())
    return found


def changes(text: str, wanted: Mapping[str, str]) -> tuple[Change, ...]:
    """What writing `wanted` would add or replace; empty values change nothing."""
    there = read(text)
    return tuple(Change(k, there.get(k), v) for k, v in wanted.items() if v and there.get(k) != v)


def merged(text: str, wanted: Mapping[str, str]) -> str:
    """The file with `wanted` in it; every other line, remarks too, stays. Raises ValueError for a line break."""
    todo = {it.key: it.new for it in changes(text, wanted)}
    if any("\n" in v or "\r" in v or "\x00" in v for v in todo.values()):
        raise ValueError("a setting is one line")
    lines = text.splitlines()
    last = {m[1]: i for i, line in enumerate(lines) if (m := _LINE.fullmatch(line))}
    for key in [k for k in todo if k in last]:
        lines[last[key]] = f"{key}={_quoted(todo.pop(key))}"
    return "\n".join([*lines, *(f"{k}={_quoted(v)}" for k, v in todo.items())]) + "\n"


def write(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".env.", dir=path.parent)  # made with 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _unquoted(raw: str) -> str:
    if len(raw) > 1 and raw[0] == raw[-1] == "'":
        return re.sub(r"\\(['\\])", r"\1", raw[1:-1])
    if len(raw) > 1 and raw[0] == raw[-1] == '"':
        return re.sub(r'\\(["\\])', r"\1", raw[1:-1])
    return re.split(r"\s+#", raw)[0].strip()
