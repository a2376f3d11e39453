"""The process that reads mails: `python -m tierline.channels.email.reading_worker`, jobs on its stdin, one at a time.

A process of its own, because a mail may be made so that reading it takes for ever or all memory there is: each job
has so many seconds of CPU, after which the system ends the process, and its memory is bounded. Nothing that a mail
does here reaches the loop that serves customers.
"""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
from typing import BinaryIO

from .frames import HEAD, Asked, answer_head, letter_json
from .reading import part_bytes, read
from .showing import page

MEMORY = 1_024 * 1024 * 1024
"""Bytes of address space: a mail of 25 MB needs a quarter of it."""
SWOLLEN = 400 * 1024
"""KB of memory in use at which the process ends after its answer: its successor begins small."""


def serve(source: BinaryIO, out: BinaryIO) -> None:
    """Answer job by job until nobody asks any more."""
    while head := _exactly(source, HEAD.size):
        words, size = HEAD.unpack(head)
        asked = Asked.parse(_exactly(source, words))
        raw = _exactly(source, size)
        signal.setitimer(signal.ITIMER_PROF, asked.seconds)  # SIGPROF ends the process, in C code too
        kind, answer = _answer(asked, raw)
        signal.setitimer(signal.ITIMER_PROF, 0)
        out.write(answer_head(kind, len(answer)))
        out.write(answer)
        out.flush()
        if _swollen():
            return


def _answer(asked: Asked, raw: bytes) -> tuple[int, bytes]:
    """1 and what was asked for, or 0 and nothing: the mail has no such part."""
    match asked.what:
        case "page":
            return 1, page(raw).encode("utf-8", "replace")
        case "part":
            found = part_bytes(raw, asked.part)
            return (0, b"") if found is None else (1, found)
        case _:
            return 1, letter_json(read(raw, asked.envelope, asked.ours, asked.authserv_ids))


def _exactly(source: BinaryIO, size: int) -> bytes:
    """So many bytes; fewer, and the end of it all, when whoever asked is gone."""
    data = source.read(size)
    if len(data) < size:
        sys.exit(0)
    return data


def _swollen() -> bool:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used // (1024 if sys.platform == "darwin" else 1) > SWOLLEN


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
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed here is no answer
    logging.disable()  # what libraries log of a mail they stumble over are pieces of it
    _bounded()
    serve(sys.stdin.buffer, out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
