"""Whether *our* mail server vouches for the address in From (RFC 8601, RFC 7489, section 3.1). Pure.

Only what it wrote itself counts: the topmost Authentication-Results with one of the plan's `authserv_id`, above every
Received of a server that isn't ours. A server that says so must take away what strangers wrote in its name, as
RFC 8601, section 5 demands. Microsoft 365 names nobody there: where the plan says `unnamed`, the topmost of all counts
for what came from a mailbox, if it names nobody and only Microsoft's servers wrote above it. Everything else is
claimed: no such field, several senders, what cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from email.message import Message

import authres
from authres.core import AuthenticationResultsHeader

from .fields import Fields, addresses_in, domain_of
from .letter import Envelope, Trust

UNNAMED = "unnamed"
"""The plan's word for a provider whose Authentication-Results say no name."""
_MICROSOFT = re.compile(r"(?:[a-z0-9-]+\.)*(?:outlook\.com|office365\.com|exchangelabs\.com)")
_COMMENT = re.compile(r"\([^()]*\)")
_KNOWN = re.compile(r"\s*(spf|dkim|dmarc)\s*=\s*([a-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)
_SAID = re.compile(r"\b(header\.(?:d|i|from)|smtp\.mailfrom)\s*=\s*([^\s;()\"]+)", re.IGNORECASE)
_BY = re.compile(r"(?:^|\s)by\s+([^\s;()]+)", re.IGNORECASE)
_SECOND_LEVEL = ("co", "com", "net", "org", "ac", "gov", "edu", "ne", "or", "gob", "gouv")


def vouching(envelope: Envelope, authserv_ids: Collection[str]) -> Collection[str]:
    """Those of `authserv_ids` that count for a mail that came so: none for one that a stranger brought by SMTP, who may
    have written anything above it; a mailbox's provider, and our own server, have looked at it before us."""
    if envelope.by in ("", "smtp"):
        return ()
    return [it for it in authserv_ids if it != UNNAMED] if envelope.by == "relay" else authserv_ids


def vouched(headers: Message, authserv_ids: Collection[str], sender: str) -> Trust:
    """ "verified" if our server saw an aligned pass for `sender`, the one address in From; else "claimed"."""
    if not authserv_ids:
        return "claimed"
    fields = Fields.of(headers)
    if not _is_the_sender(fields, sender):
        return "claimed"
    ours = tuple(it.strip().lower().rstrip(".") for it in authserv_ids if it.strip())
    result = _ours(fields, ours) or (_unnamed(fields) if UNNAMED in ours else None)
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


def _unnamed(fields: Fields) -> AuthenticationResultsHeader | None:
    """The topmost of all, if it names nobody and stands above what no server of Microsoft's wrote."""
    for name, value in fields.lines:
        if name == "received":
            by = _BY.search(value)
            if by is None or not _MICROSOFT.fullmatch(by[1].lower().rstrip(".")):
                return None
        if name == "authentication-results":
            return _without_name(value)
    return None


def _without_name(value: str) -> AuthenticationResultsHeader | None:
    """`spf=pass … ;dmarc=pass action=none …`: what of it has a standard's form; None if it names somebody."""
    for _ in range(3):
        value = _COMMENT.sub(" ", value)
    parts = value.split(";")
    if "(" in value or not re.match(r"\s*[a-z]+\s*=", parts[0], re.IGNORECASE):
        return None
    found = [
        f"{it[1]}={it[2]} " + " ".join(f"{key}={said}" for key, said in _SAID.findall(it[3]))
        for it in map(_KNOWN.match, parts)
        if it
    ]
    return _parsed(f"{UNNAMED}; " + "; ".join(found)) if found else None


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
