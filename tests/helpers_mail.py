"""The product with a mail entry, and what a test does with mails."""

from __future__ import annotations

import json
from email.message import EmailMessage
from typing import Any

from helpers_app import PLAN, Inside

from tierline.channels.email.conversation import begun
from tierline.queue.contact import Arrived

Json = dict[str, Any]
BOX, EVA = "support@inside.example", "eva@customer.example"
MAILS = PLAN.replace("entry: [", f"entry: [{{channel: email, to: {BOX}, service: help}}, ").replace(
    "channels: {", "channels: {email: {offer: 60s}, "
)


def mail(text: str, n: str = "1", subject: str = "My invoice", sender: str = EVA, **headers: str) -> bytes:
    """A customer's mail."""
    it = EmailMessage()
    it["From"], it["To"], it["Subject"] = f"Eva Brandt <{sender}>", BOX, subject
    it["Message-ID"], it["Date"] = f"<{n}@customer.example>", "Mon, 30 Nov 2026 09:00:00 +0100"
    for name, value in headers.items():
        it[name.replace("_", "-")] = value
    it.set_content(text)
    return it.as_bytes().replace(b"\n", b"\r\n")


async def arrives(it: Inside, text: str, n: str = "1", subject: str = "My invoice", sender: str = EVA) -> str:
    """A mail as its door heard it; its contact."""
    arrived = Arrived(
        "email", f"mail {sender} {n}", sender, BOX, text, verified=True, name="Eva Brandt",
        conversation=begun(sender, "<1@customer.example>"), subject=subject, message_id=f"<{n}@customer.example>",
    )  # fmt: skip
    return (await it.app.intake(arrived)).contact


async def got(it: Inside, text: str = "", address: str = EVA) -> list[Json]:
    """What the product sent there, with `text` in it."""
    found: list[Json] = await it.call(f"/mail?address={address.replace('+', '%2B')}")
    return [m for m in found if text in m["text"] or text in m["subject"]]


async def thread(it: Inside, contact: str) -> dict[str, str]:
    """The place of a contact's thread."""

    async def looked() -> dict[str, str] | None:
        for m in await it.channel("desk"):
            said = (m.get("metadata") or {}).get("event_payload", {})
            if said.get("contact") == contact and "thread_ts" not in m:
                return {"channel": str(m["channel"]), "thread_ts": str(m["ts"])}
        return None

    found: dict[str, str] = await it.until(looked)
    return found


async def taken(it: Inside, text: str = "Please help", n: str = "1") -> tuple[str, dict[str, str]]:
    """Eva's mail is Ada's: its contact and its thread."""
    await it.slash("Ada", "available")
    contact = await arrives(it, text, n)
    await it.accept("Ada", text)
    return contact, await thread(it, contact)


async def replies(it: Inside, at: dict[str, str], text: str, name: str = "Ada") -> None:
    """An agent types in the thread."""
    await it.call("/slack/reply", {"user": it.person(name).slack, "text": text, **at})


async def shown(it: Inside, at: dict[str, str]) -> str:
    """Everything that stands in a thread."""
    found = await it.channel("desk")
    return json.dumps(
        [m for m in found if m.get("thread_ts", m["ts"]) == at["thread_ts"]], ensure_ascii=False
    )
