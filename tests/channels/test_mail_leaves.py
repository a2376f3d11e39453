"""An agent's reply leaves by mail, through aiosmtplib, to a real SMTP server on loopback."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_app import inside
from mail_out_stage import BOX, EVA, MAILS, got, replies, taken


@pytest.mark.promise("mail-reply")
async def test_a_reply_is_a_mail_of_the_mailbox_that_was_written_to(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await replies(it, at, "Look at <https://help.example/1>:\n• first\n• second")
        sent = (await it.until(lambda: got(it, "first")))[0]
        assert sent["from"] == f'"Ada (inside)" <{BOX}>' and sent["to"] == EVA
        assert sent["subject"] == "Re: My invoice"
        assert sent["in_reply_to"] == "<1@customer.example>" and sent["references"] == [
            "<1@customer.example>"
        ]
        assert sent["reply_to"].startswith("support+c.") and sent["reply_to"].endswith("@inside.example")
        assert sent["envelope"]["from"].startswith(f"support+b.{contact.lower()}.")
        assert "Auto-Submitted" not in sent["headers"]
        assert "<ul><li>first</li><li>second</li></ul>" in sent["html"]

        async def receipt() -> bool:
            found = [m for m in await it.app.queue.messages(contact) if m.kind == "reply"]
            return found[0].status == "sent" and found[0].provider_id == sent["message_id"]

        assert await it.until(receipt)
