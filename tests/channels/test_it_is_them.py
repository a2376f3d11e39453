"""Who only claimed to be a customer, and is: an agent who has made sure joins the contact to their record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boss_stage import Boss
from helpers_app import Inside, inside
from helpers_mail import BOX, EVA, MAILS

from tierline.channels.email.conversation import begun
from tierline.queue.contact import Arrived
from tierline.queue.history.records import Card
from tierline.router.facts import Facts

VIP, OTHER = "vip@brandt.example", "private@elsewhere.example"
NOTE = "Otherwise, see the note"
HOWS = 5


class Agent(Boss):
    """An agent at the same keyboard."""

    def __init__(self, it: Inside, name: str) -> None:
        self.it, self.who = it, it.person(name)


def letter(n: int, sender: str) -> Arrived:
    """A mail that nobody vouches for."""
    id = f"<{n}@customer.example>"
    return Arrived(
        "email", f"mail {sender} {n}", sender, BOX, f"Please help {n}", name="Eva Brandt",
        conversation=begun(sender, id), subject="My invoice", message_id=id,
    )  # fmt: skip


async def mailed(it: Inside, n: int, sender: str) -> str:
    """A contact from there, that Ada has taken."""
    contact = (await it.app.intake(letter(n, sender))).contact
    await it.accept("Ada", f"Please help {n}")
    await it.until(lambda: owned(it, contact))
    return contact


async def owned(it: Inside, contact: str) -> bool:
    view = await it.app.queue.contact(contact)
    return view is not None and bool(view.owner)


async def facts(it: Inside, contact: str) -> Facts:
    view = await it.app.queue.contact(contact)
    assert view is not None
    return Facts.parse(view.facts)


async def head(it: Inside, contact: str, text: str) -> Any:
    """The first message of its thread, once it shows `text`."""

    async def look() -> Any:
        for m in await it.channel("desk"):
            said = (m.get("metadata") or {}).get("event_payload", {})
            if said.get("contact") == contact and "thread_ts" not in m and text in str(m["blocks"]):
                return m
        return None

    return await it.until(look)


async def line(it: Inside, text: str) -> Any:
    """A line in a thread of #desk."""

    async def look() -> Any:
        return next((m for m in await it.channel("desk") if "thread_ts" in m and text in str(m)), None)

    return await it.until(look)


async def ids(it: Inside, key: str) -> list[str]:
    return [str(c["id"]) for c in await it.contacts(key)]


async def acts(it: Inside) -> list[tuple[str, str]]:
    """(who, act) of the audit log, those of this file."""
    found = await it.app.history.audit()
    return [(line.who, line.act) for line in found if line.act.startswith("contact.identify")]


@pytest.mark.promise("mail-it-is-them")
async def test_who_claimed_to_be_a_customer_belongs_to_their_record_once_an_agent_made_sure(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, MAILS) as it:
        await it.app.history.put_cards([Card("K1", "Brandt Ltd", "en", (VIP,), {})])
        await it.slash("Ada", "available")
        old = (await it.app.intake(Arrived("sms", "s1", EVA, "+4930100", "Old words", customer="K1"))).contact
        await it.until(lambda: it.app.history.past("K1", 1))
        await it.app.queue.abandon(
            old, "test"
        )  # else Ada is asked about the mail when that offer has run out
        contact, ada = await mailed(it, 1, VIP), Agent(it, "Ada")
        first = await head(it, contact, "claims to be Brandt Ltd")
        assert await ids(it, "K1") == [old]

        form = await ada.form(first, "form.them", "How have you made sure")
        assert "Add " not in str(form), "the address is on that record already"
        wrong = await ada.mistakes(form, whose="K1", how=f"{HOWS - 1}:{NOTE}")
        assert "Say how you made sure" in wrong
        form = await ada.form(first, "form.them", "How have you made sure")
        assert (await ada.sends(form, whose="brandt ltd", how=f"{HOWS - 1}:{NOTE}", note="Called 555"))["ok"]

        shown = str(await head(it, contact, "Ada has made sure that it is them"))
        assert "claims to be" not in shown and "form.them" not in shown and "Brandt Ltd" in shown
        told = await line(it, "Ada has made sure that it is Brandt Ltd: Called 555")
        assert sorted(await ids(it, "K1")) == sorted([old, contact])
        assert await it.until(lambda: acts(it)) == [("Ada", "contact.identify")]
        whole = await it.api(f"/contacts/{contact}")
        assert (whole["customer"]["key"], whole["customer"]["vouched"]) == ("K1", "Ada")
        assert whole["customer"]["verified"] is False, "of the address nothing else is known"
        assert "made sure that it is Brandt Ltd" in str(await it.api(f"/contacts/{contact}/why"))
        await it.until(lambda: _in_history(it, "K1", contact))

        await ada.press(told, "them.undo")
        await head(it, contact, "claims to be Brandt Ltd")
        assert await ids(it, "K1") == [old]
        await it.until(lambda: _in_history(it, "K1", contact, False))
        await line(it, "Ada took back that it is Brandt Ltd")
        await it.until(lambda: _both(it))


async def _both(it: Inside) -> bool:
    return await acts(it) == [("Ada", "contact.identify"), ("Ada", "contact.identify.undo")]


async def _in_history(it: Inside, key: str, contact: str, there: bool = True) -> bool:
    return (contact in [p.contact for p in await it.app.history.past(key, 10)]) is there


@pytest.mark.promise("mail-it-is-them")
async def test_an_address_goes_on_record_only_where_the_agent_says_so_and_off_it_with_undo(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, MAILS) as it:
        await it.app.history.put_cards(
            [Card("K1", "Brandt Ltd", "en", (VIP,), {"plan": "gold"}), Card("K2", "Brandt Ltd", "en", (), {})]
        )
        await it.slash("Ada", "available")
        contact, ada = await mailed(it, 1, OTHER), Agent(it, "Ada")
        await it.slash("Ben", "available")
        assert "only the owner or a supervisor" in str(await Agent(it, "Ben").types(f"whose {contact}"))

        asked = await ada.types(f"whose {contact}")
        assert "belongs to no customer's record" in str(asked)
        first = await head(it, contact, OTHER)
        assert "form.them" not in str(first), "who claims nothing has no button in the thread"
        whole = await _ask(ada, contact)
        assert "several customers" in (await ada.mistakes(whole, whose="Brandt Ltd", how=KNEW2)).lower()
        whole = await _ask(ada, contact)
        assert "No customer" in await ada.mistakes(whole, whose="nobody", how=KNEW2)
        whole = await _ask(ada, contact)
        assert (await ada.sends(whole, whose="K1", how=KNEW2))["ok"]
        await it.until(lambda: _vouched(it, contact))
        (card,) = await it.app.history.cards(["K1"], [])
        assert card.addresses == (VIP,), "nobody said that the address is theirs for good"
        assert "Ada has made sure" in str(await ada.types(f"whose {contact}"))

        other = await mailed(it, 2, OTHER)
        assert (await facts(it, other)).customer == OTHER
        whole = await _ask(ada, other)
        assert (await ada.sends(whole, whose="K1", how=KNEW2, add=[f"0:Add {OTHER} to it"]))["ok"]
        told = await line(it, f"{OTHER} was added to their record")
        card = await it.until(lambda: _card(it, (VIP, OTHER)))
        assert card.facts == {"plan": "gold"}
        await ada.press(told, "them.undo")
        await line(it, f"{OTHER} was taken off their record")
        await it.until(lambda: _card(it, (VIP,)))


async def _card(it: Inside, addresses: tuple[str, ...]) -> Card | None:
    """The record K1, once it has just these."""
    (card,) = await it.app.history.cards(["K1"], [])
    return card if card.addresses == addresses else None


KNEW2 = "2:They knew what only they can know"


async def _vouched(it: Inside, contact: str) -> bool:
    return (await facts(it, contact)).customer == "K1"


async def _ask(agent: Agent, contact: str) -> Any:
    """The form behind the command's button."""
    answer = await agent.types(f"whose {contact}")
    message = {"channel": agent.who.dm, "ts": answer["ts"]}
    return await agent.form(message, "form.them", "How have you made sure")


@pytest.mark.promise("mail-it-is-them")
async def test_what_was_made_sure_of_outlives_a_new_plan_and_a_handover(tmp_path: Path) -> None:
    async with inside(tmp_path, MAILS) as it:
        await it.app.history.put_cards([Card("K1", "Brandt Ltd", "en", (VIP,), {})])
        await it.slash("Ada", "available")
        contact, ada = await mailed(it, 1, VIP), Agent(it, "Ada")
        form = await ada.form(await head(it, contact, "claims to be"), "form.them", "How have you made sure")
        assert (await ada.sends(form, whose="K1", how=KNEW2))["ok"]
        await it.until(lambda: _vouched(it, contact))
        await it.slash("Ada", f"give back {contact} off now")
        await it.slash("Ada", "offline")
        await it.app.plan.publish(
            MAILS.replace("answer_within: 10m", "answer_within: 20m"), "Mira", "x", waiting="reevaluate"
        )
        await it.slash("Ben", "available")
        shown = str(await it.until(lambda: it.cards("Ben", "Please help 1")))
        assert "Ada has made sure that it is them" in shown and "claimed" not in shown
        assert (await facts(it, contact)).customer == "K1"
