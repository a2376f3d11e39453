"""OAuth2 for mailboxes: tokens of Microsoft 365 and Google, in time, and words that say what to do when there are none."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope
from helpers_app import inside
from helpers_dovecot import BOX, Keeper, Telling, dovecot, needs_dovecot, settled, until
from helpers_oauth import CLIENT, LAPSED, REFRESH, SECRET, TENANT, TokenStandIn, token_end_point
from mail_stage import mail

from tierline.channels.channel import NotDelivered
from tierline.channels.email.account import Account, BadUrl, OAuth
from tierline.channels.email.compose import Composed
from tierline.channels.email.configured import smtp_tokens, token_of
from tierline.channels.email.mailbox import Mailbox
from tierline.channels.email.server import Address, MailServer
from tierline.channels.email.tokens import AGAIN, EARLY, Grant, NoToken, Tokens
from tierline.router.lapsing import Lapsing, sentence, stage
from tierline.router.ways import send_mail
from tierline.settings import Settings

MICROSOFT = OAuth("microsoft", CLIENT, TENANT)
GOOGLE = OAuth("google", CLIENT)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def tokens_at(it: TokenStandIn, oauth: OAuth = MICROSOFT, secret: str = SECRET) -> tuple[Tokens, Clock]:
    clock = Clock()
    return Tokens(Grant(oauth, secret, REFRESH, it.url), clock), clock


@pytest.mark.promise("mailbox-oauth")
@pytest.mark.parametrize("oauth", [MICROSOFT, GOOGLE])
async def test_a_token_is_kept_and_renewed_before_its_end(oauth: OAuth) -> None:
    async with token_end_point() as it:
        tokens, clock = tokens_at(it, oauth)
        assert await tokens.get() == await tokens.get() == "ya29.token-1"
        clock.now = it.lasts - EARLY - 1
        assert await tokens.get() == "ya29.token-1"
        clock.now = it.lasts - EARLY + 1
        assert await tokens.get() == "ya29.token-2"


@pytest.mark.promise("mailbox-oauth")
async def test_many_who_need_a_token_at_once_are_one_request() -> None:
    async with token_end_point() as it:
        it.slow = 0.05
        tokens, _ = tokens_at(it)
        assert len(set(await asyncio.gather(*(tokens.get() for _ in range(20))))) == 1
        assert len(it.asked) == 1
        assert len(set(await asyncio.gather(*(tokens.get(fresh=True) for _ in range(20))))) == 1
        assert len(it.asked) == 2


@pytest.mark.promise("mailbox-oauth")
async def test_an_end_point_in_trouble_costs_nothing_while_the_old_token_is_good() -> None:
    async with token_end_point() as it:
        tokens, clock = tokens_at(it)
        await tokens.get()
        it.fails = (503, "temporarily_unavailable", "later")
        clock.now = it.lasts - EARLY + 1
        assert await tokens.get() == await tokens.get() == "ya29.token-1"
        assert len(it.asked) == 2  # it isn't asked again at once
        clock.now += AGAIN + 1
        it.fails = None
        assert await tokens.get() == "ya29.token-3"
        it.fails = (503, "temporarily_unavailable", "later")
        clock.now += it.lasts
        with pytest.raises(NoToken) as no:
            await tokens.get()
        assert not no.value.ours


@pytest.mark.promise("mailbox-oauth")
@pytest.mark.parametrize(
    ("oauth", "answer", "words"),
    [
        (MICROSOFT, (401, "invalid_client", LAPSED), "has lapsed: make a new one"),
        (MICROSOFT, (400, "invalid_request", "AADSTS90002: Tenant 'x' not found."), "no such tenant"),
        (GOOGLE, (400, "invalid_grant", "Token has been expired or revoked."), "grant it anew"),
        (GOOGLE, (400, "odd_code", "Something.\r\nTrace ID: 1"), "odd_code: Something."),
    ],
)
async def test_why_there_is_no_token_is_said_with_what_to_do_and_without_secrets(
    oauth: OAuth, answer: tuple[int, str, str], words: str
) -> None:
    async with token_end_point() as it:
        it.fails = answer
        tokens, _ = tokens_at(it, oauth)
        with pytest.raises(NoToken, match=words) as no:
            await tokens.get()
        assert no.value.ours
        assert SECRET not in str(no.value) + repr(tokens)
        assert REFRESH not in str(no.value) + repr(tokens)


async def test_a_missing_secret_is_named_and_nobody_is_asked() -> None:
    async with token_end_point() as it:
        tokens, _ = tokens_at(it, secret="")
        with pytest.raises(NoToken, match="MAIL_OAUTH_SECRET isn't set"):
            await tokens.get()
        assert it.asked == []


async def test_an_end_point_that_is_away_or_talks_nonsense_is_told_from_our_mistakes() -> None:
    tokens, _ = tokens_at(TokenStandIn())
    with pytest.raises(NoToken, match="can't be reached") as no:
        await tokens.get()
    assert not no.value.ours


@needs_dovecot
@pytest.mark.promise("mailbox-oauth")
async def test_a_mailbox_is_opened_with_a_token_by_a_real_server_and_with_a_fresh_one_when_it_is_withdrawn() -> (
    None
):
    async with token_end_point(BOX) as it:
        async with dovecot(mechanisms=" xoauth2", oauth=f"{it.url}/introspect") as server:
            url = (
                server.url()
                .replace("imap://", "imap+microsoft://")
                .replace(":a%20pass%2Fword%3Awith%40signs", "")
            )
            assert "pass" not in url
            settings = Settings(  # type: ignore[call-arg]
                _env_file=None, TIERLINE_OAUTH_URL=it.url, mail={"MAIL_OAUTH_SECRET": SECRET}
            )
            account = Account.of(f"{url}?tenant={TENANT}&client={CLIENT}")
            keeper, told = Keeper(), Telling()
            box = Mailbox(
                account,
                keeper.post,
                lambda: [BOX],
                keeper.known,
                told,
                lambda: True,
                token_of(settings, account),
            )
            task = asyncio.create_task(box.run())
            try:
                await settled(box)
                server.deliver([mail(subject="by token")])
                await until(lambda: keeper.subjects == ["by token"])
                it.given.clear()
                await server.stop()
                await until(lambda: box.state.startswith("away"))
                await server.start()
                server.deliver([mail(subject="again", n="2")])
                await until(lambda: keeper.subjects == ["by token", "again"])
                assert len(it.asked) == 2
                assert told.begun == []
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)


class Provider:
    """An SMTP server that knows nobody but by a token; aiosmtpd asks it."""

    def __init__(self, it: TokenStandIn) -> None:
        self.it = it
        self.mails: list[bytes] = []

    async def auth_XOAUTH2(self, server: object, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        user, _, token = said.removeprefix("user=").partition("\1auth=Bearer ")
        return AuthResult(success=self.it.given.get(token.rstrip("\1")) == user, handled=False)

    async def handle_DATA(self, server: object, session: Session, envelope: SmtpEnvelope) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        assert isinstance(envelope.content, bytes)
        self.mails.append(envelope.content)
        return "250 Ok"


@pytest.mark.promise("mailbox-oauth")
async def test_mails_go_out_with_a_token_and_with_a_fresh_one_when_it_is_withdrawn() -> None:
    async with token_end_point(BOX) as it:
        provider = Provider(it)
        listens = await asyncio.get_running_loop().create_server(
            lambda: SMTP(provider, auth_require_tls=False), "127.0.0.1", 0
        )
        port = listens.sockets[0].getsockname()[1]
        url = f"smtp+microsoft://{BOX}@127.0.0.1:{port}?tenant={TENANT}&client={CLIENT}"
        settings = Settings(  # type: ignore[call-arg]
            _env_file=None, TIERLINE_OAUTH_URL=it.url, SMTP_URL=url, mail={"MAIL_OAUTH_SECRET": SECRET}
        )
        tokens = smtp_tokens(settings)
        assert tokens is not None
        server = MailServer(Address.of(url), token=tokens.get)
        mail_out = Composed(BOX, "eva@customer.example", "<1@inside.example>", mail())
        try:
            await server.send(mail_out)
            await server.close()
            it.given.clear()
            with pytest.raises(NotDelivered) as no:
                await server.send(mail_out)
            assert not no.value.permanent
            await server.send(mail_out)
            await send_mail(url, "ops@inside.example", "Alert", "Trouble.", token=tokens.get)
            assert len(provider.mails) == 3
            assert len(it.asked) == 2
            it.fails = (401, "invalid_client", LAPSED)
            it.given.clear()
            await server.close()
            for _ in range(2):
                with pytest.raises(NotDelivered) as no:
                    await server.send(mail_out)
            assert "has lapsed: make a new one" in no.value.reason
        finally:
            await server.close()
            listens.close()


@pytest.mark.promise("mailbox-lapse")
def test_a_secret_that_will_lapse_is_told_30_7_and_1_days_before_and_on_its_day() -> None:
    last = date(2027, 5, 31)
    days = {31: None, 30: 30, 8: 30, 7: 7, 2: 7, 1: 1, 0: 0, -5: 0}
    assert {left: stage(last, date.fromordinal(last.toordinal() - left)) for left in days} == days
    said = sentence("MAIL_OAUTH_SECRET_BILLING", last, date(2027, 5, 24))
    assert "in 7 days" in said
    assert "MAIL_OAUTH_EXPIRES_BILLING" in said


@pytest.mark.promise("mailbox-lapse")
async def test_who_can_mend_it_hears_once_of_a_secret_that_will_lapse(tmp_path: Path) -> None:
    last = datetime.now(UTC).date() + timedelta(days=5)
    async with inside(tmp_path, mail={"MAIL_OAUTH_EXPIRES": last.isoformat()}) as it:
        await it.until(lambda: it.told(f"MAIL_OAUTH_SECRET lapses on {last}"))
        again = Lapsing(lambda: it.app.queue, {"MAIL_OAUTH_SECRET": last}, it.app.alerts, lambda: True)
        await again.look()
        await it.app.alerts.drain()
        assert len(await it.told("MAIL_OAUTH_SECRET lapses")) == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://a:b@host", "write imaps"),
        ("imaps://host", "user and password"),
        ("imaps://a:b@host?folder=x", "no such option"),
        ("imaps://a:b%0d@host", "control character"),
        ("imaps+microsoft://a@x.example@outlook.office365.com?client=1", "tenant="),
        ("imap+google://a@x.example@imap.gmail.com?client=1", "imaps[+]google"),
        ("imaps://a:b@host:99999", "write imaps"),
        ("imaps://a:b@host?mark=two%20words", "mark is one word"),
    ],
)
def test_a_url_that_cannot_be_read_says_why_without_its_password(url: str, why: str) -> None:
    with pytest.raises(BadUrl, match=why) as no:
        Account.of(url)
    assert ":b" not in str(no.value)


@pytest.mark.promise("mailbox-tls")
def test_plain_connections_stay_on_this_machine() -> None:
    assert Account.of("imap://a:b@127.0.0.1:143").safety == "plain"
    assert Account.of("imap://a:b@mail.example").safety == "starttls"
    assert Account.of("imaps://a@x.example:b@mail.example/Sub%2FFolder").folder == "Sub/Folder"
    assert Account.of("imaps://a@x.example:b@mail.example").user == "a@x.example"
    assert "secret" not in repr(Account.of("imaps://a:secret@mail.example"))
