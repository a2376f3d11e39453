"""What mailboxes at providers do to whoever reads them, played by Debian's Dovecot: nothing is lost, nothing doubled."""

from __future__ import annotations

import os
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from helpers_dovecot import (
    Keeper,
    Telling,
    by_account,
    dovecot,
    looking,
    needs_dovecot,
    settled,
    until,
)
from mail_stage import mail

from tierline.channels.channel import NotTaken
from tierline.channels.email.account import Account, Safety
from tierline.channels.email.imap import Imap

pytestmark = needs_dovecot


def named(*names: object) -> list[bytes]:
    """Mails with these subjects."""
    return [mail(f"Words of {it}.", subject=str(it), n=f"n{it}") for it in names]


@pytest.mark.promise("mailbox-start")
async def test_at_the_first_start_only_what_comes_from_then_on_is_taken() -> None:
    async with dovecot() as server:
        server.deliver(named("old"))
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
            server.deliver(named("new"))
            await until(lambda: keeper.subjects)
        assert keeper.subjects == ["new"]


@pytest.mark.promise("mailbox-start")
async def test_a_setting_takes_what_is_there_at_the_first_start() -> None:
    async with dovecot() as server:
        server.deliver(named("old"))
        keeper = Keeper()
        async with looking(server, keeper, url=server.url(options="?existing=take")) as box:
            await settled(box)
        assert keeper.subjects == ["old"]


@pytest.mark.promise("mailbox-in")
async def test_what_a_person_has_read_first_is_taken_all_the_same() -> None:
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
        server.deliver(named("read", "unread"))
        with server.person() as person:
            assert person.uid("FETCH", "1", "(BODY[])")[0] == "OK"
            assert b"\\Seen" in person.uid("FETCH", "1", "(FLAGS)")[1][0]
        async with looking(server, keeper) as box:
            await until(lambda: len(keeper.kept) == 2)
        assert keeper.subjects == ["read", "unread"]


@pytest.mark.promise("mailbox-gap")
async def test_after_a_gap_everything_is_taken_in_order_whatever_its_number() -> None:
    """10,000 in check-long: TIERLINE_LONG=1."""
    count = 10_000 if os.environ.get("TIERLINE_LONG") else 300
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
        server.deliver(named(*range(count)))
        async with looking(server, keeper) as box:
            await until(lambda: len(keeper.kept) == count, within=600)
            await settled(box)
        assert keeper.subjects == [str(it) for it in range(count)]
        assert keeper.brought == count


@pytest.mark.promise("mailbox-once")
async def test_uids_that_mean_something_else_double_and_lose_nothing() -> None:
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
            server.deliver(named(1, 2, 3))
            await until(lambda: len(keeper.kept) == 3)
            await settled(box)
        await server.stop()
        server.new_uids()
        await server.start()
        server.deliver(named(4))
        async with looking(server, keeper) as box:
            await until(lambda: len(keeper.kept) == 4)
            await settled(box)
            server.deliver(named(5))
            await until(lambda: len(keeper.kept) == 5)
        assert sorted(keeper.subjects) == ["1", "2", "3", "4", "5"]
        assert len({it for it in keeper.numbers if not it.endswith(":looked")}) == 2


@pytest.mark.promise("mailbox-once")
async def test_whoever_dies_before_the_cursor_moves_takes_the_piece_again_and_posts_nothing_new() -> None:
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
        server.deliver(named(*range(8)))
        died = 0

        async def dies(name: str, number: int) -> int:
            nonlocal died
            if number and not name.endswith(":looked") and keeper.brought and died < 3:
                died += 1
                raise RuntimeError("killed")
            return await Keeper.known(keeper, name, number)

        for _ in range(4):
            async with looking(server, keeper) as box:
                before = died
                box.known = dies
                await until(lambda: died > before or box.state == "waits for mails")  # noqa: B023
        assert died == 3
        assert keeper.subjects == [str(it) for it in range(8)]
        assert keeper.brought == 4 * 8


@pytest.mark.promise("mailbox-malformed")
async def test_one_mail_that_nobody_can_take_stops_no_other() -> None:
    async with dovecot() as server:
        keeper, told = Keeper(), Telling()
        keeper.fails = lambda content: RecursionError("deep") if b"Subject: poison" in content else None
        async with looking(server, keeper, told) as box:
            await settled(box)
            server.deliver(named("before", "poison", "after"))
            await until(lambda: "after" in keeper.subjects)
            await settled(box)
        assert keeper.subjects == ["before", "after"]
        assert [it for it in told.said if "can't be taken and is left there" in it]


@pytest.mark.promise("mailbox-malformed")
async def test_bytes_that_no_parser_likes_come_as_they_are() -> None:
    odd = [
        b"Message-ID: <[\r\nSubject: id\r\n\r\nx\r\n",
        b"To: " + b"(" * 500 + b"\r\nSubject: brackets\r\n\r\nx\r\n",
        b"Subject: bytes\r\n\r\n\xff\xfe\x80 and \x01\r\n",
        b"no header at all, Subject: none\r\n",
        b"Subject: long\r\n\r\n" + b"A" * 200_000 + b"\r\n",
    ]
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
            server.deliver(odd)
            await until(lambda: len(keeper.kept) == len(odd))
        bodies = [it.partition(b"Date")[2] or it for it in keeper.kept]
        assert all(raw in kept for raw, kept in zip(odd, keeper.kept, strict=True)), bodies


@pytest.mark.promise("mailbox-gap")
async def test_a_server_that_goes_away_and_comes_back_loses_nothing() -> None:
    async with dovecot() as server:
        keeper, told = Keeper(), Telling()
        async with looking(server, keeper, told) as box:
            await settled(box)
            await server.stop()
            await until(lambda: box.state.startswith("away"))
            await server.start()
            server.deliver(named("after"))
            await until(lambda: keeper.subjects == ["after"])
        assert told.begun == []


@pytest.mark.promise("mailbox-told")
async def test_a_wrong_password_is_told_once_without_it_and_its_end_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tierline.channels.email.mailbox.LOGIN", 0.1)
    async with dovecot() as server:
        keeper, told = Keeper(), Telling()
        async with looking(server, keeper, told, server.url("wrong password")) as box:
            await until(lambda: server.log().count("auth failed") >= 2)
            assert len(told.begun) == 1
            assert "refuses our login" in told.begun[0]
            assert "IMAP_URL" in told.begun[0]
            assert "wrong password" not in told.begun[0] + box.state + repr(box)
            server.write("wrong password")
            await settled(box)
        assert len(told.over) == 1


@pytest.mark.promise("mailbox-gap")
async def test_while_the_store_is_away_mails_wait_in_the_mailbox() -> None:
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await settled(box)
            keeper.fails = lambda content: NotTaken("the store is away")
            server.deliver(named(1, 2))
            await until(lambda: box.state == "waits: the store is away")
            keeper.fails = lambda content: None
            await until(lambda: keeper.subjects == ["1", "2"])


@pytest.mark.promise("mailbox-once")
async def test_two_that_look_after_one_mailbox_double_nothing() -> None:
    async with dovecot() as server:
        keeper = Keeper()
        async with looking(server, keeper) as one, looking(server, keeper) as two:
            await settled(one)
            await settled(two)
            server.deliver(named(*range(20)))
            await until(lambda: keeper.brought == 40)
        assert keeper.subjects == [str(it) for it in range(20)]


@pytest.mark.promise("mailbox-in")
async def test_a_server_without_idle_is_looked_at_by_and_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tierline.channels.email.mailbox.POLLED", 0.3)
    async with dovecot(capability="IMAP4rev1 SASL-IR LITERAL+ UIDPLUS") as server:
        keeper = Keeper()
        async with looking(server, keeper) as box:
            await until(lambda: "no IDLE" in box.state)
            server.deliver(named("polled"))
            await until(lambda: keeper.subjects)


@pytest.mark.promise("mailbox-marks")
@pytest.mark.parametrize("capability", ["", "IMAP4rev1 IDLE UIDPLUS"])
async def test_what_is_taken_is_marked_and_moved_where_a_setting_says_so_and_nothing_else_is_touched(
    capability: str,
) -> None:
    async with dovecot(capability=capability) as server:
        server.deliver(named("old"))
        with server.person() as person:
            person.uid("STORE", "1", "+FLAGS", r"(\Deleted)")
        keeper = Keeper()
        url = server.url(options="?mark=Tierline&move=Fertig%20%C3%BC")
        async with looking(server, keeper, url=url) as box:
            await settled(box)
            server.deliver(named("new"))
            await until(lambda: keeper.subjects)
            with server.person() as person:
                await until(lambda: person.noop() and person.uid("SEARCH", "ALL")[1] == [b"1"])
                assert b"\\Deleted" in person.uid("FETCH", "1", "(FLAGS)")[1][0]
                person.select('"Fertig &APw-"')
                assert b"Tierline" in person.uid("FETCH", "1", "(FLAGS)")[1][0]


@pytest.mark.promise("mailbox-tls")
@pytest.mark.parametrize("safety", ["tls", "starttls"])
async def test_over_tls_a_certificate_is_checked_and_idle_wakes(safety: Safety) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    certificate = (
        leaf.private_key_pem.bytes() + b"".join(it.bytes() for it in leaf.cert_chain_pems)
    ).decode()
    async with dovecot(certificate=certificate) as server:
        port = server.imaps if safety == "tls" else server.imap
        account = replace(Account.of(server.url()), safety=safety, port=port)
        keeper, told = Keeper(), Telling()
        async with by_account(account, keeper, told) as box:
            await until(lambda: "certificate isn't good" in box.state)
            assert len(told.begun) == 1
        trusted = ssl.create_default_context()
        authority.configure_trust(trusted)
        async with by_account(account, keeper, connection=lambda it: Imap(it, trusted)) as box:
            await settled(box)
            for n in range(3):
                server.deliver(named(n))
                await until(lambda: len(keeper.kept) > n, within=10)  # noqa: B023
                await settled(box)


async def test_a_stop_while_it_waits_is_quick(tmp_path: Path) -> None:
    import time

    async with dovecot() as server:
        async with looking(server, Keeper()) as box:
            await settled(box)
            begun = time.monotonic()
        assert time.monotonic() - begun < 3
