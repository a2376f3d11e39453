"""What may stand inside the verbs of TwiML Voice: nouns and SSML, with their attributes, words and nesting.

Sources and reading as in `voice_verbs.py`. Of the nouns of `Connect`, which none of ours uses, the names of the
attributes are checked and not their values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import voice_values as v
from .voice_values import Kind

Attributes = Mapping[str, tuple[Kind, int]]


@dataclass(frozen=True, slots=True)
class Element:
    """What one may hold. `text` None: no words; otherwise they must fit, or `text_code` is told."""

    attributes: Attributes = field(default_factory=dict)
    nested: frozenset[str] = frozenset()
    nested_code: int = 12200
    text: Kind | None = None
    text_code: int = 12200


EVENTS = "initiated ringing answered completed"


def _callback(events: str = EVENTS) -> Attributes:
    return {
        "statusCallback": (v.url, 11100),
        "statusCallbackMethod": (v.method, 12200),
        "statusCallbackEvent": (v.some_of(events), 21626),
    }


def recording(trim: int) -> Attributes:
    """What says how a recording is told of; `trim` is the number of a wrong `trim`."""
    return {
        "recordingStatusCallback": (v.url, 13256),
        "recordingStatusCallbackMethod": (v.method, 12200),
        "recordingStatusCallbackEvent": (v.some_of("in-progress completed absent"), 13621),
        "recordingConfigurationId": (v.up_to(64), 12200),
        "trim": (v.one_of("trim-silence do-not-trim"), trim),
    }


def _names(names: str) -> Attributes:
    return {name: (v.anything, 12200) for name in names.split()}


_MACHINES: Attributes = {
    "machineDetection": (v.one_of("Enable DetectMessageEnd"), 12200),
    "machineDetectionTimeout": (v.whole(3, 59), 12200),
    "machineDetectionSpeechThreshold": (v.whole(1000, 6000), 12200),
    "machineDetectionSpeechEndThreshold": (v.whole(500, 5000), 12200),
    "machineDetectionSilenceTimeout": (v.whole(2000, 10000), 12200),
    "amdStatusCallback": (v.url, 11100),
    "amdStatusCallbackMethod": (v.method, 12200),
}
_PAIR: Attributes = {"name": (v.up_to(256), 12200), "value": (v.anything, 12200)}
_TRACKS = v.one_of("inbound_track outbound_track both_tracks")
_SCREEN: Attributes = {"url": (v.url, 11100)}  # what the called party hears first
_CREDENTIALS: Attributes = {"username": (v.up_to(256), 13249), "password": (v.up_to(256), 13249)}
_STREAM: Attributes = {
    "name": (v.up_to(256), 12200),
    "connectorName": (v.up_to(256), 12200),
    "track": (_TRACKS, 12200),
}

SSML = frozenset({"break", "emphasis", "lang", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"})
NOUNS: Mapping[str, Element] = {
    "Number": Element(
        {
            **_SCREEN,
            "method": (v.method, 13221),
            "sendDigits": (v.keys(32, "wW"), 13222),
            "byoc": (v.sid("BY"), 12200),
            **_callback(),
            **_MACHINES,
        },
        text=v.telephone,
        text_code=13223,
    ),
    "Client": Element(
        {**_SCREEN, "method": (v.method, 12200), **_callback()},
        frozenset({"Identity", "Parameter"}),
        text=v.anything,
    ),
    "Conference": Element(
        {
            "muted": (v.yes_no, 13230),
            "endConferenceOnExit": (v.yes_no, 13231),
            "startConferenceOnEnter": (v.yes_no, 13232),
            "waitUrl": (v.url_or_none, 13233),
            "waitMethod": (v.method, 13234),
            "beep": (v.one_of("true false onEnter onExit"), 13235),
            "maxParticipants": (v.whole(2, 250), 16002),
            "record": (v.one_of("do-not-record record-from-start true false"), 16002),
            "region": (v.one_of("us1 us2 ie1 de1 sg1 br1 au1 jp1"), 16002),
            "coach": (v.sid("CA"), 13240),
            "jitterBufferSize": (v.one_of("off small medium large"), 16002),
            "participantLabel": (v.label, 16023),
            "eventCallbackUrl": (v.url, 11100),
            **_callback("start end join leave mute hold modify speaker announcement"),
            **recording(trim=13239),
        },
        text=v.up_to(128),
        text_code=13237,
    ),
    "Queue": Element(
        {
            "url": (v.url, 14211),
            "method": (v.method, 14210),
            "reservationSid": (v.sid("WR"), 14215),
            "postWorkActivitySid": (v.sid("WA"), 12200),
        },
        text=v.anything,
    ),
    "Sip": Element(
        {**_SCREEN, "method": (v.method, 13241), **_CREDENTIALS, **_callback(), **_MACHINES},
        text=v.sip,
        text_code=13243,
    ),
    "Sim": Element(text=v.sid("DE", "HS"), text_code=12200),
    "Application": Element(
        {
            **_SCREEN,
            "method": (v.method, 12200),
            "customerId": (v.up_to(256), 12200),
            "copyParentTo": (v.yes_no, 12200),
            **_callback(),
        },
        frozenset({"ApplicationSid", "Parameter"}),
        text=v.anything,
    ),
    "WhatsApp": Element(
        {**_SCREEN, "method": (v.method, 12200), **_callback()}, text=v.telephone, text_code=13223
    ),
    "Identity": Element(text=v.up_to(121)),
    "ApplicationSid": Element(text=v.sid("AP")),
    "Parameter": Element(_PAIR),
    "Config": Element(_PAIR),
    "Task": Element(
        {"priority": (v.whole(), 12200), "timeout": (v.whole(1), 12200)}, text=v.json_object, text_code=14221
    ),
    "Stream": Element(
        {
            **_STREAM,
            "url": (v.socket, 31923),
            "statusCallback": (v.url, 11100),
            "statusCallbackMethod": (v.method, 12200),
        },
        frozenset({"Parameter"}),
    ),
    "Siprec": Element(
        {**_STREAM, "statusCallback": (v.url, 11100), "statusCallbackMethod": (v.method, 12200)},
        frozenset({"Parameter"}),
    ),
    "Transcription": Element(
        {
            "name": (v.up_to(256), 12200),
            "track": (_TRACKS, 12200),
            "statusCallbackUrl": (v.url, 11100),
            "statusCallbackMethod": (v.method, 12200),
            "inboundTrackLabel": (v.up_to(256), 12200),
            "outboundTrackLabel": (v.up_to(256), 12200),
            "partialResults": (v.yes_no, 12200),
            "languageCode": (v.gather_language, 12200),
            "transcriptionEngine": (v.one_of("google deepgram"), 12200),
            "profanityFilter": (v.yes_no, 12200),
            "speechModel": (v.up_to(64), 12200),
            "hints": (v.hints, 12200),
            "enableAutomaticPunctuation": (v.yes_no, 12200),
            "intelligenceService": (v.up_to(256), 12200),
        },
        frozenset({"Config", "Parameter"}),
    ),
    "Recording": Element(
        {
            **recording(trim=13699),
            "track": (v.one_of("inbound outbound both"), 13622),
            "channels": (v.one_of("mono dual"), 12200),
        }
    ),
    "Room": Element({"participantIdentity": (v.up_to(256), 12200)}, text=v.up_to(128)),
    "VirtualAgent": Element(
        _names("connectorName language sentimentAnalysis statusCallback statusCallbackMethod"),
        frozenset({"Config", "Parameter"}),
    ),
    "Conversation": Element(
        _names(
            "serviceInstanceSid inboundAutocreation routingAssignmentTimeout inboundTimeout url method record trim "
            "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent statusCallback "
            "statusCallbackMethod statusCallbackEvent"
        )
    ),
    "ConversationRelay": Element(
        _names(
            "url language ttsLanguage transcriptionLanguage ttsProvider voice transcriptionProvider speechModel "
            "profanityFilter dtmfDetection welcomeGreeting partialPrompts welcomeGreetingInterruptible "
            "interruptible preemptible hints intelligenceService reportInputDuringAgentSpeech "
            "elevenlabsTextNormalization interruptSensitivity debug"
        ),
        frozenset({"Language", "Parameter"}),
    ),
    "Language": Element(_names("code ttsProvider voice transcriptionProvider speechModel")),
    "AiSession": Element(_names("aiConnector aiSessionConfiguration")),
    "Prompt": Element(
        _names("for errorType cardType attempt requireMatchingInputs"), frozenset({"Say", "Play", "Pause"})
    ),
    "break": Element(
        {"strength": (v.one_of("none x-weak weak medium strong x-strong"), 12200), "time": (v.pause, 12200)}
    ),
    "emphasis": Element({"level": (v.one_of("strong moderate reduced"), 12200)}, SSML, text=v.anything),
    "lang": Element({"xml:lang": (v.say_language, 12200)}, SSML, text=v.anything),
    "p": Element({}, SSML - {"p"}, text=v.anything),
    "phoneme": Element(
        {
            "alphabet": (
                v.one_of(
                    "ipa x-sampa x-amazon-jyutping x-amazon-pinyin x-amazon-pron-kana x-amazon-yomigana"
                ),
                12200,
            ),
            "ph": (v.up_to(256), 12200),
        },
        text=v.anything,
    ),
    "prosody": Element(
        {"volume": (v.up_to(16), 12200), "rate": (v.up_to(16), 13513), "pitch": (v.up_to(16), 12200)},
        SSML,
        text=v.anything,
    ),
    "s": Element({}, SSML - {"p", "s"}, text=v.anything),
    "say-as": Element(
        {
            "interpret-as": (
                v.one_of(
                    "characters spell-out cardinal number ordinal digits fraction unit date time address expletive "
                    "telephone"
                ),
                12200,
            ),
            "format": (v.one_of("mdy dmy ymd md dm ym my d m y yyyymmdd"), 12200),
        },
        text=v.anything,
    ),
    "sub": Element({"alias": (v.up_to(256), 12200)}, text=v.anything),
    "w": Element({"role": (v.up_to(64), 12200)}, SSML - {"p", "s", "w", "lang"}, text=v.anything),
}
"""What may stand inside a verb that names it."""
