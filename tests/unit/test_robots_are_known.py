"""Machines' mail is told from people's by samples of both: nothing is answered that a machine wrote, and no person is
taken for one (F81, SEC17)."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from email.policy import Policy, compat32, default
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tierline.channels.email.bounces import reports
from tierline.channels.email.fields import addresses_in
from tierline.channels.email.letter import Envelope
from tierline.channels.email.reading import read
from tierline.channels.email.robots import judge

MAIL = Path(__file__).parents[1] / "mail"
ROBOTS = sorted((MAIL / "robots").glob("*.eml"))
PEOPLE = sorted((MAIL / "people").glob("*.eml"))
OURS = ("support@northwind.example", "billing@northwind.example")
KINDS = ("bounce", "auto-reply", "list", "ours")
POLICIES = pytest.mark.parametrize("policy", (compat32, default), ids=("compat32", "default"))


def mail(path: Path, policy: Policy = compat32) -> tuple[Message, Envelope]:
    """As SMTP would hand it over: what stands in Return-Path, else in From, is the envelope's sender."""
    message = message_from_bytes(path.read_bytes(), policy=policy)
    first = next((v for n, v in message.raw_items() if n.lower() == "return-path"), None)
    sender = first if first is not None else next(v for n, v in message.raw_items() if n.lower() == "from")
    return message, Envelope(next(iter(addresses_in(str(sender))), ""), (OURS[0],), 0, "smtp")


def test_there_are_enough_samples_to_mean_something() -> None:
    styles = {path.stem.rsplit("-", 1)[0] for path in ROBOTS}
    assert len(ROBOTS) >= 200 and len(styles) >= 40 and len(PEOPLE) >= 60


@pytest.mark.promise("mail-robots-known")
@POLICIES
@pytest.mark.parametrize("path", ROBOTS, ids=lambda it: it.stem)
def test_a_machines_mail_is_known_by_kind(path: Path, policy: Policy) -> None:
    kind, why = judge(*mail(path, policy), OURS)
    assert path.name.startswith(f"{kind}-") and kind in KINDS, (kind, why)
    assert why


@pytest.mark.promise("mail-people-are-people")
@POLICIES
@pytest.mark.parametrize("path", PEOPLE, ids=lambda it: it.stem)
def test_no_person_is_taken_for_a_machine(path: Path, policy: Policy) -> None:
    assert judge(*mail(path, policy), OURS) == ("", "")


TOLD = [line.split("\t") for line in (MAIL / "robots" / "reports.tsv").read_text("utf-8").splitlines()]


def test_every_bounce_has_a_line_of_what_it_says() -> None:
    assert {line[0] for line in TOLD} == {path.name for path in ROBOTS if path.name.startswith("bounce-")}


@pytest.mark.promise("mail-bounces-say-why")
@POLICIES
@pytest.mark.parametrize("line", TOLD, ids=lambda it: it[0])
def test_a_bounce_says_whom_why_and_which_mail(line: list[str], policy: Policy) -> None:
    name, recipient, status, message_id, lasting = line
    found = reports(*mail(MAIL / "robots" / name, policy))
    assert [it.recipient for it in found] == [recipient]
    it = found[0]
    assert it.message_id == message_id
    assert it.status == status.replace("-", "")
    assert it.permanent == (lasting == "permanent")
    assert it.said and "\n" not in it.said and it.said.startswith("not delivered yet") != it.permanent


@pytest.mark.parametrize(
    "path", [it for it in ROBOTS + PEOPLE if not it.name.startswith("bounce-")], ids=lambda it: it.stem
)
def test_what_is_no_bounce_reports_nothing(path: Path) -> None:
    assert reports(*mail(path)) == ()


def test_a_report_of_success_fails_no_reply() -> None:
    raw = (MAIL / "robots" / "bounce-postfix-1.eml").read_bytes()
    for action in (b"delivered", b"relayed", b"expanded"):
        message = message_from_bytes(
            raw.replace(b"Action: failed", b"Action: " + action).replace(b"Status: 5.", b"Status: 2.")
        )
        assert reports(message, Envelope("", (), 0, "smtp")) == ()


def test_a_bounce_of_several_tells_each() -> None:
    raw = (MAIL / "robots" / "bounce-postfix-1.eml").read_bytes()
    more = b"\nFinal-Recipient: rfc822; second@sol.example\nAction: delayed\nStatus: 4.2.2\n\n--b1_9f\nContent-Description: Returned"
    found = reports(
        message_from_bytes(raw.replace(b"\n--b1_9f\nContent-Description: Returned", more)),
        Envelope("", (), 0),
    )
    assert [(it.status, it.permanent) for it in found] == [("5.1.1", True), ("4.2.2", False)]


def test_a_mailbox_without_an_envelope_takes_nobody_for_a_machine() -> None:
    """IMAP knows no envelope: an empty sender there isn't the null return path."""
    message, _ = mail(PEOPLE[0])
    assert judge(message, Envelope("", (), 0, "northwind"), OURS) == ("", "")
    assert judge(message, Envelope("", (), 0, "smtp"), OURS)[0] == "auto-reply"


@settings(max_examples=300, deadline=None)
@given(path=st.sampled_from(ROBOTS + PEOPLE), data=st.data())
def test_whatever_a_mail_says_nothing_is_raised(path: Path, data: st.DataObject) -> None:
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at, junk = data.draw(st.integers(0, len(raw))), data.draw(st.binary(max_size=12))
        cut = data.draw(st.integers(0, 40))
        raw[at : at + cut] = junk
    for policy in (compat32, default):
        message = message_from_bytes(bytes(raw), policy=policy)
        kind, _ = judge(message, Envelope("", (), 0, "imap"), OURS)
        assert kind in ("", *KINDS)
        for it in reports(message, Envelope("", (), 0, "smtp")):
            assert not any(
                c in value for value in (it.message_id, it.recipient, it.status, it.said) for c in "\r\n\0"
            )


@pytest.mark.parametrize(
    "path", [it for it in ROBOTS if it.name.startswith("bounce-")], ids=lambda it: it.stem
)
def test_a_zero_in_a_bounce_reaches_nothing_that_it_tells(path: Path) -> None:
    """Behind each "<" and before each "@": what isn't text in a database is no part of an address or an id."""
    for mark in (b"<", b"@"):
        message = message_from_bytes(path.read_bytes().replace(mark, b"\0".join((b"", mark, b""))))
        for it in reports(message, Envelope("", (), 0, "smtp")):
            assert "\0" not in it.message_id + it.recipient + it.status + it.said


@pytest.mark.promise("mail-robots-known")
@pytest.mark.parametrize("path", ROBOTS + PEOPLE, ids=lambda it: it.stem)
def test_our_own_reader_comes_to_the_same(path: Path) -> None:
    """It takes mails apart by itself, without Python's parser."""
    _, envelope = mail(path)
    letter = read(path.read_bytes(), envelope, OURS)
    assert letter.robot == next((kind for kind in KINDS if path.name.startswith(f"{kind}-")), "")
    told = next((line for line in TOLD if line[0] == path.name), None)
    assert [(it.recipient, it.message_id) for it in letter.reports] == ([(told[1], told[3])] if told else [])
