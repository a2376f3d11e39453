"""Setup's mail part: the mailbox becomes an entry of the plan, the servers are tried before they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from day_one_stage import Operator
from helpers_app import inside
from helpers_mail import MAILS

from tierline.console import setup_mail
from tierline.console.first_plan import completed, first
from tierline.router.plan.load import parse
from tierline.settings import Settings

FIRST = first("northwind", "UTC", "support", "#support")
BOX = "support@northwind.example"


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg, arg-type]


@pytest.mark.promise("setup-mail")
async def test_a_mailbox_becomes_an_entry_of_the_plan_and_is_not_asked_for_again() -> None:
    ask = Operator({"mailbox": "Support@Northwind.example", "service_mail": "support"})
    doors = await setup_mail.doors(ask, parse(FIRST))
    plan = parse(completed(FIRST, (), (), doors))
    assert plan.entry_for("email", BOX) is not None
    again = Operator({"mailbox": "other@northwind.example"})
    assert await setup_mail.doors(again, plan) == () and again.asked == []


@pytest.mark.promise("setup-mail")
async def test_whoever_leaves_mail_for_later_gets_none() -> None:
    assert await setup_mail.doors(Operator({}), parse(FIRST)) == ()
    wrong = Operator({"mailbox": "support"})
    assert await setup_mail.doors(wrong, parse(FIRST)) == () and "is no mail address" in wrong.said
    later = Operator({})
    assert await setup_mail.servers(later, {}, settings()) == {}
    assert later.asked == ["give_smtp_url", "give_imap_url"]
    there = {"SMTP_URL": "smtp://x", "TIERLINE_SMTP_LISTEN": "127.0.0.1:2525"}
    known = Operator({})
    assert await setup_mail.servers(known, there, settings()) == {} and known.asked == []


@pytest.mark.promise("setup-mail")
async def test_a_server_that_lets_us_in_is_written_and_one_that_doesnt_is_told_without_its_password(
    tmp_path: Path,
) -> None:
    async with inside(tmp_path, MAILS) as it:
        url = it.rehearsal.mail.smtp_url
        good = Operator({"give_smtp_url": "yes", "SMTP_URL": url})
        assert await setup_mail.servers(good, {}, settings()) == {"SMTP_URL": url}
        bad = Operator({"give_smtp_url": "yes", "SMTP_URL": url.replace("smtp://", "smtp://x")})
        assert await setup_mail.servers(bad, {}, settings()) == {}
        assert "refuses the login" in bad.said and url.partition("@")[0].rpartition(":")[2] not in bad.said
        away = Operator({"give_imap_url": "yes", "IMAP_URL": "imap://a:s3cret@127.0.0.1:1"})
        assert await setup_mail.servers(away, {}, settings()) == {}
        assert "✗ IMAP_URL" in away.said and "s3cret" not in away.said
