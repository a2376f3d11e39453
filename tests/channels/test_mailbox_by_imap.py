"""A mailbox at a provider, played by Debian's Dovecot: everything that comes there is taken, once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from dovecot_stage import dovecot, looked_after, needs_dovecot
from helpers_app import Inside
from mail_stage import EVA_MAIL, mail

pytestmark = needs_dovecot


async def waits(it: Inside) -> None:
    """Until it has looked at the mailbox and waits for mails."""
    await it.until(lambda: "waits for mails" in it.app.boxes[0].state)


async def texts(it: Inside, sender: str = EVA_MAIL) -> list[str]:
    """The first words of all contacts of a customer."""
    found = [await it.api(f"/contacts/{one['id']}") for one in await it.contacts(sender)]
    return sorted(message["text"] for one in found for message in one["transcript"])


@pytest.mark.promise("mailbox-in")
async def test_a_mail_in_a_mailbox_is_a_contact_within_seconds(tmp_path: Path) -> None:
    async with dovecot() as server, looked_after(tmp_path, server) as it:
        await waits(it)
        begun = time.monotonic()
        server.deliver([mail("It came by IMAP.")])
        await it.until(lambda: it.contacts(EVA_MAIL))
        assert time.monotonic() - begun < 5
        contact = await it.contact(EVA_MAIL)
        assert contact["channel"] == "email"
        assert "It came by IMAP." in json.dumps(contact)
        with server.person() as person:
            assert b"Seen" not in person.uid("FETCH", "1", "(FLAGS)")[1][0]
