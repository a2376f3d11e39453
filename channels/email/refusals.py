"""What a mail server's no means, in words for an agent (RFC 5321, RFC 3463). Pure."""

from __future__ import annotations

import re

_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_WORDS = {
    "1.1": "there is no such mailbox",
    "1.2": "their mail domain doesn't exist",
    "1.3": "the address is wrong",
    "1.6": "the mailbox has moved",
    "1.10": "their domain takes no mail",
    "2.1": "the mailbox is closed",
    "2.2": "the mailbox is full",
    "2.3": "the mail is too large for them",
    "3.4": "the mail is too large",
    "4.7": "it was tried for too long",
    "6.7": "the address has letters that can't be written to",
    "7.0": "their server refuses us",
    "7.1": "their server refuses us",
    "7.8": "our login is refused",
    "7.26": "their server doubts that we are who we say (SPF, DKIM)",
}
_CODES = {
    421: "the mail server is busy",
    450: "the mailbox is not available now",
    451: "the mail server has trouble",
    452: "the mail server has no room",
    530: "our login is missing",
    535: "our login is refused",
    550: "the mailbox is not available",
    551: "they aren't there any more",
    552: "the mail is too large, or the mailbox full",
    553: "the address is not allowed",
    554: "their server refuses it",
}
LONGEST = 160


def in_words(code: int, said: str) -> str:
    """Why, and what exactly the server said: "there is no such mailbox (550 5.1.1 User unknown)"."""
    line = " ".join(said.split())[:LONGEST]
    found = _ENHANCED.search(line)
    known = _WORDS.get(found[1].partition(".")[2]) if found else None
    if code < 500 and known != _WORDS["2.2"]:
        known = None  # for now only: greylisting, say, gives the reasons of a refusal for good
    why = known or _CODES.get(
        code, "the mail server refuses it for now" if code < 500 else "the mail server refuses it"
    )
    return f"{why} ({code} {line})" if line else f"{why} ({code})"
