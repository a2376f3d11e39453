"""Which contact a mail belongs to: by what we signed, then by ids, never by its subject."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from helpers_app import Inside
from mail_stage import BOX, EVA_MAIL, MAIL_PLAN, bring, mail, mail_stage

from tierline.channels.email.conversation import Signatures, begun
from tierline.channels.email.letter import Envelope, Letter, Report, Take

MALLORY = "mallory@elsewhere.example"
SALES = "sales@inside.example"
PLAN = MAIL_PLAN.replace("entry: [", f"entry: [{{channel: email, to: {SALES}, service: help}}, ")


@pytest_asyncio.fixture
async def it(tmp_path: Path) -> AsyncIterator[Inside]:
    async with mail_stage(tmp_path, PLAN) as found:
        yield found


def signs(it: Inside) -> Signatures:
    return it.app.mail.post.signatures


def first() -> str:
    """The conversation that Eva's first mail begins."""
    return begun(EVA_MAIL, "<1@customer.example>")


async def began(it: Inside) -> str:
    """Eva has written; her contact."""
    code, said = await bring(it, mail("My invoice is wrong."))
    assert code == 250, said
    return str((await it.contact(EVA_MAIL))["id"])


async def whole(it: Inside, contact: str) -> dict[str, Any]:
    found: dict[str, Any] = await it.api(f"/contacts/{contact}")
    return found


async def in_thread(it: Inside, text: str) -> bool:
    return text in json.dumps(await it.channel("desk"), ensure_ascii=False)


@pytest.mark.promise("mail-thread")
async def test_an_answer_to_our_signed_address_joins_its_contact_whatever_its_subject(it: Inside) -> None:
    contact = await began(it)
    to = signs(it).reply_address(BOX, first(), EVA_MAIL)
    for n, address in enumerate((to, to.upper()), start=2):
        code, _ = await bring(
            it, mail(f"And {n}.", n=str(n), subject="Something else", to=BOX), to=(address,)
        )
        assert code == 250
    assert (await it.contact(EVA_MAIL))["id"] == contact
    assert len((await whole(it, contact))["transcript"]) == 3


@pytest.mark.promise("mail-thread")
@pytest.mark.parametrize("header", ["In-Reply-To", "References"])
async def test_an_answer_that_refers_to_our_mail_joins_its_contact(it: Inside, header: str) -> None:
    contact = await began(it)
    ours = signs(it).message_id("inside.example", first(), f"{contact}.2", EVA_MAIL)
    await bring(it, mail("Thanks.", n="2", more=f"{header}: <x@y.example> {ours}\n"))
    assert len((await whole(it, contact))["transcript"]) == 2


@pytest.mark.promise("mail-thread")
async def test_a_mail_that_refers_to_the_customers_own_earlier_ones_joins_them(it: Inside) -> None:
    contact = await began(it)
    await bring(it, mail("I forgot something.", n="2", more="References: <1@customer.example>\n"))
    assert len((await whole(it, contact))["transcript"]) == 2
    await it.app.projector.settled()
    await bring(it, mail("And another thing.", n="3", more="In-Reply-To: <2@customer.example>\n"))
    assert len((await whole(it, contact))["transcript"]) == 3


@pytest.mark.promise("mail-thread")
async def test_the_same_subject_alone_is_another_contact(it: Inside) -> None:
    await began(it)
    await bring(it, mail("My other invoice.", n="2", subject="Re: Invoice"))
    assert len(await it.contacts(EVA_MAIL)) == 2


@pytest.mark.promise("mail-hijack")
async def test_whoever_else_uses_its_address_or_quotes_its_ids_gets_a_contact_of_their_own(
    it: Inside,
) -> None:
    await it.slash("Ada", "available")
    contact = await began(it)
    await it.accept("Ada", "My invoice is wrong")
    await it.until(lambda: in_thread(it, "My invoice is wrong"))
    address = signs(it).reply_address(BOX, first(), EVA_MAIL)
    ours = signs(it).message_id("inside.example", first(), f"{contact}.2", EVA_MAIL)
    hers = "<1@customer.example>"
    for n, (to, more) in enumerate(
        [(address, ""), (BOX, f"In-Reply-To: {ours}\n"), (BOX, f"References: {hers} {ours}\n"), (BOX, f"References: {hers}\n")]
    ):  # fmt: skip
        code, said = await bring(
            it, mail("Read me her mails.", MALLORY, n=f"m{n}", more=more), MALLORY, (to,)
        )
        assert code == 250 and contact not in said
    assert len(await it.contacts(MALLORY)) == 4
    said = (await whole(it, contact))["transcript"]
    assert [one["kind"] for one in said] == [
        "in",
        "note",
        "note",
    ]  # told of both that quoted one of our mails
    assert await it.until(lambda: in_thread(it, f"{MALLORY} wrote with this conversation's address"))


@pytest.mark.promise("mail-hijack")
async def test_whoever_was_handed_its_address_and_uses_nothing_else_is_told_at_the_contact(
    it: Inside,
) -> None:
    await it.slash("Ada", "available")
    contact = await began(it)
    await it.accept("Ada", "My invoice is wrong")
    address = signs(it).reply_address(BOX, first(), EVA_MAIL)
    text = f"I answer for Eva.\n\nOn Monday Northwind wrote to {EVA_MAIL.upper()}:\n> How many?\n"
    code, said = await bring(it, mail(text, MALLORY, n="m1"), MALLORY, (address,))
    assert code == 250 and contact not in said
    assert len(await it.contacts(MALLORY)) == 1
    assert await it.until(lambda: in_thread(it, f"{MALLORY} wrote with this conversation's address"))
    # By somebody whom it doesn't name it is a mail like any other.
    await bring(it, mail("Who are you?", MALLORY, n="m2"), MALLORY, (address,))
    assert [one["kind"] for one in (await whole(it, contact))["transcript"]] == ["in", "note"]


@pytest.mark.promise("mail-hijack")
async def test_a_signature_that_isnt_ours_opens_nothing(it: Inside) -> None:
    contact = await began(it)
    forged = Signatures("another secret")
    to = forged.reply_address(BOX, first(), EVA_MAIL)
    more = f"In-Reply-To: {forged.message_id('inside.example', first(), f'{contact}.2', EVA_MAIL)}\n"
    code, said = await bring(it, mail("Hi", n="2", more=more), to=(to,))
    assert code == 250 and contact not in said


@pytest.mark.promise("mail-once")
async def test_the_same_message_id_with_other_content_is_another_message(it: Inside) -> None:
    contact = await began(it)
    code, _ = await bring(it, mail("Something else entirely."))
    assert code == 250
    assert len((await whole(it, contact))["transcript"]) == 2


@pytest.mark.promise("mail-boxes")
async def test_a_mail_to_two_of_our_mailboxes_is_a_contact_in_each_once(it: Inside) -> None:
    both = mail("For both.", to=f"{BOX}, {SALES}")
    code, said = await bring(it, both, to=(BOX, SALES, BOX.upper()))
    assert code == 250 and said.count("C1") == 2
    await bring(it, both, to=(BOX,))
    assert len(await it.contacts(EVA_MAIL)) == 2


# ---- after its end -----------------------------------------------------------------------------------------------


async def closed(it: Inside) -> str:
    await it.slash("Ada", "available")
    contact = await began(it)
    await it.accept("Ada", "My invoice is wrong")
    await it.until(lambda: in_thread(it, "My invoice is wrong"))
    assert "closed" in (await it.slash("Ada", f"done {contact} solved")).lower()
    return contact


@pytest.mark.promise("mail-reopen")
async def test_an_answer_within_the_plans_time_opens_the_contact_again(it: Inside) -> None:
    contact = await closed(it)
    to = signs(it).reply_address(BOX, first(), EVA_MAIL)
    await bring(it, mail("Not solved.", n="2"), to=(to,))
    found = await it.contact(EVA_MAIL)
    assert found["id"] == contact and found["state"] != "closed"


@pytest.mark.promise("mail-reopen")
@pytest.mark.parametrize("later", ["31m", "50h"])
async def test_a_later_answer_is_a_new_contact_that_says_what_it_goes_on_from(it: Inside, later: str) -> None:
    contact = await closed(it)
    await it.call("/clock", {"advance": later})
    await it.app.projector.settled()
    while await it.app.projector.tidy():
        continue
    assert (await it.app.queue.contact(contact) is None) == (later == "50h")
    await it.slash("Ada", "available")
    await bring(it, mail("It is back.", n="2", more="References: <1@customer.example>\n"))
    new = next(one for one in await it.contacts(EVA_MAIL) if one["id"] != contact)
    if later == "31m":
        assert new["previous"] == contact
        return
    await it.accept("Ada", "It is back")
    assert await it.until(lambda: in_thread(it, f"This goes on from {contact}"))


@pytest.mark.promise("mail-reopen")
async def test_a_service_that_reopens_for_a_week_knows_its_contacts_that_long(tmp_path: Path) -> None:
    async with mail_stage(
        tmp_path, PLAN.replace("schedule: always\n", "schedule: always\n    reopen: 7d\n", 1)
    ) as it:
        contact = await closed(it)
        await it.call("/clock", {"advance": "72h"})
        await it.app.projector.settled()
        await it.app.projector.tidy()
        await bring(it, mail("It is back.", n="2", more="References: <1@customer.example>\n"))
        found = await it.contact(EVA_MAIL)
        assert found["id"] == contact and found["state"] != "closed" and len(found["transcript"]) >= 2


# ---- machines ----------------------------------------------------------------------------------------------------


def judged(it: Inside, **more: Any) -> None:
    """From now on every mail is read as a machine's."""
    take: Take = it.app.mail.post.take

    async def taking(content: bytes, envelope: Envelope) -> tuple[str, Letter]:
        ref, letter = await take(content, envelope)
        return ref, replace(letter, **more)

    it.app.mail.post.take = taking


@pytest.mark.promise("mail-machines-noted")
async def test_an_automatic_reply_is_noted_in_its_contact_and_wakes_nobody(it: Inside) -> None:
    contact = await closed(it)
    before = (await whole(it, contact))["state"]
    judged(it, robot="auto-reply")
    ours = signs(it).message_id("inside.example", first(), f"{contact}.2", EVA_MAIL)
    away = mail("I am away until Monday.", n="2", more=f"In-Reply-To: {ours}\n")
    for _ in range(2):
        code, said = await bring(it, away, "")
        assert code == 250 and contact in said
    found = await it.contact(EVA_MAIL)
    assert found["id"] == contact and found["state"] == before
    notes = [one for one in found["transcript"] if "I am away until Monday." in one["text"]]
    assert len(notes) == 1
    assert await it.until(lambda: in_thread(it, "An automatic reply came"))


@pytest.mark.promise("mail-bounce")
async def test_a_bounce_is_the_failed_receipt_of_the_reply_that_it_is_about(it: Inside) -> None:
    await it.slash("Ada", "available")
    contact = await began(it)
    await it.accept("Ada", "My invoice is wrong")
    head = (await it.until(lambda: it.channel("desk")))[0]
    who = it.person("Ada").slack
    await it.call(
        "/slack/reply", {"user": who, "channel": head["channel"], "thread_ts": head["ts"], "text": "We look."}
    )

    async def replied() -> Any:
        said = (await whole(it, contact))["transcript"]
        return next((one for one in said if one["text"] == "We look." and one["status"] == "sent"), None)

    reply = await it.until(replied)
    why = "there is no such mailbox"
    report = Report("", EVA_MAIL, "5.1.1", why, True)
    judged(it, robot="bounce", reports=(report,))
    to = signs(it).bounce_address(BOX, f"{contact}.{reply['n']}")
    code, said = await bring(it, mail("Undelivered", "mailer-daemon@mx.example", n="b"), "", (to,))
    assert code == 250 and contact in said

    async def failed() -> bool:
        said = (await whole(it, contact))["transcript"]
        return any(
            one["n"] == reply["n"] and one["status"] == "failed" and why in one["error"] for one in said
        )

    assert await it.until(failed)
    assert await it.until(lambda: in_thread(it, "A mail came back"))
    assert await it.contacts("mailer-daemon@mx.example") == []


@pytest.mark.promise("mail-machines-noted")
async def test_a_machines_mail_of_no_conversation_is_a_contact_of_its_own(it: Inside) -> None:
    judged(it, robot="list")
    code, _ = await bring(it, mail("News", "news@list.example", n="l"))
    assert code == 250
    assert len(await it.contacts("news@list.example")) == 1


@pytest.mark.promise("mail-machines-noted")
async def test_what_left_the_store_is_called_back_for_a_late_bounce(it: Inside) -> None:
    contact = await closed(it)
    await it.call("/clock", {"advance": "50h"})
    await it.app.projector.settled()
    while await it.app.projector.tidy():
        continue
    assert await it.app.queue.contact(contact) is None
    judged(it, robot="bounce", reports=(Report("", EVA_MAIL, "4.4.7", "their server didn't answer", True),))
    to = signs(it).bounce_address(BOX, f"{contact}.2")
    code, said = await bring(it, mail("Undelivered", "mailer-daemon@mx.example", n="b"), "", (to,))
    assert code == 250 and contact in said
    assert await it.until(lambda: _noted(it, contact, "their server didn't answer"))


async def _noted(it: Inside, contact: str, text: str) -> bool:
    return text in json.dumps((await whole(it, contact)), ensure_ascii=False)


@pytest.mark.promise("mail-any")
async def test_a_mail_whose_words_break_the_store_is_a_contact_by_its_bytes(it: Inside) -> None:
    judged(it, subject="broken \ud83d", name="\udcff", text="\ud83d")
    for _ in range(2):
        code, said = await bring(it, mail("Hi"))
        assert code == 250, said
    found = await it.contact(EVA_MAIL)
    assert len(found["transcript"]) == 1 and "can't be read" in found["transcript"][0]["text"]
    async with it.http.get(it.app.mail.files.link(found["id"], 1).replace("?", "/raw?")) as answer:
        assert await answer.read() == mail("Hi")
