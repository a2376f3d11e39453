"""The table of TwiML Voice: verbs and nouns × attributes × words × nesting, each with the number of the mistake.

Sources: twilio.com/docs/voice/twiml/* for what may stand where and which values are allowed; Twilio's SDKs for the
names that the pages leave out; twilio.com/docs/api/errors (and its list of log levels) for every number.

What the docs leave open is read harshly: an enumeration that no number covers is 12200, as a schema would have it;
`Dial`'s timeout ends at 600 s as that of an API call does; `Echo`, and `Queue` and `Prompt` at the top, which an SDK
offers and no page describes, are unknown verbs.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import voice_values as v
from .voice_nouns import SSML, Attributes, Element, recording

ERRORS = frozenset(
    map(
        int,
        "11100 12102 13231 13238 13239 13240 13257 13338 13621 13801 14201 14202 14203 14204 14205 14206 14210 14211 "
        "14212 14213 14215 14220 14221 14300 16002 16023 21626 31923".split(),
    )
)
"""What Twilio lists at level ERROR: the document is refused. All other numbers are warnings, and the call goes on."""

COSTLY = frozenset({13214, 13321, 13331, 13511, 13512, 14101})
"""The warnings of an attribute that cost the whole element: nobody to call as, nothing to say or recognise with. With
any other the attribute alone is left out, and its default holds. Words that don't fit always cost the element."""

IN_GATHER = {13510: 13322, 13511: 13321}
"""The same mistake in a `Say` within a `Gather` has a number of its own."""


def _next(method_code: int, action_code: int = 11100) -> Attributes:
    return {"action": (v.url, action_code), "method": (v.method, method_code)}


_RING_TONES = (
    "at au be bg br ch cl cn cz de dk ee es fi fr gr hu il in it jp lt mx my nl no nz ph pl pt ru se sg th tw uk us "
    "us-old ve za"
)

VERBS: Mapping[str, Element] = {
    "Say": Element(
        {
            "voice": (v.voice, 13511),
            "language": (v.say_language, 13512),
            "loop": (v.whole(0, 1000), 13510),
        },
        SSML,
        text=v.anything,
    ),
    "Play": Element(
        {"loop": (v.whole(0, 1000), 13410), "digits": (v.keys(512, "ABCDwW"), 13430)},
        text=v.url_or_none,
        text_code=11100,
    ),
    "Pause": Element({"length": (v.whole(1), 13910)}),
    "Gather": Element(
        {
            **_next(13312),
            "input": (v.some_of("dtmf speech"), 13326),
            "timeout": (v.whole(1), 13313),
            "speechTimeout": (v.either(v.whole(1), v.one_of("auto")), 13327),
            "maxSpeechTime": (v.whole(1, 60), 13328),
            "finishOnKey": (v.keys(1), 13310),
            "numDigits": (v.whole(1), 13314),
            "partialResultCallback": (v.url, 11100),
            "partialResultCallbackMethod": (v.method, 13329),
            "language": (v.gather_language, 13331),
            "hints": (v.hints, 13330),
            "bargeIn": (v.yes_no, 13332),
            "profanityFilter": (v.yes_no, 13333),
            "speechModel": (v.up_to(64), 13334),
            "debug": (v.yes_no, 13336),
            "actionOnEmptyResult": (v.yes_no, 13338),
            "enhanced": (v.yes_no, 13339),
        },
        frozenset({"Say", "Play", "Pause"}),
        nested_code=13320,
    ),
    "Record": Element(
        {
            **_next(13610),
            "timeout": (v.whole(1), 13611),
            "maxLength": (v.whole(1, 14_400), 13612),
            "finishOnKey": (v.keys(12), 13613),
            "transcribe": (v.yes_no, 13614),
            "transcribeCallback": (v.url, 13257),
            "playBeep": (v.yes_no, 13616),
            **recording(trim=13699),
        }
    ),
    "Enqueue": Element(
        {
            **_next(14201, 14203),
            "waitUrl": (v.url, 14202),
            "waitUrlMethod": (v.method, 14206),
            "workflowSid": (v.sid("WW"), 14220),
            "maxQueueSize": (v.whole(1, 5000), 12200),
        },
        frozenset({"Task"}),
        text=v.anything,
    ),
    "Dial": Element(
        {
            **_next(13210),
            "timeout": (v.whole(1, 600), 13212),
            "hangupOnStar": (v.yes_no, 13213),
            "callerId": (v.caller, 13214),
            "timeLimit": (v.whole(1, 86_400), 13216),
            "record": (
                v.one_of(
                    "do-not-record record-from-answer record-from-ringing record-from-answer-dual "
                    "record-from-ringing-dual true false"
                ),
                13217,
            ),
            "sequential": (v.yes_no, 13218),
            "answerOnBridge": (v.yes_no, 13219),
            "ringTone": (v.one_of(_RING_TONES), 13220),
            "recordingTrack": (v.one_of("inbound outbound both"), 13622),
            "referUrl": (v.url, 11100),
            "referMethod": (v.method, 12200),
            "events": (v.one_of("call-progress-event"), 12200),
            **recording(trim=12200),
        },
        frozenset({"Number", "Client", "Conference", "Queue", "Sip", "Sim", "Application", "WhatsApp"}),
        nested_code=13215,
        text=v.anything,
    ),
    "Redirect": Element({"method": (v.method, 13710)}, text=v.url, text_code=11100),
    "Reject": Element({"reason": (v.one_of("rejected busy"), 13810)}, frozenset({"Parameter"})),
    "Hangup": Element({}, frozenset({"Parameter"})),
    "Leave": Element(),
    "Start": Element(
        _next(12200), frozenset({"Stream", "Siprec", "Transcription", "Recording"}), nested_code=14300
    ),
    "Stop": Element({}, frozenset({"Stream", "Siprec", "Transcription"})),
    "Connect": Element(
        _next(12200),
        frozenset({"Stream", "Room", "VirtualAgent", "Conversation", "ConversationRelay", "AiSession"}),
    ),
    "Pay": Element(
        {
            "action": (v.url, 11100),
            "input": (v.one_of("dtmf"), 12200),
            "statusCallback": (v.url, 11100),
            "statusCallbackMethod": (v.method, 12200),
            "timeout": (v.whole(1), 12200),
            "maxAttempts": (v.whole(1, 3), 12200),
            "securityCode": (v.yes_no, 12200),
            "postalCode": (v.anything, 12200),
            "minPostalCodeLength": (v.whole(), 12200),
            "paymentConnector": (v.up_to(64), 12200),
            "paymentMethod": (v.one_of("ach-debit credit-card"), 12200),
            "bankAccountType": (v.up_to(64), 12200),
            "tokenType": (v.one_of("one-time reusable payment-method"), 12200),
            "chargeAmount": (v.up_to(16), 12200),
            "currency": (v.up_to(3), 12200),
            "description": (v.anything, 12200),
            "validCardTypes": (v.anything, 12200),
            "language": (v.say_language, 12200),
        },
        frozenset({"Prompt", "Parameter"}),
    ),
    "Sms": Element(
        {
            **_next(14104),
            "to": (v.telephone, 14101),
            "from": (v.telephone, 14102),
            "statusCallback": (v.url, 14105),
        },
        text=v.up_to(1600),
        text_code=14103,
    ),
    "Refer": Element(_next(12200), frozenset({"Sip"}), text=None),
}
"""What may stand directly in `<Response>`."""

_WAITING = frozenset({"Play", "Say", "Pause", "Redirect"})
PLACES: Mapping[str, tuple[frozenset[str], int]] = {
    "call": (frozenset(VERBS) - {"Leave"}, 12200),
    "queue": (_WAITING | {"Hangup", "Leave", "Gather"}, 12200),
    "conference": (_WAITING, 13238),
}
"""Which verbs a call may meet: in its own document, at `Enqueue`'s waitUrl, at a conference's waitUrl, holdUrl or
announceUrl; and what another one is refused with. For the queue and for a `Leave` in no queue the docs give no number:
12200, and refused, because what would happen is nowhere said."""

ENDS = frozenset({"Redirect", "Hangup", "Reject", "Leave"})
"""Nothing after one of these is ever reached; Twilio doesn't warn of it."""
