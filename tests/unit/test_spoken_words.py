"""What callers and agents hear: in their language, in words that people use, and harmless whatever comes from outside."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import get_args

import pytest
from helpers_plan import ORDERS, SMALL, SUPPORT, at, book
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.phone import Ask, Say
from tierline.router import spoken
from tierline.router.facts import Facts
from tierline.router.plan.model import Entry, MenuKey
from tierline.router.plan.model_texts import VARIABLES
from tierline.router.plan.shape_texts import Texts
from tierline.router.rulebook import Rulebook
from tierline.router.situation import Shut, Situation
from tierline.router.spoken_times import spoken_time
from tierline.router.spoken_words import DIGITS, ENGLISH, KEYS, SECONDS, WORDS, SpokenName

LANGUAGES = ("en", "de", "fr", "es")
MONDAY = at("2026-11-30 10:00")
EVA = Facts("k1", "Eva Stone", "+4915112345678", SUPPORT, True, "en", 7, "", 0, 0, None)
MENU = Entry(
    "voice", SUPPORT, None, None,
    (
        MenuKey("1", (("en", "outage"), ("de", "Störung")), "outage"),
        MenuKey("2", (("en", "orders and invoices"), ("de", "Bestellungen und Rechnungen")), "orders"),
        MenuKey("3", (("en", "billing"), ("de", "Abrechnung")), "howto"),
        MenuKey("9", (("en", "English"), ("de", "Englisch")), None, "en"),
        MenuKey("#", (("en", "German"), ("de", "Deutsch")), None, "de"),
    ),
)  # fmt: skip


def text(said: tuple[Say, ...] | Say | None) -> str:
    """Everything that is said."""
    return " ".join(it.text for it in (said if isinstance(said, tuple) else (said,)) if it)


def prompt(ask: Ask) -> list[Say]:
    return [it for it in ask.prompt if isinstance(it, Say)]


# ---- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_every_sentence_with_the_same_things_filled_in(language: str) -> None:
    found = WORDS[language]
    assert list(found) == list(get_args(SpokenName)) == list(ENGLISH)
    for name, said in found.items():
        assert re.findall(r"\{\w+\}", said) == re.findall(r"\{\w+\}", ENGLISH[name]), name
    assert language in KEYS and language in SECONDS


def test_every_sentence_can_be_said_otherwise_in_the_plan() -> None:
    spoken_texts = [name for name in Texts.model_fields if name.startswith("call_")]
    assert spoken_texts == [f"call_{name}" for name in get_args(SpokenName)]
    assert set(Texts.model_fields) == set(VARIABLES)


def test_no_word_names_two_keys() -> None:
    said: dict[str, set[str]] = {}
    for word, digit in DIGITS.items():
        said.setdefault(word, set()).add(digit)
    assert len(DIGITS) == 39  # four times ten, "six" is French as well
    assert all(len(digits) == 1 for digits in said.values())


@pytest.mark.promise("spoken-languages")
def test_a_sentence_is_heard_in_the_callers_language_the_plans_or_english() -> None:
    assert spoken.line(book(), "goodbye", "fr") == Say("Merci de votre appel. Au revoir.", "fr")
    assert spoken.line(book(), "goodbye", "it").language == "en"  # the example's first language
    german = book(SMALL.replace("languages: [en, de]", "languages: [it, de]").split("texts:")[0])
    assert spoken.line(german, "goodbye", "pl").language == "de"
    polish = book(SMALL.replace("languages: [en, de]", "languages: [pl]").split("texts:")[0])
    assert spoken.line(polish, "goodbye", "pl").language == "en"


@pytest.mark.promise("spoken-own-words")
def test_the_plan_says_it_in_its_own_words() -> None:
    own = book(SMALL + '  call_goodbye: {en: "Bye from {site}.", de: "Tschüs."}\n')
    assert spoken.line(own, "goodbye", "en") == Say("Bye from small.", "en")
    assert spoken.line(own, "goodbye", "de") == Say("Tschüs.", "de")
    assert spoken.line(own, "goodbye", "es") == Say("Gracias por llamar. Adiós.", "es")
    alone = SMALL.replace("languages: [en, de]", "languages: [pl]").split("texts:")[0]
    assert spoken.line(book(alone + "texts: {call_goodbye: {pl: Pa}}\n"), "goodbye", "pl") == Say("Pa", "pl")


def test_what_is_filled_in_is_never_read_for_braces_again() -> None:
    assert spoken.line(book(), "whisper_who", "en", who="{site} Jones").text == "It is site Jones."


# ---- greeting and menu ---------------------------------------------------------------------------------------------


def test_the_greeting_is_the_doors_own_else_the_services_else_ours() -> None:
    door = Entry("voice", SUPPORT, "howto")
    assert text(spoken.greeting(book(), door, "de", MONDAY)) == "Guten Tag, hier ist northwind."
    assert text(spoken.greeting(book(), None, "en", MONDAY)) == "Hello, this is northwind."
    orders = book().plan.entry_for("voice", ORDERS)
    assert text(spoken.greeting(book(), orders, "de", MONDAY)) == "Willkommen beim Northwind-Kundenservice."
    own = replace(door, greeting=(("en", "Northwind, hello!"), ("de", "Northwind, hallo!")))
    assert spoken.greeting(book(), own, "de", MONDAY) == (Say("Northwind, hallo!", "de"),)
    assert spoken.greeting(book(), own, "fr", MONDAY) == (Say("Northwind, hello!", "en"),)


def test_at_night_callers_hear_the_greeting_for_the_night() -> None:
    night = book(SMALL + '  call_greeting_closed: {en: "Good night.", de: "Gute Nacht."}\n')
    door = night.plan.entry_for("voice", "+4930100")
    assert text(spoken.greeting(night, door, "en", at("2026-11-30 23:00"))) == "Good night."
    assert text(spoken.greeting(night, door, "en", MONDAY)) == "Hello, this is small."


@pytest.mark.promise("spoken-menu")
def test_the_menu_names_each_key_and_a_language_in_that_language() -> None:
    ask = spoken.menu(book(), MENU, "de")
    assert [it.text for it in prompt(ask)] == [
        "Für Störung drücken Sie die 1.",
        "Für Bestellungen und Rechnungen drücken Sie die 2.",
        "Für Abrechnung drücken Sie die 3.",
        "For English, press 9.",
        "Für Deutsch drücken Sie die Rautetaste.",
    ]
    assert [it.language for it in prompt(ask)] == ["de", "de", "de", "en", "de"]
    assert ask.hints == ("Störung", "Bestellungen und Rechnungen", "Abrechnung", "English", "Deutsch")
    assert (ask.to.turn, ask.to.about, ask.language) == ("menu", {"l": "de"}, "de")
    stranger = spoken.menu(book(), MENU, "it")  # no words in it: English is listened for
    assert (stranger.language, stranger.to.about) == ("en", {"l": "it"})
    again = spoken.menu(book(), MENU, "en", again=True)
    assert prompt(again)[0].text == "Sorry, I didn't understand that." and len(again.prompt) == 6


@pytest.mark.parametrize(
    ("digits", "speech", "press"),
    [
        ("1", "", "1"),
        ("#", "", "#"),
        ("7", "outage", None),  # who presses means the key
        ("", "", None),
        ("", "Outage.", "1"),
        ("", "STÖRUNG", "1"),
        ("", "I have an outage here", "1"),
        ("", "invoices, please", "2"),
        ("", "It's about bestellungen", "2"),
        ("", "this and that", None),  # a word of a label, but none that says anything
        ("", "outage or billing", None),
        ("", "billing invoices", "3"),  # a whole label before a part of one
        ("", "outages", None),
        ("", "two", "2"),
        ("", "Neun.", "9"),
        ("", "3", "3"),
        ("", "five", None),
        ("", "deutsch bitte", "#"),
    ],
)
@pytest.mark.promise("spoken-menu")
def test_a_key_or_a_word_that_names_one_label_chooses(digits: str, speech: str, press: str | None) -> None:
    found = spoken.chosen(MENU, digits, speech)
    assert (found.press if found else None) == press


# ---- waiting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "minutes", "said"),
    [
        (3, 4, "You are number 3 in line. The wait is about 4 minutes."),
        (1, 0, "You are next in line. The wait is about one minute."),
        (0, 1, "You are next in line. The wait is about one minute."),
        (2, None, "You are number 2 in line."),
        (40, 60, "You are number 40 in line. The wait is more than an hour."),
        (40, 179, "You are number 40 in line. The wait is more than 2 hours."),
    ],
)
@pytest.mark.promise("spoken-place")
def test_the_place_is_said_as_people_say_it(position: int, minutes: int | None, said: str) -> None:
    assert spoken.place(book(), "en", position, minutes) == Say(said, "en")


@pytest.mark.promise("spoken-place")
@given(st.integers(-5, 500), st.none() | st.integers(-5, 5000), st.sampled_from(LANGUAGES))
def test_nobody_is_ever_told_that_they_wait_no_minutes(
    position: int, minutes: int | None, tongue: str
) -> None:
    said = spoken.place(book(), tongue, position, minutes).text
    assert not {"0", "1"} & set(re.findall(r"-?\d+", said)) and "-" not in said and "{" not in said


def test_who_waits_is_told_what_else_they_can_do_and_nothing_where_there_is_nothing() -> None:
    assert spoken.choices(book(), "en", False, False) is None
    both = spoken.choices(book(), "en", True, True)
    assert "called back, press 1." in text(both) and "a message, press 2." in text(both)
    assert text(both).endswith("stay on the line.")
    assert "1" not in text(spoken.choices(book(), "de", False, True))


# ---- closed --------------------------------------------------------------------------------------------------------

CLOSED = [
    ("2026-12-25 12:00", "de", "Wir haben heute geschlossen: Erster Weihnachtstag. Wir öffnen wieder am Montag um acht Uhr."),
    ("2026-12-25 12:00", "en", "We are closed today: Christmas Day. We open again on Monday at eight in the morning."),
    ("2026-11-30 19:00", "en", "We are closed at the moment. We open again tomorrow at eight in the morning."),
    ("2026-11-30 07:00", "de", "Wir haben zurzeit geschlossen. Wir öffnen wieder heute um acht Uhr."),
    ("2026-11-28 12:00", "fr", "Nous sommes fermés pour le moment. Nous rouvrons lundi à huit heures."),
    (
        "2026-12-25 12:00",
        "es",
        "Hoy es festivo y estamos cerrados. Abrimos de nuevo el lunes a las ocho de la mañana.",
    ),
    ("2026-12-24 07:00", "en", "We are closed at the moment. We open again today at eight in the morning."),
    ("2026-12-24 13:00", "en", "We are closed today: Christmas Eve. We open again on Monday at eight in the morning."),
]  # fmt: skip


@pytest.mark.promise("spoken-closed")
@pytest.mark.parametrize(("wall", "language", "said"), CLOSED)
def test_whoever_calls_while_it_is_closed_hears_why_and_when_it_opens(
    wall: str, language: str, said: str
) -> None:
    assert text(spoken.closed(book(), "howto", language, at(wall))) == said


def test_while_it_is_open_nothing_is_said_about_closing() -> None:
    assert spoken.closed(book(), "howto", "en", MONDAY) == ()


@pytest.mark.promise("spoken-closed")
def test_an_emergency_is_told_in_its_own_words_and_never_with_an_opening_that_nobody_knows() -> None:
    def shut(until: int | None, words: str) -> Rulebook:
        return book().under(Situation((Shut("howto", MONDAY - 1000, until, words, "Mira"),)))

    words = "There is a fire alarm, we have left the house."
    assert text(spoken.closed(shut(None, words), "howto", "en", MONDAY)) == words
    until = at("2026-12-01 12:30")
    assert text(spoken.closed(shut(until, words), "howto", "en", MONDAY)) == (
        f"{words} We open again tomorrow at 12:30 in the afternoon."
    )
    assert text(spoken.closed(shut(None, ""), "howto", "de", MONDAY)) == "Wir haben zurzeit geschlossen."


@pytest.mark.parametrize(
    ("wall", "said"),
    [
        ("2026-11-30 00:00", ("today at midnight", "heute um null Uhr", "aujourd'hui à minuit", "hoy a las doce de la mañana")),
        ("2026-12-01 12:00", ("tomorrow at noon", "morgen um zwölf Uhr", "demain à midi", "mañana a las doce de la tarde")),
        ("2026-12-01 13:05", ("tomorrow at 1:05 in the afternoon", "morgen um 13 Uhr 5", "demain à 13 heures 5", "mañana a la una y 5 de la tarde")),
        ("2026-12-03 21:00", ("on Thursday at nine in the evening", "am Donnerstag um einundzwanzig Uhr", "jeudi à vingt-et-une heures", "el jueves a las nueve de la noche")),
        ("2027-01-04 01:30", ("on Monday, January 4, at 1:30 in the morning", "am Montag, dem 4. Januar, um 1 Uhr 30", "lundi 4 janvier à 1 heure 30", "el lunes 4 de enero a la una y 30 de la mañana")),
    ],
)  # fmt: skip
def test_times_are_said_in_words(wall: str, said: tuple[str, ...]) -> None:
    found = tuple(spoken_time(at(wall), MONDAY, "Europe/Berlin", language) for language in LANGUAGES)
    assert found == said


def test_callers_are_asked_how_it_was_only_where_the_plan_says_so() -> None:
    assert not spoken.rates(book(SMALL))
    assert spoken.rates(book(SMALL + '  call_rate: {en: "1 to 5?", de: "1 bis 5?"}\n'))


# ---- the agent -----------------------------------------------------------------------------------------------------


@pytest.mark.promise("spoken-whisper")
def test_the_agent_hears_for_what_who_and_how_long_before_they_decide() -> None:
    said = [it.text for it in spoken.whisper(book(), "howto", EVA, 130, "en")]
    assert said == [
        "A call for questions.",
        "It is Eva Stone.",
        "Waiting for 2 minutes.",
        "Press 1 to take it, 2 to decline.",
    ]
    back = spoken.whisper(book(), "howto", EVA, 7, "de", callback=True)
    assert [it.text for it in back][::2] == ["Ein Rückruf für Fragen.", "Wartet seit 10 Sekunden."]
    assert {it.language for it in back} == {"de"}


@pytest.mark.promise("spoken-whisper")
def test_the_agent_hears_when_nobody_vouches_for_who_it_is() -> None:
    claimed = spoken.whisper(book(), "howto", replace(EVA, verified=False), 0, "en")[1].text
    assert claimed == "Probably Eva Stone, not verified."
    nameless = spoken.whisper(book(), "howto", replace(EVA, name=""), 0, "en")[1].text
    assert nameless == "It is plus 4 9, 1 5 1 1, 2 3 4, 5 6 7 8."
    withheld = spoken.whisper(book(), "howto", replace(EVA, name="", address=""), 4000, "es")
    assert [it.text for it in withheld][1:3] == [
        "El número está oculto.",
        "Espera desde hace más de una hora.",
    ]


# ---- whatever comes ------------------------------------------------------------------------------------------------

ANY = st.text(max_size=3000) | st.text(
    st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Mn", "Lu"]), max_size=3000
)


def harmless(said: tuple[Say, ...]) -> None:
    for it in said:
        assert len(it.text) <= spoken.LONGEST
        assert not [c for c in it.text if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029"]


@pytest.mark.promise("spoken-harmless")
@given(
    ANY, ANY, st.booleans(), st.integers(-10, 10**9), st.sampled_from([*LANGUAGES, "it", ""]), st.booleans()
)
def test_whatever_names_and_numbers_come_the_whisper_is_harmless(
    who: str, address: str, verified: bool, waited: int, language: str, callback: bool
) -> None:
    facts = replace(EVA, name=who, address=address, verified=verified)
    harmless(spoken.whisper(book(), "howto", facts, waited, language, callback))


@pytest.mark.promise("spoken-harmless")
@given(ANY, st.sampled_from(get_args(SpokenName)), st.sampled_from([*LANGUAGES, "it", ""]))
def test_whatever_is_filled_in_a_sentence_is_harmless(value: str, name: SpokenName, language: str) -> None:
    values = dict.fromkeys(re.findall(r"\{(\w+)\}", ENGLISH[name]), value)
    values.pop("site", None)
    said = spoken.line(book(), name, language, **values)
    harmless((said,))
    assert said.text


@pytest.mark.promise("spoken-harmless")
@given(ANY, ANY)
def test_whatever_stands_in_an_emergency_or_a_menu_is_harmless_and_whatever_is_said_chooses_at_most_one(
    words: str, speech: str
) -> None:
    shut = book().under(Situation((Shut("howto", MONDAY - 1000, None, words, "Mira"),)))
    harmless(spoken.closed(shut, "howto", "en", MONDAY))
    label = MenuKey("1", (("en", words), ("de", "Störung")), "outage")
    harmless(tuple(prompt(spoken.menu(book(), replace(MENU, menu=(label,)), "en"))))
    harmless(spoken.greeting(book(), replace(MENU, greeting=(("en", words),)), "en", MONDAY))
    found = spoken.chosen(MENU, "", speech)
    assert found is None or found in MENU.menu


def test_a_long_text_of_an_emergency_is_said_whole_in_pieces() -> None:
    words = " ".join(f"word{n}" for n in range(400))
    shut = book().under(Situation((Shut("howto", MONDAY - 1000, None, words, "Mira"),)))
    said = spoken.closed(shut, "howto", "en", MONDAY)
    assert len(said) > 1 and text(said) == words
