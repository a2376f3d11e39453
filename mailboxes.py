"""Part of the composition root: mailboxes at providers, from which mails are taken."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from .channels.email.account import Account, BadUrl, OAuth
from .channels.email.letter import Post
from .channels.email.tokens import Grant, NoToken, Tokens
from .queue.engine import Queue
from .router.alerts import Alerts
from .router.lapsing import Lapsing
from .router.mail_cursors import Cursors
from .router.mailed import mailboxes
from .router.rulebook import Rulebook
from .settings import Role, Settings

if TYPE_CHECKING:
    from .channels.email.mailbox import Mailbox, Token

EXPIRES = "MAIL_OAUTH_EXPIRES"


def mailboxes_of(
    settings: Settings, role: Role, post: Post, queue: Callable[[], Queue], book: Callable[[], Rulebook],
    alerts: Alerts, mine: Callable[[], bool],
) -> Sequence[Mailbox]:  # fmt: skip
    """One for each setting; none in a process that doesn't deliver. Raises ValueError, in words."""
    accounts = accounts_of(settings)
    last_days(settings)  # what can't be read is said at the start
    if not accounts or role == "web":
        return ()
    from .channels.email.mailbox import Mailbox  # with IMAP's library, for which no start without one waits

    def ours() -> frozenset[str]:
        return mailboxes(book().plan)

    return [
        Mailbox(it, post, ours, Cursors(queue).known, alerts, mine, token_of(settings, it)) for it in accounts
    ]


def token_of(settings: Settings, account: Account) -> Token | None:
    """What its login needs beside a name; None where it has a password."""
    if account.oauth is None:
        return None
    from .channels.email.imap import Away, Refused

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


def mailbox_tasks(
    settings: Settings,
    boxes: Sequence[Mailbox],
    queue: Callable[[], Queue],
    alerts: Alerts,
    mine: Callable[[], bool],
) -> dict[str, Callable[[], Awaitable[None]]]:
    """What runs beside the deliveries, by name."""
    tasks: dict[str, Callable[[], Awaitable[None]]] = {shown_name(it): it.run for it in boxes}
    if days := last_days(settings):
        tasks["lapsing secrets"] = Lapsing(queue, days, alerts, mine).run
    return tasks


def shown_name(box: Mailbox) -> str:
    """By what one speaks of it."""
    return f"mailbox {box.account.name or box.account.user}"


def mailboxes_shown(settings: Settings, boxes: Sequence[Mailbox], role: Role) -> dict[str, str]:
    """Each mailbox with how it is."""
    if role == "web":
        return {f"mailbox {name}".strip(): "elsewhere" for name in settings.mailboxes}
    return {shown_name(it): f"{it.state}; {it.taken} taken, {it.waits} waiting" for it in boxes}
