"""Which conversation a mail belongs to: by what we signed, then by message ids, never by its subject. Pure.

    support+c.<conversation>.<signature>@northwind.example    where answers go
    support+b.<contact.n>.<signature>@northwind.example       where bounces of one reply go
    <c.<conversation>.<contact.n>.<signature>@northwind.example>    the Message-ID of one reply

Signatures are over the customer's address, too (SEC16): whoever else uses such an address or quotes such an id begins a
conversation of their own. Everything is base32 in lower case: some servers write addresses in capitals.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

LENGTH = 16
"""Characters of a conversation's id and of a signature, 5 bits each."""
MOST = 50
"""Message ids of a mail that are looked at, the newest."""
_WORD = rf"[a-z2-7]{{{LENGTH}}}"
_REPLY = re.compile(rf"(?P<local>.+)\+c\.(?P<conversation>{_WORD})\.(?P<signature>{_WORD})@(?P<domain>[^@]+)")
_BOUNCE = re.compile(
    rf"(?P<local>.+)\+b\.(?P<key>c\d{{1,12}}\.\d{{1,6}})\.(?P<signature>{_WORD})@(?P<domain>[^@]+)"
)
_ID = re.compile(
    rf"<c\.(?P<conversation>{_WORD})\.(?P<key>c\d{{1,12}}\.\d{{1,6}})\.(?P<signature>{_WORD})@(?P<domain>[^@<>]+)>"
)


def short(*parts: str) -> str:
    """A short hash of texts."""
    return _letters(hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).digest())


def begun(sender: str, message_id: str) -> str:
    """The conversation that a first mail begins; without a Message-ID give it the mail's hash."""
    return short("conversation", sender.casefold(), message_id)


@dataclass(frozen=True, slots=True)
class Quoted:
    """A Message-ID that looks like one of ours: `key` is the reply it is of ("C1001.3")."""

    conversation: str
    key: str
    signature: str = field(repr=False)
    domain: str

    @property
    def contact(self) -> str:
        """Of which contact it is, "C1001"."""
        return self.key.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Makes our addresses and ids, and tells good ones."""

    secret: str = field(repr=False)

    def reply_address(self, mailbox: str, conversation: str, customer: str) -> str:
        """Where `customer` answers to."""
        local, _, domain = mailbox.rpartition("@")
        return f"{local}+c.{conversation}.{self._reply(mailbox, conversation, customer)}@{domain}"

    def bounce_address(self, mailbox: str, key: str) -> str:
        """Where it comes back to when the reply `key` ("C1001.3") can't be delivered."""
        local, _, domain = mailbox.rpartition("@")
        return f"{local}+b.{key.lower()}.{self._sign('bounce', mailbox, key)}@{domain}"

    def message_id(self, domain: str, conversation: str, key: str, customer: str) -> str:
        """The Message-ID of the reply `key` ("C1001.3"), the same however often it is sent."""
        return f"<c.{conversation}.{key.lower()}.{self._id(domain, conversation, key, customer)}@{domain}>"

    def answered(self, address: str, customer: str) -> str:
        """The conversation whose signed address `customer` wrote to, "" where it isn't theirs or none."""
        it = _REPLY.fullmatch(address.casefold())
        if it is None:
            return ""
        signed = self._reply(f"{it['local']}@{it['domain']}", it["conversation"], customer)
        return it["conversation"] if hmac.compare_digest(signed, it["signature"]) else ""

    def bounced(self, address: str) -> str:
        """The reply ("C1001.3") that came back to `address`, "" for none."""
        it = _BOUNCE.fullmatch(address.casefold())
        if it is None:
            return ""
        signed = self._sign("bounce", f"{it['local']}@{it['domain']}", it["key"])
        return it["key"].upper() if hmac.compare_digest(signed, it["signature"]) else ""

    def good(self, it: Quoted, customer: str) -> bool:
        """Whether we gave that Message-ID to a mail to `customer`."""
        return hmac.compare_digest(self._id(it.domain, it.conversation, it.key, customer), it.signature)

    def _reply(self, mailbox: str, conversation: str, customer: str) -> str:
        return self._sign("reply", mailbox, conversation, customer)

    def _id(self, domain: str, conversation: str, key: str, customer: str) -> str:
        return self._sign("id", domain, conversation, key, customer)

    def _sign(self, *said: str) -> str:
        text = "\0".join(said).casefold().encode("utf-8", "surrogateescape")
        return _letters(hmac.new(self.secret.encode(), b"mail\0" + text, hashlib.sha256).digest())


def quoted(message_ids: Iterable[str]) -> tuple[Quoted, ...]:
    """Those of `message_ids` that look like ours, unchecked."""
    found = (_ID.fullmatch(it.casefold()) for it in message_ids)
    return tuple(
        Quoted(it["conversation"], it["key"].upper(), it["signature"], it["domain"]) for it in found if it
    )


def looks_signed(address: str) -> bool:
    """Whether it has the form of an address that answers go to; whose it is and whether it's good isn't asked."""
    return _REPLY.fullmatch(address.casefold()) is not None


def mailbox_of(address: str, mailboxes: Collection[str]) -> str:
    """Which of `mailboxes` (lower case) takes mail for `address`, "" for none.

    Itself, or an address of the form that we sign; whether the signature is good is asked when its sender is known, and a
    mail with a bad one is a mail like any other.
    """
    plain = address.casefold()
    if plain in mailboxes:
        return plain
    if it := _REPLY.fullmatch(plain) or _BOUNCE.fullmatch(plain):
        plain = f"{it['local']}@{it['domain']}"
    return plain if plain in mailboxes else ""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a mail says of where it belongs. `sure`: the conversation that we signed for its sender, "" for none.

    `ours`: the ids that we gave to mails to its sender; `others`: those that we can't have given to them, if to anybody.
    `maybe`: conversations that its sender began, if the ids that it refers to, `ids`, are their own; the newest first.
    """

    sure: str
    ours: tuple[Quoted, ...]
    others: tuple[Quoted, ...]
    maybe: tuple[str, ...]
    ids: tuple[str, ...]


def claim(signatures: Signatures, sender: str, addresses: Iterable[str], refers: Iterable[str]) -> Claim:
    """`addresses`: to whom it went; `refers`: References, then In-Reply-To, so that the newest comes last."""
    ids = list(dict.fromkeys(refers))[-MOST:]
    looked = quoted(ids)
    ours = tuple(it for it in looked if signatures.good(it, sender))
    answered = next((it for address in addresses if (it := signatures.answered(address, sender))), "")
    sure = answered or (ours[-1].conversation if ours else "")
    maybe = tuple(begun(sender, it) for it in reversed(ids))
    return Claim(sure, ours, tuple(it for it in looked if it not in ours), maybe, tuple(ids))


def _letters(digest: bytes) -> str:
    return base64.b32encode(digest[: LENGTH * 5 // 8]).decode().lower()
