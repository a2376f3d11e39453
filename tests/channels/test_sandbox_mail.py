"""The stand-in for mail is as strict as a provider's server: logins, senders, recipients, sizes, bounces, absences."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from typing import Any

import aiosmtplib
import pytest
from twilio_rehearsal import make_cast

from tierline.sandbox.mail import MailStandIn
from tierline.sandbox.mail_box import Mail
from tierline.sandbox.mail_words import absence, bounce
from tierline.sandbox.stage import Clock, Faults, SmtpFaults, Wire

EVA = "eva@customer.example"


@asynccontextmanager
async def standing() -> AsyncIterator[tuple[MailStandIn, str, Faults, Wire]]:
    clock, faults = Clock(), Faults()
    wire, cast = Wire(clock), make_cast("http://127.0.0.1:1")
    it = MailStandIn(cast, clock, wire, faults, lambda kind, ids: None)
    await it.listen()
    domain = it.user.partition("@")[2]
    try:
        yield it, f"support@{domain}" if domain else "us@any.example", faults, wire
    finally:
        await it.stop()


@asynccontextmanager
async def session(it: MailStandIn, login: bool = True) -> AsyncIterator[Any]:
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=it.server.port, start_tls=False, timeout=10)
    await client.connect()
    await client.ehlo()
    if login:
        await client.login(it.user, it.server.password)
    try:
        yield client
    finally:
        client.close()


async def code_of(work: Any) -> int:
    try:
        return int((await work).code)
    except aiosmtplib.SMTPResponseException as error:
        return int(error.code)


@pytest.mark.promise("stage-mail-strict")
async def test_without_a_login_nothing_is_sent_and_a_wrong_one_is_refused() -> None:
    async with standing() as (it, us, _, wire), session(it, login=False) as client:
        assert await code_of(client.mail(us)) == 530
        assert await code_of(client.login(it.user, "wrong")) == 535
        assert not it.box.mails and "wrong" not in str([e.shown() for e in wire.exchanges])


@pytest.mark.promise("stage-mail-strict")
async def test_orders_addresses_and_sizes_are_kept_to() -> None:
    async with standing() as (it, us, _, _), session(it) as client:
        assert await code_of(client.rcpt(EVA)) == 503
        assert await code_of(client.mail(us, options=["SIZE=99999999"])) == 552
        assert await code_of(client.mail(us)) == 250
        assert await code_of(client.rcpt("x@nowhere.invalid")) == 550
        assert await code_of(client.rcpt(EVA)) == 250
        assert (
            await code_of(client.data(b"Subject: x\r\n\r\n" + b"x" * 5000 + b"\r\n")) == 500
        )  # a line too long


@pytest.mark.promise("stage-mail-strict")
@pytest.mark.parametrize(
    ("faults", "answers"),
    [
        (SmtpFaults(fail=451, times=1), (250, 451, 250)),
        (SmtpFaults(fail=550, at="mail", times=1), (550, 503, 503)),
        (SmtpFaults(partial=True), (250, 250, 550)),
    ],
)
async def test_faults_are_answered_where_they_are_asked_for(
    faults: SmtpFaults, answers: tuple[int, int, int]
) -> None:
    async with standing() as (it, us, stage, _), session(it) as client:
        stage.smtp = faults
        found = [
            await code_of(work) for work in (client.mail(us), client.rcpt(EVA), client.rcpt("j@w.example"))
        ]
        assert tuple(found) == answers


@pytest.mark.promise("stage-mail-strict")
async def test_a_lost_answer_and_a_server_that_is_down_look_like_that() -> None:
    async with standing() as (it, us, stage, _):
        stage.smtp = SmtpFaults(drop_reply=True)
        async with session(it) as client:
            with pytest.raises(aiosmtplib.SMTPServerDisconnected):
                await client.sendmail(us, [EVA], b"Subject: x\r\n\r\nkept\r\n")
        assert [m.recipients for m in it.box.to(EVA)] == [(EVA,)]
        stage.smtp = SmtpFaults(down=True)
        with pytest.raises(aiosmtplib.SMTPException):
            async with session(it):
                pass


@pytest.mark.promise("stage-mail-strict")
async def test_a_mail_to_nobody_is_taken_and_bounces_to_its_envelopes_sender() -> None:
    heard: list[tuple[str, list[str], bytes]] = []

    class Listener:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            heard.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
            return "250 OK"

    from aiosmtpd.smtp import SMTP

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Listener(), loop=loop), "127.0.0.1", 0)
    async with standing() as (it, us, _, _), session(it) as client:
        it.road.listener = ("127.0.0.1", server.sockets[0].getsockname()[1])
        await client.sendmail(
            us, ["nobody@customer.example"], b"Subject: x\r\nMessage-ID: <1@us>\r\n\r\nx\r\n"
        )
        await client.sendmail("", ["nobody@customer.example"], b"Subject: x\r\n\r\nno return\r\n")
        await it.settle()
    server.close()
    ((sender, recipients, raw),) = heard
    assert sender in ("", "<>") and recipients == [us]
    report = message_from_bytes(raw, policy=policy.default)
    assert report.get_content_type() == "multipart/report"
    assert b"Final-Recipient: rfc822; nobody@customer.example" in raw and b"Message-ID: <1@us>" in raw


def test_a_bounce_and_a_note_of_absence_are_whole_mails() -> None:
    mail = Mail(
        1, "out", "", "us+b.1@us.example", (EVA,), "Subject: Ü\r\nMessage-ID: <1@us>\r\n\r\nx".encode(), 250
    )
    for raw in (bounce(mail, EVA, "5.2.2", "full", 1.0, "k"), absence(mail, EVA, 1.0, "k", False)):
        found = message_from_bytes(raw, policy=policy.default)
        assert not found.defects and found["Auto-Submitted"] == "auto-replied" and found["Message-ID"]
    assert "Auto-Submitted" not in message_from_bytes(absence(mail, EVA, 1.0, "k", True))
