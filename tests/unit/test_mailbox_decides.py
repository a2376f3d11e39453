"""Which entry a mail in a mailbox is for, what servers' answers mean, and what becomes of a mail that a server keeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from tierline.channels.channel import Taken
from tierline.channels.email import mailbox as module
from tierline.channels.email.account import Account
from tierline.channels.email.addressed import addressed
from tierline.channels.email.conversation import Signatures
from tierline.channels.email.imap import Imap, Listed, Refused, fetched, internal_date
from tierline.channels.email.imap_line import ImapLine
from tierline.channels.email.letter import Envelope
from tierline.channels.email.mailbox import BATCH, BYTES, Mailbox, batches

SUPPORT, SALES = "support@x.example", "sales@x.example"
OURS = frozenset({SUPPORT, SALES})
SIGNED = Signatures("a secret that is long enough").reply_address(SALES, "a" * 16, "eva@c.example")


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", "To: nobody@inside.body", ""]).encode()


@pytest.mark.promise("mailbox-entries")
@pytest.mark.parametrize(
    ("mail", "own", "to"),
    [
        (head(f"To: Sales <{SALES}>"), SUPPORT, (SALES,)),
        (head(f"To: {SALES}, {SUPPORT}"), SUPPORT, (SALES, SUPPORT)),
        (head("To: list@other.example"), SUPPORT, (SUPPORT,)),
        (head("To: list@other.example"), "shared@x.example", (SALES,)),
        (head(f"X-Original-To: {SALES}", f"To: {SUPPORT}"), SUPPORT, (SALES,)),
        (head(f"Delivered-To: {SUPPORT}", f"To: {SALES}"), SUPPORT, (SALES,)),
        (head(f"Delivered-To: {SUPPORT}", "To: x@y.example"), "shared@x.example", (SUPPORT,)),
        (head(f"To: {SALES.upper()}"), SUPPORT, (SALES.upper(),)),
        (head(f"To: {SIGNED}"), SUPPORT, (SIGNED,)),
        (head(f"To: {SALES}", f"Cc: {SIGNED}"), SUPPORT, (SIGNED,)),
        (head("To: a@b.example,", f"\t{SALES}"), SUPPORT, (SALES,)),
        (head(f'To: "{SUPPORT}" <x@y.example>'), SALES, (SUPPORT,)),
        (b"", SUPPORT, (SUPPORT,)),
    ],
)
def test_a_mail_is_for_the_entry_that_it_was_sent_to(mail: bytes, own: str, to: tuple[str, ...]) -> None:
    assert addressed(mail, OURS, own).recipients == to


def test_without_an_entry_there_is_nobody_to_take_it() -> None:
    assert addressed(head(f"To: {SALES}"), frozenset(), SUPPORT).recipients == ()


def test_the_reverse_path_is_the_servers_and_without_one_the_senders() -> None:
    assert addressed(head("Return-Path: <>", "From: a@b.example"), OURS, SUPPORT).sender == ""
    assert (
        addressed(head("Return-Path: <r@b.example>", "From: a@b.example"), OURS, SUPPORT).sender
        == "r@b.example"
    )
    assert addressed(head("From: Eva <a@b.example>"), OURS, SUPPORT).sender == "a@b.example"


@pytest.mark.parametrize(
    "hostile",
    [
        b"To: " + b"a" * 300_000,
        b"To: " + b"(" * 300_000,
        b"To: " + b"a@" * 150_000,
        b"To:" + b" \r\n\t" * 80_000,
        b"To: " + b"a@b.example," * 30_000,
        b"A" * 300_000 + b":x",
    ],
)
def test_a_header_that_is_made_to_be_slow_costs_milliseconds(hostile: bytes) -> None:
    begun = time.process_time()
    assert addressed(hostile, OURS, SUPPORT).recipients == (SUPPORT,)
    assert time.process_time() - begun < 0.5


def test_answers_of_servers_are_read_in_any_order_with_news_in_between() -> None:
    found = fetched(
        [
            (b"1 (UID 5 RFC822.SIZE 3 BODY[] {3}", b"abc"),
            b")",
            b"7 (FLAGS (\\Seen) UID 70)",
            (b"2 (BODY[] {2}", b"de"),
            b" UID 6)",
            b'3 (UID 7 BODY[] "f\\"g")',
            b"4 (UID 8 BODY[] NIL)",
            None,
        ]
    )
    assert {uid: body for uid, (_, body) in found.items()} == {
        5: b"abc",
        70: None,
        6: b"de",
        7: b'f"g',
        8: None,
    }


def test_dates_of_servers_are_instants() -> None:
    at = round(datetime(2026, 11, 30, 8, 54, 52, tzinfo=UTC).timestamp() * 1000)
    assert internal_date(b'1 (INTERNALDATE "30-Nov-2026 09:54:52 +0100" UID 1)') == at
    assert internal_date(b'1 (INTERNALDATE "30-Nov-2026 03:24:52 -0530")') == at
    assert internal_date(b'1 (INTERNALDATE " 1-Dec-2026 00:00:00 +0000")') > at
    for odd in (
        b"",
        b'1 (INTERNALDATE "31-Foo-2026 09:54:52 +0100")',
        b'1 (INTERNALDATE "39-Nov-2026 09:54:52 +0100")',
    ):
        assert internal_date(odd) == 0


def test_mails_are_fetched_in_bounded_pieces_and_large_ones_alone() -> None:
    small = [Listed(uid, 1000, 0) for uid in range(1, BATCH * 2 + 2)]
    assert [len(it) for it in batches(small)] == [BATCH, BATCH, 1]
    large = [Listed(1, 10, 0), Listed(2, BYTES + 1, 0), Listed(3, 10, 0)]
    assert [[one.uid for one in it] for it in batches(large)] == [[1], [2], [3]]


class KeepsOne(Imap):
    """A server that gives out all but one mail: none of a set that has it, as some servers do."""

    def __init__(self, header: bytes | None = None, there: bool = True) -> None:
        super().__init__(Account.of("imaps://a:b@host.example"))
        self.header, self.is_there = header, there

    def bodies(self, uids: Any, most: int = 0) -> dict[int, bytes]:
        if 2 in uids:
            raise Refused("[SERVERBUG]")
        return {uid: f"Subject: {uid}\r\n\r\nx".encode() for uid in uids}

    def there(self, uid: int) -> bool:
        return self.is_there

    def head(self, uid: int) -> bytes | None:
        return self.header


class Silence:
    def __init__(self) -> None:
        self.said: list[str] = []

    async def begin(self, name: str, text: str) -> None:
        self.said.append(text)

    end = once = begin


async def taken_from(imap: Imap) -> tuple[list[bytes], list[str]]:
    kept: list[bytes] = []

    async def post(content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        kept.append(content)
        return ()

    async def known(name: str, number: int) -> int:
        return number

    told = Silence()
    box = Mailbox(imap.account, post, lambda: [SUPPORT], known, told, lambda: True)
    line = ImapLine(imap)
    try:
        for _ in range(module.TRIES):
            kept.clear()
            try:
                await box._batch(line, [Listed(uid, 10, 0) for uid in (1, 2, 3)], True)
            except module._Later:
                continue
        return kept, told.said
    finally:
        await line.close()


@pytest.mark.promise("mailbox-malformed")
async def test_a_mail_that_the_server_does_not_give_out_is_a_contact_that_says_so_and_stops_no_other() -> (
    None
):
    kept, said = await taken_from(KeepsOne())
    assert [b"Subject: 1" in it or b"Subject: 3" in it for it in kept] == [True, False, True]
    assert b"doesn't give out" in kept[1]
    assert b"UID 2" in kept[1]
    assert len(said) == 1


@pytest.mark.promise("mailbox-malformed")
async def test_of_a_mail_whose_header_alone_can_be_had_the_contact_has_the_header() -> None:
    kept, _ = await taken_from(KeepsOne(b"From: eva@c.example\r\nSubject: broken\r\n\r\n"))
    assert kept[1] == b"From: eva@c.example\r\nSubject: broken\r\n\r\n"


async def test_a_mail_that_somebody_deleted_meanwhile_is_nobodys() -> None:
    kept, said = await taken_from(KeepsOne(there=False))
    assert len(kept) == 2
    assert said == []


class Large(KeepsOne):
    """A server with one mail that is larger than we take."""

    def bodies(self, uids: Any, most: int = 0) -> dict[int, bytes]:
        whole = b"Subject: large\r\n\r\n" + b"A" * 100
        return {uid: whole[: most or len(whole)] for uid in uids}


@pytest.mark.promise("mailbox-malformed")
async def test_of_a_mail_that_is_larger_than_any_the_beginning_is_taken_and_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LARGEST", 50)
    kept, told = [], Silence()

    async def post(content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        kept.append(content)
        return ()

    async def known(name: str, number: int) -> int:
        return number

    imap = Large()
    box, line = Mailbox(imap.account, post, lambda: [SUPPORT], known, told, lambda: True), ImapLine(imap)
    await box._batch(line, [Listed(1, 119, 0)], True)
    await line.close()
    assert [len(it) for it in kept] == [50]
    assert "only its beginning" in told.said[0]


async def test_dates_that_nobody_can_have_waited_since_are_not_believed() -> None:
    """Moved here by hand it may be years old, or from tomorrow; it came after our last look and before now."""
    ats: list[int] = []

    async def post(content: bytes, envelope: Envelope) -> tuple[Taken, ...]:
        ats.append(envelope.at)
        return ()

    async def known(name: str, number: int) -> int:
        return number

    imap = KeepsOne()
    box = Mailbox(imap.account, post, lambda: [SUPPORT], known, Silence(), lambda: True)
    now = round(time.time() * 1000)
    box._looked = now - 60_000
    for at in (1_000, now - 30_000, now + 86_400_000, 0):
        await box._post(b"", Listed(1, 10, at), fresh=True)
    assert ats[:2] == [now - 60_000, now - 30_000]
    assert all(now - 60_000 <= it <= now + 10_000 for it in ats)
