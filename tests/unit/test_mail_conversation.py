"""Signed addresses and ids: what we made is known again, in any case, for its customer alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tierline.channels.email.conversation import Signatures, begun, claim, mailbox_of, quoted

SIGNS = Signatures("a secret of some length")
BOX, EVA, MALLORY = "support@inside.example", "eva@customer.example", "mallory@elsewhere.example"
TALK = begun(EVA, "<1@customer.example>")
ADDRESSES = st.from_regex(r"[a-z0-9.!#$%&'*/=?^_`{|}~-]{1,30}@[a-z0-9-]{1,20}\.example", fullmatch=True)


@pytest.mark.promise("mail-thread")
@given(ADDRESSES, ADDRESSES, st.integers(1, 10**9), st.integers(1, 10**5))
def test_what_we_sign_we_know_again_in_any_case(box: str, customer: str, contact: int, n: int) -> None:
    key = f"C{contact}.{n}"
    reply = SIGNS.reply_address(box, TALK, customer)
    assert SIGNS.answered(reply, customer) == SIGNS.answered(reply.upper(), customer.upper()) == TALK
    back = SIGNS.bounce_address(box, key)
    assert SIGNS.bounced(back) == SIGNS.bounced(back.upper()) == key
    (ours,) = quoted([SIGNS.message_id(box.rpartition("@")[2], TALK, key, customer).upper()])
    assert (ours.conversation, ours.key) == (TALK, key) and SIGNS.good(ours, customer)
    assert mailbox_of(reply, {box}) == mailbox_of(back.upper(), {box}) == box


@pytest.mark.promise("mail-hijack")
def test_nothing_of_it_is_good_for_anybody_else_or_with_a_letter_changed() -> None:
    reply, back = SIGNS.reply_address(BOX, TALK, EVA), SIGNS.bounce_address(BOX, "C1001.3")
    (ours,) = quoted([SIGNS.message_id("inside.example", TALK, "C1001.3", EVA)])
    assert SIGNS.answered(reply, MALLORY) == "" and not SIGNS.good(ours, MALLORY)
    assert Signatures("another").answered(reply, EVA) == "" and Signatures("another").bounced(back) == ""
    for text in (reply, back):
        for i, one in enumerate(text.partition("@")[0]):
            changed = text[:i] + ("b" if one != "b" else "c") + text[i + 1 :]
            assert SIGNS.answered(changed, EVA) == "" and SIGNS.bounced(changed) == "", changed
    assert SIGNS.answered(reply.replace("inside", "other"), EVA) == ""


@given(st.text(max_size=80), st.lists(st.text(max_size=60), max_size=8))
def test_odd_addresses_and_ids_claim_nothing_and_break_nothing(sender: str, odd: list[str]) -> None:
    found = claim(SIGNS, sender, odd, odd)
    assert found.sure == "" and not found.ours
    assert mailbox_of(sender, {BOX}) in ("", BOX)


def test_a_signed_address_comes_before_ids_and_the_newest_id_before_older_ones() -> None:
    older, newer = begun(EVA, "<old@x>"), begun(EVA, "<new@x>")
    ids = [SIGNS.message_id("inside.example", it, "C1001.2", EVA) for it in (older, newer)]
    assert claim(SIGNS, EVA, [BOX], ids).sure == newer
    assert claim(SIGNS, EVA, [SIGNS.reply_address(BOX, TALK, EVA)], ids).sure == TALK
    assert claim(SIGNS, MALLORY, [BOX], ids).sure == "" and len(claim(SIGNS, MALLORY, [BOX], ids).others) == 2
    own = claim(SIGNS, EVA, [BOX], ["<a@x>", "<b@x>"])
    assert own.maybe == (begun(EVA, "<b@x>"), begun(EVA, "<a@x>"))
