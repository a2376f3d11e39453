"""What a mail contact's timeline says beside its messages, and what can be pressed for the whole mail. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..channels.channel import Button
from ..channels.email.beside import FOLDED, SCHEME, WHOLE, Beside
from ..queue.contact import Media
from ..queue.state import ContactView

WHAT = "mail"
"""What happens in a contact, as the ledger calls it."""
SHOWN = 600
"""Characters of an automatic mail that its line shows."""
KINDS: Mapping[str, str] = {
    "bounce": "A mail came back",
    "delay": "A mail server says that a mail is late",
    "auto-reply": "An automatic reply came",
    "list": "A mailing list wrote here",
    "ours": "A mail of our own came back here",
}


def note(it: Beside) -> str:
    """What the transcript keeps of it."""
    return f"{_what(it)}\n{it.text}".strip()


def about(it: Beside, n: int) -> dict[str, str]:
    """What the ledger tells of the note `n`."""
    told = {"is": it.kind, "text": it.text[:SHOWN], "reply": it.key, "why": it.said[:SHOWN], "n": str(n)}
    return {name: value for name, value in told.items() if value}


def said(x: Mapping[str, object]) -> str:
    """A line of the timeline."""
    kind = str(x.get("is"))
    if kind == "stranger":
        return (
            f"{x.get('who')} wrote with this conversation's address or to one of its mails, and isn't its customer: "
            f"that is {x.get('contact')}."
        )
    text = str(x.get("text") or "")
    quoted = (
        f" “{text}{'…' if len(text) == SHOWN else ''}”" if text and kind not in ("bounce", "delay") else ""
    )
    return f"{_line(kind, str(x.get('reply') or ''), str(x.get('why') or ''))}{quoted}"


def _what(it: Beside) -> str:
    return _line(it.kind, it.key, it.said)


def _line(kind: str, reply: str, why: str) -> str:
    of = f" (message {reply.partition('.')[2]})" if reply else ""
    nobody = "" if kind in ("bounce", "delay") else " Nobody is asked for it, and it isn't answered."
    return f"{KINDS.get(kind, 'An automatic mail came')}{of}{f': {why}' if why else ''}.{nobody}"


def line_buttons(contact: str, x: Mapping[str, object]) -> tuple[Button, ...]:
    """What stands beneath that line in the thread."""
    n = str(x.get("n") or "")
    return (whole_button(contact, int(n)),) if n.isdecimal() else ()


def whole_button(contact: str, n: int) -> Button:
    """The whole mail that the message `n` is of; 0: all mails of the contact."""
    return Button("mail.whole", "Whole mail" if n else "Whole mails", f"{contact}.{n}" if n else contact)


def head_buttons(contact: ContactView) -> tuple[Button, ...]:
    """What the thread's first message has for it."""
    return (whole_button(contact.id, 0),) if contact.channel == "email" else ()


def whole(media: Sequence[Media]) -> Media | None:
    """The mail that a message was; None where it wasn't one."""
    return next((it for it in media if it.url.startswith(SCHEME) and it.content_type == WHOLE), None)


def shown(text: str, subject: str, media: Sequence[Media], first: bool) -> tuple[str, tuple[Media, ...]]:
    """A mail's words and files as a line shows them: its title before the first one's, a mark where words were folded
    away, and the mail itself not among the files."""
    it = whole(media)
    if it is None:
        return text, tuple(media)
    title = f"Subject: {subject}\n" if first and subject else ""
    more = "\n[…]" if it.name == FOLDED else ""
    return f"{title}{text}{more}", tuple(one for one in media if one is not it)
