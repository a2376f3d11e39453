"""STOP, START and HELP alone are said to the machinery: they open no contact, and stand in one that is open."""

from __future__ import annotations

from pathlib import Path

import pytest
from sms_door_stage import door_stage


@pytest.mark.parametrize("word", ["STOP", "stop", "HELP", "info", "START", " Unsubscribe "])
async def test_a_word_to_the_machinery_opens_no_contact(tmp_path: Path, word: str) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.twilio.text(word)
        assert stage.house.arrived == {}


@pytest.mark.parametrize("word", ["STOP", "HELP"])
async def test_an_open_contact_shows_the_word(tmp_path: Path, word: str) -> None:
    async with door_stage(tmp_path) as stage:
        stage.reports.open = True
        await stage.twilio.text(word)
        assert [it.text for it in stage.house.arrived.values()] == [word]


@pytest.mark.parametrize("words", ["Help me", "please stop", "help?"])
async def test_a_sentence_is_a_contact(tmp_path: Path, words: str) -> None:
    async with door_stage(tmp_path) as stage:
        await stage.twilio.text(words)
        assert [it.text for it in stage.house.arrived.values()] == [words]
