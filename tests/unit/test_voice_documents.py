"""Every instruction as Twilio reads it: nothing refused, nothing warned of, no address that isn't ours, no text that escapes."""

from __future__ import annotations

from typing import get_args
from urllib.parse import parse_qsl, urlsplit

import pytest
from helpers_twiml import checked
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.phone import (
    Ask,
    Go,
    HangUp,
    Heard,
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
from tierline.channels.voice import twiml
from tierline.channels.voice.languages import VOICES, voice_of
from tierline.channels.voice.standby import LAST_TURN, standby
from tierline.sandbox.voice_twiml import Document, Place, Verb

BASE = "https://help.example.com"
WRITER = twiml.Writer(twiml.Addresses(BASE))
ABOUT = {"c": "C1001", "o": "7"}
TURNS = get_args(Turn)
PLACES: tuple[tuple[Turn, Place], ...] = (("menu", "call"), ("wait", "queue"), ("held", "conference"))


def read(*heard: object, place: Place = "call", again: str = "") -> Document:
    turn: Turn = {"call": "call", "queue": "wait", "conference": "held"}[place]  # type: ignore[assignment]
    return checked(WRITER.document(heard, again, turn), place=place)  # type: ignore[arg-type]


def query(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def path(address: str) -> str:
    assert address.startswith(BASE + "/twilio/voice"), address
    assert urlsplit(address).fragment == "rc=3&rp=ct,rt,5xx"
    return urlsplit(address).path


def one(*heard: object, place: Place = "call") -> Verb:
    (verb,) = read(*heard, place=place).verbs
    return verb


def test_words_are_said_in_their_language() -> None:
    verb = one(Say("Störung & <Ausfall>", "de"))
    assert (verb.name, verb.text) == ("Say", "Störung & <Ausfall>")
    assert (verb.attributes["language"], verb.attributes["voice"]) == ("de-DE", "Polly.Vicki")


@pytest.mark.parametrize("language", [*VOICES, "de-AT", "en", "EN_us", "xx", "", "zh-Hant"])
@pytest.mark.parametrize("english", ["en-GB", "en-US", "xx"])
def test_every_language_is_spoken_and_understood_as_twilio_names_it(language: str, english: str) -> None:
    writer = twiml.Writer(twiml.Addresses(BASE), english)
    checked(
        writer.document(
            (
                Say("x", language),
                Ask((Say("x", language),), Go("menu"), language, hints=("yes", "no")),
            )
        )
    )
    assert voice_of("en", "en-US").name == "Polly.Joanna" and voice_of("xx").language == "en-GB"


def test_sound_is_ours_or_an_address() -> None:
    assert one(Play()).text == f"{BASE}/twilio/voice/sound/music.wav"
    assert one(Play("https://cdn.example.com/a.mp3")).text == "https://cdn.example.com/a.mp3"


def test_silence_lasts_and_none_is_not_written() -> None:
    assert one(Pause(3)).attributes == {"length": "3"}
    assert read(Pause(0)).verbs == ()


@pytest.mark.parametrize("turn", TURNS)
def test_a_leg_goes_on_to_any_turn_with_what_it_was_given(turn: Turn) -> None:
    verb = one(Go(turn, ABOUT | {"x": "ü &?#"}))
    assert path(verb.text) == ("/twilio/voice" if turn == "call" else f"/twilio/voice/{turn}")
    assert query(verb.text) == ABOUT | {"x": "ü &?#"} and verb.attributes == {"method": "POST"}


@pytest.mark.parametrize("place", ["call", "queue"])
def test_a_question_takes_keys_and_also_no_answer(place: Place) -> None:
    verb = one(Ask((Say("One?", "de"), Play(), Pause(1)), Go("key", ABOUT), "de", 2, 8), place=place)
    assert verb.attributes == {
        "input": "dtmf", "numDigits": "2", "timeout": "8", "action": verb.attributes["action"], "method": "POST",
        "actionOnEmptyResult": "true",
    }  # fmt: skip
    assert (
        path(verb.attributes["action"]) == "/twilio/voice/key" and query(verb.attributes["action"]) == ABOUT
    )
    assert [it.name for it in verb.nested] == ["Say", "Play", "Pause"]


def test_a_question_with_words_listens_in_its_language() -> None:
    verb = one(Ask((), Go("menu"), "de", hints=("Störung", "Fragen, alle", " ", "x" * 300)))
    assert verb.attributes["input"] == "dtmf speech" and verb.attributes["speechTimeout"] == "auto"
    assert verb.attributes["language"] == "de-DE"
    assert verb.attributes["hints"] == "Störung, Fragen alle, " + "x" * 100


def test_who_waits_asks_again_and_again_and_once_when_they_have_left() -> None:
    verb = one(Wait("tierline-howto", ABOUT))
    assert verb.text == "tierline-howto"
    assert (
        path(verb.attributes["waitUrl"]) == "/twilio/voice/wait"
        and query(verb.attributes["waitUrl"]) == ABOUT
    )
    assert (
        path(verb.attributes["action"]) == "/twilio/voice/left" and query(verb.attributes["action"]) == ABOUT
    )
    assert verb.attributes["waitUrlMethod"] == verb.attributes["method"] == "POST"


@pytest.mark.parametrize("starts", [True, False])
@pytest.mark.parametrize("record", [True, False])
def test_legs_meet_in_a_silent_room_whose_events_are_told(starts: bool, record: bool) -> None:
    verb = one(
        Meet("northwind-C1001", "agent-Ada Müller", ABOUT, starts=starts, ends=not starts, record=record)
    )
    assert (
        path(verb.attributes["action"]) == "/twilio/voice/done" and query(verb.attributes["action"]) == ABOUT
    )
    (room,) = verb.nested
    assert room.text == "northwind-C1001" and room.attributes["participantLabel"] == "agent-Ada Müller"
    assert room.attributes["startConferenceOnEnter"] == str(starts).lower()
    assert room.attributes["endConferenceOnExit"] == str(not starts).lower()
    assert (room.attributes["beep"], room.attributes["waitUrl"]) == ("false", "")
    assert room.attributes["statusCallbackEvent"] == "start end join leave mute hold"
    assert path(room.attributes["statusCallback"]) == "/twilio/voice/room"
    assert ("record" in room.attributes) is record
    if record:
        assert path(room.attributes["recordingStatusCallback"]) == "/twilio/voice/recording"


def test_a_message_is_recorded_and_silence_goes_on_too() -> None:
    record, redirect = read(Say("After the beep", "en"), TakeMessage(ABOUT, 90)).verbs[1:]
    assert (record.attributes["maxLength"], record.attributes["playBeep"]) == ("90", "true")
    assert path(record.attributes["action"]) == "/twilio/voice/voicemail"
    assert query(record.attributes["action"]) == ABOUT
    assert query(redirect.text) == ABOUT | {"result": "silence"}
    assert query(record.attributes["recordingStatusCallback"]) == ABOUT


def test_a_leg_leaves_its_queue_or_ends() -> None:
    assert one(Leave(), place="queue").name == "Leave" and one(HangUp()).name == "Hangup"


@pytest.mark.parametrize("place", ["call", "queue", "conference"])
def test_putting_off_fits_wherever_a_leg_is(place: Place) -> None:
    again = WRITER.at.turn("wait", ABOUT, turns="3")
    verbs = read(Say("One moment", "en"), Play(), Pause(2), place=place, again=again).verbs
    assert verbs[-1].name == "Redirect" and query(verbs[-1].text) == ABOUT | {"turns": "3"}


def test_what_says_how_it_goes_on_is_not_put_off() -> None:
    assert [it.name for it in read(Say("Bye", "en"), HangUp(), again=f"{BASE}/x").verbs] == ["Say", "Hangup"]


@pytest.mark.parametrize("turns", [0, LAST_TURN - 1, LAST_TURN, LAST_TURN + 1])
def test_the_words_that_need_nothing_are_twiml_wherever_a_leg_is(turns: int) -> None:
    for turn, place in PLACES:
        again = WRITER.at.turn(turn, ABOUT)
        verbs = checked(standby(turn, turns, again, WRITER.at.sound("music")), place=place).verbs
        last = turns >= LAST_TURN and turn != "held"
        assert verbs[-1].name == ("Hangup" if last else "Redirect") and (last or verbs[-1].text == again)


def test_a_long_text_is_cut_where_a_voice_would_stop() -> None:
    verb = one(Say("Straße " * 3000, "de"))
    assert 2900 < len(verb.text.encode()) <= 3000 and verb.text.endswith("Straße …")


def test_a_document_that_twilio_would_not_take_is_not_written() -> None:
    with pytest.raises(twiml.NotAllowed):
        WRITER.document((Say("word " * 600, "en"),) * 30)


ANY = st.text(max_size=60)
PROMPTS = st.one_of(
    st.builds(Say, ANY, st.sampled_from([*VOICES, "xx"])), st.builds(Pause, st.integers(0, 9))
)


@given(st.lists(PROMPTS, max_size=5), ANY, st.dictionaries(st.sampled_from("coar"), ANY, max_size=3))
def test_no_text_breaks_out_of_its_place(
    prompts: list[Say | Pause], text: str, about: dict[str, str]
) -> None:
    heard: Heard = (*prompts, Ask(tuple(prompts), Go("key", about), "de", hints=(text, "yes")))
    document = read(*heard)
    assert [it.name for it in document.verbs][-1] == "Gather"
    said = [it.text for it in document.verbs if it.name == "Say"]
    spoken = [_kept(it.text) for it in prompts if isinstance(it, Say)]
    assert [" ".join(it.split()) for it in said] == [it for it in spoken if it]
    given_back = query(document.verbs[-1].attributes["action"])
    assert set(given_back) == set(about)


def _kept(text: str) -> str:
    return " ".join(
        "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")).split()
    )


WAITING = (Wait("q", {}), Meet("r", "l", {}), TakeMessage({}))


@pytest.mark.parametrize(
    ("turn", "heard"),
    [
        *(("wait", it) for it in WAITING),
        *(("held", it) for it in (*WAITING, HangUp(), Leave(), Ask((), Go("key"), "en"))),
    ],
)
def test_what_would_end_the_call_where_the_leg_is_is_not_written(turn: Turn, heard: Instruction) -> None:
    with pytest.raises(twiml.NotAllowed):
        WRITER.document((heard,), turn=turn)
