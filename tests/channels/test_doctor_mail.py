"""What doctor finds of the way in for mails."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
from listener_stage import BOX, listener_stage

from tierline.console.doctor_mail import MailSeen, look_at_mail, mail_in
from tierline.mail_side import mail_side
from tierline.settings import Secrets, Settings

NOW = 1_800_000_000.0
WELL = MailSeen("0.0.0.0:25", tls=True, ends=NOW + 90 * 86_400)


def settings(**given: object) -> Settings:
    return Settings(_env_file=None, **given)  # type: ignore[call-arg, arg-type]


def bad(seen: MailSeen | None, boxes: tuple[str, ...] = (BOX,)) -> str:
    return "\n".join(str(it) for it in mail_in(seen, boxes, NOW) if it.mark == "bad")


@pytest.mark.promise("doctor-mail")
async def test_a_listener_that_takes_the_plans_mailboxes_is_well_and_one_that_refuses_them_is_named() -> None:
    async with listener_stage() as it:
        listen = settings(TIERLINE_SMTP_LISTEN=f"127.0.0.1:{it.listener.port}")
        seen = await look_at_mail(listen, (BOX,), True)
        assert seen is not None and bad(seen) == ""
        other = await look_at_mail(listen, (BOX, "sales@inside.example"), True)
        assert "refuses sales@inside.example" in bad(other, (BOX, "sales@inside.example"))
        assert not it.post.mails
    gone = await look_at_mail(listen, (BOX,), True)
    assert "doesn't answer" in bad(gone)


@pytest.mark.promise("doctor-mail")
def test_each_thing_wrong_is_said() -> None:
    assert bad(WELL) == ""
    assert f"nothing brings mails for {BOX}" in bad(None)
    assert mail_in(None, (), NOW) is not None and bad(None, ()) == ""
    assert "takes mail for strangers" in bad(replace(WELL, open=True))
    assert "the certificate ends on" in bad(replace(WELL, ends=NOW + 86_400))
    notes = [str(it) for it in mail_in(replace(WELL, tls=False), (BOX,), NOW) if it.mark == "note"]
    assert any("unencrypted" in one for one in notes)


async def test_a_certificate_is_read_and_a_bad_one_said(tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    trustme.CA().issue_cert("mail.inside.example").private_key_and_cert_chain_pem.write_to_path(str(both))
    listen = {"TIERLINE_SMTP_LISTEN": "127.0.0.1:2525"}
    good = await look_at_mail(settings(**listen, TIERLINE_SMTP_CERT=both), (BOX,), False)
    assert good is not None and good.tls and good.ends is not None and good.ends > time.time()
    both.write_text("nothing")
    wrong = await look_at_mail(settings(**listen, TIERLINE_SMTP_CERT=both), (BOX,), False)
    assert "can't be used" in bad(wrong)
    odd = await look_at_mail(settings(TIERLINE_SMTP_LISTEN="everywhere"), (BOX,), False)
    assert "TIERLINE_SMTP_LISTEN" in bad(odd)
    assert await look_at_mail(settings(), (BOX,), True) is None


@pytest.mark.parametrize(
    "given, said",
    [
        ({"TIERLINE_SMTP_LISTEN": "everywhere"}, "host:port"),
        ({"TIERLINE_SMTP_REQUIRE_TLS": True}, "set TIERLINE_SMTP_CERT"),
        ({"TIERLINE_SMTP_CERT": Path("/nowhere.pem")}, "no certificate with its key"),
        ({"TIERLINE_SMTP_LISTEN": "lmtp://127.0.0.1:0", "TIERLINE_SMTP_REQUIRE_TLS": True}, "is for SMTP"),
    ],
)
async def test_settings_that_would_take_mail_otherwise_than_asked_end_the_start_in_words(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    it = settings(**({"TIERLINE_SMTP_LISTEN": "127.0.0.1:0", "TIERLINE_DATA": tmp_path} | given))
    never: Any = None  # nothing of a running product is asked before its settings
    with pytest.raises(OSError, match=said):
        mail_side(it, Secrets("s" * 24, "t" * 24), "all", *[never] * 5)
