"""Tells a mail's new words from what it repeats: quoted history and signatures are folded away, never thrown away.

Line by line, so that its time is the text's length (patterns over whole mails took 51 ms for 20 KB of plain text, and
seconds for hostile ones), and careful: folding a complaint away is worse than showing a signature.
"""

from __future__ import annotations

import re

from .folding_words import (
    BARE_COPY,
    BARE_SUBJECT,
    BARE_TO,
    BEGINS,
    FORWARD_SUBJECT,
    FORWARDED,
    FROM,
    GROUPWISE,
    LABEL,
    LABELS,
    ORIGINAL,
    SENT_FROM,
    WROTE,
)  # fmt: skip
from .markup import HISTORY, SIGN_OFF

LONGEST_SIGNATURE = 30  # lines
_QUOTE = re.compile(r"\s{0,3}(?:[>|]|&gt;)")
_DASHES = re.compile(r"\s*(?:-- ?|—|--\xa0)$")
_RULE = re.compile(r"\s*[_=]{20,}\s*$")
_DIGIT = re.compile(r"\d")
_DATED = re.compile(r"\d:\d\d|\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d\d\b")
_SAID = re.compile(r"[^\s\-_=—*#~+.]")
_MARKS = (HISTORY, "-", "_", "=", ":", "：")
"""One of them is in every line by which history is known."""
_LIST = re.compile(r"mailing list|mailman|unsubscribe|listinfo|abmelden|groups?\.", re.IGNORECASE)


def folded(text: str, subject: str = "") -> tuple[str, str]:
    """The new words and the rest, each in its own order; where nothing would be left everything is new."""
    lines = text.split("\n")
    # What isn't in all of it is in none of its lines: of many a mail these looks are the whole answer.
    quotes = ">" in text or "|" in text or "&gt;" in text
    marks = any(it in text for it in _MARKS)
    repeats = quotes or marks
    forward = repeats and (bool(FORWARD_SUBJECT.match(subject)) or any(map(FORWARDED.match, lines)))
    end = _history(lines) if marks and not forward else len(lines)
    new, rest = lines[:end], lines[end:]
    if repeats and not forward:
        new, tail = _quotes_at_the_end(new)
        rest = [*tail, *rest]
    new, signature = _signature(new)
    if repeats and not forward:
        new, tail = _quotes_at_the_end(new)
        rest = [*tail, *rest]
    new, ruled = _rules_at_the_end(new)
    rest = [*ruled, *rest]
    lead, new = ([], new) if forward or not quotes else _quotes_at_the_start(new)
    said = _joined(new)
    if not any(it.isalnum() for it in said):
        return _joined(lines), ""
    return said, "\n\n".join(it for it in (_joined(lead), _joined(signature), _joined(rest)) if it)


def _joined(lines: list[str]) -> str:
    text = "\n".join(map(str.rstrip, lines))
    if HISTORY in text or SIGN_OFF in text:
        text = "\n".join(it.lstrip(HISTORY).lstrip(SIGN_OFF).rstrip() for it in lines)
    return text.strip("\n")


def _history(lines: list[str]) -> int:
    """The first line from which on everything is an earlier mail."""
    for i, line in enumerate(lines):
        if line.startswith(HISTORY) and not _quotes_follow(lines, i):
            return i
        if ("-" in line or "_" in line or "=" in line) and ORIGINAL.match(line):
            return i
        if line.startswith(">>") and GROUPWISE.fullmatch(line):
            return i
        if 0 < len(line) < 9 and (begins := _notes_block(lines, i)) >= 0:
            return begins
        if ":" in line or "：" in line:
            if _is_header_block(lines, i):
                return i - 1 if i and _RULE.match(lines[i - 1]) else i
        elif (
            ("_" in line or "=" in line)
            and _RULE.match(line)
            and _is_header_block(lines, _next(lines, i + 1))
        ):
            return i
    return len(lines)


def _quotes_follow(lines: list[str], i: int) -> bool:
    """Whether it only introduces a quote, between whose lines there may be answers."""
    after = [it for it in lines[i : i + 8] if it.strip(f"{HISTORY} ")]
    return any(_QUOTE.match(it.lstrip(HISTORY)) for it in after)


def _next(lines: list[str], i: int) -> int:
    while i < len(lines) and not lines[i].strip():
        i += 1
    return i


def _is_header_block(lines: list[str], i: int) -> bool:
    """`From:` and two more labels of a mail's header among the next lines, as Outlook puts them above history."""
    if i >= len(lines) or _label(lines[i]) not in FROM:
        return False
    found = {_label(it) for it in lines[i : i + 8]} & LABELS
    return len(found) >= 3


def _notes_block(lines: list[str], i: int) -> int:
    """Notes writes who and when, and beneath them labels that stand alone, each with its value below; -1 for none."""
    if lines[i].strip().lower() not in BARE_TO:
        return -1
    below = {it.strip().lower() for it in lines[i + 1 : i + 9]}
    if not below & BARE_SUBJECT or not below & BARE_COPY:
        return -1
    above = range(i - 1, max(-1, i - 7), -1)
    named = [at for at in above if "@" in lines[at] or _DATED.search(lines[at])]
    return named[-1] if named else -1


def _label(line: str) -> str:
    found = LABEL.match(line[:200].lstrip(HISTORY))
    return found[1].strip(" *").lower() if found else ""


def _is_quote(line: str) -> bool:
    # Of nearly every line these three looks are the whole answer.
    if ">" not in line and "|" not in line and "&gt;" not in line:
        return False
    return bool(_QUOTE.match(line.lstrip(HISTORY)))


def _attribution(lines: list[str], before: int) -> int:
    """Where the line or lines begin that say who wrote the quote at `before`; `before` when none do."""
    end = before
    while end > 0 and not lines[end - 1].strip():
        end -= 1
    if end == 0 or before - end > 2:
        return before
    for count in (1, 2, 3, 4):
        start = end - count
        if start < 0 or not lines[start].strip():
            break
        said = " ".join(it.strip(f" {HISTORY}") for it in lines[start:end])
        if len(said) > 400:
            break
        is_one = said.rstrip().endswith((":", "：")) and (
            WROTE.search(said) or ("@" in said and _DIGIT.search(said))
        )
        if is_one and (_DIGIT.search(said) or "@" in said or start == 0 or not lines[start - 1].strip()):
            return _beginning(lines, start)
    return before


def _quotes_at_the_end(lines: list[str]) -> tuple[list[str], list[str]]:
    end = len(lines)
    start = end
    while start > 0 and (not lines[start - 1].strip() or _is_quote(lines[start - 1])):
        start -= 1
    if not any(_is_quote(it) for it in lines[start:]):
        return _attribution_alone(lines)
    first = next(i for i in range(start, end) if _is_quote(lines[i]))
    at = _attribution(lines, first)
    return lines[:at], lines[at:]


def _beginning(lines: list[str], start: int) -> int:
    """The verb may stand on the last line and who and when on the ones before."""
    for i in range(start, max(-1, start - 3), -1):
        if not lines[i].strip():
            break
        if BEGINS.match(lines[i].lstrip(f" -{HISTORY}")) and _DIGIT.search(lines[i]):
            return i
    return start


def _attribution_alone(lines: list[str]) -> tuple[list[str], list[str]]:
    """`On … wrote:` with the history beneath it unmarked, as some clients do."""
    for i, line in enumerate(lines):
        if i and ":" in line and line.rstrip().endswith(":") and WROTE.search(line):
            start = _beginning(lines, i)
            said = " ".join(lines[start : i + 1])
            dated = BEGINS.match(said.lstrip(f" -{HISTORY}")) and _DATED.search(said)
            if (
                start
                and dated
                and not lines[start - 1].strip()
                and not any(_is_quote(it) for it in lines[i:])
            ):
                return lines[:start], lines[start:]
    return lines, []


def _rules_at_the_end(lines: list[str]) -> tuple[list[str], list[str]]:
    """Lines that only part the words from what was folded away."""
    end = len(lines)
    while end and not any(it.isalnum() for it in lines[end - 1]) and not _SAID.search(lines[end - 1]):
        end -= 1
    return lines[:end], [it for it in lines[end:] if it.strip()]


def _quotes_at_the_start(lines: list[str]) -> tuple[list[str], list[str]]:
    """An answer beneath the whole quote."""
    first = next((i for i, it in enumerate(lines) if _is_quote(it)), len(lines))
    if first == len(lines) or any(it.strip() for it in lines[: _attribution(lines, first)]):
        return [], lines
    end = first
    while end < len(lines) and (_is_quote(lines[end]) or not lines[end].strip()):
        end += 1
    # Answers between further quotes need what they answer beside them.
    if any(_is_quote(it) for it in lines[end:]):
        return [], lines
    return lines[:end], lines[end:]


def _signature(lines: list[str]) -> tuple[list[str], list[str]]:
    marked = len(lines)
    while marked > 0 and (lines[marked - 1].startswith(SIGN_OFF) or not lines[marked - 1].strip()):
        marked -= 1
    if any(it.startswith(SIGN_OFF) for it in lines[marked:]):
        return _before_rest(lines, marked)
    for i in range(len(lines) - 1, max(-1, len(lines) - LONGEST_SIGNATURE - 1), -1):
        if _DASHES.match(lines[i]) and not any(_is_quote(it) for it in lines[i:]):
            return lines[:i], lines[i:]
        if _RULE.match(lines[i]) and any(_LIST.search(it) for it in lines[i:]):
            return lines[:i], lines[i:]
    return _before_rest(lines, len(lines))


def _before_rest(lines: list[str], end: int) -> tuple[list[str], list[str]]:
    """A phone's own line, within the last few."""
    last = [i for i in range(max(0, end - 8), end) if lines[i].strip()][-3:]
    for i in last:
        if len(lines[i]) < 120 and SENT_FROM.match(lines[i]):
            return lines[:i], lines[i:]
    return lines[:end], lines[end:]
