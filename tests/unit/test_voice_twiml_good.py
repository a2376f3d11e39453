"""Documents that Twilio takes as they stand: read whole, without a warning; and hostile bytes, which never harm."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierline.sandbox.twilio_webhook import LARGEST
from tierline.sandbox.voice_nouns import NOUNS
from tierline.sandbox.voice_twiml import Document, Place, Refusal, Verb, read_voice
from tierline.sandbox.voice_verbs import PLACES, VERBS

GOOD: tuple[tuple[Place, str], ...] = (
    ("call", ""),
    ("call", "<!-- nobody is there --><Reject reason='busy'/>"),
    ("call", '<Say language="de-DE" voice="Polly.Vicki-Neural">Guten Tag.</Say><Hangup/>'),
    ("call", '<Say voice="Google.en-GB-Wavenet-A" loop="2">Hello &amp; welcome.</Say>'),
    (
        "call",
        '<Say><prosody rate="slow">One<break time="300ms"/> <say-as interpret-as="digits">17</say-as></prosody></Say>',
    ),
    (
        "call",
        '<Gather input="dtmf speech" numDigits="1" timeout="5" speechTimeout="auto" finishOnKey="" language="de-DE"'
        ' hints="Störung, eine Rechnung" action="/twilio/voice/menu?c=1&amp;t=2" method="POST" actionOnEmptyResult="true">'
        '<Say language="de-DE">Drücken Sie die 1.</Say><Pause length="1"/><Play>https://example.org/a.mp3</Play></Gather>'
        "<Redirect>/twilio/voice/menu?n=2</Redirect>",
    ),
    (
        "call",
        '<Enqueue action="/left" waitUrl="https://example.org/wait#rc=2&amp;rp=all" waitUrlMethod="POST">site-1</Enqueue>',
    ),
    (
        "call",
        '<Dial action="/done"><Conference participantLabel="customer" startConferenceOnEnter="false" beep="false"'
        ' endConferenceOnExit="true" waitUrl="" record="record-from-start" trim="do-not-trim"'
        ' statusCallback="/rooms" statusCallbackEvent="start end join leave mute hold"'
        ' recordingStatusCallback="/recorded" recordingStatusCallbackEvent="completed absent">c-17</Conference></Dial>',
    ),
    (
        "call",
        '<Dial timeout="20" callerId="+4930123456" answerOnBridge="true" sequential="true">'
        '<Number statusCallbackEvent="initiated ringing answered completed" statusCallback="/n" sendDigits="ww1#"'
        ' machineDetection="DetectMessageEnd">+493099999</Number><Number>+493088888</Number></Dial><Say>Bye.</Say>',
    ),
    ("call", '<Dial><Client><Identity>ada</Identity><Parameter name="c" value="17"/></Client></Dial>'),
    ("call", '<Dial><Queue url="/hello">site-1</Queue></Dial>'),
    (
        "call",
        '<Record action="/rec" maxLength="120" playBeep="true" finishOnKey="#" transcribe="true" trim="trim-silence"/>',
    ),
    (
        "call",
        '<Start><Transcription name="t" track="both_tracks" statusCallbackUrl="/t" languageCode="de-DE"/></Start>'
        '<Start><Stream url="wss://example.org/audio" track="inbound_track"/></Start>'
        '<Stop><Transcription name="t"/></Stop><Pause length="5"/>',
    ),
    ("queue", '<Say>You are next.</Say><Gather numDigits="1" action="/key"><Play>/music.mp3</Play></Gather>'),
    ("queue", "<Play loop='0'>/music.mp3</Play>"),
    ("queue", "<Leave/>"),
    ("conference", "<Play>/music.mp3</Play><Pause length='2'/><Redirect method='GET'>/hold</Redirect>"),
)


@pytest.mark.promise("sandbox-twiml-strict")
@pytest.mark.parametrize(("place", "inside"), GOOD, ids=lambda it: it[:60])
def test_a_document_as_the_docs_have_it_passes_without_a_warning(place: Place, inside: str) -> None:
    read = read_voice(
        200,
        "text/xml",
        f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'.encode(),
        place=place,
    )
    assert isinstance(read, Document), read
    assert read.warnings == ()


def _doc(inside: str, kind: str = "text/xml", encoding: str = "utf-8") -> Document:
    read = read_voice(200, kind, f"<Response>{inside}</Response>".encode(encoding))
    assert isinstance(read, Document), read
    return read


def test_words_nouns_and_attributes_come_out_as_they_went_in() -> None:
    (gather, redirect) = _doc(
        '<Gather action="/a?x=1&amp;y=2"><Say>Ben &lt;&amp;&gt;\n  Ada</Say></Gather><Redirect> /next </Redirect>'
    ).verbs
    assert gather == Verb("Gather", {"action": "/a?x=1&y=2"}, "", (Verb("Say", {}, "Ben <&> Ada"),))
    assert redirect == Verb("Redirect", {}, "/next")


def test_of_ssml_all_words_are_spoken_in_their_order() -> None:
    (say,) = _doc("<Say>Your number is <emphasis>seven<s>teen</s></emphasis>, thank you.</Say>").verbs
    assert say.text == "Your number is seventeen, thank you."
    assert [it.name for it in say.nested] == ["emphasis"]


@pytest.mark.parametrize("end", ["<Hangup/>", "<Redirect>/next</Redirect>", "<Reject/>"])
def test_nothing_after_the_end_is_reached_and_twilio_does_not_mind(end: str) -> None:
    read = _doc(f"<Say>One.</Say>{end}<Say>Two.</Say>")
    assert [it.name for it in read.verbs] == ["Say", end.strip("</>").split(">")[0]]
    assert read.warnings == ()


def test_the_charset_of_the_header_goes_before_the_documents_own() -> None:
    assert _doc("<Say>Grüße</Say>", "text/xml; charset=ISO-8859-1", "latin-1").verbs[0].text == "Grüße"
    assert _doc("<Say>Grüße</Say>", 'application/xml;charset="utf-8"').verbs[0].text == "Grüße"
    assert _doc("<Say>Grüße</Say>", "text/xml", "utf-16").verbs[0].text == "Grüße"


def test_plain_text_is_spoken_and_a_sound_is_played() -> None:
    assert read_voice(200, "text/plain", b"We are  closed.") == Document((Verb("Say", {}, "We are closed."),))
    assert read_voice(200, "audio/mpeg", b"ID3\x00") == Document((Verb("Play"),))
    empty = read_voice(200, "text/plain", b" ")
    assert isinstance(empty, Document) and [code for code, _ in empty.warnings] == [13520]


# ---- hostile -------------------------------------------------------------------------------------------------------

_NAMES = st.sampled_from([*VERBS, *NOUNS, "x", "Response", "say", "xml:lang"])
_ATTRIBUTES = st.sampled_from(
    sorted({name for it in (*VERBS.values(), *NOUNS.values()) for name in it.attributes})
)
_VALUES = st.one_of(
    st.sampled_from(
        ["", "0", "-1", "99999999999999999999", "true", "http://[", "wss://", "\u0663", "+49", "a/b", "٣"]
    ),
    st.text(max_size=40),
)


@st.composite
def _element(draw: st.DrawFn, depth: int = 0) -> str:
    name = draw(_NAMES)
    given = {draw(_ATTRIBUTES): draw(_VALUES) for _ in range(draw(st.integers(0, 3)))}
    attributes = "".join(f" {key}={_quoted(value)}" for key, value in given.items())
    inner = "".join(draw(_element(depth + 1)) for _ in range(draw(st.integers(0, 3 if depth < 3 else 0))))
    return f"<{name}{attributes}>{_escaped(draw(_VALUES))}{inner}</{name}>"


def _escaped(text: str) -> str:
    shown = "".join(
        c for c in text if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and ord(c) not in (0xFFFE, 0xFFFF)
    )
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _quoted(text: str) -> str:
    return '"' + _escaped(text).replace('"', "&quot;") + '"'


_PLACES = st.sampled_from(sorted(PLACES))
_KINDS = st.sampled_from(
    ["text/xml", "application/xml; charset=utf-16", "text/html;charset=\0", "text/plain", "audio/wav", ""]
)


def _timed(status: int, kind: str, body: bytes, place: Place) -> Document | Refusal:
    """Read, in under 50 ms of this process's own work; the better of two, as another may take the processor."""
    spent = []
    for _ in range(2):
        begun = time.process_time()
        read = read_voice(status, kind, body, place=place)
        spent.append(time.process_time() - begun)
    assert min(spent) < 0.05
    return read


@pytest.mark.promise("sandbox-twiml-total")
@given(st.integers(0, 999), _KINDS | st.text(max_size=30), st.binary(max_size=600), _PLACES)
@example(200, "text/xml", b"<Response>" + b"<Say>" * 15_000, "call")
@example(200, "text/xml", b"<Response>" + b"<Say/>" * 10_000 + b"</Response>", "queue")
@example(200, "text/xml", b"<Response " + b" ".join(b'a%d=""' % n for n in range(6_000)) + b"/>", "call")
@example(200, "text/xml", b"<Response><Gather hints='" + b"a," * 30_000 + b"'/></Response>", "call")
@example(
    200, "text/xml", b"<Response><Enqueue><Task>" + b"[" * 60_000 + b"</Task></Enqueue></Response>", "call"
)
@example(200, "text/xml", b"<Response><Dial timeout='" + b"9" * 60_000 + b"'/></Response>", "call")
@example(200, "text/xml", b"<Response><Say>" + b"&#65;" * 12_000 + b"</Say></Response>", "conference")
@example(
    200, "text/xml", b"<Response><Dial><Sip>sip:" + b"a:@" * 20_000 + b"</Sip></Dial></Response>", "call"
)
@example(200, "text/xml", b"\xff\xfe" + b"<\x00" * 30_000, "call")
@example(
    200,
    "text/xml",
    b"<!DOCTYPE a [" + b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (n + 1, n, n) for n in range(99)),
    "call",
)
def test_whatever_bytes_come_are_read_or_refused_and_at_once(
    status: int, kind: str, body: bytes, place: Place
) -> None:
    assert len(body) <= 2 * LARGEST
    assert isinstance(_timed(status, kind, body, place), Document | Refusal)


@pytest.mark.promise("sandbox-twiml-total")
@given(st.lists(_element(), max_size=4), _PLACES)
@settings(max_examples=200)
def test_a_document_of_any_verbs_and_values_leaves_only_what_the_table_knows(
    inside: list[str], place: Place
) -> None:
    read = _timed(200, "text/xml; charset=utf-8", f"<Response>{''.join(inside)}</Response>".encode(), place)
    if isinstance(read, Document):
        for verb in read.verbs:
            assert verb.name in PLACES[place][0]
            _known(verb)


def _known(verb: Verb) -> None:
    table = VERBS.get(verb.name) or NOUNS[verb.name]
    for name, value in verb.attributes.items():
        fits, _code = table.attributes[name]
        assert fits(value)
    for inner in verb.nested:
        assert inner.name in table.nested
        _known(inner)
