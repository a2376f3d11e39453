"""A mail server that is away, refuses, or says nothing: no reply is lost, none is doubled, and each is told (F80)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_app import Inside, inside
from helpers_mail import EVA, MAILS, arrives, got, replies, shown, taken, thread

Json = dict[str, Any]


async def faults(it: Inside, **smtp: object) -> None:
    await it.call("/faults", {"smtp": smtp} if smtp else {})


async def reply_of(it: Inside, contact: str) -> Any:
    return next((m for m in reversed(await it.app.queue.messages(contact)) if m.kind == "reply"), None)


async def is_said(it: Inside, at: dict[str, str], text: str) -> None:
    async def looked() -> bool:
        return text in await shown(it, at)

    await it.until(looked)


async def status(it: Inside, contact: str, wanted: str) -> Any:
    async def looked() -> Any:
        found = await reply_of(it, contact)
        return found if found is not None and found.status == wanted else None

    return await it.until(looked)


@pytest.mark.promise("mail-later")
async def test_a_server_that_is_away_for_hours_gets_the_reply_when_it_is_back(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, down=True)
        await replies(it, at, "It will come")
        await is_said(it, at, "Not sent yet: the mail server")
        assert (await reply_of(it, contact)).status == "sending" and not await got(it)
        # Nothing waits behind it: the outbox has gone on, and texts are answered as ever.
        await it.app.outbox.settled()
        await it.call("/clock", {"advance": "2h"})
        assert not await got(it)
        await faults(it)
        await it.call("/clock", {"advance": "5h"})
        await status(it, contact, "sent")
        assert len(await got(it, "It will come")) == 1
        assert not [name for name in await it.app.queue.alerts() if name.startswith("mail:")]


@pytest.mark.promise("mail-refused")
@pytest.mark.parametrize("where", ["rcpt", "data"])
async def test_what_the_server_refuses_for_good_is_told_in_words_at_the_reply(
    tmp_path: Path, where: str
) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, fail=550, at=where)
        await replies(it, at, "To nobody")
        found = await status(it, contact, "failed")
        assert found.error == "there is no such mailbox (550 5.1.1 Mailbox unavailable)"
        await is_said(it, at, "there is no such mailbox")
        await is_said(it, at, "reply.retry")


@pytest.mark.promise("mail-later")
async def test_try_again_later_is_heeded_and_the_reply_leaves_once(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, fail=451, times=2)
        await replies(it, at, "Greylisted")
        await is_said(it, at, "Not sent yet: the mail server has trouble (451 4.7.1 Try again later)")
        await it.call("/clock", {"advance": "1h"})
        await status(it, contact, "sent")
        assert len(await got(it, "Greylisted")) == 1


@pytest.mark.promise("mail-unknown")
async def test_what_may_have_left_is_sent_again_with_the_same_message_id(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, drop_reply=True)
        await replies(it, at, "Maybe twice")
        await it.until(lambda: got(it, "Maybe twice"))
        await faults(it)
        await it.call("/clock", {"advance": "1h"})
        sent = await status(it, contact, "sent")
        copies = await got(it, "Maybe twice")
        assert len(copies) >= 2 and {m["message_id"] for m in copies} == {sent.provider_id}


@pytest.mark.promise("mail-five-days")
async def test_after_five_days_its_agent_sees_why_and_can_try_again(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, fail=451)
        await replies(it, at, "Never")
        await is_said(it, at, "Not sent yet")
        for _ in range(31):  # ahead by as much as it waits at most, so that each try has its turn
            await it.call("/clock", {"advance": "4h"})
            await it.until(lambda: _tried(it))
            if (await reply_of(it, contact)).status == "failed":
                break
        found = await status(it, contact, "failed")
        assert found.error.startswith("it was tried for five days: the mail server has trouble")
        await is_said(it, at, "reply.retry")
        assert (await it.app.queue.now()) / 1000 > 0
        await faults(it)
        mark = await _retry_button(it, at)
        await it.call("/slack/act", {"user": it.person("Ada").slack, "action_id": "reply.retry", **mark})
        await status(it, contact, "sent")


@pytest.mark.promise("mail-later")
async def test_a_reply_whose_contact_was_closed_and_forgotten_leaves_all_the_same(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, down=True)
        await replies(it, at, "Last word")
        await is_said(it, at, "Not sent yet")
        await it.app.queue.complete(contact, "Ada")
        await it.app.queue.finish(contact, "Ada", outcome="{}")

        async def gone() -> bool:
            await it.app.projector.settled()
            await it.app.projector.tidy()
            return await it.app.queue.contact(contact) is None

        await it.call("/clock", {"advance": "3h"})
        await it.until(gone)
        await faults(it)
        await it.call("/clock", {"advance": "5h"})
        await it.until(lambda: got(it, "Last word"))
        assert len(await got(it, "Last word")) == 1


@pytest.mark.promise("mail-later")
async def test_others_are_answered_while_one_mail_waits(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        contact, at = await taken(it)
        await faults(it, fail=450, times=2)
        await replies(it, at, "This one waits")
        await is_said(it, at, "Not sent yet: the mailbox is not available now")
        await replies(it, at, "This one doesn't")
        await it.until(lambda: got(it, "This one doesn't"))
        other = await arrives(it, "Another question", "7", sender="jonas@weber.example")
        await it.accept("Ada", "Another question")
        await replies(it, await thread(it, other), "Answer to Jonas")
        await it.until(lambda: got(it, "Answer to Jonas", "jonas@weber.example"))
        assert not await got(it, "This one waits")
        assert contact != other and EVA


async def _tried(it: Inside) -> bool:
    """Whether nothing of it is due now."""
    now = await it.app.queue.now()
    states = await it.app.queue.alerts()
    from tierline.router.waiting_mails import read

    return all(each.at > now for each in read(states))


async def _retry_button(it: Inside, at: dict[str, str]) -> dict[str, str]:
    found: list[dict[str, str]] = []

    async def looked() -> bool:
        import json

        found[:] = [
            {"channel": str(m["channel"]), "ts": str(m["ts"])}
            for m in await it.channel("desk")
            if '"reply.retry"' in json.dumps(m) and m.get("thread_ts") == at["thread_ts"]
        ]
        return bool(found)

    await it.until(looked)
    return found[-1]
