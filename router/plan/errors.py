"""What is wrong with a plan, said so that somebody who doesn't program can mend it.

PlanErrors      a document that can't be a plan: all its mistakes, in the order of the file
  PlanError     one mistake: where it is, what is wrong and how the line should look
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as ruamel counts lines
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # a message must not steer the terminal that shows it
MOST = 1_000  # mistakes; who makes more hasn't written a plan
NAMES = 700  # that a misspelt one is compared with, at some microseconds each …
GUESSES = 200  # … so many times
LONGEST_LINE = 400  # of somebody else's file in a message of ours


@dataclass(frozen=True, slots=True)
class PlanError:
    """One mistake. `line` and `column` count from 1; `path` is like `services.howto.steps[0]`.

    `fix` is the corrected line or, where that can't be known, the line with the allowed values behind a `#`.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    fix: str
    what: str = ""  # what is wrong, alone, and
    hint: str = ""  # what could stand there instead

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class PlanErrors(ValueError):
    """The document isn't a plan; `errors` has every mistake in it, or its one syntax error."""

    def __init__(self, errors: Iterable[PlanError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda e: (e.line, e.column, e.path, e.message)))
        super().__init__("\n".join(map(str, self.errors)))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the source; lines and columns count from 0, the end is excluded."""

    line: int
    column: int
    end_line: int
    end_column: int


class Source:
    """The document's lines and the mistakes found in it so far."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = BREAK.split(text)
        self.errors: list[PlanError] = []
        self.guesses = 0
        self.settled: set[tuple[int, int]] = set()

    def line(self, number: int) -> str:
        """A line by its number from 0, shortened when it is endless."""
        text = CONTROL.sub("\ufffd", self.lines[number]) if 0 <= number < len(self.lines) else ""
        return text.rstrip() if len(text) <= LONGEST_LINE else text[:LONGEST_LINE] + "…"

    def wrong(
        self,
        span: Span,
        path: str,
        what: str,
        *,
        instead: str | None = None,
        allowed: str | None = None,
        bare: bool = False,
    ) -> None:
        """Note a mistake: with the token to write `instead`, or with what is `allowed` in its place.

        The token keeps the quotes of what it replaces unless it is `bare` or brings its own.
        """
        if (span.line + 1, span.column + 1) in self.settled:
            return
        what, line = CONTROL.sub("\ufffd", what), self.line(span.line)
        if instead is not None and span.line == span.end_line and span.end_column <= len(line):
            quote = line[span.column : span.column + 1]
            quote = quote if quote in ("'", '"') and not bare and not instead.startswith(("'", '"')) else ""
            fix = line[: span.column] + quote + instead + quote + line[span.end_column :]
            message = f"{what}; write\n    {fix.strip()}"
        else:
            fix = f"{line}   # {allowed or instead or what}"
            message = f"{what}\n    {fix.strip()}"
        if len(self.errors) >= MOST:
            raise PlanErrors(self.errors)
        place = (self.file, span.line + 1, span.column + 1, path)
        self.errors.append(PlanError(*place, message, fix.strip(), what, instead or allowed or ""))

    def settle(self) -> None:
        """What was found wrong so far is wrong enough: nothing more is said about these places."""
        self.settled = {(error.line, error.column) for error in self.errors}

    def raw(self, span: Span) -> str | None:
        """What stands there, if it stands on one line."""
        return self.lines[span.line][span.column : span.end_column] if span.line == span.end_line else None

    def closest(self, word: str, known: Iterable[str]) -> str | None:
        """The known name that `word` was probably meant to be; after many guesses only in other capitals."""
        names = {name.casefold(): name for name in known}
        if word.casefold() in names:
            return names[word.casefold()]
        self.guesses += 1
        if self.guesses > GUESSES:
            return None
        found = difflib.get_close_matches(word.casefold()[:100], list(names)[:NAMES], n=1, cutoff=0.6)
        return names[found[0]] if found else None

    def stop(self) -> None:
        """Raise what was found, if anything was."""
        if self.errors:
            raise PlanErrors(self.errors)


def path_of(loc: Iterable[int | str]) -> str:
    """`("services", "howto", "steps", 0)` as `services.howto.steps[0]`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def one_of(known: Iterable[str], nothing: str = "there are none yet") -> str:
    """The allowed values as a hint; a long list is cut."""
    names = list(known)
    if not names:
        return nothing
    return "one of: " + ", ".join(names[:20]) + (f" … ({len(names)} in all)" if len(names) > 20 else "")
