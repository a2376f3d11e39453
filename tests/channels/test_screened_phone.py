"""What an agent is told whose phone answers our calls by itself, and what is left of cards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_first_call import waiting

from tests.channels.phone_stage import Stage, telephone
from tests.helpers_app import DESK, Json
from tierline.router.screened import contact_card


async def direct(it: Stage, name: str, words: str) -> list[Json]:
    found = await it.inside.call(f"/slack/messages?user={it.inside.person(name).slack}")
    return [m for m in found if words in json.dumps(m, ensure_ascii=False)]


async def lets_it_answer(it: Stage) -> None:
    """Something answers Ada's phone, and nobody presses a key."""
    leg = str(await it.inside.until(lambda: it.ringing("Ada")))
    await it.do(leg, "machine")
    await it.inside.until(lambda: it.at(leg, "ended"))


@pytest.mark.promise("call-screened")
async def test_whose_phone_answers_twice_without_a_key_is_told_why_with_our_number_as_a_contact(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        await waiting(it, await it.dial())
        await lets_it_answer(it)
        await it.inside.call("/clock", {"advance": "61s"})
        assert not await direct(it, "Ada", "save our number as a contact")
        await lets_it_answer(it)
        (told,) = await it.inside.until(lambda: direct(it, "Ada", "save our number as a contact"))
        assert [file["name"] for file in told["files"]] == ["inside.vcf"]
        card = contact_card("inside", [DESK])
        assert told["files"][0]["size"] == len(card)
        assert f"TEL;TYPE=WORK,VOICE:{DESK}\r\n" in card.decode()


async def test_nothing_is_left_of_cards_whose_offers_have_ended(tmp_path: Path) -> None:
    async with telephone(tmp_path) as it:
        await it.inside.slash("Ada", "available")
        await waiting(it, await it.dial())
        await it.do(str(await it.inside.until(lambda: it.ringing("Ada"))), "busy")

        async def over() -> bool:
            contact = await it.inside.app.queue.contact("C1001")
            return contact is not None and not contact.offers

        await it.inside.until(over)
        await it.inside.call("/clock", {"advance": "61s"})
        await it.do(str(await it.inside.until(lambda: it.ringing("Ada"))), "busy")
        await it.inside.until(over)
        await it.inside.until(lambda: it.inside.app.outbox.lanes.open == 0)
        jots = await it.inside.app.queue.jots("C1001")
        assert not [name for name in jots if name.startswith("card.")]
