"""Whatever we let a leg hear is TwiML that Twilio takes without a word: the builder accepts any misspelt attribute."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.voice_response import VoiceResponse

from tests.helpers_twiml import checked
from tierline.channels.phone import (
    Ask,
    Go,
    HangUp,
    Instruction,
    Leave,
    Meet,
    Pause,
    Play,
    Say,
    TakeMessage,
    Turn,
    Wait,
)
from tierline.channels.voice.languages import VOICES
from tierline.channels.voice.twiml import Addresses, Writer
from tierline.sandbox.voice_twiml import Place

WRITER = Writer(Addresses("https://help.example.org"))
ABOUT = {"c": "0199f0c2", "o": "17", "b": "x=1&y=2 ü"}
EXAMPLES: dict[type, tuple[Instruction, ...]] = {
    Say: (Say("Grüß Gott & <willkommen>.", "de"), Say("Hello.", "en"), Say("", "en"), Say("ü" * 5_000, "de")),
    Play: (Play(), Play("https://cdn.example.org/a%20b.mp3")),
    Pause: (Pause(1), Pause(0), Pause(30)),
    Go: tuple(Go(turn, ABOUT) for turn in get_args(Turn)),
    Ask: (
        Ask((Say("Press 1.", "en"), Pause(1), Play()), Go("menu", ABOUT), "en"),
        Ask((), Go("key"), "en", digits=4, timeout=8),
        *(Ask((Say("1?", it),), Go("menu"), it, hints=("Störung, neu", "x" * 300)) for it in (*VOICES, "xx")),
        Ask((), Go("menu"), "de", hints=tuple(f"word {n}" for n in range(900))),
    ),
    Wait: (Wait("site-1-outage", ABOUT),),
    Meet: (
        Meet("c-17", "customer", ABOUT),
        Meet("c-17", "agent", {}, starts=False, ends=True, record=True),
        Meet("c-17", "boss", {}, muted=True),
        Meet("c-17", "boss", {}, coach=f"CA{'1' * 32}"),
    ),
    TakeMessage: (TakeMessage(ABOUT), TakeMessage({}, longest=600)),
    Leave: (Leave(),),
    HangUp: (HangUp(),),
}


def _place(it: Instruction) -> Place:
    return "queue" if isinstance(it, Leave) else "call"


@pytest.mark.promise("twiml-spelt")
def test_every_instruction_has_an_example() -> None:
    assert set(EXAMPLES) == set(get_args(Instruction))
    assert all(isinstance(it, kind) for kind, them in EXAMPLES.items() for it in them)


@pytest.mark.promise("twiml-spelt")
@pytest.mark.parametrize(
    "instruction", [it for them in EXAMPLES.values() for it in them], ids=lambda it: repr(it)[:60]
)
def test_what_a_leg_hears_is_taken_without_a_word(instruction: Instruction) -> None:
    checked(WRITER.document((instruction,)), place=_place(instruction))


@pytest.mark.promise("twiml-spelt")
@pytest.mark.parametrize("language", [*VOICES, "de-AT", "pt_BR", "klingon", ""])
def test_every_language_of_a_plan_has_a_voice_that_twilio_knows(language: str) -> None:
    (say,) = checked(WRITER.document((Say("Hello.", language),))).verbs
    assert say.text == "Hello."


_WORDS = st.text(max_size=60)
_SHORT = st.text("abc-019", min_size=1, max_size=20)
_ABOUT = st.dictionaries(st.sampled_from("cobn"), st.text(max_size=12), max_size=2)
_SAID = st.one_of(
    st.builds(Say, _WORDS, st.sampled_from(["de", "en", "fr-CA"])),
    st.just(Play()),
    st.builds(Pause, st.integers(0, 60)),
)
_GO = st.builds(Go, st.sampled_from(get_args(Turn)), _ABOUT)
_ENDS = st.one_of(
    _GO,
    st.builds(
        Ask,
        st.lists(_SAID, max_size=3).map(tuple),
        _GO,
        st.just("de"),
        st.integers(1, 8),
        st.integers(1, 20),
        st.lists(_WORDS, max_size=4).map(tuple),
    ),
    st.builds(Wait, _SHORT, _ABOUT),
    st.builds(Meet, _SHORT, _SHORT, _ABOUT, st.booleans(), st.booleans(), st.booleans()),
    st.builds(TakeMessage, _ABOUT, st.integers(1, 600)),
    st.just(HangUp()),
)


@pytest.mark.promise("twiml-spelt")
@given(st.lists(_SAID, max_size=4), _ENDS)
@settings(max_examples=100)
def test_whatever_is_said_before_whichever_end_is_taken_without_a_word(
    said: list[Instruction], end: Instruction
) -> None:
    checked(WRITER.document((*said, end), "https://help.example.org/twilio/voice/wait"))


@pytest.mark.promise("twiml-spelt")
def test_a_misspelt_attribute_that_the_builder_accepts_is_found() -> None:
    made = VoiceResponse()
    made.gather(num_digit=1)
    with pytest.raises(AssertionError, match="numDigit"):
        checked(str(made))


def test_what_twilio_refuses_and_what_is_never_reached_is_found() -> None:
    with pytest.raises(AssertionError, match="13238"):
        checked("<Response><Gather/></Response>", place="conference")
    with pytest.raises(AssertionError, match="never reached"):
        checked("<Response><Hangup/><Say>Bye.</Say></Response>")
