"""The JSON of a message in a transcript, decoded once: what was said, by whom, with what attached."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..channels.channel import Line
from ..channels.shared import is_shared
from ..queue.contact import Media
from ..queue.json_text import parsed
from ..queue.state import MessageView
from . import mail_words


@dataclass(frozen=True, slots=True)
class Body:
    """What a message says. `source` is the place in Slack where it was typed, "" when it wasn't; `who` a note's writer.

    A name is what people call themselves; by `who`, their id in Slack, it is known whose words a note has. `name` is that
    of the customer who said it, where the door told one, `sender` their address; `subject` a mail's title. `rich` is
    the formatting of what was typed (`channels/rich.py: dumped`), which holds while its plain words are `text`.
    `choices` are the answers that a door with buttons shows beneath `brief`, where `text` has them written out for all
    others.
    """

    text: str
    media: tuple[Media, ...] = ()
    by: str = ""
    source: str = ""
    who: str = ""
    name: str = ""
    subject: str = ""
    rich: str = ""
    brief: str = ""
    choices: tuple[str, ...] = ()
    sender: str = ""

    def to_json(self) -> str:
        """One line of JSON."""
        media = [[it.url, it.content_type, it.name] for it in self.media]
        raw: dict[str, object] = {"text": self.text, "media": media, "by": self.by, "source": self.source}
        if self.who:
            raw["who"] = self.who
        if self.subject:
            raw["subject"] = self.subject
        if self.rich:
            raw["rich"] = self.rich
        if self.choices:
            raw |= {"brief": self.brief, "choices": self.choices}
        return json.dumps(raw, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def parse(cls, raw: str) -> Body:
        """The inverse; an arrival's JSON, which has more fields, is read too."""
        it = parsed(raw or "{}")
        media = tuple(Media(str(u), str(t), str(n)) for u, t, n in it.get("media", ()))
        by, source, who, name, subject, rich, brief, sender = (
            str(it.get(key, ""))
            for key in ("by", "source", "who", "name", "subject", "rich", "brief", "sender")
        )
        choices = tuple(str(one) for one in it.get("choices", ()))
        return cls(
            str(it.get("text", "")), media, by, source, who, name, subject, rich, brief, choices, sender
        )


def words_of(message: MessageView) -> str:
    """What a customer said, a first mail's title before it."""
    body = Body.parse(message.body)
    return mail_words.shown(body.text, body.subject, body.media, first=message.n == 1)[0]


def line(contact: str, message: MessageView, customer: str) -> Line:
    """A message of the transcript as the desk shows it."""
    body = Body.parse(message.body)
    match message.kind:
        case "in":
            author = _author(body, customer)
            text, media = mail_words.shown(body.text, body.subject, body.media, first=message.n == 1)
            more = (mail_words.whole_button(contact, message.n),) if len(media) < len(body.media) else ()
            return Line(contact, message.n, "customer", author, text, message.at, media, more)
        case "note":
            return Line(contact, message.n, "note", body.by, body.text, message.at, body.media)
        case "reply":
            return Line(contact, message.n, "agent", body.by, body.text, message.at, body.media)
        case _:
            return Line(contact, message.n, "system", "Tierline", body.text, message.at, body.media)


def _author(body: Body, customer: str) -> str:
    """Who said it: the contact's customer, somebody of theirs, or whoever's contact was merged into it."""
    if body.sender and not is_shared(body.sender) and body.sender.casefold() not in customer.casefold():
        return ", ".join(filter(None, (body.name, body.sender)))
    # In a channel that a customer shares several of them speak.
    other = body.name and not customer.startswith(body.name)
    return f"{body.name} ({customer})" if other else customer
