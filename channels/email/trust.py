"""Whether *our* mail server vouches for the address in From (RFC 8601, RFC 7489, section 3.1). Pure.

Only what it wrote itself counts: the topmost Authentication-Results with one of the plan's `authserv_id`, above every
Received of a server that isn't ours. A server that says so must take away what strangers wrote in its name, as
RFC 8601, section 5 demands. Everything else is claimed: no such field, several senders, what cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.message import Message

import authres
from authres.core import AuthenticationResultsHeader

from .fields import Fields, addresses_in, domain_of
from .letter import Envelope, Trust

_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_SECOND_LEVEL = ("co", "com", "net", "org", "ac", "gov", "edu", "ne", "or", "gob", "gouv")


def vouching(envelope: Envelope, authserv_ids: Collection[str]) -> Collection[str]:
    """Those of `authserv_ids` that count for a mail that came so: none for one that a stranger brought by SMTP, who may
    have written anything above it; a mailbox's provider, and our own server, have looked at it before us."""
    return () if envelope.by in ("", "smtp") else authserv_ids


def vouched(headers: Message, authserv_ids: Collection[str], sender: str) -> Trust:
    """ "verified" if our server saw an aligned pass for `sender`, the one address in From; else "claimed"."""
    fields = Fields.of(headers)
    if not authserv_ids or not _is_the_sender(fields, sender):
        return "claimed"
    ours = tuple(it.strip().lower().rstrip(".") for it in authserv_ids if it.strip())
    result = _ours(fields, ours)
    if result is None:
        return "claimed"
    return "verified" if _aligned(result, _ascii(domain_of(sender))) else "claimed"


def _is_the_sender(fields: Fields, sender: str) -> bool:
    """Whether `sender` alone stands in From: with several, which of them was vouched for can't be told."""
    values = fields.all("from")
    if len(values) != 1 or not domain_of(sender):
        return False
    found = addresses_in(values[0])
    return len(found) == 1 and found[0] == sender.lower()


def _ours(fields: Fields, ours: Collection[str]) -> AuthenticationResultsHeader | None:
    """The topmost of our server's; None when a server that isn't ours wrote above it, or it can't be read."""
    ours_seen = False
    for name, value in fields.lines:
        if name == "received":
            by = _BY.search(value)
            host = by[1].lower().rstrip(".") if by else ""
            if any(_same_house(host, it) for it in ours):
                ours_seen = True
            elif ours_seen or not _is_number(host):
                return None
        if name == "authentication-results" and (it := _parsed(value)) and it.authserv_id in ours:
            return it
    return None


def _is_number(host: str) -> bool:
    """An address, as hops inside a provider's house are named: above the house's own name it says nothing."""
    return bool(re.fullmatch(r"\[?[0-9a-f.:]+\]?", host)) and any(it in host for it in ".:")


def _same_house(host: str, authserv_id: str) -> bool:
    """Whether a server belongs to whoever our authserv-id names: the id, or a sister under the same domain."""
    labels = authserv_id.split(".")
    near_top = len(labels) == 3 and len(labels[2]) == 2 and labels[1] in _SECOND_LEVEL
    house = authserv_id if len(labels) < 3 or near_top else ".".join(labels[1:])
    return host in (authserv_id, house) or host.endswith(f".{house}")


def _parsed(value: str) -> AuthenticationResultsHeader | None:
    try:
        return authres.parse_value(value)
    except Exception:  # authres raises errors of many kinds for what it cannot read: nobody vouches then
        return None


def _aligned(it: AuthenticationResultsHeader, domain: str) -> bool:
    """DMARC's own word if there is one; else a signature or envelope of the very domain, or one above it.

    A sender's domain *below* that of From isn't taken: without the list of public suffixes it may be a stranger's.
    """
    judged = [one for one in it.results if one.method == "dmarc"]
    decided = [one for one in judged if one.result in ("pass", "fail", "reject", "quarantine")]
    if decided:
        return all(
            one.result == "pass" and _ascii(_property(one, "header", "from")) == domain for one in decided
        )
    for one in it.results:
        if one.result != "pass":
            continue
        if one.method == "dkim":
            said = _property(one, "header", "d") or _property(one, "header", "i")
        elif one.method == "spf":
            said = _property(one, "smtp", "mailfrom")
        else:
            continue
        signed = _ascii(said.rpartition("@")[2].lower().rstrip("."))
        if signed == domain or ("." in signed and domain.endswith(f".{signed}")):
            return True
    return False


def _property(one: object, kind: str, name: str) -> str:
    for it in getattr(one, "properties", ()):
        if it.type.lower() == kind and it.name.lower() == name:
            return str(it.value or "").lower()
    return ""


def _ascii(domain: str) -> str:
    """As the DNS has it: `bücher.example` and `xn--bcher-kva.example` are one."""
    try:
        return domain.encode("idna").decode("ascii").lower() if not domain.isascii() else domain.lower()
    except UnicodeError:
        return domain.lower()
