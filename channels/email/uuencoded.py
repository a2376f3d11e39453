"""Files that stand as uuencoded lines within a text, as programs older than MIME and some that are not put them there."""

from __future__ import annotations

import re

from .charsets import unuued
from .tnef import File

MOST_FILES, MOST_BEGINS = 50, 1_000
_BEGIN = re.compile(rb"begin [0-7]{3,4} (\S[^\r\n]{0,200}?)[ \t]*\r?\n")
_LINE = re.compile(rb"[\x20-\x60]{1,90}\r?(?:\n|\Z)")


def taken_out(data: bytes) -> tuple[bytes, list[File]]:
    """The text without them, and the files; what only begins like one stays text."""
    if b"begin " not in data:
        return data, []
    words: list[bytes] = []
    files: list[File] = []
    at = searched = 0
    for _ in range(MOST_BEGINS):
        begin = _begins(data, searched)
        if begin is None or len(files) == MOST_FILES:
            break
        end, found = _body(data, begin.end())
        searched = begin.end()
        if found is None:
            continue
        words.append(data[at : begin.start()])
        files.append(File(begin[1].decode("utf-8", "replace"), found))
        at = searched = end
    return b"".join([*words, data[at:]]), files


def _begins(data: bytes, at: int) -> re.Match[bytes] | None:
    while (at := data.find(b"begin ", at)) >= 0:
        if (at == 0 or data[at - 1 : at] == b"\n") and (found := _BEGIN.match(data, at)):
            return found
        at += 1
    return None


def _body(data: bytes, at: int) -> tuple[int, bytes | None]:
    """Where it ends and what it holds, None when its first line holds nothing."""
    pieces: list[bytes] = []
    while line := _LINE.match(data, at):
        octets = unuued(line[0].rstrip(b"\r\n"))
        if octets is None:
            break
        at = line.end()
        pieces.append(octets)
        if not octets:
            break
    if not any(pieces):
        return at, None
    ended = re.compile(rb"(?:[ \t`]*\r?\n){0,2}end[ \t]*(?:\r?\n|\Z)").match(data, at)
    return ended.end() if ended else at, b"".join(pieces)
