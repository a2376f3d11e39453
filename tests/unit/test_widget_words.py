"""The widget's own words: the same in each language, and one for whatever the server may refuse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tierline
from tierline.channels.chat.talk import NOT_MAILED

TEXT = (Path(tierline.__file__).parent / "channels/chat/widget/10_words.js").read_text("utf-8")
WORDS = {
    language: dict(re.findall(r'(\w+): "([^"]+)"', block))
    for language, block in re.findall(r"^  (\w\w): \{\n(.*?)^  \},$", TEXT, re.DOTALL | re.MULTILINE)
}


@pytest.mark.promise("chat-words")
def test_every_language_has_every_word_and_the_same_gaps() -> None:
    assert set(WORDS) == {"en", "de", "es", "fr"} and len(WORDS["en"]) > 50
    for language, words in WORDS.items():
        assert set(words) == set(WORDS["en"]), language
        for name, text in words.items():
            gaps = re.findall(r"\{\w+\}", text)
            assert sorted(gaps) == sorted(re.findall(r"\{\w+\}", WORDS["en"][name])), (language, name)


@pytest.mark.promise("chat-words")
def test_whatever_the_server_refuses_is_said_in_the_visitors_language() -> None:
    listed = re.search(r"const REFUSALS = \{(.*?)\}", TEXT)
    files = re.search(r"const FILE_REFUSALS = \{(.*?)\}", TEXT)
    assert listed and files
    named = dict(re.findall(r'(\w+): "(\w+)"', listed[1]))
    for code in (*NOT_MAILED, "not_asked", "slow_down", "again", "too_long"):
        assert named.get(code, code) in WORDS["en"], code
    assert set(re.findall(r'(\d+): "', files[1])) == {"413", "415", "429", "503", "507"}
    assert set(re.findall(r'"(\w+)"', files[1])) <= set(WORDS["en"])
