"""Setup's mail part: the mailbox, the server that takes our answers, and where the mailbox is read."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from pydantic import SecretStr

from ..channels.email.account import Account, BadUrl
from ..router.plan.model import Plan
from ..settings import Settings
from .ask import Ask, Option
from .doctor_mail import mailboxes_of
from .doctor_mailboxes_look import box_seen, smtp_seen
from .first_plan import Door

_ADDRESS = re.compile(r"[^\s@<>(),;:\"]+@[^\s@<>(),;:\"]+\.[^\s@<>(),;:\"]+")
LATER = "-"
TRIES = 3


async def doors(ask: Ask, plan: Plan) -> tuple[Door, ...]:
    """The mailbox that customers write to, and its service; nothing is asked where the plan has one already."""
    if mailboxes_of(plan):
        return ()
    for _ in range(TRIES):
        box = await ask.text("mailbox", "Mail: the address that customers write to (- for later)", LATER)
        if box == LATER:
            return ()
        if _ADDRESS.fullmatch(box):
            break
        ask.say(f"  ✗ {box} is no mail address")
        if not await ask.yes("mailbox_again", "Enter another?", False):
            return ()
    else:
        return ()
    options = tuple(Option(it.name, it.name) for it in plan.services)
    chosen = await ask.choose("service_mail", f"Mails to {box} lead to", options)
    return (Door(box.lower(), chosen[0], "email"),) if chosen else ()


async def servers(ask: Ask, there: dict[str, str], base: Settings) -> dict[str, str]:
    """The settings by which answers leave and mails come, tried; those that are there aren't asked."""
    found = {}
    if "SMTP_URL" not in there:
        form = "The server that takes our answers: smtp://user:password@host:587"
        if url := await _asked(ask, "SMTP_URL", form, lambda it: _no_smtp(base, it)):
            found["SMTP_URL"] = url
    if "IMAP_URL" not in there and "TIERLINE_SMTP_LISTEN" not in there:
        ask.say("Mails are read from a mailbox, or forwarded to our own listener (README: Mail).")
        form = "The mailbox that we read: imaps://user:password@host:993"
        if url := await _asked(ask, "IMAP_URL", form, lambda it: _no_imap(base, it)):
            found["IMAP_URL"] = url
    return found


async def _asked(ask: Ask, key: str, form: str, tried: Callable[[str], Awaitable[str]]) -> str:
    """A URL with a password in it that works; "" when it is left for later."""
    if not await ask.yes(f"give_{key.lower()}", f"Give {key} now?", False):
        return ""
    for _ in range(TRIES):
        url = await ask.secret(key, f"{form} (- for later)")
        if url == LATER:
            return ""
        no = await tried(url)
        if not no:
            ask.say(f"  ✓ {key} works")
            return url
        ask.say(f"  ✗ {key}: {no}")
        if not await ask.yes(f"{key.lower()}_again", "Try again?", False):
            return ""
    return ""


async def _no_smtp(base: Settings, url: str) -> str:
    no, _ = await smtp_seen(base.model_copy(update={"smtp_url": SecretStr(url)}))
    return no


async def _no_imap(base: Settings, url: str) -> str:
    try:
        account = Account.of(url)
    except BadUrl as error:
        return str(error)
    return (await box_seen(base, account)).no
