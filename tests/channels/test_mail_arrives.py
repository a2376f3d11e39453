"""A mail by SMTP becomes a contact, and its words stand in Slack."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers_app import Inside
from mail_stage import EVA_MAIL, bring, mail, mail_stage


async def stands(it: Inside, text: str) -> bool:
    return text in json.dumps(await it.channel("desk"), ensure_ascii=False)


@pytest.mark.promise("mail-in")
async def test_a_mail_is_offered_and_its_words_stand_in_the_thread(tmp_path: Path) -> None:
    async with mail_stage(tmp_path) as it:
        await it.slash("Ada", "available")
        code, said = await bring(it, mail("My invoice is wrong, äöü."))
        assert code == 250, said
        contact = await it.contact(EVA_MAIL)
        assert contact["id"] in said
        assert contact["channel"] == "email"
        await it.accept("Ada", "My invoice is wrong")
        await it.until(lambda: stands(it, "My invoice is wrong, äöü."))
        kept = list((tmp_path / "sandbox" / "mail").glob("*/*.eml"))
        assert [one.read_bytes() for one in kept] == [mail("My invoice is wrong, äöü.")]


@pytest.mark.promise("mail-once")
async def test_a_mail_that_is_brought_twice_is_one_message(tmp_path: Path) -> None:
    async with mail_stage(tmp_path) as it:
        first = await bring(it, mail())
        again = await bring(it, b"Received: from elsewhere by mx.example\r\n" + mail())
        assert (first[0], again[0]) == (250, 250)
        contact = await it.contact(EVA_MAIL)
        assert len(contact["transcript"]) == 1
