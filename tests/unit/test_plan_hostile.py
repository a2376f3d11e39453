"""A plan comes from a file, an upload or a text field: whatever is in it, the answer is a plan or its mistakes."""

from __future__ import annotations

import asyncio
import os

import pytest
from hypothesis import example as case
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.router.plan.check import example
from tierline.router.plan.errors import MOST, PlanErrors
from tierline.router.plan.load import load_async, parse

LONG = bool(os.environ.get("TIERLINE_LONG"))
HEAD = "site: a\ntimezone: UTC\nlanguages: [en]\n"
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS = {
    "billion laughs": (LAUGHS, "more than 60,000 values"),
    "many aliases": ("a: &a x\nb: [" + "*a," * 101 + "]\n", "more than 100 aliases"),
    "contains itself": ("a: &a [*a]\n", "contains itself"),
    "unknown alias": ("a: *b\n", "nothing is anchored"),
    "100,000 brackets": ("[" * 100_000, "nested more than 50"),
    "100,000 braces": ("{a: " * 100_000, "nested more than 50"),
    "100,000 dashes": ("- " * 100_000, "nested more than 50"),
    "100,000 questions": ("? " * 100_000, "nested more than 50"),
    "too big": ("#" * 1_000_001, "a plan may have 1,000,000"),
    "5,000 digits": (HEAD + "settings: {offers: " + "9" * 5000 + "}\n", "isn't possible"),
    "5,000 hex digits": (HEAD + "settings: {offers: 0x" + "f" * 5000 + "}\n", "isn't possible"),
    "not a number": (HEAD + "settings: {offers: .nan}\n", "isn't possible"),
    "infinity": (HEAD + "settings: {offers: 1e999}\n", "isn't possible"),
    "duplicate keys": (HEAD + "site: b\n", "is here twice"),
    "python object": (HEAD + "rules: !!python/object/apply:os.getcwd []\n", "is a tag"),
    "two documents": (HEAD + "---\n" + HEAD, "a second document"),
    "a list as key": (HEAD + "? [a]\n: b\n", "a key is a word"),
    "no YAML": ("\x00\x01", "no text may contain"),
    "no UTF-8": (b"site: \xff\n", "isn't UTF-8"),
    "a lone surrogate": ("site: \ud800\n", "isn't UTF-8"),
    "a scalar": ("42", "keys with values"),
    "many braces": (HEAD + 'texts: {help: {en: "' + "{" * 10_000 + '"}}\n', "isn't possible"),
}


@pytest.mark.parametrize(("source", "words"), BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_refused_in_words(source: str | bytes, words: str) -> None:
    with pytest.raises(PlanErrors) as caught:
        parse(source)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 5_000


def test_messages_about_a_plan_full_of_mistakes_come_to_an_end() -> None:
    with pytest.raises(PlanErrors) as caught:
        parse(HEAD + "teams:\n" + "".join(f"  t{n}: x\n" for n in range(MOST + 500)))
    assert len(caught.value.errors) == MOST


def only_plan_errors(source: bytes | str) -> None:
    try:
        parse(source)
    except PlanErrors as errors:
        assert errors.errors
        for error in errors.errors:
            assert error.line >= 1 and error.column >= 1 and error.message and error.fix


@pytest.mark.promise("plan-hostile")
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=300),
        st.text(alphabet="ab:-?[]{}&*!|>'\"#%@`, \n\t0.", max_size=80),
    )
)
@case("a: !<x")
@case("%YAML 1.1\n---\na: yes")
@case("a: \x85\n b: \u2028c")
@settings(max_examples=3000 if LONG else 200, deadline=None)
def test_no_input_raises_anything_else(source: bytes | str) -> None:
    only_plan_errors(source)


LINES = example().splitlines(keepends=True)
SNIPPETS = [
    "",
    "~",
    "[]",
    "{}",
    "null",
    "12",
    "-1",
    "1.5",
    "true",
    '"x"',
    "[a, {b: c}]",
    "{a: {b: [1]}}",
    "*a",
    "&a b",
    "2026-13-40",
]


@pytest.mark.promise("plan-hostile")
@given(st.data())
@settings(max_examples=600 if LONG else 40, deadline=None)
def test_no_damage_to_a_real_plan_raises_anything_else(data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["cut", "drop", "twice", "value", "insert"])):
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))] + "\n"
            case "drop":
                lines[at] = "\n"
            case "twice":
                lines.insert(at, lines[at])
            case "value":
                lines[at] = lines[at].split(":")[0] + ": " + data.draw(st.sampled_from(SNIPPETS)) + "\n"
            case _:
                lines[at] = lines[at].rstrip("\n") + data.draw(st.text(max_size=5)) + "\n"
    only_plan_errors("".join(lines))


async def test_reading_a_plan_of_500_rules_lets_the_loop_go_on() -> None:
    rules = "".join(
        f"  - {{name: rule {n}, when: {{text: {{any: [word{n}]}}}}, set: {{service: howto}}}}\n"
        for n in range(500)
    )
    source = example().replace("\nrules:\n", "\nrules:\n" + rules)
    reading = asyncio.create_task(load_async(source))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert len((await reading).rules) == 504
    assert turns > 20  # on the loop itself it would have been two
