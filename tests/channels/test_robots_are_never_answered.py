"""What a machine writes is a contact like any other and is told nothing; nobody is acknowledged by mail twice a day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_app import Inside, inside
from helpers_mail import BOX, EVA, MAILS, got
from mail_stage import mail_stage, smtp

from tierline.channels.email.conversation import begun
from tierline.queue.contact import Arrived
from tierline.queue.history.records import Card
from tierline.router.facts import Facts

TALKATIVE = MAILS + (
    "texts: {received: {en: We have it.}, taken: {en: '{agent} is on it.'}, closed: {en: It is done.}}\n"
)

VIP = "vip@brandt.example"


def letter(n: int, sender: str = EVA, robot: str = "", text: str = "Please help") -> Arrived:
    """A mail that begins a conversation."""
    id = f"<{n}@customer.example>"
    return Arrived(
        "email", f"mail {sender} {n}", sender, BOX, f"{text} {n}", name="Eva Brandt",
        conversation=begun(sender, id), subject="My invoice", message_id=id, robot=robot,
    )  # fmt: skip


async def said(it: Inside, contact: str) -> list[str]:
    """The kinds of what its transcript holds."""
    return [m.kind for m in await it.app.queue.messages(contact)]


async def owned(it: Inside, contact: str) -> bool:
    """Whether somebody has it."""
    view = await it.app.queue.contact(contact)
    return view is not None and bool(view.owner)


@asynccontextmanager
async def talkative(home: Path) -> AsyncIterator[Inside]:
    async with inside(home, TALKATIVE) as it:
        yield it


@pytest.mark.promise("mail-robots-unanswered")
@pytest.mark.parametrize("robot", ("bounce", "auto-reply", "list", "ours"))
async def test_no_text_of_the_plan_is_said_to_a_machine(tmp_path: Path, robot: str) -> None:
    async with talkative(tmp_path) as it:
        await it.slash("Ada", "available")
        machine = (await it.app.intake(letter(1, "machine@customer.example", robot, "I am away"))).contact
        await it.accept("Ada", "I am away")
        assert await it.until(lambda: owned(it, machine))
        await it.call_api(f"/contacts/{machine}/close", {"disposition": "solved", "by": "Mira"})

        async def closed() -> bool:
            view = await it.app.queue.contact(machine)
            return view is None or view.state in ("closed", "wrapping")

        assert await it.until(closed)
        await it.app.intake(letter(2))
        assert await it.until(lambda: got(it, "We have it."))
        assert await said(it, machine) == ["in"]
        assert await got(it, address="machine@customer.example") == []


@pytest.mark.promise("mail-robots-unanswered")
async def test_the_desk_is_shown_that_a_machine_wrote(tmp_path: Path) -> None:
    async with talkative(tmp_path) as it:
        await it.slash("Ada", "available")
        contact = (await it.app.intake(letter(1, robot="list"))).contact
        assert "an automatic mail (list)" in str(await it.until(lambda: it.cards("Ada", "Please help")))
        row = next(c for c in await it.api("/contacts") if c["id"] == contact)
        assert row["customer"]["robot"] == "list"


@pytest.mark.promise("mail-one-acknowledgement")
async def test_a_sender_is_acknowledged_once_a_day_whatever_they_begin(tmp_path: Path) -> None:
    async with talkative(tmp_path) as it:
        first = (await it.app.intake(letter(1))).contact
        assert await it.until(lambda: got(it, "We have it."))
        others = [(await it.app.intake(letter(n))).contact for n in range(2, 6)]
        await it.app.intake(letter(9, "ben@customer.example"))
        assert await it.until(lambda: got(it, "We have it.", "ben@customer.example"))
        assert await said(it, first) == ["in", "received"]
        assert [await said(it, one) for one in others] == [["in"]] * 4
        await it.call("/clock", {"advance": "24h"})
        await it.app.intake(letter(10))

        async def again() -> bool:
            return len(await got(it, "We have it.")) == 2

        assert await it.until(again)


@pytest.mark.promise("mail-one-acknowledgement")
async def test_two_desks_pointed_at_each_other_stop(tmp_path: Path) -> None:
    """Whatever either sends to the other is carried over, by SMTP, until nothing more comes."""
    other_box = "help@other.example"
    other = TALKATIVE.replace(BOX, other_box).replace("site: inside", "site: other")
    async with mail_stage(tmp_path / "a", TALKATIVE) as a, mail_stage(tmp_path / "b", other) as b:
        desks = ((a, BOX), (b, other_box))
        carried: set[str] = set()
        await a.app.intake(
            letter(1, sender=other_box)
        )  # the spark: a mail that seems to come from the other desk
        assert await a.until(lambda: got(a, address=other_box))

        async def quiet() -> bool:
            """Two rounds in which neither has sent anything more, and both have done all that was to do."""
            before = len(carried)
            for sends, takes, box in ((a, b, other_box), (b, a, BOX)):
                for it in await got(sends, address=box):
                    if it["message_id"] not in carried:
                        carried.add(it["message_id"])
                        listener = takes.app.mail.listener
                        assert listener is not None
                        raw = it["raw"].encode("utf-8", "surrogateescape")
                        code, _ = await smtp(listener.port, raw, it["envelope"]["from"], (box,))
                        assert code == 250
            await asyncio.sleep(1.5)  # longer than a reply is held and a delivery takes
            return len(carried) == before

        assert len(desks) == 2 and await a.until(quiet)
        assert 1 <= len(carried) <= 2


@pytest.mark.promise("mail-claimed-joins-nothing")
async def test_who_only_claims_to_be_a_customer_gets_nothing_of_theirs(tmp_path: Path) -> None:
    ruled = (
        TALKATIVE
        + "rules: [{name: vips, when: {customer: {plan: gold}}, set: {service: help, priority: 9}}]\n"
    )
    async with inside(tmp_path, ruled) as it:
        await it.app.history.put_cards([Card("K1", "Brandt Ltd", "en", (VIP,), {"plan": "gold"})])
        await it.slash("Ada", "available")
        old = (await it.app.intake(letter(1, VIP, text="Secret words"))).contact
        await it.accept("Ada", "Secret words")
        assert await it.until(lambda: owned(it, old))
        await it.until(
            lambda: it.app.history.past(VIP, 1)
        )  # what a card says of earlier contacts the history knows
        contact = (await it.app.intake(letter(2, VIP))).contact
        shown = str(await it.until(lambda: it.cards("Ada", "Please help 2")))
        assert "claimed, not verified" in shown and "claims to be Brandt Ltd" in shown
        assert f"by the address they claim: also open: {old}" in shown and "Secret words" not in shown
        view = await it.app.queue.contact(contact)
        assert view is not None
        facts = Facts.parse(view.facts)
        assert (facts.customer, facts.priority, facts.rule) == (VIP, 0, "")
        assert [c["id"] for c in await it.contacts("K1")] == []
        assert await it.app.history.past("K1", 5) == ()
        await it.app.intake(replace(letter(3, VIP), verified=True))
        vouched = [c for c in await it.until(lambda: it.contacts("K1"))]
        assert [c["customer"]["name"] for c in vouched] == ["Brandt Ltd"]
        assert [c["priority"] for c in vouched] == [9]
