"""The store is killed amid mails (a thousand in the long checks): each is a contact, or still its sender's, who comes again (F71)."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import aiosmtplib
import pytest
from helpers_app import Inside
from mail_stage import BOX, EVA_MAIL, bring, mail, mail_stage

MAILS, SENDERS = 1000 if os.environ.get("TIERLINE_LONG") else 150, 8


@pytest.mark.promise("mail-store-killed")
async def test_killed_amid_many_mails_the_store_loses_none_and_doubles_none(tmp_path: Path) -> None:
    async with mail_stage(tmp_path) as it:
        codes: list[int] = []
        waiting = [mail(f"Mail {i}.", n=f"k{i}") for i in range(MAILS)]
        senders = [asyncio.create_task(_bring_all(it, waiting, codes)) for _ in range(SENDERS)]
        await it.until(lambda: codes.count(250) > MAILS // 5 or any(one.done() for one in senders), 300)
        server = it.app.store.embedded
        assert server is not None and server.pid is not None
        killed, before = server.pid, codes.count(250)
        os.kill(killed, signal.SIGKILL)
        await asyncio.gather(*senders)
        assert codes.count(250) == MAILS and set(codes) <= {250, 451}, set(codes)
        assert before < MAILS and server.pid != killed, "the store was started anew amid the mails"
        contacts = await it.app.queue.counts()
        assert sum(contacts.values()) == MAILS, contacts
        code, said = await bring(it, mail("Mail 7.", n="k7"))  # whose 250 was lost, say
        assert code == 250 and sum((await it.app.queue.counts()).values()) == MAILS


async def _bring_all(it: Inside, waiting: list[bytes], codes: list[int]) -> None:
    """As a server's queue does: what wasn't taken is brought again."""
    listener = it.app.mail.listener
    assert listener is not None
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=listener.port, timeout=90, start_tls=False)
    await client.connect()
    while waiting:
        content = waiting.pop()
        try:
            await client.sendmail(EVA_MAIL, [BOX], content)
            codes.append(250)
        except aiosmtplib.SMTPDataError as error:
            codes.append(error.code)
            waiting.insert(0, content)
            await asyncio.sleep(0.1)
    await client.quit()
