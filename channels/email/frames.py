"""What the reading process is asked and what it answers, as bytes on a pipe."""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from .letter import Attachment, Envelope, Letter, Report

HEAD = struct.Struct("!II")
"""Before a job: the length of its words (JSON) and of the mail behind them. Before an answer: its kind and length."""
NOTHING, FOUND, NOT_KEPT = 0, 1, 2
"""Kinds of answers: there is no such part; what was asked for; the disk refused, and why."""

NAMED = len("20261130-") + 40
"""Bytes of a mail's name, which precede its letter where it was to be kept."""
_PARTS = struct.Struct("!II")
"""Before a letter: the length of its JSON, and of its words behind that; what was folded away is the rest."""
_FIELDS = tuple(it.name for it in fields(Letter) if it.name not in ("text", "folded"))


@dataclass(frozen=True, slots=True)
class Asked:
    """One job. `seconds` of CPU are given to it; `part` counts for "part" only, the rest for "read".

    `keep` is the folder in which the mail is made durable first, "" for none. Jobs that are handed over together are
    answered together, in order; the `last` of them says so.
    """

    what: Literal["read", "page", "part"]
    envelope: Envelope
    seconds: float
    ours: tuple[str, ...] = ()
    authserv_ids: tuple[str, ...] = ()
    part: int = 0
    keep: str = ""
    last: bool = True

    def frame(self, size: int) -> bytes:
        """All of it but the mail, which is `size` bytes long."""
        it = self.envelope
        told = {
            "what": self.what, "seconds": self.seconds, "part": self.part,
            "ours": self.ours, "authserv_ids": self.authserv_ids, "keep": self.keep, "last": self.last,
            "envelope": {"sender": it.sender, "recipients": it.recipients, "at": it.at, "by": it.by},
        }  # fmt: skip
        words = json.dumps(told).encode("ascii")
        return HEAD.pack(len(words), size) + words

    @classmethod
    def parse(cls, words: bytes) -> Asked:
        """The inverse of `frame`."""
        it: dict[str, Any] = json.loads(words.decode("ascii"))
        envelope = it.pop("envelope")
        return cls(
            it["what"], Envelope(envelope["sender"], tuple(envelope["recipients"]), envelope["at"], envelope["by"]),
            it["seconds"], tuple(it["ours"]), tuple(it["authserv_ids"]), it["part"],
            it["keep"], it["last"],
        )  # fmt: skip


def answer_head(kind: int, size: int) -> bytes:
    """What precedes an answer."""
    return HEAD.pack(kind, size)


def letter_bytes(letter: Letter) -> bytes:
    """A letter as the process hands it over: its words as they are, behind the rest as JSON, which would take longer to
    write and to read than a mail takes to be read."""
    told: dict[str, Any] = {name: getattr(letter, name) for name in _FIELDS}
    told["attachments"] = [asdict(it) for it in letter.attachments]
    told["reports"] = [asdict(it) for it in letter.reports]
    text, folded = _coded(letter.text), _coded(letter.folded)
    rest = json.dumps(told).encode("ascii")
    return _PARTS.pack(len(rest), len(text)) + rest + text + folded


def letter_of(answer: bytes, start: int = 0) -> Letter:
    """The inverse of `letter_bytes`, from `start` on. Raises ValueError when it is none."""
    try:
        rest, words = _PARTS.unpack_from(answer, start)
        told = start + _PARTS.size
        begins = told + rest
        it: dict[str, Any] = json.loads(answer[told:begins].decode("ascii"))
        it["text"] = answer[begins : begins + words].decode("utf-8", "surrogatepass")
        it["folded"] = answer[begins + words :].decode("utf-8", "surrogatepass")
        it["attachments"] = tuple(Attachment(**one) for one in it["attachments"])
        it["reports"] = tuple(Report(**one) for one in it["reports"])
        for name in ("to", "in_reply_to", "references"):
            it[name] = tuple(it[name])
        return Letter(**it)
    except (KeyError, TypeError, struct.error) as error:
        raise ValueError(f"not a letter: {error}") from None


def _coded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half a character is kept as it came
