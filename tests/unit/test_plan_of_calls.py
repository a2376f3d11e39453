"""What a plan says about calls: read as it is meant, and mended by its messages alone."""

from __future__ import annotations

from datetime import timedelta

import jsonschema
import pytest
from helpers_plan import SMALL, SUPPORT, book, example

from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanError, PlanErrors, Source
from tierline.router.plan.load import parse
from tierline.router.plan.model import MenuKey
from tierline.router.plan.model_calls import Recording, Voice
from tierline.router.plan.read import read
from tierline.router.plan.schema import schema
from tierline.router.spoken_words import ENGLISH
from tierline.skills.skill import Need, refusal

MENU = """\
    menu:
      - {press: 1, say: {en: help, de: Hilfe}, service: help}
      - {press: 9, say: {de: Deutsch}, language: de}
"""
DOOR = '  - {channel: voice, to: "+4930100", service: help}\n'
WITH_MENU = SMALL.replace(DOOR, '  - channel: voice\n    to: "+4930100"\n' + MENU)
RECORDED = "channels: {voice: {recording: {announced: texts}}}\n"


def mistakes(source: str) -> tuple[PlanError, ...]:
    with pytest.raises(PlanErrors) as caught:
        parse(source)
    return caught.value.errors


# ---- what it means -------------------------------------------------------------------------------------------------


def test_a_plan_that_says_nothing_about_calls_works_them_as_usual() -> None:
    minute = timedelta(minutes=1)
    usual = book(SMALL).plan.voice
    assert usual == Voice() and usual.recording is None and usual.music is None
    assert (usual.callback, usual.callback_answer, usual.redial) == ("agent_first", "detect", 5 * minute)
    assert usual.callback_again == (5 * minute, 30 * minute, 120 * minute)


def test_what_a_plan_says_about_calls_is_what_holds() -> None:
    plan = parse(
        SMALL + "  call_recorded: {en: We record this., de: Wir nehmen auf.}\n"
        "channels: {voice: {music: https://a.example/m.mp3, callback: customer_first, callback_answer: key, callback_again: 10m, redial: 0s, "
        "recording: {announced: texts, keep: 7d}}}\n"
    )
    again = (timedelta(minutes=10),)
    recording = Recording("texts", timedelta(days=7))
    assert plan.voice == Voice(
        "https://a.example/m.mp3", "customer_first", "key", again, recording, timedelta()
    )
    elsewhere = parse(SMALL + "channels: {voice: {recording: {announced: elsewhere}, callback_again: []}}\n")
    assert elsewhere.voice.recording == Recording("elsewhere", timedelta(days=30))
    assert elsewhere.voice.callback_again == ()


def test_a_key_leads_to_a_service_or_chooses_a_language_and_nobody_is_left_without_a_service() -> None:
    door = parse(WITH_MENU).entry[0]
    assert door.menu[1] == MenuKey("9", (("de", "Deutsch"),), None, "de")
    assert (door.service, door.unasked, door.services) == (None, "help", ("help",))
    first_language = WITH_MENU.replace(MENU, "    menu:\n" + "".join(reversed(MENU.splitlines(True)[1:])))
    assert parse(first_language).entry[0].unasked == "help"
    entry = example().entry_for("voice", SUPPORT)
    assert entry is not None and entry.unasked == "howto" and entry.services == ("outage", "howto", "orders")
    assert dict(entry.greeting)["de"] == "Willkommen beim Northwind-Support."


def test_an_editors_schema_takes_what_a_plan_may_say_about_calls() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    for source in (WITH_MENU, SMALL + RECORDED, SMALL + "safety: {countries: DE, per_number: {hour: 2}}\n"):
        tree = read(source, Source("plan.yaml", source)).plain()
        assert [error.message for error in validator.iter_errors(tree)] == []
    assert isinstance(tree, dict)
    for wrong in ({"safety": {"countries": ["germany"]}}, {"safety": {"premium": "always"}}):
        assert not validator.is_valid(tree | wrong)  # type: ignore[operator]


# ---- mistakes ------------------------------------------------------------------------------------------------------

PLACED = [
    ("channels: {voice: {callback: agentfirst}}", 1, 'callback: agent_first'),
    ("channels: {voice: {recording: {keep: 30d}}}", 1, "add announced: texts"),
    ("channels: {voice: {musik: x}}", 1, "{music: x}"),
    ("channels: {voice: {music: http://a.example/m.mp3}}", 1, "https://a.example/m.mp3"),
    ("channels: {voice: {music: waiting.mp3}}", 1, "like https://"),
    ("channels: {voice: {from: mira@small.example}}", 1, "calls come from a number"),
    ("channels: {voice: {callback_again: [5m, 0s]}}", 1, "zero is no time"),
    ("channels: {voice: {redial: 5 minutes}}", 1, "redial: 5m"),
    ("channels: {sms: {redial: 5m}}", 1, '"redial" is unknown here'),
    ("safety: {countries: [UK]}", 1, "[GB]"),
    ("safety: {countries: [de]}", 1, "[DE]"),
    ("safety: {countries: [XX]}", 1, "two letters: DE, AT"),
    ("safety: {countries: []}", 1, "at least one"),
    ("safety: {premium: sometimes}", 1, "one of: never"),
    ("safety: {per_number: {hour: 20, day: 5}}", 1, "more in an hour than in a whole day"),
    ("safety: {per_hour: 6, per_day: 5}", 1, "at most the 5 of a day"),
    ("safety: {per_hour: 0}", 1, "at least 1"),
    ("saftey: {per_hour: 1}", 1, "safety"),
]  # fmt: skip


@pytest.mark.promise("plan-mistakes-at-once")
@pytest.mark.parametrize(("line", "count", "words"), PLACED, ids=[line for line, _, _ in PLACED])
def test_a_mistake_about_calls_is_told_at_its_place_with_the_line_as_it_should_be(
    line: str, count: int, words: str
) -> None:
    found = mistakes(f"{SMALL}{line}\n")
    assert len(found) == count
    assert words in found[0].message and found[0].line == len(SMALL.splitlines()) + 1
    assert found[0].column > 1 or line.startswith("saftey")


IN_MENU = [
    ("service: help}", "servise: help}", ['"servise" is unknown here', "where does this key lead?"]),
    ("service: help}", "service: helpp}", ['write\n    - {press: 1, say: {en: help, de: Hilfe}, service: help}']),
    ("language: de}", "language: fr}", ['no language of this plan is called "fr"']),
    (", language: de}", "}", ["say is missing in en", "where does this key lead?"]),
    (", language: de}", ", language: de, service: help}", ["not both"]),
    ("{de: Deutsch}", "{en: German}", ["how is the language called in itself? say is missing in de"]),
    ("{de: Deutsch}", "{de: Deutsch, fr: allemand}", ['no language of this plan is called "fr"']),
    ("press: 9", "press: 1", ["key 1 leads elsewhere already"]),
    (", service: help}", ", language: en}", ["this menu leads nowhere"]),
    ("    menu:", "    otherwise: hlep\n    menu:", ['no service is called "hlep"']),
    ("    menu:", "    greeting: {en: Hello}\n    menu:", ["greeting is missing in de"]),
    ("    menu:", "    greeting: Hello\n    menu:", ["keys with values"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), IN_MENU)
def test_a_mistake_in_a_menu_is_told(old: str, new: str, words: list[str]) -> None:
    found = mistakes(WITH_MENU.replace(old, new, 1))
    for said in words:
        assert [error for error in found if said in error.message], [str(error) for error in found]
    assert len(found) == len(words)


def test_only_callers_are_greeted_and_only_who_is_asked_can_choose_nothing() -> None:
    text = '{channel: sms, to: "+4930100", service: help'
    (error,) = mistakes(SMALL.replace(text, f"{text}, greeting: {{en: Hi, de: Hallo}}"))
    assert "only callers are greeted" in error.message
    (error,) = mistakes(SMALL.replace(DOOR, '  - {channel: voice, to: "+4930100", otherwise: help}\n'))
    assert error.fix == '- {channel: voice, to: "+4930100", service: help}'


@pytest.mark.promise("calls-recorded-told")
def test_nothing_is_recorded_unless_the_plan_has_the_words_that_callers_hear_first() -> None:
    (error,) = mistakes(SMALL + RECORDED)
    assert error.path == "channels.voice.recording.announced" and error.line == len(SMALL.splitlines()) + 1
    add = 'call_recorded: {en: "This call is recorded.", de: "Dieses Gespräch wird aufgezeichnet."}'
    assert error.fix == f"{RECORDED.strip()}   # add to texts: {add}"
    mended = parse(f"{SMALL}  {add}\n{RECORDED}")
    assert mended.voice.recording == Recording("texts", timedelta(days=30))


def test_a_sentence_of_the_plans_own_may_have_what_ours_has_and_is_there_in_every_language() -> None:
    found = mistakes(SMALL + '  call_place: {en: "Number {positon}", de: "Nummer {position}"}\n')
    assert [error.fix for error in found] == [
        'call_place: {en: "Number {position}", de: "Nummer {position}"}'
    ]
    (error,) = mistakes(SMALL + '  call_goodbye: {en: "Bye"}\n')
    assert "call_goodbye is missing in de" in error.message
    (error,) = mistakes(SMALL + '  call_goodby: {en: "Bye", de: "Tschüs"}\n')
    assert error.fix == 'call_goodbye: {en: "Bye", de: "Tschüs"}'


@pytest.mark.promise("plan-not-yet")
def test_what_is_held_back_by_nothing_yet_is_listed_with_its_line() -> None:
    plan = parse(SMALL + "  rating: {en: How was it?, de: Wie war es?}\nsafety: {countries: [DE]}\n")
    last = len(SMALL.splitlines())
    named = {it.path for it in plan.not_yet()}
    assert last and not named & {"safety", "texts.rating", "texts.missed_call"}


# ---- probably not meant --------------------------------------------------------------------------------------------


def warned(source: str) -> list[str]:
    return [it.message for it in parse(source).warnings]


@pytest.mark.promise("plan-unrung")
def test_somebody_whom_calls_would_reach_but_who_has_no_phone_is_warned_of() -> None:
    assert warned(SMALL) == []
    without = SMALL.replace('phone: "+491700000001", ', "")
    assert warned(without) == [
        "nobody can ring Ada: a step of help asks them for calls, and they have no phone"
    ]
    assert warned(without.replace(DOOR, "")) == []
    assert warned(without.replace("tier: L1}", "tier: L1, channels: [sms]}")) == []
    assert warned(without.replace("tier: L1}", "tier: L3}")) == []


@pytest.mark.promise("plan-unrung")
def test_who_has_no_phone_is_never_offered_a_call() -> None:
    need = Need("help", "voice", (), (), (1,), ())
    ada = book(SMALL).plan.agents[0]
    assert "voice" in ada.reached and refusal(need, ada.profile) is None
    ada = book(SMALL.replace('phone: "+491700000001", ', "")).plan.agents[0]
    assert ada.reached == ("chat", "sms", "email") and "voice" in ada.channels
    assert refusal(need, ada.profile) is not None


def test_a_language_in_which_nobody_has_words_for_callers_is_warned_of() -> None:
    polish = SMALL.split("texts:")[0].replace("languages: [en, de]", "languages: [pl, de]")
    (message,) = warned(polish)
    assert message.startswith("callers hear de instead of pl: texts lacks call_greeting, ")
    assert message.endswith(f"and {len(ENGLISH) - 5} more")
    own = "".join(f"  call_{name}: {{pl: Tak, de: Ja}}\n" for name in ENGLISH)
    assert warned(f"{polish}texts:\n{own}") == []


def test_two_keys_of_one_name_and_a_number_that_leads_nowhere_are_warned_of() -> None:
    twice = MENU + "      - {press: 3, say: {en: Help, de: Rat}, service: help}\n"
    (message,) = warned(WITH_MENU.replace(MENU, twice))
    assert message == "keys 1 and 3 are both called Help: saying it chooses neither"
    (message,) = warned(SMALL + 'channels: {voice: {from: "+4930999"}}\n')
    assert message == "who calls back to +4930999 leads nowhere: entry has no voice for it"


# ---- what a new version changes ------------------------------------------------------------------------------------

CHANGES = [
    ("channels: {voice: {redial: 1m}}\n", "Channel voice: who hung up while waiting keeps the place for: 1 min (was 5 min)"),
    ("channels: {voice: {callback: customer_first}}\n", "Channel voice: who is rung first at a callback: customer first (was agent first)"),
    ("channels: {voice: {callback_answer: key}}\n", "Channel voice: a mailbox is told from a customer by: key (was detect)"),
    ("channels: {voice: {callback_again: [1m, 2m]}}\n", "Channel voice: a callback that reached nobody is tried after: 1 min, 2 min (was 5 min, 30 min, 2 h)"),
    ("channels: {voice: {recording: {announced: elsewhere}}}\n", "Channel voice: recording: kept for 30 d, announced elsewhere (was nothing)"),
    ("safety: {countries: [DE, AT]}\n", "Countries that are called and texted: AT added"),
    ("safety: {per_number: {day: 50}}\n", "Calls and texts: in a day to one number: 50 (was 100)"),
    ("  call_thanks: {en: Thanks, de: Danke}\n", "Text “call_thanks” (de): “Danke” is new"),
]  # fmt: skip


@pytest.mark.promise("plan-diff")
@pytest.mark.parametrize(("more", "said"), CHANGES)
def test_what_changes_about_calls_is_told_in_a_sentence(more: str, said: str) -> None:
    assert said in diff(parse(SMALL), parse(SMALL + more))


@pytest.mark.promise("plan-diff")
def test_what_changes_at_a_menu_is_told_in_a_sentence() -> None:
    other = WITH_MENU.replace("say: {de: Deutsch}, language: de", "say: {en: English}, language: en")
    said = diff(parse(WITH_MENU), parse(other))
    assert said == (
        "Door voice +4930100: key 9 leads to the menu in en (was the menu in de), says en English",
    )
    gone = diff(parse(SMALL + "  call_thanks: {en: Thanks, de: Danke}\n"), parse(SMALL))
    assert "Text “call_thanks” (en): our usual words" in gone
