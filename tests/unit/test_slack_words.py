"""What an agent types in Slack reaches the customer as plain text, and a mention is always noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.slack.words import drawn, emoji, said
from tierline.sandbox.slack_text import stored

ME = "U0ADA00001"


@pytest.mark.parametrize(
    ("typed", "text", "mentions"),
    [
        ("plain *bold* _it_ `code` :smile:", "plain *bold* _it_ `code` :smile:", False),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2", False),
        ("&amp;lt;", "&lt;", False),
        ("see <https://status.example/a?b=1&amp;c=2>", "see https://status.example/a?b=1&c=2", False),
        ("see <http://status.example|status.example>", "see status.example", False),
        ("see <http://status.example|our page>", "see our page (http://status.example)", False),
        ("<mailto:a@b.example|a@b.example> or <tel:+4930123|+49 30 123>", "a@b.example or +49 30 123", False),
        ("ask <@U0LIN00001>", "ask @U0LIN00001", True),
        ("ask <@U0LIN00001|lin>", "ask @lin", True),
        (f"I am <@{ME}>", "I am @Ada", False),
        ("in <#C1|support>", "in #support", True),
        ("<!here> <!subteam^S1|@ops>", "@here @ops", True),
        ("<!unheard-of>", "@unheard-of", True),
        ("at <!date^1392734382^{time}|06:26 UTC>", "at 06:26 UTC", False),
        ("<not a mark>", "<not a mark>", False),
    ],
)
def test_what_slack_stores_reads_as_it_was_typed(typed: str, text: str, mentions: bool) -> None:
    found = said(typed, ME, "Ada")
    assert (found.text, found.mentions) == (text, mentions)


@given(
    st.text(
        alphabet=st.characters(blacklist_characters="#@+:./", blacklist_categories=("Cs", "So", "Sk")),
        max_size=200,
    )
)
def test_text_without_marks_comes_back_to_the_letter(typed: str) -> None:
    found = said(stored(typed, {}, {}))
    assert found.text == typed and not found.mentions


@given(
    st.text(max_size=30),
    st.sampled_from(["@Lin", "@here", "@channel", "<@U0LIN00001>", "#support"]),
    st.text(max_size=30),
)
def test_a_mention_is_noticed_wherever_it_stands(before: str, mention: str, after: str) -> None:
    raw = stored(
        f"{before} {mention} {after}", {"lin": "U0LIN00001", "U0LIN00001": "U0LIN00001"}, {"support": "C1"}
    )
    assert said(raw).mentions == any(sign in raw for sign in ("<@U0LIN00001", "<!", "<#C1"))


def test_emoji_reach_the_customer_as_they_were_typed() -> None:
    blocks = [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "hello "},
                        {"type": "emoji", "name": "wave", "unicode": "1f44b"},
                        {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fb", "skin_tone": 2},
                        {"type": "emoji", "name": "our-logo"},
                        {"type": "emoji", "name": "odd", "unicode": "not-hex"},
                    ],
                }
            ],
        }
    ]
    typed = ":wave: :wave::skin-tone-2: :our-logo: :odd:"
    assert drawn(typed, emoji(blocks)) == "👋 👋🏻 :our-logo: :odd:"
    assert emoji(None) == {} and emoji("x") == {}


@pytest.mark.parametrize("typed", ["&lt;!here&gt; look", "look &lt;!channel&gt;"])
def test_markup_typed_by_hand_calls_colleagues_too(typed: str) -> None:
    assert said(typed).mentions
