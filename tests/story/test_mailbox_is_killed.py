"""kill -9 while a mailbox is emptied, by one process and with another at hand: every mail is one message."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import pytest
from helpers_dovecot import BOX, PASSWORD, Dovecot, dovecot, needs_dovecot
from helpers_oauth import CLIENT, LAPSED, TENANT, token_end_point
from many_stage import MANY, open_crew
from story_stage import PLAN, Stage, open_stage, store_pid

pytestmark = needs_dovecot

ENTRY = f"entry: [{{channel: email, to: {BOX}, service: help}}, "
EVA = "eva@customer.example"
COUNT = 150


def mails(first: int, count: int) -> list[bytes]:
    return [
        f"From: Eva <{EVA}>\r\nTo: {BOX}\r\nSubject: Mail {n}\r\nMessage-ID: <{n}@customer.example>\r\n"
        f"Date: Mon, 30 Nov 2026 09:00:00 +0000\r\n\r\nThis is mail number {n}.\r\n".encode()
        for n in range(first, first + count)
    ]


async def words(stage: Stage) -> Counter[str]:
    """Everything that Eva wrote, as the contacts have it, and how often."""
    said: Counter[str] = Counter()
    for one in await stage.api(f"/contacts?customer={EVA}&limit=1000"):
        whole = await stage.api(f"/contacts/{one['id']}")
        said.update(it["text"] for it in whole["transcript"] if "This is mail" in it["text"])
    return said


async def looks_after(stage: Stage) -> bool:
    return any("waits for mails" in str(it) for it in (await stage.account())["doors"].values())


def wanted(count: int) -> Counter[str]:
    return Counter({f"This is mail number {n}.": 1 for n in range(count)})


@pytest.mark.promise("mailbox-once")
async def test_killed_again_and_again_while_it_empties_a_mailbox(tmp_path: Path) -> None:
    async with (
        dovecot() as server,
        open_stage(tmp_path, plan=PLAN.replace("entry: [", ENTRY), env={"IMAP_URL": server.url()}) as stage,
    ):
        await stage.until(lambda: looks_after(stage))
        for round in range(3):
            server.deliver(mails(round * COUNT // 3, COUNT // 3))
            await stage.until(lambda: _some(stage, round * COUNT // 3))  # noqa: B023
            pid = store_pid(stage.data)
            await stage.process.kill()
            os.kill(pid, signal.SIGKILL)
            await stage.up()
        await stage.until(lambda: _all(stage, COUNT))
        await stage.until(lambda: looks_after(stage))
        assert await words(stage) == wanted(COUNT)


@pytest.mark.promise("mailbox-once")
async def test_when_the_worker_that_looks_after_it_is_killed_another_goes_on(tmp_path: Path) -> None:
    plan = MANY.replace("entry: [", ENTRY)
    async with dovecot() as server:
        async with open_crew(tmp_path, 1, 2, plan, more={"IMAP_URL": server.url()}) as crew:
            await crew.until(lambda: logged_in(server) == 1)
            server.deliver(mails(0, 30))
            await crew.until(lambda: _some(crew, 5))
            first = await crew.delivering()
            await first.kill()
            await crew.delivering(first)
            server.deliver(mails(30, 10))
            await crew.until(lambda: _all(crew, 40))
            assert await words(crew) == wanted(40)
            await crew.started(first)


def logged_in(server: Dovecot) -> int:
    return server.log().count("imap-login: Info: Login")


async def _some(stage: Stage, more_than: int) -> bool:
    return len(await stage.api(f"/contacts?customer={EVA}&limit=1000")) > more_than


async def _all(stage: Stage, count: int) -> bool:
    return len(await stage.api(f"/contacts?customer={EVA}&limit=1000")) >= count


@pytest.mark.promise("private-logs")
async def test_no_password_secret_or_word_of_a_mailbox_stands_in_the_log(tmp_path: Path) -> None:
    wrong, secret, words = "canary-wrong-word", "canary-client-secret", "canary-of-a-customer"
    async with token_end_point() as tokens, dovecot() as server:
        tokens.fails = (401, "invalid_client", LAPSED)
        oauth = f"imap+microsoft://{BOX}@127.0.0.1:{server.imap}?tenant={TENANT}&client={CLIENT}"
        env = {
            "IMAP_URL": server.url(),
            "IMAP_URL_WRONG": server.url(wrong).replace("/INBOX", "/Other"),
            "IMAP_URL_OAUTH": oauth.replace("?", "/Third?"),
            "MAIL_OAUTH_SECRET": secret,
            "TIERLINE_OAUTH_URL": tokens.url,
        }
        plan = PLAN.replace("entry: [", ENTRY)
        async with open_stage(tmp_path, plan=plan, env=env) as stage:
            await stage.until(lambda: looks_after(stage))
            server.deliver([it.replace(b"This is", words.encode()) for it in mails(0, 1)])
            await stage.until(lambda: _all(stage, 1))
            await stage.until(lambda: stage.process.log.count("mailbox.refused") >= 2)
            account = json.dumps(await stage.account())
        said = stage.process.log + account
        assert "has lapsed" in account
        for line in stage.process.log.splitlines():
            assert line.startswith(("Tierline listens", "A door is off")) or json.loads(line)["event"], line
        assert not [
            it for it in (PASSWORD, quote(PASSWORD, safe=""), wrong, secret, words, EVA) if it in said
        ]
