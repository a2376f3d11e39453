"""The listener: whom it takes mail for, what ends a mail, and what it answers when something is wrong."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from listener_stage import BOX, listener_stage, until

from tierline.channels.channel import NotTaken
from tierline.channels.email import listener as listening
from tierline.channels.email.certificate import tls_context
from tierline.channels.email.listener import Where
from tierline.channels.email.session import REFUSALS, Rules, Unstuffed

MAIL = b"From: eva@customer.example\r\nSubject: Help\r\n\r\nPlease help.\r\n"
FORGED = b"MAIL FROM:<boss@bank.example>\r\nRCPT TO:<support@inside.example>\r\nDATA\r\nPay him.\r\n"

ELSEWHERE = [
    "eva@elsewhere.example",
    "eva%elsewhere.example@inside.example",
    "support%inside.example@inside.example",
    "@inside.example:eva@elsewhere.example",
    "@elsewhere.example:support@inside.example",
    "support@inside.example@elsewhere.example",
    "eva@elsewhere.example@inside.example",
    '"support@inside.example"@elsewhere.example',
    '"eva@elsewhere.example"@inside.example',
    '"support"@inside.example',
    '"support@inside.example"',
    "elsewhere.example!eva",
    "elsewhere.example!eva@inside.example",
    "support@[127.0.0.1]",
    "support@inside.example.",
    "support",
    "postmaster",
    "support+anything@inside.example",
    "support+c.short.short@inside.example",
    "other+c.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@inside.example",
    "support+c.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaa@elsewhere.example",
    "support@inside.example\0@elsewhere.example",
    "supp\u043ert@inside.example",
    "",
]


@pytest.mark.promise("mail-no-relay")
@pytest.mark.parametrize("address", ELSEWHERE)
async def test_it_takes_mail_for_nobody_but_the_plans_mailboxes(address: str) -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.ask("EHLO mx.example")
        await wire.ask("MAIL FROM:<eva@customer.example>")
        for form in (f"RCPT TO:<{address}>", f"RCPT TO: <{address}>", f"RCPT TO:{address}"):
            answer = await wire.ask(form)
            assert answer.startswith(("550 5.7.1", "501 5.1.3", "555 5.5.4")), (form, answer)
        assert (await wire.ask("DATA")).startswith("503")
        assert not it.post.mails


@pytest.mark.parametrize(
    "address",
    [
        BOX,
        "SUPPORT@INSIDE.EXAMPLE",
        "support+c.aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb@inside.example",
        "Support+C.AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBB@inside.example",
        "support+b.c1001.3.bbbbbbbbbbbbbbbb@inside.example",
    ],
)
async def test_it_takes_mail_for_a_mailbox_in_any_case_and_for_addresses_of_the_form_that_we_sign(
    address: str,
) -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin(address)
        assert (await wire.ask(MAIL + b".")).startswith("250")
        assert it.post.mails[0][1].recipients == (address,)


async def test_who_tries_names_is_hung_up_on() -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.ask("EHLO mx.example")
        await wire.ask("MAIL FROM:<eva@customer.example>")
        answers = [await wire.ask(f"RCPT TO:<name{i}@inside.example>") for i in range(REFUSALS)]
        assert answers[-1].startswith("421") and all(one.startswith("550") for one in answers[:-1])
        assert await wire.hear() == ""


@pytest.mark.promise("mail-no-smuggling")
@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n\0.\r\n", b"\n\r.\r\n", b"\r\n.\r\r\n", b"\n.\n\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("begins", [b"", b"Subject: x\r\n\r\n", b"\r", b"\r\n", b"..\r\n"])
async def test_only_crlf_dot_crlf_ends_a_mail(end: bytes, begins: bytes) -> None:
    body = begins + b"hello" + end + FORGED
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        await wire.say(body + b"\r\n.\r\nNOOP\r\n")
        assert (await wire.hear()).startswith("250 2.0.0 Ok: C1001")
        assert (await wire.hear()).startswith("250 OK")
        undoubled = (b"\r\n" + body + b"\r\n").replace(b"\r\n.", b"\r\n")[2:]
        assert [content for content, _ in it.post.mails] == [undoubled]
        assert b"boss@bank.example" in it.post.mails[0][0]
        assert it.post.mails[0][1].sender == "eva@customer.example"


@given(body=st.lists(st.sampled_from([b"a", b".", b"\r", b"\n", b"\r\n", b"\r\n.", b"."]), max_size=30))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_sent_with_its_dots_doubled_arrives_bit_for_bit(body: list[bytes]) -> None:
    content = b"".join(body) + b"\r\n"
    stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        for i in range(0, len(stuffed), 3):  # in pieces, as a network brings it
            await wire.say(stuffed[i : i + 3])
        assert (await wire.ask(b".")).startswith("250")
        assert it.post.mails[0][0] == content


@given(st.lists(st.sampled_from([b"a", b".", b"\r", b"\n", b"\r\n."]), max_size=40), st.data())
def test_dots_are_undoubled_however_a_body_is_cut(words: list[bytes], data: st.DataObject) -> None:
    body, whole, at = b"".join(words), Unstuffed(), 0
    while at < len(body):
        size = data.draw(st.integers(1, 5))
        whole.add(body[at : at + size])
        at += size
    assert whole.whole() == (b"\r\n" + body).replace(b"\r\n.", b"\r\n")[2:]


async def test_the_largest_mail_full_of_dots_does_not_stall_the_loop() -> None:
    content = b".\r\n" * (24 * 1024 * 1024 // 3)
    # What we do in one go we do so every time; what a machine short of memory adds comes and goes.
    assert min([await _longest_turn(content) for _ in range(3)]) < 0.05


async def _longest_turn(content: bytes) -> float:
    """s of processor time, the most that the loop's thread spent between two turns while `content` came."""
    async with listener_stage() as it, it.wire() as wire:
        longest, last = 0.0, time.thread_time()

        async def beat() -> None:
            nonlocal longest, last
            while True:
                await asyncio.sleep(0)
                now = time.thread_time()  # our own work: what others do on the machine isn't ours
                longest, last = max(longest, now - last), now

        await wire.begin()
        beating = asyncio.create_task(beat())
        for i in range(0, len(content), 60_000):
            await wire.say(content[i : i + 60_000].replace(b".\r\n", b"..\r\n"))
        assert (await wire.ask(b".")).startswith("250")
        beating.cancel()
        assert it.post.mails[0][0] == content
        return longest


async def test_a_sender_in_no_charset_is_heard_as_far_as_it_goes() -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.ask("EHLO mx.example")
        assert (await wire.ask(b"MAIL FROM:<b\xfcro@customer.example>")).startswith("250")
        assert (await wire.ask(f"RCPT TO:<{BOX}>")).startswith("250")
        await wire.ask("DATA")
        assert (await wire.ask(MAIL + b".")).startswith("250")
        it.post.mails[0][1].sender.encode()


async def test_an_empty_mail_ends_at_once() -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        assert (await wire.ask(b".")).startswith("250")
        assert it.post.mails[0][0] == b""


async def test_lines_may_be_as_long_as_they_like() -> None:
    content = b"Subject: long\r\n\r\n" + b"x" * 1_000_000 + b"\r\n"
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        assert (await wire.ask(content + b".")).startswith("250")
        assert it.post.mails[0][0] == content


async def test_commands_behind_a_mail_are_heard_and_bdat_is_no_way_in() -> None:
    async with listener_stage() as it, it.wire() as wire:
        assert "CHUNKING" not in await wire.ask("EHLO mx.example")
        said = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<%s>\r\nDATA\r\n" % BOX.encode()
        await wire.say(said)
        assert [(await wire.hear())[:3] for _ in range(3)] == ["250", "250", "354"]
        await wire.say(MAIL + b".\r\n" + said)
        assert [(await wire.hear())[:3] for _ in range(4)] == ["250", "250", "250", "354"]
        assert (await wire.ask(MAIL + b"."))[:3] == "250"
        assert (await wire.ask("BDAT 4 LAST")).startswith("500")
        assert len(it.post.mails) == 2


@pytest.mark.promise("mail-whole")
@pytest.mark.parametrize("upto", [1, 20, len(MAIL), len(MAIL) + 2])
async def test_a_mail_that_is_cut_off_is_nobodys(upto: int) -> None:
    async with listener_stage() as it:
        async with it.wire() as wire:
            await wire.begin()
            await wire.say((MAIL + b".\r\n")[:upto])
        async with it.wire() as wire:  # the one before is over by the time that another is served
            await wire.begin()
            assert (await wire.ask(MAIL + b"."))[:3] == "250"
        assert len(it.post.mails) == 1


async def test_nothing_but_empty_lines_is_no_mail() -> None:
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        await wire.say(b"\r\n" * 5000)
        assert await wire.hear() == ""
        assert not it.post.mails


# ---- limits ------------------------------------------------------------------------------------------------------


async def test_the_size_is_announced_and_more_is_refused_without_ending_the_session() -> None:
    async with listener_stage(Rules("mail.inside.example", largest=1000)) as it, it.wire() as wire:
        assert "SIZE 1000" in await wire.ask("EHLO mx.example")
        assert (await wire.ask("MAIL FROM:<a@b.example> SIZE=1001")).startswith("552")
        await wire.begin()
        assert (await wire.ask(b"x" * 1200 + b"\r\n.")).startswith("552 5.3.4")
        await wire.begin()
        assert (await wire.ask(b"x" * 900 + b"\r\n.")).startswith("250")
        assert len(it.post.mails) == 1 and it.listener._held == 0


async def test_who_never_ends_is_hung_up_on() -> None:
    async with listener_stage(Rules("mail.inside.example", largest=1000)) as it, it.wire() as wire:
        await wire.begin()
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                await wire.say(b"x" * 70_000)
        assert not it.post.mails


async def test_more_than_we_can_hold_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HELD", 2000)
    async with listener_stage() as it, it.wire() as wire:
        await wire.begin()
        assert (await wire.ask(b"x" * 3000 + b"\r\n.")).startswith("452 4.3.1")
        await wire.begin()
        assert (await wire.ask(b"x" * 1000 + b"\r\n.")).startswith("250")


async def test_too_many_sessions_of_one_address_are_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "PER_ADDRESS", 2)
    async with listener_stage() as it:
        async with it.wire() as one, it.wire() as other:
            assert (await one.ask("NOOP"))[:3] == (await other.ask("NOOP"))[:3] == "250"
            reader, writer = await asyncio.open_connection("127.0.0.1", it.listener.port)
            assert (await reader.read()).startswith(b"421 4.7.0")
            writer.close()
        await until(lambda: not it.listener._sessions)
        async with it.wire() as again:
            assert (await again.ask("NOOP"))[:3] == "250"


async def test_who_says_nothing_is_hung_up_on() -> None:
    async with listener_stage(Rules("mail.inside.example", idle=0.2)) as it, it.wire() as wire:
        await wire.begin()
        await wire.say(b"Subject: slow")
        assert await wire.hear() == ""
        assert not it.post.mails


# ---- what goes wrong here ----------------------------------------------------------------------------------------


@pytest.mark.promise("mail-451")
@pytest.mark.parametrize("fail", [NotTaken("away"), RuntimeError("broken"), OSError(28, "disk full")])
async def test_a_failure_of_ours_is_451_and_the_sender_keeps_the_mail(fail: Exception) -> None:
    async with listener_stage() as it, it.wire() as wire:
        it.post.fail = fail
        await wire.begin()
        assert (await wire.ask(MAIL + b".")).startswith("451 4.3.0")
        it.post.fail = None
        await wire.begin()
        assert (await wire.ask(MAIL + b".")).startswith("250")


async def test_what_takes_too_long_is_451(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "WITHIN", 0.1)
    async with listener_stage() as it, it.wire() as wire:
        it.post.gate = asyncio.Event()
        await wire.begin()
        assert (await wire.ask(MAIL + b".")).startswith("451 4.3.0")
        it.post.gate.set()


async def test_who_hangs_up_before_the_answer_has_left_a_mail_all_the_same() -> None:
    async with listener_stage() as it:
        it.post.gate = asyncio.Event()
        async with it.wire() as wire:
            await wire.begin()
            await wire.say(MAIL + b".\r\n")
            await until(lambda: it.post.waiting)
        await until(lambda: not it.listener._sessions)
        it.post.gate.set()
        await until(lambda: it.post.mails)


async def test_a_stop_answers_what_is_whole_and_says_goodbye_to_the_rest() -> None:
    async with listener_stage() as it, it.wire() as wire, it.wire() as idle:
        it.post.gate = asyncio.Event()
        await wire.begin()
        await wire.say(MAIL + b".\r\n")
        await until(lambda: it.post.waiting)
        stop = asyncio.create_task(it.listener.stop(10))
        assert (await idle.hear()).startswith("421 4.3.2")
        it.post.gate.set()
        await stop
        assert (await wire.hear()).startswith("250")


# ---- LMTP, TLS ---------------------------------------------------------------------------------------------------


async def test_lmtp_answers_for_each_recipient() -> None:
    async with listener_stage(lmtp=True) as it, it.wire() as wire:
        assert (await wire.ask("EHLO mx.example")).startswith("500")
        assert (await wire.ask("LHLO mx.example")).startswith("250")
        await wire.ask("MAIL FROM:<>")
        signed = "support+b.c1001.3.bbbbbbbbbbbbbbbb@inside.example"
        answers = [await wire.ask(f"RCPT TO:<{to}>") for to in (BOX, "eva@elsewhere.example", signed)]
        assert [one[:3] for one in answers] == ["250", "550", "250"]
        assert (await wire.ask("DATA"))[:3] == "354"
        await wire.say(MAIL + b".\r\n")
        assert [(await wire.hear())[:3] for _ in range(2)] == ["250", "250"]
        assert it.post.mails[0][1].recipients == (BOX, signed) and it.post.mails[0][1].sender == ""
        assert (await wire.ask("NOOP"))[:3] == "250"


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    cert = trustme.CA().issue_cert("mail.inside.example")
    cert.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    return Rules("mail.inside.example", tls_context(tmp_path / "both.pem", None), require_tls=True)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@pytest.mark.promise("mail-tls")
async def test_where_tls_is_required_nothing_is_said_before_it(rules: Rules) -> None:
    async with listener_stage(rules) as it, it.wire() as wire:
        hello = await wire.ask("EHLO mx.example")
        assert "STARTTLS" in hello and "AUTH" not in hello
        assert (await wire.ask("MAIL FROM:<eva@customer.example>")).startswith("530")
        assert (await wire.ask("STARTTLS")).startswith("220")
        await wire.writer.start_tls(_trusting())
        after = await wire.ask("EHLO mx.example")
        assert "STARTTLS" not in after and "AUTH" not in after
        await wire.begin()
        assert (await wire.ask(MAIL + b".")).startswith("250")
        assert len(it.post.mails) == 1


@pytest.mark.promise("mail-tls")
async def test_what_was_said_before_the_handshake_isnt_heard_after_it(rules: Rules) -> None:
    async with listener_stage(rules) as it, it.wire() as wire:
        await wire.ask("EHLO mx.example")
        await wire.say(b"STARTTLS\r\nEHLO evil.example\r\nMAIL FROM:<boss@bank.example>\r\n")
        assert (await wire.hear()).startswith("220")
        await wire.writer.start_tls(_trusting())
        assert (await wire.ask(f"RCPT TO:<{BOX}>")).startswith("503")
        await wire.begin()
        assert (await wire.ask(MAIL + b".")).startswith("250")
        assert [one.sender for _, one in it.post.mails] == ["eva@customer.example"]


def test_where_it_listens_is_read_from_a_line() -> None:
    assert Where.parse("0.0.0.0:25") == Where("0.0.0.0", 25)
    assert Where.parse("lmtp://[::1]:2424") == Where("::1", 2424, True)
    with pytest.raises(ValueError, match="TIERLINE_SMTP_LISTEN"):
        Where.parse("everywhere")
