"""DKIM (RFC 6376): a mail of ours with our domain's signature before it, by dkimpy of the extra `mailauth`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Sign = Callable[[bytes], bytes]
"""Puts a DKIM-Signature before a mail (CRLF lines); takes milliseconds, so it is called in a thread."""

_PROBE = b"From: probe@invalid\r\nSubject: probe\r\n\r\nprobe\r\n"


class CannotSign(ValueError):
    """Why mails can't be signed, in words for an operator."""


def signer(domain: str, selector: str, key: Path | None) -> Sign | None:
    """Signs for `domain` by the private key (PEM, RSA) in the file `key`, whose public half stands in the DNS at
    `selector`._domainkey.`domain`. None where none of the three is set. Reads the file; raises CannotSign."""
    if not (domain or selector or key):
        return None
    if not (domain and selector and key):
        raise CannotSign("TIERLINE_DKIM_DOMAIN, TIERLINE_DKIM_SELECTOR and TIERLINE_DKIM_KEY belong together")
    try:
        import dkim
    except ImportError:
        raise CannotSign("the library is missing: pip install 'tierline[mailauth]'") from None
    try:
        names = (selector.encode("ascii"), domain.encode("idna"))
        private = key.read_bytes()
    except (OSError, UnicodeError) as error:
        raise CannotSign(f"{key} can't be read ({type(error).__name__})") from None

    def sign(raw: bytes) -> bytes:
        head: bytes = dkim.sign(raw, *names, private, canonicalize=(b"relaxed", b"relaxed"))
        return head + raw

    try:
        sign(_PROBE)
    except Exception as error:  # dkimpy raises whatever a broken key makes of its parser
        raise CannotSign(f"{key} is no RSA key in PEM ({type(error).__name__})") from None
    return sign
