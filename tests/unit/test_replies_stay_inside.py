"""What may leave the house from a thread in Slack: only the owner's plain reply to an open contact that is no call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.router.replies import Standing, ruling

OWN = Standing("C1001", "active", "sms", "Ada", "Ada", "Ada", True, "direct")
STATES = ("waiting", "offered", "active", "snoozed", "parked", "wrapping", "closed", "abandoned", "dead")
standings = st.builds(
    Standing,
    contact=st.just("C1001"),
    state=st.sampled_from(STATES),
    channel=st.sampled_from(["sms", "email", "chat", "voice"]),
    owner=st.sampled_from(["", "Ada", "Ben"]),
    owner_name=st.just("Ada"),
    writer=st.sampled_from(["", "Ada", "Ben"]),
    here=st.booleans(),
    replies=st.sampled_from(["direct", "explicit"]),
)
texts = st.one_of(
    st.text(max_size=60),
    st.builds(
        lambda space, prefix, text: space + prefix + text,
        st.sampled_from(["", " ", "\n", "\u00a0"]),
        st.sampled_from(["//", "note:", "note ", "NOTE\n", "Note: ", "hello "]),
        st.text(max_size=30),
    ),
)


@given(it=standings, text=texts, mentions=st.booleans())
@pytest.mark.promise("reply-only-owner")
def test_nothing_but_the_owners_plain_reply_is_ever_sent(it: Standing, text: str, mentions: bool) -> None:
    sent = ruling(it, text, mentions).kind == "send"
    begins = text.strip().casefold()
    plain = (
        bool(begins)
        and not begins.startswith(("//", "note:"))
        and begins.split()[0] != "note"
        and not mentions
    )
    may = (
        it.state in ("active", "snoozed")  # what sleeps stays its owner's, and they may write first
        and it.owner != ""
        and it.writer == it.owner
        and it.here
        and it.channel != "voice"
        and it.replies == "direct"
    )
    if sent:
        assert may and plain
    if may and begins and begins[0].isalpha() and not begins.startswith("note") and not mentions:
        assert sent  # and what is meant for the customer does go


@pytest.mark.parametrize(
    "text", ["// look at the log", "note: be gentle", "Note be gentle", "note", " NOTE:x", "\n//x", "//"]
)
@pytest.mark.promise("reply-notes")
def test_notes_are_kept_inside(text: str) -> None:
    assert ruling(OWN, text, False).kind == "note"


@pytest.mark.parametrize(
    "text", ["notebook is broken", "Noted!", "notes attached", "see https://x.example //"]
)
def test_a_word_that_only_begins_like_a_note_is_a_reply(text: str) -> None:
    assert ruling(OWN, text, False).kind == "send"


def test_what_is_kept_is_the_text_without_the_prefix_and_can_be_sent_on_purpose() -> None:
    it = ruling(OWN, "// try it again tomorrow", False)
    assert (it.text, it.may_send) == ("try it again tomorrow", True)
    assert not ruling(replace(OWN, writer="Ben"), "// psst", False).may_send


@pytest.mark.promise("reply-told")
def test_whoever_is_not_sent_hears_why() -> None:
    assert "Ada" in ruling(replace(OWN, writer="Ben"), "hello", False).told
    assert "has ended" in ruling(replace(OWN, state="closed"), "hello", False).told
    assert "another thread" in ruling(replace(OWN, here=False), "hello", False).told
    assert "colleague" in ruling(OWN, "hello", True).told
    assert "Reply button" in ruling(replace(OWN, replies="explicit"), "hello", False).told


@pytest.mark.parametrize("state", ["closed", "abandoned", "dead"])
@pytest.mark.promise("reply-ended")
def test_in_the_thread_of_an_ended_contact_nothing_is_sent(state: str) -> None:
    assert ruling(replace(OWN, state=state), "one more thing", False).kind == "ended"


@pytest.mark.parametrize(
    "typed",
    ["_note: x_", "*note* x", "> note: x", "`//` x", "\u200bnote: x", "*// x*", "~note~ x", "__note__ x"],
)
def test_a_note_is_a_note_in_whatever_type_it_stands(typed: str) -> None:
    assert ruling(OWN, typed, False).kind == "note"


@pytest.mark.parametrize("typed", ["Notebook arrived", "noted, thank you", "see / there", "* item"])
def test_what_only_looks_like_a_note_is_sent(typed: str) -> None:
    assert ruling(OWN, typed, False).kind == "send"
