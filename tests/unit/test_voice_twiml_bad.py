"""Documents that Twilio would not take as they stand: each gets Twilio's number, and is refused or goes on as told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tierline.sandbox.twilio_webhook import LARGEST
from tierline.sandbox.voice_nouns import NOUNS
from tierline.sandbox.voice_twiml import Document, Place, Refusal, Verb, read_voice
from tierline.sandbox.voice_verbs import COSTLY, ERRORS, VERBS


@dataclass(frozen=True)
class Bad:
    """What stands in `<Response>`, the number it must get, and what the call does nevertheless ("" = nothing)."""

    code: int
    inside: str
    left: str = ""
    place: Place = "call"


def _conference(attributes: str, name: str = "r") -> str:
    return f"<Dial><Conference {attributes}>{name}</Conference></Dial>"


REFUSED = (
    Bad(11100, '<Gather action="https:///choose"><Say>Press 1.</Say></Gather>'),
    Bad(11100, "<Redirect>http://exa mple.org/next</Redirect>"),
    Bad(11100, "<Redirect/>"),
    Bad(11100, "<Play>ftp://example.org/music.mp3</Play>"),
    Bad(11100, "<Play/>"),
    Bad(11100, "<Say>Hello.</Say><Redirect>javascript:alert(1)</Redirect>"),
    Bad(11100, '<Dial action="https://example.org:99999/done">+4930123456</Dial>'),
    Bad(11100, '<Dial action="https://example.org:0/done">+4930123456</Dial>'),
    Bad(11100, '<Dial><Number url="//example.org/whisper">+4930123456</Number></Dial>'),
    Bad(11100, "<Redirect>/grüße</Redirect>"),
    Bad(12200, "<Leave/>"),
    Bad(12200, "<Dial><Conference>r</Conference></Dial>", place="queue"),
    Bad(12200, "<Record/>", place="queue"),
    Bad(12200, "<Enqueue>again</Enqueue>", place="queue"),
    Bad(13231, _conference('endConferenceOnExit="yes"')),
    Bad(13238, '<Gather numDigits="1"><Say>Press 1.</Say></Gather>', place="conference"),
    Bad(13238, "<Say>One moment.</Say><Hangup/>", place="conference"),
    Bad(13238, "<Leave/>", place="conference"),
    Bad(13239, _conference('record="record-from-start" trim="silence"')),
    Bad(13240, _conference('coach="agent-7"')),
    Bad(13257, '<Record transcribe="true" transcribeCallback="not an address"/>'),
    Bad(13338, '<Gather actionOnEmptyResult="always"/>'),
    Bad(13621, '<Record recordingStatusCallbackEvent="completed,absent"/>'),
    Bad(13801, "<Refer><Sip>sip:ada@example.org</Sip></Refer>"),
    Bad(14201, '<Enqueue method="PUT">help</Enqueue>'),
    Bad(14202, '<Enqueue waitUrl="">help</Enqueue>'),
    Bad(14203, '<Enqueue action="https://">help</Enqueue>'),
    Bad(14204, '<Enqueue waitUrl="/wait">  </Enqueue>'),
    Bad(14205, f"<Enqueue>{'q' * 65}</Enqueue>"),
    Bad(14206, '<Enqueue waitUrl="/wait" waitUrlMethod="post">help</Enqueue>'),
    Bad(14210, '<Dial><Queue url="/hello" method="HEAD">help</Queue></Dial>'),
    Bad(14211, '<Dial><Queue url="http://[::1">help</Queue></Dial>'),
    Bad(14212, "<Dial><Queue/></Dial>"),
    Bad(14213, f"<Dial><Queue>{'q' * 65}</Queue></Dial>"),
    Bad(14215, '<Dial><Queue reservationSid="WR1">help</Queue></Dial>'),
    Bad(14220, '<Enqueue workflowSid="billing"/>'),
    Bad(14221, f'<Enqueue workflowSid="WW{"0" * 32}"><Task>{{"service": </Task></Enqueue>'),
    Bad(14300, "<Start><Say>Recorded.</Say></Start>"),
    Bad(16002, _conference('maxParticipants="1"')),
    Bad(16023, _conference('participantLabel="team/ada"')),
    Bad(16023, _conference(f'participantLabel="CA{"a" * 32}"')),
    Bad(21626, '<Dial><Number statusCallbackEvent="ringing answerd">+4930123456</Number></Dial>'),
    Bad(21626, '<Dial><Number statusCallbackEvent="ringing ringing">+4930123456</Number></Dial>'),
    Bad(31923, '<Start><Stream url="https://example.org/audio"/></Start>'),
)

WARNED = (
    Bad(12200, '<Say langauge="de-DE">Hallo.</Say>', "Say:Hallo."),
    Bad(12200, '<Gather numDigit="1" timeout="5"/>', "Gather(timeout=5)"),
    Bad(12200, _conference('startConferenceOnEntry="false"'), "Dial[Conference:r]"),
    Bad(12200, '<Record maxlength="120"/>', "Record"),
    Bad(12200, '<Enqueue waiturl="/wait">help</Enqueue>', "Enqueue:help"),
    Bad(12200, "<say>Hello.</say><Pause/>", "Pause"),
    Bad(12200, "<Speak>Hello.</Speak><Hangup/>", "Hangup"),
    Bad(12200, "<Message>Hello.</Message>"),
    Bad(12200, "<Number>+4930123456</Number>"),
    Bad(12200, "Hello.<Hangup/>", "Hangup"),
    Bad(12200, "<Say>Hello <Pause/>you.</Say>", "Say:Hello you."),
    Bad(12200, "<Hangup>now</Hangup>", "Hangup"),
    Bad(12200, "<Dial>+4930123456<Conference>r</Conference></Dial>", "Dial[Conference:r]"),
    Bad(12200, '<Say>So <break time="11s"/>long.</Say>', "Say:So long.[break]"),
    Bad(13000, "<Dial><Conference>r</Conference><Number>+4930123456</Number></Dial><Pause/>", "Pause"),
    Bad(13210, '<Dial action="/done" method="DELETE">+4930123456</Dial>', "Dial(action=/done):+4930123456"),
    Bad(13212, '<Dial timeout="20s">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13213, '<Dial hangupOnStar="1">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13214, '<Dial callerId="support">+4930123456</Dial><Say>Bye.</Say>', "Say:Bye."),
    Bad(13215, "<Dial><Conference>r</Conference><Person>Ada</Person></Dial>", "Dial[Conference:r]"),
    Bad(13216, '<Dial timeLimit="-1">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13217, '<Dial record="record-from-start">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13219, '<Dial answerOnBridge="True">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13220, '<Dial ringTone="eu">+4930123456</Dial>', "Dial:+4930123456"),
    Bad(13221, '<Dial><Number method="PATCH">+4930123456</Number></Dial>', "Dial[Number:+4930123456]"),
    Bad(13222, '<Dial><Number sendDigits="1,2">+4930123456</Number></Dial>', "Dial[Number:+4930123456]"),
    Bad(13223, "<Dial>030 123456</Dial><Pause/>", "Pause"),
    Bad(13230, _conference('muted="off"'), "Dial[Conference:r]"),
    Bad(13232, _conference('startConferenceOnEnter=""'), "Dial[Conference:r]"),
    Bad(13233, _conference('waitUrl="music please"'), "Dial[Conference:r]"),
    Bad(13234, _conference('waitMethod="get"'), "Dial[Conference:r]"),
    Bad(13235, _conference('beep="onenter"'), "Dial[Conference:r]"),
    Bad(13256, '<Record recordingStatusCallback="https://"/>', "Record"),
    Bad(13310, '<Gather finishOnKey="A"/>', "Gather"),
    Bad(13312, '<Gather method="post"/>', "Gather"),
    Bad(13313, '<Gather timeout="0"/>', "Gather"),
    Bad(13314, '<Gather numDigits="one"/>', "Gather"),
    Bad(13320, "<Gather><Dial>+4930123456</Dial><Say>Press 1.</Say></Gather>", "Gather[Say:Press 1.]"),
    Bad(13321, '<Gather><Say voice="nobody">Press 1.</Say></Gather>', "Gather"),
    Bad(13322, '<Gather><Say loop="often">Press 1.</Say></Gather>', "Gather[Say:Press 1.]"),
    Bad(13326, '<Gather input="voice"/>', "Gather"),
    Bad(13327, '<Gather input="speech" speechTimeout="soon"/>', "Gather(input=speech)"),
    Bad(13328, '<Gather maxSpeechTime="61"/>', "Gather"),
    Bad(13330, f'<Gather hints="billing,,{"x" * 101}"/>', "Gather"),
    Bad(13331, '<Gather input="speech" language="de"/><Hangup/>', "Hangup"),
    Bad(13332, '<Gather bargeIn="no"/>', "Gather"),
    Bad(13335, '<Gather speechTimeout="auto" speechModel="phone_call"/>', "Gather(speechModel=phone_call)"),
    Bad(13410, '<Play loop="-1">/music.mp3</Play>', "Play:/music.mp3"),
    Bad(13430, '<Play digits="1p2">/music.mp3</Play>', "Play:/music.mp3"),
    Bad(13510, '<Say loop="1.5">Hello.</Say>', "Say:Hello."),
    Bad(13511, '<Say voice="Polly.Vikki">Hallo.</Say><Pause/>', "Pause"),
    Bad(13512, '<Say language="de">Hallo.</Say><Pause/>', "Pause"),
    Bad(13520, "<Say> \n </Say><Pause/>", "Pause"),
    Bad(13521, f"<Say>{'ü' * 2049}</Say><Pause/>", "Pause"),
    Bad(13521, f'<Say voice="Polly.Vicki">{"u" * 3001}</Say><Pause/>', "Pause"),
    Bad(13610, '<Record method="UPDATE"/>', "Record"),
    Bad(13611, '<Record timeout="0"/>', "Record"),
    Bad(13612, '<Record maxLength="14401"/>', "Record"),
    Bad(13613, '<Record finishOnKey="none"/>', "Record"),
    Bad(13614, '<Record transcribe="yes"/>', "Record"),
    Bad(13615, '<Record transcribe="true" maxLength="121"/>', "Record(maxLength=121)"),
    Bad(13616, '<Record playBeep="loud"/>', "Record"),
    Bad(13699, '<Record trim="true"/>', "Record"),
    Bad(13710, '<Redirect method="HEAD">/next</Redirect>', "Redirect:/next"),
    Bad(13810, '<Reject reason="spam"/>', "Reject"),
    Bad(13910, '<Pause length="0"/>', "Pause"),
    Bad(13910, '<Pause length="٣"/>', "Pause"),
)


def _shown(verbs: tuple[Verb, ...]) -> str:
    """`Gather(timeout=5)[Say:Press 1.] Hangup`."""
    return " ".join(_one(it) for it in verbs)


def _one(it: Verb) -> str:
    attributes = ",".join(f"{name}={value}" for name, value in it.attributes.items())
    text = f":{it.text}" if it.text else ""
    return (
        it.name
        + (f"({attributes})" if attributes else "")
        + text
        + (f"[{_shown(it.nested)}]" if it.nested else "")
    )


def _read(inside: str, place: Place = "call") -> Document | Refusal:
    return read_voice(200, "text/xml; charset=utf-8", f"<Response>{inside}</Response>".encode(), place=place)


@pytest.mark.promise("sandbox-twiml-strict")
@pytest.mark.parametrize("bad", REFUSED, ids=lambda it: f"{it.code} {it.inside[:50]}")
def test_what_twilio_lists_as_an_error_is_refused_with_its_number(bad: Bad) -> None:
    read = _read(bad.inside, bad.place)
    assert isinstance(read, Refusal)
    assert read.code == bad.code and read.message


@pytest.mark.promise("sandbox-twiml-strict")
@pytest.mark.parametrize("bad", WARNED, ids=lambda it: f"{it.code} {it.inside[:50]}")
def test_what_twilio_lists_as_a_warning_is_told_and_the_call_goes_on_without_it(bad: Bad) -> None:
    read = _read(bad.inside, bad.place)
    assert isinstance(read, Document)
    assert [code for code, _ in read.warnings] == [bad.code]
    assert _shown(read.verbs) == bad.left


def test_there_are_more_than_sixty_and_they_are_not_one_mistake_repeated() -> None:
    assert len(REFUSED) + len(WARNED) >= 60
    assert len({bad.code for bad in REFUSED + WARNED}) >= 60


@pytest.mark.parametrize(
    ("code", "status", "kind", "body"),
    [
        (11200, 500, "text/xml", b"<Response/>"),
        (11200, 302, "text/xml", b"<Response/>"),
        (11750, 200, "text/xml", b"<Response><Say>" + b"a" * LARGEST + b"</Say></Response>"),
        (12100, 200, "text/xml", b""),
        (12100, 200, "text/xml", b"<Response><Say>Hello.</Response>"),
        (12100, 200, "text/html", b"<html><body>It works<br></body></html>"),
        (12100, 200, "text/xml", b"<Response><Say>Ben & Ada</Say></Response>"),
        (12100, 200, "text/xml", b"\n<?xml version='1.0'?><Response/>"),
        (12100, 200, "text/xml", b"<Response/><Response/>"),
        (12100, 200, "text/xml", b'<Response><Say loop="1" loop="2">Hello.</Say></Response>'),
        (12100, 200, "text/xml", "<Response><Say>Grüße</Say></Response>".encode("latin-1")),
        (12100, 200, "text/xml; charset=klingon", b"<Response/>"),
        (12100, 200, "text/xml", b'<!DOCTYPE r [<!ENTITY a "ha">]><Response><Say>&a;</Say></Response>'),
        (12100, 200, "text/xml", '<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response/>'.encode("utf-16")),
        (12100, 200, "text/xml", b"<Response>" + b"<p>" * 25 + b"</p>" * 25 + b"</Response>"),
        (12100, 200, "text/xml", b"<Response>" + b"<Pause/>" * 2_001 + b"</Response>"),
        (12102, 200, "text/xml", b"<Answer><Say>Hello.</Say></Answer>"),
        (12102, 200, "text/xml", b"<response><Say>Hello.</Say></response>"),
        (12300, 200, "application/json", b'{"say": "Hello."}'),
        (12300, 200, "", b"<Response/>"),
        (12300, 204, "", b""),
    ],
)
def test_an_answer_that_is_no_document_is_refused_as_a_whole(
    code: int, status: int, kind: str, body: bytes
) -> None:
    read = read_voice(status, kind, body)
    assert isinstance(read, Refusal)
    assert read.code == code


def test_no_number_and_no_word_of_a_caller_gets_into_what_the_debugger_lists() -> None:
    read = _read(
        '<Dial callerId="+49 30 5550123" timeout="5550123x">+4930123456</Dial><Say voice="5550123">a</Say>'
    )
    assert isinstance(read, Document)
    assert len(read.warnings) == 3
    assert not any("5550123" in words for _, words in read.warnings)


def test_the_table_is_closed_and_its_numbers_are_of_one_kind() -> None:
    known = {**NOUNS, **VERBS}
    for name, element in known.items():
        assert element.nested <= set(known), f"{name} may hold what no table describes"
    assert not COSTLY & ERRORS
