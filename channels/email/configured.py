"""Mailboxes and mail servers as the settings name them, with what opens them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from ...settings import Settings
from .account import Account, BadUrl, OAuth
from .server import Address
from .tokens import Grant, NoToken, Tokens

EXPIRES = "MAIL_OAUTH_EXPIRES"


def accounts_of(settings: Settings) -> list[Account]:
    """Raises OSError, in words, which name the variable and hold no secret."""
    accounts = []
    for name, url in settings.mailboxes.items():
        try:
            accounts.append(Account.of(url.get_secret_value(), name))
        except BadUrl as error:
            variable = f"IMAP_URL_{name.upper()}" if name else "IMAP_URL"
            raise OSError(f"{variable}: {error}") from None
    return accounts


def token_of(settings: Settings, account: Account) -> Callable[[bool], Awaitable[str]] | None:
    """What its login needs beside a name; None where it has a password."""
    if account.oauth is None:
        return None
    from .imap import Away, Refused  # with IMAP's library

    tokens = Tokens(grant_of(settings, account.oauth, account.name))

    async def token(fresh: bool) -> str:
        try:
            return await tokens.get(fresh)
        except NoToken as error:
            raise Refused(str(error), login=True) if error.ours else Away(str(error)) from None

    return token


def grant_of(settings: Settings, oauth: OAuth, name: str = "") -> Grant:
    """What a provider gives tokens for: the secrets of the mailbox `name`, else those of all."""
    secret = settings.mail_named("MAIL_OAUTH_SECRET", name)
    refresh = settings.mail_named("MAIL_OAUTH_REFRESH_TOKEN", name)
    return Grant(
        oauth,
        secret.get_secret_value() if secret else "",
        refresh.get_secret_value() if refresh else "",
        settings.oauth_url,
    )


def last_days(settings: Settings) -> dict[str, date]:
    """The last day of each secret whose day is known, by its variable. Raises OSError, in words."""
    days = {}
    for key, value in settings.mail.items():
        if key == EXPIRES or key.startswith(f"{EXPIRES}_"):
            try:
                days[key.replace(EXPIRES, "MAIL_OAUTH_SECRET")] = date.fromisoformat(value.get_secret_value())
            except ValueError:
                raise OSError(f"{key}: write a day, such as 2027-05-31") from None
    return days


def smtp_tokens(settings: Settings) -> Tokens | None:
    """What SMTP_URL needs beside a name; None where it has a password, or can't be read."""
    if settings.smtp_url is None:
        return None
    try:
        oauth = Address.of(settings.smtp_url.get_secret_value()).oauth
    except BadUrl:
        return None
    return Tokens(grant_of(settings, oauth)) if oauth is not None else None
