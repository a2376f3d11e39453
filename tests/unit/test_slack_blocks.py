"""Nothing that a customer writes comes alive in Slack, and whatever is shown is something that Slack takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tierline.channels.channel import Button, Card, Head, Line, Mark
from tierline.channels.forms import Field, Form
from tierline.channels.slack import form_views, modals
from tierline.channels.slack import messages as slack
from tierline.channels.slack.blocks import Message
from tierline.queue.contact import Media
from tierline.sandbox.slack_blocks import MESSAGE_BLOCKS_SIZE, faults_of_blocks, faults_of_view, too_large
from tierline.sandbox.slack_text import alive

NOW = 1_800_000_000_000
DATE = re.compile(r"<!date\^\d+\^[^|<>]*\|[^<>]*>")
PIECES = st.sampled_from(
    ["<!channel>", "<!here>", "<@U0LIN00001>", "<#C1|x>", "<!subteam^S1>", "<http://evil.example|bank>", "&lt;!here&gt;",
     "&amp;lt;!here>", "*", "_", "`", "\n", "\r\n", "\x00", "\u202e", "\u2066", "\ufeff", "“", '"', "\\", "😀", "\ud800", ":fire:",
     "&", "<", ">", "x" * 900, "<!date^1^{x}|y>", "| ^ >"]
)  # fmt: skip
OUTSIDE = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=8).map("".join)


def line(text: str, n: int = 1, kind: Any = "customer") -> Line:
    return Line("C1001", n, kind, text, text, NOW, (Media("https://x.example/1", text, text),))


def messages(text: str) -> Iterable[Message]:
    card = Card(
        "C1001", 7, "a@b.example", text, "sms", text, False, text, text, 5000, NOW, NOW + 60_000, (text,) * 5, text,
    )  # fmt: skip
    yield (offered := slack.offer(card))
    yield slack.ended_offer(offered.blocks, text)
    for replies in ("direct", "explicit"):
        head = Head(
            "C1001", "#x", "a@b.example", text, text, "sms", text, True, NOW, replies, 8000,  # type: ignore[arg-type]
            tuple(line(text, n) for n in range(1, 20)),
        )  # fmt: skip
        yield (opened := slack.head(head))
        yield slack.closed_head(opened.blocks, text)
        yield from slack.transcript(head)
    for kind in ("customer", "agent", "system", "note"):
        yield slack.line(line(text, 3, kind))
    mark = Mark("C1001", 2, "C1:1.2", "held", text, "a@b.example", NOW + 8000, text)
    yield from (slack.held(mark, NOW), slack.undone(mark), slack.failed(mark), slack.mended(mark))
    yield slack.gone_out(mark, text)
    yield slack.closing("C1001", text)
    yield slack.telling(text, tuple(Button("agent.overtime", text, text[:400]) for _ in range(4)))


def markup(value: Any) -> Iterable[str]:
    """Every text that Slack reads as markup."""
    if isinstance(value, dict):
        if value.get("type") == "mrkdwn":
            assert value.get("verbatim") is True  # else Slack makes links and mentions of bare words
            yield value["text"]
        for one in value.values():
            yield from markup(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from markup(one)


@pytest.mark.promise("desk-markup")
@settings(max_examples=60, deadline=None)
@given(OUTSIDE)
@example("x" * 20_000)
@example("\n" * 20_000)
@example('"<&' * 5000)
def test_no_text_from_outside_comes_alive_and_slack_takes_every_message(text: str) -> None:
    for message in messages(text):
        args = message.args()
        assert faults_of_blocks(args["blocks"], "message").lines() == []
        assert not too_large(args["blocks"], MESSAGE_BLOCKS_SIZE)
        assert message.text.strip() and alive(message.text) == [] and len(message.text) <= 3000
        assert args["link_names"] is False
        for words in markup(args["blocks"]):
            assert alive(DATE.sub("", words)) == []
            assert "<" not in DATE.sub("", words)
        pressed = [one for block in args["blocks"] if block["type"] == "actions" for one in block["elements"]]
        ours = {
            "offer.accept",
            "offer.decline",
            "contact.reply",
            "contact.note",
            "contact.close",
            *form_views.OWN.values(),
            "reply.undo",
            "reply.retry",
        }
        assert {one["action_id"] for one in pressed} <= ours | {"agent.overtime"}


@settings(max_examples=30, deadline=None)
@given(OUTSIDE, st.lists(OUTSIDE, max_size=5))
def test_slack_takes_every_modal(text: str, names: list[str]) -> None:
    where = modals.Where("C1001", "C1", "1.2")
    fields = (
        Field("one", text[:20], "choice", choices=tuple(names)),
        Field("many", "Which?", "choices", choices=tuple(names)),
        Field("words", text, "words"),
        Field("lines", text[:20], "lines", text),
    )
    views = [
        modals.reply_view(where),
        modals.note_view(where),
        modals.words_view(where, text),
        *(form_views.loading(name, "C1001") for name in ("close", "visit")),
        form_views.words("close", text, "C1001", text),
        form_views.form_view("close", Form(text, fields), "C1001"),
    ]
    for view in views:
        assert faults_of_view(view).lines() == []
        assert all(alive(words) == [] for words in markup(view))


def test_what_a_customer_wrote_is_shown_as_it_was_written() -> None:
    shown = slack.line(line("My <server> is down & *out* :fire:")).blocks[1]["text"]
    assert shown == {"type": "plain_text", "text": "My <server> is down & *out* :fire:", "emoji": False}


def test_a_long_message_is_cut_and_says_so() -> None:
    shown = slack.line(line("word " * 10_000)).blocks
    assert "longer than Slack shows" in str(shown[-2:])
    assert slack.line(line("a\n" * 900)).blocks[-1]["type"] == "context"
