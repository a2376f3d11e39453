"""The faster reader and writer of JSON say what the standard library's say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.queue.json_text import parsed, written

WHOLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
    max_leaves=12,
)
VALUES = WHOLE | st.floats(allow_nan=False)
HALF = "half a character: \ud800"


@given(VALUES, st.booleans())
def test_what_was_written_by_either_is_read_alike(value: object, ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii)
    assert parsed(text) == json.loads(text) == value


@given(WHOLE)
def test_what_is_written_is_what_the_standard_library_writes(value: object) -> None:
    assert written(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.text(st.sampled_from('{}[]",:0123456789.eE+-aNInfity \\u\nd8é'), max_size=12))
def test_what_one_refuses_the_other_refuses(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            parsed(text)
    else:
        assert repr(parsed(text)) == repr(expected)


def test_half_a_character_and_deep_nesting_are_read_as_ever() -> None:
    for text in (json.dumps(HALF), json.dumps(HALF, ensure_ascii=False), "[" * 500 + "]" * 500):
        assert parsed(text) == json.loads(text)
    assert written({"a": HALF}) == f'{{"a":"{HALF}"}}'
