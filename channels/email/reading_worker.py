"""The process that reads mails: `python -m tierline.channels.email.reading_worker`, jobs on its stdin, a few at a time.

A process of its own, because a mail may be made so that reading it takes for ever or all memory there is: each job
has so many seconds of CPU, after which the system ends the process, and its memory is bounded. Nothing that a mail
does here reaches the loop that serves customers.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import BinaryIO

from .disk import keep_all
from .frames import FOUND, HEAD, NOT_KEPT, NOTHING, Asked, answer_head, letter_bytes
from .reading import part_bytes, read
from .showing import page

MEMORY = 1_024 * 1024 * 1024
"""Bytes of address space: a mail of 25 MB needs a quarter of it."""
BUFFER = 128 * 1024
"""Bytes: most jobs and answers are one read and one write."""
STACK = 512 * 1024
"""Bytes: the disk's thread opens and writes files, and no more."""
SWOLLEN = 400 * 1024
"""KB of memory in use at which the process ends after its answer: its successor begins small."""


def serve(source: BinaryIO, out: BinaryIO) -> None:
    """Answer job by job until nobody asks any more: those that came together, together."""
    disk = ThreadPoolExecutor(1, "disk")
    while jobs := _together(source):
        # The disk is waited for while they are read; nobody is answered before both are done.
        keeping = disk.submit(_kept, jobs) if any(asked.keep for asked, _ in jobs) else None
        answers = []
        for asked, raw in jobs:
            signal.setitimer(signal.ITIMER_PROF, asked.seconds)  # SIGPROF ends the process, in C code too
            answers.append(_answer(asked, raw))
        signal.setitimer(signal.ITIMER_PROF, 0)
        kept = keeping.result() if keeping is not None else {}
        for i, (kind, answer) in enumerate(answers):
            kind, answer = _told(kept[i], answer) if i in kept else (kind, answer)
            out.write(answer_head(kind, len(answer)) + answer)
        out.flush()
        if _swollen():
            return


def _together(source: BinaryIO) -> list[tuple[Asked, bytes]]:
    """The next jobs up to the last that was handed over with them; none at the end of it all."""
    jobs: list[tuple[Asked, bytes]] = []
    while not jobs or not jobs[-1][0].last:
        head = source.read(HEAD.size) if not jobs else _exactly(source, HEAD.size)
        if len(head) < HEAD.size:
            return []
        words, size = HEAD.unpack(head)
        asked = Asked.parse(_exactly(source, words))
        jobs.append((asked, _exactly(source, size)))
    return jobs


def _kept(jobs: Sequence[tuple[Asked, bytes]]) -> dict[int, str | OSError]:
    """Make the mails durable of those who want that; their names, or why the disk wants none of them."""
    kept: dict[int, str | OSError] = {}
    for folder in {asked.keep for asked, _ in jobs if asked.keep}:
        theirs = [i for i, (asked, _) in enumerate(jobs) if asked.keep == folder]
        try:
            refs = keep_all(folder, [(jobs[i][1], jobs[i][0].envelope) for i in theirs])
        except OSError as error:
            kept |= dict.fromkeys(theirs, error)
        else:
            kept |= zip(theirs, refs, strict=True)
    return kept


def _told(kept: str | OSError, answer: bytes) -> tuple[int, bytes]:
    """The answer to who wanted a mail kept: its name and what it says, or why it isn't."""
    if isinstance(kept, OSError):
        return NOT_KEPT, (kept.strerror or type(kept).__name__).encode("utf-8", "replace")
    return FOUND, kept.encode("ascii") + answer


def _answer(asked: Asked, raw: bytes) -> tuple[int, bytes]:
    """What was asked for, or nothing: the mail has no such part."""
    match asked.what:
        case "page":
            return FOUND, page(raw).encode("utf-8", "replace")
        case "part":
            found = part_bytes(raw, asked.part)
            return (NOTHING, b"") if found is None else (FOUND, found)
        case _:
            return FOUND, letter_bytes(read(raw, asked.envelope, asked.ours, asked.authserv_ids))


def _exactly(source: BinaryIO, size: int) -> bytes:
    """So many bytes; fewer, and the end of it all, when whoever asked is gone."""
    data = source.read(size)
    if len(data) < size:
        sys.exit(0)
    return data


def _swollen() -> bool:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
    if used <= SWOLLEN or not sys.platform.startswith("linux"):
        return used > SWOLLEN
    # Linux counts the most that whoever started us ever had: beside a large process each mail would be our last.
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[1]) * (resource.getpagesize() // 1024) > SWOLLEN


def _bounded() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    if soft == resource.RLIM_INFINITY or soft > most:
        try:
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))
        except (ValueError, OSError) as error:  # macOS takes none: there the CPU's limit must do
            print(f"no limit of memory: {error}", file=sys.stderr)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold somebody's mail


def main() -> int:
    """Serve whoever started us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's ^C is for the one who started us
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    out = os.fdopen(os.dup(1), "wb", BUFFER)
    os.dup2(2, 1)  # whatever else is printed here is no answer
    logging.disable()  # what libraries log of a mail they stumble over are pieces of it
    _bounded()
    threading.stack_size(STACK)  # of the memory's limit a thread's usual stack would take too much
    sys.setswitchinterval(
        0.0005
    )  # between two calls to the disk its thread waits for nobody's five milliseconds
    gc.freeze()  # what the imports made stays: no look through it between two mails
    serve(os.fdopen(os.dup(0), "rb", BUFFER), out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
