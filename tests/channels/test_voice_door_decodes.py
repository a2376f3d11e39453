"""What Twilio says of calls becomes values, and no cut of a signed request at other places becomes others (SEC3, F51)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from multidict import MultiDict
from recut import joined, recut
from twilio.request_validator import RequestValidator
from twilio_rehearsal import ACCOUNT, EVA, OURS, TOKEN
from voice_door_stage import (
    BASE,
    CALL,
    QUEUE,
    RECORDED_AT,
    RECORDING,
    ROOM,
    call_form,
    leg_form,
    recording_form,
    room_form,
)

from tierline.channels.phone import Call, LegNews, Recorded, RoomNews
from tierline.channels.twilio.front import BadRequest, Signer
from tierline.channels.voice.webhook import caller, leg_news, machine_news, recorded, room_news

Form = dict[str, str]


def asked(form: Form | None = None, query: Form | None = None) -> Call:
    return caller(MultiDict(form or call_form()), MultiDict(query or {}), ACCOUNT)


def leg(form: Form, query: Form | None = None) -> LegNews:
    return leg_news(MultiDict(form), MultiDict(query or {}), ACCOUNT)


def room(form: Form) -> RoomNews | None:
    return room_news(MultiDict(form), MultiDict(), ACCOUNT)


def recording(form: Form, query: Form | None = None) -> Recorded | None:
    return recorded(MultiDict(form), MultiDict(query or {}), ACCOUNT)


# ---- who calls ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        "", "anonymous", "Anonymous", "+266696687", "266696687", "Restricted", "RESTRICTED", "+7378742833", "unavailable",
        "+86282452253", "unknown", "+8656696", "blocked", "+2562533", "private", "sip:anonymous@anonymous.invalid",
        "sip:Restricted@example.com", "asserted identity", "+", "+49 151 12345678", "Müller", "<script>",
    ],
)  # fmt: skip
def test_who_withholds_their_number_and_what_is_none_has_no_sender(raw: str) -> None:
    assert asked(call_form(sender=raw)).sender == ""


@pytest.mark.parametrize(
    "raw",
    [
        EVA, "+390612345678", "+8613912345678", "+15550001111", "4915112345678", "117", "110", "sip:alice@example.com",
        "sip:+4915112345678@pbx.example.com:5060;transport=tls", "sips:alice@example.com", "client:eva_m",
        "whatsapp:+4915112345678",
    ],
)  # fmt: skip
def test_numbers_of_any_country_and_sip_addresses_are_kept(raw: str) -> None:
    assert asked(call_form(sender=raw)).sender == raw


@pytest.mark.parametrize(
    ("stir", "verified"),
    [
        ("TN-Validation-Passed-A", True), ("TN-Validation-Passed-B", False), ("TN-Validation-Passed-C", False),
        ("TN-Validation-Failed-A", False), ("No-TN-Validation", False), ("TN-Validation-Passed-A-Diverted", False),
    ],
)  # fmt: skip
def test_only_the_full_word_of_the_carrier_verifies_a_number(stir: str, verified: bool) -> None:
    assert asked(call_form(StirVerstat=stir)).verified is verified


def test_a_forwarded_call_is_the_callers_own() -> None:
    it = asked(call_form(ForwardedFrom="+4930999999", ParentCallSid="CA" + "9" * 32))
    assert (it.sid, it.sender, it.recipient) == (CALL, EVA, OURS)


def test_a_callers_name_may_be_any() -> None:
    for name in ("Erich Fromm", "Toyota To Go", "  A\tB\x00 ", "x" * 300, "Digits 4 You", "CallSid"):
        it = asked(call_form(CallerName=name))
        assert it.sender == EVA and len(it.name) <= 100 and it.name == " ".join(it.name.split())


def test_fields_that_twilio_adds_are_no_trouble() -> None:
    more = {
        "SipHeader_X-Trace": "From: Eva; To: 117",
        "NewField": "Total",
        "AddOns": '{"status":"successful"}',
    }
    assert asked(call_form() | more).sender == EVA


# ---- what they answer --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", ["1", "0", "*", "#", "12*#"])
def test_keys_are_kept(digits: str) -> None:
    assert asked(call_form(Digits=digits)).digits == digits


@pytest.mark.parametrize(
    "words",
    [
        "outage",
        "Total outage in Berlin",
        "From Bonn To Toronto",
        "störung 2",
        "my number is +49 151",
        "Digits Call",
    ],
)
def test_any_words_may_be_spoken(words: str) -> None:
    assert asked(call_form(SpeechResult=words, Confidence="0.9")).speech == words
    unsigned = {k: v for k, v in call_form(SpeechResult=words).items() if k != "StirVerstat"}
    assert asked(unsigned).speech == words


def test_how_a_leg_went_on_is_told() -> None:
    assert asked(call_form(QueueResult="leave", QueueSid=QUEUE, QueueTime="5")).result == "leave"
    assert asked(call_form(CallStatus="completed", DialCallStatus="answered")).result == "hangup"
    assert asked(call_form(CallStatus="in-progress", DialCallStatus="answered")).result == "answered"
    assert asked(call_form(Digits="hangup", RecordingSid=RECORDING)).result == "hangup"
    assert asked(call_form(Digits="#", RecordingSid=RECORDING)).result == "recorded"
    assert asked(query={"c": "C1", "result": "silence"}).result == "silence"


def test_what_was_given_along_comes_back_and_the_doors_own_does_not() -> None:
    it = asked(query={"c": "C1001", "o": "7", "turns": "3", "digits": "1", "speech": "yes"})
    assert (it.about, it.turns, it.digits, it.speech) == ({"c": "C1001", "o": "7"}, 3, "1", "yes")
    for turns in ("", "-1", "x", "99999", "²"):
        assert asked(query={"turns": turns}).turns == 0


@pytest.mark.parametrize(
    "odd",
    [
        {"AccountSid": "AC" + "9" * 32}, {"CallSid": "CA1"}, {"CallSid": "CA" + "F" * 32}, {"CallSid": ""}, {"Digits": "1x"},
        {"StirVerstat": "x"}, {"QueueSid": "QU1"}, {"QueueTime": "-1"}, {"odd name": "x"}, {"AAA": "x"},
        {"CallStatus": "Ringing"}, {"From": EVA + "FromCity"}, {"SpeechResult": "xStirVerstatTN-"},
    ],
)  # fmt: skip
def test_what_twilio_never_sends_is_refused(odd: Form) -> None:
    with pytest.raises(BadRequest):
        asked(call_form() | odd)


@pytest.mark.parametrize(
    "query", [{"C": "1"}, {"c": "a\nb"}, {"c": "x" * 300}, {f"k{n}": "x" for n in range(20)}]
)
def test_a_query_that_is_not_ours_is_refused(query: Form) -> None:
    with pytest.raises(BadRequest):
        asked(query=query)
    with pytest.raises(BadRequest):
        caller(MultiDict(call_form()), MultiDict([("c", "1"), ("c", "2")]), ACCOUNT)


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(BadRequest):
        caller(MultiDict([*call_form().items(), ("From", EVA)]), MultiDict(), ACCOUNT)


# ---- news --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("queued", "queued"), ("initiated", "initiated"), ("ringing", "ringing"), ("in-progress", "answered"),
        ("completed", "completed"), ("busy", "busy"), ("failed", "failed"), ("no-answer", "no-answer"),
        ("canceled", "canceled"),
    ],
)  # fmt: skip
def test_a_legs_state_is_told(status: str, state: str) -> None:
    assert leg(leg_form(status=status), {"o": "7"}) == LegNews(CALL, state, {"o": "7"})  # type: ignore[arg-type]


def test_a_legs_end_is_told_with_time_machine_and_failure() -> None:
    more = {"CallDuration": "31", "Duration": "1", "AnsweredBy": "machine_start", "SipResponseCode": "200"}
    assert leg(leg_form(status="completed", **more)) == LegNews(CALL, "completed", {}, True, 31)
    assert leg(leg_form(status="failed", SipResponseCode="404")).code == "404"
    assert leg(leg_form(status="failed", ErrorCode="13224", SipResponseCode="404")).code == "13224"


@pytest.mark.parametrize(
    ("by", "machine"),
    [("human", False), ("unknown", None), ("machine_start", True), ("fax", True), ("machine_end_beep", True)],
)
def test_a_machine_is_told_from_a_person(by: str, machine: bool | None) -> None:
    form = {"AccountSid": ACCOUNT, "AnsweredBy": by, "CallSid": CALL, "MachineDetectionDuration": "3100"}
    assert machine_news(MultiDict(form), MultiDict({"o": "7"}), ACCOUNT) == LegNews(
        CALL, "answered", {"o": "7"}, machine
    )


@pytest.mark.parametrize(
    "odd", [{"CallStatus": "gone"}, {"CallSid": ""}, {"CallDuration": "x"}, {"ErrorCode": "ab"}]
)
def test_odd_news_of_a_leg_are_refused(odd: Form) -> None:
    with pytest.raises(BadRequest):
        leg(leg_form() | odd)


def test_what_happens_in_a_room_is_told() -> None:
    assert room(room_form()) == RoomNews("C1001", ROOM, "join", 1, CALL, "customer")
    left = room(
        room_form(
            "participant-leave",
            7,
            ReasonParticipantLeft="participant_hung_up",
            ParticipantLabel="agent-Zoë Å",
        )
    )
    assert left == RoomNews("C1001", ROOM, "leave", 7, CALL, "agent-Zoë Å", "participant_hung_up")
    ended = {
        k: v
        for k, v in room_form("conference-end", 9).items()
        if k not in ("CallSid", "ParticipantLabel", "Hold")
    }
    ended |= {"CallSidEndingConference": CALL, "ReasonConferenceEnded": "last-participant-left"}
    assert room(ended) == RoomNews("C1001", ROOM, "end", 9, reason="last-participant-left")
    assert room(room_form("participant-speech-start")) is None
    kinds = ("mute", "unmute", "hold", "unhold")
    assert [it.kind for kind in kinds if (it := room(room_form(f"participant-{kind}")))] == list(kinds)


@pytest.mark.parametrize(
    "odd",
    [
        {"ConferenceSid": "x"},
        {"SequenceNumber": ""},
        {"FriendlyName": "x" * 200},
        {"FriendlyName": ""},
        {"CallSid": ""},
    ],
)
def test_odd_news_of_a_room_are_refused(odd: Form) -> None:
    with pytest.raises(BadRequest):
        room(room_form() | odd)


def test_a_recording_is_told_with_its_address() -> None:
    assert recording(recording_form(), {"c": "C1"}) == Recorded(
        RECORDING, CALL, RECORDED_AT, 12, True, {"c": "C1"}
    )
    of_a_room = {k: v for k, v in recording_form().items() if k != "CallSid"} | {"ConferenceSid": ROOM}
    assert recording(of_a_room) == Recorded(RECORDING, ROOM, RECORDED_AT, 12, True)
    absent = recording(recording_form("absent", RecordingDuration="-1", RecordingUrl=""))
    assert absent == Recorded(RECORDING, CALL, "", 0, False)
    assert recording(recording_form("in-progress")) is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://evil.example/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        f"https://api.twilio.com.evil.example/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        f"https://api.twilio.com/2010-04-01/Accounts/AC{'9' * 32}/Recordings/{RECORDING}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE{'9' * 32}",
        f"http://169.254.169.254/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        f"https://user@api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        "file:///etc/passwd",
    ],
)
def test_a_recording_lies_at_twilio_and_is_the_one_that_is_told_of(url: str) -> None:
    with pytest.raises(BadRequest):
        recording(recording_form(RecordingUrl=url))


@pytest.mark.parametrize("region", ["", ".ie1", ".dublin.ie1"])
def test_a_recording_may_lie_in_another_region(region: str) -> None:
    url = RECORDED_AT.replace("api.twilio.com", f"api{region}.twilio.com")
    assert (it := recording(recording_form(RecordingUrl=url))) and it.url == url


# ---- one signature, many readings --------------------------------------------------------------------------------

NAMES = sorted(
    {*call_form(), *leg_form(), *room_form(), *recording_form(), "Digits", "SpeechResult", "QueueTime"}
)
CALLERS = (
    "EVA M", "Erich Fromm", f"From{EVA}FromCity", "To+49301234", f"CallSidCA{'9' * 32}", "Digits1Direction", "Name",
    "StirVerstatTN-Validation-Passed-A", f"SpeechResultyesTo{OURS}", "QueueTime99", "CallStatuscompleted",
)  # fmt: skip
SPOKEN = (
    "yes Thanks a lot",
    "To+49301234ToCity",
    "outage",
    "Total Outage",
    f"From{EVA}",
    "Sure To",
    "Stirling",
    "",
)


def _call(rng: random.Random) -> tuple[Form, Callable[[Form], object]]:
    form = call_form(
        f"CA{rng.getrandbits(128):032x}", rng.choice([EVA, "anonymous", "", "sip:eva@example.com"])
    )
    form["CallerName"] = rng.choice(CALLERS)
    match rng.randrange(4):
        case 0:
            form |= {"Digits": rng.choice("123*#"), "FinishedOnKey": "", "msg": "Gather End"}
        case 1:
            form |= {
                "SpeechResult": rng.choice(SPOKEN),
                "Confidence": "0.91",
                "Language": "de-DE",
                "msg": "Gather End",
            }
        case 2:
            form |= {"QueueSid": QUEUE, "QueueTime": "17", "QueuePosition": "2", "AvgQueueTime": "30"}
        case _:
            form |= {"QueueSid": QUEUE, "QueueTime": "17", "QueueResult": "leave"}

    def counts(given: Form) -> object:
        it = asked(given)
        # Words may be dropped where another field follows them than ever: that is as if nobody had spoken.
        return it.sid, it.sender, it.recipient, it.digits, it.queue, it.waited, it.result, it.verified

    return form, counts


def _news(rng: random.Random) -> tuple[Form, Callable[[Form], object]]:
    sid = f"CA{rng.getrandbits(128):032x}"
    match rng.randrange(3):
        case 0:
            form = leg_form(sid, rng.choice(("completed", "busy", "in-progress")), CallDuration="31")
            form["AnsweredBy"] = rng.choice(("human", "machine_start"))
            return form, leg
        case 1:
            form = room_form("participant-leave", rng.randrange(1, 400), CallSid=sid)
            form |= {"ParticipantLabel": "agent-Rob Stone", "ReasonParticipantLeft": "participant_hung_up"}
            return (
                form,
                lambda given: (it := room(given)) and (it.room, it.conference, it.kind, it.number, it.sid),
            )
        case _:
            return recording_form(CallSid=sid), recording


def _safe(given: Form, decode: Callable[[Form], object]) -> object:
    try:
        return decode(given)
    except BadRequest:
        return None


@pytest.mark.promise("voice-signed")
@pytest.mark.parametrize("made", [_call, _news])
def test_ten_thousand_other_cuts_of_signed_requests_change_nothing_that_counts(
    made: Callable[[random.Random], tuple[Form, Callable[[Form], object]]],
) -> None:
    rng = random.Random(20261130)
    signer, url = Signer((TOKEN,)), BASE + "/twilio/voice"
    tried = refused = 0
    while tried < 10_000:
        true, decode = made(rng)
        other = recut(true, rng, NAMES)
        if other is None or other == true:
            continue
        assert joined(other) == joined(true)
        tried += 1
        if tried % 100 == 0:
            signature = RequestValidator(TOKEN).compute_signature(url, true)
            assert signer.signed([url], MultiDict(other), {"X-Twilio-Signature": signature})
        found = _safe(other, decode)
        refused += found is None
        assert found is None or found == _safe(true, decode), (true, other)
    assert 5000 < refused < 10_000


def test_words_that_were_cut_count_as_none_were_spoken() -> None:
    true = call_form(SpeechResult="yes Thanks a lot")
    del true["StirVerstat"]
    cut = true | {"SpeechResult": "yes ", "Thanks": " a lot"}
    assert joined(cut) == joined(true)
    assert (asked(true).speech, asked(cut).speech) == ("yes Thanks a lot", "")


def test_an_empty_value_counts_as_none() -> None:
    assert (
        asked(call_form(QueueTime="", Digits="", SpeechResult="", QueueResult="", StirVerstat="")).waited == 0
    )
    assert leg(leg_form(CallDuration="", ErrorCode="", AnsweredBy="")).seconds == 0
    assert (it := recording(recording_form(RecordingDuration=""))) and it.seconds == 0
