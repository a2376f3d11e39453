"""`tierline doctor` opens each mailbox as Tierline would, and says what to do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from helpers_app import PLAN, free_port
from helpers_dovecot import BOX, IMAP_PLAN, dovecot, needs_dovecot

from tierline.channels.email.configured import accounts_of
from tierline.console.doctor_mail import mailboxes_of as entries_of
from tierline.console.doctor_mailboxes import MailboxesSeen, MailboxSeen, mailboxes
from tierline.console.doctor_mailboxes_look import mailboxes_seen, smtp_no
from tierline.mailboxes import mailboxes_of
from tierline.router.plan.load import parse
from tierline.settings import Settings


def settings_of(home: Path, **more: object) -> Settings:
    return Settings(_env_file=None, TIERLINE_DATA=home, **more)  # type: ignore[call-arg, arg-type]


def lines(seen: MailboxesSeen, plan: str = IMAP_PLAN) -> str:
    return "\n".join(map(str, mailboxes(seen, entries_of(parse(plan)))))


@needs_dovecot
@pytest.mark.promise("mailbox-doctor")
async def test_doctor_opens_each_mailbox_and_names_the_one_that_it_cannot(tmp_path: Path) -> None:
    async with dovecot() as server, dovecot(capability="IMAP4rev1 UIDPLUS") as plain:
        urls = {
            "IMAP_URL": server.url(),
            "IMAP_URL_PLAIN": plain.url(),
            "IMAP_URL_WRONG": server.url("not the word"),
            "IMAP_URL_GONE": f"imap://a:b@127.0.0.1:{free_port()}",
            "IMAP_URL_FOLDER": server.url().replace("/INBOX", "/Nowhere"),
        }
        seen = await mailboxes_seen(settings_of(tmp_path, mail=urls))
        found = {it.setting: it for it in seen.boxes}
        assert (found["IMAP_URL"].no, found["IMAP_URL"].idle) == ("", True)
        assert (found["IMAP_URL_PLAIN"].no, found["IMAP_URL_PLAIN"].idle) == ("", False)
        assert "refuses our login" in found["IMAP_URL_WRONG"].no
        assert "can't be reached" in found["IMAP_URL_GONE"].no
        assert "doesn't open the folder Nowhere" in found["IMAP_URL_FOLDER"].no
        said = lines(seen)
        assert "mend IMAP_URL_WRONG" in said
        assert "not the word" not in said


@pytest.mark.promise("mailbox-doctor")
async def test_a_setting_that_cannot_be_read_is_named_without_its_secret(tmp_path: Path) -> None:
    seen = await mailboxes_seen(settings_of(tmp_path, mail={"IMAP_URL_B": "imaps://me:hidden@host?x=1"}))
    assert "IMAP_URL_B: no such option" in seen.no
    assert "hidden" not in lines(seen)
    seen = await mailboxes_seen(settings_of(tmp_path, mail={"MAIL_OAUTH_EXPIRES": "soon"}))
    assert "write a day" in seen.no


@pytest.mark.promise("mailbox-doctor")
def test_what_will_hurt_is_noted() -> None:
    box = MailboxSeen("IMAP_URL", BOX, "mail.example")
    assert lines(MailboxesSeen()) == ""
    assert "it has no entry for mail" in lines(MailboxesSeen(boxes=[box]), PLAN)
    assert "isn't known" in lines(MailboxesSeen(boxes=[box]))
    assert "DisablePlusAddress" in lines(
        MailboxesSeen(boxes=[MailboxSeen("IMAP_URL", BOX, "outlook.office365.com")])
    )
    last = {"MAIL_OAUTH_SECRET": date(2027, 5, 31)}
    assert "lapses in 30 days" in lines(MailboxesSeen(last_days=last, today=date(2027, 5, 1)))
    assert "has lapsed" in lines(MailboxesSeen(last_days=last, today=date(2027, 6, 1)))
    two = IMAP_PLAN.replace("entry: [", "entry: [{channel: email, to: a@inside.example, service: help}, ")
    other = MailboxSeen("IMAP_URL", "shared@inside.example", "mail.example")
    assert "goes to the entry a@inside.example" in lines(MailboxesSeen(boxes=[other]), two)


async def test_the_mail_servers_login_is_tried(tmp_path: Path) -> None:
    assert await smtp_no(settings_of(tmp_path)) == ""
    assert "write smtp://" in await smtp_no(settings_of(tmp_path, SMTP_URL="http://x"))
    gone = await smtp_no(settings_of(tmp_path, SMTP_URL=f"smtp://a:b@127.0.0.1:{free_port()}"))
    assert "doesn't answer" in gone


@pytest.mark.promise("mailbox-settings")
def test_mailboxes_stand_in_the_environment_and_in_the_file_by_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "IMAP_URL=imaps://a:b@one.example\nIMAP_URL_BILLING=imaps://a:b@file.example\nIMAP_URLS=x\n"
    )
    monkeypatch.setenv("IMAP_URL_BILLING", "imaps://a:b@environment.example")
    monkeypatch.setenv("MAIL_OAUTH_SECRET", "all")
    monkeypatch.setenv("MAIL_OAUTH_SECRET_BILLING", "own")
    settings = Settings(_env_file=file, TIERLINE_DATA=tmp_path)  # type: ignore[call-arg]
    assert [(it.name, it.host) for it in accounts_of(settings)] == [
        ("", "one.example"),
        ("billing", "environment.example"),
    ]
    own, every = (
        settings.mail_named("MAIL_OAUTH_SECRET", "billing"),
        settings.mail_named("MAIL_OAUTH_SECRET", "x"),
    )
    assert own is not None
    assert every is not None
    assert (own.get_secret_value(), every.get_secret_value()) == ("own", "all")
    assert "a:b" not in repr(settings)


def test_a_process_that_only_serves_the_web_looks_after_no_mailbox(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, mail={"IMAP_URL": "imaps://a:b@one.example"})
    nothing = (lambda: None,) * 2
    assert mailboxes_of(settings, "web", None, *nothing, None, lambda: True) == ()  # type: ignore[arg-type]
    assert len(mailboxes_of(settings, "worker", None, *nothing, None, lambda: True)) == 1  # type: ignore[arg-type]
