"""A letter carries what the judges of machines, bounces and trust say, by way of our own parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tierline.channels.email import judging
from tierline.channels.email.letter import Envelope
from tierline.channels.email.reading import read_strictly
from tierline.channels.email.robots import judge

MAILS = Path(__file__).parent.parent / "mail"
OURS = ("support@northwind.example", "billing@northwind.example")


@pytest.mark.parametrize("path", sorted((MAILS / "robots").glob("*.eml")), ids=lambda it: it.stem)
def test_every_machine_is_known_from_its_bytes(path: Path) -> None:
    raw = path.read_bytes()
    letter = read_strictly(raw, _envelope(raw), OURS)
    assert letter.robot and letter.robot_why and not letter.trouble
    assert path.stem.startswith(letter.robot)


@pytest.mark.parametrize("path", sorted((MAILS / "people").glob("*.eml")), ids=lambda it: it.stem)
def test_nobody_is_taken_for_a_machine(path: Path) -> None:
    raw = path.read_bytes()
    letter = read_strictly(raw, _envelope(raw), OURS)
    assert (letter.robot, letter.trouble) == ("", "")
    assert letter.text


def _envelope(raw: bytes) -> Envelope:
    head = raw.replace(b"\r", b"").partition(b"\n\n")[0]
    null = b"\nReturn-Path: <>" in b"\n" + head
    return Envelope("" if null else "someone@customer.example", OURS, 0, "smtp")


def test_a_bounce_names_recipient_and_the_mail_it_is_about() -> None:
    raw = (
        b"From: MAILER-DAEMON@mx.example\r\nTo: support@northwind.example\r\nSubject: Undelivered\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nIt could not be delivered.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; eva@customer.example\r\nAction: failed\r\n"
        b"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        b"Message-ID: <ours@northwind.example>\r\nSubject: Re: Printer\r\n\r\nHello\r\n--b--\r\n"
    )
    letter = read_strictly(raw, Envelope("", OURS, 0, "smtp"), OURS)
    (report,) = letter.reports
    assert (report.recipient, report.status, report.permanent) == ("eva@customer.example", "5.1.1", True)
    assert report.message_id == "<ours@northwind.example>"


def test_a_sender_is_verified_only_where_our_own_server_says_so() -> None:
    def raw(by: str) -> bytes:
        return (
            f"Authentication-Results: {by}; dmarc=pass header.from=a.example\r\n"
            "From: Ann <ann@a.example>\r\nSubject: x\r\n\r\nHello\r\n"
        ).encode()

    envelope = Envelope("ann@a.example", OURS, 0, "relay")
    assert read_strictly(raw("mx.us.example"), envelope, OURS, ("mx.us.example",)).trust == "verified"
    assert read_strictly(raw("mx.evil.example"), envelope, OURS, ("mx.us.example",)).trust == "claimed"
    assert read_strictly(raw("mx.us.example"), envelope, OURS).trust == "claimed"
    stranger = Envelope(
        "ann@a.example", OURS, 0, "smtp"
    )  # whoever comes to our listener can write our server's word
    assert read_strictly(raw("mx.us.example"), stranger, OURS, ("mx.us.example",)).trust == "claimed"


def test_what_cannot_be_judged_is_never_answered_and_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("odd")

    monkeypatch.setattr(judging, "judge", broken)
    letter = read_strictly(b"From: ann@a.example\r\n\r\nHello\r\n", Envelope("", OURS, 0), OURS)
    assert (letter.text, letter.robot, letter.trust) == ("Hello", "auto-reply", "claimed")
    assert judge is not broken
