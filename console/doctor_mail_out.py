"""What `tierline doctor` sees of the way out for mails: whether receivers believe them, and whether answers come back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

import aiosmtplib

from ..channels.email.conversation import Signatures, short
from ..channels.email.signing import CannotSign, signer
from ..settings import Settings
from .finding import Finding

WITHIN = 5.0
"""Seconds for all of a domain's records."""
MOST_DOMAINS = 5
RESERVED = ("example", "test", "invalid", "localhost", "local", "internal")
"""Domains that no public name server knows (RFC 2606, RFC 6762): nothing is asked about them."""
PROBE = Signatures("doctor")
"""Makes addresses of the form in which customers answer."""

Texts = Callable[[str], Awaitable[tuple[str, ...]]]
"""The TXT records of a name, () where there are none. Raises OSError when nobody answers."""


@dataclass(frozen=True, slots=True)
class DomainSeen:
    """A domain that our mails come from. `no`: why nothing was looked up; `key`: where our public key should stand."""

    domain: str
    no: str = ""
    spf: str = ""
    dmarc: str = ""
    key: str = ""
    key_there: bool = False


@dataclass(frozen=True, slots=True)
class MailOutSeen:
    """`unsigned`: why DKIM can't be done; `no_plus`: mailboxes whose addresses with a plus sign our server refuses."""

    domains: tuple[DomainSeen, ...] = ()
    unsigned: str = ""
    no_plus: tuple[str, ...] = ()


async def look_at_mail_out(settings: Settings, mailboxes: Iterable[str], texts: Texts) -> MailOutSeen | None:
    """None where no mail goes out, or none of the plan's mailboxes."""
    names = list(dict.fromkeys(it.rpartition("@")[2] for it in mailboxes))[:MOST_DOMAINS]
    if settings.smtp_url is None or not names:
        return None
    try:
        await asyncio.to_thread(signer, settings.dkim_domain, settings.dkim_selector, settings.dkim_key)
        unsigned = ""
    except CannotSign as error:
        unsigned = str(error)
    selector = settings.dkim_selector if not unsigned else ""
    return MailOutSeen(
        tuple(await asyncio.gather(*(_domain(it, settings.dkim_domain, selector, texts) for it in names))),
        unsigned,
    )


async def _domain(domain: str, signs: str, selector: str, texts: Texts) -> DomainSeen:
    key = f"{selector}._domainkey.{signs}" if selector else ""
    if domain.rpartition(".")[2] in RESERVED:
        return DomainSeen(domain, "no public name server knows it", key=key)
    try:
        async with asyncio.timeout(WITHIN):
            own, policy, keys = await asyncio.gather(
                texts(domain), texts(f"_dmarc.{domain}"), texts(key) if key else _nothing()
            )
    except (OSError, TimeoutError) as error:
        return DomainSeen(domain, f"no name server answers ({type(error).__name__})", key=key)
    spf = next((it for it in own if it.lower().startswith("v=spf1")), "")
    dmarc = next((it for it in policy if it.lower().startswith("v=dmarc1")), "")
    there = any("p=" in it.replace(" ", "") and not it.rstrip("; ").endswith("p=") for it in keys)
    return DomainSeen(domain, "", spf, dmarc, key, there)


async def _nothing() -> tuple[str, ...]:
    return ()


async def public_texts(name: str) -> tuple[str, ...]:
    """As the machine's own resolver has them."""
    import dns.asyncresolver  # a tenth of a second to load, for this alone
    import dns.exception
    import dns.resolver

    try:
        found = await dns.asyncresolver.resolve(name, "TXT", lifetime=WITHIN)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except dns.exception.DNSException as error:
        raise OSError(type(error).__name__) from error
    return tuple(b"".join(it.strings).decode("utf-8", "replace") for it in found)


async def refuses_plus(client: aiosmtplib.SMTP, mailboxes: Iterable[str]) -> tuple[str, ...]:
    """Those that our mail server takes mail for, but not for the same address with a plus sign. Nothing is sent.

    A server that isn't theirs takes every address, which says nothing.
    """
    found = []
    for box in list(mailboxes)[:MOST_DOMAINS]:
        answer = PROBE.reply_address(box, short("doctor"), box)
        if await _takes(client, box, box) and not await _takes(client, box, answer):
            found.append(box)
    return tuple(found)


async def _takes(client: aiosmtplib.SMTP, sender: str, recipient: str) -> bool:
    """False where it says for good that there is no such address."""
    try:
        await client.mail(sender)
        await client.rcpt(recipient)
    except aiosmtplib.SMTPRecipientRefused as error:
        return error.code < 500
    except aiosmtplib.SMTPSenderRefused:
        return True
    finally:
        await client.rset()
    return True


def mail_out(seen: MailOutSeen | None, plus: bool) -> Iterator[Finding]:
    """What is well and what isn't. `plus`: whether the plan asks for answers to signed addresses."""
    if seen is None:
        return
    if seen.unsigned:
        yield Finding("bad", "mail out", f"mails are not signed: {seen.unsigned}", "mend TIERLINE_DKIM_…")
    for it in seen.domains:
        yield from _domain_found(it)
    if plus and seen.no_plus:
        boxes = ", ".join(seen.no_plus)
        yield Finding(
            "bad", "mail out", f"answers to {boxes} would bounce: its server refuses addresses with a plus sign",
            "let it take them, or say letters: {plus: false} in the plan: then Message-IDs tell whose an answer is",
        )  # fmt: skip
    elif plus:
        yield Finding(
            "note", "mail out", "customers answer to addresses like support+c.…@: your provider must deliver those",
            "mail support+test@ from outside; if that comes back, say letters: {plus: false} in the plan",
        )  # fmt: skip


def _domain_found(it: DomainSeen) -> Iterator[Finding]:
    if it.no:
        what = f"whether receivers believe mails of {it.domain} wasn't looked up: {it.no}"
        yield Finding(
            "note", "mail out", what,
            f"see that its SPF record names your mail server, that mails are signed (DKIM), "
            f"and that _dmarc.{it.domain} has a DMARC record",
        )  # fmt: skip
        return
    if it.key and not it.key_there:
        yield Finding(
            "bad", "mail out", f"{it.key} has no public key: every signature fails", "publish it there"
        )
    if not it.spf:
        what = f"{it.domain} has no SPF record: receivers hold its mails to be forged"
        yield Finding("bad", "mail out", what, f"add a TXT record at {it.domain} that names your mail server")
    if not it.dmarc:
        what = f"{it.domain} has no DMARC record: Google and Yahoo refuse who sends much"
        yield Finding("note", "mail out", what, f"add “v=DMARC1; p=none” as TXT at _dmarc.{it.domain}")
    if it.spf and it.dmarc:
        signed = f", signed by {it.key}" if it.key else ""
        yield Finding("ok", "mail out", f"{it.domain}: {it.spf[:80]}; {it.dmarc[:60]}{signed}")
