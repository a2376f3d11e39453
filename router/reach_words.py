"""What `/tierline text …`, `call …` and `mail …` mean: whom, by which door, in which words. Pure."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from ..channels.email.conversation import short
from ..queue.contact import Decision
from ..skills.skill import Channel
from .after_calls import sms_sender
from .commands import contact_number
from .facts import Facts
from .letters import mail_sender
from .rulebook import Rulebook

Verb = Literal["text", "call", "mail"]
CHANNELS: dict[Verb, Channel] = {"text": "sms", "call": "voice", "mail": "email"}
LONGEST = 1_500
"""Characters of a text that a button carries to its form."""
_SAID = re.compile(r"(text|call|mail)\s+(\S.*)", re.IGNORECASE | re.DOTALL)
_CONTACT = re.compile(r"#?(?:c\d{1,12}|\d{4,6})(?!\w)\s*:?\s*(.*)", re.IGNORECASE | re.DOTALL)
_MAIL = re.compile(r"([^\s<>@:]+@[^\s<>@:]+\.[^\s<>@:]+?)(?:\s*:\s*|\s+|$)(.*)", re.DOTALL)
_NUMBER = re.compile(r"(\+?\d[\d ()/.-]{4,}\d)(?!\w)\s*:?\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants to reach `whom`, as they said it: a contact's number, a telephone number, or a name."""

    verb: Verb
    whom: str
    words: str = ""
    kind: Literal["contact", "number", "address", "name"] = "name"

    def dump(self) -> str:
        """For a button."""
        return json.dumps([self.verb, self.whom, self.words[:LONGEST], self.kind], ensure_ascii=False)

    @classmethod
    def read(cls, raw: str) -> Wish | None:
        """The inverse; None for anything else."""
        try:
            verb, whom, words, kind = json.loads(raw)
        except (ValueError, TypeError):
            return None
        if verb not in CHANNELS or kind not in ("contact", "number", "address", "name"):
            return None
        return cls(verb, str(whom), str(words), kind)


@dataclass(frozen=True, slots=True)
class Whom:
    """A customer and how we know them; `contact` is the one that it is about, "" for none."""

    key: str
    name: str
    address: str
    language: str = ""
    verified: bool = False
    recipient: str = ""
    service: str = ""
    contact: str = ""

    @property
    def called(self) -> str:
        """As people say it."""
        return f"{self.name} ({self.address})" if self.name else self.address


def parse(text: str) -> Wish | None:
    """What was typed; None when it is none of these."""
    found = _SAID.fullmatch(text.strip())
    if found is None:
        return None
    said = found[1].casefold()
    verb: Verb = "call" if said == "call" else "mail" if said == "mail" else "text"
    rest = found[2].strip()
    if verb == "mail" and (it := _MAIL.fullmatch(rest)):
        return Wish(verb, it[1].casefold(), it[2].strip(), "address")
    if it := _CONTACT.fullmatch(rest):
        return Wish(verb, contact_number(rest.split()[0].rstrip(":")), it[1].strip(), "contact")
    if it := _NUMBER.fullmatch(rest):
        return Wish(verb, it[1], it[2].strip(), "number")
    name, _, words = rest.partition(":")
    return Wish(verb, " ".join(name.split()), words.strip())


def suits(verb: Verb, address: str) -> bool:
    """Whether that is an address by which somebody can be reached so."""
    return "@" in address if verb == "mail" else address.startswith("+")


def thread_of(channel: Channel, address: str, sender: str) -> str:
    """The conversation that begins: of mails each has its own, of texts and calls there is one."""
    if channel != "email":
        return f"{channel}:{address}:{sender}"
    return f"email:{address}:{sender}:{short('reached', address, secrets.token_hex(16))}"


def number(said: str, region: str) -> str:
    """A telephone number in E.164, "" when it is none; one without its country is of `region`."""
    import phonenumbers  # tens of milliseconds that no start waits for

    text = f"+{said[2:]}" if said.startswith("00") else said
    try:
        parsed = phonenumbers.parse(text[:40], region or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def ours(book: Rulebook, channel: Channel, known: str) -> str:
    """The number of ours that we write or call from: the one they know, if it does that, else the plan's; "" for none."""
    if channel == "sms":
        return sms_sender(book, known if known.startswith("+") else "")
    if channel == "email":
        return mail_sender(book, known if "@" in known else "")
    if known and book.plan.entry_for("voice", known) is not None:
        return known
    spec = book.plan.channels.voice
    return spec.sender or next((it.to for it in book.plan.entry if it.channel == "voice" and it.to), "")


def service_of(book: Rulebook, channel: Channel, it: Whom, sender: str) -> str:
    """The service of the contact that it is about, else that of the door that it goes out by, else the first."""
    entry = book.plan.entry_for(channel, sender)
    wanted = (it.service, (entry.unasked or "") if entry else "", *book.services)
    return next((name for name in wanted if name in book.services), "")


def decision(book: Rulebook, channel: Channel, it: Whom, sender: str, service: str, now: int) -> Decision:
    """How the new contact is worked on should its owner ever lose it; nothing is promised, as nobody has asked."""
    language = it.language or (book.plan.languages[0] if book.plan.languages else "en")
    route = book.route(book.services[service], channel, (), language)
    facts = Facts(
        it.key, it.name, it.address, sender, it.verified, language, book.version, "", 0,
        book.services[service].priority, None,
    )  # fmt: skip
    return Decision(route, now, facts=facts.to_json())


def of_facts(facts: Facts, service: str, contact: str) -> Whom:
    """The customer of a contact."""
    return Whom(
        facts.customer,
        facts.name,
        facts.address,
        facts.language,
        facts.verified,
        facts.recipient,
        service,
        contact,
    )
