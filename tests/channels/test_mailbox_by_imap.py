"""A mailbox at a provider, played by Debian's Dovecot: everything that comes there is taken, once."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from helpers_app import Inside
from helpers_dovecot import BOX, IMAP_PLAN, dovecot, looked_after, needs_dovecot
from mail_stage import EVA_MAIL, mail

from tierline.channels.email.account import Account
from tierline.channels.email.imap import Imap

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


@pytest.mark.promise("mailbox-once")
async def test_after_a_repair_of_the_mailbox_every_mail_is_still_one_message(tmp_path: Path) -> None:
    async with dovecot() as server, looked_after(tmp_path, server) as it:
        await waits(it)
        server.deliver([mail(f"Mail {n}.", n=str(n)) for n in range(3)])
        await it.until(lambda: _count(it, 3))
        await server.stop()
        server.new_uids()
        await server.start()
        server.deliver([mail("Mail 3.", n="3")])
        await it.until(lambda: _count(it, 4))
        await waits(it)
        assert await texts(it) == ["Mail 0.", "Mail 1.", "Mail 2.", "Mail 3."]


@pytest.mark.promise("mailbox-entries")
async def test_one_mailbox_serves_several_entries_of_the_plan(tmp_path: Path) -> None:
    sales = "sales@inside.example"
    plan = IMAP_PLAN.replace("entry: [", f"entry: [{{channel: email, to: {sales}, service: help}}, ")
    async with dovecot() as server, looked_after(tmp_path, server, plan) as it:
        await waits(it)
        server.deliver(
            [mail("To sales.", n="1", to=sales), mail("Blind copy.", n="2", to="list@other.example")]
        )
        await it.until(lambda: _count(it, 2))
        boxes = {}
        for one in await it.contacts(EVA_MAIL):
            view = await it.app.queue.contact(one["id"])
            assert view is not None
            said = (await it.api(f"/contacts/{one['id']}"))["transcript"][0]["text"]
            boxes[said] = view.thread.split(":")[2]
        assert boxes == {"To sales.": sales, "Blind copy.": BOX}


@pytest.mark.promise("mailbox-told")
async def test_a_refused_login_is_seen_and_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with dovecot() as server, looked_after(tmp_path, server, url=server.url("not the word")) as it:
        said = (await it.until(lambda: it.told("refuses our login")))[0]
        ready = await it.app.ready()
        assert ready["ready"] is True
        assert "refuses our login" in json.dumps(ready["doors"])
        assert "not the word" not in json.dumps(ready) + said
        assert "IMAP_URL" in said
        assert b"tierline_mailbox_trouble 1" in it.app.metrics()


async def _count(it: Inside, count: int) -> bool:
    return len(await texts(it)) == count


@pytest.mark.promise("mailbox-in")
@pytest.mark.parametrize("during", ["a fetch", "a search", "what keeps it awake"])
async def test_what_is_told_amid_an_answer_is_not_waited_for(during: str) -> None:
    """A server tells once what came, with whatever answer it gives next: IDLE tells no more of it."""
    async with dovecot() as server:
        server.deliver([mail("One.", n="1")])
        box = Imap(Account.of(server.url()))
        try:
            await asyncio.to_thread(box.open)
            uids = await asyncio.to_thread(box.since, 1)
            server.deliver([mail("Two.", n="2")])
            if during == "a fetch":
                await asyncio.to_thread(box.bodies, uids)
            elif during == "a search":
                await asyncio.to_thread(box.there, uids[0])
            else:
                await asyncio.to_thread(box.ask)
            assert await asyncio.to_thread(box.idle)
            await asyncio.to_thread(box.idle_over)
            assert await asyncio.to_thread(box.since, uids[-1] + 1) == [2]
            assert not await asyncio.to_thread(box.idle), "all is known"
            await asyncio.to_thread(box.idle_over)
        finally:
            await asyncio.to_thread(box.close)
