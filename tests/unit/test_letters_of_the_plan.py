"""What stands around the words of a mail: the site's, a team's own, and that of texts that nobody wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers_plan import example

from tierline.channels.channel import Words
from tierline.router.letters import conversation_of, letterheads, mail_sender
from tierline.router.plan.diff import diff
from tierline.router.plan.errors import PlanErrors
from tierline.router.plan.load import parse
from tierline.router.rulebook import Rulebook

MORE = """
letters:
  name: "{agent} of {site}"
  signature: {en: "{agent}\\n{team}, {site}", de: "Ihr {site}\\n{agent}"}
  footer: {en: "northwind GmbH, Berlin"}
  teams: {nightowl: {name: "northwind at night", signature: {en: "Your night team ({number})"}}}
"""


def book(more: str = MORE) -> Rulebook:
    plan = parse(example().source + more)
    return Rulebook(plan, 1)


def words(author: str = "Ada", language: str = "en") -> Words:
    return Words(
        "C1001.3", "eva@c.example", "support@northwind.example", "x", author=author, language=language
    )


@pytest.mark.promise("mail-letterhead")
def test_a_teams_own_comes_in_place_of_the_sites() -> None:
    head = letterheads(lambda: book())
    ada, emil, german = head(words()), head(words("Emil")), head(words(language="de"))
    assert (ada.name, ada.signature) == ("Ada of northwind", "Ada\ninhouse, northwind")
    assert (emil.name, emil.signature) == ("northwind at night", "Your night team (C1001)")
    assert (
        german.signature == "Ihr northwind\nAda" and german.footer == emil.footer == "northwind GmbH, Berlin"
    )


@pytest.mark.promise("mail-letterhead")
def test_without_a_word_of_the_plan_it_is_the_agent_and_the_site_and_our_own_texts_name_nobody() -> None:
    plain, ours = letterheads(lambda: book(""))(words()), letterheads(lambda: book())(words(""))
    assert (plain.name, plain.signature, plain.footer, plain.plus) == (
        "Ada (northwind)",
        "Ada\nnorthwind",
        "",
        True,
    )
    assert (ours.name, ours.signature) == ("northwind", "northwind")


def test_a_team_that_is_not_there_and_words_that_nobody_fills_in_are_mistakes() -> None:
    wrong = 'letters: {name: "{agnt}", teams: {nightowls: {signature: {en: x}}}}\n'
    with pytest.raises(PlanErrors) as found:
        parse(example().source + wrong)
    told = str(found.value)
    assert "{agent}" in told and "nightowl" in told


def test_a_change_is_said_in_words() -> None:
    said = "\n".join(diff(book("").plan, book(MORE.replace("letters:", "letters:\n  plus: false")).plan))
    assert "Mails: the sender is called “{agent} of {site}”" in said and "plain addresses" in said
    assert "Mails of “nightowl”: signature (en)" in said


def test_a_conversation_is_found_in_its_thread_and_the_mailbox_that_was_written_to_answers() -> None:
    assert conversation_of("email:a@b.example:support@northwind.example:abcd") == "abcd"
    assert conversation_of("email:a@b.example:support@northwind.example") == ""
    assert mail_sender(book(), "orders@northwind.example") == "orders@northwind.example"
    assert mail_sender(book(), "") == "support@northwind.example"
    assert replace(words(), sender="x").sender == "x"


def test_the_example_plan_shows_letters_that_are_right() -> None:
    """Its commented `letters:` is read once somebody takes the signs away."""
    text = (Path(__file__).parents[2] / "router" / "plan" / "example.yaml").read_text("utf-8")
    at = text.index("# letters:")
    commented = text[at : text.index("\n\n", at)]
    shown = "\n".join(line.removeprefix("# ") for line in commented.splitlines())
    plan = parse(text.replace(commented, shown))
    said = plan.letters.lines("nightowl", "en", {"agent": "Ada", "site": "northwind"})
    assert said == ("Ada (northwind)", "Ada\nfor Northwind", "Northwind Ltd, Harbour Street 1, Berlin")
