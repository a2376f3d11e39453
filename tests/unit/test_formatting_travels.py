"""What an agent formats in Slack, as a customer reads it: in a text message, and in a mail."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.rich import Passage, Run, dumped, html, loaded, plain
from tierline.channels.slack.rich import calls, passages

Json = dict[str, Any]


def rich(*parts: Json) -> list[Json]:
    return [{"type": "rich_text", "block_id": "b", "elements": list(parts)}]


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def text(words: str, **style: bool) -> Json:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def items(style: str, *rows: str, indent: int = 0, offset: int = 0) -> Json:
    each = [section(text(row)) for row in rows]
    return {"type": "rich_text_list", "style": style, "indent": indent, "offset": offset, "elements": each}


WRITTEN = rich(
    section(text("Try this "), text("first", bold=True), text(":\n")),
    items("ordered", "unplug it", "wait"),
    items("bullet", "a minute", indent=1),
    items("ordered", "plug it in", offset=2),
    section(
        text("See "), {"type": "link", "url": "https://help.example/a?b=1&c=2", "text": "our page"}, text(" or "),
        {"type": "link", "url": "mailto:help@help.example", "text": "help@help.example"}, text(" "),
        {"type": "emoji", "name": "wave", "unicode": "1f44b"}, text(" "), {"type": "emoji", "name": "ourlogo"},
    ),
    {"type": "rich_text_quote", "elements": [text("it blinks\nred")]},
    {"type": "rich_text_preformatted", "elements": [text("ping 1.1.1.1\n  ok")]},
    section(text("It costs "), text("10", strike=True), text(" 12, "), text("reboot", code=True)),
)  # fmt: skip


@pytest.mark.promise("reply-formatting")
def test_a_text_message_keeps_lists_links_quotes_code_and_emoji_as_plain_characters() -> None:
    assert plain(passages(WRITTEN)) == (
        "Try this first:\n"
        "1. unplug it\n"
        "2. wait\n"
        "  - a minute\n"
        "3. plug it in\n"
        "See our page (https://help.example/a?b=1&c=2) or help@help.example 👋 :ourlogo:\n"
        "> it blinks\n"
        "> red\n"
        "ping 1.1.1.1\n  ok\n"
        "It costs ~10~ 12, reboot"
    )


@pytest.mark.promise("reply-formatting")
def test_a_mail_has_the_same_with_its_formatting() -> None:
    assert html(passages(WRITTEN)) == (
        "<p>Try this <strong>first</strong>:</p>"
        "<ol><li>unplug it</li><li>wait<ul><li>a minute</li></ul></li><li>plug it in</li></ol>"
        '<p>See <a href="https://help.example/a?b=1&amp;c=2">our page</a> or '
        '<a href="mailto:help@help.example">help@help.example</a> 👋 :ourlogo:</p>'
        "<blockquote>it blinks<br>red</blockquote>"
        "<pre>ping 1.1.1.1\n  ok</pre>"
        "<p>It costs <s>10</s> 12, <code>reboot</code></p>"
    )


@pytest.mark.promise("reply-formatting")
def test_markup_that_somebody_types_stays_characters_and_no_other_link_becomes_alive() -> None:
    typed = rich(
        section(
            text('<script>alert("x")</script> & co'),
            {"type": "link", "url": "javascript:alert(1)", "text": "here"},
        )
    )
    assert html(passages(typed)) == "<p>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; cohere</p>"


@pytest.mark.promise("reply-notes")
def test_whoever_is_called_in_rich_text_is_seen_however_deep_it_stands() -> None:
    deep = rich(
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [section({"type": "user", "user_id": "U1"})],
        }
    )
    assert calls(deep) and calls(deep, "U2") and not calls(deep, "U1")
    assert plain(passages(deep, {"U1": "Ada"})) == "- @Ada"
    for element in ({"type": "broadcast", "range": "here"}, {"type": "channel", "channel_id": "C1"},
                    {"type": "usergroup", "usergroup_id": "S1"}):  # fmt: skip
        assert calls(rich(section(element)))
    assert not calls(WRITTEN)


@pytest.mark.parametrize(
    "blocks", [None, [], "x", [{"type": "section"}], [{"type": "rich_text"}], [None], [1]]
)
def test_what_is_no_rich_text_is_none(blocks: object) -> None:
    assert passages(blocks) == () and not calls(blocks)


class Balanced(HTMLParser):
    """Every tag is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"p", "ul", "ol", "li", "blockquote", "pre", "strong", "em", "s", "code", "a", "br"}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


runs = st.builds(
    Run, st.text(max_size=8), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(["", "https://a.example/", "javascript:x", 'https://a"b']),
)  # fmt: skip
kinds = st.sampled_from(["text", "bullet", "number", "quote", "code"])


@given(
    st.lists(
        st.builds(
            Passage, kinds, st.lists(runs, max_size=3).map(tuple), st.integers(0, 4), st.integers(1, 9)
        ),
        max_size=6,
    )
)
def test_whatever_is_written_the_mail_is_well_formed(written: list[Passage]) -> None:
    it = Balanced()
    it.feed(html(written))
    it.close()
    assert it.open == []


RUNS = st.builds(
    Run, st.text(max_size=12), st.booleans(), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(("", "https://help.example/1", "mailto:eva@customer.example")),
)  # fmt: skip
PASSAGES = st.lists(
    st.builds(
        Passage, st.sampled_from(("text", "bullet", "number", "quote", "code")), st.lists(RUNS, max_size=4).map(tuple),
        st.integers(0, 8), st.integers(0, 99),
    ),
    max_size=5,
)  # fmt: skip


@given(PASSAGES)
def test_formatting_is_kept_as_it_was_or_was_none(written: list[Passage]) -> None:
    kept = dumped(written)
    assert loaded(kept) == (tuple(written) if kept else ())
    if not kept:
        assert all(it.kind == "text" and not any(r.bold or r.code for r in it.runs) for it in written)


@pytest.mark.parametrize("kept", ("", "{", "[1]", '[["text",0,0,[["a"]]]]', '{"a":1}', "[[1,2,3,4]]", "null"))
def test_what_is_no_kept_formatting_is_none(kept: str) -> None:
    assert loaded(kept) == ()


def test_an_ordered_list_goes_on_counting() -> None:
    assert html([Passage("number", (Run("plug"),), 0, 3)]) == '<ol start="3"><li>plug</li></ol>'
